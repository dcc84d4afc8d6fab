package pip

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
)

// HashMode says what is done with the digests in requirements files.
type HashMode uint8

// The modes.
const (
	VerifyHashes  HashMode = iota // check those that are given
	IgnoreHashes                  // --no-verify-hashes
	RequireHashes                 // refuse whatever has none
)

// A HashError reports a requirement that hashes cannot be checked for.
type HashError struct {
	Requirement string
	Reason      string // what must be, up to "but"
}

func (e *HashError) Error() string {
	return fmt.Sprintf("in `--require-hashes` mode, all requirements must %s: %s", e.Reason, e.Requirement)
}

// hashPolicy collects the digests of requirements and constraints that apply
// in an environment.
func hashPolicy(in *Inputs, mode HashMode, env *marker.Env) (source.HashPolicy, error) {
	policy := source.HashPolicy{Required: mode == RequireHashes}
	if mode == IgnoreHashes {
		policy.Ignored = true
		return policy, nil
	}
	constrained := map[pyname.Package]bool{}
	for _, list := range [...][]Input{in.Constraints, in.Overrides, in.Requirements} {
		for at := range list {
			r := &list[at]
			if env != nil && !r.Marker.Evaluate(env, nil) {
				continue
			}
			wanted := r.Origin.Role != source.Constraint
			if err := policyAdd(&policy, r, constrained, wanted); err != nil {
				return policy, err
			}
		}
	}
	return policy, nil
}

// Building are the constraints of build environments, with the digests that
// they name.
func (in *Inputs) Building(env *marker.Env) ([]source.Requirement, source.HashPolicy, error) {
	var policy source.HashPolicy
	for at := range in.BuildConstraints {
		r := &in.BuildConstraints[at]
		if env != nil && !r.Marker.Evaluate(env, nil) {
			continue
		}
		if err := policyAdd(&policy, r, map[pyname.Package]bool{}, false); err != nil {
			return nil, policy, err
		}
	}
	return bare(in.BuildConstraints), policy, nil
}

func policyAdd(policy *source.HashPolicy, r *Input, constrained map[pyname.Package]bool, wanted bool) error {
	texts := r.Hashes
	if h := r.Source.Hash(); h != "" {
		texts = append(slices.Clone(texts), h)
	}
	pinned := r.Source.IsDirect() || isPinned(r.Source.Specifiers)
	if len(texts) == 0 || !pinned {
		switch {
		case !policy.Required || !wanted || constrained[r.Name]:
			return nil
		case !pinned:
			return &HashError{r.Given, "have their versions pinned with `==`, but found"}
		}
		return &HashError{r.Given, "have a hash, but none were provided for"}
	}
	var digests []simple.Hash
	for _, text := range texts {
		h, ok := source.ParseHash(text)
		if !ok {
			return fmt.Errorf("invalid hash `%s` of %s: the form is `ALGORITHM:DIGEST`, with the algorithm sha256, sha384, sha512, blake2b or md5", text, r.Given)
		}
		digests = append(digests, h)
	}
	if err := policy.Demand(&r.Requirement, digests); err != nil {
		return err
	}
	if policy.Required && !anySecure(digests) {
		if wanted && constrained[r.Name] && anySecure(policy.Allowed[r.Name]) {
			return nil // the constraint's count
		}
		return &HashError{r.Given, "have a hash that is secure, which MD5 is not"}
	}
	if policy.Allowed == nil {
		policy.Allowed = map[pyname.Package][]simple.Hash{}
	}
	// A requirement's own digests count instead of those of a constraint, unless
	// both agree on some.
	if constrained[r.Name] && wanted {
		digests = common(policy.Allowed[r.Name], digests)
	}
	constrained[r.Name] = !wanted
	policy.Allowed[r.Name] = append(slices.Clip(policy.Allowed[r.Name]), digests...)
	return nil
}

// demandFragment adds the digest in the URL of a requirement that was found to
// those that requirements give of the same archive.
func demandFragment(policy *source.HashPolicy, r *source.Requirement) error {
	if h, ok := source.ParseHash(r.Source.Hash()); ok {
		return policy.Demand(r, []simple.Hash{h})
	}
	return nil
}

func anySecure(list []simple.Hash) bool {
	return slices.ContainsFunc(list, func(h simple.Hash) bool { return h.Algorithm != "md5" })
}

func common(a, b []simple.Hash) []simple.Hash {
	var out []simple.Hash
	for _, h := range b {
		if slices.Contains(a, h) {
			out = append(out, h)
		}
	}
	if len(out) == 0 {
		return b
	}
	return out
}

// isPinned reports whether specifiers admit one version.
func isPinned(s pep440.Specifiers) bool {
	return len(s) == 1 && (s[0].Op == pep440.Equal || strings.HasPrefix(s[0].String(), "==="))
}

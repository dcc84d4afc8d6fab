package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// A Policy says which licences are allowed. The zero value allows all. It is the
// table [tool.tame.licenses]:
//
//	[tool.tame.licenses]
//	allow = ["MIT", "Apache-2.0", "BSD-*"]  # nothing else; without it, everything
//	deny = ["AGPL-*"]                       # these not, whatever is allowed
//	unknown = "deny"                        # what tells no licence: "allow" or "deny"
//	ignore = ["internal-tool"]              # packages that are not judged
//	packages = { odd = "MIT" }              # what the licence of a package is, whatever it says
//
// Names are SPDX identifiers, also with an exception (`GPL-2.0-only WITH
// Classpath-exception-2.0`), or what a package says in its own words. A `*` stands
// for any text; case does not matter.
type Policy struct {
	Allow, Deny []string
	DenyUnknown bool
	Ignore      map[pyname.Package]bool
	Packages    map[pyname.Package]string
}

// ParsePolicy reads the table of a file. The error has its place.
func ParsePolicy(f *pyproject.File) (*Policy, error) {
	t := f.Tool("tame").Get("licenses")
	p := &Policy{Ignore: map[pyname.Package]bool{}, Packages: map[pyname.Package]string{}}
	if !t.IsZero() && !t.IsTable() {
		return nil, t.Errorf("a table is expected for `licenses`")
	}
	unknown := ""
	for key, v := range t.Entries() {
		var err error
		switch key {
		case "allow":
			p.Allow, err = stringList(v, key)
		case "deny":
			p.Deny, err = stringList(v, key)
		case "ignore":
			err = p.readIgnore(v)
		case "packages":
			err = p.readPackages(v)
		case "unknown":
			unknown, _ = v.Text()
			if unknown != "allow" && unknown != "deny" {
				err = v.Errorf("`unknown` is either `allow` or `deny`")
			}
		default:
			err = t.KeyErrorf(key, "unknown field `%s`, expected one of `allow`, `deny`, `unknown`, `ignore`, `packages`", key)
		}
		if err != nil {
			return nil, err
		}
	}
	p.DenyUnknown = unknown == "deny" || unknown == "" && len(p.Allow) > 0
	return p, nil
}

func stringList(v pyproject.Value, key string) ([]string, error) {
	list, ok := v.Strings()
	if !ok {
		return nil, v.Errorf("a list of strings is expected for `%s`", key)
	}
	return list, nil
}

func (p *Policy) readIgnore(v pyproject.Value) error {
	list, err := stringList(v, "ignore")
	if err != nil {
		return err
	}
	for _, text := range list {
		name, err := pyname.ParsePackage(text)
		if err != nil {
			return v.Errorf("%v", err)
		}
		p.Ignore[name] = true
	}
	return nil
}

func (p *Policy) readPackages(v pyproject.Value) error {
	if !v.IsTable() {
		return v.Errorf("a table of names and licences is expected for `packages`")
	}
	for key, value := range v.Entries() {
		name, err := pyname.ParsePackage(key)
		if err != nil {
			return v.KeyErrorf(key, "%v", err)
		}
		text, ok := value.Text()
		if !ok || text == "" {
			return value.Errorf("a licence is expected for `%s`", key)
		}
		p.Packages[name] = text
	}
	return nil
}

// IsEmpty reports whether the policy allows everything.
func (p *Policy) IsEmpty() bool { return len(p.Allow)+len(p.Deny) == 0 && !p.DenyUnknown }

// Judge says why a licence is not allowed for a package; "" means that it is.
func (p *Policy) Judge(name pyname.Package, l License) string {
	switch {
	case p.Ignore[name]:
		return ""
	case l.From == "":
		if p.DenyUnknown {
			return "it tells no license"
		}
		return ""
	case l.Expression != "":
		j := judge{policy: p, words: expressionWords(l.Expression)}
		return j.or()
	}
	// In its own words; classifiers that cannot be told apart are several.
	for part := range strings.SplitSeq(l.Text, "; ") {
		if why := p.one(part); why != "" {
			return why
		}
	}
	return ""
}

// one judges one licence.
func (p *Policy) one(license string) string {
	listed := func(list []string) bool {
		return slices.ContainsFunc(list, func(pattern string) bool { return glob(strings.ToLower(pattern), strings.ToLower(license)) })
	}
	switch {
	case listed(p.Deny):
		return fmt.Sprintf("`%s` is denied", license)
	case len(p.Allow) > 0 && !listed(p.Allow):
		return fmt.Sprintf("`%s` is not among those that are allowed", license)
	}
	return ""
}

// glob reports whether a text has the form of a pattern, in which `*` stands for
// any text.
func glob(pattern, text string) bool {
	head, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == text
	}
	if !strings.HasPrefix(text, head) {
		return false
	}
	for i := len(head); i <= len(text); i++ {
		if glob(rest, text[i:]) {
			return true
		}
	}
	return false
}

// expressionWords are the words of an SPDX expression in its proper form.
func expressionWords(expression string) []string {
	return strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(expression))
}

// A judge reads an SPDX expression. Of alternatives one that is allowed will do;
// AND binds closer than OR.
type judge struct {
	policy *Policy
	words  []string
}

func (j *judge) next(word string) bool {
	if len(j.words) > 0 && j.words[0] == word {
		j.words = j.words[1:]
		return true
	}
	return false
}

func (j *judge) or() string {
	why := j.and()
	for j.next("OR") {
		if other := j.and(); why != "" {
			why = other
		}
	}
	return why
}

func (j *judge) and() string {
	why := j.term()
	for j.next("AND") {
		if other := j.term(); why == "" {
			why = other
		}
	}
	return why
}

func (j *judge) term() string {
	if j.next("(") {
		why := j.or()
		j.next(")")
		return why
	}
	if len(j.words) == 0 {
		return ""
	}
	license := j.words[0]
	j.words = j.words[1:]
	if j.next("WITH") && len(j.words) > 0 {
		license += " WITH " + j.words[0]
		j.words = j.words[1:]
	}
	return j.policy.one(license)
}

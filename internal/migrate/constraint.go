package migrate

import (
	"fmt"
	"strings"

	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
)

// A constraint is a demand on versions in the language of poetry and pipenv:
// what PEP 440 has, and besides `^1.2`, `~1.2`, `1.*`, a bare version and
// alternatives that are joined by `||`.
type constraint struct {
	alternatives []pep440.Specifiers
}

// parseConstraint reads a constraint. Any version is one without alternatives.
func parseConstraint(text string) (constraint, error) {
	var c constraint
	for alternative := range strings.SplitSeq(strings.ReplaceAll(text, "||", "|"), "|") {
		var all pep440.Specifiers
		for _, term := range terms(alternative) {
			s, err := parseTerm(term)
			if err != nil {
				return constraint{}, fmt.Errorf("invalid version constraint %q: %w", text, err)
			}
			all = append(all, s...)
		}
		if len(all) == 0 {
			return constraint{}, nil
		}
		c.alternatives = append(c.alternatives, all)
	}
	return c, nil
}

// terms splits at commas and at blanks, except behind an operator.
func terms(text string) []string {
	var out []string
	open := false // an operator waits for its version
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' }) {
		if open {
			out[len(out)-1] += word
		} else {
			out = append(out, word)
		}
		open = strings.Trim(word, "<>=!~^@") == ""
	}
	return out
}

// parseTerm reads one comparison.
func parseTerm(term string) (pep440.Specifiers, error) {
	term = strings.TrimPrefix(term, "@")
	switch {
	case term == "*" || term == "" || term == "==*" || term == ">=*":
		return nil, nil
	case strings.HasPrefix(term, "^"):
		return caret(term[1:])
	case strings.HasPrefix(term, "~") && !strings.HasPrefix(term, "~="):
		return tilde(term[1:])
	case strings.HasPrefix(term, "=") && !strings.HasPrefix(term, "=="):
		term = "=" + term
	case strings.HasPrefix(term, "~="):
		if !strings.Contains(term, ".") { // poetry takes ~=1 for ^1
			return tilde(term[2:])
		}
	case strings.IndexAny(term, "<>=!") != 0:
		term = "==" + strings.TrimPrefix(term, "v")
	}
	for _, x := range []string{".x", ".X"} {
		term = strings.ReplaceAll(term, x, ".*")
	}
	for strings.HasSuffix(term, ".*.*") {
		term = strings.TrimSuffix(term, ".*")
	}
	if op := term[:len(term)-len(strings.TrimLeft(term, "<>"))]; op != "" {
		term = strings.TrimSuffix(term, ".*") // >=1.* is >=1
	}
	return pep440.ParseSpecifiers(term)
}

// caret admits what keeps the first part that is not zero.
func caret(text string) (pep440.Specifiers, error) {
	v, err := pep440.Parse(text)
	if err != nil {
		return nil, err
	}
	release := v.Release()
	at := 0
	for at < len(release)-1 && release[at] == 0 {
		at++
	}
	return between(text, release, at)
}

// tilde admits what keeps major and minor version, or the major one alone if
// nothing else is said.
func tilde(text string) (pep440.Specifiers, error) {
	v, err := pep440.Parse(text)
	if err != nil {
		return nil, err
	}
	release := v.Release()
	return between(text, release, min(1, len(release)-1))
}

// between is from a version up to the next one in a part of its release.
func between(from string, release []int, part int) (pep440.Specifiers, error) {
	var to strings.Builder
	for i := range part {
		fmt.Fprintf(&to, "%d.", release[i])
	}
	return pep440.ParseSpecifiers(fmt.Sprintf(">=%s,<%s%d", from, to.String(), release[part]+1))
}

// specifiers is the constraint in PEP 440. That has no alternatives: exact is
// false if more is admitted than the constraint does.
func (c constraint) specifiers() (s pep440.Specifiers, exact bool) {
	switch len(c.alternatives) {
	case 0:
		return nil, true
	case 1:
		return c.alternatives[0], true
	}
	set := c.set()
	s = pep440.ReleaseSpecifiers(set)
	return s, pep440.ReleaseSet(s).Equal(set)
}

// set are the versions that are admitted, of which only the releases count.
func (c constraint) set() pep440.Set {
	if len(c.alternatives) == 0 {
		return pep440.Full()
	}
	out := pep440.None()
	for _, s := range c.alternatives {
		out = out.Union(pep440.ReleaseSet(s))
	}
	return out
}

// pythons is the constraint as a marker on the version of Python.
func (c constraint) pythons() marker.Tree { return marker.Python(c.set()) }

// platforms reads the constraint that poetry's `platform` is: names of
// sys.platform, perhaps negated, joined by `||` or commas.
func platforms(text string) marker.Tree {
	out := marker.False()
	for alternative := range strings.SplitSeq(strings.ReplaceAll(text, "||", "|"), "|") {
		all := marker.True()
		for term := range strings.SplitSeq(alternative, ",") {
			name := strings.TrimSpace(term)
			negated := strings.HasPrefix(name, "!=")
			name = strings.TrimSpace(strings.TrimLeft(name, "!="))
			if name == "" || name == "*" {
				continue
			}
			one := marker.Equal(marker.SysPlatform, name)
			if negated {
				one = one.Not()
			}
			all = all.And(one)
		}
		out = out.Or(all)
	}
	return out
}

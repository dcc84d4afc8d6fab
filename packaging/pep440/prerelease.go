package pep440

import "strings"

// A Prerelease is a policy about pre-releases, which decides what is taken
// of the versions that specifiers admit (PEP 440, handling of pre-releases).
type Prerelease uint8

// The policies.
const (
	// PrereleaseAuto takes pre-releases if a specifier names one, and else
	// only if nothing but pre-releases is admitted.
	PrereleaseAuto Prerelease = iota
	PrereleaseAllow
	PrereleaseRefuse
)

// NamesPrerelease reports whether the specifier asks for pre-releases by
// naming one. Exclusions do not ask.
func (s Specifier) NamesPrerelease() bool {
	return s.Op != NotEqual && s.Op != NotEqualStar && s.Version.IsPrerelease()
}

// NamesPrerelease reports whether a specifier of the list names a
// pre-release.
func (s Specifiers) NamesPrerelease() bool {
	for i := range s {
		if s[i].NamesPrerelease() {
			return true
		}
	}
	return false
}

// Admits reports whether v would be taken if it were the only version there
// is.
func (s Specifiers) Admits(v Version, p Prerelease) bool {
	return s.Contains(v) && (p != PrereleaseRefuse || !v.IsPrerelease())
}

// Filter returns the versions to take, in the order given.
func (s Specifiers) Filter(versions []Version, p Prerelease) []Version {
	return filter(s, versions, p, func(v Version) class {
		return classify(s.Contains(v), v, true)
	})
}

// FilterText is Filter for texts that need not be versions; see
// ContainsText. A text that is none is taken whenever it is admitted.
func (s Specifiers) FilterText(texts []string, p Prerelease) []string {
	return filter(s, texts, p, func(text string) class {
		v, err := Parse(text)
		return classify(s.containsText(text, v, err == nil), v, err == nil)
	})
}

// A class is what a policy needs to know of a candidate.
type class uint8

const (
	refused class = iota
	pre
	final
	noVersion
)

func classify(admitted bool, v Version, isVersion bool) class {
	switch {
	case !admitted:
		return refused
	case !isVersion:
		return noVersion
	case v.IsPrerelease():
		return pre
	}
	return final
}

func filter[T any](s Specifiers, from []T, p Prerelease, judge func(T) class) []T {
	if p == PrereleaseAuto && s.NamesPrerelease() {
		p = PrereleaseAllow
	}
	var all, stable []T
	finals := false
	for _, item := range from {
		c := judge(item)
		if c == refused {
			continue
		}
		all = append(all, item)
		if c != pre {
			stable = append(stable, item)
		}
		finals = finals || c == final
	}
	if p == PrereleaseAllow || p == PrereleaseAuto && !finals {
		return all
	}
	return stable
}

// ContainsText is Contains for a text that need not be a version: such a text
// is admitted only by no specifiers at all and by those of arbitrary
// equality, ===, which ignores case.
func (s Specifiers) ContainsText(text string) bool {
	v, err := Parse(text)
	return s.containsText(text, v, err == nil)
}

func (s Specifiers) containsText(text string, v Version, isVersion bool) bool {
	for i := range s {
		switch {
		case s[i].Op == ExactEqual:
			if !strings.EqualFold(s[i].Text, text) {
				return false
			}
		case !isVersion || !s[i].Contains(v):
			return false
		}
	}
	return true
}

// Unsatisfiable reports whether there can be no version that the specifiers
// admit and the policy takes.
func (s Specifiers) Unsatisfiable(p Prerelease) bool {
	for i := range s {
		if s[i].Op == ExactEqual {
			return len(s.FilterText([]string{s[i].Text}, p)) == 0
		}
	}
	set := s.Set()
	if p != PrereleaseRefuse {
		return set.IsEmpty()
	}
	for i := range set.All() {
		if i.hasFinal() {
			return false
		}
	}
	return true
}

// hasFinal reports whether there are versions in the interval that are no
// pre-releases.
func (i Interval) hasFinal() bool {
	if i.Lo.Kind == Unbounded {
		return i.Contains(FromRelease(0))
	}
	if i.Lo.Scope == WithPosts {
		return true
	}
	v := i.Lo.Version
	if i.Contains(v) && !v.IsPrerelease() || i.Contains(v.withoutPre()) {
		return true
	}
	if v.IsPrerelease() {
		return false
	}
	// What follows a final release are its locals, unless the interval begins
	// above them, and then its next post-release.
	local, _ := v.Public().WithLocal(v.Local() + ".0")
	if v.Local() == "" {
		local, _ = v.WithLocal("0")
	}
	f := v.Public().parts()
	if f.hasPost {
		f.post++
	}
	f.hasPost = true
	return i.Contains(local) || i.Contains(f.version())
}

// withoutPre returns the first version from v on that is no pre-release,
// leaving locals aside.
func (v Version) withoutPre() Version {
	f := v.parts()
	switch {
	case f.pre != 0:
		f.suffix = suffix{}
	case f.hasDev:
		f.hasDev, f.dev, f.local = false, 0, ""
	}
	return f.version()
}

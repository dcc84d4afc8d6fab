package project

import (
	"maps"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// A LockChange says that the versions of a project differ between two locks.
type LockChange struct {
	Name pyname.Package
	// Old and New are the versions as messages show them, in order; empty where
	// the lock has none.
	Old, New []string
}

// LockChanges lists the projects whose versions differ, by name. The first lock
// may be nil.
func LockChanges(old, now *lock.Lock) []LockChange {
	was, is := lockedVersions(old), lockedVersions(now)
	names := maps.Clone(was)
	maps.Copy(names, is)
	var out []LockChange
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !slices.Equal(was[name], is[name]) {
			out = append(out, LockChange{name, was[name], is[name]})
		}
	}
	return out
}

// lockedVersions are the versions of each project, in order.
func lockedVersions(l *lock.Lock) map[pyname.Package][]string {
	out := map[pyname.Package][]string{}
	if l == nil {
		return out
	}
	type locked struct {
		version pep440.Version
		text    string
	}
	for first := 0; first < len(l.Packages); {
		_, end := l.Named(l.Packages[first].Name)
		var list []locked
		for i := first; i < end; i++ {
			p := &l.Packages[i]
			list = append(list, locked{p.Version, lockedText(p)})
		}
		slices.SortFunc(list, func(a, b locked) int {
			if c := a.version.Compare(b.version); c != 0 {
				return c
			}
			return strings.Compare(a.text, b.text)
		})
		list = slices.Compact(list)
		texts := make([]string, len(list))
		for i := range list {
			texts[i] = list[i].text
		}
		out[l.Packages[first].Name] = texts
		first = end
	}
	return out
}

// lockedText is a version as messages show it, with the commit it is of.
func lockedText(p *lock.Package) string {
	text := "(dynamic)"
	if !p.Version.IsZero() {
		text = "v" + p.Version.String()
	}
	if commit := p.Source.Reference.Commit; p.Source.Kind == lock.Git && commit != "" {
		text += " (" + commit[:min(len(commit), 8)] + ")"
	}
	return text
}

package project

import (
	"slices"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// A Wanted is a package of a lock, with what the projects of the lock ask of it.
type Wanted struct {
	Package *lock.Package
	// Direct is set if a project names it. Lists are those that do: "" for the
	// dependencies, "extra:NAME", "group:NAME", in the order of the lock.
	Direct bool
	Lists  []string
	// Specifiers are what all of them, and the constraints, demand. What other
	// packages demand is not among them: a lock does not have it.
	Specifiers []pep440.Specifiers
}

// Admits reports whether the projects would take a version.
func (w *Wanted) Admits(v pep440.Version) bool {
	return !slices.ContainsFunc(w.Specifiers, func(s pep440.Specifiers) bool { return !s.Contains(v) })
}

// NamesPrerelease reports whether pre-releases count: one is locked, or a
// project names one.
func (w *Wanted) NamesPrerelease() bool {
	return w.Package.Version.IsPrerelease() || slices.ContainsFunc(w.Specifiers, pep440.Specifiers.NamesPrerelease)
}

// WantedFromIndexes lists the packages of a lock that an index has, by name:
// those that its projects, or the script, name themselves or, with all, all of
// them.
func WantedFromIndexes(l *lock.Lock, all bool) []Wanted {
	lists := map[pyname.Package][]string{}
	demands := map[pyname.Package][]*lock.Requirement{}
	note := func(list string, requirements []lock.Requirement) {
		for i := range requirements {
			r := &requirements[i]
			if !slices.Contains(lists[r.Name], list) {
				lists[r.Name] = append(lists[r.Name], list)
			}
			if len(r.Specifiers) > 0 {
				demands[r.Name] = append(demands[r.Name], r)
			}
		}
	}
	for _, name := range l.Members() {
		if p := l.Only(name); p != nil {
			noteMember(&p.Metadata, note)
		}
	}
	note("", l.Manifest.Requirements)
	for i := range l.Manifest.Groups {
		note("group:"+string(l.Manifest.Groups[i].Name), l.Manifest.Groups[i].Requirements)
	}
	for i := range l.Manifest.Constraints {
		c := &l.Manifest.Constraints[i]
		demands[c.Name] = append(demands[c.Name], c)
	}
	var out []Wanted
	for i := range l.Packages {
		p := &l.Packages[i]
		direct := lists[p.Name] != nil
		if p.Source.IsRegistry() && (all || direct) {
			out = append(out, Wanted{Package: p, Direct: direct, Lists: lists[p.Name], Specifiers: demandsOn(p, demands[p.Name])})
		}
	}
	return out
}

// demandsOn are the versions demanded of a package by the requirements that
// count where it is installed.
func demandsOn(p *lock.Package, requirements []*lock.Requirement) []pep440.Specifiers {
	var out []pep440.Specifiers
	for _, r := range requirements {
		m := r.Marker.SimplifyExtrasWith(func(pyname.Extra) bool { return true })
		if len(p.Forks) == 0 || slices.ContainsFunc(p.Forks, func(f marker.Tree) bool { return !f.Disjoint(m) }) {
			out = append(out, r.Specifiers)
		}
	}
	return out
}

// noteMember sorts the requirements of a project by the lists they stand in.
func noteMember(m *lock.Metadata, note func(list string, requirements []lock.Requirement)) {
	for i := range m.RequiresDist {
		list, r := "", &m.RequiresDist[i]
		for _, extra := range r.Marker.Extras() {
			list = "extra:" + string(extra)
		}
		note(list, m.RequiresDist[i:i+1])
	}
	for i := range m.Groups {
		note("group:"+string(m.Groups[i].Name), m.Groups[i].Requirements)
	}
}

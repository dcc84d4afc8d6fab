package lock

import (
	"cmp"
	"slices"

	"github.com/tame-py/tame/packaging/pyname"
)

// Reach tells for every package of the lock whether projects need it in some
// environment, with all of their extras and groups. The projects are part of
// that; those that the lock does not have count for nothing.
func (l *Lock) Reach(projects ...pyname.Package) []bool { return l.reached(projects).needed() }

// reached is a walk from projects through all environments.
func (l *Lock) reached(projects []pyname.Package) *walk {
	w := &walk{lock: l, seen: map[variant]bool{}, state: make([]state, len(l.Packages))}
	for _, name := range projects {
		first, end := l.Named(name)
		for at := first; at < end; at++ {
			p := &l.Packages[at]
			if !p.Source.IsTree() {
				continue
			}
			w.enter(at, nil)
			for _, e := range p.Extras {
				w.push(variant{at, e.Name})
			}
			for _, g := range p.Groups {
				for _, d := range g.Dependencies {
					w.enter(d.To, d.Extras)
				}
			}
		}
	}
	for len(w.queue) > 0 {
		v := w.queue[0]
		w.queue = w.queue[1:]
		for _, d := range l.edges(v) {
			w.enter(d.To, d.Extras)
		}
	}
	return w
}

func (w *walk) needed() []bool {
	out := make([]bool, len(w.state))
	for at, state := range w.state {
		out[at] = state == needed
	}
	return out
}

// WithMembers are projects and those other projects of the workspace that they
// need, sorted: of which a part has all extras and groups too.
func (l *Lock) WithMembers(projects ...pyname.Package) []pyname.Package {
	for known := 0; known != len(projects); {
		known = len(projects)
		keep := l.Reach(projects...)
		for _, name := range l.Members() {
			first, end := l.Named(name)
			if slices.Contains(keep[first:end], true) && !slices.Contains(projects, name) {
				projects = append(projects, name)
			}
		}
	}
	return slices.Sorted(slices.Values(projects))
}

// Part is the lock of some projects of a workspace: with those packages of the
// lock alone that they need, in the same versions and for the same
// environments. What the groups of a root that is no project need is left out.
// The projects are those of WithMembers; single is set if there is to be only
// one, in the folder of the lock.
func (l *Lock) Part(single bool, projects ...pyname.Package) *Lock {
	w := l.reached(projects)
	keep := w.needed()
	out := &Lock{
		Version: l.Version, Revision: l.Revision, RequiresPython: l.RequiresPython, Forks: l.Forks, Supported: l.Supported,
		Required: l.Required, Conflicts: l.Conflicts, Options: l.Options, Manifest: l.Manifest,
	}
	out.Manifest.Groups, out.Manifest.Members = nil, nil
	if !single {
		out.Manifest.Members = projects
	}
	place := make([]int, len(l.Packages))
	for at := range l.Packages {
		place[at] = -1
		if keep[at] {
			place[at] = len(out.Packages)
			out.Packages = append(out.Packages, l.Packages[at])
		}
	}
	for at := range l.Packages {
		if place[at] < 0 {
			continue
		}
		p := l.Packages[at].moved(func(to int) int { return place[to] })
		// What nothing of the part asks for is left out.
		p.Extras = slices.DeleteFunc(p.Extras, func(e ExtraDependencies) bool { return !w.seen[variant{at, e.Name}] })
		if !slices.Contains(projects, p.Name) {
			p.Groups = nil
		}
		out.Packages[place[at]] = p
	}
	out.seal()
	return out
}

// moved is the package in a lock where others are in other places: a function
// tells where, or a negative number for those that are not there.
func (p *Package) moved(place func(int) int) Package {
	out := *p
	move := func(all []Dependency) []Dependency {
		var kept []Dependency
		for _, d := range all {
			if d.To = place(d.To); d.To >= 0 {
				kept = append(kept, d)
			}
		}
		return kept
	}
	out.Dependencies = move(p.Dependencies)
	out.Extras, out.Groups = slices.Clone(p.Extras), slices.Clone(p.Groups)
	for i := range out.Extras {
		out.Extras[i].Dependencies = move(out.Extras[i].Dependencies)
	}
	for i := range out.Groups {
		out.Groups[i].Dependencies = move(out.Groups[i].Dependencies)
	}
	return out
}

// Fresh tells for every package of a lock whether another lock does not have it
// just so: with the same files and the same dependencies.
func (l *Lock) Fresh(was *Lock) []bool {
	out := make([]bool, len(l.Packages))
	for at := range l.Packages {
		p := &l.Packages[at]
		first, end := was.Named(p.Name)
		i, found := slices.BinarySearchFunc(was.Packages[first:end], p, func(a Package, b *Package) int { return a.compareID(b) })
		out[at] = !found || len(was.compareSame(&was.Packages[first+i], l, p)) > 0
	}
	return out
}

// Locals are the packages of the lock that are source trees, by the directory
// they are in, given the folder of the lock.
func (l *Lock) Locals(root string) map[string]int {
	out := map[string]int{}
	for at := range l.Packages {
		if s := l.Packages[at].Source; s.IsTree() {
			out[cmp.Or(s.Absolute(root), root)] = at
		}
	}
	return out
}

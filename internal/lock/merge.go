package lock

import (
	"slices"

	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// Merge joins what two sides chose that both began with the lock base, which may
// be empty. What only one side changed is as that side has it; where both chose
// otherwise, the newer version counts. Nobody has looked whether the choices go
// together: the result is for a new resolution to prefer, see Lock.Preferences.
// Source trees in it have no metadata, so that no project is satisfied with it.
func Merge(base, ours, theirs *Lock) *Lock {
	m := &merger{sides: [2]*Lock{ours, theirs}, fresh: [2][]bool{ours.Fresh(base), theirs.Fresh(base)}}
	head := ours
	if sameHead(base, ours) {
		head = theirs
	}
	out := &Lock{
		Version: head.Version, Revision: head.Revision, RequiresPython: head.RequiresPython, Forks: head.Forks, Supported: head.Supported,
		Required: head.Required, Conflicts: head.Conflicts, Options: head.Options, Manifest: head.Manifest,
	}
	m.choose(base)
	for i := range m.picks {
		k := m.picks[i]
		from := m.sides[k.side]
		p := from.Packages[k.at].moved(func(to int) int { return m.place(&from.Packages[to]) })
		if p.Source.IsTree() {
			p.Metadata = Metadata{}
		}
		out.Packages = append(out.Packages, p)
	}
	out.seal()
	return out
}

// sameHead reports whether two locks were made for the same Pythons and forks.
func sameHead(a, b *Lock) bool { return len(compareSettings(a, b)) == 0 }

type merger struct {
	sides [2]*Lock
	fresh [2][]bool // packages that the base does not have just so
	picks []pick
}

// A pick is a package of one side.
type pick struct{ side, at int }

func (m *merger) at(k pick) *Package { return &m.sides[k.side].Packages[k.at] }

// choose takes for each name the packages of one side.
func (m *merger) choose(base *Lock) {
	seen := map[pyname.Package]bool{}
	for side, l := range m.sides {
		for at := range l.Packages {
			name := l.Packages[at].Name
			if seen[name] {
				continue
			}
			seen[name] = true
			m.chooseNamed(base, name, side)
		}
	}
	slices.SortFunc(m.picks, func(a, b pick) int { return m.at(a).compareID(m.at(b)) })
}

func (m *merger) chooseNamed(base *Lock, name pyname.Package, first int) {
	count := func(l *Lock) int { from, end := l.Named(name); return end - from }
	changed := func(side int) bool {
		from, end := m.sides[side].Named(name)
		return count(m.sides[side]) != count(base) || slices.Contains(m.fresh[side][from:end], true)
	}
	side := first
	switch ours, theirs := changed(0), changed(1); {
	case !ours && theirs:
		side = 1
	case ours && !theirs:
		side = 0
	case ours && theirs && count(m.sides[0]) > 0 && count(m.sides[1]) > 0 && compareVersions(m.newest(0, name), m.newest(1, name)) < 0:
		side = 1
	}
	from, end := m.sides[side].Named(name)
	for at := from; at < end; at++ {
		m.picks = append(m.picks, pick{side, at})
	}
}

func (m *merger) newest(side int, name pyname.Package) pep440.Version {
	_, end := m.sides[side].Named(name)
	return m.sides[side].Packages[end-1].Version
}

// place is where the package is that an edge leads to, or one of its name, or -1.
func (m *merger) place(p *Package) int {
	named := -1
	for i, k := range m.picks {
		q := m.at(k)
		if q.Name != p.Name {
			continue
		}
		if named = i; q.compareID(p) == 0 {
			break
		}
	}
	return named
}

package resolve

import (
	"slices"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
)

// forkMarkers returns the scopes of solved forks, in order. A lone fork for all
// environments is none.
func forkMarkers(forks []*fork) []marker.Tree {
	var out []marker.Tree
	for _, f := range forks {
		if f.scope.env == nil {
			out = append(out, f.scope.universal())
		}
	}
	if len(out) == 1 && out[0].IsTrue() {
		return nil
	}
	return out
}

// assignForks gives those nodes their forks that share their name.
func (g *Graph) assignForks() {
	if len(g.Forks) == 0 {
		return
	}
	for i, n := range g.Nodes {
		if (i == 0 || g.Nodes[i-1].Name != n.Name) && (i+1 == len(g.Nodes) || g.Nodes[i+1].Name != n.Name) {
			continue
		}
		for _, m := range g.Forks {
			if !m.Disjoint(n.Marker) {
				n.Forks = append(n.Forks, m)
			}
		}
	}
}

// applyConflicts takes into account that items of conflicts are never active
// together: markers need not say so, and where all ways to a dependency go
// through an extra, its marker need not name the extra.
func (b *builder) applyConflicts(reach []reach) {
	conflicts := b.Manifest.Conflicts
	known := conflicts.Marker()
	if known.IsTrue() {
		return
	}
	for i := range reach {
		if i != manifestVariant {
			reach[i].marker = known.Implies(reach[i].marker)
		}
	}
	for i := range b.links {
		b.links[i].marker = known.Implies(b.links[i].marker)
	}
	active := b.activated()
	for i := range b.links {
		if l := &b.links[i]; !b.ambiguous(l) {
			l.marker = simplifyActive(l.marker, active[l.from], conflicts)
		}
	}
}

// itemSet is items that are active together, sorted.
type itemSet []source.ConflictItem

func compareSets(a, b itemSet) int { return slices.CompareFunc(a, b, source.ConflictItem.Compare) }

// activated returns for each variant which items may be active where it is
// needed, one set for each kind of way to it. Only items of conflicts are
// looked at.
func (b *builder) activated() [][]itemSet {
	out := make([][]itemSet, len(b.variants))
	from := make([][]int, len(b.variants))
	for _, l := range b.links {
		from[l.from] = append(from[l.from], l.to)
	}
	out[manifestVariant] = []itemSet{nil}
	for work := []int{manifestVariant}; len(work) > 0; {
		at := work[len(work)-1]
		work = work[:len(work)-1]
		for _, to := range from[at] {
			changed := false
			for _, set := range out[at] {
				if item, ok := b.itemOfVariant(to); ok {
					set = inserted(set, item)
				}
				if i, found := slices.BinarySearchFunc(out[to], set, compareSets); !found {
					out[to] = slices.Insert(out[to], i, set)
					changed = true
				}
			}
			if changed {
				work = append(work, to)
			}
		}
	}
	return out
}

func (b *builder) itemOfVariant(at int) (source.ConflictItem, bool) {
	v := &b.variants[at]
	if v.extra == "" && v.group == "" {
		return source.ConflictItem{}, false
	}
	item := source.ConflictItem{Package: v.node.Name, Extra: v.extra, Group: v.group}
	return item, b.Manifest.Conflicts.Has(item)
}

// ambiguous tells whether a variant has other links to the project that a link
// leads to, so that what is known is not enough to tell them apart.
func (b *builder) ambiguous(l *link) bool {
	n := 0
	at, _ := slices.BinarySearchFunc(b.links, l.from, func(l link, from int) int { return l.from - from })
	for ; at < len(b.links) && b.links[at].from == l.from; at++ {
		if b.variants[b.links[at].to].node.Name == b.variants[l.to].node.Name {
			n++
		}
	}
	return n > 1
}

// simplifyActive leaves out of the marker of a link what follows from the items
// that are active on the ways to it: if they are enough for it to hold, or if it
// comes to the same for all of them.
func simplifyActive(m marker.Tree, sets []itemSet, conflicts source.Conflicts) marker.Tree {
	if !m.HasExtras() || len(sets) == 0 {
		return m
	}
	if !slices.ContainsFunc(sets, func(s itemSet) bool { return !holdsWith(m, s) }) {
		for _, set := range sets {
			m = assumeSet(m, set, conflicts)
		}
		return m
	}
	same := assumeSet(m, sets[0], conflicts)
	for _, set := range sets[1:] {
		if assumeSet(m, set, conflicts) != same {
			return m
		}
	}
	return same
}

// holdsWith tells whether a marker holds in every environment if exactly the
// items of a set are active.
func holdsWith(m marker.Tree, set itemSet) bool {
	return m.AssumeExtras(func(e pyname.Extra) (active, known bool) {
		return slices.ContainsFunc(set, func(i source.ConflictItem) bool { return i.Encoded() == e }), true
	}).IsTrue()
}

// assumeSet returns a marker with the items of a set taken to be active, and
// those in conflict with them not to be.
func assumeSet(m marker.Tree, set itemSet, conflicts source.Conflicts) marker.Tree {
	state := map[pyname.Extra]bool{}
	for _, item := range set {
		for _, c := range conflicts {
			if !c.Has(item) {
				continue
			}
			for _, other := range c {
				if other != item {
					state[other.Encoded()] = false
				}
			}
		}
	}
	for _, item := range set {
		if _, excluded := state[item.Encoded()]; !excluded {
			state[item.Encoded()] = true
		}
	}
	return m.AssumeExtras(func(e pyname.Extra) (active, known bool) {
		active, known = state[e]
		return active, known
	})
}

package marker

import (
	"cmp"
	"strings"
)

// Compare orders markers as uv does, which decides the order of requirements in
// a lock file: true, false, then by the variable at the root of the diagram
// (versions before strings before the rest) and by its edges. It returns -1, 0
// or +1, and 0 exactly if t == u.
func (t Tree) Compare(u Tree) int { return compareRefs(t.r, u.r) }

func compareRefs(a, b ref) int {
	if a == b {
		return 0
	}
	if a.constant() || b.constant() {
		// True is 0, false is 1, others are larger.
		return cmp.Compare(min(a, no+1), min(b, no+1))
	}
	na, nb := nodes.node(a), nodes.node(b)
	if c := compareRoots(na.v, nb.v); c != 0 {
		return c
	}
	for i := range min(len(na.kids), len(nb.kids)) {
		if c := compareStarts(na, nb, i); c != 0 {
			return c
		}
		if c := compareRefs(na.kids[i].under(a), nb.kids[i].under(b)); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(na.kids), len(nb.kids))
}

// compareRoots orders the variables of two diagrams. Unlike in the order from
// the root down, versions come first and lists before extras.
func compareRoots(v, w *variable) int {
	if c := cmp.Compare(v.group(), w.group()); c != 0 {
		return c
	}
	if c := cmp.Compare(v.rank, w.rank); c != 0 {
		return c
	}
	return strings.Compare(v.text, w.text)
}

func (v *variable) group() int {
	switch {
	case v.rank == rankExtra:
		return 5
	case v.rank > rankExtra:
		return 4
	case v.rank >= rankContains:
		return 3
	case v.rank >= rankIn:
		return 2
	case v.rank < stringKeys:
		return 1
	}
	return 0
}

// compareStarts orders the intervals of edge i of two nodes of one variable.
// Their lower ends are the same unless the previous edges differed.
func compareStarts(a, b *node, i int) int {
	if !a.v.ranged() {
		return 0
	}
	moreA, moreB := i < len(a.cuts), i < len(b.cuts)
	switch {
	case !moreA && !moreB:
		return 0
	case !moreA:
		return 1
	case !moreB:
		return -1
	}
	return compareCuts(a.v, a.cuts[i], b.cuts[i])
}

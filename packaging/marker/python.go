package marker

import "github.com/tame-py/tame/packaging/pep440"

func isPython(v *variable) bool { return v.rank == rankPythonFullVersion }

// PythonRange returns the versions of Python for which the marker may hold in
// some environment. It is the full set for a marker that says nothing about
// Python, and empty for false. Versions are releases: 3.13.0rc1 lies below the
// bound 3.13, as it does when a marker is evaluated.
func (t Tree) PythonRange() pep440.Set {
	set := pep440.None()
	var seen visit
	var walk func(ref)
	walk = func(r ref) {
		if _, ok := seen.get(r); ok || r == no || set.IsFull() {
			return
		}
		if r == yes {
			set = pep440.Full()
			return
		}
		seen.put(r, no)
		n := nodes.node(r)
		switch {
		case n.v.rank < rankPythonFullVersion:
			for _, kid := range n.kids {
				walk(kid.under(r))
			}
		case isPython(n.v):
			for i, kid := range n.kids {
				if kid.under(r) != no {
					set = set.Union(n.interval(i))
				}
			}
		default:
			// Everything but no can become true.
			set = pep440.Full()
		}
	}
	walk(t.r)
	return set
}

// interval returns the versions for which edge i of a version node holds.
func (n *node) interval(i int) pep440.Set {
	var lo, hi pep440.Bound
	if i > 0 {
		lo = bound(n.cuts[i-1], true)
	}
	if i < len(n.cuts) {
		hi = bound(n.cuts[i], false)
	}
	return pep440.Between(lo, hi)
}

// bound returns the bound that a cut is from above or from below.
func bound(c cut, lower bool) pep440.Bound {
	kind := pep440.Included
	if c.above == lower {
		kind = pep440.Excluded
	}
	return pep440.Bound{Kind: kind, Version: c.at.version}
}

// cutAt returns the cut of a bound, which has no point if it is unbounded. As
// in requires-python, only the release counts.
func cutAt(b pep440.Bound, lower bool) cut {
	if b.Kind == pep440.Unbounded {
		return cut{}
	}
	return cut{words.version(b.Version.OnlyRelease()), (b.Kind == pep440.Excluded) == lower}
}

// Python returns the marker that holds for the versions of Python in set, of
// whose bounds only the releases count.
func Python(set pep440.Set) Tree {
	o := newOp()
	r := no
	for _, i := range set.Intervals() {
		r = o.or(r, interval(&ranges[rankPythonFullVersion], cutAt(i.Lo, true), cutAt(i.Hi, false)))
	}
	return Tree{r}
}

// SimplifyPython returns t with the version of Python taken to lie between lo
// and hi, of which only the releases count: comparisons that always hold there
// are left out, those that never do are false. The answer must not be
// evaluated for other versions; [Tree.ComplexifyPython] makes it whole again.
// If nothing lies between the bounds, comparisons of Python's version are
// false.
func (t Tree) SimplifyPython(lo, hi pep440.Bound) Tree {
	from, to := cutAt(lo, true), cutAt(hi, false)
	if from.at == nil && to.at == nil {
		return t
	}
	v := &ranges[rankPythonFullVersion]
	empty := from.at != nil && to.at != nil && compareCuts(v, from, to) >= 0
	var seen visit
	var walk func(ref) ref
	walk = func(r ref) ref {
		if r.constant() || nodes.node(r).v.compare(v) > 0 {
			return r
		}
		if answer, ok := seen.get(r); ok {
			return answer
		}
		n := nodes.node(r)
		answer := no
		switch {
		case !isPython(n.v):
			answer = mapKids(n, r, walk)
		case !empty:
			answer = within(n, r, from, to)
		}
		seen.put(r, answer)
		return answer
	}
	return Tree{walk(t.r)}
}

// within drops the cuts of n, which r leads to, that are not between two cuts.
func within(n *node, r ref, from, to cut) ref {
	var room edgeRoom
	e := room.list()
	first := 0
	for from.at != nil && first < len(n.cuts) && compareCuts(n.v, n.cuts[first], from) <= 0 {
		first++
	}
	for i := first; i < len(n.kids); i++ {
		if i > first && to.at != nil && compareCuts(n.v, n.cuts[i-1], to) >= 0 {
			break
		}
		e.add(n.start(i), n.kids[i].under(r))
	}
	return nodes.intern(n.v, e.cuts, e.kids)
}

// ComplexifyPython returns the marker that holds where t does and the version
// of Python lies between lo and hi, of which only the releases count.
func (t Tree) ComplexifyPython(lo, hi pep440.Bound) Tree {
	o := newOp()
	return Tree{o.and(t.r, interval(&ranges[rankPythonFullVersion], cutAt(lo, true), cutAt(hi, false)))}
}

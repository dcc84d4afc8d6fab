package marker

// restrict returns a diagram that means the same as value wherever assumption
// holds and whatever is shortest elsewhere: a generalised cofactor. Where the
// assumption excludes an edge, the edge is replaced by the first that is not
// excluded. The steps and their order are part of the text of lock files.
func (o *op) restrict(value, assumption ref) ref {
	switch {
	case assumption == yes || value.constant():
		return value
	case assumption == no || value == assumption.not():
		return no
	case value == assumption:
		return yes
	}
	if r, ok := restrictMemo.get(value, assumption); ok {
		return r
	}
	nv, na := nodes.node(value), nodes.node(assumption)
	var r ref
	switch c := nv.v.compare(na.v); {
	case c < 0:
		r = mapKids(nv, value, func(kid ref) ref { return o.restrict(kid, assumption) })
	case c > 0:
		// The value does not depend on this variable: it may be any.
		r = o.restrict(value, o.anyKid(na, assumption))
	default:
		r = o.restrictSame(nv, value, na, assumption)
	}
	restrictMemo.put(value, assumption, r)
	return r
}

// anyKid returns the disjunction of the edges of n, which r leads to: what r
// means if the variable of n may take any value.
func (o *op) anyKid(n *node, r ref) ref {
	some := no
	for _, kid := range n.kids {
		some = o.or(some, kid.under(r))
	}
	return some
}

// restrictSame is restrict for two nodes of one variable.
func (o *op) restrictSame(nv *node, value ref, na *node, assumption ref) ref {
	var starts []cut
	var kids []ref
	var excluded []bool
	fallback, found := no, false
	piece := func(at cut, v, a ref) {
		r := no
		if a != no {
			if r = o.restrict(v, a); !found {
				fallback, found = r, true
			}
		}
		starts, kids, excluded = append(starts, at), append(kids, r), append(excluded, a == no)
	}
	if nv.v.ranged() {
		for m := (merge{a: nv, b: na}); ; {
			piece(m.at, nv.kids[m.i].under(value), na.kids[m.j].under(assumption))
			if !m.next() {
				break
			}
		}
	} else {
		piece(cut{}, nv.kids[0].under(value), na.kids[0].under(assumption))
		piece(cut{}, nv.kids[1].under(value), na.kids[1].under(assumption))
	}
	for i := range kids {
		if excluded[i] {
			kids[i] = fallback
		}
	}
	return joined(nv.v, starts, kids)
}

// joined interns the node whose edge i begins at starts[i].
func joined(v *variable, starts []cut, kids []ref) ref {
	if !v.ranged() {
		return nodes.intern(v, nil, kids)
	}
	var e edgeList
	for i, kid := range kids {
		e.add(starts[i], kid)
	}
	return nodes.intern(v, e.cuts, e.kids)
}

// mapKids rebuilds n, which r leads to, with f applied to what its edges mean.
func mapKids(n *node, r ref, f func(ref) ref) ref {
	if !n.v.ranged() {
		return nodes.intern(n.v, nil, []ref{f(n.kids[0].under(r)), f(n.kids[1].under(r))})
	}
	var room edgeRoom
	e := room.list()
	for i, kid := range n.kids {
		e.add(n.start(i), f(kid.under(r)))
	}
	return nodes.intern(n.v, e.cuts, e.kids)
}

// assume replaces the yes-or-no variables that known decides by their values.
func assume(r ref, known func(*variable) (value, ok bool)) ref {
	var seen visit
	var walk func(ref) ref
	walk = func(r ref) ref {
		if r.constant() {
			return r
		}
		if answer, ok := seen.get(r); ok {
			return answer
		}
		n := nodes.node(r)
		answer := no
		if value, ok := knownValue(n.v, known); ok {
			kid := n.kids[1]
			if value {
				kid = n.kids[0]
			}
			answer = walk(kid.under(r))
		} else {
			answer = mapKids(n, r, walk)
		}
		seen.put(r, answer)
		return answer
	}
	return walk(r)
}

func knownValue(v *variable, known func(*variable) (value, ok bool)) (value, ok bool) {
	if v.ranged() {
		return false, false
	}
	return known(v)
}

// forget returns what r means if the variables that drop selects may take any
// values.
func (o *op) forget(r ref, drop func(*variable) bool) ref {
	var seen visit
	var walk func(ref) ref
	walk = func(r ref) ref {
		if r.constant() {
			return r
		}
		if answer, ok := seen.get(r); ok {
			return answer
		}
		n := nodes.node(r)
		answer := no
		if drop(n.v) {
			answer = walk(o.anyKid(n, r))
		} else {
			answer = mapKids(n, r, walk)
		}
		seen.put(r, answer)
		return answer
	}
	return walk(r)
}

// contains reports whether a diagram decides on a variable that is selects.
func contains(r ref, is func(*variable) bool) bool {
	var seen visit
	var walk func(ref) bool
	walk = func(r ref) bool {
		r &^= 1
		if r.constant() {
			return false
		}
		if _, ok := seen.get(r); ok {
			return false
		}
		seen.put(r, no)
		n := nodes.node(r)
		if is(n.v) {
			return true
		}
		for _, kid := range n.kids {
			if walk(kid) {
				return true
			}
		}
		return false
	}
	return walk(r)
}

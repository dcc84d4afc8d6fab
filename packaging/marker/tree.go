package marker

import (
	"slices"

	"github.com/tame-py/tame/packaging/pyname"
)

// A Tree is a marker in canonical form. Trees are small values, comparable
// with ==: equal trees hold in the same environments, and (but for what is
// known about impossible environments, see the package) different ones do not.
// The zero Tree is true.
//
// A Tree is valid in the process that made it; text is what to store.
type Tree struct{ r ref }

// True returns the marker that always holds, which is the zero Tree.
func True() Tree { return Tree{yes} }

// False returns the marker that never holds.
func False() Tree { return Tree{no} }

// IsTrue reports whether the marker always holds.
func (t Tree) IsTrue() bool { return t.r == yes }

// IsFalse reports whether the marker never holds.
func (t Tree) IsFalse() bool { return t.r == no }

// Not returns the marker that holds exactly where t does not.
func (t Tree) Not() Tree { return Tree{t.r.not()} }

// And returns the marker that holds where both do.
func (t Tree) And(u Tree) Tree {
	o := newOp()
	return Tree{o.and(t.r, u.r)}
}

// Or returns the marker that holds where either does.
func (t Tree) Or(u Tree) Tree {
	o := newOp()
	return Tree{o.or(t.r, u.r)}
}

// Implies returns the marker "not t or u". It is true if u holds wherever t
// does.
func (t Tree) Implies(u Tree) Tree { return t.Not().Or(u) }

// Disjoint reports whether the two markers hold in no environment both. It is
// the same as t.And(u).IsFalse(), but cheaper.
func (t Tree) Disjoint(u Tree) bool {
	o := newOp()
	return o.disjoint(t.r, u.r)
}

// Restrict returns a marker that means the same as t wherever assumption holds
// and says as little as possible elsewhere: what only repeats the assumption is
// left out. Conjoin the assumption to get the meaning back. If assumption is
// false, so is the answer, unless t is constant.
func (t Tree) Restrict(assumption Tree) Tree {
	o := newOp()
	return Tree{o.restrict(t.r, assumption.r)}
}

func isExtra(v *variable) bool { return v.rank == rankExtra }

// WithoutExtras returns t with extras taken to be whatever satisfies it: the
// weakest condition on the environment alone. Conditions on the lists of
// PEP 751 stay.
func (t Tree) WithoutExtras() Tree {
	o := newOp()
	return Tree{o.forget(t.r, isExtra)}
}

// OnlyExtras returns t with the environment taken to be whatever satisfies it:
// the weakest condition on extras alone.
func (t Tree) OnlyExtras() Tree {
	o := newOp()
	return Tree{o.forget(t.r, func(v *variable) bool { return !isExtra(v) })}
}

// SimplifyExtras returns t with the extras taken to be active. Other extras
// stay in the marker.
func (t Tree) SimplifyExtras(active []pyname.Extra) Tree {
	return t.SimplifyExtrasWith(func(e pyname.Extra) bool { return has(active, e) })
}

// SimplifyExtrasWith returns t with the extras that active selects taken to be
// active. Other extras stay in the marker.
func (t Tree) SimplifyExtrasWith(active func(pyname.Extra) bool) Tree {
	return t.AssumeExtras(func(e pyname.Extra) (bool, bool) { return true, active(e) })
}

// SimplifyNotExtrasWith returns t with the extras that inactive selects taken
// not to be active. Other extras stay in the marker.
func (t Tree) SimplifyNotExtrasWith(inactive func(pyname.Extra) bool) Tree {
	return t.AssumeExtras(func(e pyname.Extra) (bool, bool) { return false, inactive(e) })
}

// AssumeExtras returns t with the extras for which known is true replaced by
// whether they are active.
func (t Tree) AssumeExtras(state func(pyname.Extra) (active, known bool)) Tree {
	return Tree{assume(t.r, func(v *variable) (bool, bool) {
		if !isExtra(v) {
			return false, false
		}
		return state(pyname.Extra(v.text))
	})}
}

// HasExtras reports whether t depends on extras.
func (t Tree) HasExtras() bool { return contains(t.r, isExtra) }

// Extras returns the extras that t depends on, each once, in the order in which
// a walk of the diagram meets them.
func (t Tree) Extras() []pyname.Extra {
	var found []pyname.Extra
	contains(t.r, func(v *variable) bool {
		if isExtra(v) && !has(found, pyname.Extra(v.text)) {
			found = append(found, pyname.Extra(v.text))
		}
		return false
	})
	return found
}

// TopLevelExtra returns the extra that every clause of the printed form of t
// demands: x for "extra == 'x'" and for "… and extra == 'x'". If the first such
// extra of one clause is not that of the others, there is none; but, as in uv,
// a diagram that begins with "extra == 'x' or …" counts as demanding x.
func (t Tree) TopLevelExtra() (pyname.Extra, bool) {
	if t.r.constant() {
		return "", false
	}
	if n := nodes.node(t.r); isExtra(n.v) && n.kids[0].under(t.r) == yes {
		return pyname.Extra(n.v.text), true
	}
	var found *variable
	f := sortedForm(t.r)
	for _, clause := range f.clauses {
		var first *variable
		for _, l := range clause {
			if x := f.term(l); isExtra(x.v) && x.op == opEqual {
				first = x.v
				break
			}
		}
		if first == nil || found != nil && found != first {
			return "", false
		}
		found = first
	}
	return pyname.Extra(found.text), true
}

func has[T comparable](list []T, x T) bool { return slices.Contains(list, x) }

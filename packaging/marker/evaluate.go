package marker

import (
	"strings"

	"github.com/tame-py/tame/packaging/pyname"
)

// Evaluate reports whether the marker holds in env with the given extras
// active. The lists extras and dependency_groups of lock files are empty.
func (t Tree) Evaluate(env *Env, extras []pyname.Extra) bool {
	return t.evaluate(env, func(v *variable) bool {
		return v.rank == rankExtra && has(extras, pyname.Extra(v.text))
	})
}

// EvaluateLock reports whether the marker holds in env where the lists
// `extras` and `dependency_groups` have the given members (PEP 751). No single
// extra is active.
func (t Tree) EvaluateLock(env *Env, extras []pyname.Extra, groups []pyname.Group) bool {
	return t.evaluate(env, func(v *variable) bool {
		switch v.rank {
		case rankExtras:
			return has(extras, pyname.Extra(v.text))
		case rankGroups:
			return has(groups, pyname.Group(v.text))
		}
		return false
	})
}

// EvaluateExtras reports whether there may be an environment in which the
// marker holds with exactly the given extras active.
func (t Tree) EvaluateExtras(extras []pyname.Extra) bool {
	return reaches(t.r, func(v *variable) bool { return has(extras, pyname.Extra(v.text)) })
}

// EvaluateOnlyExtras reports whether the marker holds in all environments with
// exactly the given extras active.
func (t Tree) EvaluateOnlyExtras(extras []pyname.Extra) bool { return !t.Not().EvaluateExtras(extras) }

// evaluate follows the diagram to its end. set tells about the variables that
// are not in env.
func (t Tree) evaluate(env *Env, set func(*variable) bool) bool {
	r := t.r
	for !r.constant() {
		n := nodes.node(r)
		var holds bool
		switch v := n.v; {
		case v.ranged():
			r = n.kids[n.find(env)].under(r)
			continue
		case v.rank >= rankInvalidExtras:
			// A list has no member that is no name.
			return false
		case v.rank < rankContains:
			holds = strings.Contains(v.text, env.text(v.rank-rankIn))
		case v.rank < rankExtra:
			holds = strings.Contains(env.text(v.rank-rankContains), v.text)
		default:
			holds = set(v)
		}
		kid := n.kids[1]
		if holds {
			kid = n.kids[0]
		}
		r = kid.under(r)
	}
	return r == yes
}

// find returns the edge of a ranged node for the value in env.
func (n *node) find(env *Env) int {
	if n.v.rank < stringKeys {
		text := env.text(n.v.rank)
		for i, c := range n.cuts {
			if order := strings.Compare(text, c.at.text); order < 0 || order == 0 && c.above {
				return i
			}
		}
		return len(n.cuts)
	}
	version := env.version(n.v.rank)
	for i, c := range n.cuts {
		if order := version.Compare(c.at.version); order < 0 || order == 0 && c.above {
			return i
		}
	}
	return len(n.cuts)
}

// reaches reports whether a diagram has a way to yes if its extras are as told.
func reaches(r ref, active func(*variable) bool) bool {
	var seen visit
	var walk func(ref) bool
	walk = func(r ref) bool {
		if r.constant() {
			return r == yes
		}
		if _, ok := seen.get(r); ok {
			return false
		}
		n := nodes.node(r)
		if isExtra(n.v) {
			if active(n.v) {
				return walk(n.kids[0].under(r))
			}
			return walk(n.kids[1].under(r))
		}
		for _, kid := range n.kids {
			if walk(kid.under(r)) {
				return true
			}
		}
		seen.put(r, no)
		return false
	}
	return walk(r)
}

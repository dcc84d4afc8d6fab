package pip

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pyname"
)

// alternatives are the largest choices of some roots that were not declared
// conflicting: of each set of conflicts one, and none. What the lock has only where
// none of them is chosen counts too. Sets that have nothing to do with each other are
// not crossed: all that any choice leads to is had with one of them chosen at a time.
func (l *ProjectLock) alternatives(roots lock.Roots) (out []lock.Roots) {
	parts := l.independent()
	for i := range parts {
		base := roots
		for j := range parts {
			if j != i {
				base = parts[j].none(base)
			}
		}
		choices := parts[i].choices(base)
		if i > 0 {
			choices = choices[1:] // none of any is there already
		}
		out = append(out, choices...)
	}
	if len(parts) == 0 {
		out = append(out, roots)
	}
	return out
}

// A clash is a lock with some of its sets of conflicts only: those that depend on
// each other.
type clash struct{ *lock.Lock }

// first is a conflict of roots; false if there is none.
func (c clash) first(roots lock.Roots) (*lock.ConflictError, bool) {
	var conflict *lock.ConflictError
	return conflict, errors.As(c.CheckConflicts(&roots), &conflict)
}

// none are roots without anything that conflicts.
func (c clash) none(roots lock.Roots) lock.Roots {
	for {
		conflict, ok := c.first(roots)
		if !ok {
			return roots
		}
		for _, item := range conflict.Conflicts {
			roots = leaving(roots, item)
		}
	}
}

// choices are the largest choices of roots, that of nothing first. Sets have members
// in common, so that many ways lead to the same choice.
func (c clash) choices(roots lock.Roots) (out []lock.Roots) {
	seen := map[string]bool{}
	var choose func(roots lock.Roots, left []source.ConflictItem)
	choose = func(roots lock.Roots, left []source.ConflictItem) {
		slices.SortFunc(left, source.ConflictItem.Compare)
		key := fmt.Sprintf("%q", left)
		if seen[key] {
			return
		}
		seen[key] = true
		conflict, ok := c.first(roots)
		if !ok {
			out = append(out, roots)
			return
		}
		for kept := -1; kept < len(conflict.Conflicts); kept++ {
			less, without := roots, slices.Clone(left)
			for i, item := range conflict.Conflicts {
				if i == kept {
					continue
				}
				if kept >= 0 && item.Extra != "" && item.Extra == conflict.Conflicts[kept].Extra {
					item.Extra = "" // one name means the extras of all projects: this one goes
				}
				less, without = leaving(less, item), append(without, item)
			}
			choose(less, without)
		}
	}
	choose(roots, nil)
	return out
}

// leaving are roots less one extra, group or project.
func leaving(r lock.Roots, item source.ConflictItem) lock.Roots {
	extra, group := r.Extra, r.Group
	switch {
	case item.Extra != "":
		r.Extra = func(e pyname.Extra) bool { return e != item.Extra && extra(e) }
	case item.Group != "":
		r.Group = func(owner pyname.Package, g pyname.Group) bool {
			return (owner != item.Package || g != item.Group) && group(owner, g)
		}
	default:
		r.Members = slices.DeleteFunc(slices.Clone(r.Members), func(m pyname.Package) bool { return m == item.Package })
	}
	return r
}

// independent are the sets of conflicts in parts of which none has to do with another:
// they share no member, and what one leads to does not depend on another.
func (l *ProjectLock) independent() []clash {
	sets := l.Conflicts
	part := make([]int, len(sets)) // a set of the same part; its own place at first
	for i := range part {
		part[i] = i
	}
	find := func(i int) int {
		for part[i] != i {
			i = part[i]
		}
		return i
	}
	for i, set := range sets {
		below := l.Below(set)
		for j, other := range sets {
			if find(i) != find(j) && (related(set, other) || slices.ContainsFunc(other, func(o source.ConflictItem) bool { return below[o] })) {
				part[find(j)] = find(i)
			}
		}
	}
	var out []clash
	for i := range sets {
		if find(i) != i {
			continue
		}
		only := *l.Lock
		only.Conflicts = nil
		for j, set := range sets {
			if find(j) == i {
				only.Conflicts = append(only.Conflicts, set)
			}
		}
		out = append(out, clash{&only})
	}
	return out
}

// related reports whether sets have a member in common. Extras of one name count as
// one, and a project as its extras and groups.
func related(a, b source.ConflictSet) bool {
	return slices.ContainsFunc(a, func(x source.ConflictItem) bool {
		return slices.ContainsFunc(b, func(y source.ConflictItem) bool {
			whole := x.Extra == "" && x.Group == "" || y.Extra == "" && y.Group == ""
			return x == y || x.Extra != "" && x.Extra == y.Extra || whole && x.Package == y.Package
		})
	})
}

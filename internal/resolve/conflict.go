package resolve

import (
	"maps"

	"github.com/tame-py/tame/internal/pubgrub"
)

// conflictThreshold is how many conflicts a package may take part in before its
// priority changes.
const conflictThreshold = 5

// conflicts counts, for each package, how often its versions turned out
// impossible and how often they made those of others impossible.
type conflicts struct {
	affected map[pubgrub.Package]int
	culprit  map[pubgrub.Package]int
	earlier  []pubgrub.Package // passed the threshold, to be decided earlier
	later    []pubgrub.Package // passed the threshold, to be decided later
}

func (c *conflicts) clone() conflicts {
	return conflicts{affected: maps.Clone(c.affected), culprit: maps.Clone(c.culprit)}
}

// record counts a conflict of pkg with the other packages of an incompatibility.
// Packages of the same project do not count: they only pass on what is required
// of each other. What is counted as affected is the package chosen last, which
// need not be the one of the incompatibility.
func (r *resolution) record(f *fork, pkg pubgrub.Package, id pubgrub.ID) {
	real := false
	own := r.nodes[pkg].name
	for _, t := range f.solver.Terms(id) {
		if t.Package == pkg || r.nodes[t.Package].name == own {
			continue
		}
		real = true
		if f.conflicts.culprit == nil {
			f.conflicts.culprit = map[pubgrub.Package]int{}
		}
		f.conflicts.culprit[t.Package]++
		if f.conflicts.culprit[t.Package] == conflictThreshold {
			f.conflicts.later = append(f.conflicts.later, t.Package)
		}
	}
	if !real {
		return
	}
	if f.conflicts.affected == nil {
		f.conflicts.affected = map[pubgrub.Package]int{}
	}
	f.conflicts.affected[f.next]++
	if f.conflicts.affected[f.next] == conflictThreshold {
		f.conflicts.earlier = append(f.conflicts.earlier, f.next)
	}
}

// reprioritize changes the priority of packages that passed the threshold, and
// undoes the decisions on those that are to be decided later.
func (r *resolution) reprioritize(f *fork) {
	for _, pkg := range f.conflicts.earlier {
		if n := &r.nodes[pkg]; n.isProject() && f.priorities.markEarly(n.name) && r.tracing {
			r.tracef("Package %s has too many conflicts (affected), prioritizing", r.text(pkg))
		}
	}
	for _, pkg := range f.conflicts.later {
		n := &r.nodes[pkg]
		if !n.isProject() || !f.priorities.markLate(n.name) {
			continue
		}
		undone, decided := f.solver.BacktrackBefore(pkg)
		if r.tracing {
			r.tracef("Package %s has too many conflicts (culprit), deprioritizing and backtracking", r.text(pkg))
			if decided {
				r.tracef("Backtracked %d decisions", undone)
			}
		}
	}
	f.conflicts.earlier, f.conflicts.later = f.conflicts.earlier[:0], f.conflicts.later[:0]
}

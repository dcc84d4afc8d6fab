package marker

import (
	"slices"

	"github.com/tame-py/tame/packaging/pep440"
)

// paths collects the paths of a diagram that lead to yes, each as a clause of
// the comparisons on its way.
type paths struct {
	path  []term
	terms []term // of all clauses, one after the other
	ends  []int  // where in terms each clause ends
}

// clauses returns the collected clauses. They may shrink, not grow.
func (p *paths) clauses() [][]term {
	out := make([][]term, len(p.ends))
	start := 0
	for i, end := range p.ends {
		out[i] = p.terms[start:end:end]
		start = end
	}
	return out
}

func (p *paths) walk(r ref) {
	switch r {
	case no:
		return
	case yes:
		p.terms = append(p.terms, p.path...)
		p.ends = append(p.ends, len(p.terms))
		return
	}
	n := nodes.node(r)
	if n.v.ranged() {
		p.walkRanges(n, r)
		return
	}
	op := opIn
	if n.v.rank == rankExtra {
		op = opEqual
	}
	for i, kid := range n.kids {
		p.step(kid.under(r), term{v: n.v, op: op + termOp(i)})
	}
}

// step walks on to kid after more terms.
func (p *paths) step(kid ref, terms ...term) {
	length := len(p.path)
	p.path = append(p.path, terms...)
	p.walk(kid)
	p.path = p.path[:length]
}

// walkRanges walks the edges of a ranged node. Edges to the same kid are taken
// together, because their union may be a plain inequality.
func (p *paths) walkRanges(n *node, r ref) {
	for i, kid := range n.kids {
		if slices.Index(n.kids, kid) < i || kid.under(r) == no {
			continue
		}
		if points, ok := n.excepted(kid); ok {
			terms := make([]term, len(points))
			for j, at := range points {
				terms[j] = term{n.v, at, opNotEqual}
			}
			p.step(kid.under(r), terms...)
			continue
		}
		if at, ok := n.exceptedBlock(kid); ok {
			p.step(kid.under(r), term{n.v, at, opNotEqualStar})
			continue
		}
		for j := i; j < len(n.kids); j++ {
			if n.kids[j] == kid {
				terms, count := n.between(j)
				p.step(kid.under(r), terms[:count]...)
			}
		}
	}
}

// excepted returns the points that keep kid from being where n leads from all
// values, if nothing but single points does.
func (n *node) excepted(kid ref) ([]*point, bool) {
	last := len(n.kids) - 1
	if n.kids[0] != kid || n.kids[last] != kid {
		return nil, false
	}
	var points []*point
	for i := 1; i < last; i++ {
		if n.kids[i] == kid {
			continue
		}
		// Two gaps that touch are one gap, and no single point.
		if !n.single(i) || n.kids[i-1] != kid || n.kids[i+1] != kid {
			return nil, false
		}
		points = append(points, n.cuts[i].at)
	}
	return points, true
}

// single reports whether the edge i holds for one value only. It has cuts on
// both sides.
func (n *node) single(i int) bool { return n.cuts[i-1].at == n.cuts[i].at }

// exceptedBlock returns x.y if kid is where n leads from all versions but
// those of x.y.*.
func (n *node) exceptedBlock(kid ref) (*point, bool) {
	last := len(n.kids) - 1
	if n.v.rank < stringKeys || n.kids[0] != kid || n.kids[last] != kid {
		return nil, false
	}
	for _, k := range n.kids[1:last] {
		if k == kid {
			return nil, false
		}
	}
	lo, hi := n.cuts[0], n.cuts[last-1]
	if lo.above || hi.above || !isMinor(lo.at.version, hi.at.version) {
		return nil, false
	}
	return lo.at, true
}

// isMinor reports whether lo is x.y and hi is x.(y+1), where x counts as x.0
// if it is the lower one.
func isMinor(lo, hi pep440.Version) bool {
	return lo.Len() <= 2 && hi.Len() == 2 && isRelease(lo) && isRelease(hi) &&
		hi.Segment(0) == lo.Segment(0) && hi.Segment(1) == lo.Segment(1)+1
}

func isRelease(v pep440.Version) bool { return v.Equal(v.OnlyRelease()) }

// between returns the comparisons that hold exactly for edge i of n, which is
// not the only one.
func (n *node) between(i int) (terms [2]term, count int) {
	if i > 0 && i < len(n.cuts) {
		lo, hi := n.cuts[i-1], n.cuts[i]
		switch {
		case lo.at == hi.at:
			terms[0] = term{n.v, lo.at, opEqual}
			return terms, 1
		case n.v.rank >= stringKeys && !lo.above && !hi.above && isMinor(lo.at.version, hi.at.version):
			terms[0] = term{n.v, lo.at, opEqualStar}
			return terms, 1
		}
	}
	if i > 0 {
		lo := n.cuts[i-1]
		op := opGreaterEqual
		if lo.above {
			op = opGreater
		}
		terms[count] = term{n.v, lo.at, op}
		count++
	}
	if i < len(n.cuts) {
		hi := n.cuts[i]
		op := opLess
		if hi.above {
			op = opLessEqual
		}
		terms[count] = term{n.v, hi.at, op}
		count++
	}
	return terms, count
}

// simplify shortens a disjunction of clauses. A diagram says "a or b" as "a or
// (not a and b)": it decides on a first. The shortening looks at terms, not at
// what they mean together, and its steps and their order are part of the text
// of lock files: first the redundant terms of each clause are dropped at once,
// clause after clause, then the clauses that hold another one.
func simplify(clauses *[][]term) {
	list := *clauses
	var redundant []bool
	for i, clause := range list {
		redundant = append(redundant[:0], make([]bool, len(clause))...)
		for j := range clause {
			redundant[j] = isRedundant(list, i, j, redundant)
		}
		kept := clause[:0]
		for j, x := range clause {
			if !redundant[j] {
				kept = append(kept, x)
			}
		}
		list[i] = kept
	}
	dropped := make([]bool, len(list))
	for i, clause := range list {
		for j, other := range list {
			if i != j && !dropped[j] && isSubset(other, clause) {
				dropped[i] = true
				break
			}
		}
	}
	kept := list[:0]
	for i, clause := range list {
		if !dropped[i] {
			kept = append(kept, clause)
		}
	}
	*clauses = kept
}

// isRedundant reports whether term j of clause i can be left out: another
// clause covers the case that it does not hold while the rest of the clause
// does. Terms already found redundant cannot serve for that.
func isRedundant(list [][]term, i, j int, redundant []bool) bool {
	clause := list[i]
	x := clause[j]
	negation := x.negation()
	for k, other := range list {
		if k == i {
			continue
		}
		covers := true
		for _, y := range other {
			if y == negation {
				continue
			}
			if at := slices.Index(clause, y); y == x || at < 0 || redundant[at] {
				covers = false
				break
			}
		}
		if covers {
			return true
		}
	}
	return false
}

func isSubset(small, large []term) bool {
	for _, x := range small {
		if !slices.Contains(large, x) {
			return false
		}
	}
	return true
}

// countPaths returns how many clauses the disjunctive form of a diagram has at
// most, or more than limit if there are more than limit.
func countPaths(r ref, limit int) int {
	var seen visit
	var walk func(ref) int
	walk = func(r ref) int {
		if r.constant() {
			return int(r ^ 1)
		}
		if count, ok := seen.get(r); ok {
			return int(count)
		}
		count := 0
		for _, kid := range nodes.node(r).kids {
			if count += walk(kid.under(r)); count > limit {
				count = limit + 1
				break
			}
		}
		seen.put(r, ref(count))
		return count
	}
	return walk(r)
}

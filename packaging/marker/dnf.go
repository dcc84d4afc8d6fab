package marker

import (
	"slices"

	"github.com/tame-py/tame/packaging/pep440"
)

// A literal is a term or its negation by number: 2*i for the term i of a form,
// 2*i+1 for its negation.
type literal int32

// A form is a disjunction of clauses, each a conjunction of literals.
type form struct {
	terms   []term // whose operators are even
	numbers map[term]literal
	path    []literal // of the walk
	all     []literal // of all clauses, one after the other
	ends    []int     // where in all each clause ends
	clauses [][]literal
}

// formOf returns the paths of a diagram that lead to yes, each as a clause of
// the comparisons on its way.
func formOf(r ref) *form {
	f := new(form)
	f.walk(r)
	f.clauses = make([][]literal, len(f.ends))
	start := 0
	for i, end := range f.ends {
		f.clauses[i] = f.all[start:end:end]
		start = end
	}
	return f
}

// term returns the term of a literal.
func (f *form) term(l literal) term {
	x := f.terms[l>>1]
	x.op |= termOp(l & 1)
	return x
}

// literal numbers a term.
func (f *form) literal(x term) literal {
	const few = 16
	negated := literal(x.op & 1)
	x.op &^= 1
	if len(f.terms) <= few {
		if i := slices.Index(f.terms, x); i >= 0 {
			return literal(i)<<1 | negated
		}
	} else if l, ok := f.numbers[x]; ok {
		return l | negated
	}
	l := literal(len(f.terms)) << 1
	f.terms = append(f.terms, x)
	if len(f.terms) > few {
		if f.numbers == nil {
			f.numbers = map[term]literal{}
			for i, y := range f.terms {
				f.numbers[y] = literal(i) << 1
			}
		}
		f.numbers[x] = l
	}
	return l | negated
}

func (f *form) walk(r ref) {
	switch r {
	case no:
		return
	case yes:
		f.all = append(f.all, f.path...)
		f.ends = append(f.ends, len(f.all))
		return
	}
	n := nodes.node(r)
	if n.v.ranged() {
		f.walkRanges(n, r)
		return
	}
	op := opIn
	if n.v.rank == rankExtra {
		op = opEqual
	}
	for i, kid := range n.kids {
		f.step(kid.under(r), term{v: n.v, op: op + termOp(i)})
	}
}

// step walks on to kid after more terms.
func (f *form) step(kid ref, terms ...term) {
	if kid == no {
		return
	}
	length := len(f.path)
	for _, x := range terms {
		f.path = append(f.path, f.literal(x))
	}
	f.walk(kid)
	f.path = f.path[:length]
}

// walkRanges walks the edges of a ranged node. Edges to the same kid are taken
// together, because their union may be a plain inequality.
func (f *form) walkRanges(n *node, r ref) {
	for i, kid := range n.kids {
		if slices.Index(n.kids, kid) < i || kid.under(r) == no {
			continue
		}
		if points, ok := n.excepted(kid); ok {
			terms := make([]term, len(points))
			for j, at := range points {
				terms[j] = term{n.v, at, opNotEqual}
			}
			f.step(kid.under(r), terms...)
			continue
		}
		if at, ok := n.exceptedBlock(kid); ok {
			f.step(kid.under(r), term{n.v, at, opNotEqualStar})
			continue
		}
		for j := i; j < len(n.kids); j++ {
			if n.kids[j] == kid {
				terms, count := n.between(j)
				f.step(kid.under(r), terms[:count]...)
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

// simplify shortens the form. A diagram says "a or b" as "a or (not a and b)":
// it decides on a first. The shortening looks at terms, not at what they mean
// together, and its steps and their order are part of the text of lock files:
// first the redundant terms of each clause are dropped at once, clause after
// clause, then the clauses that hold another one.
func (f *form) simplify() {
	holds := make([]bool, 2*len(f.terms))
	for i, clause := range f.clauses {
		mark(holds, clause, true)
		kept := clause[:0]
		for _, x := range clause {
			if f.isRedundant(i, x, holds) {
				holds[x] = false
			} else {
				kept = append(kept, x)
			}
		}
		mark(holds, kept, false)
		f.clauses[i] = kept
	}
	dropped := make([]bool, len(f.clauses))
	for i, clause := range f.clauses {
		mark(holds, clause, true)
		for j, other := range f.clauses {
			if i != j && !dropped[j] && isSubset(other, holds) {
				dropped[i] = true
				break
			}
		}
		mark(holds, clause, false)
	}
	kept := f.clauses[:0]
	for i, clause := range f.clauses {
		if !dropped[i] {
			kept = append(kept, clause)
		}
	}
	f.clauses = kept
}

func mark(holds []bool, clause []literal, value bool) {
	for _, x := range clause {
		holds[x] = value
	}
}

// isRedundant reports whether literal x of clause i can be left out: another
// clause covers the case that it does not hold while the rest of the clause
// does. holds has the literals of the clause that were not found redundant
// before.
func (f *form) isRedundant(i int, x literal, holds []bool) bool {
	for j, other := range f.clauses {
		if j != i && covers(other, x, holds) {
			return true
		}
	}
	return false
}

func covers(clause []literal, x literal, holds []bool) bool {
	for _, y := range clause {
		if y != x^1 && (y == x || !holds[y]) {
			return false
		}
	}
	return true
}

func isSubset(clause []literal, holds []bool) bool {
	for _, x := range clause {
		if !holds[x] {
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

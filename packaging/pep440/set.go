package pep440

// A Set is a set of versions: a union of disjoint intervals. Sets are
// immutable values and safe for concurrent use. The zero Set is empty.
//
// Sets of up to two bounds, which are most, need no memory beyond the value.
type Set struct {
	// few holds the cuts when there are at most two, many when there are more:
	// in ascending order the places where the set begins and ends.
	few  [2]cut
	many []cut
	n    uint8 // how many of few are used
	// below is whether the versions below the first cut are in the set.
	below bool
}

// Full returns the set of all versions.
func Full() Set { return Set{below: true} }

// None returns the empty set.
func None() Set { return Set{} }

// Exactly returns the set that holds v alone. Locals of v are other versions.
func Exactly(v Version) Set { return span(before(v), after(v), false) }

// FromSpecifier returns the versions that the specifier admits, by the rules
// of PEP 440 for versions of packages.
func FromSpecifier(s Specifier) Set {
	if s.Op == ExactEqual && s.Version.IsZero() {
		return None()
	}
	return span(s.bounds())
}

// span returns what lies between two cuts, or with outside all else. A zero
// cut is no bound.
func span(lo, hi cut, outside bool) Set {
	if !lo.IsZero() && !hi.IsZero() && compareCut(&lo, &hi) >= 0 {
		return Set{below: outside}
	}
	s := Set{below: outside}
	if lo.IsZero() {
		s.below = !outside
	} else {
		s.push(&lo, 2)
	}
	if !hi.IsZero() {
		s.push(&hi, 2)
	}
	return s
}

// push appends a cut to a set under construction. room is how many cuts the
// set may come to have.
func (s *Set) push(c *cut, room int) {
	switch {
	case s.many != nil:
		s.many = append(s.many, *c)
	case s.n == 0 && lowest(c):
		s.below = !s.below
	case s.n < 2:
		s.few[s.n] = *c
		s.n++
	default:
		s.many = append(make([]cut, 0, max(room, 3)), s.few[0], s.few[1], *c)
	}
}

// cuts returns the cuts of s, which must not be modified.
func (s *Set) cuts() []cut {
	if s.many != nil {
		return s.many
	}
	return s.few[:s.n]
}

// IsEmpty reports whether no version is in the set.
func (s Set) IsEmpty() bool { return !s.below && s.n == 0 && s.many == nil }

// IsFull reports whether every version is in the set.
func (s Set) IsFull() bool { return s.below && s.n == 0 && s.many == nil }

// Contains reports whether v is in the set.
func (s Set) Contains(v Version) bool {
	cuts := s.cuts()
	if len(cuts) > 8 {
		return s.contains(cuts, &v)
	}
	in := s.below
	for i := range cuts {
		if compareCut(&cuts[i], &v) > 0 {
			break
		}
		in = !in
	}
	return in
}

// contains looks v up among many cuts.
func (s *Set) contains(cuts []cut, v *Version) bool {
	lo, hi := 0, len(cuts)
	for lo < hi {
		if mid := (lo + hi) / 2; compareCut(&cuts[mid], v) <= 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return s.below != (lo%2 == 1)
}

// Complement returns the versions that are not in s.
func (s Set) Complement() Set {
	s.below = !s.below
	return s
}

// Intersect returns the versions that are in both sets.
func (s Set) Intersect(t Set) Set {
	switch {
	case s.IsFull():
		return t
	case t.IsFull():
		return s
	}
	return combine(&s, &t, opAnd)
}

// Union returns the versions that are in either set.
func (s Set) Union(t Set) Set { return combine(&s, &t, opOr) }

// Minus returns the versions of s that are not in t.
func (s Set) Minus(t Set) Set { return combine(&s, &t, opMinus) }

// Disjoint reports whether no version is in both sets.
func (s Set) Disjoint(t Set) bool { return never(&s, &t, opAnd) }

// SubsetOf reports whether every version of s is in t.
func (s Set) SubsetOf(t Set) bool { return never(&s, &t, opMinus) }

// An operation is the truth table of a connective of "in s" and "in t": bit 3
// for both, bit 2 for s only, bit 1 for t only, bit 0 for neither.
type operation uint8

const (
	opAnd   operation = 0b1000
	opOr    operation = 0b1110
	opMinus operation = 0b0100
)

func (o operation) of(s, t bool) bool {
	i := 0
	if s {
		i = 2
	}
	if t {
		i++
	}
	return o>>i&1 == 1
}

// combine walks the cuts of both sets in order and keeps those at which the
// outcome changes.
func combine(s, t *Set, op operation) Set {
	w := walk{a: s.cuts(), b: t.cuts(), inA: s.below, inB: t.below}
	in := op.of(w.inA, w.inB)
	out := Set{below: in}
	room := len(w.a) + len(w.b)
	for c := w.next(); c != nil; c = w.next() {
		if now := op.of(w.inA, w.inB); now != in {
			in = now
			out.push(c, room)
		}
	}
	return out
}

// never reports whether the outcome is false for all versions.
func never(s, t *Set, op operation) bool {
	w := walk{a: s.cuts(), b: t.cuts(), inA: s.below, inB: t.below}
	for !op.of(w.inA, w.inB) {
		if w.next() == nil {
			return true
		}
	}
	return false
}

// A walk goes through the cuts of two sets in order.
type walk struct {
	a, b     []cut
	i, j     int  // the next cuts
	inA, inB bool // whether the place reached is in the sets
}

// next passes the lowest cut that is left, which may be one of both sets, and
// returns it, or nil at the end.
func (w *walk) next() *cut {
	order := 0
	switch {
	case w.j < len(w.b) && w.i < len(w.a):
		order = compareCut(&w.a[w.i], &w.b[w.j])
	case w.i < len(w.a):
		order = -1
	case w.j < len(w.b):
		order = 1
	default:
		return nil
	}
	var c *cut
	if order >= 0 {
		c = &w.b[w.j]
		w.j++
		w.inB = !w.inB
	}
	if order <= 0 {
		c = &w.a[w.i]
		w.i++
		w.inA = !w.inA
	}
	return c
}

// Equal reports whether the two sets have the same bounds.
func (s Set) Equal(t Set) bool {
	a, b := s.cuts(), t.cuts()
	if s.below != t.below || len(a) != len(b) {
		return false
	}
	for i := range a {
		if compareCut(&a[i], &b[i]) != 0 {
			return false
		}
	}
	return true
}

// Singleton returns the only version of a set that was made from one version:
// v for Exactly(v), and v for "==v", although that admits locals of v too.
func (s Set) Singleton() (Version, bool) {
	if s.below || s.n != 2 || s.many != nil {
		return Version{}, false
	}
	v, end := s.few[0], s.few[1]
	if v.key&sideMask != sideBefore {
		return Version{}, false
	}
	for _, c := range [...]cut{after(v), afterLocals(v)} {
		if compareCut(&c, &end) == 0 {
			return v, true
		}
	}
	return Version{}, false
}

// Hash returns a number that is equal for equal sets.
func (s Set) Hash() uint64 {
	const prime = 0x9E3779B97F4A7C15
	h := uint64(0)
	if s.below {
		h = prime
	}
	cuts := s.cuts()
	for i := range cuts {
		h = (h ^ cuts[i].hash()) * prime
		h ^= h >> 29
	}
	return h
}

func (v *cut) hash() uint64 {
	h := v.key &^ lenMask
	if v.full == nil {
		return h
	}
	for _, c := range []byte(v.Key().text) {
		h = (h ^ uint64(c)) * 0x100000001B3
	}
	return h
}

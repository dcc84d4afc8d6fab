package pep440

import (
	"iter"
	"strings"
)

// A BoundKind says whether the version of a Bound belongs to the interval.
type BoundKind uint8

// The kinds of bounds. The zero kind is no bound.
const (
	Unbounded BoundKind = iota
	Included
	Excluded
)

// A Scope says what goes with the version of a Bound, in or out.
type Scope uint8

// The scopes. Bounds of release-only sets always have the scope OnlyVersion.
const (
	OnlyVersion Scope = iota // the version itself and nothing else
	WithLocals               // the version and all local versions of it
	WithPosts                // these and all its post-releases
)

// A Bound is one end of an Interval.
type Bound struct {
	Kind    BoundKind
	Version Version
	Scope   Scope
}

// An Interval is a set of versions without gaps.
type Interval struct{ Lo, Hi Bound }

// AtLeast returns the lower bound that includes v.
func AtLeast(v Version) Bound { return Bound{Kind: Included, Version: v} }

// Above returns a bound that excludes v: as a lower bound what is greater,
// as an upper bound what is less.
func Above(v Version) Bound { return Bound{Kind: Excluded, Version: v} }

// lower is the cut of a lower bound, zero if there is none.
func (b Bound) lower() cut {
	switch {
	case b.Kind == Included:
		return before(b.Version)
	case b.Kind == Excluded:
		return b.outer()
	}
	return cut{}
}

// upper is the cut of an upper bound, zero if there is none.
func (b Bound) upper() cut {
	switch {
	case b.Kind == Excluded:
		return before(b.Version)
	case b.Kind == Included:
		return b.outer()
	}
	return cut{}
}

// outer is the cut above all that goes with the version.
func (b Bound) outer() cut {
	switch b.Scope {
	case WithLocals:
		return afterLocals(b.Version.Public())
	case WithPosts:
		return afterPosts(b.Version.Public())
	}
	return after(b.Version)
}

// CompareLower orders lower bounds: the one that admits more comes first.
func (b Bound) CompareLower(c Bound) int {
	x, y := b.lower(), c.lower()
	switch {
	case x.IsZero() && y.IsZero():
		return 0
	case x.IsZero():
		return -1
	case y.IsZero():
		return 1
	}
	return sign(compareCut(&x, &y))
}

// CompareUpper orders upper bounds: the one that admits more comes last.
func (b Bound) CompareUpper(c Bound) int {
	x, y := b.upper(), c.upper()
	switch {
	case x.IsZero() && y.IsZero():
		return 0
	case x.IsZero():
		return 1
	case y.IsZero():
		return -1
	}
	return sign(compareCut(&x, &y))
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

// Between returns the versions between two bounds, which is none when the
// bounds cross.
func Between(lo, hi Bound) Set { return span(lo.lower(), hi.upper(), false) }

// Set returns the versions of the interval.
func (i Interval) Set() Set { return Between(i.Lo, i.Hi) }

// Contains reports whether v is in the interval.
func (i Interval) Contains(v Version) bool { return i.Set().Contains(v) }

// Intervals returns the intervals of the set in ascending order. They are
// disjoint and do not touch.
func (s Set) Intervals() []Interval {
	out := make([]Interval, 0, len(s.cuts())/2+1)
	for i := range s.All() {
		out = append(out, i)
	}
	return out
}

// All iterates over the intervals of the set in ascending order.
func (s Set) All() iter.Seq[Interval] {
	return func(yield func(Interval) bool) {
		cuts := s.cuts()
		var lo Bound
		if !s.below {
			if len(cuts) == 0 {
				return
			}
			lo, cuts = lowerBound(cuts[0]), cuts[1:]
		}
		for len(cuts) > 0 {
			if !yield(Interval{lo, upperBound(cuts[0])}) {
				return
			}
			if len(cuts) == 1 {
				return
			}
			lo, cuts = lowerBound(cuts[1]), cuts[2:]
		}
		yield(Interval{Lo: lo})
	}
}

// Span returns the smallest interval that holds the set. It is unbounded on
// both sides for the empty set; see IsEmpty.
func (s Set) Span() Interval {
	cuts := s.cuts()
	if len(cuts) == 0 {
		return Interval{}
	}
	var out Interval
	if !s.below {
		out.Lo = lowerBound(cuts[0])
	}
	if s.below == (len(cuts)%2 == 1) {
		out.Hi = upperBound(cuts[len(cuts)-1])
	}
	return out
}

func lowerBound(c cut) Bound {
	if v, scope, beyond := place(c); beyond {
		return Bound{Excluded, v, scope}
	}
	return Bound{Included, c, OnlyVersion}
}

func upperBound(c cut) Bound {
	if v, scope, beyond := place(c); beyond {
		return Bound{Included, v, scope}
	}
	return Bound{Excluded, c, OnlyVersion}
}

// place returns the version a cut is beyond, and with what.
func place(c cut) (v Version, scope Scope, beyond bool) {
	if c.suffix().max {
		if c.full == nil {
			return c.Base(), WithPosts, true
		}
		f := *c.full
		f.max = false
		return f.version(), WithPosts, true
	}
	side := c.key & sideMask
	c.key &^= sideMask
	switch side {
	case sideAfter:
		return c, OnlyVersion, true
	case sideLocals:
		return c, WithLocals, true
	}
	return c, OnlyVersion, false
}

// String returns the set as text for people: "*" for all, "∅" for none, else
// intervals such as ">=1,<2", "==3" or "!=4" separated by " | ".
func (s Set) String() string {
	if s.IsFull() {
		return "*"
	}
	if s.IsEmpty() {
		return "∅"
	}
	if v, ok := s.Complement().Singleton(); ok {
		return "!=" + v.String()
	}
	var b strings.Builder
	for i := range s.All() {
		if b.Len() > 0 {
			b.WriteString(" | ")
		}
		b.WriteString(i.String())
	}
	return b.String()
}

// String returns the interval as specifiers, such as ">=1.0,<2.0", "==1.0",
// "==1.*", or "*" for all versions.
func (i Interval) String() string {
	if v, ok := i.Set().Singleton(); ok {
		return "==" + v.String()
	}
	if star, ok := i.star(); ok {
		return star.String()
	}
	lo, hi := "", ""
	switch i.Lo.Kind {
	case Included:
		lo = ">=" + i.Lo.Version.String()
	case Excluded:
		lo = ">" + i.Lo.Version.String()
	}
	switch i.Hi.Kind {
	case Included:
		hi = "<=" + i.Hi.Version.String()
	case Excluded:
		hi = "<" + i.Hi.Version.trimDev().String()
	}
	switch {
	case lo == "" && hi == "":
		return "*"
	case lo == "" || hi == "":
		return lo + hi
	}
	return lo + "," + hi
}

// star returns the specifier "==X.*" if it has the bounds of i.
func (i Interval) star() (Specifier, bool) {
	lo, hi := i.Lo.Version, i.Hi.Version
	if i.Lo.Kind != Included || i.Hi.Kind != Excluded || lo.Compare(lo.Base().withDev(0)) != 0 {
		return Specifier{}, false
	}
	for n := 1; n <= lo.Len(); n++ {
		if upper := lo.bump(n).withDev(0); upper.Compare(hi) == 0 && lo.Base().Compare(lo.Truncate(n)) == 0 {
			return Specifier{Op: EqualStar, Version: lo.Truncate(n)}, true
		}
	}
	return Specifier{}, false
}

// trimDev returns X for X.dev0, X being a final or post-release: "<X" does
// not admit pre-releases of X.
func (v Version) trimDev() Version {
	if n, ok := v.dev(); !ok || n != 0 {
		return v
	}
	f := v.parts()
	if f.pre != 0 || f.local != "" {
		return v
	}
	f.hasDev = false
	return f.version()
}

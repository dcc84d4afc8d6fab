// Package target says for which Pythons and platforms something is meant.
//
// [Python] is the range of Pythons that a resolution must work for: a project's
// requires-python, --python-version, or the interpreter at hand.
// [Python.AdmitsWheel] tells whether any Python of the range can use a wheel,
// [WheelMarker] in which environments its tags allow that.
package target

import (
	"github.com/tame-py/tame/packaging/pep440"
)

// Python is a range of Python versions, which the specifiers describe and the
// two bounds enclose. Only release segments count: 3.13.0rc1 is 3.13.0. Values
// are immutable; the zero Python admits every version.
type Python struct {
	specifiers pep440.Specifiers
	span       pep440.Interval
}

// AtLeast returns the Pythons from the release segments of v on.
func AtLeast(v pep440.Version) Python {
	v = v.OnlyRelease()
	return Python{
		specifiers: pep440.Specifiers{{Op: pep440.GreaterEqual, Version: v}},
		span:       pep440.Interval{Lo: pep440.AtLeast(v)},
	}
}

// FromSpecifiers returns the Pythons that the specifiers admit, which are kept
// as written.
func FromSpecifiers(s pep440.Specifiers) Python {
	return Python{specifiers: s, span: pep440.ReleaseSet(s).Span()}
}

// Intersect returns the Pythons that all of the specifiers admit, as for the
// members of a workspace. It is false when there are none, or no specifiers.
func Intersect(all ...pep440.Specifiers) (Python, bool) {
	set := pep440.Full()
	for _, s := range all {
		set = set.Intersect(pep440.ReleaseSet(s))
	}
	if len(all) == 0 || set.IsEmpty() {
		return Python{}, false
	}
	return fromSet(set), true
}

func fromSet(set pep440.Set) Python {
	return Python{specifiers: pep440.ReleaseSpecifiers(set), span: set.Span()}
}

// Specifiers returns the range in the form of requires-python.
func (p Python) Specifiers() pep440.Specifiers { return p.specifiers }

// String returns the specifiers joined by ", ".
func (p Python) String() string { return p.specifiers.String() }

// Span returns the bounds of the range. Holes between them are not seen.
func (p Python) Span() pep440.Interval { return p.span }

// Lower returns the lower bound.
func (p Python) Lower() pep440.Bound { return p.span.Lo }

// Upper returns the upper bound.
func (p Python) Upper() pep440.Bound { return p.span.Hi }

// Contains reports whether v, for instance the version of an interpreter, is
// in the range.
func (p Python) Contains(v pep440.Version) bool {
	return p.specifiers.Contains(v.OnlyRelease())
}

// Equal reports whether both have the same specifiers and bounds.
func (p Python) Equal(o Python) bool {
	return p.sameSpan(o.span) && p.specifiers.Equal(o.specifiers)
}

func (p Python) sameSpan(s pep440.Interval) bool {
	return p.span.Lo.CompareLower(s.Lo) == 0 && p.span.Hi.CompareUpper(s.Hi) == 0
}

// CoveredBy reports whether a distribution with this Requires-Python can be
// used with every Python of the range. Requires-Python is taken for a lower
// bound: it exists so that projects may drop old Pythons, and none can know
// that it will not work with Pythons to come. So only the lower bounds count.
func (p Python) CoveredBy(requires pep440.Specifiers) bool {
	if len(requires) == 1 && requires[0].Op == pep440.GreaterEqual {
		lower := pep440.AtLeast(requires[0].Version.OnlyRelease())
		return p.span.Lo.CompareLower(lower) >= 0
	}
	return p.span.Lo.CompareLower(pep440.ReleaseSet(requires).Span().Lo) >= 0
}

// Raised reports whether the lower bound is above that of the range.
func (p Python) Raised(lower pep440.Bound) bool {
	return lower.CompareLower(p.span.Lo) > 0
}

// Split cuts the range at a lower bound: 3.10 and later at 3.11 is 3.10 up to
// but not including 3.11, and 3.11 and later. It is false if the bound is not
// inside the range.
func (p Python) Split(at pep440.Bound) (below, above Python, ok bool) {
	all := p.span.Set()
	upper := pep440.Between(at, p.span.Hi)
	lower := all.Minus(upper)
	upper = upper.Intersect(all)
	if lower.IsEmpty() || upper.IsEmpty() {
		return p, p, false
	}
	return fromSet(lower), fromSet(upper), true
}

// Narrow moves those bounds of the range inwards that the interval is tighter
// in. It is false if that changes nothing.
func (p Python) Narrow(to pep440.Interval) (Python, bool) {
	span := p.span
	if to.Lo.CompareLower(span.Lo) > 0 {
		span.Lo = to.Lo
	}
	if to.Hi.CompareUpper(span.Hi) < 0 {
		span.Hi = to.Hi
	}
	if p.sameSpan(span) {
		return p, false
	}
	return Python{specifiers: boundSpecifiers(span), span: span}, true
}

// boundSpecifiers writes an interval as one or two comparisons, never as
// "==3.12.*", which is how a narrowed requires-python is shown.
func boundSpecifiers(i pep440.Interval) pep440.Specifiers {
	var out pep440.Specifiers
	switch i.Lo.Kind {
	case pep440.Included:
		out = append(out, pep440.Specifier{Op: pep440.GreaterEqual, Version: i.Lo.Version})
	case pep440.Excluded:
		out = append(out, pep440.Specifier{Op: pep440.Greater, Version: i.Lo.Version})
	}
	switch i.Hi.Kind {
	case pep440.Included:
		out = append(out, pep440.Specifier{Op: pep440.LessEqual, Version: i.Hi.Version})
	case pep440.Excluded:
		out = append(out, pep440.Specifier{Op: pep440.Less, Version: i.Hi.Version})
	}
	return out
}

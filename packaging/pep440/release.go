package pep440

// ReleaseSet returns the versions that the specifiers admit when nothing but
// release segments is looked at, as requires-python and markers are read: on
// both sides pre, post, dev and local parts and the epoch are dropped, while
// trailing zeros are kept for printing. Test versions with
// set.Contains(v.OnlyRelease()).
func ReleaseSet(s Specifiers) Set {
	out := Full()
	for i := range s {
		out = out.Intersect(ReleaseSetOf(s[i]))
	}
	return out
}

// ReleaseSetOf is ReleaseSet of one specifier.
func ReleaseSetOf(s Specifier) Set {
	if s.Op == ExactEqual && s.Version.IsZero() {
		return None()
	}
	v := s.Version.OnlyRelease()
	switch s.Op {
	case Equal, ExactEqual:
		return span(v, after(v), false)
	case NotEqual:
		return span(v, after(v), true)
	case EqualStar:
		return span(v, v.bump(v.Len()), false)
	case NotEqualStar:
		return span(v, v.bump(v.Len()), true)
	case Tilde:
		return span(v, v.bump(v.Len()-1), false)
	case Less:
		return span(cut{}, v, false)
	case LessEqual:
		return span(cut{}, after(v), false)
	case Greater:
		return span(after(v), cut{}, false)
	}
	return span(v, cut{}, false)
}

// ReleaseSpecifiers is the inverse of ReleaseSet: it returns specifiers for a
// set of release-only versions, sorted, as uv prints requires-python.
//
//	[3.12, 3.13)            ==3.12.*
//	[3.8, 3.8]              ==3.8
//	[3.8, 3.11) [3.12, 4)   !=3.11.*, >=3.8, <4
//	[3.8, 3.9.1) (3.9.1, ∞) !=3.9.1, >=3.8
//
// A gap of another shape cannot be expressed and is left out, so that the
// specifiers may admit more than the set. The empty set is "<0".
func ReleaseSpecifiers(s Set) Specifiers {
	if s.IsEmpty() {
		return Specifiers{{Op: Less, Version: FromRelease(0)}}
	}
	var out Specifiers
	intervals := s.Intervals()
	for i := 1; i < len(intervals); i++ {
		out = append(out, gapSpecifiers(intervals[i-1].Hi, intervals[i].Lo)...)
	}
	out = append(out, spanSpecifiers(intervals[0].Lo, intervals[len(intervals)-1].Hi)...)
	return out.Sorted()
}

// maxGap is the widest hole in minor versions that is spelled out.
const maxGap = 1000

// gapSpecifiers expresses the hole between two intervals.
func gapSpecifiers(end, start Bound) Specifiers {
	if end.Kind != Excluded {
		return nil
	}
	if start.Kind == Excluded {
		if end.Version.Equal(start.Version) {
			return Specifiers{{Op: NotEqual, Version: end.Version}}
		}
		return nil
	}
	from, to := end.Version.OnlyRelease().TrimZeros(), start.Version.OnlyRelease().TrimZeros()
	if from.Len() > 2 || to.Len() != 2 || from.Segment(0) != to.Segment(0) || to.Segment(1)-from.Segment(1) > maxGap {
		return nil
	}
	var out Specifiers
	for minor := from.Segment(1); minor < to.Segment(1); minor++ {
		v := newVersion(0, []uint64{from.Segment(0), minor}, suffix{})
		out = append(out, Specifier{Op: NotEqualStar, Version: v})
	}
	return out
}

// spanSpecifiers expresses one interval.
func spanSpecifiers(lo, hi Bound) Specifiers {
	if lo.Kind == Included && hi.Kind == Included && lo.Version.Equal(hi.Version) {
		return Specifiers{{Op: Equal, Version: lo.Version}}
	}
	if lo.Kind == Included && hi.Kind == Excluded {
		if v := lo.Version.TrimZeros(); v.Len() <= 2 {
			minor := v.Truncate(2)
			if minor.bump(2).Equal(hi.Version) {
				return Specifiers{{Op: EqualStar, Version: minor}}
			}
		}
	}
	var out Specifiers
	switch lo.Kind {
	case Included:
		out = append(out, Specifier{Op: GreaterEqual, Version: lo.Version})
	case Excluded:
		out = append(out, Specifier{Op: Greater, Version: lo.Version})
	}
	switch hi.Kind {
	case Included:
		out = append(out, Specifier{Op: LessEqual, Version: hi.Version})
	case Excluded:
		out = append(out, Specifier{Op: Less, Version: hi.Version})
	}
	return out
}

package pep440

import "cmp"

// A cut is a place between versions, at which a Set begins or ends. It is a
// Version whose side says where in relation to the version the cut lies:
// before it, after it, or after it and all its local versions. The cut after
// all post-releases of a release is before the version of kind kindMax.
//
// Cuts are canonical where PEP 440 knows the next version: the cut after all
// locals of 1.0 is also the one before 1.0.post0.dev0, and only the first
// form is used, because it is packed. Before 0.dev0 there is nothing.
type cut = Version

const (
	sideBefore = iota << lenBits
	sideAfter
	sideLocals
)

// compareCut orders cuts, and a version among them as the cut before it.
func compareCut(a, b *cut) int {
	if a.full == nil && b.full == nil {
		return cmp.Compare(a.key>>lenBits, b.key>>lenBits)
	}
	return compareUnpackedCut(a, b)
}

func compareUnpackedCut(a, b *cut) int {
	if c := compareUnpacked(*a, *b); c != 0 {
		return c
	}
	return cmp.Compare(a.key&sideMask, b.key&sideMask)
}

// before is the cut below v.
func before(v Version) cut {
	if v.full == nil || !v.full.hasDev || v.full.dev != 0 || !v.full.hasPost {
		return v
	}
	// 1.0.post1.dev0 follows all locals of 1.0.post0, and 1.0.post0.dev0 those
	// of 1.0.
	f := *v.full
	if f.local != "" {
		return v
	}
	f.hasDev = false
	if f.post > 0 {
		f.post--
	} else {
		f.hasPost = false
	}
	return afterLocals(f.version())
}

// after is the cut above v and below its locals.
func after(v Version) cut {
	v.key |= sideAfter
	return v
}

// afterLocals is the cut above v and all its locals. v has no local part.
func afterLocals(v Version) cut {
	if n, ok := v.dev(); ok {
		return v.withDev(n + 1)
	}
	v.key |= sideLocals
	return v
}

// beforeRelease is the cut below all that belongs to v: its development
// releases and, when it is a final release, its pre-releases.
func beforeRelease(v Version) cut { return before(v.withDev(0)) }

// afterPosts is the cut above v, its locals and its post-releases. v is a
// final release or a pre-release.
func afterPosts(v Version) cut {
	if v.full == nil && v.kind() == kindFinal {
		return cut{key: v.key&^(noRelease&^lenMask) | kindMax<<kindShift}
	}
	f := v.parts()
	if f.pre == 0 {
		return newVersion(f.epoch, f.release, suffix{max: true})
	}
	return newVersion(f.epoch, f.release, suffix{pre: f.pre, preN: f.preN + 1, hasDev: true})
}

// lowest reports whether the cut is below all versions.
func lowest(c *cut) bool {
	return c.key>>sideShift == 0 && c.full == nil && c.key&sideMask == sideBefore
}

// bounds returns the cuts between which the specifier admits versions, or
// with outside those it does not admit. A zero cut is no bound.
func (s Specifier) bounds() (lo, hi cut, outside bool) {
	v := s.Version
	switch s.Op {
	case Equal, NotEqual:
		if v.IsLocal() {
			return v, after(v), s.Op == NotEqual
		}
		return before(v), afterLocals(v), s.Op == NotEqual
	case ExactEqual:
		return before(v), after(v), false
	case EqualStar, NotEqualStar:
		return beforeRelease(v), beforeRelease(v.bump(v.Len())), s.Op == NotEqualStar
	case Tilde:
		return before(v), beforeRelease(v.bump(v.Len() - 1)), false
	case Less:
		if v.IsPrerelease() {
			return cut{}, before(v), false
		}
		return cut{}, beforeRelease(v), false
	case LessEqual:
		return cut{}, afterLocals(v), false
	case Greater:
		if v.IsPostrelease() || v.IsDevrelease() {
			return afterLocals(v), cut{}, false
		}
		return afterPosts(v), cut{}, false
	}
	return before(v), cut{}, false
}

package pep440

import "slices"

// FromRelease returns the version that consists of the given release
// segments. It panics when there are none or one is negative.
func FromRelease(segments ...int) Version {
	if len(segments) == 0 {
		panic("internal error: a version without release segments")
	}
	release := make([]uint64, len(segments))
	for i, n := range segments {
		if n < 0 {
			panic("internal error: a negative release segment")
		}
		release[i] = uint64(n)
	}
	return newVersion(0, release, suffix{})
}

// Public returns v without its local part.
func (v Version) Public() Version {
	if !v.IsLocal() {
		return v
	}
	f := *v.full
	f.local = ""
	return f.version()
}

// WithoutLocal is Public.
func (v Version) WithoutLocal() Version { return v.Public() }

// WithLocal returns v with the given local part, which may be "". The error
// is a *ParseError when the text is no local version.
func (v Version) WithLocal(local string) (Version, error) {
	f := v.parts()
	f.local = ""
	if local != "" {
		l, end, reason := scanLocal(local, 0)
		if reason == "" && end < len(local) {
			reason = "a local version consists of letters and digits, separated by ., - or _"
		}
		if reason != "" {
			return Version{}, &ParseError{Kind: "local version", Input: local, Offset: end, Reason: reason}
		}
		f.local = l
	}
	return f.version(), nil
}

// Base returns epoch and release of v: 1!2.0 for 1!2.0rc1.post3+local.
func (v Version) Base() Version {
	if v.full == nil {
		return Version{key: v.key&^(noRelease&^lenMask) | kindFinal<<kindShift}
	}
	return newVersion(v.full.epoch, v.full.release, suffix{})
}

// OnlyRelease returns the release segments of v without anything else, the
// epoch included in what is dropped. It is how a version of Python is seen by
// requires-python and markers.
func (v Version) OnlyRelease() Version {
	if v.full == nil {
		return v.Base()
	}
	return newVersion(0, v.full.release, suffix{})
}

// TrimZeros returns v without trailing zeros of the release, of which at
// least one segment stays: 1.2 for 1.2.0, 0 for 0.0.
func (v Version) TrimZeros() Version {
	n := v.Len()
	for n > 1 && v.Segment(n-1) == 0 {
		n--
	}
	return v.truncate(n)
}

// Truncate returns the first n release segments of v, padded with zeros when
// there are fewer, without anything else but the epoch. n is at least 1.
func (v Version) Truncate(n int) Version {
	base := v.Base()
	if n <= base.Len() {
		return base.truncate(n)
	}
	f := base.parts()
	f.release = slices.Clone(f.release)
	for len(f.release) < n {
		f.release = append(f.release, 0)
	}
	return f.version()
}

// truncate keeps the first n release segments and all suffixes.
func (v Version) truncate(n int) Version {
	if n == v.Len() {
		return v
	}
	if v.full == nil {
		key := v.key&^lenMask | uint64(n)
		for i := n; i < 4; i++ {
			key &^= (1<<fieldWidth(i) - 1) << fieldShift(i)
		}
		return Version{key: key}
	}
	return newVersion(v.full.epoch, v.full.release[:n], v.full.suffix)
}

// withDev returns v as development release n.
func (v Version) withDev(n uint64) Version {
	if v.full == nil && v.kind() == kindFinal && n <= maxPacked {
		return Version{key: v.key&^(7<<kindShift|maxPacked<<sideShift) | n<<sideShift}
	}
	f := v.parts()
	f.hasDev, f.dev = true, n
	return f.version()
}

// bump returns the release of v cut to n segments, with the last one of them
// one higher, and the epoch of v.
func (v Version) bump(n int) Version {
	if v.full == nil && n <= 4 {
		last := fieldShift(n - 1)
		if v.Segment(n-1)+1 < 1<<fieldWidth(n-1) {
			key := v.key >> last << last
			return Version{key: key + 1<<last | kindFinal<<kindShift | uint64(n)}
		}
	}
	release := slices.Clone(v.segments()[:n])
	release[n-1]++
	return newVersion(v.epoch(), release, suffix{})
}

func (v Version) epoch() uint64 {
	if v.full != nil {
		return v.full.epoch
	}
	return 0
}

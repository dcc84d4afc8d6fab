package pep440

import (
	"cmp"
	"strings"
)

// Compare returns -1, 0 or +1 as v is before, the same as, or after w in the
// order of PEP 440. Trailing zeros of the release do not count; local parts
// do.
func (v Version) Compare(w Version) int {
	if v.full == nil && w.full == nil {
		return cmp.Compare(v.key>>sideShift, w.key>>sideShift)
	}
	return compareUnpacked(v, w)
}

// compareUnpacked is Compare when not all is in the keys, which still decide
// nearly always.
func compareUnpacked(v, w Version) int {
	if c := cmp.Compare(v.key>>sideShift, w.key>>sideShift); c != 0 {
		return c
	}
	return compareFull(v, w)
}

// Equal reports whether v and w are the same version: 1.0 and 1.0.0 are, 1.0
// and 1.0+local are not.
func (v Version) Equal(w Version) bool { return v.Compare(w) == 0 }

// Less reports whether v is before w.
func (v Version) Less(w Version) bool { return v.Compare(w) < 0 }

// compareFull compares versions whose keys do not tell, cuts included except
// for their side.
func compareFull(v, w Version) int {
	if c := cmp.Compare(v.epoch(), w.epoch()); c != 0 {
		return c
	}
	for i := range max(v.Len(), w.Len()) {
		if c := cmp.Compare(v.Segment(i), w.Segment(i)); c != 0 {
			return c
		}
	}
	a, b := v.suffix(), w.suffix()
	kindA, _, _ := a.rank()
	kindB, _, _ := b.rank()
	if c := cmp.Compare(kindA, kindB); c != 0 {
		return c
	}
	if c := cmp.Compare(a.preN, b.preN); c != 0 {
		return c
	}
	if c := compareOptional(a.hasPost, a.post, b.hasPost, b.post); c != 0 {
		return c
	}
	// A development release comes before what it develops.
	switch {
	case a.hasDev && !b.hasDev:
		return -1
	case b.hasDev && !a.hasDev:
		return 1
	case a.dev != b.dev:
		return cmp.Compare(a.dev, b.dev)
	}
	return compareLocal(v, w)
}

// compareOptional orders numbers of which the absent one comes first.
func compareOptional(hasA bool, a uint64, hasB bool, b uint64) int {
	switch {
	case hasA && hasB:
		return cmp.Compare(a, b)
	case hasA:
		return 1
	case hasB:
		return -1
	}
	return 0
}

// compareLocal compares local parts. The cut after all locals of a version
// comes after each of them.
func compareLocal(v, w Version) int {
	a, b := v.key&sideMask == sideLocals, w.key&sideMask == sideLocals
	switch {
	case a && b:
		return 0
	case a:
		return 1
	case b:
		return -1
	}
	return compareLocals(v.Local(), w.Local())
}

// compareLocals compares segment by segment: numbers by value and after
// words, words as text, and a prefix before what it begins.
func compareLocals(a, b string) int {
	for a != "" && b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		if c := compareLocalSegment(x, y); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

func compareLocalSegment(x, y string) int {
	nx, ny := isNumber(x), isNumber(y)
	switch {
	case nx && ny:
		// Without leading zeros the longer number is the larger one.
		if c := cmp.Compare(len(x), len(y)); c != 0 {
			return c
		}
	case nx:
		return 1
	case ny:
		return -1
	}
	return strings.Compare(x, y)
}

func isNumber(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// A Key stands for a version as the key of a map: equal versions have equal
// keys, however they are written. The zero Key belongs to the zero Version.
type Key struct {
	packed uint64
	text   string
}

// Key returns the key of v for maps. It allocates only for versions of
// unusual shape.
func (v Version) Key() Key {
	if v.full == nil {
		return Key{packed: v.key &^ (lenMask | sideMask)}
	}
	t := v.TrimZeros()
	if t.full == nil {
		return t.Key()
	}
	return Key{packed: t.key &^ (lenMask | sideMask), text: t.String()}
}

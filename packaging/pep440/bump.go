package pep440

import (
	"fmt"
	"slices"
)

// A Part is a part of a version that can be bumped.
type Part uint8

// The parts, from the most to the least significant, in which order several
// bumps are applied.
const (
	PartMajor Part = iota
	PartMinor
	PartPatch
	PartStable // drop what makes it other than a final release
	PartAlpha
	PartBeta
	PartRC
	PartPost
	PartDev
)

func partNames() []string {
	return []string{"major", "minor", "patch", "stable", "alpha", "beta", "rc", "post", "dev"}
}

// String returns the name that ParsePart reads.
func (p Part) String() string {
	if names := partNames(); int(p) < len(names) {
		return names[p]
	}
	return fmt.Sprintf("Part(%d)", uint8(p))
}

// ParsePart reads the name of a part: major, minor, patch, stable, alpha,
// beta, rc, post or dev.
func ParsePart(s string) (Part, error) {
	if i := slices.Index(partNames(), s); i >= 0 {
		return Part(i), nil
	}
	return 0, fmt.Errorf("%q is no part of a version that can be bumped", s)
}

// Bump returns v with a part one higher and all lower parts cleared; a part
// that is not there becomes 1. Epoch and local part stay.
func (v Version) Bump(p Part) Version {
	f := v.parts()
	switch p {
	case PartMajor, PartMinor, PartPatch:
		return v.BumpTo(p, v.Segment(int(p))+1)
	case PartAlpha, PartBeta, PartRC:
		if f.pre == preKind(p) {
			return v.BumpTo(p, f.preN+1)
		}
	case PartPost:
		if f.hasPost {
			return v.BumpTo(p, f.post+1)
		}
	case PartDev:
		if f.hasDev {
			return v.BumpTo(p, f.dev+1)
		}
	}
	return v.BumpTo(p, 1)
}

// BumpTo is Bump to the number n, which PartStable ignores.
func (v Version) BumpTo(p Part, n uint64) Version {
	f := v.parts()
	switch p {
	case PartMajor, PartMinor, PartPatch:
		release := make([]uint64, max(len(f.release), int(p)+1))
		copy(release, f.release[:min(len(f.release), int(p))])
		release[p] = n
		f.release, f.suffix = release, suffix{local: f.local}
	case PartStable:
		f.suffix = suffix{local: f.local}
	case PartAlpha, PartBeta, PartRC:
		f.suffix = suffix{local: f.local, pre: preKind(p), preN: n}
	case PartPost:
		f.hasPost, f.post, f.hasDev, f.dev = true, n, false, 0
	case PartDev:
		f.hasDev, f.dev = true, n
	}
	return f.version()
}

func preKind(p Part) uint8 { return kindAlpha + uint8(p-PartAlpha) }

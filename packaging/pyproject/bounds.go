package pyproject

import (
	"fmt"

	"github.com/tame-py/tame/packaging/pep440"
)

// Bounds says what versions a dependency is given that was added without any,
// seen from the version that was found.
type Bounds uint8

// The bounds. Leading zeros of a version do not count: of 0.1.2 the next major
// version is 0.2.0.
const (
	LowerBound Bounds = iota // >=1.2.3
	MajorBound               // >=1.2.3,<2.0.0
	MinorBound               // >=1.2.3,<1.3.0
	ExactBound               // ==1.2.3
)

// ParseBounds reads "lower", "major", "minor" or "exact".
func ParseBounds(s string) (Bounds, error) {
	for b := LowerBound; b <= ExactBound; b++ {
		if b.String() == s {
			return b, nil
		}
	}
	return 0, fmt.Errorf("unknown bounds `%s`: expected lower, major, minor or exact", s)
}

// String returns the name that [ParseBounds] reads.
func (b Bounds) String() string {
	switch b {
	case MajorBound:
		return "major"
	case MinorBound:
		return "minor"
	case ExactBound:
		return "exact"
	}
	return "lower"
}

// Specifiers returns the bounds for a version.
func (b Bounds) Specifiers(v pep440.Version) pep440.Specifiers {
	lower := pep440.Specifier{Op: pep440.GreaterEqual, Version: v}
	release := v.Release()
	switch b {
	case ExactBound:
		return pep440.Specifiers{{Op: pep440.Equal, Version: v}}
	case MajorBound:
		return pep440.Specifiers{lower, {Op: pep440.Less, Version: nextRelease(release, 1)}}
	case MinorBound:
		return pep440.Specifiers{lower, {Op: pep440.Less, Version: nextRelease(release, 2)}}
	}
	return pep440.Specifiers{lower}
}

// nextRelease returns the least release that differs in one of the first
// significant parts, as long as the given one if it can be. The parts count
// from the first that is not zero; with two or more zeros in front, as in
// 0.0.1, that part is the last that counts.
func nextRelease(release []int, parts int) pep440.Version {
	zeros := 0
	for zeros < len(release) && release[zeros] == 0 {
		zeros++
	}
	bump := zeros + parts - 1
	switch {
	case zeros == len(release):
		bump = parts // 0.0 and the like: <0.1 or <0.0.1
	case zeros >= 2:
		bump = zeros
	}
	next := make([]int, max(len(release), bump+1))
	copy(next, release[:min(bump, len(release))])
	if bump < len(release) {
		next[bump] = release[bump]
	}
	next[bump]++
	return pep440.FromRelease(next...)
}

package target

import (
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/tags"
)

// AdmitsWheel reports whether a wheel's tags leave a Python of the range that
// can use it. Wheels for Python 2 never can, the stable ABI always can, and tags
// that are not known are believed to; a wheel stays if one of its pairs of
// Python and ABI does. Both bounds count here, unlike in CoveredBy: "cp312" and
// "cp312-none" need exactly that minor version, "py312-none" that or a later
// one.
func (p Python) AdmitsWheel(c tags.Compressed) bool {
	lo, hi := minors(p.span)
	for abi := range c.ABIs() {
		if p.admitsABI(c, abi, lo, hi) {
			return true
		}
	}
	return false
}

func (p Python) admitsABI(c tags.Compressed, abi string, lo, hi int) bool {
	part, known := tags.ParseABI(abi)
	switch {
	case !known || part.Kind == "abi3" || part.Kind == "abi3t":
		return true
	case part.Kind == "none":
		for python := range c.Pythons() {
			if admitsPython(python, lo, hi) {
				return true
			}
		}
		return false
	case part.Kind == "pypy" && part.Minor < 0, part.Kind != "pyston" && part.Major == 2:
		return false
	case part.Major == 3 && part.Minor >= 0:
		return lo <= part.Minor && part.Minor <= hi
	}
	return true
}

// admitsPython is for wheels without an ABI.
func admitsPython(python string, lo, hi int) bool {
	part, known := tags.ParsePython(python)
	switch {
	case !known || part.Major != 2 && part.Major != 3:
		return true
	case part.Major == 2:
		return false
	case part.Minor < 0:
		return true
	case part.Implementation == "python":
		return part.Minor <= hi
	}
	return lo <= part.Minor && part.Minor <= hi
}

// unboundedMinor is larger than any minor version of Python.
const unboundedMinor = 1 << 20

// minors returns the first and last minor version of Python 3 of which some
// patch release is in the interval.
func minors(i pep440.Interval) (lo, hi int) {
	hi = unboundedMinor
	if i.Lo.Kind != pep440.Unbounded {
		lo = minor(i.Lo.Version)
	}
	if i.Hi.Kind != pep440.Unbounded {
		hi = minor(i.Hi.Version)
		if i.Hi.Kind == pep440.Excluded && i.Hi.Version.Segment(2) == 0 {
			hi--
		}
	}
	return lo, hi
}

// minor numbers the minor versions of all Pythons as if they were of Python 3:
// those of Python 2 are below zero, those of Python 4 beyond any.
func minor(v pep440.Version) int {
	switch major := v.Segment(0); {
	case major < 3:
		return -1
	case major > 3:
		return unboundedMinor
	}
	return int(min(v.Segment(1), unboundedMinor))
}

package marker

import (
	"math"

	"github.com/tame-py/tame/packaging/pep440"
)

// boolean returns the node of a yes-or-no variable.
func boolean(v *variable, value bool) ref {
	r := nodes.intern(v, nil, []ref{yes, no})
	if !value {
		r = r.not()
	}
	return r
}

// interval returns the diagram that is yes between two cuts. A cut without a
// point is no bound.
func interval(v *variable, lo, hi cut) ref {
	if lo.at != nil && hi.at != nil && compareCuts(v, lo, hi) >= 0 {
		return no
	}
	var room edgeRoom
	e := room.list()
	if lo.at != nil {
		e.add(cut{}, no)
	}
	e.add(lo, yes)
	if hi.at != nil {
		e.add(hi, no)
	}
	return nodes.intern(v, e.cuts, e.kids)
}

func below(p *point) cut { return cut{p, false} }
func above(p *point) cut { return cut{p, true} }

// ordered returns the diagram of a comparison of v with p by one of the
// operators ==, !=, <, <=, > and >=.
func ordered(v *variable, op pep440.Operator, p *point) ref {
	switch op {
	case pep440.Equal, pep440.ExactEqual:
		return interval(v, below(p), above(p))
	case pep440.NotEqual:
		return interval(v, below(p), above(p)).not()
	case pep440.Less:
		return interval(v, cut{}, below(p))
	case pep440.LessEqual:
		return interval(v, cut{}, above(p))
	case pep440.Greater:
		return interval(v, above(p), cut{})
	case pep440.GreaterEqual:
		return interval(v, below(p), cut{})
	}
	panic("internal error: no ordered comparison: " + op.String())
}

// compareString returns the diagram of "key op 'value'" for a string key. The
// values of platform_system that say exactly what a value of sys_platform says
// are turned into that. The specification defines < and > of strings to be
// false and <= and >= to be ==; release and version of the platform are kept
// in the order of their text.
func compareString(key rank, op pep440.Operator, value string) ref {
	if key == rankPlatformSystem {
		if platform, ok := sysPlatformOf(value); ok {
			key, value = rankSysPlatform, platform
		}
	}
	if key != rankPlatformRelease && key != rankPlatformVersion {
		switch op {
		case pep440.Less, pep440.Greater:
			return no
		case pep440.LessEqual, pep440.GreaterEqual:
			op = pep440.Equal
		}
	}
	return ordered(&ranges[key], op, words.string(value))
}

func sysPlatformOf(system string) (string, bool) {
	switch system {
	case "Windows":
		return "win32", true
	case "Darwin":
		return "darwin", true
	case "Linux":
		return "linux", true
	case "AIX":
		return "aix", true
	case "Emscripten":
		return "emscripten", true
	case "Android":
		return "android", true
	}
	return "", false
}

// compareVersion returns the diagram of "key specifier" for
// implementation_version and python_full_version. Only the release of the
// specifier counts.
func compareVersion(key rank, s pep440.Specifier) ref {
	v := &ranges[key]
	release := s.Version.OnlyRelease()
	switch s.Op {
	case pep440.EqualStar, pep440.NotEqualStar:
		r := interval(v, below(words.version(release)), below(words.version(after(release, release.Len()))))
		if s.Op == pep440.NotEqualStar {
			r = r.not()
		}
		return r
	case pep440.Tilde:
		return interval(v, below(words.version(release)), below(words.version(after(release, release.Len()-1))))
	}
	return ordered(v, s.Op, words.version(release))
}

// after returns the first release after those that begin with the first n
// segments of v.
func after(v pep440.Version, n int) pep440.Version {
	segments := make([]int, n)
	for i := range segments {
		segments[i] = int(min(v.Segment(i), math.MaxInt-1))
	}
	segments[n-1]++
	return pep440.FromRelease(segments...)
}

// comparePython returns the diagram of "python_version specifier" in terms of
// python_full_version. python_version has two segments, so that a comparison
// with 3.8 speaks of all of 3.8.*, and one with 3.8.1 is never an equality.
func comparePython(s pep440.Specifier) ref {
	release := s.Version.OnlyRelease()
	trimmed := release.TrimZeros()
	minor := release.Truncate(2)
	full := func(op pep440.Operator, v pep440.Version) ref {
		return compareVersion(rankPythonFullVersion, pep440.Specifier{Op: op, Version: v})
	}
	switch s.Op {
	case pep440.EqualStar, pep440.NotEqualStar:
		switch {
		case release.Len() == 1:
			return full(s.Op, release)
		case trimmed.Len() <= 2:
			return full(s.Op, minor)
		}
		return no
	case pep440.Tilde:
		switch {
		case release.Len() == 2:
			return full(s.Op, release)
		case trimmed.Len() <= 2:
			return full(pep440.EqualStar, minor)
		}
		return no
	}
	if trimmed.Len() > 2 {
		return comparePatch(s.Op, minor)
	}
	switch s.Op {
	case pep440.NotEqual:
		return full(pep440.NotEqualStar, minor)
	case pep440.Less, pep440.GreaterEqual:
		return full(s.Op, minor)
	case pep440.LessEqual:
		return full(pep440.Less, after(minor, 2))
	case pep440.Greater:
		return full(pep440.GreaterEqual, after(minor, 2))
	}
	return full(pep440.EqualStar, minor)
}

// comparePatch returns the diagram of a comparison of python_version with a
// version of more than two segments that begins with minor.
func comparePatch(op pep440.Operator, minor pep440.Version) ref {
	switch op {
	case pep440.NotEqual:
		return yes
	case pep440.Less, pep440.LessEqual:
		op = pep440.Less
	case pep440.Greater, pep440.GreaterEqual:
		op = pep440.GreaterEqual
	default:
		return no
	}
	return compareVersion(rankPythonFullVersion, pep440.Specifier{Op: op, Version: after(minor, 2)})
}

// oneOf returns the diagram of "key in 'version version …'" for a version key.
// Versions are compared as versions, not as text, and only their releases
// count, as with ==. For python_version, a version of a patch release makes the
// whole comparison false, negated or not.
func oneOf(o *op, key versionKey, versions []pep440.Version, negated bool) ref {
	some := no
	for _, v := range versions {
		s := pep440.Specifier{Op: pep440.Equal, Version: v}
		switch {
		case !key.python:
			some = o.or(some, compareVersion(key.rank, s))
		case v.OnlyRelease().TrimZeros().Len() > 2:
			return no
		default:
			some = o.or(some, comparePython(s))
		}
	}
	if negated {
		some = some.not()
	}
	return some
}

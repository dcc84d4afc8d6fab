package project

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/tame-py/tame/packaging/pep440"
)

// Relax drops what keeps newer versions out: upper bounds and pins. Lower
// bounds and exclusions stay.
func Relax(s pep440.Specifiers) pep440.Specifiers {
	var out pep440.Specifiers
	for _, one := range s {
		switch one.Op {
		case pep440.Greater, pep440.GreaterEqual, pep440.NotEqual, pep440.NotEqualStar:
			out = append(out, one)
		case pep440.Tilde:
			out = append(out, pep440.Specifier{Op: pep440.GreaterEqual, Version: one.Version})
		}
	}
	return out
}

// Admit changes those specifiers that keep versions out so that they admit them,
// in the same style: `<2` becomes `<3` for 2.4, `~=1.2` becomes `~=2.4`. The
// versions are in order. It returns nil if nothing has to change, and reports
// false if specifiers in that style cannot admit them all.
func Admit(s pep440.Specifiers, versions []pep440.Version) (pep440.Specifiers, bool) {
	if len(versions) == 0 || len(s) == 0 || containsAll(s, versions) {
		return nil, true
	}
	out := make(pep440.Specifiers, len(s))
	for i, one := range s {
		admitted, err := admit(one, versions)
		if err != nil {
			return nil, false
		}
		out[i] = admitted
	}
	return out, containsAll(out, versions)
}

func containsAll(s pep440.Specifiers, versions []pep440.Version) bool {
	for _, v := range versions {
		if !s.Contains(v) {
			return false
		}
	}
	return true
}

func admit(s pep440.Specifier, versions []pep440.Version) (pep440.Specifier, error) {
	lowest, highest := versions[0], versions[len(versions)-1]
	if containsAll(pep440.Specifiers{s}, versions) {
		return s, nil
	}
	parts := s.Version.Len()
	v := lowest
	var err error
	switch s.Op {
	case pep440.Greater, pep440.GreaterEqual, pep440.NotEqual, pep440.NotEqualStar:
		return s, nil
	case pep440.Tilde:
		v, err = atPrecision(lowest.WithoutLocal(), parts, true)
	case pep440.EqualStar:
		v, err = atPrecision(lowest, parts, false)
	case pep440.Less:
		v, err = nextAtPrecision(highest, parts)
	case pep440.LessEqual:
		v = highest.WithoutLocal()
	}
	return pep440.Specifier{Op: s.Op, Version: v}, err
}

// atPrecision is a version with that many parts of its release, zeros where it
// has fewer; its suffixes stay or go.
func atPrecision(v pep440.Version, parts int, suffixes bool) (pep440.Version, error) {
	release := v.Release()
	var b strings.Builder
	if e := v.Epoch(); e != 0 {
		b.WriteString(strconv.Itoa(e) + "!")
	}
	for i := range parts {
		n := 0
		if i < len(release) {
			n = release[i]
		}
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(strconv.Itoa(n))
	}
	if suffixes {
		plain := v.OnlyRelease().String()
		text := v.String()
		if _, after, ok := strings.Cut(text, "!"); ok {
			text = after
		}
		if _, after, ok := strings.Cut(plain, "!"); ok {
			plain = after
		}
		b.WriteString(strings.TrimPrefix(text, plain))
	}
	return pep440.Parse(b.String())
}

// nextAtPrecision is the first release behind a version that differs in one of
// that many parts.
func nextAtPrecision(v pep440.Version, parts int) (pep440.Version, error) {
	at, err := atPrecision(v, parts, false)
	if err != nil {
		return at, err
	}
	release := at.Release()
	if release[parts-1] == math.MaxInt {
		return at, fmt.Errorf("the version `%s` has no successor", v)
	}
	release[parts-1]++
	next := pep440.FromRelease(release...)
	if e := at.Epoch(); e != 0 {
		return pep440.Parse(strconv.Itoa(e) + "!" + next.String())
	}
	return next, nil
}

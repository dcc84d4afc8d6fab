package pep440

import (
	"slices"
	"strings"
)

// Specifiers is a conjunction of specifiers, ">=1.0,<2.0", in the order in
// which they were written. The empty list admits every version.
type Specifiers []Specifier

// ParseSpecifiers reads specifiers separated by commas. The empty text is the
// empty list. The error is a *ParseError that points at the clause.
func ParseSpecifiers(text string) (Specifiers, error) {
	if trimSpace(text) == "" {
		return nil, nil
	}
	out := make(Specifiers, 0, strings.Count(text, ",")+1)
	for start := 0; ; {
		clause, _, more := strings.Cut(text[start:], ",")
		s, reason := parseSpecifier(clause)
		if reason != "" {
			return nil, &ParseError{Kind: "version specifier", Input: text, Offset: start, Length: len(clause), Reason: reason}
		}
		out = append(out, s)
		if !more {
			return out, nil
		}
		start += len(clause) + 1
	}
}

// MustParseSpecifiers is ParseSpecifiers for text known to be valid: it
// panics when it is not.
func MustParseSpecifiers(text string) Specifiers {
	s, err := ParseSpecifiers(text)
	if err != nil {
		panic("internal error: " + err.Error())
	}
	return s
}

// Sorted returns the specifiers in the order of Specifier.Compare.
func (s Specifiers) Sorted() Specifiers {
	if slices.IsSortedFunc(s, Specifier.Compare) {
		return s
	}
	out := slices.Clone(s)
	slices.SortStableFunc(out, Specifier.Compare)
	return out
}

// String returns the specifiers sorted and joined by ", ", as uv prints
// requires-python.
func (s Specifiers) String() string { return s.Join(", ") }

// Join returns the specifiers sorted and joined by sep. Requirements are
// written with "," alone.
func (s Specifiers) Join(sep string) string {
	var buffer [64]byte
	b := buffer[:0]
	for i, c := range s.Sorted() {
		if i > 0 {
			b = append(b, sep...)
		}
		b = c.AppendTo(b)
	}
	return string(b)
}

// Contains reports whether all specifiers admit v, with pre-releases allowed.
func (s Specifiers) Contains(v Version) bool {
	for i := range s {
		if !s[i].Contains(v) {
			return false
		}
	}
	return true
}

// Equal reports whether the two lists hold equal specifiers, in any order.
func (s Specifiers) Equal(t Specifiers) bool {
	return slices.EqualFunc(s.Sorted(), t.Sorted(), Specifier.Equal)
}

// Set returns the versions that all specifiers admit.
func (s Specifiers) Set() Set {
	out := Full()
	for i := range s {
		out = out.Intersect(FromSpecifier(s[i]))
	}
	return out
}

// MarshalText returns the specifiers joined by ",".
func (s Specifiers) MarshalText() ([]byte, error) { return []byte(s.Join(",")), nil }

// UnmarshalText reads specifiers; see ParseSpecifiers.
func (s *Specifiers) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSpecifiers(string(text))
	return err
}

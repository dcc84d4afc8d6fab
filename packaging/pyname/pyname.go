// Package pyname holds the normalised names of Python packaging: of projects
// (PEP 503), extras (PEP 685) and dependency groups (PEP 735).
//
// The three types are strings that can only be in normalised form when they
// were made by this package: lower case, with every run of '-', '_' and '.'
// turned into one '-'. They can be compared with == and used as map keys.
// Each is read with its Parse function, or from text by encoding packages
// through UnmarshalText.
package pyname

import "fmt"

// A Package is the normalised name of a project (PEP 503), such as
// "typing-extensions".
type Package string

// An Extra is the normalised name of an optional set of dependencies of a
// project (PEP 685).
type Extra string

// A Group is the normalised name of a dependency group (PEP 735).
type Group string

// ParsePackage validates and normalises the name of a project. The error is
// an *Error.
func ParsePackage(s string) (Package, error) {
	n, err := parse("package", s)
	return Package(n), err
}

// ParseExtra validates and normalises the name of an extra. The error is an
// *Error.
func ParseExtra(s string) (Extra, error) {
	n, err := parse("extra", s)
	return Extra(n), err
}

// ParseGroup validates and normalises the name of a dependency group. The
// error is an *Error.
func ParseGroup(s string) (Group, error) {
	n, err := parse("group", s)
	return Group(n), err
}

// MustParsePackage is ParsePackage for names known to be valid: it panics
// when they are not.
func MustParsePackage(s string) Package { return must(ParsePackage(s)) }

// MustParseExtra is ParseExtra for names known to be valid: it panics when
// they are not.
func MustParseExtra(s string) Extra { return must(ParseExtra(s)) }

// MustParseGroup is ParseGroup for names known to be valid: it panics when
// they are not.
func MustParseGroup(s string) Group { return must(ParseGroup(s)) }

func must[T any](v T, err error) T {
	if err != nil {
		panic("internal error: " + err.Error())
	}
	return v
}

// String returns the name.
func (p Package) String() string { return string(p) }

// String returns the name.
func (e Extra) String() string { return string(e) }

// String returns the name.
func (g Group) String() string { return string(g) }

// Underscored returns the name as it is written in file and folder names,
// with '_' for '-' (PEP 427, PEP 625): "typing_extensions".
func (p Package) Underscored() string {
	for i := range len(p) {
		if p[i] == '-' {
			b := []byte(p)
			for j := i; j < len(b); j++ {
				if b[j] == '-' {
					b[j] = '_'
				}
			}
			return string(b)
		}
	}
	return string(p)
}

// UnmarshalText reads a name in any spelling; see ParsePackage.
func (p *Package) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePackage(string(text))
	return err
}

// UnmarshalText reads a name in any spelling; see ParseExtra.
func (e *Extra) UnmarshalText(text []byte) (err error) {
	*e, err = ParseExtra(string(text))
	return err
}

// UnmarshalText reads a name in any spelling; see ParseGroup.
func (g *Group) UnmarshalText(text []byte) (err error) {
	*g, err = ParseGroup(string(text))
	return err
}

// An Error says that a text is not a valid name.
type Error struct {
	Kind  string // "package", "extra" or "group"
	Input string // the text that was given
}

// Error says what is wrong with the name and what a name looks like.
func (e *Error) Error() string {
	return fmt.Sprintf("not a valid %s name: %q; names start and end with a letter or digit and may only contain -, _, ., and alphanumeric characters", e.Kind, e.Input)
}

func parse(kind, s string) (string, error) {
	if !Valid(s) {
		return "", &Error{Kind: kind, Input: s}
	}
	return Normalize(s), nil
}

// Valid reports whether s is a name in any spelling (PEP 508, identifier):
// ASCII letters, digits, '-', '_' and '.', with a letter or digit at both
// ends.
func Valid(s string) bool {
	if s == "" || separator(s[0]) || separator(s[len(s)-1]) {
		return false
	}
	for i := range len(s) {
		if !alphanumeric(s[i]) && !separator(s[i]) {
			return false
		}
	}
	return true
}

// Normalize puts a name into normal form (PEP 503) without validating it:
// ASCII letters in lower case, each run of '-', '_' and '.' as one '-'. A
// name that is normal already is returned as it is, without allocation.
func Normalize(s string) string {
	for i := range len(s) {
		if !normalAt(s, i) {
			return normalizeFrom(s, i)
		}
	}
	return s
}

// IsNormalized reports whether s is a valid name in normal form.
func IsNormalized(s string) bool {
	return Valid(s) && Normalize(s) == s
}

// normalAt reports whether byte i may stay as it is.
func normalAt(s string, i int) bool {
	switch c := s[i]; {
	case 'A' <= c && c <= 'Z', c == '_', c == '.':
		return false
	case c == '-':
		return i == 0 || s[i-1] != '-'
	}
	return true
}

// normalizeFrom normalises s, of which the first i bytes are normal.
func normalizeFrom(s string, i int) string {
	b := make([]byte, i, len(s))
	copy(b, s)
	for ; i < len(s); i++ {
		c := s[i]
		switch {
		case separator(c):
			if len(b) > 0 && b[len(b)-1] == '-' {
				continue
			}
			c = '-'
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return string(b)
}

func separator(c byte) bool { return c == '-' || c == '_' || c == '.' }

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

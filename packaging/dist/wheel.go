package dist

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/tags"
)

// FilenameError tells why a name is not that of a distribution.
type FilenameError struct {
	Filename string // the whole name
	Reason   string
	Err      error // what a part's parser said, if it did
}

// Error implements error.
func (e *FilenameError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("invalid file name %q: %s: %v", e.Filename, e.Reason, e.Err)
	}
	return fmt.Sprintf("invalid file name %q: %s", e.Filename, e.Reason)
}

// Unwrap returns the cause.
func (e *FilenameError) Unwrap() error { return e.Err }

// Wheel is what the name of a wheel tells (PEP 427). Its Tags are part of the
// file name's text, so that a list of many wheels stays small.
type Wheel struct {
	Name    pyname.Package
	Version pep440.Version
	Build   Build
	Tags    tags.Compressed
}

// Build is a wheel's build tag: a number and what follows it. The zero value is
// no build tag.
type Build struct {
	Present bool
	Number  uint64
	Text    string
}

// String returns the tag as it stands in a file name.
func (b Build) String() string {
	if !b.Present {
		return ""
	}
	return strconv.FormatUint(b.Number, 10) + b.Text
}

// Compare orders build tags: none is lowest, then by number, then by text.
func (b Build) Compare(c Build) int {
	switch {
	case b.Present != c.Present:
		if c.Present {
			return -1
		}
		return 1
	case b.Number != c.Number:
		return cmp.Compare(b.Number, c.Number)
	}
	return cmp.Compare(b.Text, c.Text)
}

// ParseWheel reads the name of a wheel, NAME-VERSION[-BUILD]-PYTHON-ABI-PLATFORM.whl.
// It is as lenient as uv: the project's name may be spelled in any way, and
// tags need not be known. The error is a [*FilenameError].
func ParseWheel(filename string) (Wheel, error) {
	parts, err := splitWheel(filename)
	if err != nil {
		return Wheel{}, err
	}
	name, err := pyname.ParsePackage(parts.name)
	if err != nil {
		return Wheel{}, &FilenameError{filename, "invalid project name", err}
	}
	return parts.wheel(filename, name)
}

// StrictOptions tell what else [ParseWheelStrict] demands.
type StrictOptions struct {
	// Sorted demands that alternatives within a tag stand in byte order.
	Sorted bool
}

// ParseWheelStrict reads the name of a wheel as the specification has it and
// pypa/packaging reads it: the project's name may have no two underscores in a
// row, but letters outside ASCII, and the interpreter must be an identifier.
// The error is a [*FilenameError].
func ParseWheelStrict(filename string, opts StrictOptions) (Wheel, error) {
	parts, err := splitWheel(filename)
	if err != nil {
		return Wheel{}, err
	}
	if parts.name == "" || strings.Contains(parts.name, "__") || strings.ContainsFunc(parts.name, notWord) {
		return Wheel{}, &FilenameError{filename, "invalid project name", nil}
	}
	if _, err := tags.ParseTags(string(parts.tags), tags.ParseOptions{Sorted: opts.Sorted}); err != nil {
		return Wheel{}, &FilenameError{filename, "invalid tag", err}
	}
	return parts.wheel(filename, pyname.Package(pyname.Normalize(parts.name)))
}

func notWord(r rune) bool {
	return r != '_' && r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

type wheelParts struct {
	name, version, build string
	hasBuild             bool
	tags                 tags.Compressed
}

func splitWheel(filename string) (wheelParts, error) {
	stem, ok := strings.CutSuffix(filename, ".whl")
	if !ok {
		return wheelParts{}, &FilenameError{filename, "it must end in .whl", nil}
	}
	var p wheelParts
	dashes := strings.Count(stem, "-")
	if dashes != 4 && dashes != 5 {
		return p, &FilenameError{filename, fmt.Sprintf("it must have 5 or 6 parts, not %d", dashes+1), nil}
	}
	p.name, stem, _ = strings.Cut(stem, "-")
	p.version, stem, _ = strings.Cut(stem, "-")
	if p.hasBuild = dashes == 5; p.hasBuild {
		p.build, stem, _ = strings.Cut(stem, "-")
	}
	p.tags = tags.Compressed(stem)
	if !validTags(stem) {
		return p, &FilenameError{filename, "its tags may have only ASCII letters, digits, underscores and periods", nil}
	}
	return p, nil
}

// validTags tells whether each alternative of each field has characters, and
// only those that occur in tags.
func validTags(s string) bool {
	before := byte('.')
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '.' || c == '-':
			if before == '.' || before == '-' {
				return false
			}
		case c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z'):
			return false
		}
		before = c
	}
	return before != '.' && before != '-'
}

func (p wheelParts) wheel(filename string, name pyname.Package) (Wheel, error) {
	version, err := pep440.Parse(p.version)
	if err != nil {
		return Wheel{}, &FilenameError{filename, "invalid version", err}
	}
	w := Wheel{Name: name, Version: version, Tags: p.tags}
	if p.hasBuild {
		if w.Build, err = parseBuild(p.build); err != nil {
			return Wheel{}, &FilenameError{filename, "invalid build tag", err}
		}
	}
	return w, nil
}

func parseBuild(s string) (Build, error) {
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	if digits == 0 {
		return Build{}, fmt.Errorf("%q does not start with a digit", s)
	}
	for _, c := range []byte(s[digits:]) {
		if c != '_' && c != '.' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return Build{}, fmt.Errorf("%q has a character other than letters, digits, underscores and periods", s)
		}
	}
	number, err := strconv.ParseUint(s[:digits], 10, 64)
	if err != nil {
		return Build{}, fmt.Errorf("%q has too large a number", s)
	}
	return Build{Present: true, Number: number, Text: s[digits:]}, nil
}

// String returns the file name in normal form.
func (w Wheel) String() string { return w.Stem() + ".whl" }

// Stem returns the file name in normal form without its ending.
func (w Wheel) Stem() string {
	stem := underscored(w.Name) + "-" + w.Version.String() + "-"
	if w.Build.Present {
		stem += w.Build.String() + "-"
	}
	return stem + string(w.Tags)
}

// underscored is a project's name as it stands in file names (PEP 625).
func underscored(name pyname.Package) string { return strings.ReplaceAll(string(name), "-", "_") }

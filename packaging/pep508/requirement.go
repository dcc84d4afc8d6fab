package pep508

import (
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// A Requirement is a dependency specifier: it asks for a project, in some of
// its versions or at some URL, where the marker holds.
type Requirement struct {
	Name       pyname.Package
	Extras     []pyname.Extra    // in the order they were written
	Specifiers pep440.Specifiers // in the order they were written; empty if there is a URL
	URL        string            // as written, or empty
	Marker     marker.Tree       // true if there is none
}

// String returns the requirement as uv writes it: "name[extra]>=1,<2 ; marker"
// or "name @ url ; marker", with specifiers sorted. Passwords in the URL are
// not masked.
func (r Requirement) String() string { return string(r.AppendTo(nil)) }

// AppendTo appends what String returns.
func (r Requirement) AppendTo(b []byte) []byte {
	b = append(b, r.Name...)
	b = appendExtras(b, r.Extras)
	switch {
	case r.URL != "":
		b = append(b, " @ "...)
		b = append(b, r.URL...)
	case len(r.Specifiers) == 1:
		b = r.Specifiers[0].AppendTo(b)
	case len(r.Specifiers) > 1:
		b = append(b, r.Specifiers.Join(",")...)
	}
	return appendMarker(b, r.Marker)
}

// MarshalText returns what String returns.
func (r Requirement) MarshalText() ([]byte, error) { return r.AppendTo(nil), nil }

// UnmarshalText reads a requirement; see Parse.
func (r *Requirement) UnmarshalText(text []byte) (err error) {
	*r, err = Parse(string(text))
	return err
}

// An Unnamed is a requirement of a requirements file that names no project,
// only where it is.
type Unnamed struct {
	URL    string         // or a path, relative or not; as written
	Extras []pyname.Extra // in the order they were written
	Marker marker.Tree    // true if there is none
}

// String returns the requirement as uv writes it: "url[extra] ; marker".
// Passwords in the URL are not masked.
func (u Unnamed) String() string {
	return string(appendMarker(appendExtras([]byte(u.URL), u.Extras), u.Marker))
}

func appendExtras(b []byte, extras []pyname.Extra) []byte {
	for i, e := range extras {
		separator := byte(',')
		if i == 0 {
			separator = '['
		}
		b = append(b, separator)
		b = append(b, e...)
	}
	if len(extras) > 0 {
		b = append(b, ']')
	}
	return b
}

func appendMarker(b []byte, m marker.Tree) []byte {
	if m.IsTrue() {
		return b
	}
	b = append(b, " ; "...)
	return append(b, m.String()...)
}

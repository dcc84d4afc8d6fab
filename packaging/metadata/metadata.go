package metadata

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// Metadata is what a resolver needs to know of a distribution.
type Metadata struct {
	Name    pyname.Package
	Version pep440.Version
	// RequiresDist are the dependencies in the order of the file, those of
	// extras with a marker.
	RequiresDist []pep508.Requirement
	// RequiresPython is nil if the file does not tell.
	RequiresPython pep440.Specifiers
	ProvidesExtra  []pyname.Extra
	// Dynamic are the fields that may differ between the source distribution
	// and what is built from it (PEP 643).
	Dynamic []string
}

// DynamicVersion reports whether the version is only known after a build.
func (m *Metadata) DynamicVersion() bool { return slices.Contains(m.Dynamic, "Version") }

// FieldError tells which field of a metadata file is missing or wrong.
type FieldError struct {
	Field string // as in the file, such as Requires-Dist
	Value string // empty if it is missing
	Err   error
}

// Error implements error.
func (e *FieldError) Error() string {
	switch {
	case e.Err == nil:
		return "metadata field " + e.Field + " not found"
	case e.Value == "":
		return "metadata field " + e.Field + ": " + e.Err.Error()
	}
	return fmt.Sprintf("invalid metadata field %s %q: %v", e.Field, e.Value, e.Err)
}

// Unwrap returns the cause.
func (e *FieldError) Unwrap() error { return e.Err }

// Parse reads the metadata of a built distribution for resolving. It takes
// what uv takes: of a repeated single field the first, extras that are no names
// are left out, and common slips in versions and dependencies are repaired.
// Values such as UNKNOWN count as absent. The error is a [*FieldError].
func Parse(data []byte) (*Metadata, error) { return parse(ParseHeaders(data)) }

func parse(h Headers) (*Metadata, error) {
	m := &Metadata{}
	text, err := required(h, "Name")
	if err == nil {
		m.Name, err = pyname.ParsePackage(text)
	}
	if err != nil {
		return nil, wrap("Name", text, err)
	}
	text, err = required(h, "Version")
	if err == nil {
		m.Version, err = pep440.Parse(text)
	}
	if err != nil {
		return nil, wrap("Version", text, err)
	}
	for text := range h.All("Requires-Dist") {
		r, err := pep508.ParseLenient(text)
		if err != nil {
			return nil, wrap("Requires-Dist", text, err)
		}
		m.RequiresDist = append(m.RequiresDist, r)
	}
	if text, ok := h.Get("Requires-Python"); ok {
		if m.RequiresPython, err = pep440.ParseSpecifiersLenient(text); err != nil {
			return nil, wrap("Requires-Python", text, err)
		}
	}
	for text := range h.All("Provides-Extra") {
		if e, err := pyname.ParseExtra(text); err == nil {
			m.ProvidesExtra = append(m.ProvidesExtra, e)
		}
	}
	m.Dynamic = slices.Collect(h.All("Dynamic"))
	return m, nil
}

func required(h Headers, name string) (string, error) {
	text, ok := h.Get(name)
	if !ok {
		return "", &FieldError{Field: name}
	}
	return text, nil
}

func wrap(field, value string, err error) error {
	var missing *FieldError
	if errors.As(err, &missing) {
		return missing
	}
	return &FieldError{field, value, err}
}

// UnreliableError tells that the PKG-INFO of a source distribution can't be
// relied on, so that the metadata has to be asked of a build.
type UnreliableError struct {
	// Field is the dynamic field, or Metadata-Version.
	Field string
	// Value is the version of the metadata, if that is too old.
	Value string
}

// Error implements error.
func (e *UnreliableError) Error() string {
	if e.Value != "" {
		return "PKG-INFO needs metadata version 2.2 or later, not " + e.Value
	}
	return "metadata field " + e.Field + " is dynamic"
}

// ParseStatic reads the PKG-INFO of a source distribution, if it can be relied
// on: from metadata version 2.2 on, when no field that a resolver needs is
// dynamic, except for the version, which the file name tells as well. If it
// cannot, the error is an [*UnreliableError], otherwise a [*FieldError].
func ParseStatic(data []byte) (*Metadata, error) {
	h := ParseHeaders(data)
	text, err := required(h, "Metadata-Version")
	if err != nil {
		return nil, err
	}
	major, minor, ok := strings.Cut(text, ".")
	x, err1 := strconv.ParseUint(major, 10, 8)
	y, err2 := strconv.ParseUint(minor, 10, 8)
	if !ok || err1 != nil || err2 != nil {
		return nil, &FieldError{"Metadata-Version", text, errors.New("not of the form 2.2")}
	}
	if x != 2 || y < 2 {
		return nil, &UnreliableError{"Metadata-Version", text}
	}
	for field := range h.All("Dynamic") {
		switch field {
		case "Requires-Python", "Requires-Dist", "Provides-Extra":
			return nil, &UnreliableError{Field: field}
		}
	}
	return parse(h)
}

// ParseIdentity reads name and version alone, the version as text. The error
// is a [*FieldError].
func ParseIdentity(data []byte) (pyname.Package, string, error) {
	h := ParseHeaders(data)
	text, err := required(h, "Name")
	if err != nil {
		return "", "", err
	}
	name, err := pyname.ParsePackage(text)
	if err != nil {
		return "", "", wrap("Name", text, err)
	}
	version, err := required(h, "Version")
	return name, version, err
}

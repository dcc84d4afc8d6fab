package pyproject

import (
	"errors"
	"fmt"

	"github.com/tame-py/tame/internal/toml"
)

// A File is a pyproject.toml, or the metadata of a script, as a document that
// can be read and edited. It is safe for concurrent reading.
type File struct {
	doc        *toml.Document
	script     bool
	newSources bool // the table of sources was added by an edit
}

// Parse reads a pyproject.toml. The name, usually a path, is for errors only.
// The error is an [*Error].
func Parse(name string, text []byte) (*File, error) {
	return parse(name, text, false)
}

func parse(name string, text []byte, script bool) (*File, error) {
	doc, err := toml.Parse(name, text)
	if err != nil {
		return nil, wrap(err)
	}
	return &File{doc: doc, script: script}, nil
}

// Bytes returns the document as it is now.
func (f *File) Bytes() []byte { return f.doc.Bytes() }

// Name returns the name given to [Parse].
func (f *File) Name() string { return f.doc.Name() }

// IsScript says if the file is the metadata block of a script.
func (f *File) IsScript() bool { return f.script }

// TOML returns the document itself, for the other packages of this module.
func (f *File) TOML() *toml.Document { return f.doc }

// Root returns the whole document for reading.
func (f *File) Root() Value { return Value{f.doc.Root()} }

// Tool returns the [tool.name] table, the zero Value if there is none.
func (f *File) Tool(name string) Value { return Value{f.doc.Lookup("tool", name)} }

// HasProject says if there is a [project] table.
func (f *File) HasProject() bool { return !f.script && f.doc.Lookup("project") != nil }

// HasBuildSystem says if there is a [build-system] table.
func (f *File) HasBuildSystem() bool { return !f.script && f.doc.Lookup("build-system") != nil }

// project returns the table that holds dependencies: [project], or the root of
// a script. It can be nil.
func (f *File) project() *toml.Value {
	if f.script {
		return f.doc.Root()
	}
	return f.doc.Lookup("project")
}

// An Error is a mistake in a document, with its place.
type Error struct {
	Name         string // the document's name, often a path
	Line, Column int    // from 1; columns count characters
	Message      string
	Excerpt      string // the line and a mark below it, in several lines
	Err          error  // what led to it, if it came from other text in the document
}

// Error returns place, excerpt and message in several lines, as uv words it.
// It does not name the document: callers do when they wrap it.
func (e *Error) Error() string {
	return fmt.Sprintf("TOML parse error at line %d, column %d\n%s%s", e.Line, e.Column, e.Excerpt, e.Message)
}

// Short returns the error in one line: name:line:column: message.
func (e *Error) Short() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.Name, e.Line, e.Column, e.Message)
}

// Unwrap returns what led to the error, if anything.
func (e *Error) Unwrap() error { return e.Err }

// wrap turns errors of the TOML layer into ours.
func wrap(err error) error {
	var e *toml.Error
	if !errors.As(err, &e) {
		return err
	}
	return fail(e, nil)
}

func fail(e *toml.Error, cause error) *Error {
	return &Error{Name: e.Name, Line: e.Line, Column: e.Column, Message: e.Message, Excerpt: e.Excerpt, Err: cause}
}

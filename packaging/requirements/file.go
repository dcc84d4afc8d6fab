// Package requirements reads and writes pip's requirements files: one
// requirement a line, options, included files, hashes, comments, line
// continuations and environment variables. The format has no standard; it is
// that of pip ("Requirements File Format" in its documentation), as uv reads
// it where the two differ.
//
// [Load] and [Parse] return a [File] with all included files in it, in the
// order of mention. The package opens nothing by itself: included files come
// through the Open function of a [Loader], which decides what a name may mean
// (a path, a URL, standard input).
package requirements

import (
	"fmt"
	"strings"

	"github.com/tame-py/tame/packaging/pep508"
)

// A File is the content of a requirements file and of all that it includes.
type File struct {
	Name         string
	Requirements []Entry // of the file and of those included with -r
	Constraints  []Entry // of the files included with -c
	Options      Options
	Warnings     []Warning
}

// Options are the settings that a file carries for the installer.
type Options struct {
	IndexURL       *Location
	ExtraIndexURLs []Location
	FindLinks      []Location
	NoIndex        bool
	// NoBinary and OnlyBinary hold names of projects, `:all:` and `:none:`,
	// in the order of mention.
	NoBinary, OnlyBinary []string
	RequireHashes        bool
}

// A Location is a URL or path in an option, with the file that it is relative
// to.
type Location struct {
	Text string // as written, variables replaced
	File string // the file that says so
}

// An Entry is one requirement: a named one, or only a place that a
// distribution is at.
type Entry struct {
	// Requirement is the requirement in PEP 508 form, or nil.
	Requirement *pep508.Requirement
	// Unnamed is a URL or path without a project's name, or nil.
	Unnamed *pep508.Unnamed
	// Editable is set for -e.
	Editable bool
	// Hashes are the allowed digests, as `algorithm:hexadecimal`.
	Hashes []string

	File string // where it stands
	Line int    // counted from 1
}

// String is the entry as a line of a requirements file, with its hashes on
// continued lines.
func (e Entry) String() string {
	var b strings.Builder
	if e.Editable {
		b.WriteString("-e ")
	}
	if e.Requirement != nil {
		b.WriteString(e.Requirement.String())
	} else {
		b.WriteString(e.Unnamed.String())
	}
	for _, h := range e.Hashes {
		b.WriteString(" \\\n    --hash=" + h)
	}
	return b.String()
}

// Format writes the file as one without includes: its options, then its
// requirements.
func (f *File) Format() []byte {
	var b strings.Builder
	option := func(name string, values ...Location) {
		for _, v := range values {
			fmt.Fprintf(&b, "%s %s\n", name, v.Text)
		}
	}
	if f.Options.IndexURL != nil {
		option("--index-url", *f.Options.IndexURL)
	}
	option("--extra-index-url", f.Options.ExtraIndexURLs...)
	if f.Options.NoIndex {
		b.WriteString("--no-index\n")
	}
	option("--find-links", f.Options.FindLinks...)
	for _, name := range f.Options.NoBinary {
		b.WriteString("--no-binary " + name + "\n")
	}
	for _, name := range f.Options.OnlyBinary {
		b.WriteString("--only-binary " + name + "\n")
	}
	if f.Options.RequireHashes {
		b.WriteString("--require-hashes\n")
	}
	for _, e := range f.Requirements {
		b.WriteString(e.String() + "\n")
	}
	return []byte(b.String())
}

// A Warning is something in a file that has no effect.
type Warning struct {
	File         string
	Line, Column int
	Message      string
	// Hint says what to do instead, if anything.
	Hint string
}

// An Error says what is wrong in which file, and where. Lines and columns are
// counted from 1, columns in characters.
type Error struct {
	File         string
	Line, Column int
	Message      string
	Err          error // the cause, if there is one
}

// Error names the place and what is wrong there.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

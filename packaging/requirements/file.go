package requirements

import (
	"slices"

	"github.com/tame-py/tame/packaging/pep508"
)

// A File is the content of a requirements file and of all that it includes.
type File struct {
	Name         string
	Requirements []Entry // of the file and of those included by -r, in order
	// Constraints are the requirements of the files included by -c, and of the
	// files those include. Their editables and options do not count.
	Constraints []Entry
	Options     Options
	Warnings    []Warning
}

// Options are the settings that a file carries for the installer.
type Options struct {
	IndexURL       *Location // --index-url, or nil
	ExtraIndexURLs []Location
	FindLinks      []Location
	NoIndex        bool
	// NoBinary and OnlyBinary hold normalised names of projects and `:all:`,
	// in the order they were first written. `:none:` takes nothing back, as in
	// uv, and is left out.
	NoBinary, OnlyBinary []string
	RequireHashes        bool
}

// A Location is a URL or path in an option.
type Location struct {
	Text  string // with variables replaced
	Given string // as written, without quotes
	Origin
}

// An Entry is one requirement: a named one, or only a place that a
// distribution is at.
type Entry struct {
	// Requirement is the requirement in PEP 508 form, or nil. Variables in its
	// URL are replaced.
	Requirement *pep508.Requirement
	// Unnamed is a URL or path without a project's name, or nil. Variables in
	// it are replaced.
	Unnamed *pep508.Unnamed
	// GivenURL is the URL or path of either as it was written.
	GivenURL string
	// Editable is set for -e.
	Editable bool
	// Hashes are the allowed digests, as `algorithm:digest`.
	Hashes []string
	Origin
}

// An Origin is where something stands.
type Origin struct {
	File         string // as it was opened
	Line, Column int    // counted from 1, columns in characters
}

// A Warning is something in a file that has no effect.
type Warning struct {
	Origin
	Option  string // such as `--pre`
	Message string
	// Hint says what to do instead, if anything.
	Hint string
}

// merge adds what an included requirements file has.
func (f *File) merge(g *File) {
	f.Requirements = append(f.Requirements, g.Requirements...)
	f.Constraints = append(f.Constraints, g.Constraints...)
	f.Options.merge(g.Options)
	f.Warnings = append(f.Warnings, g.Warnings...)
}

func (o *Options) merge(p Options) {
	if o.IndexURL == nil {
		o.IndexURL = p.IndexURL
	}
	o.ExtraIndexURLs = append(o.ExtraIndexURLs, p.ExtraIndexURLs...)
	o.FindLinks = append(o.FindLinks, p.FindLinks...)
	o.NoIndex = o.NoIndex || p.NoIndex
	o.RequireHashes = o.RequireHashes || p.RequireHashes
	addNames(&o.NoBinary, p.NoBinary...)
	addNames(&o.OnlyBinary, p.OnlyBinary...)
}

// addNames appends the names that are not in the list.
func addNames(list *[]string, names ...string) {
	for _, name := range names {
		if !slices.Contains(*list, name) {
			*list = append(*list, name)
		}
	}
}

// mergeConstraints adds what a file included as constraints has.
func (f *File) mergeConstraints(g *File) {
	for _, e := range g.Requirements {
		if !e.Editable {
			f.Constraints = append(f.Constraints, e)
		}
	}
	f.Constraints = append(f.Constraints, g.Constraints...)
	f.Warnings = append(f.Warnings, g.Warnings...)
}

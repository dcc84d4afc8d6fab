// Package migrate converts projects of other tools into the standard form: the
// [project] table (PEP 621), [dependency-groups] (PEP 735) and [tool.uv].
//
// It knows poetry, pipenv, pdm, requirements files (plain, or with the comments
// of pip-compile) and the version files of pyenv. It is pure: what it reads comes
// through a function of the caller, and what it would write is a value, with the
// versions that the old locks pin and notes on all that has no counterpart.
//
// The formats are those that the tools' own documentation describes: poetry 1
// and 2, Pipfile specification 6, pdm 2, pip's requirements files.
package migrate

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// A Kind is a tool that a project can come from.
type Kind string

// The tools.
const (
	Poetry       Kind = "poetry"
	Pipenv       Kind = "pipenv"
	PDM          Kind = "pdm"
	Requirements Kind = "requirements"
	Pyenv        Kind = "pyenv"
)

// A Request says what to convert.
type Request struct {
	// Name is what the project is called if nothing says so: that of its folder.
	Name string
	// Kind is the tool to convert from; empty finds out.
	Kind Kind
	// Files are the requirements files to convert; empty takes those of the names
	// that are usual.
	Files []string
	// Names are the files of the project, relative with slashes: at least those of
	// its folder and of the folder `requirements`.
	Names []string
	// Read returns the content of one, an error that matches fs.ErrNotExist if
	// there is none.
	Read func(name string) ([]byte, error)
	// Describe has the build backend of the project write its metadata (METADATA
	// of a wheel). It is asked where only setup.py can tell what the package is;
	// nil knows nothing.
	Describe func() ([]byte, error)
}

// A File is one to write.
type File struct {
	Path string // relative to the project, with slashes
	Text []byte
	Was  []byte // nil if it is new
}

// A Pin is a version that an old lock had.
type Pin struct {
	Name    pyname.Package
	Version pep440.Version
	Marker  marker.Tree // where it counts
	// Git is the repository of a package that is from one, with its commit; then
	// the version does not count.
	Git, Commit string
}

// A Note is something that was not carried over, or only in part.
type Note struct {
	Where   string `json:"where"` // "pyproject.toml: tool.poetry.include", "Pipfile: pipenv"
	Message string `json:"message"`
}

// A Result is a converted project.
type Result struct {
	From  []Kind
	Files []File
	Pins  []Pin
	Notes []Note
	// Obsolete are files that nobody needs any more. They are left alone.
	Obsolete []string
	// Kept are files whose old content is worth keeping beside the new one.
	Kept []string
}

// ErrNothing says that a project has nothing that could be converted.
var ErrNothing = errors.New("found nothing to import: no [tool.poetry] or [tool.pdm] in pyproject.toml, no Pipfile, and no requirements file")

// Convert converts a project. The error is ErrNothing, that of Read, or tells
// what is wrong in a file, and where.
func Convert(r *Request) (*Result, error) {
	c := &conversion{Request: r, result: &Result{}}
	if err := c.open(); err != nil {
		return nil, err
	}
	kind := r.Kind
	if kind == "" {
		kind = c.detect()
	}
	var err error
	if kind == Poetry && c.lookup("tool", "poetry") == nil || kind == PDM && !c.isPDM() {
		return nil, ErrNothing
	}
	switch kind {
	case Poetry:
		err = c.poetry()
	case Pipenv:
		err = c.pipenv()
	case PDM:
		err = c.pdm()
	case Requirements:
		err = c.requirements()
	case Pyenv:
	default:
		return nil, ErrNothing
	}
	if err != nil {
		return nil, err
	}
	if kind != Pyenv {
		c.result.From = append(c.result.From, kind)
	}
	if err := c.pyenv(); err != nil {
		return nil, err
	}
	if len(c.result.From) == 0 {
		return nil, ErrNothing
	}
	if kind == Pyenv {
		return c.result, nil
	}
	return c.result, c.finish()
}

// A conversion is one on its way.
type conversion struct {
	*Request
	result *Result
	old    *toml.Document // pyproject.toml as it is; nil if there is none
	was    []byte
	draft  draft
	own    *ownPackage // what setup.py describes, or nil
	// pipfileSources are the sources of a Pipfile.
	pipfileSources []*toml.Value
}

// open reads the pyproject.toml.
func (c *conversion) open() error {
	text, err := c.read("pyproject.toml")
	if err != nil || text == nil {
		return err
	}
	c.was = text
	c.old, err = toml.Parse("pyproject.toml", text)
	if err != nil {
		return fmt.Errorf("pyproject.toml: %w", err)
	}
	return nil
}

// read returns the content of a file, nil if there is none.
func (c *conversion) read(name string) ([]byte, error) {
	text, err := c.Read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && text == nil {
		text = []byte{}
	}
	return text, err
}

func (c *conversion) has(name string) bool { return slices.Contains(c.Names, name) }

// detect tells which tool a project is of.
func (c *conversion) detect() Kind {
	switch {
	case c.lookup("tool", "poetry") != nil && c.isPoetry():
		return Poetry
	case c.isPDM():
		return PDM
	case c.has("Pipfile"):
		return Pipenv
	case len(c.Files) > 0 || len(c.requirementsFiles()) > 0:
		return Requirements
	case c.has(".python-version"):
		return Pyenv
	}
	return ""
}

// isPoetry is false for what a former import has left of [tool.poetry]: the
// settings of its build backend.
func (c *conversion) isPoetry() bool {
	if c.lookup("project") == nil || c.has("poetry.lock") {
		return true
	}
	for _, key := range []string{"dependencies", "dev-dependencies", "group", "source", "extras"} {
		if c.lookup("tool", "poetry", key) != nil {
			return true
		}
	}
	return false
}

// isPDM is false for what only the build backend of pdm reads.
func (c *conversion) isPDM() bool {
	if c.has("pdm.lock") {
		return true
	}
	for _, key := range []string{"dev-dependencies", "source", "scripts", "resolution", "distribution"} {
		if c.lookup("tool", "pdm", key) != nil {
			return true
		}
	}
	return false
}

// lookup is a value of the pyproject.toml, nil if there is none.
func (c *conversion) lookup(path ...string) *toml.Value {
	if c.old == nil {
		return nil
	}
	return c.old.Lookup(path...)
}

func (c *conversion) note(where, format string, args ...any) {
	c.result.Notes = append(c.result.Notes, Note{where, fmt.Sprintf(format, args...)})
}

// obsolete names files that are there and will not be needed.
func (c *conversion) obsolete(names ...string) {
	for _, name := range names {
		if c.has(name) && !slices.Contains(c.result.Obsolete, name) {
			c.result.Obsolete = append(c.result.Obsolete, name)
		}
	}
}

// finish writes what was collected into the pyproject.toml.
func (c *conversion) finish() error {
	text, err := c.draft.merge(c)
	if err != nil {
		return err
	}
	if string(text) != string(c.was) {
		c.result.Files = append(c.result.Files, File{Path: "pyproject.toml", Text: text, Was: c.was})
		if c.was != nil {
			c.result.Kept = append(c.result.Kept, "pyproject.toml")
		}
	}
	return nil
}

package build

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyproject"
)

// LegacyBackend builds projects that name no backend: those with a setup.py
// that expects to be run in its directory.
const LegacyBackend = "setuptools.build_meta:__legacy__"

// A System is how a source tree is built (PEP 517, PEP 518).
type System struct {
	Requires []pep508.Requirement
	Backend  string   // module and, after a colon, object
	Path     []string // directories of the tree to import the backend from
	// File is the pyproject.toml, nil if there is none.
	File *pyproject.File
	// Unreliable tells that the metadata of the finished wheel may differ from
	// what the backend says before, so that asking is in vain.
	Unreliable bool
}

// A SystemError reports a source tree of which it cannot be told how to build
// it.
type SystemError struct {
	Dir    string
	Reason string
	Err    error
}

func (e *SystemError) Error() string {
	if e.Err != nil {
		return e.Reason + ": " + e.Err.Error()
	}
	return e.Reason
}

// Unwrap is what is wrong.
func (e *SystemError) Unwrap() error { return e.Err }

// ReadSystem reads how the source tree in a directory is built. A tree without
// a [build-system] table is built by setuptools; one that is no project at all
// is a [*SystemError].
func ReadSystem(dir string) (*System, error) {
	file := filepath.Join(dir, "pyproject.toml")
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(dir, "setup.py")); err != nil {
			return nil, &SystemError{Dir: dir, Reason: fmt.Sprintf(
				"%s does not appear to be a Python project, as neither `pyproject.toml` nor `setup.py` are present in the directory", dir)}
		}
		return legacySystem(nil), nil
	}
	if err != nil {
		return nil, err
	}
	f, err := pyproject.Parse(file, text)
	if err != nil {
		return nil, &SystemError{dir, fmt.Sprintf("invalid `pyproject.toml` in %s", dir), err}
	}
	table, err := f.BuildSystem()
	if err != nil {
		return nil, &SystemError{dir, fmt.Sprintf("invalid `[build-system]` in %s", file), err}
	}
	if table == nil {
		return legacySystem(f), nil
	}
	return newSystem(dir, f, table)
}

func legacySystem(f *pyproject.File) *System {
	return &System{Requires: []pep508.Requirement{pep508.MustParse("setuptools>=40.8.0")}, Backend: LegacyBackend, File: f}
}

func newSystem(dir string, f *pyproject.File, table *pyproject.BuildSystem) (*System, error) {
	s := &System{Backend: table.Backend, Path: table.Path, File: f}
	if s.Backend == "" {
		s.Backend = LegacyBackend
	}
	for _, d := range table.Requires {
		r, err := pep508.Parse(d.Text)
		if err != nil {
			return nil, &SystemError{dir, fmt.Sprintf("invalid requirement in `build-system.requires` of %s", filepath.Join(dir, "pyproject.toml")), err}
		}
		s.Requires = append(s.Requires, r)
	}
	for _, p := range s.Path {
		if filepath.IsAbs(p) || !filepath.IsLocal(filepath.Clean(filepath.FromSlash(p))) {
			return nil, &SystemError{Dir: dir, Reason: fmt.Sprintf("the `backend-path` %q leads out of the source tree", p)}
		}
	}
	if !validBackend(s.Backend) {
		return nil, &SystemError{Dir: dir, Reason: fmt.Sprintf("the `build-backend` %q is not of the form `module.path[:object.path]`", s.Backend)}
	}
	// Hatchling's hooks may change the dependencies while building, for which
	// it refuses to tell them beforehand to front ends that it knows.
	if strings.HasPrefix(s.Backend, "hatchling.") {
		if p, err := f.Project(); err == nil && p != nil {
			s.Unreliable = p.IsDynamic("dependencies") || p.IsDynamic("optional-dependencies")
		}
	}
	return s, nil
}

// validBackend reports whether a text is dotted identifiers, with at most one
// colon. That they name something is for Python to tell.
func validBackend(text string) bool {
	module, object, hasObject := strings.Cut(text, ":")
	return isDotted(module) && (!hasObject || isDotted(object))
}

func isDotted(text string) bool {
	for part := range strings.SplitSeq(text, ".") {
		if part == "" || strings.ContainsAny(part, " \t\r\n:;'\"()[]{}/\\") {
			return false
		}
	}
	return true
}

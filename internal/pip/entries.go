package pip

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
	"github.com/tame-py/tame/packaging/requirements"
)

// addText reads a requirement of the command line.
func (in *Inputs) addText(r *Reader, text string, editable bool) error {
	loader := requirements.Loader{Getenv: r.variable}
	line := text
	if editable {
		line = "-e " + text
	}
	f, err := requirements.Parse("", []byte(line), loader)
	if err != nil || len(f.Requirements) != 1 {
		return parseError(r, text, err)
	}
	if err := in.addEntries(r, f.Requirements, source.Wanted, &in.Requirements); err != nil {
		return err
	}
	in.Requirements[len(in.Requirements)-1].Explicit = true
	return nil
}

// parseError words a requirement of the command line that cannot be read, with
// advice where a common slip is behind it.
func parseError(r *Reader, text string, err error) error {
	cause := err
	for {
		at, ok := cause.(*requirements.Error)
		if !ok || at.Err == nil {
			break
		}
		cause = at.Err
	}
	out := fmt.Errorf("failed to parse `%s`: %w", text, cause)
	if cause == nil {
		out = fmt.Errorf("failed to parse `%s`: one requirement is expected", text)
	}
	if info, statErr := os.Stat(r.path(text)); statErr == nil && info.Mode().IsRegular() {
		return advised{out, fmt.Sprintf("`%s` is a file; to install the requirements in it, pass `-r %s`", text, text)}
	}
	return out
}

// advised is an error with a next step.
type advised struct {
	error
	hint string
}

func (a advised) Hints() []string { return []string{a.hint} }
func (a advised) Unwrap() error   { return a.error }

func (in *Inputs) addEntries(r *Reader, entries []requirements.Entry, role source.Role, into *[]Input) error {
	for _, e := range entries {
		req, err := r.requirement(e)
		if err != nil {
			if e.File != "" {
				return fmt.Errorf("%s:%d: %w", e.File, e.Line, err)
			}
			return err
		}
		if e.File != "" {
			req.Origin = source.Origin{Role: role, File: e.File}
		} else {
			req.Origin = source.Origin{Role: role}
		}
		*into = append(*into, Input{Requirement: req, Hashes: e.Hashes, Given: given(e)})
	}
	return nil
}

func given(e requirements.Entry) string {
	e.Hashes = nil
	return e.String()
}

// requirement is an entry of a requirements file as a requirement with its
// source.
func (r *Reader) requirement(e requirements.Entry) (source.Requirement, error) {
	if e.Requirement != nil {
		req, err := r.named(*e.Requirement, e.Editable)
		if e.GivenURL != e.Requirement.URL {
			req.Source.Written = e.GivenURL
		}
		return req, err
	}
	s, err := r.place(e.Unnamed.URL)
	if err == nil {
		err = checkArchive(s)
	}
	if err != nil {
		return source.Requirement{}, err
	}
	if e.GivenURL != e.Unnamed.URL {
		s.Written = e.GivenURL
	}
	s.Editable = e.Editable
	req := source.Requirement{Extras: sorted(e.Unnamed.Extras), Marker: e.Unnamed.Marker, Source: s}
	if r.Loose {
		return req, nil
	}
	if req.Name, err = nameOf(s); err != nil && !errors.Is(err, errNameless) {
		return source.Requirement{}, err
	}
	return req, checkEditable(s)
}

func (r *Reader) named(p pep508.Requirement, editable bool) (source.Requirement, error) {
	if p.URL == "" {
		return source.FromPEP508(p)
	}
	req := source.Requirement{Name: p.Name, Extras: sorted(p.Extras), Marker: p.Marker}
	var err error
	if req.Source, err = r.place(p.URL); err != nil {
		return req, err
	}
	if err := checkArchive(req.Source); err != nil {
		return req, err
	}
	req.Source.Editable = editable
	if name, ok := wheelName(req.Source); ok && name != p.Name {
		return req, fmt.Errorf("requested package name `%s` does not match `%s` in the distribution filename: %s", p.Name, name, req.Source.Filename())
	}
	return req, checkEditable(req.Source)
}

// wheelName is the project's name in the file name of a wheel.
func wheelName(s source.Source) (pyname.Package, bool) {
	if s.Kind != source.URL && s.Kind != source.Path || dist.KindOf(s.Filename()) != dist.WheelKind {
		return "", false
	}
	w, err := dist.ParseWheel(s.Filename())
	return w.Name, err == nil
}

// checkArchive refuses source distributions in forms that are no longer
// installed (PEP 625).
func checkArchive(s source.Source) error {
	if s.Kind != source.URL && s.Kind != source.Path {
		return nil
	}
	if dist.KindOf(s.Filename()) == dist.LegacySdistKind {
		return fmt.Errorf("`%s` is an archive of a kind that is not supported: a source distribution ends in .tar.gz or .zip", s)
	}
	return nil
}

func checkEditable(s source.Source) error {
	if s.Editable && s.Kind != source.Directory {
		return fmt.Errorf("`%s` cannot be editable: only a local directory can", s)
	}
	return nil
}

func sorted(extras []pyname.Extra) []pyname.Extra {
	out := slices.Clone(extras)
	slices.Sort(out)
	return slices.Compact(out)
}

// place is the source that a URL or path names. Paths are relative to the
// working directory.
func (r *Reader) place(text string) (source.Source, error) {
	if scheme, _, ok := pep508.SplitScheme(text); ok && len(scheme) > 1 {
		if strings.EqualFold(scheme, "file") {
			return r.fileURL(text)
		}
		return source.FromURL(text)
	}
	name, fragment, _ := strings.Cut(text, "#")
	subdirectory := ""
	if v, err := url.ParseQuery(fragment); err == nil {
		subdirectory = v.Get("subdirectory")
	}
	if rest, ok := strings.CutPrefix(name, "~/"); ok {
		if home, set := r.Getenv("HOME"); set {
			name = filepath.Join(home, rest)
		}
	}
	s := source.FromPath(r.path(name), text, subdirectory)
	return s, r.exists(s)
}

// fileURL reads a `file:` URL; `file:x`, `file:./x` and `file://x` are relative
// paths.
func (r *Reader) fileURL(text string) (source.Source, error) {
	_, rest, _ := strings.Cut(text, ":")
	// With two slashes and no host that is this one, a path follows.
	if path, ok := strings.CutPrefix(rest, "//"); ok && !strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "localhost/") {
		rest = path
	}
	if !strings.HasPrefix(rest, "/") {
		name, _, _ := strings.Cut(rest, "#")
		if plain, err := url.PathUnescape(name); err == nil {
			name = plain
		}
		s := source.FromPath(r.path(name), text, "")
		return s, r.exists(s)
	}
	s, err := source.FromURL(text)
	if err != nil {
		return s, err
	}
	return s, r.exists(s)
}

// A MissingError reports a distribution on this machine that is not there.
type MissingError struct{ URL string }

// Error implements error.
func (e *MissingError) Error() string { return "distribution not found at: " + e.URL }

// exists settles whether a path is a directory, and refuses one that is not
// there.
func (r *Reader) exists(s source.Source) error {
	if r.Loose {
		return nil
	}
	info, err := os.Stat(s.Location)
	switch {
	case err != nil:
		return &MissingError{s.FileURL()}
	case s.Kind == source.Path && info.IsDir():
		return fmt.Errorf("`%s` is named like an archive but is a directory", s.Given)
	case s.Kind == source.Directory && !info.IsDir():
		return &KindError{File: s.Given, Reason: "it is neither a directory nor an archive (.whl, .tar.gz, .zip)"}
	case s.Kind == source.Directory && !isProject(s.Location):
		return fmt.Errorf("%s does not appear to be a Python project, as neither `pyproject.toml` nor `setup.py` are present in the directory", s.Location)
	}
	return nil
}

func isProject(dir string) bool {
	for _, name := range [...]string{"pyproject.toml", "setup.py"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

// errNameless tells that only a build can tell the name of a project.
var errNameless = errors.New("its name can be told only by building it")

// nameOf finds the project's name of a place: in the name of an archive, or in
// the pyproject.toml of a directory. The error is errNameless if it is neither
// here nor there.
func nameOf(s source.Source) (pyname.Package, error) {
	switch s.Kind {
	case source.URL, source.Path:
		base := s.Filename()
		if dist.KindOf(base) == dist.WheelKind {
			w, err := dist.ParseWheel(base)
			return w.Name, err
		}
		if sd, err := dist.ParseSdist(base, ""); err == nil {
			return sd.Name, nil
		}
	case source.Directory:
		return directoryName(s)
	}
	return "", errNameless
}

func directoryName(s source.Source) (pyname.Package, error) {
	file := filepath.Join(s.Location, filepath.FromSlash(s.Subdirectory), "pyproject.toml")
	text, err := os.ReadFile(file)
	if err == nil {
		f, err := pyproject.Parse(file, text)
		if err != nil {
			return "", fmt.Errorf("reading %s: %w", file, err)
		}
		p, err := f.Project()
		if err != nil {
			return "", fmt.Errorf("reading %s: %w", file, err)
		}
		if p != nil {
			return p.Name, nil
		}
	}
	return "", errNameless
}

package pip

import (
	"context"
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
	loader := requirements.Loader{Getenv: r.Getenv}
	line := text
	if editable {
		line = "-e " + text
	}
	f, err := requirements.Parse("", []byte(line), loader)
	if err != nil || len(f.Requirements) != 1 {
		return parseError(r, text, err)
	}
	return in.addEntries(r, f.Requirements, source.Wanted, &in.Requirements)
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
	if req.Name, err = nameOf(s); err != nil {
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
	return req, checkEditable(req.Source)
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

// fileURL reads a `file:` URL; `file:x` and `file:./x` are relative paths.
func (r *Reader) fileURL(text string) (source.Source, error) {
	_, rest, _ := strings.Cut(text, ":")
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

// exists settles whether a path is a directory, and refuses one that is not
// there.
func (r *Reader) exists(s source.Source) error {
	if r.Loose {
		return nil
	}
	info, err := os.Stat(s.Location)
	switch {
	case err != nil:
		return fmt.Errorf("distribution not found at: %s", s.FileURL())
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

// nameOf finds the project's name of a place: in the name of an archive, or in
// the pyproject.toml of a directory.
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
		return "", fmt.Errorf("cannot tell the name of the project in `%s`: write `NAME @ %s`", s, s)
	case source.Directory:
		return directoryName(s)
	}
	return "", fmt.Errorf("cannot tell the name of the project in `%s`: write `NAME @ %s`", s, s)
}

func directoryName(s source.Source) (pyname.Package, error) {
	file := filepath.Join(s.Location, "pyproject.toml")
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
	return "", fmt.Errorf("the name of the project in `%s` can be told only by building it, which tame cannot do yet", s.Location)
}

// addDependency reads a dependency of a project's or script's own file, which
// may say elsewhere where it comes from.
func (in *Inputs) addDependency(r *Reader, d pyproject.Dependency, t *toolSources, o source.Origin) error {
	p, err := pep508.Parse(d.Text)
	if err != nil {
		return &pyproject.Error{Name: o.File, Line: d.Line, Column: d.Column, Message: "invalid requirement", Err: err}
	}
	list, err := r.lower(p, t, o)
	if err != nil {
		return err
	}
	for _, req := range list {
		req.Origin = o
		in.Requirements = append(in.Requirements, Input{Requirement: req, Given: d.Text})
	}
	return nil
}

func (r *Reader) project(name string) (*pyproject.File, *pyproject.Project, error) {
	text, err := os.ReadFile(r.path(name))
	if err != nil {
		return nil, nil, readError(name, err)
	}
	f, err := pyproject.Parse(name, text)
	if err != nil {
		return nil, nil, fmt.Errorf("reading `%s`: %w", name, err)
	}
	p, err := f.Project()
	if err != nil {
		return nil, nil, fmt.Errorf("reading `%s`: %w", name, err)
	}
	return f, p, nil
}

func (in *Inputs) addProject(r *Reader, s Sources, name string) error {
	f, p, err := r.project(name)
	if err != nil {
		return err
	}
	if p == nil {
		return &KindError{File: name, Reason: "it has no `[project]` table, so that its dependencies can be told only by building it, which tame cannot do yet"}
	}
	for _, field := range p.Dynamic {
		if field == "dependencies" || field == "optional-dependencies" && (s.AllExtras || len(s.Extras) > 0) {
			return &KindError{File: name, Reason: fmt.Sprintf("its `%s` are dynamic and can be told only by building it, which tame cannot do yet", field)}
		}
	}
	in.Project = p.Name
	places, err := r.toolSources(name, f)
	if err != nil {
		return fmt.Errorf("reading `%s`: %w", name, err)
	}
	add := func(d pyproject.Dependency, extra pyname.Extra) error {
		return in.addDependency(r, d, places, source.Origin{File: name, Project: p.Name, Extra: extra})
	}
	for _, d := range p.Dependencies {
		if err := add(d, ""); err != nil {
			return err
		}
	}
	wanted := in.extrasOf(p, s)
	for _, o := range p.Optional {
		if !wanted[o.Extra] {
			continue
		}
		for _, d := range o.Dependencies {
			if err := add(d, o.Extra); err != nil {
				return err
			}
		}
	}
	return nil
}

// extrasOf are the extras wanted of a project, with those that they name
// through the project itself (`name[other]`).
func (in *Inputs) extrasOf(p *pyproject.Project, s Sources) map[pyname.Extra]bool {
	wanted := map[pyname.Extra]bool{}
	var want func(e pyname.Extra)
	want = func(e pyname.Extra) {
		if wanted[e] {
			return
		}
		for _, o := range p.Optional {
			if o.Extra != e {
				continue
			}
			wanted[e], in.UsedExtras[e] = true, true
			for _, d := range o.Dependencies {
				if self, err := pep508.Parse(d.Text); err == nil && self.Name == p.Name {
					for _, other := range self.Extras {
						want(other)
					}
				}
			}
		}
	}
	for _, o := range p.Optional {
		if s.AllExtras || slices.Contains(s.Extras, o.Extra) {
			want(o.Extra)
		}
	}
	return wanted
}

func (in *Inputs) addGroup(r *Reader, ref GroupRef) error {
	file := ref.File
	if file == "" {
		file = "pyproject.toml"
	}
	f, p, err := r.project(file)
	if err != nil {
		return err
	}
	groups, err := f.Groups()
	if err != nil {
		return fmt.Errorf("reading `%s`: %w", file, err)
	}
	if !groups.Has(ref.Group) {
		return fmt.Errorf("the dependency group '%s' was not found in the project: %s", ref.Group, file)
	}
	items, err := groups.Resolve(ref.Group)
	if err != nil {
		return fmt.Errorf("reading `%s`: %w", file, err)
	}
	places, err := r.toolSources(file, f)
	if err != nil {
		return fmt.Errorf("reading `%s`: %w", file, err)
	}
	origin := source.Origin{File: file, Group: ref.Group}
	if p != nil {
		origin.Project = p.Name
	}
	for _, d := range items {
		if err := in.addDependency(r, d, places, origin); err != nil {
			return err
		}
	}
	return nil
}

func (in *Inputs) addScript(ctx context.Context, r *Reader, name string) error {
	text, err := r.open(ctx, name)
	if err != nil {
		return readError(name, err)
	}
	script, err := pyproject.ParseScript(name, text)
	if err != nil {
		return fmt.Errorf("reading `%s`: %w", name, err)
	}
	if script == nil {
		return &KindError{File: name, Reason: "it has no PEP 723 metadata block (`# /// script`) to read dependencies from"}
	}
	places, err := r.toolSources(name, script.File)
	if err != nil {
		return fmt.Errorf("reading `%s`: %w", name, err)
	}
	for _, v := range script.Root().Get("dependencies").Elems() {
		d := pyproject.Dependency{}
		d.Line, d.Column = v.Position()
		ok := false
		if d.Text, ok = v.Text(); !ok {
			return v.Errorf("a dependency is a string")
		}
		if err := in.addDependency(r, d, places, source.Origin{File: name}); err != nil {
			return err
		}
	}
	return nil
}

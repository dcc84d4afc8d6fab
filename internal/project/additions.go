package project

import (
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// A SourceChoice is what a person says about where added packages come from.
type SourceChoice struct {
	Raw              bool // the requirements are written as they are
	Index            string
	Editable         *bool
	NotEditable      []pyname.Package
	Rev, Tag, Branch string
	LFS              bool // asked for by a flag
	DefaultLFS       bool // or by a variable, which is no mistake where there is no git
	Extras           []pyname.Extra
}

// referenced reports whether a part of a git repository is named.
func (c *SourceChoice) referenced() bool {
	return c.Rev != "" || c.Tag != "" || c.Branch != ""
}

// Augment lets a requirement from a git repository ask for what was chosen.
func (c *SourceChoice) Augment(r *source.Requirement) {
	if r.Source.Kind != source.Git {
		return
	}
	if c.referenced() {
		r.Source.Reference = source.Reference{Rev: c.Rev, Tag: c.Tag, Branch: c.Branch}
	}
	r.Source.Reference.LFS = r.Source.Reference.LFS || c.LFS || c.DefaultLFS
}

// An Addition is a requirement that was added to a file, or changed in it.
type Addition struct {
	Place       pyproject.Place
	Requirement pep508.Requirement
	Edit        pyproject.Edit
	// Sourced says that it comes from somewhere else than an index.
	Sourced bool

	bounds pep440.Specifiers // see SetBounds
}

// additions edits one file.
type additions struct {
	file    *pyproject.File
	dir     string               // what paths in the file are relative to
	members *workspace.Workspace // nil for a script
	choice  *SourceChoice
	place   pyproject.Place
	done    []Addition
}

// add puts a requirement into the file, with its source.
func (a *additions) add(r source.Requirement) error {
	r.Extras = append(slices.Clone(r.Extras), a.choice.Extras...)
	slices.Sort(r.Extras)
	r.Extras = slices.Compact(r.Extras)
	req := pep508.Requirement{Name: r.Name, Extras: r.Extras, Specifiers: r.Source.Specifiers, Marker: r.Marker}
	var settings []pyproject.Setting
	switch {
	case !a.choice.Raw:
		var err error
		if settings, err = a.settings(&r); err != nil {
			return err
		}
	case r.Source.IsDirect():
		req.URL = rawURL(r.Source)
	}
	place := a.placeOf(r.Name)
	edit, err := a.file.AddDependency(place, req, settings != nil)
	if err != nil {
		return err
	}
	if settings != nil {
		if err := a.file.SetSource(r.Name, settings); err != nil {
			return err
		}
	}
	if edit.Added {
		for i := range a.done {
			if d := &a.done[i]; d.Place == place && d.Edit.Index >= edit.Index {
				d.Edit.Index++
			}
		}
	}
	sourced := settings != nil && settings[0].Key != "index"
	a.done = append(a.done, Addition{Place: place, Requirement: req, Edit: edit, Sourced: sourced})
	return nil
}

// rawURL is a direct reference for a requirement that is written as it is.
func rawURL(s source.Source) string {
	if s.Written == "" && (s.Kind == source.Path || s.Kind == source.Directory) && !strings.Contains(s.Given, "://") {
		return s.FileURL()
	}
	return s.Verbatim()
}

// placeOf is the list that a package goes to. Development dependencies stay in
// the legacy list, where they are there.
func (a *additions) placeOf(name pyname.Package) pyproject.Place {
	dev := pyproject.Place{Kind: pyproject.InGroup, Group: workspace.DevGroup}
	legacy := pyproject.Place{Kind: pyproject.LegacyDev}
	if a.place != dev && a.place != legacy {
		return a.place
	}
	found := a.file.Find(name)
	switch {
	case slices.Contains(found, dev):
		return dev
	case slices.Contains(found, legacy):
		return legacy
	case a.place == legacy && a.file.HasList(legacy) && !a.file.HasList(dev):
		return legacy
	}
	return dev
}

// settings is what [tool.uv.sources] gets for a requirement: nil if that
// comes from the usual indexes.
func (a *additions) settings(r *source.Requirement) ([]pyproject.Setting, error) {
	s, c := r.Source, a.choice
	if s.Kind != source.Git && (c.referenced() || c.LFS || c.DefaultLFS) {
		old, err := a.referenceOld(r.Name)
		if old != nil || err != nil {
			return old, err
		}
	}
	editable := a.editable(r)
	if a.members != nil && a.members.Member(r.Name) != nil {
		return a.memberSource(r.Name, s)
	}
	if s.Kind != source.Directory && isTrue(editable) {
		return nil, fmt.Errorf("`%s` did not resolve to a local directory, but the `--editable` flag was provided; editable requirements are only supported for local directories", r.Name)
	}
	switch s.Kind {
	case source.Path, source.Directory:
		path, err := a.path(s)
		if err != nil {
			return nil, err
		}
		out := []pyproject.Setting{{Key: "path", Value: path}}
		if s.Kind == source.Directory && editable != nil {
			out = append(out, pyproject.Setting{Key: "editable", Value: *editable})
		}
		return out, nil
	case source.URL:
		return withSubdirectory([]pyproject.Setting{{Key: "url", Value: s.Location}}, s), nil
	case source.Git:
		return gitSettings(s), nil
	}
	if c.Index != "" && s.Index == "" {
		return []pyproject.Setting{{Key: "index", Value: c.Index}}, nil
	}
	return nil, nil
}

func isTrue(p *bool) bool { return p != nil && *p }

// editable is whether a requirement is to be installed in place; nil if nobody
// says.
func (a *additions) editable(r *source.Requirement) *bool {
	no := false
	switch {
	case slices.Contains(a.choice.NotEditable, r.Name):
		return &no
	case a.choice.Editable != nil:
		return a.choice.Editable
	case r.Source.Editable:
		return &r.Source.Editable
	}
	return nil
}

// memberSource is the source of a member of the workspace, which is installed in
// place unless a flag says otherwise.
func (a *additions) memberSource(name pyname.Package, s source.Source) ([]pyproject.Setting, error) {
	what := ""
	switch s.Kind {
	case source.URL:
		what = "a URL"
	case source.Git:
		what = "a Git repository"
	case source.Path:
		what = "a file"
	}
	if what != "" {
		return nil, fmt.Errorf("workspace dependency `%s` must refer to a local directory, not %s", name, what)
	}
	out := []pyproject.Setting{{Key: "workspace", Value: true}}
	if editable := a.editable(&source.Requirement{Name: name}); editable != nil {
		out = append(out, pyproject.Setting{Key: "editable", Value: *editable})
	}
	return out, nil
}

// path is a path as the file gets it: relative unless it was given absolute. One
// with variables is not, whatever these stand for.
func (a *additions) path(s source.Source) (string, error) {
	if s.Written == "" && (filepath.IsAbs(s.Given) || strings.HasPrefix(s.Given, "file:")) {
		return filepath.ToSlash(s.Location), nil
	}
	rel, err := filepath.Rel(a.dir, s.Location)
	if err != nil {
		return "", fmt.Errorf("the path `%s` cannot be written relative to `%s`: %w", s.Location, a.dir, err)
	}
	return filepath.ToSlash(rel), nil
}

func withSubdirectory(out []pyproject.Setting, s source.Source) []pyproject.Setting {
	if s.Subdirectory != "" {
		out = append(out, pyproject.Setting{Key: "subdirectory", Value: s.Subdirectory})
	}
	return out
}

// gitSettings are the source that a repository is, without credentials: files
// of projects are shared.
func gitSettings(s source.Source) []pyproject.Setting {
	location := s.Location
	if u, err := url.Parse(location); err == nil && u.User != nil && (u.Scheme == "http" || u.Scheme == "https") {
		u.User = nil
		location = u.String()
	}
	out := withSubdirectory([]pyproject.Setting{{Key: "git", Value: location}}, s)
	return append(out, referenceSettings(s.Reference)...)
}

func referenceSettings(r source.Reference) []pyproject.Setting {
	var out []pyproject.Setting
	for _, part := range []pyproject.Setting{{Key: "rev", Value: r.Rev}, {Key: "tag", Value: r.Tag}, {Key: "branch", Value: r.Branch}} {
		if part.Value != "" {
			out = append(out, part)
		}
	}
	if r.LFS {
		out = append(out, pyproject.Setting{Key: "lfs", Value: true})
	}
	return out
}

// referenceOld gives the git source that the file has for a package another
// reference. Without such a source there is nothing that has revisions.
func (a *additions) referenceOld(name pyname.Package) ([]pyproject.Setting, error) {
	c := a.choice
	for key, v := range a.file.Tool("uv").Get("sources").Entries() {
		if n, err := pyname.ParsePackage(key); err != nil || n != name {
			continue
		}
		list := []pyproject.Value{v}
		if v.IsArray() {
			list = list[:0]
			for _, one := range v.Elems() {
				list = append(list, one)
			}
		}
		for _, one := range list {
			if !one.Get("git").IsZero() {
				return referenced(one, source.Reference{Rev: c.Rev, Tag: c.Tag, Branch: c.Branch, LFS: c.LFS || c.DefaultLFS}), nil
			}
		}
	}
	for _, flag := range [][2]string{{"rev", c.Rev}, {"tag", c.Tag}, {"branch", c.Branch}} {
		if flag[1] != "" {
			return nil, fmt.Errorf("`%s` did not resolve to a Git repository, but a Git reference (`--%s %s`) was provided", name, flag[0], flag[1])
		}
	}
	if c.LFS {
		return nil, fmt.Errorf("`%s` did not resolve to a Git repository, but a Git extension (`--lfs`) was provided", name)
	}
	return nil, nil
}

// referenced is a git source with another reference.
func referenced(old pyproject.Value, r source.Reference) []pyproject.Setting {
	var out []pyproject.Setting
	keep := func(keys ...string) {
		for _, key := range keys {
			if text, ok := old.Get(key).Text(); ok {
				out = append(out, pyproject.Setting{Key: key, Value: text})
			}
		}
	}
	keep("git", "subdirectory", "path")
	out = append(out, referenceSettings(r)...)
	keep("marker", "extra", "group")
	return out
}

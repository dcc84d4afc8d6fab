package workspace

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// Lower applies the sources to a requirement that the project has on behalf of
// an extra or a group, if one is named. Where sources are for some environments
// only, the requirement itself, which plain reads, stays for the others. The
// markers of the result are all below that of the requirement.
func (s *Sources) Lower(r pep508.Requirement, extra pyname.Extra, group pyname.Group, plain func(pep508.Requirement) (source.Requirement, error)) ([]source.Requirement, error) {
	list, ok := s.table[r.Name]
	if !ok || slices.Contains(s.options.DisabledFor, r.Name) {
		req, err := plain(r)
		return []source.Requirement{req}, err
	}
	var out []source.Requirement
	rest := r.Marker
	for i := range list {
		e := &list[i]
		if e.extra != "" && e.extra != extra || e.group != "" && e.group != group {
			continue
		}
		rest = rest.And(e.marker.Not())
		m := e.marker.And(r.Marker)
		if m.IsFalse() {
			continue
		}
		place, err := s.place(e, r)
		if err != nil {
			return nil, fmt.Errorf("failed to parse entry: `%s`: %w", r.Name, err)
		}
		out = append(out, source.Requirement{Name: r.Name, Extras: sorted(r.Extras), Marker: m, Source: place})
	}
	if rest.IsFalse() {
		return out, nil
	}
	r.Marker = rest
	req, err := plain(r)
	return append(out, req), err
}

func sorted(extras []pyname.Extra) []pyname.Extra {
	out := slices.Clone(extras)
	slices.Sort(out)
	return slices.Compact(out)
}

// place is where an entry leads.
func (s *Sources) place(e *entry, r pep508.Requirement) (source.Source, error) {
	switch {
	case e.index != "":
		location, ok := "", false
		if s.options.Index != nil {
			location, ok = s.options.Index(s.file, e.index)
		}
		if !ok {
			return source.Source{}, &IndexError{r.Name, e.index}
		}
		return source.Source{Kind: source.Registry, Specifiers: r.Specifiers, Index: location}, nil
	case e.url != "":
		return e.urlPlace()
	case e.git != "":
		return e.gitPlace()
	case e.path != "":
		return s.pathPlace(e)
	}
	return source.Source{}, e.at.Errorf("`%s` references a workspace in `tool.uv.sources` (e.g., `%s = { workspace = true }`), but is not a workspace member", r.Name, r.Name)
}

func (e *entry) urlPlace() (source.Source, error) {
	if strings.Contains(e.url, "#") {
		return source.Source{}, e.at.Errorf("fragments are not allowed in URLs: use `subdirectory`")
	}
	text := e.url
	if e.subdirectory != "" {
		text += "#subdirectory=" + url.PathEscape(e.subdirectory)
	}
	return source.FromURL(text)
}

func (e *entry) gitPlace() (source.Source, error) {
	text := "git+" + strings.TrimPrefix(e.git, "git+")
	for _, reference := range []string{e.rev, e.tag, e.branch} {
		if reference != "" {
			text += "@" + reference
		}
	}
	var fragments []string
	if e.subdirectory != "" {
		fragments = append(fragments, "subdirectory="+e.subdirectory)
	}
	if e.lfs {
		fragments = append(fragments, "lfs=true")
	}
	if len(fragments) > 0 {
		text += "#" + strings.Join(fragments, "&")
	}
	s, err := source.FromURL(text)
	s.Reference.Tag, s.Reference.Branch = e.tag, e.branch
	if e.rev == "" {
		s.Reference.Rev = ""
	}
	return s, err
}

// pathPlace is an archive or directory, relative to the project.
func (s *Sources) pathPlace(e *entry) (source.Source, error) {
	path := e.path
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.dir, path)
	}
	out := source.FromPath(path, e.path, "")
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir(), err != nil && filepath.Ext(path) == "":
		out.Kind, out.Editable, out.Virtual = source.Directory, e.editable, !e.editable && !isPackage(path, e.isPackage)
		return out, nil
	case e.editable:
		return out, e.at.Errorf("source with `editable = true` must refer to a local directory, not a file: `%s`", e.path)
	case e.isPackage != nil && *e.isPackage:
		return out, e.at.Errorf("source with `package = true` must refer to a local directory, not a file: `%s`", e.path)
	case out.Kind == source.Directory:
		return out, e.at.Errorf("`%s` is neither a directory nor an archive (.whl, .tar.gz, .zip)", e.path)
	}
	return out, nil
}

// isPackage reports whether a project is to be installed itself, and not only
// what it depends on: unless something says that it is not.
func isPackage(dir string, said *bool) bool {
	if said != nil {
		return *said
	}
	file := filepath.Join(dir, "pyproject.toml")
	text, err := os.ReadFile(file)
	if err != nil {
		return true
	}
	f, err := pyproject.Parse(file, text)
	if err != nil {
		return true
	}
	on, ok := f.Tool("uv").Get("package").Bool()
	return !ok || on
}

// LowerAll applies the sources to the metadata of a project: a requirement with
// a marker on an extra is one on behalf of that.
func (s *Sources) LowerAll(requires []pep508.Requirement, plain func(pep508.Requirement) (source.Requirement, error)) ([]source.Requirement, error) {
	out := make([]source.Requirement, 0, len(requires))
	for _, r := range requires {
		extra, _ := r.Marker.TopLevelExtra()
		list, err := s.Lower(r, extra, "", plain)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

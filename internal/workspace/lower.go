package workspace

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

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
	if s.options.Disabled || slices.Contains(s.options.DisabledFor, r.Name) {
		req, err := plain(r)
		return []source.Requirement{req}, err
	}
	list, from := s.entries(r.Name, extra, group)
	if err := s.checkMember(r.Name, list, from != nil); err != nil {
		return nil, entryError(r.Name, group, err)
	}
	if from == nil {
		req, err := plain(r)
		return []source.Requirement{req}, err
	}
	var out []source.Requirement
	rest := r.Marker
	for _, e := range list {
		rest = rest.And(e.marker.Not())
		m := e.marker.And(r.Marker)
		if m.IsFalse() {
			continue
		}
		place, err := from.place(e, r)
		if err != nil {
			return nil, entryError(r.Name, group, err)
		}
		if e.index != "" && s.self != "" && (e.extra != "" || e.group != "") {
			place.Conflict = source.ConflictItem{Package: s.self, Extra: e.extra, Group: e.group}
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

func entryError(name pyname.Package, group pyname.Group, err error) error {
	if group != "" {
		return fmt.Errorf("failed to parse entry in group `%s`: `%s`: %w", group, name, err)
	}
	return fmt.Errorf("failed to parse entry: `%s`: %w", name, err)
}

// entries are those of a name that count on behalf of an extra or group, and
// whose they are: the project's own, else those of the workspace's root. Without
// any entry of the name the latter is nil.
func (s *Sources) entries(name pyname.Package, extra pyname.Extra, group pyname.Group) ([]*entry, *Sources) {
	from := s
	all, ok := s.table[name]
	if !ok && s.root != nil {
		from = s.root
		all, ok = from.table[name]
	}
	if !ok {
		return nil, nil
	}
	var list []*entry
	for i := range all {
		if e := &all[i]; (e.extra == "" || e.extra == extra) && (e.group == "" || e.group == group) {
			list = append(list, e)
		}
	}
	return list, from
}

// checkMember demands of a requirement on a member of the workspace that its
// source says so, except where a project requires itself.
func (s *Sources) checkMember(name pyname.Package, list []*entry, declared bool) error {
	if s.workspace == nil || name == s.self || s.workspace.Member(name) == nil {
		return nil
	}
	if !declared {
		return fmt.Errorf("`%s` is included as a workspace member, but is missing an entry in `tool.uv.sources` (e.g., `%s = { workspace = true }`)", name, name)
	}
	for _, e := range list {
		kind := ""
		switch {
		case e.workspacePath != "":
			return fmt.Errorf("`%s` is included as a workspace member, but does not use `workspace = true` in `tool.uv.sources`", name)
		case e.git != "":
			kind = "Git"
		case e.url != "":
			kind = "URL"
		case e.path != "":
			kind = "path"
		case e.index != "":
			kind = "registry"
		default:
			continue
		}
		return fmt.Errorf("`%s` is included as a workspace member, but references a %s in `tool.uv.sources`. Workspace members must be declared as workspace sources (e.g., `%s = { workspace = true }`)", name, kind, name)
	}
	return nil
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
		location, ok := s.index(e.index)
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
	return s.memberPlace(e, r.Name)
}

// index is the URL of an index that the project, or else the root of its
// workspace, knows by a name.
func (s *Sources) index(name string) (string, bool) {
	if s.options.Index == nil {
		return "", false
	}
	location, ok := s.options.Index(s.file, name)
	if !ok && s.root != nil {
		location, ok = s.options.Index(s.root.file, name)
	}
	return location, ok
}

// memberPlace is a member of the workspace, or of another one.
func (s *Sources) memberPlace(e *entry, name pyname.Package) (source.Source, error) {
	if e.workspacePath != "" {
		return s.otherMember(e, name)
	}
	if s.workspace != nil {
		if m := s.workspace.Member(name); m != nil {
			return s.workspace.Source(m), nil
		}
	}
	return source.Source{}, e.at.Errorf("`%s` references a workspace in `tool.uv.sources` (e.g., `%s = { workspace = true }`), but is not a workspace member", name, name)
}

// otherMember is a member of the workspace whose root the entry names.
func (s *Sources) otherMember(e *entry, name pyname.Package) (source.Source, error) {
	root := e.workspacePath
	if !filepath.IsAbs(root) {
		root = filepath.Join(s.dir, root)
	}
	var files *Files
	if s.workspace != nil {
		files = s.workspace.files
	}
	w, _, err := Discover(context.Background(), root, DiscoverOptions{Files: files})
	if err != nil {
		return source.Source{}, err
	}
	if w.Root != filepath.Clean(root) {
		return source.Source{}, e.at.Errorf("workspace source path `%s` must point to a workspace root (found workspace at `%s`)", root, w.Root)
	}
	m := w.Member(name)
	if m == nil {
		return source.Source{}, e.at.Errorf("`%s` references a workspace in `tool.uv.sources` (e.g., `%s = { workspace = true }`), but is not a workspace member", name, name)
	}
	given, err := filepath.Rel(s.dir, m.Dir)
	if err != nil {
		given = m.Dir
	}
	out := source.FromPath(m.Dir, given, "")
	out.Kind = source.Directory
	said, ok := m.File.Tool("uv").Get("package").Bool()
	out.Virtual = ok && !said
	out.Editable = !out.Virtual && (e.editable == nil || *e.editable)
	return out, nil
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
			text += "@" + escapedReference(reference)
		}
	}
	var fragments []string
	if e.subdirectory != "" {
		fragments = append(fragments, "subdirectory="+e.subdirectory)
	}
	if e.path != "" {
		fragments = append(fragments, "path="+e.path)
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

// escapedReference is a reference of git as it stands in a URL.
func escapedReference(name string) string {
	return strings.NewReplacer("%", "%25", "@", "%40", "#", "%23", "?", "%3F", " ", "%20").Replace(name)
}

// pathPlace is an archive or directory, relative to the project.
func (s *Sources) pathPlace(e *entry) (source.Source, error) {
	path := e.path
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.dir, path)
	}
	out := source.FromPath(path, e.path, "")
	editable := e.editable != nil && *e.editable
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir(), err != nil && filepath.Ext(path) == "":
		out.Kind, out.Editable, out.Settled = source.Directory, editable, true
		out.Virtual = !editable && !isPackage(path, e.isPackage)
		return out, nil
	case editable:
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

// Sources are those of a member or, for nil, those that lists of the root such
// as constraint-dependencies go through.
func (w *Workspace) Sources(m *Member, o Options) (*Sources, error) {
	file, dir := w.File, w.Root
	var self pyname.Package
	if m == nil {
		m = w.At(w.Root)
	}
	if m != nil {
		file, dir, self = m.File, m.Dir, m.Name
	}
	s, err := readSources(file, dir, o)
	if err != nil {
		return nil, w.files.parseError(file.Name(), err)
	}
	s.workspace, s.self = w, self
	if w.Declared && dir != w.Root {
		root, err := w.rootSources(o)
		if err != nil {
			return nil, err
		}
		s.root = root
	}
	return s, nil
}

// rootSources are the sources of the root, read once for all members.
func (w *Workspace) rootSources(o Options) (*Sources, error) {
	w.rootMu.Lock()
	defer w.rootMu.Unlock()
	if w.rootTable == nil {
		s, err := readSources(w.File, w.Root, o)
		if err != nil {
			return nil, w.files.parseError(w.File.Name(), err)
		}
		s.workspace = w
		w.rootTable = s
	}
	return w.rootTable, nil
}

// Plain reads a requirement that no source concerns. Variables in its URL are
// replaced.
func (s *Sources) Plain(r pep508.Requirement) (source.Requirement, error) {
	if s.options.Getenv == nil || !strings.Contains(r.URL, "${") {
		return source.FromPEP508(r)
	}
	written := r.URL
	r.URL = variable().ReplaceAllStringFunc(r.URL, func(name string) string {
		if value, ok := s.options.Getenv(name[2 : len(name)-1]); ok {
			return value
		}
		return name
	})
	out, err := source.FromPEP508(r)
	out.Source.Written = written
	return out, err
}

// variable is the form of variables in URLs.
var variable = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\$\{[A-Z0-9_]+\}`) })

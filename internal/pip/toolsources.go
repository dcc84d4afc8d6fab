package pip

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// toolSources are what `tool.uv.sources` of a file says about where packages
// come from. Nil says nothing.
type toolSources struct {
	dir    string // what paths are relative to
	byName map[pyname.Package][]toolSource
	// indexes are those that the file itself defines, by name.
	indexes map[string]string
}

// A toolSource is one place a package comes from, and for which dependencies.
type toolSource struct {
	at     pyproject.Value
	texts  map[string]string // url, path, git, index, …: the values that are texts
	marker marker.Tree

	editable, isVirtual, workspace, lfs bool
}

// applies reports whether a source counts for a dependency of a list.
func (t *toolSource) applies(o source.Origin) bool {
	return (t.texts["extra"] == "" || t.texts["extra"] == string(o.Extra)) &&
		(t.texts["group"] == "" || t.texts["group"] == string(o.Group))
}

// toolSources reads the sources of a file, unless they are to be ignored.
func (r *Reader) toolSources(name string, f *pyproject.File) (*toolSources, error) {
	table := f.Tool("uv").Get("sources")
	if table.IsZero() || r.NoSources || r.Loose {
		return nil, nil
	}
	t := &toolSources{dir: filepath.Dir(r.path(name)), byName: map[pyname.Package][]toolSource{}, indexes: map[string]string{}}
	for key, v := range table.Entries() {
		name, err := pyname.ParsePackage(key)
		if err != nil {
			return nil, table.KeyErrorf(key, "%v", err)
		}
		if slices.Contains(r.NoSourcesPackage, name) {
			continue
		}
		if t.byName[name], err = readToolSources(v); err != nil {
			return nil, err
		}
	}
	for _, v := range f.Tool("uv").Get("index").Elems() {
		named, _ := v.Get("name").Text()
		location, _ := v.Get("url").Text()
		if _, seen := t.indexes[named]; !seen && named != "" && location != "" {
			t.indexes[named] = location
		}
	}
	return t, nil
}

// readToolSources reads a source, or a list of sources whose markers do not
// overlap.
func readToolSources(v pyproject.Value) ([]toolSource, error) {
	if !v.IsArray() {
		one, err := readToolSource(v)
		return []toolSource{one}, err
	}
	var out []toolSource
	for _, e := range v.Elems() {
		one, err := readToolSource(e)
		if err != nil {
			return nil, err
		}
		for _, other := range out {
			if one.marker.IsTrue() && one.texts["extra"]+one.texts["group"] == "" {
				return nil, e.Errorf("when multiple sources are provided, each source must include a platform marker (e.g., `marker = \"sys_platform == 'linux'\"`)")
			}
			same := one.texts["extra"] == other.texts["extra"] && one.texts["group"] == other.texts["group"]
			if same && !one.marker.Disjoint(other.marker) {
				return nil, e.Errorf("source markers must be disjoint, but the following markers overlap: `%s` and `%s`", other.marker, one.marker)
			}
		}
		out = append(out, one)
	}
	if len(out) == 0 {
		return nil, v.Errorf("must provide at least one source")
	}
	return out, nil
}

const toolSourceFields = "`git`, `subdirectory`, `rev`, `tag`, `branch`, `lfs`, `url`, `path`, `editable`, `package`, `index`, `workspace`, `marker`, `extra`, `group`"

func readToolSource(v pyproject.Value) (toolSource, error) {
	t := toolSource{at: v, texts: map[string]string{}, marker: marker.True()}
	if !v.IsTable() {
		return t, v.Errorf("a source is a table, such as { path = \"../other\" }")
	}
	for key, e := range v.Entries() {
		if err := t.read(key, e); err != nil {
			return t, err
		}
	}
	var kinds []string
	for _, kind := range [...]string{"git", "url", "path", "index"} {
		if t.texts[kind] != "" {
			kinds = append(kinds, kind)
		}
	}
	if t.workspace {
		kinds = append(kinds, "workspace")
	}
	switch {
	case len(kinds) == 0:
		return t, v.Errorf("expected one of `git`, `url`, `path`, `index`, or `workspace`")
	case len(kinds) > 1:
		return t, v.Errorf("cannot specify both `%s` and `%s`", kinds[0], kinds[1])
	}
	references := 0
	for _, key := range [...]string{"rev", "tag", "branch"} {
		if t.texts[key] != "" {
			references++
		}
	}
	if references > 1 {
		return t, v.Errorf("expected at most one of `rev`, `tag`, or `branch`")
	}
	return t, nil
}

// read reads one key of a source.
func (t *toolSource) read(key string, v pyproject.Value) error {
	flag := func(to *bool) error {
		on, ok := v.Bool()
		if *to = on; !ok {
			return v.Errorf("`%s` is a boolean", key)
		}
		return nil
	}
	switch key {
	case "editable":
		return flag(&t.editable)
	case "lfs":
		return flag(&t.lfs)
	case "package":
		on, ok := v.Bool()
		if t.isVirtual = !on; !ok {
			return v.Errorf("`package` is a boolean")
		}
		return nil
	case "workspace":
		if text, ok := v.Text(); ok {
			t.workspace = text != ""
			return nil
		}
		return flag(&t.workspace)
	case "git", "url", "path", "index", "subdirectory", "rev", "tag", "branch", "marker", "extra", "group":
	default:
		return v.Errorf("unknown field `%s`, expected one of %s", key, toolSourceFields)
	}
	text, ok := v.Text()
	if !ok {
		return v.Errorf("`%s` is a string", key)
	}
	return t.readText(key, text, v)
}

func (t *toolSource) readText(key, text string, v pyproject.Value) error {
	var err error
	switch key {
	case "marker":
		t.marker, _, err = marker.Parse(text)
	case "extra":
		var extra pyname.Extra
		extra, err = pyname.ParseExtra(text)
		text = string(extra)
	case "group":
		var group pyname.Group
		group, err = pyname.ParseGroup(text)
		text = string(group)
	}
	if err != nil {
		return v.Errorf("%v", err)
	}
	t.texts[key] = text
	return nil
}

// lower is a requirement of the file with the sources that the file has for
// it: one for each source that counts for the list it stands in, and one for
// the environments that no source covers.
func (r *Reader) lower(p pep508.Requirement, t *toolSources, o source.Origin) ([]source.Requirement, error) {
	var list []toolSource
	if t != nil {
		list = t.byName[p.Name]
	}
	var out []source.Requirement
	rest := marker.True()
	for i := range list {
		if !list[i].applies(o) {
			continue
		}
		req := source.Requirement{Name: p.Name, Extras: sorted(p.Extras), Marker: p.Marker.And(list[i].marker)}
		var err error
		if req.Source, err = r.toolSource(&list[i], t, p); err != nil {
			return nil, fmt.Errorf("the source of `%s` in `tool.uv.sources`: %w", p.Name, err)
		}
		out = append(out, req)
		rest = rest.And(list[i].marker.Not())
	}
	if len(out) > 0 && rest.And(p.Marker).IsFalse() {
		return out, nil
	}
	p.Marker = p.Marker.And(rest)
	req, err := r.named(p, false)
	return append(out, req), err
}

// toolSource is a source in the terms of package source.
func (r *Reader) toolSource(t *toolSource, all *toolSources, p pep508.Requirement) (source.Source, error) {
	switch x := t.texts; {
	case x["index"] != "":
		return r.indexSource(x["index"], all, p)
	case x["url"] != "":
		s, err := source.FromURL(x["url"])
		if x["subdirectory"] != "" {
			s.Subdirectory = x["subdirectory"]
		}
		if err == nil {
			err = checkArchive(s)
		}
		return s, err
	case x["git"] != "":
		return t.gitSource()
	case x["path"] != "":
		return r.pathSource(t, all)
	}
	return source.Source{}, fmt.Errorf("`%s` is taken from a workspace, which tame cannot do yet", p.Name)
}

func (r *Reader) indexSource(name string, all *toolSources, p pep508.Requirement) (source.Source, error) {
	if p.URL != "" {
		return source.Source{}, fmt.Errorf("`%s` cannot be both at a URL and on an index", p.Name)
	}
	location := ""
	if r.IndexNamed != nil {
		location = r.IndexNamed(name)
	}
	if location == "" {
		location = all.indexes[name]
	}
	if location == "" {
		return source.Source{}, fmt.Errorf("package `%s` references an undeclared index: `%s`", p.Name, name)
	}
	if !strings.Contains(location, "://") {
		location = source.Source{Kind: source.Directory, Location: joined(all.dir, location)}.FileURL()
	}
	return source.Source{Kind: source.Registry, Specifiers: p.Specifiers, Index: location}, nil
}

func (t *toolSource) gitSource() (source.Source, error) {
	x := t.texts
	given := "git+" + x["git"]
	if ref := x["rev"] + x["tag"] + x["branch"]; ref != "" {
		given += "@" + ref
	}
	s, err := source.FromURL(given)
	if err != nil {
		return s, err
	}
	s.Subdirectory = x["subdirectory"]
	s.Reference = source.Reference{Rev: x["rev"], Tag: x["tag"], Branch: x["branch"], Commit: s.Reference.Commit, LFS: t.lfs}
	if x["rev"] == "" {
		s.Reference.Commit = ""
	}
	return s, nil
}

func (r *Reader) pathSource(t *toolSource, all *toolSources) (source.Source, error) {
	given := t.texts["path"]
	s := source.FromPath(joined(all.dir, given), given, t.texts["subdirectory"])
	s.Editable, s.Virtual = t.editable, t.isVirtual && s.Kind == source.Directory
	if err := r.exists(s); err != nil {
		return s, err
	}
	if err := checkArchive(s); err != nil {
		return s, err
	}
	return s, checkEditable(s)
}

// joined is a path of a file in dir.
func joined(dir, name string) string {
	name = filepath.FromSlash(name)
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(dir, name)
}

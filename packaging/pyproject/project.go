package pyproject

import (
	"strings"

	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// A Project is the [project] table (PEP 621, PEP 639), or what of it a script
// has: RequiresPython and Dependencies.
type Project struct {
	Name           pyname.Package
	RawName        string          // as written
	Version        *pep440.Version // nil if dynamic
	RequiresPython *pep440.Specifiers
	Dependencies   []Dependency
	Optional       []Optional // in the order of the text
	Dynamic        []string

	Description      string
	Readme           Readme
	License          License
	LicenseFiles     []string // globs
	Authors          []Person
	Maintainers      []Person
	Keywords         []string
	Classifiers      []string
	URLs             []Pair
	Scripts          []Pair
	GUIScripts       []Pair
	EntryPoints      []EntryPoints
	ImportNames      []string // PEP 794
	ImportNamespaces []string // PEP 794
	HasScripts       bool     // [project.scripts] or [project.gui-scripts] is there, even if empty
	HasOptional      bool
	HasDependencies  bool
}

// A Dependency is a dependency specifier (PEP 508) as written, with its place.
type Dependency struct {
	Text         string
	Line, Column int
}

// Optional is one extra with its dependencies.
type Optional struct {
	Extra        pyname.Extra
	Key          string // as written
	Dependencies []Dependency
}

// Readme is project.readme: a file or a text, and what it is written in.
type Readme struct{ File, Text, ContentType string }

// License is project.license: an SPDX expression (PEP 639), or the older table
// with a file or a text.
type License struct{ Expression, File, Text string }

// Person is an entry of project.authors or project.maintainers.
type Person struct{ Name, Email string }

// Pair is a key with a text: a URL or an entry point.
type Pair struct{ Key, Value string }

// EntryPoints is one group of project.entry-points.
type EntryPoints struct {
	Group string
	Items []Pair
}

// Project reads the [project] table, nil if there is none. Only what a tool
// relies on must be right: name, version, requires-python and dependencies are
// checked; other keys that do not follow the standard are left empty, and
// [File.Validate] tells of them. Dependencies are not parsed.
func (f *File) Project() (*Project, error) {
	t := f.project()
	if t == nil {
		return nil, nil
	}
	r := reader{}
	p := &Project{}
	if f.script {
		r.core(t, p)
		return p, r.err()
	}
	if t.Kind() != toml.Table {
		return nil, fail(t.Errorf("invalid type: %s, expected the `[project]` table", t.Kind()), nil)
	}
	r.identity(t, p)
	r.core(t, p)
	r.optional(t, p)
	if err := r.err(); err != nil {
		return nil, err
	}
	details := reader{}
	details.describe(t, p)
	return p, nil
}

// A reader gathers what is wrong while it reads.
type reader struct{ errs []*Error }

func (r *reader) err() error {
	if len(r.errs) == 0 {
		return nil
	}
	return r.errs[0]
}

func (r *reader) complain(e *toml.Error) { r.errs = append(r.errs, fail(e, nil)) }

func (r *reader) identity(t *toml.Value, p *Project) {
	p.Dynamic = r.strings(t, "dynamic")
	p.RawName = r.text(t, "name")
	switch v := t.Get("name"); {
	case v == nil:
		r.complain(t.Errorf("the `[project]` table is used, but the required field `project.name` is not set"))
	case p.RawName != "" || v.Kind() == toml.String:
		name, err := pyname.ParsePackage(p.RawName)
		if err != nil {
			r.complain(v.Errorf("%s", err))
		}
		p.Name = name
	}
	switch v := t.Get("version"); {
	case v != nil && v.Kind() == toml.String:
		version, err := pep440.Parse(r.text(t, "version"))
		if err != nil {
			r.complain(v.Errorf("%s", err))
			return
		}
		p.Version = &version
	case v != nil:
		r.text(t, "version")
	case !p.IsDynamic("version"):
		r.complain(t.Errorf("the `[project]` table is used, but the required field `project.version` is neither set nor in the list `project.dynamic`"))
	}
}

// IsDynamic says if a field is in the list project.dynamic, left to the build
// backend.
func (p *Project) IsDynamic(field string) bool {
	for _, d := range p.Dynamic {
		if d == field {
			return true
		}
	}
	return false
}

func (r *reader) core(t *toml.Value, p *Project) {
	if v := t.Get("requires-python"); v != nil {
		if text := r.text(t, "requires-python"); v.Kind() == toml.String {
			specifiers, err := pep440.ParseSpecifiers(text)
			if err != nil {
				r.complain(v.Errorf("%s", err))
			}
			p.RequiresPython = &specifiers
		}
	}
	if v := t.Get("dependencies"); v != nil {
		p.HasDependencies = true
		p.Dependencies = r.dependencies(v)
	}
}

func (r *reader) dependencies(v *toml.Value) []Dependency {
	if v.Kind() != toml.Array {
		r.complain(v.Errorf("invalid type: %s, expected a sequence", v.Kind()))
		return nil
	}
	out := make([]Dependency, 0, v.Len())
	for _, e := range v.Elems() {
		text, ok := e.Text()
		if !ok {
			r.complain(e.Errorf("invalid type: %s, expected a string", e.Kind()))
			continue
		}
		pos := e.Position()
		out = append(out, Dependency{text, pos.Line, pos.Column})
	}
	return out
}

func (r *reader) optional(t *toml.Value, p *Project) {
	v := t.Get("optional-dependencies")
	if v == nil {
		return
	}
	p.HasOptional = true
	if v.Kind() != toml.Table {
		r.complain(v.Errorf("invalid type: %s, expected a map", v.Kind()))
		return
	}
	seen := map[pyname.Extra]bool{}
	for e := range v.Entries() {
		extra, err := pyname.ParseExtra(e.Key)
		if err != nil {
			r.complain(e.Errorf("%s", err))
			continue
		}
		if seen[extra] {
			r.complain(e.Errorf("duplicate normalized extra name `%s`", extra))
		}
		seen[extra] = true
		p.Optional = append(p.Optional, Optional{extra, e.Key, r.dependencies(e.Value)})
	}
}

// describe reads what is only for people and for build backends.
func (r *reader) describe(t *toml.Value, p *Project) {
	p.HasScripts = t.Get("scripts") != nil || t.Get("gui-scripts") != nil
	p.Description = r.text(t, "description")
	p.Readme = r.readme(t)
	p.License = r.license(t)
	p.LicenseFiles = r.strings(t, "license-files")
	p.Authors = r.people(t, "authors")
	p.Maintainers = r.people(t, "maintainers")
	p.Keywords = r.strings(t, "keywords")
	p.Classifiers = r.strings(t, "classifiers")
	p.URLs = r.pairs(t.Get("urls"))
	p.Scripts = r.pairs(t.Get("scripts"))
	p.GUIScripts = r.pairs(t.Get("gui-scripts"))
	p.ImportNames = r.strings(t, "import-names")
	p.ImportNamespaces = r.strings(t, "import-namespaces")
	for e := range r.table(t.Get("entry-points")).Entries() {
		p.EntryPoints = append(p.EntryPoints, EntryPoints{e.Key, r.pairs(e.Value)})
	}
}

func (r *reader) text(t *toml.Value, key string) string {
	v := t.Get(key)
	s, ok := v.Text()
	if v != nil && !ok {
		r.complain(v.Errorf("invalid type: %s, expected a string", v.Kind()))
	}
	return s
}

func (r *reader) strings(t *toml.Value, key string) []string {
	v := t.Get(key)
	list, ok := v.Strings()
	if v != nil && !ok {
		r.complain(v.Errorf("invalid type, expected an array of strings"))
	}
	return list
}

func (r *reader) table(v *toml.Value) *toml.Value {
	if v != nil && v.Kind() != toml.Table {
		r.complain(v.Errorf("invalid type: %s, expected a map", v.Kind()))
		return nil
	}
	return v
}

func (r *reader) pairs(v *toml.Value) []Pair {
	var out []Pair
	for e := range r.table(v).Entries() {
		text, ok := e.Value.Text()
		if !ok {
			r.complain(e.Value.Errorf("invalid type: %s, expected a string", e.Value.Kind()))
			continue
		}
		out = append(out, Pair{e.Key, text})
	}
	return out
}

func (r *reader) people(t *toml.Value, key string) []Person {
	v := t.Get(key)
	if v != nil && v.Kind() != toml.Array {
		r.complain(v.Errorf("invalid type: %s, expected a sequence", v.Kind()))
		return nil
	}
	var out []Person
	for _, e := range v.Elems() {
		if r.table(e) == nil {
			continue
		}
		r.only(e, "name", "email")
		out = append(out, Person{r.text(e, "name"), r.text(e, "email")})
	}
	return out
}

// only complains about keys that are not in a list.
func (r *reader) only(t *toml.Value, keys ...string) {
	for e := range t.Entries() {
		known := false
		for _, k := range keys {
			known = known || e.Key == k
		}
		if !known {
			r.complain(e.Errorf("unknown field `%s`, expected one of `%s`", e.Key, strings.Join(keys, "`, `")))
		}
	}
}

func (r *reader) readme(t *toml.Value) Readme {
	v := t.Get("readme")
	if file, ok := v.Text(); ok || v == nil {
		return Readme{File: file}
	}
	if r.table(v) == nil {
		return Readme{}
	}
	r.only(v, "file", "text", "content-type")
	return Readme{r.text(v, "file"), r.text(v, "text"), r.text(v, "content-type")}
}

func (r *reader) license(t *toml.Value) License {
	v := t.Get("license")
	if expression, ok := v.Text(); ok || v == nil {
		return License{Expression: expression}
	}
	if r.table(v) == nil {
		return License{}
	}
	r.only(v, "file", "text")
	return License{File: r.text(v, "file"), Text: r.text(v, "text")}
}

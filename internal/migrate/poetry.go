package migrate

import (
	"net/url"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// poetry converts [tool.poetry], of poetry 1 or 2. Its build backend stays: it
// reads [project] from version 2 on, and the rest of [tool.poetry] with it.
func (c *conversion) poetry() error {
	p := &poetryTable{conversion: c, table: c.lookup("tool", "poetry"), optional: map[pyname.Package][]line{}}
	p.project = c.lookup("project")
	c.draft.front = []string{"tool", "poetry"}
	p.metadata()
	if err := p.dependencies(); err != nil {
		return err
	}
	p.extras()
	if err := p.groups(); err != nil {
		return err
	}
	p.sources()
	p.entryPoints()
	p.backend()
	p.rest()
	c.obsolete("poetry.lock", "poetry.toml")
	return c.poetryLock()
}

// A poetryTable is a [tool.poetry] on its way.
type poetryTable struct {
	*conversion
	table   *toml.Value
	project *toml.Value // [project] as it is, nil if there is none
	// optional are dependencies that only extras ask for.
	optional map[pyname.Package][]line
	order    []pyname.Package
	dynamic  []string // keys that [project] leaves to the build backend
	versions bool     // the version comes from elsewhere
	unpacked bool     // it is no package
}

const poetryFile = "pyproject.toml: tool.poetry."

// lineOf is the entry of a key with its comments, and another text.
func (c *conversion) lineOf(e toml.Entry, value toml.Literal) line {
	above, behind := comments(string(c.was), e.KeySpan.Start, e.Value.Span().End)
	return line{text: value, above: above, behind: behind}
}

// metadata carries over what describes the project.
func (p *poetryTable) metadata() {
	d := &p.draft
	p.unpacked = false
	if on, ok := p.table.Get("package-mode").Bool(); ok && !on {
		p.unpacked = true
		d.set(toml.LitBool(false), "tool", "uv", "package")
	}
	p.versions = p.lookup("tool", "poetry-dynamic-versioning") != nil && p.lookup("tool", "poetry-dynamic-versioning", "enable") != nil
	t := d.table("project")
	if p.project.Get("name") == nil && p.table.Get("name") == nil {
		t.set("name", line{text: toml.LitString(p.Name)})
	}
	for e := range p.table.Entries() {
		switch {
		case slices.Contains(texts(p.project.Get("dynamic")), e.Key):
			p.dynamic = append(p.dynamic, e.Key)
		case p.project.Get(e.Key) == nil:
			p.describe(t, e)
		}
	}
	if p.project.Get("version") == nil && p.table.Get("version") == nil && !slices.Contains(texts(p.project.Get("dynamic")), "version") {
		t.set("version", line{text: toml.LitString("0.1.0")})
	}
}

// describe carries over one key of [tool.poetry].
func (p *poetryTable) describe(t *table, e toml.Entry) {
	switch e.Key {
	case "version":
		if p.versions {
			t.set("dynamic", line{text: toml.LitStrings("version")})
			return
		}
		t.set("version", p.lineOf(e, toml.Literal(e.Value.Raw())))
	case "name", "description", "keywords", "classifiers":
		t.set(e.Key, p.lineOf(e, toml.Literal(e.Value.Raw())))
	case "readme":
		text, ok := e.Value.Text()
		if all := texts(e.Value); !ok && len(all) > 0 {
			text, ok = all[0], true
			if len(all) > 1 {
				p.note(poetryFile+"readme", "has several files; [project] takes one, the first")
			}
		}
		if ok {
			t.set("readme", p.lineOf(e, toml.LitString(text)))
		}
	case "license":
		if text, ok := e.Value.Text(); ok && text != "" {
			t.set("license", p.lineOf(e, toml.LitTable(toml.Field{Key: "text", Value: toml.LitString(text)})))
		}
	case "authors", "maintainers":
		p.people(t, e)
	case "homepage", "repository", "documentation":
		if text, ok := e.Value.Text(); ok && text != "" {
			urls := p.draft.table("project", "urls")
			urls.set(strings.ToUpper(e.Key[:1])+e.Key[1:], p.lineOf(e, toml.LitString(text)))
		}
	case "urls":
		for u := range e.Value.Entries() {
			p.draft.table("project", "urls").set(u.Key, p.lineOf(u, toml.Literal(u.Value.Raw())))
		}
	}
}

// people carries over "Name <address>".
func (p *poetryTable) people(t *table, e toml.Entry) {
	var l list
	for _, text := range texts(e.Value) {
		name, rest, found := strings.Cut(text, "<")
		var fields []toml.Field
		if name = strings.TrimSpace(name); name != "" {
			fields = append(fields, toml.Field{Key: "name", Value: toml.LitString(name)})
		}
		if mail := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), ">")); found && mail != "" {
			fields = append(fields, toml.Field{Key: "email", Value: toml.LitString(mail)})
		}
		if len(fields) > 0 {
			l.add(line{text: toml.LitTable(fields...)})
		}
	}
	t.set(e.Key, p.lineOf(e, l.literal()))
}

// texts are the strings of an array.
func texts(v *toml.Value) []string {
	var out []string
	for _, e := range v.Elems() {
		if text, ok := e.Text(); ok {
			out = append(out, text)
		}
	}
	return out
}

// dependencies carries over [tool.poetry.dependencies]. Beside dependencies in
// [project] it has only more about them.
func (p *poetryTable) dependencies() error {
	main := p.table.Get("dependencies")
	standard := p.project.Get("dependencies") != nil && !slices.Contains(texts(p.project.Get("dynamic")), "dependencies")
	var deps *list
	if !standard {
		deps = p.draft.list("project", "dependencies")
	}
	python := false
	for e := range main.Entries() {
		name, err := pyname.ParsePackage(e.Key)
		if err != nil {
			return e.Errorf("%v", err)
		}
		if name == "python" {
			python = true
			if err := p.python(e); err != nil {
				return err
			}
			continue
		}
		for _, v := range alternatives(e.Value) {
			d, err := p.dependency(name, v)
			if err != nil {
				return err
			}
			if standard {
				continue
			}
			n := p.lineOf(e, toml.LitString(d.String()))
			if on, _ := v.Get("optional").Bool(); on {
				if p.optional[name] == nil {
					p.order = append(p.order, name)
				}
				p.optional[name] = append(p.optional[name], n)
				continue
			}
			deps.add(n)
		}
	}
	if !python && p.project.Get("requires-python") == nil {
		p.note(poetryFile+"dependencies", "says nothing of Python, and so `requires-python` is not set")
	}
	if dynamic := texts(p.project.Get("dynamic")); slices.Contains(dynamic, "dependencies") || slices.Contains(dynamic, "requires-python") {
		p.undynamic("dependencies", "requires-python")
	}
	return nil
}

// undynamic takes fields out of project.dynamic that are static now.
func (p *poetryTable) undynamic(fields ...string) {
	var left []string
	for _, field := range texts(p.project.Get("dynamic")) {
		if !slices.Contains(fields, field) {
			left = append(left, field)
		}
	}
	p.draft.replace(toml.LitStrings(left...), "project", "dynamic")
}

// alternatives are the forms of one dependency for different environments.
func alternatives(v *toml.Value) []*toml.Value {
	if v.Kind() != toml.Array {
		return []*toml.Value{v}
	}
	var out []*toml.Value
	for _, e := range v.Elems() {
		out = append(out, e)
	}
	return out
}

// python carries over the Pythons of the project.
func (p *poetryTable) python(e toml.Entry) error {
	if p.project.Get("requires-python") != nil {
		return nil
	}
	text, _ := e.Value.Text()
	if t, ok := e.Value.Get("version").Text(); ok {
		text = t
	}
	k, err := parseConstraint(text)
	if err != nil {
		return e.Value.Errorf("%v", err)
	}
	s, exact := k.specifiers()
	if three := k.set().Intersect(pep440.Between(pep440.AtLeast(pep440.FromRelease(3)), pep440.Bound{})); len(k.alternatives) > 1 && !three.Equal(k.set()) && !three.IsEmpty() {
		s = pep440.ReleaseSpecifiers(three)
		p.note(poetryFile+"dependencies.python", "Python 2, which `%s` has too, was left out", text)
	}
	if !exact {
		p.note(poetryFile+"dependencies.python", "`%s` cannot be said in one specifier; `%s` admits more", text, s.Join(","))
	}
	if len(s) > 0 {
		p.draft.table("project").set("requires-python", p.lineOf(e, toml.LitString(s.Join(","))))
	}
	return nil
}

// dependency is one entry in PEP 508; where it is from goes into the sources.
func (c *conversion) dependency(name pyname.Package, v *toml.Value) (pep508.Requirement, error) {
	r := pep508.Requirement{Name: name}
	text, plain := v.Text()
	if !plain {
		text, _ = v.Get("version").Text()
	}
	if v.Get("git") == nil && v.Get("path") == nil && v.Get("url") == nil && v.Get("file") == nil {
		k, err := parseConstraint(text)
		if err != nil {
			return r, v.Errorf("%v", err)
		}
		exact := false
		if r.Specifiers, exact = k.specifiers(); !exact {
			c.note("dependency "+string(name), "`%s` cannot be said in one specifier; `%s` admits more", text, r.Specifiers.Join(","))
		}
	}
	for _, extra := range texts(v.Get("extras")) {
		x, err := pyname.ParseExtra(extra)
		if err != nil {
			return r, v.Get("extras").Errorf("%v", err)
		}
		r.Extras = append(r.Extras, x)
	}
	var err error
	if r.Marker, err = conditions(v); err != nil {
		return r, err
	}
	if on, _ := v.Get("allow-prereleases").Bool(); on {
		c.draft.set(toml.LitString("allow"), "tool", "uv", "prerelease-package", string(name))
	}
	if fields := c.origin(name, v); fields != nil {
		c.draft.from(name, pinnedSource{fields: fields, marker: r.Marker.String()})
	}
	return r, nil
}

// conditions is where a dependency counts: its `markers`, `python` and
// `platform`, and what pipenv has as keys of their own.
func conditions(v *toml.Value) (marker.Tree, error) {
	out := marker.True()
	for e := range v.Entries() {
		text, ok := e.Value.Text()
		if !ok || text == "" {
			continue
		}
		switch e.Key {
		case "markers":
			m, _, err := marker.Parse(text)
			if err != nil {
				return out, e.Value.Errorf("%v", err)
			}
			out = out.And(m)
		case "python":
			k, err := parseConstraint(text)
			if err != nil {
				return out, e.Value.Errorf("%v", err)
			}
			out = out.And(k.pythons())
		case "platform":
			out = out.And(platforms(text))
		}
	}
	return out, nil
}

// origin is the entry of [tool.uv.sources] for a dependency, nil for none.
func (c *conversion) origin(name pyname.Package, v *toml.Value) []toml.Field {
	var out []toml.Field
	add := func(from, key string) bool {
		text, ok := v.Get(from).Text()
		if ok {
			out = append(out, toml.Field{Key: key, Value: toml.LitString(text)})
		}
		return ok
	}
	switch {
	case add("git", "git"):
		if !add("branch", "branch") && !add("tag", "tag") && !add("rev", "rev") {
			add("ref", "rev")
		}
		add("subdirectory", "subdirectory")
	case add("url", "url"):
		add("subdirectory", "subdirectory")
	case v.Get("file") != nil || v.Get("path") != nil:
		return c.place(name, v)
	default:
		index, ok := v.Get("source").Text()
		if !ok {
			index, ok = v.Get("index").Text()
		}
		if ok && !c.isDefaultSource(index) {
			return []toml.Field{{Key: "index", Value: toml.LitString(indexName(index))}}
		}
	}
	return out
}

// place is the source of what is a file or a directory.
func (c *conversion) place(name pyname.Package, v *toml.Value) []toml.Field {
	text, ok := v.Get("path").Text()
	if !ok {
		text, _ = v.Get("file").Text()
	}
	if strings.Contains(text, "://") && !strings.HasPrefix(text, "file://") {
		return []toml.Field{{Key: "url", Value: toml.LitString(text)}}
	}
	out := []toml.Field{{Key: "path", Value: toml.LitString(localPath(text))}}
	develop, _ := v.Get("develop").Bool()
	editable, _ := v.Get("editable").Bool()
	if develop || editable {
		out = append(out, toml.Field{Key: "editable", Value: toml.LitBool(true)})
	}
	if sub, ok := v.Get("subdirectory").Text(); ok {
		c.note("dependency "+string(name), "the subdirectory `%s` of a path cannot be said", sub)
	}
	return out
}

// localPath is the path of a file URL, or the path itself.
func localPath(text string) string {
	rest, ok := strings.CutPrefix(text, "file://")
	if !ok {
		return text
	}
	rest, _, _ = strings.Cut(rest, "#")
	for _, root := range []string{"/${PROJECT_ROOT}/", "${PROJECT_ROOT}/"} {
		if inside, ok := strings.CutPrefix(rest, root); ok {
			return inside
		}
	}
	if plain, err := url.PathUnescape(rest); err == nil {
		return plain
	}
	return rest
}

// extras carries over [tool.poetry.extras].
func (p *poetryTable) extras() {
	used := map[pyname.Package]bool{}
	if p.project.Get("optional-dependencies") == nil {
		for e := range p.table.Get("extras").Entries() {
			l := p.draft.list("project", "optional-dependencies", e.Key)
			for _, text := range texts(e.Value) {
				bare, _, _ := strings.Cut(text, "[")
				name, err := pyname.ParsePackage(strings.TrimSpace(bare))
				if err != nil || p.optional[name] == nil {
					if !slices.ContainsFunc(p.draft.list("project", "dependencies").lines, func(n line) bool { return isOf(n, name) }) {
						p.note(poetryFile+"extras."+e.Key, "`%s` is no optional dependency, and was left out", text)
					}
					continue
				}
				used[name] = true
				for _, n := range p.optional[name] {
					l.add(n)
				}
			}
		}
	}
	for _, name := range p.order {
		if !used[name] {
			p.note(poetryFile+"dependencies."+string(name), "is optional, but no extra has it, and was left out")
		}
	}
}

// isOf reports whether a line is a requirement of a package.
func isOf(n line, name pyname.Package) bool {
	text, err := unquote(n.text)
	if err != nil {
		return false
	}
	r, err := pep508.Parse(text)
	return err == nil && r.Name == name
}

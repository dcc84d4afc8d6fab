package migrate

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/pyname"
)

// groups carries over [tool.poetry.group.NAME], and the older
// [tool.poetry.dev-dependencies].
func (p *poetryTable) groups() error {
	var standard []string // poetry installs these unless told otherwise
	if dev := p.table.Get("dev-dependencies"); dev != nil {
		standard = append(standard, "dev")
		if err := p.group("dev", dev); err != nil {
			return err
		}
	}
	optional := false
	for e := range p.table.Get("group").Entries() {
		if on, _ := e.Value.Get("optional").Bool(); on {
			optional = true
		} else if !slices.Contains(standard, e.Key) {
			standard = append(standard, e.Key)
		}
		if err := p.group(e.Key, e.Value.Get("dependencies")); err != nil {
			return err
		}
		for _, name := range texts(e.Value.Get("include-groups")) {
			l := p.draft.list("dependency-groups", e.Key)
			l.add(line{text: toml.LitTable(toml.Field{Key: "include-group", Value: toml.LitString(name)})})
		}
	}
	p.draft.defaultGroups(standard, optional)
	return nil
}

// defaultGroups says which groups are installed without being asked for, where
// that is not what it is anyway.
func (d *draft) defaultGroups(names []string, others bool) {
	switch {
	case len(names) == 1 && pyname.Normalize(names[0]) == "dev", len(names) == 0:
	case len(names) > 1 && !others:
		d.set(toml.LitString("all"), "tool", "uv", "default-groups")
	default:
		d.set(toml.LitStrings(names...), "tool", "uv", "default-groups")
	}
}

func (p *poetryTable) group(name string, table *toml.Value) error {
	if _, err := pyname.ParseGroup(name); err != nil {
		return fmt.Errorf("the group %q of [tool.poetry]: %w", name, err)
	}
	l := p.draft.list("dependency-groups", name)
	for e := range table.Entries() {
		pkg, err := pyname.ParsePackage(e.Key)
		if err != nil {
			return e.Errorf("%v", err)
		}
		for _, v := range alternatives(e.Value) {
			d, err := p.dependency(pkg, v)
			if err != nil {
				return err
			}
			l.add(p.lineOf(e, toml.LitString(d.String())))
		}
	}
	return nil
}

// sources carries over [[tool.poetry.source]].
func (p *poetryTable) sources() {
	for _, s := range p.table.Get("source").Elems() {
		name, _ := s.Get("name").Text()
		priority, _ := s.Get("priority").Text()
		if on, _ := s.Get("default").Bool(); on {
			priority = "default"
		}
		if p.isDefaultSource(name) {
			continue
		}
		location, _ := s.Get("url").Text()
		i := index{name: name, url: location, explicit: priority == "explicit", main: priority == "default"}
		if priority == "supplemental" || priority == "secondary" {
			p.note(poetryFile+"source "+name, "was asked only for what others do not have; as an index it is asked first")
		}
		p.index(i)
	}
}

// An index is one of [[tool.uv.index]] in the making.
type index struct {
	name, url            string
	explicit, main, flat bool
}

// index adds an index. Passwords are not carried over.
func (c *conversion) index(i index) {
	if u, err := url.Parse(i.url); err == nil && u.User != nil {
		u.User = nil
		i.url = u.String()
		c.note("index "+i.name, "has credentials in its URL, which were left out: use variables or `auth login`")
	} else if _, rest, ok := strings.Cut(i.url, "@"); ok && strings.Contains(i.url, "${") {
		scheme, _, _ := strings.Cut(i.url, "://")
		i.url = scheme + "://" + rest
		c.note("index "+i.name, "has variables as credentials in its URL, which were left out: use `UV_INDEX_%s_USERNAME` and `_PASSWORD`", strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(indexName(i.name))))
	}
	t := c.draft.element("tool", "uv", "index")
	if i.name != "" {
		t.set("name", line{text: toml.LitString(indexName(i.name))})
	}
	t.set("url", line{text: toml.LitString(i.url)})
	for key, on := range map[string]bool{"default": i.main, "explicit": i.explicit} {
		if on {
			t.set(key, line{text: toml.LitBool(true)})
		}
	}
	if i.flat {
		t.set("format", line{text: toml.LitString("flat")})
	}
}

// indexName is a name as uv takes it for an index: letters, digits, `-`, `_` and
// `.`.
func indexName(name string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && (r == '-' || r == '_' || r == '.' || r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z') {
			return r
		}
		return '-'
	}, name)
}

// isDefaultSource reports whether a source is the public index under the name
// that all tools have for it, which needs no entry.
func (c *conversion) isDefaultSource(name string) bool {
	if !strings.EqualFold(name, "pypi") {
		return false
	}
	var all []*toml.Value
	for _, path := range [][]string{{"tool", "poetry", "source"}, {"tool", "pdm", "source"}} {
		for _, s := range c.lookup(path...).Elems() {
			all = append(all, s)
		}
	}
	for _, s := range append(all, c.pipfileSources...) {
		if n, _ := s.Get("name").Text(); n == name {
			location, _ := s.Get("url").Text()
			return location == "" || isPublicIndex(location)
		}
	}
	return true
}

// isPublicIndex recognises the URL of the public index by its form, which a
// mirror does not have.
func isPublicIndex(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return false
	}
	first, rest, _ := strings.Cut(strings.TrimPrefix(u.Hostname(), "www."), ".")
	return (first == "pypi" && (rest == "org" || rest == "python.org")) && strings.Trim(u.Path, "/") == "simple"
}

// entryPoints carries over [tool.poetry.scripts] and [tool.poetry.plugins].
func (p *poetryTable) entryPoints() {
	for e := range p.table.Get("scripts").Entries() {
		text, ok := e.Value.Text()
		if !ok {
			kind, _ := e.Value.Get("type").Text()
			if kind == "file" {
				continue // its build backend still reads it
			}
			if text, ok = e.Value.Get("reference").Text(); !ok {
				text, ok = e.Value.Get("callable").Text()
			}
			if extras := texts(e.Value.Get("extras")); len(extras) > 0 {
				p.note(poetryFile+"scripts."+e.Key, "asked for the extras %s, which scripts of [project] cannot", strings.Join(extras, ", "))
			}
		}
		if ok {
			p.draft.table("project", "scripts").set(e.Key, p.lineOf(e, toml.LitString(text)))
		}
	}
	for group := range p.table.Get("plugins").Entries() {
		path := []string{"project", "entry-points", group.Key}
		switch group.Key {
		case "console_scripts":
			path = []string{"project", "scripts"}
		case "gui_scripts":
			path = []string{"project", "gui-scripts"}
		}
		for e := range group.Value.Entries() {
			p.draft.table(path...).set(e.Key, p.lineOf(e, toml.Literal(e.Value.Raw())))
		}
	}
}

// backend makes the build backend one that reads [project].
func (p *poetryTable) backend() {
	system := p.lookup("build-system")
	if p.unpacked && system == nil {
		return
	}
	backend, _ := system.Get("build-backend").Text()
	requires := texts(system.Get("requires"))
	if system != nil && !strings.HasPrefix(backend, "poetry") {
		if len(p.packaging()) > 0 {
			p.note("pyproject.toml: build-system", "the backend `%s` does not read what [tool.poetry] says about packages and files", backend)
		}
		return
	}
	var l list
	found := false
	for _, text := range requires {
		if name := pyname.Normalize(bareName(text)); name == "poetry" || name == "poetry-core" {
			text, found = "poetry-core>=2.0.0,<3.0.0", true
		}
		l.add(line{text: toml.LitString(text)})
	}
	if !found {
		l.add(line{text: toml.LitString("poetry-core>=2.0.0,<3.0.0")})
	}
	literals := make([]toml.Literal, len(l.lines))
	for i, n := range l.lines {
		literals[i] = n.text
	}
	p.draft.replace(toml.LitArray(literals...), "build-system", "requires")
	if !strings.HasPrefix(backend, "poetry.core.") && backend != "poetry_dynamic_versioning.backend" {
		p.draft.replace(toml.LitString("poetry.core.masonry.api"), "build-system", "build-backend")
	}
}

// bareName is a requirement without all that may follow the name.
func bareName(text string) string {
	if i := strings.IndexAny(text, "<>=!~^ ;[@"); i >= 0 {
		return text[:i]
	}
	return text
}

// packaging are the keys of [tool.poetry] that its build backend goes on
// reading.
func (p *poetryTable) packaging() []string {
	var out []string
	for e := range p.table.Entries() {
		switch e.Key {
		case "packages", "include", "exclude", "build":
			out = append(out, e.Key)
		}
	}
	return out
}

// rest deletes what was carried over, and tells what was not.
func (p *poetryTable) rest() {
	staying := append(p.packaging(), p.dynamic...)
	for e := range p.table.Get("scripts").Entries() {
		if kind, _ := e.Value.Get("type").Text(); kind == "file" {
			staying = append(staying, "scripts")
			for other := range p.table.Get("scripts").Entries() {
				if kind, _ := other.Value.Get("type").Text(); kind != "file" {
					p.draft.delete("tool", "poetry", "scripts", other.Key)
				}
			}
			break
		}
	}
	if p.versions {
		staying = append(staying, "version")
	}
	for e := range p.table.Entries() {
		switch e.Key {
		case "requires-poetry", "requires-plugins", "build-constraints":
			p.note(poetryFile+e.Key, "has no counterpart and was left out")
		}
	}
	if len(staying) == 0 {
		p.draft.delete("tool", "poetry")
		return
	}
	for e := range p.table.Entries() {
		if !slices.Contains(staying, e.Key) {
			p.draft.delete("tool", "poetry", e.Key)
		}
	}
	slices.Sort(staying)
	p.note("pyproject.toml: tool.poetry", "keeps %s, which the build backend reads", strings.Join(slices.Compact(staying), ", "))
}

package migrate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
)

// pipenv converts a Pipfile.
func (c *conversion) pipenv() error {
	text, err := c.read("Pipfile")
	if err != nil {
		return err
	}
	if text == nil {
		return ErrNothing
	}
	doc, err := toml.Parse("Pipfile", text)
	if err != nil {
		return fmt.Errorf("reading Pipfile: %w", err)
	}
	p := &pipfile{conversion: c, text: string(text), root: doc.Root()}
	for _, s := range p.root.Get("source").Elems() {
		c.pipfileSources = append(c.pipfileSources, s)
	}
	p.head()
	for e := range p.root.Entries() {
		switch e.Key {
		case "source", "requires", "scripts", "pipenv":
			continue
		}
		if e.Value.Kind() != toml.Table {
			continue
		}
		if err := p.section(e); err != nil {
			return err
		}
	}
	p.sources()
	p.settings()
	p.scripts()
	c.obsolete("Pipfile", "Pipfile.lock")
	return c.pipfileLock()
}

// A pipfile is a Pipfile on its way.
type pipfile struct {
	*conversion
	text string
	root *toml.Value
}

func (p *pipfile) lineOf(e toml.Entry, value toml.Literal) line {
	above, behind := comments(p.text, e.KeySpan.Start, e.Value.Span().End)
	return line{text: value, above: above, behind: behind}
}

// head gives the project a name and its Python.
func (p *pipfile) head() {
	p.findOwn(p.asksForItself(), nil)
	p.newProject()
	version := field(p.root, "requires", "python_full_version")
	if version == "" {
		version = field(p.root, "requires", "python_version")
	}
	if version == "" || strings.Contains(version, "*") {
		p.beginDependencies()
		return
	}
	if p.lookup("project", "requires-python") == nil {
		parts := strings.Split(version, ".")
		p.draft.set(toml.LitString(">="+strings.Join(parts[:min(2, len(parts))], ".")), "project", "requires-python")
	}
	p.beginDependencies()
	if !p.has(".python-version") {
		p.result.Files = append(p.result.Files, File{Path: ".python-version", Text: []byte(version + "\n")})
	}
}

// beginDependencies makes place for the dependencies. Where setup.py has them,
// those of the Pipfile are what is installed beside the package.
func (p *pipfile) beginDependencies() {
	if p.own == nil {
		p.draft.list("project", "dependencies")
		return
	}
	var groups []string
	for _, s := range []struct{ section, group string }{{"packages", "packages"}, {"dev-packages", "dev"}} {
		for e := range p.root.Get(s.section).Entries() {
			if !isItself(field(e.Value, "path")) {
				groups = append(groups, s.group)
				break
			}
		}
	}
	p.draft.defaultGroups(groups, true)
}

// asksForItself reports whether a category has the project itself.
func (p *pipfile) asksForItself() bool {
	for section := range p.root.Entries() {
		if section.Value.Kind() != toml.Table {
			continue
		}
		for e := range section.Value.Entries() {
			if isItself(field(e.Value, "path")) {
				return true
			}
		}
	}
	return false
}

// newProject begins a [project], if there is none.
func (c *conversion) newProject() {
	if c.lookup("project") != nil {
		return
	}
	if c.own != nil {
		c.writeOwn()
		return
	}
	t := c.draft.table("project")
	name := c.Name
	if _, err := pyname.ParsePackage(name); err != nil {
		name = "project"
	}
	t.set("name", line{text: toml.LitString(name)})
	t.set("version", line{text: toml.LitString("0.1.0")})
}

// section carries over a category of packages.
func (p *pipfile) section(e toml.Entry) error {
	path := []string{"dependency-groups", e.Key}
	switch e.Key {
	case "packages":
		path = []string{"project", "dependencies"}
		if p.own != nil {
			path = []string{"dependency-groups", "packages"}
		}
	case "dev-packages":
		path = []string{"dependency-groups", "dev"}
	default:
		if _, err := pyname.ParseGroup(e.Key); err != nil {
			return e.Errorf("%v", err)
		}
	}
	var l *list
	for d := range e.Value.Entries() {
		if isItself(field(d.Value, "path")) {
			continue // it is installed anyway
		}
		if l == nil {
			l = p.draft.list(path...)
		}
		name, err := p.nameOf(d)
		if err != nil {
			return err
		}
		if name == "" {
			continue
		}
		r, err := p.dependency(name, d.Value)
		if err != nil {
			return err
		}
		m, err := pipenvMarkers(d.Value)
		if err != nil {
			return err
		}
		r.Marker = r.Marker.And(m)
		l.add(p.lineOf(d, toml.LitString(r.String())))
	}
	return nil
}

// nameOf is the package of an entry. Older Pipfiles name entries with a path or
// URL by a digest.
func (p *pipfile) nameOf(d toml.Entry) (pyname.Package, error) {
	name, err := pyname.ParsePackage(d.Key)
	if err != nil {
		return "", d.Errorf("%v", err)
	}
	_, egg, _ := strings.Cut(field(d.Value, "path")+field(d.Value, "file"), "#egg=")
	if egg != "" {
		egg, _, _ = strings.Cut(egg, "&")
		return pyname.ParsePackage(egg)
	}
	if (d.Value.Get("path") != nil || d.Value.Get("file") != nil) && isDigest(d.Key) {
		p.note("Pipfile: "+d.Key, "has no name, only a place, and was left out: `add` it")
		return "", nil
	}
	return name, nil
}

func isDigest(text string) bool {
	return len(text) >= 7 && strings.Trim(text, "0123456789abcdef") == "" && strings.ContainsAny(text, "0123456789")
}

// pipenvMarkers are the keys that stand for markers: `sys_platform = "== 'x'"`.
func pipenvMarkers(v *toml.Value) (marker.Tree, error) {
	out := marker.True()
	for e := range v.Entries() {
		switch e.Key {
		case "os_name", "sys_platform", "platform_machine", "platform_python_implementation", "platform_release", "platform_system",
			"platform_version", "python_version", "python_full_version", "implementation_name", "implementation_version":
		default:
			continue
		}
		text, _ := e.Value.Text()
		m, _, err := marker.Parse(e.Key + " " + text)
		if err != nil {
			return out, e.Value.Errorf("%v", err)
		}
		out = out.And(m)
	}
	return out, nil
}

// sources carries over [[source]]. The first is asked first by pipenv, and for
// all that names no other.
func (p *pipfile) sources() {
	for i, s := range p.pipfileSources {
		name, location := field(s, "name"), field(s, "url")
		if isPublicIndex(location) || location == "" {
			continue
		}
		if on, ok := s.Get("verify_ssl").Bool(); ok && !on {
			p.note("Pipfile: source "+name, "is not verified (verify_ssl): that is `--allow-insecure-host`, and was left out")
		}
		p.index(index{name: name, url: location, main: i == 0, explicit: i > 0})
	}
}

// settings carries over [pipenv].
func (p *pipfile) settings() {
	for e := range p.root.Get("pipenv").Entries() {
		on, _ := e.Value.Bool()
		switch {
		case e.Key == "allow_prereleases" && on:
			p.draft.set(toml.LitString("allow"), "tool", "uv", "prerelease")
		case e.Key == "cool-down-period":
			text, _ := e.Value.Text()
			p.draft.set(toml.LitString(strings.TrimSuffix(text, "d")+" days"), "tool", "uv", "exclude-newer")
		case slices.Contains([]string{"sort_pipfile", "disable_pip_input", "use_pylock", "prefetch_index_manifests"}, e.Key):
		case on || e.Value.Kind() != toml.Bool:
			p.note("Pipfile: pipenv."+e.Key, "has no counterpart and was left out")
		}
	}
}

// scripts become tasks.
func (p *pipfile) scripts() {
	for e := range p.root.Get("scripts").Entries() {
		if text, ok := e.Value.Text(); ok {
			p.draft.table("tool", "tame", "tasks").set(e.Key, p.lineOf(e, toml.LitString(text)))
			continue
		}
		if call := field(e.Value, "call"); call != "" {
			p.draft.table("tool", "tame", "tasks").set(e.Key, p.lineOf(e, callTask(call)))
			continue
		}
		p.note("Pipfile: scripts."+e.Key, "has a form that is not known, and was left out")
	}
}

// callTask is a task that calls a function: "module:function" or
// "module:function(arguments)".
func callTask(call string) toml.Literal {
	module, function, _ := strings.Cut(call, ":")
	if !strings.Contains(function, "(") {
		function += "()"
	}
	name, _, _ := strings.Cut(function, "(")
	code := "import sys; from " + module + " import " + strings.TrimSpace(name) + "; sys.exit(" + function + ")"
	return toml.LitTable(toml.Field{Key: "cmd", Value: toml.LitStrings("python", "-c", code)})
}

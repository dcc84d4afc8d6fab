package migrate

import (
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// pdm converts [tool.pdm]. Its [project] is standard already; what only its build
// backend reads stays.
func (c *conversion) pdm() error {
	p := &pdmTable{conversion: c, table: c.lookup("tool", "pdm")}
	if c.lookup("project") == nil {
		c.newProject()
		c.draft.front = []string{"tool", "pdm"}
		c.draft.list("project", "dependencies")
	}
	if err := p.standardLists(); err != nil {
		return err
	}
	if err := p.groups(); err != nil {
		return err
	}
	p.sources()
	p.resolution()
	p.tasks()
	p.rest()
	c.obsolete("pdm.lock", "pdm.toml", ".pdm-python", ".pdm.toml")
	return c.pdmLock()
}

// A pdmTable is a [tool.pdm] on its way.
type pdmTable struct {
	*conversion
	table   *toml.Value
	emptied []string // keys that were carried over
}

const pdmFile = "pyproject.toml: tool.pdm."

// standardLists makes paths relative to the project sources: uv does not know
// ${PROJECT_ROOT}.
func (p *pdmTable) standardLists() error {
	var all [][]string
	if p.lookup("project", "dependencies") != nil {
		all = append(all, []string{"project", "dependencies"})
	}
	for _, at := range [][]string{{"project", "optional-dependencies"}, {"dependency-groups"}} {
		for e := range p.lookup(at...).Entries() {
			all = append(all, append(slices.Clone(at), e.Key))
		}
	}
	for _, path := range all {
		v := p.lookup(path...)
		changed := false
		var l list
		for i, e := range v.Elems() {
			n := line{text: toml.Literal(e.Raw())}
			n.above, n.behind = p.elementComments(v, i)
			if text, ok := e.Text(); ok {
				r, moved, err := p.requirement(text)
				if err != nil {
					return e.Errorf("%v", err)
				}
				if moved {
					n.text, changed = toml.LitString(r), true
				}
			}
			l.add(n)
		}
		if changed {
			p.draft.replace(l.literal(), path...)
		}
	}
	return nil
}

// elementComments are those of an element of an array.
func (c *conversion) elementComments(v *toml.Value, i int) (above []string, behind string) {
	at := v.Elem(i).Span()
	above, behind = comments(string(c.was), at.Start, at.End)
	if behind == "" {
		rest, _, _ := strings.Cut(string(c.was)[at.End:], "\n")
		if rest, ok := strings.CutPrefix(strings.TrimSpace(rest), ","); ok && strings.HasPrefix(strings.TrimSpace(rest), "#") {
			behind = strings.TrimSpace(rest)
		}
	}
	return above, behind
}

// requirement reads a requirement as pdm has it, `-e` included. moved is set if
// it had to be changed: where it is from is among the sources then.
func (c *conversion) requirement(text string) (out string, moved bool, err error) {
	rest, editable := strings.CutPrefix(strings.TrimSpace(text), "-e")
	rest = strings.TrimSpace(rest)
	if !editable && !strings.Contains(rest, "${PROJECT_ROOT}") {
		return text, false, nil
	}
	if location, egg, ok := strings.Cut(rest, "#egg="); ok {
		rest = egg + " @ " + location
	}
	r, err := pep508.Parse(rest)
	if err != nil {
		return "", false, err
	}
	c.draft.from(r.Name, pinnedSource{fields: urlSource(r.URL, editable), marker: r.Marker.String()})
	r.URL = ""
	return r.String(), true, nil
}

// urlSource is the source that a URL in a requirement stands for.
func urlSource(location string, editable bool) []toml.Field {
	text := func(key, value string) toml.Field { return toml.Field{Key: key, Value: toml.LitString(value)} }
	repository, isGit := strings.CutPrefix(location, "git+")
	switch {
	case isGit:
		repository, fragment, _ := strings.Cut(repository, "#")
		at := strings.LastIndexByte(repository, '@')
		rev := ""
		if at > strings.LastIndexByte(repository, '/') {
			repository, rev = repository[:at], repository[at+1:]
		}
		out := []toml.Field{text("git", repository)}
		if rev != "" {
			out = append(out, text("rev", rev))
		}
		for part := range strings.SplitSeq(fragment, "&") {
			if dir, ok := strings.CutPrefix(part, "subdirectory="); ok {
				out = append(out, text("subdirectory", dir))
			}
		}
		return out
	case strings.HasPrefix(location, "file:"), !strings.Contains(location, "://"):
		out := []toml.Field{text("path", localPath(location))}
		if editable {
			out = append(out, toml.Field{Key: "editable", Value: toml.LitBool(true)})
		}
		return out
	}
	return []toml.Field{text("url", location)}
}

// groups carries over [tool.pdm.dev-dependencies]. All of them are installed by
// default, as those of [dependency-groups] are.
func (p *pdmTable) groups() error {
	var names []string
	for e := range p.lookup("dependency-groups").Entries() {
		names = append(names, e.Key)
	}
	dev := p.table.Get("dev-dependencies")
	for e := range dev.Entries() {
		if _, err := pyname.ParseGroup(e.Key); err != nil {
			return e.Errorf("%v", err)
		}
		if !slices.Contains(names, e.Key) {
			names = append(names, e.Key)
		}
		l := p.draft.list("dependency-groups", e.Key)
		for i, v := range e.Value.Elems() {
			text, ok := v.Text()
			if !ok {
				continue
			}
			r, _, err := p.requirement(text)
			if err != nil {
				return v.Errorf("%v", err)
			}
			n := line{text: toml.LitString(r)}
			n.above, n.behind = p.elementComments(e.Value, i)
			l.add(n)
		}
	}
	if dev != nil {
		p.emptied = append(p.emptied, "dev-dependencies")
	}
	p.draft.defaultGroups(names, false)
	return nil
}

// sources carries over [[tool.pdm.source]].
func (p *pdmTable) sources() {
	if p.table.Get("source") != nil {
		p.emptied = append(p.emptied, "source")
	}
	for _, s := range p.table.Get("source").Elems() {
		name, location := field(s, "name"), field(s, "url")
		if isPublicIndex(location) {
			continue
		}
		i := index{name: name, url: location, main: strings.EqualFold(name, "pypi"), flat: field(s, "type") == "find_links"}
		if rest, ok := strings.CutPrefix(location, "file:///${PROJECT_ROOT}/"); ok {
			i.url = "./" + rest
		}
		if on, ok := s.Get("verify_ssl").Bool(); ok && !on {
			p.note(pdmFile+"source "+name, "is not verified (verify_ssl): that is `--allow-insecure-host`, and was left out")
		}
		for _, pattern := range texts(s.Get("include_packages")) {
			pkg, err := pyname.ParsePackage(pattern)
			if err != nil {
				p.note(pdmFile+"source "+name, "the pattern `%s` of its packages was left out: sources name each", pattern)
				continue
			}
			i.explicit = true
			p.draft.from(pkg, pinnedSource{fields: []toml.Field{{Key: "index", Value: toml.LitString(indexName(name))}}})
		}
		if s.Get("exclude_packages") != nil {
			p.note(pdmFile+"source "+name, "its `exclude_packages` has no counterpart and was left out")
		}
		p.index(i)
	}
}

// resolution carries over [tool.pdm.resolution].
func (p *pdmTable) resolution() {
	table := p.table.Get("resolution")
	if table != nil {
		p.emptied = append(p.emptied, "resolution")
	}
	for e := range table.Entries() {
		on, _ := e.Value.Bool()
		switch e.Key {
		case "allow-prereleases":
			if on {
				p.draft.set(toml.LitString("allow"), "tool", "uv", "prerelease")
			}
		case "excludes":
			l := p.draft.list("tool", "uv", "exclude-dependencies")
			for _, name := range texts(e.Value) {
				l.add(line{text: toml.LitString(name)})
			}
		case "overrides":
			p.overrides(e.Value)
		case "respect-source-order":
		default:
			p.note(pdmFile+"resolution."+e.Key, "has no counterpart and was left out")
		}
	}
}

func (p *pdmTable) overrides(v *toml.Value) {
	l := p.draft.list("tool", "uv", "override-dependencies")
	for _, text := range texts(v) {
		l.add(line{text: toml.LitString(text)})
	}
	for e := range v.Entries() {
		version, _ := e.Value.Text()
		switch {
		case strings.Contains(version, "://"):
			version = " @ " + version
		case version != "" && strings.IndexAny(version, "<>=!~") != 0:
			version = "==" + version
		}
		l.add(p.lineOf(e, toml.LitString(e.Key+version)))
	}
}

// rest deletes what was carried over, and tells what was not.
func (p *pdmTable) rest() {
	staying := 0
	for e := range p.table.Entries() {
		switch e.Key {
		case "distribution":
			if on, ok := e.Value.Bool(); ok && !on {
				p.draft.set(toml.LitBool(false), "tool", "uv", "package")
			}
			p.emptied = append(p.emptied, e.Key)
		case "version", "build":
			staying++ // for the build backend
		case "options", "plugins", "ignore_package_warnings", "strategy":
			p.note(pdmFile+e.Key, "has no counterpart; it stays in the file, which does no harm")
			staying++
		default:
			if !slices.Contains(p.emptied, e.Key) {
				staying++
			}
		}
	}
	if staying == 0 && p.table != nil {
		p.draft.delete("tool", "pdm")
		return
	}
	for _, key := range p.emptied {
		p.draft.delete("tool", "pdm", key)
	}
}

// tasks carries over [tool.pdm.scripts].
func (p *pdmTable) tasks() {
	scripts := p.table.Get("scripts")
	if scripts == nil {
		return
	}
	p.emptied = append(p.emptied, "scripts")
	for e := range scripts.Entries() {
		if e.Key == "_" {
			p.shared(e.Value)
			continue
		}
		value, ok := p.task(e, scripts)
		if ok {
			p.draft.table("tool", "tame", "tasks").set(e.Key, p.lineOf(e, value))
		}
	}
}

// shared are the options of all tasks.
func (p *pdmTable) shared(v *toml.Value) {
	for e := range v.Entries() {
		switch e.Key {
		case "env_file":
			if text, ok := e.Value.Text(); ok {
				p.draft.set(toml.LitString(text), "tool", "tame", "env-file")
				continue
			}
			p.note(pdmFile+"scripts._."+e.Key, "was left out: files do not take the place of what is set")
		case "env":
			for x := range e.Value.Entries() {
				p.draft.table("tool", "tame", "env").set(x.Key, p.lineOf(x, toml.Literal(x.Value.Raw())))
			}
		default:
			p.note(pdmFile+"scripts._."+e.Key, "has no counterpart and was left out")
		}
	}
}

// task is a script of pdm as a task.
func (p *pdmTable) task(e toml.Entry, scripts *toml.Value) (toml.Literal, bool) {
	if text, ok := e.Value.Text(); ok {
		return toml.LitString(text), true
	}
	where := pdmFile + "scripts." + e.Key
	var fields []toml.Field
	add := func(key string, value toml.Literal) { fields = append(fields, toml.Field{Key: key, Value: value}) }
	for o := range e.Value.Entries() {
		switch o.Key {
		case "cmd":
			if words := texts(o.Value); len(words) > 0 {
				add("cmd", toml.LitStrings(words...))
			} else {
				add("cmd", toml.Literal(o.Value.Raw()))
			}
		case "shell":
			add("shell", toml.Literal(o.Value.Raw()))
		case "call":
			text, _ := o.Value.Text()
			inner, err := toml.Parse("", []byte("x = "+string(callTask(text))))
			if err == nil {
				add("cmd", toml.Literal(inner.Lookup("x", "cmd").Raw()))
			}
		case "composite":
			steps, ok := composite(o.Value, scripts)
			if !ok {
				p.note(where, "runs tasks with arguments of their own, or commands, one after the other; it became a shell command")
				add("shell", toml.LitString(strings.Join(p.shellSteps(o.Value, scripts), " && ")))
				continue
			}
			add("depends-on", toml.LitStrings(steps...))
			add("sequential", toml.LitBool(true))
		case "help":
			add("description", toml.Literal(o.Value.Raw()))
		case "working_dir":
			add("cwd", toml.Literal(o.Value.Raw()))
		case "env":
			add("env", toml.Literal(inline(o.Value)))
		case "env_file":
			if text, ok := o.Value.Text(); ok {
				add("env-file", toml.LitString(text))
			} else {
				p.note(where+".env_file", "was left out: files do not take the place of what is set")
			}
		default:
			p.note(where+"."+o.Key, "has no counterpart and was left out")
		}
	}
	return toml.LitTable(fields...), len(fields) > 0
}

// composite are the tasks that a composite one runs, if it runs nothing else.
func composite(v, scripts *toml.Value) ([]string, bool) {
	steps := texts(v)
	for _, s := range steps {
		if scripts.Get(s) == nil {
			return nil, false
		}
	}
	return steps, true
}

func (p *pdmTable) shellSteps(v, scripts *toml.Value) []string {
	steps := texts(v)
	for i, s := range steps {
		name, _, _ := strings.Cut(s, " ")
		if scripts.Get(name) != nil {
			steps[i] = "tame run " + s
		}
	}
	return steps
}

// inline is a table of texts in one line.
func inline(v *toml.Value) toml.Literal {
	var fields []toml.Field
	for e := range v.Entries() {
		fields = append(fields, toml.Field{Key: e.Key, Value: toml.Literal(e.Value.Raw())})
	}
	return toml.LitTable(fields...)
}

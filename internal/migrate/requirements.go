package migrate

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/requirements"
)

// requirements converts requirements files. Of what pip-compile makes of another
// file only the versions are taken; where that other file is gone, so are the
// packages that it asked for, by the comments.
func (c *conversion) requirements() error {
	files := c.Files
	if len(files) == 0 {
		files = c.requirementsFiles()
	}
	if len(files) == 0 {
		return ErrNothing
	}
	q := &requirementsFiles{conversion: c, group: map[string]string{}, compiled: map[string]bool{}}
	for _, name := range files {
		if err := q.open(name); err != nil {
			return err
		}
	}
	q.leaveOutConstraints()
	c.findOwn(q.askForItself(), files)
	c.newProject()
	if c.own == nil {
		c.draft.list("project", "dependencies")
	}
	q.standBeside()
	for _, f := range q.files {
		if err := q.convert(f); err != nil {
			return err
		}
	}
	q.python()
	q.indexes()
	c.obsolete(slices.DeleteFunc(slices.Clone(files), c.setupReads)...)
	return nil
}

// askForItself reports whether a file asks for the project itself.
func (q *requirementsFiles) askForItself() bool {
	return slices.ContainsFunc(q.files, func(f *requirementsFile) bool {
		return slices.ContainsFunc(f.file.Requirements, func(e requirements.Entry) bool {
			return e.Unnamed != nil && isItself(e.GivenURL)
		})
	})
}

// standBeside makes groups of the files that would be the dependencies of the
// project, where setup.py has those and does not read these.
func (q *requirementsFiles) standBeside() {
	if q.own == nil {
		return
	}
	const group = "requirements"
	var groups []string
	for _, f := range q.files {
		if f.group == "" && !q.setupReads(f.name) {
			f.group, q.group[f.name] = group, group
		}
		if (f.group == group || f.group == "dev") && !slices.Contains(groups, f.group) {
			groups = append(groups, f.group)
		}
	}
	q.draft.defaultGroups(groups, true)
}

// leaveOutConstraints takes away the files that only limit others (`-c`): their
// content goes to the constraints.
func (q *requirementsFiles) leaveOutConstraints() {
	limits := map[string]bool{}
	for _, f := range q.files {
		for i := range f.file.Constraints {
			limits[path.Clean(f.file.Constraints[i].File)] = true
		}
	}
	q.files = slices.DeleteFunc(q.files, func(f *requirementsFile) bool {
		only := limits[f.name] && f.direct == nil && path.Ext(f.name) != ".in"
		if only {
			delete(q.group, f.name)
		}
		return only
	})
}

// python takes the Python that a file was compiled with for the oldest one.
func (q *requirementsFiles) python() {
	for _, f := range q.files {
		if v := strings.TrimSpace(f.python); isVersion(v) && q.lookup("project") == nil && (q.own == nil || q.own.python == nil) {
			q.draft.set(toml.LitString(">="+v), "project", "requires-python")
			return
		}
	}
}

// requirementsFiles are the files of the usual names: those that people write
// first, then those that are compiled.
func (c *conversion) requirementsFiles() []string {
	var out []string
	for _, name := range c.Names {
		dir, base := path.Split(name)
		if ext := path.Ext(base); ext != ".txt" && ext != ".in" {
			continue
		}
		if dir == "requirements/" || dir == "" && (strings.Contains(base, "requirements") || base == "constraints.txt" || base == "dev.in") {
			if base != "constraints.txt" {
				out = append(out, name)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b string) int {
		rank := func(name string) int {
			n := 0
			if path.Ext(name) != ".in" {
				n++
			}
			if groupOf(name) != "" {
				n += 2
			}
			return n
		}
		return rank(a) - rank(b)
	})
	return out
}

// groupOf is the dependency group that a file of requirements stands for, "" for
// the dependencies of the project.
func groupOf(name string) string {
	base := strings.TrimSuffix(path.Base(name), path.Ext(name))
	words := strings.FieldsFunc(strings.ToLower(base), func(r rune) bool { return r == '-' || r == '_' || r == '.' || r == ' ' })
	words = slices.DeleteFunc(words, func(w string) bool {
		switch w {
		case "requirements", "requirement", "reqs", "main", "base", "common", "prod", "production", "default", "core", "all", "lock":
			return true
		}
		return false
	})
	group := strings.Join(words, "-")
	switch group {
	case "develop", "development":
		return "dev"
	case "testing":
		return "test"
	}
	return group
}

// A requirementsFiles is a set of requirements files on their way.
type requirementsFiles struct {
	*conversion
	files    []*requirementsFile
	group    map[string]string // by file
	compiled map[string]bool
	seen     map[string]bool // indexes
	unread   map[string]bool // URLs that could not be read
}

type requirementsFile struct {
	name, text, group string
	file              *requirements.File
	// direct are the packages that a compiled file was asked for, nil for a file
	// that is not compiled. source is the file that asked, if it is there.
	direct map[pyname.Package]bool
	source bool
	python string // that it was compiled with
}

// open reads one file, and what it includes.
func (q *requirementsFiles) open(name string) error {
	text, err := q.Read(name)
	if err != nil {
		return err
	}
	f := &requirementsFile{name: name, text: string(text), group: groupOf(name)}
	f.file, err = requirements.Parse(name, text, requirements.Loader{Open: q.opener(), AnyEditable: true})
	if err != nil {
		return fmt.Errorf("reading `%s`: %w", name, err)
	}
	q.group[name] = f.group
	f.readComments(q.has)
	if f.direct != nil {
		q.compiled[name] = true
	}
	q.files = append(q.files, f)
	return nil
}

// opener reads files that others include, under whatever path they name them;
// not without end. One behind a URL is mostly a list of constraints that several
// projects share: without it the project can still be taken over.
func (q *requirementsFiles) opener() func(string) ([]byte, error) {
	const most = 20
	times := map[string]int{}
	return func(name string) ([]byte, error) {
		remote := strings.Contains(name, "://")
		if !remote {
			name = path.Clean(name)
		}
		if times[name]++; times[name] > most {
			return nil, errors.New("it includes itself")
		}
		text, err := q.Read(name)
		if remote && err != nil {
			if !q.unread[name] {
				q.note(name, "could not be read, and what it asks for was left out: %v", err)
			}
			if q.unread == nil {
				q.unread = map[string]bool{}
			}
			q.unread[name] = true
			return nil, nil
		}
		return text, err
	}
}

// readComments finds out what made a file, by its first lines, and who asked for
// its packages, by the comments `# via`.
func (f *requirementsFile) readComments(has func(string) bool) {
	head := f.text[:min(len(f.text), 1000)]
	sibling := path.Ext(f.name) == ".txt" && has(strings.TrimSuffix(f.name, ".txt")+".in")
	// It can be told to write no header, or no comments.
	if !strings.Contains(head, "autogenerated by") && !strings.Contains(f.text, "\n    # via") && !sibling {
		return
	}
	if _, version, ok := strings.Cut(strings.ToLower(head), "with python "); ok {
		f.python, _, _ = strings.Cut(version, "\n")
	}
	f.source = sibling || strings.Contains(head, "pyproject.toml") && has("pyproject.toml")
	f.direct = map[pyname.Package]bool{}
	var current pyname.Package
	for l := range strings.Lines(f.text) {
		before, comment, _ := strings.Cut(strings.TrimSpace(l), "#")
		if spec := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(before), "\\")); spec != "" && !strings.HasPrefix(spec, "-") {
			if n, err := pyname.ParsePackage(bareName(spec)); err == nil {
				current = n
			}
		}
		if current != "" && (strings.Contains(comment, "-r ") || strings.Contains(comment, "(pyproject.toml)") || strings.Contains(comment, "(setup.py)")) {
			f.direct[current] = true
		}
	}
	for l := range strings.Lines(f.text) { // -e and URLs have no name
		if strings.HasPrefix(l, "-e ") {
			f.direct["-e"] = true
		}
	}
}

// convert puts the requirements of a file where they belong.
func (q *requirementsFiles) convert(f *requirementsFile) error {
	for _, w := range f.file.Warnings {
		switch {
		case w.Option == "--pre":
			q.draft.set(toml.LitString("allow"), "tool", "uv", "prerelease")
		case w.Option == "--trusted-host":
			q.note(fmt.Sprintf("%s:%d", w.File, w.Line), "`--trusted-host` is `--allow-insecure-host`, and was left out")
		default:
			q.note(fmt.Sprintf("%s:%d", w.File, w.Line), "`%s` has no counterpart and was left out", w.Option)
		}
	}
	q.options(f)
	if f.direct != nil {
		q.pins(f)
		if f.source {
			return nil
		}
	}
	target := []string{"project", "dependencies"}
	if f.group != "" {
		if _, err := pyname.ParseGroup(f.group); err != nil {
			return fmt.Errorf("the file `%s` has no name that a dependency group can have: %w", f.name, err)
		}
		target = []string{"dependency-groups", f.group}
	}
	if f.group == "" && q.own != nil {
		return nil // setup.py reads the file
	}
	if len(target) == 2 && target[0] == "project" && q.lookup("project") != nil && slices.Contains(texts(q.lookup("project", "dynamic")), "dependencies") {
		q.note(f.name, "project.dependencies is dynamic: its build backend reads them")
		return nil
	}
	l := q.draft.list(target...)
	included := map[string]bool{}
	for i := range f.file.Requirements {
		e := &f.file.Requirements[i]
		if from := path.Clean(e.File); from != f.name && q.included(from) {
			if !included[from] {
				included[from] = true
				q.include(l, f, from)
			}
			continue
		}
		if f.direct != nil && (e.Requirement == nil && !f.direct["-e"] || e.Requirement != nil && !e.Editable && !f.direct[e.Requirement.Name]) {
			continue
		}
		q.add(l, f, e)
	}
	q.constraints(f)
	return nil
}

// included reports whether a file that another one includes is converted too.
func (q *requirementsFiles) included(name string) bool {
	_, ok := q.group[name]
	return ok
}

// include has a group include that of another file. The dependencies of the
// project are installed with each of them.
func (q *requirementsFiles) include(l *list, f *requirementsFile, from string) {
	group := q.group[from]
	switch {
	case group == "" || group == f.group:
	case f.group == "":
		q.note(f.name, "includes `%s`, which became the group `%s`; the project does not depend on it", from, group)
	default:
		l.add(line{text: toml.LitTable(toml.Field{Key: "include-group", Value: toml.LitString(group)})})
	}
}

// add puts one requirement into a list.
func (q *requirementsFiles) add(l *list, f *requirementsFile, e *requirements.Entry) {
	if e.Requirement == nil {
		q.addUnnamed(l, e)
		return
	}
	r := *e.Requirement
	if r.URL != "" && (e.Editable || strings.HasPrefix(r.URL, "git+") || !strings.Contains(r.URL, "://") || strings.HasPrefix(r.URL, "file:")) {
		q.draft.from(r.Name, pinnedSource{fields: urlSource(e.GivenURL, e.Editable), marker: r.Marker.String()})
		r.URL = ""
	}
	if f.direct != nil { // what was asked for is not known, only what came of it
		if s := r.Specifiers.String(); strings.HasPrefix(s, "==") && !strings.Contains(s, ",") {
			r, _ = pep508.Parse(strings.Replace(r.String(), "==", ">=", 1))
		}
	}
	n := line{text: toml.LitString(r.String())}
	if f.direct == nil && e.File == f.name {
		n.above, n.behind = lineComments(f.text, e.Line)
	}
	l.add(n)
}

// addUnnamed puts a URL or path without a name into a list, if the name can be
// told.
func (q *requirementsFiles) addUnnamed(l *list, e *requirements.Entry) {
	where := fmt.Sprintf("%s:%d", e.File, e.Line)
	location, fragment, _ := strings.Cut(e.GivenURL, "#")
	if isItself(location) { // it is installed anyway, but for its extras
		if q.own != nil && len(e.Unnamed.Extras) > 0 {
			l.add(line{text: toml.LitString(pep508.Requirement{Name: q.own.name, Extras: e.Unnamed.Extras, Marker: e.Unnamed.Marker}.String())})
		}
		return
	}
	r := pep508.Requirement{Extras: e.Unnamed.Extras, Marker: e.Unnamed.Marker}
	for part := range strings.SplitSeq(fragment, "&") {
		if egg, ok := strings.CutPrefix(part, "egg="); ok {
			if named, err := pep508.Parse(egg); err == nil {
				r.Name, r.Extras = named.Name, append(r.Extras, named.Extras...)
			}
		}
	}
	if r.Name == "" {
		r.Name = q.nameAt(location)
	}
	if r.Name == "" {
		q.note(where, "`%s` has no name, and was left out: `add` it", location)
		return
	}
	q.draft.from(r.Name, pinnedSource{fields: urlSource(e.GivenURL, e.Editable), marker: r.Marker.String()})
	l.add(line{text: toml.LitString(r.String())})
}

// nameAt is the name of what a path or URL leads to: by its pyproject.toml, its
// file name, or the name of its repository.
func (q *requirementsFiles) nameAt(location string) pyname.Package {
	if !strings.Contains(location, "://") {
		text, err := q.Read(path.Join(location, "pyproject.toml"))
		if err == nil {
			if doc, err := toml.Parse("pyproject.toml", text); err == nil {
				n, _ := pyname.ParsePackage(field(doc.Root(), "project", "name") + field(doc.Root(), "tool", "poetry", "name"))
				return n
			}
		}
	}
	base := path.Base(location)
	if strings.HasSuffix(base, ".whl") || strings.HasSuffix(base, ".tar.gz") || strings.HasSuffix(base, ".zip") {
		bare, rest, ok := strings.Cut(base, "-")
		if ok && rest != "" && rest[0] >= '0' && rest[0] <= '9' {
			n, _ := pyname.ParsePackage(bare)
			return n
		}
		return ""
	}
	if strings.HasPrefix(location, "git+") {
		if at := strings.LastIndexByte(base, '@'); at > 0 {
			base = base[:at]
		}
		n, _ := pyname.ParsePackage(strings.TrimSuffix(base, ".git"))
		return n
	}
	return ""
}

// constraints carries over what `-c` names, unless that is the lock of another
// file.
func (q *requirementsFiles) constraints(f *requirementsFile) {
	for i := range f.file.Constraints {
		e := &f.file.Constraints[i]
		from := path.Clean(e.File)
		if e.Requirement == nil || q.compiled[from] || q.included(from) {
			continue
		}
		stem := strings.TrimSuffix(from, path.Ext(from))
		if path.Ext(from) == ".txt" && q.has(stem+".in") {
			continue
		}
		q.draft.list("tool", "uv", "constraint-dependencies").add(line{text: toml.LitString(e.Requirement.String())})
	}
}

// pins are the versions of a compiled file.
func (q *requirementsFiles) pins(f *requirementsFile) {
	for i := range f.file.Requirements {
		e := &f.file.Requirements[i]
		if e.Requirement == nil || e.File != f.name {
			continue
		}
		if version, ok := strings.CutPrefix(e.Requirement.Specifiers.String(), "=="); ok {
			q.pin(string(e.Requirement.Name), version, e.Requirement.Marker.String())
		}
	}
}

// options carries over the options of a file.
func (q *requirementsFiles) options(f *requirementsFile) {
	o := &f.file.Options
	if q.seen == nil {
		q.seen = map[string]bool{}
	}
	add := func(location string, i index) {
		if q.seen[location] || isPublicIndex(location) {
			return
		}
		q.seen[location] = true
		i.url = location
		q.index(i)
	}
	for _, x := range o.ExtraIndexURLs {
		add(x.Given, index{})
	}
	if o.IndexURL != nil {
		add(o.IndexURL.Given, index{main: true})
	}
	if o.NoIndex {
		q.draft.set(toml.LitBool(true), "tool", "uv", "no-index")
	}
	for key, values := range map[string][]string{"find-links": locations(o.FindLinks), "no-binary-package": o.NoBinary, "no-build-package": o.OnlyBinary} {
		for _, v := range values {
			if v == ":all:" {
				q.draft.set(toml.LitBool(true), "tool", "uv", strings.TrimSuffix(key, "-package"))
				continue
			}
			q.draft.list("tool", "uv", key).add(line{text: toml.LitString(v)})
		}
	}
}

func locations(all []requirements.Location) []string {
	out := make([]string, len(all))
	for i := range all {
		out[i] = all[i].Given
	}
	return out
}

// indexes says what differs where there are several indexes.
func (q *requirementsFiles) indexes() {
	if len(q.seen) > 1 || len(q.seen) == 1 && len(q.draft.tables) > 0 {
		for _, t := range q.draft.tables {
			if t.array && t.lines["default"].text == "" {
				q.note("--extra-index-url", "pip takes the best of all indexes; here the first index that has a package decides (`index-strategy` changes that)")
				return
			}
		}
	}
}

// lineComments are the comments of a line of requirements, which are counted
// from 1.
func lineComments(text string, at int) (above []string, behind string) {
	lines := strings.Split(text, "\n")
	if at < 1 || at > len(lines) {
		return nil, ""
	}
	for i := at - 2; i >= 0; i-- {
		l := strings.TrimSpace(lines[i])
		if !strings.HasPrefix(l, "#") {
			break
		}
		above = append(above, l)
	}
	slices.Reverse(above)
	if i := strings.Index(lines[at-1], " #"); i >= 0 {
		behind = strings.TrimSpace(lines[at-1][i:])
	}
	return above, behind
}

package backend

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// A project is a pyproject.toml as the backend needs it. It is read strictly: a
// value of another type than the standards have is an error.
type project struct {
	file  *pyproject.File
	text  []byte // as it is on the disk
	name  pyname.Package
	given string // the name as written

	version      pep440.Version
	fromVCS      bool // the version is not written, see [Options.Version]
	description  *string
	readme       *readme
	python       *pep440.Specifiers
	license      license
	licenseFiles *[]string
	authors      []person
	maintainers  []person
	keywords     *[]string
	classifiers  []string
	urls         []pair

	scripts, guiScripts []pair // sorted by name; nil if there is no such table
	entryPoints         []pairs
	hasEntryPoints      bool // one of the three tables is there

	requires   []pep508.Requirement
	optional   []extra // sorted by name
	imports    *[]string
	namespaces *[]string
	dynamic    []string
	build      buildSystem
	settings   settings
}

type (
	pair  struct{ key, value string }
	pairs struct {
		group string
		items []pair
	}
	extra struct {
		name     pyname.Extra
		requires []pep508.Requirement
	}
	person struct{ name, email *string }
	// license is at most one of its parts.
	license struct{ expression, text, file *string }
	// readme has a file or a text.
	readme struct {
		file, text, contentType, charset *string
	}
	buildSystem struct {
		requires []pep508.Requirement
		written  []string // the same as they are written
		backend  string
	}
)

// distName is the name as it is part of file names: with underscores.
func (p *project) distName() string { return strings.ReplaceAll(string(p.name), "-", "_") }

// stem is the beginning of all names in the artifacts.
func (p *project) stem() string { return p.distName() + "-" + p.version.String() }

// readProject reads the pyproject.toml of a source tree.
func readProject(o *Options) (*project, error) {
	path := filepath.Join(o.Dir, "pyproject.toml")
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	file, err := pyproject.Parse(path, text)
	if err != nil {
		return nil, &FormatError{path, err}
	}
	p := &project{file: file, text: text}
	r := reader{}
	p.read(&r)
	if r.err != nil {
		return nil, &FormatError{path, r.err}
	}
	if p.fromVCS {
		return p, p.findVersion(o)
	}
	return p, nil
}

// FormatError tells that a pyproject.toml can not be read as what it should be.
type FormatError struct {
	Path string
	Err  error
}

// Error implements error.
func (e *FormatError) Error() string {
	return fmt.Sprintf("invalid metadata format in %s: %s", e.Path, e.Err)
}

// Unwrap returns what is wrong.
func (e *FormatError) Unwrap() error { return e.Err }

func (p *project) read(r *reader) {
	if !p.file.HasProject() {
		r.fail(errors.New("missing field `project`"))
		return
	}
	project, err := p.file.Project()
	if err != nil {
		r.fail(err)
		return
	}
	t := p.file.Root().Get("project")
	p.name, p.given, p.python, p.dynamic = project.Name, project.RawName, project.RequiresPython, project.Dynamic
	p.fromVCS = !p.file.Tool("tame").Get("version", "from").IsZero() && project.IsDynamic("version")
	switch {
	case project.Version != nil:
		p.version = *project.Version
	case !p.fromVCS:
		r.fail(withHint(t.Errorf("missing field `version`"), "a version can be taken from the tags of git: see `[tool.tame.version]` in the documentation of `build`"))
	}
	p.readDetails(r, t)
	p.readRequirements(r, project)
	p.readBuildSystem(r)
	p.settings = readSettings(r, p.file.Tool("uv").Get("build-backend"))
}

func (p *project) readDetails(r *reader, t pyproject.Value) {
	p.description = r.text(t, "description")
	p.readme = readReadme(r, t.Get("readme"))
	p.license = readLicense(r, t.Get("license"))
	p.licenseFiles = r.texts(t, "license-files")
	p.authors, p.maintainers = readPeople(r, t.Get("authors")), readPeople(r, t.Get("maintainers"))
	p.keywords = r.texts(t, "keywords")
	p.urls = r.pairs(t.Get("urls"))
	p.imports, p.namespaces = r.texts(t, "import-names"), r.texts(t, "import-namespaces")
	if list := r.texts(t, "classifiers"); list != nil {
		p.classifiers = *list
		for i, c := range p.classifiers {
			if parts := strings.Split(c, " :: "); len(parts) < 2 || slices.Contains(parts, "") {
				r.fail(elem(t.Get("classifiers"), i).Errorf("`project.classifiers` contains an invalid classifier: %s", c))
			}
		}
	}
	for _, key := range []string{"scripts", "gui-scripts", "entry-points"} {
		p.hasEntryPoints = p.hasEntryPoints || !t.Get(key).IsZero()
	}
	if p.scripts = r.pairs(t.Get("scripts")); p.scripts == nil && !t.Get("scripts").IsZero() {
		p.scripts = []pair{}
	}
	if p.guiScripts = r.pairs(t.Get("gui-scripts")); p.guiScripts == nil && !t.Get("gui-scripts").IsZero() {
		p.guiScripts = []pair{}
	}
	byKey := func(a, b pair) int { return cmp.Compare(a.key, b.key) }
	slices.SortFunc(p.scripts, byKey)
	slices.SortFunc(p.guiScripts, byKey)
	for group, v := range r.table(t.Get("entry-points")).Entries() {
		items := r.pairs(v)
		slices.SortFunc(items, byKey)
		p.entryPoints = append(p.entryPoints, pairs{group, items})
	}
	slices.SortFunc(p.entryPoints, func(a, b pairs) int { return cmp.Compare(a.group, b.group) })
}

func elem(v pyproject.Value, n int) pyproject.Value {
	for i, e := range v.Elems() {
		if i == n {
			return e
		}
	}
	return v
}

func (p *project) readRequirements(r *reader, project *pyproject.Project) {
	p.requires = r.requirements(project.Dependencies)
	for _, o := range project.Optional {
		p.optional = append(p.optional, extra{o.Extra, r.requirements(o.Dependencies)})
	}
	slices.SortFunc(p.optional, func(a, b extra) int { return cmp.Compare(a.name, b.name) })
}

func (p *project) readBuildSystem(r *reader) {
	b, err := p.file.BuildSystem()
	switch {
	case err != nil:
		r.fail(err)
	case b == nil:
		r.fail(errors.New("missing field `build-system`"))
	default:
		p.build = buildSystem{requires: r.requirements(b.Requires), backend: b.Backend}
		for _, d := range b.Requires {
			p.build.written = append(p.build.written, d.Text)
		}
	}
}

func readReadme(r *reader, v pyproject.Value) *readme {
	if v.IsZero() {
		return nil
	}
	if file, ok := v.Text(); ok {
		return &readme{file: &file}
	}
	t := r.table(v)
	out := &readme{file: r.text(t, "file"), text: r.text(t, "text"), contentType: r.text(t, "content-type"), charset: r.text(t, "charset")}
	if t.IsTable() && (out.contentType == nil || out.file == nil && out.text == nil) {
		r.fail(v.Errorf("a readme needs `file` or `text`, and `content-type`"))
	}
	return out
}

func readLicense(r *reader, v pyproject.Value) license {
	if v.IsZero() {
		return license{}
	}
	if expression, ok := v.Text(); ok {
		return license{expression: &expression}
	}
	t := r.table(v)
	if text := r.text(t, "text"); text != nil {
		return license{text: text}
	}
	file := r.text(t, "file")
	if t.IsTable() && file == nil {
		r.fail(v.Errorf("a license needs `text` or `file`"))
	}
	return license{file: file}
}

func readPeople(r *reader, v pyproject.Value) []person {
	if !v.IsZero() && !v.IsArray() {
		r.fail(v.Errorf("invalid type: %s, expected a sequence", v.Kind()))
	}
	var out []person
	for _, e := range v.Elems() {
		t := r.table(e)
		for key := range t.Entries() {
			if key != "name" && key != "email" {
				r.fail(t.KeyErrorf(key, "expected a table with 'name' and/or 'email' keys"))
			}
		}
		who := person{r.text(t, "name"), r.text(t, "email")}
		if t.IsTable() && who == (person{}) {
			r.fail(e.Errorf("expected a table with 'name' and/or 'email' keys"))
		}
		out = append(out, who)
	}
	return out
}

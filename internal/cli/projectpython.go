package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// projectPython is what a project or workspace says about Python.
type projectPython struct {
	root      string // of the workspace
	name      string // of the project at the root; "" if there is none
	named     bool   // it has a [project] table
	members   int
	demands   []pythonDemand
	requires  pep440.Specifiers // all together; empty if nothing is required
	satisfied pep440.Set
}

// A pythonDemand is one requires-python.
type pythonDemand struct {
	project string
	group   pyname.Group // of whose table, or none
	text    pep440.Specifiers
}

// where names the key that demands something.
func (d pythonDemand) where(several bool) string {
	key := "project.requires-python"
	if d.group != "" {
		key = "tool.uv.dependency-groups." + string(d.group) + ".requires-python"
	}
	if several {
		return d.project + ": " + key
	}
	return key
}

// findProjectPython reads the requires-python of the project that a directory
// is in, with those of its workspace and, if wanted, of the dependency groups
// that are installed by default. It returns nil if there is no project. A
// project that cannot be read is warned of.
func (a *app) findProjectPython(dir string, groups bool) (*projectPython, error) {
	files := projectFiles{}
	own, at := files.nearest(dir)
	if own == nil {
		return nil, nil
	}
	if own.err != nil {
		a.print.Warn("cannot read `%s` while looking for a project: %v", a.shown(filepath.Join(at, "pyproject.toml")), own.err)
		return nil, nil
	}
	p := &projectPython{root: at, named: own.file.HasProject()}
	if !p.named && !own.isWorkspace() && own.file.Root().Get("dependency-groups").IsZero() {
		return nil, nil
	}
	root := own
	if !own.isWorkspace() {
		if above, dir := files.nearest(filepath.Dir(at)); above != nil && dir != at && above.err == nil && above.isWorkspace() && above.includes(dir, at) {
			root, p.root = above, dir
		}
	}
	all := []*projectFile{root}
	if root.isWorkspace() {
		all = append(all, files.members(root, p.root)...)
	}
	p.members = len(all)
	p.name, _ = root.file.Root().Get("project", "name").Text()
	for _, f := range all {
		p.demands = append(p.demands, f.demands(groups)...)
	}
	return p, p.combine()
}

// combine intersects the demands.
func (p *projectPython) combine() error {
	p.satisfied = pep440.Full()
	for _, d := range p.demands {
		p.satisfied = p.satisfied.Intersect(pep440.ReleaseSet(d.text))
	}
	switch {
	case p.satisfied.IsEmpty():
		text := "found conflicting Python requirements:"
		for _, d := range p.demands {
			name := d.project
			if d.group != "" {
				name += ":" + string(d.group)
			}
			text += "\n- " + name + ": " + d.text.String()
		}
		return errors.New(text)
	case len(p.demands) == 1:
		p.requires = p.demands[0].text
	case len(p.demands) > 1:
		p.requires = pep440.ReleaseSpecifiers(p.satisfied)
	}
	return nil
}

// admits reports whether a version satisfies the project. No project demands
// nothing.
func (p *projectPython) admits(v pep440.Version) bool {
	return p == nil || p.satisfied.Contains(v.OnlyRelease())
}

// refusals names the demands that a version does not satisfy.
func (p *projectPython) refusals(v pep440.Version) string {
	var out []string
	for _, d := range p.demands {
		if !pep440.ReleaseSet(d.text).Contains(v.OnlyRelease()) {
			out = append(out, "`"+d.where(p.members > 1)+"`")
		}
	}
	return strings.Join(out, ", ")
}

// A pythonChoice is which Python to look for, and on whose word.
type pythonChoice struct {
	request python.Request
	given   bool                // by the person
	file    *python.VersionFile // or by this file, else by the project
	project *projectPython
}

// choosePython decides which Python to look for: what is asked for, else a
// version file, else what the project requires.
func (a *app) choosePython(asked *string, dir string, p *projectPython) (pythonChoice, error) {
	c := pythonChoice{project: p}
	if asked != nil && *asked != "" {
		c.request, c.given = python.ParseRequest(*asked, a.dir), true
		return c, nil
	}
	o, err := a.versionFiles()
	if err != nil {
		return c, err
	}
	if p != nil {
		o.StopAt = p.root
	}
	file, err := python.FindVersionFile(dir, o)
	if err != nil {
		return c, err
	}
	a.warnIgnored(file)
	if file != nil && !a.outOfPlace(file, p) {
		c.file = file
		c.request, _ = file.Request()
		return c, nil
	}
	if p != nil {
		c.request = python.RangeRequest(p.requires)
	}
	return c, nil
}

// outOfPlace reports whether a person's own version file does not fit the
// project, which then has its way.
func (a *app) outOfPlace(file *python.VersionFile, p *projectPython) bool {
	global, ok := python.GlobalVersionFile(a.lookup)
	if !ok || file.Path != global || p == nil {
		return false
	}
	r, _ := file.Request()
	v, ok := r.PEP440()
	return ok && !p.admits(v)
}

func (a *app) lookup(name string) string { return a.env[name] }

func (a *app) versionFiles() (python.VersionFileOptions, error) {
	noConfig, err := a.flagOrEnv(a.global.noConfig, "UV_NO_CONFIG")
	return python.VersionFileOptions{NoConfig: isTrue(noConfig), Getenv: a.lookup}, err
}

func (a *app) warnIgnored(file *python.VersionFile) {
	if file == nil {
		return
	}
	for _, line := range file.Ignored {
		a.print.Warn("ignoring unsupported Python request `%s` in version file: %s", line, file.Path)
	}
}

// warnIncompatible says that the Python that was found is not one that the
// project allows.
func (a *app) warnIncompatible(c pythonChoice, i *python.Interpreter) {
	p := c.project
	if p.admits(i.Version) {
		return
	}
	where := " (from " + p.refusals(i.Version) + ")"
	switch {
	case c.given:
		a.print.Warn("the requested interpreter resolved to Python %s, which is incompatible with the project's Python requirement: `%s`%s", i.Version, p.requires, where)
	case c.file != nil:
		a.print.Warn("the Python request from `%s` resolved to Python %s, which is incompatible with the project's Python requirement: `%s`%s\n"+
			"Use `%s python pin` to update the `.python-version` file to a compatible version", a.shown(c.file.Path), i.Version, p.requires, where, a.name)
	default:
		a.print.Warn("the resolved Python interpreter (Python %s) is incompatible with the project's Python requirement: `%s`%s", i.Version, p.requires, where)
	}
}

// projectFiles reads each pyproject.toml once.
type projectFiles map[string]*projectFile

type projectFile struct {
	file *pyproject.File
	err  error
}

// nearest is the pyproject.toml in a directory or the nearest one above.
func (files projectFiles) nearest(dir string) (*projectFile, string) {
	for {
		if f := files.read(dir); f != nil {
			return f, dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return nil, ""
		}
		dir = parent
	}
}

func (files projectFiles) read(dir string) *projectFile {
	if f, ok := files[dir]; ok {
		return f
	}
	path := filepath.Join(dir, "pyproject.toml")
	text, err := os.ReadFile(path)
	var f *projectFile
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		f = &projectFile{err: err}
	default:
		f = &projectFile{}
		f.file, f.err = pyproject.Parse(path, text)
	}
	files[dir] = f
	return f
}

func (f *projectFile) isWorkspace() bool {
	return !f.file.Root().Get("tool", "uv", "workspace").IsZero()
}

func (f *projectFile) patterns(key string) []string {
	list, _ := f.file.Root().Get("tool", "uv", "workspace", key).Strings()
	return list
}

// includes reports whether a directory is a member of the workspace.
func (f *projectFile) includes(root, dir string) bool {
	rel, err := filepath.Rel(root, dir)
	if err != nil {
		return false
	}
	matches := func(pattern string) bool {
		ok, err := doublestar.Match(filepath.ToSlash(filepath.Clean(pattern)), filepath.ToSlash(rel))
		return ok && err == nil
	}
	return slices.ContainsFunc(f.patterns("members"), matches) && !slices.ContainsFunc(f.patterns("exclude"), matches)
}

// members are the other projects of a workspace.
func (files projectFiles) members(f *projectFile, root string) []*projectFile {
	var dirs []string
	for _, pattern := range f.patterns("members") {
		found, _ := doublestar.Glob(os.DirFS(root), filepath.ToSlash(filepath.Clean(pattern)))
		for _, name := range found {
			if dir := filepath.Join(root, name); dir != root && !slices.Contains(dirs, dir) && f.includes(root, dir) {
				dirs = append(dirs, dir)
			}
		}
	}
	slices.Sort(dirs)
	var out []*projectFile
	for _, dir := range dirs {
		if member := files.read(dir); member != nil && member.err == nil && member.file.HasProject() {
			out = append(out, member)
		}
	}
	return out
}

// demands are the requires-python of one file.
func (f *projectFile) demands(groups bool) []pythonDemand {
	root := f.file.Root()
	name, _ := root.Get("project", "name").Text()
	var out []pythonDemand
	add := func(group pyname.Group, text string) {
		if specifiers, err := pep440.ParseSpecifiers(text); err == nil && len(specifiers) > 0 {
			out = append(out, pythonDemand{name, group, specifiers})
		}
	}
	if text, ok := root.Get("project", "requires-python").Text(); ok {
		add("", text)
	}
	if !groups {
		return out
	}
	for group, table := range root.Get("tool", "uv", "dependency-groups").Entries() {
		text, ok := table.Get("requires-python").Text()
		if g, err := pyname.ParseGroup(group); ok && err == nil && f.installsByDefault(g) {
			add(g, text)
		}
	}
	return out
}

// installsByDefault reports whether a group is among the default ones.
func (f *projectFile) installsByDefault(group pyname.Group) bool {
	chosen := f.file.Root().Get("tool", "uv", "default-groups")
	if text, ok := chosen.Text(); ok {
		return text == "all"
	}
	names, ok := chosen.Strings()
	if !ok {
		return group == "dev"
	}
	return slices.ContainsFunc(names, func(n string) bool {
		g, err := pyname.ParseGroup(n)
		return err == nil && g == group
	})
}

// project says what kind of thing demands, for messages.
func (p *projectPython) kind() string {
	if p.named {
		return "project"
	}
	return "workspace"
}

// checkPin refuses a pin that the project does not allow. version is that of
// the request or, with resolved, of the interpreter found for it.
func (p *projectPython) checkPin(r python.Request, version pep440.Version, resolved, existing bool) error {
	if p.admits(version) {
		return nil
	}
	given, which := "requested", ""
	if existing {
		given = "pinned"
	}
	if resolved {
		which = fmt.Sprintf(" resolves to `%s` which ", version)
	}
	return fmt.Errorf("the %s Python version `%s`%s is incompatible with the %s `requires-python` value of `%s`", given, r.Canonical(), which, p.kind(), p.requires)
}

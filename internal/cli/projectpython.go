package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// projectPython is what a project, workspace or script says about Python.
type projectPython struct {
	root  string // of the workspace
	name  string // of the project at the root; "" if there is none
	named bool   // it has a [project] table
	project.Pythons
}

// findProjectPython reads the requires-python of the workspace that a directory
// is in and, if wanted, of the dependency groups that are installed by default. It
// returns nil if there is no project. A project that cannot be read is warned of.
func (a *app) findProjectPython(dir string, groups bool) (*projectPython, error) {
	w, own, err := workspace.Discover(a.ctx, dir, workspace.DiscoverOptions{Files: a.projectFiles(), CacheDir: a.cacheDir()})
	switch {
	case errors.Is(err, workspace.ErrNone), errors.Is(err, workspace.ErrNoProject), errors.Is(err, workspace.ErrUnmanaged):
		return nil, nil
	case err != nil:
		a.print.Warn("%v", err)
		return nil, nil
	}
	p := &projectPython{root: w.Root, named: own != nil}
	if root := w.At(w.Root); root != nil {
		p.name = string(root.Name)
	}
	var chosen func(pyname.Group) bool
	if groups {
		file := w.File
		if own != nil {
			file = own.File
		}
		names, all, err := workspace.DefaultGroups(file)
		if err != nil {
			return nil, err
		}
		chosen = func(g pyname.Group) bool { return all || slices.Contains(names, g) }
	}
	demands, err := project.Demands(w, chosen)
	if err != nil {
		a.print.Warn("%v", err)
		return nil, nil
	}
	p.Pythons, err = project.PythonsOf(demands, len(w.Members) > 1)
	return p, err
}

// admits reports whether a version satisfies the project. No project demands
// nothing.
func (p *projectPython) admits(v pep440.Version) bool { return p == nil || p.Admits(v) }

// requires are all demands together; empty if nothing is required.
func (p *projectPython) requires() pep440.Specifiers {
	if p.Open {
		return nil
	}
	return p.Range.Specifiers()
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
		c.request = python.RangeRequest(p.requires())
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
	where := p.Refusals(i.Version)
	switch {
	case c.given:
		a.print.Warn("the requested interpreter resolved to Python %s, which is incompatible with the project's Python requirement: `%s`%s", i.Version, p.requires(), where)
	case c.file != nil:
		a.print.Warn("the Python request from `%s` resolved to Python %s, which is incompatible with the project's Python requirement: `%s`%s\n"+
			"Use `%s python pin` to update the `.python-version` file to a compatible version", a.shown(c.file.Path), i.Version, p.requires(), where, a.name)
	default:
		a.print.Warn("the resolved Python interpreter (Python %s) is incompatible with the project's Python requirement: `%s`%s", i.Version, p.requires(), where)
	}
}

// kind says what kind of thing demands, for messages.
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
	return fmt.Errorf("the %s Python version `%s`%s is incompatible with the %s `requires-python` value of `%s`", given, r.Canonical(), which, p.kind(), p.requires())
}

package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/venv"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyproject"
)

// plainBase finds the Python for a run without project and script metadata: a
// virtual environment at hand, or any other Python.
func (r *running) plainBase(ctx context.Context) error {
	a := r.app
	f, err := a.finder()
	if err != nil {
		return err
	}
	c, err := a.choosePython(a.textOrEnv(r.flags.python, "UV_PYTHON"), r.projectDir(), nil)
	if err != nil {
		return err
	}
	where := python.AnyEnvironment
	if a.cell != "" {
		where = python.OnlyOutside
	}
	found, err := f.FindOrDownload(ctx, c.request, where)
	if err != nil {
		return err
	}
	a.print.Debug("Using Python %s interpreter at: %s", found.Version, found.Executable)
	r.python = found.Interpreter
	isolated, err := a.flagOrEnv(r.flags.isolated, "UV_ISOLATED")
	if err != nil {
		return err
	}
	if !isTrue(isolated) && a.cell == "" {
		r.base = python.NewEnvironment(found.Interpreter)
	}
	return nil
}

// readScript reads the metadata of the script to run, if there is any; its
// settings come before those of files, which are looked for beside it.
func (r *running) readScript() error {
	a, t := r.app, r.target
	if t == nil {
		return nil
	}
	if dir := r.projectDir(); dir != a.settingsFrom {
		if err := a.loadSettings(dir); err != nil {
			return err
		}
	}
	if !t.isScript() || t.text == nil {
		return nil
	}
	name := first(t.origin, t.name)
	if name == "-" {
		name = "stdin"
	}
	var err error
	if r.script, err = a.parseScript(name, t.text); err != nil || r.script == nil {
		return err
	}
	a.print.Debug("Reading inline script metadata from `%s`", name)
	if r.scriptSettings, err = config.FromScript(name, r.scriptDir(), r.script.Metadata()); err != nil {
		return err
	}
	a.config = config.Combine(r.scriptSettings, a.config)
	a.warnUnknownPreviews()
	return nil
}

// scriptDir is what paths in the script's metadata are relative to.
func (r *running) scriptDir() string {
	if r.target.file == "" {
		return r.app.dir
	}
	return filepath.Dir(r.target.file)
}

// checkUnlocked refuses what is asked about the lock of a script that has none.
func (r *running) checkUnlocked() error {
	a, p := r.app, &r.flags.project
	for _, flag := range []struct {
		name            string
		given, variable *bool
	}{{"--locked", p.locked, a.vars.Locked}, {"--frozen", p.frozen, a.vars.Frozen}} {
		switch {
		case isTrue(flag.given):
			return withHint(fmt.Errorf("unable to find lockfile for Python script, but `%s` was provided", flag.name), "to create a lockfile, run `%s lock --script`", a.name)
		case flag.given == nil && isTrue(flag.variable):
			a.print.Warn("No lockfile found for Python script (ignoring `%s`); run `%s lock --script` to generate a lockfile", flag.name, a.name)
		}
	}
	return nil
}

// scriptBase finds or makes the environment of a script with metadata. A script
// without dependencies has none of its own.
func (r *running) scriptBase(ctx context.Context) error {
	a := r.app
	if p, err := r.lockedScript(ctx); err != nil {
		return err
	} else if p != nil {
		return r.lockedScriptBase(ctx, p)
	}
	if err := r.checkUnlocked(); err != nil {
		return err
	}
	f, err := a.finder()
	if err != nil {
		return err
	}
	c, err := r.scriptPython()
	if err != nil {
		return err
	}
	if list := r.script.Root().Get("dependencies"); list.IsZero() || list.IsArray() && list.Len() == 0 {
		found, err := r.findScriptPython(ctx, f, c)
		if err != nil {
			return err
		}
		r.python = found.Interpreter
		return nil
	}
	root, err := r.scriptRoot(ctx)
	if err != nil {
		return err
	}
	s := &scriptEnvironment{running: r, finder: f, choice: c, root: root}
	if err := s.ready(ctx); err != nil {
		return err
	}
	r.python, r.base = s.env.Interpreter, s.env
	return nil
}

// scriptPython decides which Python a script runs on: that of a version file
// unless the script requires another.
func (r *running) scriptPython() (pythonChoice, error) {
	a := r.app
	demands := scriptDemands(r.script)
	if text := r.script.Root().Get("requires-python"); !text.IsZero() && demands == nil {
		return pythonChoice{}, text.Errorf("invalid version specifiers %s", text.Raw())
	}
	c, err := a.choosePython(a.textOrEnv(r.flags.python, "UV_PYTHON"), r.scriptDir(), demands)
	if err == nil && c.file != nil && demands != nil && !c.request.IntersectsRequiresPython(demands.requires()) {
		c.file, c.request = nil, python.RangeRequest(demands.requires())
	}
	return c, err
}

func (r *running) findScriptPython(ctx context.Context, f *python.Finder, c pythonChoice) (*python.Installation, error) {
	found, err := f.FindOrDownload(ctx, c.request, python.AnyEnvironment)
	if err != nil {
		return nil, err
	}
	if !c.project.admits(found.Version) {
		r.app.print.Warn("the requested interpreter resolved to Python %s, which is incompatible with the script's Python requirement: `%s`", found.Version, c.project.requires())
	}
	return found, nil
}

// scriptRoot is where the environment of the script is.
func (r *running) scriptRoot(ctx context.Context) (string, error) {
	a := r.app
	if active := a.env["VIRTUAL_ENV"]; active != "" && isTrue(r.flags.active) {
		return a.path(active), nil
	}
	c, err := r.work.cache(ctx)
	if err != nil {
		return "", err
	}
	t := r.target
	switch {
	case a.cell != "":
		return c.Path(cache.Environments, fileStem("matrix-"+filepath.Base(t.file))+cache.Key("matrix", first(t.file, t.origin), a.cell)[:16]), nil
	case t.file != "":
		return c.Path(cache.Environments, scriptName(t.file)), nil
	case t.kind == runStdinKind:
		return c.Path(cache.Environments, cache.Key("stdin", r.script.Metadata())), nil
	}
	return c.Path(cache.Environments, cache.Key("url", t.origin)), nil
}

// scriptName names the environment of the script at a path.
func scriptName(path string) string {
	stem := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	return fileStem(stem) + cache.Key("script", path)
}

// fileStem is the beginning of a directory's name that tells a person whose it
// is.
func fileStem(name string) string {
	name = strings.Trim(strings.Map(fileRune, strings.ToLower(name)), ".-")
	if name == "" {
		return ""
	}
	return name[:min(len(name), 40)] + "-"
}

// A scriptEnvironment is the environment of a script, which is changed in place
// when the script's dependencies change.
type scriptEnvironment struct {
	*running
	finder *python.Finder
	choice pythonChoice
	root   string
	env    *python.Environment
}

// ready makes the environment hold what the script needs. One that does
// already is not locked.
func (s *scriptEnvironment) ready(ctx context.Context) error {
	if s.suits(ctx) {
		done, err := s.satisfied(ctx)
		if done || err != nil {
			cache.Touch(s.root)
			return err
		}
	}
	lock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Release() }()
	if !s.suits(ctx) { // perhaps another process has made it meanwhile
		if err := s.make(ctx); err != nil {
			return err
		}
	}
	return s.sync(ctx)
}

func (s *scriptEnvironment) lock(ctx context.Context) (*fsx.Lock, error) {
	path := s.root + ".lock"
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	return fsx.Acquire(ctx, path, fsx.Exclusive, fsx.LockOptions{Timeout: s.app.lockTimeout(), Waiting: func() {
		s.app.print.Line("Waiting for another process to finish changing the environment at %s", s.app.shown(s.root))
	}})
}

// suits looks whether the environment that is there is of the right Python.
func (s *scriptEnvironment) suits(ctx context.Context) bool {
	env, err := s.finder.EnvironmentAt(ctx, s.root)
	if err != nil || !s.finder.Satisfies(env.Interpreter, s.choice.request) || !s.choice.given && !s.choice.project.admits(env.Interpreter.Version) {
		return false
	}
	s.env = env
	return true
}

// make makes the environment, in place of one that does not suit.
func (s *scriptEnvironment) make(ctx context.Context) error {
	found, err := s.findScriptPython(ctx, s.finder, s.choice)
	if err != nil {
		return err
	}
	existing := venv.Clear
	if !isTrue(s.flags.active) {
		existing = venv.ClearAny // it is ours, even if it was left half made
	}
	s.app.print.Debug("Creating script environment at: %s", s.root)
	prompt := first(filepath.Base(s.target.file), "script")
	s.app.attend()
	s.env, err = venv.Create(ctx, s.root, found.Interpreter, venv.Options{Prompt: prompt, Existing: existing, NoDistutilsPatch: true})
	if err != nil {
		return fmt.Errorf("failed to create the environment of the script: %w", err)
	}
	s.finder.Remember(s.env.Interpreter)
	return nil
}

// request is what is to be installed.
func (s *scriptEnvironment) request(ctx context.Context) (*pip.InstallRequest, error) {
	a := s.app
	settings, err := s.work.settings()
	if err != nil {
		return nil, err
	}
	in := &pip.Inputs{}
	if err := in.AddScript(a.reader(settings), s.script, s.scriptDir()); err != nil {
		return nil, err
	}
	if err := in.AddSettings(settingsInputs(&s.scriptSettings, &settings.Pip)); err != nil {
		return nil, err
	}
	settings.buildConstraints = in.BuildConstraints
	target := project.Target{Script: &project.Script{Path: filepath.Join(s.scriptDir(), "script"), File: s.script.File}}
	settings.lower = func(r pep508.Requirement) ([]source.Requirement, error) {
		return target.Lower([]pep508.Requirement{r}, settings.workspaceOptions())
	}
	site, err := install.Open(s.env.Interpreter.InstalledIn()...)
	if err != nil {
		return nil, err
	}
	req, err := a.installRequest(settings, nil, in, s.env, site)
	if err != nil {
		return nil, err
	}
	req.Exact = isTrue(s.flags.project.exact)
	return req, nil
}

// satisfied reports whether nothing has to be done.
func (s *scriptEnvironment) satisfied(ctx context.Context) (bool, error) {
	req, err := s.request(ctx)
	if err != nil {
		return false, err
	}
	return !req.Exact && req.Satisfied(ctx), nil
}

// sync installs what is missing. With --exact it removes what is not needed.
func (s *scriptEnvironment) sync(ctx context.Context) error {
	req, err := s.request(ctx)
	if err != nil || !req.Exact && req.Satisfied(ctx) {
		return err
	}
	if req.Engine, err = s.work.connected(ctx, s.env.Interpreter); err != nil {
		return err
	}
	result, err := pip.Install(ctx, req)
	if err != nil {
		return err
	}
	s.work.showChanges(result.Changes)
	if result.IsEmpty() && s.work.showsResolution() {
		s.app.status("Checked", countPackages(result.Checked), result.CheckTime)
	}
	return nil
}

// useScriptSettings puts the settings of a script before those of files, which
// are looked for beside it.
func (a *app) useScriptSettings(path string, script *pyproject.Script) error {
	dir := filepath.Dir(path)
	if dir != a.projectDir() && first(a.global.project, a.env["UV_PROJECT"]) == "" {
		if err := a.loadSettings(dir); err != nil {
			return err
		}
	}
	settings, err := config.FromScript(a.shown(path), dir, script.Metadata())
	if err != nil {
		return err
	}
	a.config = config.Combine(settings, a.config)
	a.warnUnknownPreviews()
	return nil
}

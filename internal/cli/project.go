package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/settings"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// resolutionFlags are the flags of commands about projects that say how to
// resolve, build and install.
type resolutionFlags struct {
	python    *string
	platform  string
	index     indexFlags
	resolver  resolverFlags
	installer installerFlags
	build     buildFlags
	binary    buildPackageFlags
	refresh   refreshFlags
}

func (o *resolutionFlags) register(f *flags) {
	o.registerWith(f, o.installer.register)
}

// registerLocking is register without what is about environments.
func (o *resolutionFlags) registerLocking(f *flags) {
	o.registerWith(f, func(f *flags) { f.linkMode(&o.installer.LinkMode) })
}

func (o *resolutionFlags) registerWith(f *flags, installer func(*flags)) {
	f.Under("Python options")
	f.python(&o.python)
	o.index.register(f)
	o.resolver.register(f)
	installer(f)
	o.build.register(f)
	o.binary.register(f)
	o.refresh.register(f)
}

// projectSettings are the flags over variables over files; some commands have more of
// them.
func (a *app) projectSettings(o *resolutionFlags, more ...settings.Group) (*workSettings, error) {
	groups := append([]settings.Group{&o.index, &o.resolver, &o.installer, &o.build, &o.binary}, more...)
	base, err := settings.Combine(a.layers(), settings.ForProject(&a.config), groups...)
	if err != nil {
		return nil, err
	}
	return &workSettings{Settings: *base, app: a, refresh: o.refresh, platform: platformFlags{pythonPlatform: o.platform}}, nil
}

// A projectWork is a command about a project, or about a script, on its way. Its
// parts are made when they are needed.
type projectWork struct {
	app      *app
	flags    *resolutionFlags
	settings *workSettings
	target   project.Target
	member   *workspace.Member // that the command works in; nil for a root without project
	engine   *engine.Engine
	seeker   *python.Finder
	script   *pyproject.Script // if that is the target

	isConnected bool // see connected
}

// projectFile is the file that the defaults of the project at hand are in, nil
// for a script.
func (p *projectWork) projectFile() *pyproject.File {
	switch {
	case p.target.Script != nil:
		return nil
	case p.member != nil:
		return p.member.File
	}
	return p.target.Workspace.File
}

// A discovery says which project a command works on.
type discovery struct {
	dir      string // where to look; the directory at hand by default
	packages []string
	existing bool // members that are not there are passed over
	fresh    bool // scripts need not have metadata
}

// openProject finds the project to work on and reads the settings.
func (a *app) openProject(ctx context.Context, o *resolutionFlags, d discovery) (*projectWork, error) {
	widenHeap()
	w, m, err := a.discover(ctx, d)
	if err != nil {
		return nil, err
	}
	p := &projectWork{app: a, flags: o, target: project.Target{Workspace: w}, member: m}
	return p, p.settle(ctx)
}

// discover finds the workspace and, in it, the member that a command works on.
func (a *app) discover(ctx context.Context, d discovery) (*workspace.Workspace, *workspace.Member, error) {
	options := workspace.DiscoverOptions{Files: a.projectFiles(), CacheDir: a.cacheDir(), Check: a.checkFile}
	if d.existing {
		options.Members = workspace.ExistingMembers
	}
	if d.dir == "" {
		d.dir = a.projectDir()
	}
	w, m, err := workspace.Discover(ctx, d.dir, options)
	if err != nil {
		return nil, nil, err
	}
	a.warnLegacy(w)
	names, err := settings.Packages("package", d.packages)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range names {
		switch at := w.Member(name); {
		case at != nil && len(names) == 1:
			m = at
		case at == nil && d.existing:
		case at == nil && len(names) == 1:
			return nil, nil, fmt.Errorf("the workspace does not have a member %s: %s", name, a.shown(w.Root))
		case at == nil:
			return nil, nil, fmt.Errorf("package `%s` not found in workspace", name)
		}
	}
	return w, m, nil
}

// checkFile refuses a pyproject.toml whose settings are wrong. What is read with
// the project itself is checked then.
func (a *app) checkFile(f *pyproject.File) error {
	others := false
	for key := range f.Tool("uv").Entries() {
		switch key {
		case "sources", "workspace", "managed", "package", "default-groups", "dependency-groups", "conflicts", "dev-dependencies":
		default:
			others = true
		}
	}
	if !others && f.Tool("uv").IsTable() {
		return nil
	}
	o, err := a.fileOptions(f)
	if err != nil {
		return err
	}
	defaults := 0
	for _, x := range o.Index {
		if x.Default {
			defaults++
		}
	}
	if defaults > 1 {
		err := f.Tool("uv").Get("index").Errorf("found multiple indexes with `default = true`; only one index may be default")
		return fmt.Errorf("failed to parse: `%s`: %w", a.shown(f.Name()), err)
	}
	return nil
}

// warnLegacy names the files with development dependencies in the old form.
func (a *app) warnLegacy(w *workspace.Workspace) {
	var where []string
	for _, m := range w.Members {
		if !m.File.Tool("uv").Get("dev-dependencies").IsZero() {
			where = append(where, "`"+a.shown(filepath.Join(m.Dir, "pyproject.toml"))+"`")
		}
	}
	if len(where) > 0 {
		a.print.Warn("The `tool.uv.dev-dependencies` field (used in %s) is deprecated and will be removed in a future release; use `dependency-groups.dev` instead", join(where))
	}
}

func join(list []string) string {
	out := ""
	for i, s := range list {
		if i > 0 {
			out += ", "
		}
		out += s
	}
	return out
}

// settle reads the settings and makes the engine, which asks no network yet.
func (p *projectWork) settle(ctx context.Context) error {
	var err error
	if p.settings, err = p.app.projectSettings(p.flags); err != nil {
		return err
	}
	if p.seeker, err = p.app.finder(); err != nil {
		return err
	}
	if p.engine, err = p.app.newEngine(ctx, p.settings); err != nil {
		return err
	}
	if p.target.Workspace != nil {
		p.engine.Workspaces.Add(p.target.Workspace)
	}
	p.settings.lower = func(r pep508.Requirement) ([]source.Requirement, error) {
		return p.target.Lower([]pep508.Requirement{r}, p.engine.Workspaces.Sources)
	}
	return nil
}

// connected is the engine with its client and indexes.
func (p *projectWork) connected(ctx context.Context, i *python.Interpreter) (*engine.Engine, error) {
	if p.isConnected {
		return p.engine, nil
	}
	if err := p.constrainBuilds(); err != nil {
		return p.engine, err
	}
	err := p.app.connect(ctx, p.engine, p.settings, nil, i)
	p.isConnected = p.engine.Index != nil
	return p.engine, err
}

// constrainBuilds makes what the root says of build requirements count.
func (p *projectWork) constrainBuilds() error {
	declared, err := p.declared()
	if err != nil {
		return err
	}
	list, err := p.target.Lower(declared.BuildConstraints, p.engine.Workspaces.Sources)
	if err != nil {
		return err
	}
	p.settings.buildConstraints = nil
	for _, r := range list {
		p.settings.buildConstraints = append(p.settings.buildConstraints, pip.Input{Requirement: r})
	}
	return nil
}

// declared are the lists of requirements in the settings of the root, which a
// uv.toml does not have.
func (p *projectWork) declared() (project.Declared, error) {
	var out project.Declared
	if p.target.Tool != nil {
		return out, nil // all that counts is in its requirements
	}
	f := p.projectRoot()
	o, err := p.app.fileOptions(f)
	if err != nil {
		return out, err
	}
	out.Constraints, out.BuildConstraints = o.ConstraintDependencies, o.BuildConstraintDependencies
	for _, v := range o.OverrideDependencies {
		entry := project.Override{Package: v.Scope.Name, Requirements: v.Requirements}
		if v.Scope.Version != nil {
			entry.Version = *v.Scope.Version
		}
		out.Overrides = append(out.Overrides, entry)
	}
	for _, v := range o.ExcludeDependencies {
		for _, name := range v.Names {
			entry := resolve.Exclude{Package: v.Scope.Name, Dependency: name}
			if v.Scope.Version != nil {
				entry.Version = *v.Scope.Version
			}
			out.Excludes = append(out.Excludes, entry)
		}
	}
	return out, nil
}

// projectRoot is the file of the workspace's root, or of the script.
func (p *projectWork) projectRoot() *pyproject.File {
	if p.target.Script != nil {
		return p.target.Script.File
	}
	return p.target.Workspace.File
}

// pythons is what the target demands of Python, with the groups that a function
// selects; nil selects none.
func (p *projectWork) pythons(groups func(pyname.Group) bool) (project.Pythons, error) {
	if p.target.Script != nil {
		return project.ScriptPythons(p.target.Script.File)
	}
	demands, err := project.Demands(p.target.Workspace, groups)
	if err != nil {
		return project.Pythons{}, err
	}
	return project.PythonsOf(demands, len(p.target.Workspace.Members) > 1)
}

// choice decides which Python to look for.
func (p *projectWork) choice(pythons *project.Pythons, dir string) (pythonChoice, error) {
	demands := &projectPython{root: p.target.Dir(), Pythons: *pythons}
	c, err := p.app.choosePython(p.app.textOrEnv(p.flags.python, "UV_PYTHON"), dir, demands)
	if err == nil && pythons.Open && !c.given && c.file == nil {
		c.request = python.Request{}
	}
	return c, err
}

// environmentRequest is how the environment is found.
func (p *projectWork) environmentRequest(root string, c pythonChoice, pythons project.Pythons, reuse project.Reuse) *project.EnvironmentRequest {
	return &project.EnvironmentRequest{
		Root: root, Finder: p.seeker, Request: c.request, Pythons: pythons, Reuse: reuse,
		Relocatable: p.app.previews("relocatable-envs-default"), NoDistutilsPatch: p.app.previews("no-distutils-patch"),
		Show: p.app.shown, Debug: p.app.print.Debug, Warn: func(format string, args ...any) { p.app.print.Warn(format, args...) },
	}
}

// lockInterpreter is the Python to lock with: that of the environment, if it is
// one for the project, else any other that is.
func (p *projectWork) lockInterpreter(ctx context.Context) (*python.Interpreter, error) {
	pythons, err := p.pythons(nil)
	if err != nil {
		return nil, err
	}
	dir := p.app.projectDir()
	if p.target.Script != nil {
		dir = p.target.Dir()
	}
	c, err := p.choice(&pythons, dir)
	if err != nil {
		return nil, err
	}
	root, err := p.environmentRoot(nil)
	if err != nil {
		return nil, err
	}
	if root != "" {
		env, err := p.seekEnvironment(ctx, p.environmentRequest(root, c, pythons, project.Optional), c, p.central(nil))
		if err != nil {
			return nil, err
		}
		if env != nil {
			return env.Interpreter, nil
		}
	}
	return p.findPython(ctx, c, &pythons)
}

// findPython finds a Python and says which. Projects need one outside of
// environments.
func (p *projectWork) findPython(ctx context.Context, c pythonChoice, pythons *project.Pythons) (*python.Interpreter, error) {
	where := python.OnlyOutside
	if p.target.Script != nil {
		where = python.AnyEnvironment
	}
	found, err := p.seeker.FindOrDownload(ctx, c.request, where)
	if err != nil {
		return nil, err
	}
	if p.target.Workspace != nil {
		p.app.reportPython(found)
	}
	return found.Interpreter, p.checkPython(c, pythons, found.Interpreter)
}

// checkPython refuses a Python that the project does not allow. For a script it is
// only warned of, as when it is run: who asks for a Python has a reason.
func (p *projectWork) checkPython(c pythonChoice, pythons *project.Pythons, i *python.Interpreter) error {
	if pythons.Admits(i.Version) {
		return nil
	}
	what := "project"
	if p.target.Script != nil {
		what = "script"
	}
	demand := fmt.Sprintf("which is incompatible with the %s's Python requirement: `%s`%s", what, pythons.Range, pythons.Refusals(i.Version))
	switch {
	case p.target.Script != nil && (c.given || c.file != nil):
		p.app.print.Warn("the requested interpreter resolved to Python %s, %s", i.Version, demand)
		return nil
	case c.given:
		return fmt.Errorf("the requested interpreter resolved to Python %s, %s", i.Version, demand)
	case c.file != nil:
		return withHint(fmt.Errorf("the Python request from `%s` resolved to Python %s, %s", p.app.shown(c.file.Path), i.Version, demand),
			"use `%s python pin` to update the `.python-version` file to a compatible version", p.app.name)
	}
	return fmt.Errorf("the resolved Python interpreter (Python %s) is incompatible with the %s's Python requirement: `%s`%s", i.Version, what, pythons.Range, pythons.Refusals(i.Version))
}

// lockMode is what --locked, --frozen and --dry-run make of locking.
func (a *app) lockMode(p *lockStateFlags, dryRun bool) (project.LockMode, string, error) {
	locked, err := a.flagOrEnv(p.locked, "UV_LOCKED")
	if err != nil {
		return 0, "", err
	}
	frozen, err := a.flagOrEnv(p.frozen, "UV_FROZEN")
	if err != nil {
		return 0, "", err
	}
	flag := func(given *bool, flag, variable string) string {
		if given != nil {
			return "`" + flag + "`"
		}
		return "`" + variable + "=1`"
	}
	switch {
	case isTrue(frozen) && isTrue(locked):
		return 0, "", usageError(fmt.Sprintf("%s cannot be used with %s", flag(p.locked, "--locked", "UV_LOCKED"), flag(p.frozen, "--frozen", "UV_FROZEN")))
	case isTrue(frozen):
		return project.Frozen, flag(p.frozen, "--frozen", "UV_FROZEN"), nil
	case isTrue(locked):
		return project.CheckLock, flag(p.locked, "--locked", "UV_LOCKED"), nil
	case dryRun:
		return project.DryRun, "", nil
	}
	return project.WriteLock, "", nil
}

// lockRequest puts the settings in the terms of package project.
func (p *projectWork) lockRequest(mode project.LockMode, flag string, i *python.Interpreter) (*project.LockRequest, error) {
	declared, err := p.declared()
	if err != nil {
		return nil, err
	}
	options, err := p.settings.ResolveOptions()
	if err != nil {
		return nil, err
	}
	groups := make([]pyname.Group, 0, len(p.flags.resolver.UpgradeGroup))
	for _, text := range p.flags.resolver.UpgradeGroup {
		g, err := pyname.ParseGroup(text)
		if err != nil {
			return nil, fmt.Errorf("invalid value for `--upgrade-group`: %w", err)
		}
		groups = append(groups, g)
	}
	r := &project.LockRequest{
		Target: p.target, Declared: declared, Mode: mode, Flag: flag, Interpreter: i, Engine: p.engine,
		Options: options, Policy: p.settings.policy(nil), Static: p.settings.Static(),
		Upgrade: project.Upgrade{All: isTrue(p.settings.Pip.Upgrade), Requirements: p.settings.Pip.UpgradePackage, Groups: groups},
		Say:     func(format string, args ...any) { p.app.print.Line(format, args...) },
		Debug:   p.app.print.Debug,

		MetadataFree: p.app.previews("lock-without-metadata"),
		CheckLayout:  p.app.previews("lockfile-format-check"),

		ConflictingProjects: p.app.previews("package-conflicts"),
	}
	r.Connect = func(ctx context.Context) error {
		_, err := p.connected(ctx, r.Interpreter) // it may be found later
		return err
	}
	if r.Offline, err = p.app.offline(); err != nil {
		return nil, err
	}
	r.Found = func(l *lock.Lock) (*index.Locations, error) {
		p.followLock(l)
		return p.configuredIndexes(r.Interpreter)
	}
	return r, nil
}

// configuredIndexes are the indexes that flags, variables and settings name,
// with the one that is asked last. It is nil if there are none: then any will do
// that a lock has.
func (p *projectWork) configuredIndexes(i *python.Interpreter) (*index.Locations, error) {
	s := p.settings
	if len(s.Indexes)+len(s.Pip.FindLinks) == 0 && !isTrue(s.Pip.NoIndex) {
		return nil, nil
	}
	l, err := p.app.locations(s, nil, i)
	return &l, err
}

// followLock makes the index that a lock names the one that is asked last, if
// none is configured for that.
func (p *projectWork) followLock(l *lock.Lock) {
	if l == nil || p.settings.lockedIndex != "" || isTrue(p.settings.Pip.NoIndex) || slices.ContainsFunc(p.settings.Indexes, func(x config.Index) bool { return x.Default }) {
		return
	}
	p.settings.lockedIndex = project.LockedIndex(l, func(url string) bool {
		same := func(x config.Index) bool { return source.Canonical(x.URL) == source.Canonical(url) }
		return slices.ContainsFunc(p.settings.Indexes, same) || slices.ContainsFunc(p.settings.Pip.FindLinks, same)
	})
}

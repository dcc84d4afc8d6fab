package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/settings"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pyname"
)

// syncFlags are those of `sync`.
type syncFlags struct {
	selectionFlags
	lockStateFlags
	filterFlags
	resolutionFlags
	inexact     *bool
	active      *bool
	dryRun      bool
	check       *bool
	packages    []string
	allPackages bool
	script      string
	format      string
}

// filterFlags leave packages out of an environment.
type filterFlags struct {
	noProject, noWorkspace, noLocal       *bool
	noPackages                            []string
	onlyProject, onlyWorkspace, onlyLocal *bool
	onlyPackages                          []string
}

func (i *filterFlags) register(f *flags) {
	f.Pair(&i.noProject, "no-install-project", "", "Install what the project needs, but not the project").FromEnv("UV_NO_INSTALL_PROJECT").Alias("no-install-current")
	f.Pair(&i.noWorkspace, "no-install-workspace", "", "Install no member of the workspace").FromEnv("UV_NO_INSTALL_WORKSPACE")
	f.Pair(&i.noLocal, "no-install-local", "", "Install nothing that is on this machine").FromEnv("UV_NO_INSTALL_LOCAL")
	f.List(&i.noPackages, "no-install-package", "NAME", "Do not install this package")
	f.Pair(&i.onlyProject, "only-install-project", "", "").Hide().FromEnv("UV_ONLY_INSTALL_PROJECT")
	f.Pair(&i.onlyWorkspace, "only-install-workspace", "", "").Hide().FromEnv("UV_ONLY_INSTALL_WORKSPACE")
	f.Pair(&i.onlyLocal, "only-install-local", "", "").Hide().FromEnv("UV_ONLY_INSTALL_LOCAL")
	f.List(&i.onlyPackages, "only-install-package", "NAME", "").Hide()
	for _, what := range []string{"project", "workspace", "local", "package"} {
		f.Exclusive("no-install-"+what, "only-install-"+what)
	}
}

// filter is what the flags leave out.
func (i *filterFlags) filter(a *app) (lock.Filter, error) {
	var out lock.Filter
	var err error
	for _, f := range []struct {
		flag     *bool
		variable string
		to       *bool
	}{
		{i.noProject, "UV_NO_INSTALL_PROJECT", &out.NoProject},
		{i.noWorkspace, "UV_NO_INSTALL_WORKSPACE", &out.NoWorkspace},
		{i.noLocal, "UV_NO_INSTALL_LOCAL", &out.NoLocal},
		{i.onlyProject, "UV_ONLY_INSTALL_PROJECT", &out.OnlyProject},
		{i.onlyWorkspace, "UV_ONLY_INSTALL_WORKSPACE", &out.OnlyWorkspace},
		{i.onlyLocal, "UV_ONLY_INSTALL_LOCAL", &out.OnlyLocal},
	} {
		on, e := a.flagOrEnv(f.flag, f.variable)
		err = errors.Join(err, e)
		*f.to = isTrue(on)
	}
	if err != nil {
		return out, err
	}
	if out.NoPackages, err = settings.Packages("no-install-package", i.noPackages); err != nil {
		return out, err
	}
	out.OnlyPackages, err = settings.Packages("only-install-package", i.onlyPackages)
	return out, err
}

func syncCommand() command {
	return command{
		path: "sync", late: true, short: "Make the project's environment hold what uv.lock says",
		long: "Locks the project if need be, makes its environment if there is none, and installs and removes packages until it is as the lock wants it.",
		prepare: func(f *flags) work {
			var o syncFlags
			o.registerSync(f)
			return func(ctx context.Context, a *app, args []string) error { return a.sync(ctx, &o) }
		},
	}
}

func (o *syncFlags) registerSync(f *flags) {
	o.selectionFlags.register(f)
	f.Pair(&o.inexact, "inexact", "exact", "Keep what does not belong into the environment")
	f.Pair(&o.active, "active", "no-active", "Use the active environment rather than that of the project or script")
	o.filterFlags.register(f)
	o.lockStateFlags.register(f)
	f.Bool(&o.dryRun, "dry-run", "Only say what would be done")
	f.Pair(&o.check, "check", "no-check", "Only look whether the environment is right, and fail if it is not")
	f.Exclusive("check", "dry-run")
	f.List(&o.packages, "package", "NAME", "Install this member of the workspace")
	f.Bool(&o.allPackages, "all-packages", "Install all members of the workspace")
	f.Exclusive("all-packages", "package")
	f.Text(&o.script, "script", "FILE", "Make the environment of this script")
	for _, name := range []string{"all-packages", "package", "no-install-project", "no-install-workspace", "extra", "all-extras", "no-extra", "group", "no-group", "only-group", "all-groups", "dev", "no-dev", "only-dev", "no-default-groups", "no-default-extras"} {
		f.Exclusive("script", name)
	}
	f.Exclusive("frozen", "no-sources")
	for _, name := range []string{"upgrade", "upgrade-package", "upgrade-group"} {
		f.Exclusive("frozen", name)
		f.Exclusive("locked", name)
	}
	f.Choice(&o.format, "output-format", "FORMAT", "How to say what was done", "text", "json")
	f.Text(&o.platform, "python-platform", "PLATFORM", "Install for this platform: linux, windows, macos or a target triple")
	o.resolutionFlags.register(f)
}

func (a *app) sync(ctx context.Context, o *syncFlags) error {
	if o.format == "json" && !a.previews("json-output") {
		a.print.Warn("The `--output-format json` option is experimental and the schema may change without warning. Pass `--preview-features json-output` to disable this warning.")
	}
	dryRun := o.dryRun || isTrue(o.check)
	mode, flag, err := a.lockMode(&o.lockStateFlags, dryRun)
	if err != nil {
		return err
	}
	p, err := a.openTarget(ctx, &o.resolutionFlags, o.script, discovery{packages: o.packages, existing: mode == project.Frozen})
	if err != nil {
		return err
	}
	s := &syncing{
		projectWork: p, active: o.active, dryRun: dryRun, check: isTrue(o.check), json: o.format == "json",
		exact: !isTrue(o.inexact), editable: &o.selectionFlags,
	}
	if s.filter, err = o.filter(a); err != nil {
		return err
	}
	if s.selection.Groups, s.selection.Extras, err = p.selection(&o.selectionFlags); err != nil {
		return err
	}
	if s.selection.Members, err = p.members(o.packages, o.allPackages); err != nil {
		return err
	}
	err = s.run(ctx, mode, flag)
	if s.json && s.report.Sync != nil {
		err = errors.Join(a.printJSON(&s.report), err)
	}
	return err
}

// members are the projects that are selected; none means the whole workspace.
func (p *projectWork) members(names []string, all bool) ([]*workspace.Member, error) {
	switch {
	case p.target.Workspace == nil || all:
		return nil, nil
	case len(names) == 0 && p.member == nil:
		return nil, nil
	case len(names) == 0:
		return []*workspace.Member{p.member}, nil
	}
	var out []*workspace.Member
	for _, text := range names {
		name, err := pyname.ParsePackage(text)
		if err != nil {
			return nil, fmt.Errorf("invalid value for `--package`: %w", err)
		}
		m := p.target.Workspace.Member(name)
		if m == nil {
			m = &workspace.Member{Name: name} // the lock may have it
		}
		out = append(out, m)
	}
	return out, nil
}

// A syncing brings one environment up to date.
type syncing struct {
	*projectWork
	selection project.Selection
	filter    lock.Filter
	editable  *selectionFlags
	active    *bool
	exact     bool
	dryRun    bool
	check     bool
	json      bool
	quiet     bool // say only that something is installed, as `run` does,
	tells     bool // or what it is
	noSync    bool
	report    syncReport

	env *projectEnvironment
}

// run makes the environment, the lock, and then one hold what the other says.
func (s *syncing) run(ctx context.Context, mode project.LockMode, flag string) error {
	var err error
	if s.env, err = s.environment(ctx, environmentOptions{active: s.active, groups: s.selection.Groups.Has, dryRun: s.dryRun}); err != nil {
		return err
	}
	_, err = s.update(ctx, mode, flag)
	return failedCheck(err)
}

// update makes or checks the lock and makes the environment hold what it says.
// The lock is returned even if it is out of date.
func (s *syncing) update(ctx context.Context, mode project.LockMode, flag string) (*lock.Lock, error) {
	release, err := s.hold(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	s.showEnvironment()
	if s.target.Script != nil && !s.quiet {
		if done, err := s.unlockedScript(ctx, mode, flag); done || err != nil {
			return nil, err
		}
	}
	start := time.Now()
	request, err := s.lockRequest(mode, flag, s.env.Interpreter)
	if err != nil {
		return nil, err
	}
	locked, err := project.Lock(ctx, request)
	var outdated *project.OutdatedError
	if err != nil && (!s.dryRun || locked == nil || !errors.As(err, &outdated)) {
		return nil, err // else, what would be done is worth telling even so
	}
	if locked.Graph == nil && mode != project.Frozen {
		s.stage(engine.Event{Stage: engine.Resolved, Count: len(locked.Lock.Packages), Took: time.Since(start)})
	}
	s.showLockAction(mode, locked)
	s.warnUnpackaged()
	return locked.Lock, errors.Join(s.install(ctx, locked.Lock), err)
}

// hold keeps other processes from changing the environment.
func (s *syncing) hold(ctx context.Context) (release func(), err error) {
	if s.env.planned {
		return func() {}, nil
	}
	held, err := s.app.lockEnvironment(ctx, s.env.Environment)
	if err != nil {
		return nil, err
	}
	return func() { _ = held.Release() }, nil
}

func (s *syncing) stage(e engine.Event) {
	if s.engine.Report != nil {
		s.engine.Report(e)
	}
}

// warnUnpackaged names projects whose commands are not installed.
func (s *syncing) warnUnpackaged() {
	if s.target.Workspace == nil {
		return
	}
	for _, name := range s.selection.Unpackaged(s.target.Workspace) {
		s.app.print.Warn("Skipping installation of entry points (`project.scripts`) for package `%s` because this project is not packaged; to install entry points, set `tool.uv.package = true` or define a `build-system`", name)
	}
}

// site is what is installed: nothing, if the environment is to be made first. What
// lies at its place then is another one's, which it would replace.
func (s *syncing) site() (*install.Site, error) {
	if s.env.planned {
		return install.Open()
	}
	return s.app.site(s.env.Environment)
}

// install makes the environment hold what a lock says.
func (s *syncing) install(ctx context.Context, l *lock.Lock) error {
	a := s.app
	site, err := s.site()
	if err != nil {
		return err
	}
	r, err := s.syncRequest(l)
	if err != nil {
		return err
	}
	r.Site = site
	if err := s.checkMalware(ctx, l, r); err != nil {
		return err
	}
	result, err := project.Sync(ctx, r)
	if result == nil {
		return err
	}
	s.report.changes(result.Changes)
	switch {
	case s.quiet && !s.tells:
	case result.IsEmpty() && !r.Install.CompileAll:
		a.status("Checked", countPackages(len(result.Wanted)), result.Took)
		if s.dryRun {
			a.print.Line("Would make no changes")
		}
	case s.dryRun:
		a.showDryRun(result.Changes)
	default:
		a.showChanges(result.Changes)
	}
	return err
}

// syncRequest puts the settings in the terms of package project.
func (s *syncing) syncRequest(l *lock.Lock) (*project.SyncRequest, error) {
	a, work := s.app, s.settings
	target, err := s.env.Interpreter.Target("", work.platform.pythonPlatform, a.environment.Get)
	if err != nil {
		return nil, err
	}
	s.followLock(l)
	reinstall := work.reinstall()
	r := &project.SyncRequest{
		Target: s.target, Lock: l, Selection: s.selection, Filter: s.filter, Environment: s.env.Environment, For: target,
		Exact: s.exact, Check: s.check, Policy: work.policy(nil), Engine: s.engine, Reinstall: reinstall.Has,
		Connect: func(ctx context.Context) error {
			_, err := s.connected(ctx, s.env.Interpreter)
			return err
		},
	}
	noEditable, err := a.flagOrEnv(s.editable.noEditable, "UV_NO_EDITABLE")
	if err != nil {
		return nil, err
	}
	r.NoEditable, r.Editable = isTrue(noEditable), s.editable.noEditable != nil && !*s.editable.noEditable
	if r.NoEditablePackages, err = settings.PackageNames("no-editable-package", s.editable.noEditablePackages); err != nil {
		return nil, err
	}
	options, err := a.buildOptions(work, nil, s.env.Interpreter)
	if err != nil {
		return nil, err
	}
	s.engine.DescribeBuilds(options)
	r.Install = a.installOptions(work, s.dryRun)
	r.Install.CompileAll = isTrue(work.Pip.CompileBytecode)
	return r, nil
}

// installOptions say how wheels are installed.
func (a *app) installOptions(s *workSettings, dryRun bool) engine.InstallRequest {
	r := engine.InstallRequest{
		NoMetadata: a.global.noInstallerMeta || isTrue(a.vars.NoInstallerMetadata),
		AnyName:    isTrue(a.vars.SkipWheelFilenameCheck), DryRun: dryRun,
	}
	if s.Pip.LinkMode != nil {
		r.LinkMode = *s.Pip.LinkMode
	}
	if n := a.vars.ConcurrentInstalls; n != nil {
		r.Workers = *n
	} else if n := a.config.ConcurrentInstalls; n != nil {
		r.Workers = *n
	}
	return r
}

// showEnvironment says what environment is used, where that is not expected.
func (s *syncing) showEnvironment() {
	s.report.start(s)
	if s.quiet || s.json {
		return
	}
	what, isScript := "project", s.target.Script != nil
	if isScript {
		what = "script"
	}
	verb := ""
	switch {
	case s.dryRun:
		verb = map[bool]string{true: "Would use", false: "Would " + string(s.env.action)}[s.env.action == envFound]
	case isScript:
		verb = map[envAction]string{envFound: "Using", envReplaced: "Updating", envCreated: "Creating"}[s.env.action]
	}
	if verb == "" {
		return
	}
	line := fmt.Sprintf("%s %s environment at: %s", verb, what, s.app.shown(s.env.Root))
	if s.dryRun {
		line = s.app.print.Color.Dim(line)
	}
	s.app.print.Line("%s", line)
}

// showLockAction says what would become of the lock in a dry run.
func (s *syncing) showLockAction(mode project.LockMode, r *project.LockResult) {
	action := "check"
	switch {
	case mode == project.Frozen:
		action = "use"
	case mode == project.CheckLock:
	case r.Changed && r.Previous == nil:
		action = "create"
	case r.Changed:
		action = "update"
	}
	s.report.lock(s.target.LockPath(), action)
	if mode != project.DryRun || s.json || s.quiet {
		return
	}
	verb := map[string]string{"check": "Found up-to-date", "create": "Would create", "update": "Would update"}[action]
	s.app.print.Line("%s", s.app.print.Color.Dim(fmt.Sprintf("%s lockfile at: %s", verb, s.app.shown(s.target.LockPath()))))
}

// unlockedScript handles a script that has no lock: its dependencies are
// resolved for the environment alone.
func (s *syncing) unlockedScript(ctx context.Context, mode project.LockMode, flag string) (done bool, err error) {
	if l, _, err := s.target.ReadLock(); l != nil || err != nil {
		return false, err
	}
	if mode == project.Frozen || mode == project.CheckLock {
		return true, s.needsLock("sync", flag)
	}
	return true, s.installScript(ctx)
}

// needsLock says that a command cannot obey a flag about the lock of a script
// that has none.
func (s *syncing) needsLock(command, flag string) error {
	name := s.app.shown(s.target.Script.Path)
	return withHint(fmt.Errorf("`%s %s %s` requires a script lockfile", s.app.name, command, flag[1:len(flag)-1]), "run `%s lock --script %s` to lock the script", s.app.name, name)
}

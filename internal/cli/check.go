package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
)

// checkFlags are those of `check`.
type checkFlags struct {
	fix, showVersion, showCommand bool
	noInstallProject              *bool
	isolated, noProject           *bool
	script, version               string
	project                       projectFlags
	resolutionFlags
}

// tyVersions are those that are run unless the project or a flag says otherwise:
// uv's choice.
const tyVersions = ">=0.0,<0.1"

func checkCommand() command {
	return command{
		path: "check", late: true, execs: true, short: "Check the types of the Python code of the project",
		long: "Runs `ty check` on the project, in its environment, which is brought up to date first. The ty that the project has locked is run, if it has one, or else one is installed from the index, as a tool would be; the variable `TY` names another one.",
		prepare: func(f *flags) work {
			var o checkFlags
			o.registerCheck(f)
			return func(ctx context.Context, a *app, args []string) error { return a.check(ctx, &o) }
		},
	}
}

func (o *checkFlags) registerCheck(f *flags) {
	p := &o.project
	f.Bool(&o.fix, "fix", "Repair what can be repaired")
	f.Bool(&p.allPackages, "all-packages", "Check all members of the workspace")
	f.List(&p.packages, "package", "NAME", "Check this member of the workspace")
	f.Text(&o.script, "script", "FILE", "Check this script, in an environment with what it needs")
	p.registerExtras(f)
	p.registerGroups(f)
	p.lockStateFlags.register(f)
	exclusiveLockState(f)
	f.Pair(&p.noSync, "no-sync", "sync", "Leave the project's environment as it is").FromEnv("UV_NO_SYNC")
	f.Pair(&o.noInstallProject, "no-install-project", "", "Install what the project needs, but not the project").FromEnv("UV_NO_INSTALL_PROJECT")
	f.Pair(&o.isolated, "isolated", "", "Check in an environment of its own").FromEnv("UV_ISOLATED")
	f.Text(&o.version, "ty-version", "VERSION", "The version of ty: one, specifiers such as `>=0.0.17`, or `latest`")
	f.Pair(&o.noProject, "no-project", "", "Do not look for a project").FromEnv("UV_NO_PROJECT")
	f.Bool(&o.showVersion, "show-version", "").Hide()
	f.Bool(&o.showCommand, "show-command", "").Hide()
	for _, pair := range [][2]string{
		{"all-packages", "package"},
		{"all-packages", "no-project"},
		{"package", "no-project"},
		{"frozen", "no-sources"},
		{"no-install-project", "no-sync"},
		{"no-install-project", "script"},
		{"no-install-project", "no-project"},
	} {
		f.Exclusive(pair[0], pair[1])
	}
	for _, name := range []string{"extra", "all-extras", "no-extra", "dev", "no-dev", "only-dev", "group", "no-group", "no-default-groups", "no-default-extras", "only-group", "all-groups", "no-project", "all-packages", "package"} {
		f.Exclusive("script", name)
	}
	o.resolutionFlags.register(f)
}

// A checking is the command on its way.
type checking struct {
	running
	options *checkFlags
	sync    *syncing // nil without a project
	member  *workspace.Member
	names   []string // of the members that are checked
}

func (a *app) check(ctx context.Context, o *checkFlags) error {
	if err := o.conflicts(a); err != nil {
		return err
	}
	a.warnPreview("check", "check-command")
	c := &checking{options: o}
	c.running = running{app: a, tool: true, target: &runTarget{kind: runCommandKind, name: "ty"}, flags: &runFlags{
		isolated: o.isolated, noProject: o.noProject, project: o.project, resolutionFlags: o.resolutionFlags,
	}}
	c.names = o.project.packages
	defer c.release()
	if err := c.prepare(ctx); err != nil {
		return failedCheck(err)
	}
	b, r, err := c.ty(ctx)
	if err != nil {
		return err
	}
	if r != &c.running {
		defer r.release()
	}
	version, err := b.installed(ctx, a.environ())
	if err != nil {
		return err
	}
	if o.showVersion {
		a.print.Line("Using %s", version)
	}
	dir, args, err := c.arguments(version)
	if err != nil {
		return err
	}
	if o.showCommand {
		a.print.Line("Running `ty %s`", strings.Join(args, " "))
	}
	env := a.environ()
	if c.base != nil {
		env = append(slices.DeleteFunc(env, func(e string) bool { return strings.HasPrefix(e, "VIRTUAL_ENV=") }), "VIRTUAL_ENV="+c.base.Root)
	}
	c.keep = append(c.keep, r.keep...)
	return b.run(&c.running, dir, env, args)
}

// conflicts refuses a variable together with flags that leave it without meaning.
func (o *checkFlags) conflicts(a *app) error {
	on, err := a.flagOrEnv(nil, "UV_NO_INSTALL_PROJECT")
	if err != nil || !isTrue(on) || o.noInstallProject != nil {
		return err
	}
	for _, with := range []struct {
		on   bool
		flag string
	}{{isTrue(o.project.noSync), "no-sync"}, {o.script != "", "script"}, {isTrue(o.noProject), "no-project"}} {
		if with.on {
			return usageError("the variable `UV_NO_INSTALL_PROJECT` cannot be used together with `--" + with.flag + "`")
		}
	}
	return nil
}

// prepare makes the environment to check in.
func (c *checking) prepare(ctx context.Context) error {
	c.work = &runWork{running: &c.running}
	if c.options.script != "" {
		return c.prepareScript(ctx)
	}
	p, err := c.project(ctx)
	switch {
	case err != nil:
		return err
	case p != nil:
		return c.prepareProject(ctx, p)
	}
	c.warnOutsideProject()
	return nil
}

func (c *checking) prepareScript(ctx context.Context) error {
	path := c.app.path(c.options.script)
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("failed to read `%s`: %w", c.options.script, err)
	}
	c.target = &runTarget{kind: runScriptKind, name: c.options.script, file: path, text: text}
	if err := c.readScript(); err != nil {
		return err
	}
	if c.script == nil {
		return withHint(fmt.Errorf("`%s` does not contain a PEP 723 metadata tag", c.options.script), "`%s init --script %s` adds one", c.app.name, c.options.script)
	}
	if isTrue(c.options.project.noSync) {
		c.app.print.Warn("`--no-sync` is a no-op for Python scripts with inline metadata, which always run in isolation")
		c.flags.project.noSync = nil
	}
	if err := c.scriptBase(ctx); err != nil {
		return err
	}
	if c.base == nil {
		c.base = python.NewEnvironment(c.python)
	}
	return nil
}

// project finds the project to check, nil if there is none or none is wanted.
func (c *checking) project(ctx context.Context) (*projectWork, error) {
	a := c.app
	none, err := a.flagOrEnv(c.options.noProject, "UV_NO_PROJECT")
	if err != nil || isTrue(none) {
		return nil, err
	}
	w, m, err := a.discover(ctx, discovery{packages: c.names})
	switch {
	case len(c.names) == 0 && !c.options.project.allPackages && (errors.Is(err, workspace.ErrNone) || errors.Is(err, workspace.ErrUnmanaged) || errors.Is(err, workspace.ErrNoProject)):
		return nil, nil
	case err != nil:
		return nil, err
	}
	c.member = m
	p := &projectWork{app: a, flags: &c.flags.resolutionFlags, target: project.Target{Workspace: w}, member: m}
	return p, c.adopt(ctx, p)
}

// prepareProject makes the environment of the project, and its lock.
func (c *checking) prepareProject(ctx context.Context, p *projectWork) error {
	s, err := c.syncing(p)
	if err != nil {
		return err
	}
	c.sync = s
	s.filter.NoProject = isTrue(c.options.noInstallProject)
	if c.options.noInstallProject == nil {
		on, err := c.app.flagOrEnv(nil, "UV_NO_INSTALL_PROJECT")
		if err != nil {
			return err
		}
		s.filter.NoProject = isTrue(on)
	}
	if s.selection.Members, err = p.members(c.names, c.options.project.allPackages); err != nil {
		return err
	}
	isolated, err := c.app.flagOrEnv(c.options.isolated, "UV_ISOLATED")
	if err != nil {
		return err
	}
	mode, flag, err := c.app.lockMode(&c.options.project.lockStateFlags, isTrue(isolated))
	if err != nil {
		return err
	}
	if isTrue(isolated) {
		s.env, err = c.isolatedEnvironment(ctx, s)
	} else {
		s.env, err = s.environment(ctx, environmentOptions{groups: s.selection.Groups.Has, noSync: s.noSync})
	}
	if err != nil {
		return err
	}
	c.python, c.base = s.env.Interpreter, s.env.Environment
	if !s.noSync {
		return c.update(ctx, s, mode, flag)
	}
	request, err := s.lockRequest(mode, flag, c.python)
	if err != nil {
		return err
	}
	result, err := project.Lock(ctx, request)
	if err != nil {
		return err
	}
	c.locked, c.lockDir = result.Lock, p.target.Dir()
	return nil
}

// ty finds the program: that of the variable or the flag, that of the project, or
// any. The running holds what it needs until it ends.
func (c *checking) ty(ctx context.Context) (*binary, *running, error) {
	a, o := c.app, c.options
	s, err := c.work.settings()
	if err != nil {
		return nil, nil, err
	}
	b := &binary{name: "ty", path: a.env["TY"], version: o.version, usual: tyVersions, silent: true, cutoff: cutoffOf(&s.Pip.Resolver, "ty")}
	if b.path != "" {
		return b, &c.running, nil
	}
	if o.version == "" {
		if r, err := c.lockedTy(ctx, b, s); r != nil || err != nil {
			return b, r, err
		}
	}
	r, err := b.ready(ctx, a, s)
	return b, r, err
}

// lockedTy is the ty that the script or the project has. One that is not in the
// environment is installed apart, at the version that is locked. It is nil if
// there is none.
func (c *checking) lockedTy(ctx context.Context, b *binary, s *workSettings) (*running, error) {
	if c.base == nil {
		return nil, nil
	}
	own := filepath.Join(c.base.Interpreter.Scheme.Scripts, "ty"+executableSuffix())
	if c.sync == nil {
		if _, err := os.Stat(own); err == nil {
			b.path = own
			return &c.running, nil
		}
		return nil, nil
	}
	p, selected := c.findTy()
	if p == nil {
		return nil, nil
	}
	if selected && !c.sync.noSync {
		b.path = own
		return &c.running, nil
	}
	t, err := c.installLocked(ctx, b, s, p)
	if err != nil {
		return nil, err
	}
	b.path = filepath.Join(t.env.Interpreter.Scheme.Scripts, "ty"+executableSuffix())
	return &t.running, nil
}

// findTy is the ty among the development dependencies of the project or, else,
// among its dependencies, and whether these are installed.
func (c *checking) findTy() (p *lock.Package, selected bool) {
	env := &c.python.Env
	groups := c.sync.selection.Groups
	pick := func(all []lock.Dependency) *lock.Package {
		for i := range all {
			if p := &c.locked.Packages[all[i].To]; p.Name == "ty" && all[i].Marker.Evaluate(env, nil) {
				return p
			}
		}
		return nil
	}
	var own *lock.Package
	if c.member != nil && c.member.Project != nil {
		if first, end := c.locked.Named(c.member.Name); end > first {
			own = &c.locked.Packages[first]
		}
	}
	if own == nil {
		for i := range c.locked.Manifest.Groups {
			g := &c.locked.Manifest.Groups[i]
			for _, r := range g.Requirements {
				if g.Name == "dev" && r.Name == "ty" && r.Marker.Evaluate(env, nil) {
					return c.namedTy(), groups.Has("dev")
				}
			}
		}
		return nil, false
	}
	for i := range own.Groups {
		if g := &own.Groups[i]; g.Name == "dev" {
			if p := pick(g.Dependencies); p != nil {
				return p, groups.Has("dev")
			}
		}
	}
	return pick(own.Dependencies), !groups.Only
}

// namedTy is the ty of the lock for the Python at hand.
func (c *checking) namedTy() *lock.Package {
	first, end := c.locked.Named("ty")
	for i := first; i < end; i++ {
		p := &c.locked.Packages[i]
		holds := len(p.Forks) == 0
		for _, f := range p.Forks {
			holds = holds || f.Evaluate(&c.python.Env, nil)
		}
		if holds {
			return p
		}
	}
	return nil
}

// installLocked installs a locked package, with the versions of the lock, apart
// from the project.
func (c *checking) installLocked(ctx context.Context, b *binary, s *workSettings, p *lock.Package) (*toolRunning, error) {
	if err := c.sync.checkMalwareOf(ctx, c.python, c.locked, p); err != nil {
		return nil, err
	}
	own := *s
	own.Pip.Reinstall, own.Pip.Upgrade = nil, nil
	b.silent = false
	text := string(p.Name) + "==" + p.Version.String()
	if d := p.Describing(c.lockDir); d != nil && d.Source.IsDirect() {
		text = string(p.Name) + " @ " + d.Source.String()
		if d.Source.Kind == source.Directory || d.Source.Kind == source.Path {
			text = string(p.Name) + " @ " + d.Source.FileURL()
		}
	}
	b.constraints = c.lockedVersions()
	return b.installInputs(ctx, c.app, &own, pip.Sources{Packages: []string{text}}, c.python)
}

// lockedVersions are the versions of the lock, of the packages that have one, as
// constraints.
func (c *checking) lockedVersions() []pip.Input {
	var out []pip.Input
	for i := range c.locked.Packages {
		p := &c.locked.Packages[i]
		if first, end := c.locked.Named(p.Name); end-first != 1 || !p.Source.IsRegistry() {
			continue
		}
		exact, err := pep440.ParseSpecifiers("==" + p.Version.String())
		if err != nil {
			continue
		}
		if r, err := source.FromPEP508(pep508.Requirement{Name: p.Name, Specifiers: exact}); err == nil {
			out = append(out, pip.Input{Requirement: r})
		}
	}
	return out
}

// arguments are the directory to run ty in, and what to tell it.
func (c *checking) arguments(version string) (dir string, args []string, err error) {
	a := c.app
	dir = a.projectDir()
	var targets, excluded []string
	root := ""
	switch {
	case c.script != nil:
		dir, targets = filepath.Dir(c.target.file), []string{c.target.file}
	case c.sync != nil:
		root = c.sync.target.Workspace.Root
		dir, targets, excluded = c.projectTargets()
	}
	color := a.global.color
	if a.global.noColor {
		color = "never"
	}
	args = []string{"check", "--color", first(color, "auto")}
	if a.hidesProgress() || a.global.quiet > 0 {
		args = append(args, "--no-progress")
	}
	if c.options.fix {
		args = append(args, "--fix")
	}
	_, number, _ := strings.Cut(version, " ")
	number, _, _ = strings.Cut(number, " ")
	// Scripts have environments of their own and are checked with --script.
	if v, err := pep440.Parse(number); err == nil && v.Compare(pep440.MustParse("0.0.64")) >= 0 {
		args = append(args, "--exclude-scripts")
	} else if root != "" {
		err := a.eachScript(root, func(path string) error {
			if slices.ContainsFunc(targets, func(t string) bool { return below(t, path) }) {
				excluded = append(excluded, path)
			}
			return nil
		})
		if err != nil {
			return "", nil, err
		}
	}
	for _, path := range excluded {
		args = append(args, "--exclude", relativeTo(dir, path))
	}
	if len(targets) > 0 {
		args = append(args, "--")
		for _, path := range targets {
			args = append(args, relativeTo(dir, path))
		}
	}
	return dir, args, nil
}

// projectTargets are where to run, what to check, and what lies within that and is
// not to be checked: members that were not selected.
func (c *checking) projectTargets() (dir string, targets, excluded []string) {
	w := c.sync.target.Workspace
	all := c.options.project.allPackages || c.member == nil && len(c.names) == 0
	selected := func(m *workspace.Member) bool {
		switch {
		case all:
			return true
		case len(c.names) == 0:
			return m == c.member
		}
		return slices.ContainsFunc(c.sync.selection.Members, func(s *workspace.Member) bool { return s.Name == m.Name })
	}
	for _, m := range w.Members {
		if selected(m) {
			targets = append(targets, m.Dir)
		}
	}
	for _, m := range w.Members {
		if !selected(m) && slices.ContainsFunc(targets, func(t string) bool { return below(t, m.Dir) }) {
			excluded = append(excluded, m.Dir)
		}
	}
	dir = w.Root
	if !all && len(c.names) <= 1 && c.member != nil && below(w.Root, c.member.Dir) {
		dir = c.member.Dir
	}
	return dir, targets, excluded
}

// below reports whether a path is a directory or lies in it.
func below(dir, path string) bool {
	return path == dir || strings.HasPrefix(path, strings.TrimSuffix(dir, string(filepath.Separator))+string(filepath.Separator))
}

// relativeTo is a path as seen from a directory that it lies in; others stay
// absolute.
func relativeTo(dir, path string) string {
	if !below(dir, path) {
		return path
	}
	rel, err := filepath.Rel(dir, path)
	if err != nil {
		return path
	}
	return rel
}

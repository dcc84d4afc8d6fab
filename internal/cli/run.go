package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/ephemeral"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/settings"
	"github.com/tame-py/tame/packaging/pyproject"
)

// runFlags are those of `run`.
type runFlags struct {
	with, withEditable, withRequirements []string
	module, script, guiScript            bool
	envFiles                             []string
	noEnvFile                            *bool
	isolated, noProject, active          *bool
	maxDepth                             int
	showResolution                       bool
	list                                 bool
	matrix                               matrixFlags
	watch                                watchFlags
	set                                  *pflag.FlagSet // to know of `--`

	project projectFlags
	resolutionFlags
}

// projectFlags choose what of a project is installed and how its lock is
// treated.
type projectFlags struct {
	selectionFlags
	lockStateFlags
	exact, noSync *bool
	packages      []string
	allPackages   bool
}

func (p *projectFlags) register(f *flags) {
	f.Under("Project options")
	p.selectionFlags.register(f)
	f.Pair(&p.exact, "exact", "inexact", "Remove what does not belong into the project's environment")
	f.Pair(&p.noSync, "no-sync", "sync", "Leave the project's environment as it is").FromEnv("UV_NO_SYNC")
	p.lockStateFlags.register(f)
	f.List(&p.packages, "package", "NAME", "Work on this member of the workspace")
	f.Bool(&p.allPackages, "all-packages", "Work on all members of the workspace")
	f.Exclusive("all-packages", "package")
}

// buildPackageFlags choose between wheels and source distributions.
type buildPackageFlags struct{ settings.PackageBinary }

func (b *buildPackageFlags) register(f *flags) {
	f.Under("Build options")
	f.Pair(&b.NoBuild, "no-build", "build", "Build nothing: run no code of a package").FromEnv("UV_NO_BUILD")
	f.List(&b.NoBuildPackage, "no-build-package", "NAME", "The same for one package").FromEnv("UV_NO_BUILD_PACKAGE")
	f.Pair(&b.NoBinary, "no-binary", "binary", "Use no wheels").FromEnv("UV_NO_BINARY")
	f.List(&b.NoBinaryPackage, "no-binary-package", "NAME", "The same for one package").FromEnv("UV_NO_BINARY_PACKAGE")
}

func runCommand() command {
	var o runFlags
	return command{
		path: "run", late: true, execs: true, beside: true, args: "[COMMAND] [ARG]...", short: "Run a command or script", rest: true,
		long: "Runs a command, a Python file, a module, a script or a task of the project (`[tool.tame.tasks]`) with the packages that it needs. What stands behind the command is handed to it. " +
			"A task goes before a program of the same name, which `run -- NAME` runs.",
		reshape: o.joinMatrix,
		prepare: func(f *flags) work {
			o.register(f)
			return func(ctx context.Context, a *app, args []string) error { return a.run(ctx, &o, args) }
		},
	}
}

func (o *runFlags) register(f *flags) {
	f.List(&o.with, "with,w", "PACKAGE", "Run with this package too")
	f.List(&o.withEditable, "with-editable", "DIR", "Run with the project in this directory, in place")
	f.List(&o.withRequirements, "with-requirements", "FILE", "Run with what this requirements file asks for")
	f.Bool(&o.module, "module,m", "Run a module, as `python -m` does")
	f.Bool(&o.script, "script,s", "Run a file as a Python script, whatever its name")
	f.Bool(&o.guiScript, "gui-script", "Run a file as a Python script without a console (on Windows)")
	o.set = f.Set
	f.Bool(&o.list, "list", "Show the tasks of the project")
	f.List(&o.envFiles, "env-file", "FILE", "Set the variables in this file").FromEnv("UV_ENV_FILE")
	f.Pair(&o.noEnvFile, "no-env-file", "", "Read no file of variables").FromEnv("UV_NO_ENV_FILE")
	f.Pair(&o.isolated, "isolated", "", "Run in an environment of its own").FromEnv("UV_ISOLATED")
	f.Pair(&o.noProject, "no-project", "", "Do not look for a project").Alias("no-workspace").FromEnv("UV_NO_PROJECT")
	f.Pair(&o.active, "active", "no-active", "Use the active environment rather than that of the project or script")
	f.Bool(&o.showResolution, "show-resolution", "Say what is resolved and installed").Hide()
	f.Number(&o.maxDepth, "max-recursion-depth", "N", "How many runs may start each other", 1).Hide().FromEnv("UV_RUN_MAX_RECURSION_DEPTH")
	for _, pair := range [][2]string{{"module", "script"}, {"module", "gui-script"}, {"script", "gui-script"}, {"frozen", "upgrade"}, {"locked", "upgrade"}, {"frozen", "no-sources"}} {
		f.Exclusive(pair[0], pair[1])
	}
	f.Text(&o.platform, "python-platform", "PLATFORM", "Install for this platform: linux, windows, macos or a target triple")
	if f.own {
		o.matrix.register(f)
		o.watch.register(f)
	}
	o.project.register(f)
	o.resolutionFlags.register(f)
}

// A running is one call of `run` on its way to the child process.
type running struct {
	app    *app
	flags  *runFlags
	target *runTarget
	work   *runWork // settings, and the engine once it is needed

	// python is the Python to run, base the environment whose packages are
	// seen, nil in isolation.
	python         *python.Interpreter
	base           *python.Environment
	paths          []string // to go in front of PATH
	script         *pyproject.Script
	scriptSettings config.Options

	// tool: the child is a tool, which need not know of the environment.
	tool bool

	// locked is the lock of the project or script, in the directory lockDir. Its
	// versions are preferred for what is added.
	locked  *lock.Lock
	lockDir string
	// unread is a target whose lock is to be used if there is one.
	unread *project.Target

	keep []keeper // what the child must have until it ends
}

// A keeper holds something that the child uses: it is inherited by a program
// that takes the place of this one, else released when the child is done.
type keeper interface {
	Inherit() error
	Release() error
}

func (a *app) run(ctx context.Context, o *runFlags, args []string) error {
	if err := o.matrix.check(o); err != nil {
		return err
	}
	if err := o.watch.check(o, args); err != nil {
		return err
	}
	watched := a.takeWatched()
	if version := a.takeCell(); version != "" {
		o.asCell(a, version)
	} else if o.watch.wanted() && !watched {
		return a.runWatched(ctx, o, args)
	} else if o.matrix.on {
		return a.runMatrix(ctx, o, args)
	}
	depth, err := a.recursion(o)
	if err != nil {
		return err
	}
	variables, err := a.envFileVariables(o)
	if err != nil {
		return err
	}
	if o.list {
		return a.listTasks(o)
	}
	settings, err := a.findTask(o, args)
	if err != nil {
		return err
	}
	if isTask := settings != nil; isTask {
		if err := a.settingVariables(o, settings, variables); err != nil {
			return err
		}
		return a.runTask(ctx, o, settings, args, variables, depth)
	}
	if settings, err = a.taskSettings(o, ""); err != nil {
		return err
	}
	if err := a.settingVariables(o, settings, variables); err != nil {
		return err
	}
	r := &running{app: a, flags: o}
	defer r.release()
	if r.target, err = a.findTarget(ctx, o, args); err != nil {
		return err
	}
	if r.target != nil && r.target.remove != "" {
		r.keep = append(r.keep, temporaryFile(r.target.remove))
	}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	if r.target == nil {
		return a.showRunnable(r.python)
	}
	a.notePrepared()
	return r.launch(variables, depth)
}

// prepare makes the environment to run in.
func (r *running) prepare(ctx context.Context) error {
	if err := r.readScript(); err != nil {
		return err
	}
	r.work = &runWork{running: r}
	if err := r.findBase(ctx); err != nil {
		return err
	}
	if r.target == nil {
		return nil
	}
	extra, err := r.withEnvironment(ctx)
	if err != nil {
		return err
	}
	if extra == nil && r.base != nil {
		r.paths = []string{r.base.Interpreter.Scheme.Scripts}
		return nil
	}
	return r.overlay(ctx, extra)
}

// findBase makes the environment of the script, or of the project, or finds any.
func (r *running) findBase(ctx context.Context) error {
	if r.script != nil {
		r.warnAboutScript()
		return r.scriptBase(ctx)
	}
	p, err := r.findProject(ctx)
	if err != nil {
		return err
	}
	if p != nil {
		return r.projectBase(ctx, p)
	}
	r.warnOutsideProject()
	return r.plainBase(ctx)
}

// overlay makes the environment that shows the base's packages and extra ones.
func (r *running) overlay(ctx context.Context, extra *python.Environment) error {
	store, err := r.work.store(ctx)
	if err != nil {
		return err
	}
	layers := ephemeral.Layers{Interpreter: r.python, Base: r.base}
	if extra != nil {
		layers.Over = []*python.Environment{extra}
	}
	overlay, err := store.Overlay(ctx, layers)
	if err != nil {
		return err
	}
	r.keep = append(r.keep, overlay)
	r.paths = []string{overlay.Interpreter.Scheme.Scripts}
	for _, env := range append(slices.Clone(layers.Over), layers.Base) {
		if env != nil {
			r.paths = append(r.paths, env.Interpreter.Scheme.Scripts)
		}
	}
	r.python = overlay.Interpreter
	return nil
}

func (r *running) release() {
	for i := len(r.keep) - 1; i >= 0; i-- {
		_ = r.keep[i].Release()
	}
	r.keep = nil
}

// recursion counts how many runs have started each other, which a script that
// runs itself does without end, and refuses too many.
func (a *app) recursion(o *runFlags) (depth int, err error) {
	const variable, limitVariable = "UV_RUN_RECURSION_DEPTH", "UV_RUN_MAX_RECURSION_DEPTH"
	limit := 100
	if text := a.env[limitVariable]; text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 0 {
			return 0, fmt.Errorf("invalid value for %s: a whole number is expected, not %q", limitVariable, text)
		}
	}
	if o.maxDepth > 0 {
		limit = o.maxDepth
	}
	if text, ok := a.env[variable]; ok {
		if depth, err = strconv.Atoi(text); err != nil || depth < 0 {
			return 0, fmt.Errorf("invalid value for %s: a whole number is expected, not %q", variable, text)
		}
	}
	if depth > limit {
		return 0, withHint(fmt.Errorf("`%s run` was recursively invoked %d times which exceeds the limit of %d", a.name, depth, limit),
			"a script that has `%s run` in its first line needs `--script` there", a.name)
	}
	return depth + 1, nil
}

// projectDir is where a project is looked for: in the directory of the file to
// run, unless told otherwise.
func (r *running) projectDir() string {
	a := r.app
	if first(a.global.project, a.env["UV_PROJECT"]) != "" || r.target == nil || r.target.file == "" {
		return a.projectDir()
	}
	return filepath.Dir(r.target.file)
}

// warnOutsideProject says which flags mean nothing without a project.
func (r *running) warnOutsideProject() {
	none, _ := r.app.flagOrEnv(r.flags.noProject, "UV_NO_PROJECT")
	where := "when used outside of a project"
	if isTrue(none) {
		where = "when used alongside `--no-project`"
	}
	for _, flag := range r.flags.project.given(r.app) {
		if flag != "--all-packages" && flag != "--exact" {
			r.app.print.Warn("`%s` has no effect %s", flag, where)
		}
	}
}

// warnAboutScript says which flags mean nothing to a script that names its own
// dependencies.
func (r *running) warnAboutScript() {
	given := r.flags.project.given(r.app)
	if isTrue(r.flags.isolated) {
		given = append(given, "--isolated")
	}
	for _, flag := range given {
		if flag != "--exact" && flag != "--locked" && flag != "--frozen" {
			r.app.print.Warn("`%s` has no effect on Python scripts with inline metadata, which always run in isolation", flag)
		}
	}
}

// given lists the flags of a project that were given, by a flag or a variable.
func (p *projectFlags) given(a *app) []string {
	var out []string
	add := func(on bool, flag string) {
		if on {
			out = append(out, flag)
		}
	}
	each := func(names []string, flag string) {
		for _, name := range names {
			out = append(out, flag+" "+name)
		}
	}
	each(p.extras, "--extra")
	add(isTrue(p.allExtras), "--all-extras")
	each(p.noExtras, "--no-extra")
	add(p.noDefaultExtras, "--no-default-extras")
	add(p.dev != nil && !*p.dev, "--no-dev")
	add(p.onlyDev, "--only-dev")
	each(p.groups, "--group")
	each(p.noGroups, "--no-group")
	add(isTrue(p.noDefaultGroups), "--no-default-groups")
	each(p.onlyGroups, "--only-group")
	add(isTrue(p.allGroups), "--all-groups")
	add(isTrue(p.noEditable), "--no-editable")
	add(isTrue(p.exact), "--exact")
	add(isTrue(p.noSync) || p.noSync == nil && isTrue(a.vars.NoSync), "--no-sync")
	add(isTrue(p.locked) || p.locked == nil && isTrue(a.vars.Locked), "--locked")
	add(isTrue(p.frozen) || p.frozen == nil && isTrue(a.vars.Frozen), "--frozen")
	each(p.packages, "--package")
	add(p.allPackages, "--all-packages")
	return out
}

// showRunnable lists what could be run, for a call that names nothing.
func (a *app) showRunnable(i *python.Interpreter) error {
	a.print.Data("Provide a command or script to invoke with `%s run <command>` or `%s run <script>.py`.\n\n", a.name, a.name)
	if names := executables(i.Scheme.Scripts); len(names) > 0 {
		a.print.Data("The following commands are available in the environment:\n\n- %s\n\n", strings.Join(names, "\n- "))
	}
	a.print.Data("See `%s run --help` for more information.\n", a.name)
	return exitStatus(exitError)
}

// executables are the names of the programs in a directory, sorted.
func executables(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(dir, e.Name()))
		if err != nil || !isExecutable(info) || strings.HasPrefix(e.Name(), "activate") || strings.HasPrefix(e.Name(), "deactivate") {
			continue
		}
		out = append(out, strings.TrimSuffix(e.Name(), ".exe"))
	}
	return out
}

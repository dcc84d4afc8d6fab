package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/settings"
	"github.com/tame-py/tame/internal/ui"
	"github.com/tame-py/tame/packaging/pyname"
)

// installOptions are the flags of `pip install` and `pip sync`.
type installOptions struct {
	pipFlags
	inputFlags
	index     indexFlags
	resolver  resolverFlags
	installer installerFlags
	build     buildFlags
	binary    binaryFlags
	refresh   refreshFlags
	platform  platformFlags

	noDeps         *bool
	requireHashes  *bool
	verifyHashes   *bool
	exact          *bool
	dryRun         bool
	user           bool
	noEditable     *bool
	noEditablePkgs []string
	allowEmpty     *bool
	sync           bool
	report         *string // where to write pip's installation report
	torch          string
}

// inputFlags say what is wanted.
type inputFlags struct {
	requirements, editables                     []string
	constraints, overrides, excludes, buildOnly []string
	extras, groups                              []string
	allExtras                                   *bool
}

func (i *inputFlags) registerConstraints(f *flags, overrides bool) {
	f.List(&i.constraints, "constraints,c", "FILE", "Keep to the versions in this requirements file").Alias("constraint").FromEnv("UV_CONSTRAINT")
	if overrides {
		f.List(&i.overrides, "overrides", "FILE", "Replace requirements by those in this file").Alias("override").FromEnv("UV_OVERRIDE")
		f.List(&i.excludes, "excludes", "FILE", "Never install the packages in this file").Alias("exclude").FromEnv("UV_EXCLUDE")
	}
	f.List(&i.buildOnly, "build-constraints,b", "FILE", "Keep to these versions when building source distributions").Alias("build-constraint").FromEnv("UV_BUILD_CONSTRAINT")
	f.Commas(&i.extras, "extra", "EXTRA", "Include this extra of the project")
	f.Pair(&i.allExtras, "all-extras", "no-all-extras", "Include all extras of the project")
	f.List(&i.groups, "group", "[PATH:]GROUP", "Include this dependency group of the project")
	f.Exclusive("all-extras", "extra")
}

// sources are the flags with the variables and settings behind them.
func (i *inputFlags) sources(a *app, args []string, s *config.Pip) (pip.Sources, error) {
	out := pip.Sources{
		Packages: args, Editables: i.editables, Files: i.requirements,
		Constraints:      a.listOrEnv(i.constraints, "UV_CONSTRAINT"),
		Overrides:        a.listOrEnv(i.overrides, "UV_OVERRIDE"),
		Excludes:         a.listOrEnv(i.excludes, "UV_EXCLUDE"),
		BuildConstraints: a.listOrEnv(i.buildOnly, "UV_BUILD_CONSTRAINT"),
		AllExtras:        isTrue(s.AllExtras), Extras: s.Extra, NoExtras: s.NoExtra,
	}
	if i.allExtras != nil {
		out.AllExtras = *i.allExtras
	}
	if len(out.Constraints) == 0 {
		out.Constraints = a.config.Tame.Pip.Constraints
	}
	for _, text := range i.extras {
		extra, err := pyname.ParseExtra(text)
		if err != nil {
			return out, fmt.Errorf("invalid value for `--extra`: %w", err)
		}
		out.Extras = append(out.Extras, extra)
	}
	for _, text := range i.groups {
		ref, err := pip.ParseGroupRef(text)
		if err != nil {
			return out, fmt.Errorf("invalid value for `--group`: %w", err)
		}
		out.Groups = append(out.Groups, ref)
	}
	for _, g := range s.Group {
		out.Groups = append(out.Groups, pip.GroupRef{File: g.Path, Group: g.Name})
	}
	return out, nil
}

func (o *installOptions) registerShared(f *flags) {
	f.Pair(&o.requireHashes, "require-hashes", "no-require-hashes", "Refuse what has no hash").FromEnv("UV_REQUIRE_HASHES")
	f.Pair(&o.verifyHashes, "verify-hashes", "no-verify-hashes", "Check the hashes that requirements files have").Hide().
		Negated("Do not check them").FromEnv("UV_NO_VERIFY_HASHES")
	f.Bool(&o.dryRun, "dry-run", "Only say what would be done")
	f.torchBackend(&o.torch)
	o.registerPip(f, true)
	o.register(f, true)
	o.registerPlaces(f)
	o.platform.register(f)
	o.index.register(f)
}

func pipInstallCommand() command {
	return command{
		path: "pip install", args: "[PACKAGE]...", short: "Install packages into an environment",
		prepare: func(f *flags) work {
			var o installOptions
			f.List(&o.requirements, "requirements,r", "FILE", "Install what this requirements file, pyproject.toml or script asks for").Alias("requirement")
			f.List(&o.editables, "editable,e", "DIR", "Install the project in this directory in place")
			f.Pair(&o.noEditable, "no-editable", "", "Install projects as if they were not editable").FromEnv("UV_NO_EDITABLE")
			f.List(&o.noEditablePkgs, "no-editable-package", "NAME", "The same for one package")
			o.registerConstraints(f, true)
			f.Pair(&o.noDeps, "no-deps", "deps", "Install no dependencies")
			f.Pair(&o.exact, "exact", "inexact", "Remove what is not part of this installation")
			f.Bool(&o.user, "user", "Not supported: a virtual environment takes its place")
			o.registerShared(f)
			if f.own {
				f.Optional(&o.report, "report", "FILE", "Write what was installed, or with `--dry-run` would be, to this file as JSON in the form of pip's installation report; `-` is standard output")
			}
			o.resolver.register(f)
			o.installer.register(f)
			o.build.register(f)
			o.binary.register(f)
			o.refresh.register(f)
			return func(ctx context.Context, a *app, args []string) error {
				if o.user {
					return withHint(usageError("`--user` is not supported"), "use a virtual environment: `%s venv`", a.name)
				}
				return a.pipInstall(ctx, &o, args)
			}
		},
	}
}

func pipSyncCommand() command {
	return command{
		path: "pip sync", args: "<FILE>...", short: "Make an environment hold exactly what requirements files list",
		prepare: func(f *flags) work {
			o := installOptions{sync: true}
			var compat syncCompat
			compat.register(f)
			o.registerConstraints(f, false)
			f.Pair(&o.allowEmpty, "allow-empty-requirements", "no-allow-empty-requirements", "Go on if there are no requirements: remove everything").
				Negated("Stop if there are no requirements, which is the default")
			o.registerShared(f)
			o.installer.register(f)
			f.times(&o.resolver.Times)
			f.sources(&o.resolver.Sources)
			o.build.register(f)
			o.binary.register(f)
			o.refresh.register(f)
			return func(ctx context.Context, a *app, args []string) error {
				if err := compat.check(a); err != nil {
					return err
				}
				if len(args) == 0 {
					return usageError("a requirements file is expected")
				}
				o.requirements = args
				return a.pipInstall(ctx, &o, nil)
			}
		},
	}
}

func (a *app) pipInstall(ctx context.Context, o *installOptions, args []string) error {
	start := time.Now()
	s, err := a.installSettings(o)
	if err != nil {
		return err
	}
	sources, err := o.sources(a, args, &s.Pip)
	if err != nil {
		return err
	}
	if !o.sync && len(args)+len(o.requirements)+len(o.editables)+len(sources.Groups) == 0 {
		return pip.ErrNothingGiven
	}
	if err := s.check(o); err != nil {
		return err
	}
	if err := a.checkReport(o); err != nil {
		return err
	}
	e, err := a.newEngine(ctx, s)
	if err != nil {
		return err
	}
	inputs, err := a.readInputs(ctx, a.reader(s), sources)
	if err != nil {
		return err
	}
	if inputs.Lock != "" {
		a.warnPreview("pip install -r pylock.toml", "pylock")
	}
	if o.sync && len(inputs.Requirements) == 0 && inputs.Lock == "" && !s.allowEmpty {
		a.print.Line("No requirements found (hint: use `--allow-empty-requirements` to clear the environment)")
		return nil
	}
	if err := inputs.AddSettings(settingsInputs(&a.config, &s.Pip)); err != nil {
		return err
	}
	env, err := a.pipEnvironment(ctx, &s.Pip, toInstall)
	if err != nil {
		return err
	}
	lock, err := a.lockEnvironment(ctx, env)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Release() }()
	site, err := a.site(env)
	if err != nil {
		return err
	}
	if err := a.connect(ctx, e, s, inputs, env.Interpreter); err != nil {
		return err
	}
	if err := inputs.Complete(ctx, e); err != nil {
		return err
	}
	if err := a.applyEditable(o, inputs); err != nil {
		return err
	}
	req, err := a.installRequest(s, e, inputs, env, site)
	if err != nil {
		return err
	}
	result, err := pip.Install(ctx, req)
	if err != nil {
		return err
	}
	a.showInstalled(result, s, start)
	if err := a.writeReport(ctx, o, req, result); err != nil {
		return err
	}
	if isTrue(s.Pip.Strict) && !o.dryRun {
		after, err := a.site(env)
		if err != nil {
			return err
		}
		return a.warnStrict(&opened{env, after, s.Pip})
	}
	return nil
}

// applyEditable follows --no-editable and --no-editable-package.
func (a *app) applyEditable(o *installOptions, in *pip.Inputs) error {
	all, err := a.flagOrEnv(o.noEditable, "UV_NO_EDITABLE")
	if err != nil {
		return err
	}
	some, err := settings.PackageNames("no-editable-package", o.noEditablePkgs)
	if err != nil {
		return err
	}
	for i := range in.Requirements {
		if r := &in.Requirements[i].Requirement; isTrue(all) || some[r.Name] {
			r.Source.Editable = false
		}
	}
	return nil
}

func (a *app) showInstalled(r *pip.InstallResult, s *workSettings, start time.Time) {
	switch {
	case r.Satisfied:
		a.status("Checked", countPackages(r.Checked), time.Since(start))
		if s.dryRun {
			a.print.Line("Would make no changes")
		}
	case s.dryRun:
		a.showDryRun(r.Changes)
	case r.IsEmpty() && !s.compiles():
		a.status("Checked", countPackages(r.Checked), r.CheckTime)
	default:
		a.showChanges(r.Changes)
	}
}

// lockEnvironment keeps other processes from changing the environment. One that
// cannot be written to, and so not be changed, is used without: it may hold all
// that is asked for.
func (a *app) lockEnvironment(ctx context.Context, env *python.Environment) (*fsx.Lock, error) {
	lock, err := install.Lock(ctx, env.Interpreter, os.TempDir(), a.lockTimeout(), func() {
		a.print.Line("Waiting for another process to finish changing the environment at %s", a.shown(env.Root))
	})
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		a.print.Debug("The environment is used without a lock: %v", err)
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("failed to lock the environment at `%s`: %w", env.Root, err)
	}
	return lock, nil
}

// installRequest puts the settings in the terms of package pip.
func (a *app) installRequest(s *workSettings, e *engine.Engine, in *pip.Inputs, env *python.Environment, site *install.Site) (*pip.InstallRequest, error) {
	target, err := env.Interpreter.Target(first(s.platform.pythonVersion, text(s.Pip.PythonVersion)),
		first(s.platform.pythonPlatform, text(s.Pip.PythonPlatform)), a.environment.Get)
	if err != nil {
		return nil, err
	}
	if e != nil && target.Other {
		e.BuildFor(target.Tags)
	}
	options, err := s.ResolveOptions()
	if err != nil {
		return nil, err
	}
	policy := s.policy(in)
	req := &pip.InstallRequest{
		Engine: e, Inputs: in, Environment: env, Target: target, Site: site,
		Options: options, Policy: policy, Static: s.Static(),
		Upgrade: s.upgrade(), Reinstall: s.reinstall(), Hashes: s.hashMode(in),
		Sync: s.sync, Exact: s.exact,
		CacheInfo: func(path string) (*install.CacheInfo, error) { return install.CacheInfoOf(path, a.getenv) },
	}
	req.Install = engine.InstallRequest{
		Compile: isTrue(s.Pip.CompileBytecode) && !s.sync, CompileAll: isTrue(s.Pip.CompileBytecode) && s.sync,
		NoMetadata: a.global.noInstallerMeta || isTrue(a.vars.NoInstallerMetadata),
		AnyName:    isTrue(a.vars.SkipWheelFilenameCheck), DryRun: s.dryRun,
	}
	if s.Pip.LinkMode != nil {
		req.Install.LinkMode = *s.Pip.LinkMode
	}
	if n := a.vars.ConcurrentInstalls; n != nil {
		req.Install.Workers = *n
	} else if n := a.config.ConcurrentInstalls; n != nil {
		req.Install.Workers = *n
	}
	return req, nil
}

func text(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}

// countPackages is a number of packages; of none there is nothing to say.
func countPackages(n int) string {
	if n == 0 {
		return ""
	}
	return ui.Count(n, "package")
}

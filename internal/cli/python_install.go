package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/managed"
	"github.com/tame-py/tame/internal/python"
)

// pythonInstallFlags are those of `python install` and `python upgrade`.
type pythonInstallFlags struct {
	mirrorFlags
	dir                                 string
	reinstall, force, upgrade, default_ bool
	noBin, noRegistry, compile          *bool
	// upgrades: the command is `python upgrade`.
	upgrades bool
}

// mirrorFlags tell where Pythons come from.
type mirrorFlags struct{ mirror, pypyMirror, catalog string }

func (m *mirrorFlags) register(f *flags) {
	f.Text(&m.mirror, "mirror", "URL", "Take CPython from this mirror of its releases (also a `file:` URL)")
	f.Text(&m.pypyMirror, "pypy-mirror", "URL", "Take PyPy from this mirror of its downloads (also a `file:` URL)")
	f.Text(&m.catalog, "python-downloads-json-url", "URL", "Where the list of Pythons to download is, a URL or a file")
}

func pythonInstallCommand() command {
	return command{
		path: "python install", args: "[REQUEST]...", short: "Install Pythons",
		long: "Downloads Pythons and unpacks them into a directory of their own (see `python dir`); links to their executables, such as `python3.13`, are put where `python dir --bin` says. Without a request, those of the version files are installed, or else the newest. What can be downloaded is told by a list: see `--python-downloads-json-url`.",
		prepare: func(f *flags) work {
			var o pythonInstallFlags
			f.Text(&o.dir, "install-dir,i", "DIR", "Where to install them").FromEnv("UV_PYTHON_INSTALL_DIR")
			f.Pair(&o.noBin, "no-bin", "bin", "Do not link their executables (also: `UV_PYTHON_INSTALL_BIN=0`)")
			f.Pair(&o.noRegistry, "no-registry", "registry", "Do not enter them into the registry of Windows (also: `UV_PYTHON_INSTALL_REGISTRY=0`)")
			o.mirrorFlags.register(f)
			f.Bool(&o.reinstall, "reinstall,r", "Install again what is installed")
			f.Bool(&o.force, "force,f", "Replace executables of others; implies `--reinstall`")
			f.Bool(&o.upgrade, "upgrade,U", "Bring minor versions, such as 3.12, to their latest patch release")
			f.Bool(&o.default_, "default", "Link `python3` and `python` to it as well")
			f.Pair(&o.compile, "compile-bytecode", "no-compile-bytecode", "Compile the standard library to bytecode").Alias("compile").FromEnv("UV_COMPILE_BYTECODE")
			f.Exclusive("default", "no-bin")
			return func(ctx context.Context, a *app, args []string) error { return a.pythonInstall(ctx, &o, args) }
		},
	}
}

func pythonUpgradeCommand() command {
	return command{
		path: "python upgrade", args: "[REQUEST]...", short: "Bring Pythons to their latest patch release",
		long: "Installs the latest patch releases of minor versions, such as 3.12, or without a request of all that are installed. Virtual environments that were made for a minor version use the new one from then on; older patch releases stay installed.",
		prepare: func(f *flags) work {
			o := pythonInstallFlags{upgrade: true, upgrades: true}
			f.Text(&o.dir, "install-dir,i", "DIR", "Where they are installed").FromEnv("UV_PYTHON_INSTALL_DIR")
			o.mirrorFlags.register(f)
			f.Bool(&o.reinstall, "reinstall,r", "Install the latest patch release again if it is installed")
			f.Pair(&o.compile, "compile-bytecode", "no-compile-bytecode", "Compile the standard library to bytecode").Alias("compile").FromEnv("UV_COMPILE_BYTECODE")
			return func(ctx context.Context, a *app, args []string) error { return a.pythonInstall(ctx, &o, args) }
		},
	}
}

// A pythonTarget is a request to install, with what would be downloaded for it.
type pythonTarget struct {
	request  python.Request
	wish     python.Wish
	download *managed.Download // nil if there is no catalogue
}

// pythonInstalling is one run of `python install` or `python upgrade`.
type pythonInstalling struct {
	app     *app
	flags   *pythonInstallFlags
	store   managed.Store
	host    managed.Platform
	catalog *pythonCatalog

	existing []managed.Installation
	targets  []pythonTarget
	// implied: nobody has said what to install; from a version file: fromFile.
	implied, fromFile bool

	bin      *bool // whether to link executables, if somebody has said so
	registry *bool
	compile  bool
	changes  pythonChanges
}

func (a *app) pythonInstall(ctx context.Context, o *pythonInstallFlags, args []string) error {
	j := &pythonInstalling{app: a, flags: o, store: a.pythonStore(o.dir), changes: newPythonChanges()}
	if err := j.settle(); err != nil {
		return err
	}
	if len(args) == 0 {
		if asked := a.env["UV_PYTHON"]; asked != "" {
			args = []string{asked}
		}
	}
	if o.default_ && len(args) > 1 {
		return errors.New("`--default` cannot be used with several requests: one Python can be the default")
	}
	lock, err := a.lockPythons(ctx, j.store)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Release() }()
	if j.existing, err = j.store.Installed(); err != nil {
		return err
	}
	if err := j.readTargets(ctx, args); err != nil {
		return err
	}
	if len(j.targets) == 0 {
		if o.upgrades {
			a.print.Line("There are no installed versions to upgrade")
		} else if o.upgrade {
			a.print.Line("No Python versions specified for upgrade; did you mean `%s python upgrade`?", a.name)
		}
		return nil
	}
	if o.upgrade {
		if err := j.checkUpgrade(); err != nil {
			return err
		}
	}
	return j.install(ctx)
}

// settle reads the settings.
func (j *pythonInstalling) settle() error {
	a, o := j.app, j.flags
	var err error
	if j.host, err = managed.Host(a.lookup); err != nil {
		return err
	}
	j.catalog = a.pythonCatalog(o.mirrorFlags)
	compile, err := a.flagOrEnv(o.compile, "UV_COMPILE_BYTECODE")
	if err != nil {
		return err
	}
	j.compile = isTrue(compile)
	not := func(v *bool) *bool {
		if v == nil {
			return nil
		}
		on := !*v
		return &on
	}
	if j.bin = not(o.noBin); j.bin == nil && !o.upgrades {
		j.bin = a.vars.PythonInstallBin
	}
	if j.registry = not(o.noRegistry); j.registry == nil {
		j.registry = a.vars.PythonInstallRegistry
	}
	if j.registry == nil && isTrue(a.vars.PythonNoRegistry) {
		off := false
		j.registry = &off
	}
	if o.default_ && !a.previews("python-install-default") {
		a.print.Warn("the `--default` option is experimental and may change without warning. Pass `--preview-features python-install-default` to disable this warning")
	}
	return nil
}

// pythonStore is where managed Pythons are: where a flag says, or the
// environment.
func (a *app) pythonStore(dir string) managed.Store {
	if dir != "" {
		return managed.NewStore(a.path(dir))
	}
	return managed.DefaultStore(a.lookup, a.dir)
}

func (a *app) lockPythons(ctx context.Context, store managed.Store) (*fsx.Lock, error) {
	return store.Lock(ctx, fsx.LockOptions{Timeout: a.lockTimeout(), Waiting: func() {
		a.print.Line("Waiting for another process to finish changing the Pythons at %s", a.shown(store.Root()))
	}})
}

// readTargets finds out what to install: what is asked for; for an upgrade
// all that is installed; what the version files say; or the newest.
func (j *pythonInstalling) readTargets(ctx context.Context, args []string) error {
	requests, err := j.requests(args)
	if err != nil {
		return err
	}
	for _, r := range requests {
		t, err := j.target(ctx, r)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(j.targets, func(other pythonTarget) bool { return other.request.Canonical() == r.Canonical() }) {
			j.targets = append(j.targets, t)
		}
	}
	return nil
}

func (j *pythonInstalling) requests(args []string) ([]python.Request, error) {
	a, o := j.app, j.flags
	var out []python.Request
	switch {
	case len(args) > 0:
		for _, arg := range args {
			out = append(out, python.ParseRequest(arg, a.dir))
		}
		return out, nil
	case o.upgrades:
		j.implied = true
		for _, i := range j.existing {
			out = append(out, python.KeyRequest(i.Key).Minor())
		}
		return out, nil
	}
	options, err := a.versionFiles()
	if err != nil {
		return nil, err
	}
	options.Plural = true
	file, err := python.FindVersionFile(a.projectDir(), options)
	if err != nil {
		return nil, err
	}
	if file != nil {
		a.warnIgnored(file)
		j.fromFile = true
		return file.Requests, nil
	}
	j.implied = true
	if o.reinstall { // of everything
		return []python.Request{{Kind: python.KindAny}}, nil
	}
	return []python.Request{{}}, nil
}

// target looks up what would be downloaded for a request. Without a catalogue
// there may still be something installed that will do.
func (j *pythonInstalling) target(ctx context.Context, r python.Request) (pythonTarget, error) {
	wish, ok := r.Wish(j.host, j.app.lookup)
	if !ok {
		return pythonTarget{}, withHint(fmt.Errorf("`%s` is no request for a Python that could be downloaded", r.Canonical()),
			"`%s python list --only-downloads` lists what is available", j.app.name)
	}
	t := pythonTarget{request: r, wish: wish}
	all, err := j.catalog.read(ctx)
	if err != nil || all == nil {
		return t, err
	}
	d, ok := wish.Choose(all)
	if !ok {
		return t, fmt.Errorf("no download was found for the request: %s", wish)
	}
	t.download = &d
	return t, nil
}

// checkUpgrade refuses requests that leave nothing to upgrade.
func (j *pythonInstalling) checkUpgrade() error {
	for _, t := range j.targets {
		if !t.request.IncludesPatch() && !t.request.IncludesPrerelease() {
			continue
		}
		command := "python install --upgrade"
		if j.flags.upgrades {
			command = "python upgrade"
		}
		err := fmt.Errorf("`%s %s` only accepts minor versions, got: %s", j.app.name, command, t.request.Canonical())
		if j.fromFile {
			err = withHint(err, "the request came from a `.python-version` file; change the patch version in the file to upgrade instead")
		}
		j.app.print.Error(err)
		return exitStatus(exitFailed)
	}
	return nil
}

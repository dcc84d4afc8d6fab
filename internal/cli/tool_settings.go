package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/settings"
	"github.com/tame-py/tame/internal/tool"
)

// toolFlags are those that the commands of tools share.
type toolFlags struct {
	with, withEditable, withRequirements        []string
	constraints, overrides, excludes, buildOnly []string
	lfs                                         *bool
	torch                                       string
	resolutionFlags
}

// registerWith adds the flags that say what goes into the environment beside
// the tool.
func (o *toolFlags) registerWith(f *flags) {
	f.List(&o.with, "with,w", "PACKAGE", "Add this package to the environment of the tool")
	f.List(&o.withEditable, "with-editable", "DIR", "Add the project in this directory, in place")
	f.List(&o.withRequirements, "with-requirements", "FILE", "Add what this requirements file asks for")
	f.List(&o.constraints, "constraints,c", "FILE", "Keep to the versions in this requirements file").Alias("constraint").FromEnv("UV_CONSTRAINT")
	f.List(&o.overrides, "overrides", "FILE", "Replace requirements by those in this file").Alias("override").FromEnv("UV_OVERRIDE")
	f.List(&o.buildOnly, "build-constraints,b", "FILE", "Keep to these versions when building source distributions").Alias("build-constraint").FromEnv("UV_BUILD_CONSTRAINT")
	f.Pair(&o.lfs, "lfs", "", "Fetch the large files (LFS) of git repositories").FromEnv("UV_GIT_LFS")
	f.torchBackend(&o.torch)
}

func (o *toolFlags) register(f *flags) {
	o.resolutionFlags.register(f)
	f.Under("Python options")
	f.Text(&o.platform, "python-platform", "PLATFORM", "Install for this platform: linux, windows, macos or a target triple")
}

// toolSettings are the flags over variables over files.
func (a *app) toolSettings(o *toolFlags) (*workSettings, error) {
	return a.projectSettings(&o.resolutionFlags, settings.Torch(o.torch))
}

// toolInputs reads the requirement on the tool, which comes first, and what is
// to go with it.
func (a *app) toolInputs(ctx context.Context, s *workSettings, o *toolFlags, target string, editable bool) (*pip.Inputs, error) {
	sources := pip.Sources{
		Constraints: a.listOrEnv(o.constraints, "UV_CONSTRAINT"), Overrides: a.listOrEnv(o.overrides, "UV_OVERRIDE"),
		Excludes: a.listOrEnv(o.excludes, "UV_EXCLUDE"), BuildConstraints: a.listOrEnv(o.buildOnly, "UV_BUILD_CONSTRAINT"),
	}
	if editable {
		sources.Editables = []string{target}
	} else {
		sources.Packages = []string{target}
	}
	in, err := a.readInputs(ctx, a.reader(s), sources)
	if err != nil {
		return nil, err
	}
	extra := pip.Sources{Editables: o.withEditable}
	for _, text := range o.with {
		extra.Packages = append(extra.Packages, splitRequirements(text)...)
	}
	for _, name := range o.withRequirements {
		if name == "" {
			continue
		}
		switch base := filepath.Base(name); {
		case base == "pyproject.toml", base == "setup.py", base == "setup.cfg", base == "pylock.toml", strings.HasPrefix(base, "pylock.") && strings.HasSuffix(base, ".toml"):
			return nil, fmt.Errorf("adding requirements from a `%s` is not supported by `%s tool`", base, a.name)
		}
		extra.Files = append(extra.Files, name)
	}
	with, err := a.readInputs(ctx, a.reader(s), extra)
	if err != nil {
		return nil, fmt.Errorf("failed to resolve `--with` requirement: %w", err)
	}
	a.warnFileOptions(&with.Options)
	in.Requirements = append(in.Requirements, with.Requirements...)
	return in, in.AddSettings(settingsInputs(&a.config, &s.Pip))
}

// toolStore is where tools are.
func (a *app) toolStore() tool.Store { return tool.DefaultStore(a.lookup, a.dir) }

// lockTools makes the store if there is none, and keeps other processes from
// changing the tools.
func (a *app) lockTools(ctx context.Context, store tool.Store) (*fsx.Lock, error) {
	if err := store.Init(); err != nil {
		return nil, err
	}
	return store.Lock(ctx, fsx.LockOptions{Timeout: a.lockTimeout(), Waiting: func() {
		a.print.Line("Waiting for another process to finish changing the tools at %s", a.shown(store.Root))
	}})
}

// toolPython finds the Python for a tool: what is asked for, or a person's own
// version file. Projects and virtual environments do not count.
func (a *app) toolPython(ctx context.Context, f *python.Finder, asked *string) (*python.Interpreter, error) {
	r, err := a.toolPythonRequest(asked)
	if err != nil {
		return nil, err
	}
	found, err := f.FindOrDownload(ctx, r, python.OnlyOutside)
	if err != nil {
		return nil, err
	}
	a.print.Debug("Using Python %s interpreter at: %s", found.Version, found.Executable)
	return found.Interpreter, nil
}

func (a *app) toolPythonRequest(asked *string) (python.Request, error) {
	if asked != nil && *asked != "" {
		return python.ParseRequest(*asked, a.dir), nil
	}
	o, err := a.versionFiles()
	if err != nil {
		return python.Request{}, err
	}
	o.NoLocal = true
	file, err := python.FindVersionFile(a.dir, o)
	if err != nil || file == nil {
		return python.Request{}, err
	}
	a.warnIgnored(file)
	r, _ := file.Request()
	return r, nil
}

// A toolWork is the engine of a command for tools, made when it is needed.
type toolWork struct {
	app      *app
	settings *workSettings
	engine   *engine.Engine
}

func (w *toolWork) newEngine(ctx context.Context) (*engine.Engine, error) {
	if w.engine != nil {
		return w.engine, nil
	}
	var err error
	w.engine, err = w.app.newEngine(ctx, w.settings)
	return w.engine, err
}

// connected is the engine with its client and indexes.
func (w *toolWork) connected(ctx context.Context, i *python.Interpreter) (*engine.Engine, error) {
	e, err := w.newEngine(ctx)
	if err != nil || e.Index != nil {
		return e, err
	}
	return e, w.app.connect(ctx, e, w.settings, nil, i)
}

// complete asks builds for the names of what was given by place alone.
func (w *toolWork) complete(ctx context.Context, i *python.Interpreter, in *pip.Inputs) error {
	w.settings.buildConstraints = in.BuildConstraints
	e, err := w.connected(ctx, i)
	if err != nil {
		return err
	}
	return in.Complete(ctx, e)
}

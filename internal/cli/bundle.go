package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/backend"
	"github.com/tame-py/tame/internal/bundle"
	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pyproject"
)

// bundleFlags are those of `bundle`.
type bundleFlags struct {
	selectionFlags
	lockStateFlags
	resolutionFlags
	pkg, format, out, module string
	entries, includes        []string
	withPython               bool
	report                   string
}

// The forms of bundles.
const (
	bundleFolder     = "folder"
	bundleZipapp     = "zipapp"
	bundleExecutable = "executable"
)

const bundleLong = `Puts a project, or a script, with all that it needs into something that is copied
to another machine and run there:

    tame bundle --format executable   # one file with a Python of its own
    tame bundle --format zipapp       # one .pyz file for a Python that is there
    tame bundle --with-python         # a folder with launchers and a Python

Packages are those of uv.lock without development dependencies. What is started is
the project's own command; others are chosen by --entry-point and --module, or a
script is named. The same lock and sources give the same bytes.`

func bundleCommand() command {
	return command{
		path: "bundle", own: true, late: true, beside: true, args: "[SCRIPT]", short: "Make a project or script into something that runs on other machines",
		long: bundleLong,
		prepare: func(f *flags) work {
			var o bundleFlags
			o.registerBundle(f)
			return func(ctx context.Context, a *app, args []string) error { return a.bundle(ctx, &o, args) }
		},
	}
}

func (o *bundleFlags) registerBundle(f *flags) {
	f.Choice(&o.format, "format", "FORMAT", "What to make; without it, a zipapp if the output's name ends in .pyz, else a folder", bundleFolder, bundleZipapp, bundleExecutable)
	f.Text(&o.out, "output,o", "PATH", "The folder or file to make (by default in `dist`)").Alias("out")
	f.List(&o.entries, "entry-point,e", "NAME", "The command to start: that of a package, or [NAME=]MODULE:FUNCTION; a folder may have several")
	f.Text(&o.module, "module,m", "MODULE", "Start this module, as `python -m` does")
	f.Exclusive("entry-point", "module")
	f.List(&o.includes, "include", "PATH", "Add this file or directory, which the script or module can import or open")
	f.Bool(&o.withPython, "with-python", "Bring a Python along, as executables always do; it must be a managed or another portable one")
	f.Text(&o.pkg, "package", "NAME", "Bundle this member of the workspace")
	o.registerExtras(f)
	f.List(&o.groups, "group", "GROUP", "Include this dependency group")
	f.Pair(&o.allGroups, "all-groups", "", "Include all dependency groups")
	f.List(&o.noGroups, "no-group", "GROUP", "Leave out this dependency group").FromEnv("UV_NO_GROUP")
	o.lockStateFlags.register(f)
	exclusiveLockState(f)
	f.Choice(&o.report, "output-format", "FORMAT", "How to tell what was made", "text", "json")
	f.Text(&o.platform, "python-platform", "PLATFORM", "Bundle for this platform: linux, windows, macos or a target triple")
	o.resolutionFlags.registerWith(f, func(f *flags) {
		f.Pair(&o.installer.CompileBytecode, "compile-bytecode", "no-compile-bytecode", "Add bytecode, so that the first start is as quick as others").Alias("compile").FromEnv("UV_COMPILE_BYTECODE")
	})
}

// A bundling is a run of `bundle`.
type bundling struct {
	*syncing
	flags  *bundleFlags
	begun  time.Time
	format string
	script string // the path of the script to run, "" if there is none
	// withPython: a Python comes along.
	withPython bool

	interpreter *python.Interpreter // that packages are chosen and built with
	aim         python.Target       // what they are for
	root        string              // the bundle as a folder
	place       *python.Environment // in that, where packages go
	spec        bundle.Spec
	site        *install.Site
}

func (a *app) bundle(ctx context.Context, o *bundleFlags, args []string) error {
	script, err := oneArgument(args)
	if err != nil {
		return err
	}
	none := true
	o.noDefaultGroups = &none // what is for development stays at home
	b := &bundling{flags: o, begun: time.Now()}
	mode, flag, err := a.lockMode(&o.lockStateFlags, false)
	if err != nil {
		return err
	}
	p, err := b.open(ctx, a, script, mode)
	if err != nil {
		return err
	}
	b.syncing = &syncing{projectWork: p, editable: &o.selectionFlags}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	a.attend()
	if b.root, err = p.engine.Cache.TempDir(); err != nil {
		return err
	}
	defer func() { _, _ = fsx.RemoveAll(b.root, nil) }() // it is only aside
	if err := b.fill(ctx, mode, flag); err != nil {
		return err
	}
	if err := b.describe(); err != nil {
		return err
	}
	if err := b.addFiles(); err != nil {
		return err
	}
	if err := b.spec.Finish(b.root); err != nil {
		return err
	}
	if err := b.compile(ctx); err != nil {
		return err
	}
	made, err := b.write()
	if err != nil {
		return err
	}
	return b.tell(made)
}

// open finds what is bundled: the script, if it says itself what it needs, else
// the project.
func (b *bundling) open(ctx context.Context, a *app, script *string, mode project.LockMode) (*projectWork, error) {
	o := b.flags
	own := false
	if script != nil {
		b.script = a.path(*script)
		text, err := os.ReadFile(b.script)
		if err != nil {
			return nil, fmt.Errorf("failed to read `%s`: %w", *script, err)
		}
		meta, err := pyproject.ParseScript(b.script, text)
		if err != nil {
			return nil, err
		}
		own = meta != nil
		if len(o.entries) > 0 || o.module != "" {
			return nil, usageError("a script is what is started: `--entry-point` and `--module` cannot be given with it")
		}
	}
	d := discovery{existing: mode == project.Frozen}
	if o.pkg != "" {
		d.packages = []string{o.pkg}
	}
	if !own {
		p, err := a.openProject(ctx, &o.resolutionFlags, d)
		if script == nil || !errors.Is(err, workspace.ErrNone) && !errors.Is(err, workspace.ErrUnmanaged) {
			return p, err
		}
	}
	for _, flag := range [...]struct {
		name  string
		given bool
	}{
		{"package", o.pkg != ""},
		{"extra", len(o.extras) > 0},
		{"all-extras", isTrue(o.allExtras)},
		{"group", len(o.groups) > 0},
		{"all-groups", isTrue(o.allGroups)},
	} {
		if flag.given {
			return nil, usageError(fmt.Sprintf("`--%s` is about projects, and `%s` is a script of its own", flag.name, *script))
		}
	}
	return a.openTarget(ctx, &o.resolutionFlags, b.script, discovery{fresh: true})
}

// prepare chooses the form, the Python and what of the project is taken.
func (b *bundling) prepare(ctx context.Context) error {
	o, a := b.flags, b.app
	if b.format = o.format; b.format == "" {
		b.format = bundleFolder
		if strings.EqualFold(filepath.Ext(o.out), ".pyz") {
			b.format = bundleZipapp
		}
	}
	if b.format == bundleZipapp && o.withPython {
		return withHint(usageError("a zipapp is run by a Python that is there already, and cannot bring one along"), "`--format executable` makes one file with a Python")
	}
	b.withPython = o.withPython || b.format == bundleExecutable
	var err error
	if b.spec.Time, err = backend.SourceDate(a.env["SOURCE_DATE_EPOCH"]); err != nil {
		return err
	}
	if b.selection.Groups, b.selection.Extras, err = b.projectWork.selection(&o.selectionFlags); err != nil {
		return err
	}
	if b.selection.Members, err = b.members(nil, false); err != nil {
		return err
	}
	if b.interpreter, err = b.choosePython(ctx); err != nil {
		return err
	}
	if b.aim, err = b.interpreter.Target("", o.platform, a.environment.Get); err != nil {
		return err
	}
	return b.checkTarget()
}

// choosePython finds the Python that packages are chosen for, and that comes
// along if one does.
func (b *bundling) choosePython(ctx context.Context) (*python.Interpreter, error) {
	pythons, err := b.pythons(b.selection.Groups.Has)
	if err != nil {
		return nil, err
	}
	c, err := b.choice(&pythons, b.target.Dir())
	if err != nil {
		return nil, err
	}
	if b.withPython && b.flags.platform == "" && !c.request.IsPath() && b.seeker.Preference != python.OnlySystem {
		b.seeker.Preference = python.OnlyManaged
	}
	return b.findPython(ctx, c, &pythons)
}

// checkTarget refuses what cannot be bundled for the target.
func (b *bundling) checkTarget() error {
	windows := b.aim.Env.SysPlatform == "win32"
	switch {
	case windows && b.format != bundleZipapp:
		return withHint(errors.New("folders and executables are for Linux and macOS: what starts them are shell scripts"), "`--format zipapp` makes a file for Windows")
	case b.withPython && !b.runsHere() && !slices.Contains([]string{"linux", "darwin"}, b.aim.Env.SysPlatform):
		return fmt.Errorf("there are no Pythons for %s that could be brought along", b.aim.Env.SysPlatform)
	}
	return nil
}

// fill puts the Python and the packages into the root.
func (b *bundling) fill(ctx context.Context, mode project.LockMode, flag string) error {
	p := &b.spec.Python
	inside := *b.interpreter.WithTarget(filepath.Join(b.root, filepath.FromSlash(b.spec.Site())))
	if b.withPython {
		source, version, err := b.pythonSource()
		if err != nil {
			return err
		}
		if *p, err = bundle.CopyPython(b.root, source); err != nil {
			return fmt.Errorf("failed to copy the Python at `%s`: %w", source.Prefix, err)
		}
		p.Version = version
		inside = *b.interpreter.WithPrefix(filepath.Join(b.root, "python"))
		inside.Executable = filepath.Join(b.root, filepath.FromSlash(p.Executable))
	} else {
		// What scripts look for that wheels bring as files.
		inside.Executable = filepath.Join(inside.Install().Scripts, "python"+b.interpreter.MinorVersion())
		p.Version = b.interpreter.Version.String()
	}
	p.Major, p.Minor = b.interpreter.Major(), b.interpreter.Minor()
	b.place = &python.Environment{Root: b.root, Interpreter: &inside}
	b.env = &projectEnvironment{Environment: python.NewEnvironment(b.interpreter)}
	report := b.engine.Report
	b.engine.Report = func(e engine.Event) {
		if report != nil && e.Stage != engine.Installed { // it says nothing about the bundle
			report(e)
		}
	}
	if err := b.installInto(ctx, mode, flag); err != nil {
		return err
	}
	var err error
	b.site, err = install.Open(inside.InstalledIn()...)
	return err
}

// installInto installs what the lock, or the script, asks for.
func (b *bundling) installInto(ctx context.Context, mode project.LockMode, flag string) error {
	if b.target.Script != nil {
		if l, _, err := b.target.ReadLock(); err != nil {
			return err
		} else if l == nil {
			return b.installUnlocked(ctx, mode, flag)
		}
	}
	start := time.Now()
	request, err := b.lockRequest(mode, flag, b.interpreter)
	if err != nil {
		return err
	}
	locked, err := project.Lock(ctx, request)
	if err != nil {
		return err
	}
	if locked.Graph == nil && mode != project.Frozen {
		b.stage(engine.Event{Stage: engine.Resolved, Count: len(locked.Lock.Packages), Took: time.Since(start)})
	}
	b.warnUnpackaged()
	r, err := b.syncRequest(locked.Lock)
	if err != nil {
		return err
	}
	if r.Site, err = install.Open(); err != nil {
		return err
	}
	r.Environment, r.NoEditable, r.Editable = b.place, true, false
	b.shape(&r.Install)
	r.Connect = b.connect
	if err := b.checkMalware(ctx, locked.Lock, r); err != nil {
		return err
	}
	_, err = project.Sync(ctx, r)
	return err
}

// connect lets the engine download and build, for the target.
func (b *bundling) connect(ctx context.Context) error {
	e, err := b.connected(ctx, b.interpreter)
	if err == nil && b.aim.Other {
		e.BuildFor(b.aim.Tags)
	}
	return err
}

// shape makes an installation one into a bundle: nothing in it tells of this
// machine, and in a folder nothing is a link.
func (b *bundling) shape(r *engine.InstallRequest) {
	r.NoMetadata, r.Relocatable, r.NoScripts = true, true, !b.withPython
	r.Compile, r.CompileAll = false, false // see bytecode
	r.LinkMode = 0
	if b.format == bundleFolder {
		r.LinkMode = fsx.Copy
	}
}

// installUnlocked installs what a script without a lock asks for.
func (b *bundling) installUnlocked(ctx context.Context, mode project.LockMode, flag string) error {
	if mode == project.Frozen || mode == project.CheckLock {
		return b.needsLock("bundle", flag)
	}
	in, err := b.scriptInputs()
	if err != nil {
		return err
	}
	if err := b.connect(ctx); err != nil {
		return err
	}
	site, err := install.Open()
	if err != nil {
		return err
	}
	r, err := b.app.installRequest(b.settings, b.engine, in, b.place, site)
	if err != nil {
		return err
	}
	b.shape(&r.Install)
	_, err = pip.Install(ctx, r)
	return err
}

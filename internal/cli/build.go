package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/tame-py/tame/internal/backend"
	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/ui"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pyname"
)

// buildCommandFlags are the flags of `build`.
type buildCommandFlags struct {
	pkg                       string
	allPackages               bool
	out                       string
	sdist, wheel, list, clear bool
	noLogs, noGitignore       *bool
	forcePEP517               *bool
	constraints               []string
	requireHashes             *bool
	verifyHashes              *bool
	python                    *string

	index     indexFlags
	resolver  resolverFlags
	installer installerFlags
	build     buildFlags
	binary    buildPackageFlags
	refresh   refreshFlags
}

func buildCommand() command {
	return command{
		path: "build", args: "[SRC]", short: "Build source distributions and wheels",
		long: "Builds the project in a directory: a source distribution, and a wheel from it. A source distribution itself is built into a wheel.",
		prepare: func(f *flags) work {
			var o buildCommandFlags
			o.register(f)
			return func(ctx context.Context, a *app, args []string) error { return a.build(ctx, &o, args) }
		},
	}
}

func (o *buildCommandFlags) register(f *flags) {
	f.Text(&o.pkg, "package", "NAME", "Build this package of the workspace")
	f.Bool(&o.allPackages, "all-packages", "Build all packages of the workspace").Alias("all")
	f.Text(&o.out, "out-dir,o", "DIR", "Where to put what is built")
	f.Bool(&o.sdist, "sdist", "Build a source distribution")
	f.Bool(&o.wheel, "wheel", "Build a wheel")
	f.Bool(&o.list, "list", "Only list the files that would be in it, with the backend uv_build")
	f.Pair(&o.noLogs, "no-build-logs", "build-logs", "Hide what build backends print")
	f.Pair(&o.forcePEP517, "force-pep517", "", "Run the build backend uv_build in an environment, as all others")
	f.Bool(&o.clear, "clear", "Empty the output directory first")
	f.Pair(&o.noGitignore, "no-create-gitignore", "create-gitignore", "Write no `.gitignore` into the output directory")
	f.List(&o.constraints, "build-constraints,b", "FILE", "Keep to these versions of build requirements").Alias("build-constraint").FromEnv("UV_BUILD_CONSTRAINT")
	f.Pair(&o.requireHashes, "require-hashes", "no-require-hashes", "Refuse build requirements that have no hash").FromEnv("UV_REQUIRE_HASHES")
	f.Pair(&o.verifyHashes, "verify-hashes", "no-verify-hashes", "Check the hashes that constraints have").Hide().
		Negated("Do not check them").FromEnv("UV_NO_VERIFY_HASHES")
	f.Exclusive("package", "all-packages")
	f.Under("Python options")
	f.python(&o.python)
	o.index.register(f)
	o.resolver.register(f)
	o.build.register(f)
	o.binary.register(f)
	f.Under("Installer options")
	f.linkMode(&o.installer.LinkMode)
	o.refresh.register(f)
}

// settings are the flags over variables over files.
func (o *buildCommandFlags) settings(a *app) (*workSettings, error) {
	s, err := a.projectSettings(&resolutionFlags{
		index: o.index, resolver: o.resolver, installer: o.installer, build: o.build, binary: o.binary, refresh: o.refresh,
	})
	if err != nil {
		return nil, err
	}
	s.building = true
	if s.requireHashes, err = a.flagOrEnv(o.requireHashes, "UV_REQUIRE_HASHES"); err != nil {
		return nil, err
	}
	off, err := a.flagOrEnv(nil, "UV_NO_VERIFY_HASHES")
	if err != nil {
		return nil, err
	}
	if s.verifyHashes = o.verifyHashes; s.verifyHashes == nil && isTrue(off) {
		s.verifyHashes = new(bool)
	}
	return s, nil
}

// A buildJob is a run of `build`.
type buildJob struct {
	app      *app
	flags    *buildCommandFlags
	settings *workSettings
	engine   *engine.Engine
	inputs   *pip.Inputs
	source   string
	found    *workspace.Workspace // that the source is in, or nil
	missing  error                // why there is none

	mu     sync.Mutex
	warned map[string]bool
}

// A buildItem is one project to build.
type buildItem struct {
	name   pyname.Package // "" if it needs no mention
	source string
	built  []engine.Artifact
	err    error
}

func (i *buildItem) String() string {
	if i.name == "" {
		return i.source
	}
	return string(i.name) + " @ " + i.source
}

// prefix tells messages of several projects apart.
func (i *buildItem) prefix(a *app) string {
	if i.name == "" {
		return ""
	}
	return "[" + a.print.Color.Cyan(string(i.name)) + "] "
}

func (a *app) build(ctx context.Context, o *buildCommandFlags, args []string) error {
	given, err := oneArgument(args)
	if err != nil {
		return err
	}
	j := &buildJob{app: a, flags: o, source: a.projectDir(), warned: map[string]bool{}}
	if given != nil {
		j.source = a.path(*given)
		if _, err := os.Stat(j.source); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("source `%s` does not exist", *given)
		} else if err != nil {
			return err
		}
	}
	if _, err := backend.SourceDate(a.env["SOURCE_DATE_EPOCH"]); err != nil {
		return err
	}
	if j.settings, err = o.settings(a); err != nil {
		return err
	}
	if j.engine, err = a.newEngine(ctx, j.settings); err != nil {
		return err
	}
	if err := j.readConstraints(ctx); err != nil {
		return err
	}
	items, err := j.items(ctx)
	if err != nil {
		return err
	}
	out, err := j.prepareOut()
	if err != nil {
		return err
	}
	j.warnCache(items)
	j.buildAll(ctx, items, out)
	return j.tell(items, out)
}

func (j *buildJob) readConstraints(ctx context.Context) error {
	a := j.app
	var err error
	sources := pip.Sources{BuildConstraints: a.listOrEnv(j.flags.constraints, "UV_BUILD_CONSTRAINT")}
	if j.inputs, err = a.readInputs(ctx, a.reader(j.settings), sources); err != nil {
		return err
	}
	return j.inputs.AddSettings(pip.Settings{BuildConstraints: a.config.BuildConstraintDependencies})
}

// sourceDir is where the source is.
func (j *buildJob) sourceDir() string {
	if info, err := os.Stat(j.source); err == nil && info.Mode().IsRegular() {
		return filepath.Dir(j.source)
	}
	return j.source
}

// items are what is to be built: the source itself, or packages of the
// workspace that it is in.
func (j *buildJob) items(ctx context.Context) ([]*buildItem, error) {
	o := j.flags
	j.found, _, j.missing = workspace.Discover(ctx, j.sourceDir(), j.engine.Workspaces.Discover)
	if j.found != nil {
		j.engine.Workspaces.Add(j.found)
	}
	if o.pkg == "" && !o.allPackages {
		return []*buildItem{{source: j.source}}, nil
	}
	flag := "--all-packages"
	if o.pkg != "" {
		flag = "--package"
	}
	switch {
	case j.sourceDir() != j.source:
		return nil, fmt.Errorf("`%s` cannot be used when building from a file", flag)
	case j.missing != nil:
		return nil, fmt.Errorf("`%s` was given, but there is no workspace: %w", flag, j.missing)
	case o.pkg != "":
		return j.onePackage()
	}
	return j.allPackages()
}

func (j *buildJob) onePackage() ([]*buildItem, error) {
	name, err := pyname.ParsePackage(j.flags.pkg)
	if err != nil {
		return nil, fmt.Errorf("invalid value for `--package`: %w", err)
	}
	m := j.found.Member(name)
	if m == nil {
		return nil, fmt.Errorf("package `%s` not found in workspace", name)
	}
	if !buildable(m) {
		err := fmt.Errorf("package `%s` has no `[build-system]` in `%s`", name, j.app.shown(filepath.Join(m.Dir, "pyproject.toml")))
		return nil, withHint(err, "%s", buildSystemAdvice)
	}
	return []*buildItem{{source: m.Dir}}, nil
}

// buildSystemAdvice is how a project gets to be built.
const buildSystemAdvice = "to build with `uv_build`, add:\n[build-system]\nrequires = [\"uv_build>=0.12.5,<0.13.0\"]\nbuild-backend = \"uv_build\""

func (j *buildJob) allPackages() ([]*buildItem, error) {
	var out []*buildItem
	for _, m := range j.found.Members {
		if buildable(m) {
			out = append(out, &buildItem{name: m.Name, source: m.Dir})
		}
	}
	switch {
	case len(j.found.Members) == 0:
		return nil, errors.New("no packages found in workspace")
	case len(out) == 0:
		return nil, withHint(errors.New("no package of the workspace can be built"), "%s", buildSystemAdvice)
	}
	return out, nil
}

// buildable reports whether a project is one that is meant to be built.
func buildable(m *workspace.Member) bool {
	if on, ok := m.File.Tool("uv").Get("package").Bool(); ok {
		return on
	}
	return m.File.HasBuildSystem()
}

// prepareOut makes the output directory: dist in the workspace, unless another
// is named.
func (j *buildJob) prepareOut() (string, error) {
	o := j.flags
	out := filepath.Join(j.source, "dist")
	switch {
	case o.out != "":
		out = j.app.path(o.out)
	case j.found != nil:
		out = filepath.Join(j.found.Root, "dist")
	case j.sourceDir() != j.source:
		out = j.sourceDir()
	}
	if o.clear {
		if err := j.checkClear(out); err != nil {
			return "", err
		}
		if err := os.RemoveAll(out); err != nil {
			return "", err
		}
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return "", err
	}
	if isTrue(o.noGitignore) {
		return out, nil
	}
	return out, ignoreAll(out)
}

// ignoreAll makes git ignore a directory of what is made, unless it has a
// .gitignore.
func ignoreAll(dir string) error {
	f, err := os.OpenFile(filepath.Join(dir, ".gitignore"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString("*")
	return errors.Join(err, f.Close())
}

// checkClear keeps --clear from removing the source itself.
func (j *buildJob) checkClear(out string) error {
	if rel, err := filepath.Rel(out, j.source); err == nil && filepath.IsLocal(rel) {
		return fmt.Errorf("`--clear` would remove `%s`, which is to be built", j.app.shown(j.source))
	}
	return nil
}

// warnCache says that a cache in the source tree may get into what is built.
func (j *buildJob) warnCache(items []*buildItem) {
	root, err := j.app.cacheRoot()
	if err != nil {
		return
	}
	for _, i := range items {
		if rel, err := filepath.Rel(i.source, root); err == nil && filepath.IsLocal(rel) {
			j.app.print.Warn("The cache directory `%s` is inside the build source directory `%s` and may be included in distributions", j.app.shown(root), i.source)
		}
	}
}

// buildAll builds the projects, several at once.
func (j *buildJob) buildAll(ctx context.Context, items []*buildItem, out string) {
	var g errgroup.Group
	g.SetLimit(8) // backends are bounded by the number of processors beside this
	for _, i := range items {
		g.Go(func() error {
			i.built, i.err = j.buildItem(ctx, i, out)
			return nil
		})
	}
	_ = g.Wait()
}

func (j *buildJob) buildItem(ctx context.Context, i *buildItem, out string) ([]engine.Artifact, error) {
	a, o := j.app, j.flags
	e := *j.engine // each with the Python that it asks for
	prefix := i.prefix(a)
	return e.BuildArtifacts(ctx, engine.ArtifactRequest{
		Source: i.source, Out: out, Sdist: o.sdist, Wheel: o.wheel, List: o.list,
		ForcePEP517: isTrue(o.forcePEP517), Output: j.output(), Hidden: isTrue(a.vars.HideBuildOutput), Warn: j.warn,
		Stage: func(text string) { a.print.Line("%s%s", prefix, a.print.Color.Bold(text)) },
		Ready: func(ctx context.Context) error { return j.ready(ctx, &e, i.source) },
	})
}

// ready finds the Python that a project is built with, and lets the engine use
// it.
func (j *buildJob) ready(ctx context.Context, e *engine.Engine, source string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	a := j.app
	dir := source
	if info, err := os.Stat(source); err == nil && !info.IsDir() {
		dir = filepath.Dir(source)
	}
	p, err := a.findProjectPython(dir, false)
	if err != nil {
		return err
	}
	c, err := a.choosePython(a.textOrEnv(j.flags.python, "UV_PYTHON"), dir, p)
	if err != nil {
		return err
	}
	f, err := a.finder()
	if err != nil {
		return err
	}
	found, err := f.FindOrDownload(ctx, c.request, python.AnyEnvironment)
	if err != nil {
		return err
	}
	return a.connect(ctx, e, j.settings, j.inputs, found.Interpreter)
}

// output is where what backends print goes.
func (j *buildJob) output() io.Writer {
	a := j.app
	if isTrue(j.flags.noLogs) || isTrue(a.vars.HideBuildOutput) || a.print.Level < ui.Normal {
		return nil
	}
	return &debugLines{print: func(line string) { a.print.Line("%s", line) }}
}

// warn says what is odd, once for all projects and artifacts.
func (j *buildJob) warn(text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.warned[text] {
		j.warned[text] = true
		j.app.print.Warn("%s", text)
	}
}

// tell prints what was built and what failed, project by project.
func (j *buildJob) tell(items []*buildItem, out string) error {
	var failed error
	for _, i := range items {
		if i.err != nil {
			failed = &buildFailure{i.String(), i.err}
			if len(items) > 1 {
				j.app.print.Error(failed)
				failed = exitStatus(exitError)
			}
		}
		for at := range i.built {
			j.tellBuilt(&i.built[at], out)
		}
	}
	return failed
}

func (j *buildJob) tellBuilt(b *engine.Artifact, out string) {
	a := j.app
	if b.Listing == nil {
		path := filepath.Join(out, b.Filename)
		a.print.Line("Successfully built %s", a.print.Color.Bold(a.print.Color.Cyan(a.shown(path))))
		return
	}
	var text strings.Builder
	fmt.Fprintf(&text, "Building %s will include the following files:\n", b.Filename)
	for _, f := range b.Listing.Files {
		from := "generated"
		if f.File != "" {
			from, _ = filepath.Rel(b.Tree, f.File)
		}
		fmt.Fprintf(&text, "%s (%s)\n", f.Name, from)
	}
	a.print.Text("%s", text.String())
}

// A buildFailure reports a project that could not be built.
type buildFailure struct {
	what string
	err  error
}

func (e *buildFailure) Error() string { return fmt.Sprintf("failed to build `%s`: %v", e.what, e.err) }
func (e *buildFailure) Unwrap() error { return e.err }

// ExitCode is that of a failure, whatever it comes from.
func (e *buildFailure) ExitCode() int { return exitError }

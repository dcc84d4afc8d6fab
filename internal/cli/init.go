package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/scaffold"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// initFlags are those of `init`.
type initFlags struct {
	name, description *string
	noDescription     bool // given after a description
	app, lib, script  bool
	packaged          *bool
	virtual           bool
	bare              *bool
	backend, vcs      string
	trap              bool // `--backend`, which is not the flag's name
	authorFrom        string
	noReadme          bool
	noPin, pin        bool
	noWorkspace       bool
	python            *string
}

func initCommand() command {
	return command{
		path: "init", args: "[PATH]", short: "Begin a project, or a script",
		long: "Makes the pyproject.toml and the first files of a project in PATH, or in the current directory. Inside of a workspace the project becomes one of its members.\n\n" +
			"With `--script`, PATH is a Python file that gets a block of metadata in its head (PEP 723).",
		prepare: func(f *flags) work {
			var o initFlags
			o.register(f)
			return func(ctx context.Context, a *app, args []string) error { return a.init(ctx, &o, args) }
		},
	}
}

func (o *initFlags) register(f *flags) {
	f.Optional(&o.name, "name", "NAME", "The name of the project; that of its directory by default")
	f.Bool(&o.app, "app", "A project with a command of its name, the default").Alias("application")
	f.Bool(&o.lib, "lib", "A project for others to import").Alias("library")
	f.Bool(&o.script, "script", "A script: a Python file with metadata in its head")
	f.Pair(&o.packaged, "package", "no-package", "A project that is built and installed, the default")
	f.Negated("A project of nothing but files that are run")
	f.Bool(&o.trap, "backend", "").Hide()
	f.Bool(&o.virtual, "virtual", "").Hide()
	f.Pair(&o.bare, "bare", "", "Make only the pyproject.toml").FromEnv("UV_INIT_BARE")
	f.Choice(&o.backend, "build-backend", "BACKEND", "What builds the project", scaffold.Backends()...).Also(scaffold.BackendAliases()...).FromEnv("UV_INIT_BUILD_BACKEND")
	f.Optional(&o.description, "description", "TEXT", "What the project is, in a sentence")
	f.Func(func() { o.noDescription, o.description = true, nil }, "no-description", "Write no description")
	f.Bool(&o.noReadme, "no-readme", "Make no README.md")
	f.Choice(&o.authorFrom, "author-from", "SOURCE", "Where to take the author from", "auto", "git", "none")
	f.Choice(&o.vcs, "vcs", "SYSTEM", "Make the directory a repository of this system", "git", "none")
	f.Bool(&o.noWorkspace, "no-workspace", "Do not become a member of the workspace around").Alias("no-project")
	f.Under("Python options")
	f.python(&o.python)
	f.Bool(&o.noPin, "no-pin-python", "Write no .python-version")
	f.Bool(&o.pin, "pin-python", "").Hide()
	o.conflicts(f)
}

func (o *initFlags) conflicts(f *flags) {
	for _, name := range []string{"name", "app", "lib", "package", "build-backend", "description", "no-description", "vcs"} {
		f.Exclusive("script", name)
	}
	f.Exclusive("app", "lib")
	f.Exclusive("lib", "no-package")
	f.Exclusive("no-package", "build-backend")
	for _, name := range []string{"package", "lib", "build-backend"} {
		f.Exclusive("virtual", name)
	}
	f.Exclusive("pin-python", "no-pin-python")
}

func (a *app) init(ctx context.Context, o *initFlags, args []string) error {
	if o.trap {
		return withHint(usageError("`init` has no option `--backend`"), "did you mean `--build-backend`?")
	}
	path, err := oneArgument(args)
	if err != nil {
		return err
	}
	if o.description != nil && strings.ContainsAny(*o.description, "\r\n") {
		return usageError("the `--description` must be one line")
	}
	if first(a.global.project, a.env["UV_PROJECT"]) != "" {
		return withHint(usageError("`--project` cannot be used with `init`: there is no project yet"), "`--directory` changes to a directory first, and the project's own can be given as PATH")
	}
	if err := o.fromEnv(a); err != nil {
		return err
	}
	q, err := a.pythonQuestion(o.python)
	switch {
	case err != nil:
		return err
	case o.script && path == nil:
		return usageError("`--script` needs the path of a file")
	case o.script:
		return a.initScript(ctx, o, q, *path)
	}
	return a.initProject(ctx, o, q, path)
}

// fromEnv adds what variables say, which then counts as given.
func (o *initFlags) fromEnv(a *app) error {
	var err error
	if o.bare, err = a.flagOrEnv(o.bare, "UV_INIT_BARE"); err != nil {
		return err
	}
	text := a.env["UV_INIT_BUILD_BACKEND"]
	if o.backend != "" || text == "" {
		return nil
	}
	if _, ok := scaffold.ParseBackend(text); !ok {
		return usageError(fmt.Sprintf("`UV_INIT_BUILD_BACKEND` names the build backend %q, which is unknown", text))
	}
	o.backend = text
	switch {
	case o.script:
		return usageError("`--script` cannot be used together with `UV_INIT_BUILD_BACKEND`")
	case o.packaged != nil && !*o.packaged:
		return usageError("`--no-package` cannot be used together with `UV_INIT_BUILD_BACKEND`")
	}
	return nil
}

// pythonQuestion is how the Python of something new is found.
func (a *app) pythonQuestion(asked *string) (project.PythonQuestion, error) {
	var q project.PythonQuestion
	var err error
	if q.Finder, err = a.finder(); err != nil {
		return q, err
	}
	if q.Files, err = a.versionFiles(); err != nil {
		return q, err
	}
	if text := a.textOrEnv(asked, "UV_PYTHON"); text != nil && *text != "" {
		r := python.ParseRequest(*text, a.dir)
		q.Asked = &r
	}
	return q, nil
}

// kind is what kind of project the flags ask for.
func (o *initFlags) kind() scaffold.Kind {
	flat := o.virtual || o.packaged != nil && !*o.packaged
	built := isTrue(o.packaged) || o.backend != "" || o.lib
	switch {
	case isTrue(o.bare) && built:
		return scaffold.BarePackage
	case isTrue(o.bare):
		return scaffold.Bare
	case o.lib:
		return scaffold.Library
	case flat:
		return scaffold.Flat
	}
	return scaffold.Application
}

func (a *app) initProject(ctx context.Context, o *initFlags, q project.PythonQuestion, path *string) error {
	dir := a.dir
	if path != nil {
		dir = a.path(*path)
	}
	if _, err := os.Stat(filepath.Join(dir, "pyproject.toml")); err == nil {
		return fmt.Errorf("a project is already initialized in `%s` (`pyproject.toml` file exists)", a.print.Color.Cyan(dir))
	}
	name, err := a.newName(o.name, dir)
	if err != nil {
		return err
	}
	r := &project.InitRequest{
		Dir: dir, Project: o.project(name), Python: q, Pin: o.pin || !o.noPin && !isTrue(o.bare),
		Alone: o.noWorkspace, Discovery: workspace.DiscoverOptions{CacheDir: a.cacheDir()},
		Environ: a.environ(), Debug: a.print.Debug,
	}
	switch {
	case o.vcs == "git":
		r.VersionControl = project.WithGit
	case o.vcs == "none", isTrue(o.bare):
		r.VersionControl = project.WithoutVersionControl
	}
	if o.authorFrom != "" {
		authors := o.authorFrom != "none"
		r.Authors = &authors
	}
	result, err := project.Init(ctx, r)
	var parent *project.ParentError
	switch {
	case errors.As(err, &parent):
		return withHint(err, "`%s init --no-workspace` ignores it", a.name)
	case err != nil:
		return err
	}
	a.reportMembership(result, name)
	where := ""
	if path != nil {
		where = " at `" + a.print.Color.Cyan(dir) + "`"
	}
	a.print.Line("Initialized project `%s`%s", a.print.Color.Cyan(string(name)), where)
	return nil
}

func (a *app) reportMembership(r project.InitResult, name pyname.Package) {
	who, root := a.print.Color.Cyan(string(name)), a.print.Color.Cyan(r.Root)
	switch r.Membership {
	case project.NewMember:
		a.print.Line("Adding `%s` as member of workspace `%s`", who, root)
	case project.OldMember:
		a.print.Line("Project `%s` is already a member of workspace `%s`", who, root)
	case project.Excluded:
		a.print.Line("Project `%s` is excluded by workspace `%s`", who, root)
	}
}

// newName is the name of a project that begins in a directory.
func (a *app) newName(given *string, dir string) (pyname.Package, error) {
	if given != nil {
		name, err := pyname.ParsePackage(*given)
		if err != nil {
			return "", fmt.Errorf("invalid value for `--name`: %w", err)
		}
		return name, nil
	}
	name, err := project.NameOf(dir)
	if err != nil {
		which := "target"
		if dir == a.dir {
			which = "current"
		}
		return "", withHint(fmt.Errorf("the name of the %s directory (`%s`) is no valid name of a package", which, filepath.Base(dir)), "name the project with `--name`")
	}
	return name, nil
}

// project is what the flags say about the project's files.
func (o *initFlags) project(name pyname.Package) scaffold.Project {
	p := scaffold.Project{Name: name, Kind: o.kind(), Description: o.description, Readme: !o.noReadme && !isTrue(o.bare)}
	p.Backend, _ = scaffold.ParseBackend(o.backend)
	if p.Description == nil && !o.noDescription && !isTrue(o.bare) {
		text := "Add your description here"
		p.Description = &text
	}
	return p
}

func (a *app) initScript(ctx context.Context, o *initFlags, q project.PythonQuestion, name string) error {
	for _, f := range []struct {
		name  string
		given bool
	}{{"no-workspace", o.noWorkspace}, {"no-readme", o.noReadme}, {"author-from", o.authorFrom != ""}} {
		if f.given {
			a.print.Warn("`--%s` has no effect on scripts, which stand alone", f.name)
		}
	}
	was, err := project.InitScript(ctx, &project.InitScriptRequest{Path: a.path(name), Bare: isTrue(o.bare), Pinned: o.pin || !o.noPin && !isTrue(o.bare), Python: q})
	var pathError *fs.PathError
	switch {
	case errors.Is(err, project.ErrIsScript):
		return withHint(fmt.Errorf("`%s` is already a PEP 723 script", name), "`%s run %s` runs it", a.name, name)
	case errors.As(err, &pathError):
		return fmt.Errorf("cannot make the script `%s`: %w", name, pathError.Err)
	case err != nil:
		return err
	}
	if first, _ := pyproject.SplitShebang(was); first != "" && !regexp.MustCompile(`\b(uv|tame)\b`).MatchString(first) {
		a.print.Warn("%s ignores its metadata when it is executed directly.\nConsider replacing its first line with: %s", a.print.Color.Cyan(name), a.print.Color.Cyan("#!/usr/bin/env -S "+a.name+" run --script"))
	}
	a.print.Line("Initialized script at `%s`", a.print.Color.Cyan(name))
	return nil
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/tame-py/tame/internal/cmdline"
	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/ephemeral"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/settings"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/tool"
	"github.com/tame-py/tame/packaging/pyname"
)

// toolRunFlags are those of `tool run`.
type toolRunFlags struct {
	toolFlags
	from           string
	isolated       *bool
	envFiles       []string
	noEnvFile      *bool
	showResolution bool
	projectTools   *bool
}

func toolRunCommand(path string) command {
	return command{
		path: path, personal: true, args: "[COMMAND] [ARG]...", short: "Run a command provided by a Python package", rest: true, hidden: path != "tool run",
		long: "Runs a program of a package without installing it: in an environment that is made when it is needed and kept in the cache. `NAME@VERSION` and `NAME@latest` choose a version.",
		prepare: func(f *flags) work {
			var o toolRunFlags
			f.Text(&o.from, "from", "PACKAGE", "The package that provides the command, if its name is another")
			o.registerWith(f)
			f.Pair(&o.isolated, "isolated", "", "Do not use an installed tool").FromEnv("UV_ISOLATED")
			f.List(&o.envFiles, "env-file", "FILE", "Set the variables in this file").FromEnv("UV_ENV_FILE")
			f.Note(cmdline.NoteNeeded, "yes")
			f.Pair(&o.noEnvFile, "no-env-file", "", "Read no file of variables").FromEnv("UV_NO_ENV_FILE")
			f.Pair(&o.projectTools, "project-tools", "no-project-tools", "Take the versions from the lock of the project at hand, if it has the tool")
			f.Bool(&o.showResolution, "show-resolution", "Say what is resolved and installed").Hide()
			var version bool
			var shell string
			f.Text(&shell, "generate-shell-completion", "SHELL", "Print the completion script of a shell").Hide()
			f.Bool(&version, "version,V", "Print the version")
			o.register(f)
			return func(ctx context.Context, a *app, args []string) error {
				if version {
					a.print.Data("%s\n", a.versionLine())
					return nil
				}
				if shell != "" {
					return a.completion(shell)
				}
				return a.toolRun(ctx, &o, args)
			}
		},
	}
}

// A toolRunning is one call of `tool run` on its way to the child process.
type toolRunning struct {
	toolWork
	running
	flags   *toolRunFlags
	request toolRequest
	command string // to run; empty until the package's name is known
	hush    bool   // say nothing about making the environment
	inputs  *pip.Inputs
	env     *python.Environment

	locked  *lock.Lock // of the project whose tools are used, which lies in
	lockDir string
}

func (a *app) toolRun(ctx context.Context, o *toolRunFlags, args []string) error {
	if len(args) == 0 {
		return a.showTools()
	}
	if strings.TrimSpace(args[0]) == "" {
		return usageError("the name of a command is empty")
	}
	if err := a.checkToolScript(args[0], o.from); err != nil {
		return err
	}
	if err := o.build.Check(); err != nil {
		return err
	}
	variables, err := a.envFileVariables(&runFlags{envFiles: o.envFiles, noEnvFile: o.noEnvFile})
	if err != nil {
		return err
	}
	t := &toolRunning{flags: o}
	t.toolWork.app, t.running.app = a, a
	t.running.flags, t.tool = &runFlags{}, true
	defer t.release()
	if err := t.parse(args[0]); err != nil {
		return err
	}
	a.warnToolUpgrade(o)
	if t.settings, err = a.toolSettings(&o.toolFlags); err != nil {
		return err
	}
	if err := t.useProject(ctx); err != nil {
		return err
	}
	if err := t.ready(ctx); err != nil {
		return err
	}
	t.target = &runTarget{kind: runCommandKind, name: t.command, args: args[1:]}
	t.paths = []string{t.env.Interpreter.Scheme.Scripts}
	t.running.python = t.env.Interpreter
	return t.start(variables)
}

// parse reads what to run.
func (t *toolRunning) parse(target string) error {
	r, err := parseToolRequest(target)
	if t.flags.from != "" {
		t.command = target
		r, err = parseToolRequest(t.flags.from)
	} else {
		t.command = r.executable
	}
	if err != nil {
		return err
	}
	t.request = r
	if r.latest {
		t.flags.refresh.Packages = append(t.flags.refresh.Packages, leadingName(r.text))
	}
	return nil
}

// warnToolUpgrade says what `--upgrade` does not do.
func (a *app) warnToolUpgrade(o *toolRunFlags) {
	if !isTrue(o.resolver.Upgrade) && len(o.resolver.UpgradePackage) == 0 {
		return
	}
	name := a.name + " tool run"
	a.print.Warn("Tools cannot be upgraded via `%s`; use `%s tool upgrade --all` to upgrade all installed tools, or `%s package@latest` to run the latest version of a tool", name, a.name, name)
}

// showTools says what can be run, when nothing was named.
func (a *app) showTools() error {
	a.print.Text("Provide a command to run with `%s tool run <command>`.\n\n", a.name)
	store, f, entries, err := a.tools()
	if err != nil {
		return err
	}
	var lines []string
	for _, e := range entries {
		if t, err := a.openTool(context.Background(), f, store, e); err == nil {
			lines = append(lines, fmt.Sprintf("- %s v%s", t.name, t.installed.Version))
		}
	}
	if len(lines) > 0 {
		a.print.Text("The following tools are installed:\n\n%s\n\n", strings.Join(lines, "\n"))
	}
	a.print.Text("See `%s tool run --help` for more information.\n", a.name)
	return exitStatus(2)
}

// ready finds or makes the environment.
func (t *toolRunning) ready(ctx context.Context) error {
	a := t.toolWork.app
	f, err := a.finder()
	if err != nil {
		return err
	}
	asked := a.textOrEnv(t.flags.python, "UV_PYTHON")
	if err := t.readInputs(ctx); err != nil {
		return err
	}
	if err := t.findNames(ctx, f, asked); err != nil {
		return unbuilt(err)
	}
	if t.command == "" {
		t.command = string(toolInput(t.inputs).Name)
	}
	preferences := t.preferLocked()
	if t.request.python == nil && t.locked == nil {
		if env := t.installedEnvironment(ctx, f, asked); env != nil {
			t.env = env
			return nil
		}
	}
	interpreter, err := t.interpreter(ctx, f, asked)
	if err != nil {
		return err
	}
	return t.makeEnvironment(ctx, interpreter, preferences)
}

// findNames completes the inputs, if they have to be.
func (t *toolRunning) findNames(ctx context.Context, f *python.Finder, asked *string) error {
	if !t.inputs.Incomplete() {
		return nil
	}
	interpreter, err := t.interpreter(ctx, f, asked)
	if err != nil {
		return err
	}
	return t.complete(ctx, interpreter, t.inputs)
}

func (t *toolRunning) interpreter(ctx context.Context, f *python.Finder, asked *string) (*python.Interpreter, error) {
	a := t.toolWork.app
	if r := t.request.python; r != nil && r.Kind != python.KindDefault && r.Kind != python.KindAny {
		if asked != nil && *asked != "" {
			return nil, usageError("a Python was named twice: with `--python` and as the tool")
		}
		found, err := f.FindOrDownload(ctx, *r, python.OnlyOutside)
		if err != nil {
			return nil, err
		}
		return found.Interpreter, nil
	}
	return a.toolPython(ctx, f, asked)
}

func (t *toolRunning) readInputs(ctx context.Context) error {
	a := t.toolWork.app
	var err error
	if t.request.python == nil {
		t.inputs, err = a.toolInputs(ctx, t.settings, &t.flags.toolFlags, t.request.text, false)
		var missing *pip.MissingError
		if errors.As(err, &missing) {
			return cmdline.WithCode(fmt.Errorf("failed to resolve the requirement of the tool: %w", err), cmdline.Failed)
		}
		return err
	}
	o := runFlags{with: t.flags.with, withEditable: t.flags.withEditable, withRequirements: t.flags.withRequirements}
	r := &running{app: a, flags: &o, target: &runTarget{}}
	r.work = &runWork{running: r, made: t.settings}
	t.inputs, err = r.withInputs(ctx)
	if t.inputs == nil {
		t.inputs = &pip.Inputs{}
	}
	return err
}

// installedEnvironment is that of the installed tool, if it fulfils all that is
// asked for.
func (t *toolRunning) installedEnvironment(ctx context.Context, f *python.Finder, asked *string) *python.Environment {
	a, s := t.toolWork.app, t.settings
	isolated, err := a.flagOrEnv(t.flags.isolated, "UV_ISOLATED")
	if err != nil || isTrue(isolated) || t.request.latest || isTrue(s.Pip.Reinstall) || isTrue(s.Pip.Upgrade) ||
		s.NoBinary.All || len(s.NoBinary.Packages) > 0 || isTrue(t.flags.refresh.All) {
		return nil
	}
	store := a.toolStore()
	name := toolInput(t.inputs).Name
	env, err := toolEnvironment(ctx, f, store.Dir(name))
	if err != nil {
		return nil
	}
	if asked != nil && *asked != "" && !f.Satisfies(env.Interpreter, python.ParseRequest(*asked, a.dir)) {
		return nil
	}
	if receipt, err := store.Receipt(name); err != nil || !settings.SameReceipt(a.dir, receipt.Options, s.Receipt(a.now())) {
		return nil
	}
	if slices.ContainsFunc(t.inputs.Requirements, func(i pip.Input) bool { return i.Source.Kind == source.Directory }) {
		return nil
	}
	site, err := install.Open(env.Interpreter.InstalledIn()...)
	if err != nil {
		return nil
	}
	req, err := a.installRequest(s, nil, t.inputs, env, site)
	if err != nil || !req.Satisfied(ctx) {
		return nil
	}
	a.print.Debug("Using the installed tool `%s`", name)
	return env
}

// makeEnvironment resolves what is asked for, and takes the environment with that
// out of the cache.
func (t *toolRunning) makeEnvironment(ctx context.Context, i *python.Interpreter, preferences []resolve.Preference) error {
	t.settings.buildConstraints = t.inputs.BuildConstraints
	e, err := t.connected(ctx, i)
	if err != nil {
		return err
	}
	if !t.showsResolution() {
		e.Report = t.showSummary
	}
	t.keep = append(t.keep, heldCache{e.Cache})
	req, err := t.toolWork.app.installRequest(t.settings, e, t.inputs, python.NewEnvironment(i), nil)
	if err != nil {
		return err
	}
	req.Preferences = preferences
	graph, err := req.Resolve(ctx)
	if err != nil {
		return err
	}
	wanted := pip.Wanted(graph)
	contents, fresh, err := e.Contents(ctx, wanted, req.Policy.Hashes)
	if err != nil {
		return err
	}
	store := &ephemeral.Store{Cache: e.Cache, Debug: e.Debug}
	t.env, err = store.Environment(ctx, ephemeral.Spec{
		Interpreter: i, Contents: contents,
		Fill: func(ctx context.Context, env *python.Environment) error {
			site, err := install.Open(env.Interpreter.InstalledIn()...)
			if err != nil {
				return err
			}
			work := req.Install
			work.Environment, work.Site, work.Hashes, work.Wanted, work.Ahead = env, site, req.Policy.Hashes, wanted, fresh
			start := time.Now()
			changes, err := e.Install(ctx, work)
			switch {
			case err != nil || !t.showsResolution():
			case changes.IsEmpty():
				t.toolWork.app.status("Checked", countPackages(len(wanted)), time.Since(start))
			default:
				t.toolWork.app.showChanges(changes)
			}
			return err
		},
	})
	return err
}

// showsResolution reports whether to say more than that something was installed.
func (t *toolRunning) showsResolution() bool {
	a := t.toolWork.app
	return t.flags.showResolution || isTrue(a.vars.ShowResolution) || a.print.Debugging()
}

func (t *toolRunning) showSummary(e engine.Event) {
	if !t.hush && (e.Stage == engine.Installed || e.Stage == engine.Uninstalled) {
		t.toolWork.app.showStage(e)
	}
}

// start runs the command. One that is not there is explained by what is.
func (t *toolRunning) start(variables map[string]string) error {
	t.warnForeign()
	err := t.launch(variables, 1)
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOENT) {
		return err
	}
	if t.request.python != nil {
		return err
	}
	return t.explainMissing()
}

// provided are the executables of each package of the environment.
func (t *toolRunning) provided() map[pyname.Package][]tool.Executable {
	out := map[pyname.Package][]tool.Executable{}
	site, err := install.Open(t.env.Interpreter.InstalledIn()...)
	if err != nil {
		return out
	}
	for _, d := range site.All() {
		if list, err := tool.Executables(d, t.env.Interpreter.Scheme.Scripts); err == nil {
			out[d.Name] = list
		}
	}
	return out
}

// warnForeign says when the command belongs to another package of the environment
// than the one that was named.
func (t *toolRunning) warnForeign() {
	a := t.toolWork.app
	if t.request.python != nil || len(t.inputs.Requirements) == 0 {
		return
	}
	path := t.env.Interpreter.Scheme.Scripts + string(os.PathSeparator) + t.command
	if _, err := os.Stat(path); err != nil || strings.HasPrefix(t.command, "python") {
		return
	}
	name := toolInput(t.inputs).Name
	if _, err := os.Stat(t.env.Root); err != nil {
		return
	}
	provided := t.provided()
	has := func(x tool.Executable) bool { return x.Name == t.command }
	if slices.ContainsFunc(provided[name], has) {
		return
	}
	for _, in := range t.inputs.Requirements[1:] {
		if slices.ContainsFunc(provided[in.Name], has) {
			return // it was asked for with --with
		}
	}
	for other, list := range provided {
		if slices.ContainsFunc(list, has) {
			a.print.Warn("An executable named `%s` is not provided by package `%s` but is available via the dependency `%s`. Consider using `%s tool run --from %s %s` instead.",
				t.command, name, other, a.name, other, t.command)
			return
		}
	}
}

// explainMissing says what the package has to run.
func (t *toolRunning) explainMissing() error {
	a := t.toolWork.app
	name := toolInput(t.inputs).Name
	list := t.provided()[name]
	if len(list) == 0 {
		a.print.Line("Package `%s` does not provide any executables.", name)
		return exitStatus(1)
	}
	a.print.Line("An executable named `%s` is not provided by package `%s`.", t.command, name)
	a.print.Line("The following executables are available:")
	for _, x := range list {
		a.print.Line("- %s", x.Name)
	}
	if t.flags.from == "" {
		one := list[0].Name
		if len(list) > 1 {
			one = "EXECUTABLE"
		}
		a.print.Line("\nUse `%s tool run --from %s %s` instead.", a.name, name, one)
	}
	return exitStatus(1)
}

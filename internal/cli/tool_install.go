package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/shellwords"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/tool"
	"github.com/tame-py/tame/internal/ui"
	"github.com/tame-py/tame/internal/venv"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// toolInstallFlags are those of `tool install`.
type toolInstallFlags struct {
	toolFlags
	from                string
	editable, force     bool
	withExecutablesFrom []string
}

var errNoToolBin = errors.New("there is no home directory to link executables into; set `UV_TOOL_BIN_DIR`")

func toolInstallCommand() command {
	return command{
		path: "tool install", personal: true, args: "<PACKAGE>", short: "Install a tool for your user",
		long: "Installs a Python program into an environment of its own and links its executables into a folder on the PATH.",
		prepare: func(f *flags) work {
			var o toolInstallFlags
			f.Text(&o.from, "from", "FROM", "The package to install").Hide()
			f.Bool(&o.editable, "editable,e", "Install the project in place")
			f.Bool(&o.force, "force", "Replace executables that belong to something else")
			f.Commas(&o.withExecutablesFrom, "with-executables-from", "PACKAGE", "Add these packages, and link their executables too")
			f.List(&o.excludes, "excludes", "FILE", "Never install the packages in this file").Alias("exclude").FromEnv("UV_EXCLUDE")
			o.registerWith(f)
			o.register(f)
			return func(ctx context.Context, a *app, args []string) error {
				if len(args) != 1 {
					return usageError("the package to install is expected")
				}
				return a.toolInstall(ctx, &o, args[0])
			}
		},
	}
}

// A toolInstallation is one installation or upgrade of a tool on its way.
type toolInstallation struct {
	toolWork
	store  tool.Store
	finder *python.Finder

	inputs *pip.Inputs
	name   pyname.Package
	given  string // the tool as the user wrote it
	// executablesFrom are packages whose executables are linked beside those of
	// the tool.
	executablesFrom []pyname.Package
	force           bool
	python          string // as asked for, to be written down
	old             *tool.Receipt
	env             *python.Environment
	made            bool // the environment is new
	replaces        bool // one whose executables are not known was removed
	hush            bool // stages are not told
	passing         int  // constraints, the last ones, that hold only this time,
	narrowed        bool // and narrow what is locked, too
	locking         *projectWork
	lock            *lock.Lock // of the environment, if tools have locks
	checked         int        // distributions that were looked at, which took
	took            time.Duration
}

func (a *app) toolInstall(ctx context.Context, o *toolInstallFlags, target string) error {
	if err := o.build.Check(); err != nil {
		return err
	}
	r, err := a.toolInstallRequest(o, target)
	if err != nil {
		return err
	}
	// Whether what is in the cache still is the newest counts only here.
	if r.latest {
		o.resolver.UpgradePackage = append(o.resolver.UpgradePackage, leadingName(r.text))
	}
	s, err := a.toolSettings(&o.toolFlags)
	if err != nil {
		return err
	}
	t := &toolInstallation{toolWork: toolWork{app: a, settings: s}, store: a.toolStore(), force: o.force}
	if t.finder, err = a.finder(); err != nil {
		return err
	}
	if err := t.addExecutablesFrom(o); err != nil {
		return err
	}
	if t.inputs, err = a.toolInputs(ctx, s, &o.toolFlags, r.text, o.editable); err != nil {
		return err
	}
	asked := a.textOrEnv(o.python, "UV_PYTHON")
	if asked != nil {
		t.python = *asked
	}
	if err := t.findNames(ctx, asked); err != nil {
		return err
	}
	t.name, t.given, t.passing = toolInput(t.inputs).Name, r.text, len(s.Pip.UpgradePackage)
	if !r.latest && !r.version {
		if err := checkFrom(o, target, t.name); err != nil {
			return err
		}
	}
	if t.store.Bin == "" {
		return errNoToolBin
	}
	lock, err := a.lockTools(ctx, t.store)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Release() }()
	return t.install(ctx, asked)
}

// findNames completes the inputs, if they have to be: the tool's name says where its
// environment is.
func (t *toolInstallation) findNames(ctx context.Context, asked *string) error {
	if !t.inputs.Incomplete() {
		return nil
	}
	interpreter, err := t.app.toolPython(ctx, t.finder, asked)
	if err != nil {
		return err
	}
	return t.complete(ctx, interpreter, t.inputs)
}

// toolInstallRequest reads what to install, from the argument or --from.
func (a *app) toolInstallRequest(o *toolInstallFlags, target string) (toolRequest, error) {
	r, err := parseToolRequest(target)
	if err != nil {
		return r, err
	}
	if r.python != nil {
		err := usageError(fmt.Sprintf("cannot install Python with `%s tool install`", a.name))
		return r, withHint(err, "use `%s python install`", a.name)
	}
	if o.from == "" || o.editable {
		return r, nil
	}
	from, err := parseToolRequest(o.from)
	if err != nil {
		return r, err
	}
	if r.text != r.executable && r.executable != "" && o.from != target {
		return r, usageError(fmt.Sprintf("Package requirement (`%s`) provided with `--from` conflicts with install request (`%s`)", o.from, target))
	}
	return from, nil
}

// checkFrom refuses a --from of another package than the one named.
func checkFrom(o *toolInstallFlags, target string, name pyname.Package) error {
	if o.from == "" {
		return nil
	}
	p, err := pep508.Parse(target)
	if err == nil && p.Name != name {
		return usageError(fmt.Sprintf("Package name (`%s`) provided with `--from` does not match install request (`%s`)", name, p.Name))
	}
	return nil
}

func (t *toolInstallation) addExecutablesFrom(o *toolInstallFlags) error {
	for _, text := range o.withExecutablesFrom {
		p, err := pep508.Parse(text)
		if err != nil {
			return fmt.Errorf("invalid value for `--with-executables-from`: %w", err)
		}
		t.executablesFrom = append(t.executablesFrom, p.Name)
		o.with = append(o.with, text)
	}
	return nil
}

// install makes the tool's environment hold what was asked for, links its
// executables and writes the receipt.
func (t *toolInstallation) install(ctx context.Context, asked *string) error {
	a := t.app
	if err := t.readReceipt(); err != nil {
		return err
	}
	interpreter, err := a.toolPython(ctx, t.finder, asked)
	if err != nil {
		return err
	}
	t.findEnvironment(ctx, interpreter, asked != nil || t.pinned())
	kept := t.env != nil && t.old != nil && !t.force
	if kept && !a.locksTools() && t.unchanged(ctx) {
		a.print.Line("`%s` is already installed", t.given)
		return t.rememberOptions()
	}
	changes, err := t.resolveAndInstall(ctx, interpreter)
	if err != nil {
		return err
	}
	if kept && a.locksTools() && changes.IsEmpty() && !t.asksAnew() && !isTrue(t.settings.Pip.CompileBytecode) {
		a.print.Line("`%s` is already installed", t.given)
		t.python = cmp.Or(t.python, t.old.Python)
		return t.writeDown(t.old.EntryPoints)
	}
	t.show(changes)
	return t.publish(ctx)
}

// rememberOptions writes down the settings of an installation that was there, if
// they are others.
func (t *toolInstallation) rememberOptions() error {
	now := t.settings.Receipt(t.app.now())
	if now == t.old.Options {
		return nil
	}
	r := *t.old
	r.Options = now
	return t.store.WriteReceipt(t.name, &r)
}

// asksAnew reports whether a new version or installation was asked for.
func (t *toolInstallation) asksAnew() bool {
	p := &t.settings.Pip
	return isTrue(p.Reinstall) || len(p.ReinstallPackage) > 0 || isTrue(p.Upgrade) || len(p.UpgradePackage) > 0
}

// pinned reports whether a version file of the user names the Python.
func (t *toolInstallation) pinned() bool {
	r, err := t.app.toolPythonRequest(nil)
	return err == nil && r.Kind != python.KindDefault
}

func (t *toolInstallation) readReceipt() error {
	var err error
	t.old, err = t.store.Receipt(t.name)
	var broken *tool.ReceiptError
	switch {
	case errors.As(err, &broken):
		t.app.print.Warn("Removed existing `%s` with invalid receipt", t.name)
		t.replaces = true
		return t.store.Remove(t.name)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return err
}

// findEnvironment takes the environment that is there, if it will do: if it works
// and, where a Python was asked for, is of that.
func (t *toolInstallation) findEnvironment(ctx context.Context, i *python.Interpreter, strict bool) {
	env, err := toolEnvironment(ctx, t.finder, t.store.Dir(t.name))
	switch {
	case err != nil, t.force:
	case strict && !env.Uses(i):
		t.app.print.Line("Ignoring existing environment for `%s`: the requested Python interpreter does not match the environment interpreter", t.name)
	default:
		t.env = env
	}
}

// unchanged reports whether the tool is installed just as it is asked for.
func (t *toolInstallation) unchanged(ctx context.Context) bool {
	if t.asksAnew() {
		return false
	}
	fresh := t.receipt(nil)
	old := *t.old
	old.EntryPoints, old.Python, fresh.Python = nil, "", ""
	fresh.Options, old.Options = "", ""
	if string(fresh.Bytes()) != string(old.Bytes()) {
		return false
	}
	req, err := t.request(t.env)
	return err == nil && !t.hasTrees() && req.Satisfied(ctx)
}

// hasTrees reports whether a project on this machine was named: what has changed
// in it cannot be seen.
func (t *toolInstallation) hasTrees() bool {
	return slices.ContainsFunc(t.inputs.Requirements, func(i pip.Input) bool { return i.Source.Kind == source.Directory })
}

// request is what is to be installed, in the terms of package pip.
func (t *toolInstallation) request(env *python.Environment) (*pip.InstallRequest, error) {
	site, err := install.Open(env.Interpreter.InstalledIn()...)
	if err != nil {
		return nil, err
	}
	return t.app.installRequest(t.settings, t.engine, t.inputs, env, site)
}

// resolveAndInstall makes the environment hold what is asked for. If there is
// none, it is made after the resolution, so that a failure leaves what was there.
func (t *toolInstallation) resolveAndInstall(ctx context.Context, i *python.Interpreter) (*engine.Changes, error) {
	t.settings.buildConstraints = t.inputs.BuildConstraints
	if t.app.locksTools() {
		return t.installLocked(ctx, i)
	}
	e, err := t.connected(ctx, i)
	if err != nil {
		return nil, err
	}
	if t.hush {
		e.Report = silence
	}
	env := t.env
	if env == nil {
		env = python.NewEnvironment(i)
	}
	req, err := t.request(env)
	if err != nil {
		return nil, err
	}
	if t.env == nil {
		req.Site = nil
	}
	graph, err := req.Resolve(ctx)
	if err != nil {
		return nil, err
	}
	if t.env == nil {
		if err := t.makeEnvironment(ctx, i); err != nil {
			return nil, err
		}
	}
	site, err := install.Open(t.env.Interpreter.InstalledIn()...)
	if err != nil {
		return nil, err
	}
	work := req.Install
	work.Environment, work.Site, work.Hashes, work.Wanted = t.env, site, req.Policy.Hashes, pip.Wanted(graph)
	work.Exact = true
	work.Reinstall = func(d *source.Dist) bool {
		return req.Reinstall.Has(d.Name) || d.Source.Kind == source.Directory && t.names(d.Name)
	}
	start := time.Now()
	changes, err := e.Install(ctx, work)
	if err != nil {
		t.undo()
		return nil, err
	}
	t.checked, t.took = len(graph.Nodes), time.Since(start)
	return changes, nil
}

// names reports whether a package was asked for by name or place.
func (t *toolInstallation) names(name pyname.Package) bool {
	return slices.ContainsFunc(t.inputs.Requirements, func(i pip.Input) bool { return i.Name == name })
}

// show says what was done to the environment.
func (t *toolInstallation) show(c *engine.Changes) {
	if c.IsEmpty() {
		t.app.status("Checked", countPackages(t.checked), t.took)
		return
	}
	t.app.showChanges(c)
}

func (t *toolInstallation) makeEnvironment(ctx context.Context, i *python.Interpreter) error {
	dir := t.store.Dir(t.name)
	var err error
	t.env, err = venv.Create(ctx, dir, i, venv.Options{Existing: venv.ClearAny})
	if err != nil {
		return fmt.Errorf("failed to create the environment of the tool: %w", err)
	}
	t.made = true
	t.finder.Remember(t.env.Interpreter)
	return nil
}

// undo removes an environment that was made for an installation that failed.
func (t *toolInstallation) undo() {
	if t.made {
		_ = t.store.Remove(t.name)
	}
}

// A noExecutablesError reports a tool without anything to run.
type noExecutablesError struct{ name pyname.Package }

func (e *noExecutablesError) Error() string {
	return fmt.Sprintf("Failed to install entrypoints for `%s`", e.name)
}

// ExitCode is that of wrong use.
func (e *noExecutablesError) ExitCode() int { return 2 }

// publish links the executables and writes the receipt.
func (t *toolInstallation) publish(ctx context.Context) error {
	a := t.app
	site, err := install.Open(t.env.Interpreter.InstalledIn()...)
	if err != nil {
		return err
	}
	var entries []tool.EntryPoint
	var all []tool.Executable
	byPackage := map[pyname.Package][]tool.Executable{}
	packages := slices.Compact(append([]pyname.Package{t.name}, t.executablesFrom...))
	for _, name := range packages {
		list, err := t.executables(site, name)
		if err != nil {
			return err
		}
		byPackage[name] = list
		all = append(all, list...)
	}
	if len(byPackage[t.name]) == 0 {
		return t.withoutExecutables(site)
	}
	if occupied := t.store.Occupied(all, t.old); len(occupied) > 0 && !t.force && !t.replaces {
		t.undo()
		return &tool.OccupiedError{Names: occupied}
	}
	for _, name := range packages {
		list, err := t.store.Publish(byPackage[name], name)
		entries = append(entries, list...)
		if err != nil {
			return err
		}
	}
	slices.SortFunc(entries, func(x, y tool.EntryPoint) int { return strings.Compare(x.Name, y.Name) })
	if err := t.withdrawOld(entries); err != nil {
		return err
	}
	if err := t.writeDown(entries); err != nil {
		return err
	}
	t.tell(byPackage)
	a.warnPath(t.store.Bin, "tools", "tool")
	return nil
}

// tell lists what can be run now, the tool itself last.
func (t *toolInstallation) tell(provided map[pyname.Package][]tool.Executable) {
	p := t.app.print
	for _, name := range append(slices.Sorted(slices.Values(t.executablesFrom)), t.name) {
		list := provided[name]
		if len(list) == 0 {
			p.Text("No executables are provided by package `%s`\n", name)
			p.Text("\nhint: Use `--with %[1]s` to include `%[1]s` as a dependency without installing its executables\n", name)
			continue
		}
		names := make([]string, len(list))
		for i, x := range list {
			names[i] = p.Color.Bold(x.Name)
		}
		from := ""
		if name != t.name {
			from = fmt.Sprintf(" from `%s`", name)
		}
		p.Line("Installed %s%s: %s", ui.Count(len(list), "executable"), from, strings.Join(names, ", "))
	}
}

func (t *toolInstallation) executables(site *install.Site, name pyname.Package) ([]tool.Executable, error) {
	list := site.Get(name)
	if len(list) == 0 {
		return nil, fmt.Errorf("the package `%s` is not part of the installation", name)
	}
	return tool.Executables(list[0], t.env.Interpreter.Scheme.Scripts)
}

// withdrawOld removes the executables that the tool had and has no more.
func (t *toolInstallation) withdrawOld(entries []tool.EntryPoint) error {
	if t.old == nil {
		return nil
	}
	gone := slices.DeleteFunc(slices.Clone(t.old.EntryPoints), func(old tool.EntryPoint) bool {
		return slices.ContainsFunc(entries, func(e tool.EntryPoint) bool { return e.Path == old.Path })
	})
	return tool.Withdraw(gone)
}

// withoutExecutables takes back a tool that has nothing to run, and says which of
// the packages that it needs has.
func (t *toolInstallation) withoutExecutables(site *install.Site) error {
	a := t.app
	a.print.Text("No executables are provided by package `%s`; removing tool\n", t.name)
	var others []string
	for _, d := range site.All() {
		if list, err := tool.Executables(d, t.env.Interpreter.Scheme.Scripts); err == nil && d.Name != t.name {
			for _, x := range list {
				others = append(others, fmt.Sprintf("%s (of `%s`)", x.Name, d.Name))
			}
		}
	}
	if t.old != nil {
		if err := tool.Withdraw(t.old.EntryPoints); err != nil {
			return err
		}
	}
	if err := t.store.Remove(t.name); err != nil {
		return err
	}
	var err error = &noExecutablesError{t.name}
	if len(others) > 0 {
		slices.Sort(others)
		err = withHint(err, "packages that it needs have: %s; `--with-executables-from` links those too", strings.Join(others, ", "))
	}
	return err
}

// receipt is what to write down about the installation.
func (t *toolInstallation) receipt(entries []tool.EntryPoint) *tool.Receipt {
	in := t.inputs
	r := &tool.Receipt{EntryPoints: entries, Options: t.settings.Receipt(t.app.now()), Python: t.python}
	bare := func(list []pip.Input) []source.Requirement {
		var out []source.Requirement
		for _, i := range list {
			q := i.Requirement
			absolute(&q)
			out = append(out, q)
		}
		return out
	}
	r.Requirements, r.Overrides = bare(in.Requirements), bare(in.Overrides)
	r.Constraints = bare(in.Constraints[:len(in.Constraints)-t.passing])
	r.Excludes, r.BuildConstraints = in.Excludes, bare(in.BuildConstraints)
	return r
}

// warnPath says how to reach executables whose folder is not on the PATH. A
// group of commands has the one that puts it there.
func (a *app) warnPath(bin, what, group string) {
	for _, dir := range filepath.SplitList(a.env["PATH"]) {
		if filepath.Clean(dir) == filepath.Clean(bin) {
			return
		}
		x, err := os.Stat(dir)
		if y, err2 := os.Stat(bin); err == nil && err2 == nil && os.SameFile(x, y) {
			return
		}
	}
	a.print.Warn("`%s` is not on your PATH. To use installed %s, run `%s` or `%s %s update-shell`", bin, what, a.pathCommand(bin), a.name, group)
}

// pathCommand is what a user of the shell at hand types to put a folder on the
// PATH.
func (a *app) pathCommand(bin string) string {
	switch a.shell() {
	case "fish":
		return "fish_add_path " + shellwords.Quote(bin)
	case "csh", "tcsh":
		return fmt.Sprintf("setenv PATH %s:\"$PATH\"", shellwords.Quote(bin))
	case "powershell", "pwsh":
		return fmt.Sprintf(`$env:PATH = "%s;$env:PATH"`, bin)
	case "cmd":
		return fmt.Sprintf(`set PATH=%s;%%PATH%%`, bin)
	}
	return fmt.Sprintf(`export PATH="%s:$PATH"`, bin)
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/cmdline"
	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/settings"
	"github.com/tame-py/tame/internal/tool"
	"github.com/tame-py/tame/internal/ui"
	"github.com/tame-py/tame/packaging/pyname"
)

func toolGroup() command {
	return command{path: "tool", short: "Programs that Python packages provide"}
}

func toolDirCommand() command {
	return command{
		path: "tool dir", personal: true, reads: true, short: "Show where tools are installed",
		prepare: func(f *flags) work {
			var bin bool
			f.Bool(&bin, "bin", "Show where their executables are linked")
			return func(_ context.Context, a *app, _ []string) error {
				store := a.toolStore()
				dir := store.Root
				if bin {
					if dir = store.Bin; dir == "" {
						return errNoToolBin
					}
				}
				a.print.Text("%s\n", a.print.Color.Cyan(dir))
				return nil
			}
		},
	}
}

func toolUninstallCommand() command {
	return command{
		path: "tool uninstall", personal: true, args: "<NAME>...", short: "Remove tools",
		prepare: func(f *flags) work {
			var all bool
			f.Bool(&all, "all", "Remove all tools")
			return func(ctx context.Context, a *app, args []string) error { return a.toolUninstall(ctx, all, args) }
		},
	}
}

// toolNames reads the names of tools on a command line.
func toolNames(all bool, args []string) ([]pyname.Package, error) {
	switch {
	case all && len(args) > 0:
		return nil, usageError("`--all` cannot be used together with names")
	case !all && len(args) == 0:
		return nil, usageError("the name of a tool is expected, or `--all`")
	}
	var out []pyname.Package
	for _, text := range args {
		name, err := pyname.ParsePackage(text)
		if err != nil {
			return nil, usageError(err.Error())
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func (a *app) toolUninstall(ctx context.Context, all bool, args []string) error {
	names, err := toolNames(all, args)
	if err != nil {
		return err
	}
	store := a.toolStore()
	lock, err := a.lockTools(ctx, store)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Release() }()
	entries, err := store.List()
	if err != nil {
		return err
	}
	if all {
		for _, e := range entries {
			names = append(names, e.Name)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(entries, func(e tool.Entry) bool { return e.Name == name }) {
			return usageError(fmt.Sprintf("`%s` is not installed", name))
		}
	}
	entries = slices.DeleteFunc(entries, func(e tool.Entry) bool { return !slices.Contains(names, e.Name) })
	if len(entries) == 0 {
		a.print.Line("Nothing to uninstall")
		return nil
	}
	return a.removeTools(store, entries)
}

// removeTools removes tools with their executables, and says so.
func (a *app) removeTools(store tool.Store, entries []tool.Entry) error {
	installed := false
	var executables []string
	for _, e := range entries {
		if e.Receipt == nil {
			a.print.Line("Removed dangling environment for `%s`", e.Name)
		} else {
			installed = true
			if err := tool.Withdraw(e.Receipt.EntryPoints); err != nil {
				return err
			}
			for _, p := range e.Receipt.EntryPoints {
				executables = append(executables, a.print.Color.Bold(p.Name))
			}
		}
		if err := store.Remove(e.Name); err != nil {
			return fmt.Errorf("failed to remove the tool `%s`: %w", e.Name, err)
		}
	}
	if installed {
		slices.Sort(executables)
		a.print.Line("Uninstalled %s: %s", ui.Count(len(executables), "executable"), strings.Join(executables, ", "))
	}
	return nil
}

// toolListFlags are those of `tool list`.
type toolListFlags struct {
	paths, specifiers, with, extras, python bool
	outdated                                *bool
	time                                    timeFlags
}

func toolListCommand() command {
	return command{
		path: "tool list", personal: true, reads: true, aliases: []string{"ls"}, short: "List the tools that are installed",
		prepare: func(f *flags) work {
			var o toolListFlags
			f.Bool(&o.paths, "show-paths", "Show the environment of each tool, and where its executables are")
			f.Bool(&o.specifiers, "show-version-specifiers", "Show which versions were asked for")
			f.Bool(&o.with, "show-with", "Show what was added to the environment")
			f.Bool(&o.extras, "show-extras", "Show which extras were asked for")
			f.Bool(&o.python, "show-python", "Show the Python of the environment")
			f.Pair(&o.outdated, "outdated", "no-outdated", "Show only tools that have newer versions")
			o.time.register(f)
			return func(ctx context.Context, a *app, _ []string) error { return a.toolList(ctx, &o) }
		},
	}
}

// tools are those that are installed, with the store that they are in and the
// finder for their interpreters.
func (a *app) tools() (tool.Store, *python.Finder, []tool.Entry, error) {
	store := a.toolStore()
	f, err := a.finder()
	if err != nil {
		return store, nil, nil, err
	}
	entries, err := store.List()
	return store, f, entries, err
}

// A listedTool is a tool that works, with what is known of it.
type listedTool struct {
	name      pyname.Package
	receipt   *tool.Receipt
	env       *python.Environment
	installed *install.Installed
	latest    string
}

func (a *app) toolList(ctx context.Context, o *toolListFlags) error {
	store, f, entries, err := a.tools()
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		a.print.Line("No tools installed")
		return nil
	}
	for _, e := range entries {
		t, err := a.openTool(ctx, f, store, e)
		if err != nil {
			a.print.Warn("%v", err)
			continue
		}
		if isTrue(o.outdated) {
			if t.latest, err = a.newerTool(ctx, o, t); err != nil {
				return err
			}
			if t.latest == "" {
				continue
			}
		}
		a.printTool(store, o, t)
	}
	return nil
}

// openTool looks into the environment of a tool. The error says how to mend one
// that is broken.
func (a *app) openTool(ctx context.Context, f *python.Finder, store tool.Store, e tool.Entry) (*listedTool, error) {
	if e.Receipt == nil {
		return nil, fmt.Errorf("ignoring the malformed tool `%s` (run `%s tool uninstall %s` to remove)", e.Name, a.name, e.Name)
	}
	dir := store.Dir(e.Name)
	env, err := toolEnvironment(ctx, f, dir)
	if err != nil {
		return nil, fmt.Errorf("the tool `%s` has no working environment: %w (run `%s tool install --force %s` to reinstall)", e.Name, err, a.name, e.Name)
	}
	site, err := install.Open(env.Interpreter.InstalledIn()...)
	if err != nil {
		return nil, err
	}
	list := site.Get(e.Name)
	if len(list) == 0 {
		return nil, fmt.Errorf("the environment of the tool `%s` does not hold it (run `%s tool install %s --reinstall` to reinstall)", e.Name, a.name, e.Name)
	}
	return &listedTool{name: e.Name, receipt: e.Receipt, env: env, installed: list[0]}, nil
}

// toolEnvironment opens the environment of a tool. Without its pyvenv.cfg the
// Python in it would be the one that it was made of, with what is installed there.
func toolEnvironment(ctx context.Context, f *python.Finder, dir string) (*python.Environment, error) {
	if _, err := os.Stat(filepath.Join(dir, "pyvenv.cfg")); err != nil {
		return nil, fmt.Errorf("`%s` is no virtual environment: %w", dir, err)
	}
	return f.EnvironmentAt(ctx, dir)
}

// newerTool is the newest version of a tool if that is newer than the one
// installed, under the settings that it was installed with.
func (a *app) newerTool(ctx context.Context, o *toolListFlags, t *listedTool) (string, error) {
	restore := a.config
	defer func() { a.config = restore }()
	options, err := settings.ReadReceipt(tool.ReceiptName, a.dir, t.receipt.Options)
	if err != nil {
		return "", err
	}
	a.config = config.Combine(options, a.config)
	look := outdatedFlags{time: o.time}
	p := config.Pip{Resolver: a.config.Resolver}
	in := &opened{env: t.env, pip: p}
	found, err := look.find(ctx, a, &pipFlags{}, in, []*install.Installed{t.installed})
	if err != nil {
		return "", err
	}
	if latest, ok := found[t.installed]; ok {
		return latest.Version.String(), nil
	}
	return "", nil
}

func (a *app) printTool(store tool.Store, o *toolListFlags, t *listedTool) {
	p := a.print
	line := p.Color.Bold(fmt.Sprintf("%s v%s", t.name, t.installed.Version))
	if t.latest != "" {
		line += fmt.Sprintf(" [latest: %s]", t.latest)
	}
	q := t.receipt.Tool()
	if o.specifiers {
		if text := requiredText(t.receipt); text != "" {
			line += fmt.Sprintf(" [required: %s]", text)
		}
	}
	if o.extras && len(q.Extras) > 0 {
		texts := make([]string, len(q.Extras))
		for i, e := range q.Extras {
			texts[i] = string(e)
		}
		line += fmt.Sprintf(" [extras: %s]", strings.Join(texts, ", "))
	}
	if o.with && len(t.receipt.Requirements) > 1 {
		texts := make([]string, 0, len(t.receipt.Requirements))
		for _, r := range t.receipt.Requirements[1:] {
			texts = append(texts, r.String())
		}
		line += fmt.Sprintf(" [with: %s]", strings.Join(texts, ", "))
	}
	if o.python {
		line += fmt.Sprintf(" [%s %s]", python.PrettyImplementation(t.env.Interpreter.Implementation()), t.env.Interpreter.Version)
	}
	if o.paths {
		line += p.Color.Cyan(fmt.Sprintf(" (%s)", store.Dir(t.name)))
	}
	p.Text("%s\n", line)
	for _, e := range t.receipt.EntryPoints {
		if o.paths {
			p.Text("- %s %s\n", e.Name, p.Color.Cyan("("+e.Path+")"))
		} else {
			p.Text("- %s\n", e.Name)
		}
	}
}

// requiredText is which versions of a tool were asked for, or from where it is.
func requiredText(r *tool.Receipt) string {
	q := r.Tool()
	if q.Source.IsDirect() {
		return q.Source.String()
	}
	return q.Source.Specifiers.String()
}

func toolUpgradeCommand() command {
	return command{
		path: "tool upgrade", personal: true, args: "<NAME>...", aliases: []string{"update"}, short: "Upgrade tools",
		long: "Upgrades tools to the newest versions that their requirements admit, with the settings that they were installed with.",
		prepare: func(f *flags) work {
			var o toolFlags
			var all bool
			f.Bool(&all, "all", "Upgrade all tools")
			o.register(f)
			return func(ctx context.Context, a *app, args []string) error { return a.toolUpgrade(ctx, &o, all, args) }
		},
	}
}

func (a *app) toolUpgrade(ctx context.Context, o *toolFlags, all bool, args []string) error {
	if isTrue(o.resolver.Upgrade) || len(o.resolver.UpgradePackage) > 0 {
		a.print.Warn("`--upgrade` is enabled by default on `%s tool upgrade`", a.name)
	}
	if err := o.build.Check(); err != nil {
		return err
	}
	wanted, err := toolsToUpgrade(all, args)
	if err != nil {
		return err
	}
	store := a.toolStore()
	lock, err := a.lockTools(ctx, store)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Release() }()
	if all {
		if wanted, err = allTools(store); err != nil {
			return err
		}
	}
	changed := false
	var failed []error
	for _, w := range wanted {
		did, err := a.upgradeTool(ctx, o, store, w)
		changed = changed || did
		if err != nil {
			failed = append(failed, fmt.Errorf("failed to upgrade %s: %w", a.print.Color.Green(string(w.name)), err))
		}
	}
	if len(failed) > 0 {
		for _, err := range failed[:len(failed)-1] {
			a.print.Error(err)
		}
		return cmdline.WithCode(failed[len(failed)-1], cmdline.Failed)
	}
	if !changed {
		a.print.Line("Nothing to upgrade")
	}
	return nil
}

// An upgrade is a tool to be upgraded, with what the new version must be.
type upgrade struct {
	name      pyname.Package
	specifier string
	named     bool
}

func toolsToUpgrade(all bool, args []string) ([]upgrade, error) {
	if !all && len(args) == 0 {
		return nil, usageError("the name of a tool is expected, or `--all`")
	}
	if all && len(args) > 0 {
		return nil, usageError("`--all` cannot be used together with names")
	}
	var out []upgrade
	for _, text := range args {
		name := leadingName(text)
		parsed, err := pyname.ParsePackage(name)
		if err != nil {
			return nil, usageError(err.Error())
		}
		out = append(out, upgrade{parsed, text[len(name):], true})
	}
	return out, nil
}

func allTools(store tool.Store) ([]upgrade, error) {
	entries, err := store.List()
	if err != nil {
		return nil, err
	}
	var out []upgrade
	for _, e := range entries {
		out = append(out, upgrade{name: e.Name})
	}
	return out, nil
}

// upgradeTool upgrades one tool; did tells whether something changed.
func (a *app) upgradeTool(ctx context.Context, o *toolFlags, store tool.Store, w upgrade) (did bool, err error) {
	receipt, err := store.Receipt(w.name)
	var broken *tool.ReceiptError
	switch {
	case errors.As(err, &broken):
		return false, fmt.Errorf("`%s` is missing a valid receipt; run `%s tool install --force %s` to reinstall", w.name, a.name, w.name)
	case errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("`%s` is not installed; run `%s tool install %s` to install", w.name, a.name, w.name)
	case err != nil:
		return false, err
	}
	restore := a.config
	defer func() { a.config = restore }()
	options, err := settings.ReadReceipt(filepath.Join(store.Dir(w.name), tool.ReceiptName), a.dir, receipt.Options)
	if err != nil {
		return false, err
	}
	a.config = config.Combine(options, a.config)
	flags := *o
	on := true
	flags.resolver.Upgrade = &on
	s, err := a.toolSettings(&flags)
	if err != nil {
		return false, err
	}
	t := &toolInstallation{toolWork: toolWork{app: a, settings: s}, store: store, name: w.name, old: receipt, force: true, python: receipt.Python}
	if t.finder, err = a.finder(); err != nil {
		return false, err
	}
	t.inputs = receiptInputs(receipt)
	if w.named {
		// What is asked for now is no constraint of the next time.
		if err := t.narrow(string(receipt.Tool().Name) + w.specifier); err != nil {
			return false, err
		}
	}
	return t.upgrade(ctx, a.textOrEnv(o.python, "UV_PYTHON"))
}

// receiptInputs are the requirements of a receipt.
func receiptInputs(r *tool.Receipt) *pip.Inputs {
	in := &pip.Inputs{Excludes: r.Excludes}
	for _, q := range r.Requirements {
		in.Requirements = append(in.Requirements, pip.Input{Requirement: q})
	}
	for _, q := range r.Constraints {
		in.Constraints = append(in.Constraints, pip.Input{Requirement: q})
	}
	for _, q := range r.Overrides {
		in.Overrides = append(in.Overrides, pip.Input{Requirement: q})
	}
	for _, q := range r.BuildConstraints {
		in.BuildConstraints = append(in.BuildConstraints, pip.Input{Requirement: q})
	}
	return in
}

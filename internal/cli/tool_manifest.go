package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/tame-py/tame/internal/cmdline"
	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/settings"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/tool"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

func toolExportCommand() command {
	return command{
		path: "tool export", personal: true, reads: true, short: "List the installed tools in a file that restores them",
		long: "Writes a manifest: for each tool where it is from, its version, its Python, what goes with it and its settings, without credentials. `tool sync` installs what it lists, here or on another machine.",
		prepare: func(f *flags) work {
			var output string
			var loose bool
			f.Text(&output, "output-file,o", "FILE", "Write to this file")
			f.Bool(&loose, "no-versions", "Leave out which versions are installed")
			return func(ctx context.Context, a *app, _ []string) error { return a.toolExport(ctx, output, loose) }
		},
	}
}

func (a *app) toolExport(ctx context.Context, output string, loose bool) error {
	store, f, entries, err := a.tools()
	if err != nil {
		return err
	}
	var m tool.Manifest
	for _, e := range entries {
		l, err := a.listTool(ctx, f, store, e)
		if err != nil {
			a.print.Warn("%v", err)
			continue
		}
		if loose {
			l.Version = ""
		}
		if l.IsLocal() {
			a.print.Warn("the tool `%s` is of files on this machine, which others do not have", l.Name)
		}
		m = append(m, l)
	}
	if output != "" {
		return a.writeOutput(output, m.Bytes())
	}
	a.print.DataBytes(m.Bytes())
	return nil
}

// listTool is a tool in the terms of a manifest. What of it does not work is told
// from its receipt.
func (a *app) listTool(ctx context.Context, f *python.Finder, store tool.Store, e tool.Entry) (tool.Listed, error) {
	t, err := a.openTool(ctx, f, store, e)
	switch {
	case err == nil:
		minor := t.env.Interpreter.Version.OnlyRelease().Truncate(2).String()
		return tool.List(e.Name, t.installed.Version.String(), e.Receipt, minor), nil
	case e.Receipt == nil:
		return tool.Listed{}, err
	}
	return tool.List(e.Name, "", e.Receipt, ""), nil
}

// toolSyncFlags are those of `tool sync`.
type toolSyncFlags struct {
	exact, upgrade, force bool
	refresh               refreshFlags
}

func toolSyncCommand() command {
	return command{
		path: "tool sync", personal: true, args: "<FILE>", short: "Install the tools that a manifest lists",
		long: "Makes every tool of the manifest, which `tool export` writes, be installed in the version that it names. `-` is standard input.",
		prepare: func(f *flags) work {
			var o toolSyncFlags
			f.Bool(&o.exact, "exact", "Remove tools that are not listed")
			f.Bool(&o.upgrade, "upgrade,U", "Install the newest versions instead of those that are named")
			f.Bool(&o.force, "force", "Replace executables that belong to something else")
			o.refresh.register(f)
			return func(ctx context.Context, a *app, args []string) error {
				if len(args) != 1 {
					return usageError("the file with the manifest is expected")
				}
				return a.toolSync(ctx, &o, args[0])
			}
		},
	}
}

func (a *app) toolSync(ctx context.Context, o *toolSyncFlags, name string) error {
	m, err := a.readManifest(name)
	if err != nil {
		return err
	}
	store := a.toolStore()
	if store.Bin == "" {
		return errNoToolBin
	}
	lock, err := a.lockTools(ctx, store)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Release() }()
	var failed []error
	for i := range m {
		if err := a.syncTool(ctx, o, store, &m[i]); err != nil {
			failed = append(failed, fmt.Errorf("failed to install %s: %w", a.print.Color.Green(string(m[i].Name)), err))
		}
	}
	if o.exact {
		if err := a.removeUnlisted(store, m); err != nil {
			return err
		}
	}
	if len(failed) == 0 {
		return nil
	}
	for _, err := range failed[:len(failed)-1] {
		a.print.Error(err)
	}
	return cmdline.WithCode(failed[len(failed)-1], cmdline.Failed)
}

func (a *app) readManifest(name string) (tool.Manifest, error) {
	var text []byte
	var err error
	if name == "-" {
		text, err = io.ReadAll(a.stdio.In)
	} else {
		text, err = os.ReadFile(a.path(name))
	}
	if err != nil {
		return nil, fmt.Errorf("failed to read the manifest `%s`: %w", name, err)
	}
	m, err := tool.ParseManifest(name, text)
	if err != nil {
		return nil, fmt.Errorf("failed to parse: `%s`: %w", name, err)
	}
	return m, nil
}

// removeUnlisted uninstalls the tools that a manifest does not have.
func (a *app) removeUnlisted(store tool.Store, m tool.Manifest) error {
	entries, err := store.List()
	if err != nil {
		return err
	}
	for _, e := range entries {
		if slices.ContainsFunc(m, func(l tool.Listed) bool { return l.Name == e.Name }) {
			continue
		}
		if e.Receipt != nil {
			if err := tool.Withdraw(e.Receipt.EntryPoints); err != nil {
				return err
			}
		}
		if err := store.Remove(e.Name); err != nil {
			return fmt.Errorf("failed to remove the tool `%s`: %w", e.Name, err)
		}
		a.print.Line("Uninstalled %s", a.print.Color.Bold(string(e.Name)))
	}
	return nil
}

// syncTool installs one tool of a manifest, under its settings.
func (a *app) syncTool(ctx context.Context, o *toolSyncFlags, store tool.Store, l *tool.Listed) error {
	restore := a.config
	defer func() { a.config = restore }()
	options, err := settings.ReadReceipt(string(l.Name), a.dir, l.Options)
	if err != nil {
		return err
	}
	a.config = config.Combine(options, a.config)
	flags := &toolFlags{with: l.With, withEditable: l.WithEditable}
	flags.refresh = o.refresh
	if o.upgrade {
		on := true
		flags.resolver.Upgrade = &on
	}
	s, err := a.toolSettings(flags)
	if err != nil {
		return err
	}
	t := &toolInstallation{toolWork: toolWork{app: a, settings: s}, store: store, name: l.Name, given: string(l.Name), force: o.force, python: l.Python}
	if t.finder, err = a.finder(); err != nil {
		return err
	}
	if t.executablesFrom, err = settings.Packages("with-executables-from", l.ExecutablesFrom); err != nil {
		return err
	}
	if t.inputs, err = a.toolInputs(ctx, s, flags, first(l.From, string(l.Name)), l.Editable); err != nil {
		return err
	}
	var asked *string
	if l.Python != "" {
		asked = &l.Python
	}
	if err := t.findNames(ctx, asked); err != nil {
		return err
	}
	if got := toolInput(t.inputs).Name; got != l.Name {
		return fmt.Errorf("`%s` is the package `%s`", l.From, got)
	}
	if t.passing, err = listedInputs(t.inputs, l, !o.upgrade); err != nil {
		return err
	}
	return t.install(ctx, asked)
}

// listedInputs adds what a manifest says of a tool besides what is installed. The
// version counts for this time only: passing is the number of such constraints.
func listedInputs(in *pip.Inputs, l *tool.Listed, pin bool) (passing int, err error) {
	for _, part := range []struct {
		texts []string
		to    *[]pip.Input
	}{{l.Constraints, &in.Constraints}, {l.Overrides, &in.Overrides}, {l.BuildConstraints, &in.BuildConstraints}} {
		for _, text := range part.texts {
			q, err := requirementOf(text)
			if err != nil {
				return 0, err
			}
			*part.to = append(*part.to, pip.Input{Requirement: q})
		}
	}
	for _, text := range l.Excludes {
		name, err := pyname.ParsePackage(text)
		if err != nil {
			return 0, err
		}
		in.Excludes = append(in.Excludes, name)
	}
	if !pin || l.Version == "" || toolInput(in).Source.IsDirect() {
		return 0, nil
	}
	v, err := pep440.Parse(l.Version)
	if err != nil {
		return 0, fmt.Errorf("the version of `%s`: %w", l.Name, err)
	}
	q, err := requirementOf(string(l.Name) + "==" + v.String())
	in.Constraints = append(in.Constraints, pip.Input{Requirement: q})
	return 1, err
}

func requirementOf(text string) (source.Requirement, error) {
	p, err := pep508.Parse(text)
	if err != nil {
		return source.Requirement{}, fmt.Errorf("failed to parse `%s`: %w", text, err)
	}
	return source.FromPEP508(p)
}

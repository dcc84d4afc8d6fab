package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pyname"
)

func vendorCommand() command {
	return command{
		path: "vendor", own: true, args: "[DIR]", short: "Put the files of all locked packages into a folder of the project",
		long: "Takes what `uv.lock` has, with all extras and groups, as `pip download -r uv.lock` does: for this machine, or for the Pythons and platforms that are named. " +
			"With `vendor = \"DIR\"` in `[tool.tame]`, `sync` and `run` take the files from there instead of downloading them.",
		prepare: func(f *flags) work {
			o := &downloadOptions{noLocal: true, alternatives: true}
			f.Bool(&o.wheels, "wheels", "Build wheels of source distributions, which then are for this machine")
			f.Commas(&o.extras, "extra", "EXTRA", "Take this extra, instead of all; may be given several times")
			f.List(&o.groups, "group", "GROUP", "Take this dependency group, instead of all; may be given several times")
			f.Commas(&o.omit, "no-emit-package", "NAME", "Leave this package out, but not what it needs")
			f.Choice(&o.format, "output-format", "FORMAT", "How to tell what was done", "text", "json")
			f.Bool(&o.dryRun, "dry-run", "Only say what would be downloaded")
			f.Under("Python options")
			f.python(&o.python)
			o.targets.register(f)
			o.index.register(f)
			o.build.register(f)
			o.binary.register(f)
			o.refresh.register(f)
			return func(ctx context.Context, a *app, args []string) error { return a.vendor(ctx, o, args) }
		},
	}
}

func (a *app) vendor(ctx context.Context, o *downloadOptions, args []string) error {
	if len(args) > 1 {
		return usageError("one folder is expected")
	}
	w, _, err := a.discover(ctx, discovery{})
	if err != nil {
		return err
	}
	lock := filepath.Join(w.Root, "uv.lock")
	if _, err := os.Stat(lock); errors.Is(err, fs.ErrNotExist) {
		return withHint(errors.New("there is no `uv.lock`, which says what is to be had"), "`%s lock` makes it", a.name)
	}
	set := text(a.config.Tame.Vendor)
	switch {
	case len(args) == 1:
		o.dir = args[0]
	default:
		o.dir = first(set, filepath.Join(w.Root, "vendor"))
	}
	o.requirements = []string{lock}
	if err := o.takeAll(w); err != nil {
		return err
	}
	if err := a.pipDownload(ctx, o, nil); err != nil {
		return err
	}
	if a.path(o.dir) != set && !o.dryRun && o.format != "json" {
		a.print.Line("To have `%s sync` take the files from there: `vendor = \"%s\"` in `[tool.tame]` of pyproject.toml", a.name, a.relativeTo(lock, a.path(o.dir)))
	}
	return nil
}

// takeAll takes all extras and groups of a workspace where none are named; those that
// are have to be there.
func (o *downloadOptions) takeAll(w *workspace.Workspace) error {
	if len(o.extras) == 0 {
		all := true
		o.allExtras = &all
	}
	for _, text := range o.extras {
		name, err := pyname.ParseExtra(text)
		if err == nil && !slices.ContainsFunc(w.Members, func(m *workspace.Member) bool { return m.HasExtra(name) }) {
			return fmt.Errorf("extra `%s` is not defined in any project's `optional-dependencies` table", name)
		}
	}
	known, err := groupsOf(w)
	if err != nil {
		return err
	}
	for _, text := range o.groups {
		name, err := pyname.ParseGroup(text)
		if err == nil && !slices.Contains(known, string(name)) {
			return fmt.Errorf("group `%s` is not defined in any project's `dependency-groups` table", name)
		}
	}
	if len(o.groups) == 0 {
		o.groups = known
	}
	return nil
}

// groupsOf are the names of all dependency groups of a workspace, sorted.
func groupsOf(w *workspace.Workspace) ([]string, error) {
	var out []string
	root, err := workspace.ReadGroups(w.File)
	if err != nil {
		return nil, err
	}
	all := []workspace.Groups{root}
	for _, m := range w.Members {
		list, err := m.Groups()
		if err != nil {
			return nil, err
		}
		all = append(all, list)
	}
	for _, list := range all {
		for _, g := range list {
			out = append(out, string(g.Name))
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

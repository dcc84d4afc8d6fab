package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/packaging/pyname"
)

func workspaceCopyCommand() command {
	return command{
		path: "workspace copy", args: "<MEMBER>...", short: "Copy members alone, with their part of the lock",
		long: "The copy has the members with the projects that they need, the file of the root with these as its only members, and of the lock what they need. " +
			"It is what a container is built from: it changes only if something changes that concerns the members. `sync --frozen --package MEMBER` works in it. " +
			"What git ignores is not copied.",
		prepare: func(f *flags) work {
			var to string
			var manifests bool
			f.Text(&to, "output-dir,o", "DIR", "The new directory")
			f.Bool(&manifests, "manifests", "Copy nothing but what `sync --no-install-local` needs: a layer that stays while sources change")
			return func(ctx context.Context, a *app, args []string) error {
				return a.workspaceCopy(ctx, to, manifests, args)
			}
		},
	}
}

func (a *app) workspaceCopy(ctx context.Context, to string, manifests bool, args []string) error {
	if len(args) == 0 || to == "" {
		return usageError("a member to copy and an `--output-dir` are expected")
	}
	w, err := a.strictWorkspace(ctx)
	if err != nil {
		return err
	}
	r := &project.CopyRequest{Workspace: w, To: a.path(to), Manifests: manifests, Skip: []string{a.cacheDir()}}
	for _, text := range args {
		name, err := pyname.ParsePackage(text)
		if err != nil {
			return usageError(fmt.Sprintf("invalid member %q: %v", text, err))
		}
		if w.Member(name) == nil {
			return fmt.Errorf("package `%s` not found in workspace", name)
		}
		r.Members = append(r.Members, name)
	}
	locked, err := project.Lock(ctx, &project.LockRequest{Target: project.Target{Workspace: w}, Mode: project.Frozen, Flag: "`workspace copy`"})
	if err != nil {
		return err
	}
	r.Lock = locked.Lock
	result, err := r.Run(ctx)
	if err != nil {
		return fmt.Errorf("cannot copy to `%s`: %w", a.shown(r.To), err)
	}
	for _, path := range result.Outside {
		a.print.Warn("`%s` is not in the copy: it lies outside of the workspace", a.shown(path))
	}
	c := a.print.Color
	names := ""
	for _, name := range result.Members {
		if !slices.Contains(r.Members, name) {
			names += ", " + string(name)
		}
	}
	if names != "" {
		names = " with" + names[1:]
	}
	a.print.Line("Copied %s%s to `%s`, and %s of the lock", join(args), names, c.Cyan(a.shown(r.To)), countPackages(result.Packages))
	return nil
}

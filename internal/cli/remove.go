package cli

import (
	"context"
	"fmt"

	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// removeFlags are those of `remove`.
type removeFlags struct {
	editFlags
	placeFlags
}

func removeCommand() command {
	return command{
		path: "remove", args: "<PACKAGES>...", short: "Remove dependencies from the project",
		long: "Takes the packages out of the pyproject.toml, or out of the metadata of a script, then updates the lock and the environment. If something fails, the files are as they were before.",
		prepare: func(f *flags) work {
			var o removeFlags
			o.placeFlags.register(f, "Remove from")
			o.editFlags.register(f, true)
			return func(ctx context.Context, a *app, args []string) error { return a.remove(ctx, &o, args) }
		},
	}
}

func (a *app) remove(ctx context.Context, o *removeFlags, args []string) error {
	if len(args) == 0 {
		return usageError("a package to remove is expected")
	}
	var names []pyname.Package
	for _, text := range args {
		req, err := pep508.Parse(text)
		if err != nil {
			return usageError(fmt.Sprintf("invalid package %q: %v", text, err))
		}
		names = append(names, req.Name)
	}
	place, err := o.place(a)
	if err != nil {
		return err
	}
	e, err := a.startEdit(ctx, &o.editFlags, false)
	if err != nil {
		return err
	}
	return e.end(e.remove(ctx, &project.RemoveRequest{Document: e.document, Names: names, Place: place, Journal: &e.journal}))
}

// remove edits, locks and syncs.
func (e *edit) remove(ctx context.Context, r *project.RemoveRequest) error {
	if err := project.Remove(ctx, r); err != nil {
		return err
	}
	e.edited()
	switch {
	case e.target.Script != nil && !e.document.HasLock():
		e.app.print.Line("Updated `%s`", e.app.print.Color.Cyan(e.app.shown(e.document.Path)))
		return nil
	case e.target.Script == nil && e.mode == project.Frozen:
		return nil
	}
	return e.lockAndSync(ctx, true)
}

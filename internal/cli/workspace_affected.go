package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/workspace"
)

// affectedFlags are those of `workspace affected`.
type affectedFlags struct {
	paths, explain bool
	format         string
}

func workspaceAffectedCommand() command {
	return command{
		path: "workspace affected", args: "[REVISION]", short: "List the members that changes since a git revision concern", reads: true,
		long: "A member is affected if files of it changed, if a project that it needs has changed files, directly or not, or if a package that it needs is locked otherwise. " +
			"What counts is what changed since the branch left REVISION, by default the last commit, and what is not committed yet.",
		prepare: func(f *flags) work {
			var o affectedFlags
			f.Bool(&o.paths, "paths", "Print directories instead of names")
			f.Bool(&o.explain, "explain", "Say why each of them is affected")
			f.Choice(&o.format, "output-format", "FORMAT", "How to list them", "text", "json")
			f.Exclusive("paths", "explain", "output-format")
			return func(ctx context.Context, a *app, args []string) error { return a.workspaceAffected(ctx, &o, args) }
		},
	}
}

// affectedJSON is the output of `workspace affected --output-format json`.
type affectedJSON struct {
	Root    string             `json:"root"`
	Commit  string             `json:"commit"` // that is compared with
	Members []project.Affected `json:"members"`
	Outside []string           `json:"outside,omitempty"` // changed files of no project
}

func (a *app) workspaceAffected(ctx context.Context, o *affectedFlags, args []string) error {
	revision, err := oneArgument(args)
	if err != nil {
		return err
	}
	w, err := a.strictWorkspace(ctx)
	if err != nil {
		return err
	}
	since := first(text(revision), "HEAD")
	if strings.HasPrefix(since, "-") {
		return usageError("`" + since + "` is no revision")
	}
	base, err := a.repository(w.Root).ForkPoint(ctx, since)
	if err != nil {
		return fmt.Errorf("git does not know the revision `%s` in `%s`: %w", since, a.shown(w.Root), err)
	}
	r := &project.AffectedRequest{Workspace: w}
	if r.Changed, err = a.repository(w.Root).ChangedSince(ctx, base); err != nil {
		return err
	}
	if r.Was, r.Is, err = a.locksSince(ctx, w, base); err != nil {
		return err
	}
	a.warnUnlocked(w, r.Is)
	out := affectedJSON{Root: w.Root, Commit: base, Members: r.Run(), Outside: r.Outside()}
	if o.format == "json" {
		if out.Members == nil {
			out.Members = []project.Affected{}
		}
		return a.printJSON(out)
	}
	for i := range out.Members {
		a.showAffected(o, &out.Members[i])
	}
	return nil
}

func (a *app) showAffected(o *affectedFlags, m *project.Affected) {
	switch {
	case o.paths:
		a.print.Data("%s\n", m.Path)
		return
	case !o.explain:
		a.print.Data("%s\n", m.Name)
		return
	}
	a.print.Data("%s\n", a.print.OutColor.Bold(string(m.Name)))
	for _, file := range m.Files {
		a.print.Data("    changed: %s\n", file)
	}
	for _, name := range m.Through {
		a.print.Data("    needs %s, which changed\n", name)
	}
	for i := range m.Packages {
		c := &m.Packages[i]
		a.print.Data("    needs %s, %s\n", c.Name, describeChange(c))
	}
}

// describeChange says in a few words what became of a locked package.
func describeChange(c *lock.Change) string {
	was, is := strings.Join(c.Old, ", "), strings.Join(c.New, ", ")
	if c.Kind == lock.Upgraded || c.Kind == lock.Downgraded {
		return fmt.Sprintf("%s: %s -> %s", c.Kind, was, is)
	}
	return string(c.Kind)
}

// warnUnlocked names members that the lock does not know, whose dependencies
// nobody can tell.
func (a *app) warnUnlocked(w *workspace.Workspace, l *lock.Lock) {
	for _, m := range w.Members {
		if first, end := l.Named(m.Name); first == end {
			a.print.Warn("The lock does not have the member `%s`: what it needs is not known before `%s lock`", m.Name, a.name)
		}
	}
}

// locksSince are the lock as it was in a commit, empty if there was none, and as
// it is.
func (a *app) locksSince(ctx context.Context, w *workspace.Workspace, commit string) (was, is *lock.Lock, err error) {
	home := filepath.Join(w.Root, lock.FileName)
	text, err := os.ReadFile(home)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, withHint(fmt.Errorf("there is no `%s` in `%s`, which says who needs whom", lock.FileName, a.shown(w.Root)), "run `%s lock` to make one", a.name)
	}
	if err != nil {
		return nil, nil, err
	}
	if is, err = lock.Read(lock.FileName, text); err != nil {
		return nil, nil, &project.LockError{Name: lock.FileName, Err: err}
	}
	found, err := a.repository(w.Root).HasFileAt(ctx, commit, lock.FileName)
	if err != nil || !found {
		return &lock.Lock{}, is, err
	}
	was, err = a.lockOf(ctx, home, commit)
	return was, is, err
}

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
)

func lockDiffCommand() command {
	return command{
		path: "lock diff", args: "[OLD] [NEW]", reads: true, short: "Show what changed between two locks",
		long: "OLD and NEW are lock files or git revisions. Without NEW it is the lock file as it is; without OLD it is compared with the last commit.",
		prepare: func(f *flags) work {
			var format, script string
			f.Choice(&format, "format", "FORMAT", "How to show it", "text", "json", "markdown")
			f.Text(&script, "script", "FILE", "Compare locks of this script")
			return func(ctx context.Context, a *app, args []string) error {
				if len(args) > 2 {
					return usageError("at most two locks are compared")
				}
				return a.lockDiff(ctx, format, script, args)
			}
		},
	}
}

func (a *app) lockDiff(ctx context.Context, format, script string, args []string) error {
	home, err := a.lockFile(script)
	if err != nil {
		return err
	}
	old := "HEAD"
	if len(args) > 0 {
		old = args[0]
	}
	was, err := a.lockAt(ctx, home, old)
	if err != nil {
		return err
	}
	now := home
	if len(args) == 2 {
		now = args[1]
	}
	is, err := a.lockAt(ctx, home, now)
	if err != nil {
		return err
	}
	return a.showDiff(format, lock.Compare(was, is))
}

func (a *app) showDiff(format string, d *lock.Diff) error {
	switch format {
	case "json":
		text, err := d.JSON()
		if err != nil {
			return err
		}
		a.print.Data("%s\n", text)
	case "markdown":
		a.print.Data("%s", d.Markdown())
	default:
		c := a.print.OutColor
		paint := func(kind lock.ChangeKind, s string) string {
			switch kind {
			case lock.Added:
				return c.Green(s)
			case lock.Removed:
				return c.Red(s)
			}
			return c.Yellow(s)
		}
		if d.IsEmpty() {
			a.print.Line("The locks are the same")
		}
		a.print.Data("%s", d.Text(paint))
	}
	return nil
}

// lockFile is the lock at hand: of a script, or the nearest one above the
// project's directory.
func (a *app) lockFile(script string) (string, error) {
	if script != "" {
		return a.path(script) + ".lock", nil
	}
	for dir := a.projectDir(); ; dir = filepath.Dir(dir) {
		name := filepath.Join(dir, lock.FileName)
		if _, err := os.Stat(name); err == nil {
			return name, nil
		}
		if dir == filepath.Dir(dir) {
			return "", withHint(fmt.Errorf("there is no `%s` in `%s` or a folder above it", lock.FileName, a.shown(a.projectDir())), "run `%s lock` to make one", a.name)
		}
	}
}

// lockAt reads a lock: a file or, if there is none of that name, the lock at home
// as it was in a git revision. No file is an empty lock.
func (a *app) lockAt(ctx context.Context, home, what string) (*lock.Lock, error) {
	text, err := os.ReadFile(a.path(what))
	if err == nil {
		return lock.Read(what, text)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return a.lockOf(ctx, home, what)
}

// lockOf is the lock at home as it was in a git revision.
func (a *app) lockOf(ctx context.Context, home, revision string) (*lock.Lock, error) {
	if strings.HasPrefix(revision, "-") {
		return nil, usageError("`" + revision + "` is neither a file nor a revision")
	}
	text, err := a.repository(filepath.Dir(home)).FileAt(ctx, revision, filepath.Base(home))
	if err != nil {
		return nil, fmt.Errorf("`%s` is no lock file, and git does not know it as a revision with one: %w", revision, err)
	}
	l, err := lock.Read(revision+":"+filepath.Base(home), text)
	if err != nil {
		return nil, fmt.Errorf("the lock of `%s` cannot be read: %w", revision, err)
	}
	return l, nil
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/git"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/shellwords"
	"github.com/tame-py/tame/internal/workspace"
)

// mergeDriver is the name of the driver in git's settings.
const mergeDriver = "tame-lock"

func lockMergeCommand() command {
	return command{
		path: "lock merge", args: "[BASE OURS THEIRS PATH [LABEL]]", short: "Join the locks of two branches",
		long: "Without arguments it resolves the conflicts of the lock at hand, once pyproject.toml has none: what either branch chose stays, as far as it goes together. " +
			"With `--install` git does so by itself in this repository, whenever branches are merged: it then calls this command with the three files of its merge drivers. " +
			"Where the files of projects conflict, the lock stays readable, and is to be joined once these are resolved.",
		prepare: func(f *flags) work {
			var install bool
			f.Bool(&install, "install", "Tell git to merge the locks of this repository with this command")
			return func(ctx context.Context, a *app, args []string) error {
				switch {
				case install && len(args) > 0:
					return usageError("`--install` takes no files")
				case install:
					return a.installMergeDriver(ctx)
				case len(args) == 0:
					return a.mergeConflicted(ctx)
				case len(args) == 4, len(args) == 5:
					return a.driveMerge(ctx, args)
				}
				return usageError("no argument, or the files BASE, OURS and THEIRS and the PATH of the lock are expected")
			}
		},
	}
}

// mergeConflicted resolves a lock that a merge has left with conflicts, for the
// project as it is now.
func (a *app) mergeConflicted(ctx context.Context) error {
	home, err := a.lockFile("")
	if err != nil {
		return err
	}
	var sides [3]*lock.Lock
	for i, stage := range []git.Stage{git.Base, git.Ours, git.Theirs} {
		text, err := a.repository(filepath.Dir(home)).Conflicted(ctx, stage, filepath.Base(home))
		switch {
		case err != nil && stage == git.Base:
			sides[i] = &lock.Lock{} // both have added it
		case err != nil:
			return withHint(fmt.Errorf("git knows of no conflict in `%s`: %w", a.shown(home), err), "`%s lock` brings the lock up to date", a.name)
		default:
			if sides[i], err = lock.Read(fmt.Sprintf("side %d of `%s`", stage, a.shown(home)), text); err != nil {
				return err
			}
		}
	}
	was, err := os.ReadFile(home)
	if err != nil {
		return err
	}
	if err := fsx.ReplaceFile(home, lock.Merge(sides[0], sides[1], sides[2]).Bytes()); err != nil {
		return err
	}
	if err := a.relock(filepath.Dir(home)); err != nil {
		return errors.Join(err, fsx.ReplaceFile(home, was))
	}
	a.print.Line("Joined the locks of both sides in `%s`", a.shown(home))
	a.print.Line("%s `git add %s` says that the conflict is resolved", a.print.Color.Cyan("hint:"), a.shown(home))
	return nil
}

// relock resolves the project in a directory anew, with the versions of its lock
// as preferences: as a run of its own, with the settings that count there.
func (a *app) relock(dir string) error {
	args := []string{a.name, "lock", "--project", dir, "--cache-dir", a.cacheDir(), "--quiet"}
	offline, err := a.offline()
	if err != nil {
		return err
	}
	if offline {
		args = append(args, "--offline")
	}
	environ := slices.DeleteFunc(a.environ(), func(e string) bool {
		return strings.HasPrefix(e, "UV_LOCKED=") || strings.HasPrefix(e, "UV_FROZEN=") || strings.HasPrefix(e, "UV_PROJECT=")
	})
	sub := newApp(args, environ, a.stdio)
	defer sub.close()
	return sub.execute()
}

// driveMerge is what git calls. The result takes the place of our side; an error
// makes it a conflict.
func (a *app) driveMerge(ctx context.Context, args []string) error {
	base, ours, theirs, path := args[0], args[1], args[2], args[3]
	var sides [3]*lock.Lock
	for i, name := range []string{base, ours, theirs} {
		text, err := os.ReadFile(a.path(name))
		if err != nil {
			return err
		}
		if sides[i] = (&lock.Lock{}); i == 0 && len(text) == 0 {
			continue // both have added it
		}
		if sides[i], err = lock.Read([]string{"the lock of the base", "our lock", "their lock"}[i], text); err != nil {
			return err
		}
	}
	merged := lock.Merge(sides[0], sides[1], sides[2])
	// Whatever becomes of it: this can be read, and has what both sides chose.
	if err := fsx.ReplaceFile(a.path(ours), merged.Bytes()); err != nil {
		return err
	}
	text, err := a.mergeProjects(ctx, merged, args)
	if err != nil {
		return withHint(fmt.Errorf("cannot merge `%s` by itself: %w", path, err),
			"it has what both sides chose; once pyproject.toml is as it should be, `%s lock` makes them go together", a.name)
	}
	return fsx.ReplaceFile(a.path(ours), text)
}

// mergeProjects merges the files of the projects as git will, beside the
// repository, and locks them there. git calls its drivers before it writes any
// file, so that the merged ones are nowhere else.
func (a *app) mergeProjects(ctx context.Context, merged *lock.Lock, args []string) ([]byte, error) {
	label := ""
	if len(args) == 5 {
		label = args[4]
	}
	m, err := a.repository(a.dir).FindMerge(ctx, filepath.ToSlash(args[3]), a.path(args[0]), a.path(args[2]), label)
	if err != nil {
		return nil, err
	}
	aside, err := os.MkdirTemp("", "tame-merge-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(aside)
	if err := m.Write(ctx, aside, saysWhatIsLocked); err != nil {
		return nil, err
	}
	home := filepath.Join(aside, filepath.FromSlash(args[3]))
	if err := errors.Join(os.MkdirAll(filepath.Dir(home), 0o777), os.WriteFile(home, merged.Bytes(), 0o666)); err != nil {
		return nil, err
	}
	if err := a.relock(filepath.Dir(home)); err != nil {
		return nil, err
	}
	return os.ReadFile(home)
}

// saysWhatIsLocked reports whether a lock depends on files of that name.
func saysWhatIsLocked(name string) bool {
	return slices.Contains([]string{"pyproject.toml", "uv.toml", ".python-version", "setup.py", "setup.cfg"}, name)
}

// installMergeDriver tells git of the driver: in the settings of the repository,
// and in the attributes of the lock, which are to be committed.
func (a *app) installMergeDriver(ctx context.Context) error {
	dir := workspace.SettingsRoot(a.projectDir(), a.projectFiles())
	program := a.program()
	for key, value := range map[string]string{
		"name":   "join the locks of both sides",
		"driver": program + " lock merge %O %A %B %P %Y",
	} {
		if _, err := a.repository(dir).Run(ctx, "config", "--local", "merge."+mergeDriver+"."+key, value); err != nil {
			return fmt.Errorf("git does not take the settings of the merge driver: %w", err)
		}
	}
	line, name := lock.FileName+" merge="+mergeDriver, filepath.Join(dir, ".gitattributes")
	text, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for have := range strings.Lines(string(text)) {
		if strings.TrimSpace(have) == line {
			a.print.Line("git merges `%s` with `%s lock merge` already", lock.FileName, program)
			return nil
		}
	}
	if len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(text, '\n')
	}
	if err := fsx.ReplaceFile(name, append(text, line+"\n"...)); err != nil {
		return err
	}
	a.print.Line("git merges `%s` with `%s lock merge` from now on", lock.FileName, program)
	a.print.Line("%s commit `%s`; whoever else is to merge that way runs this command in the own clone", a.print.Color.Cyan("hint:"), a.shown(name))
	return nil
}

// program is how a shell calls this program: by its name, if that is the one that
// is found.
func (a *app) program() string {
	self, err := os.Executable()
	if err != nil {
		return "tame"
	}
	if found, err := exec.LookPath("tame"); err == nil {
		one, err1 := os.Stat(found)
		other, err2 := os.Stat(self)
		if err1 == nil && err2 == nil && os.SameFile(one, other) {
			return "tame"
		}
	}
	return shellwords.Quote(filepath.ToSlash(self))
}

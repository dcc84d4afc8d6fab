package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/packaging/pyproject"
)

// lockFlags are those of `lock`.
type lockFlags struct {
	check, locked, exists, frozen *bool
	dryRun                        bool
	script                        string
	resolutionFlags
}

func lockCommand() command {
	return command{
		path: "lock", late: true, short: "Pin everything a project needs, in uv.lock",
		long: "One lock file serves every platform and Python that the project allows. What is locked already stays, unless it no longer fits or `--upgrade` says otherwise.",
		prepare: func(f *flags) work {
			var o lockFlags
			f.Pair(&o.check, "check", "", "Only look whether the lock is up to date, and fail if it is not")
			f.Pair(&o.locked, "locked", "", "").Hide().FromEnv("UV_LOCKED")
			f.Pair(&o.exists, "check-exists", "", "Only look whether there is a lock, without holding it against the project").FromEnv("UV_FROZEN")
			f.Pair(&o.frozen, "frozen", "", "").Hide().FromEnv("UV_FROZEN")
			f.Bool(&o.dryRun, "dry-run", "Only say what would change")
			f.Text(&o.script, "script", "FILE", "Lock what this script needs, in a file beside it")
			for _, name := range []string{"check", "locked"} {
				f.Exclusive(name, "check-exists")
				f.Exclusive(name, "frozen")
			}
			for _, name := range []string{"upgrade", "upgrade-package"} {
				for _, state := range []string{"check-exists", "frozen"} {
					f.Exclusive(state, name)
				}
			}
			o.registerLocking(f)
			return func(ctx context.Context, a *app, args []string) error { return a.lock(ctx, &o) }
		},
	}
}

// mode is what the flags make of locking, and the flag that does.
func (o *lockFlags) mode(a *app) (project.LockMode, string, error) {
	switch {
	case isTrue(o.exists):
		return project.Frozen, "`--check-exists`", nil
	case isTrue(o.check):
		return project.CheckLock, "`--check`", nil
	}
	return a.lockMode(&lockStateFlags{locked: o.locked, frozen: o.frozen}, o.dryRun)
}

func (a *app) lock(ctx context.Context, o *lockFlags) error {
	start := time.Now()
	p, err := a.openTarget(ctx, &o.resolutionFlags, o.script, discovery{fresh: true})
	if err != nil {
		return err
	}
	mode, flag, err := o.mode(a)
	if err != nil {
		return err
	}
	result, err := p.lock(ctx, mode, flag)
	if err != nil {
		return failedCheck(err)
	}
	if result.Graph == nil && mode != project.Frozen {
		a.showStage(engine.Event{Stage: engine.Resolved, Count: len(result.Lock.Packages), Took: time.Since(start)})
	}
	a.showLock(mode, flag, result)
	return nil
}

// failedCheck is the error of a command whose very purpose may be to find out
// whether a lock is up to date.
func failedCheck(err error) error {
	var outdated *project.OutdatedError
	if errors.As(err, &outdated) && outdated.Code == 0 {
		outdated.Code = exitFailed
	}
	return err
}

// openTarget finds the project, or the script, to work on.
func (a *app) openTarget(ctx context.Context, o *resolutionFlags, script string, d discovery) (*projectWork, error) {
	if script == "" {
		return a.openProject(ctx, o, d)
	}
	s, err := a.openScript(ctx, script, o, d.fresh)
	if err != nil {
		return nil, err
	}
	p := &projectWork{app: a, flags: o, script: s, target: project.Target{Script: &project.Script{Path: s.Name(), File: s.File}}}
	return p, p.settle(ctx)
}

// parseScript reads the metadata of a script (PEP 723), nil if it has none.
func (a *app) parseScript(name string, text []byte) (*pyproject.Script, error) {
	script, err := pyproject.ParseScript(name, text)
	if err != nil {
		return nil, fmt.Errorf("failed to read the metadata of the script `%s`: %w", a.shown(name), err)
	}
	return script, nil
}

// openScript reads a script with metadata, whose settings come first.
//
// fresh takes one without metadata as a script that needs nothing but the Python
// at hand.
func (a *app) openScript(ctx context.Context, name string, o *resolutionFlags, fresh bool) (*pyproject.Script, error) {
	path := a.path(name)
	if err := a.recoverEdit(path + ".lock"); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("failed to read `%s`: %w", name, err)
	}
	script, err := a.parseScript(path, text)
	if err != nil {
		return nil, err
	}
	if script == nil && fresh {
		if script, err = a.freshScript(ctx, path, text, o.python); err != nil {
			return nil, err
		}
	}
	if script == nil {
		return nil, withHint(fmt.Errorf("`%s` does not contain a PEP 723 metadata tag; run `%s init --script %s` to initialize the script", name, a.name, name), "a script names what it needs in a comment that begins with `# /// script`")
	}
	return script, a.useScriptSettings(path, script)
}

// lock makes or checks the lock of the target. A Python is chosen for it.
func (p *projectWork) lock(ctx context.Context, mode project.LockMode, flag string) (*project.LockResult, error) {
	r, err := p.lockRequest(mode, flag, nil)
	if mode != project.Frozen {
		if err == nil {
			p.app.lookAhead(ctx, p.engine, p.settings, nil, r.Foreseen(ctx))
		}
		i, failure := p.lockInterpreter(ctx)
		if failure != nil {
			return nil, failure
		}
		if err == nil {
			r.Interpreter = i
		}
	}
	if err != nil {
		return nil, err
	}
	r.Refresh = isTrue(p.flags.refresh.All) || len(p.flags.refresh.Packages) > 0
	r.Exact = r.CheckLayout && (isTrue(p.flags.refresh.All) || isTrue(p.settings.Pip.Upgrade))
	return project.Lock(ctx, r)
}

// showLock says what became of the lock.
func (a *app) showLock(mode project.LockMode, flag string, r *project.LockResult) {
	c := a.print.Color
	switch {
	case mode == project.Frozen:
		a.print.Warn("the lockfile at `uv.lock` was only checked for validity, not whether it is up-to-date, because %s was provided; use `--check` instead", flag)
	case mode == project.DryRun && !r.Changed:
		a.print.Line("%s", c.Bold("No lockfile changes detected"))
	case mode == project.DryRun:
		if a.showLockChanges(r, true) == 0 {
			a.print.Line("%s", c.Bold("Lockfile changes detected"))
		}
	case r.Changed && r.Previous != nil:
		a.showLockChanges(r, false)
	}
}

// showLockChanges lists the packages whose versions changed, and returns how
// many there are.
func (a *app) showLockChanges(r *project.LockResult, dryRun bool) int {
	c := a.print.Color
	changes := project.LockChanges(r.Previous, r.Lock)
	for _, change := range changes {
		was, is := strings.Join(change.Old, ", "), strings.Join(change.New, ", ")
		verb := func(now, would string) string {
			if dryRun {
				return would
			}
			return now
		}
		switch {
		case was == "":
			a.print.Line("%s %s %s", c.Green(c.Bold(verb("Added", "Add"))), change.Name, is)
		case is == "":
			a.print.Line("%s %s %s", c.Red(c.Bold(verb("Removed", "Remove"))), change.Name, was)
		default:
			a.print.Line("%s %s %s -> %s", c.Green(c.Bold(verb("Updated", "Update"))), change.Name, was, is)
		}
	}
	return len(changes)
}

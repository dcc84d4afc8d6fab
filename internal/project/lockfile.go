package project

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/packaging/pyname"
)

// A MissingLockError reports that there is no lock where one is needed.
type MissingLockError struct {
	Name string // of the file
	Flag string // what demands it
}

func (e *MissingLockError) Error() string {
	return fmt.Sprintf("unable to find lockfile at `%s`, but %s was provided", e.Name, e.Flag)
}

// HintsFor says how to make one with the program of that name.
func (e *MissingLockError) HintsFor(program string) []string {
	return []string{fmt.Sprintf("to create a lockfile, run `%[1]s lock` or `%[1]s sync` without the flag", program)}
}

// ExitCode is that of wrong use.
func (e *MissingLockError) ExitCode() int { return 2 }

// An OutdatedError reports a lock that would have to change where it must not.
type OutdatedError struct {
	Name   string // of the file
	Flag   string // what forbids it, as messages have it: "`--locked`"
	Reason string // in a sentence
	// Code is the exit code; 0 is that of wrong use, 2.
	Code int
}

func (e *OutdatedError) Error() string {
	text := fmt.Sprintf("the lockfile at `%s` needs to be updated, but %s was provided", e.Name, e.Flag)
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// HintsFor says how to update it with the program of that name.
func (e *OutdatedError) HintsFor(program string) []string {
	return []string{fmt.Sprintf("to update the lockfile, run `%s lock`", program)}
}

// ExitCode is Code.
func (e *OutdatedError) ExitCode() int { return cmp.Or(e.Code, 2) }

// A LayoutError reports a lock that is not laid out as locks are written, where
// that was asked for.
type LayoutError struct {
	Name string // of the file
	Flag string // what forbids to mend it
	Line int
}

func (e *LayoutError) Error() string {
	return fmt.Sprintf("the lockfile at `%s` has non-canonical formatting at line %d, but %s was provided", e.Name, e.Line, e.Flag)
}

// HintsFor says how to have it written anew with the program of that name.
func (e *LayoutError) HintsFor(program string) []string {
	return []string{fmt.Sprintf("to regenerate the lockfile, run `%s lock --refresh --preview-features lockfile-format-check`", program)}
}

// ExitCode is that of a check that failed.
func (e *LayoutError) ExitCode() int { return 1 }

// A LockError reports a lock that cannot be read.
type LockError struct {
	Name string
	Err  error
}

func (e *LockError) Error() string { return fmt.Sprintf("failed to parse `%s`: %s", e.Name, e.Err) }

// Unwrap is what is wrong with it.
func (e *LockError) Unwrap() error { return e.Err }

// ReadLock reads the lock of a target and its text. They are nil and empty if
// there is none. The error is a *LockError or of the system.
func (t Target) ReadLock() (*lock.Lock, string, error) {
	text, err := fsx.ReadText(t.LockPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	l, err := lock.ReadText(t.LockName(), text)
	if err != nil {
		return nil, text, &LockError{t.LockName(), err}
	}
	return l, text, nil
}

// WriteLock writes the lock of a target: beside its place, then renamed, so that
// nobody reads half of it. Of two processes that lock at once the last one wins.
// A journal, if it is not nil, remembers the lock that was there.
func (t Target) WriteLock(l *lock.Lock, j *Journal) error {
	write := fsx.ReplaceFile
	if j != nil {
		write = j.Write
	}
	if err := write(t.LockPath(), l.Bytes()); err != nil {
		return fmt.Errorf("failed to write `%s`: %w", t.LockName(), err)
	}
	return nil
}

// checkMembers demands that a lock that is used as it is has every member.
func (t Target) checkMembers(l *lock.Lock) error {
	if t.Workspace == nil {
		return nil
	}
	for _, m := range t.Workspace.Members {
		if first, end := l.Named(m.Name); first == end {
			return &OutdatedError{Name: t.LockName(), Flag: "`--frozen`", Reason: fmt.Sprintf("missing workspace member `%s`", m.Name), Code: 2}
		}
	}
	return nil
}

// checkUpgradeGroups demands that the groups of --upgrade-group exist.
func (t Target) checkUpgradeGroups(groups []pyname.Group) error {
	if len(groups) == 0 {
		return nil
	}
	if t.Script != nil {
		return scriptGroupError(groups[0])
	}
	known, err := t.groupNames()
	if err != nil {
		return err
	}
	for _, g := range groups {
		if known[g] {
			continue
		}
		if len(t.Workspace.Members) == 1 && !t.Workspace.IsVirtual() {
			return fmt.Errorf("group `%s` is not defined in the project's `dependency-groups` table", g)
		}
		return fmt.Errorf("group `%s` is not defined in any project's `dependency-groups` table", g)
	}
	return nil
}

// LockedIndex is the URL of the index that most packages of a lock are from,
// other than those that are known; "" if there is none.
func LockedIndex(l *lock.Lock, known func(url string) bool) string {
	count := map[string]int{}
	best := ""
	for i := range l.Packages {
		s := l.Packages[i].Source
		if s.Kind != lock.Registry {
			continue
		}
		count[s.Location]++
		if n := count[s.Location]; s.Location == best || n > count[best] && !known(s.Location) {
			best = s.Location
		}
	}
	return best
}

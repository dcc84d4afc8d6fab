package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/internal/managed"
)

// pythonLinks puts links to the executables of Pythons where the search path
// finds them.
type pythonLinks struct {
	installing *pythonInstalling
	dir        string
	all        []managed.Installation // that links may lead to
	failures   []pythonFailure
}

// add links an installation: python3.12, or all names if it is to be the
// default one. What others have put there is left alone, unless forced.
func (l *pythonLinks) add(i managed.Installation) {
	j := l.installing
	all := j.flags.default_ || j.implied && !j.flags.upgrades && j.app.previews("python-install-default")
	executable := i.Executable()
	if link, ok := i.MinorLink(); ok && l.followsUpgrades(i) {
		executable = link.Executable
	}
	var foreign []string
	for _, name := range i.Key.ExecutableNames(all) {
		path := filepath.Join(l.dir, name)
		if j.flags.upgrades && !exists(path) {
			continue
		}
		switch is, err := l.link(i, executable, path); {
		case err != nil:
			l.failures = append(l.failures, pythonFailure{i.Key, err})
		case is:
			foreign = append(foreign, path)
		}
	}
	if err := l.refusal(i, foreign); err != nil {
		l.failures = append(l.failures, pythonFailure{i.Key, err})
	}
}

// followsUpgrades reports whether links lead to a minor version, whichever its
// patch release will be: if that was asked for.
func (l *pythonLinks) followsUpgrades(i managed.Installation) bool {
	j := l.installing
	if j.flags.default_ || j.implied && !j.flags.upgrades {
		return true
	}
	for _, t := range j.targets {
		if major, minor, ok := t.request.IsMinor(); ok && major == i.Key.Major && minor == i.Key.Minor {
			return true
		}
	}
	return false
}

// link makes one link. It reports whether there is a file of somebody else's.
func (l *pythonLinks) link(i managed.Installation, executable, path string) (foreign bool, err error) {
	j := l.installing
	err = managed.Link(executable, path)
	if err == nil {
		j.linked(i.Key, path)
		return false, nil
	}
	if !errors.Is(err, fs.ErrExist) {
		return false, fmt.Errorf("failed to link `%s`: %w", path, err)
	}
	old, known := l.owner(path)
	switch {
	case !known && leadsSomewhere(path) && !j.flags.force:
		return true, nil
	case !known:
	case old.Path == i.Path && !j.flags.reinstall && !j.flags.force:
		return false, nil
	case old.Path != i.Path && !j.flags.force && !j.flags.default_ && !i.IsUpgradeOf(old):
		return false, nil
	}
	if err := managed.Relink(executable, path); err != nil {
		return false, fmt.Errorf("failed to replace the executable `%s`: %w", path, err)
	}
	if known {
		delete(j.changes.executables[old.Key], path)
	}
	j.linked(i.Key, path)
	return false, nil
}

func (j *pythonInstalling) linked(k managed.Key, path string) {
	j.changes.installed[k] = true
	j.changes.link(k, path)
}

// owner is the installation that a link leads to.
func (l *pythonLinks) owner(path string) (managed.Installation, bool) {
	for _, i := range l.all {
		if i.LinkedBy(path) {
			return i, true
		}
	}
	return managed.Installation{}, false
}

// leadsSomewhere reports whether a path is a file, or a link to one.
func leadsSomewhere(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// refusal says which files are in the way. During an upgrade that is no more
// than a warning.
func (l *pythonLinks) refusal(i managed.Installation, foreign []string) error {
	j := l.installing
	switch {
	case len(foreign) == 0:
		return nil
	case j.flags.upgrades:
		for _, path := range foreign {
			j.app.print.Warn("an executable already exists at `%s` but is not managed by %s; use `%s python install %d.%d%s --force` to replace it",
				path, j.app.name, j.app.name, i.Key.Major, i.Key.Minor, i.Key.Variant.Suffix())
		}
		return nil
	case len(foreign) == 1:
		return fmt.Errorf("an executable already exists at `%s` but is not managed by %s; use `--force` to replace it", foreign[0], j.app.name)
	}
	names := make([]string, len(foreign))
	for n, path := range foreign {
		names[n] = "`" + filepath.Base(path) + "`"
	}
	return fmt.Errorf("executables %s already exist in `%s` but are not managed by %s; use `--force` to replace them",
		strings.Join(names[:len(names)-1], ", ")+" and "+names[len(names)-1], l.dir, j.app.name)
}

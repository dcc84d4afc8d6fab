package managed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	"github.com/tame-py/tame/internal/fsx"
)

// ErrNoLinks says that links cannot be made on this system.
var ErrNoLinks = errors.New("links to executables cannot be made on this system")

// Point makes the link lead to its installation, in one step.
func (l MinorLink) Point() error {
	if l.Exists() {
		return nil
	}
	if err := replaceLink(l.Target, l.Path, linkDirectory); err != nil {
		return fmt.Errorf("failed to link `%s`: %w", l.Path, err)
	}
	return nil
}

// Remove removes the link, if it is one.
func (l MinorLink) Remove() error {
	info, err := os.Lstat(l.Path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode().IsDir() {
		return nil
	}
	return os.Remove(l.Path)
}

// replaceLink puts a symbolic link in the place of another, or where nothing
// is.
func replaceLink(target, path string, link func(target, path string) error) error {
	if info, err := os.Lstat(path); err == nil && info.IsDir() {
		return fmt.Errorf("`%s` is a directory", path)
	}
	dir, err := fsx.MkdirTemp(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	aside := filepath.Join(dir, "link")
	if err := link(target, aside); err != nil {
		return err
	}
	if runtime.GOOS == "windows" { // which does not rename over a link to a directory
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return os.Rename(aside, path)
}

// ExecutableNames are the names under which an installation's executable is
// linked for the search path: python3.12, and with all python3 and python.
func (k Key) ExecutableNames(all bool) []string {
	name, suffix := k.ImplementationName(), k.Variant.ExecutableSuffix()
	if name == "cpython" {
		name = "python"
	}
	if runtime.GOOS == "windows" {
		suffix += ".exe"
	}
	major := name + strconv.Itoa(k.Major)
	names := []string{major + "." + strconv.Itoa(k.Minor) + suffix}
	if all {
		names = append(names, major+suffix, name+suffix)
	}
	return names
}

// Link makes a symbolic link to an executable. If there is something of that
// name already the error matches [fs.ErrExist].
func Link(executable, path string) error {
	if runtime.GOOS == "windows" {
		return ErrNoLinks
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.Symlink(executable, path)
}

// Relink puts a link to an executable in the place of whatever file is there.
func Relink(executable, path string) error {
	if runtime.GOOS == "windows" {
		return ErrNoLinks
	}
	return replaceLink(executable, path, os.Symlink)
}

// LinkedBy reports whether a path is a link to the installation's executable.
func (i Installation) LinkedBy(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return false
	}
	return resolved(path) == resolved(i.Executable())
}

// IsUpgradeOf reports whether an installation may take the place of another:
// the same but for a newer patch release, pre-release or build.
func (i Installation) IsUpgradeOf(other Installation) bool {
	a, b := i.Key, other.Key
	if a.Implementation != b.Implementation || a.Variant != b.Variant || a.Major != b.Major || a.Minor != b.Minor {
		return false
	}
	if a.Patch != b.Patch || a.Pre != b.Pre {
		return a.compareVersion(b) > 0
	}
	if a.Pre != "" || i.Build() == "" {
		return false
	}
	return other.Build() == "" || CompareBuilds(i.Build(), other.Build()) > 0
}

// Newest are the newest of installations, one for each minor version.
func Newest(all []Installation) map[string]Installation {
	out := map[string]Installation{}
	for _, i := range all {
		name := i.Key.MinorName()
		if old, ok := out[name]; !ok || i.Key.compareVersion(old.Key) > 0 {
			out[name] = i
		}
	}
	return out
}

package managed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/tame-py/tame/internal/fsx"
)

// externallyManaged is the marker (PEP 668) that keeps installers away. The text
// is uv's, which looks after the same interpreters.
const externallyManaged = "[externally-managed]\nError=This Python installation is managed by uv and should not be modified.\n"

// Complete sees to it that an unpacked Python has all that a managed one needs:
// the marker of PEP 668, an executable called python, sysconfig that tells of
// prefix, where the installation is or is going to be, and the date of its
// build, if that is not "". What is there already stays as it is, so that it
// can be repeated at any time.
func (i Installation) Complete(prefix, build string) error {
	executable := i.Executable()
	if _, err := os.Stat(executable); err != nil {
		return fmt.Errorf("it has no executable `%s`: %w", i.relative(executable), err)
	}
	if i.Key.Platform.OS != "emscripten" { // there the standard library is a zip
		lib := i.stdlib()
		if err := keep(filepath.Join(lib, "EXTERNALLY-MANAGED"), externallyManaged); err != nil {
			return err
		}
		if i.Key.Implementation == "cpython" && i.Key.Platform.OS != "windows" {
			if err := patchSysconfig(i.home(), lib, prefix); err != nil {
				return err
			}
		}
	}
	if err := i.linkPython(executable); err != nil {
		return err
	}
	if build == "" {
		return nil
	}
	return keep(filepath.Join(i.Path, "BUILD"), build)
}

func (i Installation) relative(path string) string {
	if rel, err := filepath.Rel(i.Path, path); err == nil {
		return rel
	}
	return path
}

// stdlib is the directory of the standard library.
func (i Installation) stdlib() string {
	switch {
	case i.Key.Platform.OS == "windows":
		return filepath.Join(i.home(), "Lib")
	case i.Key.Implementation == "pypy":
		return filepath.Join(i.home(), "lib", "pypy"+i.minor())
	}
	return filepath.Join(i.home(), "lib", "python"+i.minor()+i.Key.Variant.LibSuffix())
}

// Stdlib is the directory of the standard library, if it is one inside of the
// installation.
func (i Installation) Stdlib() (string, bool) {
	lib := i.stdlib()
	info, err := os.Stat(lib)
	if err != nil || !info.IsDir() || i.Key.Platform.OS == "emscripten" {
		return "", false
	}
	return lib, strings.HasPrefix(resolved(lib), resolved(i.Path)+string(filepath.Separator))
}

// Dylib is the shared library of a Python for macOS, or "".
func (i Installation) Dylib() string {
	if i.Key.Platform.OS != "macos" || i.Key.ImplementationName() != "cpython" {
		return ""
	}
	return filepath.Join(i.home(), "lib", "libpython"+i.minor()+i.Key.Variant.ExecutableSuffix()+".dylib")
}

// linkPython adds an executable called python (PEP 394 allows it) where there is
// none.
func (i Installation) linkPython(executable string) error {
	if i.Key.Platform.OS == "windows" && runtime.GOOS != "windows" {
		return nil
	}
	link := filepath.Join(filepath.Dir(executable), "python")
	if runtime.GOOS == "windows" {
		link += ".exe"
	}
	if _, err := os.Lstat(link); err == nil {
		return nil
	}
	if runtime.GOOS == "windows" {
		return os.Link(executable, link)
	}
	return os.Symlink(filepath.Base(executable), link)
}

// keep writes a file unless that is what it has in it.
func keep(path, text string) error {
	if old, err := os.ReadFile(path); err == nil && string(old) == text {
		return nil
	}
	return fsx.WriteFile(path, []byte(text), 0o666)
}

// arrange finds the Python in what an archive unpacked to, and adds what builds
// lack that uv counts on. Archives have one directory at the top, below which
// full builds have it in install, and Pyodide in pyodide-root/dist.
func arrange(dir string, k Key) (string, error) {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) == 1 && entries[0].IsDir() {
		dir = filepath.Join(dir, entries[0].Name())
	}
	if info, err := os.Lstat(filepath.Join(dir, "install")); err == nil && info.IsDir() {
		dir = filepath.Join(dir, "install")
	} else if k.Platform.OS == "emscripten" {
		dir = filepath.Join(dir, "pyodide-root", "dist")
	}
	if runtime.GOOS == "windows" || k.Platform.OS != "emscripten" {
		return dir, nil
	}
	// Pyodide's files have to lie beside the executable; it is linked to where
	// executables are looked for.
	bin := filepath.Join(dir, "bin")
	if err := os.MkdirAll(bin, 0o777); err != nil {
		return "", err
	}
	for _, link := range [][2]string{{"../python", "python" + (Installation{Key: k}).minor()}, {"python" + (Installation{Key: k}).minor(), "python"}} {
		if err := os.Symlink(link[0], filepath.Join(bin, link[1])); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", err
		}
	}
	return dir, nil
}

// CompareBuilds orders the dates of builds, or versions of releases: numbers by
// their value, part by part.
func CompareBuilds(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for n := range min(len(x), len(y)) {
		p, q := strings.TrimLeft(x[n], "0"), strings.TrimLeft(y[n], "0")
		if len(p) != len(q) {
			return len(p) - len(q)
		}
		if c := strings.Compare(p, q); c != 0 {
			return c
		}
	}
	return len(x) - len(y)
}

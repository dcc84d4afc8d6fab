package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/internal/fsx"
)

// A PythonSource is a CPython that can be moved, and what of it is where. Its
// prefix is an installation for macOS or Linux.
type PythonSource struct {
	// Prefix is its directory. Aliases are other paths of that, such as links
	// to it; none of them is in the copy.
	Prefix  string
	Aliases []string
	// Executable, Stdlib and Site are in the prefix, with slashes:
	// bin/python3.12, lib/python3.12, lib/python3.12/site-packages.
	Executable, Stdlib, Site string
}

// buildPrefix stands for the prefix where an installation tells its own: it is
// where portable builds of CPython believe to be.
const buildPrefix = "/install"

// CopyPython copies an interpreter into the root of a bundle: what programs need
// of it, without packages, bytecode, tests, headers and what is for building. It
// returns what the [Spec] says of it but for the version.
func CopyPython(root string, src PythonSource) (Python, error) {
	to := filepath.Join(root, pythonDir)
	if info, err := os.Stat(filepath.Join(src.Prefix, filepath.FromSlash(src.Executable))); err != nil {
		return Python{}, err
	} else if info.IsDir() {
		return Python{}, fmt.Errorf("%s is no interpreter", src.Executable)
	}
	c := copying{PythonSource: src, to: to}
	for _, alias := range append([]string{src.Prefix}, src.Aliases...) {
		if len(alias) > 1 {
			c.prefixes = append(c.prefixes, []byte(alias))
		}
	}
	err := filepath.WalkDir(src.Prefix, c.visit)
	if err == nil {
		err = os.MkdirAll(filepath.Join(to, filepath.FromSlash(src.Site)), 0o777)
	}
	for _, name := range []string{"python3", "python"} {
		if err == nil {
			link := filepath.Join(to, path.Dir(src.Executable), name)
			if err = os.Symlink(path.Base(src.Executable), link); errors.Is(err, fs.ErrExist) {
				err = nil // the interpreter itself
			}
		}
	}
	return Python{Executable: pythonDir + "/" + src.Executable, Site: pythonDir + "/" + src.Site}, err
}

// copying is one copy of an interpreter.
type copying struct {
	PythonSource
	to       string
	prefixes [][]byte
}

// wants tells what is copied, given paths in the prefix.
func (c *copying) wants(rel string, dir bool) bool {
	base, in := path.Base(rel), path.Dir(rel)
	lib := path.Dir(c.Stdlib) // lib
	switch {
	case rel == c.Executable, rel == path.Dir(c.Executable), rel == "share", rel == "share/terminfo", strings.HasPrefix(rel, "share/terminfo/"):
		return true
	case rel == lib, rel == c.Stdlib:
		return true
	case !strings.HasPrefix(rel, lib+"/"):
		return false
	case dir:
		switch {
		case base == "__pycache__", rel == c.Site, rel == lib+"/pkgconfig":
			return false
		case !strings.HasPrefix(rel, c.Stdlib+"/"):
			return true
		case base == "test", base == "tests", base == "idlelib", base == "turtledemo":
			return false
		}
		return in != c.Stdlib || !strings.HasPrefix(base, "config-") // a library to link with, and a Makefile
	}
	if in == c.Stdlib+"/lib-dynload" && (strings.HasPrefix(base, "_test") || strings.HasPrefix(base, "_xxtest")) {
		return false
	}
	return base != "EXTERNALLY-MANAGED" && !strings.HasSuffix(base, ".a") && !strings.HasSuffix(base, ".pyc")
}

func (c *copying) visit(name string, d fs.DirEntry, err error) error {
	if err != nil || name == c.Prefix {
		return err
	}
	rel, err := filepath.Rel(c.Prefix, name)
	if err != nil {
		return err
	}
	rel = filepath.ToSlash(rel)
	if !c.wants(rel, d.IsDir()) {
		if d.IsDir() {
			return filepath.SkipDir
		}
		return nil
	}
	to := filepath.Join(c.to, filepath.FromSlash(rel))
	switch {
	case d.IsDir():
		return os.MkdirAll(to, 0o777)
	case d.Type() == fs.ModeSymlink:
		return c.link(name, rel, to)
	case !d.Type().IsRegular():
		return nil
	case strings.HasPrefix(path.Base(rel), "_sysconfigdata_"), path.Base(rel) == "build-details.json":
		return c.rewrite(name, to)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return err
	}
	return fsx.CopyFile(name, to)
}

// link copies a symbolic link to something beside or below it as such, and what
// another one leads to.
func (c *copying) link(name, rel, to string) error {
	target, err := os.Readlink(name)
	if err != nil {
		return err
	}
	at := path.Join(path.Dir(rel), filepath.ToSlash(target))
	if !filepath.IsAbs(target) && filepath.IsLocal(at) && rel != c.Executable {
		if info, err := os.Stat(name); err != nil || !c.wants(at, info.IsDir()) {
			return nil // it leads to what is not copied
		}
		return os.Symlink(target, to)
	}
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	return fsx.CopyFile(name, to)
}

// rewrite copies a file that tells where the installation is.
func (c *copying) rewrite(name, to string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	for _, prefix := range c.prefixes {
		data = bytes.ReplaceAll(data, prefix, []byte(buildPrefix))
	}
	return os.WriteFile(to, data, 0o666)
}

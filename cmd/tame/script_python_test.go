package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// An interpreter is a CPython that scripts can use.
type interpreter struct {
	path  string
	minor int
}

// site is site-packages, relative to an environment.
func (p interpreter) site() string {
	return filepath.Join("lib", "python3."+strconv.Itoa(p.minor), "site-packages")
}

// The minor versions of Python 3 that are looked for, and the one that
// scripts use if they do not say which, the first of these that is there.
var preferred = []int{12, 11, 13, 10, 9, 8, 14}

// mainPython is the interpreter that scripts use. A machine without any cannot
// test this program.
func mainPython(t *testing.T) interpreter {
	t.Helper()
	found := pythons()
	for _, minor := range preferred {
		for _, p := range found {
			if p.minor == minor {
				return p
			}
		}
	}
	t.Fatal("the scripts need a CPython of 3.8 or later on PATH, or below ~/.pyenv/versions")
	return interpreter{}
}

// pythons are the interpreters of this machine, one a version.
var pythons = sync.OnceValue(func() []interpreter {
	var found []interpreter
	var group sync.WaitGroup
	var mu sync.Mutex
	for _, minor := range preferred {
		group.Go(func() {
			if p, ok := findPython(minor); ok {
				mu.Lock()
				defer mu.Unlock()
				found = append(found, p)
			}
		})
	}
	group.Wait()
	return found
})

func findPython(minor int) (interpreter, bool) {
	version := "3." + strconv.Itoa(minor)
	var dirs []string
	if home, err := os.UserHomeDir(); err == nil {
		more, _ := filepath.Glob(filepath.Join(home, ".pyenv", "versions", version+".*", "bin"))
		dirs = append(dirs, more...)
	}
	dirs = append(dirs, filepath.SplitList(os.Getenv("PATH"))...)
	for _, dir := range dirs {
		path := filepath.Join(dir, "python"+version)
		if !isShims(dir) && isPython(path, version) {
			return interpreter{path, minor}, true
		}
	}
	return interpreter{}, false
}

func isPython(path, version string) bool {
	if _, err := os.Stat(path); err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	const ask = `import sys; print(sys.implementation.name, "%d.%d" % sys.version_info[:2])`
	out, err := exec.CommandContext(ctx, path, "-I", "-S", "-c", ask).Output()
	return err == nil && strings.TrimSpace(string(out)) == "cpython "+version
}

// makeEnvironment writes what makes a directory a virtual environment: the
// configuration, and a link to the interpreter.
func (p interpreter) makeEnvironment(dir string) error {
	bin := filepath.Join(dir, "bin")
	if err := os.MkdirAll(bin, 0o777); err != nil {
		return err
	}
	config := "home = " + filepath.Dir(p.path) + "\ninclude-system-site-packages = false\n"
	if err := os.WriteFile(filepath.Join(dir, "pyvenv.cfg"), []byte(config), 0o666); err != nil {
		return err
	}
	return os.Symlink(p.path, filepath.Join(bin, "python"))
}

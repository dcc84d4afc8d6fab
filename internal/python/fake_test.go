//go:build unix

package python

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tame-py/tame/internal/fsx"
)

// A world is a directory with interpreters that are shell scripts: they answer
// as the probe would, and leave a line in a log each time.
type world struct {
	t    *testing.T
	root string
	env  map[string]string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, root: root, env: map[string]string{}}
	w.mkdir("work")
	w.set("UV_PYTHON_INSTALL_DIR", "store")
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.root, name) }

func (w *world) set(key, name string) { w.env[key] = w.path(name) }

func (w *world) mkdir(name string) {
	w.t.Helper()
	if err := os.MkdirAll(w.path(name), 0o755); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) write(name, text string, perm os.FileMode) {
	w.t.Helper()
	w.mkdir(filepath.Dir(name))
	write := func() error { return os.WriteFile(w.path(name), []byte(text), perm) }
	if err := fsx.WriteProgram(write); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) link(target, name string) {
	w.t.Helper()
	w.mkdir(filepath.Dir(name))
	if err := os.Symlink(target, w.path(name)); err != nil {
		w.t.Fatal(err)
	}
}

// python makes an interpreter. The description is a version with words behind
// it: pypy, free, debug, musl.
func (w *world) python(name, description string) {
	w.t.Helper()
	words := strings.Fields(description)
	version := words[0]
	minor := strings.Join(strings.SplitN(version, ".", 3)[:2], ".")
	has := func(word string) bool { return strings.Contains(description, word) }
	implementation := "cpython"
	if has("pypy") {
		implementation = "pypy"
	}
	prefix := filepath.Dir(filepath.Dir(w.path(name)))
	base := prefix
	if _, err := os.Stat(filepath.Join(prefix, "pyvenv.cfg")); err == nil {
		base = w.path("base")
	}
	executable := "$0"
	if has("shim") {
		executable = w.path("elsewhere/bin/python")
	}
	w.write(name, fmt.Sprintf(`#!/bin/sh
echo "$0" >> '%s'
printf '\036tame-probe\036'
cat <<END
{"markers": {"implementation_name": %q, "implementation_version": %q, "os_name": "posix",
 "platform_machine": "x86_64", "platform_python_implementation": "CPython", "platform_release": "6", "platform_system": "Linux",
 "platform_version": "#1", "python_full_version": %q, "python_version": %q, "sys_platform": "linux"},
 "executable": "%s", "base_executable": "", "prefix": %q, "base_prefix": %q, "stdlib": "/nowhere", "site_packages": ["/a", "/b"],
 "scheme": {"purelib": "/p", "platlib": "/q", "scripts": "/s", "data": "/d", "include": "/i"},
 "virtualenv": {"purelib": "lib/p", "platlib": "lib/p", "scripts": "bin", "data": "", "include": "include"},
 "system": {"name": "linux", "machine": "x86_64", "version": "", "glibc": "2.36"},
 "is_64bit": true, "free_threaded": %t, "debug": %t, "standalone": false}
END
`, w.path("log"), implementation, version, version, minor, executable, prefix, base, has("free"), has("debug")), 0o755)
}

// venv makes a virtual environment with an interpreter.
func (w *world) venv(name, description string) {
	w.write(name+"/pyvenv.cfg", "home = "+w.path("base/bin")+"\nuv = 1\nversion_info = "+strings.Fields(description)[0]+"\n", 0o644)
	w.python(name+"/bin/python3", description)
}

func (w *world) finder() *Finder {
	return &Finder{
		Getenv:   func(name string) string { return w.env[name] },
		Environ:  []string{"PATH=/usr/bin:/bin"},
		Dir:      w.path("work"),
		CacheDir: w.path("cache"),
		now:      func() time.Time { return time.Now().Add(time.Hour) },
	}
}

// asked counts how often interpreters were run.
func (w *world) asked() int {
	text, _ := os.ReadFile(w.path("log"))
	return strings.Count(string(text), "\n")
}

// search lists directories as PATH does.
func (w *world) search(names ...string) {
	for i, name := range names {
		names[i] = w.path(name)
	}
	w.env["PATH"] = strings.Join(names, ":")
}

// find returns the path found, relative to the world, or the error's text.
func (w *world) find(f *Finder, request string, e Environments) string {
	w.t.Helper()
	found, err := f.Find(context.Background(), ParseRequest(request, f.Dir), e)
	if err != nil {
		return "error: " + strings.ReplaceAll(err.Error(), w.root+"/", "")
	}
	rel, err := filepath.Rel(w.root, found.Path)
	if err != nil {
		w.t.Fatal(err)
	}
	return rel
}

package install

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/python"
)

// Layout is where the parts of a wheel go, and for which interpreter.
type Layout struct {
	python.Scheme
	// Python is the interpreter that scripts run, sys.executable.
	Python string
	// Minor is the interpreter's minor version.
	Minor int
	// Windows tells that scripts are for Windows.
	Windows bool
	// Relocatable makes scripts find their interpreter from their own place, so
	// that the environment may be moved.
	Relocatable bool
	// Stdlib is the directory of the standard library; Windows launchers come
	// from the pip that lies in it. May be empty.
	Stdlib string
}

// LayoutOf returns where an interpreter's packages are installed, with the
// target or prefix it was given.
func LayoutOf(i *python.Interpreter, relocatable bool) Layout {
	return Layout{
		Scheme: i.Install(), Python: i.Executable, Minor: i.Minor(),
		Windows: runtime.GOOS == "windows", Relocatable: relocatable, Stdlib: i.Stdlib,
	}
}

// IsSeed reports whether a package belongs to a fresh environment with seeds:
// pip and uv, before Python 3.12 also setuptools and wheel.
func (l Layout) isSeed(name string) bool {
	switch name {
	case "pip", "uv":
		return true
	case "setuptools", "wheel":
		return l.Minor < 12
	}
	return false
}

// contains tells whether a path lies in one of the directories that wheels may
// install into.
func (l Layout) contains(path string) bool {
	path = filepath.Clean(path)
	for _, root := range [...]string{l.Data, l.Purelib, l.Platlib, l.Scripts, l.Include} {
		if root != "" && below(filepath.Clean(root), path) {
			return true
		}
	}
	return false
}

// below tells whether path is root or lies in it; both are clean.
func below(root, path string) bool {
	rest, ok := strings.CutPrefix(path, root)
	return ok && (rest == "" || os.IsPathSeparator(rest[0]) || os.IsPathSeparator(root[len(root)-1]))
}

// Lock takes the lock of an interpreter's environment, which is to be held
// while the environment is changed. The directory of temporary files holds the
// lock of a Python that is no virtual environment. A timeout of 0 means the
// default; waiting is called once if another process has the lock.
func Lock(ctx context.Context, i *python.Interpreter, temp string, timeout time.Duration, waiting func()) (*fsx.Lock, error) {
	path := i.LockPath(temp)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	return fsx.Acquire(ctx, path, fsx.Exclusive, fsx.LockOptions{Timeout: timeout, Waiting: waiting})
}

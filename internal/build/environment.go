package build

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/tame-py/tame/packaging/pep508"
)

// An Environment is where a backend runs.
type Environment struct {
	// Root is the directory of the environment, Python its interpreter and
	// Scripts the directory of programs, which goes on PATH.
	Root, Python, Scripts string
	// Given: it is the user's own, and has to have what is needed
	// (--no-build-isolation). The backend is not asked what it requires.
	Given bool
}

// A Provisioner makes environments for one build.
type Provisioner interface {
	// Provision returns an environment that fulfils requirements: of the
	// [build-system] table, with what hooks have added to it. Builds that require
	// the same may share one, so it must not be changed.
	Provision(ctx context.Context, requires []pep508.Requirement) (*Environment, error)
}

// variables are the environment variables of a backend.
func (e *Environment) variables(base []string, own map[string]string) []string {
	set := map[string]string{
		"VIRTUAL_ENV":      e.Root,
		"PYTHONIOENCODING": "utf-8:backslashreplace",
	}
	path := e.Scripts
	out := make([]string, 0, len(base)+len(set)+len(own))
	for _, entry := range base {
		name, value, _ := strings.Cut(entry, "=")
		switch {
		case sameVariable(name, "PATH"):
			path = strings.TrimSuffix(path+string(os.PathListSeparator)+value, string(os.PathListSeparator))
			continue
		case set[name] != "", hasVariable(own, name), sameVariable(name, "PYTHONHOME"), sameVariable(name, "__PYVENV_LAUNCHER__"):
			continue
		}
		out = append(out, entry)
	}
	if given, ok := own["PATH"]; ok {
		path = e.Scripts + string(os.PathListSeparator) + given
	}
	set["PATH"] = path
	for name, value := range own {
		if !sameVariable(name, "PATH") {
			set[name] = value
		}
	}
	for name, value := range set {
		out = append(out, name+"="+value)
	}
	slices.Sort(out)
	return out
}

func hasVariable(own map[string]string, name string) bool {
	_, ok := own[name]
	return ok
}

// sameVariable compares names of variables as the system does.
func sameVariable(a, b string) bool {
	return a == b || runtime.GOOS == "windows" && strings.EqualFold(a, b)
}

// backendPath are the directories to import a backend from. They must not lead
// out of the tree by a symbolic link either.
func backendPath(root, dir string, path []string) ([]string, error) {
	out := []string{}
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, err
	}
	for _, p := range path {
		full := filepath.Join(dir, filepath.FromSlash(p))
		target, err := filepath.EvalSymlinks(full)
		if err != nil {
			return nil, &SystemError{dir, "the `backend-path` " + p + " does not exist", err}
		}
		if rel, err := filepath.Rel(real, target); err != nil || !filepath.IsLocal(rel) {
			return nil, &SystemError{Dir: dir, Reason: "the `backend-path` " + p + " leads out of the source tree"}
		}
		out = append(out, full)
	}
	return out, nil
}

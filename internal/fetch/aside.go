package fetch

import (
	"path/filepath"
	"slices"

	"github.com/tame-py/tame/internal/backend"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyproject"
)

// isOurs reports whether a file at the root of a project is one that commands
// write while they work on it: the lock, and which Python it is for.
func isOurs(name string) bool {
	switch name {
	case "uv.lock", ".python-version", ".python-versions":
		return true
	}
	return false
}

// ignoresOurs reports whether no wheel that is built of a directory can depend on
// such files: its backend takes what stands in pyproject.toml and the module that
// this names, and is not told to take more. Other backends may read the lock, as
// plug-ins of hatchling do that put its versions into the metadata.
func ignoresOurs(dir string) bool {
	f, p, err := readProject(filepath.Join(dir, "pyproject.toml"))
	if err != nil || f == nil || p == nil || len(p.LicenseFiles) > 0 || isOurs(p.Readme.File) || isOurs(p.License.File) {
		return false
	}
	if backend.Check(f) == nil {
		return f.Tool("uv").Get("build-backend").Get("data").IsZero()
	}
	b, err := f.BuildSystem()
	if err != nil || b == nil || len(b.Path) > 0 || len(b.Requires) != 1 {
		return false
	}
	switch b.Backend {
	case "hatchling.build":
		return requiresOnly(b, "hatchling") && f.Tool("hatch").IsZero() && !fileExists(filepath.Join(dir, "hatch.toml"))
	case "flit_core.buildapi":
		return requiresOnly(b, "flit-core") && f.Tool("flit").IsZero()
	}
	return false
}

// requiresOnly reports whether the one requirement is a backend as an index has
// it. A bound from above could be for a release that packages the whole tree.
func requiresOnly(b *pyproject.BuildSystem, name string) bool {
	r, err := pep508.Parse(b.Requires[0].Text)
	if err != nil || string(r.Name) != name || r.URL != "" {
		return false
	}
	return name == "flit-core" || !slices.ContainsFunc(r.Specifiers, func(s pep440.Specifier) bool { return s.Op != pep440.GreaterEqual })
}

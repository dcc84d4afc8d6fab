package python

import (
	"cmp"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/managed"
)

// A candidate is a file that may be a wanted interpreter.
type candidate struct {
	source Source
	path   string
}

func (c candidate) wrap(err error) error {
	return &DiscoveryError{Source: c.source, Path: c.path, Err: err}
}

// groups yields the candidates for a request in the order of preference.
// Those of one group are equally good.
func (f *Finder) groups(r Request, e Environments) iter.Seq2[[]candidate, error] {
	return func(yield func([]candidate, error) bool) {
		switch r.Kind {
		case KindFile, KindDirectory:
			path := f.abs(r.Path)
			if r.Kind == KindDirectory {
				path = venvPython(path)
			}
			if missing := checkExecutable(path); isMissing(missing) {
				return
			}
			yield([]candidate{{ProvidedPath, path}}, nil)
			return
		case KindExecutableName:
			if f.Preference == OnlyManaged {
				yield(nil, &NotAllowedError{r, SearchPath, f.Preference})
				return
			}
			for _, path := range f.named(r.Path) {
				if !yield([]candidate{{SearchPath, path}}, nil) {
					return
				}
			}
			return
		}
		if err := r.Version.CheckSupported(); err != nil {
			yield(nil, err)
			return
		}
		for group, err := range f.everywhere(r, e) {
			if err == nil && !e.mayAllow(group[0].source) {
				continue
			}
			if !yield(group, err) {
				return
			}
		}
	}
}

func isMissing(err error) bool {
	var query *QueryError
	return errors.As(err, &query) && (query.Fault == Missing || query.Fault == BrokenLink)
}

// A NotAllowedError says that a preference excludes the only place where a
// request can be looked for.
type NotAllowedError struct {
	Request    Request
	Source     Source
	Preference Preference
}

func (e *NotAllowedError) Error() string {
	return "interpreter discovery for `" + e.Request.String() + "` requires `" + e.Source.String() +
		"` but only `" + e.Preference.String() + "` is allowed"
}

// everywhere yields what all sources have.
func (f *Finder) everywhere(r Request, e Environments) iter.Seq2[[]candidate, error] {
	return func(yield func([]candidate, error) bool) {
		one := func(s Source, path string) bool { return yield([]candidate{{s, path}}, nil) }
		if path := f.Getenv("UV_INTERNAL__PARENT_INTERPRETER"); path != "" && !one(ParentInterpreter, path) {
			return
		}
		conda, isBase := f.conda()
		if e != OnlyOutside {
			if root := f.Getenv("VIRTUAL_ENV"); root != "" && !one(ActiveEnvironment, venvPython(f.abs(root))) {
				return
			}
			if conda != "" && !isBase && !one(CondaPrefix, venvPython(conda)) {
				return
			}
			root, err := f.NearbyEnvironment()
			if err != nil && !yield(nil, err) {
				return
			}
			if root != "" && !one(DiscoveredEnvironment, venvPython(root)) {
				return
			}
		}
		if e == OnlyVirtual {
			return
		}
		if conda != "" && isBase && !one(BaseCondaPrefix, venvPython(conda)) {
			return
		}
		for group, err := range f.installed(r) {
			if !yield(group, err) {
				return
			}
		}
	}
}

// conda returns the active conda environment and whether it is conda's own.
func (f *Finder) conda() (root string, isBase bool) {
	root = f.Getenv("CONDA_PREFIX")
	if root == "" {
		return "", false
	}
	name := f.Getenv("CONDA_DEFAULT_ENV")
	switch {
	case isRegular(filepath.Join(root, "conda-meta", "pixi")): // Pixi has no base
		return f.abs(root), false
	case root == f.Getenv("_CONDA_ROOT"):
		return f.abs(root), true
	case name == "", root == name: // the latter was made by path
		return f.abs(root), false
	}
	return f.abs(root), filepath.Base(root) != name
}

// NearbyEnvironment returns the root of the virtual environment that the
// working directory is in, or of the .venv in it or the nearest directory
// above. It is empty if there is none; a .venv that is no environment is a
// [*BrokenEnvironmentError].
func (f *Finder) NearbyEnvironment() (string, error) {
	for dir := f.Dir; ; dir = filepath.Dir(dir) {
		if isRegular(filepath.Join(dir, "pyvenv.cfg")) {
			return dir, nil
		}
		venv := filepath.Join(dir, ".venv")
		info, err := os.Lstat(venv)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return "", err
		case info.IsDir(), info.Mode()&fs.ModeSymlink != 0:
			if !isRegular(filepath.Join(venv, "pyvenv.cfg")) {
				return "", &BrokenEnvironmentError{venv, "`pyvenv.cfg` is missing"}
			}
			return venv, nil
		}
		if filepath.Dir(dir) == dir {
			return "", nil
		}
	}
}

// installed yields the Pythons of the machine by preference.
func (f *Finder) installed(r Request) iter.Seq2[[]candidate, error] {
	return func(yield func([]candidate, error) bool) {
		inStore := func() bool {
			for path, err := range f.inStore(r) {
				group := []candidate{{Managed, path}}
				if err != nil {
					group = nil
				}
				if !yield(group, err) {
					return false
				}
			}
			return true
		}
		onSystem := func() bool {
			first := true
			for group := range f.onSearchPath(r) {
				if first {
					group[0].source, first = SearchPathFirst, false
				}
				if !yield(group, nil) {
					return false
				}
			}
			for _, c := range f.registered(r.version()) {
				if !yield([]candidate{c}, nil) {
					return false
				}
			}
			return true
		}
		switch f.Preference {
		case OnlyManaged:
			_ = inStore() && f.declaredManaged() != "" && onSystem()
		case OnlySystem:
			onSystem()
		case PreferSystem:
			_ = onSystem() && inStore()
		default:
			_ = inStore() && onSystem()
		}
	}
}

// inStore yields the executables of managed Pythons that may satisfy a
// request, the newest first. Unless a patch release is asked for, the path
// goes through the link of the minor version, so that what is made with it
// follows upgrades.
func (f *Finder) inStore(r Request) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		installed, err := f.Store().Installed()
		if err != nil {
			yield("", err)
			return
		}
		if len(installed) == 0 && f.Getenv("UV_LIBC") == "" { // a value that is none is refused in any case
			return
		}
		host, err := managed.Host(f.Getenv)
		if err != nil {
			yield("", err)
			return
		}
		for _, i := range installed {
			if !host.Supports(i.Key.Platform) || !r.mayBe(i.Key) || !f.rightBuild(i) {
				f.trace("Skipping managed installation `%s`", i.Key)
				continue
			}
			path := i.Executable()
			if link, ok := i.MinorLink(); ok && !r.IncludesPatch() && link.Exists() {
				path = link.Executable
			}
			if !yield(path, nil) {
				return
			}
		}
	}
}

// mayBe compares what an installation's name tells with a request.
func (r Request) mayBe(k managed.Key) bool {
	return r.Version.mayMatchKey(k) &&
		(r.OS == "" || managed.RunsOS(k.Platform.OS, r.OS)) &&
		(r.Arch == "" || r.Arch == k.Platform.Arch) &&
		(r.Libc == "" || r.Libc == k.Platform.Libc)
}

// rightBuild checks a build date that the environment pins, as in
// UV_PYTHON_CPYTHON_BUILD.
func (f *Finder) rightBuild(i managed.Installation) bool {
	pinned := f.Getenv("UV_PYTHON_" + strings.ToUpper(i.Key.ImplementationName()) + "_BUILD")
	return pinned == "" || pinned == i.Build()
}

// searchPath lists the directories to search: UV_PYTHON_SEARCH_PATH if it is
// set, even to nothing, else PATH.
func (f *Finder) searchPath() []string {
	path := f.Getenv("UV_PYTHON_SEARCH_PATH")
	if path == "" && !slices.Contains(f.Environ, "UV_PYTHON_SEARCH_PATH=") {
		path = f.Getenv("PATH")
	}
	dirs := filepath.SplitList(path)
	out := dirs[:0]
	for _, dir := range dirs {
		if dir != "" {
			out = append(out, f.abs(dir))
		}
	}
	return out
}

// onSearchPath yields, directory by directory, the executables that by their
// names may satisfy a request. Each name is a group of its own; the python3.x
// that are tried last are one.
func (f *Finder) onSearchPath(r Request) iter.Seq[[]candidate] {
	return func(yield func([]candidate) bool) {
		version := r.version()
		names := version.executableNames(r.Implementation)
		seen := map[[2]uint64]bool{}
		for _, dir := range f.searchPath() {
			id, ok := directory(dir)
			if !ok || seen[id] {
				continue
			}
			seen[id] = id != [2]uint64{}
			for _, name := range names {
				path := filepath.Join(dir, name)
				if isProgram(path) && !isStoreShim(path) && !yield([]candidate{{SearchPath, path}}) {
					return
				}
			}
			if version.scansMinors() {
				if group := minors(dir, version); len(group) > 0 && !yield(group) {
					return
				}
			}
			if bat := filepath.Join(dir, "python.bat"); runtime.GOOS == "windows" && isRegular(bat) {
				if !yield([]candidate{{SearchPath, bat}}) {
					return
				}
			}
		}
	}
}

// directory identifies a directory, so that one that is listed twice or
// through a link is searched once.
func directory(dir string) (id [2]uint64, ok bool) {
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		return id, false
	}
	i := fsx.IdentityOf(info)
	return [2]uint64{i.Dev, i.Ino}, true
}

// minors lists the python3.x of a directory that may satisfy a request.
// Python before 3.6 is not supported.
func minors(dir string, version VersionRequest) []candidate {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var out []candidate
	for _, e := range entries {
		minor, ok := minorOfName(e.Name())
		if !ok || minor < 6 || !version.mayMatchMinor(minor) {
			continue
		}
		if path := filepath.Join(dir, e.Name()); isProgram(path) && !isStoreShim(path) {
			out = append(out, candidate{SearchPath, path})
		}
	}
	return out
}

// named lists the programs of a name in PATH.
func (f *Finder) named(name string) []string {
	var out []string
	for _, dir := range filepath.SplitList(f.Getenv("PATH")) {
		if dir == "" {
			continue
		}
		path := filepath.Join(f.abs(dir), name)
		for _, ext := range f.programExtensions(name) {
			if isProgram(path + ext) {
				out = append(out, path+ext)
			}
		}
	}
	return out
}

// programExtensions are what Windows adds to a name without an extension.
func (f *Finder) programExtensions(name string) []string {
	if runtime.GOOS != "windows" || filepath.Ext(name) != "" {
		return []string{""}
	}
	return strings.Split(strings.ToLower(cmp.Or(f.Getenv("PATHEXT"), ".exe")), ";")
}

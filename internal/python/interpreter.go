package python

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"github.com/tame-py/tame/internal/managed"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/tags"
)

// An Interpreter is what is known about a Python. Values are immutable once
// made; [Interpreter.WithTarget] and its like return changed copies. Paths are
// absolute.
type Interpreter struct {
	Path           string   // the file that was asked
	Executable     string   // sys.executable, usually the same
	BaseExecutable string   // sys._base_executable: of the Python below an environment; may be empty
	Prefix         string   // sys.prefix
	BasePrefix     string   // sys.base_prefix; differs from Prefix in a virtual environment
	Stdlib         string   // directory of the standard library
	SitePackages   []string // where packages are imported from at run time
	Scheme         Scheme   // where packages are installed, see Install
	Virtual        Scheme   // the same in environments that this Python makes, relative to their root

	Env      marker.Env     // values of environment markers
	Version  pep440.Version // as in Env.PythonFullVersion
	Platform tags.Platform

	// BytecodeMagic are the bytes that its bytecode begins with, in hexadecimal:
	// importlib.util.MAGIC_NUMBER. Empty if it does not tell.
	BytecodeMagic string

	Is64Bit      bool
	FreeThreaded bool // built without the GIL (PEP 703)
	Debug        bool // built with Py_DEBUG
	Standalone   bool // perhaps a python-build-standalone distribution
	NoManylinux  bool // its _manylinux module refuses wheels for glibc

	target, prefix string // of WithTarget, WithPrefix
	index          pipIndex
	tagsOnce       *sync.Once
	tags           *tags.Set
	tagsErr        error
}

// Implementation is sys.implementation.name: cpython, pypy, graalpy, ….
func (i *Interpreter) Implementation() string { return i.Env.ImplementationName }

// Major and Minor are the parts of the language's version.
func (i *Interpreter) Major() int { return int(i.Version.Segment(0)) }

// Minor is the second part of the version: 12 for Python 3.12.1.
func (i *Interpreter) Minor() int { return int(i.Version.Segment(1)) }

// MinorVersion is the version as 3.12.
func (i *Interpreter) MinorVersion() string {
	return strconv.Itoa(i.Major()) + "." + strconv.Itoa(i.Minor())
}

// AtLeast reports whether the version is major.minor or newer.
func (i *Interpreter) AtLeast(major, minor int) bool {
	return i.Major() > major || i.Major() == major && i.Minor() >= minor
}

// IsVirtual reports whether this is the Python of a virtual environment (PEP
// 405).
func (i *Interpreter) IsVirtual() bool { return i.Prefix != i.BasePrefix }

// Variant is the build flavour.
func (i *Interpreter) Variant() Variant {
	switch {
	case i.FreeThreaded && i.Debug:
		return managed.FreethreadedDebug
	case i.FreeThreaded:
		return managed.Freethreaded
	case i.Debug:
		return managed.Debug
	}
	return managed.Default
}

// Tags returns the wheel tags that the interpreter accepts, best first. They
// are computed at the first call; an error says that the platform or the
// implementation has none.
func (i *Interpreter) Tags() (*tags.Set, error) {
	i.tagsOnce.Do(func() {
		version, err := pep440.Parse(i.Env.ImplementationVersion)
		if err != nil {
			version = i.Version
		}
		i.tags, i.tagsErr = tags.For(tags.Interpreter{
			Implementation: i.Implementation(),
			Major:          i.Major(), Minor: i.Minor(),
			ImplMajor: int(version.Segment(0)), ImplMinor: int(version.Segment(1)),
			FreeThreaded: i.FreeThreaded, Debug: i.Debug, NoManylinux: i.NoManylinux,
		}, i.Platform)
	})
	return i.tags, i.tagsErr
}

// Key names the interpreter as managed installations are named.
func (i *Interpreter) Key() managed.Key {
	k := managed.Key{
		Implementation: i.Implementation(),
		Major:          i.Major(), Minor: i.Minor(), Patch: int(i.Version.Segment(2)),
		Variant:  i.Variant(),
		Platform: keyPlatform(i.Platform),
	}
	if kind, n, ok := i.Version.Pre(); ok {
		k.Pre = kind + strconv.Itoa(n)
	}
	return k
}

// keyPlatform spells a platform as keys do.
func keyPlatform(p tags.Platform) managed.Platform {
	out := managed.Platform{OS: "linux", Libc: "none"}
	switch p.OS {
	case tags.MacOS:
		out.OS = "macos"
	case tags.Windows:
		out.OS = "windows"
	case tags.IOS:
		out.OS = "ios"
	case tags.Pyodide, tags.Emscripten:
		out.OS, out.Libc = "emscripten", "musl"
	case tags.FreeBSD:
		out.OS = "freebsd"
	case tags.NetBSD:
		out.OS = "netbsd"
	case tags.OpenBSD:
		out.OS = "openbsd"
	case tags.DragonFly:
		out.OS = "dragonfly"
	case tags.Illumos:
		out.OS = "illumos"
	case tags.Haiku:
		out.OS = "haiku"
	case tags.Linux:
		switch p.Libc {
		case tags.Glibc:
			out.Libc = "gnu"
		case tags.Musl:
			out.Libc = "musl"
		}
	}
	switch p.Arch {
	case tags.ARMv5TEL:
		out.Arch = "armv5te"
	case tags.ARMv6L:
		out.Arch = "armv6"
	case tags.ARMv7L:
		out.Arch = "armv7"
	case tags.PPC64LE:
		out.Arch = "powerpc64le"
	case tags.PPC64:
		out.Arch = "powerpc64"
	case tags.PPC:
		out.Arch = "powerpc"
	case tags.X86:
		out.Arch = "x86"
	default:
		out.Arch = p.Arch.String()
	}
	return out
}

// hasDefaultName reports whether the executable is called python or python3,
// which is how a person makes it the default.
func (i *Interpreter) hasDefaultName() bool {
	return slices.Contains(VersionRequest{}.executableNames(""), filepath.Base(i.Executable))
}

// isImplementation compares with a requested implementation. Pyodide calls
// itself CPython.
func (i *Interpreter) isImplementation(name string) bool {
	if name == Pyodide {
		return i.Platform.OS == tags.Pyodide || i.Platform.OS == tags.Emscripten
	}
	return i.Implementation() == name
}

// isAlternative reports whether this is something else than CPython.
func (i *Interpreter) isAlternative() bool {
	return !i.isImplementation(CPython) || i.isImplementation(Pyodide)
}

// satisfiesKey checks all parts of a [KindKey] request.
func (i *Interpreter) satisfiesKey(r Request) bool {
	p := keyPlatform(i.Platform)
	return (r.Version.kind == versionDefault || r.Version.matches(i.Version, i.Variant())) &&
		(r.OS == "" || managed.RunsOS(p.OS, r.OS)) &&
		(r.Arch == "" || r.Arch == p.Arch) &&
		(r.Libc == "" || r.Libc == p.Libc) &&
		(r.Implementation == "" || i.isImplementation(r.Implementation))
}

// WithTarget returns the interpreter installing into one directory (--target).
func (i *Interpreter) WithTarget(dir string) *Interpreter {
	out := *i
	out.target, out.prefix = dir, ""
	return &out
}

// WithPrefix returns the interpreter installing below a prefix (--prefix).
func (i *Interpreter) WithPrefix(dir string) *Interpreter {
	out := *i
	out.target, out.prefix = "", dir
	return &out
}

// Install is where packages go: the interpreter's own scheme or that of its
// target or prefix. Headers of an environment lie below include/site.
func (i *Interpreter) Install() Scheme {
	switch {
	case i.target != "":
		return targetScheme(i.target)
	case i.prefix != "":
		return i.Virtual.Below(i.prefix)
	}
	return i.Scheme
}

// InstalledIn lists the directories that hold what Install installed: purelib,
// and platlib if it is another directory.
func (i *Interpreter) InstalledIn() []string {
	switch {
	case i.target != "":
		return []string{i.target}
	case i.prefix != "":
		return []string{filepath.Join(i.prefix, i.Virtual.Purelib)}
	}
	if i.Scheme.Purelib == i.Scheme.Platlib || sameFile(i.Scheme.Purelib, i.Scheme.Platlib) {
		return []string{i.Scheme.Purelib}
	}
	return []string{i.Scheme.Purelib, i.Scheme.Platlib}
}

// LockPath is the file to lock while the environment is changed, the same that
// uv locks for environments, targets and prefixes. temp is the directory for
// temporary files, which holds the lock for a system Python.
func (i *Interpreter) LockPath(temp string) string {
	switch {
	case i.target != "":
		return filepath.Join(i.target, ".lock")
	case i.prefix != "":
		return filepath.Join(i.prefix, ".lock")
	case i.IsVirtual():
		return filepath.Join(i.Prefix, ".lock")
	}
	return filepath.Join(temp, "tame-"+hashName(i.Executable)+".lock")
}

// BasePython is the executable that an environment made by this interpreter
// runs, whose directory becomes "home" in pyvenv.cfg. In an environment that
// is the Python below it. A standalone distribution believes any link to it,
// so there the first link on the way that lies in a real installation is
// taken, as CPython's own getpath does.
func (i *Interpreter) BasePython() (string, error) {
	base := i.BaseExecutable
	if base == "" {
		base = i.Executable
	}
	base, err := filepath.Abs(base)
	if err != nil || !i.Standalone || runtime.GOOS == "windows" {
		return base, err
	}
	for at, links := base, 0; links < 40; links++ {
		if i.inInstallation(at) {
			return at, nil
		}
		next, err := os.Readlink(at)
		if err != nil {
			break
		}
		if !filepath.IsAbs(next) {
			next = filepath.Join(filepath.Dir(at), next)
		}
		at = filepath.Clean(next)
	}
	return filepath.EvalSymlinks(base)
}

// inInstallation looks for the standard library above an executable.
func (i *Interpreter) inInstallation(executable string) bool {
	landmark := filepath.Join("lib", "python"+i.MinorVersion()+i.Variant().ExecutableSuffix(), "os.py")
	for dir := executable; ; {
		parent := filepath.Dir(dir)
		if parent == dir || filepath.Dir(parent) == parent {
			return false
		}
		if info, err := os.Stat(filepath.Join(parent, landmark)); err == nil && info.Mode().IsRegular() {
			return true
		}
		dir = parent
	}
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// InEnvironment is the interpreter of a virtual environment that was just made
// with i, as it would tell about itself: at root, of the executable base, and
// seeing the packages of i if system is set.
func (i *Interpreter) InEnvironment(root, base string, system bool) *Interpreter {
	out := *i
	out.target, out.prefix = "", ""
	out.Scheme = i.Virtual.Below(root)
	out.Prefix, out.BaseExecutable = root, base
	out.Executable = filepath.Join(out.Scheme.Scripts, "python")
	if runtime.GOOS == "windows" {
		out.Executable = filepath.Join(out.Scheme.Scripts, "python.exe")
	}
	out.Path = out.Executable
	out.SitePackages = i.packagesBelow(root)
	if system && !i.IsVirtual() {
		out.SitePackages = append(out.SitePackages, i.SitePackages...)
	}
	return &out
}

// packagesBelow are the directories that site.getsitepackages names in an
// environment: where packages are installed, and whatever a distributor adds
// below each prefix.
func (i *Interpreter) packagesBelow(root string) []string {
	scheme := i.Virtual.Below(root)
	out := []string{scheme.Purelib}
	add := func(dir string) {
		if !slices.Contains(out, dir) {
			out = append(out, dir)
		}
	}
	add(scheme.Platlib)
	for _, dir := range i.SitePackages {
		if rel, err := filepath.Rel(i.Prefix, dir); err == nil && filepath.IsLocal(rel) {
			add(filepath.Join(root, rel))
		}
	}
	return out
}

package python

import (
	"cmp"
	"strings"

	"github.com/tame-py/tame/internal/managed"
	"github.com/tame-py/tame/packaging/pep440"
)

// A Wish is a request for a managed Python, told by its key alone. What the
// request leaves open is as it is on this machine.
type Wish struct {
	Request        Request
	Implementation string // "" is any
	// Build pins the date of the build (UV_PYTHON_CPYTHON_BUILD and its like), or
	// is "".
	Build string
	// Prereleases admits pre-releases that are not asked for.
	Prereleases bool
	// Host is the machine that it is to run on; what is empty is any. It counts
	// where the request does not name a platform.
	Host managed.Platform
}

// Wish tells what a request asks of a Python to be installed: CPython, unless
// another implementation is named. Paths and names of executables ask for
// nothing that could be installed, and report false.
func (r Request) Wish(host managed.Platform, getenv func(string) string) (Wish, bool) {
	w, ok := r.Installed()
	w.Host = host
	if w.Implementation == "" {
		w.Implementation = CPython
	}
	name := w.Implementation
	if r.OS == "emscripten" || r.Implementation == Pyodide {
		name = Pyodide
	}
	w.Build = getenv("UV_PYTHON_" + strings.ToUpper(name) + "_BUILD")
	return w, ok
}

// Installed is the wish for what is installed already, of any implementation,
// and of any platform that the request does not name.
func (r Request) Installed() (Wish, bool) {
	w := Wish{Request: r, Implementation: r.Implementation, Prereleases: r.Kind == KindAny || r.Version.AllowsPrereleases()}
	if r.Implementation == Pyodide { // it is CPython on another platform
		w.Implementation = CPython
		w.Request.OS, w.Request.Arch, w.Request.Libc = "emscripten", "wasm32", "musl"
	}
	return w, !r.IsPath() && r.Kind != KindExecutableName
}

// String is the wish with all its parts, as keys have them.
func (w Wish) String() string {
	r := w.Request
	r.Implementation = w.Implementation
	for _, part := range [...]struct {
		to       *string
		fallback string
	}{{&r.OS, w.Host.OS}, {&r.Arch, w.Host.Arch}, {&r.Libc, w.Host.Libc}} {
		if *part.to == "" {
			*part.to = part.fallback
		}
	}
	return r.key()
}

// Admits reports whether an installation or download is what is wished for, its
// build apart.
func (w Wish) Admits(k managed.Key) bool {
	if w.Implementation != "" && w.Implementation != k.Implementation || k.Pre != "" && !w.Prereleases {
		return false
	}
	return w.admitsPlatform(k.Platform) && w.admitsVersion(k)
}

func (w Wish) admitsPlatform(p managed.Platform) bool {
	r := w.Request
	system := cmp.Or(r.OS, w.Host.OS, p.OS)
	libc := cmp.Or(r.Libc, w.Host.Libc, p.Libc)
	if !managed.RunsOS(system, p.OS) || libc != p.Libc {
		return false
	}
	if r.Arch != "" {
		return r.Arch == p.Arch
	}
	return managed.Platform{OS: p.OS, Arch: cmp.Or(w.Host.Arch, p.Arch), Libc: p.Libc}.Supports(p)
}

// admitsVersion compares versions and variants exactly: what is not asked for is
// not installed, other than with interpreters that are here already.
func (w Wish) admitsVersion(k managed.Key) bool {
	v := w.Request.Version
	if v.kind == versionRelease && v.n == 3 && v.pre == "" && k.Pre != "" {
		return false
	}
	if v.kind == versionRange {
		version, err := pep440.Parse(k.Version())
		if err != nil || !v.specifiers.Contains(version) {
			return false
		}
	} else if !v.mayMatchKey(k) {
		return false
	}
	if v.kind == versionAny || v.kind == versionDefault {
		return true
	}
	return v.variant == k.Variant
}

// Choose returns the best of a catalogue, which is sorted. If there are only
// pre-releases, it is one of them.
func (w Wish) Choose(catalogue []managed.Download) (managed.Download, bool) {
	for {
		for _, d := range catalogue {
			if w.Admits(d.Key) && (w.Build == "" || w.Build == d.Build) {
				return d, true
			}
		}
		if w.Prereleases {
			return managed.Download{}, false
		}
		w.Prereleases = true
	}
}

// Minor is the request without its patch release and pre-release.
func (r Request) Minor() Request {
	r.Version = r.Version.WithoutPatch()
	if r.Version.pre != "" {
		r.Version.pre, r.Version.n, r.Version.release[2] = "", 2, 0
	}
	return r
}

// KeyRequest asks for exactly an installation.
func KeyRequest(k managed.Key) Request {
	r := Request{Kind: KindKey, Implementation: k.Implementation, OS: k.Platform.OS, Arch: k.Platform.Arch, Libc: k.Platform.Libc}
	v, err := ParseVersionRequest(k.Version())
	if err == nil {
		v.variant = k.Variant
		r.Version = v
	}
	return r
}

// IsMinor reports whether the request is for a minor version by its number
// alone (3.12), whose executables follow upgrades.
func (r Request) IsMinor() (major, minor int, ok bool) {
	v := r.Version
	return int(v.release[0]), int(v.release[1]), r.Kind == KindVersion && v.kind == versionRelease && v.n == 2 && v.pre == ""
}

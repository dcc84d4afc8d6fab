package python

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/tame-py/tame/internal/managed"
	"github.com/tame-py/tame/packaging/pep440"
)

// A Kind is the form of a [Request].
type Kind uint8

// The forms of requests.
const (
	KindDefault               Kind = iota // whatever is sensible
	KindAny                               // anything that is Python
	KindVersion                           // 3.12, >=3.10
	KindDirectory                         // a directory with an interpreter: .venv
	KindFile                              // the path of an interpreter
	KindExecutableName                    // a name to look up in the search path
	KindImplementation                    // pypy
	KindImplementationVersion             // pypy@3.10, cp312
	KindKey                               // cpython-3.12-linux-x86_64-gnu, parts left out
)

// A Request says which Python is wanted. The zero value is the default Python.
// Only the fields that belong to Kind are set.
type Request struct {
	Kind           Kind
	Path           string // KindDirectory, KindFile: as given; KindExecutableName: the name
	Implementation string // cpython, pypy, graalpy, pyodide
	Version        VersionRequest
	OS, Arch, Libc string // KindKey; empty means any
}

// ParseRequest reads what a person gave as --python. It cannot fail: what is
// nothing else is the name of an executable. Relative paths are looked up from
// dir, because an existing file or directory is one form of request.
func ParseRequest(s, dir string) Request {
	lower := strings.ToLower(s)
	switch lower {
	case "any":
		return Request{Kind: KindAny}
	case "default":
		return Request{}
	}
	if r, ok, err := parseNamed(lower, []string{"python", ""}, true); err == nil && ok {
		return r
	}
	if r, ok := parsePath(s, dir); ok {
		return r
	}
	if r, ok := parseKeyRequest(s); ok {
		return r
	}
	return Request{Kind: KindExecutableName, Path: s}
}

// RangeRequest asks for a Python within specifiers, as in requires-python.
// Without specifiers it is the default request.
func RangeRequest(specifiers pep440.Specifiers) Request {
	if len(specifiers) == 0 {
		return Request{}
	}
	return Request{Kind: KindVersion, Version: VersionRange(specifiers)}
}

// ParseToolName reads the name of a tool (as in `tool run`) that may ask for
// Python itself: python, python3.12, pypy@3.10. Abbreviations and bare versions
// are names of packages there. It reports false for other names; the error
// is that of what follows an @.
func ParseToolName(s string) (Request, bool, error) {
	lower := strings.ToLower(s)
	programs := []string{"python"}
	if runtime.GOOS == "windows" {
		programs = append(programs, "pythonw")
	}
	for _, p := range programs {
		if lower == p {
			return Request{}, true, nil
		}
	}
	return parseNamed(lower, programs, false)
}

// parseNamed reads names with a version behind them: python3.12, 3.12, pypy,
// pypy@3.10, cp312.
func parseNamed(lower string, programs []string, short bool) (Request, bool, error) {
	for _, program := range programs {
		if v, ok, err := versionBehind(program, lower); ok || err != nil {
			return Request{Kind: KindVersion, Version: v}, ok, err
		}
	}
	for _, i := range implementations() {
		for _, name := range []string{i.name, i.short} {
			if name == "" || name == i.short && !short {
				continue
			}
			if lower == name {
				return Request{Kind: KindImplementation, Implementation: i.name}, true, nil
			}
			if v, ok, err := versionBehind(name, lower); ok || err != nil {
				return Request{Kind: KindImplementationVersion, Implementation: i.name, Version: v}, ok, err
			}
		}
	}
	return Request{}, false, nil
}

var errLatest = errors.New("requesting the 'latest' Python version is not yet supported")

// versionBehind parses what stands behind a prefix. Only behind an @ is
// something else than a version an error.
func versionBehind(prefix, s string) (VersionRequest, bool, error) {
	if strings.HasPrefix(s, "@") {
		_, err := ParseVersionRequest(s)
		return VersionRequest{}, false, err
	}
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok || rest == "" {
		return VersionRequest{}, false, nil
	}
	if after, ok := strings.CutPrefix(rest, "@"); ok {
		if after == "latest" {
			return VersionRequest{}, false, errLatest
		}
		v, err := ParseVersionRequest(after)
		return v, err == nil, err
	}
	v, err := ParseVersionRequest(rest)
	return v, err == nil, nil
}

// parsePath reads an existing path, or anything that looks like a path.
func parsePath(s, dir string) (Request, bool) {
	if s == "" {
		return Request{}, false
	}
	at := s
	if !filepath.IsAbs(at) {
		at = filepath.Join(dir, at)
	}
	if info, err := os.Stat(at); err == nil {
		if info.IsDir() {
			return Request{Kind: KindDirectory, Path: s}, true
		}
		if info.Mode().IsRegular() {
			return Request{Kind: KindFile, Path: s}, true
		}
	}
	if runtime.GOOS == "windows" && filepath.Ext(s) == "" {
		if info, err := os.Stat(at + ".exe"); err == nil && info.Mode().IsRegular() {
			return Request{Kind: KindFile, Path: s + ".exe"}, true
		}
	}
	if strings.ContainsRune(s, filepath.Separator) || runtime.GOOS == "windows" && strings.Contains(s, "/") {
		return Request{Kind: KindFile, Path: s}, true
	}
	return Request{}, false
}

// parseKeyRequest reads implementation-version-os-arch-libc, where parts may
// be left out or be "any". A part that does not fit its place is tried in the
// next one.
func parseKeyRequest(s string) (Request, bool) {
	r := Request{Kind: KindKey}
	setters := []func(string) bool{
		func(p string) (ok bool) { r.Implementation, ok = parseImplementation(p); return },
		func(p string) bool {
			v, err := ParseVersionRequest(p)
			if err == nil {
				r.Version = v
			}
			return err == nil
		},
		func(p string) (ok bool) { r.OS, ok = managed.ParseOS(p); return },
		func(p string) (ok bool) { r.Arch, ok = managed.ParseArch(p); return },
		func(p string) (ok bool) { r.Libc, ok = managed.ParseLibc(p); return },
	}
	place := 0
	for _, part := range strings.Split(s, "-") {
		for {
			if place == len(setters) {
				return Request{}, false
			}
			set := setters[place]
			place++
			if strings.EqualFold(part, "any") || set(part) {
				break
			}
		}
	}
	return r, true
}

// Canonical is the text under which a request is written to files; it parses
// back to the same request.
func (r Request) Canonical() string {
	switch r.Kind {
	case KindAny:
		return "any"
	case KindVersion:
		return r.Version.String()
	case KindDirectory, KindFile, KindExecutableName:
		return r.Path
	case KindImplementation:
		return r.Implementation
	case KindImplementationVersion:
		return r.Implementation + "@" + r.Version.String()
	case KindKey:
		return r.key()
	}
	return "default"
}

func (r Request) key() string {
	version := "any"
	if r.Version.kind != versionDefault {
		version = r.Version.String()
	}
	parts := []string{r.Implementation, version, r.OS, r.Arch, r.Libc}
	for i, p := range parts {
		if p == "" {
			parts[i] = "any"
		}
	}
	return strings.Join(parts, "-")
}

// String describes the request for messages: "Python 3.12", "path `x`".
func (r Request) String() string {
	switch r.Kind {
	case KindAny:
		return "any Python"
	case KindVersion:
		return "Python " + r.Version.String()
	case KindDirectory:
		return "directory `" + r.Path + "`"
	case KindFile:
		return "path `" + r.Path + "`"
	case KindExecutableName:
		return "executable name `" + r.Path + "`"
	case KindImplementation:
		return PrettyImplementation(r.Implementation)
	case KindImplementationVersion:
		return PrettyImplementation(r.Implementation) + " " + r.Version.String()
	case KindKey:
		return r.key()
	}
	return "a default Python"
}

// IncludesPatch reports whether the request is for a particular patch release.
func (r Request) IncludesPatch() bool { return r.Version.IncludesPatch() }

// IncludesPrerelease reports whether the request is for a particular
// pre-release.
func (r Request) IncludesPrerelease() bool { return r.Version.IncludesPrerelease() }

// IsPath reports whether the request is for a file or directory.
func (r Request) IsPath() bool { return r.Kind == KindFile || r.Kind == KindDirectory }

// PEP440 is the version that is asked for, if it is a single one.
func (r Request) PEP440() (pep440.Version, bool) { return r.Version.Version() }

// IntersectsRequiresPython reports whether some version satisfies both the
// request and specifiers. Requests without a version always do.
func (r Request) IntersectsRequiresPython(specifiers pep440.Specifiers) bool {
	mine, ok := r.Version.Specifiers()
	return !ok || !pep440.ReleaseSet(mine).Disjoint(pep440.ReleaseSet(specifiers))
}

// allowsPrereleases, allowsDebug and allowsAlternatives tell what satisfies
// the request without being asked for by name.
func (r Request) allowsPrereleases() bool {
	switch r.Kind {
	case KindDefault, KindImplementation:
		return false
	case KindVersion, KindKey:
		return r.Version.AllowsPrereleases()
	}
	return true
}

func (r Request) allowsDebug() bool {
	switch r.Kind {
	case KindDefault, KindImplementation:
		return false
	case KindVersion, KindKey:
		return r.Version.variant.IsDebug()
	}
	return true
}

func (r Request) allowsAlternatives() bool {
	switch r.Kind {
	case KindDefault, KindVersion:
		return false
	case KindImplementation, KindImplementationVersion:
		return r.Implementation != CPython
	case KindKey:
		return r.Implementation != "" && r.Implementation != CPython || r.OS == "emscripten"
	}
	return true
}

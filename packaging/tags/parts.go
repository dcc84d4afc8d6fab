package tags

import (
	"strconv"
	"strings"
)

// PythonPart is the first field of a tag, read: for cp312 it is cpython, 3, 12.
type PythonPart struct {
	// Implementation is python (any), cpython, pypy, graalpy or pyston.
	Implementation string
	Major          int
	// Minor is -1 where the tag has none, as in py3.
	Minor int
}

// ParsePython reads the first field of a tag. It is false for text that uv
// does not know either; no interpreter has such a tag.
func ParsePython(s string) (PythonPart, bool) {
	for _, known := range [...]struct{ prefix, name string }{
		{"pyston", "pyston"},
		{"py", "python"},
		{"cp", "cpython"},
		{"pp", "pypy"},
		{"graalpy", "graalpy"},
	} {
		rest, ok := strings.CutPrefix(s, known.prefix)
		if !ok {
			continue
		}
		major, minor, ok := compactVersion(rest)
		if ok && minor < 0 && known.name != "python" && known.name != "cpython" {
			ok = false
		}
		return PythonPart{known.name, major, minor}, ok
	}
	return PythonPart{}, false
}

// compactVersion reads 3, 39 or 310: one digit of major, the rest minor, which
// is -1 if absent.
func compactVersion(s string) (major, minor int, ok bool) {
	if s == "" || len(s) > 4 || strings.Trim(s, "0123456789") != "" {
		return 0, 0, false
	}
	minor = -1
	if len(s) > 1 {
		minor, _ = strconv.Atoi(s[1:])
	}
	return int(s[0] - '0'), minor, minor < 256
}

// String returns the interpreter in words, such as "CPython 3.12".
func (p PythonPart) String() string {
	name := map[string]string{
		"python": "Python", "cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalPy", "pyston": "Pyston",
	}[p.Implementation]
	if p.Minor < 0 {
		return name + " " + strconv.Itoa(p.Major)
	}
	return name + " " + dotted(p.Major, p.Minor)
}

func dotted(major, minor int) string { return strconv.Itoa(major) + "." + strconv.Itoa(minor) }

// ABIPart is the second field of a tag, read.
type ABIPart struct {
	// Kind is none, abi3, abi3t, cpython, pypy, graalpy or pyston.
	Kind string
	// Major and Minor are the version of the language; Minor is -1 where the
	// tag does not tell it.
	Major, Minor int
	// ImplMajor and ImplMinor are the version of the implementation, for pypy,
	// graalpy and pyston.
	ImplMajor, ImplMinor int
	// Flags are what follows the version in an ABI of CPython: t for
	// free-threaded, d for debug, m and u of old.
	Flags string
}

// ParseABI reads the second field of a tag. It is false for text that uv does
// not know either.
func ParseABI(s string) (ABIPart, bool) {
	switch {
	case s == "none", s == "abi3", s == "abi3t":
		return ABIPart{Kind: s, Minor: -1}, true
	case strings.HasPrefix(s, "cp"):
		return cpythonABI(s[2:])
	case strings.HasPrefix(s, "pypy"):
		version, impl, ok := strings.Cut(s[4:], "_")
		a := ABIPart{Kind: "pypy", Minor: -1}
		if version != "" {
			var good bool
			impl, good = strings.CutPrefix(impl, "pp")
			ok = ok && good && a.language(version)
		}
		return a, ok && a.implementation(impl)
	case strings.HasPrefix(s, "graalpy"):
		impl, rest, ok := strings.Cut(s[7:], "_")
		version, native, ok2 := strings.Cut(rest, "_")
		a := ABIPart{Kind: "graalpy"}
		return a, ok && ok2 && native == "native" && a.language(version) && a.implementation(impl)
	case strings.HasPrefix(s, "pyston_"):
		impl, ok := strings.CutSuffix(s[7:], "_x86_64_linux_gnu")
		a := ABIPart{Kind: "pyston", Minor: -1}
		return a, ok && a.implementation(impl)
	}
	return ABIPart{}, false
}

func cpythonABI(rest string) (ABIPart, bool) {
	a := ABIPart{Kind: "cpython", Flags: strings.TrimLeft(rest, "0123456789")}
	ok := a.language(strings.TrimSuffix(rest, a.Flags))
	for i, flag := range a.Flags {
		ok = ok && strings.ContainsRune("tdmu", flag) && !strings.ContainsRune(a.Flags[:i], flag)
	}
	return a, ok
}

func (a *ABIPart) language(version string) (ok bool) {
	a.Major, a.Minor, ok = compactVersion(version)
	return ok && a.Minor >= 0
}

func (a *ABIPart) implementation(version string) (ok bool) {
	a.ImplMajor, a.ImplMinor, ok = compactVersion(version)
	return ok && a.ImplMinor >= 0
}

// String returns the ABI in words, such as "free-threaded CPython 3.13"; it is
// empty for none and abi3, which no interpreter is named after.
func (a ABIPart) String() string {
	switch a.Kind {
	case "abi3t":
		return "stable ABI for free-threaded CPython"
	case "cpython":
		if strings.Contains(a.Flags, "t") {
			return "free-threaded CPython " + dotted(a.Major, a.Minor)
		}
		return "CPython " + dotted(a.Major, a.Minor)
	case "pypy":
		return "PyPy " + dotted(a.ImplMajor, a.ImplMinor)
	case "graalpy":
		return "GraalPy " + dotted(a.ImplMajor, a.ImplMinor)
	case "pyston":
		return "Pyston"
	}
	return ""
}

// PlatformPart is the third field of a tag, as far as its kind of system and
// processor go.
type PlatformPart struct {
	// Any is set for the platform any; the rest is then empty.
	Any bool
	// OS is the kind of system.
	OS OS
	// Arch is the one processor that the tag is for, or UnknownArch if it is for
	// several (universal2, intel) or for one that has no name here.
	Arch Arch
}

// String returns the system in words, such as macOS; it is empty for any.
func (p PlatformPart) String() string {
	if p.Any || p.OS == UnknownOS {
		return ""
	}
	return p.OS.String()
}

// ParsePlatform reads the third field of a tag. It is false for text that uv
// does not know either.
func ParsePlatform(s string) (PlatformPart, bool) {
	switch s {
	case "any":
		return PlatformPart{Any: true}, true
	case "win32":
		return PlatformPart{OS: Windows, Arch: X86}, true
	case "win_amd64":
		return PlatformPart{OS: Windows, Arch: X86_64}, true
	case "win_arm64":
		return PlatformPart{OS: Windows, Arch: ARM64}, true
	case "win_ia64":
		return PlatformPart{OS: Windows}, true
	}
	family, rest, _ := strings.Cut(s, "_")
	switch family {
	case "manylinux", "musllinux":
		return archPart(Linux, versions(rest, 2))
	case "manylinux1", "manylinux2010", "manylinux2014", "linux":
		return archPart(Linux, rest)
	case "macosx":
		return macPart(versions(rest, 2))
	case "android":
		return androidPart(versions(rest, 1))
	case "ios":
		return iosPart(versions(rest, 2))
	case "pyodide":
		return PlatformPart{OS: Pyodide, Arch: WASM32}, versions(rest, 2) == "wasm32"
	case "pyemscripten":
		return PlatformPart{OS: Emscripten, Arch: WASM32}, versions(rest, 2) == "wasm32"
	}
	if os := releaseOS(family); os != UnknownOS && rest != "" {
		return PlatformPart{OS: os}, true
	}
	return PlatformPart{}, false
}

// versions cuts n numbers with their underscores off s; it is empty if they
// are not there.
func versions(s string, n int) string {
	for range n {
		number, rest, ok := strings.Cut(s, "_")
		if !ok || number == "" || strings.Trim(number, "0123456789") != "" {
			return ""
		}
		s = rest
	}
	return s
}

func archPart(os OS, arch string) (PlatformPart, bool) {
	switch arch {
	case "arm64", "amd64", "i386", "x86": // names that Linux tags do not use
		return PlatformPart{}, false
	}
	a, ok := ParseArch(arch)
	return PlatformPart{OS: os, Arch: a}, ok
}

func macPart(format string) (PlatformPart, bool) {
	p := PlatformPart{OS: MacOS}
	switch format {
	case "arm64":
		p.Arch = ARM64
	case "x86_64":
		p.Arch = X86_64
	case "i386":
		p.Arch = X86
	case "ppc", "ppc64", "fat", "fat32", "fat64", "intel", "universal", "universal2":
	default:
		return p, false
	}
	return p, true
}

func androidPart(abi string) (PlatformPart, bool) {
	for _, a := range [...]Arch{ARM64, ARMv7L, X86, X86_64} {
		if androidABI(a) == abi {
			return PlatformPart{OS: Android, Arch: a}, true
		}
	}
	return PlatformPart{}, false
}

func iosPart(multiarch string) (PlatformPart, bool) {
	switch multiarch {
	case "arm64_iphoneos", "arm64_iphonesimulator":
		return PlatformPart{OS: IOS, Arch: ARM64}, true
	case "x86_64_iphonesimulator":
		return PlatformPart{OS: IOS, Arch: X86_64}, true
	}
	return PlatformPart{}, false
}

func releaseOS(family string) OS {
	switch family {
	case "freebsd":
		return FreeBSD
	case "netbsd":
		return NetBSD
	case "openbsd":
		return OpenBSD
	case "dragonfly":
		return DragonFly
	case "haiku":
		return Haiku
	case "illumos", "solaris":
		return Illumos
	}
	return UnknownOS
}

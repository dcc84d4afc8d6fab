package managed

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// A Platform is where a Python runs, as a key spells it: an operating system
// (linux, macos, windows), an architecture with an optional level (x86_64,
// x86_64_v3, aarch64, x86) and a C library (gnu, musl, none). Values made by
// [ParsePlatform] and [Host] are canonical and comparable.
type Platform struct {
	OS, Arch, Libc string
}

// String joins the parts with dashes.
func (p Platform) String() string { return p.OS + "-" + p.Arch + "-" + p.Libc }

// ParsePlatform checks and canonicalises the three parts of a platform.
func ParsePlatform(system, arch, libc string) (Platform, error) {
	o, ok := ParseOS(system)
	if !ok {
		return Platform{}, fmt.Errorf("unknown operating system: %s", system)
	}
	a, ok := ParseArch(arch)
	if !ok {
		return Platform{}, fmt.Errorf("unknown architecture: %s", arch)
	}
	l, ok := ParseLibc(libc)
	if !ok {
		return Platform{}, fmt.Errorf("unknown libc environment: %s", libc)
	}
	return Platform{o, a, l}, nil
}

// ParseOS returns the canonical name of an operating system; darwin is macos.
func ParseOS(s string) (string, bool) {
	switch s {
	case "macos", "darwin":
		return "macos", true
	case "linux", "windows", "freebsd", "netbsd", "openbsd", "dragonfly", "illumos", "solaris",
		"haiku", "ios", "emscripten", "wasi", "aix", "hurd", "redox", "fuchsia", "cygwin":
		return s, true
	}
	return "", false
}

// ParseArch returns the canonical name of an architecture. Names are those of
// target triples; i686 is x86, and only x86_64 has levels (_v2, _v3, _v4).
func ParseArch(s string) (string, bool) {
	if family, level := splitLevel(s); level != "" {
		if family != "x86_64" {
			return "", false
		}
		return s, true
	}
	switch s {
	case "x86", "i686":
		return "x86", true
	case "x86_64", "x86_64h", "i386", "i586", "aarch64", "aarch64_be",
		"arm", "armeb", "armv4", "armv4t", "armv5t", "armv5te", "armv6", "armv7", "armv7a", "armv7s", "armv8", "thumbv7a",
		"powerpc", "powerpc64", "powerpc64le", "s390x", "loongarch64", "riscv32", "riscv64", "riscv64gc",
		"mips", "mipsel", "mips64", "mips64el", "sparc", "sparc64", "m68k", "hexagon", "wasm32", "wasm64":
		return s, true
	}
	return "", false
}

// splitLevel separates the level of x86_64_v3.
func splitLevel(arch string) (family, level string) {
	if i := strings.LastIndexByte(arch, '_'); i > 0 {
		switch arch[i+1:] {
		case "v2", "v3", "v4":
			return arch[:i], arch[i+1:]
		}
	}
	return arch, ""
}

// ParseLibc returns the canonical name of a C library environment.
func ParseLibc(s string) (string, bool) {
	switch s {
	case "gnu", "gnueabi", "gnueabihf", "musl", "musleabi", "musleabihf", "none":
		return s, true
	}
	return "", false
}

// RunsOS reports whether a machine with operating system host runs programs
// made for other: its own, and Emscripten's, which run anywhere.
func RunsOS(host, other string) bool { return host == other || other == "emscripten" }

// Supports reports whether a machine of platform p can run a Python built for
// other, emulation by the system included. The levels of one architecture are
// taken to be compatible.
func (p Platform) Supports(other Platform) bool {
	switch {
	case p == other:
		return true
	case !RunsOS(p.OS, other.OS):
		return false
	case p.Libc != other.Libc && p.OS != "emscripten" && other.OS != "emscripten":
		return false
	}
	mine, _ := splitLevel(p.Arch)
	theirs, _ := splitLevel(other.Arch)
	switch {
	case mine == theirs, theirs == "wasm32":
		return true
	case p.OS == "windows":
		return theirs == "x86" && (mine == "x86_64" || mine == "aarch64") || theirs == "x86_64" && mine == "aarch64"
	case p.OS == "macos":
		return mine == "aarch64" && theirs == "x86_64"
	}
	return false
}

// compare orders platforms: the one to prefer on this machine is the least.
func (p Platform) compare(other Platform) int {
	if c := strings.Compare(p.OS, other.OS); c != 0 {
		return c
	}
	if c := compareArch(p.OS, p.Arch, other.Arch); c != 0 {
		return c
	}
	return strings.Compare(p.Libc, other.Libc)
}

// compareArch puts the machine's own architecture first. On Windows it puts
// x86_64 first even on ARM: few packages have ARM wheels, so emulation is the
// more useful default.
func compareArch(system, a, b string) int {
	fa, la := splitLevel(a)
	fb, lb := splitLevel(b)
	if fa == fb {
		return strings.Compare(la, lb)
	}
	preferred := hostArch()
	if system == "windows" {
		preferred = "x86_64"
	}
	switch preferred {
	case fa:
		return -1
	case fb:
		return 1
	}
	return strings.Compare(fa, fb)
}

// Host is the platform of this machine. On Linux the C library is that of the
// machine's own programs, unless UV_LIBC says otherwise. The error says that
// no C library could be made out.
func Host(getenv func(string) string) (Platform, error) {
	p := Platform{OS: hostOS(), Arch: hostArch(), Libc: "none"}
	if p.OS != "linux" {
		return p, nil
	}
	if libc := getenv("UV_LIBC"); libc != "" {
		l, ok := ParseLibc(libc)
		if !ok {
			return p, fmt.Errorf("unknown libc environment: %s", libc)
		}
		p.Libc = l
		return p, nil
	}
	libc, err := hostLibc()
	p.Libc = libc
	return p, err
}

func hostOS() string {
	if runtime.GOOS == "darwin" {
		return "macos"
	}
	return runtime.GOOS
}

func hostArch() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x86_64"
	case "386":
		return "x86"
	case "arm64":
		return "aarch64"
	case "arm":
		return "armv7"
	case "ppc64le":
		return "powerpc64le"
	case "ppc64":
		return "powerpc64"
	case "loong64":
		return "loongarch64"
	}
	return runtime.GOARCH
}

var errNoLibc = errors.New("could not detect glibc or musl on this machine")

// hostLibc looks at the loader of common programs, then for a loader itself:
// distroless images have no programs.
func hostLibc() (string, error) {
	for _, program := range []string{"/bin/sh", "/usr/bin/env", "/bin/dash", "/bin/ls"} {
		if loader, err := ELFInterpreter(program); err == nil {
			return libcOfLoader(loader), nil
		}
	}
	for _, loader := range loaders(hostArch()) {
		if _, err := os.Stat(loader); err == nil {
			return libcOfLoader(loader), nil
		}
	}
	return "", errNoLibc
}

// libcOfLoader names the C library that a loader belongs to. ARM's loaders
// tell the floating-point convention as well.
func libcOfLoader(loader string) string {
	libc := "gnu"
	if strings.Contains(loader, "musl") {
		libc = "musl"
	}
	if runtime.GOARCH == "arm" {
		libc += "eabi"
		if strings.Contains(loader, "armhf") || strings.Contains(loader, "armebhf") {
			libc += "hf"
		}
	}
	return libc
}

// loaders lists where the dynamic loader of an architecture is, glibc first.
func loaders(arch string) []string {
	switch arch {
	case "x86_64":
		return []string{"/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1"}
	case "x86":
		return []string{"/lib/ld-linux.so.2", "/lib/ld-musl-i386.so.1"}
	case "aarch64":
		return []string{"/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-aarch64.so.1"}
	case "armv7":
		return []string{"/lib/ld-linux-armhf.so.3", "/lib/ld-linux.so.3", "/lib/ld-musl-armhf.so.1", "/lib/ld-musl-arm.so.1"}
	case "powerpc64le":
		return []string{"/lib64/ld64.so.2", "/lib/ld-musl-powerpc64le.so.1"}
	case "s390x":
		return []string{"/lib/ld64.so.1", "/lib/ld-musl-s390x.so.1"}
	case "riscv64":
		return []string{"/lib/ld-linux-riscv64-lp64d.so.1", "/lib/ld-linux-riscv64-lp64.so.1", "/lib/ld-musl-riscv64.so.1"}
	case "loongarch64":
		return []string{"/lib64/ld-linux-loongarch-lp64d.so.1", "/lib/ld-musl-loongarch64.so.1"}
	}
	return nil
}

package tags

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Target is a platform to work for that need not be the running one.
type Target struct {
	// Name is the name it was asked for by.
	Name string
	// Platform has the tags.
	Platform Platform
	// Markers are the values of environment markers that the platform implies.
	Markers Markers
}

// Markers are values of environment markers (PEP 508) that depend on the
// platform alone. PlatformRelease and PlatformVersion are mostly unknown for a
// target and then empty.
type Markers struct {
	OSName, SysPlatform, PlatformSystem, PlatformMachine, PlatformRelease, PlatformVersion string
}

// Targets lists the names that [ParseTarget] knows, aliases apart.
func Targets() []string {
	out := []string{
		"windows", "linux", "macos", "x86_64-pc-windows-msvc", "aarch64-pc-windows-msvc", "i686-pc-windows-msvc",
		"x86_64-unknown-linux-gnu", "aarch64-apple-darwin", "x86_64-apple-darwin", "aarch64-unknown-linux-gnu",
		"aarch64-unknown-linux-musl", "x86_64-unknown-linux-musl", "riscv64-unknown-linux",
	}
	for _, arch := range []string{"x86_64", "aarch64"} {
		out = append(out, arch+"-manylinux2014")
		for _, minor := range manylinuxTargets() {
			out = append(out, arch+"-manylinux_2_"+strconv.Itoa(minor))
		}
	}
	return append(out, "aarch64-linux-android", "x86_64-linux-android", "wasm32-pyodide2024", "wasm32-pyodide2025",
		"arm64-apple-ios", "arm64-apple-ios-simulator", "x86_64-apple-ios-simulator")
}

// manylinuxTargets are the minors of glibc 2 that can be asked for by name.
func manylinuxTargets() []int { return []int{17, 28, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40} }

// UnknownTargetError tells that a name is none of [Targets].
type UnknownTargetError struct{ Name string }

// Error implements error.
func (e *UnknownTargetError) Error() string {
	return fmt.Sprintf("unknown platform %q: expected one of %s", e.Name, strings.Join(Targets(), ", "))
}

// ParseTarget returns the target that a name of uv's --python-platform stands
// for. The variables MACOSX_DEPLOYMENT_TARGET, IPHONEOS_DEPLOYMENT_TARGET and
// ANDROID_API_LEVEL, asked through getenv, set the version of those systems;
// getenv may be nil. The error is an [*UnknownTargetError].
func ParseTarget(name string, getenv func(string) string) (Target, error) {
	if getenv == nil {
		getenv = func(string) string { return "" }
	}
	p, ok := simpleTarget(name)
	if !ok {
		p, ok = manylinuxTarget(name)
	}
	if !ok {
		return Target{}, &UnknownTargetError{name}
	}
	switch p.OS {
	case MacOS:
		p.Major, p.Minor = deployment(getenv("MACOSX_DEPLOYMENT_TARGET"), 13, 0)
	case IOS:
		p.Major, p.Minor = deployment(getenv("IPHONEOS_DEPLOYMENT_TARGET"), 13, 0)
	case Android:
		p.Major = 24
		if level, err := strconv.ParseUint(getenv("ANDROID_API_LEVEL"), 10, 16); err == nil {
			p.Major = int(level)
		}
	}
	return Target{Name: name, Platform: p, Markers: p.markers()}, nil
}

func simpleTarget(name string) (Platform, bool) {
	switch name {
	case "windows", "x86_64-pc-windows-msvc":
		return Platform{OS: Windows, Arch: X86_64}, true
	case "aarch64-pc-windows-msvc", "arm64-pc-windows-msvc":
		return Platform{OS: Windows, Arch: ARM64}, true
	case "i686-pc-windows-msvc":
		return Platform{OS: Windows, Arch: X86}, true
	case "linux", "x86_64-unknown-linux-gnu":
		return Platform{OS: Linux, Arch: X86_64, Libc: Glibc, Major: 2, Minor: 28}, true
	case "aarch64-unknown-linux-gnu":
		return Platform{OS: Linux, Arch: ARM64, Libc: Glibc, Major: 2, Minor: 28}, true
	case "riscv64-unknown-linux":
		return Platform{OS: Linux, Arch: RISCV64, Libc: Glibc, Major: 2, Minor: 39}, true
	case "x86_64-unknown-linux-musl":
		return Platform{OS: Linux, Arch: X86_64, Libc: Musl, Major: 1, Minor: 2}, true
	case "aarch64-unknown-linux-musl":
		return Platform{OS: Linux, Arch: ARM64, Libc: Musl, Major: 1, Minor: 2}, true
	case "macos", "aarch64-apple-darwin":
		return Platform{OS: MacOS, Arch: ARM64}, true
	case "x86_64-apple-darwin":
		return Platform{OS: MacOS, Arch: X86_64}, true
	case "aarch64-linux-android":
		return Platform{OS: Android, Arch: ARM64}, true
	case "x86_64-linux-android":
		return Platform{OS: Android, Arch: X86_64}, true
	case "wasm32-pyodide2024":
		return Platform{OS: Pyodide, Arch: WASM32, Major: 2024}, true
	case "wasm32-pyodide2025":
		return Platform{OS: Pyodide, Arch: WASM32, Major: 2025}, true
	case "arm64-apple-ios":
		return Platform{OS: IOS, Arch: ARM64}, true
	case "arm64-apple-ios-simulator":
		return Platform{OS: IOS, Arch: ARM64, Simulator: true}, true
	case "x86_64-apple-ios-simulator":
		return Platform{OS: IOS, Arch: X86_64, Simulator: true}, true
	}
	return Platform{}, false
}

// manylinuxTarget reads ARCH-manylinux_2_N, ARCH-manylinux2014 and the same as
// a platform tag, manylinux_2_N_ARCH.
func manylinuxTarget(name string) (Platform, bool) {
	for _, arch := range [...]Arch{X86_64, ARM64} {
		rest, ok := strings.CutPrefix(name, arch.String()+"-")
		if !ok {
			rest, ok = strings.CutSuffix(name, "_"+arch.String())
		}
		if !ok {
			continue
		}
		if rest == "manylinux2014" {
			rest = "manylinux_2_17"
		}
		text, ok := strings.CutPrefix(rest, "manylinux_2_")
		minor, err := strconv.Atoi(text)
		if ok && err == nil && slices.Contains(manylinuxTargets(), minor) {
			return Platform{OS: Linux, Arch: arch, Libc: Glibc, Major: 2, Minor: minor}, true
		}
	}
	return Platform{}, false
}

// deployment reads a version such as 12 or 12.3.
func deployment(s string, major, minor int) (int, int) {
	first, rest, dotted := strings.Cut(s, ".")
	a, err := strconv.ParseUint(first, 10, 16)
	if err != nil {
		return major, minor
	}
	if !dotted {
		return int(a), 0
	}
	second, _, _ := strings.Cut(rest, ".")
	b, err := strconv.ParseUint(second, 10, 16)
	if err != nil {
		return major, minor
	}
	return int(a), int(b)
}

func (p Platform) markers() Markers {
	m := Markers{OSName: "posix", PlatformMachine: p.Arch.String()}
	switch p.OS {
	case Windows:
		m.OSName, m.SysPlatform, m.PlatformSystem = "nt", "win32", "Windows"
		switch p.Arch {
		case ARM64:
			m.PlatformMachine = "ARM64"
		case X86:
			m.PlatformMachine = "x86"
		}
	case Linux:
		m.SysPlatform, m.PlatformSystem = "linux", "Linux"
	case MacOS:
		m.SysPlatform, m.PlatformSystem = "darwin", "Darwin"
	case IOS:
		m.SysPlatform, m.PlatformSystem = "ios", "iOS"
	case Android:
		m.SysPlatform, m.PlatformSystem = "android", "Android"
	case Pyodide:
		m.SysPlatform, m.PlatformSystem = "emscripten", "Emscripten"
		// What Pyodide's C library reports, and the version of its compiler.
		m.PlatformVersion, m.PlatformRelease = "#1", "4.0.9"
		if p.Major == 2024 {
			m.PlatformRelease = "3.1.58"
		}
	}
	if p.Arch == ARM64 && (p.OS == MacOS || p.OS == IOS) {
		m.PlatformMachine = "arm64"
	}
	return m
}

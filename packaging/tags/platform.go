package tags

import (
	"fmt"
	"strconv"
	"strings"
)

// OS is an operating system that has platform tags.
type OS uint8

// The operating systems. Pyodide and Emscripten differ only in name: Pyodide is
// what interpreters before PEP 783 report.
const (
	UnknownOS OS = iota
	Linux
	MacOS
	Windows
	IOS
	Android
	Pyodide
	Emscripten
	FreeBSD
	NetBSD
	OpenBSD
	DragonFly
	Illumos
	Haiku
)

// String returns the name as people write it, such as macOS.
func (o OS) String() string {
	names := [...]string{
		"unknown", "Linux", "macOS", "Windows", "iOS", "Android", "Pyodide", "Emscripten",
		"FreeBSD", "NetBSD", "OpenBSD", "DragonFly", "Illumos", "Haiku",
	}
	if int(o) < len(names) {
		return names[o]
	}
	return names[0]
}

// Arch is a processor architecture.
type Arch uint8

// The architectures.
const (
	UnknownArch Arch = iota
	ARM64
	ARMv5TEL
	ARMv6L
	ARMv7L
	PPC64LE
	PPC64
	PPC
	X86
	X86_64
	S390X
	LoongArch64
	RISCV64
	WASM32
)

// String returns the name that Linux uses, such as aarch64, i686 or x86_64.
func (a Arch) String() string {
	names := [...]string{
		"unknown", "aarch64", "armv5tel", "armv6l", "armv7l", "ppc64le", "ppc64", "ppc", "i686", "x86_64",
		"s390x", "loongarch64", "riscv64", "wasm32",
	}
	if int(a) < len(names) {
		return names[a]
	}
	return names[0]
}

// ParseArch reads an architecture under any of its usual names, in any case.
func ParseArch(s string) (Arch, bool) {
	switch strings.ToLower(s) {
	case "aarch64", "arm64":
		return ARM64, true
	case "armv5tel":
		return ARMv5TEL, true
	case "armv6l":
		return ARMv6L, true
	case "armv7l", "armv8l": // armv8l is 32-bit code on 64-bit hardware
		return ARMv7L, true
	case "ppc64le", "powerpc64le":
		return PPC64LE, true
	case "ppc64", "powerpc64":
		return PPC64, true
	case "ppc", "powerpc":
		return PPC, true
	case "i386", "i486", "i586", "i686", "x86":
		return X86, true
	case "x86_64", "amd64":
		return X86_64, true
	case "s390x":
		return S390X, true
	case "loongarch64":
		return LoongArch64, true
	case "riscv64":
		return RISCV64, true
	case "wasm32":
		return WASM32, true
	}
	return UnknownArch, false
}

// Libc is the C library of a Linux system.
type Libc uint8

// The C libraries.
const (
	NoLibc Libc = iota
	Glibc
	Musl
)

// String returns the name in lower case, such as glibc; NoLibc is none.
func (l Libc) String() string { return [...]string{"none", "glibc", "musl"}[min(l, Musl)] }

// Platform is what decides over platform tags: the operating system with the
// version that counts for compatibility, and the architecture. Platforms are
// comparable with ==.
type Platform struct {
	OS   OS
	Arch Arch
	// Libc tells the library whose version Major and Minor are, on Linux only.
	Libc Libc
	// Major and Minor are the version of the C library on Linux, of the system
	// on macOS and iOS, of the platform for Pyodide and Emscripten; on Android
	// Major is the API level.
	Major, Minor int
	// Simulator tells the iOS simulator from a device.
	Simulator bool
	// Release is the kernel's release on the BSDs, Illumos and Haiku.
	Release string
	// Machine is the processor's name on Illumos, where it is free text.
	Machine string
}

// String returns the platform in words, such as "Linux x86_64".
func (p Platform) String() string { return p.OS.String() + " " + p.Arch.String() }

// Tags returns the platform tags that fit, most specific first. It is an error
// if the system does not exist on the architecture.
func (p Platform) Tags() ([]string, error) {
	switch p.OS {
	case Linux:
		return p.linuxTags(), nil
	case MacOS:
		return p.macTags()
	case Windows:
		switch p.Arch {
		case X86:
			return []string{"win32"}, nil
		case X86_64:
			return []string{"win_amd64"}, nil
		case ARM64:
			return []string{"win_arm64"}, nil
		}
	case IOS:
		if p.Arch == X86_64 && !p.Simulator || p.Arch != X86_64 && p.Arch != ARM64 {
			return nil, fmt.Errorf("iOS does not run on %s", p.Arch)
		}
		return IOSPlatforms(p.Major, p.Minor, p.iosMultiarch()), nil
	case Android:
		abi := androidABI(p.Arch)
		if abi == "" {
			return nil, fmt.Errorf("android does not run on %s", p.Arch)
		}
		return AndroidPlatforms(p.Major, abi), nil
	case Pyodide, Emscripten:
		if p.Arch == WASM32 {
			version := fmt.Sprintf("%d_%d_wasm32", p.Major, p.Minor)
			return []string{"pyemscripten_" + version, "pyodide_" + version}, nil
		}
	case FreeBSD, NetBSD, OpenBSD, DragonFly, Haiku, Illumos:
		return p.releaseTags()
	}
	return nil, fmt.Errorf("unsupported operating system and architecture: %s", p)
}

// oldestGlibc is the first glibc minor of major 2 for which manylinux wheels
// of the architecture exist, or -1.
func oldestGlibc(a Arch) int {
	switch a {
	case X86, X86_64:
		return 5 // manylinux1
	case ARM64, ARMv7L, PPC64, PPC64LE, S390X:
		return 17 // manylinux2014
	case RISCV64:
		return 31
	case LoongArch64:
		return 36
	}
	return -1
}

func (p Platform) linuxTags() []string {
	arch := p.Arch.String()
	var out []string
	switch p.Libc {
	case Glibc:
		if oldest := oldestGlibc(p.Arch); oldest >= 0 {
			out = manylinux(make([]string, 0, max(0, p.Minor-oldest)+5), p.Major, p.Minor, oldest, arch)
		}
	case Musl:
		out = MusllinuxPlatforms(p.Major, p.Minor, arch)
	}
	return append(out, "linux_"+arch)
}

func (p Platform) macTags() ([]string, error) {
	switch {
	case p.Arch == ARM64:
		return macSince11(nil, p.Major, "arm64", "universal2"), nil
	case p.Arch != X86_64:
		return nil, fmt.Errorf("unsupported operating system and architecture: %s", p)
	case p.Major >= 11:
		return macSince11(nil, p.Major, intelFormats()...), nil
	case p.Major == 10:
		return mac10(nil, p.Minor, intelFormats()...), nil
	}
	return nil, fmt.Errorf("unsupported macOS version %d", p.Major)
}

func intelFormats() []string {
	return []string{"x86_64", "intel", "fat64", "fat32", "universal2", "universal"}
}

func (p Platform) iosMultiarch() string {
	arch, kind := "arm64", "iphoneos"
	if p.Arch == X86_64 {
		arch = "x86_64"
	}
	if p.Simulator {
		kind = "iphonesimulator"
	}
	return arch + "_" + kind
}

func androidABI(a Arch) string {
	switch a {
	case ARM64:
		return "arm64_v8a"
	case ARMv7L:
		return "armeabi_v7a"
	case X86:
		return "x86"
	case X86_64:
		return "x86_64"
	}
	return ""
}

// releaseTags are the single tags of systems that name their kernel's release
// (CPython's sysconfig.get_platform).
func (p Platform) releaseTags() ([]string, error) {
	release := strings.NewReplacer(".", "_", "-", "_").Replace(p.Release)
	var tag string
	switch p.OS {
	case FreeBSD:
		tag = "freebsd_" + strings.ToLower(release) + "_" + p.bsdMachine()
	case NetBSD:
		tag = "netbsd_" + release + "_" + p.bsdMachine()
	case OpenBSD:
		tag = "openbsd_" + release + "_" + p.bsdMachine()
	case DragonFly:
		tag = "dragonfly_" + release + "_" + p.Arch.String()
	case Haiku:
		tag = "haiku_" + release + "_" + p.Arch.String()
	default:
		tag = "illumos_" + release + "_" + p.Machine
		if first, rest, ok := strings.Cut(release, "_"); ok {
			major, err := strconv.Atoi(first)
			if err != nil {
				return nil, fmt.Errorf("illumos release %q does not begin with a number", p.Release)
			}
			if major >= 5 { // SunOS 5 is Solaris 2
				tag = fmt.Sprintf("solaris_%d_%s_%s_64bit", major-3, rest, p.Machine)
			}
		}
	}
	for _, r := range tag {
		if r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return nil, fmt.Errorf("invalid platform release and architecture %q", tag)
		}
	}
	return []string{tag}, nil
}

// bsdMachine is what uname -m prints on the BSDs.
func (p Platform) bsdMachine() string {
	switch p.Arch {
	case ARM64:
		return "arm64"
	case ARMv5TEL, ARMv6L, ARMv7L:
		return "arm"
	case PPC, PPC64, PPC64LE:
		return "powerpc"
	case X86:
		return "i386"
	case X86_64:
		return "amd64"
	case RISCV64:
		return "riscv"
	}
	return p.Arch.String()
}

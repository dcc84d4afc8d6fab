package target

import (
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/tags"
)

// Marker returns the condition that the version of Python lies between the
// bounds of the range.
func (p Python) Marker() marker.Tree { return marker.Python(p.span.Set()) }

// Simplify returns m without what follows from the range. The meaning is lost
// outside of it: Complexify brings it back.
func (p Python) Simplify(m marker.Tree) marker.Tree {
	return m.SimplifyPython(p.span.Lo, p.span.Hi)
}

// Complexify returns m with the range as a further condition.
func (p Python) Complexify(m marker.Tree) marker.Tree {
	return m.ComplexifyPython(p.span.Lo, p.span.Hi)
}

// WheelMarker returns the environments that a wheel with these tags is for. It
// is the reverse of how tags are made from an environment, as far as markers
// can tell: versions of the C library or of macOS have none.
func WheelMarker(c tags.Compressed) marker.Tree {
	return WheelPlatforms(c).And(wheelPythons(c))
}

// WheelPlatforms returns the systems and processors that a wheel with these
// tags is for. Platforms that are not known add nothing.
func WheelPlatforms(c tags.Compressed) marker.Tree {
	out := marker.False()
	for platform := range c.Platforms() {
		part, known := tags.ParsePlatform(platform)
		switch {
		case !known:
		case part.Any:
			return marker.True()
		default:
			out = out.Or(platformMarker(platform, part))
		}
	}
	return out
}

func platformMarker(platform string, part tags.PlatformPart) marker.Tree {
	switch part.OS {
	case tags.Linux:
		return on("linux", part.Arch.String())
	case tags.Windows:
		switch part.Arch {
		case tags.X86:
			return on("win32", "x86")
		case tags.X86_64:
			return on("win32", "AMD64")
		case tags.ARM64:
			return on("win32", "ARM64")
		}
	case tags.MacOS:
		return on("darwin", macMachines(platform)...)
	}
	return marker.False()
}

func on(sysPlatform string, machines ...string) marker.Tree {
	machine := marker.False()
	for _, m := range machines {
		machine = machine.Or(marker.Equal(marker.PlatformMachine, m))
	}
	return marker.Equal(marker.SysPlatform, sysPlatform).And(machine)
}

// macMachines returns the values of platform_machine on which a binary format
// of macOS, the end of the tag, runs.
func macMachines(platform string) []string {
	for _, format := range [...]struct {
		suffix   string
		machines []string
	}{
		{"_universal2", []string{"x86_64", "arm64"}},
		{"_universal", []string{"x86_64", "i386", "ppc64", "ppc", "intel"}},
		{"_arm64", []string{"arm64"}},
		{"_x86_64", []string{"x86_64"}},
		{"_intel", []string{"x86_64", "i386"}},
		{"_i386", []string{"i386"}},
		{"_fat64", []string{"x86_64", "ppc64"}},
		{"_fat32", []string{"x86_64", "i386", "ppc", "ppc64"}},
		{"_fat", []string{"x86_64", "ppc"}},
		{"_ppc64", []string{"ppc64"}},
		{"_ppc", []string{"ppc"}},
	} {
		if len(platform) > len(format.suffix) && platform[len(platform)-len(format.suffix):] == format.suffix {
			return format.machines
		}
	}
	return nil
}

// wheelPythons returns the interpreters that a wheel with these tags is for.
// With a stable ABI the Python tag is the oldest version, else the only one.
func wheelPythons(c tags.Compressed) marker.Tree {
	stable := false
	for abi := range c.ABIs() {
		stable = stable || abi == "abi3" || abi == "abi3t"
	}
	out := marker.False()
	for python := range c.Pythons() {
		if python == "none" {
			return marker.True()
		}
		if part, known := tags.ParsePython(python); known {
			out = out.Or(pythonMarker(part, stable))
		}
	}
	return out
}

func pythonMarker(part tags.PythonPart, stable bool) marker.Tree {
	v := pep440.FromRelease(part.Major)
	if part.Minor >= 0 {
		v = pep440.FromRelease(part.Major, part.Minor)
	}
	op := pep440.EqualStar
	if stable {
		op = pep440.GreaterEqual
	}
	out := marker.Python(pep440.ReleaseSetOf(pep440.Specifier{Op: op, Version: v}))
	switch part.Implementation {
	case "cpython":
		return out.And(marker.Equal(marker.PlatformPythonImplementation, "CPython"))
	case "pypy":
		return out.And(marker.Equal(marker.PlatformPythonImplementation, "PyPy"))
	case "graalpy":
		return out.And(marker.Equal(marker.PlatformPythonImplementation, "GraalPy"))
	case "pyston":
		return out.And(marker.Equal(marker.PlatformPythonImplementation, "Pyston"))
	}
	return out
}

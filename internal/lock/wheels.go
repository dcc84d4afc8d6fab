package lock

import (
	"iter"
	"strings"

	"github.com/tame-py/tame/internal/target"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/tags"
)

// reachable tells whether a wheel may ever be installed where a package is
// needed. Wheels with tags that are not known may.
func reachable(c tags.Compressed, python target.Python, where marker.Tree) bool {
	if !python.AdmitsWheel(c) {
		return false
	}
	if where.IsTrue() {
		return true
	}
	system, arch := common(c.Platforms(), systemOf), common(c.Platforms(), archOf)
	if m := systemMarker(system); !m.IsTrue() {
		if where.Disjoint(m.And(archMarker(arch))) {
			return false
		}
	}
	return arch == "" || !where.Disjoint(archMarker(arch))
}

// common is what all platform tags have in common, or "".
func common(platforms iter.Seq[string], of func(string) string) string {
	out, first := "", true
	for p := range platforms {
		is := of(p)
		if !first && is != out {
			return ""
		}
		out, first = is, false
	}
	return out
}

func systemOf(platform string) string {
	switch {
	case strings.HasPrefix(platform, "manylinux"), strings.HasPrefix(platform, "musllinux"), strings.HasPrefix(platform, "linux_"):
		return "linux"
	case strings.HasPrefix(platform, "win"):
		return "windows"
	case strings.HasPrefix(platform, "macosx"):
		return "macos"
	case strings.HasPrefix(platform, "android"):
		return "android"
	}
	return ""
}

func systemMarker(system string) marker.Tree {
	switch system {
	case "linux":
		return marker.Equal(marker.OSName, "posix").And(marker.Equal(marker.SysPlatform, "linux"))
	case "windows":
		return marker.Equal(marker.OSName, "nt").And(marker.Equal(marker.SysPlatform, "win32"))
	case "macos":
		return marker.Equal(marker.OSName, "posix").And(marker.Equal(marker.SysPlatform, "darwin"))
	case "android":
		return marker.Equal(marker.SysPlatform, "android")
	}
	return marker.True()
}

// archOf is the family of processors that a platform tag names; tags for several
// name none.
func archOf(platform string) string {
	switch platform {
	case "win32":
		return "x86"
	case "win_amd64":
		return "x86_64"
	case "win_arm64":
		return "arm"
	}
	device, isDevice := strings.CutSuffix(platform, "_iphoneos")
	if !isDevice {
		device, isDevice = strings.CutSuffix(platform, "_iphonesimulator")
	}
	switch systemOf(platform) {
	case "android":
		// Of Android's processors only this one has a family.
		if !strings.HasSuffix(platform, "_arm64_v8a") {
			return ""
		}
	case "":
		if !isDevice {
			return ""
		}
	}
	for _, a := range [...]struct{ suffix, family string }{
		{"_x86_64", "x86_64"},
		{"_amd64", "x86_64"},
		{"_aarch64", "arm"},
		{"_arm64", "arm"},
		{"_arm64_v8a", "arm"},
		{"_i686", "x86"},
		{"_i386", "x86"},
		{"_x86", "x86"},
		{"_ppc64le", "ppc64le"},
		{"_ppc64", "ppc64"},
		{"_s390x", "s390x"},
		{"_riscv64", "riscv64"},
		{"_loongarch64", "loongarch64"},
		{"_armv7l", "armv7l"},
		{"_armv6l", "armv6l"},
	} {
		if strings.HasSuffix(device, a.suffix) {
			return a.family
		}
	}
	return ""
}

// archMarker is the condition that the machine is of a family.
func archMarker(family string) marker.Tree {
	var names []string
	switch family {
	case "":
		return marker.True()
	case "arm":
		names = []string{"aarch64", "arm64", "ARM64"}
	case "x86_64":
		names = []string{"x86_64", "amd64", "AMD64"}
	case "x86":
		names = []string{"i686", "i386", "win32", "x86"}
	case "armv7l":
		names = []string{"armv7l", "armv8l"}
	default:
		names = []string{family}
	}
	out := marker.False()
	for _, name := range names {
		out = out.Or(marker.Equal(marker.PlatformMachine, name))
	}
	return out
}

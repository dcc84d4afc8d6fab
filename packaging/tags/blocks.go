package tags

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// underscored writes a platform's own spelling the way tags have it.
func underscored(s string) string {
	return strings.NewReplacer(".", "_", "-", "_", " ", "_").Replace(s)
}

func mac10(out []string, minor int, formats ...string) []string {
	for m := minor; m >= 4; m-- {
		for _, f := range formats {
			out = append(out, "macosx_10_"+strconv.Itoa(m)+"_"+f)
		}
	}
	return out
}

// macSince11 lists the releases from macOS 11 on, whose minor version does not
// count, and then those before, which on Apple silicon matter for universal2
// alone: its Intel half may name an older system.
func macSince11(out []string, major int, formats ...string) []string {
	for m := major; m >= 11; m-- {
		for _, f := range formats {
			out = append(out, "macosx_"+strconv.Itoa(m)+"_0_"+f)
		}
	}
	if formats[0] != "x86_64" {
		formats = []string{"universal2"}
	}
	return mac10(out, 16, formats...)
}

// MacBinaryFormats returns the formats of binaries that a macOS version runs on
// a processor, best first, as pypa/packaging lists them.
func MacBinaryFormats(major, minor int, arch string) []string {
	before := func(x, y int) bool { return major < x || major == x && minor < y }
	switch arch {
	case "x86_64":
		if before(10, 4) {
			return nil
		}
		return []string{arch, "intel", "fat64", "fat3", "universal2", "universal"}
	case "i386":
		if before(10, 4) {
			return nil
		}
		return []string{arch, "intel", "fat3", "fat", "universal"}
	case "ppc64":
		if before(10, 4) || !before(10, 6) {
			return nil
		}
		return []string{arch, "fat64", "universal"}
	case "ppc":
		if !before(10, 7) {
			return nil
		}
		return []string{arch, "fat3", "fat", "universal"}
	case "arm64":
		return []string{arch, "universal2"}
	case "intel":
		return []string{arch, "universal"}
	}
	return []string{arch}
}

// MacPlatforms returns the platform tags of a macOS version on a processor,
// best first, as pypa/packaging lists them.
func MacPlatforms(major, minor int, arch string) []string {
	var out []string
	if major == 10 {
		for m := minor; m >= 0; m-- {
			for _, f := range MacBinaryFormats(10, m, arch) {
				out = append(out, fmt.Sprintf("macosx_10_%d_%s", m, f))
			}
		}
		return out
	}
	if major < 11 {
		return nil
	}
	for m := major; m >= 11; m-- {
		for _, f := range MacBinaryFormats(m, 0, arch) {
			out = append(out, fmt.Sprintf("macosx_%d_0_%s", m, f))
		}
	}
	if arch == "x86_64" {
		return mac10(out, 16, MacBinaryFormats(10, 16, arch)...)
	}
	return mac10(out, 16, "universal2")
}

// IOSPlatforms returns the platform tags of an iOS version (PEP 730), best
// first. The multiarch is such as arm64-iphoneos. CPython needs iOS 12; before
// that there are none.
func IOSPlatforms(major, minor int, multiarch string) []string {
	if major < 12 {
		return nil
	}
	suffix := "_" + underscored(multiarch)
	var out []string
	for m := minor; m >= 0; m-- {
		out = append(out, fmt.Sprintf("ios_%d_%d%s", major, m, suffix))
	}
	// No minor version above 8 was ever released; 9 leaves room.
	for v := major - 1; v >= 12; v-- {
		for m := 9; m >= 0; m-- {
			out = append(out, fmt.Sprintf("ios_%d_%d%s", v, m, suffix))
		}
	}
	return out
}

// AndroidPlatforms returns the platform tags of an Android API level (PEP 738),
// best first, down to 16, the oldest that CPython can run on.
func AndroidPlatforms(level int, abi string) []string {
	suffix := "_" + underscored(abi)
	var out []string
	for l := level; l >= 16; l-- {
		out = append(out, "android_"+strconv.Itoa(l)+suffix)
	}
	return out
}

// manylinux appends the glibc tags of one architecture from minor down to
// oldest, the older aliases right after their twins (PEP 600).
func manylinux(out []string, major, minor, oldest int, arch string) []string {
	prefix := "manylinux_" + strconv.Itoa(major) + "_"
	for m := minor; m >= oldest; m-- {
		out = append(out, prefix+strconv.Itoa(m)+"_"+arch)
		if major != 2 {
			continue
		}
		switch m {
		case 17:
			out = append(out, "manylinux2014_"+arch)
		case 12:
			out = append(out, "manylinux2010_"+arch)
		case 5:
			out = append(out, "manylinux1_"+arch)
		}
	}
	return out
}

// ManylinuxPlatforms returns the platform tags of a glibc version (PEP 600)
// for the architectures, best first, as pypa/packaging lists them.
func ManylinuxPlatforms(major, minor int, archs ...string) []string {
	oldest := 17
	if slices.Contains(archs, "x86_64") || slices.Contains(archs, "i686") {
		oldest = 5
	}
	var out []string
	for _, arch := range archs {
		out = manylinux(out, major, minor, oldest, arch)
	}
	return out
}

// MusllinuxPlatforms returns the platform tags of a musl version (PEP 656) for
// the architectures, best first.
func MusllinuxPlatforms(major, minor int, archs ...string) []string {
	var out []string
	for _, arch := range archs {
		for m := minor; m >= 0; m-- {
			out = append(out, fmt.Sprintf("musllinux_%d_%d_%s", major, m, arch))
		}
	}
	return out
}

// threaded tells whether a CPython ABI is of a build without the GIL.
func threaded(abi string) bool {
	rest, ok := strings.CutPrefix(abi, "cp")
	flags := strings.TrimLeft(rest, "0123456789")
	return ok && len(flags) < len(rest) && strings.Contains(flags, "t")
}

// CPythonTags returns the tags of a CPython as pypa/packaging orders them: the
// given ABIs, then the stable ABI, then none, then the stable ABI of older
// versions. The version is major and minor; the minor may be missing.
func CPythonTags(version []int, abis, platforms []string) []Tag {
	python := "cp" + nodot(version)
	stable := "abi3"
	free := len(abis) > 0 && threaded(abis[0])
	if free {
		stable = "abi3t"
	}
	var out []Tag
	add := func(python, abi string) {
		for _, p := range platforms {
			out = append(out, Tag{python, abi, p})
		}
	}
	for _, abi := range abis {
		// none and the stable ABIs have places of their own below.
		if abi != "abi3" && abi != "none" && (abi != "abi3t" || !free) {
			add(python, abi)
		}
	}
	// The stable ABI began with Python 3.2 (PEP 384).
	hasStable := len(version) > 1 && (version[0] > 3 || version[0] == 3 && version[1] >= 2)
	if hasStable {
		add(python, stable)
	}
	add(python, "none")
	if hasStable {
		for m := version[1] - 1; m >= 2; m-- {
			add("cp"+strconv.Itoa(version[0])+strconv.Itoa(m), stable)
		}
	}
	return out
}

// GenericTags returns the tags of an interpreter of which nothing special is
// known: each ABI, with none at the end unless it is listed, on each platform.
func GenericTags(interpreter string, abis, platforms []string) []Tag {
	if !slices.Contains(abis, "none") {
		abis = append(slices.Clip(abis), "none")
	}
	var out []Tag
	for _, abi := range abis {
		for _, p := range platforms {
			out = append(out, Tag{interpreter, abi, p})
		}
	}
	return out
}

// CompatibleTags returns the tags without ABI that a Python version runs: by
// platform first, then for any platform. The interpreter, such as cp312, may be
// empty; the version's minor may be missing.
func CompatibleTags(version []int, interpreter string, platforms []string) []Tag {
	var out []Tag
	pythons := pyRange(version)
	for _, py := range pythons {
		for _, p := range platforms {
			out = append(out, Tag{py, "none", p})
		}
	}
	if interpreter != "" {
		out = append(out, Tag{interpreter, "none", "any"})
	}
	for _, py := range pythons {
		out = append(out, Tag{py, "none", "any"})
	}
	return out
}

// pyRange lists the language versions that a Python runs: its own, the major
// version, then older minors.
func pyRange(version []int) []string {
	major := "py" + strconv.Itoa(version[0])
	if len(version) < 2 {
		return []string{major}
	}
	out := []string{"py" + nodot(version), major}
	for m := version[1] - 1; m >= 0; m-- {
		out = append(out, major+strconv.Itoa(m))
	}
	return out
}

func nodot(version []int) string {
	var b strings.Builder
	for _, n := range version[:min(2, len(version))] {
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}

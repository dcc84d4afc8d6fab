package tags

import (
	"strconv"
	"strings"
)

// ParseMuslVersion reads the version that musl's dynamic loader prints about
// itself: two lines, "musl libc (x86_64)" and "Version 1.2.2".
func ParseMuslVersion(output string) (major, minor int, ok bool) {
	var lines []string
	for line := range strings.Lines(output) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) < 2 || !strings.HasPrefix(lines[0], "musl") {
		return 0, 0, false
	}
	version, ok := strings.CutPrefix(lines[1], "Version ")
	if !ok {
		return 0, 0, false
	}
	return leadingVersion(version)
}

// ParseGlibcVersion reads major and minor from glibc's version text; what
// follows, as in patched builds such as 2.20-2014.11, is ignored.
func ParseGlibcVersion(version string) (major, minor int, ok bool) { return leadingVersion(version) }

func leadingVersion(s string) (major, minor int, ok bool) {
	first, rest, ok := strings.Cut(s, ".")
	if !ok {
		return 0, 0, false
	}
	digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
	major, err1 := strconv.Atoi(first)
	minor, err2 := strconv.Atoi(rest[:digits])
	return major, minor, err1 == nil && err2 == nil && major >= 0
}

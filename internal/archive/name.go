package archive

import (
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxName      = 4096 // bytes, PATH_MAX of Linux
	maxComponent = 255  // bytes, NAME_MAX of every common filesystem
)

// cleanName checks the name of an entry and returns it without "./" and
// without a slash at the end; dir says whether it had one. The name "." is the
// target itself.
func cleanName(name string) (clean string, dir bool, err error) {
	switch {
	case name == "":
		return "", false, refuse(name, "it has no name")
	case len(name) > maxName:
		return "", false, refuse(name[:64]+"…", "its name is longer than %d bytes", maxName)
	case !utf8.ValidString(name):
		return "", false, refuse(name, "its name is not UTF-8")
	case name[0] == '/':
		return "", false, refuse(name, "its name is absolute")
	}
	dir = name[len(name)-1] == '/'
	if plainName(name) {
		return strings.TrimSuffix(name, "/"), dir, checkSystem(name)
	}
	for _, r := range name {
		if unicode.Is(unicode.C, r) {
			return "", false, refuse(name, "its name has the unprintable character %U", r)
		}
	}
	var parts []string
	for part := range strings.SplitSeq(name, "/") {
		switch {
		case part == "" || part == ".":
		case part == "..":
			return "", false, refuse(name, "its name leads out of the directory")
		case len(part) > maxComponent:
			return "", false, refuse(name, "a part of its name is longer than %d bytes", maxComponent)
		default:
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return ".", true, nil
	}
	return strings.Join(parts, "/"), dir, checkSystem(name)
}

// plainName says of most names, at a glance, that there is nothing to clean:
// printable ASCII with no part that is empty, begins with a dot, or is long.
func plainName(name string) bool {
	start := 0
	for i := range len(name) {
		c := name[i]
		switch {
		case c == '/':
			if i == start {
				return false
			}
			start = i + 1
		case c < ' ' || c >= 0x7f || c == '.' && i == start || i-start >= maxComponent:
			return false
		}
	}
	return true
}

// checkSystem refuses what means something special to the system this runs
// on.
func checkSystem(name string) error {
	if runtime.GOOS == "windows" {
		return checkWindows(name)
	}
	return nil
}

// checkWindows refuses names that Windows takes for another place: drives,
// streams, devices, backslashes, and dots and spaces at the end, which it
// drops.
func checkWindows(name string) error {
	if i := strings.IndexAny(name, `\:*?"<>|`); i >= 0 {
		return refuse(name, "its name has the character %q, which Windows does not allow", name[i])
	}
	for part := range strings.SplitSeq(strings.TrimSuffix(name, "/"), "/") {
		if part == "." || part == "" {
			continue
		}
		if last := part[len(part)-1]; last == '.' || last == ' ' {
			return refuse(name, "a part of its name ends with %q, which Windows leaves out", last)
		}
		if isDevice(part) {
			return refuse(name, "its name is that of a device on Windows")
		}
	}
	return nil
}

// isDevice says whether Windows takes a file name for a device, whatever its
// extension.
func isDevice(part string) bool {
	base, _, _ := strings.Cut(part, ".")
	base = strings.ToLower(strings.TrimRight(base, " "))
	switch base {
	case "con", "prn", "aux", "nul", "conin$", "conout$":
		return true
	}
	rest, ok := strings.CutPrefix(base, "com")
	if !ok {
		rest, ok = strings.CutPrefix(base, "lpt")
	}
	return ok && (len(rest) == 1 && rest[0] >= '0' && rest[0] <= '9' || rest == "¹" || rest == "²" || rest == "³")
}

package venv

import "strings"

// maxShebang is how long the first line of a script may be, with its newline:
// Linux before 5.1 cut it off there, and distlib, pip and uv keep to it.
const maxShebang = 127

// Shebang returns the first line, or lines, that start a script with the
// interpreter at executable; without a newline at the end. A path that does
// not fit into a shebang is run by way of sh: to Python, the lines that do so
// are a string. A relocatable script has executable relative to its own
// directory. posix is whether the interpreter's os.name is; elsewhere a
// launcher reads the line and it can be anything.
func Shebang(executable string, posix, relocatable bool) string {
	if !posix || !relocatable && len("#!")+len(executable)+1 <= maxShebang && !strings.Contains(executable, " ") {
		return "#!" + executable
	}
	path := shellQuote(executable)
	if relocatable {
		path = `"$(dirname -- "$(realpath -- "$0")")"/` + path
	}
	return "#!/bin/sh\n'''exec' " + path + ` "$0" "$@"` + "\n' '''"
}

// An EntryPoint is the object that a script calls: function main.run of module
// package.cli, say.
type EntryPoint struct {
	Module   string
	Function string // with dots if it is an attribute of what is imported
}

// Launcher returns the text of a script that calls an entry point. The layout
// is that of pip and uv, so that RECORD files agree.
func Launcher(shebang string, e EntryPoint) string {
	name, _, _ := strings.Cut(e.Function, ".")
	return shebang + `
# -*- coding: utf-8 -*-
import sys
from ` + e.Module + ` import ` + name + `
if __name__ == "__main__":
    if sys.argv[0].endswith("-script.pyw"):
        sys.argv[0] = sys.argv[0][:-11]
    elif sys.argv[0].endswith(".exe"):
        sys.argv[0] = sys.argv[0][:-4]
    sys.exit(` + e.Function + `())
`
}

// shellQuote puts a text into single quotes for POSIX shells.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'"'"'`) + "'" }

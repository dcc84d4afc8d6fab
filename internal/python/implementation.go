package python

import "strings"

// Implementations that requests can name, in the order in which they are
// preferred. An interpreter may call itself otherwise.
const (
	CPython = "cpython"
	PyPy    = "pypy"
	GraalPy = "graalpy"
	Pyodide = "pyodide"
)

// implementations returns the known names with their abbreviations.
func implementations() [4]struct{ name, short string } {
	return [4]struct{ name, short string }{{CPython, "cp"}, {PyPy, "pp"}, {GraalPy, "gp"}, {Pyodide, ""}}
}

// parseImplementation expands a name or abbreviation, in any case.
func parseImplementation(s string) (string, bool) {
	for _, i := range implementations() {
		if strings.EqualFold(s, i.name) || i.short != "" && strings.EqualFold(s, i.short) {
			return i.name, true
		}
	}
	return "", false
}

// PrettyImplementation is the name of an implementation as people write it:
// CPython, PyPy. Unknown ones are returned as they are.
func PrettyImplementation(name string) string {
	switch name {
	case CPython:
		return "CPython"
	case PyPy:
		return "PyPy"
	case GraalPy:
		return "GraalPy"
	case Pyodide:
		return "Pyodide"
	}
	return name
}

package install

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"unicode"

	"github.com/tame-py/tame/packaging/dist"
)

// Modules are the modules that the distribution has, packages that they are in
// included, as its list of files tells: dotted names, sorted. What a .pth file
// leads to is not among them.
func (i *Installed) Modules() ([]string, error) {
	if i.Kind != DistInfo {
		return nil, nil
	}
	record, err := i.Record()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return modules(record), err
}

func modules(record []dist.RecordEntry) []string {
	var out []string
	for _, e := range record {
		parts := moduleOf(e.Path)
		if slices.ContainsFunc(parts, func(s string) bool { return !isIdentifier(s) }) {
			continue
		}
		for n := range parts {
			out = append(out, strings.Join(parts[:n+1], "."))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// moduleOf are the parts of the name of the module that a file is, nil if it is
// none.
func moduleOf(path string) []string {
	parts := strings.Split(path, "/")
	file := parts[len(parts)-1]
	parts = parts[:len(parts)-1]
	stem, suffix, ok := strings.Cut(file, ".")
	switch {
	case !ok || len(parts) > 0 && strings.HasSuffix(parts[0], ".data"):
		return nil
	case suffix == "py", suffix == "pyc" && !slices.Contains(parts, "__pycache__"), isExtension(suffix):
	default:
		return nil
	}
	if stem == "__init__" {
		return parts
	}
	return append(slices.Clone(parts), stem)
}

// isExtension reports whether what follows the first dot of a file's name is that
// of a module in machine code: the last part, after what it was built for.
func isExtension(suffix string) bool {
	built, kind, ok := strings.Cut(suffix, ".")
	if !ok {
		return suffix == "so" || suffix == "pyd"
	}
	known := built == "abi3" || slices.ContainsFunc([]string{"cpython-", "cp3", "pypy", "graalpy"}, func(p string) bool { return strings.HasPrefix(built, p) })
	return known && (kind == "so" || kind == "pyd")
}

func isIdentifier(s string) bool {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r) && !unicode.IsMark(r)) {
			return false
		}
	}
	return s != ""
}

package python

import (
	"archive/zip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/fsx"
)

// pipIndex is the index that pip installs from, and the file that says so.
type pipIndex struct {
	file, url string
	id        fsx.Identity
	wheels    string // where a distributor keeps ensurepip's wheels (WHEEL_PKG_DIR)
}

// PipIndexURL returns the URL of the index from which the pip that belongs to
// the interpreter installs by default, without a trailing slash, or nothing
// when there is no pip. It is read as text, never run: from the pip installed
// beside the interpreter or the one that ensurepip carries. In an environment
// that is the pip of the Python below it, since environments often have none.
func (i *Interpreter) PipIndexURL() string {
	known := i.index
	if known.file != "" {
		if id, err := fsx.Identify(known.file); err == nil && id == known.id {
			return known.url
		}
	}
	return findPipIndex(i, known.wheels).url
}

// indexModule is the file of pip that names the index.
const indexModule = "pip/_internal/models/index.py"

// findPipIndex looks through all the pips that could belong to an interpreter.
func findPipIndex(i *Interpreter, wheels string) pipIndex {
	for _, dir := range i.basePackages() {
		file := filepath.Join(dir, filepath.FromSlash(indexModule))
		if text, err := os.ReadFile(file); err == nil {
			if url := indexInText(string(text)); url != "" {
				return newPipIndex(file, url, wheels)
			}
		}
	}
	for _, dir := range []string{filepath.Join(i.Stdlib, "ensurepip", "_bundled"), wheels} {
		if dir == "" {
			continue
		}
		found, _ := filepath.Glob(filepath.Join(dir, "pip-*.whl"))
		slices.Sort(found)
		for _, file := range slices.Backward(found) {
			if url := indexInWheel(file); url != "" {
				return newPipIndex(file, url, wheels)
			}
		}
	}
	return pipIndex{wheels: wheels}
}

func newPipIndex(file, url, wheels string) pipIndex {
	id, _ := fsx.Identify(file) // the zero identity is never found again
	return pipIndex{file, url, id, wheels}
}

// basePackages are the directories where the Python below an environment, or
// the interpreter itself, has its packages.
func (i *Interpreter) basePackages() []string {
	var dirs []string
	if !i.IsVirtual() {
		dirs = append([]string{i.Scheme.Purelib}, i.SitePackages...)
	}
	return append(dirs,
		filepath.Join(i.BasePrefix, i.Virtual.Purelib),
		filepath.Join(i.BasePrefix, "lib", "python3", "dist-packages")) // Debian
}

// indexInText finds the URL in pip's module: the argument of the first
// PackageIndex, below which lies "simple".
func indexInText(text string) string {
	_, rest, ok := strings.Cut(text, "PackageIndex(")
	for ok {
		rest = strings.TrimLeft(rest, " \t\r\n")
		if rest != "" && (rest[0] == '"' || rest[0] == '\'') {
			break
		}
		_, rest, ok = strings.Cut(rest, "PackageIndex(")
	}
	if !ok {
		return ""
	}
	url, _, closed := strings.Cut(rest[1:], rest[:1])
	if !closed || !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") || strings.ContainsAny(url, "\\\n{") {
		return ""
	}
	return strings.TrimRight(url, "/") + "/simple"
}

// maxIndexModule bounds what is read of a wheel's member; the module has 30
// lines.
const maxIndexModule = 1 << 16

func indexInWheel(file string) string {
	wheel, err := zip.OpenReader(file)
	if err != nil {
		return ""
	}
	defer wheel.Close()
	member, err := wheel.Open(indexModule)
	if err != nil {
		return ""
	}
	defer member.Close()
	text, err := io.ReadAll(io.LimitReader(member, maxIndexModule))
	if err != nil {
		return ""
	}
	return indexInText(string(text))
}

package workspace

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/packaging/pyproject"
)

// Files reads the pyproject.toml of directories, each once. The zero value is
// ready for use, by several goroutines.
type Files struct {
	// Show returns a path as messages show it; nil shows it as it is.
	Show func(path string) string

	mu    sync.Mutex
	known map[string]*readFile
}

type readFile struct {
	once sync.Once
	file *pyproject.File
	err  error
}

// Read returns the pyproject.toml in a directory. The error matches
// [fs.ErrNotExist] if there is none, and wraps a [*pyproject.Error] if it is no
// TOML.
func (fs *Files) Read(dir string) (*pyproject.File, error) { return fs.read(nil, filepath.Clean(dir)) }

// read is Read for a clean path. Below the root, if one is given, files are found
// by the way from there, which is shorter for the system.
func (fs *Files) read(root *fsx.Tree, dir string) (*pyproject.File, error) {
	r := fs.entry(dir)
	r.once.Do(func() {
		path := filepath.Join(dir, "pyproject.toml")
		text, err := readBelow(root, path)
		if err != nil {
			r.err = err
			return
		}
		if r.file, err = pyproject.Parse(path, text); err != nil {
			r.err = fs.parseError(path, err)
		}
	})
	return r.file, r.err
}

func readBelow(root *fsx.Tree, path string) ([]byte, error) {
	if root != nil {
		if name, ok := strings.CutPrefix(path, root.Path()+string(filepath.Separator)); ok {
			return root.ReadFile(name)
		}
	}
	return fsx.ReadFile(path)
}

// Put sets what Read returns for a directory, as after an edit. nil forgets it.
func (fs *Files) Put(dir string, f *pyproject.File) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	dir = filepath.Clean(dir)
	if f == nil {
		delete(fs.known, dir)
		return
	}
	if fs.known == nil {
		fs.known = map[string]*readFile{}
	}
	r := &readFile{file: f}
	r.once.Do(func() {})
	fs.known[dir] = r
}

func (fs *Files) entry(dir string) *readFile {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	r, ok := fs.known[dir]
	if !ok {
		if fs.known == nil {
			fs.known = map[string]*readFile{}
		}
		r = &readFile{}
		fs.known[dir] = r
	}
	return r
}

func (fs *Files) shown(path string) string {
	if fs == nil || fs.Show == nil {
		return path
	}
	return fs.Show(path)
}

func (fs *Files) parseError(path string, err error) error {
	return fmt.Errorf("failed to parse: `%s`: %w", fs.shown(path), err)
}

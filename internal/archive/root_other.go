//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package archive

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// A root is the target directory.
type root struct {
	path string
}

func openRoot(path string) (*root, error) {
	_, err := os.Stat(path)
	return &root{path: path}, err
}

// openDir is [os.Open].
func openDir(path string) (*os.File, error) { return os.Open(path) }

func (r *root) close() {}

func (r *root) join(name string) string { return filepath.Join(r.path, filepath.FromSlash(name)) }

func (r *root) mkdir(name string) error { return os.Mkdir(r.join(name), 0o777) }

// An output is a new file.
type output = *os.File

// create makes a file, which must not be there.
func (r *root) create(name string) (output, error) {
	return os.OpenFile(r.join(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
}

// read fills data with what a file begins with.
func (r *root) read(name string, data []byte) error {
	f, err := os.Open(r.join(name))
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.ReadFull(f, data)
	return err
}

// makeExecutable adds the execute bits.
func (r *root) makeExecutable(name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	info, err := os.Lstat(r.join(name))
	if err != nil {
		return err
	}
	return os.Chmod(r.join(name), info.Mode().Perm()|0o111)
}

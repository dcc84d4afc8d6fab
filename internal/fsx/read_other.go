//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package fsx

import (
	"errors"
	"io/fs"
	"os"
)

// ReadFile returns the content of a file that is only ever replaced as a
// whole, such as those of the cache.
func ReadFile(path string) ([]byte, error) { return os.ReadFile(path) }

// ReadFile returns the content of the file called name; see the function of
// the same name.
func (t *Tree) ReadFile(name string) ([]byte, error) { return os.ReadFile(t.Join(name)) }

// ReadIfAny is ReadFile, but nil without an error if there is no such file.
func (t *Tree) ReadIfAny(name string) ([]byte, error) {
	data, err := t.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// ReadHead returns the beginning of the file called name, at least up to the
// first empty line; here it is the whole file.
func (t *Tree) ReadHead(name string) ([]byte, error) { return os.ReadFile(t.Join(name)) }

//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package fsx

import "os"

// ReadFile returns the content of a file that is only ever replaced as a
// whole, such as those of the cache.
func ReadFile(path string) ([]byte, error) { return os.ReadFile(path) }

// ReadFile returns the content of the file called name; see the function of
// the same name.
func (t *Tree) ReadFile(name string) ([]byte, error) { return os.ReadFile(t.Join(name)) }

// ReadHead returns the beginning of the file called name, at least up to the
// first empty line; here it is the whole file.
func (t *Tree) ReadHead(name string) ([]byte, error) { return os.ReadFile(t.Join(name)) }

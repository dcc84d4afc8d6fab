//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package fsx

import (
	"io/fs"
	"os"
	"path/filepath"
)

// A Tree is an open directory below which files are reached by name. On
// systems that have them it works by directory descriptors; here it keeps the
// path. It is safe for concurrent use.
//
// A Tree does not confine: names with ".." or through symbolic links leave
// it. Callers check names they did not make themselves.
type Tree struct {
	path string
}

// OpenTree opens the directory at path.
func OpenTree(path string) (*Tree, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrInvalid}
	}
	return &Tree{path: path}, nil
}

// Close closes the directory. Closing nil does nothing.
func (t *Tree) Close() error { return nil }

// Path returns the path the tree was opened by.
func (t *Tree) Path() string { return t.path }

// Join returns the path of the file called name.
func (t *Tree) Join(name string) string { return filepath.Join(t.path, filepath.FromSlash(name)) }

// Mkdir creates the directory called name, whose parent must be there.
func (t *Tree) Mkdir(name string) error { return os.Mkdir(t.Join(name), 0o777) }

// Open opens the file called name with the flags and permissions of
// [os.OpenFile].
func (t *Tree) Open(name string, flag int, perm fs.FileMode) (*os.File, error) {
	return os.OpenFile(t.Join(name), flag, perm)
}

// Remove removes the file called name.
func (t *Tree) Remove(name string) error { return os.Remove(t.Join(name)) }

// Rename gives the file called from the name to, replacing what has it.
func (t *Tree) Rename(from, to string) error { return Rename(t.Join(from), t.Join(to)) }

// Exists says whether there is something called name, of any type.
func (t *Tree) Exists(name string) bool {
	_, err := os.Lstat(t.Join(name))
	return err == nil
}

// Identify returns the identity of the file called name, following links.
func (t *Tree) Identify(name string) (Identity, error) { return Identify(t.Join(name)) }

// Symlink makes a symbolic link called name that points to target.
func (t *Tree) Symlink(target, name string) error { return os.Symlink(target, t.Join(name)) }

func hardlink(src *Tree, from string, dst *Tree, to string) error {
	return os.Link(src.Join(from), dst.Join(to))
}

//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package fsx

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/tame-py/tame/internal/brief"
)

// A Tree is an open directory below which files are reached by name. On
// systems that have them it works by directory descriptors, which saves the
// kernel the walk to the directory each time and keeps meaning the same
// directory when it is renamed. It is safe for concurrent use.
//
// A Tree does not confine: names with ".." or through symbolic links leave
// it. Callers check names they did not make themselves.
type Tree struct {
	path string
	dir  *os.File
	fd   int
}

// OpenTree opens the directory at path.
func OpenTree(path string) (*Tree, error) {
	dir, err := OpenFile(path, os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	return &Tree{path: path, dir: dir, fd: int(dir.Fd())}, nil
}

// Close closes the directory. Closing nil does nothing.
func (t *Tree) Close() error {
	if t == nil {
		return nil
	}
	return t.dir.Close()
}

// Path returns the path the tree was opened by.
func (t *Tree) Path() string { return t.path }

// Join returns the path of the file called name.
func (t *Tree) Join(name string) string { return filepath.Join(t.path, name) }

func (t *Tree) fail(op, name string, err error) error {
	return &fs.PathError{Op: op, Path: t.Join(name), Err: err}
}

// Mkdir creates the directory called name, whose parent must be there.
func (t *Tree) Mkdir(name string) error {
	err := uninterrupted(func() error { return brief.Mkdir(t.fd, name, 0o777) })
	if err != nil {
		return t.fail("mkdir", name, err)
	}
	return nil
}

// Open opens the file called name with the flags and permissions of
// [os.OpenFile].
func (t *Tree) Open(name string, flag int, perm fs.FileMode) (*os.File, error) {
	fd, err := t.open(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), t.Join(name)), nil
}

func (t *Tree) open(name string, flag int, perm fs.FileMode) (fd int, err error) {
	err = uninterrupted(func() error {
		fd, err = unix.Openat(t.fd, name, flag|unix.O_CLOEXEC, uint32(perm.Perm()))
		return err
	})
	if err != nil {
		return -1, t.fail("open", name, err)
	}
	return fd, nil
}

// Remove removes the file called name.
func (t *Tree) Remove(name string) error {
	if err := uninterrupted(func() error { return unix.Unlinkat(t.fd, name, 0) }); err != nil {
		return t.fail("remove", name, err)
	}
	return nil
}

// Rename gives the file called from the name to, replacing what has it.
func (t *Tree) Rename(from, to string) error {
	if err := uninterrupted(func() error { return unix.Renameat(t.fd, from, t.fd, to) }); err != nil {
		return t.fail("rename", from, err)
	}
	return nil
}

// Exists says whether there is something called name, of any type.
func (t *Tree) Exists(name string) bool {
	var stat unix.Stat_t
	return uninterrupted(func() error { return unix.Fstatat(t.fd, name, &stat, unix.AT_SYMLINK_NOFOLLOW) }) == nil
}

// Identify returns the identity of the file called name, following links.
func (t *Tree) Identify(name string) (Identity, error) {
	var stat unix.Stat_t
	err := uninterrupted(func() error { return unix.Fstatat(t.fd, name, &stat, 0) })
	runtime.KeepAlive(t.dir) // not every tree is closed by hand
	if err != nil {
		return Identity{}, t.fail("stat", name, err)
	}
	return identityOfStat(&stat), nil
}

func identityOfStat(stat *unix.Stat_t) Identity {
	return Identity{
		Dev: uint64(stat.Dev), Ino: stat.Ino, Size: stat.Size,
		Mtime: stat.Mtim.Nano(), Ctime: stat.Ctim.Nano(),
	}
}

// Symlink makes a symbolic link called name that points to target.
func (t *Tree) Symlink(target, name string) error {
	if err := unix.Symlinkat(target, t.fd, name); err != nil {
		return &os.LinkError{Op: "symlink", Old: target, New: t.Join(name), Err: err}
	}
	return nil
}

func hardlink(src *Tree, from string, dst *Tree, to string) error {
	err := uninterrupted(func() error { return brief.Link(src.fd, from, dst.fd, to) })
	if err != nil {
		return &os.LinkError{Op: "link", Old: src.Join(from), New: dst.Join(to), Err: err}
	}
	return nil
}

// uninterrupted repeats a system call that a signal has interrupted.
func uninterrupted(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

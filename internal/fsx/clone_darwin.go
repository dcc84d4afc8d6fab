package fsx

import (
	"os"

	"golang.org/x/sys/unix"
)

// clone makes a file that shares its blocks with the source (APFS).
func clone(src *Tree, from string, dst *Tree, to string) error {
	err := uninterrupted(func() error {
		return unix.Clonefileat(src.fd, from, dst.fd, to, unix.CLONE_NOFOLLOW|unix.CLONE_NOOWNERCOPY)
	})
	if err != nil {
		return &os.LinkError{Op: "clone", Old: src.Join(from), New: dst.Join(to), Err: err}
	}
	return nil
}

// CloneDir clones the directory from, with all that is in it, as the new
// directory to, in one call. An error that matches [fs.ErrExist] means that
// to is there already; any other that the files have to be placed one by one.
func CloneDir(from, to string) error {
	err := unix.Clonefile(from, to, unix.CLONE_NOFOLLOW|unix.CLONE_NOOWNERCOPY)
	if err != nil {
		return &os.LinkError{Op: "clone", Old: from, New: to, Err: err}
	}
	return nil
}

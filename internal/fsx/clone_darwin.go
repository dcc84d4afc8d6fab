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

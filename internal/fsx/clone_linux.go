package fsx

import (
	"os"

	"golang.org/x/sys/unix"
)

// clone makes a file that shares its blocks with the source (FICLONE: btrfs,
// xfs, bcachefs and others).
func clone(src *Tree, from string, dst *Tree, to string) error {
	in, err := src.open(from, unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer unix.Close(in)
	var stat unix.Stat_t
	if err := unix.Fstat(in, &stat); err != nil {
		return src.fail("stat", from, err)
	}
	out, err := dst.open(to, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, os.FileMode(stat.Mode&0o777))
	if err != nil {
		return err
	}
	defer unix.Close(out)
	if err := uninterrupted(func() error { return unix.IoctlFileClone(out, in) }); err != nil {
		_ = dst.Remove(to)
		return &os.LinkError{Op: "clone", Old: src.Join(from), New: dst.Join(to), Err: err}
	}
	return nil
}

//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package fsx

import (
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// OpenFile is [os.OpenFile] for directories and for files on a disk. The runtime
// cannot wait for such with its poller, but tries for each: six system calls, and
// the poller itself for the first. Pipes, terminals and devices are not for it,
// since whoever reads them could not be stopped.
func OpenFile(path string, flag int, perm fs.FileMode) (*os.File, error) {
	fd := -1
	err := uninterrupted(func() (err error) {
		fd, err = unix.Open(path, flag|unix.O_CLOEXEC, uint32(perm.Perm()))
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

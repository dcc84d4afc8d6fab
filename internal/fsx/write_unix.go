//go:build !windows

package fsx

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// Rename puts the file or directory at from in the place of to. Where the
// system lets other programs hold files open against renaming (Windows), it
// tries again for some seconds.
func Rename(from, to string) error { return os.Rename(from, to) }

// SyncDir forces the entries of a directory to the disk, so that a rename in
// it survives a power cut. Filesystems that cannot do it are left alone.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.EBADF) {
		return nil
	}
	return err
}

// copyOwner gives the file the owner and group of the one it replaces, as far
// as the process may.
func copyOwner(file *os.File, info fs.FileInfo) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) == os.Geteuid() && int(stat.Gid) == os.Getegid() {
		return
	}
	if file.Chown(int(stat.Uid), int(stat.Gid)) == nil {
		_ = file.Chmod(info.Mode().Perm()) // a change of owner clears set-id bits only; be exact
	}
}

// ignorableChmod tells errors of filesystems without permissions.
func ignorableChmod(err error) bool {
	return errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.ENOSYS)
}

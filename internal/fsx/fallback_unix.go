//go:build !windows

package fsx

import (
	"errors"
	"io/fs"
	"syscall"
)

// fallsBack says whether a lesser mode may succeed where err came up. What
// would fail for a copy just the same, or worse because it needs more room,
// does not.
func fallsBack(err error) bool {
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return errors.Is(err, errors.ErrUnsupported)
	}
	switch errno {
	case syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EIO, syscall.ENOTDIR, syscall.EISDIR,
		syscall.ENAMETOOLONG, syscall.ELOOP, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EEXIST:
		return false
	}
	return true // EXDEV, EPERM, EMLINK, ENOTSUP, EINVAL, ENOTTY, ENOSYS and what else filesystems say
}

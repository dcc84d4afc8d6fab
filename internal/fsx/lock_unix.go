//go:build unix && !aix && !(solaris && !illumos)

package fsx

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// flock is what uv uses too, so that both programs respect each other's
// locks.
func flock(file *os.File, mode LockMode) error {
	how := unix.LOCK_NB | unix.LOCK_SH
	if mode == Exclusive {
		how = unix.LOCK_NB | unix.LOCK_EX
	}
	for {
		err := unix.Flock(int(file.Fd()), how)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EWOULDBLOCK):
			return ErrLocked
		case errors.Is(err, unix.ENOTSUP), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOSYS), errors.Is(err, unix.ENOLCK):
			return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
		default:
			return err
		}
	}
}

func funlock(file *os.File) error { return unix.Flock(int(file.Fd()), unix.LOCK_UN) }

// inherit makes a descriptor that survives exec, at a number that is out of the
// way of programs and shell scripts that choose their own.
func inherit(file *os.File) error {
	const high = 100
	_, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD, high)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EMFILE) { // few are allowed
		_, err = unix.FcntlInt(file.Fd(), unix.F_DUPFD, 0)
	}
	return err
}

// openLockFile opens the file, creating it for all users: another one's
// process must be able to lock it too.
func openLockFile(path string) (*os.File, error) {
	file, err := OpenFile(path, os.O_RDWR, 0)
	switch {
	case err == nil:
		return file, nil
	case errors.Is(err, fs.ErrPermission), errors.Is(err, unix.EROFS):
		return OpenFile(path, os.O_RDONLY, 0) // flock does not need a writable descriptor
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	file, err = OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	}
	if err != nil {
		return nil, err
	}
	_ = file.Chmod(0o666) // past the umask; where it fails the lock still works for this user
	return file, nil
}

//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package brief

import "golang.org/x/sys/unix"

// Create makes the file called path below the open directory dir by openat(2)
// with flags that contain O_CREAT and O_EXCL.
func Create(dir int, path string, flags int, mode uint32) (fd int, err error) {
	return unix.Openat(dir, path, flags, mode)
}

// Mkdir is mkdirat(2).
func Mkdir(dir int, path string, mode uint32) error { return unix.Mkdirat(dir, path, mode) }

// Link is linkat(2) without flags.
func Link(oldDir int, oldPath string, newDir int, newPath string) error {
	return unix.Linkat(oldDir, oldPath, newDir, newPath, 0)
}

// Write is write(2) to a regular file.
func Write(fd int, data []byte) (int, error) { return unix.Write(fd, data) }

// Close is close(2) of a regular file.
func Close(fd int) error { return unix.Close(fd) }

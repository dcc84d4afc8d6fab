//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package fsx

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// ReadFile returns the content of a file that is only ever replaced as a
// whole, such as those of the cache: it reads as many bytes as the file has
// when it is opened, in four system calls. A cache is read by the thousand
// small files, where [os.ReadFile] takes half as long again.
func ReadFile(path string) ([]byte, error) {
	fd := -1
	err := uninterrupted(func() (err error) {
		fd, err = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	data := make([]byte, stat.Size)
	for n := 0; n < len(data); {
		var more int
		err := uninterrupted(func() (err error) {
			more, err = unix.Read(fd, data[n:])
			return err
		})
		if err != nil {
			return nil, &fs.PathError{Op: "read", Path: path, Err: err}
		}
		if more == 0 {
			return data[:n], nil
		}
		n += more
	}
	return data, nil
}

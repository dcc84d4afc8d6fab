//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package fsx

import (
	"bytes"
	"errors"
	"io/fs"
	"runtime"

	"golang.org/x/sys/unix"
)

// ReadFile returns the content of a file that is only ever replaced as a
// whole, such as those of the cache: it reads as many bytes as the file has
// when it is opened, in four system calls. A cache is read by the thousand
// small files, where [os.ReadFile] takes half as long again.
func ReadFile(path string) ([]byte, error) { return readAt(unix.AT_FDCWD, path, path) }

// ReadFile returns the content of the file called name; see the function of
// the same name.
func (t *Tree) ReadFile(name string) ([]byte, error) {
	data, err := readAt(t.fd, name, "")
	runtime.KeepAlive(t.dir) // not every tree is closed by hand
	var failed *fs.PathError
	if errors.As(err, &failed) {
		failed.Path = t.Join(name)
	}
	return data, err
}

// ReadIfAny is ReadFile, but nil without an error if there is no such file. It is
// for files that are nearly always absent, which takes it one system call.
func (t *Tree) ReadIfAny(name string) ([]byte, error) {
	var stat unix.Stat_t
	err := uninterrupted(func() error { return unix.Fstatat(t.fd, name, &stat, 0) })
	runtime.KeepAlive(t.dir) // not every tree is closed by hand
	if err == unix.ENOENT {  //nolint:errorlint // it is the system's own
		return nil, nil
	}
	data, err := t.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

func readAt(dir int, name, path string) ([]byte, error) {
	fd := -1
	err := uninterrupted(func() (err error) {
		fd, err = unix.Openat(dir, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
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

// ReadHead returns the beginning of the file called name, at least up to the
// first empty line: the headers of a file that has some. The rest of a long
// file is not read.
func (t *Tree) ReadHead(name string) ([]byte, error) {
	data, err := headAt(t.fd, name)
	runtime.KeepAlive(t.dir) // not every tree is closed by hand
	var failed *fs.PathError
	if errors.As(err, &failed) {
		failed.Path = t.Join(name)
	}
	return data, err
}

func headAt(dir int, name string) ([]byte, error) {
	fd := -1
	err := uninterrupted(func() (err error) {
		fd, err = unix.Openat(dir, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Err: err}
	}
	defer unix.Close(fd)
	data := make([]byte, 0, 8<<10)
	for {
		if len(data) == cap(data) {
			data = append(make([]byte, 0, 4*cap(data)), data...)
		}
		var more int
		err := uninterrupted(func() (err error) {
			more, err = unix.Read(fd, data[len(data):cap(data)])
			return err
		})
		if err != nil {
			return nil, &fs.PathError{Op: "read", Err: err}
		}
		data = data[:len(data)+more]
		if more == 0 || hasEmptyLine(data) {
			return data, nil
		}
	}
}

// hasEmptyLine reports whether a line of the data is empty.
func hasEmptyLine(data []byte) bool {
	return bytes.Contains(data, []byte("\n\n")) || bytes.Contains(data, []byte("\n\r\n"))
}

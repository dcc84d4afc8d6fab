//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package archive

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/tame-py/tame/internal/brief"
)

// A root is the open target directory. Files are created by descriptor, in
// three system calls each, since archives have them by the thousand.
type root struct {
	path string
	dir  *os.File
	fd   int
}

func openRoot(path string) (*root, error) {
	dir, err := openDir(path)
	if err != nil {
		return nil, err
	}
	return &root{path: path, dir: dir, fd: int(dir.Fd())}, nil
}

// openDir is [os.Open] for a directory, without the runtime's attempts to wait
// for it with its poller.
func openDir(path string) (*os.File, error) {
	fd := -1
	err := retry(func() (err error) {
		fd, err = unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

func (r *root) close() { r.dir.Close() }

func (r *root) fail(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: filepath.Join(r.path, name), Err: err}
}

func (r *root) mkdir(name string) error {
	return r.fail("mkdir", name, retry(func() error { return brief.Mkdir(r.fd, name, 0o777) }))
}

// An output is a new file.
type output struct {
	fd   int
	root *root
	name string
}

// create makes a file, which must not be there.
func (r *root) create(name string) (output, error) {
	fd := -1
	err := retry(func() (err error) {
		fd, err = brief.Create(r.fd, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o666)
		return err
	})
	return output{fd: fd, root: r, name: name}, r.fail("create", name, err)
}

func (o output) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		n, err := brief.Write(o.fd, p[done:])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return done, o.root.fail("write", o.name, err)
		}
		done += n
	}
	return done, nil
}

func (o output) Close() error { return o.root.fail("close", o.name, brief.Close(o.fd)) }

// read fills data with what a file begins with.
func (r *root) read(name string, data []byte) error {
	fd := -1
	err := retry(func() (err error) {
		fd, err = unix.Openat(r.fd, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return r.fail("open", name, err)
	}
	defer unix.Close(fd)
	for n := 0; len(data) > 0; data = data[n:] {
		err := retry(func() (err error) {
			n, err = unix.Read(fd, data)
			return err
		})
		if err == nil && n == 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return r.fail("read", name, err)
		}
	}
	return nil
}

// makeExecutable adds the execute bits, whatever the umask, as pip and uv do.
func (r *root) makeExecutable(name string) error {
	var stat unix.Stat_t
	err := unix.Fstatat(r.fd, name, &stat, unix.AT_SYMLINK_NOFOLLOW)
	if err == nil {
		err = unix.Fchmodat(r.fd, name, uint32(stat.Mode&0o777)|0o111, 0)
	}
	return r.fail("chmod", name, err)
}

func retry(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

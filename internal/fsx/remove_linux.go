package fsx

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

func removeName(path string) error { return os.Remove(path) }

// empty removes what is in a directory, by its descriptor.
func (r *remover) empty(path string) error {
	dir, err := opened(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	fd := int(dir.Fd())
	return entries(fd, path, func(name string, isDir bool) error {
		if isDir {
			return r.tree(path + "/" + name)
		}
		var stat unix.Stat_t
		if unix.Fstatat(fd, name, &stat, unix.AT_SYMLINK_NOFOLLOW) != nil {
			stat.Size, stat.Blocks = 0, 0
		}
		err := unix.Unlinkat(fd, name, 0)
		if (errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM)) && unix.Fchmod(fd, 0o700) == nil {
			err = unix.Unlinkat(fd, name, 0)
		}
		switch {
		case err == nil:
			r.Files++
			r.Bytes += stat.Size
			if stat.Nlink <= 1 {
				r.Freed += stat.Blocks * blockSize
			}
			return nil
		case errors.Is(err, unix.ENOENT):
			return nil
		}
		return &os.PathError{Op: "remove", Path: path + "/" + name, Err: err}
	})
}

package fsx

import (
	"io/fs"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// measureDir counts what is in one directory and names those below it.
func measureDir(path string, p *part, sub func(name string)) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	_ = entries(fd, path, func(name string, isDir bool) error {
		var st unix.Stat_t
		if unix.Fstatat(fd, name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil {
			return nil
		}
		p.add(stat{
			id:  fileID{uint64(st.Dev), st.Ino},
			dir: isDir, many: st.Nlink > 1, bytes: st.Size, disk: st.Blocks * 512,
		})
		if isDir {
			sub(strings.Clone(name))
		}
		return nil
	})
}

func statOf(info fs.FileInfo) stat {
	s := stat{dir: info.IsDir(), bytes: info.Size(), disk: info.Size()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		s.id = fileID{uint64(st.Dev), st.Ino}
		s.many, s.disk = st.Nlink > 1, st.Blocks*512
	}
	return s
}

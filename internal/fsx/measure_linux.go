package fsx

import (
	"io/fs"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// measureDir counts what is in one directory, and calls f with each file and
// directory.
func measureDir(path string, p *part, f func(name string, s stat, id Identity)) {
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
		s := stat{
			id:  fileID{uint64(st.Dev), st.Ino},
			dir: isDir, many: st.Nlink > 1, bytes: st.Size, disk: st.Blocks * 512,
		}
		p.add(s)
		if isDir {
			name = strings.Clone(name)
		}
		f(name, s, identityOfStat(&st))
		return nil
	})
}

// measureNamed counts directories in one that need not be read itself.
func measureNamed(path string, names []string, p *part) []dirToMeasure {
	out := make([]dirToMeasure, 0, len(names))
	for _, name := range names {
		var st unix.Stat_t
		name = path + "/" + name
		if unix.Fstatat(unix.AT_FDCWD, name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR {
			continue
		}
		p.add(stat{dir: true, disk: st.Blocks * 512})
		out = append(out, dirToMeasure{name, identityOfStat(&st), st.Blocks * 512})
	}
	return out
}

func statOf(info fs.FileInfo) stat {
	s := stat{dir: info.IsDir(), bytes: info.Size(), disk: info.Size()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		s.id = fileID{uint64(st.Dev), st.Ino}
		s.many, s.disk = st.Nlink > 1, st.Blocks*512
	}
	return s
}

//go:build !linux && !windows

package fsx

import (
	"io/fs"
	"syscall"
)

func statOf(info fs.FileInfo) stat {
	s := stat{dir: info.IsDir(), bytes: info.Size(), disk: info.Size()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		s.id = fileID{uint64(st.Dev), uint64(st.Ino)}
		s.many, s.disk = st.Nlink > 1, int64(st.Blocks)*512
	}
	return s
}

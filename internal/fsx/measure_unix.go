//go:build !linux && !windows

package fsx

import (
	"io/fs"
	"os"
	"syscall"
)

// measureDir counts what is in one directory and names those below it.
func measureDir(path string, p *part, sub func(name string)) {
	entries, _ := os.ReadDir(path)
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			continue
		}
		p.add(statOf(info))
		if info.IsDir() {
			sub(entry.Name())
		}
	}
}

func statOf(info fs.FileInfo) stat {
	s := stat{dir: info.IsDir(), bytes: info.Size(), disk: info.Size()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		s.id = fileID{uint64(st.Dev), uint64(st.Ino)}
		s.many, s.disk = st.Nlink > 1, int64(st.Blocks)*512
	}
	return s
}

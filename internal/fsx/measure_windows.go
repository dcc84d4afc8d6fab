package fsx

import (
	"io/fs"
	"os"
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

// statOf takes the size for the space: a directory entry does not tell more.
func statOf(info fs.FileInfo) stat {
	return stat{dir: info.IsDir(), bytes: info.Size(), disk: info.Size()}
}

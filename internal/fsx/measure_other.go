//go:build !linux

package fsx

import (
	"os"
	"path/filepath"
)

// measureDir counts what is in one directory, and calls f with each file and
// directory.
func measureDir(path string, p *part, f func(name string, s stat, id Identity)) {
	entries, _ := os.ReadDir(path)
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			continue
		}
		s := statOf(info)
		p.add(s)
		f(entry.Name(), s, IdentityOf(info))
	}
}

// measureNamed counts directories in one that need not be read itself.
func measureNamed(path string, names []string, p *part) []dirToMeasure {
	out := make([]dirToMeasure, 0, len(names))
	for _, name := range names {
		name = filepath.Join(path, name)
		info, err := os.Lstat(name)
		if err != nil || !info.IsDir() {
			continue
		}
		s := statOf(info)
		p.add(s)
		out = append(out, dirToMeasure{name, IdentityOf(info), s.disk})
	}
	return out
}

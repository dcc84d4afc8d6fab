//go:build !linux

package fsx

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// denied gives the owner of a directory the right to change it. It says
// whether trying again makes sense.
func denied(dir string, err error) bool {
	return errors.Is(err, fs.ErrPermission) && os.Chmod(dir, 0o700) == nil
}

// emptyByPath removes what is in a directory, for systems without directory
// descriptors.
func (r *remover) emptyByPath(path string) error {
	dir, err := opened(path)
	if err != nil {
		return err
	}
	entries, err := dir.ReadDir(-1)
	dir.Close()
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := filepath.Join(path, entry.Name())
		if entry.IsDir() {
			err = r.tree(name)
		} else {
			info, _ := entry.Info()
			if err = r.file(name, info); denied(path, err) {
				err = r.file(name, info)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

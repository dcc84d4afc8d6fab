package fsx

import (
	"errors"
	"io/fs"
	"os"
)

// A Removal counts what was removed.
type Removal struct {
	Files int64 // files and links, everything that is not a directory
	Dirs  int64
	Bytes int64 // sum of the sizes of the files
	// Freed is the space on the disk that is free now, as far as the system tells:
	// files that have other names elsewhere free none.
	Freed int64
}

// Add adds the counts of other.
func (r *Removal) Add(other Removal) {
	r.Files += other.Files
	r.Dirs += other.Dirs
	r.Bytes += other.Bytes
	r.Freed += other.Freed
}

// RemoveAll removes the file or directory at path with all that is in it, and
// counts. Links are removed, not followed. What is not there, or is removed by
// somebody else meanwhile, is no error. Directories that lack the permission
// get it. removed, if not nil, is called with the number of names gone since
// the last call, from time to time. On error the counts tell what was removed
// until then.
func RemoveAll(path string, removed func(n int)) (Removal, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Removal{}, nil
	}
	if err != nil {
		return Removal{}, err
	}
	r := remover{removed: removed}
	if info.IsDir() {
		err = r.tree(path)
	} else {
		err = r.file(path, info)
	}
	r.tell()
	return r.Removal, err
}

type remover struct {
	Removal
	removed func(n int)
	told    int64
}

// tell reports what is gone since the last time.
func (r *remover) tell() {
	if r.removed != nil && r.Files+r.Dirs > r.told {
		r.removed(int(r.Files + r.Dirs - r.told))
		r.told = r.Files + r.Dirs
	}
}

// file removes a file. Its info may be nil.
func (r *remover) file(path string, info fs.FileInfo) error {
	err := removeName(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		r.Files++
		if info != nil {
			r.Bytes += info.Size()
			r.Freed += freedBy(info)
		}
	}
	return err
}

// tree removes a directory. Somebody may put files into it meanwhile (a file
// manager, a virus scanner), so it is emptied more than once.
func (r *remover) tree(path string) error {
	var err error
	for range 3 {
		if err = r.empty(path); err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		err = removeName(path)
		if err == nil {
			r.Dirs++
			r.tell()
			return nil
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	return err
}

// opened opens a directory for reading, giving its owner the right if it
// lacks.
func opened(path string) (*os.File, error) {
	dir, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) && os.Chmod(path, 0o700) == nil {
		return os.Open(path)
	}
	return dir, err
}

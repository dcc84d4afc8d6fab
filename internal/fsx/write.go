package fsx

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile makes data the content of the file at path: whoever opens it sees
// the old content or the new, also when several processes write at once. A
// new file gets perm less the umask. The data is not forced to the disk: after
// a power cut the file may be empty, which is right for a cache whose readers
// check what they read. Use [ReplaceFile] for what belongs to the user.
func WriteFile(path string, data []byte, perm fs.FileMode) error {
	write := func() error { return replace(path, data, perm, false) }
	if perm&0o111 != 0 {
		return WriteProgram(write)
	}
	return write()
}

// ReplaceFile is [WriteFile] for a user's own file: the data is on the disk
// before the new file takes the place of the old one, a symbolic link keeps
// pointing where it did (its target is replaced), and permissions stay as they
// were. A file that does not exist yet gets 0666 less the umask.
func ReplaceFile(path string, data []byte) error {
	path, err := finalTarget(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return replace(path, data, 0o666, true)
	}
	if !info.Mode().IsRegular() {
		return &fs.PathError{Op: "replace", Path: path, Err: fmt.Errorf("not a regular file")}
	}
	return replaceLike(path, data, info)
}

func replace(path string, data []byte, perm fs.FileMode, sync bool) error {
	file, err := CreateTemp(filepath.Dir(path), perm)
	if err != nil {
		return err
	}
	return finish(file, path, data, sync)
}

// replaceLike keeps the permissions of the file described by info.
func replaceLike(path string, data []byte, info fs.FileInfo) error {
	file, err := CreateTemp(filepath.Dir(path), info.Mode().Perm())
	if err != nil {
		return err
	}
	if err := file.Chmod(info.Mode().Perm()); err != nil && !ignorableChmod(err) {
		file.Close()
		os.Remove(file.Name())
		return err
	}
	copyOwner(file, info)
	return finish(file, path, data, true)
}

// finish writes data to the temporary file and puts it in its place; on
// failure nothing is left behind.
func finish(file *os.File, path string, data []byte, sync bool) (err error) {
	defer func() {
		if err != nil {
			os.Remove(file.Name())
		}
	}()
	if _, err := file.Write(data); err != nil {
		file.Close()
		return err
	}
	if sync {
		if err := file.Sync(); err != nil {
			file.Close()
			return err
		}
	}
	if err := file.Close(); err != nil {
		return err
	}
	if err := Rename(file.Name(), path); err != nil {
		return err
	}
	if sync {
		return SyncDir(filepath.Dir(path))
	}
	return nil
}

// finalTarget follows symbolic links to the file that is meant, which need
// not exist.
func finalTarget(path string) (string, error) {
	for range 40 {
		target, err := os.Readlink(path)
		if err != nil {
			return path, nil // not a link, or not there: what follows will tell
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return "", &fs.PathError{Op: "readlink", Path: path, Err: fmt.Errorf("too many links")}
}

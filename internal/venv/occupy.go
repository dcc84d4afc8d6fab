package venv

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/python"
)

// occupy prepares the directory that an environment is built in, and holds a
// lock on it until it is released: of two processes that start at once, one
// fails.
func occupy(dir string, existing Existing) (*site, error) {
	if s, err := occupyNew(dir); s != nil || err != nil {
		return s, err
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist): // and yet it could not be made
		return nil, fmt.Errorf("a broken symlink is in the way: %w", &fs.PathError{Op: "mkdir", Path: dir, Err: fs.ErrExist})
	case err != nil:
		return nil, err
	case info.Mode().IsRegular():
		return nil, fmt.Errorf("file exists at `%s`", dir)
	case !info.IsDir():
		return nil, fmt.Errorf("object already exists at `%s`", dir)
	}
	return occupyOld(dir, existing)
}

// occupyNew makes the directory; it returns nil if there is something
// already.
func occupyNew(dir string) (*site, error) {
	err := os.Mkdir(dir, 0o777)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
			return nil, err
		}
		err = os.Mkdir(dir, 0o777)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return open(dir, true)
}

// open opens the directory and locks it.
func open(dir string, fresh bool) (*site, error) {
	tree, err := fsx.OpenTree(dir)
	if err != nil {
		return nil, err
	}
	s := &site{tree: tree, fresh: fresh}
	if s.lock, err = lockDir(dir); err != nil {
		_ = tree.Close()
		return nil, fmt.Errorf("`%s`: %w", dir, err)
	}
	return s, nil
}

// occupyOld takes over a directory that exists.
func occupyOld(dir string, existing Existing) (*site, error) {
	s, err := open(dir, false)
	if err != nil {
		return nil, err
	}
	if err := s.takeOver(dir, existing); err != nil {
		s.release()
		return nil, err
	}
	return s, nil
}

func (s *site) takeOver(dir string, existing Existing) error {
	if isEmpty(dir) {
		s.fresh = true
		return nil
	}
	isVenv := IsVenv(dir)
	switch {
	case existing == Allow:
		return nil
	case existing == Clear && !isVenv:
		return &NotVenvError{dir}
	case existing == Refuse && !(isVenv && unfinished(dir)):
		return &ExistsError{dir, isVenv}
	}
	if err := empty(dir); err != nil {
		return fmt.Errorf("removing what is in `%s`: %w", dir, err)
	}
	s.fresh = true
	return nil
}

func isEmpty(dir string) bool {
	f, err := os.Open(dir)
	if err != nil {
		return false
	}
	defer f.Close()
	names, _ := f.Readdirnames(1)
	return len(names) == 0
}

// empty removes what is in a directory, but not the directory: it may be a
// mount point, the target of a link, or where the caller stands. pyvenv.cfg
// goes last, so that what is left after a failure can be cleared again.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == "pyvenv.cfg" {
			continue
		}
		if _, err := fsx.RemoveAll(filepath.Join(dir, e.Name()), nil); err != nil {
			return err
		}
	}
	_, err = fsx.RemoveAll(filepath.Join(dir, "pyvenv.cfg"), nil)
	return err
}

// unfinished reports whether an environment was left by a Create that died:
// it is ours, has no interpreter, which is made last, and no packages.
func unfinished(dir string) bool {
	config, err := python.ReadConfig(filepath.Join(dir, "pyvenv.cfg"))
	if err != nil || !config.UV && config != (python.Config{SystemPackages: true}) {
		return false
	}
	for _, name := range []string{"python", "python3", "python.exe"} {
		if _, err := os.Lstat(filepath.Join(dir, binName, name)); err == nil {
			return false
		}
	}
	packages, _ := filepath.Glob(filepath.Join(dir, "[lL]ib", "python*", "site-packages", "*"))
	more, _ := filepath.Glob(filepath.Join(dir, "[lL]ib", "site-packages", "*"))
	for _, path := range append(packages, more...) {
		if base := filepath.Base(path); base != "_virtualenv.py" && base != "_virtualenv.pth" && base != "__pycache__" {
			return false
		}
	}
	return true
}

package watch

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/internal/workspace"
)

// A looking is one look at all files.
type looking struct {
	files   map[string]state
	dirs    []string
	leftOut map[string]bool // in the directories
}

// root looks at a path that was named, which counts whatever its name.
func (l *looking) root(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		l.dirs = append(l.dirs, filepath.Dir(path)) // where it may come to be
		return nil
	case !info.IsDir():
		l.dirs = append(l.dirs, filepath.Dir(path))
		l.note(path, info)
		return nil
	}
	return l.directory(path, workspace.IgnoreRulesIn(path), true)
}

// directory looks at all below a directory. What cannot be read is not there.
func (l *looking) directory(dir string, rules *workspace.IgnoreRules, top bool) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil //nolint:nilerr // it went away meanwhile, or is none of the user's
	}
	l.dirs = append(l.dirs, dir)
	rules = rules.Below(dir)
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if rules.Ignores(path, e.IsDir()) || e.IsDir() && isCache(path, e.Name(), top) {
			l.leftOut[path] = true
			continue
		}
		if e.IsDir() {
			if err := l.directory(path, rules, false); err != nil {
				return err
			}
			continue
		}
		if !isEditors(path) {
			l.file(path, e)
		}
		if len(l.files) > mostFiles {
			return ErrTooMany
		}
	}
	return nil
}

func (l *looking) file(path string, e fs.DirEntry) {
	info, err := e.Info()
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		info, err = os.Stat(path) // a link counts by what it leads to
	}
	if err == nil && info.Mode().IsRegular() {
		l.note(path, info)
	}
}

func (l *looking) note(path string, info fs.FileInfo) {
	l.files[path] = state{info.Size(), info.ModTime().UnixNano(), info.Mode()}
}

// isCache reports whether a directory has nothing that anybody edits.
func isCache(path, name string, top bool) bool {
	if workspace.IsByproduct(path, name, top) {
		return true
	}
	_, err := os.Lstat(filepath.Join(path, "CACHEDIR.TAG"))
	return err == nil
}

// isEditors reports whether a file is bytecode, or what an editor or this program
// writes beside the one that is meant.
func isEditors(path string) bool {
	name := filepath.Base(path)
	switch {
	case strings.HasSuffix(name, "~"), strings.HasPrefix(name, ".#"), strings.HasPrefix(name, "#") && strings.HasSuffix(name, "#"):
		return true
	case strings.HasPrefix(name, ".tmp-"): // what is written aside and renamed
		return true
	case name == "4913": // with which vim tests whether it may write
		return true
	case strings.HasPrefix(name, ".") && strings.Contains(name, ".sw"): // vim
		ext := filepath.Ext(name)
		return len(ext) == 4 && strings.HasPrefix(ext, ".sw")
	case strings.HasSuffix(name, ".pyc"), strings.HasSuffix(name, ".lock.tame"), name == ".DS_Store", strings.HasSuffix(name, "___jb_tmp___"), strings.HasSuffix(name, "___jb_old___"):
		return true
	}
	return false
}

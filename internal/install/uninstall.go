package install

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/packaging/dist"
)

// MissingRecordError tells that a distribution does not list its files.
type MissingRecordError struct {
	Name string
	File string // RECORD, or top_level.txt of an egg
}

// Error implements error.
func (e *MissingRecordError) Error() string {
	return fmt.Sprintf("cannot uninstall package; `%s` file not found at: %s", filepath.Base(e.File), e.File)
}

// Hints implements the interface of errors with advice.
func (e *MissingRecordError) Hints() []string {
	return []string{fmt.Sprintf("The package `%s` was installed by another program, which has to remove it", e.Name)}
}

// DistutilsError tells that a distribution was installed by distutils, which
// did not record what it installed.
type DistutilsError struct{ Name string }

// Error implements error.
func (e *DistutilsError) Error() string {
	return fmt.Sprintf("unable to uninstall `%s`: distutils-installed distributions do not include the metadata required to uninstall safely", e.Name)
}

// Uninstall removes a distribution with its files. What its RECORD names
// outside of the layout's directories is left, with a warning. It returns the
// number of files removed.
func Uninstall(l Layout, d *Installed, warn func(string)) (removed int64, err error) {
	if warn == nil {
		warn = func(string) {}
	}
	switch d.Kind {
	case EggInfoFile:
		return 0, &DistutilsError{d.String()}
	case EggInfoDir:
		removed, err = uninstallEgg(d, warn)
	case EggLink:
		removed, err = 1, uninstallLink(d)
	default:
		removed, err = uninstallDistInfo(&l, d, warn)
	}
	if err != nil {
		return removed, fmt.Errorf("failed to uninstall %s: %w", d, err)
	}
	return removed, nil
}

func uninstallDistInfo(l *Layout, d *Installed, warn func(string)) (int64, error) {
	// Nothing is changed unless the list of files can be read.
	entries, err := d.Record()
	if errors.Is(err, fs.ErrNotExist) {
		return 0, &MissingRecordError{string(d.Name), filepath.Join(d.Path, "RECORD")}
	}
	if err != nil {
		return 0, err
	}
	dir, name := filepath.Split(d.Path)
	hidden := filepath.Join(dir, hiddenPrefix+"remove-"+strings.TrimSuffix(name, ".dist-info"))
	if _, err := fsx.RemoveAll(hidden, nil); err != nil {
		return 0, err
	}
	if err := fsx.Rename(d.Path, hidden); err != nil {
		return 0, err
	}
	r := remover{layout: l, warn: func(path string) {
		warn(fmt.Sprintf("Invalid RECORD entry in %s that escapes the Python environment, skipping: %s", d, path))
	}}
	return r.hidden(hidden, name, entries)
}

// A remover removes the files that a RECORD lists.
type remover struct {
	layout *Layout
	keep   func(path string) bool // by clean absolute path; nil keeps none
	warn   func(path string)      // called once for a path outside of the layout
	warned bool
	tree   *fsx.Tree
	// touched are the directories in the tree that files were to be removed
	// from, by slash path.
	touched map[string]bool
	last    string
	modules []string // that lay in the tree itself, without .py
	files   int64
}

// hidden removes the files that the RECORD of a hidden directory lists, and then
// the directory. What the RECORD says of distInfo, the directory's own name when
// it was visible, is that directory's.
func (r *remover) hidden(dir, distInfo string, entries []dist.RecordEntry) (_ int64, err error) {
	root := filepath.Dir(dir)
	if r.tree, err = fsx.OpenTree(root); err != nil {
		return 0, err
	}
	defer r.tree.Close()
	r.touched = map[string]bool{}
	for _, e := range entries {
		if rest, own := strings.CutPrefix(e.Path, distInfo); own && strings.HasPrefix(rest, "/") {
			continue
		}
		if err := r.remove(e.Path); err != nil {
			return r.files, err
		}
	}
	if err := r.prune(); err != nil {
		return r.files, err
	}
	gone, err := fsx.RemoveAll(dir, nil)
	return r.files + gone.Files, err
}

// remove removes one file that a RECORD lists.
func (r *remover) remove(name string) error {
	plain := isPlain(name)
	path := ""
	if !plain || r.keep != nil {
		path = filepath.FromSlash(name)
		if !filepath.IsAbs(path) {
			path = r.tree.Join(path)
		}
		path = filepath.Clean(path)
	}
	switch {
	case !plain && (!r.layout.contains(path) || r.layout.isRoot(path)):
		if !r.warned && r.warn != nil {
			r.warn(name)
			r.warned = true
		}
		return nil
	case r.keep != nil && r.keep(path):
		return nil
	case plain:
		r.touch(name)
		if r.tree.Remove(name) == nil {
			r.files++
			return nil
		}
		path = r.tree.Join(name)
	default:
		if rel, err := filepath.Rel(r.tree.Path(), path); err == nil && filepath.IsLocal(rel) {
			r.touch(filepath.ToSlash(rel))
		}
	}
	return r.removeOdd(path)
}

// isPlain tells whether a name of a RECORD is a file below the directory that
// it is relative to, without looking further.
func isPlain(name string) bool {
	return name != "" && name[0] != '/' && !strings.Contains(name, "..") && !strings.Contains(name, "./") &&
		name != "." && !strings.ContainsAny(name, `\:`)
}

// touch notes the directory of a file. It is noted also if the file is gone: a
// process that was killed may have removed it, but not the directory.
func (r *remover) touch(name string) {
	i := strings.LastIndexByte(name, '/')
	if module, ok := strings.CutSuffix(name, ".py"); ok && i < 0 {
		r.modules = append(r.modules, module)
	}
	if i <= 0 || name[:i] == r.last {
		return
	}
	r.last = name[:i]
	r.touched[r.last] = true
}

// removeOdd removes what could not be removed as a file of the tree, because it
// lies elsewhere, is not there, or is a directory, which some wheels record.
func (r *remover) removeOdd(path string) error {
	if err := os.Remove(path); err != nil {
		info, statErr := os.Lstat(path)
		switch {
		case statErr != nil:
			return nil
		case !info.IsDir():
			return err
		}
		if _, err := fsx.RemoveAll(path, nil); err != nil {
			return err
		}
	}
	r.files++
	return nil
}

// isRoot tells whether a path is one of the layout's own directories, or holds
// one of them: a RECORD that names such a path names the whole environment.
func (l *Layout) isRoot(path string) bool {
	for _, root := range [...]string{l.Data, l.Purelib, l.Platlib, l.Scripts, l.Include} {
		if root != "" && below(path, filepath.Clean(root)) {
			return true
		}
	}
	return false
}

// prune removes the directories that files were removed from, as far as
// nothing is left in them but bytecode. The tree's own directory stays, but not
// the bytecode of what lay in it: Python would take it for that of the next file
// of the name if time and size are the same.
func (r *remover) prune() error {
	if err := r.pruneModules(); err != nil {
		return err
	}
	dirs := slices.Collect(maps.Keys(r.touched))
	// The deepest first, so that a directory is empty when its turn comes.
	slices.SortFunc(dirs, func(a, b string) int { return strings.Compare(b, a) })
	for _, dir := range dirs {
		for more := true; more && dir != "." && dir != "/"; dir = path.Dir(dir) {
			var err error
			if more, err = removeDir(r.tree.Join(dir)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *remover) pruneModules() error {
	if len(r.modules) == 0 {
		return nil
	}
	entries, err := os.ReadDir(r.tree.Join("__pycache__"))
	if err != nil {
		return nil // there is no bytecode
	}
	for _, e := range entries {
		module, rest, _ := strings.Cut(e.Name(), ".")
		if !strings.HasSuffix(rest, ".pyc") || !slices.Contains(r.modules, module) {
			continue
		}
		if err := os.Remove(r.tree.Join("__pycache__/" + e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	_ = syscall.Rmdir(r.tree.Join("__pycache__")) // if nothing else is in it
	return nil
}

// removeDir removes a directory that holds at most bytecode, and tells whether
// it is gone.
func removeDir(dir string) (bool, error) {
	err := syscall.Rmdir(dir)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return false, nil // a RECORD may say anything
	}
	if _, err := fsx.RemoveAll(filepath.Join(dir, "__pycache__"), nil); err != nil {
		return false, err
	}
	return syscall.Rmdir(dir) == nil, nil
}

// Repair removes what a process that was killed left behind in the site's
// directories: files of distributions that are not visible yet, or no more.
// Files that belong to a visible one stay. The environment's lock must be held.
func (s *Site) Repair(l Layout) error {
	if len(s.leftovers) == 0 {
		return nil
	}
	owned := map[string]bool{}
	for _, d := range s.dists {
		entries, err := d.Record()
		if err != nil {
			continue // it lists nothing that it could lose
		}
		dir := filepath.Dir(d.Path)
		for _, e := range entries {
			owned[filepath.Join(dir, filepath.FromSlash(e.Path))] = true
		}
	}
	for _, dir := range s.leftovers {
		if err := removeHidden(&l, dir, func(path string) bool { return owned[path] }); err != nil {
			return fmt.Errorf("cleaning up after an interrupted change: %w", err)
		}
	}
	s.leftovers = nil
	return nil
}

// removeHidden removes a hidden directory and the files that its RECORD lists,
// but for those to keep.
func removeHidden(l *Layout, dir string, keep func(string) bool) error {
	data, err := fsx.ReadFile(filepath.Join(dir, "RECORD"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// One that was cut off by a power failure still tells of some.
	entries, _ := dist.ParseRecord(data)
	r := remover{layout: l, keep: keep}
	name := filepath.Base(dir)
	name = strings.TrimPrefix(strings.TrimPrefix(name, hiddenPrefix+"install-"), hiddenPrefix+"remove-")
	_, err = r.hidden(dir, name+".dist-info", entries)
	return err
}

package install

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

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
	if _, err := d.Record(); errors.Is(err, fs.ErrNotExist) {
		return 0, &MissingRecordError{string(d.Name), filepath.Join(d.Path, "RECORD")}
	} else if err != nil {
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
	return r.hidden(hidden, name)
}

// A remover removes the files that a RECORD lists.
type remover struct {
	layout *Layout
	keep   func(path string) bool // by clean absolute path; nil keeps none
	warn   func(path string)      // called once for a path outside of the layout
	warned bool
	files  int64
}

// hidden removes the files that the RECORD of a hidden directory lists, and then
// the directory. What the RECORD says of distInfo, the directory's own name when
// it was visible, is that directory's.
func (r *remover) hidden(dir, distInfo string) (int64, error) {
	data, err := fsx.ReadFile(filepath.Join(dir, "RECORD"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	entries, err := dist.ParseRecord(data)
	if err != nil {
		// Cut off by a power failure: what it listed can no longer be told.
		entries = nil
	}
	root := filepath.Dir(dir)
	tree, err := fsx.OpenTree(root)
	if err != nil {
		return 0, err
	}
	defer tree.Close()
	touched := map[string]bool{}
	for _, e := range entries {
		if distInfo == "" || !strings.HasPrefix(e.Path, distInfo+"/") {
			if err := r.remove(tree, e.Path, touched); err != nil {
				return r.files, err
			}
		}
	}
	if err := prune(root, touched); err != nil {
		return r.files, err
	}
	gone, err := fsx.RemoveAll(dir, nil)
	return r.files + gone.Files, err
}

// remove removes one file that a RECORD lists.
func (r *remover) remove(tree *fsx.Tree, name string, touched map[string]bool) error {
	path := filepath.Join(tree.Path(), filepath.FromSlash(name))
	if filepath.IsAbs(filepath.FromSlash(name)) {
		path = filepath.Clean(filepath.FromSlash(name))
	}
	if !r.layout.contains(path) || r.layout.isRoot(path) {
		if !r.warned && r.warn != nil {
			r.warn(name)
			r.warned = true
		}
		return nil
	}
	if r.keep != nil && r.keep(path) {
		return nil
	}
	// Also if the file is gone already: a process that was killed may have
	// removed it, but not the directory.
	touched[filepath.Dir(path)] = true
	if err := os.Remove(path); err != nil {
		// It is not there, or its directory is none, or it is one itself: some
		// wheels record directories.
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

// prune removes the directories below root that files were removed from, as
// far as nothing is left in them but bytecode.
func prune(root string, touched map[string]bool) error {
	dirs := make([]string, 0, len(touched))
	for dir := range touched {
		if dir != root && below(root, dir) {
			dirs = append(dirs, dir)
		}
	}
	// The deepest first, so that a directory is empty when its turn comes.
	slices.SortFunc(dirs, func(a, b string) int { return strings.Compare(b, a) })
	for _, dir := range dirs {
		for ; dir != root; dir = filepath.Dir(dir) {
			info, err := os.Lstat(dir)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil || !info.IsDir() {
				break // a RECORD may say anything
			}
			if _, err := fsx.RemoveAll(filepath.Join(dir, "__pycache__"), nil); err != nil {
				return err
			}
			if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
				break // not empty
			}
		}
	}
	return nil
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
	r := remover{layout: l, keep: keep}
	name := filepath.Base(dir)
	name = strings.TrimPrefix(strings.TrimPrefix(name, hiddenPrefix+"install-"), hiddenPrefix+"remove-")
	_, err := r.hidden(dir, name+".dist-info")
	return err
}

package bundle

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A file is one in the root of a bundle, a directory or a symbolic link.
type file struct {
	path string // with slashes
	mode fs.FileMode
	size int64
	link string // what a symbolic link says
}

// Permissions that files have: they must not depend on the machine.
const (
	plainMode      fs.FileMode = 0o644
	executableMode fs.FileMode = 0o755
)

// list is all that is in a root, sorted by path, directories before what is in
// them.
func list(root string) ([]file, error) {
	var out []file
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == root {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		f := file{path: filepath.ToSlash(rel), mode: plainMode, size: info.Size()}
		switch {
		case d.IsDir():
			f.mode, f.size = fs.ModeDir|executableMode, 0
		case d.Type() == fs.ModeSymlink:
			f.mode, f.size = fs.ModeSymlink|0o777, 0
			f.link, err = os.Readlink(name)
		case !d.Type().IsRegular():
			err = fmt.Errorf("%s is neither a file nor a directory", name)
		case info.Mode()&0o111 != 0:
			f.mode = executableMode
		}
		out = append(out, f)
		return err
	})
	slices.SortFunc(out, func(a, b file) int { return cmp.Compare(a.path, b.path) })
	return out, err
}

// key names the content of a root: 16 hexadecimal digits.
func key(root string, files []file) (string, error) {
	sum := sha256.New()
	for _, f := range files {
		if f.mode.IsDir() {
			continue
		}
		fmt.Fprintf(sum, "%s\x00%o\x00%s\x00%d\x00", f.path, f.mode.Perm(), f.link, f.size)
		if f.mode.IsRegular() {
			if err := copyFile(sum, filepath.Join(root, filepath.FromSlash(f.path)), f.size); err != nil {
				return "", err
			}
		}
	}
	return hex.EncodeToString(sum.Sum(nil))[:16], nil
}

// copyFile writes the content of a file, of which the size is known already.
func copyFile(to io.Writer, name string, size int64) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	n, err := io.Copy(to, f)
	if err == nil && n != size {
		err = fmt.Errorf("%s changed while it was read", name)
	}
	return err
}

// Finish writes the launchers and the manifest into the root.
func (s *Spec) Finish(root string) error {
	bin := filepath.Join(root, binDir)
	if err := os.MkdirAll(bin, 0o777); err != nil {
		return err
	}
	for _, e := range s.Entries {
		if err := e.check(); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(bin, e.Name), []byte(s.launcher(e)), 0o777); err != nil {
			return err
		}
	}
	text, err := s.manifest()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, ManifestName), text, 0o666)
}

// Settle gives everything in a root the permissions that it has in archives and,
// if a time is given, that time. The files must not be links into a cache.
//
// Without a time files keep that of their making: programs that copy by size and
// time, and Python's bytecode, tell old files from new ones by it.
func Settle(root string, at time.Time) error {
	files, err := list(root)
	if err != nil {
		return err
	}
	slices.Reverse(files) // directories change when what is in them does
	for _, f := range append(files, file{mode: fs.ModeDir | executableMode}) {
		name := filepath.Join(root, filepath.FromSlash(f.path))
		if f.mode&fs.ModeSymlink != 0 {
			continue
		}
		if err := os.Chmod(name, f.mode.Perm()); err != nil {
			return err
		}
		if !at.IsZero() {
			if err := os.Chtimes(name, at, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// runsFromArchive reports whether Python can import all of a root's packages
// from within a zip archive: modules, and nothing that somebody may want to open
// by its name.
func runsFromArchive(files []file) bool {
	return !slices.ContainsFunc(files, func(f file) bool {
		rest, ok := strings.CutPrefix(f.path, libDir+"/")
		if !ok {
			return strings.HasPrefix(f.path, AppDir+"/")
		}
		top, _, _ := strings.Cut(rest, "/")
		switch {
		case f.mode.IsDir(), strings.HasSuffix(top, ".dist-info"), path.Base(rest) == "py.typed":
			return false
		case f.mode&fs.ModeSymlink != 0, rest == "__main__.py":
			return true
		}
		ext := path.Ext(rest)
		return ext != ".py" && ext != ".pyi" && ext != ".pyc"
	})
}

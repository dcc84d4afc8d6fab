package fetch

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/workspace"
)

// A treeState is what is in a directory that a user works in. Its files count
// by content, the large ones by size and times.
type treeState struct {
	digest string
	files  map[string]string // slash path to what the file is
}

// largeFile is from which size on a file is not read.
const largeFile = 4 << 20

// readTreeState reads a directory. What tools put there beside the source is
// passed over: environments, caches, repositories, what builds leave, and a lock
// where no wheel can depend on it.
func readTreeState(root string) (*treeState, error) {
	s := &treeState{files: map[string]string{}}
	aside := sync.OnceValue(func() bool { return ignoresOurs(root) })
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			if path == root {
				return err
			}
			return nil // what cannot be read cannot be built either
		}
		if path == root {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if e.IsDir() {
			if workspace.IsByproduct(path, e.Name(), !strings.Contains(rel, "/")) {
				return filepath.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(e.Name(), ".pyc") || strings.HasSuffix(e.Name(), ".lock.tame") { // the journal of an edit
			return nil
		}
		if isOurs(rel) && aside() {
			return nil
		}
		if text, ok := fileState(path, e); ok {
			s.files[rel] = text
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("failed to read the source tree %s: %w", root, err)
	}
	s.sum()
	return s, nil
}

// TreeDigest stands for all that is in the directory of a project, as far as it
// may be built from.
func TreeDigest(dir string) (string, error) {
	s, err := readTreeState(dir)
	if err != nil {
		return "", err
	}
	return s.digest, nil
}

func (s *treeState) sum() {
	names := make([]string, 0, len(s.files))
	for name := range s.files {
		names = append(names, name)
	}
	slices.Sort(names)
	h := sha256.New()
	for _, name := range names {
		fmt.Fprintf(h, "%q %s\n", name, s.files[name])
	}
	s.digest = hex.EncodeToString(h.Sum(nil))
}

// fileState is what a file is; false means that it does not count.
func fileState(path string, e fs.DirEntry) (string, bool) {
	if e.Type()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(path)
		if err != nil {
			return "", false
		}
		// A link to a file counts by what that is.
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			return "link " + target, true
		}
		return "link " + target + " " + contentState(path, info), true
	}
	info, err := e.Info()
	if err != nil || !info.Mode().IsRegular() {
		return "", false
	}
	return contentState(path, info), true
}

func contentState(path string, info fs.FileInfo) string {
	executable := info.Mode()&0o111 != 0
	if info.Size() >= largeFile {
		id := fsx.IdentityOf(info)
		return fmt.Sprintf("large %d %d %d %t", id.Size, id.Mtime, id.Ctime, executable)
	}
	in, err := os.Open(path)
	if err != nil {
		return "unreadable"
	}
	defer in.Close()
	h := sha256.New()
	if _, err := io.Copy(h, in); err != nil {
		return "unreadable"
	}
	return fmt.Sprintf("%x %t", h.Sum(nil), executable)
}

// extends reports whether a state has all files of another one as they are
// there: a build has added files, but nobody has changed one.
func (s *treeState) extends(other *treeState) bool {
	for name, text := range other.files {
		if s.files[name] != text {
			return false
		}
	}
	return true
}

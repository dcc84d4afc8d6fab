package task

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"

	"github.com/bmatcuk/doublestar/v4"
)

// A FileDigest is a file that a pattern of a task matches, with the digest of its
// content.
type FileDigest struct {
	Path   string // with slashes, relative to where the task runs
	Digest string
}

// Digests are the files that patterns match, or that are in directories they
// match. complete is false if a pattern matches nothing.
func Digests(ctx context.Context, fsys fs.FS, patterns []string) (out []FileDigest, complete bool, err error) {
	complete = true
	seen := map[string]bool{}
	for _, pattern := range patterns {
		found, err := doublestar.Glob(fsys, path.Clean(filepath.ToSlash(pattern)))
		if err != nil {
			return nil, false, fmt.Errorf("`%s`: %w", pattern, err)
		}
		complete = complete && len(found) > 0
		for _, name := range found {
			err := fs.WalkDir(fsys, name, func(file string, e fs.DirEntry, err error) error {
				switch {
				case err != nil:
					return err
				case ctx.Err() != nil:
					return ctx.Err()
				case e.IsDir() && file != name && slices.Contains([]string{".git", ".venv", "__pycache__"}, e.Name()):
					return fs.SkipDir
				case e.IsDir() || seen[file]:
					return nil
				}
				seen[file] = true
				d, err := digest(fsys, file)
				out = append(out, FileDigest{Path: file, Digest: d})
				return err
			})
			if err != nil {
				return nil, false, err
			}
		}
	}
	return out, complete, nil
}

func digest(fsys fs.FS, name string) (string, error) {
	f, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil // a link to nothing
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

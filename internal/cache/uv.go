package cache

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/packaging/pyname"
)

// uvArchives is where uv keeps unpacked wheels, whose files it never changes.
const uvArchives = "archive-v0"

// uvFormat is the version of the format of one of uv's own buckets, as of the
// uv whose behaviour is followed. What is older is garbage to that uv too.
func uvFormat(bucket string) (int, bool) {
	switch bucket {
	case "simple":
		return 24, true
	case "sdists":
		return 9, true
	case "wheels":
		return 6, true
	case "flat-index", "interpreter":
		return 4, true
	case "environments":
		return 2, true
	}
	return 0, false
}

// isStaleOfUV tells whether a name at the root of the cache is that of a bucket
// of an older uv.
func isStaleOfUV(name string) bool {
	bucket, version, ok := cutLast(name, "-v")
	n, err := strconv.Atoi(version)
	if !ok || err != nil {
		return false
	}
	format, known := uvFormat(bucket)
	return known && n < format
}

func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// packageOfUV removes what uv has put into the cache for a package, so that
// either program fetches it anew, with the archives that only it led to.
func (x *Cleaner) packageOfUV(total *fsx.Removal, name pyname.Package) error {
	var archives []string
	for _, shard := range x.shardsOfUV() {
		entries, err := os.ReadDir(shard)
		if err != nil {
			continue // it is no directory, or just gone
		}
		for _, e := range entries {
			if rest, ok := strings.CutPrefix(e.Name(), string(name)); !ok || rest != "" && rest[0] != '.' {
				continue
			}
			path := filepath.Join(shard, e.Name())
			archives = append(archives, x.archivesOfUV(path)...)
			if err := x.remove(total, path); err != nil {
				return err
			}
		}
	}
	if len(archives) == 0 {
		return nil
	}
	needed := map[string]bool{}
	for _, shard := range x.shardsOfUV() {
		for _, path := range x.archivesOfUV(shard) {
			needed[path] = true
		}
	}
	for _, path := range archives {
		if !needed[path] {
			if err := x.remove(total, path); err != nil {
				return err
			}
		}
	}
	return nil
}

// shardsOfUV are the directories in which uv has pages, wheels and source
// distributions, an entry a package.
func (x *Cleaner) shardsOfUV() []string {
	var out []string
	for _, bucket := range []string{"simple", "wheels", "sdists"} {
		for _, shard := range []string{"pypi", "index/*", "url/*", "path/*", "editable/*", "git/*/*"} {
			// The pattern is a good one, which is all that could be wrong.
			found, _ := filepath.Glob(filepath.Join(x.cache.root, bucket+"-v*", filepath.FromSlash(shard)))
			out = append(out, found...)
		}
	}
	return out
}

// archivesOfUV are the directories in uv's archives that links below a directory
// lead to.
func (x *Cleaner) archivesOfUV(dir string) []string {
	root, err := filepath.EvalSymlinks(x.cache.root)
	if err != nil {
		return nil
	}
	var out []string
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink == 0 {
			return nil // what cannot be read leads nowhere
		}
		target, err := filepath.EvalSymlinks(path)
		if err != nil {
			return nil
		}
		rel, err := filepath.Rel(root, target)
		if bucket, id := filepath.Split(rel); err == nil && id != "" && strings.HasPrefix(bucket, "archive-v") && strings.Count(filepath.ToSlash(rel), "/") == 1 {
			out = append(out, target)
		}
		return nil
	})
	return out
}

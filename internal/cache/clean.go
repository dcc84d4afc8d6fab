package cache

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/packaging/pyname"
)

// CleanOptions is how to take a cache for oneself.
type CleanOptions struct {
	// Force goes on without waiting for those who use the cache (--force).
	Force bool
	// LockTimeout bounds the wait; 0 means [fsx.DefaultLockTimeout].
	LockTimeout time.Duration
	// Waiting, when not nil, is called once before the wait. uv says then:
	// "Cache is currently in-use, waiting for other uv processes to finish
	// (use `--force` to override)".
	Waiting func()
	// Removed, when not nil, is called with the number of files and
	// directories gone since the last call.
	Removed func(n int)
}

// A Cleaner is a cache directory that nobody else uses. It is not safe for
// concurrent use.
type Cleaner struct {
	cache *Cache
	opts  CleanOptions
	alone bool // false when others were overridden
}

// Clean takes the cache at dir, which no process may have open, to remove
// from it. The error matches [fs.ErrNotExist] when there is none.
func Clean(ctx context.Context, dir string, opts CleanOptions) (*Cleaner, error) {
	root, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(root); err != nil {
		return nil, err
	}
	x := &Cleaner{cache: &Cache{root: root, boot: bootID}, opts: opts, alone: true}
	path := filepath.Join(root, lockName)
	lock, err := fsx.TryAcquire(path, fsx.Exclusive)
	if errors.Is(err, fsx.ErrLocked) && !opts.Force {
		lock, err = fsx.Acquire(ctx, path, fsx.Exclusive, fsx.LockOptions{Timeout: opts.LockTimeout, Waiting: opts.Waiting})
	}
	switch {
	case err == nil:
	case opts.Force || errors.Is(err, errors.ErrUnsupported):
		x.alone = false
	default:
		return nil, err
	}
	x.cache.lock = lock
	return x, nil
}

// Close gives the cache back.
func (x *Cleaner) Close() error { return x.cache.Close() }

// Root returns the absolute path of the cache directory.
func (x *Cleaner) Root() string { return x.cache.root }

// A NotCacheError says that a directory does not look like a cache, so that
// it was not removed as a whole.
type NotCacheError struct{ Dir string }

func (e *NotCacheError) Error() string {
	return fmt.Sprintf("`%s` is not a cache directory: it has no %s", e.Dir, tagName)
}

// Hints tells what to do if it is one.
func (e *NotCacheError) Hints() []string {
	return []string{"remove the directory by hand if nothing else is in it"}
}

// All removes the cache directory with all that is in it, also what uv has
// put there: it is uv's cache as well, and `uv cache clean` does the same. A
// directory that was not marked as a cache is left alone ([*NotCacheError]),
// unless there is nothing in it but ours.
func (x *Cleaner) All() (fsx.Removal, error) {
	var total fsx.Removal
	names, err := x.names("")
	if err != nil {
		return total, err
	}
	if !slices.Contains(names, tagName) && slices.ContainsFunc(names, func(n string) bool { return n != lockName && n != ".gitignore" && !isOurs(n) }) {
		return total, &NotCacheError{Dir: x.cache.root}
	}
	// The tag goes late: a clean that was interrupted can be done again.
	for _, name := range names {
		if name != lockName && name != tagName {
			if err := x.remove(&total, filepath.Join(x.cache.root, name)); err != nil {
				return total, err
			}
		}
	}
	if err := x.remove(&total, filepath.Join(x.cache.root, tagName)); err != nil {
		return total, err
	}
	return total, x.removeRoot(&total)
}

// removeRoot removes the lock and the directory. Whoever waits for the lock
// meanwhile notices that the file is gone.
func (x *Cleaner) removeRoot(total *fsx.Removal) error {
	path := filepath.Join(x.cache.root, lockName)
	err := os.Remove(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		// Windows does not remove what is open.
		if err := x.Close(); err != nil {
			return err
		}
		err = os.Remove(path)
	}
	switch {
	case err == nil:
		total.Files++
	case !errors.Is(err, fs.ErrNotExist) && x.alone:
		return err
	}
	if err := os.Remove(x.cache.root); err == nil {
		total.Dirs++
	}
	return nil // not empty: somebody has begun to fill it again
}

// names returns what is in a directory of the cache, sorted.
func (x *Cleaner) names(bucket Bucket) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(x.cache.root, string(bucket)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names, nil
}

func (x *Cleaner) remove(total *fsx.Removal, path string) error {
	r, err := fsx.RemoveAll(path, x.opts.Removed)
	total.Add(r)
	return err
}

// onePackage removes what the cache has of a package, but for archives: pages
// of indexes, metadata, wheels, source distributions.
func (x *Cleaner) onePackage(name pyname.Package) (fsx.Removal, error) {
	var total fsx.Removal
	segment := Segment(name)
	for _, bucket := range []Bucket{Wheels, Metadata, Sources} {
		if err := x.removeNamed(&total, string(bucket), segment); err != nil {
			return total, err
		}
	}
	indexes, err := x.names(Pages)
	if err != nil {
		return total, err
	}
	for _, index := range indexes {
		if err := x.removeNamed(&total, filepath.Join(string(Pages), index), segment); err != nil {
			return total, err
		}
	}
	return total, nil
}

// removeNamed removes what is called segment in a directory, with or without
// an extension.
func (x *Cleaner) removeNamed(total *fsx.Removal, dir, segment string) error {
	names, err := x.names(Bucket(dir))
	if err != nil {
		return err
	}
	for _, name := range names {
		if rest, ok := strings.CutPrefix(name, segment); ok && (rest == "" || rest[0] == '.') {
			if err := x.remove(total, filepath.Join(x.cache.root, dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Packages removes what the cache has of some packages, and the archives that
// only they led to, also what uv has put there. each, if not nil, is called
// after each package with what was removed until then.
func (x *Cleaner) Packages(names []pyname.Package, each func(name pyname.Package, total fsx.Removal)) (fsx.Removal, error) {
	before, err := x.references(nil)
	if err != nil {
		return fsx.Removal{}, err
	}
	var total fsx.Removal
	for _, name := range names {
		r, err := x.onePackage(name)
		total.Add(r)
		if err != nil {
			return total, err
		}
		if err := x.packageOfUV(&total, name); err != nil {
			return total, err
		}
		if each != nil {
			each(name, total)
		}
	}
	after, err := x.references(nil)
	if err != nil {
		return total, err
	}
	for _, id := range sorted(before) {
		if !after[id] {
			if err := x.remove(&total, x.cache.archiveDir(id)); err != nil {
				return total, err
			}
		}
	}
	return total, nil
}

func sorted(ids map[ArchiveID]bool) []ArchiveID {
	out := make([]ArchiveID, 0, len(ids))
	for id := range ids {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

// references returns the archives that entries lead to. drop, if not nil, is
// called for each entry, with nil for one that cannot be read, and says
// whether to remove it, in which case it does not count.
func (x *Cleaner) references(drop func(path string, w *Wheel) (bool, error)) (map[ArchiveID]bool, error) {
	found := map[ArchiveID]bool{}
	packages, err := x.names(Wheels)
	if err != nil {
		return nil, err
	}
	for _, name := range packages {
		keys, err := x.names(Bucket(filepath.Join(string(Wheels), name)))
		if err != nil {
			return nil, err
		}
		for _, key := range keys {
			path := x.cache.Path(Wheels, name, key)
			w, err := readWheel(path)
			if err != nil {
				w = nil
			}
			if drop != nil {
				if gone, err := drop(path, w); err != nil || gone {
					if err != nil {
						return nil, err
					}
					continue
				}
			}
			if w != nil {
				found[w.Archive] = true
			}
		}
	}
	return found, nil
}

// Prune removes what nobody needs: buckets of other versions of tame,
// environments, beginnings of downloads, archives that no entry leads to,
// bytecode that was not used for a month, what killed processes left behind; of what uv has put there only the buckets of
// older formats, which uv removes as well. With ci it also removes all wheels
// that can be downloaded again, and keeps those that were built here: what is
// worth keeping between runs of a CI.
func (x *Cleaner) Prune(ci bool) (fsx.Removal, error) {
	var total fsx.Removal
	if err := x.pruneBuckets(&total); err != nil {
		return total, err
	}
	emptied := []Bucket{Sizes, Sites, Locks, Environments, Partials, Tasks}
	if x.alone {
		emptied = append(emptied, Temporaries, Builds)
	}
	for _, bucket := range emptied {
		names, err := x.names(bucket)
		if err != nil {
			return total, err
		}
		for _, name := range names {
			if err := x.remove(&total, x.cache.Path(bucket, name)); err != nil {
				return total, err
			}
		}
	}
	return total, x.pruneArchives(&total, ci)
}

// pruneBuckets removes the buckets of versions that are gone.
func (x *Cleaner) pruneBuckets(total *fsx.Removal) error {
	names, err := x.names("")
	if err != nil {
		return err
	}
	for _, name := range names {
		if isOurs(name) && !slices.Contains(Buckets(), Bucket(name)) || isStaleOfUV(name) {
			if err := x.remove(total, filepath.Join(x.cache.root, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (x *Cleaner) pruneArchives(total *fsx.Removal, ci bool) error {
	needed, err := x.references(func(path string, w *Wheel) (bool, error) {
		if w != nil && (w.Built || !ci) {
			return false, nil
		}
		return true, x.remove(total, path)
	})
	if err != nil {
		return err
	}
	packages, err := x.names(Wheels)
	if err != nil {
		return err
	}
	for _, name := range packages {
		if os.Remove(x.cache.Path(Wheels, name)) == nil { // empty
			total.Dirs++
		}
	}
	names, err := x.names(Archives)
	if err != nil {
		return err
	}
	now := time.Now()
	for _, name := range names {
		if needed[ArchiveID(name)] {
			err = x.pruneBytecode(total, name, now)
		} else {
			err = x.remove(total, x.cache.Path(Archives, name))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

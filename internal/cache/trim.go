package cache

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tame-py/tame/internal/fsx"
)

// Limits is what a cache is trimmed to. The zero value keeps everything.
type Limits struct {
	// Bytes is how much space what is ours may take on the disk; 0 is no limit.
	Bytes int64
	// Down is how far to go below once Bytes is exceeded, so that the next
	// command does not exceed it again; 0 means Bytes.
	Down int64
	// Since: what was not used since is removed, whatever the space; the zero
	// time is no limit.
	Since time.Time
}

// An item is what is removed as a whole, or not at all.
type item struct {
	paths []string // in the order in which they go
	used  time.Time
	size  int64 // on the disk
}

// Trim removes what was not used for longest until the limits hold: archives
// with the entries that lead to them, environments, git repositories with their
// check-outs, pages, metadata and the rest of what is ours. Of small files,
// whose reading nobody notes, the time counts at which they were written or
// confirmed by the server. What uv has put there is neither counted nor removed.
// held is what the rest takes.
func (x *Cleaner) Trim(l Limits) (removed fsx.Removal, held int64, err error) {
	items, err := x.items()
	if err != nil {
		return removed, 0, err
	}
	for _, i := range items {
		held += i.size
	}
	goal := held
	if l.Bytes > 0 && held > l.Bytes {
		goal = cmp.Or(l.Down, l.Bytes)
	}
	slices.SortStableFunc(items, func(a, b item) int { return a.used.Compare(b.used) })
	for _, i := range items {
		if held <= goal && !i.used.Before(l.Since) {
			break
		}
		for _, path := range i.paths {
			if err := x.remove(&removed, path); err != nil {
				return removed, held, err
			}
		}
		held -= i.size
	}
	return removed, held, nil
}

// items are all that can be trimmed.
func (x *Cleaner) items() ([]item, error) {
	items, err := x.archiveItems()
	if err != nil {
		return nil, err
	}
	items = append(items, x.environmentItems()...)
	items = append(items, x.gitItems()...)
	for _, bucket := range []Bucket{Pages, Metadata, Sources} {
		for _, dir := range x.list(bucket) {
			items = append(items, x.fileItems(dir)...)
		}
	}
	buckets := []Bucket{Responses, Pythons, Partials}
	if x.alone {
		buckets = append(buckets, Temporaries)
	}
	for _, bucket := range buckets {
		items = append(items, x.fileItems(x.cache.Path(bucket))...)
	}
	return items, nil
}

// list returns the paths of what is in a directory of the cache; what cannot
// be read is as good as absent.
func (x *Cleaner) list(bucket Bucket, parts ...string) []string {
	dir := x.cache.Path(bucket, parts...)
	entries, _ := os.ReadDir(dir)
	paths := make([]string, len(entries))
	for i, e := range entries {
		paths[i] = filepath.Join(dir, e.Name())
	}
	return paths
}

// archiveItems are the archives. Entries go first: an archive that is partly
// gone must not be found. One that no entry leads to was never used.
func (x *Cleaner) archiveItems() ([]item, error) {
	entries := map[ArchiveID][]string{}
	_, err := x.references(func(path string, w *Wheel) (bool, error) {
		if w != nil {
			entries[w.Archive] = append(entries[w.Archive], path)
		}
		return false, nil
	})
	if err != nil {
		return nil, err
	}
	var items []item
	for _, dir := range x.list(Archives) {
		found := entries[ArchiveID(filepath.Base(dir))]
		i := item{paths: append(slices.Clip(found), dir)}
		a, err := openArchive(dir)
		if err != nil {
			i.size = fsx.Measure(dir).Disk
		} else {
			i.size = a.Manifest.disk() + bytecodeDisk(dir) + block*int64(len(found))
		}
		if err == nil && len(found) > 0 {
			i.used = a.lastUse()
		}
		items = append(items, i)
	}
	return items, nil
}

// block is the unit in which filesystems give out space.
const block = 4096

// disk returns about what the files take on the disk, without looking at them.
func (m *Manifest) disk() int64 {
	sum := int64(len(m.dirs)+2)*block + roundUp(int64(m.rows.Size()))
	for _, f := range m.files {
		sum += roundUp(f.Size)
	}
	return sum
}

func roundUp(n int64) int64 { return (n + block - 1) &^ (block - 1) }

// environmentItems are the environments. Files that they share with archives
// or with others take no space.
func (x *Cleaner) environmentItems() []item {
	var items []item
	for _, path := range x.list(Environments) {
		usage := fsx.Measure(path)
		if usage.Dirs > 0 { // beside them are locks, which take none
			items = append(items, item{paths: []string{path}, used: modified(path), size: usage.Disk - usage.Shared})
		}
	}
	return items
}

// gitItems are repositories, each with its check-outs, which have their objects
// from it.
func (x *Cleaner) gitItems() []item {
	var items []item
	for _, db := range x.list(Git, "db") {
		key := filepath.Base(db)
		checkouts := x.cache.Path(Git, "checkouts", key)
		i := item{paths: []string{checkouts, db}, used: modified(append(x.list(Git, "checkouts", key), db, filepath.Join(db, "FETCH_HEAD"))...)}
		for _, path := range i.paths {
			i.size += fsx.Measure(path).Disk
		}
		items = append(items, i)
	}
	return items
}

// fileItems are the files and directories in a directory, each for itself.
func (x *Cleaner) fileItems(dir string) []item {
	entries, _ := os.ReadDir(dir)
	items := make([]item, 0, len(entries))
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue
		}
		path := filepath.Join(dir, e.Name())
		i := item{paths: []string{path}, used: info.ModTime(), size: roundUp(info.Size())}
		if e.IsDir() {
			i.size = fsx.Measure(path).Disk
		}
		items = append(items, i)
	}
	return items
}

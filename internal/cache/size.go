package cache

import (
	"cmp"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tame-py/tame/internal/fsx"
)

// A sizeRow is what was found in one directory of an archive.
type sizeRow struct {
	ID                       fsx.Identity
	Files, Bytes, Disk       int64
	FirstInode, Inodes       uint32
	FirstSubdir, SubdirCount uint32
}

func sizesSchema() Schema { return Schema{Kind: [4]byte{'s', 'i', 'z', 'e'}, Version: 1} }

// Size returns the space that the cache at dir takes on the disk in bytes, 0
// when there is none. What it finds in archives, whose files are never changed,
// it remembers by the identities of their directories as of now.
func Size(dir string, now time.Time) int64 {
	if runtime.GOOS == "windows" { // where no time tells that a directory has changed
		return fsx.Measure(dir).Disk
	}
	dir = filepath.Clean(dir)
	s := newSizes(dir, now)
	usage := fsx.MeasureKnown(dir, &fsx.Known{Skip: s.skip, Steady: s.steady, Find: s.find, Seen: s.see})
	s.keep()
	return usage.Disk
}

// sizes is what was remembered, and what is found now.
type sizes struct {
	path, bucket string
	archives     []string  // where the files of directories are never changed in place
	began        time.Time // directories that were not settled then are not remembered
	rows         *Rows
	dirs         []sizeRow // sorted by inode
	inodes       []uint64
	names        []Ref

	mu    sync.Mutex
	seen  []fsx.KnownDir
	fresh int
}

func newSizes(dir string, now time.Time) *sizes {
	s := &sizes{
		bucket: filepath.Join(dir, string(Sizes)),
		began:  now,
	}
	for _, name := range []string{string(Archives), uvArchives} {
		s.archives = append(s.archives, filepath.Join(dir, name)+string(filepath.Separator))
	}
	s.path = filepath.Join(s.bucket, "directories")
	rows, err := ReadRows(s.path, sizesSchema())
	if err != nil {
		return s
	}
	s.rows, s.dirs, s.inodes, s.names = rows, RowsOf[sizeRow](rows, 0), RowsOf[uint64](rows, 1), RowsOf[Ref](rows, 2)
	return s
}

func (s *sizes) skip(path string) bool { return path == s.bucket }

func (s *sizes) steady(path string) bool {
	return slices.ContainsFunc(s.archives, func(dir string) bool { return strings.HasPrefix(path, dir) })
}

func (s *sizes) find(id fsx.Identity) (k fsx.KnownDir, ok bool) {
	at, ok := slices.BinarySearchFunc(s.dirs, id.Ino, func(r sizeRow, ino uint64) int { return cmp.Compare(r.ID.Ino, ino) })
	if !ok || s.dirs[at].ID != id {
		return k, false
	}
	r := s.dirs[at]
	inodes, subdirs := uint64(r.FirstInode)+uint64(r.Inodes), uint64(r.FirstSubdir)+uint64(r.SubdirCount)
	if inodes > uint64(len(s.inodes)) || subdirs > uint64(len(s.names)) {
		return k, false
	}
	k = fsx.KnownDir{ID: id, Files: r.Files, Bytes: r.Bytes, Disk: r.Disk, Inodes: s.inodes[r.FirstInode:inodes]}
	for _, name := range s.names[r.FirstSubdir:subdirs] {
		k.Subdirs = append(k.Subdirs, s.rows.Text(name))
	}
	return k, true
}

func (s *sizes) see(k fsx.KnownDir, isNew bool) {
	if !k.ID.Settled(s.began) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, k)
	if isNew {
		s.fresh++
	}
}

// keep writes what was found, if much of it is new. It may fail unseen.
func (s *sizes) keep() {
	const enough = 16
	if s.fresh < enough {
		return
	}
	slices.SortFunc(s.seen, func(a, b fsx.KnownDir) int { return cmp.Compare(a.ID.Ino, b.ID.Ino) })
	counted := map[uint64]int{}
	for i, k := range s.seen {
		for _, ino := range k.Inodes {
			if _, twice := counted[ino]; !twice {
				counted[ino] = i
			}
		}
	}
	b := NewRowBuilder(sizesSchema())
	var inodes, subdirs uint32
	for i, k := range s.seen {
		// A file in two directories would be counted twice: read the second.
		if i > 0 && s.seen[i-1].ID.Ino == k.ID.Ino || slices.ContainsFunc(k.Inodes, func(ino uint64) bool { return counted[ino] != i }) {
			continue
		}
		AddRows(b, 0, sizeRow{
			ID: k.ID, Files: k.Files, Bytes: k.Bytes, Disk: k.Disk,
			FirstInode: inodes, Inodes: uint32(len(k.Inodes)), FirstSubdir: subdirs, SubdirCount: uint32(len(k.Subdirs)),
		})
		AddRows(b, 1, k.Inodes...)
		for _, name := range k.Subdirs {
			AddRows(b, 2, b.Text(name))
		}
		inodes, subdirs = inodes+uint32(len(k.Inodes)), subdirs+uint32(len(k.Subdirs))
	}
	data, err := b.Finish([2]int64{})
	if err == nil && os.MkdirAll(s.bucket, 0o777) == nil {
		_ = fsx.WriteFile(s.path, data, 0o666)
	}
}

package cache

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/par"
)

// What can be wrong with a file of the cache.
const (
	Missing    = "missing"
	Changed    = "changed"    // it has other contents than were unpacked
	Unreadable = "unreadable" // it is no file that tame wrote, or was cut short
)

// A Damage is one part of the cache that is not as it was written.
type Damage struct {
	// Path is what has to be removed: an archive, or a single file.
	Path string
	// Wheels are the names of the wheels whose archive it is, sorted.
	Wheels []string
	// Files are those of the archive that are damaged; none for a single file.
	Files []DamagedFile
	// Problem is Missing, Changed or Unreadable: that of the file at Path or
	// of the archive's manifest; empty if Files tells.
	Problem string
}

// A DamagedFile is a file of an archive.
type DamagedFile struct {
	Path    string // relative, with slashes
	Problem string
}

// A Verification is what was looked at, and what was found wrong.
type Verification struct {
	Archives int64 // unpacked wheels
	Files    int64 // all files read, those of archives too
	Bytes    int64
	Damaged  []Damage // sorted by path
}

// Verify reads what the cache holds and compares it with what was noted when it
// was written: the files of archives with the hashes of their manifests, the
// manifests with the names of the archives, entries, pages and metadata with
// their checksums. Other processes may use the cache meanwhile. Environments
// and repositories of git are not looked at, nor what uv has put there.
func (c *Cache) Verify(ctx context.Context) (*Verification, error) {
	x := &Cleaner{cache: c}
	v := &verifying{wheels: map[ArchiveID][]string{}}
	for _, bucket := range []Bucket{Wheels, Metadata, Pages} {
		for _, dir := range x.list(bucket) {
			names, err := os.ReadDir(dir)
			if err != nil {
				continue // it is gone, or no directory
			}
			for _, name := range names {
				// What is still being written has its name only afterwards; what a
				// killed process has left of it is never read.
				if !strings.HasPrefix(name.Name(), fsx.TempPrefix) {
					v.file(bucket, filepath.Join(dir, name.Name()))
				}
			}
		}
	}
	dirs := x.list(Archives)
	found := make([]*Damage, len(dirs))
	bytecode := make([][]Damage, len(dirs))
	err := par.ForEach(ctx, par.Processors(), len(dirs), func(ctx context.Context, i int) error {
		if found[i] = v.archive(ctx, dirs[i]); found[i] == nil {
			bytecode[i] = v.verifyBytecode(dirs[i]) // it goes with a damaged archive
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	for i, d := range found {
		if d != nil {
			v.damaged = append(v.damaged, *d)
		}
		v.damaged = append(v.damaged, bytecode[i]...)
	}
	slices.SortFunc(v.damaged, func(a, b Damage) int { return strings.Compare(a.Path, b.Path) })
	return &Verification{Archives: v.archives.Load(), Files: v.files.Load(), Bytes: v.bytes.Load(), Damaged: v.damaged}, nil
}

type verifying struct {
	wheels                 map[ArchiveID][]string // names by archive
	damaged                []Damage
	archives, files, bytes atomic.Int64
}

// file looks at one row file, and notes where the entry of a wheel leads.
func (v *verifying) file(bucket Bucket, path string) {
	data, err := fsx.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return // another process has just removed it
	}
	v.files.Add(1)
	v.bytes.Add(int64(len(data)))
	if err != nil || !isWhole(data) {
		v.damaged = append(v.damaged, Damage{Path: path, Problem: Unreadable})
		return
	}
	if w, err := DecodeWheel(data); bucket == Wheels && err == nil && !slices.Contains(v.wheels[w.Archive], w.Filename) {
		v.wheels[w.Archive] = append(v.wheels[w.Archive], w.Filename)
	}
}

// isWhole says whether data begins with a row file of whatever kind and version.
func isWhole(data []byte) bool {
	magic := rowsMagic()
	if len(data) < headerSize || [4]byte(data[:4]) != magic {
		return false
	}
	schema := Schema{Kind: [4]byte(data[4:8]), Version: binary.NativeEndian.Uint32(data[8:])}
	_, err := OpenRows(data, schema)
	return err == nil
}

// archive compares an archive with its manifest; nil means that all is well.
func (v *verifying) archive(ctx context.Context, dir string) *Damage {
	wheels := slices.Clone(v.wheels[ArchiveID(filepath.Base(dir))])
	slices.Sort(wheels)
	d := &Damage{Path: dir, Wheels: wheels}
	v.archives.Add(1)
	a, err := openArchive(dir)
	if err == nil {
		sum := sha256.Sum256(a.Manifest.rows.data[headerSize:])
		if keyText(sum[:]) != string(a.ID) {
			err = ErrStale
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Lstat(dir); err != nil {
			return nil // another process has just removed it
		}
		d.Problem = Missing
		return d
	case err != nil:
		d.Problem = Unreadable
		return d
	}
	for _, f := range a.Manifest.Files() {
		if ctx.Err() != nil {
			return nil
		}
		path := a.Manifest.Path(f.Path)
		if problem := v.compare(filepath.Join(a.Tree(), filepath.FromSlash(path)), f); problem != "" {
			d.Files = append(d.Files, DamagedFile{path, problem})
		}
	}
	if len(d.Files) == 0 {
		return nil
	}
	return d
}

// compare reads a file and says what is wrong with it.
func (v *verifying) compare(path string, f ManifestFile) string {
	sum, err := hashFile(path)
	v.files.Add(1)
	v.bytes.Add(f.Size)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Missing
	case err != nil:
		return Unreadable
	case sum != f.SHA256:
		return Changed
	}
	return ""
}

// Remove takes a damaged part out of the cache, at once and as a whole, so that
// it is made again when it is next needed.
func (c *Cache) Remove(d Damage) error {
	return c.failure("writing to", c.setAside(d.Path))
}

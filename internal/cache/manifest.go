package cache

import (
	"fmt"
	"io/fs"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/tame-py/tame/internal/archive"
	"github.com/tame-py/tame/internal/fsx"
)

// A Manifest is what lies in an unpacked wheel, as rows in memory: whoever
// installs it reads this instead of walking the tree. It must not be written
// to.
type Manifest struct {
	rows  *Rows
	head  manifestHead
	files []ManifestFile
	dirs  []ManifestDir
}

// A ManifestFile is a row: one file.
type ManifestFile struct {
	Path   Ref // relative to the tree, with slashes; see [Manifest.Path]
	Size   int64
	SHA256 [32]byte
	Mode   uint32 // 0644 or 0755
	Dir    uint32 // index in Dirs, NoDir at the root of the tree
}

// A ManifestDir is a row: one directory. Each comes after the one it is in.
type ManifestDir struct {
	Path Ref
	Dir  uint32 // index of the one it is in, NoDir at the root
	Free uint32 // zero
}

// NoDir stands for the root of the tree where an index of a directory is
// meant.
const NoDir = ^uint32(0)

type manifestHead struct {
	Bytes int64 // sum of the sizes
}

func manifestSchema() Schema { return Schema{Kind: [4]byte{'m', 'a', 'n', 'i'}, Version: 1} }

// The tables of a manifest.
const (
	manifestHeads = iota
	manifestDirs
	manifestFiles
)

// Settled is the stamp of what is known to be on the disk, see
// docs/formats/cache.md.
const settled = -1

// buildManifest returns the rows of what was unpacked.
func buildManifest(m *archive.Manifest, boot int64) ([]byte, error) {
	w, ok := manifestWriters.Get().(*manifestWriter)
	if !ok {
		w = &manifestWriter{b: NewRowBuilder(manifestSchema()), index: map[string]uint32{}}
	}
	if len(m.Files) <= mostKept {
		defer manifestWriters.Put(w)
	}
	return w.build(m, boot)
}

// A manifestWriter makes manifests one after the other in the same memory.
type manifestWriter struct {
	b     *RowBuilder
	index map[string]uint32 // of directories
	dirs  []ManifestDir
	files []ManifestFile
}

var manifestWriters sync.Pool

// mostKept is of how many files a manifest may be for its memory to be kept.
const mostKept = 1 << 13

func (w *manifestWriter) build(m *archive.Manifest, boot int64) ([]byte, error) {
	var head manifestHead
	w.b.Reset()
	clear(w.index)
	w.dirs, w.files = slices.Grow(w.dirs[:0], len(m.Dirs)), slices.Grow(w.files[:0], len(m.Files))
	for i, dir := range m.Dirs {
		w.index[dir] = uint32(i)
		w.dirs = append(w.dirs, ManifestDir{Path: w.b.Blob(dir), Dir: above(w.index, dir)})
	}
	for i := range m.Files {
		f := &m.Files[i]
		if f.Mode&fs.ModeType != 0 {
			return nil, fmt.Errorf("%s is no regular file", f.Path)
		}
		head.Bytes += f.Size
		w.files = append(w.files, ManifestFile{
			Path: w.b.Blob(f.Path), Size: f.Size, SHA256: f.SHA256,
			Mode: uint32(f.Mode.Perm()), Dir: above(w.index, f.Path),
		})
	}
	AddRows(w.b, manifestDirs, w.dirs...)
	AddRows(w.b, manifestFiles, w.files...)
	AddRows(w.b, manifestHeads, head)
	return w.b.Finish([2]int64{boot, time.Now().Unix()})
}

// above returns the index of the directory that a path is in.
func above(index map[string]uint32, path string) uint32 {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '/' {
			if n, ok := index[path[:i]]; ok {
				return n
			}
			return NoDir
		}
	}
	return NoDir
}

func readManifest(path string) (*Manifest, error) {
	data, err := fsx.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m, err := openManifest(data)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return m, nil
}

// openManifest reads a manifest that is in memory.
func openManifest(data []byte) (*Manifest, error) {
	rows, err := OpenRows(data, manifestSchema())
	if err != nil {
		return nil, err
	}
	heads := RowsOf[manifestHead](rows, manifestHeads)
	if len(heads) != 1 {
		return nil, ErrStale
	}
	return &Manifest{
		rows: rows, head: heads[0],
		dirs: RowsOf[ManifestDir](rows, manifestDirs), files: RowsOf[ManifestFile](rows, manifestFiles),
	}, nil
}

// Files returns all files, sorted by path.
func (m *Manifest) Files() []ManifestFile { return m.files }

// Dirs returns all directories, sorted by path.
func (m *Manifest) Dirs() []ManifestDir { return m.dirs }

// Path returns the path that a row refers to.
func (m *Manifest) Path(ref Ref) string { return m.rows.Text(ref) }

// Bytes returns the sum of the sizes of all files.
func (m *Manifest) Bytes() int64 { return m.head.Bytes }

// Expand returns the manifest as it was when the wheel was unpacked. Its
// strings share the memory of m.
func (m *Manifest) Expand() *archive.Manifest {
	out := &archive.Manifest{Files: make([]archive.File, len(m.files)), Dirs: make([]string, len(m.dirs))}
	for i, f := range m.files {
		out.Files[i] = archive.File{Path: m.Path(f.Path), Size: f.Size, SHA256: f.SHA256, Mode: fs.FileMode(f.Mode)}
	}
	for i, dir := range m.dirs {
		out.Dirs[i] = m.Path(dir.Path)
	}
	return out
}

// Find returns the file with a path.
func (m *Manifest) Find(path string) (ManifestFile, bool) {
	i := sort.Search(len(m.files), func(i int) bool { return m.Path(m.files[i].Path) >= path })
	if i < len(m.files) && m.Path(m.files[i].Path) == path {
		return m.files[i], true
	}
	return ManifestFile{}, false
}

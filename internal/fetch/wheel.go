package fetch

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/tame-py/tame/internal/archive"
	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/simple"
)

// A Wheel is an unpacked wheel in the cache.
type Wheel struct {
	// Dist is what was asked for.
	Dist *source.Dist
	// Entry is what the cache has noted of it.
	Entry *cache.Wheel
	// Archive is where its files are.
	Archive *cache.Archive
	// New says that it was not in the cache before.
	New bool
	// CacheInfo is the state of the local archive or directory that it was
	// built from, and Source are the digests of the archive that it was built
	// from.
	CacheInfo *install.CacheInfo
	Source    []simple.Hash
	// Content are the digests of the directory that it stands for, see
	// [TreeDigest].
	Content []string
}

// of is the wheel as that of another distribution; nil stays nil.
func (w *Wheel) of(d *source.Dist) *Wheel {
	if w == nil {
		return nil
	}
	out := *w
	out.Dist = d
	return &out
}

// Dir returns the directory that holds the files. They must not be changed.
func (w *Wheel) Dir() string { return w.Archive.Tree() }

// Manifest returns what is in Dir.
func (w *Wheel) Manifest() *archive.Manifest { return w.Archive.Manifest.Expand() }

// Hashes returns the digests of the wheel file that are known, among them
// always its SHA-256.
func (w *Wheel) Hashes() []simple.Hash {
	out := make([]simple.Hash, 0, len(w.Entry.Hashes))
	for _, h := range w.Entry.Hashes {
		if h.Algorithm != stateAlgorithm {
			out = append(out, simple.Hash{Algorithm: h.Algorithm, Digest: h.Digest})
		}
	}
	return out
}

// ReadMetadata returns the METADATA file of the wheel.
func (w *Wheel) ReadMetadata() ([]byte, error) {
	return os.ReadFile(filepath.Join(w.Dir(), w.Entry.DistInfo, "METADATA"))
}

// Metadata returns the metadata of the wheel.
func (w *Wheel) Metadata() (*metadata.Metadata, error) {
	data, err := w.ReadMetadata()
	if err != nil {
		return nil, err
	}
	m, err := metadata.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("the metadata of `%s` is invalid: %w", w.Dist, err)
	}
	return m, nil
}

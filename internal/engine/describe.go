package engine

import (
	"context"
	"os"
	"path/filepath"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/fetch"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/simple"
)

// A Description is what a distribution says of itself, and where it is from.
type Description struct {
	// Headers are the fields of its metadata. The body, which is the long
	// description, is there if the wheel is in the cache.
	Headers metadata.Headers
	// Origin is the place of the file, archive, commit or directory as PEP 610
	// tells it, also for what comes from an index, with the digests that are known.
	Origin metadata.DirectURL
}

// Describe describes the distributions of an installation that is being made or
// was made. What the cache does not have of an index is not brought there, except for
// what must be built to be known. Other archives are: nobody else tells their digests.
func (e *Engine) Describe(ctx context.Context, req *InstallRequest, dists []*source.Dist) ([]Description, error) {
	fetcher := e.fetcher(req.Hashes, req.Rebuild)
	out := make([]Description, len(dists))
	err := par.ForEach(ctx, descriptions, len(dists), func(ctx context.Context, i int) (err error) {
		out[i], err = e.describe(ctx, fetcher, dists[i])
		return err
	})
	return out, err
}

// descriptions is how many distributions are described at once.
const descriptions = 16

func (e *Engine) describe(ctx context.Context, fetcher *fetch.Fetcher, d *source.Dist) (Description, error) {
	w, ok, err := fetcher.Cached(d)
	if err != nil {
		return Description{}, err
	}
	if !ok && d.IsWheel() && d.Source.Kind == source.Registry {
		h, err := e.Index.Headers(ctx, d)
		return Description{h, e.origin(d, nil)}, err
	}
	if !ok {
		if w, err = fetcher.Wheel(ctx, d); err != nil {
			return Description{}, &PrepareError{err}
		}
	}
	text, err := os.ReadFile(filepath.Join(w.Dir(), w.Entry.DistInfo, "METADATA"))
	return Description{metadata.ParseHeaders(text), e.origin(d, w)}, err
}

// origin is where a distribution is from; w is its wheel, or nil.
func (e *Engine) origin(d *source.Dist, w *fetch.Wheel) metadata.DirectURL {
	switch d.Source.Kind {
	case source.Registry:
		return metadata.DirectURL{URL: auth.Redact(d.File.URL), Archive: archiveInfo(d.File.Hashes, d, w)}
	case source.URL, source.Path:
		url := auth.Redact(d.Source.Location)
		if d.Source.Kind == source.Path {
			url = d.Source.FileURL()
		}
		var given []simple.Hash
		if h, ok := source.ParseHash(d.Source.Hash()); ok {
			given = []simple.Hash{h}
		}
		return metadata.DirectURL{URL: url, Archive: archiveInfo(given, d, w), Subdirectory: d.Source.Subdirectory}
	case source.Git:
		return *gitURL(d.Source)
	}
	info := &metadata.DirInfo{}
	if d.Source.Editable {
		info.Editable = &d.Source.Editable
	}
	return metadata.DirectURL{URL: d.Source.FileURL(), Dir: info, Subdirectory: d.Source.Subdirectory}
}

// archiveInfo has the digests of an archive: those that were told, and those that
// were computed as it came.
func archiveInfo(told []simple.Hash, d *source.Dist, w *fetch.Wheel) *metadata.ArchiveInfo {
	hashes := map[string]string{}
	for _, h := range told {
		hashes[h.Algorithm] = h.Digest
	}
	if w != nil && d.IsWheel() {
		for _, h := range w.Entry.Hashes {
			hashes[h.Algorithm] = h.Digest
		}
	} else if w != nil {
		for _, h := range w.Source {
			hashes[h.Algorithm] = h.Digest
		}
	}
	if len(hashes) == 0 {
		return &metadata.ArchiveInfo{}
	}
	info := &metadata.ArchiveInfo{Hashes: hashes}
	if sum := hashes["sha256"]; sum != "" {
		info.Hash = "sha256=" + sum
	}
	return info
}

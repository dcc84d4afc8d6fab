package engine

import (
	"context"

	"github.com/tame-py/tame/internal/fetch"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/simple"
)

// Downloads is how many distributions may be brought at once.
func (e *Engine) Downloads() int {
	if e.Fetch.Downloads > 0 {
		return e.Fetch.Downloads
	}
	return fetch.DefaultDownloads
}

// Digests returns the SHA-256 digest of a distribution that no index tells one
// of, bringing it into the cache for that.
func (e *Engine) Digests(ctx context.Context, d *source.Dist) ([]simple.Hash, error) {
	f := e.fetcher(source.HashPolicy{}, nil)
	if !d.IsWheel() {
		s, err := f.Sdist(ctx, d)
		if err != nil {
			return nil, err
		}
		return []simple.Hash{{Algorithm: "sha256", Digest: s.SHA256()}}, nil
	}
	w, err := f.Wheel(ctx, d)
	if err != nil {
		return nil, err
	}
	return []simple.Hash{{Algorithm: "sha256", Digest: w.Entry.Hash("sha256")}}, nil
}

package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fetch"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/source"
)

// A SaveRequest says which distributions are wanted as files.
type SaveRequest struct {
	Dists []*source.Dist
	// Dir is where the files go. It is made if there is none.
	Dir string
	// Build makes wheels of source distributions. Source trees are always built.
	Build bool
	// Hashes are what the files must match.
	Hashes source.HashPolicy
}

// Save puts the files of distributions into a directory, and returns them in the
// order of the request. A file that is there and right stays. Two processes that
// save to one directory do so one after the other.
func (e *Engine) Save(ctx context.Context, req SaveRequest) ([]*fetch.Saved, error) {
	if err := os.MkdirAll(req.Dir, 0o777); err != nil {
		return nil, err
	}
	release, err := e.lockDir(ctx, req.Dir)
	if err != nil {
		return nil, err
	}
	defer release()
	if err := fetch.RemoveParts(req.Dir); err != nil {
		return nil, err
	}
	f := e.fetcher(req.Hashes, nil)
	out := make([]*fetch.Saved, len(req.Dists))
	err = par.ForEach(ctx, e.Downloads(), len(req.Dists), func(ctx context.Context, i int) (err error) {
		d := *req.Dists[i]
		d.Source.Editable = false // what lies in a folder is not
		out[i], err = f.Save(ctx, &d, req.Dir, req.Build)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// lockDir keeps other processes from saving to a directory.
func (e *Engine) lockDir(ctx context.Context, dir string) (release func(), err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	path := e.Cache.Path(cache.Builds, cache.Key("saved", dir)+".lock")
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, e.Cache.Explain(err)
	}
	lock, err := fsx.Acquire(ctx, path, fsx.Exclusive, fsx.LockOptions{})
	if errors.Is(err, errors.ErrUnsupported) {
		return func() {}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("failed to lock `%s`: %w", dir, err)
	}
	return func() { _ = lock.Release() }, nil
}

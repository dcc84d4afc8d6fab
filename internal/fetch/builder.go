package fetch

import (
	"context"
	"fmt"

	"github.com/tame-py/tame/internal/source"
)

// A Builder makes wheels from source. It is implemented above, because
// building needs resolving and installing.
type Builder interface {
	// BuildWheel makes a wheel of a distribution that is not one and returns
	// the path of the file, which the caller may read until the context is
	// done or the process ends. It decides itself what it keeps in the cache.
	BuildWheel(ctx context.Context, d *source.Dist) (path string, err error)
}

// A BuildNeededError says that a distribution would have to be built, and
// nothing here can do that.
type BuildNeededError struct{ Dist *source.Dist }

func (e *BuildNeededError) Error() string {
	what := "has only a source distribution"
	switch e.Dist.Source.Kind {
	case source.Directory:
		what = "is a source tree"
	case source.Git:
		what = "is a git repository"
	}
	return fmt.Sprintf("`%s` %s; building is not available yet", e.Dist, what)
}

// build has a wheel built and unpacks it.
func (f *Fetcher) build(ctx context.Context, d *source.Dist) (*Wheel, error) {
	if f.opts.Builder == nil {
		return nil, &BuildNeededError{d}
	}
	path, err := f.opts.Builder.BuildWheel(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("failed to build `%s`: %w", d, err)
	}
	w, err := f.unpackBuilt(ctx, d, path)
	if err != nil {
		return nil, fmt.Errorf("failed to read the wheel built from `%s`: %w", d, err)
	}
	return w, nil
}

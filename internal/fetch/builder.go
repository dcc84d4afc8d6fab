package fetch

import (
	"context"
	"fmt"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/tags"
)

// A Builder makes wheels from source. It is implemented above, because
// building needs resolving and installing. It must be safe for concurrent use.
type Builder interface {
	// Recipe tells what a wheel depends on beside its source. The error refuses
	// the build, because of --no-build or a cycle of builds.
	Recipe(ctx context.Context, d *source.Dist) (*Recipe, error)
	// BuildWheel makes a wheel, or an editable one, of a source tree in an
	// empty directory, and returns the path of the file.
	BuildWheel(ctx context.Context, w *Work, dir string) (path string, err error)
	// BuildMetadata asks for the metadata of the wheel that would be built. It
	// returns nil if only the wheel itself can tell.
	BuildMetadata(ctx context.Context, w *Work) (*metadata.Metadata, error)
	// Turn waits until nobody else does the work that a key names, for which the
	// cache is to be looked at once more. The context is for that work, done ends
	// it. It does not wait for what itself needs the caller's work.
	Turn(ctx context.Context, key string) (inner context.Context, done func(), err error)
}

// A Recipe is what a wheel is built with.
type Recipe struct {
	// Settings stand for config settings, requirements and the like: other
	// texts are for other wheels.
	Settings string
	// Python stands for the interpreter: its version, kind and platform.
	Python string
	// Tags are what it can install.
	Tags *tags.Set
	// Nested: the build is needed by another one.
	Nested bool
}

// Work is a source that is to be built.
type Work struct {
	Dist *source.Dist
	// Key names the source and its recipe.
	Key string
	// Open returns the source tree. Who calls it closes the tree.
	Open func(context.Context) (*Checkout, error)
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
	return fmt.Sprintf("`%s` %s, and nothing can be built here", e.Dist, what)
}

// A BuildError reports a build that failed.
type BuildError struct {
	Dist *source.Dist
	Err  error
}

func (e *BuildError) Error() string { return fmt.Sprintf("failed to build `%s`: %v", e.Dist, e.Err) }

// Unwrap is what went wrong.
func (e *BuildError) Unwrap() error { return e.Err }

// work is the building of a distribution.
func (f *Fetcher) work(d *source.Dist, id *identity, r *Recipe) *Work {
	return &Work{Dist: d, Key: id.key + "\n" + r.Settings + "\n" + r.Python, Open: func(ctx context.Context) (*Checkout, error) { return f.Checkout(ctx, d) }}
}

// toBuild is what a distribution is, and how it is to be built.
func (f *Fetcher) toBuild(ctx context.Context, d *source.Dist) (*identity, *Recipe, error) {
	if f.opts.Builder == nil {
		return nil, nil, &BuildNeededError{d}
	}
	recipe, err := f.opts.Builder.Recipe(ctx, d)
	if err != nil {
		return nil, nil, err
	}
	id, err := f.identify(ctx, d)
	return id, recipe, err
}

// build returns the wheel that a distribution is built to.
func (f *Fetcher) build(ctx context.Context, d *source.Dist) (*Wheel, error) {
	id, recipe, err := f.toBuild(ctx, d)
	if err != nil {
		return nil, err
	}
	if w := f.reusable(d, id, recipe); w != nil {
		return w, nil
	}
	ctx, done, err := f.opts.Builder.Turn(ctx, "wheel "+f.work(d, id, recipe).Key)
	if err != nil {
		return nil, err
	}
	defer done()
	if w := f.reusable(d, id, recipe); w != nil {
		return w, nil
	}
	release, err := f.lockSource(ctx, d, recipe)
	if err != nil {
		return nil, err
	}
	defer release()
	return f.buildNew(ctx, d, id, recipe)
}

func (f *Fetcher) buildNew(ctx context.Context, d *source.Dist, id *identity, recipe *Recipe) (*Wheel, error) {
	dir, remove, err := f.tempDir()
	if err != nil {
		return nil, err
	}
	defer remove()
	task := f.opts.Progress.Start(d.String(), 0)
	defer task.Done()
	f.opts.Building(d, false)
	path, err := f.opts.Builder.BuildWheel(ctx, f.work(d, id, recipe), dir)
	if err != nil {
		return nil, buildFailed(ctx, d, err)
	}
	w, err := f.unpackBuilt(ctx, d, path, id, recipe)
	if err != nil {
		return nil, buildFailed(ctx, d, fmt.Errorf("the build backend made a wheel that is not right: %w", err))
	}
	f.opts.Building(d, true)
	return w, nil
}

func buildFailed(ctx context.Context, d *source.Dist, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &BuildError{d, err}
}

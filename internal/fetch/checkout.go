package fetch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/source"
)

// A Checkout is a source tree in a folder: an unpacked archive, a repository,
// or where the user works.
type Checkout struct {
	Dist *source.Dist
	// Root is the folder that holds all of the source, Dir that of the project,
	// which may be below it.
	Root, Dir string
	remove    func()
}

// Close removes what was made for the checkout.
func (c *Checkout) Close() {
	if c.remove != nil {
		c.remove()
	}
}

// Checkout makes the source tree of a distribution available. A directory of
// the user is built where it is, everything else in a copy that Close removes.
func (f *Fetcher) Checkout(ctx context.Context, d *source.Dist) (*Checkout, error) {
	switch d.Source.Kind {
	case source.Directory:
		return newCheckout(d, d.Source.Location, nil)
	case source.Git:
		return f.copiedCheckout(ctx, d)
	}
	s, err := f.Sdist(ctx, d)
	if err != nil {
		return nil, err
	}
	dir, remove, err := f.tempDir()
	if err != nil {
		return nil, err
	}
	// The directory of the archive is the root: what is beside it is none of
	// the project's.
	top := *s
	plain := *d
	plain.Source.Subdirectory = ""
	top.Dist = &plain
	root, err := f.UnpackSdist(ctx, &top, dir)
	if err != nil {
		remove()
		return nil, err
	}
	return newCheckout(d, root, remove)
}

func newCheckout(d *source.Dist, root string, remove func()) (*Checkout, error) {
	c := &Checkout{Dist: d, Root: root, remove: remove}
	var err error
	if c.Dir, err = d.Source.Below(root); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// tempDir makes a directory in the cache, and returns with it how to remove it.
func (f *Fetcher) tempDir() (dir string, remove func(), err error) {
	if dir, err = f.opts.Cache.TempDir(); err != nil {
		return "", nil, err
	}
	return dir, func() { _, _ = fsx.RemoveAll(dir, nil) }, nil
}

// lockSource keeps others from building in the same directory, where backends
// leave their intermediate files.
func (f *Fetcher) lockSource(ctx context.Context, d *source.Dist, r *Recipe) (release func(), err error) {
	if d.Source.Kind != source.Directory {
		return func() {}, nil
	}
	path := f.opts.Cache.Path(cache.Builds, cache.Key("directory", d.Source.Location)+".lock")
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	// Two directories that are needed to build each other would wait for ever.
	timeout := time.Hour
	if r.Nested {
		timeout = time.Minute
	}
	lock, err := fsx.Acquire(ctx, path, fsx.Exclusive, fsx.LockOptions{Timeout: timeout})
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported) {
		return func() {}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("failed to lock the source tree %s: %w", d.Source.Location, err)
	}
	return func() { _ = lock.Release() }, nil
}

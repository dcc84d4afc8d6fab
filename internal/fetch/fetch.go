// Package fetch brings distributions into the cache: it downloads a wheel,
// inflates, hashes, checks and writes it in one pass, and puts it into the
// store of unpacked wheels once it is known to be what was asked for.
//
// A [Fetcher] does so once per distribution, whoever asks, and any number of
// processes may do the same at once. What it returns is a [Wheel]: a directory
// with a manifest.
//
// # What is checked
//
// Before a wheel enters the store: every hash that the index, the lock or the
// user gave; the checksums of the zip, and that it has one meaning (package
// archive); the hashes in its RECORD; that it has one .dist-info directory,
// whose metadata have the name and version of the file's name. A wheel from
// the cache has been through all that, and its hashes are kept with it: they
// are compared again with what is asked now.
//
// # How wheels are known
//
// A wheel with a strong hash is known by it (key "sha256:…"), wherever it
// comes from. Without one it is known by its URL ("url:…"), for as long as the
// server's HTTP headers allow, or by its path ("path:…") and the identity of
// the file.
//
// # Interruptions
//
// A connection that breaks is made again and the download goes on where it
// was, into the same stream. When it cannot be helped, or the user gives up,
// what is unpacked so far is kept, with the state of the hash and the place in
// the archive, and the next run asks for the rest: no bytes are written twice
// for that. What it finds is hashed before it is believed.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/tame-py/tame/internal/archive"
	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/git"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/web"
)

// DefaultDownloads is how many distributions are brought at once: uv's
// concurrent-downloads.
const DefaultDownloads = 50

// Options is what a [Fetcher] works with.
type Options struct {
	// Cache is where wheels go.
	Cache *cache.Cache
	// Web makes the requests.
	Web *web.Client
	// Hashes are those that the user demands.
	Hashes source.HashPolicy
	// AnyName takes wheels whose metadata have another name or version than
	// their file's name (UV_SKIP_WHEEL_FILENAME_CHECK).
	AnyName bool
	// Downloads bounds how many distributions Wheels brings at once; 0 means
	// DefaultDownloads.
	Downloads int
	// Vendored is a folder with files that are taken in place of a download, if
	// a digest of them is known; empty is none.
	Vendored string
	// Pool is what unpacks; nil means a new one for all processors.
	Pool *archive.Pool
	// Limits bounds what archives may unpack to.
	Limits archive.Limits
	// Progress is told of each download.
	Progress par.Progress
	// Builder makes wheels from source; without one, source distributions are
	// refused with a [*BuildNeededError].
	Builder Builder
	// Git brings repositories; nil refuses them.
	Git *git.Store
	// Building is told when the build of a distribution begins and when it is
	// done; nil is nobody.
	Building func(d *source.Dist, done bool)
	// Rebuild tells what is built although the cache has a wheel of it; nil is
	// nothing.
	Rebuild func(*source.Dist) bool
	// Run is what was built since the program began; nil is nothing yet.
	Run *Run
	// Metadata keeps what source distributions say of themselves; nil keeps
	// nothing.
	Metadata MetadataStore
	// Getenv looks up variables that the state of a source tree depends on.
	Getenv func(string) (string, bool)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// A Fetcher brings distributions into the cache. It is safe for concurrent
// use.
type Fetcher struct {
	opts   Options
	wheels par.Cache[string, *par.Future[*Wheel]]
	sdists par.Cache[string, *par.Future[*Sdist]]
}

// New returns a fetcher.
func New(opts Options) *Fetcher {
	if opts.Downloads <= 0 {
		opts.Downloads = DefaultDownloads
	}
	if opts.Pool == nil {
		opts.Pool = archive.NewPool(par.Processors())
	}
	if opts.Getenv == nil {
		opts.Getenv = func(string) (string, bool) { return "", false }
	}
	if opts.Building == nil {
		opts.Building = func(*source.Dist, bool) {}
	}
	if opts.Run == nil {
		opts.Run = new(Run)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Fetcher{opts: opts}
}

// Wheel returns the unpacked wheel of a distribution, bringing it into the
// cache if it is not there. It does so once for all callers; if the one who
// does gives up, another one goes on.
func (f *Fetcher) Wheel(ctx context.Context, d *source.Dist) (*Wheel, error) {
	if isGitArchive(d) {
		file, err := f.Local(ctx, d)
		if err != nil {
			return nil, err
		}
		w, err := f.Wheel(ctx, file)
		return w.of(d), err
	}
	id := wheelID(d)
	for {
		var settle func(*Wheel, error)
		future := f.wheels.Do(id, func() (future *par.Future[*Wheel]) {
			future, settle = par.Promise[*Wheel]()
			return future
		})
		if settle != nil {
			w, err := f.bring(ctx, d)
			if isContext(err) {
				f.wheels.Forget(id) // it is not the answer for others
			}
			settle(w, err)
			return w, err
		}
		w, err := future.Wait(ctx)
		if err == nil || ctx.Err() != nil || !isContext(err) {
			return w, err
		}
	}
}

// wheelID is what a wheel is known by within a fetcher.
func wheelID(d *source.Dist) string {
	if d.Source.Editable {
		return "editable " + d.ID()
	}
	return d.ID()
}

func isContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// Wheels returns the wheels of several distributions, in their order. It
// brings as many at once as Downloads allows, the largest first, since the
// last to begin should not be the longest; those of unknown size count as
// large. The error is that of the first in this order that failed.
func (f *Fetcher) Wheels(ctx context.Context, dists []*source.Dist) ([]*Wheel, error) {
	order := make([]int, len(dists))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return compareSize(dists[a].File.Size, dists[b].File.Size) })
	out := make([]*Wheel, len(dists))
	err := par.ForEach(ctx, f.opts.Downloads, len(order), func(ctx context.Context, i int) (err error) {
		out[order[i]], err = f.Wheel(ctx, dists[order[i]])
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// compareSize puts larger sizes first, and before them what is not known.
func compareSize(a, b int64) int {
	if a <= 0 {
		a = 1<<63 - 1
	}
	if b <= 0 {
		b = 1<<63 - 1
	}
	switch {
	case a > b:
		return -1
	case a < b:
		return 1
	}
	return 0
}

// Cached returns the wheel of a distribution if it is in the cache and need
// not be asked for again: it makes no request. Its hashes are checked; the
// error is one of them.
func (f *Fetcher) Cached(d *source.Dist) (*Wheel, bool, error) {
	if isGitArchive(d) {
		file, ok := f.checkedOut(d)
		if !ok {
			return nil, false, nil
		}
		w, ok, err := f.Cached(file)
		return w.of(d), ok, err
	}
	if future, ok := f.wheels.Get(wheelID(d)); ok && future.Ready() {
		if w, err := future.Wait(context.Background()); err == nil {
			return w, true, nil
		}
	}
	if !d.IsWheel() {
		return f.cachedBuilt(d)
	}
	want, err := f.wanted(d)
	if err != nil {
		return nil, false, err
	}
	w, err := f.lookup(d, want)
	if err != nil || w == nil {
		return nil, false, err
	}
	return w, true, nil
}

// bring looks into the cache and else gets the wheel from where it is.
func (f *Fetcher) bring(ctx context.Context, d *source.Dist) (*Wheel, error) {
	if !d.IsWheel() {
		return f.build(ctx, d)
	}
	want, err := f.wanted(d)
	if err != nil {
		return nil, err
	}
	if w, err := f.lookup(d, want); err != nil || w != nil {
		return w, err
	}
	if path, ok := localPath(d); ok {
		w, err := f.unpackFile(ctx, d, path, want)
		if err != nil {
			return nil, fmt.Errorf("failed to read `%s`: %w", d, f.opts.Cache.Explain(inWords(err)))
		}
		return w, nil
	}
	if path, key, ok := f.vendored(d, want); ok {
		w, err := f.unpackAs(ctx, d, path, want, key)
		if err != nil {
			return nil, fmt.Errorf("failed to read `%s` from `%s`: %w", d, path, inWords(err))
		}
		return w, nil
	}
	w, err := f.download(ctx, d, want)
	if err != nil {
		return nil, fmt.Errorf("failed to download `%s`: %w", d, f.opts.Cache.Explain(inWords(err)))
	}
	return w, nil
}

var errCut = errors.New("invalid archive: it ends too early")

// inWords says what an end that came too early means when the transfer itself
// was complete.
func inWords(err error) error {
	var transfer *web.Error
	if errors.Is(err, io.ErrUnexpectedEOF) && !errors.As(err, &transfer) {
		return errCut
	}
	return err
}

// wanted returns what the file of a distribution must have: digests, a size.
func (f *Fetcher) wanted(d *source.Dist) (*wanted, error) {
	w := &wanted{dist: d, own: slices.Clone(d.File.Hashes), size: f.opts.Hashes.Sizes[d.Name]}
	demanded := f.opts.Hashes.Demanded(&d.Source)
	for _, h := range demanded {
		if !slices.Contains(w.own, h) {
			w.own = append(w.own, h)
		}
	}
	allowed, required := f.opts.Hashes.For(d.Name)
	if required && len(allowed)+len(demanded) == 0 {
		return nil, &HashError{Dist: d.String()}
	}
	w.allowed = allowed
	return w, nil
}

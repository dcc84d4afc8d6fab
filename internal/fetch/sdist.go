package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/archive"
	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/web"
	"github.com/tame-py/tame/packaging/simple"
)

// An Sdist is a source distribution as a file on this machine.
type Sdist struct {
	Dist *source.Dist
	// Path is the file. It must not be changed, and may be gone once the
	// cache is closed.
	Path string
	// Hashes are the digests that are known, among them always SHA-256.
	Hashes []simple.Hash
}

// SHA256 is the digest that the file is known by.
func (s *Sdist) SHA256() string {
	for _, h := range s.Hashes {
		if h.Algorithm == "sha256" {
			return h.Digest
		}
	}
	return ""
}

// Sdist returns the archive of a source distribution: of an index, behind a URL
// or on this machine. One from elsewhere is checked and kept in the cache. It
// does so once for all callers.
func (f *Fetcher) Sdist(ctx context.Context, d *source.Dist) (*Sdist, error) {
	if isGitArchive(d) {
		file, err := f.Local(ctx, d)
		if err != nil {
			return nil, err
		}
		return f.Sdist(ctx, file)
	}
	id := d.ID()
	for {
		future := f.sdists.Do(id, func() *par.Future[*Sdist] {
			return par.Go(func() (*Sdist, error) { return f.bringSdist(ctx, d) })
		})
		s, err := future.Wait(ctx)
		if err == nil || ctx.Err() != nil || !isContext(err) {
			return s, err
		}
		f.sdists.Forget(id)
	}
}

func (f *Fetcher) bringSdist(ctx context.Context, d *source.Dist) (*Sdist, error) {
	want, err := f.wanted(d)
	if err != nil {
		return nil, err
	}
	if file, ok := localPath(d); ok {
		return f.localSdist(d, want, file)
	}
	if path, _, ok := f.vendored(d, want); ok {
		s, err := f.localSdist(d, want, path)
		if err != nil {
			return nil, fmt.Errorf("failed to read `%s` from `%s`: %w", d, path, err)
		}
		return s, nil
	}
	s, err := f.remoteSdist(ctx, d, want)
	if err != nil {
		return nil, fmt.Errorf("failed to download `%s`: %w", d, err)
	}
	return s, nil
}

// localSdist hashes a file of this machine.
func (f *Fetcher) localSdist(d *source.Dist, want *wanted, file string) (*Sdist, error) {
	sums, err := want.hash(file)
	if err != nil {
		return nil, err
	}
	if _, err := want.check(sums.digests(), sums.size); err != nil {
		return nil, err
	}
	return newSdist(d, file, sums.digests()), nil
}

func newSdist(d *source.Dist, file string, hashes []cache.Hash) *Sdist {
	s := &Sdist{Dist: d, Path: file}
	for _, h := range hashes {
		s.Hashes = append(s.Hashes, simple.Hash{Algorithm: h.Algorithm, Digest: h.Digest})
	}
	return s
}

// remoteSdist takes a source distribution from the cache, or downloads it into
// it.
func (f *Fetcher) remoteSdist(ctx context.Context, d *source.Dist, want *wanted) (*Sdist, error) {
	if key, ok := want.key(); ok && strings.HasPrefix(key, "sha256:") {
		file := f.sdistPath(d, strings.TrimPrefix(key, "sha256:"))
		if hashes, err := f.hashSdist(file, want); err == nil {
			return newSdist(d, file, hashes), nil
		}
	}
	r := f.sdistRequest(d, want)
	for range 3 {
		payload, err := f.opts.Web.Cached(ctx, r)
		if err != nil {
			return nil, err
		}
		entry, err := cache.DecodeWheel(payload)
		if err != nil {
			return nil, err
		}
		file := f.sdistPath(d, entry.Hash("sha256"))
		hashes, err := f.hashSdist(file, want)
		if err == nil || isMismatch(err) {
			return newSdist(d, file, hashes), err
		}
		// The file went away or was damaged: get it as if there was nothing.
		if err := os.Remove(r.File); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	return nil, errors.New("the cache is changed again and again")
}

// sdistPath is where a source distribution with a digest is in the cache.
func (f *Fetcher) sdistPath(d *source.Dist, sha256 string) string {
	name := path.Base(location(d))
	if d.File.Filename != "" {
		name = d.File.Filename
	}
	ending := ""
	if format, ok := archive.FormatOf(name); ok {
		ending = "." + format.String()
	}
	return f.opts.Cache.Path(cache.Sources, cache.Segment(d.Name), cache.Key("sha256:"+sha256)+ending)
}

// hash reads a file by all algorithms that matter.
func (w *wanted) hash(file string) (*hasher, error) {
	in, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	sums := newHasher(w.algorithms())
	_, err = io.Copy(sums, in)
	return sums, err
}

// hashSdist reads a file of the cache and compares it with what it should be.
func (f *Fetcher) hashSdist(file string, want *wanted) ([]cache.Hash, error) {
	sums, err := want.hash(file)
	if err != nil {
		return nil, err
	}
	if f.sdistPath(want.dist, sums.digest("sha256")) != file {
		_ = os.Remove(file)
		return nil, fmt.Errorf("%s is damaged", file)
	}
	_, err = want.check(sums.digests(), sums.size)
	return sums.digests(), err
}

// sdistRequest is the request for a source distribution. What is kept of the
// answer is its digests: the file lies beside it.
func (f *Fetcher) sdistRequest(d *source.Dist, want *wanted) web.CachedRequest {
	key := urlKey(d)
	r := web.CachedRequest{
		Request: web.Request{URL: location(d), Large: true},
		File:    f.opts.Cache.Path(cache.Sources, cache.Segment(d.Name), cache.Key(key)),
		Check: func(payload []byte) bool {
			entry, err := cache.DecodeWheel(payload)
			return err == nil && entry.Key == key && fileExists(f.sdistPath(d, entry.Hash("sha256")))
		},
		Transform: func(ctx context.Context, resp *web.Response) ([]byte, error) {
			sums, err := f.saveSdist(d, want, resp)
			if err != nil {
				return nil, err
			}
			entry := cache.Wheel{Key: key, Filename: d.File.Filename, Size: sums.size, Hashes: sums.digests(), Created: f.opts.Now()}
			return entry.Encode()
		},
	}
	if refresh := f.opts.Cache.Refresh(); refresh.Wants(d.Name) {
		r.Stale = func(confirmed time.Time) bool { return refresh.Stale(d.Name, confirmed) }
	}
	return r
}

func fileExists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// saveSdist writes an answer into the cache, checked.
func (f *Fetcher) saveSdist(d *source.Dist, want *wanted, resp *web.Response) (*hasher, error) {
	dir, err := f.opts.Cache.TempDir()
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	task := f.opts.Progress.Start(d.String(), resp.Length)
	defer task.Done()
	sums := newHasher(want.algorithms())
	name := filepath.Join(dir, "sdist")
	out, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.MultiWriter(out, sums), &counted{resp.Body, task})
	if err := errors.Join(err, out.Close()); err != nil {
		return nil, err
	}
	if _, err := want.check(sums.digests(), sums.size); err != nil {
		return nil, err
	}
	to := f.sdistPath(d, sums.digest("sha256"))
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return nil, err
	}
	return sums, fsx.Rename(name, to)
}

// UnpackSdist unpacks a source distribution below an empty directory and
// returns where the project is: the one directory that such archives have, or
// what of it the source names.
func (f *Fetcher) UnpackSdist(ctx context.Context, s *Sdist, dir string) (root string, err error) {
	in, err := os.Open(s.Path)
	if err != nil {
		return "", err
	}
	defer in.Close()
	format, ok := archive.FormatOf(s.Path)
	if !ok {
		return "", fmt.Errorf("`%s` is no archive", s.Path)
	}
	if _, err := archive.Unpack(ctx, in, format, dir, archive.Options{Links: true, Limits: f.opts.Limits, Pool: f.opts.Pool}); err != nil {
		return "", fmt.Errorf("failed to extract `%s`: %w", s.Dist, err)
	}
	root = dir
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	if len(entries) == 1 && entries[0].IsDir() {
		root = filepath.Join(dir, entries[0].Name())
	}
	return s.Dist.Source.Below(root)
}

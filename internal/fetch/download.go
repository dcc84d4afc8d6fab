package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/internal/archive"
	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/web"
)

// download gets a wheel from where it is.
func (f *Fetcher) download(ctx context.Context, d *source.Dist, want *wanted) (*Wheel, error) {
	if key, ok := want.key(); ok {
		return f.downloadKnown(ctx, d, want, key)
	}
	return f.downloadURL(ctx, d, want)
}

// downloadKnown gets a wheel whose hash is known, going on with what an
// earlier process had of it.
func (f *Fetcher) downloadKnown(ctx context.Context, d *source.Dist, want *wanted, key string) (*Wheel, error) {
	if s := f.takeUp(d, want, key); s != nil {
		w, err := f.stream(ctx, s, key)
		if !s.spoilt(err) {
			return w, err
		}
		// What was kept and what came do not belong together: begin anew.
	}
	u, err := f.begin(d, want)
	if err != nil {
		return nil, err
	}
	return f.stream(ctx, &stream{unpacking: u, zip: archive.NewZipStream(u.staging.Tree(), u.options())}, key)
}

// A stream is the unpacking of a wheel while it arrives.
type stream struct {
	*unpacking
	zip       *archive.ZipStream
	validator string            // of what was kept
	resumed   bool              // it goes on with what was kept
	sumsAt    map[string][]byte // of the hasher, at the last mark
}

// spoilt says whether an error may come from what an earlier process has left.
func (s *stream) spoilt(err error) bool {
	var broken *archive.Error
	return s.resumed && (errors.As(err, &broken) || isMismatch(err) || errors.Is(err, errNotResumed))
}

var errNotResumed = errors.New("the server does not send the rest")

// stream downloads a wheel into the stream and puts it into the store. The
// stream is used up in every case.
func (f *Fetcher) stream(ctx context.Context, s *stream, key string) (*Wheel, error) {
	defer s.zip.Close()
	down, err := f.opts.Web.OpenAt(ctx, web.Request{URL: location(s.dist)}, s.zip.Offset(), s.validator)
	if err != nil {
		f.putBack(s, key)
		return nil, err
	}
	defer down.Close()
	if down.Offset() != s.zip.Offset() {
		return nil, errors.Join(errNotResumed, s.staging.Discard())
	}
	s.validator = down.Validator()
	s.zip.Mark, s.zip.MarkEvery = s.mark, markEvery
	task := f.opts.Progress.Start(s.dist.String(), down.Length)
	defer task.Done()
	task.Add(s.zip.Offset())
	m, err := s.zip.Unpack(ctx, &counted{down, task})
	if err == nil {
		entry, a, err := s.finish(m)
		if err != nil {
			return nil, err
		}
		return s.note(key, entry, a)
	}
	var broken *archive.ReadError
	switch {
	case errors.Is(err, archive.ErrNotStreamable):
		entry, a, err := s.whole(ctx, task)
		if err != nil {
			return nil, err
		}
		return s.note(key, entry, a)
	case errors.As(err, &broken):
		f.putBack(s, key)
		return nil, broken.Err
	}
	return nil, errors.Join(pageInstead(err, down.Header), s.staging.Discard())
}

// counted tells a task what is read.
type counted struct {
	r    io.Reader
	task par.Task
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.task.Add(int64(n))
	return n, err
}

// pageInstead explains what is no zip and comes as a web page: most likely one
// that asks to log in.
func pageInstead(err error, header http.Header) error {
	var broken *archive.Error
	if errors.As(err, &broken) && broken.Name == "" && strings.HasPrefix(header.Get("Content-Type"), "text/html") {
		return fmt.Errorf("the server answered with a web page instead of a wheel: %w", err)
	}
	return err
}

// whole downloads a wheel that cannot be unpacked while it arrives to a file,
// and unpacks that.
func (u *unpacking) whole(ctx context.Context, task par.Task) (*cache.Wheel, *cache.Archive, error) {
	if err := u.staging.Discard(); err != nil {
		return nil, nil, err
	}
	fresh, err := u.f.begin(u.dist, u.want)
	if err != nil {
		return nil, nil, err
	}
	dir, err := u.f.opts.Cache.TempDir()
	if err != nil {
		return nil, nil, errors.Join(err, fresh.staging.Discard())
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "wheel")
	if err := fresh.save(ctx, path, task); err != nil {
		return nil, nil, errors.Join(err, fresh.staging.Discard())
	}
	opts := fresh.options()
	opts.Tee = nil // it was hashed on its way
	m, err := fresh.zip(ctx, path, opts)
	if err != nil {
		return nil, nil, errors.Join(err, fresh.staging.Discard())
	}
	return fresh.finish(m)
}

// save downloads to a file and hashes.
func (u *unpacking) save(ctx context.Context, path string, task par.Task) error {
	down, err := u.f.opts.Web.Open(ctx, web.Request{URL: location(u.dist)})
	if err != nil {
		return err
	}
	defer down.Close()
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.MultiWriter(file, u.sums), &counted{down, task})
	return errors.Join(err, file.Close())
}

// downloadURL gets a wheel that is known by its URL alone. What is in the
// cache is kept if the server says that it is still the same.
func (f *Fetcher) downloadURL(ctx context.Context, d *source.Dist, want *wanted) (*Wheel, error) {
	var made *cache.Archive
	r := f.cachedRequest(d)
	r.Transform = func(ctx context.Context, resp *web.Response) ([]byte, error) {
		entry, a, err := f.transform(ctx, d, want, resp)
		if err != nil {
			return nil, err
		}
		made = a
		// Whoever asks with a hash, as a lock does, finds it by that.
		byContent := *entry
		byContent.Key = "sha256:" + entry.Hash("sha256")
		_ = f.opts.Cache.PutWheel(d.Name, &byContent) // if not, it is fetched again then
		entry.Key = urlKey(d)
		return entry.Encode()
	}
	for range 3 {
		payload, err := f.opts.Web.Cached(ctx, r)
		if err != nil {
			return nil, err
		}
		entry, err := cache.DecodeWheel(payload)
		if err != nil {
			return nil, err
		}
		if made != nil {
			return &Wheel{Dist: d, Entry: entry, Archive: made, New: true}, nil
		}
		if w, err := f.open(d, want, entry); err != nil || w != nil {
			return w, err
		}
		// A digest is asked for that was not computed then, or the archive
		// went away just now: get it as if there was nothing.
		if err := os.Remove(r.File); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return nil, errors.New("the cache is changed again and again")
}

// transform unpacks the answer to a request for a wheel.
func (f *Fetcher) transform(ctx context.Context, d *source.Dist, want *wanted, resp *web.Response) (*cache.Wheel, *cache.Archive, error) {
	u, err := f.begin(d, want)
	if err != nil {
		return nil, nil, err
	}
	task := f.opts.Progress.Start(d.String(), resp.Length)
	defer task.Done()
	z := archive.NewZipStream(u.staging.Tree(), u.options())
	defer z.Close()
	m, err := z.Unpack(ctx, &counted{resp.Body, task})
	var broken *archive.ReadError
	switch {
	case err == nil:
		return u.finish(m)
	case errors.Is(err, archive.ErrNotStreamable):
		return u.whole(ctx, task)
	case errors.As(err, &broken):
		err = broken.Err
	}
	return nil, nil, errors.Join(pageInstead(err, resp.Header), u.staging.Discard())
}

package fetch

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/web"
	"github.com/tame-py/tame/packaging/dist"
)

// localPath returns the path of a distribution that is a file of this
// machine: given as such, or found in a folder of distributions.
func localPath(d *source.Dist) (string, bool) {
	if d.Source.Kind == source.Path {
		return d.Source.Location, true
	}
	if !strings.HasPrefix(d.File.URL, "file:") {
		return "", false
	}
	u, err := url.Parse(d.File.URL)
	if err != nil {
		return "", false
	}
	path := u.Path
	if runtime.GOOS == "windows" {
		path = strings.TrimPrefix(path, "/")
	}
	return filepath.FromSlash(path), true
}

// location returns the URL of a distribution that is somewhere else, with
// credentials if it has some.
func location(d *source.Dist) string {
	if d.Source.Kind == source.URL {
		return d.Source.Location
	}
	return d.File.URL
}

// urlKey is what a wheel without a hash is known by.
func urlKey(d *source.Dist) string { return "url:" + auth.Strip(location(d)) }

// vendored finds a distribution in the folder of those that are not downloaded. It
// must have a digest, which is what it is known by then: a folder can be chosen by
// a project, and what enters the cache is for all.
func (f *Fetcher) vendored(d *source.Dist, want *wanted) (path, key string, ok bool) {
	name := d.File.Filename
	if f.opts.Vendored == "" || name == "" || filepath.Base(name) != name {
		return "", "", false
	}
	if key, ok = want.key(); !ok {
		return "", "", false
	}
	path = filepath.Join(f.opts.Vendored, name)
	info, err := os.Stat(path)
	return path, key, err == nil && info.Mode().IsRegular()
}

func pathKey(path string) string { return "path:" + path }

// lookup returns the wheel if it is in the cache and may be used without
// asking anybody; nil if not. The error is a hash that differs.
func (f *Fetcher) lookup(d *source.Dist, want *wanted) (*Wheel, error) {
	var entry *cache.Wheel
	var err error
	if path, ok := localPath(d); ok {
		entry, err = f.lookupPath(d, path)
	} else if key, ok := want.key(); ok {
		entry, err = f.opts.Cache.Wheel(d.Name, key)
	} else {
		entry, err = f.lookupURL(d)
	}
	if err != nil || entry == nil {
		return nil, nil // absent, or not to be used: it will be made again
	}
	return f.open(d, want, entry)
}

// open opens the archive of an entry, if the entry is of this wheel and in
// good order.
func (f *Fetcher) open(d *source.Dist, want *wanted, entry *cache.Wheel) (*Wheel, error) {
	if !sameWheel(d, entry.Filename) {
		return nil, nil
	}
	known, err := want.check(entry.Hashes, entry.Size)
	if !known {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	a, err := f.opts.Cache.Archive(entry.Archive)
	if err != nil {
		return nil, nil //nolint:nilerr // absent or damaged: it will be made again
	}
	w := &Wheel{Dist: d, Entry: entry, Archive: a}
	if f.opts.Cache.Refresh().Stale(d.Name, entry.Created) && !f.renew(w) {
		return nil, nil
	}
	return w, nil
}

// renew answers a wish to refresh a wheel that is known by its content: there
// is nothing newer, but what is in the cache may have been damaged.
func (f *Fetcher) renew(w *Wheel) bool {
	if strings.HasPrefix(w.Entry.Key, "url:") {
		return true // the server was asked
	}
	if w.Archive.Verify() != nil {
		_ = f.opts.Cache.RemoveArchive(w.Archive.ID)
		return false
	}
	w.Entry.Created = f.opts.Now()
	_ = f.opts.Cache.PutWheel(w.Dist.Name, w.Entry) // if not, it is looked at again next time
	return true
}

// sameWheel says whether a cached wheel of the given name answers a
// distribution: their names and versions are the same. Tags may differ, as in
// two names for the same file.
func sameWheel(d *source.Dist, filename string) bool {
	if filename == d.Wheel.String() {
		return true
	}
	w, err := dist.ParseWheel(filename)
	return err == nil && w.Name == d.Wheel.Name && w.Version.Equal(d.Wheel.Version)
}

// lookupURL returns the entry of a wheel that is known by its URL, as long as
// HTTP allows to use it unasked.
func (f *Fetcher) lookupURL(d *source.Dist) (*cache.Wheel, error) {
	if f.opts.Web == nil {
		return nil, fs.ErrNotExist
	}
	payload, ok := f.opts.Web.Stored(f.cachedRequest(d))
	if !ok {
		return nil, fs.ErrNotExist
	}
	return cache.DecodeWheel(payload)
}

func (f *Fetcher) cachedRequest(d *source.Dist) web.CachedRequest {
	key := urlKey(d)
	r := web.CachedRequest{
		Request: web.Request{URL: location(d), Large: true},
		File:    f.opts.Cache.WheelPath(d.Name, key),
		Check: func(payload []byte) bool {
			entry, err := cache.DecodeWheel(payload)
			if err != nil || entry.Key != key || !sameWheel(d, entry.Filename) {
				return false
			}
			_, err = f.opts.Cache.Archive(entry.Archive)
			return err == nil
		},
	}
	if refresh := f.opts.Cache.Refresh(); refresh.Wants(d.Name) {
		r.Stale = func(confirmed time.Time) bool { return refresh.Stale(d.Name, confirmed) }
	}
	return r
}

// lookupPath returns the entry of a local wheel if the file has not changed.
func (f *Fetcher) lookupPath(d *source.Dist, path string) (*cache.Wheel, error) {
	entry, err := f.opts.Cache.Wheel(d.Name, pathKey(path))
	if err != nil {
		return nil, err
	}
	now, err := fsx.Identify(path)
	if err != nil {
		return nil, err
	}
	if entry.File != now {
		return nil, errors.New("the file has changed")
	}
	// A file that had just been written could have been written again
	// without a trace.
	if !now.Settled(entry.Created) {
		return f.confirmPath(d, path, entry)
	}
	return entry, nil
}

// confirmPath reads a local wheel and compares its hash, so that next time
// its identity will do.
func (f *Fetcher) confirmPath(d *source.Dist, path string, entry *cache.Wheel) (*cache.Wheel, error) {
	sum, err := hashFile(path)
	if err != nil {
		return nil, err
	}
	if sum != entry.Hash("sha256") {
		return nil, errors.New("the file has changed")
	}
	entry.Created = f.opts.Now()
	_ = f.opts.Cache.PutWheel(d.Name, entry) // if not, it is compared again next time
	return entry, nil
}

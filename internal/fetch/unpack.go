package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tame-py/tame/internal/archive"
	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/source"
)

// An unpacking is a wheel on its way into the store.
type unpacking struct {
	f       *Fetcher
	dist    *source.Dist
	want    *wanted
	staging *cache.Staging
	sums    *hasher
}

func (f *Fetcher) begin(d *source.Dist, want *wanted) (*unpacking, error) {
	staging, err := f.opts.Cache.Stage()
	if err != nil {
		return nil, err
	}
	return &unpacking{f: f, dist: d, want: want, staging: staging, sums: f.newHasher(want.algorithms())}, nil
}

func (u *unpacking) options() archive.Options {
	return archive.Options{Tee: u.sums, Pool: u.f.opts.Pool, Limits: u.f.opts.Limits, FoldCase: true}
}

// finish checks what was unpacked and puts it into the store. Whatever
// happens, the staging is gone.
func (u *unpacking) finish(m *archive.Manifest) (*cache.Wheel, *cache.Archive, error) {
	distInfo, err := u.verify(m)
	if err != nil {
		return nil, nil, errors.Join(err, u.staging.Discard())
	}
	a, err := u.staging.Commit(m)
	if err != nil {
		return nil, nil, err
	}
	return &cache.Wheel{
		Archive: a.ID, Filename: u.dist.Wheel.String(), DistInfo: distInfo,
		Size: u.sums.size, Hashes: u.sums.digests(), Created: u.f.opts.Now(),
	}, a, nil
}

func (u *unpacking) verify(m *archive.Manifest) (distInfo string, err error) {
	if _, err := u.want.check(u.sums.digests(), u.sums.size); err != nil {
		return "", err
	}
	return verifyWheel(u.staging.Tree(), m, u.dist.Wheel, u.f.opts.AnyName)
}

// note writes the entry and returns the wheel.
func (u *unpacking) note(key string, entry *cache.Wheel, a *cache.Archive) (*Wheel, error) {
	entry.Key = key
	if err := u.f.opts.Cache.PutWheel(u.dist.Name, entry); err != nil {
		return nil, err
	}
	return &Wheel{Dist: u.dist, Entry: entry, Archive: a, New: true}, nil
}

// unpackFile unpacks a local wheel, which is known by its path.
func (f *Fetcher) unpackFile(ctx context.Context, d *source.Dist, path string, want *wanted) (*Wheel, error) {
	return f.unpackAs(ctx, d, path, want, "")
}

// unpackAs unpacks a local wheel that is known by a key or, without one, by its
// path.
func (f *Fetcher) unpackAs(ctx context.Context, d *source.Dist, path string, want *wanted, key string) (*Wheel, error) {
	for range 3 {
		before, err := fsx.Identify(path)
		if err != nil {
			return nil, err
		}
		u, err := f.begin(d, want)
		if err != nil {
			return nil, err
		}
		entry, a, err := u.file(ctx, path)
		if err != nil {
			return nil, err
		}
		if after, err := fsx.Identify(path); err != nil || after != before {
			continue // it was written meanwhile
		}
		if key != "" {
			return u.note(key, entry, a)
		}
		entry.File = before
		return u.note(pathKey(path), entry, a)
	}
	return nil, fmt.Errorf("%s changes while it is read", path)
}

// file unpacks a wheel file into the staging and finishes.
func (u *unpacking) file(ctx context.Context, path string) (*cache.Wheel, *cache.Archive, error) {
	m, err := u.zip(ctx, path, u.options())
	if err != nil {
		return nil, nil, errors.Join(err, u.staging.Discard())
	}
	return u.finish(m)
}

func (u *unpacking) zip(ctx context.Context, path string, opts archive.Options) (*archive.Manifest, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return archive.UnpackZip(ctx, file, info.Size(), u.staging.Tree(), opts)
}

func hashFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

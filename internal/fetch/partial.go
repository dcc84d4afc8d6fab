package fetch

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"

	"github.com/tame-py/tame/internal/archive"
	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/source"
)

// markEvery is how much more of a wheel must have come for its state to be
// noted again, in bytes: what is lost at most when a download is interrupted
// between two files.
const markEvery = 1 << 20

// A kept is the beginning of a download, as it is kept beside the files that
// were unpacked of it.
type kept struct {
	Key       string            // what the wheel is known by
	Validator string            // of the answer it came with
	Offset    int64             // where the rest begins
	Sums      map[string][]byte // states of the hashes, by algorithm
	Zip       json.RawMessage   // what archive.ResumeZip needs
}

const keptFile = "download.json"

// mark notes the state of the hashes between two files.
func (s *stream) mark(int64) bool {
	sums, err := s.sums.state()
	if err != nil {
		return false
	}
	s.sumsAt = sums
	return true
}

// putBack keeps what there is of a wheel for the next run. Nothing depends on
// it, so errors are not told.
func (f *Fetcher) putBack(s *stream, key string) {
	state, offset := s.zip.State()
	if state == nil || s.sumsAt == nil {
		_ = s.staging.Discard()
		return
	}
	data, err := json.Marshal(kept{Key: key, Validator: s.validator, Offset: offset, Sums: s.sumsAt, Zip: state})
	if err == nil {
		err = os.WriteFile(filepath.Join(s.staging.Dir(), keptFile), data, 0o666)
	}
	if err != nil {
		_ = s.staging.Discard()
		return
	}
	_ = s.staging.Keep(f.keptPath(key))
}

func (f *Fetcher) keptPath(key string) string {
	return f.opts.Cache.Path(cache.Partials, cache.Key(key))
}

// takeUp returns a stream that goes on with what was kept of a wheel, nil if
// nothing was or it is not to be used.
func (f *Fetcher) takeUp(d *source.Dist, want *wanted, key string) *stream {
	staging, err := f.opts.Cache.Restage(f.keptPath(key))
	if err != nil {
		return nil
	}
	s, err := f.resume(d, want, key, staging)
	if err != nil {
		_ = staging.Discard()
		return nil
	}
	return s
}

func (f *Fetcher) resume(d *source.Dist, want *wanted, key string, staging *cache.Staging) (*stream, error) {
	path := filepath.Join(staging.Dir(), keptFile)
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var k kept
	if err := json.Unmarshal(data, &k); err != nil {
		return nil, err
	}
	if k.Key != key {
		return nil, errors.New("it is of another wheel")
	}
	if err := os.Remove(path); err != nil {
		return nil, err
	}
	u := &unpacking{f: f, dist: d, want: want, staging: staging, sums: f.newHasher(want.algorithms())}
	if err := u.sums.restore(k.Sums, k.Offset); err != nil {
		return nil, err
	}
	zip, err := archive.ResumeZip(staging.Tree(), u.options(), k.Zip)
	if err != nil {
		return nil, err
	}
	if zip.Offset() != k.Offset {
		zip.Close()
		return nil, errors.New("it does not say where to go on")
	}
	return &stream{unpacking: u, zip: zip, validator: k.Validator, resumed: true, sumsAt: k.Sums}, nil
}

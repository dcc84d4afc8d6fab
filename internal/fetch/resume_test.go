package fetch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fetch"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/pypitest"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/web"
)

// large is a wheel of about 8 MB.
func large(seed uint64) pypitest.File {
	r := release("1.0")
	random := rand.New(rand.NewPCG(seed, 0))
	for i := range 40 {
		b := make([]byte, 200_000)
		for j := range b {
			b[j] = byte(random.Uint32())
		}
		r.Files[fmt.Sprintf("demo/data%02d.bin", i)] = string(b)
	}
	return r.Wheel("py3-none-any")
}

// A download that breaks off in one process is gone on with by the next.
func TestDownloadGoesOnInAnotherProcess(t *testing.T) {
	t.Parallel()
	file := large(1)
	w := newWorld(t)
	d := w.registry(t, file)
	for _, cut := range []int{5_000_000, 2_500_000} { // twice, the second time further on
		w.server.Fail(pypitest.Rule{Path: "*.whl", Truncate: cut, Times: 1}, pypitest.Rule{Path: "*.whl", Status: 403, Times: 1})
		if _, err := w.fetcher(t).Wheel(t.Context(), d); web.StatusOf(err) != 403 {
			t.Fatalf("got %v, want the status 403", err)
		}
		if n := w.archives(t); n != 0 {
			t.Fatalf("%d archives of a wheel that is not there", n)
		}
	}
	w.server.Reset()
	var told task
	told.n = new(counter)
	wheel, err := w.fetcher(t, progress(&told)).Wheel(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if err := wheel.Archive.Verify(); err != nil {
		t.Error(err)
	}
	if wheel.Entry.Hash("sha256") != pypitest.SHA256(file.Data) || wheel.Entry.Size != int64(len(file.Data)) {
		t.Errorf("entry %+v", wheel.Entry)
	}
	requests := w.server.Requests()
	if len(requests) != 1 || requests[0].Status != 206 || requests[0].Range < "bytes=6" {
		t.Errorf("requests %v, ranges %q; want one from beyond 6 MB on", requests, requests[0].Range)
	}
	if told.n.Load() != int64(len(file.Data)) {
		t.Errorf("told of %d bytes of %d", told.n.Load(), len(file.Data))
	}
	if left, _ := os.ReadDir(filepath.Join(w.root, string(cache.Partials))); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if n := w.archives(t); n != 1 {
		t.Errorf("%d archives", n)
	}
}

// interrupted leaves the beginning of a download in the cache.
func interrupted(t *testing.T, w *world, d *source.Dist) {
	t.Helper()
	w.server.Fail(pypitest.Rule{Path: "*.whl", Truncate: 5_000_000, Times: 1}, pypitest.Rule{Path: "*.whl", Status: 403, Times: 1})
	if _, err := w.fetcher(t).Wheel(t.Context(), d); web.StatusOf(err) != 403 {
		t.Fatalf("got %v, want the status 403", err)
	}
	kept, err := os.ReadDir(filepath.Join(w.root, string(cache.Partials)))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept %v, %v", kept, err)
	}
	w.server.Reset()
}

// What was kept is not believed, and what does not fit is thrown away.
func TestKeptDownloadsAreChecked(t *testing.T) {
	t.Parallel()
	file := large(2)
	kept := func(w *world, rest ...string) string {
		found, _ := filepath.Glob(filepath.Join(append([]string{w.root, string(cache.Partials), "*"}, rest...)...))
		return strings.Join(found, " ")
	}
	cases := map[string]func(w *world) error{
		"untouched": func(*world) error { return nil },
		"a file is changed": func(w *world) error {
			return os.WriteFile(kept(w, "tree", "demo", "data01.bin"), make([]byte, 200_000), 0o666)
		},
		"a file is gone":  func(w *world) error { return os.Remove(kept(w, "tree", "demo", "data01.bin")) },
		"a file is added": func(w *world) error { return os.WriteFile(filepath.Join(kept(w, "tree"), "evil.py"), nil, 0o666) },
		"no state":        func(w *world) error { return os.Remove(kept(w, "download.json")) },
		"half a state":    func(w *world) error { return os.Truncate(kept(w, "download.json"), 1000) },
		"another state": func(w *world) error {
			path := kept(w, "download.json")
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(path, bytes.Replace(b, []byte(`"sha256":"`), []byte(`"sha256":"AAAA`), 1), 0o666)
		},
		"no ranges": func(w *world) error { w.server.Fail(pypitest.Rule{Path: "*.whl", NoRange: true}); return nil },
		"a zip64 lie": func(w *world) error {
			path := kept(w, "download.json")
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(path, bytes.Replace(b, []byte(`"Offset":0,`), []byte(`"Offset":1,`), 1), 0o666)
		},
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			d := w.registry(t, file)
			interrupted(t, w, d)
			if err := change(w); err != nil {
				t.Fatal(err)
			}
			wheel, err := w.fetcher(t).Wheel(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			if err := wheel.Archive.Verify(); err != nil {
				t.Error(err)
			}
			if _, ok := wheel.Archive.Manifest.Find("evil.py"); ok {
				t.Error("a file that is not in the wheel is in the store")
			}
			if _, err := os.Stat(filepath.Join(wheel.Dir(), "evil.py")); err == nil {
				t.Error("a file that is not in the wheel is in the tree")
			}
			w.archives(t)
		})
	}
}

// Ctrl-C keeps what there is.
func TestCancelledDownloadIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.registry(t, large(3))
	ctx, cancel := context.WithCancel(t.Context())
	w.server.Fail(pypitest.Rule{Path: "*.whl", Drip: 1_000_000, DripEvery: 5 * time.Millisecond, Times: 1})
	var told task
	told.n = new(counter)
	f := w.fetcher(t, func(o *fetch.Options, _ *cache.Options, _ *web.Options) {
		o.Progress = func(string, int64) par.Task { return &stopper{&told, cancel} }
	})
	if _, err := f.Wheel(ctx, d); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	w.server.Reset()
	if _, err := w.fetcher(t).Wheel(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if r := w.server.Requests()[0]; r.Status != 206 {
		t.Errorf("%v: the download began anew", r)
	}
}

// A stopper cancels when 4 MB are there.
type stopper struct {
	*task
	cancel context.CancelFunc
}

func (s *stopper) Add(n int64) {
	if s.n.Add(n) > 4_000_000 {
		s.cancel()
	}
}

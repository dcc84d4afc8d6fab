package fetch_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fetch"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/pypitest"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/web"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
)

// A world is an index with a cache.
type world struct {
	server *pypitest.Server
	root   string
}

func newWorld(t testing.TB, options ...pypitest.Option) *world {
	t.Helper()
	return &world{server: pypitest.New(t, options...), root: t.TempDir()}
}

func getenv(name string) string {
	if name == "UV_TEST_NO_HTTP_RETRY_DELAY" {
		return "1"
	}
	return ""
}

// fetcher returns one as a new process has it.
func (w *world) fetcher(t testing.TB, change ...func(*fetch.Options, *cache.Options, *web.Options)) *fetch.Fetcher {
	t.Helper()
	var opts fetch.Options
	var cacheOpts cache.Options
	webOpts := web.Options{Getenv: getenv}
	for _, f := range change {
		f(&opts, &cacheOpts, &webOpts)
	}
	c, err := cache.Open(context.Background(), w.root, cacheOpts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	opts.Cache, opts.Web = c, web.New(webOpts)
	return fetch.New(opts)
}

// registry is a wheel of the index, with its hash.
func (w *world) registry(t testing.TB, f pypitest.File) *source.Dist {
	t.Helper()
	name, err := dist.ParseWheel(f.Name)
	if err != nil {
		t.Fatal(err)
	}
	w.server.AddFile(string(name.Name), f)
	return &source.Dist{
		Name: name.Name, Version: name.Version, Wheel: &name, Source: source.Source{Kind: source.Registry, Index: w.server.URL()},
		File: simple.File{Filename: f.Name, URL: w.server.FileURL(f.Name), Size: int64(len(f.Data)), Hashes: []simple.Hash{sha256Of(f.Data)}},
	}
}

func sha256Of(data []byte) simple.Hash {
	return simple.Hash{Algorithm: "sha256", Digest: pypitest.SHA256(data)}
}

func release(version string) *pypitest.Release {
	return &pypitest.Release{Name: "demo", Version: version, Files: map[string]string{"demo/a/b.py": "b = 1\n"}}
}

// archives counts what is in the store, and fails if something is left over
// elsewhere.
func (w *world) archives(t testing.TB) int {
	t.Helper()
	if left, _ := os.ReadDir(filepath.Join(w.root, string(cache.Temporaries))); len(left) > 0 {
		t.Errorf("left in the cache: %v", left)
	}
	entries, err := os.ReadDir(filepath.Join(w.root, string(cache.Archives)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return len(entries)
}

func TestWheelOfAnIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := release("1.0")
	file := r.Wheel("py3-none-any")
	d := w.registry(t, file)
	for i := range 2 {
		f := w.fetcher(t)
		if _, ok, err := f.Cached(d); ok != (i == 1) || err != nil {
			t.Errorf("run %d: in the cache: %v, %v", i, ok, err)
		}
		wheel, err := f.Wheel(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if wheel.New != (i == 0) {
			t.Errorf("run %d: new is %v", i, wheel.New)
		}
		got, want := map[string]string{}, map[string]string{}
		for _, f := range wheel.Manifest().Files {
			b, err := os.ReadFile(filepath.Join(wheel.Dir(), filepath.FromSlash(f.Path)))
			if err != nil {
				t.Fatal(err)
			}
			got[f.Path] = string(b)
		}
		for _, e := range r.WheelEntries("py3-none-any") {
			want[e.Name] = string(e.Data)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("run %d (-want +got):\n%s", i, diff)
		}
		m, err := wheel.Metadata()
		if err != nil || m.Name != "demo" {
			t.Errorf("metadata: %v, %v", m, err)
		}
		if diff := cmp.Diff([]simple.Hash{sha256Of(file.Data)}, wheel.Hashes()); diff != "" {
			t.Errorf("hashes (-want +got):\n%s", diff)
		}
		if wheel.Entry.DistInfo != "demo-1.0.dist-info" || wheel.Entry.Size != int64(len(file.Data)) {
			t.Errorf("entry %+v", wheel.Entry)
		}
	}
	if n := w.server.Count("*.whl"); n != 1 {
		t.Errorf("%d downloads, want 1", n)
	}
}

// The same wheel behind another URL is the same wheel.
func TestWheelIsKnownByItsHash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := release("1.0").Wheel("py3-none-any")
	d := w.registry(t, file)
	if _, err := w.fetcher(t).Wheel(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	mirror := *d
	mirror.File.URL = "http://mirror.example.com/" + file.Name
	if _, ok, err := w.fetcher(t).Cached(&mirror); !ok || err != nil {
		t.Errorf("in the cache: %v, %v", ok, err)
	}
	// But a hash of another version's wheel does not make it one of this.
	other, err := dist.ParseWheel("demo-2.0-py3-none-any.whl")
	if err != nil {
		t.Fatal(err)
	}
	mirror.Wheel, mirror.Version = &other, other.Version
	if _, ok, _ := w.fetcher(t).Cached(&mirror); ok {
		t.Error("demo 1.0 was taken for demo 2.0")
	}
}

func TestHashes(t *testing.T) {
	t.Parallel()
	file := release("1.0").Wheel("py3-none-any")
	sum5, sum512 := md5.Sum(file.Data), sha512.Sum512(file.Data)
	right := sha256Of(file.Data)
	weak := simple.Hash{Algorithm: "md5", Digest: hex.EncodeToString(sum5[:])}
	long := simple.Hash{Algorithm: "sha512", Digest: hex.EncodeToString(sum512[:])}
	wrong := simple.Hash{Algorithm: "sha256", Digest: strings.Repeat("0", 64)}
	unknown := simple.Hash{Algorithm: "crc32", Digest: "00"}
	list := func(h ...simple.Hash) []simple.Hash { return h }
	cases := map[string]struct {
		own, allowed []simple.Hash
		required     bool
		size         int64
		fails        bool
	}{
		"none":                             {},
		"own":                              {own: list(right)},
		"own, wrong":                       {own: list(wrong), fails: true},
		"own, one of two wrong":            {own: list(long, wrong), fails: true},
		"own, of another algorithm":        {own: list(long)},
		"own, weak":                        {own: list(weak)},
		"own, upper case":                  {own: list(simple.Hash{Algorithm: "sha256", Digest: strings.ToUpper(right.Digest)})},
		"own, unknown":                     {own: list(unknown), fails: true},
		"allowed":                          {allowed: list(wrong, right)},
		"allowed, wrong":                   {allowed: list(wrong), fails: true},
		"allowed, weak beside strong":      {allowed: list(weak, wrong), fails: true},
		"allowed, unknown":                 {allowed: list(unknown), fails: true},
		"size":                             {size: int64(len(file.Data))},
		"size, wrong":                      {size: 1, fails: true},
		"size, wrong, known by content":    {own: list(right), size: 1, fails: true},
		"required and allowed":             {allowed: list(right), required: true},
		"required, known to the index":     {own: list(right), required: true, fails: true},
		"required, allowed, index differs": {own: list(wrong), allowed: list(right), required: true, fails: true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			d := w.registry(t, file)
			d.File.Hashes = c.own
			change := func(o *fetch.Options, _ *cache.Options, _ *web.Options) {
				o.Hashes = source.HashPolicy{Required: c.required, Allowed: map[pyname.Package][]simple.Hash{"demo": c.allowed}, Sizes: map[pyname.Package]int64{"demo": c.size}}
			}
			wheel, err := w.fetcher(t, change).Wheel(t.Context(), d)
			var mismatch *fetch.HashError
			var size *fetch.SizeError
			if c.fails != (err != nil) || c.fails && !errors.As(err, &mismatch) && !errors.As(err, &size) {
				t.Fatalf("got %v", err)
			}
			want := 1
			if c.fails {
				want = 0
			}
			if n := w.archives(t); n != want {
				t.Errorf("%d archives in the store, want %d", n, want)
			}
			if err == nil && wheel.Entry.Hash("sha256") != right.Digest {
				t.Errorf("hashes: %v", wheel.Entry.Hashes)
			}
		})
	}
}

// What is asked now is compared with what is in the cache.
func TestHashesOfTheCache(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := release("1.0").Wheel("py3-none-any")
	d := w.registry(t, file)
	if _, err := w.fetcher(t).Wheel(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	allow := func(h simple.Hash) func(*fetch.Options, *cache.Options, *web.Options) {
		return func(o *fetch.Options, _ *cache.Options, _ *web.Options) {
			o.Hashes = source.HashPolicy{Required: true, Allowed: map[pyname.Package][]simple.Hash{"demo": {h}}}
		}
	}
	wrong := simple.Hash{Algorithm: "sha256", Digest: strings.Repeat("0", 64)}
	_, _, err := w.fetcher(t, allow(wrong)).Cached(d)
	want := "hash mismatch for `demo==1.0`\n\nExpected:\n  sha256:" + wrong.Digest + "\n\nComputed:\n  sha256:" + sha256Of(file.Data).Digest
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	// A digest that was not computed then is computed now.
	sum := sha512.Sum512(file.Data)
	right := simple.Hash{Algorithm: "sha512", Digest: hex.EncodeToString(sum[:])}
	if _, ok, err := w.fetcher(t, allow(right)).Cached(d); ok || err != nil {
		t.Errorf("in the cache: %v, %v", ok, err)
	}
	if _, err := w.fetcher(t, allow(right)).Wheel(t.Context(), d); err != nil {
		t.Error(err)
	}
	if _, ok, err := w.fetcher(t, allow(right)).Cached(d); !ok || err != nil {
		t.Errorf("in the cache: %v, %v", ok, err)
	}
}

func TestHostileWheels(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"absolute": "absolute", "bad-crc": "checksum", "bad-record": "demo/__init__.py is not what its RECORD says", "bomb": "200 times", "case-clash": "only in case",
		"duplicate": "twice", "local-name": "", "lying-size": "", "missing-record": "RECORD is missing", "not-a-zip": "not a zip archive",
		"symlink": "file and a directory", "traversal": "leads out", "truncated": "", "windows-path": "backslash", "wrong-name": "does not match filename (demo-other != demo)",
		"wrong-version": "does not match filename (1.0.1 != 1.0)",
	}
	for _, kind := range pypitest.Hostile() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := release("1.0")
			r.Hostile = []string{kind}
			d := w.registry(t, r.Wheel("py3-none-any"))
			local := *d
			path := filepath.Join(t.TempDir(), d.File.Filename)
			if err := os.WriteFile(path, w.server.File(d.File.Filename), 0o666); err != nil {
				t.Fatal(err)
			}
			local.Source = source.Source{Kind: source.Path, Location: path}
			unknown := *d
			unknown.File.Hashes = nil
			for i, d := range []*source.Dist{d, &local, &unknown} {
				_, err := w.fetcher(t).Wheel(t.Context(), d)
				if err == nil || !strings.Contains(err.Error(), want[kind]) && kind != "not-a-zip" {
					t.Errorf("way %d: got %v, want an error that says %q", i, err, want[kind])
				}
			}
			if n := w.archives(t); n != 0 {
				t.Errorf("%d archives in the store", n)
			}
		})
	}
}

func TestAnyName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := release("1.0")
	r.Hostile = []string{"wrong-version"}
	d := w.registry(t, r.Wheel("py3-none-any"))
	if _, err := w.fetcher(t, func(o *fetch.Options, _ *cache.Options, _ *web.Options) { o.AnyName = true }).Wheel(t.Context(), d); err != nil {
		t.Error(err)
	}
}

func TestWebPageInstead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.registry(t, release("1.0").Wheel("py3-none-any"))
	w.server.Fail(pypitest.Rule{Path: "*.whl", ContentType: "text/html; charset=utf-8", Body: []byte("<html>please log in</html>" + strings.Repeat(" ", 100))})
	_, err := w.fetcher(t).Wheel(t.Context(), d)
	if err == nil || !strings.Contains(err.Error(), "failed to download `demo==1.0`: the server answered with a web page instead of a wheel") {
		t.Errorf("got %v", err)
	}
}

func TestServerErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.registry(t, release("1.0").Wheel("py3-none-any"))
	w.server.Fail(pypitest.Rule{Path: "*.whl", Status: 404, Times: 1})
	_, err := w.fetcher(t).Wheel(t.Context(), d)
	if web.StatusOf(err) != 404 {
		t.Errorf("got %v, want the status 404", err)
	}
	offline := func(_ *fetch.Options, _ *cache.Options, o *web.Options) { o.Offline = true }
	if _, err := w.fetcher(t, offline).Wheel(t.Context(), d); !web.IsOffline(err) {
		t.Errorf("got %v, want that the program is offline", err)
	}
	w.server.Fail(pypitest.Rule{Path: "*.whl", Status: 503, Times: 2}, pypitest.Rule{Path: "*.whl", Reset: 300, Times: 1})
	if _, err := w.fetcher(t).Wheel(t.Context(), d); err != nil {
		t.Errorf("errors that pass: %v", err)
	}
	if _, err := w.fetcher(t, offline).Wheel(t.Context(), d); err != nil {
		t.Errorf("from the cache: %v", err)
	}
}

// A wheel without a hash is used as HTTP allows.
func TestWheelWithoutHash(t *testing.T) {
	t.Parallel()
	file, next := release("1.0").Wheel("py3-none-any"), release("1.0")
	next.Files["demo/new.py"] = "new\n"
	var now atomic.Pointer[[]byte]
	now.Store(&file.Data)
	var whole, conditional atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data := *now.Load()
		tag := `"` + pypitest.SHA256(data) + `"`
		w.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			conditional.Add(1)
			w.WriteHeader(http.StatusNotModified)
			return
		}
		whole.Add(1)
		w.Write(data)
	}))
	t.Cleanup(server.Close)
	w := newWorld(t)
	d := w.registry(t, file)
	d.Source = source.Source{Kind: source.URL, Location: server.URL + "/" + file.Name}
	d.File.Hashes, d.File.URL = nil, ""
	if _, ok, _ := w.fetcher(t).Cached(d); ok {
		t.Error("in the cache before it was fetched")
	}
	for i := range 2 {
		if _, err := w.fetcher(t).Wheel(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if whole.Load() != 1 || conditional.Load() != int32(i) {
			t.Errorf("run %d: %d downloads and %d questions", i, whole.Load(), conditional.Load())
		}
	}
	changed := next.Wheel("py3-none-any").Data
	now.Store(&changed)
	wheel, err := w.fetcher(t).Wheel(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := wheel.Archive.Manifest.Find("demo/new.py"); !ok || !wheel.New {
		t.Error("the wheel of before was used after it changed on the server")
	}
	// A hash that was not computed then makes it a download again.
	sum := sha512.Sum512(changed)
	policy := func(o *fetch.Options, _ *cache.Options, _ *web.Options) {
		o.Hashes = source.HashPolicy{Allowed: map[pyname.Package][]simple.Hash{"demo": {{Algorithm: "sha512", Digest: hex.EncodeToString(sum[:])}}}}
	}
	if wheel, err := w.fetcher(t, policy).Wheel(t.Context(), d); err != nil || wheel.Entry.Hash("sha512") == "" {
		t.Errorf("with another hash: %v", err)
	}
	offline := func(_ *fetch.Options, _ *cache.Options, o *web.Options) { o.Offline = true }
	if _, ok, err := w.fetcher(t, offline).Cached(d); !ok || err != nil {
		t.Errorf("offline: %v, %v", ok, err)
	}
}

func TestLocalWheel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := release("1.0").Wheel("py3-none-any")
	d := w.registry(t, file)
	path := filepath.Join(t.TempDir(), file.Name)
	d.Source = source.Source{Kind: source.Path, Location: path}
	d.File.Hashes, d.File.URL = nil, ""
	put := func(data []byte, age time.Duration) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		then := time.Now().Add(-age)
		if err := os.Chtimes(path, then, then); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.fetcher(t).Wheel(t.Context(), d); err == nil || !strings.Contains(err.Error(), "failed to read `demo @ file:///") {
		t.Errorf("a wheel that is not there: %v", err)
	}
	put(file.Data, time.Hour)
	for i := range 2 {
		wheel, err := w.fetcher(t).Wheel(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if wheel.New != (i == 0) {
			t.Errorf("run %d: new is %v", i, wheel.New)
		}
	}
	next := release("1.0")
	next.Files["demo/new.py"] = "new\n"
	put(next.Wheel("py3-none-any").Data, time.Hour)
	wheel, err := w.fetcher(t).Wheel(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := wheel.Archive.Manifest.Find("demo/new.py"); !ok {
		t.Error("the wheel of before was used after the file changed")
	}
	// The same as a file in a folder of distributions.
	d.Source = source.Source{Kind: source.Registry}
	d.File.URL = (source.Source{Kind: source.Path, Location: path}).FileURL()
	if wheel, err := w.fetcher(t).Wheel(t.Context(), d); err != nil || wheel.New {
		t.Errorf("by its URL: %v", err)
	}
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.registry(t, release("1.0").Wheel("py3-none-any"))
	first, err := w.fetcher(t).Wheel(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	refresh := func(_ *fetch.Options, o *cache.Options, _ *web.Options) {
		o.Refresh = cache.RefreshPackages(time.Now(), "demo")
	}
	if _, ok, err := w.fetcher(t, refresh).Cached(d); !ok || err != nil || w.server.Count("*.whl") != 1 {
		t.Errorf("there is nothing newer than a wheel with the same hash: %v, %v", ok, err)
	}
	if err := os.WriteFile(filepath.Join(first.Dir(), "demo", "__init__.py"), []byte("edited in the cache"), 0o666); err != nil {
		t.Fatal(err)
	}
	wheel, err := w.fetcher(t, refresh).Wheel(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if err := wheel.Archive.Verify(); err != nil || !wheel.New {
		t.Errorf("what was damaged in the cache was not brought anew: %v", err)
	}
}

func TestSourceDistributions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.registry(t, release("1.0").Wheel("py3-none-any"))
	d.Wheel = nil
	_, err := w.fetcher(t).Wheel(t.Context(), d)
	var needed *fetch.BuildNeededError
	if !errors.As(err, &needed) || err.Error() != "`demo==1.0` has only a source distribution, and nothing can be built here" {
		t.Errorf("got %v", err)
	}
	wheel, err := w.fetcher(t, func(o *fetch.Options, _ *cache.Options, _ *web.Options) { o.Builder = builder{t.TempDir()} }).Wheel(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if !wheel.Entry.Built || wheel.Entry.Filename != "demo-1.0-py3-none-any.whl" || wheel.Dist != d {
		t.Errorf("built %+v", wheel.Entry)
	}
}

// A builder makes the same wheel of everything.
type builder struct{ dir string }

func (b builder) Recipe(context.Context, *source.Dist) (*fetch.Recipe, error) {
	return &fetch.Recipe{}, nil
}

func (b builder) Turn(ctx context.Context, _ string) (context.Context, func(), error) {
	return ctx, func() {}, nil
}

func (b builder) BuildMetadata(context.Context, *fetch.Work) (*metadata.Metadata, error) {
	return nil, nil
}

func (b builder) BuildWheel(context.Context, *fetch.Work, string) (string, error) {
	file := release("1.0").Wheel("py3-none-any")
	path := filepath.Join(b.dir, file.Name)
	return path, os.WriteFile(path, file.Data, 0o666)
}

func TestWheelsLargestFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var dists []*source.Dist
	for i, n := range []int{10, 4000, 300} {
		r := release(fmt.Sprint(i))
		r.Files["demo/data"] = strings.Repeat("x", n)
		dists = append(dists, w.registry(t, r.Wheel("py3-none-any")))
	}
	dists[0].File.Size = -1
	var mu sync.Mutex
	var labels []string
	var done counter
	f := w.fetcher(t, func(o *fetch.Options, _ *cache.Options, _ *web.Options) {
		o.Downloads = 1
		o.Progress = func(label string, size int64) par.Task {
			mu.Lock()
			defer mu.Unlock()
			labels = append(labels, label)
			return &task{&done}
		}
	})
	wheels, err := f.Wheels(t.Context(), dists)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"demo==0", "demo==1", "demo==2"}, labels); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	var total int64
	for i, wheel := range wheels {
		if wheel.Dist != dists[i] {
			t.Errorf("wheel %d is %s", i, wheel.Dist)
		}
		total += wheel.Entry.Size
	}
	if done.Load() != total {
		t.Errorf("told of %d bytes, want %d", done.Load(), total)
	}
}

type counter = atomic.Int64

type task struct{ n *counter }

func progress(t *task) func(*fetch.Options, *cache.Options, *web.Options) {
	return func(o *fetch.Options, _ *cache.Options, _ *web.Options) {
		o.Progress = func(string, int64) par.Task { return t }
	}
}

func (t *task) Add(n int64) { t.n.Add(n) }
func (t *task) Done()       {}

// Whoever asks, it is downloaded once; and if the first gives up, the next
// one gets it all the same.
func TestOnceForAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.registry(t, release("1.0").Wheel("py3-none-any"))
	f := w.fetcher(t)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := f.Wheel(t.Context(), d); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := w.server.Count("*.whl"); n != 1 {
		t.Errorf("%d downloads, want 1", n)
	}
	other := w.registry(t, release("2.0").Wheel("py3-none-any"))
	w.server.Fail(pypitest.Rule{Path: "demo-2.0*", Hang: true, Times: 1})
	first, cancel := context.WithCancel(t.Context())
	began := make(chan error)
	go func() {
		_, err := f.Wheel(first, other)
		began <- err
	}()
	for w.server.Count("demo-2.0*") == 0 {
		time.Sleep(time.Millisecond)
	}
	wg.Go(func() {
		if _, err := f.Wheel(t.Context(), other); err != nil {
			t.Errorf("the second: %v", err)
		}
	})
	cancel()
	if err := <-began; !errors.Is(err, context.Canceled) {
		t.Errorf("the first: %v", err)
	}
	wg.Wait()
}

// A zip that tells the size of a stored file after it cannot be unpacked
// while it comes.
func TestWheelThatCannotBeStreamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := release("1.0").Wheel("py3-none-any")
	file.Data = unstreamable(file.Data)
	d := w.registry(t, file)
	unknown := *d
	unknown.File.Hashes, unknown.File.URL = nil, d.File.URL+"?unknown"
	for _, d := range []*source.Dist{d, &unknown} {
		wheel, err := w.fetcher(t).Wheel(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if err := wheel.Archive.Verify(); err != nil || wheel.Entry.Size != int64(len(file.Data)) || wheel.Entry.Hash("sha256") != pypitest.SHA256(file.Data) {
			t.Errorf("%+v, %v", wheel.Entry, err)
		}
	}
	w.archives(t)
}

// unstreamable moves the sizes of the first file, which must be stored,
// behind it.
func unstreamable(data []byte) []byte {
	data = bytes.Clone(data)
	header := bytes.Clone(data[14:26])
	clear(data[14:26])
	data[6] |= 8
	next := bytes.Index(data[4:], []byte("PK\x03\x04")) + 4
	descriptor := append([]byte("PK\x07\x08"), header...)
	out := append(append(bytes.Clone(data[:next]), descriptor...), data[next:]...)
	// The directory begins later, and so do all files but the first.
	shift := func(at int) {
		v := uint32(out[at]) | uint32(out[at+1])<<8 | uint32(out[at+2])<<16 | uint32(out[at+3])<<24
		v += uint32(len(descriptor))
		out[at], out[at+1], out[at+2], out[at+3] = byte(v), byte(v>>8), byte(v>>16), byte(v>>24)
	}
	first := true
	for i := 0; ; {
		j := bytes.Index(out[i:], []byte("PK\x01\x02"))
		if j < 0 {
			break
		}
		i += j
		if first {
			out[i+8] |= 8
		} else {
			shift(i + 42)
		}
		first = false
		i += 4
	}
	shift(bytes.LastIndex(out, []byte("PK\x05\x06")) + 16)
	return out
}

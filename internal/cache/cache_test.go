package cache_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/packaging/pyname"
)

func open(t testing.TB, dir string) *cache.Cache {
	t.Helper()
	c, err := cache.Open(context.Background(), dir, cache.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestOpenMarksTheDirectory(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "a", "uv")
	c := open(t, root)
	if got, want := read(t, filepath.Join(root, "CACHEDIR.TAG")), "Signature: 8a477f597d28d172789f06886806bc55"; got != want {
		t.Errorf("CACHEDIR.TAG holds %q, want %q", got, want)
	}
	if got := read(t, filepath.Join(root, ".gitignore")); got != "*" {
		t.Errorf(".gitignore holds %q, want *", got)
	}
	if c.Root() != root || c.IsTemporary() {
		t.Errorf("root %s, temporary %v", c.Root(), c.IsTemporary())
	}
	open(t, root) // any number may have it open
	if _, err := fsx.TryAcquire(filepath.Join(root, ".lock"), fsx.Exclusive); !errors.Is(err, fsx.ErrLocked) {
		t.Errorf("an open cache could be locked for cleaning: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// Everybody who comes to a new cache at once gets it.
func TestOpenAtOnce(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "uv")
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			c, err := cache.Open(t.Context(), root, cache.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestOpenWhereItCannotBe(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := cache.Open(t.Context(), filepath.Join(file, "uv"), cache.Options{})
	if err == nil || !strings.Contains(err.Error(), "failed to initialize cache at `"+filepath.Join(file, "uv")+"`") {
		t.Errorf("got %v, want an error that names the directory", err)
	}
}

func TestTemporaryGoesAway(t *testing.T) {
	t.Parallel()
	c, err := cache.Temporary(cache.Options{})
	if err != nil {
		t.Fatal(err)
	}
	path := c.Path(cache.Pages, "index", "flask")
	if err := c.Write(path, []byte("page")); err != nil {
		t.Fatal(err)
	}
	if !c.IsTemporary() || read(t, path) != "page" {
		t.Error("a temporary cache does not keep what is written")
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(c.Root()); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", c.Root(), err)
	}
}

func TestWriteFailureSaysWhereAndWhatToDo(t *testing.T) {
	t.Parallel()
	c := open(t, t.TempDir())
	if err := os.WriteFile(c.Path(cache.Pages), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	err := c.Write(c.Path(cache.Pages, "index", "flask"), nil)
	var cacheErr *cache.Error
	if !errors.As(err, &cacheErr) || !strings.Contains(err.Error(), c.Root()) || len(cacheErr.Hints()) == 0 {
		t.Errorf("got %v, want a *cache.Error that names the directory, with a hint", err)
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	c := open(t, t.TempDir())
	full := &fs.PathError{Op: "write", Path: c.Path(cache.Temporaries, "x"), Err: errors.New("no space left on device")}
	var cacheErr *cache.Error
	if err := c.Explain(fmt.Errorf("unpacking: %w", full)); !errors.As(err, &cacheErr) || !errors.Is(err, full) || c.Explain(err) != err {
		t.Errorf("an error in the cache: %v", err)
	}
	elsewhere := &fs.PathError{Op: "open", Path: "/etc/x", Err: fs.ErrPermission}
	if err := c.Explain(elsewhere); err != error(elsewhere) || c.Explain(nil) != nil {
		t.Errorf("an error elsewhere: %v", err)
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, parts := range [][]string{{}, {""}, {"", ""}, {"ab"}, {"a", "b"}, {"a", "b", ""}, {"1:a"}, {"https://example.com/a.whl"}} {
		key := cache.Key(parts...)
		if len(key) != 32 || strings.ToLower(key) != key {
			t.Errorf("Key(%q) = %q", parts, key)
		}
		if other, ok := seen[key]; ok {
			t.Errorf("%q and %s have one key", parts, other)
		}
		seen[key] = fmt.Sprintf("%q", parts)
	}
	if got, want := cache.Key("https://example.com/simple/", "flask"), "nol4ayucoczcxjg5k7kpj3nams5lfln5"; got != want {
		t.Errorf("keys changed: %s, was %s; entries of older versions are lost", got, want)
	}
}

func TestSegment(t *testing.T) {
	t.Parallel()
	for name, want := range map[pyname.Package]string{"flask": "flask", "con": "con_", "nul": "nul_", "com1": "com1_", "lpt9": "lpt9_", "com": "com", "console": "console"} {
		if got := cache.Segment(name); got != want {
			t.Errorf("Segment(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	before, after := now.Add(-time.Second), now.Add(time.Second)
	all, some := cache.RefreshAll(now), cache.RefreshPackages(now, "flask")
	cases := []struct {
		name    string
		refresh cache.Refresh
		pkg     pyname.Package
		written time.Time
		want    bool
	}{
		{"nothing", cache.Refresh{}, "flask", before, false},
		{"all, older", all, "flask", before, true},
		{"all, newer", all, "flask", after, false},
		{"some, that one", some, "flask", before, true},
		{"some, that one, newer", some, "flask", after, false},
		{"some, another", some, "django", before, false},
		{"no names", cache.RefreshPackages(now), "flask", before, false},
		{"both", some.And(cache.RefreshPackages(now, "django")), "django", before, true},
		{"all and some", some.And(all), "django", before, true},
		{"nothing and some", cache.Refresh{}.And(some), "flask", before, true},
	}
	for _, c := range cases {
		if got := c.refresh.Stale(c.pkg, c.written); got != c.want {
			t.Errorf("%s: stale is %v, want %v", c.name, got, c.want)
		}
	}
	if !all.StaleAll(before) || some.StaleAll(before) || !(cache.Refresh{}).IsZero() || some.IsZero() {
		t.Error("StaleAll or IsZero")
	}
}

func TestDir(t *testing.T) {
	t.Parallel()
	if filepath.Separator == '\\' {
		t.Skip("paths of Unix")
	}
	cases := []struct {
		places cache.Places
		want   string
	}{
		{cache.Places{Chosen: "c", Home: "/h"}, "c"},
		{cache.Places{Home: "/h"}, "/h/.cache/uv"},
		{cache.Places{Home: "/h", XDGCacheHome: "/x"}, "/x/uv"},
		{cache.Places{Home: "/h", XDGCacheHome: "x"}, "/h/.cache/uv"},
		{cache.Places{}, ".uv_cache"},
	}
	for _, c := range cases {
		if got := cache.Dir(c.places); got != c.want {
			t.Errorf("Dir(%+v) = %q, want %q", c.places, got, c.want)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		c, err := cache.Open(context.Background(), dir, cache.Options{})
		if err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
}

func BenchmarkKey(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		cache.Key("https://example.com/simple/", "flask")
	}
}

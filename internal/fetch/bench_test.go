package fetch_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fetch"
	"github.com/tame-py/tame/internal/pypitest"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/web"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/simple"
)

// benchmarkDists are the wheels in the folder that TAME_WHEELS names, or made
// ones, behind the URL that TAME_FILES names, or a server of this process.
func benchmarkDists(b *testing.B) []*source.Dist {
	b.Helper()
	dir := os.Getenv("TAME_WHEELS")
	if dir == "" {
		dir = b.TempDir()
		for i := range 20 {
			r := release(fmt.Sprint(i))
			for j := range 100 {
				r.Files[fmt.Sprintf("demo/f%d.py", j)] = strings.Repeat(fmt.Sprintf("line %d of %d\n", j, i), 700)
			}
			f := r.Wheel("py3-none-any")
			if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o666); err != nil {
				b.Fatal(err)
			}
		}
	}
	base := os.Getenv("TAME_FILES")
	if base == "" {
		server := httptest.NewServer(http.StripPrefix("/files/", http.FileServer(http.Dir(dir))))
		b.Cleanup(server.Close)
		base = server.URL + "/files/"
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil {
		b.Fatal(err)
	}
	var out []*source.Dist
	for _, path := range names {
		data, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		name, err := dist.ParseWheel(filepath.Base(path))
		if err != nil {
			b.Fatal(err)
		}
		out = append(out, &source.Dist{
			Name: name.Name, Version: name.Version, Wheel: &name,
			File: simple.File{URL: base + filepath.Base(path), Size: int64(len(data)), Hashes: []simple.Hash{{Algorithm: "sha256", Digest: pypitest.SHA256(data)}}},
		})
	}
	return out
}

// BenchmarkFetch brings all wheels into an empty cache (cold), and finds them
// there (warm).
func BenchmarkFetch(b *testing.B) {
	dists := benchmarkDists(b)
	bring := func(b *testing.B, root string) {
		c, err := cache.Open(context.Background(), root, cache.Options{})
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		f := fetch.New(fetch.Options{Cache: c, Web: web.New(web.Options{})})
		if _, err := f.Wheels(context.Background(), dists); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("cold", func(b *testing.B) {
		b.ReportAllocs()
		for n := 0; b.Loop(); n++ {
			root := filepath.Join(b.TempDir(), fmt.Sprint(n))
			bring(b, root)
			b.StopTimer()
			os.RemoveAll(root)
			b.StartTimer()
		}
	})
	b.Run("warm", func(b *testing.B) {
		root := b.TempDir()
		bring(b, root)
		b.ReportAllocs()
		for b.Loop() {
			bring(b, root)
		}
	})
}

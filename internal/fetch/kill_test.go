package fetch_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fetch"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/web"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/simple"
)

// fetchEnv makes a test process fetch the wheels it names ("url hash" lines)
// into the cache of the first line, again and again until it is killed.
const fetchEnv = "FETCH_TEST_WHEELS"

func TestMain(m *testing.M) {
	if text := os.Getenv(fetchEnv); text != "" {
		if err := fetchForever(strings.Split(text, "\n")); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func fetchForever(lines []string) error {
	for {
		c, err := cache.Open(context.Background(), lines[0], cache.Options{})
		if err != nil {
			return err
		}
		var dists []*source.Dist
		for _, line := range lines[1:] {
			url, hash, _ := strings.Cut(line, " ")
			name, err := dist.ParseWheel(filepath.Base(url))
			if err != nil {
				return err
			}
			dists = append(dists, &source.Dist{Name: name.Name, Version: name.Version, Wheel: &name, File: simple.File{URL: url, Hashes: []simple.Hash{{Algorithm: "sha256", Digest: hash}}}})
		}
		f := fetch.New(fetch.Options{Cache: c, Web: web.New(web.Options{Getenv: getenv})})
		if _, err := f.Wheels(context.Background(), dists); err != nil {
			return err
		}
		if err := c.Close(); err != nil {
			return err
		}
		// Begin anew, so that there is always something under way.
		x, err := cache.Clean(context.Background(), lines[0], cache.CleanOptions{Force: true})
		if err != nil {
			return err
		}
		if _, err := x.Prune(true); err != nil {
			return err
		}
		x.Close()
	}
}

// Whenever processes are killed, what is in the cache is whole.
func TestKilled(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts and kills processes")
	}
	w := newWorld(t)
	lines := []string{w.root}
	var dists []*source.Dist
	for i := range 12 {
		r := release(fmt.Sprint(i))
		for j := range 30 {
			r.Files[fmt.Sprintf("demo/f%d.py", j)] = strings.Repeat(fmt.Sprintf("line %d of %d\n", j, i), 500)
		}
		d := w.registry(t, r.Wheel("py3-none-any"))
		dists = append(dists, d)
		lines = append(lines, d.File.URL+" "+d.File.Hashes[0].Digest)
	}
	for round := range 12 {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), fetchEnv+"="+strings.Join(lines, "\n"))
		var out strings.Builder
		child.Stdout, child.Stderr = &out, &out
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(20+round*17) * time.Millisecond)
		if err := child.Process.Kill(); err != nil {
			t.Fatalf("the child ended by itself: %v\n%s", err, out.String())
		}
		_ = child.Wait()
		if out.Len() > 0 {
			t.Fatalf("the child said: %s", out.String())
		}
		f := w.fetcher(t)
		for _, d := range dists {
			wheel, ok, err := f.Cached(d)
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				if err := wheel.Archive.Verify(); err != nil {
					t.Errorf("round %d: %v", round, err)
				}
			}
		}
	}
	// And the next run works.
	if _, err := w.fetcher(t).Wheels(t.Context(), dists); err != nil {
		t.Error(err)
	}
}

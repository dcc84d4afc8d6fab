package fsx_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/tame-py/tame/internal/fsx"
)

func openTree(t testing.TB, dir string) *fsx.Tree {
	t.Helper()
	tree, err := fsx.OpenTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	return tree
}

func TestLinkModeText(t *testing.T) {
	t.Parallel()
	for _, mode := range []fsx.LinkMode{fsx.Clone, fsx.Copy, fsx.Hardlink, fsx.Symlink} {
		b, err := json.Marshal(mode)
		if err != nil {
			t.Fatal(err)
		}
		var back fsx.LinkMode
		if err := json.Unmarshal(b, &back); err != nil || back != mode {
			t.Errorf("%s read back as %v, %v", b, back, err)
		}
	}
	if mode, err := fsx.ParseLinkMode("reflink"); mode != fsx.Clone || err != nil {
		t.Errorf("reflink: %v, %v", mode, err)
	}
	if _, err := fsx.ParseLinkMode("link"); err == nil {
		t.Error("link was taken for a mode")
	}
}

func TestLinkerPlacesAndReplaces(t *testing.T) {
	t.Parallel()
	for _, mode := range []fsx.LinkMode{fsx.Clone, fsx.Hardlink, fsx.Symlink, fsx.Copy} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, filepath.Join(dir, "cache", "pkg", "a.py"), "new")
			write(t, filepath.Join(dir, "env", "pkg", "a.py"), "old")
			if err := os.Chmod(filepath.Join(dir, "cache", "pkg", "a.py"), 0o755); err != nil {
				t.Fatal(err)
			}
			src, dst := openTree(t, filepath.Join(dir, "cache")), openTree(t, filepath.Join(dir, "env"))
			linker := fsx.NewLinker(mode, nil)
			for _, to := range []string{"pkg/a.py", "pkg/b.py", "pkg/a.py"} {
				if err := linker.Link(src, "pkg/a.py", dst, to); err != nil {
					t.Fatalf("%s: %v", to, err)
				}
				path := filepath.Join(dir, "env", filepath.FromSlash(to))
				if got := read(t, path); got != "new" {
					t.Errorf("%s holds %q, want %q", to, got, "new")
				}
				if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o100 == 0 {
					t.Errorf("%s lost its execute bit: %v, %v", to, info.Mode(), err)
				}
			}
			if left := leftovers(t, dir); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestLinkerCopyIsIndependent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "cache", "RECORD"), "as unpacked")
	write(t, filepath.Join(dir, "env", "x"), "")
	src, dst := openTree(t, filepath.Join(dir, "cache")), openTree(t, filepath.Join(dir, "env"))
	linker := fsx.NewLinker(fsx.Hardlink, nil)
	if err := linker.Copy(src, "RECORD", dst, "RECORD"); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "env", "RECORD"), "changed")
	if got := read(t, filepath.Join(dir, "cache", "RECORD")); got != "as unpacked" {
		t.Errorf("the cache holds %q after the copy was written to", got)
	}
}

func TestLinkerErrorsThatNoModeMends(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "cache", "a"), "x")
	write(t, filepath.Join(dir, "env", "x"), "")
	src, dst := openTree(t, filepath.Join(dir, "cache")), openTree(t, filepath.Join(dir, "env"))
	linker := fsx.NewLinker(fsx.Hardlink, func(err error) { t.Errorf("fell back to copying: %v", err) })
	if err := linker.Link(src, "absent", dst, "b"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an absent source gave %v", err)
	}
	if err := linker.Link(src, "a", dst, "absent/b"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an absent directory gave %v", err)
	}
	if linker.Mode() != fsx.Hardlink {
		t.Errorf("the mode is now %v", linker.Mode())
	}
}

// Between two filesystems neither clone nor hard link works: the linker
// copies, says so once, and does not try again.
func TestLinkerAcrossFilesystems(t *testing.T) {
	t.Parallel()
	shm, err := os.MkdirTemp("/dev/shm", "fsx")
	if err != nil {
		t.Skip("no second filesystem here:", err)
	}
	t.Cleanup(func() { os.RemoveAll(shm) })
	dir := t.TempDir()
	if one, _ := fsx.Identify(shm); one.Dev == must(fsx.Identify(dir)).Dev {
		t.Skip("no second filesystem here")
	}
	write(t, filepath.Join(dir, "a"), "x")
	src, dst := openTree(t, dir), openTree(t, shm)
	var told int
	linker := fsx.NewLinker(0, func(error) { told++ })
	for i := range 3 {
		if err := linker.Link(src, "a", dst, strconv.Itoa(i)); err != nil {
			t.Fatal(err)
		}
	}
	if linker.Mode() != fsx.Copy || told != 1 {
		t.Errorf("mode %v, told %d times; want copy, once", linker.Mode(), told)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Many wheels may bring the same file: all succeed, and what is there in the
// end is whole.
func TestLinkerSameNameAtOnce(t *testing.T) {
	t.Parallel()
	for _, mode := range []fsx.LinkMode{fsx.Hardlink, fsx.Copy} {
		dir := t.TempDir()
		for i := range 4 {
			write(t, filepath.Join(dir, "cache", strconv.Itoa(i)), "same content")
		}
		write(t, filepath.Join(dir, "env", "x"), "")
		src, dst := openTree(t, filepath.Join(dir, "cache")), openTree(t, filepath.Join(dir, "env"))
		linker := fsx.NewLinker(mode, nil)
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				for range 25 {
					if err := linker.Link(src, strconv.Itoa(i), dst, "init.py"); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if got := read(t, filepath.Join(dir, "env", "init.py")); got != "same content" {
			t.Errorf("%v: holds %q", mode, got)
		}
		if left := leftovers(t, dir); len(left) != 0 {
			t.Errorf("%v: left behind %v", mode, left)
		}
	}
}

func benchmarkTree(b *testing.B, files int) (string, []string) {
	dir := b.TempDir()
	var names []string
	for i := range files {
		name := "pkg" + strconv.Itoa(i/20) + "/mod" + strconv.Itoa(i) + ".py"
		names = append(names, name)
		path := filepath.Join(dir, "cache", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(path, make([]byte, 3000), 0o666); err != nil {
			b.Fatal(err)
		}
	}
	return dir, names
}

func BenchmarkLink(b *testing.B) {
	for _, mode := range []fsx.LinkMode{fsx.Hardlink, fsx.Copy} {
		b.Run(mode.String(), func(b *testing.B) {
			dir, names := benchmarkTree(b, 2000)
			src := openTree(b, filepath.Join(dir, "cache"))
			linker := fsx.NewLinker(mode, nil)
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				env := filepath.Join(dir, "env"+strconv.Itoa(n))
				if err := os.Mkdir(env, 0o777); err != nil {
					b.Fatal(err)
				}
				dst := openTree(b, env)
				for i, name := range names {
					if i%20 == 0 {
						if err := dst.Mkdir(filepath.Dir(name)); err != nil {
							b.Fatal(err)
						}
					}
					if err := linker.Link(src, name, dst, name); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(len(names)*b.N)/b.Elapsed().Seconds(), "files/s")
		})
	}
}

func BenchmarkMeasure(b *testing.B) {
	dir, names := benchmarkTree(b, 12000)
	for b.Loop() {
		fsx.Measure(dir)
	}
	b.ReportMetric(float64(len(names)*b.N)/b.Elapsed().Seconds(), "files/s")
}

func TestTreeReadFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "sub", "a"), "content")
	tree := openTree(t, dir)
	if data, err := tree.ReadFile("sub/a"); err != nil || string(data) != "content" {
		t.Errorf("%q, %v", data, err)
	}
	_, err := tree.ReadFile("sub/b")
	var failed *os.PathError
	if !errors.As(err, &failed) || !errors.Is(err, os.ErrNotExist) || failed.Path != filepath.Join(dir, "sub", "b") {
		t.Errorf("an absent file: %v", err)
	}
}

package cache_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tame-py/tame/internal/archive"
	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/packaging/pyname"
)

// put unpacks files into the store.
func put(t testing.TB, c *cache.Cache, files map[string]string) *cache.Archive {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, content := range files {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		if strings.HasPrefix(content, "#!") {
			h.SetMode(0o755)
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte(content))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := c.Stage()
	if err != nil {
		t.Fatal(err)
	}
	m, err := archive.Unpack(t.Context(), &b, archive.Zip, s.Tree(), archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.Commit(m)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func demo() map[string]string {
	return map[string]string{
		"demo/__init__.py": "", "demo/core/a.py": "a = 1\n", "demo/run.sh": "#!/bin/sh\n",
		"demo-1.0.dist-info/METADATA": "Name: demo\n", "top.py": "x",
	}
}

func TestStoreKeepsAndDescribes(t *testing.T) {
	t.Parallel()
	c := open(t, t.TempDir())
	a := put(t, c, demo())
	opened, err := c.Archive(a.ID)
	if err != nil {
		t.Fatal(err)
	}
	m := opened.Manifest
	got := map[string]string{}
	for _, f := range m.Files() {
		path := m.Path(f.Path)
		got[path] = read(t, filepath.Join(opened.Tree(), filepath.FromSlash(path)))
		if strings.HasPrefix(got[path], "#!") != (f.Mode == 0o755) || f.Size != int64(len(got[path])) {
			t.Errorf("%s: mode %o, size %d", path, f.Mode, f.Size)
		}
		dir := ""
		if f.Dir != cache.NoDir {
			dir = m.Path(m.Dirs()[f.Dir].Path) + "/"
		}
		if rest, ok := strings.CutPrefix(path, dir); !ok || strings.Contains(rest, "/") {
			t.Errorf("%s is said to be in %q", path, dir)
		}
		if found, ok := m.Find(path); !ok || found != f {
			t.Errorf("Find(%s) = %v, %v", path, found, ok)
		}
	}
	if diff := cmp.Diff(demo(), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if m.Bytes() != 0+6+10+11+1 {
		t.Errorf("%d bytes in all", m.Bytes())
	}
	if _, ok := m.Find("demo"); ok {
		t.Error("a directory was found as a file")
	}
	if err := opened.Verify(); err != nil {
		t.Error(err)
	}
	if err := errors.Join(cache.CheckRow[cache.ManifestFile](), cache.CheckRow[cache.ManifestDir]()); err != nil {
		t.Error(err)
	}
}

func TestSameContentIsKeptOnce(t *testing.T) {
	t.Parallel()
	c := open(t, t.TempDir())
	first, second := put(t, c, demo()), put(t, c, demo())
	if first.ID != second.ID {
		t.Errorf("the same files are %s and %s", first.ID, second.ID)
	}
	changed := demo()
	changed["top.py"] = "y"
	if other := put(t, c, changed); other.ID == first.ID {
		t.Error("other files have the same ID")
	}
	executable := demo()
	executable["top.py"] = "#!"
	plain := demo()
	plain["top.py"] = "!#"
	if put(t, c, executable).ID == put(t, c, plain).ID {
		t.Error("the execute bit does not count")
	}
	if entries, err := os.ReadDir(c.Path(cache.Temporaries)); err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// Any number of processes bring the same wheel at once.
func TestStoreAtOnce(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			c, err := cache.Open(t.Context(), root, cache.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			a := put(t, c, demo())
			if err := a.Verify(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestDamagedArchiveIsReplaced(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(a *cache.Archive) error{
		"file cut":  func(a *cache.Archive) error { return os.Truncate(filepath.Join(a.Tree(), "top.py"), 0) },
		"file gone": func(a *cache.Archive) error { return os.Remove(filepath.Join(a.Tree(), "top.py")) },
		"manifest cut": func(a *cache.Archive) error {
			return os.Truncate(filepath.Join(filepath.Dir(a.Tree()), "manifest"), 20)
		},
		"manifest gone": func(a *cache.Archive) error { return os.Remove(filepath.Join(filepath.Dir(a.Tree()), "manifest")) },
	} {
		c := open(t, t.TempDir())
		if err := damage(put(t, c, demo())); err != nil {
			t.Fatal(err)
		}
		a := put(t, c, demo())
		if err := a.Verify(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := c.Archive(a.ID); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// After the machine has gone down, what was not on the disk yet is noticed
// once; after that nobody looks again.
func TestArchiveOfBeforeTheLastStart(t *testing.T) {
	t.Parallel()
	c := open(t, t.TempDir())
	whole, cut := put(t, c, demo()), put(t, c, map[string]string{"other.py": "content"})
	for _, a := range []*cache.Archive{whole, cut} {
		if err := cache.SetStamp(filepath.Join(filepath.Dir(a.Tree()), "manifest"), [2]int64{12345, 0}); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Truncate(filepath.Join(cut.Tree(), "other.py"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Archive(cut.ID); !errors.Is(err, cache.ErrStale) {
		t.Errorf("an archive that was cut off: %v, want ErrStale", err)
	}
	if _, err := c.Archive(whole.ID); err != nil {
		t.Errorf("a whole archive: %v", err)
	}
	if err := os.Remove(filepath.Join(whole.Tree(), "top.py")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Archive(whole.ID); err != nil {
		t.Errorf("a settled archive was looked at again: %v", err)
	}
	if err := c.RemoveArchive(whole.ID); err != nil {
		t.Error(err)
	}
	if _, err := c.Archive(whole.ID); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a removed archive: %v, want fs.ErrNotExist", err)
	}
}

func TestKeptStaging(t *testing.T) {
	t.Parallel()
	c := open(t, t.TempDir())
	path := c.Path(cache.Partials, "key")
	if _, err := c.Restage(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing kept gave %v, want fs.ErrNotExist", err)
	}
	for _, content := range []string{"first", "second"} {
		s, err := c.Stage()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(s.Tree(), "f"), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := s.Keep(path); err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Restage(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Keep(path); err != nil { // once more
		t.Fatal(err)
	}
	if s, err = c.Restage(path); err != nil {
		t.Fatal(err)
	}
	if got := read(t, filepath.Join(s.Tree(), "f")); got != "second" {
		t.Errorf("kept %q, want the last", got)
	}
	if _, err := c.Restage(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it was taken twice: %v", err)
	}
	sum := sha256.Sum256([]byte("second"))
	if _, err := s.Commit(&archive.Manifest{Files: []archive.File{{Path: "f", Size: 6, SHA256: sum, Mode: 0o644}}}); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(c.Path(cache.Temporaries)); err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestWheelEntries(t *testing.T) {
	t.Parallel()
	c := open(t, t.TempDir())
	if _, err := c.Wheel("demo", "sha256:00"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no entry gave %v", err)
	}
	want := &cache.Wheel{
		Key: "sha256:00", Archive: "id", Filename: "demo-1.0-py3-none-any.whl", DistInfo: "demo-1.0.dist-info", Size: 77, Built: true,
		Hashes: []cache.Hash{{"sha256", "00"}, {"sha512", "11"}}, File: fsx.Identity{Dev: 1, Ino: 2, Size: 3, Mtime: 4, Ctime: 5}, Created: time.Unix(100, 5),
	}
	for range 2 {
		if err := c.PutWheel("demo", want); err != nil {
			t.Fatal(err)
		}
	}
	got, err := c.Wheel("demo", "sha256:00")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.Hash("sha512") != "11" || got.Hash("md5") != "" {
		t.Errorf("hashes: %v", got.Hashes)
	}
	path := c.Path(cache.Wheels, "demo", cache.Key("sha256:00"))
	if err := os.WriteFile(path, []byte("half"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Wheel("demo", "sha256:00"); !errors.Is(err, cache.ErrStale) {
		t.Errorf("a damaged entry gave %v", err)
	}
}

// fill makes a cache with something of everything, and returns it closed.
func fill(t *testing.T) (root string, flask, django *cache.Archive) {
	t.Helper()
	root = filepath.Join(t.TempDir(), "uv")
	c := open(t, root)
	flask, django = put(t, c, demo()), put(t, c, map[string]string{"django.py": "d"})
	built := put(t, c, map[string]string{"built.py": "b"})
	put(t, c, map[string]string{"dangling.py": "x"})
	for _, w := range []struct {
		name pyname.Package
		w    cache.Wheel
	}{
		{"flask", cache.Wheel{Key: "1", Archive: flask.ID}},
		{"flask", cache.Wheel{Key: "2", Archive: django.ID}},
		{"django", cache.Wheel{Key: "3", Archive: django.ID}},
		{"built", cache.Wheel{Key: "4", Archive: built.ID, Built: true}},
	} {
		if err := c.PutWheel(w.name, &w.w); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{
		c.Path(cache.Pages, "index1", "flask"), c.Path(cache.Pages, "index2", "flask.html"), c.Path(cache.Pages, "index1", "flask-login"),
		c.Path(cache.Metadata, "flask", "x"), c.Path(cache.Metadata, "django", "x"), c.Path(cache.Sources, "flask", "k", "src", "setup.py"),
		c.Path(cache.Environments, "env", "bin", "python"), c.Path(cache.Temporaries, ".tmp-killed", "tree", "x"), c.Path(cache.Partials, "p"),
		c.Path("tame-wheels-v999", "flask", "x"), filepath.Join(root, "wheels-v6", "index", "flask", "x.http"),
	} {
		if err := c.Write(path, []byte("content")); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return root, flask, django
}

func clean(t *testing.T, root string) *cache.Cleaner {
	t.Helper()
	x, err := cache.Clean(t.Context(), root, cache.CleanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

// count counts what is in a directory, itself included.
func count(t *testing.T, dir string) fsx.Removal {
	t.Helper()
	u := fsx.Measure(dir)
	return fsx.Removal{Files: u.Files, Dirs: u.Dirs, Bytes: u.Bytes}
}

// counted leaves out what the disk decides.
func counted(r fsx.Removal) fsx.Removal {
	r.Freed = 0
	return r
}

func TestCleanAll(t *testing.T) {
	t.Parallel()
	root, _, _ := fill(t)
	want := count(t, root)
	got, err := clean(t, root).All()
	if err != nil {
		t.Fatal(err)
	}
	if got = counted(got); got != want {
		t.Errorf("removed %+v, want %+v", got, want)
	}
	if _, err := os.Lstat(root); !os.IsNotExist(err) {
		t.Errorf("the directory is still there: %v", err)
	}
	if _, err := cache.Clean(t.Context(), root, cache.CleanOptions{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("cleaning nothing gave %v, want fs.ErrNotExist", err)
	}
	open(t, root)
}

// A directory given by mistake is not emptied.
func TestCleanAllOfSomethingElse(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "thesis.tex"), []byte("years"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := clean(t, home).All()
	var not *cache.NotCacheError
	if !errors.As(err, &not) || len(not.Hints()) == 0 {
		t.Errorf("got %v, want a *NotCacheError with a hint", err)
	}
	if got := read(t, filepath.Join(home, "thesis.tex")); got != "years" {
		t.Errorf("the file holds %q", got)
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.Mkdir(empty, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := clean(t, empty).All(); err != nil {
		t.Errorf("an empty directory: %v", err)
	}
}

func TestCleanPackages(t *testing.T) {
	t.Parallel()
	root, flask, django := fill(t)
	before := count(t, root)
	var told []string
	x := clean(t, root)
	got, err := x.Packages([]pyname.Package{"flask", "absent"}, func(name pyname.Package, total fsx.Removal) {
		told = append(told, fmt.Sprint(name, total.Files > 0))
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"flasktrue", "absenttrue"}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	after := count(t, root)
	if want := (fsx.Removal{Files: before.Files - after.Files, Dirs: before.Dirs - after.Dirs, Bytes: before.Bytes - after.Bytes}); counted(got) != want {
		t.Errorf("told of %+v, removed %+v", got, want)
	}
	x.Close()
	c := open(t, root)
	if _, err := c.Archive(flask.ID); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the archive of flask: %v, want fs.ErrNotExist", err)
	}
	if _, err := c.Archive(django.ID); err != nil {
		t.Errorf("an archive that django needs too: %v", err)
	}
	checkThere(t, c, map[string]bool{
		c.Path(cache.Pages, "index1", "flask"): false, c.Path(cache.Pages, "index2", "flask.html"): false, c.Path(cache.Pages, "index1", "flask-login"): true,
		c.Path(cache.Metadata, "flask"): false, c.Path(cache.Metadata, "django"): true, c.Path(cache.Sources, "flask"): false, c.Path(cache.Wheels, "flask"): false,
		filepath.Join(root, "wheels-v6", "index", "flask", "x.http"): true,
	})
}

func checkThere(t *testing.T, c *cache.Cache, want map[string]bool) {
	t.Helper()
	for path, there := range want {
		if _, err := os.Lstat(path); (err == nil) != there {
			rel, _ := filepath.Rel(c.Root(), path)
			t.Errorf("%s is there: %v, want %v", rel, err == nil, there)
		}
	}
}

func TestPrune(t *testing.T) {
	t.Parallel()
	for _, ci := range []bool{false, true} {
		root, flask, _ := fill(t)
		before := count(t, root)
		x := clean(t, root)
		got, err := x.Prune(ci)
		if err != nil {
			t.Fatal(err)
		}
		after := count(t, root)
		if want := (fsx.Removal{Files: before.Files - after.Files, Dirs: before.Dirs - after.Dirs, Bytes: before.Bytes - after.Bytes}); counted(got) != want {
			t.Errorf("ci %v: told of %+v, removed %+v", ci, got, want)
		}
		if again, err := x.Prune(ci); err != nil || again != (fsx.Removal{}) {
			t.Errorf("ci %v: pruning again removed %+v, %v", ci, again, err)
		}
		x.Close()
		c := open(t, root)
		archives, err := os.ReadDir(c.Path(cache.Archives))
		if err != nil {
			t.Fatal(err)
		}
		if want := map[bool]int{false: 3, true: 1}[ci]; len(archives) != want {
			t.Errorf("ci %v: %d archives are left, want %d", ci, len(archives), want)
		}
		checkThere(t, c, map[string]bool{
			c.Path("tame-wheels-v999"): false, c.Path(cache.Environments, "env"): false, c.Path(cache.Temporaries, ".tmp-killed"): false,
			c.Path(cache.Partials, "p"): false, c.Path(cache.Metadata, "flask", "x"): true, c.Path(cache.Archives, string(flask.ID)): !ci,
			c.Path(cache.Wheels, "flask"): !ci, c.Path(cache.Wheels, "built", cache.Key("4")): true,
			filepath.Join(root, "wheels-v6", "index", "flask", "x.http"): true,
		})
	}
}

func TestCleanWaitsForUsers(t *testing.T) {
	t.Parallel()
	root, _, _ := fill(t)
	c := open(t, root)
	waited := make(chan struct{})
	done := make(chan error)
	go func() {
		x, err := cache.Clean(t.Context(), root, cache.CleanOptions{Waiting: func() { close(waited) }})
		if err == nil {
			_, err = x.All()
		}
		done <- err
	}()
	<-waited
	if _, err := os.Stat(c.Path(cache.Wheels, "flask")); err != nil {
		t.Errorf("cleaned while in use: %v", err)
	}
	c.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestForcedPruneLeavesWhatIsBeingWritten(t *testing.T) {
	t.Parallel()
	root, _, _ := fill(t)
	c := open(t, root)
	s, err := c.Stage()
	if err != nil {
		t.Fatal(err)
	}
	x, err := cache.Clean(t.Context(), root, cache.CleanOptions{Force: true})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if _, err := x.Prune(false); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.Tree()); err != nil {
		t.Errorf("another process was in the middle of something: %v", err)
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	root, _, _ := fill(t)
	if got := cache.Size(root, time.Now()); got < 1 {
		t.Errorf("a full cache has %d bytes", got)
	}
	if got := cache.Size(filepath.Join(root, "absent"), time.Now()); got != 0 {
		t.Errorf("no cache has %d bytes", got)
	}
}

func BenchmarkOpenArchive(b *testing.B) {
	c := open(b, b.TempDir())
	files := map[string]string{}
	for i := range 1000 {
		files[fmt.Sprintf("pkg%d/module%d.py", i/50, i)] = "content"
	}
	id := put(b, c, files).ID
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Archive(id); err != nil {
			b.Fatal(err)
		}
	}
}

// Who cleans up by hand leaves an archive without its files, or with some.
func TestArchiveWithoutFiles(t *testing.T) {
	t.Parallel()
	c := open(t, t.TempDir())
	a := put(t, c, demo())
	if c.DropDamaged(a.Tree()) {
		t.Error("a whole archive was dropped")
	}
	if err := os.Remove(filepath.Join(a.Tree(), "top.py")); err != nil {
		t.Fatal(err)
	}
	if !c.DropDamaged(a.Tree()) {
		t.Error("a damaged archive was not dropped")
	}
	if _, err := c.Archive(a.ID); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("dropped: %v", err)
	}
	a = put(t, c, demo())
	if err := os.RemoveAll(a.Tree()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Archive(a.ID); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a tree: %v", err)
	}
}

package cache_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/packaging/pyname"
)

// stored puts a wheel of about a size into the store that was used some days
// ago, with an entry.
func stored(t *testing.T, c *cache.Cache, name string, size, days int) *cache.Archive {
	t.Helper()
	a := put(t, c, map[string]string{name + ".py": strings.Repeat("x", size)})
	w := &cache.Wheel{Key: "sha256:" + name, Archive: a.ID, Filename: name + "-1-py3-none-any.whl"}
	if err := c.PutWheel(pyname.Package(name), w); err != nil {
		t.Fatal(err)
	}
	usedBefore(t, c, a, days)
	return a
}

func usedBefore(t *testing.T, c *cache.Cache, a *cache.Archive, days int) {
	t.Helper()
	when := time.Now().Add(-time.Duration(days) * 24 * time.Hour)
	if err := cache.SetStamp(manifest(c, a), [2]int64{c.Boot(), when.Unix()}); err != nil {
		t.Fatal(err)
	}
}

func manifest(c *cache.Cache, a *cache.Archive) string {
	return c.Path(cache.Archives, string(a.ID), "manifest")
}

func cleaner(t *testing.T, root string) *cache.Cleaner {
	t.Helper()
	x, err := cache.Clean(t.Context(), root, cache.CleanOptions{LockTimeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.Close() })
	return x
}

func wantStored(t *testing.T, c *cache.Cache, name string, a *cache.Archive, want bool) {
	t.Helper()
	_, err := os.Lstat(manifest(c, a))
	_, entryErr := c.Wheel(pyname.Package(name), "sha256:"+name)
	if (err == nil) != want || (entryErr == nil) != want {
		t.Errorf("%s: archive %v, entry %v; want it there: %v", name, err, entryErr, want)
	}
}

func TestTrimKeepsWhatIsUsed(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	c := open(t, root)
	old := stored(t, c, "old", 100_000, 30)
	middle := stored(t, c, "middle", 100_000, 20)
	fresh := stored(t, c, "fresh", 100_000, 40)
	if _, err := c.Archive(fresh.ID); err != nil { // it was long ago, until now
		t.Fatal(err)
	}
	c.Close()
	x := cleaner(t, root)
	_, held, err := x.Trim(cache.Limits{Bytes: 250_000})
	if err != nil || held > 250_000 || held < 200_000 {
		t.Errorf("%d bytes are left, error %v", held, err)
	}
	wantStored(t, c, "old", old, false)
	wantStored(t, c, "middle", middle, true)
	wantStored(t, c, "fresh", fresh, true)

	if _, _, err := x.Trim(cache.Limits{Since: time.Now().Add(-10 * 24 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	wantStored(t, c, "middle", middle, false)
	wantStored(t, c, "fresh", fresh, true)
}

func TestTrimRemovesAllKinds(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	c := open(t, root)
	long := time.Now().Add(-100 * 24 * time.Hour)
	files := map[string]bool{ // whether it goes
		c.Path(cache.Pages, "index", "flask"):                   true,
		c.Path(cache.Metadata, "flask", "key"):                  true,
		c.Path(cache.Responses, "key"):                          true,
		c.Path(cache.Environments, "key", "pyvenv.cfg"):         true,
		c.Path(cache.Git, "db", "key", "HEAD"):                  true,
		c.Path(cache.Git, "checkouts", "key", "abc", "file"):    true,
		c.Path(cache.Git, "refs", "key"):                        false,
		c.Path(cache.Interpreters, "key"):                       false,
		filepath.Join(root, "archive-v0", "of-uv", "module.py"): false,
	}
	for path := range files {
		if err := c.Write(path, []byte("x")); err != nil {
			t.Fatal(err)
		}
		for dir := path; dir != root; dir = filepath.Dir(dir) {
			if err := os.Chtimes(dir, long, long); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.Close()
	if _, _, err := cleaner(t, root).Trim(cache.Limits{Since: long.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	for path, gone := range files {
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) != gone {
			t.Errorf("%s: %v, want it gone: %v", path, err, gone)
		}
	}
}

func TestTouch(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	age := func() time.Duration {
		info, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		return time.Since(info.ModTime())
	}
	for days, noted := range map[int]bool{0: false, 3: true} {
		when := time.Now().Add(-time.Duration(days)*24*time.Hour - time.Hour)
		if err := os.Chtimes(dir, when, when); err != nil {
			t.Fatal(err)
		}
		cache.Touch(dir)
		if (age() < 30*time.Minute) != noted {
			t.Errorf("after %d days: changed %v ago, want it noted: %v", days, age(), noted)
		}
	}
	cache.Touch(filepath.Join(dir, "absent"))
}

// A cache that another process has open is left alone until it is done; then
// the limit holds.
func TestLimitBesideAnotherProcess(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	c := open(t, root)
	old := stored(t, c, "old", 100_000, 30)
	fresh := stored(t, c, "fresh", 100_000, 0)
	added := c.Added()
	if added != 200_000 {
		t.Errorf("%d bytes were added", added)
	}
	c.Close()

	other := holder(t, root)
	if _, err := cache.Limit(root, 150_000, added, time.Now()); err != nil {
		t.Fatal(err)
	}
	wantStored(t, c, "old", old, true)
	if _, err := cache.Clean(t.Context(), root, cache.CleanOptions{LockTimeout: 50 * time.Millisecond}); err == nil {
		t.Error("the cache was cleaned while another process had it open")
	}
	other()
	removed, err := cache.Limit(root, 150_000, 0, time.Now())
	if err != nil || removed.Files == 0 {
		t.Errorf("removed %v, error %v", removed, err)
	}
	wantStored(t, c, "old", old, false)
	wantStored(t, c, "fresh", fresh, true)
}

// holder starts a process that has the cache open until the returned function
// is called.
func holder(t *testing.T, root string) (end func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestHoldCache$", "-test.v")
	cmd.Env = append(os.Environ(), "TAME_TEST_HOLD="+root)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end = func() {
		in.Close()
		_, _ = io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if lines.Text() == held {
			return end
		}
	}
	end()
	t.Fatal("the other process did not open the cache")
	return nil
}

// held is what the other process says once it has the cache open.
const held = "the cache is open"

// TestHoldCache is that process.
func TestHoldCache(t *testing.T) {
	t.Parallel()
	root := os.Getenv("TAME_TEST_HOLD")
	if root == "" {
		t.Skip("this is the other process of another test")
	}
	open(t, root)
	fmt.Println("\n" + held)
	_, _ = os.Stdin.Read(make([]byte, 1))
}

// Within the limit nothing is measured but once a day.
func TestLimitAddsUp(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	c := open(t, root)
	a := stored(t, c, "a", 100_000, 1)
	c.Close()
	now := time.Now()
	if _, err := cache.Limit(root, 1_000_000, c.Added(), now); err != nil {
		t.Fatal(err)
	}
	held := c.Path(cache.Sizes, "held")
	measured := read(t, held)
	if _, err := cache.Limit(root, 1_000_000, 5, now); err != nil {
		t.Fatal(err)
	}
	if read(t, held) == measured {
		t.Error("what was added does not count")
	}
	if _, err := cache.Limit(root, 1_000_000, 5, now.Add(48*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if strings.Fields(read(t, held))[0] != strings.Fields(measured)[0] {
		t.Errorf("measured again it is %s, not %s", read(t, held), measured)
	}
	wantStored(t, c, "a", a, true)
	if err := os.WriteFile(held, []byte("nonsense"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := cache.Limit(root, 1000, 5, now); err != nil {
		t.Fatal(err)
	}
	wantStored(t, c, "a", a, false)
}

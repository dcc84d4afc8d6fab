package cache

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tame-py/tame/internal/fsx"
)

func TestSizeRows(t *testing.T) {
	t.Parallel()
	if err := CheckRow[sizeRow](); err != nil {
		t.Error(err)
	}
}

// What is remembered of archives gives the size that a look at every file
// gives, whatever has happened since.
func TestSizeRemembered(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("nothing is remembered there")
	}
	write := func(path string, size int) error {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		return os.WriteFile(path, []byte(strings.Repeat("x", size)), 0o666)
	}
	mutations := map[string]func(root, archives string) error{
		"nothing": func(string, string) error { return nil },
		"a file more": func(_, archives string) error {
			return write(filepath.Join(archives, "d", "tree", "pkg", "new"), 50000)
		},
		"a file less": func(_, archives string) error { return os.Remove(filepath.Join(archives, "d", "tree", "pkg", "b.py")) },
		"another file": func(_, archives string) error {
			if err := write(filepath.Join(archives, "d", "other"), 90000); err != nil {
				return err
			}
			return os.Rename(filepath.Join(archives, "d", "other"), filepath.Join(archives, "d", "tree", "pkg", "b.py"))
		},
		"an archive more": func(_, archives string) error { return write(filepath.Join(archives, "new", "tree", "f"), 30000) },
		"an archive less": func(_, archives string) error { return os.RemoveAll(filepath.Join(archives, "e")) },
		"a directory moved": func(_, archives string) error {
			return os.Rename(filepath.Join(archives, "e", "tree", "pkg"), filepath.Join(archives, "d", "tree", "pkg2"))
		},
		"a link from elsewhere": func(root, archives string) error {
			if err := os.MkdirAll(filepath.Join(root, "tame-environments-v0", "x"), 0o777); err != nil {
				return err
			}
			return os.Link(filepath.Join(archives, "d", "tree", "pkg", "b.py"), filepath.Join(root, "tame-environments-v0", "x", "b.py"))
		},
		"what is no archive grows": func(root, _ string) error { return write(filepath.Join(root, "tame-pages-v0", "x"), 70000) },
		"damage": func(root, _ string) error {
			return os.WriteFile(filepath.Join(root, string(Sizes), "directories"), []byte("damaged"), 0o666)
		},
	}
	for name, mutate := range mutations {
		root := t.TempDir()
		begun := time.Now() // before anything is written, however long that takes
		archives := filepath.Join(root, string(Archives))
		for _, archive := range strings.Split("abcdefghij", "") {
			for _, file := range []string{"manifest", "tree/a.py", "tree/pkg/b.py", "tree/pkg/sub/c.py"} {
				if err := write(filepath.Join(archives, archive, file), 5000); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := write(filepath.Join(root, uvArchives, "id", "pkg", "x.py"), 3000); err != nil {
			t.Fatal(err)
		}
		if err := os.Link(filepath.Join(archives, "a", "tree", "a.py"), filepath.Join(archives, "b", "tree", "linked.py")); err != nil {
			t.Fatal(err)
		}
		if err := write(filepath.Join(root, "tame-pages-v0", "x"), 100); err != nil {
			t.Fatal(err)
		}
		read := func() int64 {
			s := newSizes(root, time.Time{})
			return fsx.MeasureKnown(root, &fsx.Known{Skip: s.skip, Steady: func(string) bool { return false }}).Disk
		}
		want := read()
		if got := Size(root, begun); got != want {
			t.Fatalf("at first: %d, not %d", got, want)
		}
		if _, err := os.Stat(filepath.Join(root, string(Sizes))); err == nil {
			t.Fatal("directories that have just changed are remembered")
		}
		later := time.Now().Add(time.Hour)
		for range 3 {
			if got := Size(root, later); got != read() {
				t.Fatalf("%d, not %d", got, read())
			}
		}
		if s := newSizes(root, later); len(s.dirs) < 30 {
			t.Fatalf("only %d directories are remembered", len(s.dirs))
		}
		tick(t)
		if err := mutate(root, archives); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got := Size(root, later); got != read() {
				t.Errorf("%s: %d, not %d", name, got, read())
			}
		}
	}
}

// tick waits until the clock of the filesystem has moved on: what is written from
// now on is told apart from what was before.
func tick(t testing.TB) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "clock")
	look := func() time.Time {
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.ModTime()
	}
	for first := look(); !look().After(first); {
		time.Sleep(time.Millisecond)
	}
}

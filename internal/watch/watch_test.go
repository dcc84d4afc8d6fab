package watch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// write writes a file aside and renames it, so that no one sees it half done.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	aside := filepath.Join(t.TempDir(), "aside")
	if err := os.WriteFile(aside, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(aside, path); err != nil {
		t.Fatal(err)
	}
}

func tree(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for path, text := range map[string]string{
		".gitignore": "*.log\n/out/\n", "a.py": "1", "src/b.py": "1", "src/.gitignore": "secret\n",
		"src/secret": "1", "out/c.py": "1", "x.log": "1", ".venv/pyvenv.cfg": "", ".venv/lib/d.py": "1",
		"src/__pycache__/b.pyc": "1", "b.pyc": "1", ".a.py.swp": "1", "a.py~": "1", "4913": "1", ".tmp-1": "1",
		"cache/CACHEDIR.TAG": "1", "cache/e": "1", ".git/HEAD": "1", "dist/f.whl": "1", "src/dist/g.py": "1",
	} {
		write(t, filepath.Join(root, path), text)
	}
	return root
}

func TestLook(t *testing.T) {
	t.Parallel()
	root := tree(t)
	w, err := New(Options{Paths: []string{root, filepath.Join(root, "x.log"), filepath.Join(root, "absent")}})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	got := differing(nil, w.files)
	for i, path := range got {
		got[i], _ = filepath.Rel(root, path)
	}
	want := []string{".gitignore", "a.py", "src/.gitignore", "src/b.py", "src/dist/g.py", "x.log"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*Watcher){
		"notices": func(*Watcher) {},
		"polling": func(w *Watcher) { _ = w.notices.close(); w.notices = polling{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := tree(t)
			w, err := New(Options{Paths: []string{root}})
			if err != nil {
				t.Fatal(err)
			}
			open(w)
			defer func() { _ = w.Close() }()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			expect := func(want ...string) {
				t.Helper()
				got, err := w.Wait(ctx)
				if err != nil {
					t.Fatal(err)
				}
				for i, path := range got {
					got[i], _ = filepath.Rel(root, path)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			}
			// What changed before anybody waited counts.
			write(t, filepath.Join(root, "a.py"), "22")
			expect("a.py")
			// What is left out does not, and a new directory is seen.
			write(t, filepath.Join(root, "y.log"), "1")
			write(t, filepath.Join(root, ".venv/lib/d.py"), "22")
			write(t, filepath.Join(root, "new/deep/h.py"), "1")
			expect("new/deep/h.py")
			write(t, filepath.Join(root, "new/deep/h.py"), "22")
			expect("new/deep/h.py")
			if err := os.RemoveAll(filepath.Join(root, "new")); err != nil {
				t.Fatal(err)
			}
			expect("new/deep/h.py")
			// Meanwhile.
			aside := filepath.Join(root, ".tmp-2")
			write(t, aside, "22")
			time.AfterFunc(20*time.Millisecond, func() { _ = os.Rename(aside, filepath.Join(root, "src/b.py")) })
			expect("src/b.py")
			cancel()
			if _, err := w.Wait(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

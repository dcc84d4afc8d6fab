package fsx_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/tame-py/tame/internal/fsx"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// leftovers returns the temporary files below dir.
func leftovers(t *testing.T, dir string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasPrefix(filepath.Base(path), fsx.TempPrefix) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestWriteFileIsOldOrNew(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	old, next := bytes.Repeat([]byte("a"), 1<<16), bytes.Repeat([]byte("b"), 1<<16)
	if err := fsx.WriteFile(path, old, 0o644); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 50 {
				data := old
				if (i+j)%2 == 0 {
					data = next
				}
				if err := fsx.WriteFile(path, data, 0o644); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range 50 {
				if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, old) && !bytes.Equal(got, next) {
					t.Errorf("read %d bytes that were never written whole (%v)", len(got), err)
				}
			}
		})
	}
	wg.Wait()
	if left := leftovers(t, filepath.Dir(path)); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestWriteFileFailureLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	taken := filepath.Join(dir, "taken")
	write(t, filepath.Join(taken, "child"), "x")
	if err := fsx.WriteFile(taken, []byte("data"), 0o644); err == nil {
		t.Error("a file took the place of a full directory")
	}
	if left := leftovers(t, dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := fsx.WriteFile(filepath.Join(dir, "absent", "f"), nil, 0o644); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("writing into an absent directory gave %v", err)
	}
}

func TestReplaceFileKeepsLinkAndPermissions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target := filepath.Join(dir, "real", "pyproject.toml")
	write(t, target, "old")
	if err := os.Chmod(target, 0o640); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "pyproject.toml")
	if err := os.Symlink(filepath.Join("real", "pyproject.toml"), link); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	if err := fsx.ReplaceFile(link, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.Readlink(link); err != nil || got != filepath.Join("real", "pyproject.toml") {
		t.Errorf("the link is now %q, %v", got, err)
	}
	if got := read(t, target); got != "new" {
		t.Errorf("the target holds %q, want %q", got, "new")
	}
	info, err := os.Stat(target)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o640 {
		t.Errorf("permissions are %v, want -rw-r-----", info.Mode().Perm())
	}
}

func TestReplaceFileMakesNewFileAndRefusesOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "new")
	if err := fsx.ReplaceFile(path, []byte("x")); err != nil || read(t, path) != "x" {
		t.Errorf("a new file: %v", err)
	}
	if err := fsx.ReplaceFile(dir, []byte("x")); err == nil {
		t.Error("a directory was replaced")
	}
	loop := filepath.Join(dir, "loop")
	if err := os.Symlink("loop", loop); err == nil {
		if err := fsx.ReplaceFile(loop, nil); err == nil {
			t.Error("a link to itself was replaced")
		}
	}
}

func TestIdentitySeesChanges(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, "one")
	first, err := fsx.Identify(path)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := fsx.Identify(path); again != first {
		t.Errorf("the same file: %+v then %+v", first, again)
	}
	if err := fsx.WriteFile(path, []byte("two"), 0o666); err != nil {
		t.Fatal(err)
	}
	second, err := fsx.Identify(path)
	if err != nil {
		t.Fatal(err)
	}
	if second == first {
		t.Errorf("a replaced file has the identity of the old one: %+v", first)
	}
	b, _ := second.AppendBinary(nil)
	var back fsx.Identity
	if err := back.UnmarshalBinary(b); err != nil || back != second || len(b) != fsx.IdentitySize {
		t.Errorf("encoded and read back: %+v, want %+v (%v)", back, second, err)
	}
	if back.UnmarshalBinary(b[1:]) == nil {
		t.Error("39 bytes were taken for an identity")
	}
}

func TestReadFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, size := range []int{0, 1, 5000, 1 << 20} {
		path := filepath.Join(dir, "f")
		want := bytes.Repeat([]byte("x"), size)
		if err := os.WriteFile(path, want, 0o666); err != nil {
			t.Fatal(err)
		}
		if got, err := fsx.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("read %d of %d bytes, %v", len(got), size, err)
		}
	}
	if _, err := fsx.ReadFile(filepath.Join(dir, "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an absent file gave %v", err)
	}
	if _, err := fsx.ReadFile(dir); err == nil {
		t.Error("a directory was read")
	}
}

func BenchmarkReadFile(b *testing.B) {
	path := filepath.Join(b.TempDir(), "f")
	if err := os.WriteFile(path, make([]byte, 4000), 0o666); err != nil {
		b.Fatal(err)
	}
	b.Run("fsx", func(b *testing.B) {
		for b.Loop() {
			_, _ = fsx.ReadFile(path)
		}
	})
	b.Run("os", func(b *testing.B) {
		for b.Loop() {
			_, _ = os.ReadFile(path)
		}
	})
}

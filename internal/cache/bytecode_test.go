package cache_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tame-py/tame/internal/cache"
)

// codes are some, with what is kept for them.
func codes() ([]cache.Code, []string) {
	texts := []string{"first", "", "the third"}
	return []cache.Code{
		{Path: "a/b.py", Mtime: 1, Size: 10, Length: len(texts[0]), Hole: 2, Kind: 'z' | 0x80},
		{Path: "a/c.py", Mtime: 2, Size: 20},
		{Path: "d.py", Mtime: 3, Size: 30, Length: len(texts[2]), Hole: 9, Kind: 'Z'},
	}, texts
}

func keep(t *testing.T, c *cache.Cache, id cache.ArchiveID) string {
	t.Helper()
	list, texts := codes()
	err := c.PutBytecode(id, "key", ".x.pyc", list, func(i int, data []byte) error {
		copy(data, texts[i])
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return c.Path(cache.Archives, string(id), "bytecode", "key")
}

func TestBytecode(t *testing.T) {
	t.Parallel()
	c := open(t, t.TempDir())
	a := stored(t, c, "alpha", 100, 0)
	if id, ok := c.ArchiveOf(a.Tree()); !ok || id != a.ID {
		t.Errorf("archive of %s: %s, %v", a.Tree(), id, ok)
	}
	if _, ok := c.ArchiveOf(t.TempDir()); ok {
		t.Error("some directory is an archive")
	}
	if _, err := c.Bytecode(a.ID, "key"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing is kept: %v", err)
	}
	keep(t, c, a.ID)
	keep(t, c, a.ID) // in the place of the other
	b, err := c.Bytecode(a.ID, "key")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	list, texts := codes()
	for i, want := range list {
		if diff := cmp.Diff(want, b.Code(i)); diff != "" {
			t.Errorf("code %d (-want +got):\n%s", i, diff)
		}
		data := make([]byte, want.Length)
		if err := b.Read(i, data); err != nil || string(data) != texts[i] {
			t.Errorf("code %d: %q, %v", i, data, err)
		}
		if n, ok := b.Find(want.Path); !ok || n != i {
			t.Errorf("%s has number %d, %v", want.Path, n, ok)
		}
	}
	if _, ok := b.Find("a"); ok || b.Len() != len(list) || b.Suffix != ".x.pyc" {
		t.Errorf("%d codes, suffix %q, a found: %v", b.Len(), b.Suffix, ok)
	}
	if left, _ := os.ReadDir(c.Path(cache.Temporaries)); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	// The archive is gone meanwhile, and does not come back.
	if err := c.RemoveArchive(a.ID); err != nil {
		t.Fatal(err)
	}
	list, _ = codes()
	if err := c.PutBytecode(a.ID, "key", ".pyc", list, func(int, []byte) error { return nil }); err == nil {
		t.Error("bytecode without an archive")
	}
}

func TestDamagedBytecode(t *testing.T) {
	t.Parallel()
	c := open(t, t.TempDir())
	a := stored(t, c, "alpha", 100, 0)
	path := keep(t, c, a.ID)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// However it is cut off or changed, behind the head, nothing wrong is read.
	const head = 64
	for i := range whole {
		changed := slices.Clone(whole)
		changed[max(i, head)] ^= 1
		for _, data := range [][]byte{whole[:i], changed} {
			if err := os.WriteFile(path, data, 0o666); err != nil {
				t.Fatal(err)
			}
			readAll(t, c, a.ID)
		}
	}
	if err := os.WriteFile(path, append(whole[:len(whole)-1:len(whole)-1], 'X'), 0o666); err != nil {
		t.Fatal(err)
	}
	found := verify(t, c)
	if diff := cmp.Diff([]cache.Damage{{Path: path, Problem: cache.Unreadable}}, found); diff != "" {
		t.Errorf("damage (-want +got):\n%s", diff)
	}
}

// readAll reads what can be read, which must be right.
func readAll(t *testing.T, c *cache.Cache, id cache.ArchiveID) {
	t.Helper()
	b, err := c.Bytecode(id, "key")
	if err != nil {
		return
	}
	defer b.Close()
	list, texts := codes()
	for i := range b.Len() {
		data := make([]byte, b.Code(i).Length)
		if b.Code(i) != list[i] {
			t.Errorf("code %d is %+v", i, b.Code(i))
		}
		if err := b.Read(i, data); err == nil && string(data) != texts[i] {
			t.Errorf("code %d: %q", i, data)
		}
	}
}

func TestBytecodeGoes(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	c := open(t, root)
	a, other := stored(t, c, "alpha", 100, 0), stored(t, c, "beta", 100, 0)
	old, used := keep(t, c, a.ID), keep(t, c, other.ID)
	long := time.Now().Add(-40 * 24 * time.Hour)
	if err := errors.Join(os.Chtimes(old, long, long), os.Chtimes(used, long, long)); err != nil {
		t.Fatal(err)
	}
	if b, err := c.Bytecode(other.ID, "key"); err != nil || b.Close() != nil { // notes the use
		t.Fatal(err)
	}
	c.Close()
	x := clean(t, root)
	if _, err := x.Prune(false); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("not used for a month: %v", err)
	}
	if _, err := os.Stat(used); err != nil {
		t.Error(err)
	}
	_, before, err := x.Trim(cache.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Dir(used)); err != nil {
		t.Fatal(err)
	}
	if _, held, err := x.Trim(cache.Limits{}); err != nil || held >= before {
		t.Errorf("%d with bytecode, %d without, %v", before, held, err)
	}
}

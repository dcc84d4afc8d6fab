package cache_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fsx"
)

func verify(t *testing.T, c *cache.Cache) []cache.Damage {
	t.Helper()
	v, err := c.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if v.Archives == 0 || v.Files == 0 || v.Bytes == 0 {
		t.Errorf("it looked at %+v", v)
	}
	return v.Damaged
}

func TestVerifyNamesDamage(t *testing.T) {
	t.Parallel()
	c := open(t, t.TempDir())
	stored(t, c, "good", 1000, 0)
	// What a process was writing when it was killed.
	aside := filepath.Join(filepath.Dir(c.Path(cache.Pages, "index", "flask")), fsx.TempPrefix+"1")
	if err := errors.Join(os.MkdirAll(filepath.Dir(aside), 0o777), os.WriteFile(aside, []byte("pa"), 0o666)); err != nil {
		t.Fatal(err)
	}
	if found := verify(t, c); len(found) > 0 {
		t.Fatalf("in good order, but: %+v", found)
	}
	edited, cut, renamed := stored(t, c, "edited", 1000, 0), stored(t, c, "cut", 1000, 0), stored(t, c, "renamed", 1000, 0)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(filepath.Join(edited.Tree(), "edited.py"), []byte("y"), 0o666))
	must(os.Truncate(manifest(c, cut), 100))
	other := "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	must(os.Rename(filepath.Dir(renamed.Tree()), c.Path(cache.Archives, other)))
	must(c.Write(c.Path(cache.Pages, "index", "flask"), []byte("page")))

	found := verify(t, c)
	byPath := map[string]cache.Damage{}
	for _, d := range found {
		byPath[d.Path] = d
	}
	want := map[string]cache.Damage{}
	for _, d := range []cache.Damage{
		{
			Path: filepath.Dir(edited.Tree()), Wheels: []string{"edited-1-py3-none-any.whl"},
			Files: []cache.DamagedFile{{Path: "edited.py", Problem: cache.Changed}},
		},
		{Path: filepath.Dir(cut.Tree()), Wheels: []string{"cut-1-py3-none-any.whl"}, Problem: cache.Unreadable},
		{Path: c.Path(cache.Archives, other), Problem: cache.Unreadable},
		{Path: c.Path(cache.Pages, "index", "flask"), Problem: cache.Unreadable},
	} {
		want[d.Path] = d
	}
	if diff := cmp.Diff(want, byPath); diff != "" {
		t.Errorf("damage (-want +got):\n%s", diff)
	}
	for _, d := range found {
		must(c.Remove(d))
	}
	if found := verify(t, c); len(found) > 0 {
		t.Errorf("after it was removed: %+v", found)
	}
}

package fsx_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"github.com/tame-py/tame/internal/fsx"
)

func TestRemoveAllCounts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	outside := filepath.Join(dir, "outside")
	write(t, filepath.Join(outside, "kept"), "kept")
	root := filepath.Join(dir, "root")
	want := fsx.Removal{Dirs: 31}
	for i := range 30 {
		for j := range 40 {
			write(t, filepath.Join(root, strconv.Itoa(i), "file with a name of some length "+strconv.Itoa(j)), "12345")
			want.Files++
			want.Bytes += 5
		}
	}
	if err := os.Symlink(outside, filepath.Join(root, "link")); err == nil {
		want.Files++
		want.Bytes += int64(len(outside))
	}
	var told int
	got, err := fsx.RemoveAll(root, func(n int) { told += n })
	if err != nil {
		t.Fatal(err)
	}
	if got.Freed <= 0 {
		t.Errorf("freed %d", got.Freed)
	}
	got.Freed = 0 // the disk decides
	if got != want && runtime.GOOS != "windows" {
		t.Errorf("removed %+v, want %+v", got, want)
	}
	if int64(told) != got.Files+got.Dirs {
		t.Errorf("told of %d, removed %d", told, got.Files+got.Dirs)
	}
	if _, err := os.Lstat(root); !os.IsNotExist(err) {
		t.Errorf("still there: %v", err)
	}
	if got := read(t, filepath.Join(outside, "kept")); got != "kept" {
		t.Errorf("a link was followed: %q", got)
	}
}

func TestRemoveAllOfFileAndNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, "123")
	linked := path + " linked"
	freed := os.Link(path, linked) != nil || runtime.GOOS == "windows"
	got, err := fsx.RemoveAll(path, nil)
	if err != nil || got.Freed > 0 && !freed {
		t.Errorf("a file with another name: %+v, %v", got, err)
	}
	got.Freed = 0
	if got != (fsx.Removal{Files: 1, Bytes: 3}) {
		t.Errorf("a file: %+v, %v", got, err)
	}
	if got, err := fsx.RemoveAll(path, nil); err != nil || got != (fsx.Removal{}) {
		t.Errorf("nothing: %+v, %v", got, err)
	}
}

func TestRemoveAllOfReadOnlyTree(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "root")
	write(t, filepath.Join(root, "sub", "f"), "x")
	for _, p := range []string{"sub/f", "sub", "."} {
		mode := os.FileMode(0)
		if p == "." {
			mode = 0o500
		}
		if err := os.Chmod(filepath.Join(root, p), mode); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := fsx.RemoveAll(root, nil); err != nil {
		t.Error(err)
	}
}

func TestMeasure(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	want := fsx.Usage{Dirs: 1 + 7}
	for i := range 7 {
		for j := range 11 {
			write(t, filepath.Join(root, strconv.Itoa(i), strconv.Itoa(j)), "0123456789")
			want.Files++
			want.Bytes += 10
		}
	}
	alone := fsx.Measure(root)
	if alone.Files != want.Files || alone.Bytes != want.Bytes || alone.Dirs != want.Dirs {
		t.Errorf("measured %+v, want %+v", alone, want)
	}
	if err := os.Link(filepath.Join(root, "0", "0"), filepath.Join(root, "1", "again")); err != nil {
		t.Skip("no hard links here:", err)
	}
	linked := fsx.Measure(root)
	if linked.Files != want.Files+1 || linked.Disk != alone.Disk {
		t.Errorf("with a second name for a file: %+v, want one file more and the same disk space as %+v", linked, alone)
	}
	if got := fsx.Measure(filepath.Join(root, "absent")); got != (fsx.Usage{}) {
		t.Errorf("nothing takes %+v", got)
	}
}

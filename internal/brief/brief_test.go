//go:build unix

package brief

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Each call does the same whether it is brief or an ordinary one.
func TestCalls(t *testing.T) { //nolint:paralleltest // it sets the limit
	defer Allow(-1)
	for _, n := range []int{0, 8} {
		Allow(n)
		root := t.TempDir()
		dir, err := os.Open(root)
		if err != nil {
			t.Fatal(err)
		}
		defer dir.Close()
		at := int(dir.Fd())
		long := strings.Repeat("d/", 150) + "x" // does not fit into the room for names
		if err := os.MkdirAll(filepath.Join(root, filepath.Dir(long)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := Mkdir(at, "sub", 0o777); err != nil {
			t.Error(err)
		}
		if err := Mkdir(at, "sub", 0o777); !errors.Is(err, fs.ErrExist) {
			t.Errorf("making a directory twice: %v", err)
		}
		for i, path := range []string{"a", "sub/b", long} {
			const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_CLOEXEC
			fd, err := Create(at, path, flags, 0o640)
			if err != nil {
				t.Fatalf("limit %d: %s: %v", n, path, err)
			}
			text := strings.Repeat("text", 1+i*longText)
			if written, err := Write(fd, []byte(text)); written != len(text) || err != nil {
				t.Errorf("limit %d: %s: wrote %d of %d: %v", n, path, written, len(text), err)
			}
			if written, err := Write(fd, nil); written != 0 || err != nil {
				t.Errorf("limit %d: %s: wrote %d of nothing: %v", n, path, written, err)
			}
			if err := errors.Join(Close(fd), Link(at, path, at, path+"2")); err != nil {
				t.Errorf("limit %d: %s: %v", n, path, err)
			}
			if Close(fd) == nil {
				t.Errorf("limit %d: %s: closed twice", n, path)
			}
			if got, err := os.ReadFile(filepath.Join(root, path+"2")); string(got) != text || err != nil {
				t.Errorf("limit %d: %s: read %d bytes of %d, %v", n, path, len(got), len(text), err)
			}
			if _, err := Create(at, path, flags, 0o640); !errors.Is(err, fs.ErrExist) {
				t.Errorf("limit %d: %s: made twice: %v", n, path, err)
			}
		}
		if err := Link(at, "a\x00b", at, "c"); !errors.Is(err, unix.EINVAL) {
			t.Errorf("limit %d: a name with a zero byte: %v", n, err)
		}
		if err := Link(at, "a", at, "c\x00d"); !errors.Is(err, unix.EINVAL) {
			t.Errorf("limit %d: a name with a zero byte: %v", n, err)
		}
		if got := current.Load(); got != 0 {
			t.Errorf("limit %d: %d calls are still counted", n, got)
		}
	}
}

// longText makes of four bytes more than one brief write has.
const longText = 70_000

// No more calls than allowed are brief at once.
func TestLimit(t *testing.T) { //nolint:paralleltest // it sets the limit
	defer Allow(-1)
	Allow(2)
	for range 2 {
		if !enter() {
			t.Error("less than two may enter")
		}
	}
	if enter() {
		t.Error("three may enter")
	}
	leave()
	if !enter() {
		t.Error("a place was not given back")
	}
	leave()
	leave()
}

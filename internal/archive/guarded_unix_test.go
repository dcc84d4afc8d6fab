//go:build unix

package archive

import (
	"testing"

	"golang.org/x/sys/unix"
)

// guarded returns n bytes behind memory that cannot be touched, and n before
// some.
func guarded(t *testing.T, n int) (after, before []byte) {
	t.Helper()
	page := unix.Getpagesize()
	size := (n + page - 1) / page * page
	region, err := unix.Mmap(-1, 0, size+2*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Munmap(region); err != nil {
			t.Error(err)
		}
	})
	for _, edge := range [][]byte{region[:page], region[page+size:]} {
		if err := unix.Mprotect(edge, unix.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	inner := region[page : page+size : page+size]
	return inner[:n:n], inner[size-n:]
}

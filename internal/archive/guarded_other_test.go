//go:build !unix

package archive

import "testing"

// guarded returns two times n bytes, which nothing guards here.
func guarded(t *testing.T, n int) (after, before []byte) {
	t.Helper()
	return make([]byte, n), make([]byte, n)
}

//go:build unix

package venv

import (
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
)

// A lock that was given back is free also while children are being started, which
// have its file open for a moment.
func TestLockIsGivenBack(t *testing.T) {
	t.Parallel()
	var over atomic.Bool
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			for !over.Load() {
				_ = exec.Command("sh", "-c", ":").Run()
			}
		})
	}
	dir := t.TempDir()
	for range 500 {
		release, err := lockDir(dir)
		if err != nil {
			t.Error(err)
			break
		}
		release()
	}
	over.Store(true)
	group.Wait()
}

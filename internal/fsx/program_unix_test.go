//go:build unix

package fsx_test

import (
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/tame-py/tame/internal/fsx"
)

// A program that was written can be run at once, also where other processes are
// started while it is written.
func TestProgramsCanBeRun(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	var starters sync.WaitGroup
	for range 2 {
		starters.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					_ = exec.Command("/bin/sh", "-c", "").Run()
				}
			}
		})
	}
	defer starters.Wait()
	defer close(done)
	program := filepath.Join(t.TempDir(), "program")
	for range 200 {
		if err := fsx.WriteFile(program, []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := exec.Command(program).Run(); err != nil {
			t.Fatal(err)
		}
	}
}

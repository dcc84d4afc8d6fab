package server

import (
	"net"
	"os"
	"os/exec"
	"sync"
	"testing"
)

// A port that was found free is so also where processes are started at the same
// time, which have for a moment all that this process has open.
func TestFreePortWhileProcessesStart(t *testing.T) {
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
					_ = exec.Command(os.Args[0], "-test.run=^$").Run()
				}
			}
		})
	}
	defer starters.Wait()
	defer close(done)
	for range 2000 {
		port, err := freePort()
		if err != nil {
			t.Fatal(err)
		}
		address := net.JoinHostPort("127.0.0.1", port)
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			t.Errorf("something listens at %s", address)
		}
		given.Delete(port)
	}
}

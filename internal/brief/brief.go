// Package brief makes system calls on files that are over at once, as making
// and linking them mostly is, without telling the scheduler of the runtime.
//
// The runtime takes the place of a goroutine that is long in a system call, and
// gives it to another thread. It looks for such every 20 microseconds, which is
// just how long making a file takes: with files by the ten thousand this, waking
// threads and sleeping again costs about as much as a fourth of the calls.
//
// A call that is not over at once, on a slow disk or one in a network, keeps its
// place, and the collector waits for it. So only half of the places may be in
// such calls at a time, or as many as [Allow] says; calls beyond that are
// ordinary ones. Nothing here waits for another process: these are calls for
// new files and directories, never for pipes or devices.
//
// Where the runtime wants all system calls through itself or a library (other
// systems than Linux), all calls are ordinary ones.
package brief

import (
	"runtime"
	"sync"
	"sync/atomic"
)

var (
	limit   atomic.Int32
	current atomic.Int32
	started sync.Once
)

// Allow sets how many brief calls there may be at once. It should be less than
// GOMAXPROCS. A negative number is half of GOMAXPROCS, as at first.
func Allow(n int) {
	if n < 0 {
		n = runtime.GOMAXPROCS(0) / 2
	}
	started.Do(func() {}) // it is not set again
	limit.Store(int32(n))
}

// enter says whether a call may be brief. If so, leave follows it.
func enter() bool {
	started.Do(func() { limit.Store(int32(runtime.GOMAXPROCS(0) / 2)) })
	if current.Add(1) <= limit.Load() {
		return true
	}
	leave()
	return false
}

func leave() { current.Add(-1) }

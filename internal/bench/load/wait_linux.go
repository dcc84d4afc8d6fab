package load

import (
	"errors"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A waiter lets a thread sleep until a moment, or until something comes.
//
// A sleep ends late by what it takes to set a timer, to be interrupted and to
// be given the processor. So the thread sleeps less by what that took lately and
// spins the rest, at most [mostSpin], which is less than a sleep costs.
type waiter struct {
	events  []unix.EpollEvent
	lead    int64 // how long before a moment a sleep is to end, ns
	spun    int64 // ns in all
	thread  int   // that is settled
	noWait2 bool  // the kernel has no epoll_pwait2 (Linux before 5.11)
}

const (
	mostSpin = int64(50 * time.Microsecond)
	leadStep = int64(250 * time.Nanosecond)
	// longestNap is how long answers may lie before they are read.
	longestNap = int64(2 * time.Millisecond)
)

// A sleep takes processor time: to set a timer, to be interrupted, to switch. On a
// machine of metal that is 2 or 3 µs, on a virtual one, where timers are the
// hypervisor's, up to 20. So that sleeping takes no more than a quarter of a processor,
// requests that are due within some multiple of that of each other are sent
// together, up to a bound: their lateness is what that costs.
const (
	napsApart    = 4
	mostTogether = int64(60 * time.Microsecond)
)

// together is within what time requests are sent together, in ns.
var together = sync.OnceValue(func() int64 { return min(napsApart*napCost(), mostTogether) })

// napCost is the processor time that a sleep takes, in ns.
func napCost() int64 {
	const naps = 16
	runtime.LockOSThread() // whose time is asked for
	defer runtime.UnlockOSThread()
	var w waiter
	begin := threadTime()
	for range naps {
		w.sleep(int64(20 * time.Microsecond))
	}
	return int64(threadTime()-begin) / naps
}

// threadTime is the processor time of the calling thread.
func threadTime() time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts)
	return time.Duration(ts.Nano())
}

// settle makes the thread that it is called on one that wakes on time. It is to be
// called before each sleep, as the goroutine may have moved.
//
// The goroutine of a loop is not bound to a thread: Go interrupts what runs for
// 10 ms, and one that is bound goes on only when two other threads have passed it
// on, which takes some 90 µs. One that is not goes on at once, here or elsewhere.
func (w *waiter) settle() {
	thread := unix.Gettid()
	if thread == w.thread {
		return
	}
	w.thread = thread
	// The kernel may end a sleep late by this much, to wake once for several: 50 µs
	// unless told.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
}

// early is how long to sleep when something is due in ns.
func (w *waiter) early(ns int64) int64 { return max(0, ns-w.lead) }

// sleep sleeps whatever comes.
func (w *waiter) sleep(ns int64) {
	w.settle()
	request := unix.NsecToTimespec(ns)
	_, _, _ = unix.RawSyscall6(unix.SYS_CLOCK_NANOSLEEP, unix.CLOCK_MONOTONIC, 0, uintptr(unsafe.Pointer(&request)), 0, 0, 0)
}

// spin waits without sleeping for what is left of a sleep, unless it was
// interrupted and too much is left.
func (w *waiter) spin(r *run, until int64) {
	begin := r.now()
	now := begin
	for now < until && until-begin <= mostSpin {
		now = r.now()
	}
	w.spun += now - begin
}

// learn takes into account by how much a sleep was too long, with all that had
// to be done after it. A quarter of them shall end in time: to spin costs more
// than a few microseconds are worth.
func (w *waiter) learn(over int64) {
	if over > w.lead {
		w.lead = min(w.lead+leadStep, mostSpin)
	} else {
		w.lead = max(w.lead-3*leadStep, 0)
	}
}

// shortWait is how long the scheduler of Go need not know that the thread waits. To
// be told costs a tenth of the processor time at 5,000 requests a second and two
// thirds at 100. Beyond 10 ms it interrupts a thread that it believes to be busy,
// which costs more.
const shortWait = int64(10 * time.Millisecond)

// poll waits for events with the precision of nanoseconds.
func (w *waiter) poll(epoll int, ns int64) (int, error) {
	if ns > 0 {
		w.settle()
	}
	if w.noWait2 {
		fds := []unix.PollFd{{Fd: int32(epoll), Events: unix.POLLIN}}
		if _, err := unix.Ppoll(fds, &unix.Timespec{Nsec: ns}, nil); err != nil {
			return 0, err
		}
		return unix.EpollWait(epoll, w.events, 0)
	}
	timeout := unix.NsecToTimespec(ns)
	var n uintptr
	var e unix.Errno
	// Only the arguments of a call that is made directly stay where they are.
	if ns <= shortWait {
		n, _, e = unix.RawSyscall6(unix.SYS_EPOLL_PWAIT2, uintptr(epoll), uintptr(unsafe.Pointer(unsafe.SliceData(w.events))), uintptr(len(w.events)), uintptr(unsafe.Pointer(&timeout)), 0, 0)
	} else {
		n, _, e = unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(epoll), uintptr(unsafe.Pointer(unsafe.SliceData(w.events))), uintptr(len(w.events)), uintptr(unsafe.Pointer(&timeout)), 0, 0)
	}
	switch {
	case e == 0:
		return int(n), nil
	case errors.Is(e, unix.ENOSYS), errors.Is(e, unix.EPERM):
		w.noWait2 = true
		return 0, nil
	}
	return 0, e
}

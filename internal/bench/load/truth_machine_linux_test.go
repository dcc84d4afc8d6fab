package load

import (
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What a request costs on this machine at least, whatever sends it.
func TestTruthMachine(t *testing.T) {
	if !*truth {
		t.Skip("-args -truth measures it")
	}
	var group sync.WaitGroup
	group.Go(func() {
		runtime.LockOSThread() // whose time is asked for
		newWorkbench().measure(t.Logf)
	})
	group.Wait()
}

// A workbench measures what the kernel takes, on the thread that it is called on.
type workbench struct {
	waiter
	receiver
	clock time.Duration // that it takes to ask for the time of the thread
	epoll int
	text  []byte
	ends  [2]int // of a connection over loopback
	asleep,
	woken int // of one whose second end a thread waits at
}

func newWorkbench() *workbench {
	w := &workbench{waiter: waiter{events: make([]unix.EpollEvent, 8)}, text: make([]byte, 60)}
	w.settle()
	w.init()
	w.clock = w.cost(1, func() {})
	w.ends = connected()
	for _, fd := range w.ends {
		stamp(fd)
	}
	pair := connected()
	w.asleep, w.woken = pair[0], pair[1]
	must(unix.SetNonblock(w.woken, false))
	go func() {
		runtime.LockOSThread()
		for buffer := make([]byte, 4096); ; {
			if n, _, e := unix.RawSyscall(unix.SYS_READ, uintptr(w.woken), uintptr(unsafe.Pointer(&buffer[0])), uintptr(len(buffer))); e != 0 || n == 0 {
				return
			}
		}
	}()
	var err error
	w.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	must(err)
	return w
}

// connected is a connection over loopback.
func connected() (ends [2]int) {
	l, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	must(err)
	must(unix.Bind(l, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	must(unix.Listen(l, 1))
	to, err := unix.Getsockname(l)
	must(err)
	ends[0], err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	must(err)
	must(unix.Connect(ends[0], to))
	ends[1], _, err = unix.Accept(l)
	must(err)
	must(unix.Close(l))
	for _, fd := range ends {
		must(unix.SetNonblock(fd, true))
		must(unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1))
	}
	return ends
}

// cost is the processor time of what is done n times, the median of 31 times.
func (w *workbench) cost(n int, do func()) time.Duration {
	var all []time.Duration
	for range 31 {
		before := threadTime()
		for range n {
			do()
		}
		all = append(all, (threadTime()-before-w.clock)/time.Duration(n))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func (w *workbench) send(fd int) {
	_, _, _ = unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&w.text[0])), uintptr(len(w.text)))
}

// measure prints what it finds.
func (w *workbench) measure(printf func(format string, a ...any)) {
	call := w.cost(5000, func() { unix.Getppid() })
	sleep := w.cost(200, func() { w.sleep(int64(50 * time.Microsecond)) })
	none := w.cost(2000, func() { _, _ = w.poll(w.epoll, 0) })
	write, read := w.exchange()
	wake := w.wake() - write
	printf("a system call                                %8v", call)
	printf("to look for events that are not there        %8v", none)
	printf("to send 60 bytes over loopback               %8v", write)
	printf("to receive an answer that is there           %8v", read)
	printf("more, if that wakes a thread that sleeps     %8v", wake)
	printf("to sleep for 50 µs                           %8v", sleep)
	for _, n := range []time.Duration{1, 2, 4, 20, 100} {
		printf("so a request takes at least %8v where %3d share a wake-up", (sleep+wake+none)/n+write+read, n)
	}
	w.lateness(printf)
	w.gaps(printf)
}

// exchange is what it takes one side to send a request and to receive its answer.
func (w *workbench) exchange() (write, read time.Duration) {
	both := w.cost(2000, func() {
		w.send(w.ends[0])
		_, _, _ = w.receive(w.ends[1])
		w.ends[0], w.ends[1] = w.ends[1], w.ends[0]
	})
	var reads []time.Duration
	for range 2000 {
		w.send(w.ends[0])
		before := threadTime()
		_, _, _ = w.receive(w.ends[1])
		reads = append(reads, threadTime()-before-w.clock)
		w.ends[0], w.ends[1] = w.ends[1], w.ends[0]
	}
	slices.Sort(reads)
	read = reads[len(reads)/2]
	return both - read, read
}

// wake is what it takes to send to a thread that sleeps.
func (w *workbench) wake() time.Duration {
	var all []time.Duration
	for range 1000 {
		w.sleep(int64(100 * time.Microsecond))
		before := threadTime()
		w.send(w.asleep)
		all = append(all, threadTime()-before-w.clock)
	}
	slices.Sort(all)
	_ = unix.Close(w.asleep)
	return all[len(all)/2]
}

// lateness is how late sleeps end.
func (w *workbench) lateness(printf func(format string, a ...any)) {
	var late []time.Duration
	for range 10000 {
		begin := time.Now()
		w.sleep(int64(50 * time.Microsecond))
		late = append(late, time.Since(begin)-50*time.Microsecond)
	}
	slices.Sort(late)
	n := len(late)
	printf("sleeps end late by %v at p50, %v at p90, %v at p99, %v at p99.9", late[n/2], late[n*9/10], late[n*99/100], late[n*999/1000])
}

// gaps is how long a thread stands still that never sleeps.
func (w *workbench) gaps(printf func(format string, a ...any)) {
	const lasts = 2 * time.Second
	var above20, above100, above1000 int
	var lost time.Duration
	begin := time.Now()
	for last := begin; last.Sub(begin) < lasts; {
		now := time.Now()
		gap := now.Sub(last)
		last = now
		if gap < 5*time.Microsecond {
			continue
		}
		lost += gap
		for _, over := range []struct {
			than  time.Duration
			count *int
		}{{20 * time.Microsecond, &above20}, {100 * time.Microsecond, &above100}, {time.Millisecond, &above1000}} {
			if gap > over.than {
				*over.count++
			}
		}
	}
	per := func(n int) float64 { return float64(n) / lasts.Seconds() }
	printf("a thread that never sleeps stands still for %.2f%% of the time: per second %v times for more than 20 µs, %v for 100 µs, %v for 1 ms",
		100*float64(lost)/float64(lasts), per(above20), per(above100), per(above1000))
}

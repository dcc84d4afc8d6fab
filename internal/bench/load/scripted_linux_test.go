package load

import (
	"bytes"
	"container/heap"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A scripted server answers after delays of a known distribution, and keeps
// record of what it really did: the truth that the generator is held against.
// It is one thread, so that it is no bottleneck on the second core, and has its
// arrivals from the kernel's stamps, so that its own lateness is part of the
// record.
type scripted struct {
	*run
	waiter
	receiver
	epoll  int
	script []time.Duration // none, the mean of exponential delays, and pauses: every, for
	heads  [][]byte        // by descriptor: of a request whose end has not come
	random *rand.Rand
	due    answers
	first  int64
	last   int64
	record []int64 // ns from arrival to answer
}

// An answer is due to a request.
type answer struct {
	at, arrived int64
	fd          int
}

type answers []answer

func (a answers) Len() int           { return len(a) }
func (a answers) Less(i, j int) bool { return a[i].at < a[j].at }
func (a answers) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *answers) Push(x any)        { *a = append(*a, x.(answer)) }
func (a *answers) Pop() any {
	last := len(*a) - 1
	x := (*a)[last]
	*a = (*a)[:last]
	return x
}

// serveScript serves until its standard input ends. The path /record tells when
// the first and the last request came and how long each answer took, and begins
// anew. Delays run from the arrival of a request, each for itself.
func serveScript(script string) {
	// Nothing of Go's own shall run beside the one thread.
	debug.SetGCPercent(-1)
	runtime.GOMAXPROCS(1)
	s := &scripted{run: &run{base: time.Now()}, waiter: waiter{events: make([]unix.EpollEvent, 512)}}
	s.init()
	s.script = parseScript(script)
	s.random = rand.New(rand.NewPCG(uint64(s.base.UnixNano()), 1))
	var err error
	s.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	must(err)
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	must(err)
	stamp(fd)
	must(unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	must(unix.Listen(fd, 4096))
	s.watch(fd)
	name, err := unix.Getsockname(fd)
	must(err)
	fmt.Printf("http://127.0.0.1:%d/\n", name.(*unix.SockaddrInet4).Port)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	for {
		s.turn(fd)
	}
}

func parseScript(text string) (out []time.Duration) {
	for _, word := range strings.Fields(text) {
		d, err := time.ParseDuration(word)
		must(err)
		out = append(out, d)
	}
	return out
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func (s *scripted) watch(fd int) {
	must(unix.EpollCtl(s.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}))
}

func (s *scripted) turn(listener int) {
	wait := shortWait
	if len(s.due) > 0 {
		wait = s.early(s.due[0].at - s.now())
	}
	n, err := s.poll(s.epoll, wait)
	if err != nil {
		return
	}
	for _, e := range s.events[:n] {
		if fd := int(e.Fd); fd == listener {
			s.accept(fd)
		} else {
			s.take(fd)
		}
	}
	now := s.now()
	for len(s.due) > 0 && s.due[0].at <= now {
		a := heap.Pop(&s.due).(answer)
		now = s.now()
		s.answer(a.fd, a.arrived, now)
	}
	if now-s.last > int64(100*time.Millisecond) {
		s.adjust(s.base)
	}
}

func (s *scripted) accept(listener int) {
	for {
		fd, _, err := unix.Accept4(listener, unix.SOCK_NONBLOCK)
		if err != nil {
			return
		}
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		stamp(fd)
		for len(s.heads) <= fd {
			s.heads = append(s.heads, nil)
		}
		s.heads[fd] = s.heads[fd][:0]
		s.watch(fd)
	}
}

// take reads requests.
func (s *scripted) take(fd int) {
	n, at, e := s.receive(fd)
	if e == unix.EAGAIN {
		return
	}
	if n == 0 || e != 0 {
		_ = unix.Close(fd)
		return
	}
	text := s.buffer[:n]
	if len(s.heads[fd]) > 0 {
		s.heads[fd] = append(s.heads[fd], text...)
		text = s.heads[fd]
	}
	now := s.now()
	if at == 0 || at > now {
		at = now
	}
	for {
		end := bytes.Index(text, []byte("\r\n\r\n"))
		if end < 0 {
			break
		}
		if bytes.HasPrefix(text, []byte("GET /record")) {
			s.tell(fd)
			return
		}
		text = text[end+4:]
		s.request(fd, at)
	}
	s.heads[fd] = append(s.heads[fd][:0], text...)
}

func (s *scripted) request(fd int, at int64) {
	if s.first == 0 {
		s.first = at
	}
	s.last = at
	if delay := s.delay(at, s.random); delay > 0 {
		heap.Push(&s.due, answer{at + delay, at, fd})
		return
	}
	s.answer(fd, at, s.now())
}

// delay is that of a request that comes at a time, by the script.
func (s *scripted) delay(at int64, random *rand.Rand) int64 {
	if len(s.script) == 0 {
		return 0
	}
	delay := int64(random.ExpFloat64() * float64(s.script[0]))
	if len(s.script) == 3 {
		delay += max(0, int64(s.script[2])-at%int64(s.script[1]))
	}
	return delay
}

var scriptedAnswer = []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok")

func (s *scripted) answer(fd int, arrived, now int64) {
	s.record = append(s.record, now-arrived)
	_, _ = unix.Write(fd, scriptedAnswer)
}

// tell answers with the record, and begins a new one.
func (s *scripted) tell(fd int) {
	out := make([]byte, 0, 10*len(s.record)+64)
	out = strconv.AppendInt(append(strconv.AppendInt(out, s.first, 10), '\n'), s.last, 10)
	for _, ns := range s.record {
		out = strconv.AppendInt(append(out, '\n'), ns, 10)
	}
	s.first, s.last, s.record = 0, 0, s.record[:0]
	must(unix.EpollCtl(s.epoll, unix.EPOLL_CTL_DEL, fd, nil))
	must(unix.SetNonblock(fd, false))
	f := os.NewFile(uintptr(fd), "connection")
	c, err := net.FileConn(f)
	must(err)
	_ = f.Close()
	fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", len(out))
	_, _ = c.Write(out)
	_ = c.Close()
}

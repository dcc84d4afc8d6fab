package load

import (
	"errors"
	"fmt"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// haveLoop says whether there is an event loop.
const haveLoop = true

// A loop drives the connections of one thread: it sends what is due, sleeps
// until the next request is, and reads what has come. A request costs one sleep,
// one write, one read and one look for events, no memory, and no goroutine is
// woken for it.
type loop struct {
	*run
	rec     *recorder
	feed    *feed
	most    int // connections
	epoll   int
	to      unix.Sockaddr
	family  int
	conns   []*conn // by descriptor
	open    int
	idle    []*conn // the one used last is used next: few stay warm
	queue   queue   // due, but without a connection
	busy    int
	coming  queue // taken from the feed ahead of their time
	more    bool  // the feed has more
	closing []*conn
	swept   int64
	polled  bool // in this turn, for want of a connection
	waiter
	receiver
}

// A conn is one connection with at most one request under way.
type conn struct {
	fd     int
	state  byte
	job    job
	sent   int64
	out    []byte // the request; what is left of it once sending has begun
	size   int    // of the answer so far
	buffer []byte
	answer response
}

const (
	connecting = iota
	idle
	busy
	closed
)

// sweepEvery is how often requests are looked through for timeouts, and the
// longest wait.
const sweepEvery = int64(50 * time.Millisecond)

func (r *run) loop(rec *recorder, f *feed, most int) {
	l := &loop{run: r, rec: rec, feed: f, most: most, waiter: waiter{events: make([]unix.EpollEvent, 512)}}
	l.init()
	l.adjust(r.base)
	l.to, l.family = sockaddr(r.address)
	var err error
	if l.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		rec.fail(job{at: rec.warm}, r.now(), FailConnect, fmt.Errorf("epoll: %w", err))
		return
	}
	defer unix.Close(l.epoll)
	if r.plan.Closed {
		l.fill()
	} else {
		l.more = true
	}
	l.turn()
	l.end()
	rec.spun = l.spun
}

// turn goes round until everything is answered or given up.
func (l *loop) turn() {
	for !l.stopped.Load() {
		now := l.now()
		l.sendDue(now)
		if !l.more && l.coming.empty() && l.busy == 0 && l.queue.empty() && (!l.plan.Closed || now >= l.until()) {
			return
		}
		l.wait(now)
		if now = l.now(); now-l.swept > sweepEvery {
			l.sweep(now)
		}
	}
}

// mostAtOnce is how many requests are sent before answers are looked for.
const mostAtOnce = 128

// sendDue sends the requests whose time has come. Those that are already too late
// to be answered in time are given up, so that a run ends soon after its time
// however little of the processor it gets.
func (l *loop) sendDue(now int64) {
	l.polled = false
	for sent := 0; sent < mostAtOnce; now = l.now() {
		j, ok := l.upcoming(0)
		if !ok || j.at > now {
			return
		}
		l.coming.pop()
		if now-j.at > int64(l.plan.Timeout) {
			l.rec.taken(j, now)
			l.rec.fail(j, now, FailTimeout, errTimeout)
			l.total.Add(1)
		} else {
			l.begin(j, now)
			sent++
		}
	}
}

// upcoming is the request that comes i requests after the next one.
func (l *loop) upcoming(i int) (job, bool) {
	for l.more && l.coming.len() <= i {
		j, ok := l.feed.next()
		if l.more = ok; ok {
			l.coming.push(j)
		}
	}
	return l.coming.at(i)
}

// moment is when to send next, if there is anything left to send. Requests that
// are due shortly after one another are sent together, when the last of them is
// due: see [together].
func (l *loop) moment(now int64) (at int64, ok bool) {
	first, ok := l.upcoming(0)
	if !ok || first.at <= now {
		return first.at, ok
	}
	at = first.at
	for i := 1; i < mostAtOnce; i++ {
		j, more := l.upcoming(i)
		if !more || j.at > first.at+l.together {
			break
		}
		at = j.at
	}
	return at, true
}

// fill begins the closed model: each connection with a request of its own.
func (l *loop) fill() {
	for l.open < l.most {
		at := l.now()
		if at >= l.until() || l.stopped.Load() || !l.begin(l.feed.closed(at), at) {
			return
		}
	}
}

// begin gives a request that is due to a connection: an idle one, a new one, or
// below the cap none, and the request waits.
func (l *loop) begin(j job, now int64) bool {
	l.rec.taken(j, now)
	l.total.Add(1)
	c := l.ready()
	if c == nil && l.busy > 0 && !l.polled && !l.plan.Closed {
		// Answers may have come, and a connection is dearer than a look.
		l.polled = true
		l.collect(0)
		c, now = l.ready(), l.now()
	}
	if c != nil {
		l.send(c, j, now)
		return true
	}
	if l.open >= l.most {
		l.rec.waited++
		l.queue.push(j)
		return true
	}
	return l.connect(j)
}

// ready takes an idle connection, if there is one.
func (l *loop) ready() *conn {
	for n := len(l.idle); n > 0; n = len(l.idle) {
		c := l.idle[n-1]
		l.idle = l.idle[:n-1]
		if c.state == idle {
			return c
		}
	}
	return nil
}

// connect opens a connection for a request.
func (l *loop) connect(j job) bool {
	fd, err := unix.Socket(l.family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
	if err != nil {
		l.rec.fail(j, l.now(), FailConnect, err)
		return false
	}
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	stamp(fd)
	err = unix.Connect(fd, l.to)
	if err == nil || errors.Is(err, unix.EINPROGRESS) {
		err = unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{
			Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET&0xffffffff, Fd: int32(fd),
		})
	}
	if err != nil {
		_ = unix.Close(fd)
		l.rec.fail(j, l.now(), FailConnect, err)
		return false
	}
	for len(l.conns) <= fd {
		l.conns = append(l.conns, nil)
	}
	c := l.conns[fd]
	if c == nil {
		c = &conn{}
		l.conns[fd] = c
	}
	*c = conn{fd: fd, state: connecting, job: j, buffer: c.buffer, answer: c.answer}
	l.open++
	l.busy++
	l.rec.opens()
	return true
}

// send writes a request to an idle connection.
func (l *loop) send(c *conn, j job, now int64) {
	c.state, c.job = busy, j
	l.busy++
	l.write(c, now)
}

// write makes the request of a connection and begins to send it.
func (l *loop) write(c *conn, now int64) {
	if c.out = l.maker.whole; c.out == nil {
		c.buffer = l.maker.append(c.buffer[:0], c.job.n)
		c.out = c.buffer
	}
	c.sent, c.size = now, 0
	c.answer.reset(l.maker.bodiless(c.job.n), l.plan.Expect.Body != nil)
	l.rec.wrote(c.job, now, len(c.out))
	l.flush(c)
}

// flush sends what is left of a request.
func (l *loop) flush(c *conn) {
	for len(c.out) > 0 {
		// The socket does not block, so the scheduler need not hear of the call.
		n, _, e := unix.RawSyscall(unix.SYS_WRITE, uintptr(c.fd), uintptr(unsafe.Pointer(unsafe.SliceData(c.out))), uintptr(len(c.out)))
		switch e {
		case 0:
			c.out = c.out[n:]
		case unix.EINTR:
		case unix.EAGAIN:
			return // an event tells when there is room again
		case unix.EPIPE, unix.ECONNRESET:
			// The answer may be there all the same: reading finds out.
			c.out = nil
			l.read(c, true)
			return
		default:
			l.lose(c, FailReset, e)
			return
		}
	}
}

// wait sleeps until the next request is due or something comes, and handles what
// came. Where the next request is due soon and the kernel notes when answers
// come, they are left to lie until then: to be woken for each of them costs far
// more than to take it in.
func (l *loop) wait(now int64) {
	until := now + sweepEvery
	at, more := l.moment(now)
	if more {
		until = min(until, at)
	}
	if ns := until - now; l.plan.Closed || !more || !l.queue.empty() || !l.punctual() || ns > longestNap {
		l.collect(l.early(ns))
	} else if ns = l.early(ns); ns == 0 {
		l.collect(0)
		l.spin(l.run, until)
	} else {
		l.sleep(ns)
		l.collect(0)
		l.learn(l.now() - now - ns)
		l.spin(l.run, until)
	}
}

// collect waits for events, and handles them.
func (l *loop) collect(ns int64) {
	n, err := l.poll(l.epoll, ns)
	if err != nil {
		return // interrupted
	}
	for i := range l.events[:n] {
		l.handle(&l.events[i])
	}
	for _, c := range l.closing {
		_ = unix.Close(c.fd)
	}
	l.closing = l.closing[:0]
}

func (l *loop) handle(e *unix.EpollEvent) {
	c := l.conns[e.Fd]
	const gone = unix.EPOLLRDHUP | unix.EPOLLHUP | unix.EPOLLERR
	switch c.state {
	case connecting:
		if code, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_ERROR); err != nil || code != 0 {
			l.lose(c, FailConnect, unix.Errno(code))
		} else if e.Events&unix.EPOLLOUT != 0 {
			c.state = busy
			l.write(c, l.now())
		}
	case idle:
		if e.Events&(gone|unix.EPOLLIN) != 0 {
			l.close(c) // closed by the server, or it says what nobody asked
		}
	case busy:
		if len(c.out) > 0 && e.Events&unix.EPOLLOUT != 0 {
			l.flush(c)
		}
		if c.state == busy && e.Events&(gone|unix.EPOLLIN) != 0 {
			l.read(c, e.Events&gone != 0)
		}
	}
}

// read takes in what has come. Events come once (edge-triggered), so all must be
// read; a read that does not fill the buffer has, unless the server has closed.
func (l *loop) read(c *conn, gone bool) {
	for {
		n, at, e := l.receive(c.fd)
		switch {
		case e == unix.EINTR:
			continue
		case e == unix.EAGAIN:
			return
		case e != 0:
			l.lose(c, FailReset, e)
			return
		case n == 0:
			if err := c.answer.eof(); err != nil {
				l.lose(c, FailClosed, err)
			} else {
				l.answered(c, true, 0)
			}
			return
		}
		l.rec.in += int64(n)
		if c.size += n; c.size > largeAnswer {
			l.large = true
		}
		used, done, err := c.answer.feed(l.buffer[:n])
		switch {
		case err != nil:
			l.lose(c, FailMalformed, err)
			return
		case done:
			l.answered(c, used < n || gone, at)
			return
		case n < len(l.buffer) && !gone:
			return
		}
	}
}

// answered records a complete answer, which came at a time that is 0 when only
// the present is known, and gives the connection its next request. One that sends
// more than the answer, or was closed, is of no further use.
func (l *loop) answered(c *conn, spoilt bool, at int64) {
	now := l.now()
	if l.stamps = at != 0; !l.stamps {
		at = now
	}
	at = max(c.sent, min(at, now)) // whatever somebody does to the clock
	l.rec.answer(c.job, c.sent, at, &l.plan.Expect, c.answer.status, c.answer.body)
	l.busy--
	if spoilt || c.answer.close || l.plan.NoKeepAlive || len(c.out) > 0 {
		l.close(c)
		l.replace(now)
		return
	}
	c.state = idle
	if j, ok := l.waiting(now); ok {
		l.send(c, j, now)
		return
	}
	l.idle = append(l.idle, c)
}

// waiting is a request that has no connection yet.
func (l *loop) waiting(now int64) (job, bool) {
	if l.plan.Closed {
		if now >= l.until() || l.stopped.Load() {
			return job{}, false
		}
		j := l.feed.closed(now)
		l.rec.taken(j, now)
		l.total.Add(1)
		return j, true
	}
	return l.queue.pop()
}

// replace opens a connection in the place of one that was closed, if a request
// waits for it.
func (l *loop) replace(now int64) {
	if j, ok := l.waiting(now); ok {
		l.connect(j)
	}
}

// lose records that a connection failed its request.
func (l *loop) lose(c *conn, kind Failure, err error) {
	now := l.now()
	l.rec.fail(c.job, now, kind, err)
	l.busy--
	l.close(c)
	if !l.plan.Closed || kind != FailConnect {
		l.replace(now)
	}
}

// close takes a connection out of use. Its descriptor is closed when all events
// at hand are handled: else one of them could be meant for a new connection of
// the same number.
func (l *loop) close(c *conn) {
	c.state = closed
	l.open--
	l.rec.open--
	l.closing = append(l.closing, c)
}

// sweep gives up requests that have waited too long, and in the closed model
// replaces connections that could not be opened.
func (l *loop) sweep(now int64) {
	l.swept = now
	l.adjust(l.base)
	late := now - int64(l.plan.Timeout)
	for {
		j, ok := l.queue.peek()
		if !ok || j.at > late {
			break
		}
		_, _ = l.queue.pop()
		l.rec.fail(j, now, FailTimeout, errTimeout)
	}
	for _, c := range l.conns {
		if c != nil && (c.state == busy || c.state == connecting) && c.job.at <= late {
			l.lose(c, FailTimeout, errTimeout)
		}
	}
	for _, c := range l.closing {
		_ = unix.Close(c.fd)
	}
	l.closing = l.closing[:0]
	if l.plan.Closed {
		l.fill()
	}
}

// end closes all connections and counts what was under way.
func (l *loop) end() {
	for _, c := range l.conns {
		if c == nil || c.state == closed {
			continue
		}
		if c.state != idle {
			l.rec.left(c.job)
		}
		_ = unix.Close(c.fd)
	}
	for {
		j, ok := l.queue.pop()
		if !ok {
			return
		}
		l.rec.left(j)
	}
}

func sockaddr(a netip.AddrPort) (unix.Sockaddr, int) {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}, unix.AF_INET
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}, unix.AF_INET6
}

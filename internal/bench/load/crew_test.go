package load

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A lastMoment is a connection whose first read ends the request's context and
// gives the whole answer all the same.
type lastMoment struct {
	net.Conn // nil: nothing else is called
	cancel   context.CancelFunc
	closed   atomic.Bool
	deadline chan struct{} // closed when one is set
	once     sync.Once
}

func (c *lastMoment) Write(p []byte) (int, error) { return len(p), nil }

func (c *lastMoment) Read(p []byte) (int, error) {
	c.cancel()
	return copy(p, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell"), nil
}

func (c *lastMoment) SetDeadline(time.Time) error {
	c.once.Do(func() { close(c.deadline) })
	return nil
}

func (c *lastMoment) Close() error {
	c.closed.Store(true)
	return nil
}

// A request that is cancelled at the last moment has its answer. What ends waiting
// reads may come after that, when the line is closed: it must find the connection
// that it is for, and the line must not be used again.
func TestCancelledAtTheLastMoment(t *testing.T) {
	t.Parallel()
	plan := &Plan{URL: parse(t, "http://127.0.0.1/"), Method: "GET"}
	maker, err := newMaker(plan)
	if err != nil {
		t.Fatal(err)
	}
	r := &run{plan: plan, maker: maker, base: time.Now()}
	for range 1000 {
		ctx, cancel := context.WithCancel(t.Context())
		conn := &lastMoment{cancel: cancel, deadline: make(chan struct{})}
		l := &line{run: r, rec: newRecorder(&Plan{Interval: time.Second}), conn: conn, read: make([]byte, 1<<10)}
		status, _, kind, err := l.exchange(ctx, job{}, func(int) {})
		if status != 200 || kind != "" || err != nil {
			t.Fatalf("status %d, %q, %v", status, kind, err)
		}
		if l.usable() {
			t.Fatal("the line is to be used again")
		}
		l.close()
		if !conn.closed.Load() {
			t.Fatal("the connection is not closed")
		}
		<-conn.deadline
	}
}

// A lateContext tells the first who wants to be told of its end last.
type lateContext struct {
	context.Context // for its deadline and values
	done            chan struct{}

	mu    sync.Mutex
	after []func()
}

func (c *lateContext) Done() <-chan struct{} { return c.done }

func (c *lateContext) Err() error {
	select {
	case <-c.done:
		return context.Canceled
	default:
		return nil
	}
}

// AfterFunc is asked by package context.
func (c *lateContext) AfterFunc(f func()) (stop func() bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.after = append(c.after, f)
	return func() bool { return true }
}

func (c *lateContext) end() {
	close(c.done)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.after[1:] {
		f()
	}
}

// A run that is ended is known to be, however late the one is told who notes it.
func TestInterruptionNotedLate(t *testing.T) {
	t.Parallel()
	ctx := &lateContext{Context: t.Context(), done: make(chan struct{})}
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		ctx.end()
		<-r.Context().Done()
	}))
	defer s.Close()
	p := Plan{URL: parse(t, s.URL), Method: "GET", Stages: at(0, time.Hour), Timeout: time.Hour, Interval: time.Second, Connections: 1, Closed: true, crewed: true}
	maker, err := newMaker(&p)
	if err != nil {
		t.Fatal(err)
	}
	r := &run{plan: &p, maker: maker, address: netip.MustParseAddrPort(s.Listener.Addr().String())}
	if result := r.drive(ctx); !result.Interrupted || result.Unfinished != 1 || result.Failed != 0 {
		t.Errorf("%+v", result)
	}
}

// A connection that is there when the run is over is closed, and counted nowhere.
func TestConnectionAfterTheEnd(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := &Plan{URL: parse(t, "http://"+l.Addr().String()), HTTP2: true}
	r := &run{plan: p, address: netip.MustParseAddrPort(l.Addr().String())}
	rec := newRecorder(&Plan{Interval: time.Second})
	transport := r.transport(rec)
	rec.end()
	if c, err := transport.DialContext(t.Context(), "tcp", ""); err == nil {
		_ = c.Close()
		t.Error("it is used")
	}
	if rec.opened != 0 || rec.peak != 0 {
		t.Errorf("%d opened, %d at once", rec.opened, rec.peak)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	if n, err := accepted.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("the connection is open: read %d bytes, %v", n, err)
	}
}

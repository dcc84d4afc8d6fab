package load

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// An exchanger sends requests over one connection, or one stream of one, and
// waits for the answers.
type exchanger interface {
	// exchange sends a request and takes in its answer. It calls sent when it
	// begins to write, with the number of bytes. When it fails it says how.
	exchange(ctx context.Context, j job, sent func(int)) (status int, body []byte, kind Failure, err error)
	// usable reports whether another request may be sent over it.
	usable() bool
	close()
}

// A crew has a goroutine for each connection: the way of TLS, of HTTP/2 and of
// systems without an event loop. It costs some 20 µs of processor time a request.
type crew struct {
	*run
	rec     *recorder // under its lock, as all below
	feed    *feed
	most    int
	members int
	idle    []chan job
	queue   queue
	done    sync.WaitGroup
	make    func() exchanger
}

func (r *run) crew(ctx context.Context, rec *recorder, f *feed, most int) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := &crew{run: r, rec: rec, feed: f, most: most}
	var shut func()
	c.make, shut = r.exchangers(rec)
	defer shut()
	defer rec.end()
	if r.plan.Closed {
		c.members = most
		for range most {
			c.done.Go(func() { c.closedModel(ctx) })
		}
		c.done.Wait()
		return
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		j, ok := f.next()
		if !ok || !c.sleep(ctx, timer, j.at) {
			break
		}
		c.dispatch(ctx, j)
	}
	c.dismiss()
	c.done.Wait()
}

// sleep waits for a moment, and reports whether it came.
func (c *crew) sleep(ctx context.Context, timer *time.Timer, at int64) bool {
	for {
		left := at - c.now()
		if left <= 0 {
			return ctx.Err() == nil
		}
		timer.Reset(time.Duration(left))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return false
		}
	}
}

// dispatch gives a request that is due to an idle member, to a new one, or lets
// it wait.
func (c *crew) dispatch(ctx context.Context, j job) {
	c.total.Add(1)
	c.rec.Lock()
	defer c.rec.Unlock()
	if n := len(c.idle); n > 0 {
		c.idle[n-1] <- j
		c.idle = c.idle[:n-1]
		return
	}
	if c.members < c.most {
		c.members++
		c.done.Go(func() { c.member(ctx, j) })
		return
	}
	c.rec.taken(j, c.now())
	c.rec.waited++
	c.queue.push(j)
}

// dismiss tells the members that nothing more will come.
func (c *crew) dismiss() {
	c.rec.Lock()
	defer c.rec.Unlock()
	for _, m := range c.idle {
		close(m)
	}
	c.idle, c.most = nil, 0
}

// member works off requests, the first of which it is given.
func (c *crew) member(ctx context.Context, j job) {
	e := c.make()
	defer func() { e.close() }()
	in := make(chan job, 1)
	taken := false
	for ok := true; ok; {
		c.one(ctx, e, j, taken)
		if !e.usable() {
			e.close()
			e = c.make()
		}
		c.rec.Lock()
		j, taken = c.queue.pop()
		if !taken {
			if c.most == 0 {
				c.rec.Unlock()
				return
			}
			c.idle = append(c.idle, in)
		}
		c.rec.Unlock()
		if !taken {
			j, ok = <-in
		}
	}
}

// closedModel sends one request after the other.
func (c *crew) closedModel(ctx context.Context) {
	e := c.make()
	defer func() { e.close() }()
	for ctx.Err() == nil {
		c.rec.Lock()
		j := c.feed.closed(c.now())
		c.rec.Unlock()
		if j.at >= c.until() {
			return
		}
		c.total.Add(1)
		if kind := c.one(ctx, e, j, false); kind == FailConnect {
			time.Sleep(time.Duration(sweepPause))
		}
		if !e.usable() {
			e.close()
			e = c.make()
		}
	}
}

// sweepPause keeps the closed model from spinning on a dead server.
const sweepPause = 50 * time.Millisecond

// one sends a request and records what becomes of it.
func (c *crew) one(ctx context.Context, e exchanger, j job, taken bool) Failure {
	now := c.now()
	if !taken {
		c.rec.Lock()
		c.rec.taken(j, now)
		c.rec.Unlock()
	}
	deadline := c.base.Add(time.Duration(j.at) + c.plan.Timeout)
	limited, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	sent := now
	status, body, kind, err := e.exchange(limited, j, func(bytes int) {
		sent = c.now()
		c.rec.Lock()
		c.rec.wrote(j, sent, bytes)
		c.rec.Unlock()
	})
	now = c.now()
	c.rec.Lock()
	defer c.rec.Unlock()
	switch {
	case kind == "":
		c.rec.answer(j, sent, now, &c.plan.Expect, status, body)
	case ctx.Err() != nil:
		c.rec.left(j)
	case limited.Err() != nil || isTimeout(err):
		kind = FailTimeout
		c.rec.fail(j, now, FailTimeout, errTimeout)
	default:
		c.rec.fail(j, now, kind, rootCause(err))
	}
	return kind
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// exchangers makes exchangers, and closes what they share.
func (r *run) exchangers(rec *recorder) (create func() exchanger, shut func()) {
	if r.plan.HTTP2 {
		transport := r.transport(rec)
		return func() exchanger { return &stream{r, transport, rec} }, transport.CloseIdleConnections
	}
	return func() exchanger { return &line{run: r, rec: rec, read: make([]byte, 16<<10)} }, func() {}
}

// A line is a connection of HTTP/1.1, opened with the first request.
type line struct {
	*run
	rec    *recorder
	conn   net.Conn
	read   []byte
	write  []byte
	answer response
	ended  bool
}

func (l *line) usable() bool { return !l.ended }

func (l *line) close() {
	if l.conn != nil {
		_ = l.conn.Close() // there is nothing to lose
		l.rec.Lock()
		l.rec.open--
		l.rec.Unlock()
	}
	l.conn = nil
}

func (l *line) exchange(ctx context.Context, j job, sent func(int)) (int, []byte, Failure, error) {
	l.ended = true // unless all goes well
	if l.conn == nil {
		conn, err := l.dial(ctx)
		if err != nil {
			return 0, nil, FailConnect, err
		}
		l.conn = conn
		l.rec.Lock()
		l.rec.opens()
		l.rec.Unlock()
	}
	// Ending the context must end a read that waits. It may still do so after
	// this returns, when the line is closed or in the next request's hands: so it
	// has its own name of the connection, and the line is not used again.
	conn := l.conn
	release := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer func() { l.ended = !release() || l.ended }()
	l.write = l.maker.append(l.write[:0], j.n)
	sent(len(l.write))
	if _, err := l.conn.Write(l.write); err != nil {
		return 0, nil, FailReset, err
	}
	l.answer.reset(l.maker.bodiless(j.n), l.plan.Expect.Body != nil)
	for {
		n, err := l.conn.Read(l.read)
		l.rec.Lock()
		l.rec.in += int64(n)
		l.rec.Unlock()
		used, done, wrong := l.answer.feed(l.read[:n])
		switch {
		case wrong != nil:
			return 0, nil, FailMalformed, wrong
		case done:
			l.ended = l.answer.close || used < n || err != nil || l.plan.NoKeepAlive
			return l.answer.status, l.answer.body, "", nil
		case errors.Is(err, io.EOF):
			if err := l.answer.eof(); err != nil {
				return 0, nil, FailClosed, err
			}
			return l.answer.status, l.answer.body, "", nil
		case err != nil:
			return 0, nil, FailReset, err
		}
	}
}

package web

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Over HTTP/1.1 each request under way takes a connection of its own, and requests
// come in waves: what one answer names is asked for at once. A connection that is
// opened only then costs the wave one round trip more, so a few are opened before.
//
// It is done for servers that have answered with HTTP/1.1 and keep connections: one
// that serves a connection after the other would wait for the request on one that
// has none. HTTP/2 needs one connection in all.

const (
	// mostSpare is how many connections to a server there may be for spare ones to
	// be opened.
	mostSpare = 32
	// fewestSpare is how many are kept ready if one connection is used, or few more,
	// and mostReady if many are.
	fewestSpare, mostReady = 5, 8
	// spareAge is how long a spare connection is kept: servers close those without
	// a request after some time, five seconds at the least.
	spareAge = 4 * time.Second
)

// spares are the connections to one server that no request has used yet.
type spares struct {
	dial  func(ctx context.Context, network, address string) (net.Conn, error)
	limit int // of all connections

	mu      sync.Mutex
	wanted  bool   // the server is known to be one for which they are worthwhile
	address string // "" until the first connection
	used    int    // connections that were given away
	coming  int    // connections that are being opened
	idle    []spare
}

type spare struct {
	conn  net.Conn
	timer *time.Timer // closes it
}

type spareKey struct{}

// withSpares makes a request take part in opening connections ahead.
func (c *Client) withSpares(ctx context.Context, u *url.URL, r Request) (context.Context, *spares) {
	if !r.Several || r.Large || c.proxies.find(u) != nil {
		return ctx, nil
	}
	s := c.spares.Do(u.Scheme+"://"+u.Host, func() *spares { return &spares{dial: c.dial, limit: min(mostSpare, c.options.Connections)} })
	return context.WithValue(ctx, spareKey{}, s), s
}

// dialSpared gives a spare connection to a request that needs a new one, or else
// opens it.
func (c *Client) dialSpared(ctx context.Context, network, address string) (net.Conn, error) {
	s, ok := ctx.Value(spareKey{}).(*spares)
	if !ok {
		return c.dial(ctx, network, address)
	}
	if conn := s.take(address); conn != nil {
		return conn, nil
	}
	return c.dial(ctx, network, address)
}

// take counts one more connection, and returns a spare one if there is any.
func (s *spares) take(address string) net.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used++
	s.address = address
	defer s.fill()
	for len(s.idle) > 0 {
		oldest := s.idle[0]
		s.idle = s.idle[1:]
		if oldest.timer.Stop() {
			return oldest.conn
		}
	}
	return nil
}

// learn looks at an answer for whether spare connections are worthwhile.
func (s *spares) learn(answer *http.Response) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.wanted && answer.ProtoMajor == 1 && answer.ProtoMinor == 1 && !answer.Close {
		s.wanted = true
		s.fill()
	}
}

// fill opens those that are missing.
func (s *spares) fill() {
	if !s.wanted || s.address == "" {
		return
	}
	for range s.missing() {
		s.coming++
		go s.open(s.address)
	}
}

// missing is how many connections are to be opened: about as many are kept ready as
// are used already, as a wave is mostly higher than the one before.
func (s *spares) missing() int {
	return min(s.used+fewestSpare-1, mostReady, s.limit-s.used) - s.coming - len(s.idle)
}

func (s *spares) open(address string) {
	conn, err := s.dial(context.Background(), "tcp", address)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.coming--
	if err == nil {
		s.idle = append(s.idle, spare{conn, time.AfterFunc(spareAge, func() { s.expire(conn) })})
	}
}

// expire closes a connection that nobody took in time. It no longer counts as ready,
// so that the next wave opens others in its place.
func (s *spares) expire(conn net.Conn) {
	s.mu.Lock()
	s.idle = slices.DeleteFunc(s.idle, func(one spare) bool { return one.conn == conn })
	s.mu.Unlock()
	_ = conn.Close()
}

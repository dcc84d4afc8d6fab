package pypitest

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// settleWithin is how long [Server.Settle] waits for clients that live on.
const settleWithin = 10 * time.Second

// Settle waits until the server has done with all clients that have ended: a
// program may end without waiting for what it has asked for, and its requests
// are then still on their way. Clients that live on and keep a connection are
// waited for no longer than some seconds.
func (s *Server) Settle() {
	timeout := time.NewTimer(settleWithin)
	defer timeout.Stop()
	for _, closed := range s.accepted(timeout.C) {
		select {
		case <-closed:
		case <-timeout.C:
			return
		}
	}
}

// accepted are the ends of all connections that were made before it is called.
// Those that the server has not accepted yet come ahead of one that is made now.
func (s *Server) accepted(timeout <-chan time.Time) []<-chan struct{} {
	last, err := net.Dial("tcp", s.http.Listener.Addr().String())
	if err != nil {
		return nil // it is closed
	}
	defer last.Close()
	before := s.connections.await(last.LocalAddr().String())
	select {
	case ends := <-before:
		return ends
	case <-timeout:
		return nil
	}
}

// connections are those that the server has accepted and not closed.
type connections struct {
	mu      sync.Mutex
	open    map[string]chan struct{}            // by the client's address; closed with the connection
	awaited map[string]chan<- []<-chan struct{} // by the address of one that is yet to be accepted
}

// changed is the hook of [http.Server].
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	address := conn.RemoteAddr().String()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		if c.open == nil {
			c.open = map[string]chan struct{}{}
		}
		if to := c.awaited[address]; to != nil {
			to <- c.ends()
			delete(c.awaited, address)
		}
		c.open[address] = make(chan struct{})
	case http.StateClosed, http.StateHijacked:
		if closed := c.open[address]; closed != nil {
			close(closed)
			delete(c.open, address)
		}
	}
}

func (c *connections) ends() []<-chan struct{} {
	var out []<-chan struct{}
	for _, closed := range c.open {
		out = append(out, closed)
	}
	return out
}

// await returns where the ends of the others are told once the connection from
// an address is accepted.
func (c *connections) await(address string) <-chan []<-chan struct{} {
	to := make(chan []<-chan struct{}, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[address] != nil { // it was faster
		to <- c.ends()
		return to
	}
	if c.awaited == nil {
		c.awaited = map[string]chan<- []<-chan struct{}{}
	}
	c.awaited[address] = to
	return to
}

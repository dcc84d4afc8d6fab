package server

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// askTimeout is how long one question whether the server is ready may take.
const askTimeout = 2 * time.Second

func (s *Server) address() string {
	port := s.URL.Port()
	if port == "" {
		port = s.URL.Scheme
	}
	return net.JoinHostPort(s.URL.Hostname(), port)
}

// connect opens a connection and closes it.
func (s *Server) connect(ctx context.Context) error {
	c, err := (&net.Dialer{Timeout: askTimeout}).DialContext(ctx, "tcp", s.address())
	if err != nil {
		return err
	}
	return c.Close()
}

func (s *Server) accepts(ctx context.Context) bool { return s.connect(ctx) == nil }

// ask is nil once the server is ready.
func (s *Server) ask(ctx context.Context) error {
	if s.spec.Ready == "" {
		return s.connect(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	path := "/" + strings.TrimPrefix(s.spec.Ready, "/")
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(s.URL.String(), "/")+path, nil)
	if err != nil {
		return err
	}
	// Neither a proxy nor another machine is asked instead, and no certificate
	// matters for whether it is up.
	client := http.Client{Transport: transport(), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20)) // only the status is asked for
	if response.StatusCode >= 400 {
		return fmt.Errorf("%s answered %s", path, response.Status)
	}
	return nil
}

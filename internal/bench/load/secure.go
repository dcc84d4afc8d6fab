package load

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
)

// dial opens a connection to the address that was checked.
func (r *run) dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", r.address.String())
	if err != nil || r.plan.URL.Scheme != "https" {
		return conn, err
	}
	secure := tls.Client(conn, r.tls("http/1.1"))
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close() // the handshake's error is the one to tell
		return nil, err
	}
	return secure, nil
}

// tls is the plan's configuration for the named protocol.
func (r *run) tls(protocol string) *tls.Config {
	config := &tls.Config{}
	if r.plan.TLS != nil {
		config = r.plan.TLS.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = r.plan.URL.Hostname()
	}
	config.NextProtos = []string{protocol}
	return config
}

// transport is net/http's, with HTTP/2 and nothing else.
func (r *run) transport(rec *recorder) *http.Transport {
	protocols := &http.Protocols{}
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Transport{
		Protocols: protocols, TLSClientConfig: r.tls("h2"), DisableCompression: true, DisableKeepAlives: r.plan.NoKeepAlive,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			conn, err := d.DialContext(ctx, "tcp", r.address.String())
			if err != nil {
				return nil, err
			}
			rec.Lock()
			defer rec.Unlock()
			if rec.over { // who has asked for it has been gone for long
				_ = conn.Close()
				return nil, net.ErrClosed
			}
			rec.opens()
			return conn, nil
		},
	}
}

// A stream is one of the requests that HTTP/2 has under way at once.
type stream struct {
	*run
	transport *http.Transport
	rec       *recorder
}

func (s *stream) usable() bool { return true }
func (s *stream) close()       {}

func (s *stream) exchange(ctx context.Context, j job, sent func(int)) (int, []byte, Failure, error) {
	request, err := s.maker.standard(j.n)
	if err != nil {
		return 0, nil, FailMalformed, err
	}
	sent(int(request.ContentLength))
	answer, err := s.transport.RoundTrip(request.WithContext(ctx))
	if err != nil {
		return 0, nil, failureOf(err), err
	}
	defer answer.Body.Close()
	var body []byte
	if s.plan.Expect.Body != nil {
		body, err = io.ReadAll(io.LimitReader(answer.Body, mostBody))
	}
	n, copied := io.Copy(io.Discard, answer.Body)
	s.rec.Lock()
	s.rec.in += n + int64(len(body))
	s.rec.Unlock()
	if err = errors.Join(err, copied); err != nil {
		return 0, nil, FailReset, err
	}
	return answer.StatusCode, body, "", nil
}

// failureOf tells a server that cannot be reached from one that breaks off.
func failureOf(err error) Failure {
	var op *net.OpError
	switch {
	case errors.As(err, &op) && op.Op == "dial", errors.Is(err, syscall.ECONNREFUSED):
		return FailConnect
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return FailClosed
	}
	return FailReset
}

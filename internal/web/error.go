package web

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/tame-py/tame/internal/auth"
)

// Kind is the sort of failure that an [Error] is.
type Kind uint8

// The kinds of failure.
const (
	// Other is a failure of no other kind, such as a malformed answer.
	Other Kind = iota
	// Offline: a request was not made because the program is offline.
	Offline
	// DNS: the host's name has no address.
	DNS
	// Connect: no connection could be made.
	Connect
	// Proxy: the proxy does not connect.
	Proxy
	// TLS: the server's certificate is not trusted, or TLS does not work.
	TLS
	// Timeout: nothing came for too long.
	Timeout
	// Interrupted: the connection broke, or the body was incomplete.
	Interrupted
	// Status: the server answered with a status of 400 or above.
	Status
	// Credentials: the index demands credentials and there are none.
	Credentials
)

// An Error reports a request that failed.
type Error struct {
	URL     string // redacted
	Kind    Kind
	Status  int           // of the last answer, if Kind is Status, Proxy or Interrupted; else 0
	Retries int           // how often it was tried again
	Elapsed time.Duration // from the first try to the last
	// Message is what the server said about a failure by RFC 9457, or "".
	Message string
	// Refused describes the credentials that were sent with a request that was
	// answered by 401 or 403, see [auth.Credentials.Describe].
	Refused string
	// Err is the cause.
	Err error

	certs   string   // what was trusted, for hints
	mirrors []*Error // of mirrors that were asked before, for hints
}

// Error says what was asked for and why it failed; the cause comes last.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Kind == Offline {
		return fmt.Sprintf("network connectivity is disabled, but the requested data wasn't found in the cache for: `%s`", e.URL)
	}
	fmt.Fprintf(&b, "failed to fetch `%s`", e.URL)
	if e.Retries > 0 {
		noun := "retries"
		if e.Retries == 1 {
			noun = "retry"
		}
		fmt.Fprintf(&b, " after %d %s in %.1fs", e.Retries, noun, e.Elapsed.Seconds())
	}
	if e.Message != "" {
		fmt.Fprintf(&b, ": server message: %s", e.Message)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Hints returns what the user can do about it.
func (e *Error) Hints() []string {
	out := e.advice()
	for _, m := range e.mirrors {
		out = append(out, fmt.Sprintf("a mirror of it was asked before: %v", m))
	}
	return out
}

// advice is what may help with what happened here.
func (e *Error) advice() []string {
	switch e.Kind {
	case Status:
		if e.Refused != "" {
			return []string{"the server does not accept the credentials: " + e.Refused}
		}
	case DNS:
		return []string{"could not look up the host, are you offline?"}
	case TLS:
		var unknown x509.UnknownAuthorityError
		if errors.As(e.Err, &unknown) {
			return []string{fmt.Sprintf("the server's certificate is not signed by any of the trusted certificates (%s): name the right ones with `SSL_CERT_FILE`, "+
				"or, if you trust the network, pass `--allow-insecure-host`", e.certs)}
		}
	case Timeout:
		return []string{"the server may be slow: raise the limit with `UV_HTTP_TIMEOUT` (in seconds)"}
	case Proxy:
		return []string{"check the proxy settings: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`"}
	}
	return nil
}

// StatusOf returns the HTTP status that an error reports, or 0.
func StatusOf(err error) int {
	var e *Error
	if errors.As(err, &e) && e.Kind == Status {
		return e.Status
	}
	return 0
}

// RefusedBy describes the credentials that the server of an error does not
// accept, or is "".
func RefusedBy(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Refused
	}
	return ""
}

// IsOffline reports whether an error means that the program is offline.
func IsOffline(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == Offline
}

// A statusError is an answer that is an error.
type statusError struct {
	code int
	url  string // redacted
}

func (e *statusError) Error() string {
	side := "client"
	if e.code >= 500 {
		side = "server"
	}
	text := http.StatusText(e.code)
	if text == "" {
		text = "<unknown status code>"
	}
	return fmt.Sprintf("HTTP status %s error (%d %s) for url (%s)", side, e.code, text, e.url)
}

// Causes that have no error of their own elsewhere.
var (
	errTimeout     = errors.New("timed out waiting for the server")
	errRedirects   = errors.New("too many redirects")
	errIncomplete  = errors.New("the answer is shorter than announced")
	errCut         = cutError{}
	errChanged     = errors.New("the file changed while it was being downloaded")
	errUnsupported = errors.New("the server does not support range requests")
)

// A cutError says in words what [io.ErrUnexpectedEOF] means of an answer.
type cutError struct{}

func (cutError) Error() string { return "the connection was closed before the answer was complete" }

// Is reports that the error is io.ErrUnexpectedEOF for those who look for it.
func (cutError) Is(target error) bool { return target == io.ErrUnexpectedEOF }

// fail makes an Error of what went wrong. A context that has ended is not the
// server's failure and comes out as it is.
func (c *Client) fail(ctx context.Context, rawURL string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("fetching %s: %w", auth.Redact(rawURL), context.Cause(ctx))
	}
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errCut
	}
	e = &Error{URL: auth.Redact(rawURL), Kind: kindOf(err), Err: err}
	var status *statusError
	var proxy *proxyError
	switch {
	case errors.As(err, &status):
		e.Status = status.code
	case errors.As(err, &proxy):
		e.Status = proxy.status
	case e.Kind == TLS:
		e.certs = c.trusted()
	}
	return e
}

// trusted names what the client trusts.
func (c *Client) trusted() string {
	if c.options.CertFile != "" {
		return c.options.CertFile
	}
	for _, name := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if v := c.options.Getenv(name); v != "" {
			return "`" + name + "=" + v + "`"
		}
	}
	return "the system's"
}

func kindOf(err error) Kind {
	var (
		status  *statusError
		proxy   *proxyError
		dns     *net.DNSError
		timeout net.Error
		missing *auth.MissingError
	)
	switch {
	case errors.As(err, &status):
		return Status
	case errors.As(err, &proxy):
		return Proxy
	case errors.As(err, &missing):
		return Credentials
	case errors.As(err, &dns):
		return DNS
	case isTLS(err):
		return TLS
	case errors.Is(err, errTimeout), errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, os.ErrDeadlineExceeded):
		return Timeout
	case isConnect(err):
		return Connect
	case isBroken(err):
		return Interrupted
	}
	return Other
}

// isTLS reports whether TLS itself failed, which does not pass.
func isTLS(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		unknown      x509.UnknownAuthorityError
		invalid      x509.CertificateInvalidError
		hostname     x509.HostnameError
		record       tls.RecordHeaderError
		op           *net.OpError
	)
	// What either side says of a failure are alerts, whose type is not exported.
	if errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error") {
		return true
	}
	return errors.As(err, &verification) || errors.As(err, &unknown) || errors.As(err, &invalid) ||
		errors.As(err, &hostname) || errors.As(err, &record)
}

func isConnect(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect" || strings.HasPrefix(op.Op, "socks"))
}

// isBroken reports whether a connection ended that should not have.
func isBroken(err error) bool {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, errIncomplete) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNABORTED) {
		return true
	}
	// The HTTP/2 errors of net/http have no exported types.
	text := err.Error()
	return strings.Contains(text, "http2: ") || strings.Contains(text, "stream error") ||
		strings.Contains(text, "server closed idle connection") || strings.Contains(text, "transport connection broken")
}

// maxProblem bounds the body of an error that is read for its message.
const maxProblem = 64 << 10

// problem returns the message of a body of problem details (RFC 9457), or "".
func problem(resp *http.Response) string {
	media, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	if strings.TrimSpace(media) != "application/problem+json" {
		return ""
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxProblem))
	if err != nil {
		return ""
	}
	var details struct{ Title, Detail string }
	if json.Unmarshal(body, &details) != nil {
		return ""
	}
	switch {
	case details.Title != "" && details.Detail != "":
		return details.Title + ", " + details.Detail
	case details.Title != "":
		return details.Title
	}
	return details.Detail
}

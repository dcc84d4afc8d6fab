package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tame-py/tame/internal/auth"
)

// A Request is what to ask for.
type Request struct {
	// URL is an http or https URL. It may carry credentials, which are sent in
	// the header.
	URL string
	// Method is the HTTP method; empty means GET.
	Method string
	// Header are further headers; it is not modified.
	Header http.Header
	// Accept is the header of that name, if not empty.
	Accept string
	// Body makes the body anew for each try, with its length or -1.
	Body func() (io.ReadCloser, int64, error)
	// Large marks the transfer of a large file: it gets an HTTP/1.1 connection
	// of its own, and is not compressed on the way.
	Large bool
	// Several says that more requests to the server will follow at once, so that
	// connections may be opened for them.
	Several bool
	// AnyStatus passes answers of 400 and above on instead of making errors of
	// them, but for those that may pass: they are retried and in the end errors.
	AnyStatus bool
	// NoRedirect passes redirects on instead of following them.
	NoRedirect bool
	// Once makes the request one time: nothing is retried, and with AnyStatus
	// every answer is passed on. It is for what must not happen twice.
	Once bool
	// Timeout takes the place of the client's read timeout, if not 0.
	Timeout time.Duration
}

// A Response is the answer to a [Request].
type Response struct {
	// URL is where the answer came from, after redirects, without credentials.
	URL string
	// Status is the HTTP status.
	Status int
	// Header is the answer's header.
	Header http.Header
	// Length is the length of Body in bytes, or -1 if it is not known.
	Length int64
	// Body must be closed. Reading it fails with an [Error], or with the
	// context's. It is decompressed.
	Body io.ReadCloser
	// Redirected tells that the answer came from another host than was asked.
	Redirected bool

	retries int
	start   time.Time
}

// maxRedirects is how many redirects are followed for one request.
const maxRedirects = 10

// Do makes a request and returns the answer as soon as its head is there. What
// may pass is retried: broken connections, timeouts, and the statuses 408, 429
// and 5xx. The error is an [Error], or the context's.
//
// Reading the body is not retried: [Client.Get] and [Client.Open] do that.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	e := &effort{limit: max(c.options.Retries, 0)}
	if r.Once {
		e.limit = 0
	}
	return c.try(ctx, r, e)
}

// An effort counts the tries of one request.
type effort struct {
	limit   int // of retries
	retries int
	start   time.Time
	mirrors []*Error // why mirrors of the canonical place did not answer
}

// try makes a request as often as the effort allows.
func (c *Client) try(ctx context.Context, r Request, e *effort) (*Response, error) {
	if e.start.IsZero() {
		e.start = time.Now()
	}
	if c.options.Offline {
		return nil, &Error{URL: auth.Redact(r.URL), Kind: Offline}
	}
	for {
		resp, err := c.anywhere(ctx, r, e)
		if err == nil {
			resp.retries, resp.start = e.retries, e.start
			return resp, nil
		}
		if err = c.again(ctx, r.URL, e, err); err != nil {
			return nil, err
		}
	}
}

// again decides whether to try once more after err. It returns nil after a
// pause if so, and the error to report if not.
func (c *Client) again(ctx context.Context, rawURL string, e *effort, err error) error {
	var wait *retryAfter
	var after time.Duration
	if errors.As(err, &wait) {
		after, err = wait.delay, wait.err
	}
	failure := c.fail(ctx, rawURL, err)
	var known *Error
	if !errors.As(failure, &known) {
		return failure
	}
	if e.retries >= e.limit || !passes(known) || after > maxRetryAfter {
		known.Retries, known.Elapsed, known.mirrors = e.retries, time.Since(e.start), e.mirrors
		return failure
	}
	pause := max(c.delay(e.retries), after)
	c.options.Debug("retrying in %v: %v", pause.Round(time.Millisecond), known)
	e.retries++
	return sleep(ctx, pause, rawURL)
}

// once makes a request one time, following redirects.
func (c *Client) once(ctx context.Context, r Request) (*Response, error) {
	u, err := auth.ParseURL(r.URL)
	if err != nil {
		return nil, err
	}
	if err := checkURL(u); err != nil {
		return nil, err
	}
	asked := u
	for range maxRedirects + 1 {
		resp, err := c.send(ctx, r, u)
		if err != nil {
			return nil, err
		}
		next, err := c.redirect(r, u, resp)
		if err != nil {
			_ = resp.Body.Close()
			return nil, err
		}
		if next == nil {
			resp.Redirected = auth.RealmOf(asked).Host != auth.RealmOf(u).Host
			return resp, nil
		}
		_, _ = io.CopyN(io.Discard, resp.Body, 4<<10)
		_ = resp.Body.Close()
		c.options.Debug("redirected to %s", auth.Redact(next.String()))
		u = next
	}
	return nil, errRedirects
}

func checkURL(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("unsupported URL scheme %q", u.Scheme)
	}
	if u.Host == "" {
		return errors.New("the URL has no host")
	}
	return nil
}

// redirect returns where a response sends the request to, or nil if nowhere.
// Credentials of the URL go along only within their realm; those that the
// store adds are chosen anew for each URL.
func (c *Client) redirect(r Request, from *url.URL, resp *Response) (*url.URL, error) {
	if r.NoRedirect || r.Method != "" && r.Method != http.MethodGet && r.Method != http.MethodHead {
		return nil, nil
	}
	switch resp.Status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	location := resp.Header.Get("Location")
	if location == "" {
		return nil, nil
	}
	next, err := from.Parse(location)
	if err != nil {
		return nil, fmt.Errorf("the server redirects to an invalid URL: %q", auth.Redact(location))
	}
	if err := checkURL(next); err != nil {
		return nil, fmt.Errorf("the server redirects to %s: %w", auth.Redact(next.String()), err)
	}
	if next.User == nil && auth.RealmOf(next) == auth.RealmOf(from) {
		next.User = from.User
	}
	if next.Fragment == "" {
		next.Fragment = from.Fragment
	}
	return next, nil
}

// send makes one exchange with one server.
func (c *Client) send(ctx context.Context, r Request, u *url.URL) (*Response, error) {
	timeout := c.options.ReadTimeout
	if r.Timeout > 0 {
		timeout = r.Timeout
	}
	ctx, spares := c.withSpares(ctx, u, r)
	watched, w := newWatch(ctx, timeout)
	open, err := c.enter(watched, u, r.Large)
	if err != nil {
		w.stop()
		return nil, err
	}
	defer open()
	req, err := c.build(watched, r, u, w, open)
	if err != nil {
		w.stop()
		return nil, err
	}
	raw, err := c.transport(u, r.Large).RoundTrip(req)
	w.answer()
	if err != nil {
		err = w.explain(err)
		w.stop()
		return nil, err
	}
	spares.learn(raw)
	c.options.Debug("%s %s: %d over %s", req.Method, auth.Redact(u.String()), raw.StatusCode, raw.Proto)
	return c.receive(r, u, raw, w)
}

// build makes the request of package http.
func (c *Client) build(ctx context.Context, r Request, u *url.URL, w *watch, connected func()) (*http.Request, error) {
	method := r.Method
	if method == "" {
		method = http.MethodGet
	}
	trace := &httptrace.ClientTrace{
		GotConn:      func(httptrace.GotConnInfo) { connected() },
		WroteRequest: func(httptrace.WroteRequestInfo) { w.head() },
	}
	req := (&http.Request{
		Method: method, URL: u, Host: u.Host, Header: http.Header{}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(httptrace.WithClientTrace(ctx, trace))
	for key, values := range r.Header {
		req.Header[key] = append([]string(nil), values...)
	}
	if r.Accept != "" {
		req.Header.Set("Accept", r.Accept)
	}
	if c.options.UserAgent != "" {
		req.Header.Set("User-Agent", c.options.UserAgent)
	}
	if req.Header.Get("Accept-Encoding") == "" {
		if r.Large || req.Header.Get("Range") != "" || method == http.MethodHead {
			req.Header.Set("Accept-Encoding", "identity")
		} else {
			req.Header.Set("Accept-Encoding", acceptEncoding)
		}
	}
	if r.Body == nil {
		return req, nil
	}
	req.GetBody = func() (io.ReadCloser, error) {
		body, length, err := r.Body()
		req.ContentLength = length
		return &uploadBody{ReadCloser: body, watch: w}, err
	}
	var err error
	req.Body, err = req.GetBody()
	return req, err
}

// receive makes a Response of what package http returns.
func (c *Client) receive(r Request, u *url.URL, raw *http.Response, w *watch) (*Response, error) {
	raw.Body = &watchedBody{body: raw.Body, watch: w}
	clean := *u
	clean.User = nil
	failed := raw.StatusCode >= 400
	if failed && (!r.AnyStatus || retriable(raw.StatusCode) && !r.Once) {
		defer raw.Body.Close()
		sent := auth.Sent(raw)
		failure := &Error{
			URL: auth.Redact(clean.String()), Kind: Status, Status: raw.StatusCode, Message: sent.Scrub(problem(raw)),
			Err: &statusError{code: raw.StatusCode, url: auth.Redact(clean.String())},
		}
		if raw.StatusCode == http.StatusUnauthorized || raw.StatusCode == http.StatusForbidden {
			failure.Refused = sent.Describe()
		}
		err := error(failure)
		_, _ = io.CopyN(io.Discard, raw.Body, 4<<10) // so that the connection can be used again
		if after, ok := parseRetryAfter(raw.Header.Get("Retry-After"), time.Now()); ok {
			err = &retryAfter{delay: after, err: err}
		}
		return nil, err
	}
	resp := &Response{URL: clean.String(), Status: raw.StatusCode, Header: raw.Header, Length: raw.ContentLength, Body: raw.Body}
	if fragment := strings.IndexByte(resp.URL, '#'); fragment >= 0 {
		resp.URL = resp.URL[:fragment]
	}
	if err := c.decompress(resp); err != nil {
		_ = raw.Body.Close()
		return nil, err
	}
	return resp, nil
}

// A gate lets the first request to a host through alone. Until its connection
// is there nobody knows whether the host speaks HTTP/2; a burst of requests
// would open a connection each and then leave all but one unused.
type gate struct {
	taken atomic.Bool
	open  chan struct{}
}

// enter waits at the gate of the URL's host. Whoever gets through must call the
// function that it returns, once the connection is there or cannot be made.
func (c *Client) enter(ctx context.Context, u *url.URL, large bool) (open func(), err error) {
	if large || u.Scheme != "https" {
		return func() {}, nil
	}
	key := auth.RealmOf(u)
	value, ok := c.gates.Load(key)
	if !ok {
		value, _ = c.gates.LoadOrStore(key, &gate{open: make(chan struct{})})
	}
	g := value.(*gate)
	if g.taken.CompareAndSwap(false, true) {
		return sync.OnceFunc(func() { close(g.open) }), nil
	}
	select {
	case <-g.open:
		return func() {}, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tame-py/tame/internal/auth"
)

// serve starts a server on loopback.
func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// serveInMemory starts a server in a bubble of package synctest, and returns how a
// client reaches it. There time passes only while all wait for it: a busy machine
// is not taken for a slow server.
func serveInMemory(t *testing.T, h http.HandlerFunc) (dial func(ctx context.Context, network, address string) (net.Conn, error)) {
	t.Helper()
	l := &pipes{make(chan net.Conn), make(chan struct{})}
	s := &http.Server{Handler: h}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l)
	}()
	t.Cleanup(func() {
		_ = s.Close()
		<-done
	})
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		near, far := net.Pipe()
		select {
		case l.conns <- far:
			return near, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// pipes is a listener for connections within the process.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error { close(p.closed); return nil }

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "unix"} }

// newClient returns a client that does not pause before retries.
func newClient(o Options) *Client {
	c := New(o)
	c.delay = func(int) time.Duration { return 0 }
	return c
}

func mustGet(t *testing.T, c *Client, url string) (*Response, string) {
	t.Helper()
	resp, body, err := c.Get(t.Context(), Request{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func asError(t *testing.T, err error) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v is no *Error", err)
	}
	return e
}

func TestGet(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %s %s", r.Method, r.URL.Path, r.Header.Get("Accept"), r.Header.Get("User-Agent"))
	})
	resp, body, err := newClient(Options{UserAgent: "test/1"}).Get(t.Context(), Request{URL: s.URL + "/a?b#c", Accept: "x/y"})
	if err != nil || string(body) != "GET /a x/y test/1" || resp.URL != s.URL+"/a?b" || resp.Status != 200 {
		t.Errorf("%+v, %q, %v", resp, body, err)
	}
}

func TestDecompression(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("text ", 10000)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var b bytes.Buffer
		kind := strings.Trim(r.URL.Path, "/")
		switch kind {
		case "gzip":
			z := gzip.NewWriter(&b)
			io.WriteString(z, text)
			z.Close()
		case "br":
			b.WriteString(text)
		}
		if !strings.Contains(r.Header.Get("Accept-Encoding"), kind) && kind != "br" {
			t.Errorf("%s is not asked for: %q", kind, r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Encoding", kind)
		w.Write(b.Bytes())
	})
	c := newClient(Options{})
	for range 3 { // also with decoders that were used before
		for _, kind := range []string{"gzip"} {
			if _, body := mustGet(t, c, s.URL+"/"+kind); body != text {
				t.Errorf("%s: %d bytes", kind, len(body))
			}
		}
	}
	if _, _, err := c.Get(t.Context(), Request{URL: s.URL + "/br"}); err == nil || !strings.Contains(err.Error(), "encoding") {
		t.Errorf("an encoding that was not asked for: %v", err)
	}
}

// failing answers the first n requests by fail, and the rest with "done".
func failing(n int, fail http.HandlerFunc) (http.HandlerFunc, *atomic.Int32) {
	var count atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		if count.Add(1) <= int32(n) {
			fail(w, r)
			return
		}
		io.WriteString(w, "done")
	}, &count
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// hijack lets a handler write to the connection as it pleases.
func hijack(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, buf, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		buf.WriteString(text)
		buf.Flush()
		conn.Close()
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		fail     http.HandlerFunc
		times    int
		want     Kind
		requests int32
	}{
		{"500 once", status(500), 1, 0, 2},
		{"503 three times", status(503), 3, 0, 4},
		{"500 for ever", status(500), 9, Status, 4},
		{"429 once", status(429), 1, 0, 2},
		{"408 once", status(408), 1, 0, 2},
		{"501 never passes", status(501), 9, Status, 1},
		{"404 never passes", status(404), 9, Status, 1},
		{"400 never passes", status(400), 9, Status, 1},
		{"closed without an answer", hijack(""), 1, 0, 2},
		{"closed in the head", hijack("HTTP/1.1 200 OK\r\nContent-"), 1, 0, 2},
		{"closed in the body", hijack("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"), 1, 0, 2},
		{"closed in a chunk", hijack("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nabc"), 1, 0, 2},
		{"broken for ever", hijack("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"), 9, Interrupted, 4},
		{"cut in gzip", hijack("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08"), 1, 0, 2},
		{"not gzip", hijack("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\nabcdefghijkl"), 1, 0, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			handler, count := failing(c.times, c.fail)
			s := serve(t, handler)
			_, body, err := newClient(Options{}).Get(t.Context(), Request{URL: s.URL})
			if count.Load() != c.requests {
				t.Errorf("%d requests, want %d", count.Load(), c.requests)
			}
			if c.want == 0 {
				if err != nil || string(body) != "done" {
					t.Errorf("%q, %v", body, err)
				}
				return
			}
			e := asError(t, err)
			if e.Kind != c.want || e.Retries != int(c.requests)-1 || !strings.Contains(e.Error(), s.URL) {
				t.Errorf("%+v: %v", e, e)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	wait := func(value string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", value)
			w.WriteHeader(429)
		}
	}
	handler, count := failing(1, wait("0"))
	if _, body := mustGet(t, newClient(Options{}), serve(t, handler).URL); body != "done" || count.Load() != 2 {
		t.Errorf("%q after %d requests", body, count.Load())
	}
	// More than one cares to wait is a failure at once.
	handler, count = failing(1, wait("3600"))
	_, _, err := newClient(Options{}).Get(t.Context(), Request{URL: serve(t, handler).URL})
	if asError(t, err).Status != 429 || count.Load() != 1 {
		t.Errorf("%v after %d requests", err, count.Load())
	}
	now := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"5": 5 * time.Second, "Mon, 01 Jan 2024 00:00:07 GMT": 7 * time.Second, "Sun, 31 Dec 2023 00:00:00 GMT": 0,
	} {
		if got, ok := parseRetryAfter(value, now); !ok || got != want {
			t.Errorf("%q gives %v, %v", value, got, ok)
		}
	}
	for _, value := range []string{"", "soon", "-1"} {
		if _, ok := parseRetryAfter(value, now); ok {
			t.Errorf("%q is taken", value)
		}
	}
}

func TestBackoffIsBounded(t *testing.T) {
	t.Parallel()
	for retry := range 40 {
		if d := backoff(retry); d < 500*time.Millisecond || d > 45*time.Second {
			t.Errorf("pause %d is %v", retry, d)
		}
	}
}

func TestStatusErrors(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/problem" {
			w.Header().Set("Content-Type", "application/problem+json; charset=utf-8")
			w.WriteHeader(403)
			io.WriteString(w, `{"title": "License", "detail": "Not allowed."}`)
			return
		}
		w.WriteHeader(404)
		io.WriteString(w, "gone")
	})
	c := newClient(Options{})
	secret := strings.Replace(s.URL, "://", "://user:secret@", 1)
	_, _, err := c.Get(t.Context(), Request{URL: secret + "/problem"})
	e := asError(t, err)
	if e.Status != 403 || e.Message != "License, Not allowed." || strings.Contains(err.Error(), "secret") || StatusOf(fmt.Errorf("x: %w", err)) != 403 {
		t.Errorf("%v", err)
	}
	want := fmt.Sprintf("failed to fetch `%s/x`: HTTP status client error (404 Not Found) for url (%s/x)", s.URL, s.URL)
	if _, _, err := c.Get(t.Context(), Request{URL: s.URL + "/x"}); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	resp, body, err := c.Get(t.Context(), Request{URL: s.URL + "/x", AnyStatus: true})
	if err != nil || resp.Status != 404 || string(body) != "gone" {
		t.Errorf("%+v %q %v", resp, body, err)
	}
}

func TestOffline(t *testing.T) {
	t.Parallel()
	s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was made") })
	c := newClient(Options{Offline: true})
	_, _, err := c.Get(t.Context(), Request{URL: s.URL})
	if !IsOffline(err) || asError(t, err).Error() == "" {
		t.Error(err)
	}
	if _, err := c.Open(t.Context(), Request{URL: s.URL}); !IsOffline(err) {
		t.Error(err)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	// Nobody listens at the near end of a connection, and nobody else is given its
	// port while it is open.
	held, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	_, _, err = newClient(Options{}).Get(t.Context(), Request{URL: "http://" + held.LocalAddr().String()})
	if e := asError(t, err); e.Kind != Connect || e.Retries != DefaultRetries {
		t.Errorf("%+v: %v", e, err)
	}
}

func TestNoSuchHost(t *testing.T) {
	t.Parallel()
	c := newClient(Options{})
	c.dial = func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "nowhere.invalid", IsNotFound: true}}
	}
	_, _, err := c.Get(t.Context(), Request{URL: "http://nowhere.invalid/"})
	if e := asError(t, err); e.Kind != DNS || e.Retries != 0 || len(e.Hints()) == 0 {
		t.Errorf("%+v: %v", e, err)
	}
}

func TestBadURLs(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"ftp://example.com/", "file:///etc/passwd", "http:///x", "http://user:secret@exa mple/", "https://user/x:secret@example.com/"} {
		_, _, err := newClient(Options{}).Get(t.Context(), Request{URL: raw})
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dial := serveInMemory(t, func(w http.ResponseWriter, r *http.Request) {
			flush := func(text string) {
				io.WriteString(w, text)
				w.(http.Flusher).Flush()
			}
			switch r.URL.Path {
			case "/body":
				flush("begin")
			case "/drip":
				for r.Context().Err() == nil {
					flush(".")
					time.Sleep(5 * time.Millisecond)
				}
			case "/steady": // slower than the timeout as a whole, but it moves
				for range 10 {
					flush(strings.Repeat(".", progress))
					time.Sleep(20 * time.Millisecond)
				}
				return
			}
			<-r.Context().Done()
		})
		c := newClient(Options{ReadTimeout: 100 * time.Millisecond, Retries: -1})
		c.dial = dial
		const base = "http://example.com"
		for _, path := range []string{"/head", "/body", "/drip"} {
			_, _, err := c.Get(t.Context(), Request{URL: base + path})
			if e := asError(t, err); e.Kind != Timeout || len(e.Hints()) == 0 {
				t.Errorf("%s: %+v: %v", path, e, err)
			}
		}
		if _, body := mustGet(t, c, base+"/steady"); len(body) != 10*progress {
			t.Errorf("%d bytes", len(body))
		}
		// A slow reader is not the server's fault.
		resp, err := c.Do(t.Context(), Request{URL: base + "/steady"})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(300 * time.Millisecond)
		if body, err := ReadAll(resp); err != nil || len(body) != 10*progress {
			t.Errorf("%d bytes, %v", len(body), err)
		}
	})
}

func TestContextEndsEverything(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dial := serveInMemory(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/fail" {
				w.WriteHeader(503)
				return
			}
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "begin")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		})
		c := New(Options{}) // with pauses
		c.dial = dial
		for _, path := range []string{"/body", "/fail"} {
			const patience = 50 * time.Millisecond
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			start := time.Now()
			_, _, err := c.Get(ctx, Request{URL: "http://example.com" + path})
			cancel()
			var e *Error
			if !errors.Is(err, context.DeadlineExceeded) || errors.As(err, &e) || time.Since(start) > patience {
				t.Errorf("%s: %v after %v", path, err, time.Since(start))
			}
		}
	})
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	var other *httptest.Server
	var seen []string
	var mu sync.Mutex
	note := func(name string, r *http.Request) {
		user, password, _ := r.BasicAuth()
		mu.Lock()
		seen = append(seen, fmt.Sprintf("%s%s %s:%s", name, r.URL.Path, user, password))
		mu.Unlock()
	}
	one := serve(t, func(w http.ResponseWriter, r *http.Request) {
		note("one", r)
		switch r.URL.Path {
		case "/start":
			http.Redirect(w, r, "/next", http.StatusFound)
		case "/next":
			http.Redirect(w, r, other.URL+"/end", http.StatusTemporaryRedirect)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/file":
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(302)
		case "/nowhere":
			w.WriteHeader(302)
		}
	})
	other = serve(t, func(w http.ResponseWriter, r *http.Request) { note("two", r) })
	other.URL = strings.Replace(other.URL, "127.0.0.1", "localhost", 1)
	c := newClient(Options{})
	resp, _ := mustGet(t, c, strings.Replace(one.URL, "://", "://me:pw@", 1)+"/start")
	want := "[one/start me:pw one/next me:pw two/end :]"
	if fmt.Sprint(seen) != want || resp.URL != other.URL+"/end" || !resp.Redirected {
		t.Errorf("%v, want %v; %+v", seen, want, resp)
	}
	for path, want := range map[string]string{"/loop": "too many redirects", "/file": "unsupported URL scheme"} {
		if _, _, err := c.Get(t.Context(), Request{URL: one.URL + path}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if resp, _ := mustGet(t, c, one.URL+"/nowhere"); resp.Status != 302 {
		t.Errorf("status %d", resp.Status)
	}
	if resp, _, err := c.Get(t.Context(), Request{URL: one.URL + "/start", NoRedirect: true}); err != nil || resp.Status != 302 {
		t.Errorf("%+v, %v", resp, err)
	}
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if user, password, _ := r.BasicAuth(); user != "me" || password != "pw" {
			w.WriteHeader(401)
		}
	})
	store := auth.NewStore(auth.Options{Indexes: []auth.Index{{URL: strings.Replace(s.URL, "://", "://me:pw@", 1) + "/simple/"}}})
	c := newClient(Options{Auth: store})
	mustGet(t, c, s.URL+"/simple/x/")
	mustGet(t, c, s.URL+"/elsewhere")
	if n := requests.Load(); n != 2 {
		t.Errorf("%d requests", n)
	}
	always := auth.NewStore(auth.Options{Indexes: []auth.Index{{URL: s.URL, Policy: auth.Always}}})
	_, _, err := newClient(Options{Auth: always}).Get(t.Context(), Request{URL: s.URL})
	if e := asError(t, err); e.Kind != Credentials {
		t.Errorf("%+v", e)
	}
}

func TestUpload(t *testing.T) {
	t.Parallel()
	handler, count := failing(1, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(503)
	})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		handler(w, r)
		if body, err := io.ReadAll(r.Body); count.Load() == 2 && (err != nil || string(body) != "body" || r.ContentLength != 4) {
			t.Errorf("%q, %d, %v", body, r.ContentLength, err)
		}
	})
	resp, err := newClient(Options{}).Do(t.Context(), Request{URL: s.URL, Method: "POST", Body: func() (io.ReadCloser, int64, error) {
		return io.NopCloser(strings.NewReader("body")), 4, nil
	}})
	if err != nil || resp.Status != 200 || count.Load() != 2 {
		t.Fatalf("%+v, %v", resp, err)
	}
	resp.Body.Close()
}

// secure starts a TLS server with HTTP/2 and returns it with a PEM file of its
// certificate.
func secure(t *testing.T, h http.HandlerFunc) (*httptest.Server, string) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return s, file
}

func env(pairs ...string) func(string) string {
	return func(key string) string {
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] == key {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	s, ca := secure(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) })
	// The server's certificate is also for example.com: a name instead of an
	// address takes the other way of checking.
	named := strings.Replace(s.URL, "127.0.0.1", "example.com", 1)
	wrong := strings.Replace(s.URL, "127.0.0.1", "wrong.example.net", 1)
	toServer := func(c *Client) *Client {
		c.dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, s.Listener.Addr().String())
		}
		return c
	}
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		options Options
		url     string
		fails   string
	}{
		{"file, by address", Options{Getenv: env("SSL_CERT_FILE", ca)}, s.URL, ""},
		{"file, by name", Options{Getenv: env("SSL_CERT_FILE", ca)}, named, ""},
		{"folder", Options{Getenv: env("SSL_CERT_DIR", filepath.Dir(ca))}, named, ""},
		{"folder beside a file that does not have it", Options{Getenv: env("SSL_CERT_FILE", empty, "SSL_CERT_DIR", filepath.Dir(ca))}, named, ""},
		{"option before environment", Options{CertFile: ca, Getenv: env("SSL_CERT_FILE", empty)}, named, ""},
		{"insecure host", Options{InsecureHosts: []string{"example.com"}}, named, ""},
		{"insecure address", Options{InsecureHosts: []string{s.Listener.Addr().String()}}, s.URL, ""},
		{"nothing that signs it", Options{Getenv: env("SSL_CERT_FILE", empty)}, named, "signed by unknown authority"},
		{"nothing that signs it, by address", Options{Getenv: env("SSL_CERT_FILE", empty)}, s.URL, "signed by unknown authority"},
		{"a file that is not there", Options{Getenv: env("SSL_CERT_FILE", "/nonexistent.pem")}, named, "signed by unknown authority"},
		{"another name", Options{Getenv: env("SSL_CERT_FILE", ca)}, wrong, "not wrong.example.net"},
		{"another host is insecure", Options{Getenv: env("SSL_CERT_FILE", empty), InsecureHosts: []string{"other.example.com"}}, named, "unknown authority"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var warned atomic.Bool
			c.options.Warn = func(string) { warned.Store(true) }
			for _, large := range []bool{false, true} {
				_, body, err := toServer(newClient(c.options)).Get(t.Context(), Request{URL: c.url, Large: large})
				if c.fails != "" {
					e := asError(t, err)
					if e.Kind != TLS || !strings.Contains(err.Error(), c.fails) || e.Retries != 0 {
						t.Errorf("%+v: %v", e, err)
					}
					continue
				}
				want := "HTTP/2.0"
				if large {
					want = "HTTP/1.1"
				}
				if err != nil || string(body) != want {
					t.Errorf("%q, %v", body, err)
				}
			}
			if strings.Contains(c.name, "not there") && !warned.Load() {
				t.Error("no warning")
			}
		})
	}
}

// Many requests at once to a host that speaks HTTP/2 share one connection, also
// when they are the first.
func TestOneConnection(t *testing.T) {
	t.Parallel()
	s, ca := secure(t, func(w http.ResponseWriter, _ *http.Request) { time.Sleep(5 * time.Millisecond) })
	var dials atomic.Int32
	c := newClient(Options{Getenv: env("SSL_CERT_FILE", ca)})
	c.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		dials.Add(1)
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			if _, _, err := c.Get(t.Context(), Request{URL: fmt.Sprint(s.URL, "/", i)}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := dials.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// A server that keeps connections gets some before there are requests for them, and
// requests take those; one that does not gets none.
func TestSpareConnections(t *testing.T) {
	t.Parallel()
	for _, keeps := range []bool{true, false} {
		// Spare connections get too old, if slowly.
		synctest.Test(t, func(t *testing.T) {
			dial := serveInMemory(t, func(w http.ResponseWriter, _ *http.Request) {
				if !keeps {
					w.Header().Set("Connection", "close")
				}
			})
			var opened atomic.Int32
			c := newClient(Options{})
			c.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				opened.Add(1)
				return dial(ctx, network, address)
			}
			several := Request{URL: "http://example.com", Several: true}
			if _, _, err := c.Get(t.Context(), several); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			u, err := url.Parse(several.URL)
			if err != nil {
				t.Fatal(err)
			}
			_, spares := c.withSpares(t.Context(), u, several)
			ready, want := spares.count(), 0
			if keeps {
				want = fewestSpare
			}
			if ready != want || int(opened.Load()) != 1+want {
				t.Errorf("keeps %v: %d are ready of %d that were opened, want %d", keeps, ready, opened.Load(), want)
			}
			if conn := spares.take("example.com:80"); keeps != (conn != nil) {
				t.Errorf("keeps %v: %v is given away", keeps, conn)
			} else if keeps {
				_ = conn.Close()
			}
			time.Sleep(spareAge + time.Second) // the others end
		})
	}
}

func (s *spares) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.idle)
}

func TestSpareConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ used, coming, want int }{
		{1, 0, 5}, {1, 3, 2}, {1, 5, 0}, {6, 4, 4}, {14, 0, 8}, {25, 0, 7}, {25, 7, 0}, {32, 0, 0}, {40, 0, -8},
	} {
		s := &spares{limit: mostSpare, used: test.used, coming: test.coming}
		if got := s.missing(); got != test.want {
			t.Errorf("%d used, %d coming: %d more, want %d", test.used, test.coming, got, test.want)
		}
	}
}

// A spare connection that nobody took in time is closed and no longer counts as
// ready: the next wave has as many opened as the first.
func TestSpareConnectionsExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		there := make(chan net.Conn, 2*mostSpare)
		s := &spares{limit: mostSpare, wanted: true, dial: func(context.Context, string, string) (net.Conn, error) {
			here, other := net.Pipe()
			there <- other
			return here, nil
		}}
		s.take("example.com:80")
		synctest.Wait()
		first := s.count()
		time.Sleep(spareAge + time.Second)
		if n := s.count(); first != fewestSpare || n != 0 {
			t.Errorf("%d ready at first, and %d once they are too old", first, n)
		}
		for range first {
			if _, err := (<-there).Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("a connection that is too old is not closed: %v", err)
			}
		}
		s.take("example.com:80")
		synctest.Wait()
		if n := s.count(); n != fewestSpare+1 {
			t.Errorf("%d are ready for the next wave", n)
		}
	})
}

// Connections of HTTP/1.1 are bounded, and all requests come through.
func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int32
	s := serve(t, func(http.ResponseWriter, *http.Request) {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		time.Sleep(time.Millisecond)
		now.Add(-1)
	})
	c := newClient(Options{Connections: 5})
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			if _, _, err := c.Get(t.Context(), Request{URL: fmt.Sprint(s.URL, "/", i)}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most.Load() > 5 {
		t.Errorf("%d at once", most.Load())
	}
}

func TestProxy(t *testing.T) {
	t.Parallel()
	var through []string
	var mu sync.Mutex
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		through = append(through, r.Method+" "+r.Host)
		mu.Unlock()
		switch {
		case r.Header.Get("Proxy-Authorization") == "":
			w.WriteHeader(http.StatusProxyAuthRequired)
		case r.Method == http.MethodConnect:
			w.WriteHeader(http.StatusForbidden)
		default:
			io.WriteString(w, "through the proxy")
		}
	})
	withUser := strings.Replace(proxy.URL, "://", "://user:pw@", 1)
	c := newClient(Options{Getenv: env("ALL_PROXY", withUser, "NO_PROXY", "direct.example.com")})
	if _, body := mustGet(t, c, "http://example.com/x"); body != "through the proxy" {
		t.Errorf("%q", body)
	}
	_, _, err := c.Get(t.Context(), Request{URL: "https://example.com/x"})
	if e := asError(t, err); e.Kind != Proxy || e.Status != 403 || len(e.Hints()) == 0 {
		t.Errorf("%+v: %v", e, err)
	}
	_, _, err = newClient(Options{HTTPSProxy: proxy.URL, Getenv: env("HTTPS_PROXY", withUser)}).Get(t.Context(), Request{URL: "https://example.com/"})
	if e := asError(t, err); e.Kind != Proxy || e.Status != 407 {
		t.Errorf("%+v: %v", e, err)
	}
}

func TestProxyChoice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		options Options
		url     string
		want    string
	}{
		{Options{}, "http://example.com/", ""},
		{Options{Getenv: env("HTTP_PROXY", "http://p:1")}, "http://example.com/", "http://p:1"},
		{Options{Getenv: env("HTTP_PROXY", "http://p:1")}, "https://example.com/", ""},
		{Options{Getenv: env("https_proxy", "p:2", "HTTPS_PROXY", "http://p:3")}, "https://example.com/", "http://p:2"},
		{Options{Getenv: env("ALL_PROXY", "socks5h://p:1")}, "https://example.com/", "socks5h://p:1"},
		{Options{Getenv: env("ALL_PROXY", "http://p:1", "HTTP_PROXY", "http://p:2")}, "http://example.com/", "http://p:2"},
		{Options{HTTPProxy: "http://s:1", Getenv: env("HTTP_PROXY", "http://p:1")}, "http://example.com/", "http://s:1"},
		{Options{Getenv: env("HTTP_PROXY", "http://p:1", "REQUEST_METHOD", "GET")}, "http://example.com/", ""},
		{Options{Getenv: env("HTTP_PROXY", "gopher://p:1", "ALL_PROXY", "http://p:2")}, "http://example.com/", "http://p:2"},
		{Options{Getenv: env("HTTP_PROXY", "http://p:1", "NO_PROXY", "example.com")}, "http://example.com/", ""},
		{Options{Getenv: env("HTTP_PROXY", "http://p:1", "NO_PROXY", "example.com")}, "http://a.example.com/", ""},
		{Options{Getenv: env("HTTP_PROXY", "http://p:1", "NO_PROXY", "x, .example.com")}, "http://a.example.com/", ""},
		{Options{Getenv: env("HTTP_PROXY", "http://p:1", "NO_PROXY", "*.example.com")}, "http://a.example.com/", ""},
		{Options{Getenv: env("HTTP_PROXY", "http://p:1", "NO_PROXY", "ample.com")}, "http://example.com/", "http://p:1"},
		{Options{Getenv: env("HTTP_PROXY", "http://p:1", "NO_PROXY", "example.com:8080")}, "http://example.com/", "http://p:1"},
		{Options{Getenv: env("HTTP_PROXY", "http://p:1", "NO_PROXY", "10.0.0.0/8")}, "http://10.1.2.3/", ""},
		{Options{Getenv: env("HTTP_PROXY", "http://p:1", "NO_PROXY", "::1")}, "http://[::1]/", ""},
		{Options{NoProxy: "*", Getenv: env("HTTP_PROXY", "http://p:1")}, "http://example.com/", ""},
	} {
		u, err := url.Parse(c.url)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if p := New(c.options).proxies.find(u); p != nil {
			got = p.String()
		}
		if got != c.want {
			t.Errorf("%s goes through %q, want %q", c.url, got, c.want)
		}
	}
}

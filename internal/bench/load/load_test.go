package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func parse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func at(rate float64, d time.Duration) []Stage { return []Stage{{rate, rate, d}} }

func mustRun(t *testing.T, p Plan) *Result {
	t.Helper()
	r, err := Run(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Each way to talk to a server sends what was planned, exactly as often.
func TestProtocols(t *testing.T) {
	t.Parallel()
	var got atomic.Int64
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != "POST" || r.URL.Path != "/a" || r.URL.RawQuery != "b=c" || r.Header.Get("X-Test") != "yes" || string(body) != "hello" {
			http.Error(w, "wrong", http.StatusBadRequest)
			return
		}
		got.Add(1)
		_, _ = w.Write([]byte("well received"))
	})
	plain, secure := httptest.NewServer(handler), httptest.NewUnstartedServer(handler)
	defer plain.Close()
	secure.EnableHTTP2 = true
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // the first look at the server speaks no TLS
	secure.StartTLS()
	defer secure.Close()
	config := secure.Client().Transport.(*http.Transport).TLSClientConfig
	for name, p := range map[string]Plan{
		"plain":   {URL: parse(t, plain.URL+"/a?b=c")},
		"close":   {URL: parse(t, plain.URL+"/a?b=c"), NoKeepAlive: true},
		"TLS":     {URL: parse(t, secure.URL+"/a?b=c"), TLS: config},
		"HTTP2":   {URL: parse(t, secure.URL+"/a?b=c"), TLS: config, HTTP2: true},
		"threads": {URL: parse(t, plain.URL+"/a?b=c"), Threads: 2},
	} {
		got.Store(0)
		p.Method, p.Body, p.Headers = "POST", []byte("hello"), []Header{{"X-Test", "yes"}}
		p.Stages, p.Timeout = at(200, 500*time.Millisecond), time.Minute
		p.Expect.Body = regexp.MustCompile("received$")
		r := mustRun(t, p)
		if got.Load() != 100 || r.Answered != 100 || r.Sent != 100 || r.Failed != 0 || r.Statuses[200] != 100 || r.Latency.Count() != 100 {
			t.Errorf("%s: the server got %d; %+v %v", name, got.Load(), r, r.Samples)
		}
	}
}

// serve answers each connection with what answer does.
func serve(t *testing.T, answer func(net.Conn, int)) *url.URL {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	group.Go(func() {
		for i := 0; ; i++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			group.Go(func() {
				defer c.Close()
				answer(c, i)
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); group.Wait() })
	return parse(t, "http://"+l.Addr().String()+"/")
}

// request reads the head of one.
func readRequest(c net.Conn) bool {
	var text []byte
	one := make([]byte, 1)
	for !strings.HasSuffix(string(text), "\r\n\r\n") {
		if _, err := c.Read(one); err != nil {
			return false
		}
		text = append(text, one...)
	}
	return true
}

// say answers every request of a connection with the same text, and closes it
// when told.
func say(text string, closes bool) func(net.Conn, int) {
	return func(c net.Conn, _ int) {
		for readRequest(c) {
			_, _ = io.WriteString(c, text)
			if closes {
				return
			}
		}
	}
}

// What servers do wrong is counted as what it is, and ends in time.
func TestBadServers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer func(net.Conn, int)
		kind   Failure // empty where all is well
	}{
		"closed without a word": {func(c net.Conn, _ int) { readRequest(c) }, FailClosed},
		"reset": {func(c net.Conn, _ int) {
			readRequest(c)
			_ = c.(*net.TCPConn).SetLinger(0)
		}, FailReset},
		"closed within the body": {say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", true), FailClosed},
		"silence":                {func(c net.Conn, _ int) { _, _ = io.Copy(io.Discard, c) }, FailTimeout},
		"dripping for ever": {func(c net.Conn, _ int) {
			for text := "HTTP/1.1 200 OK\r\nX: "; ; text = "x" {
				if _, err := io.WriteString(c, text); err != nil {
					return
				}
				time.Sleep(time.Millisecond)
			}
		}, FailTimeout},
		"no HTTP":         {say("SSH-2.0-OpenSSH_9.6\r\n\r\n", false), FailMalformed},
		"bad chunk":       {say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", false), FailMalformed},
		"endless head":    {say("HTTP/1.1 200 OK\r\n"+strings.Repeat("X: y\r\n", 50000), true), FailMalformed},
		"error":           {say("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", false), FailStatus},
		"wrong body":      {say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno", false), FailBody},
		"chunked":         {say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nwe\r\n2\r\nll\r\n0\r\nT: x\r\n\r\n", false), ""},
		"until it closes": {say("HTTP/1.0 200 OK\r\n\r\nwell", true), ""},
		"interim":         {say("HTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell", false), ""},
		"close":           {say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nwell", true), ""},
		"too much":        {say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell and more", false), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, crew := range []bool{false, true} {
				p := Plan{URL: serve(t, c.answer), Stages: at(100, 200*time.Millisecond), Timeout: 30 * time.Second}
				p.Expect.Body = regexp.MustCompile("^well$")
				p.crewed = crew
				if c.kind == FailTimeout {
					p.Timeout = 100 * time.Millisecond
				}
				r := mustRun(t, p)
				want := map[Failure]int64{}
				if c.kind != "" {
					want[c.kind] = 20
				}
				if fmt.Sprint(r.Failures) != fmt.Sprint(want) {
					t.Errorf("crew %v: %v %v, want %v", crew, r.Failures, r.Samples, want)
				}
			}
		})
	}
}

// A server that dies is counted from then on.
func TestServerDies(t *testing.T) {
	t.Parallel()
	var served atomic.Int64
	s := httptest.NewUnstartedServer(nil)
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n := served.Add(1); n >= 10 {
			w.Header().Set("Connection", "close")
			if n == 10 {
				_ = s.Listener.Close()
			}
		}
		w.WriteHeader(http.StatusNotFound)
	})
	s.Start()
	defer s.Close()
	// Nobody else is given the server's port while it has a connection.
	defer dial(t, s.Listener.Addr()).Close()
	r := mustRun(t, Plan{URL: parse(t, s.URL), Stages: at(100, 600*time.Millisecond), Connections: 2, Expect: Expect{Statuses: []int{404}}})
	if r.Failures[FailConnect] == 0 || r.Answered == 0 || r.Answered+r.Failed != 60 {
		t.Errorf("%+v", r)
	}
}

func dial(t *testing.T, to net.Addr) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", to.String())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	var unreachable *UnreachableError
	// Nobody listens at the near end of a connection, and nobody else is given its
	// port while it is open.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	held := dial(t, l.Addr())
	defer held.Close()
	p := Plan{URL: parse(t, "http://"+held.LocalAddr().String()), Stages: at(1, time.Second)}
	if _, err := Run(t.Context(), p); !errors.As(err, &unreachable) {
		t.Errorf("a closed port: %v", err)
	}
	p.Wait = 20 * time.Millisecond
	if _, err := Run(t.Context(), p); !errors.As(err, &unreachable) || unreachable.Waited == 0 {
		t.Errorf("waiting for a closed port: %v", err)
	}
	var remote *RemoteError
	p.URL = parse(t, "http://192.0.2.1/")
	if _, err := Run(t.Context(), p); !errors.As(err, &remote) {
		t.Errorf("another machine: %v", err)
	}
	var descriptors *DescriptorError
	p.Connections = 1 << 30
	if _, err := Run(t.Context(), p); haveLoop && (!errors.As(err, &descriptors) || descriptors.Limit == 0) {
		t.Errorf("too many connections: %v", err)
	}
}

// An interruption ends the run at once, with what was measured.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	for _, crew := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		var mu sync.Mutex
		var served int64
		answered := map[string]bool{} // connections that were
		s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			mu.Lock()
			// Who comes again over a connection has had the answer before.
			again := answered[r.RemoteAddr]
			if served < 10 || !again {
				served++
				answered[r.RemoteAddr] = true
				mu.Unlock()
				return
			}
			mu.Unlock()
			cancel()
			<-r.Context().Done()
		}))
		r, err := Run(ctx, Plan{URL: parse(t, s.URL), Stages: at(100, time.Hour), Timeout: time.Hour, crewed: crew})
		s.Close()
		if err != nil || !r.Interrupted || r.Answered == 0 || r.Answered > served || r.Unfinished == 0 || r.Failed != 0 {
			t.Errorf("crew %v: of %d: %+v, %v", crew, served, r, err)
		}
	}
}

// Where there are too few connections, the wait is part of the latency and not
// of the service time.
func TestLatencyContainsTheWait(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(20 * time.Millisecond) }))
	defer s.Close()
	for _, crew := range []bool{false, true} {
		r := mustRun(t, Plan{URL: parse(t, s.URL), Stages: at(100, 500*time.Millisecond), Connections: 1, Timeout: time.Minute, crewed: crew})
		if r.Answered != 50 || r.Connections.Opened != 1 || r.Connections.Waited == 0 {
			t.Errorf("crew %v: %+v", crew, r)
		}
		// The last request is due after 490 ms and is answered after 1 s at least.
		if r.Latency.Max() < 450*time.Millisecond || r.Latency.Max() <= r.Service.Mean() {
			t.Errorf("crew %v: latency %v, service %v", crew, r.Latency.Max(), r.Service.Max())
		}
	}
}

func TestClosedModel(t *testing.T) {
	t.Parallel()
	for _, crew := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		var mu sync.Mutex
		var now, most, served int
		s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			count := func(n int) {
				mu.Lock()
				defer mu.Unlock()
				now += n
				most, served = max(most, now), served+1
				if most == 3 && served > 100 || served > 10_000 {
					cancel()
				}
			}
			count(1)
			time.Sleep(5 * time.Millisecond)
			count(-1)
		}))
		p := Plan{URL: parse(t, s.URL), Stages: at(0, time.Hour), Connections: 3, Closed: true, crewed: crew}
		r, err := Run(ctx, p)
		mu.Lock() // the last ones may still be served
		atOnce := most
		mu.Unlock()
		if err != nil || r.Model != "closed" || r.Connections.Peak != 3 || atOnce != 3 || r.Answered < 3 || r.Failed != 0 {
			t.Errorf("crew %v: %d at once; %+v, %v", crew, atOnce, r, err)
		}
		// It ends by itself, too.
		p.Stages = at(0, 50*time.Millisecond)
		if r := mustRun(t, p); r.Interrupted || r.Unfinished != 0 || r.Failed != 0 {
			t.Errorf("crew %v: %+v", crew, r)
		}
		s.Close()
	}
}

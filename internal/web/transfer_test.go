package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// content is a file of which every part is different.
func content(n int) []byte {
	b := make([]byte, 0, n)
	for i := 0; len(b) < n; i++ {
		b = strconv.AppendInt(append(b, ' '), int64(i), 10)
	}
	return b[:n]
}

// A breaking server sends at most part bytes of its file per request and then
// breaks the connection.
type breaking struct {
	file     []byte
	part     int
	etag     func(request int) string // nil: none
	ranges   bool
	length   bool
	requests atomic.Int32
}

func (b *breaking) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := int(b.requests.Add(1))
	h := w.Header()
	if b.etag != nil {
		h.Set("ETag", b.etag(n))
	}
	start := 0
	if span := r.Header.Get("Range"); b.ranges && span != "" && (r.Header.Get("If-Range") == "" || r.Header.Get("If-Range") == h.Get("ETag")) {
		fmt.Sscanf(span, "bytes=%d-", &start)
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, len(b.file)-1, len(b.file)))
	}
	if b.length {
		h.Set("Content-Length", strconv.Itoa(len(b.file)-start))
	}
	if start > 0 {
		w.WriteHeader(http.StatusPartialContent)
	}
	rest := b.file[start:]
	if len(rest) > b.part {
		w.Write(rest[:b.part])
		w.(http.Flusher).Flush()
		time.Sleep(2 * time.Millisecond)
		panic(http.ErrAbortHandler)
	}
	w.Write(rest)
}

func fixed(etag string) func(int) string { return func(int) string { return etag } }

func TestDownloadResumes(t *testing.T) {
	t.Parallel()
	file := content(100_000)
	for _, c := range []struct {
		name   string
		server *breaking
		fails  string
	}{
		{"whole", &breaking{part: 1 << 20, length: true}, ""},
		{"without length", &breaking{part: 1 << 20}, ""},
		{"in parts", &breaking{part: 9_000, length: true, ranges: true, etag: fixed(`"a"`)}, ""},
		{"in parts, without validators", &breaking{part: 9_000, length: true, ranges: true}, ""},
		{"in parts, length unknown", &breaking{part: 30_000, ranges: true, etag: fixed(`"a"`)}, ""},
		{"no ranges, but the same file", &breaking{part: 60_000, length: true, etag: fixed(`"a"`)}, "failed to fetch"},
		{"changes", &breaking{part: 60_000, length: true, ranges: true, etag: func(n int) string { return fmt.Sprintf(`"%d"`, n) }}, "changed while"},
		{"no ranges and no validators", &breaking{part: 60_000, length: true}, "changed while"},
		{"sends nothing", &breaking{part: 0, length: true, ranges: true}, "failed to fetch"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.server.file = file
			s := serve(t, c.server.ServeHTTP)
			d, err := newClient(Options{}).Open(t.Context(), Request{URL: s.URL})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			got, err := io.ReadAll(d)
			if c.fails != "" {
				var e *Error
				if !errors.As(err, &e) || !strings.Contains(err.Error(), c.fails) {
					t.Errorf("error %v, want %s", err, c.fails)
				}
				if n := c.server.requests.Load(); n > 6 {
					t.Errorf("%d requests", n)
				}
				return
			}
			if err != nil || sha256.Sum256(got) != sha256.Sum256(file) {
				t.Errorf("%d of %d bytes, %v", len(got), len(file), err)
			}
		})
	}
}

// A server that lets the second try through whole and has no ranges: what was
// handed out is skipped.
func TestDownloadStartsOver(t *testing.T) {
	t.Parallel()
	file := content(100_000)
	var n atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		part := len(file)
		if n.Add(1) == 1 {
			part = 40_000
		}
		(&breaking{file: file, part: part, length: true, etag: fixed(`"a"`)}).ServeHTTP(w, r)
	})
	d, err := newClient(Options{}).Open(t.Context(), Request{URL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if got, err := io.ReadAll(d); err != nil || !bytes.Equal(got, file) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestDownloadStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dial := serveInMemory(t, func(w http.ResponseWriter, r *http.Request) {
			w.Write(content(1000))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		})
		ctx, cancel := context.WithCancel(t.Context())
		c := New(Options{})
		c.dial = dial
		d, err := c.Open(ctx, Request{URL: "http://example.com/"})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		const after = 20 * time.Millisecond
		time.AfterFunc(after, cancel)
		start := time.Now()
		if _, err := io.ReadAll(d); !errors.Is(err, context.Canceled) || time.Since(start) > after {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestTransfersAreBounded(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("x")) })
	c := newClient(Options{Connections: 1})
	one, err := c.Open(t.Context(), Request{URL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.Open(ctx, Request{URL: s.URL}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second one begins: %v", err)
	}
	if err := errors.Join(one.Close(), one.Close()); err != nil {
		t.Error(err)
	}
	two, err := c.Open(t.Context(), Request{URL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	two.Close()
}

func TestRanges(t *testing.T) {
	t.Parallel()
	file := content(200_000)
	var requests atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if r.Header.Get("Accept-Encoding") != "identity" {
			t.Errorf("accepts %q", r.Header.Get("Accept-Encoding"))
		}
		switch r.URL.Path {
		case "/good":
			http.ServeContent(w, r, "f", time.Time{}, bytes.NewReader(file))
		case "/small":
			http.ServeContent(w, r, "f", time.Time{}, bytes.NewReader(file[:100]))
		case "/whole":
			w.Write(file)
		case "/lies":
			w.Header().Set("Content-Range", "bytes 5-9/10")
			w.WriteHeader(206)
			w.Write([]byte("x"))
		case "/never":
			w.WriteHeader(405)
		case "/gone":
			w.WriteHeader(404)
		}
	})
	c := newClient(Options{})
	r, err := c.Ranges(t.Context(), Request{URL: s.URL + "/good"})
	if err != nil || r.Size() != int64(len(file)) {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, span := range [][2]int{{199_990, 10}, {199_000, 5000}, {100, 50}, {150, 60}, {100_000, 40_000}} {
		p := make([]byte, span[1])
		n, err := r.ReadAt(p, int64(span[0]))
		want := file[span[0]:min(span[0]+span[1], len(file))]
		if !bytes.Equal(p[:n], want) || (err == io.EOF) != (len(want) < len(p)) || err != nil && err != io.EOF {
			t.Errorf("ReadAt(%d, %d): %d, %v", span[1], span[0], n, err)
		}
	}
	if n := requests.Load(); n != 3 {
		t.Errorf("%d requests", n)
	}
	if _, err := r.ReadAt(make([]byte, 1), 200_000); err != io.EOF {
		t.Error(err)
	}
	if r, err := c.Ranges(t.Context(), Request{URL: s.URL + "/small"}); err != nil || r.Size() != 100 {
		t.Errorf("%+v, %v", r, err)
	}
	for _, path := range []string{"/whole", "/lies", "/never"} {
		if _, err := c.Ranges(t.Context(), Request{URL: s.URL + path}); !IsUnsupported(err) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := c.Ranges(t.Context(), Request{URL: s.URL + "/gone"}); IsUnsupported(err) || StatusOf(err) != 404 {
		t.Error(err)
	}
}

func TestContentRange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value        string
		start, total int64
		ok           bool
	}{
		{"bytes 5-9/10", 5, 10, true},
		{"bytes 5-9/*", 5, -1, true},
		{"bytes 0-0/1", 0, 1, true},
		{"bytes */10", 0, 0, false},
		{"bytes 5-4/10", 0, 0, false},
		{"5-9/10", 0, 0, false},
		{"", 0, 0, false},
		{"bytes 9-9/5", 0, 0, false},
	} {
		start, total, ok := parseContentRange(c.value)
		if ok != c.ok || ok && (start != c.start || total != c.total) {
			t.Errorf("%q gives %d, %d, %v", c.value, start, total, ok)
		}
	}
}

func TestOpenAt(t *testing.T) {
	t.Parallel()
	file := content(100_000)
	for _, c := range []struct {
		name      string
		server    *breaking
		offset    int64
		validator string
		from      int64
	}{
		{"the rest", &breaking{part: 1 << 20, length: true, ranges: true, etag: fixed(`"a"`)}, 40_000, `"a"`, 40_000},
		{"the rest, breaking off", &breaking{part: 9_000, length: true, ranges: true, etag: fixed(`"a"`)}, 40_000, `"a"`, 40_000},
		{"without validator", &breaking{part: 1 << 20, length: true, ranges: true, etag: fixed(`"a"`)}, 40_000, "", 40_000},
		{"changed", &breaking{part: 1 << 20, length: true, ranges: true, etag: fixed(`"b"`)}, 40_000, `"a"`, 0},
		{"no ranges", &breaking{part: 1 << 20, length: true, etag: fixed(`"a"`)}, 40_000, `"a"`, 0},
		{"from the beginning", &breaking{part: 1 << 20, length: true, ranges: true, etag: fixed(`"a"`)}, 0, `"a"`, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.server.file = file
			s := serve(t, c.server.ServeHTTP)
			d, err := newClient(Options{}).OpenAt(t.Context(), Request{URL: s.URL}, c.offset, c.validator)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if d.Offset() != c.from || d.Length != int64(len(file)) {
				t.Errorf("begins at %d of %d, want %d of %d", d.Offset(), d.Length, c.from, len(file))
			}
			if got, err := io.ReadAll(d); err != nil || !bytes.Equal(got, file[c.from:]) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") != "" {
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		w.Write(file)
	})
	d, err := newClient(Options{}).OpenAt(t.Context(), Request{URL: s.URL}, 200_000, "")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if got, err := io.ReadAll(d); err != nil || d.Offset() != int64(len(got)) || !bytes.Equal(got, file) {
		t.Errorf("beyond the end: %d bytes, %v", len(got), err)
	}
}

// A large answer that is kept on disk goes on where it breaks off.
func TestCachedLargeResumes(t *testing.T) {
	t.Parallel()
	file := content(100_000)
	b := &breaking{file: file, part: 30_000, length: true, ranges: true, etag: fixed(`"a"`)}
	s := serve(t, b.ServeHTTP)
	calls := 0
	got, err := newClient(Options{}).Cached(t.Context(), CachedRequest{
		Request: Request{URL: s.URL, Large: true},
		Transform: func(_ context.Context, r *Response) ([]byte, error) {
			calls++
			return io.ReadAll(r.Body)
		},
	})
	if err != nil || !bytes.Equal(got, file) || calls != 1 {
		t.Errorf("%d bytes in %d calls, %v", len(got), calls, err)
	}
}

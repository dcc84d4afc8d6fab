package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// An origin is a server with one answer at a time, that counts what it sent.
type origin struct {
	body   string
	header map[string]string
	status int
	full   int // answers with a body
	match  int // answers of 304
	last   http.Header
	now    func() time.Time
}

func (o *origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.last = r.Header
	w.Header().Set("Date", o.now().UTC().Format(http.TimeFormat))
	for key, value := range o.header {
		w.Header().Set(key, value)
	}
	if tag := o.header["ETag"]; tag != "" && r.Header.Get("If-None-Match") == tag {
		o.match++
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if o.status != 0 {
		w.WriteHeader(o.status)
		return
	}
	o.full++
	fmt.Fprint(w, o.body)
}

// A desk is a client with a clock that can be set, and one cached request.
type desk struct {
	t       *testing.T
	origin  *origin
	now     time.Time
	options Options
	request CachedRequest
}

func newDesk(t *testing.T, header ...string) *desk {
	t.Helper()
	d := &desk{t: t, origin: &origin{body: "one", header: map[string]string{}}, now: time.Now()}
	for i := 0; i < len(header); i += 2 {
		d.origin.header[header[i]] = header[i+1]
	}
	d.origin.now = func() time.Time { return d.now }
	s := serve(t, d.origin.ServeHTTP)
	d.options = Options{Now: func() time.Time { return d.now }}
	d.request = CachedRequest{Request: Request{URL: s.URL + "/page", Accept: "text/plain"}, File: filepath.Join(t.TempDir(), "a", "b", "entry")}
	return d
}

func (d *desk) get() string {
	d.t.Helper()
	body, err := newClient(d.options).Cached(d.t.Context(), d.request)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

// expect asks and compares the answer and what the server had to do for it.
func (d *desk) expect(want string, full, match int) {
	d.t.Helper()
	got := d.get()
	if got != want || d.origin.full != full || d.origin.match != match {
		d.t.Errorf("got %q with %d answers and %d confirmations, want %q with %d and %d", got, d.origin.full, d.origin.match, want, full, match)
	}
}

func TestCacheFreshness(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		header []string
		after  time.Duration
		fresh  bool
	}{
		{"max-age", []string{"Cache-Control", "max-age=600"}, 599 * time.Second, true},
		{"max-age is over", []string{"Cache-Control", "max-age=600"}, 600 * time.Second, false},
		{"public and quoted", []string{"Cache-Control", `public, x="a,b", max-age="600"`}, 100 * time.Second, true},
		{"nothing said", nil, 0, false},
		{"no-cache", []string{"Cache-Control", "max-age=600, no-cache"}, 0, false},
		{"pragma", []string{"Pragma", "no-cache"}, 0, false},
		{"a value that is none", []string{"Cache-Control", "max-age=soon"}, 0, false},
		{"said twice", []string{"Cache-Control", "max-age=1, max-age=600"}, 0, false},
		{"age", []string{"Cache-Control", "max-age=600", "Age", "500"}, 99 * time.Second, true},
		{"age is over", []string{"Cache-Control", "max-age=600", "Age", "500"}, 101 * time.Second, false},
		{"immutable", []string{"Cache-Control", "max-age=365000000, immutable, public"}, 24 * 365 * time.Hour, true},
		{"for shared caches only", []string{"Cache-Control", "s-maxage=600"}, 0, false},
		{"the clock went back", []string{"Cache-Control", "max-age=600"}, -time.Hour, false},
		{"vary", []string{"Cache-Control", "max-age=600", "Vary", "Accept-Encoding, Accept"}, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, c.header...)
			d.expect("one", 1, 0)
			d.origin.body = "two"
			d.now = d.now.Add(c.after)
			if c.fresh {
				d.expect("one", 1, 0)
			} else {
				d.expect("two", 2, 0)
			}
		})
	}
}

func TestExpires(t *testing.T) {
	t.Parallel()
	date := time.Now().UTC()
	d := newDesk(t, "Date", date.Format(http.TimeFormat), "Expires", date.Add(time.Minute).Format(http.TimeFormat))
	d.expect("one", 1, 0)
	d.now = d.now.Add(50 * time.Second)
	d.expect("one", 1, 0)
	d.now = d.now.Add(20 * time.Second)
	d.expect("one", 2, 0)
}

func TestCacheConfirms(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "Cache-Control", "max-age=60", "ETag", `"v1"`, "Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
	d.expect("one", 1, 0)
	d.now = d.now.Add(time.Hour)
	d.expect("one", 1, 1)
	if got := d.origin.last.Get("If-Modified-Since"); got == "" {
		t.Error("no If-Modified-Since")
	}
	d.expect("one", 1, 1) // the confirmation counts anew
	d.now = d.now.Add(time.Hour)
	d.origin.header["ETag"], d.origin.body = `"v2"`, "two"
	d.expect("two", 2, 1)
	d.expect("two", 2, 1)
	// A confirmation with other headers replaces them.
	d.now = d.now.Add(time.Hour)
	d.origin.header["Cache-Control"], d.origin.header["Vary"] = "max-age=7200", "Accept"
	d.expect("two", 2, 2)
	d.now = d.now.Add(time.Hour)
	d.expect("two", 2, 2)
}

func TestWeakValidatorsConfirm(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "ETag", `W/"v1"`)
	d.expect("one", 1, 0)
	d.expect("one", 1, 1)
}

// A server that says 304 about something else is asked again.
func TestWrongConfirmation(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "ETag", `"v1"`)
	d.expect("one", 1, 0)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v9"`)
		if r.Header.Get("If-None-Match") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		fmt.Fprint(w, "nine")
	})
	url := d.request.URL
	p, _ := newPolicy(Request{Accept: "text/plain"}, s.URL, &Response{Status: 200, Header: http.Header{"Etag": {`"v1"`}}}, "", d.now)
	if err := os.WriteFile(d.request.File, appendEntry([]byte("old"), &p, false), 0o600); err != nil {
		t.Fatal(err)
	}
	d.request.URL = s.URL
	if got := d.get(); got != "nine" {
		t.Errorf("got %q", got)
	}
	d.request.URL = url
}

func TestModes(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "Cache-Control", "max-age=60", "ETag", `"v1"`)
	d.expect("one", 1, 0)
	d.request.Mode = Revalidate
	d.expect("one", 1, 1)
	if got := d.origin.last.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("Cache-Control: %q", got)
	}
	d.request.Mode = Normal
	since := d.now.Add(-time.Second)
	d.request.Stale = func(confirmed time.Time) bool { return confirmed.Before(since) }
	d.expect("one", 1, 1) // confirmed since
	since = d.now.Add(time.Second)
	d.expect("one", 1, 2)
	if got := d.origin.last.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("Cache-Control: %q", got)
	}
	d.origin.header["Cache-Control"] = "max-age=60, immutable"
	d.expect("one", 1, 3)
	d.expect("one", 1, 3) // the server has promised
	d.request.Mode = AllowStale
	d.now = d.now.Add(time.Hour)
	d.expect("one", 1, 3)
	d.request.Mode = Normal
	d.options.Offline = true
	d.expect("one", 1, 3)
	d.request.File += "-other"
	if got := d.get(); !strings.Contains(got, "network connectivity is disabled") {
		t.Errorf("got %q", got)
	}
}

func TestCacheControlOverride(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "Cache-Control", "no-store")
	d.request.CacheControl = "max-age=600"
	d.expect("one", 1, 0)
	d.expect("one", 1, 0)
	d.request.CacheControl = "max-age=0" // also of what is stored already
	d.expect("one", 2, 0)
	d.request.CacheControl = ""
	d.request.File += "2"
	d.expect("one", 3, 0)
	d.expect("one", 4, 0)
}

func TestNotStored(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "Cache-Control", "max-age=600", "Vary", "*")
	d.expect("one", 1, 0)
	d.expect("one", 2, 0)
	d.origin.status = 404
	if got := d.get(); !strings.Contains(got, "404") {
		t.Errorf("got %q", got)
	}
	if _, err := os.Stat(d.request.File); err == nil {
		t.Error("an entry was written")
	}
}

func TestVary(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "Cache-Control", "max-age=600", "Vary", "Accept")
	d.expect("one", 1, 0)
	d.request.Accept = "text/html"
	d.expect("one", 2, 0)
}

// An entry for one URL does not answer for another, whatever its file name.
func TestOtherURL(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "Cache-Control", "max-age=600")
	d.expect("one", 1, 0)
	d.request.URL += "/other"
	d.expect("one", 2, 0)
	d.request.URL = strings.Replace(d.request.URL, "://", "://user:pw@", 1)
	d.expect("one", 2, 0) // credentials make no other page
}

func TestDamagedEntries(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "Cache-Control", "max-age=600")
	d.expect("one", 1, 0)
	whole, err := os.ReadFile(d.request.File)
	if err != nil {
		t.Fatal(err)
	}
	n := 1
	for _, damage := range [][]byte{{}, whole[:len(whole)-1], bytes.Repeat([]byte{0}, len(whole)), append([]byte("x"), whole...), whole[3:]} {
		if err := os.WriteFile(d.request.File, damage, 0o600); err != nil {
			t.Fatal(err)
		}
		n++
		d.expect("one", n, 0)
		d.expect("one", n, 0)
	}
	flipped := bytes.Clone(whole)
	for i := range len(whole) - trailerSize {
		flipped[i] ^= 1
		if _, _, ok := parseEntry(flipped); ok {
			t.Errorf("damage at byte %d is not seen", i)
		}
		flipped[i] ^= 1
	}
}

func TestUnwritableCache(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "Cache-Control", "max-age=600")
	warned := ""
	d.options.Warn = func(m string) { warned = m }
	d.request.File = filepath.Join(os.DevNull, "x", "y")
	d.expect("one", 1, 0)
	if warned == "" {
		t.Error("no warning")
	}
}

func TestTransform(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "Cache-Control", "max-age=600")
	calls := 0
	d.request.Transform = func(_ context.Context, resp *Response) ([]byte, error) {
		calls++
		body, err := ReadAll(resp)
		return []byte(strings.ToUpper(string(body))), err
	}
	d.request.Check = func(payload []byte) bool { return string(payload) == "ONE" }
	d.expect("ONE", 1, 0)
	d.expect("ONE", 1, 0)
	if payload, ok := newClient(d.options).Stored(d.request); !ok || string(payload) != "ONE" {
		t.Errorf("Stored: %q, %v", payload, ok)
	}
	d.request.Check = func([]byte) bool { return false } // another format by now
	d.expect("ONE", 2, 0)
	refusal := errors.New("no such page")
	d.request.Transform = func(context.Context, *Response) ([]byte, error) { return nil, refusal }
	if _, err := newClient(d.options).Cached(t.Context(), d.request); !errors.Is(err, refusal) {
		t.Error(err)
	}
	if calls != 2 {
		t.Errorf("%d calls", calls)
	}
}

func TestTransformIsRetried(t *testing.T) {
	t.Parallel()
	handler, count := failing(2, hijack("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"))
	s := serve(t, handler)
	body, err := newClient(Options{}).Cached(t.Context(), CachedRequest{Request: Request{URL: s.URL}})
	if err != nil || string(body) != "done" || count.Load() != 3 {
		t.Errorf("%q, %v after %d requests", body, err, count.Load())
	}
}

func TestEntryRoundTrip(t *testing.T) {
	t.Parallel()
	want := policy{url: 1 << 63, received: 1234567, age: 5, lifetime: 600, noCache: true, immutable: true, etag: `"x"`, modified: "then", vary: "Accept", varied: 99}
	for _, payload := range []string{"", "payload"} {
		got, p, ok := parseEntry(appendEntry([]byte(payload), &want, false))
		if !ok || string(got) != payload || p != want {
			t.Errorf("%s", cmp.Diff(fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", p)))
		}
	}
}

func FuzzEntry(f *testing.F) {
	p := policy{etag: "x"}
	f.Add(appendEntry([]byte("payload"), &p, true))
	f.Fuzz(func(_ *testing.T, file []byte) { parseEntry(file) })
}

func FuzzCacheControl(f *testing.F) {
	f.Add(`public, max-age="600", x=y`)
	f.Fuzz(func(t *testing.T, value string) {
		if d := parseCacheControl(value); d.maxAge < 0 {
			t.Errorf("%q gives %+v", value, d)
		}
	})
}

// BenchmarkStored is what a page costs on every run that has it in the cache.
func BenchmarkStored(b *testing.B) {
	p, _ := newPolicy(Request{}, "http://example.com/", &Response{Status: 200, Header: http.Header{"Etag": {`"x"`}, "Cache-Control": {"max-age=600"}}}, "", time.Now())
	file := filepath.Join(b.TempDir(), "entry")
	if err := os.WriteFile(file, appendEntry(content(20_000), &p, true), 0o600); err != nil {
		b.Fatal(err)
	}
	c := New(Options{})
	r := CachedRequest{Request: Request{URL: "http://example.com/"}, File: file}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := c.Stored(r); !ok {
			b.Fatal("not usable")
		}
	}
}

package web

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/tame-py/tame/internal/auth"
)

// A recorder answers with its name, and remembers what it was asked.
type recorder struct {
	mu     sync.Mutex
	name   string
	status int
	asked  []string // path, and the credentials that came along
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	user, password, _ := q.BasicAuth()
	r.asked = append(r.asked, strings.TrimSpace(q.URL.RequestURI()+" "+user+password))
	if r.status != 0 {
		w.WriteHeader(r.status)
	}
	_, _ = io.WriteString(w, r.name)
}

func (r *recorder) take() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := strings.Join(r.asked, ", ")
	r.asked = nil
	return out
}

// deadURL is where nobody listens, and nobody else will during the test: the near
// end of a connection, whose port is given to no one while it is open.
func deadURL(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	held, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = held.Close() })
	return "http://" + held.LocalAddr().String()
}

func TestMirrors(t *testing.T) {
	t.Parallel()
	canonical, first, second := &recorder{name: "canonical"}, &recorder{name: "first"}, &recorder{name: "second"}
	c, a, b := serve(t, canonical.ServeHTTP), serve(t, first.ServeHTTP), serve(t, second.ServeHTTP)
	dead := deadURL(t)
	withUser := func(u, user string) string { return strings.Replace(u, "://", "://"+user+"@", 1) }
	store := auth.NewStore(auth.Options{Indexes: []auth.Index{{URL: withUser(c.URL, "me:secret") + "/simple"}}})
	client := newClient(Options{Auth: store, Retries: -1, Mirrors: []Mirror{
		{Of: withUser(c.URL, "x:y") + "/simple/", URLs: []string{dead, a.URL + "/pages", withUser(b.URL, "their:own") + "/p/"}},
		{Of: "http://port.example.com:80", URLs: []string{a.URL + "/ported"}},
		{Of: c.URL + "/files", URLs: []string{a.URL + "/f"}},
	}})
	get := func(r Request) (string, error) {
		_, body, err := client.Get(context.Background(), r)
		return string(body), err
	}
	expect := func(r Request, want string, asked map[*recorder]string) {
		t.Helper()
		got, err := get(r)
		if err != nil || got != want {
			t.Errorf("%s answers %q, %v; want %q", r.URL, got, err, want)
		}
		for _, s := range []*recorder{canonical, first, second} {
			if got := s.take(); got != asked[s] {
				t.Errorf("for %s, %s was asked %q, want %q", r.URL, s.name, got, asked[s])
			}
		}
	}
	page := Request{URL: withUser(c.URL, "me:secret") + "/simple/app/"}
	expect(page, "first", map[*recorder]string{first: "/pages/app/"})
	expect(Request{URL: c.URL + "/simple/app/", Header: http.Header{"Authorization": {"Basic bWU6c2VjcmV0"}}}, "first", map[*recorder]string{first: "/pages/app/"})
	expect(Request{URL: c.URL + "/files/a%2Bb.whl?x=1"}, "first", map[*recorder]string{first: "/f/a%2Bb.whl?x=1"})
	expect(Request{URL: c.URL + "/simpler/app/"}, "canonical", map[*recorder]string{canonical: "/simpler/app/ mesecret"})
	if got, err := get(Request{URL: c.URL + "/simple/app/", Method: http.MethodPut}); got != "canonical" || err != nil {
		t.Errorf("a change is made at %q, %v", got, err)
	}
	canonical.take()
	expect(Request{URL: "http://PORT.example.com/app"}, "first", map[*recorder]string{first: "/ported/app"})

	// A server that fails is passed over, for this request.
	first.status = http.StatusBadGateway
	expect(page, "second", map[*recorder]string{first: "/pages/app/", second: "/p/app/ theirown"})
	second.status = http.StatusServiceUnavailable
	expect(page, "canonical", map[*recorder]string{first: "/pages/app/", second: "/p/app/ theirown", canonical: "/simple/app/ mesecret"})
	// That something is not there is an answer.
	first.status = http.StatusNotFound
	if _, err := get(page); StatusOf(err) != http.StatusNotFound || canonical.take()+second.take() != "" {
		t.Errorf("the error is %v", err)
	}

	// Where no place answers all are named.
	first.status, second.status, canonical.status = http.StatusBadGateway, http.StatusBadGateway, http.StatusBadGateway
	_, err := get(Request{URL: c.URL + "/files/x"})
	var failure *Error
	if !errors.As(err, &failure) || !strings.Contains(strings.Join(failure.Hints(), "\n"), a.URL+"/f/x") {
		t.Errorf("the error %v does not name the mirror", err)
	}

	for raw, want := range map[string]string{
		a.URL + "/pages/app/": c.URL + "/simple/app/", a.URL + "/f/x.whl#sha256=1": c.URL + "/files/x.whl#sha256=1",
		withUser(b.URL, "their:own") + "/p/x": c.URL + "/simple/x", a.URL + "/ff/x": a.URL + "/ff/x", c.URL + "/files/x": c.URL + "/files/x",
	} {
		if got := client.Canonical(raw); got != want {
			t.Errorf("%s stands for %s, want %s", raw, got, want)
		}
	}
}

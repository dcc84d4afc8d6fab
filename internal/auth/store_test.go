package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tame-py/tame/internal/fsx"
)

// A recorder is a server that wants one user and password below its path
// /private and records who asked for what.
type recorder struct {
	*httptest.Server
	mu   sync.Mutex
	seen []string
}

func newRecorder(t *testing.T, user, password string) *recorder {
	t.Helper()
	r := &recorder{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		u, p, ok := req.BasicAuth()
		who := "-"
		if ok {
			who = u + ":" + p
		} else if a := req.Header.Get("Authorization"); a != "" {
			who = a
		}
		r.mu.Lock()
		r.seen = append(r.seen, who+" "+req.URL.Path)
		r.mu.Unlock()
		switch {
		case !strings.HasPrefix(req.URL.Path, "/private"):
		case !ok:
			w.WriteHeader(http.StatusUnauthorized)
		case u != user || p != password:
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *recorder) taken() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.seen
	r.seen = nil
	return seen
}

func get(t *testing.T, rt http.RoundTripper, url string) (int, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	return resp.StatusCode, nil
}

func netrcFile(t *testing.T, text string) func(string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "netrc")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(key string) string {
		if key == "NETRC" {
			return path
		}
		return ""
	}
}

// Each case is a run of the program: what it knows, what it asks for, and what
// the server then sees.
func TestTransport(t *testing.T) {
	t.Parallel()
	const netrc = "machine 127.0.0.1 login me password pw"
	for _, c := range []struct {
		name    string
		netrc   string
		options func(o *Options, base string)
		paths   []string // with @ where the server's URL gets a user
		want    []string
		fails   string
	}{
		{
			name:  "public pages are asked for without credentials",
			netrc: netrc, paths: []string{"/public"}, want: []string{"- /public"},
		},
		{
			name:  "netrc answers a refusal, and is then used at once",
			netrc: netrc, paths: []string{"/private/a", "/private/a/b", "/public"},
			want: []string{"- /private/a", "me:pw /private/a", "me:pw /private/a/b", "- /public"},
		},
		{
			name:  "a URL's own credentials go first and serve what is below",
			paths: []string{"me:pw@/private", "/private/x"},
			want:  []string{"me:pw /private", "me:pw /private/x"},
		},
		{
			name:  "credentials that do not work are not kept",
			paths: []string{"me:no@/private", "/private/x"},
			want:  []string{"me:no /private", "- /private/x"},
		},
		{
			name:  "a user without password is searched for first",
			netrc: netrc, paths: []string{"me@/private/a"}, want: []string{"me:pw /private/a"},
		},
		{
			name:  "another user's entry is not used",
			netrc: netrc, paths: []string{"you@/private/a"}, want: []string{"you: /private/a"},
		},
		{
			name: "an index's credentials serve the files beside its pages",
			options: func(o *Options, base string) {
				o.Indexes = []Index{{URL: Join(base+"/private/simple/", Basic("me", "pw"))}}
			},
			paths: []string{"/private/simple/x/", "/private/files/x.whl", "/elsewhere"},
			want:  []string{"me:pw /private/simple/x/", "me:pw /private/files/x.whl", "- /elsewhere"},
		},
		{
			name: "never sends only what the request carries",
			options: func(o *Options, base string) {
				o.Indexes = []Index{{URL: Join(base+"/private/simple/", Basic("me", "pw")), Policy: Never}}
			},
			netrc: netrc, paths: []string{"/private/simple/x/", "me:pw@/private/simple/x/"},
			want: []string{"- /private/simple/x/", "me:pw /private/simple/x/"},
		},
		{
			name:    "always searches before it asks",
			options: func(o *Options, base string) { o.Indexes = []Index{{URL: base + "/private/simple/", Policy: Always}} },
			netrc:   netrc, paths: []string{"/private/simple/x/"}, want: []string{"me:pw /private/simple/x/"},
		},
		{
			name:    "always without credentials asks nothing",
			options: func(o *Options, base string) { o.Indexes = []Index{{URL: base + "/simple/", Policy: Always}} },
			paths:   []string{"/simple/x/"}, fails: "missing credentials for ",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := newRecorder(t, "me", "pw")
			o := Options{Getenv: netrcFile(t, c.netrc)}
			if c.options != nil {
				c.options(&o, server.URL)
			}
			rt := NewStore(o).Transport(http.DefaultTransport)
			var err error
			for _, path := range c.paths {
				url := server.URL + path
				if user, rest, ok := strings.Cut(path, "@"); ok {
					url = strings.Replace(server.URL, "://", "://"+user+"@", 1) + rest
				}
				if _, err = get(t, rt, url); err != nil {
					break
				}
			}
			if d := cmp.Diff(c.want, server.taken()); d != "" {
				t.Error(d)
			}
			if c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)) || c.fails == "" && err != nil {
				t.Errorf("error %v, want %q", err, c.fails)
			}
		})
	}
}

func TestMissingError(t *testing.T) {
	t.Parallel()
	s := NewStore(Options{Indexes: []Index{{URL: "https://me@example.com/simple/", Policy: Always}}})
	_, err := get(t, s.Transport(http.DefaultTransport), "https://example.com/simple/x/")
	var missing *MissingError
	if !errors.As(err, &missing) || missing.Username != "me" || len(missing.Hints()) == 0 {
		t.Errorf("error %#v", err)
	}
}

// Credentials for one host must not go to another.
func TestRealmIsKept(t *testing.T) {
	t.Parallel()
	one, two := newRecorder(t, "me", "pw"), newRecorder(t, "me", "pw")
	s := NewStore(Options{})
	s.AddURL(Join(one.URL+"/private", Basic("me", "pw")))
	rt := s.Transport(http.DefaultTransport)
	for _, url := range []string{one.URL + "/private/x", two.URL + "/private/x"} {
		if _, err := get(t, rt, url); err != nil {
			t.Fatal(err)
		}
	}
	if got := two.taken(); len(got) != 1 || got[0] != "- /private/x" {
		t.Errorf("the other realm saw %v", got)
	}
}

func TestSearchHappensOnce(t *testing.T) {
	t.Parallel()
	server := newRecorder(t, "me", "pw")
	var asked atomic.Int32
	getenv := netrcFile(t, "machine 127.0.0.1 login me password pw")
	s := NewStore(Options{Getenv: func(key string) string {
		if key == "NETRC" {
			asked.Add(1)
			time.Sleep(5 * time.Millisecond)
		}
		return getenv(key)
	}})
	rt := s.Transport(http.DefaultTransport)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if status, err := get(t, rt, fmt.Sprintf("%s/private/%d", server.URL, i)); err != nil || status != 200 {
				t.Errorf("status %d, %v", status, err)
			}
		})
	}
	wg.Wait()
	if asked.Load() != 1 {
		t.Errorf("netrc was read %d times", asked.Load())
	}
}

func TestHuggingFace(t *testing.T) {
	t.Parallel()
	s := NewStore(Options{Getenv: func(key string) string {
		if key == "HF_TOKEN" {
			return "hf_x"
		}
		return ""
	}})
	if c, err := s.Find(t.Context(), "https://huggingface.co/x"); err != nil || c.Token != "hf_x" {
		t.Errorf("%#v, %v", c, err)
	}
	if c, _ := s.Find(t.Context(), "https://example.com/x"); !c.IsZero() {
		t.Errorf("the token goes to another host: %v", c)
	}
	off := NewStore(Options{Getenv: func(key string) string {
		return map[string]string{"HF_TOKEN": "hf_x", "UV_NO_HF_TOKEN": "1"}[key]
	}})
	if c, _ := off.Find(t.Context(), "https://huggingface.co/x"); !c.IsZero() {
		t.Errorf("UV_NO_HF_TOKEN is ignored: %v", c)
	}
}

func fakeKeyring(t *testing.T, script string) []string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in for keyring is a shell script")
	}
	dir := t.TempDir()
	writeProgram(t, filepath.Join(dir, "keyring"), "#!/bin/sh\n"+script)
	return []string{"PATH=" + dir + ":/bin:/usr/bin"}
}

// writeProgram writes a file to be run. No child may be started meanwhile: it
// would have the file open, and the file could not be run.
func writeProgram(t *testing.T, path, text string) {
	t.Helper()
	write := func() error { return os.WriteFile(path, []byte(text), 0o700) }
	if err := fsx.WriteProgram(write); err != nil {
		t.Fatal(err)
	}
}

func TestKeyring(t *testing.T) {
	t.Parallel()
	environ := fakeKeyring(t, `
case "$*" in
"get https://example.com/private/simple/ me") echo from-url ;;
"get host.example.com me") echo "asking" >&2; echo from-host ;;
"get https://always.example.com/simple/ --mode creds") echo both; echo words ;;
*) echo "no such" >&2; exit 1 ;;
esac`)
	var stderr strings.Builder
	s := NewStore(Options{
		Environ: environ, Keyring: KeyringSubprocess, Stderr: &stderr,
		Indexes: []Index{{URL: "https://example.com/private/simple/"}, {URL: "https://always.example.com/simple/", Policy: Always}},
	})
	find := func(raw string) string {
		c, err := s.Find(t.Context(), raw)
		if err != nil {
			t.Error(err)
		}
		return c.Username + ":" + c.Password
	}
	got := []string{
		find("https://me@example.com/private/simple/x/"),
		find("https://me@host.example.com/any"),
		find("https://always.example.com/simple/x/"),
		find("https://example.com/private/simple/y/"), // no user: not asked
		find("https://nobody@other.example.com/"),
	}
	want := []string{"me:from-url", "me:from-host", "both:words", ":", "nobody:"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if !strings.Contains(stderr.String(), "asking") {
		t.Errorf("the program's messages are lost: %q", stderr.String())
	}
}

// A program that leaves an agent running, which has its pipes, has answered.
func TestKeyringThatLeavesAnAgent(t *testing.T) {
	t.Parallel()
	environ := fakeKeyring(t, "sleep 20 &\necho secret")
	s := NewStore(Options{Environ: environ, Keyring: KeyringSubprocess, Warn: func(m string) { t.Error(m) }})
	c, err := s.Find(t.Context(), "https://me@example.com/")
	if err != nil || c.Password != "secret" {
		t.Errorf("%q, %v", c.Password, err)
	}
}

func TestKeyringThatIsNotThere(t *testing.T) {
	t.Parallel()
	var warning string
	s := NewStore(Options{Environ: []string{"PATH=/nonexistent"}, Keyring: KeyringSubprocess, Warn: func(m string) { warning = m }})
	c, err := s.Find(t.Context(), "https://me@example.com/")
	if err != nil || c.Complete() {
		t.Errorf("%v, %v", c, err)
	}
	if runtime.GOOS != "windows" && !strings.Contains(warning, "keyring") {
		t.Errorf("warning %q", warning)
	}
}

func TestSearchCanBeLeft(t *testing.T) {
	t.Parallel()
	environ := fakeKeyring(t, "sleep 3")
	s := NewStore(Options{Environ: environ, Keyring: KeyringSubprocess})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := s.Find(ctx, "https://me@example.com/"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

package auth

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Every source of credentials says what it is, so that an error can.
func TestSources(t *testing.T) {
	t.Parallel()
	environ := fakeKeyring(t, `[ "$3" = me ] && echo pw`)
	ring := &memoryRing{entries: map[[2]string]string{{"uv:example.com", TokenUser}: "pw"}}
	endpoint, _ := url.Parse("https://example.com/")
	for _, c := range []struct {
		name, url, want string
		options         Options
	}{
		{"netrc", "https://example.com/", "those of user `me` from the netrc file", Options{Getenv: netrcFile(t, "machine example.com login me password pw")}},
		{"text store", "https://example.com/", "those of user `me` from the credentials of `auth login`", Options{TextStore: textFile(t)}},
		{"ring", "https://example.com/x", "the token from the system's keyring", Options{Ring: ring}},
		{"keyring", "https://me@example.com/x", "those of user `me` from the keyring program", Options{Keyring: KeyringSubprocess, Environ: environ}},
		{"hub", "https://huggingface.co/x", "the token from `HF_TOKEN`", Options{Getenv: func(key string) string { return map[string]string{"HF_TOKEN": "t"}[key] }}},
		{"URL", "https://me:pw@example.com/", "those of user `me` from the URL", Options{}},
		{"index", "https://example.com/a", "those of user `me` from the index's URL", Options{Indexes: []Index{{URL: "https://me:pw@example.com/a"}}}},
		{"endpoint", "https://example.com/a", "the signature from `X`", Options{Endpoints: []Endpoint{{URL: endpoint, Signer: nobody{}, Source: "`X`"}}}},
		{"none", "https://example.com/a", "", Options{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			found, err := NewStore(c.options).Find(t.Context(), c.url)
			if err != nil || found.Describe() != c.want {
				t.Errorf("%q, %v, want %q", found.Describe(), err, c.want)
			}
		})
	}
}

func textFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credentials.toml")
	if err := TextKeep(path, 0).Put(t.Context(), "https://example.com/", Basic("me", "pw")); err != nil {
		t.Fatal(err)
	}
	return path
}

type nobody struct{}

func (nobody) Sign(_ context.Context, req *http.Request) error {
	req.Header.Set("X-Signed", req.URL.Path)
	return nil
}

// What was sent is known of a response, and its secrets go from a text.
func TestSent(t *testing.T) {
	t.Parallel()
	server := newRecorder(t, "me", "pw")
	s := NewStore(Options{Getenv: netrcFile(t, "machine 127.0.0.1 login me password wrong")})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/private/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.Transport(http.DefaultTransport).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	sent := Sent(resp)
	if got := sent.Describe(); got != "those of user `me` from the netrc file" {
		t.Errorf("sent %q", got)
	}
	if got := sent.Scrub("wrong is not right, nor is " + sent.Header()); got != "**** is not right, nor is Basic ****" {
		t.Errorf("scrubbed: %q", got)
	}
}

// Endpoints are signed for on their host and below it, and nowhere else.
func TestEndpoints(t *testing.T) {
	t.Parallel()
	base, _ := url.Parse("https://store.example.com/private")
	e := Endpoint{URL: base}
	for raw, want := range map[string]bool{
		"https://store.example.com/private":                 true,
		"https://store.example.com/private/x/y.whl":         true,
		"https://bucket.store.example.com/private/x":        true,
		"https://store.example.com:443/private/x":           true,
		"https://store.example.com/privateer":               false,
		"https://bucket.store.example.com/public":           false,
		"https://anotherstore.example.com/private":          false,
		"http://store.example.com/private":                  false,
		"https://store.example.com:8443/private":            false,
		"https://store.example.com.evil.example/private":    false,
		"https://evil.example/https://store.example.com/pr": false,
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.holds(u); got != want {
			t.Errorf("holds(%s) = %v", raw, got)
		}
	}
}

// A signer is used where its endpoint is, and not for the rest of the realm.
func TestSignerStaysAtItsEndpoint(t *testing.T) {
	t.Parallel()
	var seen []string
	rt := roundTripper(func(req *http.Request) (*http.Response, error) {
		signed := req.Header.Get("X-Signed")
		seen = append(seen, req.URL.Path+" "+signed)
		status := http.StatusOK
		if signed == "" {
			status = http.StatusForbidden
		}
		return &http.Response{StatusCode: status, Body: http.NoBody, Request: req}, nil
	})
	base, _ := url.Parse("https://store.example.com/private")
	s := NewStore(Options{Endpoints: []Endpoint{{URL: base, Signer: nobody{}}}})
	for _, path := range []string{"/private/a", "/private/a/b", "/other"} {
		if _, err := get(t, s.Transport(rt), "https://store.example.com"+path); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"/private/a ", "/private/a /private/a", "/private/a/b /private/a/b", "/other "}
	if d := cmp.Diff(want, seen); d != "" {
		t.Error(d)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// A keyring program that hangs is stopped, and asked no second time.
func TestKeyringThatHangs(t *testing.T) {
	t.Parallel()
	asked := filepath.Join(t.TempDir(), "asked")
	environ := fakeKeyring(t, "echo x >> "+asked+"; sleep 60")
	var warnings []string
	shown, stderr, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer shown.Close()
	s := NewStore(Options{
		Environ: environ, Keyring: KeyringSubprocess, Patience: 300 * time.Millisecond, Stderr: stderr,
		Warn: func(m string) { warnings = append(warnings, m) },
	})
	for _, raw := range []string{"https://me@example.com/", "https://me@other.example.com/"} {
		if c, err := s.Find(t.Context(), raw); err != nil || c.Complete() {
			t.Errorf("%v, %v", c, err)
		}
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "`keyring` was stopped because it gave no answer for 300ms") {
		t.Errorf("warnings %q", warnings)
	}
	if text, _ := os.ReadFile(asked); strings.Count(string(text), "x") != 1 {
		t.Errorf("the program was asked %q", text)
	}
	// What it has started does not hold the output of this process.
	stderr.Close()
	if err := shown.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(shown); err != nil {
		t.Errorf("reading what was shown: %v", err)
	}
}

// The helpers of git are asked by git itself, which asks no person.
func TestGitCredentials(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in for git is a shell script")
	}
	dir := t.TempDir()
	script := `#!/bin/sh
[ "$GIT_TERMINAL_PROMPT" = 0 ] || exit 3
case "$*" in *"credential fill") ;; *) exit 4 ;; esac
cat > ` + dir + `/asked
case "$(cat ` + dir + `/asked)" in
*host=example.com*) printf 'protocol=https\nhost=example.com\nusername=me\npassword=p=w\n' ;;
*) exit 1 ;;
esac
`
	writeProgram(t, filepath.Join(dir, "git"), script)
	s := NewStore(Options{Git: true, Environ: []string{"PATH=" + dir + ":/bin:/usr/bin"}})
	find := func(raw string) string {
		c, err := s.Find(t.Context(), raw)
		return fmt.Sprint(c.Username, ":", c.Password, " ", err)
	}
	got := []string{find("https://example.com/a/simple/"), find("https://you@example.com/"), find("https://nowhere.example.com/")}
	if d := cmp.Diff([]string{"me:p=w <nil>", "you: <nil>", ": <nil>"}, got); d != "" {
		t.Error(d)
	}
	if text, ok := gitRequest(&url.URL{Scheme: "https", Host: "example.com", Path: "/a\nhost=evil.example"}, ""); ok {
		t.Errorf("a path with a line end makes %q", text)
	}
}

package auth

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestServiceRoot(t *testing.T) {
	t.Parallel()
	for service, want := range map[string]string{
		"https://example.com/simple":          "https://example.com/",
		"https://example.com/Simple/":         "https://example.com/",
		"https://example.com/root/+simple":    "https://example.com/root",
		"https://example.com/api/v1":          "https://example.com/api/v1",
		"https://example.com/simple/x":        "https://example.com/simple/x",
		"https://example.com/":                "https://example.com/",
		"https://example.com/a%2Fb/simple/":   "https://example.com/a/b",
		"https://example.com:8443/notsimple/": "https://example.com:8443/notsimple/",
	} {
		if got := ServiceRoot(service); got != want {
			t.Errorf("ServiceRoot(%q) = %q, want %q", service, got, want)
		}
	}
}

func TestCheckService(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"example.com":                      "https://example.com/",
		"example.com:8443/x":               "https://example.com:8443/x",
		"https://me:pw@Example.COM:443/a":  "https://example.com/a",
		"http://localhost:3141/root/pypi/": "http://localhost:3141/root/pypi/",
		"http://127.0.0.1":                 "http://127.0.0.1/",
		"http://example.com":               "",
		"ftp://example.com":                "",
		"":                                 "",
		"https://exa mple":                 "",
	} {
		got, err := CheckService(raw)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("CheckService(%q) = %q, %v, want %q", raw, got, err, want)
		}
	}
}

// A memoryRing is a ring of one process.
type memoryRing struct {
	mu      sync.Mutex
	entries map[[2]string]string
	asked   []string
}

func (r *memoryRing) Get(service, username string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, service)
	password, ok := r.entries[[2]string{service, username}]
	if !ok {
		return "", ErrNotKept
	}
	return password, nil
}

func (r *memoryRing) Set(service, username, password string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries[[2]string{service, username}] = password
	return nil
}

func (r *memoryRing) Delete(service, username string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := [2]string{service, username}
	if _, ok := r.entries[key]; !ok {
		return ErrNotKept
	}
	delete(r.entries, key)
	return nil
}

// Both kinds of keep answer alike.
func TestKeeps(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]Keep{
		"text":   TextKeep(filepath.Join(t.TempDir(), "a", "credentials.toml"), 0),
		"native": NativeKeep(&memoryRing{entries: map[[2]string]string{}}, 0),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			for _, user := range []string{"me", TokenUser} {
				if err := k.Put(ctx, "https://example.com/", Basic(user, "of "+user)); err != nil {
					t.Fatal(err)
				}
			}
			get := func(service, user string) string {
				c, err := k.Get(ctx, service, user)
				switch {
				case errors.Is(err, ErrNotKept):
					return "none"
				case err != nil:
					return err.Error()
				}
				return c.Password
			}
			got := []string{
				get("https://example.com/", "me"), get("https://example.com/a/simple/x/", "me"), get("https://example.com/a", TokenUser),
				get("https://example.com/", "you"), get("http://example.com/", "me"), get("https://example.com:8443/", "me"),
			}
			if d := cmp.Diff([]string{"of me", "of me", "of " + TokenUser, "none", "none", "none"}, got); d != "" {
				t.Error(d)
			}
			if err := k.Remove(ctx, "https://example.com/", "me"); err != nil {
				t.Error(err)
			}
			if err := k.Remove(ctx, "https://example.com/", "me"); !errors.Is(err, ErrNotKept) {
				t.Errorf("removed twice: %v", err)
			}
			if got := get("https://example.com/", "me"); got != "none" {
				t.Errorf("what was removed is still there: %q", got)
			}
		})
	}
}

// The entries of uv are found and ours by uv: "uv:" and the host, with the
// scheme if it is not https.
func TestNativeNames(t *testing.T) {
	t.Parallel()
	r := &memoryRing{entries: map[[2]string]string{}}
	k := NativeKeep(r, 0)
	for _, service := range []string{"https://example.com/a/b", "http://localhost:3141/"} {
		if err := k.Put(t.Context(), service, Basic("me", "pw")); err != nil {
			t.Fatal(err)
		}
	}
	want := map[[2]string]string{{"uv:example.com", "me"}: "pw", {"uv:http://localhost:3141", "me"}: "pw"}
	if d := cmp.Diff(want, r.entries); d != "" {
		t.Error(d)
	}
	_, _ = k.Get(t.Context(), "http://localhost:1/x", "me")
	if d := cmp.Diff([]string{"uv:http://localhost:1/x", "uv:http://localhost:1"}, r.asked); d != "" {
		t.Error(d)
	}
}

type hangingRing struct{ memoryRing }

func (*hangingRing) Get(string, string) (string, error) { select {} }

func TestNativeKeepIsNotWaitedForForever(t *testing.T) {
	t.Parallel()
	k := NativeKeep(&hangingRing{}, 10*time.Millisecond)
	if _, err := k.Get(t.Context(), "https://example.com/", "me"); !errors.Is(err, errNoAnswer) {
		t.Errorf("error %v", err)
	}
}

// Logins at the same time lose nothing of each other, and the file is its
// owner's alone.
func TestTextKeepAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "credentials.toml")
	// As uv leaves it.
	if err := os.WriteFile(path, []byte("[[credential]]\nservice = \"https://me:pw@example.com/\"\nusername = \"me\"\nscheme = \"basic\"\npassword = \"pw\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			if err := TextKeep(path, 0).Put(t.Context(), fmt.Sprintf("https://%d.example.com/", i), Basic("me", "pw")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "[[credential]]"); n != 13 || strings.Contains(string(text), "me:pw") {
		t.Errorf("%d credentials are left of 13:\n%s", n, text)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

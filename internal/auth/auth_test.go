package auth

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRedact(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ raw, want string }{
		{"https://example.com/simple/", "https://example.com/simple/"},
		{"https://user:secret@example.com/simple/", "https://user:****@example.com/simple/"},
		{"https://secret@example.com/simple/", "https://****@example.com/simple/"},
		{"https://:secret@example.com", "https://:****@example.com"},
		{"https://a:b@c:secret@example.com/x", "https://a:****@example.com/x"},
		{"https://user:@example.com", "https://user:****@example.com"},
		{"ssh://git@example.com/a.git", "ssh://git@example.com/a.git"},
		{"git+ssh://git@example.com/a.git", "git+ssh://git@example.com/a.git"},
		{"git+https://git:secret@example.com/a", "git+https://git:****@example.com/a"},
		{"https://example.com/a@b", "https://example.com/a@b"},
		{"https://example.com/f?X-Amz-Signature=abc&x=1#frag", "https://example.com/f?X-Amz-Signature=****&x=1#frag"},
		{"https://example.com/f?x=1&sig=a%20b", "https://example.com/f?x=1&sig=****"},
		{"https://example.com/f?signed=1", "https://example.com/f?signed=1"},
		{"/a/path", "/a/path"},
		{"", ""},
	} {
		if got := Redact(c.raw); got != c.want {
			t.Errorf("Redact(%q) = %q, want %q", c.raw, got, c.want)
		}
	}
	text := "fatal: could not read https://user:secret@example.com/x: gone"
	if got := RedactIn(text, "https://user:secret@example.com/x"); strings.Contains(got, "secret") {
		t.Errorf("RedactIn left %q", got)
	}
}

func TestSplitAndJoin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		raw, clean string
		want       Credentials
	}{
		{"https://example.com/", "https://example.com/", Credentials{}},
		{"https://u:p@example.com/", "https://example.com/", Basic("u", "p")},
		{"https://u@example.com/", "https://example.com/", Credentials{Username: "u"}},
		{"https://u%40x:p%3Ay@example.com/", "https://example.com/", Basic("u@x", "p:y")},
		{"https://:p@example.com/", "https://example.com/", Basic("", "p")},
	} {
		clean, got := Split(c.raw)
		if clean != c.clean || got != c.want {
			t.Errorf("Split(%q) = %q, %v; want %q, %v", c.raw, clean, got, c.clean, c.want)
		}
		if back, again := Split(Join(clean, got)); back != clean || again != got {
			t.Errorf("Split(Join(%q, %v)) = %q, %v", clean, got, back, again)
		}
	}
	if got := Strip("git+ssh://git@example.com/x"); got != "git+ssh://git@example.com/x" {
		t.Errorf("Strip dropped the git user: %q", got)
	}
}

func TestParseURL(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"https://user:secret@example.com/simple/",
		"https://example.com/a:b",
		"file:///C:/users/a@b",
		"git+file:///C:/repo.git@v1",
		"git+https://proxy.example.com/https://example.com/a.git@main",
		"https://example.com/a@b:c",
	} {
		if _, err := ParseURL(raw); err != nil {
			t.Errorf("ParseURL(%q): %v", raw, err)
		}
	}
	for _, c := range []struct{ raw, want string }{
		{"https://user/name:secret@example.com/a/b", "ambiguous user and password in URL (not percent-encoded?): https:***@example.com/a/b"},
		{"https://user:sec/ret@example.com/a", "invalid URL \"https:***@example.com/a\": invalid port"},
		{"https://user#name:secret@example.com/a", "ambiguous user and password in URL (not percent-encoded?): https:***@example.com/a"},
		{"https://user:secret@exa mple.com/", `invalid URL "https://user:****@exa mple.com/": invalid character`},
		{"https://user:se%zz@example.com/", `invalid URL "https://user:****@example.com/": invalid URL escape`},
		{"https://user:secret@example.com:port/", `invalid URL "https://user:****@example.com:port/": invalid port`},
	} {
		_, err := ParseURL(c.raw)
		if err == nil || err.Error() != c.want {
			t.Errorf("ParseURL(%q): %v, want %s", c.raw, err, c.want)
		}
	}
}

func TestWithoutDots(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ raw, want string }{
		{"https://example.com", "https://example.com"},
		{"https://u:p@example.com/.hidden/a..b/%2fx?y=/../z#/./w", "https://u:p@example.com/.hidden/a..b/%2fx?y=/../z#/./w"},
		{"https://u:p@example.com/a/../b/./c?y=/../z", "https://u:p@example.com/b/c?y=/../z"},
		{"https://example.com/a/%2E%2e/b/%2e", "https://example.com/b/"},
		{"https://example.com/a//../b", "https://example.com/a/b"},
		{"https://example.com/a/b/..", "https://example.com/a/"},
		{"https://example.com/../..", "https://example.com/"},
		{"https://example.com?x=/..", "https://example.com?x=/.."},
		{"git+file:///a/b/../repo@v1#subdirectory=x/../y", "git+file:///a/repo@v1#subdirectory=x/../y"},
		{"./a/../b", "./a/../b"},
	} {
		if got := WithoutDots(c.raw); got != c.want {
			t.Errorf("WithoutDots(%q) = %q, want %q", c.raw, got, c.want)
		}
	}
}

func TestRealm(t *testing.T) {
	t.Parallel()
	realm := func(raw string) Realm {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		return RealmOf(u)
	}
	same := []string{"https://example.com/a", "https://EXAMPLE.com:443/b?c", "HTTPS://u:p@example.com"}
	for _, raw := range same {
		if realm(raw) != realm(same[0]) {
			t.Errorf("%s is of realm %v, not %v", raw, realm(raw), realm(same[0]))
		}
	}
	for _, raw := range []string{"http://example.com/a", "https://example.com:8443", "https://a.example.com", "https://example.com.evil.example"} {
		if realm(raw) == realm(same[0]) {
			t.Errorf("%s is of the same realm", raw)
		}
	}
	if got := realm("http://[::1]:8080/").String(); got != "http://[::1]:8080" {
		t.Errorf("realm prints as %q", got)
	}
}

func TestCredentialsShowNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []Credentials{Basic("user", "secret"), {Token: "secret"}} {
		for _, format := range []string{"%v", "%+v", "%s", "%q", "%#v"} {
			if got := fmt.Sprintf(format, c); strings.Contains(got, "secret") {
				t.Errorf("%s shows %q", format, got)
			}
		}
	}
}

func TestHeaderRoundTrip(t *testing.T) {
	t.Parallel()
	for _, c := range []Credentials{Basic("user", "se:cret"), {Token: "abc"}, Basic("", "x"), {Username: "only"}} {
		if got := fromHeader(c.Header()); got != c {
			t.Errorf("%#v became %#v", c, got)
		}
	}
	for _, odd := range []string{"", "Digest x", "Basic !!!", "Basic"} {
		if got := fromHeader(odd); !got.IsZero() {
			t.Errorf("%q gives %#v", odd, got)
		}
	}
}

func TestFromEnv(t *testing.T) {
	t.Parallel()
	env := map[string]string{
		"UV_INDEX_MY_INDEX_2_USERNAME": "envuser", "UV_INDEX_MY_INDEX_2_PASSWORD": "envpass",
		"UV_INDEX_PASS_PASSWORD": "only", "UV_INDEX_NAME_USERNAME": "other",
	}
	getenv := func(key string) string { return env[key] }
	for _, c := range []struct {
		name, url string
		want      Credentials
		source    string
	}{
		{"my-index.2", "https://a:b@example.com/", Basic("envuser", "envpass"), "`UV_INDEX_MY_INDEX_2_PASSWORD`"},
		{"pass", "https://a@example.com/", Basic("a", "only"), "`UV_INDEX_PASS_PASSWORD`"},
		{"name", "https://a:b@example.com/", Credentials{Username: "other"}, "`UV_INDEX_NAME_USERNAME`"},
		{"none", "https://a:b@example.com/", Basic("a", "b"), "the index's URL"},
		{"", "https://example.com/", Credentials{}, ""},
	} {
		got := FromEnv(c.name, c.url, getenv)
		if d := cmp.Diff(c.source, got.Source); d != "" {
			t.Errorf("FromEnv(%q, %q) is from somewhere else: %s", c.name, c.url, d)
		}
		if got.Source = ""; got != c.want {
			t.Errorf("FromEnv(%q, %q) = %#v, want %#v", c.name, c.url, got, c.want)
		}
	}
}

func TestNetrc(t *testing.T) {
	t.Parallel()
	n, err := ParseNetrc(`# a comment
machine example.com login me password "with space \" and quote" # trailing
machine	other.example.com
	login you
	account x
	password #hash\ space
macdef init
cd /pub

machine example.com login second password p2
default login anonymous password mail@example.com
`)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		host, user string
		want       Credentials
	}{
		{"example.com", "", Basic("me", `with space " and quote`)},
		{"EXAMPLE.com", "second", Basic("second", "p2")},
		{"other.example.com", "you", Basic("you", "#hash space")},
		{"unknown.example.com", "", Basic("anonymous", "mail@example.com")},
		{"example.com", "nobody", Credentials{}},
	} {
		if got, _ := n.Lookup(c.host, c.user); got != c.want {
			t.Errorf("Lookup(%q, %q) = %#v, want %#v", c.host, c.user, got, c.want)
		}
	}
	for _, bad := range []string{"machine", "login x", "machine a login", "machine a password b c"} {
		if _, err := ParseNetrc(bad); err == nil {
			t.Errorf("ParseNetrc(%q) succeeds", bad)
		}
	}
	if _, err := ParseNetrc("machine a login b secret"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("the error %v shows what may be a password", err)
	}
}

func FuzzNetrc(f *testing.F) {
	f.Add("machine a login b password c")
	f.Add("default login \"x\\\"y\" macdef z\n\nmachine")
	f.Fuzz(func(t *testing.T, text string) {
		if n, err := ParseNetrc(text); err == nil {
			n.Lookup("a", "")
		}
	})
}

func FuzzURL(f *testing.F) {
	f.Add("https://user:secret@example.com/x?sig=1")
	f.Add("https://a/b:secret@example.com")
	f.Fuzz(func(t *testing.T, raw string) {
		clean, c := Split(raw)
		if again, _ := Split(clean); c.IsZero() && again != clean {
			t.Errorf("Split(%q) left credentials in %q", raw, clean)
		}
		once := Redact(raw)
		if twice := Redact(once); twice != once {
			t.Errorf("Redact(%q) = %q, again %q", raw, once, twice)
		}
		if u, err := ParseURL(raw); err == nil {
			RealmOf(u)
		}
	})
}

func TestPolicyText(t *testing.T) {
	t.Parallel()
	for _, want := range []Policy{Auto, Always, Never} {
		text, _ := want.MarshalText()
		var got Policy
		if err := got.UnmarshalText(text); err != nil || got != want {
			t.Errorf("%s reads as %v, %v", text, got, err)
		}
	}
	var p Policy
	if err := p.UnmarshalText([]byte("sometimes")); err == nil {
		t.Error("an unknown policy is read")
	}
	for _, want := range []Keyring{KeyringDisabled, KeyringSubprocess} {
		text, _ := want.MarshalText()
		var got Keyring
		if err := got.UnmarshalText(text); err != nil || got != want {
			t.Errorf("%s reads as %v, %v", text, got, err)
		}
	}
}

func TestPathWithin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		prefix, path string
		want         bool
	}{
		{"/simple", "/simple", true},
		{"/simple", "/simple/x", true},
		{"/simple/", "/simple", true},
		{"/simple", "/simpleevil", false},
		{"/", "/x", true},
		{"", "/x", true},
		{"/a/b", "/a", false},
	} {
		if got := pathWithin(c.prefix, c.path); got != c.want {
			t.Errorf("pathWithin(%q, %q) = %v", c.prefix, c.path, got)
		}
	}
}

func TestTextStore(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/credentials/credentials.toml"
	service, err := CheckService("example.com/team")
	if err != nil {
		t.Fatal(err)
	}
	update := func(f func(*TextStore)) {
		t.Helper()
		if err := UpdateTextStore(t.Context(), path, 0, func(s *TextStore) error { f(s); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	update(func(s *TextStore) {
		s.Set(service, Basic("me", `quo"te\`))
		s.Set("https://example.com/", Credentials{Token: "t"})
		s.Set("https://two.example.com/", Basic("a", "1"))
		s.Set("https://two.example.com/", Basic("b", "2"))
	})
	update(func(s *TextStore) {
		if !s.Set(service, Basic("me", `new "pass"`)) {
			t.Error("the same user's password is not replaced")
		}
	})
	s, err := ReadTextStore(path)
	if err != nil {
		t.Fatal(err)
	}
	lookup := func(raw, user string) string {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		c, ok, err := s.Lookup(u, user)
		if err != nil {
			return err.Error()
		}
		return fmt.Sprintf("%v %s|%s|%s", ok, c.Username, c.Password, c.Token)
	}
	got := []string{
		lookup("https://example.com/team/simple/", ""),
		lookup("https://example.com/teams", ""),
		lookup("https://example.com/team", "other"),
		lookup("https://two.example.com/x", ""),
		lookup("https://two.example.com/x", "b"),
		lookup("http://example.com/team", ""),
	}
	want := []string{
		`true me|new "pass"|`,
		"true ||t",
		"false ||",
		`multiple credentials found for URL "https://two.example.com/x", specify which username to use`,
		"true b|2|",
		"false ||",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	update(func(s *TextStore) {
		if !s.Remove("https://two.example.com/", "a") || s.Remove("https://two.example.com/", "a") {
			t.Error("Remove does not remove exactly once")
		}
	})
}

func TestTextStoreErrorsShowNothing(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"[[credential]]\nservice = \"https://example.com\"\nusername = \"u\"\npassword = \"secret",
		"[[credential]]\nservice = \"https://example.com\"\npassword = \"secret\"\n",
		"[[credential]]\nservice = \"http://example.com\"\nusername=\"a\"\npassword = \"secret\"\n",
		"[[credential]]\nservice = \"https://example.com\"\nscheme=\"bearer\"\npassword = \"secret\"\n",
		"[[credential]]\nservice = \"https://example.com\"\nscheme=\"odd\"\n",
	} {
		_, err := parseTextStore([]byte(bad))
		if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "line ") {
			t.Errorf("parsing %q: %v", bad, err)
		}
	}
}

func TestTextStorePath(t *testing.T) {
	t.Parallel()
	getenv := func(env ...string) func(string) string {
		return func(key string) string {
			for i := 0; i < len(env); i += 2 {
				if env[i] == key {
					return env[i+1]
				}
			}
			return ""
		}
	}
	if got := TextStorePath(getenv("UV_CREDENTIALS_DIR", "/creds")); !strings.HasSuffix(got, "credentials.toml") {
		t.Errorf("path %q", got)
	}
	if got := TextStorePath(getenv()); got != "" {
		t.Errorf("path %q without a home", got)
	}
}

func TestCanonical(t *testing.T) {
	t.Parallel()
	for _, list := range [][]string{
		{"https://example.com/a/b", "https://me:x@Example.com/a/b.git", "HTTPS://example.com/a/b/", "https://example.com/a%2Fb.GIT"},
		{"https://github.com/a/b", "https://github.com/A/B.git"},
		{"ssh://git@example.com/a", "ssh://example.com/a.git"},
	} {
		for _, text := range list {
			if got := Canonical(text); got != list[0] && got != Canonical(list[0]) {
				t.Errorf("%s is %s, want %s", text, got, list[0])
			}
		}
	}
	if Canonical("https://example.com/A") == Canonical("https://example.com/a") {
		t.Error("the case of a path counts")
	}
}

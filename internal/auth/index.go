package auth

import (
	"fmt"
	"net/url"
	"strings"
)

// Policy says when requests to an index are authenticated. The zero value is
// [Auto]. Its text form is the value of the setting "authenticate".
type Policy uint8

const (
	// Auto sends credentials that the URL carries and otherwise searches for
	// them when the server refuses.
	Auto Policy = iota
	// Always searches first, and makes no request without credentials.
	Always
	// Never searches, and sends only what the URL of the request itself carries:
	// not to the files of an index what the URL of the index carries.
	Never
)

// UnmarshalText reads "auto", "always" or "never".
func (p *Policy) UnmarshalText(text []byte) error {
	switch string(text) {
	case "auto":
		*p = Auto
	case "always":
		*p = Always
	case "never":
		*p = Never
	default:
		return fmt.Errorf("unknown authentication policy %q: expected auto, always or never", text)
	}
	return nil
}

// MarshalText is the reverse of [Policy.UnmarshalText].
func (p Policy) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

func (p Policy) String() string {
	switch p {
	case Always:
		return "always"
	case Never:
		return "never"
	}
	return "auto"
}

// An Index is a package index as far as authentication is concerned.
type Index struct {
	// URL is the index's URL; it may carry credentials.
	URL string
	// Policy is when to authenticate.
	Policy Policy
	// Credentials, if not zero, are used rather than those of the URL.
	Credentials Credentials
}

// FromEnv returns the credentials that the environment has for the index of the
// given name: UV_INDEX_<NAME>_USERNAME and UV_INDEX_<NAME>_PASSWORD, the name in
// upper case with every character but letters and digits replaced by an
// underscore. What the environment does not have comes from the URL.
func FromEnv(name, rawURL string, getenv func(string) string) Credentials {
	_, c := Split(rawURL)
	c = c.from("the index's URL")
	if name == "" || getenv == nil {
		return c
	}
	variable := "UV_INDEX_" + envName(name)
	username, password := getenv(variable+"_USERNAME"), getenv(variable+"_PASSWORD")
	if username != "" {
		c.Source = "`" + variable + "_USERNAME`"
		if username != c.Username {
			c.Password, c.HasPassword = "", false // belongs to another user
		}
		c.Username = username
	}
	if password != "" {
		c.Password, c.HasPassword = password, true
		c.Source = "`" + variable + "_PASSWORD`"
	}
	return c
}

func envName(name string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z':
			return c - 'a' + 'A'
		case c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
			return c
		}
		return '_'
	}, name)
}

// A place is an index as the store keeps it.
type place struct {
	url    *url.URL // without credentials
	root   string   // the path below which everything belongs to the index
	policy Policy
}

// newPlace returns the place of an index. Everything beside its simple pages
// belongs to it: the files of https://example.com/a/simple/ may be anywhere
// below https://example.com/a/.
func newPlace(x Index) (place, bool) {
	u, err := url.Parse(Strip(x.URL))
	if err != nil || u.Host == "" {
		return place{}, false
	}
	root, _ := simpleRoot(u.Path)
	return place{url: u, root: root + "/", policy: x.Policy}, true
}

func (p *place) holds(u *url.URL) bool {
	return RealmOf(p.url) == RealmOf(u) && pathWithin(p.root, u.Path)
}

// pathWithin reports whether path is prefix or lies below it, by whole segments.
func pathWithin(prefix, path string) bool {
	prefix = strings.TrimSuffix(prefix, "/")
	return strings.HasPrefix(path, prefix) && (len(path) == len(prefix) || path[len(prefix)] == '/')
}

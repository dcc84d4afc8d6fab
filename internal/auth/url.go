package auth

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"
)

// mask stands for a secret in everything that is shown.
const mask = "****"

// A Realm is the part of a URL within which credentials may be reused (RFC 9110
// section 11.5): scheme, host and port, the port left out where it is the
// scheme's own.
type Realm struct {
	Scheme, Host, Port string
}

// RealmOf returns the realm of a URL.
func RealmOf(u *url.URL) Realm {
	r := Realm{Scheme: strings.ToLower(u.Scheme), Host: strings.ToLower(u.Hostname()), Port: u.Port()}
	if r.Scheme == "https" && r.Port == "443" || r.Scheme == "http" && r.Port == "80" {
		r.Port = ""
	}
	return r
}

// String returns the realm as the beginning of a URL, such as
// "https://example.com:8443".
func (r Realm) String() string {
	host := r.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if r.Port != "" {
		host += ":" + r.Port
	}
	return r.Scheme + "://" + host
}

// ParseURL parses a URL as [url.Parse] does, but its errors hold no secrets,
// and a URL in which a password must have gone astray is refused: in
// "https://user/name:secret@host/" the slash ends the host, and the password
// would be sent, and shown, as part of a path.
//
// Its path has no segments `.` and `..`, see [WithoutDots].
func ParseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(WithoutDots(raw))
	if err != nil {
		var parse *url.Error
		if errors.As(err, &parse) {
			err = parse.Err
		}
		// The reasons of package url quote what they complain about.
		reason, _, _ := strings.Cut(err.Error(), ` "`)
		return nil, fmt.Errorf("invalid URL %q: %s", Redact(raw), strings.TrimSpace(reason))
	}
	if hidesPassword(raw) {
		return nil, fmt.Errorf("ambiguous user and password in URL (not percent-encoded?): %s", Redact(raw))
	}
	return u, nil
}

// WithoutDots resolves the segments `.` and `..` of a URL's path, as everybody
// does who asks for it (RFC 3986, section 6.2.2.3): servers need not know them.
// The rest stays as it is written.
func WithoutDots(raw string) string {
	if !strings.Contains(raw, "/.") && !strings.Contains(raw, "/%2e") && !strings.Contains(raw, "/%2E") {
		return raw // nearly all
	}
	start := strings.Index(raw, "://") + len("://")
	if start < len("://") {
		return raw
	}
	slash := strings.IndexAny(raw[start:], "/?#")
	if slash < 0 || raw[start+slash] != '/' {
		return raw
	}
	start += slash + len("/")
	end := len(raw)
	if mark := strings.IndexAny(raw[start:], "?#"); mark >= 0 {
		end = start + mark
	}
	var kept []string
	last := ""
	for segment := range strings.SplitSeq(raw[start:end], "/") {
		last = strings.ReplaceAll(strings.ToLower(segment), "%2e", ".")
		switch last {
		case ".":
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		default:
			kept = append(kept, segment)
		}
	}
	path := strings.Join(kept, "/")
	if (last == "." || last == "..") && path != "" {
		path += "/"
	}
	return raw[:start] + path + raw[end:]
}

// hidesPassword reports whether what follows the authority of a URL without
// password looks as if it held one.
func hidesPassword(raw string) bool {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok || scheme == "file" || strings.HasSuffix(scheme, "+file") {
		return false
	}
	stop := strings.IndexAny(rest, "/?#")
	if stop < 0 {
		return false
	}
	if at := strings.LastIndexByte(rest[:stop], '@'); at >= 0 && strings.Contains(rest[:at], ":") {
		return false
	}
	// A port that is none is the beginning of a password.
	if colon := strings.LastIndexByte(rest[:stop], ':'); colon >= 0 && strings.Contains(rest[stop:], "@") &&
		strings.Trim(rest[colon+1:stop], "0123456789") != "" && !strings.HasSuffix(rest[:stop], "]") {
		return true
	}
	path, fragment, _ := strings.Cut(rest[stop:], "#")
	path, _, _ = strings.Cut(path, "?")
	return looksLikePassword(path) || looksLikePassword(fragment)
}

// looksLikePassword reports whether s has a colon and behind it an at sign. A
// colon before two slashes belongs to a URL within the URL.
func looksLikePassword(s string) bool {
	for {
		colon := strings.IndexByte(s, ':')
		if colon < 0 {
			return false
		}
		s = s[colon+1:]
		if !strings.HasPrefix(s, "//") {
			return strings.Contains(s, "@")
		}
	}
}

// userinfo returns where the text of user and password is in a URL: raw[start:end],
// with the at sign at end; ok is false if there is none.
func userinfo(raw string) (start, end int, ok bool) {
	start = strings.Index(raw, "://")
	if start < 0 {
		return 0, 0, false
	}
	start += len("://")
	authority := raw[start:]
	if stop := strings.IndexAny(authority, "/?#"); stop >= 0 {
		authority = authority[:stop]
	}
	at := strings.LastIndexByte(authority, '@')
	if at < 0 {
		return 0, 0, false
	}
	return start, start + at, true
}

// Split takes the credentials out of a URL. What remains is the same text
// without them. A user and password that are not valid percent-encoding are
// taken as they stand.
func Split(raw string) (clean string, c Credentials) {
	start, end, ok := userinfo(raw)
	if !ok {
		return raw, Credentials{}
	}
	username, password, has := strings.Cut(raw[start:end], ":")
	return raw[:start] + raw[end+1:], Credentials{Username: unescape(username), Password: unescape(password), HasPassword: has}
}

func unescape(s string) string {
	if text, err := url.PathUnescape(s); err == nil {
		return text
	}
	return s
}

// Strip returns a URL without its credentials, for storing and comparing. The
// conventional user "git" of SSH URLs is no credential and stays.
func Strip(raw string) string {
	if start, end, ok := userinfo(raw); ok && !isGitUser(raw, raw[start:end]) {
		return raw[:start] + raw[end+1:]
	}
	return raw
}

func isGitUser(raw, user string) bool {
	if user != "git" {
		return false
	}
	scheme, _, _ := strings.Cut(raw, "://")
	return scheme == "ssh" || scheme == "git+ssh" || scheme == "git+https"
}

// Canonical is the text of a URL for comparing repositories and archives: without
// credentials, trailing slashes and a `.git` suffix, the path unescaped, scheme
// and host in lower case and, of GitHub, which does not distinguish them, the path
// too.
func Canonical(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" {
		return raw
	}
	u.User = nil
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	u.Path = strings.TrimRight(u.Path, "/")
	if u.Host == "github.com" {
		u.Path = strings.ToLower(u.Path)
	}
	if strings.EqualFold(path.Ext(u.Path), ".git") {
		u.Path = u.Path[:len(u.Path)-len(".git")]
	}
	u.RawPath = ""
	return u.String()
}

// Join returns a URL with credentials put into it, replacing those it has.
// Tokens cannot be written so and are left out.
func Join(raw string, c Credentials) string {
	if start, end, ok := userinfo(raw); ok {
		raw = raw[:start] + raw[end+1:]
	}
	start := strings.Index(raw, "://")
	if start < 0 || c.Token != "" || c.IsZero() {
		return raw
	}
	user := url.User(c.Username)
	if c.HasPassword {
		user = url.UserPassword(c.Username, c.Password)
	}
	start += len("://")
	return raw[:start] + user.String() + "@" + raw[start:]
}

// Redact returns a URL as it may be shown: a password is replaced by ****, and
// so is a user without one, which often is a token. The values of query
// parameters that sign a request are replaced too. The text need not be a valid
// URL.
func Redact(raw string) string {
	if start, end, ok := userinfo(raw); ok && !isGitUser(raw, raw[start:end]) {
		shown := mask
		if username, _, has := strings.Cut(raw[start:end], ":"); has {
			shown = username + ":" + mask
		}
		raw = raw[:start] + shown + raw[end:]
	} else if !ok && hidesPassword(raw) {
		return raw[:strings.IndexByte(raw, ':')+1] + "***" + raw[strings.LastIndexByte(raw, '@'):]
	}
	return redactQuery(raw)
}

// RedactIn replaces every occurrence of a URL in a text, such as the output of a
// program that was given it, by its redacted form.
func RedactIn(text, raw string) string {
	if shown := Redact(raw); shown != raw {
		return strings.ReplaceAll(text, raw, shown)
	}
	return text
}

func redactQuery(raw string) string {
	mark := strings.IndexByte(raw, '?')
	if mark < 0 {
		return raw
	}
	query, fragment := raw[mark+1:], ""
	if hash := strings.IndexByte(query, '#'); hash >= 0 {
		query, fragment = query[:hash], query[hash:]
	}
	changed := false
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		key, _, has := strings.Cut(pair, "=")
		if has && isSecretParameter(unescape(key)) {
			pairs[i], changed = key+"="+mask, true
		}
	}
	if !changed {
		return raw
	}
	return raw[:mark+1] + strings.Join(pairs, "&") + fragment
}

// isSecretParameter knows the parameters of presigned URLs, of Amazon, Google
// and Azure, and what tokens are usually called.
func isSecretParameter(key string) bool {
	switch strings.ToLower(key) {
	case "x-amz-credential", "x-amz-security-token", "x-amz-signature",
		"x-goog-credential", "x-goog-signature", "sig", "access_token", "private_token":
		return true
	}
	return false
}

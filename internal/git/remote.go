package git

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/cache"
)

// A Remote is where a repository is, with the credentials for it.
type Remote struct {
	url    string // without password
	scheme string
	host   string
	user   auth.Credentials
	key    string // names it in the cache
}

// A URLError reports a URL that is not one of a repository.
type URLError struct {
	URL    string // without secrets
	Reason string
	Advice string
}

func (e *URLError) Error() string { return fmt.Sprintf("`%s`: %s", e.URL, e.Reason) }

// Hints says what to write instead.
func (e *URLError) Hints() []string {
	if e.Advice == "" {
		return nil
	}
	return []string{e.Advice}
}

// ParseRemote reads the URL of a repository, without `git+`: of the schemes
// https, http, ssh and file. The short form of ssh (`git@host:path`) is no URL.
func ParseRemote(raw string) (Remote, error) {
	if host, name, ok := scpLike(raw); ok {
		return Remote{}, &URLError{auth.Redact(raw), "it is no URL", fmt.Sprintf("write `ssh://%s/%s`, with a slash behind the host", host, name)}
	}
	u, err := auth.ParseURL(raw)
	if err != nil {
		advice := ""
		if rest, ok := strings.CutPrefix(raw, "ssh://"); ok {
			if host, name, ok := scpLike(rest); ok {
				advice = fmt.Sprintf("write `ssh://%s/%s`, with a slash behind the host", host, name)
			}
		}
		return Remote{}, &URLError{auth.Redact(raw), "it is no valid URL of a git repository", advice}
	}
	r := Remote{scheme: strings.ToLower(u.Scheme), host: strings.ToLower(u.Hostname())}
	switch r.scheme {
	case "https", "http", "ssh", "file":
	default:
		return Remote{}, &URLError{auth.Redact(raw), fmt.Sprintf("unsupported scheme `%s` of a git repository", u.Scheme), "the schemes of git repositories are https, http, ssh and file"}
	}
	u.Fragment, u.RawFragment = "", ""
	r.url = u.String()
	if r.scheme == "http" || r.scheme == "https" {
		r.url, r.user = auth.Split(r.url)
		if !r.user.HasPassword {
			r.url = auth.Join(r.url, r.user) // git asks its helpers for this user's password
		}
	}
	r.key = cache.Key(auth.Canonical(raw))
	return r, nil
}

// scpLike takes `user@host:path` apart.
func scpLike(text string) (host, name string, ok bool) {
	if strings.Contains(text, "://") {
		return "", "", false
	}
	host, name, ok = strings.Cut(text, ":")
	return host, name, ok && strings.Contains(host, "@") && !strings.Contains(host, "/")
}

// String is the URL as it may be shown.
func (r Remote) String() string {
	if r.user.HasPassword {
		return auth.Redact(auth.Join(r.url, r.user))
	}
	return auth.Redact(r.url)
}

// IsLocal reports whether the repository is on this machine.
func (r Remote) IsLocal() bool { return r.scheme == "file" }

// authority is host and port as they stand in the URL.
func (r Remote) authority() string {
	u, err := url.Parse(r.url)
	if err != nil {
		return r.host
	}
	return u.Host
}

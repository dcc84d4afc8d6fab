package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/tame-py/tame/internal/auth"
)

// A Mirror is other places of what is below a URL.
type Mirror struct {
	// Of is the URL, of an index or of files; credentials in it do not count.
	Of string
	// URLs are the places that are asked in its stead, the first one first. They may
	// carry credentials of their own.
	URLs []string
}

// mirrors know all places of what requests ask for. Requests and what is made of
// their answers name only the canonical ones: nothing that is kept depends on a
// mirror.
type mirrors []*mirrored

// mirrored is one URL with its mirrors.
type mirrored struct {
	of     string // as baseOf has it
	places []*place
}

// A place is one mirror of something.
type place struct {
	base string // as baseOf has it
	user *url.Userinfo
	// down is why there was no answer: it is passed over as long as another place has
	// one. Nil is that it is not known to be down.
	down atomic.Pointer[Error]
}

func newMirrors(list []Mirror) mirrors {
	var out mirrors
	for _, m := range list {
		one := &mirrored{of: baseOf(m.Of)}
		for _, raw := range m.URLs {
			p := &place{base: baseOf(raw)}
			if u, err := url.Parse(raw); err == nil {
				p.user = u.User
			}
			one.places = append(one.places, p)
		}
		out = append(out, one)
	}
	return out
}

// baseOf is a URL without slashes at its end, as normalized has it.
func baseOf(raw string) string { return strings.TrimRight(normalized(raw), "/") }

// normalized is a URL without what does not tell places apart: credentials, the case
// of the host, and a port that its scheme implies.
func normalized(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	u.User, u.Host = nil, strings.ToLower(u.Host)
	switch {
	case u.Scheme == "http":
		u.Host = strings.TrimSuffix(u.Host, ":80")
	case u.Scheme == "https":
		u.Host = strings.TrimSuffix(u.Host, ":443")
	}
	return u.String()
}

// below returns what of a URL stands behind a base, if it is below that.
func below(base, u string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(u, base)
	return rest, ok && (rest == "" || rest[0] == '/' || rest[0] == '?' || rest[0] == '#')
}

// of finds the mirrors of what a request asks for: those of the longest URL that it
// is below. What changes something at the server is asked of no mirror.
func (m mirrors) of(r Request) (found *mirrored, rest string) {
	if len(m) == 0 || r.Body != nil || r.Method != "" && r.Method != http.MethodGet && r.Method != http.MethodHead {
		return nil, ""
	}
	at := baseOf(r.URL)
	if strings.HasSuffix(r.URL, "/") {
		at += "/"
	}
	for _, one := range m {
		if tail, ok := below(one.of, at); ok && (found == nil || len(one.of) > len(found.of)) {
			found, rest = one, tail
		}
	}
	return found, rest
}

// Canonical is the URL that a mirror's stands for; others are returned as they are.
func (c *Client) Canonical(raw string) string {
	if len(c.mirrors) == 0 {
		return raw
	}
	u := normalized(auth.Strip(raw))
	length, out := 0, raw
	for _, one := range c.mirrors {
		for _, p := range one.places {
			if rest, ok := below(p.base, u); ok && len(p.base) > length {
				length, out = len(p.base), one.of+rest
			}
		}
	}
	return out
}

// HasMirrors reports whether Canonical may change anything.
func (c *Client) HasMirrors() bool { return len(c.mirrors) > 0 }

// anywhere makes a request one time: of the first mirror that answers, or else of
// the canonical place. No place gets the credentials of another: a mirror's own are
// in its URL, or found for its host, like those of any other. The effort is told which
// mirrors failed.
func (c *Client) anywhere(ctx context.Context, r Request, e *effort) (*Response, error) {
	m, rest := c.mirrors.of(r)
	if m == nil {
		return c.once(ctx, r)
	}
	e.mirrors = nil
	for _, p := range m.places {
		if failure := p.down.Load(); failure != nil {
			e.mirrors = append(e.mirrors, failure)
			continue
		}
		resp, err := c.once(ctx, p.request(r, rest))
		if err == nil || ctx.Err() != nil {
			return resp, err
		}
		failure, ok := c.fail(ctx, p.base+rest, err).(*Error)
		if !ok || !elsewhere(failure) {
			return nil, err
		}
		if failure.Kind != Status {
			p.down.Store(failure)
		}
		e.mirrors = append(e.mirrors, failure)
		c.options.Debug("asking the next place, as a mirror fails: %v", failure)
	}
	resp, err := c.once(ctx, r)
	if err != nil {
		for _, p := range m.places {
			p.down.Store(nil) // if it is tried again, then everywhere
		}
	}
	return resp, err
}

// request is a request as the mirror gets it.
func (p *place) request(r Request, rest string) Request {
	r.URL = p.url(rest)
	r.Header = r.Header.Clone()
	r.Header.Del("Authorization")
	r.Header.Del("Cookie")
	return r
}

func (p *place) url(rest string) string {
	u, err := url.Parse(p.base + rest)
	if err != nil {
		return p.base + rest
	}
	u.User = p.user
	return u.String()
}

// elsewhere reports whether another place may have an answer: there was none, or
// the server failed. That it has not what was asked for is an answer.
func elsewhere(e *Error) bool {
	switch e.Kind {
	case DNS, Connect, Proxy, TLS, Timeout, Interrupted:
		return true
	case Status:
		return e.Status >= 500 || e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout
	}
	return false
}

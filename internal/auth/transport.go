package auth

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// A MissingError reports a request that was not made because its index demands
// credentials ([Always]) and none were found.
type MissingError struct {
	URL string // redacted
	// Username is the user for whom no password was found, or "".
	Username string
}

func (e *MissingError) Error() string {
	if e.Username != "" {
		return fmt.Sprintf("missing password for user %q of %s", e.Username, e.URL)
	}
	return "missing credentials for " + e.URL
}

// Hints tells where credentials can be put.
func (e *MissingError) Hints() []string {
	return []string{"the index is configured with `authenticate = \"always\"`: provide credentials in its URL, " +
		"with `UV_INDEX_<NAME>_USERNAME` and `UV_INDEX_<NAME>_PASSWORD`, with `auth login`, in a netrc file or through a keyring"}
}

// Transport returns a round tripper that authenticates requests and sends them
// with next. Credentials that a request's URL carries are moved to its header;
// they are not part of the URL that next sees.
//
// A request that may have to be repeated must have a nil Body or a GetBody.
func (s *Store) Transport(next http.RoundTripper) http.RoundTripper {
	return &transport{store: s, next: next}
}

type transport struct {
	store *Store
	next  http.RoundTripper
}

// A trip is one request on its way through the transport.
type trip struct {
	*transport
	req   *http.Request
	url   *url.URL // without credentials
	index *place
}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	clean := *req.URL
	clean.User = nil
	r := &trip{transport: t, req: req, url: &clean, index: t.store.placeOf(&clean)}
	own := requestCredentials(req)
	switch {
	case r.policy() == Never:
		return r.send(own)
	case own.Complete():
		return r.sendNew(own)
	case own.Username != "":
		return r.withUsername(own)
	case foreignScheme(req):
		return t.next.RoundTrip(req)
	}
	return r.withNothing()
}

// requestCredentials returns what the request carries, in URL or header.
func requestCredentials(req *http.Request) Credentials {
	if user := req.URL.User; user != nil {
		password, has := user.Password()
		if c := (Credentials{Username: user.Username(), Password: password, HasPassword: has}); !c.IsZero() {
			return c.from("the URL")
		}
	}
	return fromHeader(req.Header.Get("Authorization"))
}

// foreignScheme reports whether the caller authenticates in a way of its own.
func foreignScheme(req *http.Request) bool {
	return req.Header.Get("Authorization") != "" && requestCredentials(req).IsZero()
}

func (r *trip) policy() Policy {
	if r.index == nil {
		return Auto
	}
	return r.index.policy
}

// sentKey is what a request's context knows its credentials by.
type sentKey struct{}

// Sent returns the credentials that a request was made with whose response came
// through a store's transport.
func Sent(resp *http.Response) Credentials {
	if resp.Request == nil {
		return Credentials{}
	}
	c, _ := resp.Request.Context().Value(sentKey{}).(Credentials)
	return c
}

// send makes the request with the given credentials, or without.
func (r *trip) send(c Credentials) (*http.Response, error) {
	ctx := r.req.Context()
	if !c.IsZero() {
		ctx = context.WithValue(ctx, sentKey{}, c)
	}
	req := r.req.Clone(ctx)
	req.URL = r.url
	req.Header.Del("Authorization")
	switch {
	case c.Signer != nil:
		if err := c.Signer.Sign(ctx, req); err != nil {
			return nil, fmt.Errorf("authenticating for %s: %w", RealmOf(r.url), err)
		}
	case !c.IsZero():
		req.Header.Set("Authorization", c.Header())
	}
	if r.req.GetBody != nil {
		body, err := r.req.GetBody()
		if err != nil {
			return nil, err
		}
		req.Body = body
	}
	return r.next.RoundTrip(req)
}

// sendNew makes the request and remembers the credentials if they work.
func (r *trip) sendNew(c Credentials) (*http.Response, error) {
	if r.policy() == Always && !c.Complete() {
		return nil, &MissingError{URL: Redact(r.url.String()), Username: c.Username}
	}
	resp, err := r.send(c)
	if err == nil && resp.StatusCode < 400 {
		r.store.remember(r.url, c)
	}
	return resp, err
}

// withUsername handles a request that names a user and no password: it would
// fail, so the password is looked for first.
func (r *trip) withUsername(own Credentials) (*http.Response, error) {
	s := r.store
	if r.index != nil {
		if c, ok := s.forURL(r.index.url, own.Username); ok {
			return r.send(c)
		}
	} else if c, ok := s.forRealm(r.url, own.Username); ok {
		return r.send(c)
	}
	if c, ok := s.forURL(r.url, own.Username); ok {
		return r.send(c)
	}
	c, ok, err := s.search(r.req.Context(), r.url, r.index, own.Username)
	if err != nil {
		return nil, err
	}
	if ok {
		return r.sendNew(c)
	}
	if c, ok := s.forRealm(r.url, own.Username); ok {
		return r.send(c)
	}
	return r.sendNew(own)
}

// withNothing handles a request without credentials.
func (r *trip) withNothing() (*http.Response, error) {
	s := r.store
	known, _ := s.forURL(r.url, "")
	if known.Complete() {
		return r.send(known)
	}
	var refused *http.Response
	// Dependabot adds credentials to requests on their way, unseen from here.
	if r.policy() != Always || s.options.Getenv("DEPENDABOT") == "true" {
		resp, err := r.send(known)
		if err != nil || !refuses(resp.StatusCode) {
			return resp, err
		}
		refused = resp
	}
	c, fresh, err := r.find(known)
	switch {
	case err != nil:
		discard(refused)
		return nil, err
	case c.Complete():
		discard(refused)
		if fresh {
			return r.sendNew(c)
		}
		return r.send(c)
	case refused != nil:
		return refused, nil
	}
	return nil, &MissingError{URL: Redact(r.url.String()), Username: known.Username}
}

// find looks for credentials in what is known of the index and the realm, then
// outside. fresh tells that they have not been used yet.
func (r *trip) find(known Credentials) (c Credentials, fresh bool, err error) {
	s := r.store
	if r.index != nil {
		if c, ok := s.forURL(r.index.url, known.Username); ok && c.Complete() {
			return c, false, nil
		}
	}
	c, _ = s.forRealm(r.url, known.Username)
	if c.Complete() {
		return c, false, nil
	}
	username := known.Username
	if username == "" {
		username = c.Username
	}
	found, _, err := s.search(r.req.Context(), r.url, r.index, username)
	return found, true, err
}

// refuses reports whether a status may mean that credentials are wanted. Some
// indexes hide what one may not see behind 404.
func refuses(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusNotFound
}

// discard ends a response that is not passed on, such that its connection can
// be used again.
func discard(resp *http.Response) {
	if resp != nil {
		_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
		_ = resp.Body.Close()
	}
}

// Find returns the credentials for a URL for use outside of HTTP, as by git: the
// URL's own if they are complete, else what is known, else what a search finds.
// The error is the context's.
func (s *Store) Find(ctx context.Context, rawURL string) (Credentials, error) {
	clean, own := Split(rawURL)
	u, err := url.Parse(clean)
	own = own.from("the URL")
	if err != nil || u.Host == "" || own.Complete() {
		return own, nil
	}
	if c, ok := s.forURL(u, own.Username); ok && c.Complete() {
		return c, nil
	}
	if c, ok := s.forRealm(u, own.Username); ok && c.Complete() {
		return c, nil
	}
	c, ok, err := s.search(ctx, u, s.placeOf(u), own.Username)
	if err != nil || !ok {
		return own, err
	}
	return c, nil
}

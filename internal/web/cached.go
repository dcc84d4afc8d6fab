package web

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/fsx"
)

// Mode says how far what is stored may be used instead of asking the server.
type Mode uint8

const (
	// Normal uses what is stored as long as it is fresh, and asks the server
	// whether it still holds when it is not.
	Normal Mode = iota
	// Revalidate asks the server in every case.
	Revalidate
	// AllowStale uses what is stored whatever its age.
	AllowStale
)

// A CachedRequest is a GET whose answer, or what was made of it, is kept in a
// file.
type CachedRequest struct {
	Request
	// File is the path of the entry; its folder is made when need be. If it is
	// empty nothing is kept.
	File string
	// Mode is how far the entry may be used. An offline client uses it
	// whatever its age.
	Mode Mode
	// Stale, if not nil, says of an entry that was last confirmed at some time
	// whether the server must be asked although it may be fresh (--refresh).
	// What the server called immutable is not asked for again.
	Stale func(confirmed time.Time) bool
	// CacheControl, if not empty, takes the place of the server's header of
	// that name.
	CacheControl string
	// Transform makes the payload from a new answer; nil keeps the body as it
	// is. It must read what it needs of the body, and need not close it. Its
	// error is returned and nothing is kept, but errors of reading the body are
	// retried. It may be called more than once.
	Transform func(ctx context.Context, resp *Response) ([]byte, error)
	// Check looks at a payload that is stored, when it is not nil. False means
	// that it cannot be used, as after a change of format. Check must find
	// damage too: such payloads get no checksum from here.
	Check func(payload []byte) bool
	// Remake, if not nil, looks at a payload that is stored and may be used, after
	// Check: it returns what is stored and returned instead, or nil if it is to
	// stay. With an error it is as if nothing was stored.
	Remake func(payload []byte) ([]byte, error)
}

// Cached returns what is stored if it may be used, and else asks the server,
// stores the payload and returns it. The payload may be read in place; it begins
// at the file's first byte. A file that is damaged, or that cannot be written,
// is as if there was none.
func (c *Client) Cached(ctx context.Context, r CachedRequest) ([]byte, error) {
	e := c.look(r)
	if e.state == usable {
		if payload, err := c.remake(r, e.payload, &e.policy); err == nil {
			return payload, nil
		}
		e = entry{}
	}
	if c.options.Offline {
		return nil, &Error{URL: auth.Redact(r.URL), Kind: Offline}
	}
	return c.ask(ctx, r, e)
}

// Stored returns the payload if it can be used without asking the server. It
// makes no request and costs the reading of one file.
func (c *Client) Stored(r CachedRequest) (payload []byte, ok bool) {
	e := c.look(r)
	return e.payload, e.state == usable
}

// An entry is what was found in the cache.
type entry struct {
	state   state
	file    []byte
	payload []byte
	policy  policy
	forced  bool // although it may be fresh
}

// state is what can be done with an entry.
type state uint8

const (
	absent state = iota
	stale        // to be confirmed by the server
	usable
)

// look reads the entry.
func (c *Client) look(r CachedRequest) (e entry) {
	if r.File == "" {
		return e
	}
	file, err := fsx.ReadFile(r.File)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			c.options.Debug("reading the cache: %v", err)
		}
		return e
	}
	payload, p, ok := parseEntry(file)
	if !ok || !p.matches(r.Request, auth.Strip(r.URL)) || r.Check != nil && !r.Check(payload) {
		c.options.Debug("the cache entry for %s at %s cannot be used", auth.Redact(r.URL), r.File)
		return e
	}
	e = entry{state: stale, file: file, payload: payload, policy: p}
	switch {
	case c.options.Offline || r.Mode == AllowStale:
		e.state = usable
	case r.Mode == Revalidate:
		e.forced = true
	case !p.fresh(r.CacheControl, c.options.Now()):
	case !p.immutable && r.Stale != nil && r.Stale(time.UnixMilli(p.received)):
		e.forced = true
	default:
		e.state = usable
	}
	return e
}

// requestHeader returns the header of a request that an answer may vary by.
func requestHeader(r Request) http.Header {
	h := r.Header.Clone()
	if h == nil {
		h = http.Header{}
	}
	if r.Accept != "" {
		h.Set("Accept", r.Accept)
	}
	return h
}

// ask makes the request, conditional on what is stored if there is something,
// until an answer could be read.
func (c *Client) ask(ctx context.Context, r CachedRequest, old entry) ([]byte, error) {
	e := &effort{limit: max(c.options.Retries, 0)}
	conditional := old.state == stale
	for {
		request := r.Request
		request.Header = requestHeader(r.Request)
		if old.forced || r.Mode == Revalidate {
			request.Header.Set("Cache-Control", "no-cache")
		}
		if conditional {
			old.policy.validate(request.Header)
		}
		resp, err := c.try(ctx, request, e)
		if err != nil {
			return nil, err
		}
		if resp.Status == http.StatusNotModified {
			_ = resp.Body.Close()
			if !conditional {
				return nil, c.fail(ctx, r.URL, errors.New("the server answered 304 Not Modified to a request without conditions"))
			}
			if fresh, ok := old.policy.confirm(r.Request, auth.Strip(r.URL), resp, r.CacheControl, c.options.Now()); ok {
				c.confirm(r, old, &fresh)
				if payload, err := c.remake(r, old.payload, &fresh); err == nil {
					return payload, nil
				}
			}
			conditional = false // it speaks of something else than what is stored, or of what cannot be used
			continue
		}
		if r.Large {
			resp = c.resumable(ctx, r.Request, resp, e)
		}
		made, err := c.transform(ctx, r, resp)
		if err == nil {
			return made, nil
		}
		if kind := kindOf(err); kind != Interrupted && kind != Timeout || errors.As(err, new(*Error)) {
			return nil, err // not of the body, or of a request that was retried already
		}
		if err := c.again(ctx, r.URL, e, err); err != nil {
			return nil, err
		}
	}
}

// remake returns a stored payload, or what takes its place.
func (c *Client) remake(r CachedRequest, payload []byte, p *policy) ([]byte, error) {
	if r.Remake == nil {
		return payload, nil
	}
	made, err := r.Remake(payload)
	switch {
	case err != nil:
		c.options.Debug("the cache entry for %s at %s cannot be used: %v", auth.Redact(r.URL), r.File, err)
		return nil, err
	case made == nil:
		return payload, nil
	}
	c.store(r, made, p)
	return made, nil
}

// transform makes the payload of an answer and stores it.
func (c *Client) transform(ctx context.Context, r CachedRequest, resp *Response) ([]byte, error) {
	defer resp.Body.Close()
	p, storable := newPolicy(r.Request, auth.Strip(r.URL), resp, r.CacheControl, c.options.Now())
	var payload []byte
	var err error
	if r.Transform != nil {
		payload, err = r.Transform(ctx, resp)
	} else {
		payload, err = ReadAll(resp)
	}
	if err != nil {
		return nil, err
	}
	if storable {
		c.store(r, payload, &p)
	}
	return payload, nil
}

// store writes the entry. A cache that cannot be written is no reason to fail.
func (c *Client) store(r CachedRequest, payload []byte, p *policy) {
	if r.File == "" {
		return
	}
	file := appendEntry(payload, p, r.Check != nil)
	err := fsx.WriteFile(r.File, file, 0o666)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(filepath.Dir(r.File), 0o777); err == nil {
			err = fsx.WriteFile(r.File, file, 0o666)
		}
	}
	if err != nil {
		c.options.Warn(fmt.Sprintf("failed to write to the cache: %v", err))
	}
}

// confirm notes that an entry still holds.
func (c *Client) confirm(r CachedRequest, old entry, p *policy) {
	if p.sameBut(&old.policy) && touch(r.File, old.file, p) {
		return
	}
	c.store(r, slices.Clip(old.payload), p) // the old entry lies behind it
}

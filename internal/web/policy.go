package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A policy is what RFC 9111 wants to know about a stored answer, for a private
// cache. Freshness is computed when the answer is stored, so that reading it is
// a comparison.
type policy struct {
	url      uint64 // hash of the URL, without credentials
	received int64  // milliseconds since 1970, of the answer or its last confirmation
	age      int64  // seconds that the answer was old when it was received
	lifetime int64  // seconds from its making for which it may be used unasked
	noCache  bool   // never to be used unasked
	// immutable: as long as it is fresh nobody need ask (RFC 8246), not even
	// who wants everything confirmed.
	immutable bool
	etag      string // validators, as received
	modified  string
	vary      string // names of request headers, as received
	varied    uint64 // hash of their values in the request
}

// newPolicy returns the policy of an answer, and whether it may be stored at all
// (RFC 9111 section 3). control, if not empty, takes the place of the answer's
// Cache-Control.
func newPolicy(request Request, rawURL string, resp *Response, control string, now time.Time) (policy, bool) {
	h := resp.Header
	d := parseCacheControl(strings.Join(h.Values("Cache-Control"), ","))
	if control != "" {
		d = parseCacheControl(control)
	}
	p := policy{
		url: hashText(rawURL), received: now.UnixMilli(), noCache: d.noCache,
		etag: h.Get("ETag"), modified: h.Get("Last-Modified"), vary: strings.Join(h.Values("Vary"), ","),
	}
	if control == "" && len(h.Values("Cache-Control")) == 0 && strings.Contains(h.Get("Pragma"), "no-cache") {
		p.noCache = true
	}
	p.varied = varyHash(p.vary, request)
	date := now
	if t, err := http.ParseTime(h.Get("Date")); err == nil {
		date = t
		p.age = max(now.Unix()-date.Unix(), 0) // the apparent age, section 4.2.3
	}
	if age, err := strconv.ParseInt(h.Get("Age"), 10, 64); err == nil && age > p.age {
		p.age = age
	}
	switch {
	case d.hasMaxAge:
		p.lifetime = d.maxAge
	case h.Get("Expires") != "" && control == "":
		if t, err := http.ParseTime(h.Get("Expires")); err == nil {
			p.lifetime = max(t.Unix()-date.Unix(), 0)
		}
	}
	if d.broken {
		p.lifetime = 0 // section 4.2.1: what contradicts itself is stale
	}
	p.immutable = d.immutable
	// A part of a file may be stored because what is stored is never the part,
	// but what was made of it and of other parts asked for meanwhile.
	known := resp.Status == http.StatusOK || resp.Status == http.StatusPartialContent
	return p, !d.noStore && known && strings.TrimSpace(p.vary) != "*"
}

// confirm returns the policy after a 304 answer, which brings it up to date
// (section 4.3.4), and whether the answer is about what is stored.
func (p *policy) confirm(request Request, rawURL string, resp *Response, control string, now time.Time) (policy, bool) {
	fresh, _ := newPolicy(request, rawURL, resp, control, now)
	if p.etag != "" && fresh.etag != "" && weak(p.etag) != weak(fresh.etag) ||
		p.etag == "" && p.modified != "" && fresh.modified != "" && p.modified != fresh.modified {
		return fresh, false
	}
	if fresh.etag == "" {
		fresh.etag = p.etag
	}
	if fresh.modified == "" {
		fresh.modified = p.modified
	}
	if fresh.vary == "" {
		fresh.vary, fresh.varied = p.vary, varyHash(p.vary, request)
	}
	return fresh, true
}

// sameBut reports whether two policies differ in their times at most.
func (p *policy) sameBut(other *policy) bool {
	a, b := *p, *other
	a.received, a.age, a.lifetime = b.received, b.age, b.lifetime
	return a == b
}

func weak(etag string) string { return strings.TrimPrefix(etag, "W/") }

// validate adds the conditions to a request under which the server need not send
// the answer again.
func (p *policy) validate(h http.Header) {
	if p.etag != "" {
		h.Set("If-None-Match", p.etag)
	}
	if p.modified != "" {
		h.Set("If-Modified-Since", p.modified)
	}
}

// matches reports whether the stored answer is one to this request.
func (p *policy) matches(request Request, rawURL string) bool {
	return p.url == hashText(rawURL) && (p.vary == "" || p.varied == varyHash(p.vary, request))
}

// fresh reports whether the answer may be used without asking. control, if not
// empty, overrides what the server said.
func (p *policy) fresh(control string, now time.Time) bool {
	lifetime, noCache := p.lifetime, p.noCache
	if control != "" {
		d := parseCacheControl(control)
		lifetime, noCache = d.maxAge, d.noCache || d.noStore
	}
	age := (now.UnixMilli() - p.received) / 1000
	if age < -60 {
		return false // the clock was set back: nothing is known
	}
	return !noCache && max(age, 0)+p.age < lifetime
}

// varyHash hashes the values of the named request headers. Encodings are left
// out: what is stored is decompressed.
func varyHash(vary string, request Request) uint64 {
	if vary == "" || strings.EqualFold(vary, "Accept-Encoding") {
		return 0
	}
	var values strings.Builder
	header := requestHeader(request)
	for name := range strings.SplitSeq(vary, ",") {
		name = http.CanonicalHeaderKey(strings.TrimSpace(name))
		if name == "Accept-Encoding" || name == "" {
			continue
		}
		values.WriteString(name + "\x00" + strings.Join(header.Values(name), "\x00") + "\x01")
	}
	return hashText(values.String())
}

// hashText tells texts apart that are stored side by side.
func hashText(s string) uint64 { return checksum([]byte(s)) }

// directives are those of Cache-Control that a private cache obeys.
type directives struct {
	noStore, noCache, immutable, hasMaxAge bool
	maxAge                                 int64
	broken                                 bool // a value makes no sense
}

// parseCacheControl reads the header (RFC 9111 section 5.2). must-revalidate
// needs no mention: this cache never uses stale answers while it is online.
func parseCacheControl(value string) (d directives) {
	for value != "" {
		var name, arg string
		name, arg, value = nextDirective(value)
		switch strings.ToLower(name) {
		case "no-store":
			d.noStore = true
		case "no-cache":
			d.noCache = true // with field names it would be about those; too rare to tell apart
		case "immutable":
			d.immutable = true
		case "max-age":
			seconds, err := strconv.ParseUint(arg, 10, 64)
			if err != nil && !errors.Is(err, strconv.ErrRange) || d.hasMaxAge {
				d.broken = true
			}
			d.maxAge, d.hasMaxAge = int64(min(seconds, 1<<40)), true
		}
	}
	return d
}

// nextDirective splits off a directive with its argument, which may be quoted.
func nextDirective(s string) (name, arg, rest string) {
	s = strings.TrimLeft(s, " \t,")
	end := strings.IndexAny(s, ",=")
	if end < 0 {
		return strings.TrimSpace(s), "", ""
	}
	name = strings.TrimSpace(s[:end])
	if s[end] == ',' {
		return name, "", s[end+1:]
	}
	s = strings.TrimLeft(s[end+1:], " \t")
	if !strings.HasPrefix(s, `"`) {
		arg, rest, _ = strings.Cut(s, ",")
		return name, strings.TrimSpace(arg), rest
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
			_, rest, _ = strings.Cut(s[i+1:], ",")
			return name, b.String(), rest
		default:
			b.WriteByte(s[i])
		}
	}
	return name, b.String(), ""
}

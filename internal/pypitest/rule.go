package pypitest

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Rule makes requests fail. Its zero fields change nothing. The first rule
// that matches a request and is not used up applies.
type Rule struct {
	// Path is a pattern in which '*' stands for any text. Without a leading
	// '/' it may match from any '/' of the path on: "flask/" is the page of
	// flask, "*.whl" any wheel.
	Path   string
	Method string // any, if empty
	Skip   int    // let as many requests through first
	Times  int    // apply as often; always, if 0

	Status      int
	RetryAfter  string // that header
	Redirect    string // answer 302, or Status, with this Location
	ContentType string
	Header      http.Header
	Body        []byte // instead of the true one
	Corrupt     bool   // change one byte in the middle
	NoRange     bool   // answer 200 with the whole file although a range was asked for
	Chunked     bool   // do not say how long the body is

	Delay         time.Duration // before the answer
	Hang          bool          // never answer
	Gather        int           // answer none until as many wait at once
	Truncate      int           // send as many bytes, then close although more was announced
	Reset         int           // send as many bytes, then reset the connection
	Drip          int           // send as many bytes at a time …
	DripEvery     time.Duration // … and wait in between
	truncateAtAll bool
	crowd         *crowd
}

// A crowd is the requests that wait for each other.
type crowd struct {
	mu      sync.Mutex
	waiting int
	full    chan struct{}
}

// wait returns when as many requests as needed are waiting, and reports whether the
// client is still there.
func (c *crowd) wait(r *http.Request, needed int) bool {
	c.mu.Lock()
	if c.waiting++; c.waiting == needed {
		close(c.full)
	}
	c.mu.Unlock()
	select {
	case <-c.full:
		return true
	case <-r.Context().Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.full: // the others are gone on
	default:
		c.waiting--
	}
	return false
}

// Fail adds rules.
func (s *Server) Fail(rules ...Rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range rules {
		r.crowd = &crowd{full: make(chan struct{})}
		s.rules = append(s.rules, &r)
	}
}

// rule returns the rule for a request.
func (s *Server) rule(r *http.Request) *Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, rule := range s.rules {
		if !match(rule.Path, r.URL.Path) || rule.Method != "" && rule.Method != r.Method {
			continue
		}
		if rule.Skip > 0 {
			rule.Skip--
			continue
		}
		applied := *rule
		if rule.Times == 1 {
			s.rules = slices.Delete(s.rules, i, i+1)
		} else if rule.Times > 1 {
			rule.Times--
		}
		return &applied
	}
	return nil
}

// match reports whether a pattern, as in Rule, matches a path.
func match(pattern, path string) bool {
	if strings.HasPrefix(pattern, "/") {
		return glob(pattern, path)
	}
	for i := range len(path) {
		if path[i] == '/' && glob(pattern, path[i+1:]) {
			return true
		}
	}
	return false
}

func glob(pattern, s string) bool {
	head, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == s
	}
	if !strings.HasPrefix(s, head) {
		return false
	}
	for i := len(head); i <= len(s); i++ {
		if glob(rest, s[i:]) {
			return true
		}
	}
	return false
}

// change makes the answer what the rule says.
func (rule *Rule) change(a *answer) {
	if rule.Status != 0 {
		a.status = rule.Status
		if rule.Status >= 400 {
			a.body = []byte(http.StatusText(rule.Status) + "\n")
			a.header.Set("Content-Type", "text/plain")
			a.header.Del("Etag")
		}
	}
	if rule.RetryAfter != "" {
		a.header.Set("Retry-After", rule.RetryAfter)
	}
	if rule.Redirect != "" {
		if rule.Status == 0 {
			a.status = http.StatusFound
		}
		a.body = nil
		a.header.Set("Location", rule.Redirect)
	}
	if rule.Body != nil {
		a.body = rule.Body
	}
	if rule.ContentType != "" {
		a.header.Set("Content-Type", rule.ContentType)
	}
	if rule.Corrupt && len(a.body) > 0 {
		a.body = slices.Clone(a.body)
		a.body[len(a.body)/2] ^= 0x55
	}
	for key, values := range rule.Header {
		a.header[key] = values
	}
}

// write sends the answer as badly as the rule says.
func (rule *Rule) write(w http.ResponseWriter, r *http.Request, a answer) {
	if rule.Hang {
		<-r.Context().Done()
		return
	}
	if !pause(r, rule.Delay) || rule.Gather > 0 && !rule.crowd.wait(r, rule.Gather) {
		return
	}
	switch {
	case rule.Truncate > 0 || rule.truncateAtAll:
		rule.head(w, a)
		_, _ = w.Write(a.body[:min(rule.Truncate, len(a.body))])
		flush(w)
		panic(http.ErrAbortHandler)
	case rule.Reset > 0:
		rule.head(w, a)
		_, _ = w.Write(a.body[:min(rule.Reset-1, len(a.body))])
		flush(w)
		reset(w)
	case rule.Chunked:
		for key, values := range a.header {
			w.Header()[key] = values
		}
		w.WriteHeader(a.status)
		flush(w)
		_, _ = w.Write(a.body)
	case rule.Drip > 0:
		rule.head(w, a)
		for chunk := range slices.Chunk(a.body, rule.Drip) {
			if _, err := w.Write(chunk); err != nil {
				return
			}
			flush(w)
			if !pause(r, rule.DripEvery) {
				return
			}
		}
	default:
		a.write(w, r)
	}
}

// head sends status and header, announcing the whole body.
func (*Rule) head(w http.ResponseWriter, a answer) {
	for key, values := range a.header {
		w.Header()[key] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
}

func flush(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }

// reset closes the connection without saying goodbye.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// pause waits, and reports whether the client is still there.
func pause(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// ParseRule reads a rule as scripts write it: a pattern and what to do, such
// as "flask/ 503 times=2 retry-after=1". The words are
//
//	STATUS retry-after=N redirect=URL type=CONTENT-TYPE body=TEXT corrupt
//	no-range chunked delay=DURATION hang gather=N truncate=N reset=N drip=N/DURATION
//	method=METHOD skip=N times=N
func ParseRule(words []string) (Rule, error) {
	if len(words) < 2 {
		return Rule{}, fmt.Errorf("a rule needs a pattern and what to do")
	}
	rule := Rule{Path: words[0]}
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, "=")
		if err := rule.set(key, value); err != nil {
			return rule, fmt.Errorf("%q: %w", word, err)
		}
	}
	return rule, nil
}

func (rule *Rule) set(key, value string) (err error) {
	switch key {
	case "retry-after":
		rule.RetryAfter = value
	case "redirect":
		rule.Redirect = value
	case "type":
		rule.ContentType = value
	case "body":
		rule.Body = []byte(value)
	case "corrupt":
		rule.Corrupt = true
	case "no-range":
		rule.NoRange = true
	case "chunked":
		rule.Chunked = true
	case "delay":
		rule.Delay, err = time.ParseDuration(value)
	case "hang":
		rule.Hang = true
	case "gather":
		rule.Gather, err = strconv.Atoi(value)
	case "truncate":
		rule.Truncate, err = strconv.Atoi(value)
		rule.truncateAtAll = true
	case "reset":
		rule.Reset, err = strconv.Atoi(value)
		rule.Reset++
	case "drip":
		size, every, _ := strings.Cut(value, "/")
		if rule.Drip, err = strconv.Atoi(size); err == nil && every != "" {
			rule.DripEvery, err = time.ParseDuration(every)
		}
	case "method":
		rule.Method = value
	case "skip":
		rule.Skip, err = strconv.Atoi(value)
	case "times":
		rule.Times, err = strconv.Atoi(value)
	default:
		if rule.Status, err = strconv.Atoi(key); err != nil {
			err = fmt.Errorf("no such rule")
		}
	}
	return err
}

package load

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
)

// A maker makes the requests of a plan.
type maker struct {
	plan   *Plan
	host   string // the Host field
	target pattern
	fields []field
	body   pattern
	closes bool
	whole  []byte // the request as HTTP/1.1, where all are the same
}

type field struct {
	name  string
	value pattern
}

// A request is one of them, in parts.
type request struct {
	method string
	target []byte
	fields []field
	body   []byte
}

func newMaker(p *Plan) (*maker, error) {
	m := &maker{plan: p, host: p.URL.Host, closes: p.NoKeepAlive}
	target := p.URL.RequestURI()
	if p.Template { // the braces must have survived the parsing of the URL
		target = braces.Replace(target)
	}
	var err error
	if m.target, err = m.pattern(target); err != nil {
		return nil, err
	}
	if m.body, err = m.pattern(string(p.Body)); err != nil {
		return nil, err
	}
	for _, h := range p.Headers {
		if strings.EqualFold(h.Name, "Host") {
			m.host = h.Value
			continue
		}
		value, err := m.pattern(h.Value)
		if err != nil {
			return nil, err
		}
		m.fields = append(m.fields, field{h.Name, value})
	}
	if p.Trace == nil && m.fixed() {
		m.whole = m.append(nil, 0)
	}
	return m, nil
}

var braces = strings.NewReplacer("%7B", "{", "%7D", "}", "%7b", "{", "%7d", "}", "%20", " ")

func (m *maker) pattern(text string) (pattern, error) {
	if !m.plan.Template {
		return pattern{{text: text}}, nil
	}
	return parsePattern(text, m.plan.Data)
}

func (m *maker) fixed() bool {
	for _, f := range m.fields {
		if !f.value.fixed() {
			return false
		}
	}
	return m.target.fixed() && m.body.fixed()
}

// values are those of the nth request. They depend on nothing else, so that a
// plan sends the same in each run.
func (m *maker) values(n int64) *values {
	v := &values{n: n, random: rand.NewPCG(m.plan.Seed, uint64(n)+2)}
	if t := m.plan.Data; t != nil {
		v.row = t.Rows[n%int64(len(t.Rows))]
	}
	return v
}

// request is the nth one, in parts.
func (m *maker) request(n int64, v *values) request {
	r := request{method: m.plan.Method, fields: m.fields}
	var arrival Arrival
	if m.plan.Trace != nil {
		arrival = m.plan.Trace[n]
	}
	if r.target = []byte(arrival.Target); len(r.target) == 0 {
		r.target = m.target.append(nil, v, cleanTarget)
	}
	if r.body = arrival.Body; r.body == nil {
		r.body = m.body.append(nil, v, cleanNothing)
	}
	if arrival.Method != "" {
		r.method = arrival.Method
	}
	return r
}

// append appends the nth request as HTTP/1.1 (RFC 9112, section 3).
func (m *maker) append(dst []byte, n int64) []byte {
	if m.whole != nil {
		return append(dst, m.whole...)
	}
	v := m.values(n)
	r := m.request(n, v)
	dst = append(append(dst, r.method...), ' ')
	dst = append(append(dst, r.target...), " HTTP/1.1\r\nHost: "...)
	dst = append(append(dst, m.host...), "\r\n"...)
	length := len(r.body) > 0 || r.method == "POST" || r.method == "PUT" || r.method == "PATCH"
	for _, f := range r.fields {
		dst = append(append(dst, f.name...), ": "...)
		dst = append(f.value.append(dst, v, cleanField), "\r\n"...)
		if strings.EqualFold(f.name, "Content-Length") || strings.EqualFold(f.name, "Transfer-Encoding") {
			length = false // the plan's own, right or wrong
		}
	}
	if length {
		dst = append(strconv.AppendInt(append(dst, "Content-Length: "...), int64(len(r.body)), 10), "\r\n"...)
	}
	if m.closes {
		dst = append(dst, "Connection: close\r\n"...)
	}
	return append(append(dst, "\r\n"...), r.body...)
}

// bodiless reports whether the answer to the nth request has no body.
func (m *maker) bodiless(n int64) bool {
	if m.plan.Trace != nil && m.plan.Trace[n].Method != "" {
		return m.plan.Trace[n].Method == "HEAD"
	}
	return m.plan.Method == "HEAD"
}

// standard is the nth request as net/http's.
func (m *maker) standard(n int64) (*http.Request, error) {
	v := m.values(n)
	r := m.request(n, v)
	out, err := http.NewRequest(r.method, m.plan.URL.Scheme+"://"+m.plan.URL.Host+string(r.target), bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	if len(r.body) == 0 {
		out.Body, out.ContentLength = nil, 0
	}
	out.Host = m.host
	for _, f := range r.fields {
		out.Header.Add(f.name, string(f.value.append(nil, v, cleanField)))
	}
	return out, nil
}

// isToken reports whether s is a token of RFC 9110, section 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		if !isTokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

func isTokenByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

func isFieldValue(s string) bool { return !strings.ContainsAny(s, "\r\n\x00") }

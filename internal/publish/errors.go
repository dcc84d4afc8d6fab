package publish

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/web"
)

// A SendError tells why an upload failed.
type SendError struct {
	Path    string // of the file
	URL     string // redacted where it is shown
	Status  int    // of the answer, 0 if there was none
	Message string // what the server says
	Err     error  // what happened, if there was no answer
	Refused string // the credentials that the server does not accept, in words

	passes bool          // trying again may help
	broken bool          // the server may have received the file
	after  time.Duration // how long to wait at least
	unsure bool          // an earlier try was broken, and nobody can tell
}

// Error implements error.
func (e *SendError) Error() string {
	text := fmt.Sprintf("failed to publish `%s` to %s: ", e.Path, auth.Redact(e.URL))
	if e.Err != nil {
		return text + e.Err.Error()
	}
	status := strconv.Itoa(e.Status)
	if name := http.StatusText(e.Status); name != "" {
		status += " " + name
	}
	switch e.Status {
	case http.StatusMethodNotAllowed:
		text += "uploads are not supported by the endpoint (status code " + status + ")"
	case http.StatusUnauthorized, http.StatusForbidden:
		text += "permission denied (status code " + status + ")"
	default:
		text += "server returned status code " + status
	}
	if e.Message != "" {
		text += ". Server says: " + e.Message
	}
	return text
}

// Unwrap returns what happened.
func (e *SendError) Unwrap() error { return e.Err }

// Hints says what can be done.
func (e *SendError) Hints() []string {
	var out []string
	said := strings.ToLower(e.Message)
	switch {
	case e.Status == http.StatusMethodNotAllowed:
		out = append(out, "this looks like the URL of the index that packages are installed from: uploads have a URL of their own")
	case e.Status == http.StatusUnauthorized, e.Status == http.StatusForbidden:
		if e.Refused != "" {
			out = append(out, "the server does not accept the credentials: "+e.Refused)
		}
		out = append(out, "a token is given with `--token` or `UV_PUBLISH_TOKEN`; as a password it goes with the username `__token__`")
	case e.Status == http.StatusConflict, e.Status == http.StatusBadRequest && (strings.Contains(said, "exist") || strings.Contains(said, "already")):
		out = append(out, "with `--check-url` files that the index has are skipped; other content needs another version")
	case e.Status == http.StatusRequestEntityTooLarge:
		out = append(out, "the file is larger than the server takes")
	}
	if e.unsure {
		out = append(out, "an upload of this file broke off and may have been received all the same: `--check-url` lets it be looked up")
	}
	return out
}

// judge tells which credentials were sent with what failed, and keeps them out
// of what the server says.
func (e *SendError) judge(c auth.Credentials) {
	if e != nil {
		e.Refused, e.Message = c.Describe(), c.Scrub(e.Message)
	}
}

// broke is the error of a try without an answer.
func broke(f *File, to string, err error) *SendError {
	e := &SendError{Path: f.Path, URL: to, Err: err, passes: true, broken: true}
	var known *web.Error
	if errors.As(err, &known) {
		switch known.Kind {
		case web.Offline, web.DNS, web.Connect, web.Proxy, web.TLS, web.Credentials:
			e.broken = false
			e.passes = known.Kind == web.Connect || known.Kind == web.DNS
		}
	} else {
		e.passes, e.broken = false, false
	}
	return e
}

// maxAnswer bounds how much of a server's answer is read.
const maxAnswer = 64 << 10

// answer judges what the server says; nil is success.
func answer(f *File, to string, resp *web.Response) *SendError {
	if resp.Status >= 200 && resp.Status <= 299 {
		_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer)
		return nil
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	e := &SendError{Path: f.Path, URL: to, Status: resp.Status, Message: said(resp.Header.Get("Content-Type"), body)}
	switch resp.Status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		e.passes = true
		e.broken = resp.Status == http.StatusBadGateway || resp.Status == http.StatusGatewayTimeout
		if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
			e.after = min(time.Duration(seconds)*time.Second, 2*time.Minute)
		}
	}
	return e
}

// said is what an answer's body says for people.
func said(contentType string, body []byte) string {
	media, _, _ := strings.Cut(contentType, ";")
	switch strings.TrimSpace(strings.ToLower(media)) {
	case "application/json":
		var v struct{ Code, Message, Detail, Error any }
		if json.Unmarshal(body, &v) == nil {
			for _, field := range []any{v.Code, v.Message, v.Detail, v.Error} {
				if text, ok := field.(string); ok && text != "" {
					return brief(text)
				}
			}
		}
	case "application/problem+json":
		var v struct{ Title, Detail string }
		if json.Unmarshal(body, &v) == nil && v.Title+v.Detail != "" {
			return brief(strings.Trim(v.Title+", "+v.Detail, ", "))
		}
	case "text/html":
		return brief(plain(string(body)))
	}
	return brief(string(body))
}

// plain is the text of an HTML page, or its title if there is one.
func plain(page string) string {
	lower := strings.ToLower(page)
	if i := strings.Index(lower, "<title>"); i >= 0 {
		if j := strings.Index(lower[i:], "</title>"); j >= 0 {
			return page[i+len("<title>") : i+j]
		}
	}
	var b strings.Builder
	tag := false
	for _, c := range page {
		switch {
		case c == '<':
			tag = true
		case c == '>':
			tag = false
			b.WriteByte(' ')
		case !tag:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// brief is a text in one line of bounded length, without what could confuse a
// terminal.
func brief(text string) string {
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "\uFFFD"), func(c rune) bool { return c <= ' ' || c == 0x7f || c >= 0x80 && c < 0xa0 }), " ")
	if runes := []rune(text); len(runes) > 1000 {
		return string(runes[:1000]) + "…"
	}
	return text
}

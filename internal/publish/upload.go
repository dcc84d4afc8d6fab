package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/web"
)

// DefaultTimeout is how long a server may be silent during an upload.
const DefaultTimeout = 15 * time.Minute

// Options are how a [Publisher] works.
type Options struct {
	// URL is where to upload to, without credentials.
	URL string
	// Credentials are sent with uploads.
	Credentials auth.Credentials
	// CheckURL is the project index, to ask what is there; "" asks nothing.
	CheckURL string
	// Web makes the requests.
	Web *web.Client
	// Storage makes requests to storage that is not the index's, for
	// [Publisher.UploadDirect]. It must not authenticate by itself.
	Storage *web.Client
	// Timeout is how long the server may be silent; 0 is [DefaultTimeout].
	Timeout time.Duration
	// Retries is how often an upload that broke off is repeated.
	Retries int
	// Pause returns how long to wait before a retry; nil grows with their number.
	Pause func(retry int) time.Duration
	// Progress is told of uploads under way.
	Progress par.Progress
	// Debug gets lines about what is done; nil is silent.
	Debug func(format string, args ...any)
}

// A Publisher uploads files to one index.
type Publisher struct{ Options }

// New returns a publisher.
func New(o Options) *Publisher {
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Pause == nil {
		o.Pause = func(retry int) time.Duration {
			most := min(time.Second<<min(retry, 10), 30*time.Second)
			return most/2 + rand.N(most/2)
		}
	}
	if o.Debug == nil {
		o.Debug = func(string, ...any) {}
	}
	return &Publisher{o}
}

// maxRedirects is how many redirects an upload follows.
const maxRedirects = 10

// accept asks for errors that programs can read, or at least people.
const accept = "application/json;q=0.9, text/plain;q=0.8, text/html;q=0.7"

// Upload uploads a file. It returns false if the index had it already. The error
// is a [*SendError] or a [*MismatchError], or the context's.
func (p *Publisher) Upload(ctx context.Context, f *File, form *Form) (uploaded bool, err error) {
	m, err := form.encode(f, true)
	if err != nil {
		return false, err
	}
	task := p.Progress.Start(f.Name, form.Size)
	defer task.Done()
	broken := false // an earlier try may have been received
	for retry := 0; ; retry++ {
		failure := p.send(ctx, f, form, m, task)
		if failure == nil {
			return true, nil
		}
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		if there, err := p.Exists(ctx, f); there {
			p.Debug("%s is on the index although its upload failed: %v", f.Name, failure)
			return broken || failure.broken, err
		}
		broken = broken || failure.broken
		failure.unsure = broken && p.CheckURL == ""
		if !failure.passes || retry >= p.Retries {
			return false, failure
		}
		pause := max(p.Pause(retry), failure.after)
		p.Debug("uploading %s again in %v: %v", f.Name, pause.Round(time.Millisecond), failure)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return false, context.Cause(ctx)
		}
	}
}

// send makes one try, following redirects, which have to stay with the server.
func (p *Publisher) send(ctx context.Context, f *File, form *Form, m *message, task par.Task) *SendError {
	at := p.URL
	for range maxRedirects + 1 {
		resp, err := p.post(ctx, at, m, func() (io.ReadCloser, int64, error) { return m.open(f.Path, form.Size, task) })
		if err != nil {
			task.Add(-form.Size)
			return broke(f, at, err)
		}
		if resp.Status < 300 || resp.Status > 399 {
			failure := answer(f, at, resp)
			failure.judge(p.Credentials)
			_ = resp.Body.Close()
			return failure
		}
		_ = resp.Body.Close()
		next, err := redirect(p.URL, at, resp.Header.Get("Location"))
		if err != nil {
			return &SendError{Path: f.Path, URL: at, Err: err}
		}
		p.Debug("the upload is redirected to %s", auth.Redact(next))
		task.Add(-form.Size)
		at = next
	}
	return &SendError{Path: f.Path, URL: at, Err: errors.New("too many redirects")}
}

// post sends a form once.
func (p *Publisher) post(ctx context.Context, to string, m *message, body func() (io.ReadCloser, int64, error)) (*web.Response, error) {
	header := http.Header{"Content-Type": {m.contentType}}
	if c := p.Credentials; c.Complete() {
		header.Set("Authorization", c.Header())
	}
	return p.Web.Do(ctx, web.Request{
		URL: to, Method: http.MethodPost, Header: header, Accept: accept, Body: body, Large: true, AnyStatus: true, NoRedirect: true, Once: true,
		Timeout: p.Timeout,
	})
}

// redirect returns where to go on. Credentials and files go to nobody else.
func redirect(asked, from, location string) (string, error) {
	if location == "" {
		return "", errors.New("the request was redirected, but no location was given")
	}
	base, err := auth.ParseURL(from)
	if err != nil {
		return "", err
	}
	next, err := base.Parse(location)
	if err != nil {
		return "", fmt.Errorf("the request was redirected to an invalid URL: %q", auth.Redact(location))
	}
	start, err := url.Parse(asked)
	if err != nil {
		return "", err
	}
	if auth.RealmOf(next) != auth.RealmOf(start) {
		return "", fmt.Errorf("the request was redirected to another server: %s", auth.Redact(next.String()))
	}
	return next.String(), nil
}

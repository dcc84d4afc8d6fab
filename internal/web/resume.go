package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/tame-py/tame/internal/auth"
)

// A Download is the stream of a large file that survives broken connections: it
// asks for the rest and goes on. It must be closed.
type Download struct {
	// URL is where the file came from, after redirects, without credentials.
	URL string
	// Header is that of the first answer.
	Header http.Header
	// Length is the length of the file in bytes, or -1 if it is not known.
	Length int64

	client  *Client
	ctx     context.Context //nolint:containedctx // a stream has no other way to take it
	request Request
	resp    *Response
	offset  int64 // of the next byte to hand out
	mark    int64 // where the last interruption was
	effort  *effort
	resumes int
	release func()
	err     error
}

// maxResumes bounds how often one download goes on after breaking off, also when
// every time some of it comes.
const maxResumes = 50

// Open begins to download a large file. At most as many run at once as the
// client has connections; Open waits for its turn.
func (c *Client) Open(ctx context.Context, r Request) (*Download, error) {
	r.Large = true
	if err := c.transfers.Acquire(ctx); err != nil {
		return nil, fmt.Errorf("fetching %s: %w", auth.Redact(r.URL), err)
	}
	d := &Download{client: c, ctx: ctx, request: r, effort: &effort{limit: max(c.options.Retries, 0)}, release: c.transfers.Release}
	resp, err := c.try(ctx, r, d.effort)
	if err != nil {
		d.release()
		return nil, err
	}
	d.resp, d.URL, d.Header, d.Length = resp, resp.URL, resp.Header, resp.Length
	return d, nil
}

// OpenAt is [Client.Open] for the part of a file from offset on. validator is
// that of the beginning ([Download.Validator]); it may be empty if the caller
// can tell in another way that both parts belong together, as by the hash of
// the whole. If the server does not send that part, because the file has
// changed or it knows no ranges, the download begins at 0: see
// [Download.Offset].
func (c *Client) OpenAt(ctx context.Context, r Request, offset int64, validator string) (*Download, error) {
	if offset <= 0 {
		return c.Open(ctx, r)
	}
	part := r
	part.Header = r.Header.Clone()
	if part.Header == nil {
		part.Header = http.Header{}
	}
	part.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
	if validator != "" {
		part.Header.Set("If-Range", validator)
	}
	d, err := c.Open(ctx, part)
	if StatusOf(err) == http.StatusRequestedRangeNotSatisfiable {
		return c.Open(ctx, r)
	}
	if err != nil {
		return nil, err
	}
	d.request = r
	d.request.Large = true
	if d.resp.Status != http.StatusPartialContent {
		return d, nil
	}
	start, total, ok := parseContentRange(d.Header.Get("Content-Range"))
	if !ok || start != offset {
		_ = d.Close()
		return c.Open(ctx, r)
	}
	d.offset, d.mark, d.Length = offset, offset, total
	return d, nil
}

// Offset returns where in the file the next byte that Read returns lies.
func (d *Download) Offset() int64 { return d.offset }

// Validator returns what tells exactly this file from others that may have
// its URL, "" if the server gives nothing.
func (d *Download) Validator() string { return strongValidator(d.Header) }

// Read reads the next bytes of the file. Its errors are an [Error] or the
// context's.
func (d *Download) Read(p []byte) (int, error) {
	for {
		if d.err != nil {
			return 0, d.err
		}
		n, err := d.resp.Body.Read(p)
		d.offset += int64(n)
		if err == io.EOF && d.Length >= 0 && d.offset < d.Length {
			err = io.ErrUnexpectedEOF
		}
		if err == io.EOF {
			d.err = io.EOF
			return n, d.err
		}
		if err == nil || n > 0 && d.ctx.Err() == nil {
			if err != nil {
				d.err = d.resume(err) // what came is handed out first
			}
			return n, nil
		}
		if d.err = d.resume(err); d.err != nil {
			return n, d.err
		}
	}
}

// resumable returns a response whose body goes on where it breaks off.
func (c *Client) resumable(ctx context.Context, r Request, resp *Response, e *effort) *Response {
	d := &Download{
		client: c, ctx: ctx, request: r, effort: e, release: func() {},
		resp: resp, URL: resp.URL, Header: resp.Header, Length: resp.Length,
	}
	out := *resp
	out.Body = d
	return &out
}

// resume asks for the rest of the file after cause.
func (d *Download) resume(cause error) error {
	_ = d.resp.Body.Close()
	if d.offset > d.mark {
		d.mark, d.effort.retries = d.offset, 0 // it moves: start counting anew
	}
	if d.resumes++; d.resumes > maxResumes {
		d.effort.limit = 0
	}
	for {
		if err := d.client.again(d.ctx, d.request.URL, d.effort, cause); err != nil {
			return err
		}
		resp, err := d.client.try(d.ctx, d.rest(), d.effort)
		if err != nil {
			return err
		}
		if cause = d.goOn(resp); cause == nil {
			return nil
		}
		_ = resp.Body.Close()
		if errors.Is(cause, errChanged) {
			return d.client.fail(d.ctx, d.request.URL, cause)
		}
	}
}

// rest returns the request for what is missing. If-Range makes the server send
// the whole file if it is not the same any more.
func (d *Download) rest() Request {
	r := d.request
	if d.offset == 0 {
		return r
	}
	r.Header = r.Header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Range", fmt.Sprintf("bytes=%d-", d.offset))
	if validator := strongValidator(d.Header); validator != "" {
		r.Header.Set("If-Range", validator)
	}
	return r
}

// strongValidator returns the ETag or date that identifies the exact bytes of a
// file, or "" (RFC 9110 section 13.1.5).
func strongValidator(h http.Header) string {
	if tag := h.Get("ETag"); tag != "" {
		if strings.HasPrefix(tag, "W/") {
			return ""
		}
		return tag
	}
	return h.Get("Last-Modified")
}

// goOn continues with a response to the request for the rest.
func (d *Download) goOn(resp *Response) error {
	if resp.Status == http.StatusPartialContent {
		start, total, ok := parseContentRange(resp.Header.Get("Content-Range"))
		if !ok || start != d.offset || d.Length >= 0 && total >= 0 && total != d.Length || changed(d.Header, resp.Header) {
			return errChanged
		}
		d.resp = resp
		return nil
	}
	// The whole file again. Only the same bytes may follow what was handed out.
	if d.offset > 0 && (changed(d.Header, resp.Header) || resp.Length != d.Length || strongValidator(resp.Header) == "") {
		return errChanged
	}
	if _, err := io.CopyN(io.Discard, resp.Body, d.offset); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	d.resp = resp
	return nil
}

// changed reports whether two headers are known to be of different files.
func changed(a, b http.Header) bool {
	for _, key := range []string{"ETag", "Last-Modified"} {
		if a.Get(key) != "" && b.Get(key) != "" {
			return a.Get(key) != b.Get(key)
		}
	}
	return false
}

// parseContentRange reads "bytes 5-9/10"; total is -1 if it is not known.
func parseContentRange(value string) (start, total int64, ok bool) {
	rest, ok := strings.CutPrefix(value, "bytes ")
	span, size, found := strings.Cut(rest, "/")
	first, last, dash := strings.Cut(span, "-")
	if !ok || !found || !dash {
		return 0, 0, false
	}
	start, err := strconv.ParseInt(first, 10, 64)
	if err != nil || start < 0 {
		return 0, 0, false
	}
	if end, err := strconv.ParseInt(last, 10, 64); err != nil || end < start {
		return 0, 0, false
	}
	if size == "*" {
		return start, -1, true
	}
	total, err = strconv.ParseInt(size, 10, 64)
	return start, total, err == nil && total > start
}

// Close ends the download.
func (d *Download) Close() error {
	if d.release == nil {
		return nil
	}
	d.release()
	d.release = nil
	if d.err == nil {
		d.err = errors.New("the download was closed")
	}
	return d.resp.Body.Close()
}

package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// Ranges reads parts of a file on a server that supports range requests
// (RFC 9110 section 14). It is an [io.ReaderAt]; each part is asked for once and
// kept. It is not safe for concurrent use.
type Ranges struct {
	client  *Client
	ctx     context.Context //nolint:containedctx // io.ReaderAt has no other way to take it
	request Request
	header  http.Header
	size    int64
	parts   []part // in the order they were read
}

type part struct {
	offset int64
	data   []byte
}

// IsUnsupported reports whether an error means that the server does not support
// range requests for the file, so that it has to be read in whole.
func IsUnsupported(err error) bool {
	switch StatusOf(err) {
	// 416 comes from files smaller than the tail on some servers, the others
	// from servers that know no such header.
	case http.StatusRequestedRangeNotSatisfiable, http.StatusBadRequest, http.StatusForbidden,
		http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	}
	return errors.Is(err, errUnsupported)
}

// tail is how much is read from the end of the file to begin with. The directory
// of a zip archive is there, 46 bytes and a name for each member, and behind the
// members of a wheel the metadata.
const tail = 64 << 10

// TailRequest returns the request for the end of a file, with which reading it
// in parts begins. The server answers with 206 and that part, to be handed to
// [Client.ContinueRanges], or with 200 and the whole file.
func TailRequest(r Request) Request {
	r.Header = r.Header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Range", "bytes=-"+strconv.Itoa(tail))
	return r
}

// Ranges begins to read parts of a file, with the end of it. An error for which
// [IsUnsupported] is true means that the server does not support that.
func (c *Client) Ranges(ctx context.Context, r Request) (*Ranges, error) {
	e := &effort{limit: max(c.options.Retries, 0)}
	for {
		resp, err := c.try(ctx, TailRequest(r), e)
		if err != nil {
			return nil, err
		}
		s, err := c.ContinueRanges(ctx, r, resp)
		if err == nil || errors.Is(err, errUnsupported) {
			return s, err
		}
		if err := c.again(ctx, r.URL, e, err); err != nil {
			return nil, err
		}
	}
}

// ContinueRanges goes on reading parts of a file after the answer to a
// [TailRequest], whose body it reads and closes.
func (c *Client) ContinueRanges(ctx context.Context, r Request, resp *Response) (*Ranges, error) {
	s := &Ranges{client: c, ctx: ctx, request: TailRequest(r), header: resp.Header}
	if resp.Status != http.StatusPartialContent {
		_ = resp.Body.Close()
		return nil, errUnsupported
	}
	body, err := ReadAll(resp)
	if err != nil {
		return nil, err
	}
	start, total, ok := parseContentRange(resp.Header.Get("Content-Range"))
	if !ok || total < 0 || start+int64(len(body)) != total {
		return nil, errUnsupported
	}
	s.size = total
	s.parts = append(s.parts, part{start, body})
	return s, nil
}

// get asks for a range. The answer is a partial one, or the error says that the
// server does not support that; a whole file in answer is not read.
func (s *Ranges) get(span string) (*Response, []byte, error) {
	r := s.request
	r.Header = r.Header.Clone()
	r.Header.Set("Range", span)
	e := &effort{limit: max(s.client.options.Retries, 0)}
	for {
		resp, err := s.client.try(s.ctx, r, e)
		if err != nil {
			return nil, nil, err
		}
		if resp.Status != http.StatusPartialContent {
			_ = resp.Body.Close()
			return nil, nil, errUnsupported
		}
		body, err := ReadAll(resp)
		if err == nil {
			return resp, body, nil
		}
		if err := s.client.again(s.ctx, r.URL, e, err); err != nil {
			return nil, nil, err
		}
	}
}

// Size returns the size of the file in bytes.
func (s *Ranges) Size() int64 { return s.size }

// Header returns the header of the first answer.
func (s *Ranges) Header() http.Header { return s.header }

// ReadAt reads a part of the file, from what was read before if it can.
func (s *Ranges) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 || offset >= s.size {
		return 0, io.EOF
	}
	want := min(int64(len(p)), s.size-offset)
	data := s.have(offset, want)
	if data == nil {
		var err error
		if data, err = s.fetch(offset, want); err != nil {
			return 0, err
		}
	}
	n := copy(p, data)
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (s *Ranges) have(offset, n int64) []byte {
	for _, p := range s.parts {
		if p.offset <= offset && offset+n <= p.offset+int64(len(p.data)) {
			return p.data[offset-p.offset:][:n]
		}
	}
	return nil
}

// fetch reads a part from the server, somewhat more than is asked for, because
// readers go on from there: a member's header is followed by its data.
func (s *Ranges) fetch(offset, n int64) ([]byte, error) {
	const least = 16 << 10
	end := min(offset+max(n, least), s.size)
	resp, body, err := s.get(fmt.Sprintf("bytes=%d-%d", offset, end-1))
	if err != nil {
		return nil, err
	}
	start, total, ok := parseContentRange(resp.Header.Get("Content-Range"))
	if !ok || start != offset || total != s.size || int64(len(body)) != end-offset {
		return nil, fmt.Errorf("%w: it sent another part than was asked for", errUnsupported)
	}
	if changed(s.header, resp.Header) {
		return nil, s.client.fail(s.ctx, s.request.URL, errChanged)
	}
	s.parts = append(s.parts, part{offset, body})
	return body[:n], nil
}

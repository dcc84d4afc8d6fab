package web

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
	"unsafe"
)

// MaxBody is the largest body that [Client.Get] reads, in bytes, decompressed.
// The largest index pages known are about 40 MB.
const MaxBody = 256 << 20

// Get makes a request and reads the whole body. A body that breaks off is asked
// for again like a request that failed.
func (c *Client) Get(ctx context.Context, r Request) (*Response, []byte, error) {
	e := &effort{limit: max(c.options.Retries, 0)}
	for {
		resp, err := c.try(ctx, r, e)
		if err != nil {
			return nil, nil, err
		}
		body, err := ReadAll(resp)
		if err == nil {
			return resp, body, nil
		}
		if err := c.again(ctx, r.URL, e, err); err != nil {
			return nil, nil, err
		}
	}
}

// ReadAll reads the body of a response and closes it.
func ReadAll(resp *Response) ([]byte, error) { return readAll(resp, nil) }

// readAll is ReadAll into the memory that buffer returns, if that is large enough.
// It is asked for once nothing has to be waited for any more: answers under way are
// many, those that are worked on few. Nil stands for none.
func readAll(resp *Response, buffer func() []byte) ([]byte, error) {
	defer resp.Body.Close()
	if body, ok := resp.Body.(*decodedBody); ok && body.decoder == nil && body.length >= 0 {
		return body.all(buffer)
	}
	if resp.Length > MaxBody {
		return nil, errTooLarge
	}
	return readBody(resp.Body, resp.Length, min(resp.Length, 8<<20))
}

var errTooLarge = errors.New("the answer is too large")

// firstBorrowed is the size of the first buffer: what is not used of it costs nothing.
const firstBorrowed = 1 << 20

// mostBorrowed is the size up to which buffers are kept for the next page: most
// are smaller.
const mostBorrowed = 2 << 20

var borrowed sync.Pool // of *[]byte

// BorrowText is [ReadText] into memory that is used again: nobody may have any
// part of the text any more when giveBack is called, which may be left out.
func BorrowText(resp *Response) (text string, giveBack func(), err error) {
	kept := new([]byte)
	body, err := readAll(resp, func() []byte {
		if have, ok := borrowed.Get().(*[]byte); ok {
			kept = have
		} else {
			*kept = make([]byte, 0, firstBorrowed)
		}
		return *kept
	})
	if err != nil {
		return "", nil, err
	}
	giveBack = func() {
		if n := cap(body); n <= mostBorrowed && n >= cap(*kept) {
			*kept = body
		}
		borrowed.Put(kept)
	}
	return unsafe.String(unsafe.SliceData(body), len(body)), giveBack, nil
}

// ReadText is [ReadAll] for those who want a string.
func ReadText(resp *Response) (string, error) {
	body, err := ReadAll(resp)
	return unsafe.String(unsafe.SliceData(body), len(body)), err // nobody else has the bytes
}

// readBody reads a body of the given length, or of unknown length if that is -1.
// hint is how long it probably is, to begin with, or -1.
func readBody(r io.Reader, length, hint int64) ([]byte, error) {
	return readBodyTo(nil, r, length, hint)
}

// readBodyTo is readBody into a buffer, if that is large enough to begin with.
func readBodyTo(buffer []byte, r io.Reader, length, hint int64) ([]byte, error) {
	if hint < 0 {
		hint = 16 << 10
	}
	body := buffer[:0]
	if int64(cap(body)) < hint+1 { // one more, to see the end without growing
		body = make([]byte, 0, hint+1)
	}
	for {
		n, err := r.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case err == io.EOF && length >= 0 && int64(len(body)) < length:
			return nil, errIncomplete
		case err == io.EOF:
			return body, nil
		case err != nil:
			return nil, err
		case len(body) > MaxBody:
			return nil, errTooLarge
		}
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
	}
}

// Retries returns how often the request was tried again before this answer, and
// how long ago it was first made.
func (r *Response) Retries() (int, time.Duration) { return r.retries, time.Since(r.start) }

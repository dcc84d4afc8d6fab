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

// readAll is ReadAll into borrowed memory, unless that is nil.
func readAll(resp *Response, m *Borrowed) ([]byte, error) {
	defer resp.Body.Close()
	if body, ok := resp.Body.(*decodedBody); ok && body.decoder == nil && body.length >= 0 {
		return body.all(m)
	}
	if resp.Length > MaxBody {
		return nil, errTooLarge
	}
	return readBody(resp.Body, resp.Length, min(resp.Length, 8<<20))
}

var errTooLarge = errors.New("the answer is too large")

// firstBorrowed is the size of the first buffer: what is not used of it costs nothing.
const firstBorrowed = 1 << 20

// firstPacked is the same of what comes compressed.
const firstPacked = 128 << 10

// mostBorrowed is the size up to which buffers are kept for the next page: most
// are smaller.
const mostBorrowed = 2 << 20

var borrowed, packedBodies sync.Pool // of *[]byte: for what was decompressed, and for what is

// A Borrowed is the body of an answer in memory that is used again.
type Borrowed struct {
	// Text is the body.
	Text string
	// Packed is the body as it came, if that was with gzip.
	Packed string

	text, packed lent
}

// Borrow is [ReadText] into memory that is used again.
func Borrow(resp *Response) (*Borrowed, error) {
	b := new(Borrowed)
	body, err := readAll(resp, b)
	if err != nil {
		return nil, err
	}
	b.Text, b.Packed = textOf(body), textOf(b.packed.last)
	b.text.last = body
	return b, nil
}

func textOf(p []byte) string { return unsafe.String(unsafe.SliceData(p), len(p)) }

// GiveBack ends the use of the body: nobody may have any part of it any more. It
// may be left out.
func (b *Borrowed) GiveBack() {
	b.text.giveBack(&borrowed)
	b.packed.giveBack(&packedBodies)
}

// A lent is memory of a pool, and what became of it: it may have been too small.
type lent struct {
	kept *[]byte // nil if none was lent
	last []byte
}

// lend takes memory out of a pool, new memory of a size if there is none.
func (l *lent) lend(pool *sync.Pool, size int) []byte {
	var ok bool
	if l.kept, ok = pool.Get().(*[]byte); !ok {
		l.kept = new([]byte)
		*l.kept = make([]byte, 0, size)
	}
	return *l.kept
}

// giveBack puts it back, the larger one that took its place if that is not too
// large.
func (l *lent) giveBack(pool *sync.Pool) {
	if l.kept == nil {
		return
	}
	if n := cap(l.last); n <= mostBorrowed && n >= cap(*l.kept) {
		*l.kept = l.last
	}
	pool.Put(l.kept)
}

// ReadText is [ReadAll] for those who want a string.
func ReadText(resp *Response) (string, error) {
	body, err := ReadAll(resp)
	return textOf(body), err // nobody else has the bytes
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

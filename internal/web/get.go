package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// MaxBody is the largest body that [Client.Get] reads, in bytes. The largest
// index pages known are about 40 MB.
const MaxBody = 1 << 30

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
func ReadAll(resp *Response) ([]byte, error) {
	defer resp.Body.Close()
	if resp.Length > MaxBody {
		return nil, fmt.Errorf("the answer is too large: %d bytes", resp.Length)
	}
	size := 16 << 10
	if resp.Length >= 0 {
		size = int(min(resp.Length, 8<<20)) + 1 // one more, to see the end without growing
	}
	body := make([]byte, 0, size)
	for {
		n, err := resp.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case err == io.EOF && resp.Length >= 0 && int64(len(body)) < resp.Length:
			return nil, errIncomplete
		case err == io.EOF:
			return body, nil
		case err != nil:
			return nil, err
		case len(body) > MaxBody:
			return nil, errors.New("the answer is too large")
		}
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
	}
}

// Retries returns how often the request was tried again before this answer, and
// how long ago it was first made.
func (r *Response) Retries() (int, time.Duration) { return r.retries, time.Since(r.start) }

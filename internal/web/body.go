package web

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/tame-py/tame/internal/archive"
)

// A watch ends an exchange for which nothing comes any more, by cancelling its
// context. It runs while the client waits for the server, not while the server
// waits for the client.
type watch struct {
	timeout time.Duration
	cancel  context.CancelCauseFunc
	silent  func() bool // tells that the watch has ended the exchange

	mu       sync.Mutex
	timer    *time.Timer
	answered bool          // the head of the answer is there
	left     time.Duration // of the timeout, until enough of the body must be there
	pending  int           // bytes of the body since left was the whole timeout
}

// progress is how many bytes must come within each timeout: a server that drips
// single bytes is as good as silent.
const progress = 1 << 10

func newWatch(parent context.Context, timeout time.Duration) (context.Context, *watch) {
	ctx, cancel := context.WithCancelCause(parent)
	w := &watch{timeout: timeout, cancel: cancel, left: timeout}
	w.silent = func() bool { return parent.Err() == nil && errors.Is(context.Cause(ctx), errTimeout) }
	return ctx, w
}

// head starts the wait for the head of the answer, anew if it runs already.
func (w *watch) head() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.answered { // part of a request may still be sent when the answer is there
		w.run()
	}
}

func (w *watch) run() {
	if w.timer == nil {
		w.timer = time.AfterFunc(w.left, func() { w.cancel(errTimeout) })
	} else {
		w.timer.Reset(w.left)
	}
}

// answer ends the wait for the head.
func (w *watch) answer() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answered = true
	if w.timer != nil {
		w.timer.Stop()
	}
}

// read calls f, which reads from the body, and waits for it no longer than
// what is left.
func (w *watch) read(f func() (int, error)) (int, error) {
	w.mu.Lock()
	w.run()
	w.mu.Unlock()
	start := time.Now()
	n, err := f()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer.Stop()
	if w.pending += n; w.pending >= progress {
		w.left, w.pending = w.timeout, 0
	} else {
		w.left = max(w.left-time.Since(start), time.Millisecond)
	}
	return n, err
}

// stop ends the exchange and frees what it holds.
func (w *watch) stop() {
	w.mu.Lock()
	if w.timer != nil {
		w.timer.Stop()
	}
	w.mu.Unlock()
	w.cancel(nil)
}

// explain replaces an error that comes from the watch's cancelling by its reason.
func (w *watch) explain(err error) error {
	if err != nil && err != io.EOF && w.silent() {
		return errTimeout
	}
	return err
}

// A watchedBody is a body that must keep coming.
type watchedBody struct {
	body  io.ReadCloser
	watch *watch
	done  bool
}

func (b *watchedBody) Read(p []byte) (int, error) {
	if b.done {
		return b.body.Read(p)
	}
	n, err := b.watch.read(func() (int, error) { return b.body.Read(p) })
	if err != nil {
		err = b.watch.explain(err)
		b.done = true
	}
	return n, err
}

func (b *watchedBody) Close() error {
	err := b.body.Close()
	b.watch.stop()
	return err
}

// An uploadBody keeps the watch from ending an exchange whose body is under way,
// as long as the server takes it.
type uploadBody struct {
	io.ReadCloser
	watch *watch
}

func (b *uploadBody) Read(p []byte) (int, error) {
	b.watch.head()
	return b.ReadCloser.Read(p)
}

// acceptEncoding are the encodings that decompress undoes. Not zstd: few indexes
// send it, and the package that reads it makes every process start later.
const acceptEncoding = "gzip"

// decompress undoes the response's content encoding.
func (c *Client) decompress(r *Response) error {
	switch encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); encoding {
	case "", "identity":
		return nil
	case "gzip", "x-gzip":
	default:
		return fmt.Errorf("the server sent an encoding that was not asked for: %q", encoding)
	}
	r.Header.Del("Content-Encoding")
	r.Header.Del("Content-Length")
	if r.Length == 0 {
		return nil // an answer to HEAD, or without body
	}
	r.Body = &decodedBody{raw: r.Body, pool: &c.decoders, length: r.Length}
	r.Length = -1
	return nil
}

// A decodedBody decompresses on the way. The decoder is fetched at the first
// Read, because making it reads from the body; it goes back to the pool, because
// decoders are large, and pages are many and small.
type decodedBody struct {
	raw     io.ReadCloser
	pool    *sync.Pool
	length  int64 // of raw, or -1
	decoder *gzip.Reader
	err     error
}

func (b *decodedBody) Read(p []byte) (int, error) {
	if b.err == nil && b.decoder == nil {
		b.err = b.start()
	}
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.decoder.Read(p)
	if err != nil {
		b.err = corrupt(err)
		b.release()
	}
	return n, b.err
}

func (b *decodedBody) start() error {
	if b.decoder, _ = b.pool.Get().(*gzip.Reader); b.decoder == nil {
		b.decoder = new(gzip.Reader)
	}
	err := b.decoder.Reset(b.raw)
	if err == io.EOF { // empty, where at least a header belongs
		err = io.ErrUnexpectedEOF
	}
	return corrupt(err)
}

// all reads the whole body at once: first what is compressed, which is faster to
// decompress from memory, and whose end tells how long the rest is. Memory for the
// latter is borrowed, unless m is nil, once nothing has to be waited for any more:
// answers under way are many, those that are worked on few.
func (b *decodedBody) all(m *Borrowed) ([]byte, error) {
	if b.length > MaxBody {
		return nil, errTooLarge
	}
	var own lent
	raw := &own
	if m != nil {
		raw = &m.packed
	}
	packed, err := readBodyTo(raw.lend(&packedBodies, firstPacked), b.raw, b.length, min(b.length, 8<<20))
	if err != nil {
		return nil, err
	}
	raw.last = packed
	var into []byte
	if m != nil {
		into = m.text.lend(&borrowed, firstBorrowed)
	}
	if data, ok := archive.GunzipTo(into, packed, MaxBody); ok {
		own.giveBack(&packedBodies)
		return data, nil
	}
	b.raw = struct {
		io.Reader
		io.Closer
	}{bytes.NewReader(packed), b.raw}
	// The last bytes are the length of the last of possibly several parts,
	// modulo 2^32 (RFC 1952), and of a byte deflate makes at most 1032.
	hint := int64(-1)
	if n := len(packed); n > 18 {
		hint = int64(binary.LittleEndian.Uint32(packed[n-4:]))
		if hint > min(int64(n)*1032, MaxBody) {
			hint = -1
		}
	}
	return readBody(b, -1, hint)
}

// corrupt marks errors of decoding as broken transfers.
func corrupt(err error) error {
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, new(flate.CorruptInputError)) {
		return fmt.Errorf("decompressing the answer: %w: %w", err, errIncomplete)
	}
	return err
}

func (b *decodedBody) release() {
	if b.decoder != nil {
		b.pool.Put(b.decoder)
		b.decoder = nil
	}
	if b.err == nil {
		b.err = net.ErrClosed
	}
}

func (b *decodedBody) Close() error {
	b.release()
	return b.raw.Close()
}

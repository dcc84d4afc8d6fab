package bundle

import (
	"bytes"
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/tame-py/tame/internal/par"
)

// gzipBlock is how much is compressed at a time. Each block becomes a member of
// its own of the compressed file (RFC 1952, section 2.2), so that several can be
// compressed at once and the bytes are the same on any number of processors.
const gzipBlock = 4 << 20

// A gzipWriter compresses what is written to it. Close must be called.
type gzipWriter struct {
	w     io.Writer
	block []byte
	queue []chan []byte // compressed blocks, the oldest first
	limit int
}

func newGzipWriter(w io.Writer) *gzipWriter {
	return &gzipWriter{w: w, limit: par.Processors()}
}

func (g *gzipWriter) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		if g.block == nil {
			g.block = make([]byte, 0, gzipBlock)
		}
		n := min(len(rest), gzipBlock-len(g.block))
		g.block, rest = append(g.block, rest[:n]...), rest[n:]
		if len(g.block) < gzipBlock {
			break
		}
		if err := g.compress(); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// compress begins with the block, and writes the oldest if enough are under way.
func (g *gzipWriter) compress() error {
	if len(g.queue) == g.limit {
		if err := g.writeOldest(); err != nil {
			return err
		}
	}
	block, done := g.block, make(chan []byte, 1)
	g.block, g.queue = nil, append(g.queue, done)
	go func() {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(block) // memory takes everything
		_ = z.Close()
		done <- b.Bytes()
	}()
	return nil
}

func (g *gzipWriter) writeOldest() error {
	data := <-g.queue[0]
	g.queue = g.queue[1:]
	_, err := g.w.Write(data)
	return err
}

// Close writes what is left, and waits for all that is under way.
func (g *gzipWriter) Close() error {
	err := g.compress()
	for len(g.queue) > 0 {
		if err != nil {
			<-g.queue[0]
			g.queue = g.queue[1:]
			continue
		}
		err = g.writeOldest()
	}
	return err
}

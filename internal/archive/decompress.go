package archive

import (
	"bufio"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"io"
)

// decompress returns a reader of the tar inside r.
func decompress(r io.Reader, format Format) (io.Reader, func(), error) {
	buffered := bufio.NewReaderSize(r, sourceBuffer)
	switch format {
	case Tar:
		return buffered, func() {}, nil
	case TarGzip:
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, nil, err
		}
		return z, func() { z.Close() }, nil
	case TarBzip2:
		return bzip2.NewReader(buffered), func() {}, nil
	case TarXz:
		z, err := newXzReader(buffered)
		return z, func() {}, err
	case TarZstd:
		return newZstdReader(buffered, maxZstdWindow), func() {}, nil
	}
	return nil, nil, errors.New("not an archive that can be unpacked")
}

// An ahead reads r in another goroutine, a few buffers ahead, so that
// decompressing and writing go on at the same time.
type ahead struct {
	full  chan block
	empty chan []byte
	quit  chan struct{}
	now   block
	rest  []byte
}

type block struct {
	data []byte
	err  error
}

func newAhead(r io.Reader) *ahead {
	const buffers = 4
	a := &ahead{full: make(chan block, buffers), empty: make(chan []byte, buffers), quit: make(chan struct{})}
	for range buffers {
		a.empty <- make([]byte, sourceBuffer)
	}
	go a.read(r)
	return a
}

func (a *ahead) read(r io.Reader) {
	defer close(a.full)
	for {
		var b []byte
		select {
		case b = <-a.empty:
		case <-a.quit:
			return
		}
		n, err := fill(b[:sourceBuffer], r)
		a.full <- block{data: b[:n], err: err}
		if err != nil {
			return
		}
	}
}

func (a *ahead) Read(p []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.now.err != nil {
			return 0, a.now.err
		}
		if a.now.data != nil {
			a.empty <- a.now.data
			a.now.data = nil
		}
		next, ok := <-a.full
		if !ok {
			return 0, io.ErrClosedPipe
		}
		a.now, a.rest = next, next.data
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// close stops reading and waits until it has stopped.
func (a *ahead) close() {
	close(a.quit)
	for range a.full { //nolint:revive // emptied so that the reader ends
	}
}

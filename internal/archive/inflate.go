package archive

import (
	"bufio"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"errors"
	"hash/crc32"
	"io"
	"sync"
)

// Files up to wholePacked bytes in the archive that unpack to at most
// wholeSize are unpacked from memory to memory, beside the reader; larger
// ones as a stream, so that fifty downloads at once stay within 300 MB.
const (
	wholePacked = 1 << 20
	wholeSize   = hugeBuffer
)

func (e *entry) whole() bool { return e.Packed <= wholePacked && e.Size <= wholeSize }

var errLonger = errors.New("there is more than its size tells")

var inflaters sync.Pool // of *inflater

// maxZstdWindow is what the format recommends to support (8 MiB) and more:
// what `zstd --long` writes.
const maxZstdWindow = 128 << 20

// An inflater is a decompressor with the reader it reads from.
type inflater struct {
	io.ReadCloser
	from bytes.Reader
}

// inflate unpacks src, which must end exactly where the data does, into dst,
// which must be filled exactly.
func inflate(dst, src []byte) error {
	if fastInflate(dst, src) == nil {
		return nil
	}
	return slowInflate(dst, src)
}

// slowInflate is inflate by the ordinary decompressor, whose judgement counts.
func slowInflate(dst, src []byte) error {
	f, ok := inflaters.Get().(*inflater)
	if !ok {
		f = &inflater{}
		f.ReadCloser = flate.NewReader(&f.from)
	}
	defer inflaters.Put(f)
	f.from.Reset(src)
	if err := f.ReadCloser.(flate.Resetter).Reset(&f.from, nil); err != nil {
		return err
	}
	if _, err := io.ReadFull(f, dst); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	return ended(f, &f.from)
}

// ended checks that a decompressor and what it reads from are both at their
// end.
func ended(r io.Reader, from io.ByteReader) error {
	var one [1]byte
	for range 100 {
		n, err := r.Read(one[:])
		if n > 0 {
			return errLonger
		}
		if err == io.EOF {
			if from != nil {
				if _, err := from.ReadByte(); err == nil {
					return errors.New("its compressed data ends early")
				}
			}
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// unpackWhole returns the content of an entry whose data is packed, in a
// buffer that the caller gives back with putBuffer unless it is packed
// itself.
func (e *entry) unpackWhole(packed []byte) (data []byte, err error) {
	if e.Method == methodStored {
		data = packed
	} else {
		data = getBuffer(int(e.Size))
		if e.Method == methodDeflate {
			err = inflate(data, packed)
		} else {
			err = e.unzstd(data, packed)
		}
		if err != nil {
			putBuffer(data)
			return nil, damaged(e.Name, "its data is damaged", err)
		}
	}
	if crc := crc32.ChecksumIEEE(data); crc != e.CRC {
		if e.Method != methodStored {
			putBuffer(data)
		}
		return nil, refuse(e.Name, "its checksum is %08x, not %08x as told", crc, e.CRC)
	}
	return data, nil
}

func (e *entry) unzstd(dst, src []byte) error {
	d := newZstdReader(bytes.NewReader(src), maxZstdWindow)
	if _, err := io.ReadFull(d, dst); err != nil {
		return err
	}
	return ended(d, nil)
}

// A content is what was seen of a file that went by as a stream.
type content struct {
	size   int64
	crc    uint32
	sha256 [32]byte
}

// decoder returns a reader of what r holds compressed. r must not be read
// further than the data goes unless it ends there.
func (e *entry) decoder(r io.Reader) (io.Reader, func(), error) {
	switch e.Method {
	case methodDeflate:
		f := flate.NewReader(r)
		return f, func() { f.Close() }, nil
	case methodZstd:
		return newZstdReader(r, maxZstdWindow), func() {}, nil
	}
	return r, func() {}, nil
}

// unpackStream unpacks the rest of limited, which is the data of an entry of
// known size, to w.
func (t *target) unpackStream(e *entry, limited io.Reader, w io.Writer) error {
	if e.Method == methodDeflate {
		c, err := t.pumpDeflate(e, limited, w)
		if err != nil {
			return e.streamError(err)
		}
		return e.accept(c)
	}
	buffered := bufio.NewReaderSize(limited, smallBuffer)
	r, release, err := e.decoder(buffered)
	if err != nil {
		return err
	}
	defer release()
	c, err := t.pump(e, r, w)
	if err == nil {
		// Nothing of the data may be left over.
		if _, more := buffered.ReadByte(); more == nil {
			err = errors.New("its compressed data ends early")
		}
	}
	if err != nil {
		return e.streamError(err)
	}
	return e.accept(c)
}

// streamError says of what kind an error is that came through a decompressor.
func (e *entry) streamError(err error) error {
	var broken *ReadError
	var refused *Error
	var failed writeError
	switch {
	case errors.As(err, &failed):
		return failed.error
	case errors.As(err, &broken):
		return broken
	case errors.As(err, &refused):
		return refused
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return damaged(e.Name, "its data is damaged", err)
}

// accept checks what went by against what the headers say.
func (e *entry) accept(c content) error {
	switch {
	case c.size != e.Size:
		return refuse(e.Name, "it is %d bytes long, not %d as told", c.size, e.Size)
	case c.crc != e.CRC:
		return refuse(e.Name, "its checksum is %08x, not %08x as told", c.crc, e.CRC)
	}
	e.SHA256 = c.sha256
	return nil
}

// A writeError is an error of the target, not of the archive.
type writeError struct{ error }

func (e writeError) Unwrap() error { return e.error }

// A sink hashes and writes what others put into its buffers, in a goroutine of
// its own: both take about as long together as inflating.
type sink struct {
	t     *target
	e     *entry
	full  chan []byte
	empty chan []byte
	done  chan error
	head  int // bytes at the beginning of each buffer that do not count
	seen  content
}

func (t *target) newSink(e *entry, w io.Writer, head, size int) *sink {
	k := &sink{t: t, e: e, head: head, full: make(chan []byte, 1), empty: make(chan []byte, 2), done: make(chan error, 1)}
	for range 2 {
		k.empty <- getBuffer(head + size)
	}
	go k.run(w)
	return k
}

func (k *sink) run(w io.Writer) {
	h := sha256.New()
	var err error
	for b := range k.full {
		if data := b[k.head:]; err == nil {
			k.seen.crc = crc32.Update(k.seen.crc, crc32.IEEETable, data)
			h.Write(data)
			_, err = w.Write(data)
			k.t.fail(err)
		}
		k.empty <- b[:cap(b)]
	}
	h.Sum(k.seen.sha256[:0])
	k.done <- err
}

// put hands over a buffer and counts what is in it. The error is a reason to
// stop.
func (k *sink) put(b []byte) error {
	k.full <- b
	n := int64(len(b) - k.head)
	k.seen.size += n
	if err := k.t.grow(k.e.Name, n); err != nil {
		return err
	}
	if k.seen.size > k.e.Size && !k.e.unsized() {
		return refuse(k.e.Name, "it is longer than the %d bytes it tells", k.e.Size)
	}
	if k.t.stop.Load() {
		return k.t.failure()
	}
	return nil
}

// close waits until all is written and returns what went by. err is that of
// whoever filled the buffers.
func (k *sink) close(err error) (content, error) {
	close(k.full)
	if writeErr := <-k.done; writeErr != nil {
		err = writeError{writeErr}
	}
	for len(k.empty) > 0 {
		putBuffer(<-k.empty)
	}
	return k.seen, err
}

// pump copies r to w until its end.
func (t *target) pump(e *entry, r io.Reader, w io.Writer) (content, error) {
	k := t.newSink(e, w, 0, pieceSize)
	for {
		b := <-k.empty
		n, err := fill(b[:pieceSize], r)
		putErr := k.put(b[:n])
		if err == nil || err == io.EOF && putErr != nil {
			err = putErr
		}
		if err == io.EOF {
			return k.close(nil)
		}
		if err != nil {
			return k.close(err)
		}
	}
}

// pumpDeflate inflates what r holds to its end into w.
func (t *target) pumpDeflate(e *entry, r io.Reader, w io.Writer) (content, error) {
	k := t.newSink(e, w, window, pieceSize)
	last, err := fastStream(r, (<-k.empty)[:window+pieceSize], func(out []byte) ([]byte, error) {
		if err := k.put(out); err != nil {
			return nil, err
		}
		return (<-k.empty)[:window+pieceSize], nil
	})
	if err == nil {
		err = k.put(last)
	}
	return k.close(err)
}

// fill reads until b is full. Unlike [io.ReadFull] it returns the error of r
// as it is.
func fill(b []byte, r io.Reader) (n int, err error) {
	for idle := 0; n < len(b) && idle < 100; {
		more, err := r.Read(b[n:])
		n += more
		if err != nil {
			return n, err
		}
		if idle++; more > 0 {
			idle = 0
		}
	}
	if n < len(b) {
		return n, io.ErrNoProgress
	}
	return n, nil
}

package archive

import (
	"context"
	"encoding/binary"
	"io"
	"sort"
	"sync"
)

// A ZipStream unpacks a zip while it arrives. It can be interrupted: what it
// has when the source fails can be kept, and another process can go on from
// there ([ZipStream.State], [ResumeZip]).
type ZipStream struct {
	// Mark, when not nil, is called between two files with the offset in the
	// archive, when the tee has had exactly the bytes before. If it returns
	// true, State describes this point until it returns true again.
	Mark func(offset int64) bool
	// MarkEvery is how many bytes there are at least from one call of Mark that
	// returned true to the next.
	MarkEvery int64

	dst     string
	opts    Options
	t       *target
	entries []*entry
	start   int64 // where the source begins
	marked  int   // entries before the last mark
	mark    int64 // offset of the last mark
	wg      sync.WaitGroup
	twins   twins
}

// NewZipStream returns a stream that unpacks into the directory dst, under
// the terms of [Unpack].
func NewZipStream(dst string, opts Options) *ZipStream {
	return &ZipStream{dst: dst, opts: opts}
}

// Close gives back what the stream holds.
func (z *ZipStream) Close() {
	if z.t != nil {
		z.t.close()
		z.t = nil
	}
}

// Offset returns where in the archive the source of [ZipStream.Unpack] must
// begin: 0, or where a resumed stream goes on.
func (z *ZipStream) Offset() int64 { return z.start }

// Unpack reads the zip from r to its end. See [Unpack] for its errors. It can
// be called once.
func (z *ZipStream) Unpack(ctx context.Context, r io.Reader) (*Manifest, error) {
	if z.t == nil {
		if err := emptyDir(z.dst); err != nil {
			return nil, err
		}
		t, err := newTarget(z.dst, z.opts)
		if err != nil {
			return nil, err
		}
		z.t = t
	}
	s := newSource(r, z.opts.Tee, z.start, z.t.consumed.Store)
	defer s.release()
	err := z.files(ctx, s)
	z.wait()
	if failed := z.t.failure(); failed != nil {
		err = failed // what a file met comes before what followed it
	}
	if err == nil {
		err = z.directory(s)
	}
	if err != nil {
		return nil, err
	}
	return z.t.manifest(), nil
}

// files reads up to the central directory.
func (z *ZipStream) files(ctx context.Context, s *source) error {
	for {
		if err := z.boundary(ctx, s); err != nil {
			return err
		}
		head, err := s.peek(4)
		if err != nil {
			return err
		}
		switch sig := binary.LittleEndian.Uint32(head); {
		case sig == sigLocal:
			if err := z.file(s); err != nil {
				return err
			}
		case sig == sigCentral || sig == sigEnd || sig == sigEnd64:
			return nil
		case s.offset == 0:
			return refuse("", "it is not a zip archive")
		default:
			return refuse("", "at %d there is neither a file nor the directory", s.offset)
		}
	}
}

// wait waits for all files that were begun, and for their hashes.
func (z *ZipStream) wait() {
	z.t.wait(&z.wg)
	z.twins.settle()
}

// boundary is passed before each file.
func (z *ZipStream) boundary(ctx context.Context, s *source) error {
	if z.t.stop.Load() {
		return z.t.failure()
	}
	if ctx.Err() != nil {
		return &ReadError{Offset: s.offset, Err: context.Cause(ctx)}
	}
	if z.Mark == nil || s.offset-z.mark < z.MarkEvery {
		return nil
	}
	if err := s.flush(); err != nil {
		return err
	}
	if z.Mark(s.offset) {
		z.marked, z.mark = len(z.entries), s.offset
	}
	return nil
}

// file reads one file, which others may still unpack when it returns.
func (z *ZipStream) file(s *source) error {
	offset := s.offset
	head, err := s.peek(localSize)
	if err != nil {
		return err
	}
	nameLen, extraLen := localLengths(head)
	head, err = s.next(localSize + nameLen + extraLen)
	if err != nil {
		return err
	}
	e, err := parseLocal(head[:localSize], head[localSize:localSize+nameLen], head[localSize+nameLen:], offset)
	if err != nil {
		return err
	}
	if err := z.t.admit(e); err != nil {
		return err
	}
	z.entries = append(z.entries, e)
	if e.again {
		z.wait() // the first must be there to be compared with
	}
	switch {
	case e.unsized() && e.Method != methodDeflate && !e.dir:
		return ErrNotStreamable
	case e.unsized():
		err = z.unsized(s, e)
	case e.whole():
		err = z.whole(s, e)
	default:
		err = z.large(s, e)
	}
	if err != nil || e.Flags&flagDescriptor == 0 {
		return err
	}
	return z.descriptor(s, e)
}

// whole reads a file of moderate size and leaves unpacking it to whoever has
// time.
func (z *ZipStream) whole(s *source, e *entry) error {
	packed := getBuffer(int(e.Packed))
	err := s.full(packed)
	if err == nil {
		err = z.t.grow(e.Name, e.Size)
	}
	if err != nil {
		putBuffer(packed)
		return err
	}
	if e.dir {
		putBuffer(packed)
		return nil
	}
	z.twins.meet(e, packed)
	z.opts.Pool.run(&z.wg, func() {
		z.t.fail(z.t.unpackEntry(e, packed))
	})
	return nil
}

// large unpacks a large file as it comes.
func (z *ZipStream) large(s *source, e *entry) error {
	return z.t.place(e, func(w io.Writer) error {
		return z.t.unpackStream(e, &exactly{r: s, n: e.Packed}, w)
	})
}

// unsized unpacks a file whose size is told after it.
func (z *ZipStream) unsized(s *source, e *entry) error {
	if e.dir {
		return nil
	}
	begin := s.offset
	return z.t.place(e, func(w io.Writer) error {
		r, release, err := e.decoder(s)
		if err != nil {
			return err
		}
		defer release()
		c, err := z.t.pump(e, r, w)
		if err != nil {
			return e.streamError(err)
		}
		e.CRC, e.Size, e.Packed, e.SHA256 = c.crc, c.size, s.offset-begin, c.sha256
		return nil
	})
}

// descriptor reads what tells the size of a file after it. It has four forms
// and does not say which: it is the one that fits, with something that is
// known behind it.
func (z *ZipStream) descriptor(s *source, e *entry) error {
	for _, n := range [...]int{16, 24, 12, 20} {
		b, err := s.peek(n + 4)
		if err != nil {
			return err
		}
		switch binary.LittleEndian.Uint32(b[n:]) {
		case sigLocal, sigCentral, sigEnd, sigEnd64:
			if e.parseDescriptor(b[:n]) {
				_, err := s.next(n)
				return err
			}
		}
	}
	return refuse(e.Name, "what follows it does not tell its size and checksum")
}

// directory reads the central directory and what follows, and holds it
// against the files.
func (z *ZipStream) directory(s *source) error {
	offset := s.offset
	count := 0
	for {
		head, err := s.next(4)
		if err != nil {
			return err
		}
		sig := binary.LittleEndian.Uint32(head)
		if sig != sigCentral {
			if err := tail(s, sig, count, offset, s.offset-4-offset); err != nil {
				return err
			}
			break
		}
		l, err := parseCentral(s)
		if err != nil {
			return err
		}
		e := z.at(l.Offset)
		if e == nil {
			return refuse(l.Name, "it is in the central directory and not in the archive")
		}
		if err := l.agree(e); err != nil {
			return err
		}
		if err := z.t.settle(e, l); err != nil {
			return err
		}
		count++
	}
	if err := settled(z.entries); err != nil {
		return err
	}
	return zeros(s)
}

// at returns the entry at an offset, nil if there is none.
func (z *ZipStream) at(offset int64) *entry {
	i := sort.Search(len(z.entries), func(i int) bool { return z.entries[i].Offset >= offset })
	if i < len(z.entries) && z.entries[i].Offset == offset {
		return z.entries[i]
	}
	return nil
}

// zeros reads to the end, where some writers leave zero bytes.
func zeros(s *source) error {
	for {
		end, err := s.atEnd()
		if err != nil {
			return err
		}
		if end {
			return s.flush()
		}
		b, err := s.next(s.end - s.start)
		if err != nil {
			return err
		}
		for _, c := range b {
			if c != 0 {
				return refuse("", "there is something after its end")
			}
		}
	}
}

package archive

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"sync"
)

// maxDirectory bounds the central directory, which is read as a whole: half a
// million entries with names of 80 bytes have one of 64 MB.
const maxDirectory = 128 << 20

// UnpackZip unpacks a zip that is all there into the directory dst, under the
// terms of [Unpack]: files of any size at once, as the pool allows, and also
// zips that cannot be streamed. r must allow reading by several goroutines,
// as files do. The tee of opts is fed at the same time.
func UnpackZip(ctx context.Context, r io.ReaderAt, size int64, dst string, opts Options) (*Manifest, error) {
	if err := emptyDir(dst); err != nil {
		return nil, err
	}
	t, err := newTarget(dst, opts)
	if err != nil {
		return nil, err
	}
	defer t.close()
	t.consumed.Store(size)
	defer context.AfterFunc(ctx, func() { t.fail(context.Cause(ctx)) })()
	z := &zipAt{t: t, r: r, size: size}
	var tee chan error
	if opts.Tee != nil {
		tee = make(chan error, 1)
		go func() { tee <- z.feed(ctx, opts.Tee) }()
	}
	err = z.unpack(ctx)
	if tee != nil {
		err = errors.Join(err, <-tee)
	}
	if err != nil {
		return nil, err
	}
	return t.manifest(), nil
}

type zipAt struct {
	t       *target
	r       io.ReaderAt
	size    int64
	list    []*listing // sorted by offset
	central int64      // offset of the central directory
	wg      sync.WaitGroup
}

// feed gives the whole archive to w.
func (z *zipAt) feed(ctx context.Context, w io.Writer) error {
	b := getBuffer(largeBuffer)
	defer putBuffer(b)
	r := io.NewSectionReader(z.r, 0, z.size)
	for !z.t.stop.Load() && ctx.Err() == nil {
		n, err := r.Read(b)
		if _, err := w.Write(b[:n]); err != nil {
			return err
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return &ReadError{Err: err}
		}
	}
	return nil // whatever stopped us is told by the other side
}

// readAt fills b.
func (z *zipAt) readAt(b []byte, offset int64) error {
	n, err := z.r.ReadAt(b, offset)
	if n == len(b) {
		return nil
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return &ReadError{Offset: offset, Err: err}
}

func (z *zipAt) unpack(ctx context.Context) error {
	if err := z.directory(); err != nil {
		return err
	}
	entries, err := z.files(ctx)
	z.t.wait(&z.wg)
	if failed := z.t.failure(); failed != nil {
		return failed
	}
	if err != nil {
		return err
	}
	for i, e := range entries {
		if err := z.list[i].agree(e); err != nil {
			return err
		}
		if err := z.t.settle(e, z.list[i]); err != nil {
			return err
		}
	}
	return settled(entries)
}

// directory finds and reads the central directory.
func (z *zipAt) directory() error {
	end, err := z.findEnd()
	if err != nil {
		return err
	}
	if end.entries > uint64(z.t.limits.Files) {
		return z.t.tooMany()
	}
	if end.size > maxDirectory {
		return refuse("", "its directory is too large")
	}
	if end.offset < 0 || end.size < 0 || end.offset > z.size-end.size {
		return refuse("", "its directory is not where it tells")
	}
	rest := make([]byte, z.size-end.offset)
	if int64(len(rest)) > end.size+end64Size+end64LocateSize+endSize+2<<16 {
		return refuse("", "its directory is not where it tells")
	}
	if err := z.readAt(rest, end.offset); err != nil {
		return err
	}
	z.central = end.offset
	m := &memory{rest: rest}
	for {
		head, err := m.next(4)
		if err != nil {
			return err
		}
		sig := binary.LittleEndian.Uint32(head)
		if sig != sigCentral {
			size := int64(len(rest) - len(m.rest) - 4)
			if err := tail(m, sig, len(z.list), z.central, size); err != nil {
				return err
			}
			break
		}
		l, err := parseCentral(m)
		if err != nil {
			return err
		}
		if l.Offset > z.central-localSize {
			return refuse(l.Name, "it is in the central directory and not in the archive")
		}
		z.list = append(z.list, l)
	}
	if len(bytes.Trim(m.rest, "\x00")) > 0 {
		return refuse("", "there is something after its end")
	}
	slices.SortFunc(z.list, func(a, b *listing) int { return int(min(max(a.Offset-b.Offset, -1), 1)) })
	return nil
}

// findEnd finds the end of central directory record from the end of the file.
func (z *zipAt) findEnd() (trailer, error) {
	n := min(z.size, endSize+1<<16+1<<10)
	b := make([]byte, n)
	if err := z.readAt(b, z.size-n); err != nil {
		return trailer{}, err
	}
	var mark [4]byte
	binary.LittleEndian.PutUint32(mark[:], sigEnd)
	for i := len(b); ; {
		i = bytes.LastIndex(b[:i], mark[:])
		if i < 0 {
			return trailer{}, refuse("", "it is not a zip archive, or its end is missing")
		}
		m := &memory{rest: b[i+4:]}
		t, err := parseEnd(m)
		if err != nil || len(bytes.Trim(m.rest, "\x00")) > 0 {
			continue
		}
		return t, z.wide(&t, z.size-n+int64(i))
	}
}

// wide reads the 64-bit form of the record at offset, if there is one.
func (z *zipAt) wide(t *trailer, offset int64) error {
	if offset < end64Size+end64LocateSize {
		return nil
	}
	b := make([]byte, end64Size+end64LocateSize)
	if err := z.readAt(b, offset-int64(len(b))); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(b[end64Size:]) != sigEnd64Locate || binary.LittleEndian.Uint32(b) != sigEnd64 {
		return nil
	}
	w, err := parseEnd64(&memory{rest: b[4:]})
	if err != nil {
		return err
	}
	return t.merge(w)
}

// files reads each file, in the order in which they lie, and checks that they
// fill the archive without gaps and overlaps.
func (z *zipAt) files(ctx context.Context) ([]*entry, error) {
	if len(z.list) > 0 && z.list[0].Offset != 0 || len(z.list) == 0 && z.central != 0 {
		return nil, refuse("", "there is something before its first file")
	}
	entries := make([]*entry, len(z.list))
	for i, l := range z.list {
		end := z.central
		if i+1 < len(z.list) {
			end = z.list[i+1].Offset
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if z.t.stop.Load() {
			return nil, z.t.failure()
		}
		e, data, err := z.local(l, end)
		if err != nil {
			return nil, err
		}
		entries[i] = e
		if err := z.start(e, data); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// start claims the name of an entry and leaves unpacking it to whoever has
// time.
func (z *zipAt) start(e *entry, data int64) error {
	if err := z.t.admit(e); err != nil || e.dir {
		return err
	}
	if e.again {
		z.t.wait(&z.wg) // the first must be there to be compared with
	}
	if e.whole() {
		if err := z.t.grow(e.Name, e.Size); err != nil {
			return err
		}
	}
	z.t.opts.Pool.run(&z.wg, func() { z.t.fail(z.file(e, data)) })
	return nil
}

// local reads the local header of a listing and what follows the data up to
// end, and returns the entry with the offset of its data.
func (z *zipAt) local(l *listing, end int64) (e *entry, data int64, err error) {
	if l.Offset+localSize > end {
		return nil, 0, refuse(l.Name, "it overlaps another entry")
	}
	b := getBuffer(int(min(end-l.Offset, smallBuffer)))
	defer putBuffer(b)
	if err := z.readAt(b, l.Offset); err != nil {
		return nil, 0, err
	}
	if binary.LittleEndian.Uint32(b) != sigLocal {
		return nil, 0, refuse(l.Name, "it is in the central directory and not in the archive")
	}
	nameLen, extraLen := localLengths(b)
	if localSize+nameLen+extraLen > len(b) {
		if b, err = z.longer(l.Offset, end, localSize+nameLen+extraLen); err != nil {
			return nil, 0, damaged(l.Name, "it overlaps another entry", err)
		}
	}
	e, err = parseLocal(b[:localSize], b[localSize:localSize+nameLen], b[localSize+nameLen:localSize+nameLen+extraLen], l.Offset)
	if err != nil {
		return nil, 0, err
	}
	if e.unsized() {
		e.CRC, e.Packed, e.Size = l.CRC, l.Packed, l.Size
		if err := e.check(); err != nil {
			return nil, 0, err
		}
	}
	data = l.Offset + int64(localSize+nameLen+extraLen)
	return e, data, z.gap(e, data+e.Packed, end)
}

// longer reads a header that did not fit.
func (z *zipAt) longer(offset, end int64, n int) ([]byte, error) {
	if offset+int64(n) > end {
		return nil, io.ErrUnexpectedEOF
	}
	b := make([]byte, n)
	return b, z.readAt(b, offset)
}

// gap checks what is between the data of an entry and what comes next: its
// data descriptor or nothing.
func (z *zipAt) gap(e *entry, from, to int64) error {
	n := to - from
	if e.Flags&flagDescriptor == 0 && n == 0 {
		return nil
	}
	if n < 0 {
		return refuse(e.Name, "it overlaps another entry")
	}
	if n == 0 {
		return refuse(e.Name, "what follows it does not tell its size and checksum")
	}
	if e.Flags&flagDescriptor == 0 || n != 12 && n != 16 && n != 20 && n != 24 {
		return refuse(e.Name, "it is followed by %d bytes that belong to nothing", n)
	}
	var b [24]byte
	if err := z.readAt(b[:n], from); err != nil {
		return err
	}
	if !e.parseDescriptor(b[:n]) {
		return refuse(e.Name, "what follows it does not tell its size and checksum")
	}
	return nil
}

// file unpacks an entry whose data begins at offset.
func (z *zipAt) file(e *entry, offset int64) error {
	if z.t.stop.Load() {
		return nil
	}
	if !e.whole() {
		return z.t.place(e, func(w io.Writer) error {
			return z.t.unpackStream(e, io.NewSectionReader(z.r, offset, e.Packed), w)
		})
	}
	packed := getBuffer(int(e.Packed))
	if err := z.readAt(packed, offset); err != nil {
		putBuffer(packed)
		return err
	}
	return z.t.unpackEntry(e, packed)
}

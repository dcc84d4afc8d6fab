package backend

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/gzip"
)

// tarWriter writes a gzip-compressed tar archive in the GNU format, without
// owners.
type tarWriter struct {
	gz     *gzip.Writer
	time   int64
	header [512]byte
	buffer []byte
}

func newTarWriter(w io.Writer, at time.Time) *tarWriter {
	t := &tarWriter{gz: gzip.NewWriter(w)}
	if !at.IsZero() {
		t.time = at.Unix()
	}
	return t
}

func (t *tarWriter) add(name string, data []byte) error {
	return t.member(name, '0', 0o644, int64(len(data)), bytes.NewReader(data))
}

func (t *tarWriter) addDir(name string) error { return t.member(name, '5', 0o755, 0, nil) }

func (t *tarWriter) addFile(name, file string) error {
	f, info, err := open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	return t.member(name, '0', permissions(info), info.Size(), f)
}

func (t *tarWriter) finish(string) error {
	if _, err := t.gz.Write(make([]byte, 2*512)); err != nil {
		return err
	}
	return t.gz.Close()
}

// member writes one member. A name that is too long for the header goes into a
// member of its own in front.
func (t *tarWriter) member(name string, kind byte, mode uint32, size int64, r io.Reader) error {
	if len(name) > 100 {
		long := name + "\x00"
		if err := t.member("././@LongLink", 'L', 0o644, int64(len(long)), bytes.NewReader([]byte(long))); err != nil {
			return err
		}
	}
	t.setHeader(name, kind, mode, size)
	if _, err := t.gz.Write(t.header[:]); err != nil || r == nil {
		return err
	}
	if t.buffer == nil {
		t.buffer = make([]byte, 64<<10)
	}
	n, err := io.CopyBuffer(struct{ io.Writer }{t.gz}, io.LimitReader(r, size), t.buffer)
	if err != nil {
		return err
	}
	if n != size {
		return fmt.Errorf("adding %s: the file shrank while it was read", name)
	}
	_, err = t.gz.Write(make([]byte, -size&511))
	return err
}

func (t *tarWriter) setHeader(name string, kind byte, mode uint32, size int64) {
	h := t.header[:]
	clear(h)
	copy(h[:100], name)
	octal(h[100:108], int64(mode))
	if kind == 'L' {
		octal(h[108:116], 0)
		octal(h[116:124], 0)
	}
	octal(h[124:136], size)
	octal(h[136:148], t.time)
	copy(h[148:156], "        ")
	h[156] = kind
	copy(h[257:265], "ustar  \x00")
	sum := int64(0)
	for _, b := range h {
		sum += int64(b)
	}
	octal(h[148:156], sum)
}

// octal writes a number with leading zeros and a closing zero byte, or in
// binary if it is too large for that.
func octal(field []byte, n int64) {
	digits := len(field) - 1
	if n < 0 || n >= 1<<(3*digits) {
		for i := len(field) - 1; i >= 0; i-- {
			field[i] = byte(n)
			n >>= 8
		}
		field[0] |= 0x80
		return
	}
	field[digits] = 0
	for i := digits - 1; i >= 0; i-- {
		field[i] = '0' + byte(n&7)
		n >>= 3
	}
}

package archive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
)

// The decoder of Zstandard (RFC 8878) is our own: what libraries fill in when
// the program starts costs every command more than these archives, which are
// rarely met, are worth. The fuzz test holds it against a library.

const (
	zstdMagic         = 0xfd2fb528
	zstdSkippable     = 0x184d2a50 // and the fifteen after it
	zstdBlockMost     = 128 << 10
	zstdSkippableMask = 0xfffffff0
)

var (
	errZstd         = errors.New("damaged zstd data")
	errZstdWindow   = errors.New("zstd data that needs more memory than is allowed")
	errZstdChecksum = errors.New("zstd data whose checksum is another one")
	errZstdDict     = errors.New("zstd data that needs a dictionary")
)

// A zstdReader decompresses the frames of r, and reads no further than they go.
type zstdReader struct {
	r         io.Reader
	maxWindow uint64
	err       error // for when all of buf is read

	// buf holds what matches may refer to, and from at on what is to be read.
	buf []byte
	at  int

	inFrame, checked bool
	window           int
	known            bool // the frame tells its size
	left             uint64
	sum              xxh64

	block, literals []byte
	tables          [3]*fseTable // of literal lengths, offsets, match lengths
	huffman         *huffmanTable
	recent          [3]int // offsets
}

func newZstdReader(r io.Reader, maxWindow uint64) *zstdReader {
	return &zstdReader{r: r, maxWindow: maxWindow}
}

// Read implements [io.Reader].
func (z *zstdReader) Read(p []byte) (int, error) {
	for z.at == len(z.buf) {
		if z.err != nil {
			return 0, z.err
		}
		z.slide()
		if z.err = z.more(); z.err == io.EOF && z.inFrame {
			z.err = io.ErrUnexpectedEOF
		}
	}
	n := copy(p, z.buf[z.at:])
	z.at += n
	return n, nil
}

// slide drops what no match can refer to any more, when it is much.
func (z *zstdReader) slide() {
	if !z.inFrame {
		z.buf, z.at = z.buf[:0], 0
		return
	}
	if drop := len(z.buf) - z.window; drop > max(z.window/4, zstdBlockMost) {
		n := copy(z.buf, z.buf[drop:])
		z.buf, z.at = z.buf[:n], n
	}
}

// more decodes the next block, or the header of the next frame.
func (z *zstdReader) more() error {
	if !z.inFrame {
		return z.frame()
	}
	var head [3]byte
	if err := z.full(head[:]); err != nil {
		return err
	}
	h := uint32(head[0]) | uint32(head[1])<<8 | uint32(head[2])<<16
	size := int(h >> 3)
	start := len(z.buf)
	if size > zstdBlockMost {
		return errZstd
	}
	var err error
	switch h >> 1 & 3 {
	case 0:
		z.buf = append(z.buf, make([]byte, size)...)
		err = z.full(z.buf[start:])
	case 1:
		var b [1]byte
		err = z.full(b[:])
		for range size {
			z.buf = append(z.buf, b[0])
		}
	case 2:
		z.block = grown(z.block, size)
		if err = z.full(z.block); err == nil {
			err = z.compressed(z.block)
		}
	default:
		err = errZstd
	}
	made := len(z.buf) - start
	if err == nil && (made > zstdBlockMost || z.known && uint64(made) > z.left) {
		err = errZstd
	}
	if err != nil {
		z.buf = z.buf[:start]
		return err
	}
	z.left -= uint64(made)
	if z.checked {
		z.sum.write(z.buf[start:])
	}
	if h&1 != 0 {
		return z.endFrame()
	}
	return nil
}

func (z *zstdReader) endFrame() error {
	if z.known && z.left > 0 {
		return errZstd
	}
	if z.checked {
		var sum [4]byte
		if err := z.full(sum[:]); err != nil {
			return err
		}
		if binary.LittleEndian.Uint32(sum[:]) != uint32(z.sum.sum()) {
			return errZstdChecksum
		}
	}
	z.inFrame = false
	return nil
}

// full reads what must be there.
func (z *zstdReader) full(p []byte) error {
	_, err := io.ReadFull(z.r, p)
	if err == io.EOF && len(p) > 0 {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// frame reads the header of a frame, or passes over one that holds no data. The
// error is io.EOF if there is none.
func (z *zstdReader) frame() error {
	var b [14]byte
	if _, err := io.ReadFull(z.r, b[:4]); err != nil {
		return err
	}
	magic := binary.LittleEndian.Uint32(b[:])
	if magic&zstdSkippableMask == zstdSkippable {
		if err := z.full(b[:4]); err != nil {
			return err
		}
		n := int64(binary.LittleEndian.Uint32(b[:]))
		if skipped, err := io.CopyN(io.Discard, z.r, n); err != nil || skipped < n {
			return io.ErrUnexpectedEOF
		}
		return nil
	}
	if magic != zstdMagic {
		return fmt.Errorf("%w: it does not begin as such", errZstd)
	}
	if err := z.full(b[:1]); err != nil {
		return err
	}
	return z.header(b[0])
}

// header reads the rest of a frame's header.
func (z *zstdReader) header(flags byte) error {
	single := flags>>5&1 == 1
	sizeBytes := []int{0, 2, 4, 8}[flags>>6]
	if single && sizeBytes == 0 {
		sizeBytes = 1
	}
	dictBytes := []int{0, 1, 2, 4}[flags&3]
	windowBytes := 1
	if single {
		windowBytes = 0
	}
	if flags>>3&1 != 0 {
		return errZstd // reserved
	}
	var b [16]byte
	if err := z.full(b[:windowBytes+dictBytes+sizeBytes]); err != nil {
		return err
	}
	for _, c := range b[windowBytes : windowBytes+dictBytes] {
		if c != 0 {
			return errZstdDict
		}
	}
	z.known, z.left = sizeBytes > 0, 0
	for i, c := range b[windowBytes+dictBytes : windowBytes+dictBytes+sizeBytes] {
		z.left |= uint64(c) << (8 * i)
	}
	if sizeBytes == 2 {
		z.left += 256
	}
	window := z.left
	if !single {
		base := uint64(1) << (10 + b[0]>>3)
		window = base + base/8*uint64(b[0]&7)
	}
	if window > z.maxWindow {
		return errZstdWindow
	}
	z.window, z.checked, z.inFrame = int(window), flags>>2&1 == 1, true
	z.buf, z.at = z.buf[:0], 0
	z.sum = xxh64{}
	z.tables, z.huffman, z.recent = [3]*fseTable{}, nil, [3]int{1, 4, 8}
	return nil
}

// grown returns a buffer of n bytes, whose content is anything.
func grown(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// compressed decodes a compressed block to the end of buf.
func (z *zstdReader) compressed(block []byte) error {
	rest, err := z.readLiterals(block)
	if err != nil {
		return err
	}
	return z.sequences(rest)
}

// sequences executes the second part of a block: copies of literals and of what
// came before.
func (z *zstdReader) sequences(b []byte) error {
	if len(b) == 0 {
		return errZstd
	}
	n, used := int(b[0]), 1
	switch {
	case n == 0:
		if len(b) > 1 {
			return errZstd
		}
		z.buf = append(z.buf, z.literals...)
		return nil
	case n == 255 && len(b) > 2:
		n, used = int(b[1])+int(b[2])<<8+0x7f00, 3
	case n >= 128 && len(b) > 1:
		n, used = (n-128)<<8+int(b[1]), 2
	case n >= 128:
		return errZstd
	}
	if len(b) == used || b[used]&3 != 0 {
		return errZstd
	}
	modes := b[used]
	b = b[used+1:]
	for kind := range z.tables {
		var err error
		if b, err = z.table(kind, modes>>(6-2*kind)&3, b); err != nil {
			return err
		}
	}
	return z.execute(n, b)
}

// execute decodes n sequences and does what they say.
func (z *zstdReader) execute(n int, b []byte) error {
	in, err := newBackward(b)
	if err != nil {
		return err
	}
	ll, of, ml := z.tables[0].start(&in), z.tables[1].start(&in), z.tables[2].start(&in)
	literals, start := z.literals, len(z.buf)
	for i := range n {
		code := of.symbol()
		value := 1<<code + int(in.take(uint(code)))
		match := matchLength(ml.symbol(), &in)
		literal := literalLength(ll.symbol(), &in)
		if i < n-1 {
			ll.next(&in)
			ml.next(&in)
			of.next(&in)
		}
		offset := z.offset(value, literal == 0)
		if literal > len(literals) || len(z.buf)-start+literal+match > zstdBlockMost {
			return errZstd
		}
		z.buf = append(z.buf, literals[:literal]...)
		literals = literals[literal:]
		if offset <= 0 || offset > len(z.buf) || offset > max(z.window, zstdBlockMost) {
			return errZstd
		}
		z.repeat(offset, match)
	}
	if in.left != 0 {
		return errZstd
	}
	z.buf = append(z.buf, literals...)
	return nil
}

// repeat appends n bytes from offset bytes before the end.
func (z *zstdReader) repeat(offset, n int) {
	for n > 0 {
		from := len(z.buf) - offset
		part := z.buf[from:min(from+n, len(z.buf))]
		z.buf = append(z.buf, part...)
		n -= len(part)
	}
}

// offset is what a value means, which may be one of the last three; no literals
// before it changes which.
func (z *zstdReader) offset(value int, noLiterals bool) int {
	r := &z.recent
	if value > 3 {
		r[0], r[1], r[2] = value-3, r[0], r[1]
		return r[0]
	}
	at := value - 1
	if noLiterals {
		at++
	}
	if at == 0 {
		return r[0]
	}
	offset := r[0] - 1
	if at < 3 {
		offset = r[at]
	}
	if at > 1 {
		r[2] = r[1]
	}
	r[0], r[1] = offset, r[0]
	return offset
}

func literalLength(code byte, in *backward) int {
	if code < 16 {
		return int(code)
	}
	base := [...]uint32{16, 18, 20, 22, 24, 28, 32, 40, 48, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536}
	extra := [...]uint8{1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	return int(base[code-16]) + int(in.take(uint(extra[code-16])))
}

func matchLength(code byte, in *backward) int {
	if code < 32 {
		return int(code) + 3
	}
	base := [...]uint32{35, 37, 39, 41, 43, 47, 51, 59, 67, 83, 99, 131, 259, 515, 1027, 2051, 4099, 8195, 16387, 32771, 65539}
	extra := [...]uint8{1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	return int(base[code-32]) + int(in.take(uint(extra[code-32])))
}

// xxh64 is the checksum of a frame (XXH64 with seed 0).
type xxh64 struct {
	v     [4]uint64
	total uint64
	rest  []byte
}

const (
	xxh1 uint64 = 0x9e3779b185ebca87
	xxh2 uint64 = 0xc2b2ae3d27d4eb4f
	xxh3 uint64 = 0x165667b19e3779f9
	xxh4 uint64 = 0x85ebca77c2b2ae63
	xxh5 uint64 = 0x27d4eb2f165667c5
)

func xxhRound(acc, in uint64) uint64 { return bits.RotateLeft64(acc+in*xxh2, 31) * xxh1 }

func (x *xxh64) write(p []byte) {
	if x.total == 0 {
		p1, p2 := xxh1, xxh2 // variables, so that the sums may overflow
		x.v = [4]uint64{p1 + p2, p2, 0, -p1}
	}
	x.total += uint64(len(p))
	if len(x.rest) > 0 {
		n := min(32-len(x.rest), len(p))
		x.rest = append(x.rest, p[:n]...)
		p = p[n:]
		if len(x.rest) == 32 {
			x.stripe(x.rest)
			x.rest = x.rest[:0]
		}
	}
	for len(p) >= 32 {
		x.stripe(p)
		p = p[32:]
	}
	x.rest = append(x.rest, p...)
}

func (x *xxh64) stripe(p []byte) {
	for i := range x.v {
		x.v[i] = xxhRound(x.v[i], binary.LittleEndian.Uint64(p[8*i:]))
	}
}

func (x *xxh64) sum() uint64 {
	h := xxh5
	if x.total >= 32 {
		v := x.v
		h = bits.RotateLeft64(v[0], 1) + bits.RotateLeft64(v[1], 7) + bits.RotateLeft64(v[2], 12) + bits.RotateLeft64(v[3], 18)
		for _, v := range v {
			h = (h^xxhRound(0, v))*xxh1 + xxh4
		}
	}
	h += x.total
	p := x.rest
	for ; len(p) >= 8; p = p[8:] {
		h = bits.RotateLeft64(h^xxhRound(0, binary.LittleEndian.Uint64(p)), 27)*xxh1 + xxh4
	}
	if len(p) >= 4 {
		h = bits.RotateLeft64(h^uint64(binary.LittleEndian.Uint32(p))*xxh1, 23)*xxh2 + xxh3
		p = p[4:]
	}
	for _, c := range p {
		h = bits.RotateLeft64(h^uint64(c)*xxh5, 11) * xxh1
	}
	h = (h ^ h>>33) * xxh2
	h = (h ^ h>>29) * xxh3
	return h ^ h>>32
}

package archive

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
)

// The decoder of .xz (the file format of version 1.2.1) is our own for the same
// reason as that of Zstandard. It knows the one filter that archives of sources
// are made with, LZMA2.

var (
	errXz         = errors.New("damaged xz data")
	errXzChecksum = errors.New("xz data whose checksum is another one")
	errXzFilter   = errors.New("xz data with a filter other than LZMA2")
)

// maxXzDictionary is the largest dictionary: that of `xz -9` is 64 MiB.
const maxXzDictionary = 1 << 30

// An xzReader decompresses the streams of an .xz file.
type xzReader struct {
	r   *bufio.Reader
	n   int64 // bytes read
	err error

	lzma  lzma2
	check byte // its kind
	sum   hash.Hash
	// Of the block that is read: where it began and what its header promises,
	// -1 if nothing.
	began, made              int64
	header                   int64
	packedWant, unpackedWant int64
	inBlock                  bool
	blocks                   []xzBlock
}

// An xzBlock is what the index at the end repeats.
type xzBlock struct{ packed, unpacked int64 }

func newXzReader(r io.Reader) (*xzReader, error) {
	x := &xzReader{r: bufio.NewReader(r)}
	return x, x.streamHeader()
}

// Read implements [io.Reader].
func (x *xzReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for x.err == nil {
		if !x.inBlock {
			x.err = x.next()
			continue
		}
		n, err := x.lzma.read(p)
		if n > 0 {
			x.made += int64(n)
			if x.sum != nil {
				x.sum.Write(p[:n])
			}
			return n, nil
		}
		if err == io.EOF {
			err = x.endBlock()
		}
		x.err = err
	}
	return 0, x.err
}

// ReadByte implements [io.ByteReader], for the filter; the end is unexpected.
func (x *xzReader) ReadByte() (byte, error) {
	b, err := x.r.ReadByte()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	x.n++
	return b, err
}

func (x *xzReader) full(p []byte) error {
	n, err := io.ReadFull(x.r, p)
	x.n += int64(n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

func (x *xzReader) streamHeader() error {
	var b [12]byte
	if err := x.full(b[:]); err != nil {
		return err
	}
	if string(b[:6]) != "\xfd7zXZ\x00" {
		return fmt.Errorf("%w: it does not begin as such", errXz)
	}
	if crc32.ChecksumIEEE(b[6:8]) != binary.LittleEndian.Uint32(b[8:]) {
		return errXzChecksum
	}
	if b[6] != 0 || b[7] > 15 {
		return errXz
	}
	x.check, x.blocks = b[7], x.blocks[:0]
	switch x.check {
	case 1:
		x.sum = crc32.NewIEEE()
	case 4:
		x.sum = crc64.New(crc64.MakeTable(crc64.ECMA))
	case 10:
		x.sum = sha256.New()
	default:
		x.sum = nil // none, or one that nobody knows, of known length
	}
	return nil
}

// next reads the header of the next block, or the end of the stream and the
// header of the next stream. The error is io.EOF at the end of the file.
func (x *xzReader) next() error {
	began := x.n
	size, err := x.ReadByte()
	if err != nil {
		return err
	}
	if size == 0 {
		return x.endStream(began)
	}
	header := make([]byte, 4*(int(size)+1))
	header[0] = size
	if err := x.full(header[1:]); err != nil {
		return err
	}
	body := header[:len(header)-4]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(header[len(body):]) {
		return errXzChecksum
	}
	dictionary, err := x.blockHeader(body[1:])
	if err != nil {
		return err
	}
	x.lzma.reset(x, dictionary)
	x.inBlock, x.began, x.made, x.header = true, x.n, 0, int64(len(header))
	if x.sum != nil {
		x.sum.Reset()
	}
	return nil
}

// blockHeader reads what a block is and returns the size of its dictionary.
func (x *xzReader) blockHeader(b []byte) (dictionary int, err error) {
	flags := b[0]
	b = b[1:]
	if flags&0x3c != 0 {
		return 0, errXz
	}
	x.packedWant, x.unpackedWant = -1, -1
	for i, want := range []*int64{&x.packedWant, &x.unpackedWant} {
		if flags>>(6+i)&1 == 1 {
			v, n := binary.Uvarint(b)
			if n <= 0 || v >= 1<<63 {
				return 0, errXz
			}
			*want, b = int64(v), b[n:]
		}
	}
	if flags&3 != 0 || len(b) < 3 || b[0] != 0x21 {
		return 0, errXzFilter
	}
	if b[1] != 1 || b[2] > 40 || len(bytes.Trim(b[3:], "\x00")) > 0 {
		return 0, errXz
	}
	size := uint64(2|b[2]&1) << (b[2]/2 + 11)
	if size > maxXzDictionary {
		return 0, fmt.Errorf("xz data that needs a dictionary of %d bytes", size)
	}
	return int(size), nil
}

// endBlock reads what follows the data of a block, and checks it.
func (x *xzReader) endBlock() error {
	x.inBlock = false
	packed := x.n - x.began
	if x.packedWant >= 0 && packed != x.packedWant || x.unpackedWant >= 0 && x.made != x.unpackedWant {
		return errXz
	}
	length := [...]int{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}[x.check]
	x.blocks = append(x.blocks, xzBlock{packed + x.header + int64(length), x.made})
	tail := make([]byte, int(-packed&3)+length)
	if err := x.full(tail); err != nil {
		return err
	}
	padding, told := tail[:len(tail)-length], tail[len(tail)-length:]
	if len(bytes.Trim(padding, "\x00")) > 0 {
		return errXz
	}
	if x.sum == nil {
		return nil
	}
	sum := x.sum.Sum(nil)
	if x.check < 10 { // numbers, which are little-endian here
		for i, j := 0, len(sum)-1; i < j; i, j = i+1, j-1 {
			sum[i], sum[j] = sum[j], sum[i]
		}
	}
	if !bytes.Equal(sum, told) {
		return errXzChecksum
	}
	return nil
}

// endStream reads the index and the footer, and what comes after them.
func (x *xzReader) endStream(began int64) error {
	index := []byte{0}
	number := func() (int64, error) {
		var v uint64
		for shift := 0; shift < 63; shift += 7 {
			b, err := x.ReadByte()
			if err != nil {
				return 0, err
			}
			index = append(index, b)
			v |= uint64(b&0x7f) << shift
			if b < 0x80 {
				return int64(v), nil
			}
		}
		return 0, errXz
	}
	count, err := number()
	if err != nil {
		return err
	}
	if count != int64(len(x.blocks)) {
		return errXz
	}
	for _, block := range x.blocks {
		packed, err1 := number()
		unpacked, err2 := number()
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		if (xzBlock{packed, unpacked}) != block {
			return errXz
		}
	}
	end := make([]byte, int(-len(index)&3)+4+12)
	if err := x.full(end); err != nil {
		return err
	}
	padding, sum, footer := end[:len(end)-16], end[len(end)-16:len(end)-12], end[len(end)-12:]
	index = append(index, padding...)
	if crc32.ChecksumIEEE(index) != binary.LittleEndian.Uint32(sum) || crc32.ChecksumIEEE(footer[4:10]) != binary.LittleEndian.Uint32(footer) {
		return errXzChecksum
	}
	size := 4 * (int64(binary.LittleEndian.Uint32(footer[4:])) + 1)
	if len(bytes.Trim(padding, "\x00")) > 0 || size != int64(len(index)+4) || footer[8] != 0 || footer[9] != x.check || string(footer[10:]) != "YZ" {
		return errXz
	}
	return x.betweenStreams()
}

// betweenStreams passes over padding, up to another stream or the end.
func (x *xzReader) betweenStreams() error {
	for {
		b, err := x.r.Peek(4)
		if len(b) == 0 {
			return err
		}
		if len(b) < 4 {
			return errXz
		}
		if string(b) != "\x00\x00\x00\x00" {
			return x.streamHeader()
		}
		if _, err := x.r.Discard(4); err != nil {
			return err
		}
	}
}

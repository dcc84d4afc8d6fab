// Package blake2b is the hash function BLAKE2b (RFC 7693) without a key, which
// some package indexes and the upload protocol use, and the standard library
// does not have.
package blake2b

import (
	"encoding/binary"
	"errors"
	"hash"
	"math/bits"
)

// A digest computes a hash. It is met so rarely that a plain implementation
// will do.
type digest struct {
	size   int
	h      [8]uint64
	total  uint64
	buffer [blockSize]byte
	used   int
}

// Size is the greatest size of a digest, in bytes.
const Size = 64

const (
	blockSize = 128
	rounds    = 12
)

// initial is the initialization vector of section 2.6.
func initial() [8]uint64 {
	return [8]uint64{
		0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
		0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
	}
}

// sigma is the order of the words of a block in each round, section
// 2.7.
func sigma() [10][16]byte {
	return [10][16]byte{
		{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
		{14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
		{11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
		{7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
		{9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
		{2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
		{12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
		{13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
		{6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
		{10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
	}
}

// New returns a hash with digests of a number of bytes, at most [Size]:
// BLAKE2b-512 for Size, which Python's hashlib calls blake2b.
func New(size int) hash.Hash {
	b := &digest{size: size}
	b.Reset()
	return b
}

// Reset implements [hash.Hash].
func (b *digest) Reset() {
	*b = digest{size: b.size, h: initial()}
	b.h[0] ^= 0x01010000 ^ uint64(b.size) // no key
}

// Size implements [hash.Hash].
func (b *digest) Size() int { return b.size }

// BlockSize implements [hash.Hash].
func (b *digest) BlockSize() int { return blockSize }

// Write implements [io.Writer]; it never fails.
func (b *digest) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if b.used == blockSize { // the last block is kept for Sum
			b.total += blockSize
			b.compress(false)
			b.used = 0
		}
		took := copy(b.buffer[b.used:], p)
		b.used += took
		p = p[took:]
	}
	return n, nil
}

// Sum implements [hash.Hash].
func (b *digest) Sum(out []byte) []byte {
	last := *b
	last.total += uint64(last.used)
	clear(last.buffer[last.used:])
	last.compress(true)
	var all [Size]byte
	for i, word := range last.h {
		binary.LittleEndian.PutUint64(all[8*i:], word)
	}
	return append(out, all[:b.size]...)
}

// compress is the function F of section 3.2.
func (b *digest) compress(last bool) {
	var m [16]uint64
	for i := range m {
		m[i] = binary.LittleEndian.Uint64(b.buffer[8*i:])
	}
	iv, sigma := initial(), sigma()
	var v [16]uint64
	copy(v[:8], b.h[:])
	copy(v[8:], iv[:])
	v[12] ^= b.total
	if last {
		v[14] = ^v[14]
	}
	mix := func(a, b, c, d int, x, y uint64) {
		v[a] += v[b] + x
		v[d] = bits.RotateLeft64(v[d]^v[a], -32)
		v[c] += v[d]
		v[b] = bits.RotateLeft64(v[b]^v[c], -24)
		v[a] += v[b] + y
		v[d] = bits.RotateLeft64(v[d]^v[a], -16)
		v[c] += v[d]
		v[b] = bits.RotateLeft64(v[b]^v[c], -63)
	}
	for round := range rounds {
		s := &sigma[round%10]
		for i := range 4 {
			mix(i, 4+i, 8+i, 12+i, m[s[2*i]], m[s[2*i+1]])
		}
		for i := range 4 {
			mix(i, 4+(i+1)%4, 8+(i+2)%4, 12+(i+3)%4, m[s[8+2*i]], m[s[9+2*i]])
		}
	}
	for i := range b.h {
		b.h[i] ^= v[i] ^ v[i+8]
	}
}

// MarshalBinary implements [encoding.BinaryMarshaler].
func (b *digest) MarshalBinary() ([]byte, error) {
	var out []byte
	for _, word := range b.h {
		out = binary.LittleEndian.AppendUint64(out, word)
	}
	out = binary.LittleEndian.AppendUint64(out, b.total)
	return append(out, b.buffer[:b.used]...), nil
}

// UnmarshalBinary implements [encoding.BinaryUnmarshaler].
func (b *digest) UnmarshalBinary(data []byte) error {
	if len(data) < 72 || len(data) > 72+blockSize {
		return errors.New("not the state of a BLAKE2b hash")
	}
	for i := range b.h {
		b.h[i] = binary.LittleEndian.Uint64(data[8*i:])
	}
	b.total = binary.LittleEndian.Uint64(data[64:])
	b.used = copy(b.buffer[:], data[72:])
	return nil
}

package sha256pair

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"errors"
	"hash"
)

// A Hash is a message that comes in pieces. Beyond what a [hash.Hash] does it
// takes messages that lie in memory along. Its state is kept and restored as
// that of [crypto/sha256].
type Hash struct {
	state state
	part  [blockSize]byte // what there is of the next block
	size  uint64          // bytes so far
	plain hash.Hash       // without the instructions
}

var (
	_ hash.Hash                  = (*Hash)(nil)
	_ encoding.BinaryMarshaler   = (*Hash)(nil)
	_ encoding.BinaryUnmarshaler = (*Hash)(nil)
)

// NewHash returns the hash of what is written to it.
func NewHash() *Hash {
	h := new(Hash)
	h.Reset()
	return h
}

// Reset begins anew.
func (h *Hash) Reset() {
	h.state, h.size, h.plain = start(), 0, nil
	if !quick() {
		h.plain = sha256.New()
	}
}

// Size is that of the sum, in bytes.
func (h *Hash) Size() int { return sha256.Size }

// BlockSize is that of what is hashed in one go, in bytes.
func (h *Hash) BlockSize() int { return blockSize }

// Write goes on with p. There are no errors.
func (h *Hash) Write(p []byte) (int, error) { return h.WriteBeside(p, nil), nil }

// WriteBeside goes on with p, and beside it with the message m, which may be
// nil. If m is done before all of p is written it returns early: n bytes of p are
// written.
func (h *Hash) WriteBeside(p []byte, m *Message) (n int) {
	if h.plain != nil {
		n, _ = h.plain.Write(p)
		return n
	}
	if at := int(h.size % blockSize); at > 0 {
		n = copy(h.part[at:], p)
		h.size += uint64(n)
		if at+n < blockSize {
			return n
		}
		blocksOne(&h.state, &h.part[0], 1)
	}
	for left := (len(p) - n) / blockSize; left > 0; left = (len(p) - n) / blockSize {
		blocks := left
		if m == nil {
			blocksOne(&h.state, &p[n], blocks)
		} else if m.Done() {
			return n
		} else {
			from, most := m.next()
			blocks = min(blocks, most)
			blocksTwo(&h.state, &m.state, &p[n], from, blocks)
			m.skip(blocks)
		}
		n += blocks * blockSize
		h.size += uint64(blocks) * blockSize
	}
	h.size += uint64(copy(h.part[:], p[n:]))
	return len(p)
}

// Sum appends the hash of what was written so far to b.
func (h *Hash) Sum(b []byte) []byte {
	if h.plain != nil {
		return h.plain.Sum(b)
	}
	rest := Message{state: h.state}
	rest.pad(h.part[:h.size%blockSize], h.size)
	sum := rest.Sum()
	return append(b, sum[:]...)
}

const (
	stateMagic = "sha\x03"
	stateSize  = len(stateMagic) + sha256.Size + blockSize + 8
)

// MarshalBinary returns the state.
func (h *Hash) MarshalBinary() ([]byte, error) {
	if h.plain != nil {
		return h.plain.(encoding.BinaryMarshaler).MarshalBinary()
	}
	b := append(make([]byte, 0, stateSize), stateMagic...)
	for _, at := range places() {
		b = binary.BigEndian.AppendUint32(b, h.state[at])
	}
	b = append(b, h.part[:h.size%blockSize]...)
	b = append(b, make([]byte, blockSize-h.size%blockSize)...)
	return binary.BigEndian.AppendUint64(b, h.size), nil
}

// UnmarshalBinary goes back to a state.
func (h *Hash) UnmarshalBinary(b []byte) error {
	if h.plain != nil {
		return h.plain.(encoding.BinaryUnmarshaler).UnmarshalBinary(b)
	}
	if len(b) != stateSize || string(b[:len(stateMagic)]) != stateMagic {
		return errors.New("this is no state of SHA-256")
	}
	b = b[len(stateMagic):]
	for i, at := range places() {
		h.state[at] = binary.BigEndian.Uint32(b[4*i:])
	}
	b = b[sha256.Size:]
	copy(h.part[:], b)
	h.size = binary.BigEndian.Uint64(b[blockSize:])
	return nil
}

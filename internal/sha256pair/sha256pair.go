// Package sha256pair computes SHA-256 (FIPS 180-4) of two messages at once.
//
// The instructions that processors have for SHA-256 each wait for the one
// before: a processor could do twice as many as one message has for it. Two
// messages that have nothing to do with each other take little longer together
// than the longer one alone. An archive has files by the thousand.
//
// Where a processor has no such instructions, messages are hashed one by one by
// [crypto/sha256].
package sha256pair

import (
	"crypto/sha256"
	"encoding/binary"
)

// blockSize is the size of what is hashed in one go, section 5.2.1.
const blockSize = 64

// A Message is one that lies in memory, hashed as far as it was gone on with.
// [Message.Start] begins.
type Message struct {
	state state
	data  []byte              // whole blocks that are to be hashed
	end   [2 * blockSize]byte // what follows them: the last bytes and the padding
	from  int                 // where in end the next block begins
	to    int                 // where the last one ends
	sum   [sha256.Size]byte   // without the instructions
}

// A state is the eight working variables as the instructions want them: f, e,
// b, a, h, g, d, c.
type state [8]uint32

// Start begins with data, which stays as it is until the message is done. What
// the message was before is forgotten.
func (m *Message) Start(data []byte) {
	m.from, m.to = 0, 0
	if !quick() {
		m.sum = sha256.Sum256(data)
		return
	}
	m.state = start()
	whole := len(data) &^ (blockSize - 1)
	m.data = data[:whole]
	m.pad(data[whole:], uint64(len(data)))
}

// start is what the variables begin with, section 5.3.3.
func start() state {
	return state{0x9b05688c, 0x510e527f, 0xbb67ae85, 0x6a09e667, 0x5be0cd19, 0x1f83d9ab, 0xa54ff53a, 0x3c6ef372}
}

// places is where a to h are in a state.
func places() [8]int { return [...]int{3, 2, 7, 6, 1, 0, 5, 4} }

// pad sets what follows the whole blocks, section 5.1.1: the rest of the
// message, a one bit, zeros, and the length in bits. size is in bytes.
func (m *Message) pad(rest []byte, size uint64) {
	n := copy(m.end[:], rest)
	m.end[n] = 0x80
	m.to = blockSize
	if n+1+8 > blockSize {
		m.to = 2 * blockSize
	}
	clear(m.end[n+1 : m.to-8])
	binary.BigEndian.PutUint64(m.end[m.to-8:], size<<3)
}

// Done says whether all is hashed.
func (m *Message) Done() bool { return m.from == m.to }

// Sum returns the hash. It hashes what is left, alone.
func (m *Message) Sum() [sha256.Size]byte {
	if !quick() {
		return m.sum
	}
	for !m.Done() {
		from, n := m.next()
		blocksOne(&m.state, from, n)
		m.skip(n)
	}
	var sum [sha256.Size]byte
	for i, at := range places() {
		binary.BigEndian.PutUint32(sum[4*i:], m.state[at])
	}
	return sum
}

// next returns the next blocks that lie in one piece.
func (m *Message) next() (from *byte, n int) {
	if len(m.data) > 0 {
		return &m.data[0], len(m.data) / blockSize
	}
	return &m.end[m.from], (m.to - m.from) / blockSize
}

// skip says that n of them are hashed.
func (m *Message) skip(n int) {
	if len(m.data) == 0 {
		m.from += n * blockSize
	} else if m.data = m.data[n*blockSize:]; len(m.data) == 0 {
		m.data = nil // it may be used for something else
	}
}

// Together goes on with two messages until one of them, or both, are done.
func Together(a, b *Message) {
	for !a.Done() && !b.Done() {
		fromA, n := a.next()
		fromB, most := b.next()
		n = min(n, most)
		blocksTwo(&a.state, &b.state, fromA, fromB, n)
		a.skip(n)
		b.skip(n)
	}
}

package archive

import (
	"encoding/binary"
	"math/bits"
)

// A backward reads bits from the end of a stream to its beginning. Beyond the
// beginning there are zeros; left tells how far one went.
type backward struct {
	data []byte // with eight bytes of padding in front
	left int    // bits not read yet; negative beyond the beginning
}

const backwardPad = 8

func newBackward(b []byte) (backward, error) {
	if len(b) == 0 || b[len(b)-1] == 0 {
		return backward{}, errZstd
	}
	data := make([]byte, backwardPad+len(b))
	copy(data[backwardPad:], b)
	return backward{data, 8*len(b) - bits.LeadingZeros8(b[len(b)-1]) - 1}, nil
}

// take reads n bits, at most 32.
func (r *backward) take(n uint) uint32 {
	r.left -= int(n)
	// The bits before the first one are the padding.
	at := r.left + 8*backwardPad
	if n == 0 || at < 0 {
		return 0
	}
	end := at>>3 + 8
	var word uint64
	if end <= len(r.data) {
		word = binary.LittleEndian.Uint64(r.data[at>>3:])
	} else {
		for i, c := range r.data[at>>3:] {
			word |= uint64(c) << (8 * i)
		}
	}
	return uint32(word >> (at & 7) & (1<<n - 1))
}

// An fseTable decodes symbols whose probabilities are known (RFC 8878, 4.1).
type fseTable struct {
	log   uint
	cells []fseCell
}

type fseCell struct {
	symbol, bits byte
	base         uint16
}

// An fseState is a place in a table.
type fseState struct {
	table *fseTable
	at    uint32
}

func (t *fseTable) start(in *backward) fseState { return fseState{t, in.take(t.log)} }

func (s *fseState) symbol() byte { return s.table.cells[s.at].symbol }

func (s *fseState) next(in *backward) {
	c := s.table.cells[s.at]
	s.at = uint32(c.base) + in.take(uint(c.bits))
}

// readFSE reads a table from the beginning of b, and returns the rest.
func readFSE(b []byte, mostLog uint, mostSymbols int) (*fseTable, []byte, error) {
	at := 0
	read := func(n int) int {
		v := 0
		for i := range n {
			if p := (at + i) >> 3; p < len(b) {
				v |= int(b[p]>>((at+i)&7)&1) << i
			}
		}
		at += n
		return v
	}
	log := uint(read(4)) + 5
	if log > mostLog {
		return nil, nil, errZstd
	}
	left := 1 << log
	var counts []int
	for left > 0 {
		n := bits.Len(uint(left + 1))
		v := read(n)
		low := 1<<(n-1) - 1
		short := 1<<n - 1 - (left + 1)
		switch {
		case v&low < short:
			at--
			v &= low
		case v > low:
			v -= short
		}
		count := v - 1
		left -= max(count, -count)
		counts = append(counts, count)
		for repeat := 3; count == 0 && repeat == 3; {
			repeat = read(2)
			counts = append(counts, make([]int, repeat)...)
		}
		if len(counts) > mostSymbols || at > 8*len(b) {
			return nil, nil, errZstd
		}
	}
	if left < 0 {
		return nil, nil, errZstd
	}
	t, err := buildFSE(counts, log)
	return t, b[(at+7)/8:], err
}

// buildFSE makes the table of counts that add up to its size; -1 stands for
// less than one.
func buildFSE(counts []int, log uint) (*fseTable, error) {
	size := 1 << log
	t := &fseTable{log, make([]fseCell, size)}
	next := make([]int, len(counts))
	high := size
	for s, n := range counts {
		next[s] = n
		if n == -1 {
			high--
			t.cells[high].symbol = byte(s)
			next[s] = 1
		}
	}
	at, step := 0, size>>1+size>>3+3
	for s, n := range counts {
		for range max(n, 0) {
			t.cells[at].symbol = byte(s)
			for at = (at + step) & (size - 1); at >= high && high > 0; at = (at + step) & (size - 1) {
			}
		}
	}
	if at != 0 && high > 0 {
		return nil, errZstd
	}
	for i := range t.cells {
		c := &t.cells[i]
		n := next[c.symbol]
		next[c.symbol]++
		c.bits = byte(log) + 1 - byte(bits.Len(uint(n)))
		c.base = uint16(n<<c.bits - size)
	}
	return t, nil
}

// table reads what stands for one of the three tables of sequences.
func (z *zstdReader) table(kind int, mode byte, b []byte) (rest []byte, err error) {
	most := [3]byte{36, 32, 53}[kind]
	switch mode {
	case 0:
		z.tables[kind], err = buildFSE(defaultCounts(kind))
		return b, err
	case 1:
		if len(b) == 0 || b[0] >= most {
			return nil, errZstd
		}
		z.tables[kind] = &fseTable{0, []fseCell{{symbol: b[0]}}}
		return b[1:], nil
	case 2:
		z.tables[kind], rest, err = readFSE(b, [3]uint{9, 8, 9}[kind], int(most))
		return rest, err
	}
	if z.tables[kind] == nil {
		return nil, errZstd
	}
	return b, nil
}

// defaultCounts are the tables of the standard (3.1.1.3.2.2).
func defaultCounts(kind int) ([]int, uint) {
	switch kind {
	case 0:
		return []int{4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1}, 6
	case 1:
		return []int{1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1}, 5
	}
	return []int{
		1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
		1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
	}, 6
}

// A huffmanTable decodes literals: the next log bits lead to a symbol and to
// how many of them it takes.
type huffmanTable struct {
	log   uint
	cells []huffmanCell
}

type huffmanCell struct{ symbol, bits byte }

const huffmanMostBits = 11

// readHuffman reads a table from the beginning of b, and returns the rest.
func readHuffman(b []byte) (*huffmanTable, []byte, error) {
	if len(b) == 0 {
		return nil, nil, errZstd
	}
	size := int(b[0])
	b = b[1:]
	var weights []byte
	if size >= 128 {
		n := size - 127
		if len(b) < (n+1)/2 {
			return nil, nil, errZstd
		}
		for i := range n {
			weights = append(weights, b[i/2]>>(4*(1-i&1))&15)
		}
		b = b[(n+1)/2:]
	} else {
		if len(b) < size {
			return nil, nil, errZstd
		}
		var err error
		if weights, err = readWeights(b[:size]); err != nil {
			return nil, nil, err
		}
		b = b[size:]
	}
	t, err := buildHuffman(weights)
	return t, b, err
}

// readWeights reads weights that are compressed themselves, by two states in
// turn.
func readWeights(b []byte) ([]byte, error) {
	t, rest, err := readFSE(b, 6, 256)
	if err != nil {
		return nil, err
	}
	in, err := newBackward(rest)
	if err != nil {
		return nil, err
	}
	var weights []byte
	now, other := t.start(&in), t.start(&in)
	for len(weights) < 255 {
		weights = append(weights, now.symbol())
		now.next(&in)
		if in.left < 0 {
			return append(weights, other.symbol()), nil
		}
		now, other = other, now
	}
	return nil, errZstd
}

// buildHuffman makes the table of weights, to which the last one is added: it
// is what makes the sum a power of two.
func buildHuffman(weights []byte) (*huffmanTable, error) {
	sum := 0
	for _, w := range weights {
		if w > huffmanMostBits {
			return nil, errZstd
		}
		if w > 0 {
			sum += 1 << (w - 1)
		}
	}
	if sum == 0 || len(weights) > 255 {
		return nil, errZstd
	}
	log := bits.Len(uint(sum))
	left := 1<<log - sum
	if log > huffmanMostBits || left&(left-1) != 0 {
		return nil, errZstd
	}
	weights = append(weights, byte(bits.Len(uint(left))))
	t := &huffmanTable{uint(log), make([]huffmanCell, 0, 1<<log)}
	for w := byte(1); int(w) <= log; w++ { // the rarest first
		for symbol, of := range weights {
			if of == w {
				for range 1 << (w - 1) {
					t.cells = append(t.cells, huffmanCell{byte(symbol), byte(log) + 1 - w})
				}
			}
		}
	}
	if len(t.cells) != 1<<log {
		return nil, errZstd
	}
	return t, nil
}

// decode fills dst from a stream, which must hold exactly that.
func (t *huffmanTable) decode(dst, b []byte) error {
	in, err := newBackward(b)
	if err != nil {
		return err
	}
	state, mask := in.take(t.log), uint32(1)<<t.log-1
	for i := range dst {
		c := t.cells[state]
		dst[i] = c.symbol
		state = (state<<c.bits | in.take(uint(c.bits))) & mask
	}
	if in.left != -int(t.log) {
		return errZstd
	}
	return nil
}

// readLiterals reads the first part of a block into literals, and returns the
// rest.
func (z *zstdReader) readLiterals(b []byte) (rest []byte, err error) {
	if len(b) == 0 {
		return nil, errZstd
	}
	kind, format := b[0]&3, b[0]>>2&3
	if kind < 2 {
		return z.plainLiterals(b, kind, format)
	}
	header, width, streams := 3, 10, 4
	switch format {
	case 0:
		streams = 1
	case 2:
		header, width = 4, 14
	case 3:
		header, width = 5, 18
	}
	if len(b) < header {
		return nil, errZstd
	}
	var h uint64
	for i, c := range b[:header] {
		h |= uint64(c) << (8 * i)
	}
	size, packed := int(h>>4&(1<<width-1)), int(h>>(4+width)&(1<<width-1))
	b = b[header:]
	if size > zstdBlockMost || packed > len(b) {
		return nil, errZstd
	}
	rest, b = b[packed:], b[:packed]
	if kind == 2 {
		if z.huffman, b, err = readHuffman(b); err != nil {
			return nil, err
		}
	}
	if z.huffman == nil {
		return nil, errZstd
	}
	z.literals = grown(z.literals, size)
	if streams == 1 {
		return rest, z.huffman.decode(z.literals, b)
	}
	return rest, z.fourStreams(b)
}

// fourStreams decodes literals that are split in four, each with its size in
// front but for the last.
func (z *zstdReader) fourStreams(b []byte) error {
	if len(b) < 6 {
		return errZstd
	}
	sizes, b := b[:6], b[6:]
	dst, part := z.literals, (len(z.literals)+3)/4
	if len(dst) < 6 || 3*part > len(dst) {
		return errZstd
	}
	for i := range 3 {
		n := int(binary.LittleEndian.Uint16(sizes[2*i:]))
		if n > len(b) {
			return errZstd
		}
		if err := z.huffman.decode(dst[:part], b[:n]); err != nil {
			return err
		}
		dst, b = dst[part:], b[n:]
	}
	return z.huffman.decode(dst, b)
}

// plainLiterals reads literals that are stored as they are, or are one byte
// repeated.
func (z *zstdReader) plainLiterals(b []byte, kind, format byte) ([]byte, error) {
	header := [4]int{1, 2, 1, 3}[format]
	if len(b) < header {
		return nil, errZstd
	}
	size := 0
	for i, c := range b[:header] {
		size |= int(c) << (8 * i)
	}
	if header == 1 {
		size >>= 3
	} else {
		size >>= 4
	}
	b = b[header:]
	if size > zstdBlockMost {
		return nil, errZstd
	}
	z.literals = grown(z.literals, size)
	if kind == 0 {
		if len(b) < size {
			return nil, errZstd
		}
		copy(z.literals, b)
		return b[size:], nil
	}
	if len(b) == 0 {
		return nil, errZstd
	}
	for i := range z.literals {
		z.literals[i] = b[0]
	}
	return b[1:], nil
}

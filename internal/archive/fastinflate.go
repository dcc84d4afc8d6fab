package archive

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"sync"
)

// This file inflates DEFLATE data (RFC 1951) from memory to memory when both
// sizes are known, as they are for nearly every file of a wheel. Knowing them
// allows to look up several bits at once, to read eight bytes at a time, and to
// copy matches within the output instead of a window: two to three times as fast
// as a decompressor that serves a reader. Inflating is what a
// cold install does most.
//
// It is only asked whether data is good: on any error the ordinary
// decompressor is asked again (see inflate), and a checksum follows in any
// case. All memory is reached by bounds-checked slices, but for the quick loop of
// some processors, which checks for itself (see quickBMI2).

// The first lookup takes this many bits; longer codes go on in a subtable.
const (
	litBits  = 11
	distBits = 8
	preBits  = 7

	// The largest tables that any valid code needs, from zlib's `enough`
	// program: for 288 symbols of up to 15 bits and 11 at first, and for 32
	// symbols and 8.
	litSize  = 2342
	distSize = 402

	maxCode = 15
)

// An entry of a table is a uint32. Bits 0 to 7 are how many bits it takes, bits
// 8 to 11 how many of them are the code, which is less if extra bits follow.
// The rest is its value, by kind.
const (
	isLiteral = 1 << 31 // bits 16 to 23 are the byte
	isSpecial = 1 << 15 // neither a literal nor a length nor a distance
	isTable   = 1 << 14 // with isSpecial: bits 16 to 30 are where the subtable begins, bits 8 to 11 its bits
	isEnd     = 1 << 13 // with isSpecial: the end of the block
)

var (
	errDeflate = errors.New("corrupt deflate data")
	errShort   = errors.New("deflate data has another size than told")
)

// A fastInflater holds the tables of one block. They are too large for a
// stack and are used again.
type fastInflater struct {
	lit     [litSize]uint32
	dist    [distSize]uint32
	pre     [1 << preBits]uint32
	lengths [288 + 32 + 8]uint8
	fixed   bool // the tables are those of fixed blocks
	generic bool // the quick loop in Go is to be taken, for tests

	// Of a stream, see faststream.go.
	partial bool // dst is not the whole output
	more    bool // src is not the whole input
	floor   int  // where in dst the output begins that matches may refer to
}

var fastInflaters sync.Pool

// fastInflate unpacks src into dst. Both must end exactly where the data does.
// What lies between their lengths and their capacities may be read, and that of
// dst written: with some there the quick loop goes on to the end.
func fastInflate(dst, src []byte) error {
	f, ok := fastInflaters.Get().(*fastInflater)
	if !ok {
		f = new(fastInflater)
	}
	defer fastInflaters.Put(f)
	return f.inflate(dst, src)
}

// inflate is fastInflate with these tables.
func (f *fastInflater) inflate(dst, src []byte) error {
	f.partial, f.more, f.floor = false, false, 0
	filled, read := len(dst), len(src)
	dst, src = dst[:min(cap(dst), filled+quickOut)], src[:min(cap(src), read+quickIn)]
	s := bitStream{src: src}
	out := 0
	for last := false; !last; {
		var coded bool
		var err error
		if last, coded, out, err = f.begin(&s, dst, out); err == nil && coded {
			out, _, err = f.block(&s, dst, out)
		}
		if err != nil {
			return err
		}
	}
	s.giveBack()
	if out != filled || s.in != read {
		return errShort
	}
	return nil
}

// begin reads the head of a block and, if it is not coded, the whole block.
func (f *fastInflater) begin(s *bitStream, dst []byte, out int) (last, coded bool, filled int, err error) {
	if !s.need(3) {
		return false, false, out, errDeflate
	}
	last = s.take(1) == 1
	switch s.take(2) {
	case 0:
		out, err = s.stored(dst, out)
		return last, false, out, err
	case 1:
		f.fixedTables()
		return last, true, out, nil
	case 2:
		return last, true, out, f.dynamicTables(s)
	}
	return last, false, out, errDeflate
}

// A bitStream reads bits, lowest first.
type bitStream struct {
	src []byte
	in  int
	buf uint64
	n   uint // bits in buf that count; above them may be more of src
}

// need sees to it that there are n bits, n at most 32.
func (s *bitStream) need(n uint) bool {
	for s.n < n {
		if s.in >= len(s.src) {
			return false
		}
		s.buf |= uint64(s.src[s.in]) << s.n
		s.in++
		s.n += 8
	}
	return true
}

func (s *bitStream) take(n uint) uint {
	v := uint(s.buf & (1<<n - 1))
	s.buf >>= n
	s.n -= n
	return v
}

// giveBack returns whole bytes that were read ahead.
func (s *bitStream) giveBack() {
	s.in -= int(s.n >> 3)
	s.n &= 7
	s.buf &= 1<<s.n - 1
}

// stored copies a block that is not compressed.
func (s *bitStream) stored(dst []byte, out int) (int, error) {
	s.giveBack()
	s.buf, s.n = 0, 0
	if len(s.src)-s.in < 4 {
		return out, errDeflate
	}
	n := int(binary.LittleEndian.Uint16(s.src[s.in:]))
	if n != int(^binary.LittleEndian.Uint16(s.src[s.in+2:])) {
		return out, errDeflate
	}
	s.in += 4
	if n > len(s.src)-s.in || n > len(dst)-out {
		return out, errShort
	}
	copy(dst[out:], s.src[s.in:s.in+n])
	s.in += n
	return out + n, nil
}

// fixedTables makes the tables of section 3.2.6.
func (f *fastInflater) fixedTables() {
	if f.fixed {
		return
	}
	lengths := f.lengths[:288]
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	v := tableValues()
	makeTable(f.lit[:], litBits, lengths, v.lit[:])
	for i := range 32 {
		f.lengths[i] = 5
	}
	makeTable(f.dist[:], distBits, f.lengths[:32], v.dist[:])
	f.fixed = true
}

// dynamicTables reads the tables of a block, section 3.2.7.
func (f *fastInflater) dynamicTables(s *bitStream) error {
	f.fixed = false
	if !s.need(14) {
		return errDeflate
	}
	lits, dists, pres := s.take(5)+257, s.take(5)+1, s.take(4)+4
	if lits > 286 || dists > 30 {
		return errDeflate
	}
	const order = "\x10\x11\x12\x00\x08\x07\x09\x06\x0a\x05\x0b\x04\x0c\x03\x0d\x02\x0e\x01\x0f"
	var pre [19]uint8
	for i := range pres {
		if !s.need(3) {
			return errDeflate
		}
		pre[order[i]] = uint8(s.take(3))
	}
	v := tableValues()
	if !makeTable(f.pre[:], preBits, pre[:], v.pre[:]) {
		return errDeflate
	}
	if !f.readLengths(s, int(lits+dists)) {
		return errDeflate
	}
	if f.lengths[256] == 0 || // without an end
		!makeTable(f.lit[:], litBits, f.lengths[:lits], v.lit[:]) ||
		!makeTable(f.dist[:], distBits, f.lengths[lits:lits+dists], v.dist[:]) {
		return errDeflate
	}
	return nil
}

// readLengths reads the lengths of codes, themselves coded by the pre table.
func (f *fastInflater) readLengths(s *bitStream, n int) bool {
	lengths := &f.lengths
	for i := 0; i < n; {
		if s.in <= len(s.src)-8 {
			s.buf |= load64(s.src, s.in) << (s.n & 63)
			s.in += int(^s.n & 63 >> 3)
			s.n |= 56
		} else {
			s.need(preBits + 7) // near the end there may be fewer
		}
		e := f.pre[s.buf&(1<<preBits-1)]
		bits := uint(e & 0xff)
		if e&isSpecial != 0 || bits > s.n {
			return false
		}
		s.take(bits)
		symbol := e >> 16
		if symbol < 16 {
			lengths[i] = uint8(symbol)
			i++
			continue
		}
		value, extra, least := uint64(0), uint(7), 11
		switch symbol {
		case 16:
			if i == 0 {
				return false
			}
			value, extra, least = uint64(lengths[i-1])*0x0101010101010101, 2, 3
		case 17:
			extra, least = 3, 3
		}
		if s.n < extra {
			return false
		}
		times := least + int(s.take(extra))
		if times > n-i {
			return false
		}
		// Eight at a time: there is room behind them.
		for end := i + times; ; i += 8 {
			binary.LittleEndian.PutUint64(lengths[i:i+8], value)
			if end-i <= 8 {
				i = end
				break
			}
		}
	}
	return true
}

// values are what the entries of symbols have besides their codes.
type values struct {
	lit  [288]uint32
	dist [32]uint32
	pre  [19]uint32
}

// tableValues makes them once, when they are needed.
var tableValues = sync.OnceValue(func() *values {
	v := new(values)
	for i := range v.lit {
		v.lit[i] = litEntry(i)
	}
	for i := range v.dist {
		v.dist[i] = distEntry(i)
	}
	for i := range v.pre {
		v.pre[i] = uint32(i) << 16
	}
	return v
})

// litEntry returns what the entry of a literal, a length or the end has
// besides its code: section 3.2.5.
func litEntry(symbol int) uint32 {
	switch {
	case symbol < 256:
		return isLiteral | uint32(symbol)<<16
	case symbol == 256:
		return isSpecial | isEnd
	case symbol < 265:
		return uint32(symbol-254) << 16
	case symbol < 285:
		extra := uint32(symbol-261) / 4
		base := (4+uint32(symbol-261)%4)<<extra + 3
		return base<<16 | extra
	case symbol == 285:
		return 258 << 16
	}
	return isSpecial // 286 and 287 have codes in fixed blocks and do not occur
}

func distEntry(symbol int) uint32 {
	switch {
	case symbol < 4:
		return uint32(symbol+1) << 16
	case symbol < 30:
		extra := uint32(symbol-2) / 2
		base := (2+uint32(symbol)%2)<<extra + 1
		return base<<16 | extra
	}
	return isSpecial
}

// makeTable fills a table for codes of the given lengths, of which those
// longer than first bits go on in subtables. It is false if they make no
// prefix code. As in zlib a code may be incomplete if it has one symbol of one
// bit, or none at all.
func makeTable(table []uint32, first uint, lengths []uint8, values []uint32) bool {
	var count, other, start [maxCode + 1]uint16
	i := 0
	for ; i < len(lengths)-1; i += 2 {
		count[lengths[i]&maxCode]++ // by turns, since each waits for the one before
		other[lengths[i+1]&maxCode]++
	}
	if i < len(lengths) {
		count[lengths[i]&maxCode]++
	}
	left, longest, next := 1, uint(0), count[0]+other[0]
	for n := uint(1); n <= maxCode; n++ {
		count[n] += other[n]
		left = left<<1 - int(count[n])
		if left < 0 {
			return false
		}
		start[n] = next
		next += count[n]
		if count[n] > 0 {
			longest = n
		}
	}
	if left > 0 {
		if longest > 1 {
			return false
		}
		for i := range table[:1<<first] {
			table[i] = isSpecial
		}
	}
	// Symbols without a code come first: that is less work than to see whether
	// they have one.
	var sorted [512]uint16
	unused := start[1]
	for symbol, n := range lengths {
		at := &start[n&maxCode]
		sorted[*at&511] = uint16(symbol)
		*at++
	}
	return fillTable(table, first, lengths, sorted[unused:len(lengths)], &count, values)
}

// fillTable enters the symbols, which are sorted by the lengths of their
// codes. The part of the table that codes of up to n bits need is filled, and
// then doubled for codes of n+1 bits, so that no entry is written twice.
func fillTable(table []uint32, first uint, lengths []uint8, sorted []uint16, count *[maxCode + 1]uint16, values []uint32) bool {
	code, done := uint(0), 0
	for n := uint(1); n <= first; n++ {
		size := 1 << (n - 1)
		if n > 1 {
			copy(table[size:2*size], table[:size])
		}
		code <<= 1
		width := uint32(n)<<8 | uint32(n)
		for _, symbol := range sorted[done : done+int(count[n&maxCode])] {
			table[bits.Reverse16(uint16(code))>>(16-n)] = values[symbol] + width
			code++
		}
		done += int(count[n&maxCode])
	}
	return done == len(sorted) || fillSubtables(table, first, lengths, sorted[done:], code, count, values)
}

// fillSubtables enters the symbols whose codes are longer than first bits.
func fillSubtables(table []uint32, first uint, lengths []uint8, sorted []uint16, code uint, count *[maxCode + 1]uint16, values []uint32) bool {
	before := first
	prefix, sub, subBits := ^uint(0), 0, uint(0)
	next := 1 << first // where the next subtable begins
	for _, symbol := range sorted {
		n := uint(lengths[symbol])
		code <<= n - before
		before = n
		reversed := uint(bits.Reverse16(uint16(code)) >> (16 - n))
		code++
		if low := reversed & (1<<first - 1); low != prefix {
			// A new subtable, as large as the codes that share the prefix need.
			prefix, sub, subBits = low, next, n-first
			for room := uint(count[n]); room < 1<<subBits && first+subBits < maxCode; {
				subBits++
				room = room<<1 + uint(count[first+subBits])
			}
			next += 1 << subBits
			if next > len(table) {
				return false
			}
			table[prefix] = isSpecial | isTable | uint32(sub)<<16 | uint32(subBits)<<8 | uint32(first)
		}
		count[n]--
		n -= first
		entry := values[symbol] + (uint32(n)<<8 | uint32(n))
		for i := reversed >> first; i < 1<<subBits; i += 1 << n {
			table[sub+int(i)] = entry
		}
	}
	return true
}

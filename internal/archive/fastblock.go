package archive

import (
	"encoding/binary"
	"unsafe"
)

// What the quick loop of a block may read and write in one turn, whatever it
// meets: it runs as long as there is so much.
const (
	quickIn  = 16
	quickOut = 3 + 258 + 32
)

// A quick is the state of the quick loop, between its calls. The margins are
// where the last turn may begin.
type quick struct {
	src        *byte
	in, lastIn int
	dst        *byte
	out        int
	lastOut    int
	floor      int    // where in dst the output begins that matches may refer to
	buf        uint64 // of the stream, with what counts of it
	n          uint64
	lit        *[litSize]uint32
	dist       *[distSize]uint32
}

// A quickEnd is why the quick loop ended.
type quickEnd int

const (
	quickMargin  = iota // there may be less of src or dst than a turn may need
	quickDone           // that was the block
	quickCorrupt        // the data is no good
)

// block unpacks a block by the tables, from where out is filled on. If there is
// more input than s has, or if dst may run full, it may stop before the end of
// the block (done is false) and is called again when there is more, or room.
func (f *fastInflater) block(s *bitStream, dst []byte, out int) (filled int, done bool, err error) {
	q := quick{
		in: s.in, lastIn: len(s.src) - quickIn, out: out, lastOut: len(dst) - quickOut, floor: f.floor,
		buf: s.buf, n: uint64(s.n), lit: &f.lit, dist: &f.dist,
	}
	if q.in <= q.lastIn && q.out <= q.lastOut {
		q.src, q.dst = unsafe.SliceData(s.src), unsafe.SliceData(dst)
		var end quickEnd
		if f.generic {
			end = quickGeneric(&q, s.src, dst)
		} else {
			end = quickTurns(&q, s.src, dst)
		}
		if end == quickCorrupt {
			return q.out, false, errDeflate
		}
		s.in, s.buf, s.n, out = q.in, q.buf, uint(q.n), q.out
		if end == quickDone {
			return out, true, nil
		}
	}
	if f.more || f.partial && len(dst)-out < startRoom {
		return out, false, nil
	}
	return f.carefully(s, dst, out)
}

// quickGeneric is the quick loop in Go.
//
// The state is kept in variables here, where the compiler keeps it in
// registers.
func quickGeneric(q *quick, src, dst []byte) quickEnd {
	in, out, buf, n, floor := q.in, q.out, q.buf, q.n, q.floor
	lit, dist := q.lit, q.dist
	for lastIn, lastOut := q.lastIn, q.lastOut; in <= lastIn && out <= lastOut; {
		// 56 bits or more: whole bytes are read again where they were read in
		// part, and give the same bits.
		buf |= load64(src, in) << (n & 63)
		in += int(^n & 63 >> 3)
		n |= 56

		e := lit[buf&(1<<litBits-1)]
		if e&isLiteral != 0 {
			// Up to three literals take 33 bits.
			to := (*[4]byte)(dst[out : out+4 : out+4])
			buf >>= e & 63
			n -= uint64(e)
			to[0] = byte(e >> 16)
			e = lit[buf&(1<<litBits-1)]
			out++
			if e&isLiteral != 0 {
				buf >>= e & 63
				n -= uint64(e)
				to[1] = byte(e >> 16)
				e = lit[buf&(1<<litBits-1)]
				out++
				if e&isLiteral != 0 {
					buf >>= e & 63
					n -= uint64(e)
					to[2] = byte(e >> 16)
					out++
					continue
				}
			}
			buf |= load64(src, in) << (n & 63)
			in += int(^n & 63 >> 3)
			n |= 56
		}
		if e&isTable != 0 {
			if e, buf, n = longCode(lit[:], e, buf, n); e&isLiteral != 0 {
				buf >>= e & 63
				n -= uint64(e)
				dst[out] = byte(e >> 16)
				out++
				continue
			}
		}
		if e&isSpecial != 0 {
			if e&isEnd == 0 {
				return quickCorrupt
			}
			q.in, q.out, q.buf, q.n = in, out, buf>>(e&63), (n-uint64(e))&63
			return quickDone
		}
		// A length, of at most 20 bits, and a distance of at most 28.
		length := int(e>>16) + int(buf&(1<<(e&63)-1)>>(e>>8&15))
		buf >>= e & 63
		n -= uint64(e)
		e = dist[buf&(1<<distBits-1)]
		if e&isTable != 0 {
			e, buf, n = longCode(dist[:], e, buf, n)
		}
		if e&isSpecial != 0 {
			return quickCorrupt
		}
		distance := int(e>>16) + int(buf&(1<<(e&63)-1)>>(e>>8&15))
		buf >>= e & 63
		n -= uint64(e)
		from := out - distance
		if from < floor {
			return quickCorrupt
		}
		end := out + length
		switch {
		case distance >= 16:
			// Sixteen bytes at a time, beyond the end if need be: there is
			// room, and what comes next is written over it. Few matches are
			// longer than 32 bytes.
			copy16(dst, out, from)
			copy16(dst, out+16, from+16)
			for out += 32; out < end; out += 16 {
				copy16(dst, out, out-distance)
			}
		case distance >= 8:
			for {
				store64(dst, out, load64(dst, from))
				from, out = from+8, out+8
				if out >= end {
					break
				}
			}
		case distance == 1:
			v := uint64(dst[from]) * 0x0101010101010101
			for ; out < end; out += 8 {
				store64(dst, out, v)
			}
		default:
			// Of eight bytes the first so many are right.
			for ; out < end; from, out = from+distance, out+distance {
				store64(dst, out, load64(dst, from))
			}
		}
		out = end
	}
	q.in, q.out, q.buf, q.n = in, out, buf, n&63
	return quickMargin
}

// The limits of capacity in these spare the compiler some arithmetic.

func load64(b []byte, at int) uint64 { return binary.LittleEndian.Uint64(b[at : at+8 : at+8]) }

func store64(b []byte, at int, v uint64) { binary.LittleEndian.PutUint64(b[at:at+8:at+8], v) }

func copy16(b []byte, to, from int) {
	*(*[16]byte)(b[to : to+16 : to+16]) = *(*[16]byte)(b[from : from+16 : from+16])
}

// longCode goes on in a subtable for a code of which e is the first entry.
func longCode(table []uint32, e uint32, buf, n uint64) (entry uint32, rest, left uint64) {
	buf >>= e & 63
	n -= uint64(e)
	i := uint64(e>>16&0x7fff) + buf&(1<<(e>>8&15)-1)
	if i >= uint64(len(table)) {
		return isSpecial, buf, n
	}
	return table[i], buf, n
}

// carefully does what block does, at the ends of the data.
func (f *fastInflater) carefully(s *bitStream, dst []byte, out int) (filled int, done bool, err error) {
	if s.n < 64 {
		s.buf &= 1<<s.n - 1 // bits above are of bytes that will be read again
	}
	for {
		e, ok := s.symbol(f.lit[:], litBits)
		switch {
		case !ok:
			return out, false, errDeflate
		case e&isLiteral != 0:
			if out == len(dst) {
				return out, false, errShort
			}
			dst[out] = byte(e >> 16)
			out++
			continue
		case e&isEnd != 0 && e&isSpecial != 0:
			return out, true, nil
		}
		length, ok := s.extra(e)
		if !ok {
			return out, false, errDeflate
		}
		if e, ok = s.symbol(f.dist[:], distBits); !ok {
			return out, false, errDeflate
		}
		distance, ok := s.extra(e)
		if !ok || distance > out-f.floor {
			return out, false, errDeflate
		}
		if length > len(dst)-out {
			return out, false, errShort
		}
		for range length {
			dst[out] = dst[out-distance]
			out++
		}
	}
}

// symbol takes the code of one symbol, but not the extra bits that follow it.
// It is false when there is none.
func (s *bitStream) symbol(table []uint32, first uint) (uint32, bool) {
	s.need(maxCode) // near the end there may be fewer
	e := table[s.buf&(1<<first-1)]
	if e&isSpecial != 0 && e&isTable != 0 {
		if s.n < first {
			return 0, false
		}
		s.take(first)
		i := uint64(e>>16&0x7fff) + s.buf&(1<<(e>>8&15)-1)
		if i >= uint64(len(table)) {
			return 0, false
		}
		e = table[i]
	}
	if e&isSpecial != 0 && e&isEnd == 0 && e&isLiteral == 0 {
		return 0, false
	}
	n := uint(e >> 8 & 15)
	if n > s.n {
		return 0, false
	}
	s.take(n)
	return e, true
}

// extra takes the bits that follow a code and adds them to its value.
func (s *bitStream) extra(e uint32) (int, bool) {
	n := uint(e&0xff) - uint(e>>8&15)
	if !s.need(n) {
		return 0, false
	}
	return int(e>>16) + int(s.take(n)), true
}

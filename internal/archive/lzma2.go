package archive

import "io"

// lzma2 decodes the chunks of LZMA2: pieces that are stored, or compressed by
// LZMA with a shared dictionary.
type lzma2 struct {
	in *xzReader

	// dict is a ring of what was decoded; of it, from out on, waiting bytes are
	// still to be given away.
	dict          []byte
	size          int // that dict may have: it grows up to it
	pos, full     int
	out, waiting  int
	needDict      bool // the first chunk must reset the dictionary
	needProps     bool // no chunk has told the parameters yet
	ended, stored bool
	left          int // of the chunk that is read
	m             lzma
}

func (z *lzma2) reset(in *xzReader, size int) {
	dict := z.dict
	if cap(dict) > size {
		dict = nil
	}
	*z = lzma2{in: in, dict: dict[:0], size: max(size, 4096), needDict: true, needProps: true}
}

// read gives away what was decoded, and decodes more if there is nothing.
func (z *lzma2) read(p []byte) (int, error) {
	for z.waiting == 0 {
		if z.left == 0 {
			if z.ended {
				return 0, io.EOF
			}
			if err := z.chunk(); err != nil {
				return 0, err
			}
			continue
		}
		if err := z.decode(); err != nil {
			return 0, err
		}
	}
	n := copy(p[:min(len(p), z.waiting)], z.dict[z.out:])
	z.out += n
	z.waiting -= n
	return n, nil
}

// chunk reads the header of the next chunk.
func (z *lzma2) chunk() error {
	control, err := z.in.ReadByte()
	if err != nil {
		return err
	}
	switch {
	case control == 0:
		z.ended = true
		return nil
	case control == 1 || control >= 0xe0:
		z.needDict, z.needProps, z.full, z.m.made = false, true, 0, 0
	case control > 2 && control < 0x80 || z.needDict:
		return errXz
	}
	if control < 0x80 {
		var b [2]byte
		if err := z.in.full(b[:]); err != nil {
			return err
		}
		z.stored, z.left = true, int(b[0])<<8+int(b[1])+1
		return nil
	}
	var b [4]byte
	if err := z.in.full(b[:]); err != nil {
		return err
	}
	z.stored, z.left = false, int(control&0x1f)<<16+int(b[0])<<8+int(b[1])+1
	packed := int(b[2])<<8 + int(b[3]) + 1
	if control >= 0xc0 {
		props, err := z.in.ReadByte()
		if err != nil {
			return err
		}
		if !z.m.properties(props) {
			return errXz
		}
		z.needProps = false
	}
	if z.needProps {
		return errXz
	}
	if control >= 0xa0 {
		z.m.resetState()
	}
	return z.m.rc.start(z.in, packed)
}

// decode decodes as much of a chunk as there is room for.
func (z *lzma2) decode() error {
	if z.pos == len(z.dict) {
		z.room()
	}
	z.out = z.pos
	room := min(len(z.dict)-z.pos, z.left)
	start := z.pos
	var err error
	if z.stored {
		err = z.in.full(z.dict[z.pos : z.pos+room])
		z.pos += room
		z.m.made += room
	} else {
		err = z.m.decode(z, z.pos+room)
	}
	made := z.pos - start
	z.waiting, z.left = made, z.left-made
	z.full = min(z.full+made, len(z.dict))
	if err == nil && !z.stored && z.left == 0 && (z.m.pending > 0 || !z.m.rc.finished()) {
		err = errXz
	}
	return err
}

// room makes the ring larger, or begins it anew at its front.
func (z *lzma2) room() {
	if len(z.dict) == z.size {
		z.pos = 0
		return
	}
	// A ring that has not come round yet grows by moving nothing.
	next := min(z.size, max(1<<16, 4*len(z.dict)))
	if cap(z.dict) >= next {
		z.dict = z.dict[:next]
		return
	}
	grown := make([]byte, next)
	copy(grown, z.dict)
	z.dict = grown
}

// lzma is the state of the compressor (LZMA specification).
type lzma struct {
	rc         rangeDecoder
	lc, lp, pb uint

	made           int // bytes since the dictionary was reset: they are contexts
	state          int
	rep            [4]uint32
	pending        int // what is left of a match for which there was no room
	isMatch        [12][16]uint16
	isRep          [12]uint16
	isRepG         [3][12]uint16 // 0, 1, 2
	isRep0Long     [12][16]uint16
	slots          [4][64]uint16
	special        [115]uint16
	align          [16]uint16
	matchLen, rLen lengthCoder
	literals       []uint16
}

type lengthCoder struct {
	choice    [2]uint16
	low, mid  [16][8]uint16
	highCoder [256]uint16
}

const probInit = 1 << 10

// properties takes over the parameters that a byte tells.
func (m *lzma) properties(b byte) bool {
	if b >= 9*5*5 {
		return false
	}
	m.lc, m.lp, m.pb = uint(b%9), uint(b/9%5), uint(b/45)
	return m.lc+m.lp <= 4
}

// even sets chances to one half.
func even(p []uint16) {
	for i := range p {
		p[i] = probInit
	}
}

func (m *lzma) resetState() {
	m.state, m.rep, m.pending = 0, [4]uint32{}, 0
	for i := range 12 {
		even(m.isMatch[i][:])
		even(m.isRep0Long[i][:])
	}
	even(m.isRep[:])
	for i := range m.isRepG {
		even(m.isRepG[i][:])
	}
	for i := range m.slots {
		even(m.slots[i][:])
	}
	even(m.special[:])
	even(m.align[:])
	m.matchLen.reset()
	m.rLen.reset()
	n := 0x300 << (m.lc + m.lp)
	if cap(m.literals) < n {
		m.literals = make([]uint16, n)
	}
	m.literals = m.literals[:n]
	even(m.literals)
}

func (l *lengthCoder) reset() {
	even(l.choice[:])
	for i := range l.low {
		even(l.low[i][:])
		even(l.mid[i][:])
	}
	even(l.highCoder[:])
}

// decode decodes into the ring up to a position.
func (m *lzma) decode(z *lzma2, limit int) error {
	if m.pending > 0 {
		if !m.copyMatch(z, limit) {
			return errXz
		}
	}
	for z.pos < limit {
		posState := m.made & (1<<m.pb - 1)
		if m.rc.bit(&m.isMatch[m.state][posState]) == 0 {
			m.literal(z)
		} else {
			if !m.match(posState) || !m.copyMatch(z, limit) {
				return errXz
			}
		}
		if m.rc.err != nil {
			return m.rc.err
		}
	}
	return nil
}

// copyMatch copies as much of a match as there is room for.
func (m *lzma) copyMatch(z *lzma2, limit int) bool {
	distance := int(m.rep[0]) + 1
	have := min(z.full+z.pos-z.out, len(z.dict))
	if distance <= 0 || distance > have {
		return false
	}
	n := min(m.pending, limit-z.pos)
	from := z.pos - distance
	if from < 0 {
		from += len(z.dict)
	}
	for range n {
		z.dict[z.pos] = z.dict[from]
		z.pos++
		if from++; from == len(z.dict) {
			from = 0
		}
	}
	m.pending -= n
	m.made += n
	return true
}

func (m *lzma) literal(z *lzma2) {
	previous := byte(0)
	if z.full+z.pos-z.out > 0 {
		previous = z.dict[(z.pos-1+len(z.dict))%len(z.dict)]
	}
	context := uint(m.made)&(1<<m.lp-1)<<m.lc + uint(previous)>>(8-m.lc)
	probs := m.literals[0x300*context : 0x300*(context+1)]
	symbol := uint(1)
	if m.state >= 7 {
		at := z.pos - int(m.rep[0]) - 1
		if at < 0 {
			at += len(z.dict)
		}
		match := uint(z.dict[at])
		for symbol < 0x100 {
			match <<= 1
			want := match >> 8 & 1
			bit := m.rc.bit(&probs[(1+want)<<8+symbol])
			symbol = symbol<<1 | bit
			if bit != want {
				break
			}
		}
	}
	for symbol < 0x100 {
		symbol = symbol<<1 | m.rc.bit(&probs[symbol])
	}
	z.dict[z.pos] = byte(symbol)
	z.pos++
	m.made++
	switch {
	case m.state < 4:
		m.state = 0
	case m.state < 10:
		m.state -= 3
	default:
		m.state -= 6
	}
}

// match reads the distance and length of a match. Not ok is an end marker,
// which LZMA2 does not have.
func (m *lzma) match(posState int) bool {
	after := func(low, high int) {
		if m.state < 7 {
			m.state = low
		} else {
			m.state = high
		}
	}
	if m.rc.bit(&m.isRep[m.state]) == 0 {
		m.rep[3], m.rep[2], m.rep[1] = m.rep[2], m.rep[1], m.rep[0]
		length := m.matchLen.decode(&m.rc, posState)
		after(7, 10)
		m.rep[0] = m.distance(length)
		m.pending = length + 2
		return m.rep[0] != 1<<32-1
	}
	if m.rc.bit(&m.isRepG[0][m.state]) == 0 {
		if m.rc.bit(&m.isRep0Long[m.state][posState]) == 0 {
			after(9, 11)
			m.pending = 1
			return true
		}
	} else {
		var distance uint32
		if m.rc.bit(&m.isRepG[1][m.state]) == 0 {
			distance = m.rep[1]
		} else {
			if m.rc.bit(&m.isRepG[2][m.state]) == 0 {
				distance = m.rep[2]
			} else {
				distance = m.rep[3]
				m.rep[3] = m.rep[2]
			}
			m.rep[2] = m.rep[1]
		}
		m.rep[1] = m.rep[0]
		m.rep[0] = distance
	}
	m.pending = m.rLen.decode(&m.rc, posState) + 2
	after(8, 11)
	return true
}

func (l *lengthCoder) decode(rc *rangeDecoder, posState int) int {
	if rc.bit(&l.choice[0]) == 0 {
		return int(rc.tree(l.low[posState][:], 3))
	}
	if rc.bit(&l.choice[1]) == 0 {
		return 8 + int(rc.tree(l.mid[posState][:], 3))
	}
	return 16 + int(rc.tree(l.highCoder[:], 8))
}

func (m *lzma) distance(length int) uint32 {
	slot := m.rc.tree(m.slots[min(length, 3)][:], 6)
	if slot < 4 {
		return uint32(slot)
	}
	direct := slot>>1 - 1
	distance := (2 | slot&1) << direct
	if slot < 14 {
		return uint32(distance + m.rc.reverse(m.special[distance-slot:], direct))
	}
	distance += m.rc.direct(direct-4) << 4
	return uint32(distance + m.rc.reverse(m.align[:], 4))
}

// A rangeDecoder reads the bits of a chunk, each with its probability.
type rangeDecoder struct {
	data  []byte // the chunk
	at    int
	width uint32
	code  uint32
	err   error
}

// start reads a chunk and begins with it.
func (d *rangeDecoder) start(in *xzReader, packed int) error {
	d.data = grown(d.data, packed)
	if err := in.full(d.data); err != nil {
		return err
	}
	if packed < 5 || d.data[0] != 0 {
		return errXz
	}
	d.width, d.at, d.err = 0xffffffff, 5, nil
	d.code = uint32(d.data[1])<<24 | uint32(d.data[2])<<16 | uint32(d.data[3])<<8 | uint32(d.data[4])
	return nil
}

// finished tells whether the chunk was read to its end.
func (d *rangeDecoder) finished() bool { return d.at == len(d.data) && d.code == 0 }

func (d *rangeDecoder) normalize() {
	if d.width >= 1<<24 {
		return
	}
	d.width <<= 8
	if d.at == len(d.data) {
		d.err = errXz
		return
	}
	d.code = d.code<<8 | uint32(d.data[d.at])
	d.at++
}

func (d *rangeDecoder) bit(prob *uint16) uint {
	bound := d.width >> 11 * uint32(*prob)
	if d.code < bound {
		d.width = bound
		*prob += (1<<11 - *prob) >> 5
		d.normalize()
		return 0
	}
	d.width -= bound
	d.code -= bound
	*prob -= *prob >> 5
	d.normalize()
	return 1
}

// tree reads n bits, the highest first.
func (d *rangeDecoder) tree(probs []uint16, n uint) uint {
	m := uint(1)
	for range n {
		m = m<<1 | d.bit(&probs[m])
	}
	return m - 1<<n
}

// reverse reads n bits, the lowest first.
func (d *rangeDecoder) reverse(probs []uint16, n uint) uint {
	m, v := uint(1), uint(0)
	for i := range n {
		b := d.bit(&probs[m])
		m = m<<1 | b
		v |= b << i
	}
	return v
}

// direct reads n bits of even chance.
func (d *rangeDecoder) direct(n uint) uint {
	v := uint(0)
	for range n {
		d.width >>= 1
		d.code -= d.width
		borrow := -(d.code >> 31)
		d.code += d.width & borrow
		v = v<<1 + uint(borrow+1)
		d.normalize()
	}
	return v
}

package backend

import "math/bits"

// A matcher runs a set of patterns over paths, all at once, and keeps the room
// for its states. It is not for several goroutines.
type matcher struct {
	places   []place
	starts   []int
	now, nxt []uint64 // bits of the places that are reached
	ends     []uint64 // bits of the places that are a pattern's end
}

// A place is where a pattern can stand: in front of a step, inside of one that
// takes several bytes, or at its end (no step).
type place struct {
	*step
	inside bool
}

// newMatcher lays out the places: two for each step (in front and inside), and
// the end.
func newMatcher(globs []glob) *matcher {
	m := &matcher{}
	for i := range globs {
		m.starts = append(m.starts, len(m.places))
		for j := range globs[i].steps {
			s := &globs[i].steps[j]
			m.places = append(m.places, place{s, false}, place{s, true})
		}
		m.places = append(m.places, place{})
	}
	words := len(m.places)/64 + 1
	m.now, m.nxt, m.ends = make([]uint64, words), make([]uint64, words), make([]uint64, words)
	for i, p := range m.places {
		if p.step == nil {
			m.ends[i>>6] |= 1 << (i & 63)
		}
	}
	return m
}

// matches reports whether a pattern matches the whole path.
func (m *matcher) matches(path string) bool { return m.run(path) && m.accepted() }

// covers reports whether a pattern matches the path, or could match something
// below it if it is a directory. The root is always covered.
func (m *matcher) covers(path string) bool {
	return path == "" || m.run(path) && (m.accepted() || m.feed('/'))
}

// run starts at the beginning and feeds a path; false says that no pattern can
// match any more.
func (m *matcher) run(path string) bool {
	clear(m.nxt)
	for _, start := range m.starts {
		m.reach(start)
	}
	m.now, m.nxt = m.nxt, m.now
	for i := range len(path) {
		if !m.feed(path[i]) {
			return false
		}
	}
	return true
}

func (m *matcher) accepted() bool {
	for i, word := range m.now {
		if word&m.ends[i] != 0 {
			return true
		}
	}
	return false
}

// feed reads one byte; false says that no place is left.
func (m *matcher) feed(b byte) bool {
	clear(m.nxt)
	for i, word := range m.now {
		for ; word != 0; word &= word - 1 {
			m.advance(i<<6+bits.TrailingZeros64(word), b)
		}
	}
	m.now, m.nxt = m.nxt, m.now
	for _, word := range m.now {
		if word != 0 {
			return true
		}
	}
	return false
}

// reach marks a place, and those that follow without reading anything.
func (m *matcher) reach(at int) {
	word, bit := &m.nxt[at>>6], uint64(1)<<(at&63)
	if *word&bit != 0 {
		return
	}
	*word |= bit
	p := m.places[at]
	if p.step == nil {
		return
	}
	switch p.kind {
	case stepStar, stepAll:
		m.reach(at + 2)
	case stepInto:
		if !p.inside {
			m.reach(at + 2)
		}
	case stepBelow:
		if p.inside {
			m.reach(at + 1)
		}
	}
}

// advance marks where byte b leads from a place: on, inside of the step, or
// nowhere.
func (m *matcher) advance(at int, b byte) {
	p := m.places[at]
	if p.step == nil {
		return
	}
	inside, next := at, at+1
	if !p.inside {
		inside, next = at+1, at+2
	}
	on, in := false, false
	switch p.kind {
	case stepByte:
		on = b == p.b
	case stepOne:
		on = b != '/'
	case stepClass:
		on = p.set[b>>6]&(1<<(b&63)) != 0
	case stepStar:
		if b != '/' {
			m.reach(at)
		}
	case stepAll:
		m.reach(at)
	case stepInto:
		on, in = b == '/', true
	case stepBelow:
		in = p.inside || b == '/'
	case stepDown:
		in = p.inside || b == '/'
		on = b == '/'
	}
	if in {
		m.reach(inside)
	}
	if on {
		m.reach(next)
	}
}

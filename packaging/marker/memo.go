package marker

import (
	"sync"
	"sync/atomic"
)

// A memo remembers answers of a function of two diagrams, for as long as no
// other pair falls on the same slot. A slot is one word that holds the pair and
// the answer, so that it needs no lock and is never half written; that leaves
// 21 bits for a ref. Once a process has met a million nodes, which no real
// input does, a small map behind a mutex serves the rest.
//
// The zero word is an empty slot: constants are answered before the memo.
type memo struct {
	slots    [memoSize]atomic.Uint64
	overflow atomic.Bool // large is in use
	mu       sync.Mutex
	large    map[[2]ref]ref
}

const (
	memoSize  = 1 << 14
	memoBits  = 21
	memoLimit = 1 << memoBits
	largeSize = 1 << 16
)

var (
	andMemo      memo
	disjointMemo memo // yes: disjoint
	restrictMemo memo
)

func memoSlot(a, b ref) uint32 {
	return uint32((uint64(a)*0x9E3779B97F4A7C15 ^ uint64(b)*0xC2B2AE3D27D4EB4F) >> 40 % memoSize)
}

func (m *memo) get(a, b ref) (ref, bool) {
	w := m.slots[memoSlot(a, b)].Load()
	if w>>memoBits == uint64(a)<<memoBits|uint64(b) && a|b < memoLimit {
		return ref(w % memoLimit), true
	}
	if !m.overflow.Load() {
		return 0, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.large[[2]ref{a, b}]
	return r, ok
}

func (m *memo) put(a, b, r ref) {
	if a|b|r < memoLimit {
		m.slots[memoSlot(a, b)].Store((uint64(a)<<memoBits|uint64(b))<<memoBits | uint64(r))
		return
	}
	m.overflow.Store(true)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.large == nil || len(m.large) >= largeSize {
		m.large = make(map[[2]ref]ref)
	}
	m.large[[2]ref{a, b}] = r
}

// A visit remembers answers of a function of one diagram while one call walks
// it. Small diagrams, which nearly all are, need no map.
type visit struct {
	few  [16][2]ref
	n    int
	many map[ref]ref
}

func (s *visit) get(r ref) (ref, bool) {
	for _, e := range s.few[:s.n] {
		if e[0] == r {
			return e[1], true
		}
	}
	v, ok := s.many[r]
	return v, ok
}

func (s *visit) put(r, v ref) {
	if s.n < len(s.few) {
		s.few[s.n] = [2]ref{r, v}
		s.n++
		return
	}
	if s.many == nil {
		s.many = map[ref]ref{}
	}
	s.many[r] = v
}

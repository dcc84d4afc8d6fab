package marker

import (
	"slices"
	"sync"
	"sync/atomic"
)

// A ref is an edge to a node or to a constant. Its lowest bit says that the
// meaning is negated, so that a diagram and its complement share their nodes;
// the other bits are one more than the index of the node.
type ref uint32

const (
	yes ref = 0
	no  ref = 1
)

func (r ref) constant() bool { return r <= no }

func (r ref) not() ref { return r ^ 1 }

// under returns the meaning of the edge r of a node that was reached through
// parent.
func (r ref) under(parent ref) ref { return r ^ parent&1 }

// A node decides on one variable. A yes-or-no variable has two edges, yes
// first. A ranged variable has one edge more than cuts, in ascending order, and
// neighbours are never the same. Not all edges are the same, and the first is
// never negated: with these rules equal meaning is equal identity.
type node struct {
	v    *variable
	cuts []cut
	kids []ref
	hash uint32
	// excluded remembers the answers of table.excluded: for the node itself
	// bit 0 says known and bit 1 the answer, for its complement bits 2 and 3.
	excluded atomic.Uint32
}

const chunkSize = 128

// A table holds the nodes of the process. Nodes are found and read without
// locks; only adding one takes the mutex. A ref is passed between goroutines
// only after its node was stored, by whatever the caller synchronises with or
// by the atomic operations of the index and the memos.
type table struct {
	chunks atomic.Pointer[[]*[chunkSize]node]
	index  atomic.Pointer[[]atomic.Uint32] // open addressing; 1 + index of the node
	mu     sync.Mutex
	count  uint32
}

// nodes is the table of the process, the one piece of global state that makes
// [Tree] comparable.
var nodes table

// node returns the node r leads to, which must not be a constant.
func (t *table) node(r ref) *node {
	i := uint32(r>>1) - 1
	return &(*t.chunks.Load())[i/chunkSize][i%chunkSize]
}

// intern returns the node with the given edges, made canonical. It does not
// keep the slices.
func (t *table) intern(v *variable, cuts []cut, kids []ref) ref {
	if len(kids) == 1 || len(kids) == 2 && kids[0] == kids[1] {
		return kids[0]
	}
	flip := kids[0] & 1
	if flip != 0 {
		for i := range kids {
			kids[i] ^= 1
		}
	}
	h := hashNode(v, cuts, kids)
	i, ok := t.find(h, v, cuts, kids)
	if !ok {
		i = t.add(h, v, cuts, kids)
	}
	return ref(i+1)<<1 | flip
}

func hashNode(v *variable, cuts []cut, kids []ref) uint32 {
	const prime = 0x9E3779B97F4A7C15
	h := uint64(v.id) * prime
	for _, c := range cuts {
		h ^= uint64(c.at.id) << 1
		if c.above {
			h ^= 1
		}
		h *= prime
		h ^= h >> 29
	}
	for _, k := range kids {
		h = (h ^ uint64(k)) * prime
		h ^= h >> 29
	}
	return uint32(h >> 32)
}

func (n *node) is(h uint32, v *variable, cuts []cut, kids []ref) bool {
	return n.hash == h && n.v == v && slices.Equal(n.kids, kids) && slices.Equal(n.cuts, cuts)
}

// find looks a node up without locking. It may miss one that is being added.
func (t *table) find(h uint32, v *variable, cuts []cut, kids []ref) (uint32, bool) {
	p := t.index.Load()
	if p == nil {
		return 0, false
	}
	slots := *p
	mask := uint32(len(slots) - 1)
	for s := h & mask; ; s = (s + 1) & mask {
		i := slots[s].Load()
		if i == 0 {
			return 0, false
		}
		if t.node(ref(i<<1)).is(h, v, cuts, kids) {
			return i - 1, true
		}
	}
}

// add stores a node that find did not find, unless another goroutine was
// faster.
func (t *table) add(h uint32, v *variable, cuts []cut, kids []ref) uint32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i, ok := t.find(h, v, cuts, kids); ok {
		return i
	}
	i := t.count
	t.reserve(i)
	n := t.node(ref(i+1) << 1)
	n.v, n.hash = v, h
	// Not slices.Clone: it would make the arguments escape to the heap.
	n.cuts, n.kids = make([]cut, len(cuts)), make([]ref, len(kids))
	copy(n.cuts, cuts)
	copy(n.kids, kids)
	t.count++
	insert(*t.index.Load(), h, i)
	return i
}

// reserve makes room for the node at index i. The mutex is held.
func (t *table) reserve(i uint32) {
	if i%chunkSize == 0 {
		var chunks []*[chunkSize]node
		if p := t.chunks.Load(); p != nil {
			chunks = *p
		}
		chunks = append(slices.Clip(chunks), new([chunkSize]node))
		t.chunks.Store(&chunks)
	}
	old := t.index.Load()
	if old != nil && int(i)*2 < len(*old) {
		return
	}
	size := 512
	if old != nil {
		size = len(*old) * 2
	}
	slots := make([]atomic.Uint32, size)
	for j := range i {
		insert(slots, t.node(ref(j+1)<<1).hash, j)
	}
	t.index.Store(&slots)
}

func insert(slots []atomic.Uint32, h, i uint32) {
	mask := uint32(len(slots) - 1)
	s := h & mask
	for slots[s].Load() != 0 {
		s = (s + 1) & mask
	}
	slots[s].Store(i + 1)
}

// An edgeList collects the edges of a ranged node in ascending order and joins
// neighbours that are the same.
type edgeList struct {
	cuts []cut
	kids []ref
}

// add appends an edge that begins at c. The first edge begins nowhere.
func (e *edgeList) add(c cut, kid ref) {
	if n := len(e.kids); n > 0 {
		if e.kids[n-1] == kid {
			return
		}
		e.cuts = append(e.cuts, c)
	}
	e.kids = append(e.kids, kid)
}

// start returns the cut where edge i of a node begins.
func (n *node) start(i int) cut {
	if i == 0 {
		return cut{}
	}
	return n.cuts[i-1]
}

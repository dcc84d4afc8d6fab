package pubgrub

// ID names an incompatibility of a State. Later ones have larger IDs; numbers
// may be skipped.
type ID int32

// Kind says where an incompatibility comes from.
type Kind uint8

const (
	// Root is the one that asks for the root package.
	Root Kind = iota
	// NoVersions says that a set holds no version that exists.
	NoVersions
	// Depends says that versions of one package need a set of another.
	Depends
	// Custom has a reason that the caller gave.
	Custom
	// Derived follows from two others.
	Derived
)

// An incompatibility is written once, when it is made, and may be shared by
// several states.
type incompatibility[S any] struct {
	terms []Term[S]
	kind  Kind

	// Derived: the causes. Depends: the two packages, as numbers.
	a, b   int32
	reason any // Custom: the caller's. Depends on itself: the set asked for.
}

// term returns the first term about p.
func (i *incompatibility[S]) term(p Package) *Term[S] {
	for k := range i.terms {
		if i.terms[k].Package == p {
			return &i.terms[k]
		}
	}
	return nil
}

const (
	chunkBits = 8
	chunkSize = 1 << chunkBits
	slabSize  = 512
)

// store holds incompatibilities in chunks that never move, so that clones share
// all but the place where each goes on writing.
type store[S any] struct {
	chunks []*[chunkSize]incompatibility[S]
	next   ID
	slab   []Term[S] // room for terms, owned by this store alone
}

func (s *store[S]) at(id ID) *incompatibility[S] {
	return &s.chunks[id>>chunkBits][id&(chunkSize-1)]
}

func (s *store[S]) add(i incompatibility[S]) ID {
	id := s.next
	if int(id>>chunkBits) == len(s.chunks) {
		s.chunks = append(s.chunks, new([chunkSize]incompatibility[S]))
	}
	*s.at(id) = i
	s.next++
	return id
}

// terms returns room for n terms with n in use.
func (s *store[S]) terms(n int) []Term[S] {
	if len(s.slab) < n {
		s.slab = make([]Term[S], max(slabSize, n))
	}
	out := s.slab[:n:n]
	s.slab = s.slab[n:]
	return out
}

// clone shares what is written and starts a chunk of its own, leaving the rest
// of the current one to the original.
func (s *store[S]) clone() store[S] {
	return store[S]{
		chunks: append(make([]*[chunkSize]incompatibility[S], 0, len(s.chunks)+4), s.chunks...),
		next:   ID(len(s.chunks) << chunkBits),
	}
}

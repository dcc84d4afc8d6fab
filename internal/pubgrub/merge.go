package pubgrub

// mergeTable finds the incompatibility that says "some versions of p need this
// set of q", so that another version with the same need can join it. It is an
// open hash table of IDs alone, because a fork copies it: what the key is
// stands in the incompatibility.
type mergeTable struct {
	slots []ID // -1 is free
	used  int
}

// find returns the slot whose incompatibility passes same, or the free slot
// where it would go.
func (t *mergeTable) find(hash uint64, same func(ID) bool) *ID {
	if (t.used+1)*2 > len(t.slots) {
		return nil
	}
	mask := uint64(len(t.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		if s := &t.slots[i]; *s < 0 || same(*s) {
			return s
		}
	}
}

// grow doubles the table, asking for the hash of what it holds.
func (t *mergeTable) grow(hash func(ID) uint64) {
	old := t.slots
	t.slots = make([]ID, max(64, 2*len(old)))
	for i := range t.slots {
		t.slots[i] = -1
	}
	mask := uint64(len(t.slots) - 1)
	for _, id := range old {
		if id < 0 {
			continue
		}
		i := hash(id) & mask
		for t.slots[i] >= 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = id
	}
}

// dependencyHash is the key of an incompatibility of kind Depends in the merge
// table: both packages and the set asked for.
func (s *State[S, V]) dependencyHash(i *incompatibility[S]) uint64 {
	h := uint64(uint32(i.a))<<32 | uint64(uint32(i.b))
	if s.options.Hash != nil && len(i.terms) == 2 {
		h ^= s.options.Hash(i.terms[1].Set)
	}
	h ^= h >> 29
	h *= 0x9e3779b97f4a7c15
	return h ^ h>>32
}

// mergeSlot returns where id, of kind Depends, belongs in the merge table: a
// slot with an incompatibility of the same need, or a free one.
func (s *State[S, V]) mergeSlot(id ID) *ID {
	new := s.store.at(id)
	hash := s.dependencyHash(new)
	same := func(other ID) bool {
		old := s.store.at(other)
		return old.a == new.a && old.b == new.b && len(old.terms) == len(new.terms) &&
			(len(new.terms) == 1 || old.terms[1].Set.Equal(new.terms[1].Set))
	}
	slot := s.merged.find(hash, same)
	if slot == nil {
		s.merged.grow(func(id ID) uint64 { return s.dependencyHash(s.store.at(id)) })
		slot = s.merged.find(hash, same)
	}
	return slot
}

// register makes an incompatibility known to propagation. A dependency whose
// need is already known joins it: the union replaces both and is the newest.
// What a package asks of itself stays apart, since the set is not in the terms.
func (s *State[S, V]) register(id ID) {
	if i := s.store.at(id); i.kind == Depends && i.a != i.b {
		slot := s.mergeSlot(id)
		if past := *slot; past >= 0 {
			id = s.mergeDependents(id, past)
			for _, t := range s.store.at(id).terms {
				s.forget(t.Package, past)
			}
		} else {
			s.merged.used++
		}
		*slot = id
	}
	for _, t := range s.store.at(id).terms {
		s.remember(t.Package, id)
	}
}

func (s *State[S, V]) mergeDependents(id, past ID) ID {
	new, old := s.store.at(id), s.store.at(past)
	terms := s.store.terms(len(new.terms))
	copy(terms, new.terms)
	terms[0].Set = new.terms[0].Set.Union(old.terms[0].Set)
	return s.store.add(incompatibility[S]{terms: terms, kind: Depends, a: new.a, b: new.b})
}

package pubgrub

import (
	"iter"
	"slices"
)

// Options are what a State must be told of its sets.
type Options[S, V any] struct {
	// Exactly returns the set that holds one version. Required.
	Exactly func(V) S

	// Hash returns the same number for equal sets. It only makes merging of
	// dependencies faster when a package has hundreds of versions.
	Hash func(S) uint64
}

// State is a solution in the making: what is known (the incompatibilities) and
// what has been decided and derived so far.
type State[S Set[S, V], V any] struct {
	options Options[S, V]
	store   store[S]

	root        Package
	rootVersion V
	rootSet     S

	packages []pkg[S, V]
	trail    []assigned // all assignments, oldest first
	levels   []int32    // levels[l] is where in trail the l-th decision stands
	serial   int32      // of the next assignment; never reused

	contradicted []assigned // by incompatibility: where in trail it became so
	merged       mergeTable
	queue        queue
	stale        []Package // priority is to be asked for again
	taken        []Package // picked from the queue, not decided
	stack        []Package // work of Propagate
	conflicts    []Conflict
	backtracked  bool
	epoch        uint32 // counts clones; slices of an older epoch are shared
}

// pkg is all that a State knows of one package.
type pkg[S, V any] struct {
	about      []ID // incompatibilities with a term on the package, oldest first
	aboutEpoch uint32

	derived      []derivation[S] // oldest first
	derivedEpoch uint32
	known        Term[S] // intersection of all of derived; unset when there is none
	version      V
	decision     int32 // level of the decision; 0 when there is none
	decidedAt    int32 // its serial

	isStale, onStack bool
}

// derivation is one derived assignment of a package: what is known of the
// package with it and all earlier ones.
type derivation[S any] struct {
	known  Term[S]
	cause  ID
	serial int32
	level  int32
}

// assigned is one entry of the trail. The serial tells apart assignments that
// stood in the same place at different times.
type assigned struct {
	at     int32 // in trail: the package; in contradicted: the place in trail
	serial int32
}

// Conflict is one step of learning from a conflict: the incompatibility that
// was learned, and the package whose assignment satisfied it last.
type Conflict struct {
	Package Package
	Cause   ID
}

// New returns a State that must choose root at version.
func New[S Set[S, V], V any](root Package, version V, options Options[S, V]) *State[S, V] {
	s := &State[S, V]{options: options, root: root, rootVersion: version, rootSet: options.Exactly(version)}
	s.grow(root)
	terms := s.store.terms(1)
	terms[0] = Term[S]{root, true, s.rootSet}
	s.register(s.store.add(incompatibility[S]{terms: terms, kind: Root}))
	return s
}

// grow makes room in the tables for p.
func (s *State[S, V]) grow(p Package) {
	if n := int(p) + 1 - len(s.packages); n > 0 {
		s.packages = append(s.packages, make([]pkg[S, V], n)...)
		s.queue.place = append(s.queue.place, make([]int32, n)...)
	}
}

func (s *State[S, V]) level() int32 { return int32(len(s.levels)) }

// remember adds id to the incompatibilities about p.
func (s *State[S, V]) remember(p Package, id ID) {
	s.grow(p)
	k := &s.packages[p]
	if k.aboutEpoch != s.epoch {
		k.about, k.aboutEpoch = slices.Clip(k.about), s.epoch
	}
	k.about = append(k.about, id)
}

// forget takes id from the incompatibilities about p.
func (s *State[S, V]) forget(p Package, id ID) {
	k := &s.packages[p]
	i := slices.Index(k.about, id)
	if i < 0 {
		return
	}
	if k.aboutEpoch != s.epoch {
		k.about, k.aboutEpoch = slices.Clone(k.about), s.epoch
	}
	k.about = slices.Delete(k.about, i, i+1)
}

// Pick returns the undecided package with the highest priority, ties going to
// the smaller package, or false when none is left and the decisions are a
// solution. Priority is asked of those packages only whose positive term changed,
// or that a backtrack touched, since they were asked for last; what else is
// queued keeps the priority it had. The package picked must be decided, or an
// incompatibility about it added, before the next call.
func (s *State[S, V]) Pick(priority func(Package) uint64) (Package, bool) {
	for _, p := range s.stale {
		k := &s.packages[p]
		k.isStale = false
		if s.undecided(k) {
			s.queue.push(p, priority(p))
		}
	}
	s.stale = s.stale[:0]
	for {
		p, ok := s.queue.pop()
		if !ok {
			return 0, false
		}
		if s.undecided(&s.packages[p]) {
			s.taken = append(s.taken, p)
			return p, true
		}
	}
}

// undecided tells whether a version of the package must yet be chosen.
func (s *State[S, V]) undecided(k *pkg[S, V]) bool {
	return k.decision == 0 && len(k.derived) > 0 && !k.known.Negative
}

// Range returns the versions of p that its positive term allows, and whether
// there is such a term: a package that only must not be some versions has none.
func (s *State[S, V]) Range(p Package) (S, bool) {
	if int(p) >= len(s.packages) || len(s.packages[p].derived) == 0 || s.packages[p].known.Negative {
		var none S
		return none, false
	}
	return s.packages[p].known.Set, true
}

// Fixed is like Range, but only what follows from the root alone, which no
// backtrack takes back.
func (s *State[S, V]) Fixed(p Package) (S, bool) {
	if int(p) < len(s.packages) {
		derived := s.packages[p].derived
		for i := len(derived) - 1; i >= 0; i-- {
			if d := &derived[i]; d.level <= 1 {
				return d.known.Set, !d.known.Negative
			}
		}
	}
	var none S
	return none, false
}

// Version returns the version decided for p.
func (s *State[S, V]) Version(p Package) (V, bool) {
	if int(p) >= len(s.packages) || s.packages[p].decision == 0 {
		var none V
		return none, false
	}
	return s.packages[p].version, true
}

// Decisions yields the decided packages in the order of deciding.
func (s *State[S, V]) Decisions() iter.Seq2[Package, V] {
	return func(yield func(Package, V) bool) {
		for _, at := range s.levels {
			if p := Package(s.trail[at].at); !yield(p, s.packages[p].version) {
				return
			}
		}
	}
}

// Changed yields the packages still to be decided that were assigned something
// since the last decision, with what is allowed: the ones worth preparing for.
func (s *State[S, V]) Changed() iter.Seq2[Package, S] {
	return func(yield func(Package, S) bool) {
		start := 0
		if n := len(s.levels); n > 0 {
			start = int(s.levels[n-1]) + 1
		}
		for _, a := range s.trail[start:] {
			p := Package(a.at)
			k := &s.packages[p]
			if !s.undecided(k) || k.derived[len(k.derived)-1].serial != a.serial {
				continue // decided, forbidden, or assigned again further on
			}
			if !yield(p, k.known.Set) {
				return
			}
		}
	}
}

// Dependencies yields the pairs of packages, one of which is p, of which some
// version of the first was said to need the second.
func (s *State[S, V]) Dependencies(p Package) iter.Seq2[Package, Package] {
	return func(yield func(Package, Package) bool) {
		if int(p) >= len(s.packages) {
			return
		}
		for _, id := range s.packages[p].about {
			if i := s.store.at(id); i.kind == Depends && !yield(Package(i.a), Package(i.b)) {
				return
			}
		}
	}
}

// Terms returns the terms of an incompatibility. They must not be modified.
func (s *State[S, V]) Terms(id ID) []Term[S] { return s.store.at(id).terms }

// Clone returns a State that goes on from here independently. Both may add
// incompatibilities; the IDs that each gives out from now on are its own.
func (s *State[S, V]) Clone() *State[S, V] {
	s.epoch++
	c := *s
	c.store = s.store.clone()
	c.packages = slices.Clone(s.packages)
	c.trail = slices.Clone(s.trail)
	c.levels = slices.Clone(s.levels)
	c.contradicted = slices.Clone(s.contradicted)
	c.merged.slots = slices.Clone(s.merged.slots)
	c.queue = queue{heap: slices.Clone(s.queue.heap), place: slices.Clone(s.queue.place)}
	c.stale = slices.Clone(s.stale)
	c.taken = slices.Clone(s.taken)
	c.stack, c.conflicts = nil, nil
	return &c
}

package pubgrub

import "slices"

// Propagate draws the conclusions of what changed about p: each incompatibility
// of which all terms but one hold forbids that one. When all terms of one hold
// it learns from the conflict and undoes decisions. It returns the steps of
// learning, oldest first, in a slice that the next call reuses. The error is a
// *NoSolution when nothing is left to undo.
func (s *State[S, V]) Propagate(p Package) ([]Conflict, error) {
	s.conflicts = s.conflicts[:0]
	s.push(p)
	for len(s.stack) > 0 {
		last := len(s.stack) - 1
		current := s.stack[last]
		s.stack = s.stack[:last]
		s.packages[current].onStack = false

		conflict, found := s.propagateOne(current)
		if !found {
			continue
		}
		learned, ok := s.resolve(conflict)
		s.clearStack()
		if !ok {
			return s.conflicts, &NoSolution[S]{Derivation: s.derivation(learned.Cause)}
		}
		s.push(learned.Package)
		s.derive(s.store.at(learned.Cause).term(learned.Package), learned.Cause)
		s.contradict(learned.Cause)
	}
	return s.conflicts, nil
}

func (s *State[S, V]) push(p Package) {
	if k := &s.packages[p]; !k.onStack {
		k.onStack = true
		s.stack = append(s.stack, p)
	}
}

func (s *State[S, V]) clearStack() {
	for _, p := range s.stack {
		s.packages[p].onStack = false
	}
	s.stack = s.stack[:0]
}

// propagateOne looks at the incompatibilities about p, newest first, up to the
// first that is satisfied.
func (s *State[S, V]) propagateOne(p Package) (conflict ID, found bool) {
	about := s.packages[p].about
	for i := len(about) - 1; i >= 0; i-- {
		id := about[i]
		if s.isContradicted(id) {
			continue
		}
		open, how := s.weigh(s.store.at(id))
		switch how {
		case satisfied:
			return id, true
		case contradicted:
			s.contradict(id)
		case almost:
			s.push(open.Package)
			s.derive(open, id)
			s.contradict(id)
		}
	}
	return 0, false
}

// almost is the relation of the partial solution to an incompatibility of which
// all terms hold but one, about which nothing is certain.
const almost = contradicted + 1

// weigh tells how the partial solution stands to an incompatibility, and the
// term that is open when all others hold.
func (s *State[S, V]) weigh(i *incompatibility[S]) (open *Term[S], how relation) {
	how = satisfied
	for k := range i.terms {
		t := &i.terms[k]
		switch s.relation(t) {
		case contradicted:
			return nil, contradicted
		case inconclusive:
			if how == almost {
				return nil, inconclusive
			}
			open, how = t, almost
		}
	}
	return open, how
}

// contradict notes that id can't be satisfied as long as the trail keeps its
// last assignment, so that propagation need not look at it again.
func (s *State[S, V]) contradict(id ID) {
	if n := int(id) + 1 - len(s.contradicted); n > 0 {
		s.contradicted = append(s.contradicted, make([]assigned, n)...)
	}
	last := len(s.trail) - 1
	s.contradicted[id] = assigned{int32(last) + 1, s.trail[last].serial}
}

func (s *State[S, V]) isContradicted(id ID) bool {
	if int(id) >= len(s.contradicted) {
		return false
	}
	c := s.contradicted[id] // at is a length of the trail: zero is never
	return c.at > 0 && int(c.at) <= len(s.trail) && s.trail[c.at-1].serial == c.serial
}

// resolve learns from an incompatibility that is satisfied: it replaces the
// assignment that satisfied it last by the cause of that assignment, until
// undoing decisions leaves exactly one term open. False means that what was
// learned forbids the root.
func (s *State[S, V]) resolve(id ID) (Conflict, bool) {
	learned := false
	for {
		i := s.store.at(id)
		if s.isTerminal(i) {
			return Conflict{Cause: id}, false
		}
		last := s.satisfier(i)
		previous := s.previousLevel(i, last)
		if previous < last.level {
			s.backtrack(previous)
			if learned {
				s.register(id)
			}
			c := Conflict{last.pkg, id}
			s.conflicts = append(s.conflicts, c)
			return c, true
		}
		id = s.resolvent(id, last.cause, last.pkg)
		learned = true
		s.conflicts = append(s.conflicts, Conflict{last.pkg, id})
	}
}

// isTerminal tells whether an incompatibility forbids the root, or everything.
func (s *State[S, V]) isTerminal(i *incompatibility[S]) bool {
	switch len(i.terms) {
	case 0:
		return true
	case 1:
		t := &i.terms[0]
		return t.Package == s.root && t.Set.Contains(s.rootVersion) != t.Negative
	}
	return false
}

// satisfying is the assignment with which a term began to hold.
type satisfying struct {
	pkg     Package
	serial  int32
	level   int32
	cause   ID
	decided bool
}

// satisfies finds the first assignment of p from which on nothing is left that
// against allows.
func (s *State[S, V]) satisfies(p Package, against *Term[S]) satisfying {
	k := &s.packages[p]
	i, _ := slices.BinarySearchFunc(k.derived, against, func(d derivation[S], t *Term[S]) int {
		if exclusive(&d.known, t) {
			return 1
		}
		return -1
	})
	if i < len(k.derived) {
		d := &k.derived[i]
		return satisfying{p, d.serial, d.level, d.cause, false}
	}
	if k.decision == 0 {
		panic("internal error: pubgrub: nothing satisfies a satisfied term")
	}
	return satisfying{p, k.decidedAt, k.decision, 0, true}
}

// satisfier returns the assignment with which the last of the terms of i began
// to hold.
func (s *State[S, V]) satisfier(i *incompatibility[S]) satisfying {
	var last satisfying
	for k := range i.terms {
		against := i.terms[k].negated()
		if a := s.satisfies(against.Package, &against); k == 0 || a.serial > last.serial {
			last = a
		}
	}
	return last
}

// previousLevel is the lowest level at which i would be satisfied if last were
// the only assignment above: never below the root's own.
func (s *State[S, V]) previousLevel(i *incompatibility[S], last satisfying) int32 {
	var own Term[S]
	if last.decided {
		own = Term[S]{last.pkg, false, s.options.Exactly(s.packages[last.pkg].version)}
	} else {
		own = s.store.at(last.cause).term(last.pkg).negated()
	}
	before := satisfying{serial: -1}
	for k := range i.terms {
		against := i.terms[k].negated()
		if against.Package == last.pkg {
			against = intersect(&own, &against)
		}
		if a := s.satisfies(against.Package, &against); a.serial > before.serial {
			before = a
		}
	}
	return max(before.level, 1)
}

// resolvent is what follows from id and cause, the cause of the assignment of p
// that satisfied id: the terms of both, with p's terms united, which drops out
// when that says nothing.
func (s *State[S, V]) resolvent(id, cause ID, p Package) ID {
	a, b := s.store.at(id), s.store.at(cause)
	terms := make([]Term[S], 0, len(a.terms)+len(b.terms)-1)
	for k := range a.terms {
		if a.terms[k].Package != p {
			terms = append(terms, a.terms[k])
		}
	}
	for k := range b.terms {
		t := &b.terms[k]
		if t.Package == p {
			continue
		}
		at := slices.IndexFunc(terms, func(have Term[S]) bool { return have.Package == t.Package })
		if at < 0 {
			terms = append(terms, *t)
		} else {
			terms[at] = intersect(&terms[at], t)
		}
	}
	if t := unite(a.term(p), b.term(p)); !t.Negative || !t.Set.IsEmpty() {
		terms = append(terms, t)
	}
	return s.store.add(incompatibility[S]{terms: terms, kind: Derived, a: int32(id), b: int32(cause)})
}

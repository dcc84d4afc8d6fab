package pubgrub

import "slices"

// Decide chooses version for p without looking whether that fits: Propagate
// will tell. The caller answers for the dependencies of version being known.
func (s *State[S, V]) Decide(p Package, version V) {
	k := &s.packages[p]
	s.levels = append(s.levels, int32(len(s.trail)))
	k.version, k.decision, k.decidedAt = version, s.level(), s.serial
	s.assign(p)
	if i := slices.Index(s.taken, p); i >= 0 {
		s.taken = slices.Delete(s.taken, i, i+1)
	}
}

func (s *State[S, V]) assign(p Package) {
	s.trail = append(s.trail, assigned{int32(p), s.serial})
	s.serial++
}

// derive adds to the partial solution that t, a term of cause, can't hold.
func (s *State[S, V]) derive(t *Term[S], cause ID) {
	p := t.Package
	k := &s.packages[p]
	if k.decision != 0 {
		panic("internal error: pubgrub: a decided package was derived")
	}
	known := t.negated()
	if len(k.derived) > 0 {
		known = intersect(&k.known, &known)
	}
	k.known = known
	if k.derivedEpoch != s.epoch {
		k.derived, k.derivedEpoch = slices.Clip(k.derived), s.epoch
	}
	k.derived = append(k.derived, derivation[S]{known, cause, s.serial, s.level()})
	s.assign(p)
	if !known.Negative {
		s.markStale(p)
	}
}

func (s *State[S, V]) markStale(p Package) {
	if k := &s.packages[p]; !k.isStale {
		k.isStale = true
		s.stale = append(s.stale, p)
	}
}

// relation tells how what is known of the package stands to t.
func (s *State[S, V]) relation(t *Term[S]) relation {
	k := &s.packages[t.Package]
	if k.decision != 0 {
		if t.Set.Contains(k.version) != t.Negative {
			return satisfied
		}
		return contradicted
	}
	if len(k.derived) == 0 {
		return inconclusive
	}
	return relate(t, &k.known)
}

// backtrack undoes everything above level. A package that keeps assignments
// loses its place in the queue and is asked for its priority again.
func (s *State[S, V]) backtrack(level int32) {
	s.backtracked = true
	start := s.levels[level]
	undone := s.trail[start:]
	for i := len(undone) - 1; i >= 0; i-- {
		k := &s.packages[undone[i].at]
		if k.decision > level {
			k.decision = 0
			continue
		}
		k.derived = k.derived[:len(k.derived)-1]
	}
	for _, a := range undone {
		p := Package(a.at)
		k := &s.packages[p]
		if len(k.derived) == 0 {
			continue // queued or not, Pick passes over it
		}
		k.known = k.derived[len(k.derived)-1].known
		s.queue.remove(p)
		if !k.known.Negative {
			s.markStale(p)
		}
	}
	s.trail = s.trail[:start]
	s.levels = s.levels[:level]
	s.requeueTaken()
}

// requeueTaken puts back what was picked but could not be decided.
func (s *State[S, V]) requeueTaken() {
	for _, p := range s.taken {
		if s.undecided(&s.packages[p]) && !s.queue.has(p) {
			s.markStale(p)
		}
	}
	s.taken = s.taken[:0]
}

// BacktrackBefore undoes the decision on p and everything after it, and returns
// how many decisions that were, or false if p is not decided. It serves to take
// packages in another order when the one chosen proved bad.
func (s *State[S, V]) BacktrackBefore(p Package) (int, bool) {
	if int(p) >= len(s.packages) || s.packages[p].decision == 0 {
		return 0, false
	}
	before := s.level()
	s.backtrack(s.packages[p].decision - 1)
	return int(before - s.level()), true
}

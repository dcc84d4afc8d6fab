package pubgrub

// Dependency is what a version of a package needs: another package, in a set.
type Dependency[S any] struct {
	Package Package
	Set     S
}

// AddDependencies records that p at any of versions needs all of dependencies,
// and decides p at version, which is one of versions. If a dependency is
// already excluded p is not decided and the incompatibility that excludes it is
// returned with false. Before the first backtrack that is not looked at: a
// conflict then shows in the next Propagate.
//
// The versions may be wider than the one decided as long as nothing that could
// be chosen is added: merged ranges then have no holes.
func (s *State[S, V]) AddDependencies(p Package, version V, versions S, dependencies []Dependency[S]) (ID, bool) {
	var rejected ID
	ok := true
	for i := range dependencies {
		id := s.addDependency(p, versions, dependencies[i].Package, dependencies[i].Set)
		if ok && id >= 0 && s.backtracked && s.excludes(id, version) {
			rejected, ok = id, false
		}
	}
	if ok {
		s.Decide(p, version)
	}
	return rejected, ok
}

// AddDependency records that p at any of versions needs a version of on that is
// in set, without deciding anything.
func (s *State[S, V]) AddDependency(p Package, versions S, on Package, set S) {
	s.addDependency(p, versions, on, set)
}

// addDependency returns the incompatibility as it was before merging, or -1 if
// the dependency says nothing.
func (s *State[S, V]) addDependency(p Package, versions S, on Package, set S) ID {
	i := incompatibility[S]{kind: Depends, a: int32(p), b: int32(on)}
	switch {
	case p == on:
		// A version that needs itself needs nothing; one that needs another
		// version of the same package can't be chosen.
		bad := versions.Intersect(set.Complement())
		if bad.IsEmpty() {
			return -1
		}
		i.terms = s.store.terms(1)
		i.terms[0] = Term[S]{p, false, bad}
		i.reason = set // for the derivation
	case set.IsEmpty():
		i.terms = s.store.terms(1)
		i.terms[0] = Term[S]{p, false, versions}
	default:
		i.terms = s.store.terms(2)
		i.terms[0] = Term[S]{p, false, versions}
		i.terms[1] = Term[S]{on, true, set}
	}
	s.grow(on)
	id := s.store.add(i)
	s.register(id)
	return id
}

// excludes tells whether the dependency id, whose dependent is about to be
// decided at version, is broken by what is known of the package it asks for.
func (s *State[S, V]) excludes(id ID, version V) bool {
	i := s.store.at(id)
	if !i.terms[0].Set.Contains(version) {
		return false
	}
	return len(i.terms) == 1 || s.relation(&i.terms[1]) == satisfied
}

// Forbid records that no version of p in set may be chosen, and why. The reason
// is the caller's; it comes back in the derivation.
func (s *State[S, V]) Forbid(p Package, set S, reason any) {
	s.forbid(p, set, Custom, reason)
}

// NoVersions records that set holds no version of p that exists.
func (s *State[S, V]) NoVersions(p Package, set S) {
	s.forbid(p, set, NoVersions, nil)
}

func (s *State[S, V]) forbid(p Package, set S, kind Kind, reason any) {
	terms := s.store.terms(1)
	terms[0] = Term[S]{p, false, set}
	s.register(s.store.add(incompatibility[S]{terms: terms, kind: kind, reason: reason}))
}

package pubgrub

// Package names a package: a small integer that the caller gives out, counting
// from zero, since tables are indexed by it.
type Package int32

// Set is what the solver asks of a set of versions of type V. Sets are values:
// no method changes its receiver. Equal must be exact for sets that hold the
// same versions as far as SubsetOf can tell.
type Set[S, V any] interface {
	Contains(V) bool
	Intersect(S) S
	Union(S) S
	Complement() S
	IsEmpty() bool
	Equal(S) bool
	SubsetOf(S) bool
	Disjoint(S) bool
}

// Term says of one package that the chosen version is in Set, or, when
// Negative, that it is not; a package that is not chosen at all satisfies every
// negative term and no positive one.
type Term[S any] struct {
	Package  Package
	Negative bool
	Set      S
}

// relation is how the assignments of a package stand to a term about it.
type relation uint8

const (
	inconclusive relation = iota
	satisfied
	contradicted
)

// relate tells whether everything that known allows satisfies t, contradicts
// it, or neither. An empty positive term satisfies everything.
func relate[S Set[S, V], V any](t, known *Term[S]) relation {
	switch {
	case !t.Negative && !known.Negative:
		if known.Set.SubsetOf(t.Set) {
			return satisfied
		}
		if known.Set.Disjoint(t.Set) {
			return contradicted
		}
	case !t.Negative:
		if t.Set.SubsetOf(known.Set) {
			return contradicted
		}
	case !known.Negative:
		if known.Set.Disjoint(t.Set) {
			return satisfied
		}
		if known.Set.SubsetOf(t.Set) {
			return contradicted
		}
	default:
		if t.Set.SubsetOf(known.Set) {
			return satisfied
		}
	}
	return inconclusive
}

// intersect is what holds when both terms hold.
func intersect[S Set[S, V], V any](a, b *Term[S]) Term[S] {
	switch {
	case a.Negative && b.Negative:
		return Term[S]{a.Package, true, a.Set.Union(b.Set)}
	case a.Negative:
		return Term[S]{a.Package, false, b.Set.Intersect(a.Set.Complement())}
	case b.Negative:
		return Term[S]{a.Package, false, a.Set.Intersect(b.Set.Complement())}
	}
	return Term[S]{a.Package, false, a.Set.Intersect(b.Set)}
}

// unite is what holds when at least one of the terms holds.
func unite[S Set[S, V], V any](a, b *Term[S]) Term[S] {
	switch {
	case a.Negative && b.Negative:
		return Term[S]{a.Package, true, a.Set.Intersect(b.Set)}
	case a.Negative:
		return Term[S]{a.Package, true, a.Set.Intersect(b.Set.Complement())}
	case b.Negative:
		return Term[S]{a.Package, true, b.Set.Intersect(a.Set.Complement())}
	}
	return Term[S]{a.Package, false, a.Set.Union(b.Set)}
}

// exclusive tells whether no choice can satisfy both terms.
func exclusive[S Set[S, V], V any](a, b *Term[S]) bool {
	switch {
	case a.Negative && b.Negative:
		return false
	case a.Negative:
		return b.Set.SubsetOf(a.Set)
	case b.Negative:
		return a.Set.SubsetOf(b.Set)
	}
	return a.Set.Disjoint(b.Set)
}

// negated is the term that holds exactly when t does not.
func (t Term[S]) negated() Term[S] {
	t.Negative = !t.Negative
	return t
}

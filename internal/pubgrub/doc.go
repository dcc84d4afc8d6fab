// Package pubgrub is the PubGrub version solving algorithm, knowing nothing of
// Python: packages are small integers, and sets of versions are whatever type
// satisfies [Set].
//
// It is a [State] that a caller drives, not a solver that drives a provider,
// because forks and late metadata need the loop:
//
//	state := pubgrub.New(root, rootVersion, options)
//	next := root
//	for {
//		conflicts, err := state.Propagate(next)     // *NoSolution ends it
//		next, ok := state.Pick(priority)            // !ok: Decisions is the answer
//		version := choose(next, state.Range(next))
//		state.AddDependencies(next, version, …)     // or Forbid
//	}
//
// # Terms
//
// The vocabulary is that of the PubGrub description written for Dart's pub
// (https://github.com/dart-lang/pub/blob/master/doc/solver.md). A [Term]
// speaks about one package: a positive one says that a version inside the set
// is chosen, a negative one that none inside the set is. An incompatibility is
// a list of terms that may not all hold; the partial solution is the trail of
// decisions and derivations, and what it says of a package is the intersection
// of that package's assignments.
//
// # Order
//
// Which of several valid answers is found depends on the order of work, so
// that order is part of the contract: propagation takes packages from a
// last-in-first-out stack that holds each at most once, and tries the newest
// incompatibilities of a package first; a conflict empties the stack down to
// the package it concerns. Two dependencies of one package that ask for the
// same set of another become one incompatibility, which then is the newest.
// Until the first backtrack a decision is taken without looking whether its
// dependencies fit. A package's priority is asked for again only after its
// positive term changed or a backtrack touched it: [State.Pick] tells.
//
// # Cost
//
// Everything is held in flat slices indexed by package or incompatibility.
// [State.Clone], which forks a solution, copies those slices but shares the
// incompatibilities themselves, which are written once. A State is not safe for
// concurrent use; a State and its clones are, each by one goroutine.
package pubgrub

// Package resolve turns requirements into a graph of exact distributions.
//
// A [Resolver] holds what is asked for (a [Manifest]), how ([Options]) and who
// answers (a [Provider]). [Resolver.Resolve] drives the solver of package
// pubgrub and returns a [Graph], or a *[NoSolution] that tells why there is none.
//
// # How it works
//
// The solver knows packages and sets of versions only, so everything Python asks
// for is put in those terms (node.go): a project is a package, and so is a
// project with an extra; a requirement with an extra or a marker goes through a
// proxy package of its own, whose every version needs the same version of the
// project. What the solver needs next is decided by priorities (priority.go): a
// direct URL first, then a pinned version, then what often conflicts, then in
// the order of first mention. Which version to try of a project is decided in
// choose.go and select.go, what a version needs in requirements.go.
//
// # Determinism
//
// One goroutine decides. Each choice is a function of the fork's state and of
// the one answer asked for, and waits for that answer. Everything else that runs
// (prefetch.go) only makes answers arrive earlier. The order in which decisions
// are made is part of the result, because it decides which of several solutions
// is found; it is that of uv 0.12.5, to the letter of its debug log.
//
// # Forks
//
// A fork is a solution in the making for a part of all environments. Resolving
// for one environment needs exactly one.
package resolve

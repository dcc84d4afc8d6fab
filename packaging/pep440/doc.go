// Package pep440 implements versions and version specifiers of Python
// packages (PEP 440 and its living form, "Version specifiers"), and sets of
// versions.
//
// A [Version] is a small value. The usual shapes, which are nearly all that
// exist, are packed into one integer whose order is the order of versions, so
// that parsing allocates nothing and comparing is one comparison.
//
// A [Specifier] is one clause such as ">=1.2"; [Specifiers] is the
// conjunction of several. A [Set] is a set of versions as sorted, disjoint
// intervals, closed under intersection, union and complement; it is what a
// dependency solver works with. Sets are canonical: two sets that were
// made in different ways but say the same about the bounds of PEP 440 are
// structurally equal.
//
// # Two readings of a specifier
//
// [Specifier.Set] has the semantics of PEP 440 with its special rules, as uv
// and pip use them for packages: "==1.0" admits 1.0+local, ">1.0" admits
// neither 1.0.post1 nor 1.0+local, "<1.0" does not admit 1.0rc1.
//
// [ReleaseSet] is for versions of Python itself, as in requires-python and in
// markers: everything beyond the release segment is dropped on both sides, so
// that ">=3.13" admits 3.13.0rc1. [ReleaseSpecifiers] turns such a set back
// into specifiers.
//
// Whether pre-releases are wanted at all is not a question of membership.
// Sets and [Specifiers.Contains] admit them by order alone; a [Prerelease]
// policy, as in [Specifiers.Filter], decides which are taken.
package pep440

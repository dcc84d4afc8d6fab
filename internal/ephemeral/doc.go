// Package ephemeral keeps the environments that nobody has named: those of
// `run --with`, of scripts and of tools, which lie in the cache and can be made
// again at any time.
//
// A [Store] has two kinds. [Store.Environment] returns an environment that is
// known by what is in it: an interpreter and a list of distributions. It is made
// once, aside, and renamed into place whole; nothing is changed in it after that,
// so any number of processes use it at once.
//
// [Store.Overlay] returns an environment to run something in: one that has no
// packages of its own and sees those of others, layer over layer. It belongs to
// whoever asked for it, alone, for as long as the program runs: that may install
// into it, and nobody else will see what it did. Making one takes some
// milliseconds, so an overlay that was left as it was found serves the next one
// who asks for the same layers.
package ephemeral

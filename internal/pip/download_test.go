package pip

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pyname"
)

// Many extras, of which no two go together, are as many choices and not as many as
// there are ways to get to them.
func TestAlternatives(t *testing.T) {
	t.Parallel()
	const many = 20
	extras := make([]pyname.Extra, many)
	for i := range extras {
		extras[i] = pyname.Extra(fmt.Sprintf("e%d", i))
	}
	l := ProjectLock{Lock: &lock.Lock{Manifest: lock.Manifest{Members: []pyname.Package{"root"}}}}
	for i := range extras {
		for _, other := range extras[:i] {
			l.Conflicts = append(l.Conflicts, source.ConflictSet{{Package: "root", Extra: other}, {Package: "root", Extra: extras[i]}})
		}
	}
	found := map[string]bool{}
	for _, roots := range l.alternatives(lock.Roots{Members: l.Members(), Extra: func(pyname.Extra) bool { return true }}) {
		chosen := ""
		for _, e := range extras {
			if roots.Extra(e) {
				chosen += string(e)
			}
		}
		if found[chosen] {
			t.Errorf("%q comes twice", chosen)
		}
		found[chosen] = true
	}
	if len(found) != many+1 || !found[""] || !found["e0"] || !found["e19"] {
		t.Errorf("%d choices: %v", len(found), found)
	}
}

// Extras of one name in two projects: each is chosen with its own project.
func TestAlternativesOfOneName(t *testing.T) {
	t.Parallel()
	l := ProjectLock{Lock: &lock.Lock{
		Manifest:  lock.Manifest{Members: []pyname.Package{"a", "b"}},
		Conflicts: source.Conflicts{{{Package: "a", Extra: "gpu"}, {Package: "b", Extra: "gpu"}}},
	}}
	var got []string
	for _, roots := range l.alternatives(lock.Roots{Members: l.Members(), Extra: func(pyname.Extra) bool { return true }}) {
		got = append(got, fmt.Sprint(roots.Members, roots.Extra("gpu")))
	}
	if want := []string{"[a b] false", "[a] true", "[b] true"}; !slices.Equal(got, want) {
		t.Errorf("choices: %v, want %v", got, want)
	}
}

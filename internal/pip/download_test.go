package pip

import (
	"fmt"
	"slices"
	"strings"
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

// Sets that have nothing to do with each other are not crossed, but those of which one
// decides over what another leads to are.
func TestAlternativesOfManySets(t *testing.T) {
	t.Parallel()
	const many = 12
	text := "version = 1\nrevision = 3\nrequires-python = \">=3.8\"\nconflicts = ["
	for i := range many {
		text += fmt.Sprintf("[{ package = \"root\", extra = \"a%d\" }, { package = \"root\", extra = \"b%d\" }], ", i, i)
	}
	text += `]

[[package]]
name = "middle"
version = "1.0"
source = { registry = "https://example.com/simple" }
dependencies = [{ name = "torch", marker = "MARKER" }]

[[package]]
name = "root"
version = "1.0"
source = { virtual = "." }

[package.optional-dependencies]
a0 = [{ name = "middle" }]

[[package]]
name = "torch"
version = "1.0"
source = { registry = "https://example.com/simple" }
`
	for name, test := range map[string]struct {
		marker string
		want   int
	}{
		"apart":   {"extra == 'extra-4-root-a0' or extra == 'extra-4-root-b0'", 1 + 2*many},
		"crossed": {"extra == 'extra-4-root-a1'", 9 + 2*(many-2)},
	} {
		read, err := lock.Read("uv.lock", []byte(strings.Replace(text, "MARKER", test.marker, 1)))
		if err != nil {
			t.Fatal(err)
		}
		l := ProjectLock{Lock: read}
		got := l.alternatives(lock.Roots{Members: l.Members(), Extra: func(pyname.Extra) bool { return true }})
		if len(got) != test.want {
			t.Errorf("%s: %d choices of %d sets, want %d", name, len(got), many, test.want)
		}
	}
}

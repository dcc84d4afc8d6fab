package resolve

import (
	"slices"

	"github.com/tame-py/tame/internal/pubgrub"
)

// class is the first part of a package's priority; a higher class is decided
// earlier.
type class uint8

const (
	unspecified   class = iota
	conflictLate        // its versions often made others impossible
	conflictEarly       // its versions were often impossible
	singleton           // a requirement leaves one version
	directURL
	rootClass
)

// priorities tells in which order packages are decided. All packages of one
// project have its class and its place in the order of first mention; among
// them the order of first mention of the package decides.
type priorities struct {
	classes []class  // by name
	places  []uint32 // by name: place plus one in the order of first mention
	ties    []uint32 // by package: the like
	named   uint32
	tied    uint32
}

const (
	placeBits = 30
	tieBits   = 31
)

// of returns the priority of a package: class, then first mention of its
// project, then of the package itself.
func (p *priorities) of(t *tables, pkg pubgrub.Package) uint64 {
	n := &t.nodes[pkg]
	if !n.isProject() {
		return uint64(rootClass)<<(placeBits+tieBits) - uint64(n.kind)
	}
	c, place := unspecified, uint32(1<<placeBits-1)
	if int(n.name) < len(p.places) && p.places[n.name] != 0 {
		c, place = p.classes[n.name], p.places[n.name]
	}
	tie := uint32(1<<tieBits - 1)
	if int(pkg) < len(p.ties) && p.ties[pkg] != 0 {
		tie = p.ties[pkg]
	}
	return uint64(c)<<(placeBits+tieBits) | uint64(1<<placeBits-1-place)<<tieBits | uint64(1<<tieBits-1-tie)
}

// mention notes a requirement on a package. A class only rises; one that came
// of conflicts gives way to a pinned version or URL alone.
func (p *priorities) mention(t *tables, pkg pubgrub.Package, isURL, isSingleton bool) {
	p.ties = grown(p.ties, int(pkg))
	if p.ties[pkg] == 0 {
		p.tied++
		p.ties[pkg] = p.tied
	}
	n := t.nodes[pkg].name
	p.place(n)
	c := unspecified
	switch {
	case isURL:
		c = directURL
	case isSingleton:
		c = singleton
	}
	p.classes[n] = max(p.classes[n], c)
}

// place gives a name its place in the order, if it has none.
func (p *priorities) place(n name) {
	p.places = grown(p.places, int(n))
	p.classes = grown(p.classes, int(n))
	if p.places[n] == 0 {
		p.named++
		p.places[n] = p.named
	}
}

// markEarly says that versions of a project are often impossible. It is false
// if that was said before.
func (p *priorities) markEarly(n name) bool {
	p.place(n)
	changed := p.classes[n] != conflictEarly
	p.classes[n] = conflictEarly
	return changed
}

// markLate says that a project often makes others impossible. It is false if
// the project has a class that came of conflicts already: it would go back and
// forth between them for ever.
func (p *priorities) markLate(n name) bool {
	p.place(n)
	if p.classes[n] == conflictLate || p.classes[n] == conflictEarly {
		return false
	}
	p.classes[n] = conflictLate
	return true
}

func (p *priorities) clone() priorities {
	c := *p
	c.classes, c.places, c.ties = slices.Clone(p.classes), slices.Clone(p.places), slices.Clone(p.ties)
	return c
}

// grown returns s with room for index i.
func grown[T any](s []T, i int) []T {
	if n := i + 1 - len(s); n > 0 {
		s = append(s, make([]T, n)...)
	}
	return s
}

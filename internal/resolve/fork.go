package resolve

import (
	"maps"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/pubgrub"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
)

type solver = pubgrub.State[pep440.Set, pep440.Version]

// fork is a solution in the making.
type fork struct {
	scope        scope
	python       Python
	pythonMarker marker.Tree
	applies      map[marker.Tree]bool // remembered answers; they follow from scope and python

	solver *solver
	next   pubgrub.Package // what to propagate first
	// again: next is to be decided, without propagating before, because the fork
	// came of choosing its version; at version, if that was settled then.
	again   bool
	version pep440.Version

	pins       map[versionKey]*pin
	urls       map[name]*direct
	indexes    map[name]string
	priorities priorities
	added      map[packageVersion][]dependency // what is known of decided versions
	selected   map[pubgrub.Package]selection
	conflicts  conflicts
	tried      map[name]*attempts
}

// versionKey names a version of a project.
type versionKey struct {
	name    name
	version pep440.Key
}

// packageVersion names a version of a package of the solver.
type packageVersion struct {
	pkg     pubgrub.Package
	version pep440.Key
}

// pin is the file chosen for a version.
type pin struct {
	candidate *index.Candidate
	installed bool
	metadata  *par.Future[*Metadata] // nil if only a proxy needed the version so far
}

// direct is a direct URL.
type direct struct {
	source   source.Source
	dist     *source.Dist
	metadata *par.Future[*Metadata]
}

// selection is the version chosen for a range, for when the range comes back.
type selection struct {
	allowed pep440.Set
	version pep440.Version
}

func newFork(s scope, p Python, root pubgrub.Package) *fork {
	return &fork{
		scope: s, python: p, pythonMarker: p.Target.Marker(), applies: map[marker.Tree]bool{},
		solver: pubgrub.New[pep440.Set](root, rootVersion(), pubgrub.Options[pep440.Set, pep440.Version]{
			Exactly: pep440.Exactly, Hash: pep440.Set.Hash,
		}),
		next:     root,
		pins:     map[versionKey]*pin{},
		urls:     map[name]*direct{},
		indexes:  map[name]string{},
		added:    map[packageVersion][]dependency{},
		selected: map[pubgrub.Package]selection{},
		tried:    map[name]*attempts{},
	}
}

// rootVersion is the version that the root is at, which nobody sees.
func rootVersion() pep440.Version { return pep440.FromRelease(0) }

// enter makes the fork go on for a part of its environments.
func (r *resolution) enter(f *fork, s scope) {
	f.scope = s
	f.applies = map[marker.Tree]bool{}
	f.selected = map[pubgrub.Package]selection{}
	bounds, ok := s.pythons()
	if !ok {
		return
	}
	if narrowed, ok := f.python.Target.Narrow(bounds); ok {
		r.tracef("Narrowed `requires-python` bound to: %s", narrowed)
		f.python.Target = narrowed
		f.pythonMarker = narrowed.Marker()
	}
}

// clone returns a fork that goes on independently.
func (f *fork) clone() *fork {
	c := *f
	c.applies = map[marker.Tree]bool{}
	c.solver = f.solver.Clone()
	c.pins = maps.Clone(f.pins)
	c.urls = maps.Clone(f.urls)
	c.indexes = maps.Clone(f.indexes)
	c.priorities = f.priorities.clone()
	c.added = maps.Clone(f.added)
	c.selected = map[pubgrub.Package]selection{}
	c.conflicts = f.conflicts.clone()
	c.tried = cloneAttempts(f.tried)
	return &c
}

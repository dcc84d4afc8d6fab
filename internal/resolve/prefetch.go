package resolve

import (
	"maps"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pep440"
)

// Nothing here has an influence on the result: a Provider is asked earlier for
// what will probably be needed.

// attempts is what was tried of a project.
type attempts struct {
	versions   map[pep440.Key]bool
	prefetched int         // how many versions had been tried at the last batch
	ahead      *aheadRange // what was last prefetched for
}

type aheadRange struct{ allowed pep440.Set }

func cloneAttempts(m map[name]*attempts) map[name]*attempts {
	out := make(map[name]*attempts, len(m))
	for n, a := range m {
		out[n] = &attempts{versions: maps.Clone(a.versions), prefetched: a.prefetched, ahead: a.ahead}
	}
	return out
}

func (f *fork) attempts(n name) *attempts {
	a := f.tried[n]
	if a == nil {
		a = &attempts{}
		f.tried[n] = a
	}
	return a
}

// countTry notes that a version of a project is tried.
func (r *resolution) countTry(f *fork, n node, version pep440.Version) {
	if n.isProject() && r.Options.Progress != nil && n.kind == projectNode {
		r.Options.Progress(r.names[n.name], version)
	}
	if !n.isBase() {
		return
	}
	a := f.attempts(n.name)
	if a.versions == nil {
		a.versions = map[pep440.Key]bool{}
	}
	a.versions[version.Key()] = true
}

// prefetchChanged asks for the metadata of what would be chosen now of each
// project whose range changed since the last decision. Projects with a URL or an
// index of their own in some fork are left out: which it will be is not known.
func (r *resolution) prefetchChanged(f *fork) {
	if r.Options.NoDeps {
		return
	}
	for pkg, allowed := range f.solver.Changed() {
		n := r.nodes[pkg]
		if !n.isBase() || r.directs.any(r.names[n.name]) || len(r.pinned[r.names[n.name]]) > 0 {
			continue
		}
		a := f.attempts(n.name)
		if a.ahead != nil && a.ahead.allowed.Equal(allowed) {
			continue
		}
		a.ahead = &aheadRange{allowed}
		r.prefetch(f, n.name, allowed)
	}
}

// prefetchAhead asks for the metadata of what a fork will need that is solved
// later only, where that costs little.
func (r *resolution) prefetchAhead(f *fork, deps []dependency) {
	for i := range deps {
		n := r.nodes[deps[i].pkg].name
		if !r.Options.NoDeps && f.urls[n] == nil && !r.directs.any(r.names[n]) && len(r.pinned[r.names[n]]) == 0 {
			allowed := deps[i].set
			// What is known of the project, if it was met: the root may pin it.
			if base, met := r.nodeIDs[node{kind: projectNode, name: n}]; met {
				if known, ok := f.solver.Range(base); ok {
					allowed = allowed.Intersect(known)
				}
			}
			r.prefetchIf(f, n, allowed, func(d *source.Dist) bool { return d.IsWheel() && r.cheap(d) })
		}
	}
}

// prefetch asks for the metadata of what would be chosen from a range, now or
// when the versions are known.
func (r *resolution) prefetch(f *fork, n name, allowed pep440.Set) {
	r.prefetchIf(f, n, allowed, func(*source.Dist) bool { return true })
}

func (r *resolution) prefetchIf(f *fork, n name, allowed pep440.Set, worth func(*source.Dist) bool) {
	p := r.project(n, "")
	here := f.scope // the fork may have moved on when the answer comes
	q := query{name: r.names[n], allowed: allowed, prefer: r.prefer[r.names[n]], scope: &here}
	python := f.python
	ask := func(answer *Versions) {
		q.lists = answer.Lists
		if c, ok := r.selector.pick(q); ok && worthPrefetching(c, python) && r.lowerBounded(q, c) && worth(c.candidate.Metadata) {
			r.Provider.Metadata(c.candidate.Metadata)
		}
	}
	if p.future.Ready() {
		if answer, err := p.future.Wait(r.ctx); err == nil {
			ask(answer)
		}
		return
	}
	r.background.Go(func() {
		if answer, err := p.future.Wait(r.ctx); err == nil {
			ask(answer)
		}
	})
}

func worthPrefetching(c choice, python Python) bool {
	return c.candidate.Dist != nil &&
		(len(c.candidate.RequiresPython) == 0 || python.Target.CoveredBy(c.candidate.RequiresPython))
}

// lowerBounded is false for the oldest version of all when that would have to be
// built: such ones mostly can't be any more.
func (r *resolution) lowerBounded(q query, c choice) bool {
	return c.candidate.Metadata.IsWheel() || r.selector.highest(q.name, q.scope) ||
		q.allowed.Span().Lo.Kind != pep440.Unbounded
}

// batchLimit is the most versions that are prefetched at once.
const batchLimit = 50

// prefetchBatch asks for the metadata of many versions of a project of which
// many were tried in vain: after 5, 10 and 20, and then every 20, as many as
// were tried. First those that the range still allows, then those next in order
// as far as the root allows them.
func (r *resolution) prefetchBatch(f *fork, n node, version pep440.Version, allowed pep440.Set) {
	if !n.isBase() || f.urls[n.name] != nil {
		return
	}
	a := f.attempts(n.name)
	tried := len(a.versions)
	if !batchDue(tried, a.prefetched) {
		return
	}
	a.prefetched = tried
	p := r.projects[projectKey{n.name, f.indexes[n.name]}]
	if p == nil || p.answer == nil {
		return
	}
	q := query{name: r.names[n.name], allowed: allowed, lists: p.answer.Lists, scope: &f.scope}
	previous := version
	inOrder := false
	for range min(tried, batchLimit) {
		if inOrder {
			q.allowed = r.beyond(f, n, q, previous)
		}
		c, ok := r.selector.pickListed(q)
		if !ok {
			if inOrder {
				return
			}
			inOrder = true
			continue
		}
		previous = c.version
		q.allowed = q.allowed.Minus(pep440.Exactly(c.version))
		if !worthPrefetching(c, f.python) || !c.candidate.Metadata.IsWheel() {
			continue
		}
		if !r.cheap(c.candidate.Metadata) {
			return
		}
		r.Provider.Metadata(c.candidate.Metadata)
	}
}

func (r *resolution) cheap(d *source.Dist) bool {
	if r.Options.CheapMetadata != nil {
		return r.Options.CheapMetadata(d)
	}
	return d.File.Metadata.Available
}

func batchDue(tried, before int) bool {
	switch {
	case tried >= 5 && before < 5, tried >= 10 && before < 10, tried >= 20 && before < 20:
		return true
	}
	return tried >= 20 && tried-before >= 20
}

// beyond returns the versions that come after one, as far as the root's own
// requirements leave them.
func (r *resolution) beyond(f *fork, n node, q query, previous pep440.Version) pep440.Set {
	out := pep440.Interval{Lo: pep440.Above(previous)}.Set()
	if r.selector.highest(q.name, q.scope) {
		out = pep440.Interval{Hi: pep440.Above(previous)}.Set()
	}
	if fixed, ok := f.solver.Fixed(r.base(n.name)); ok {
		out = out.Intersect(fixed)
	}
	return out
}

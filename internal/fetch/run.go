package fetch

import (
	"sync"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/metadata"
)

// A Run is what one run of the program has built so far. Fetchers that follow
// each other share it: however little of the cache is to be believed, what this
// very run has put there is as new as can be. The zero value is ready for use, by
// any number of goroutines.
type Run struct {
	metadata sync.Map // of *metadata.Metadata, by a key that tells the state of the source
	built    sync.Map // by such a key
}

// runKey names a source as it is now, and what it is built with.
func runKey(id *identity, r *Recipe) string { return id.builtKey(r, false) + "\n" + id.state() }

// knows returns metadata that a backend has told in this run.
func (r *Run) knows(key string) (*metadata.Metadata, bool) {
	m, ok := r.metadata.Load(key)
	if !ok {
		return nil, false
	}
	return m.(*metadata.Metadata), true
}

// hasBuilt reports whether a wheel was built of the source in this run.
func (r *Run) hasBuilt(key string) bool {
	_, ok := r.built.Load(key)
	return ok
}

// note keeps that a wheel was built: of the source as it was before, and as the
// build has left it.
func (r *Run) note(recipe *Recipe, states ...*identity) {
	for _, id := range states {
		r.built.Store(runKey(id, recipe), true)
	}
}

// rebuilds reports whether a distribution is built although the cache may have
// a wheel of it.
func (f *Fetcher) rebuilds(d *source.Dist) bool {
	return f.opts.Rebuild != nil && f.opts.Rebuild(d) ||
		d.Source.Kind == source.Directory && f.opts.Cache.Refresh().Wants(d.Name)
}

// reusable is the wheel that was built before, nil if there is none or another
// one is wanted.
func (f *Fetcher) reusable(d *source.Dist, id *identity, recipe *Recipe) *Wheel {
	if f.rebuilds(d) && !f.opts.Run.hasBuilt(runKey(id, recipe)) {
		return nil
	}
	return f.lookupBuilt(d, id, recipe)
}

package fetch

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/tags"
)

// stateAlgorithm marks among the hashes of an entry the states of the directory
// that the wheel was built from.
const stateAlgorithm = "tree"

// lookupBuilt returns the wheel that was built from a source by a recipe, nil if
// there is none that is still right.
func (f *Fetcher) lookupBuilt(d *source.Dist, id *identity, r *Recipe) *Wheel {
	if d.Name == "" {
		return nil // it is kept under its name
	}
	for _, anywhere := range [...]bool{false, true} {
		entry, err := f.opts.Cache.Wheel(d.Name, id.builtKey(r, anywhere))
		if err != nil {
			continue
		}
		if w := f.openBuilt(d, id, r, entry); w != nil {
			return w
		}
	}
	return nil
}

func (f *Fetcher) openBuilt(d *source.Dist, id *identity, r *Recipe, entry *cache.Wheel) *Wheel {
	state := id.state()
	if state != "" && !slices.Contains(entry.Hashes, cache.Hash{Algorithm: stateAlgorithm, Digest: state}) {
		return nil
	}
	name, err := dist.ParseWheel(entry.Filename)
	if err != nil || r.Tags != nil && !r.Tags.Match(name.Tags).OK() || checkBuilt(d, &name) != nil {
		return nil
	}
	if d.Source.Kind != source.Git && f.opts.Cache.Refresh().Stale(d.Name, entry.Created) { // a commit stays what it is
		return nil
	}
	a, err := f.opts.Cache.Archive(entry.Archive)
	if err != nil {
		return nil
	}
	w := &Wheel{Dist: d, Entry: entry, Archive: a, CacheInfo: id.info, Source: id.hashes}
	if id.content != nil {
		w.Content = []string{id.content.digest}
	}
	return w
}

// cachedBuilt returns the wheel of a source if it was built before. It makes no
// request.
func (f *Fetcher) cachedBuilt(d *source.Dist) (*Wheel, bool, error) {
	if f.opts.Builder == nil || f.rebuilds(d) {
		return nil, false, nil
	}
	recipe, err := f.opts.Builder.Recipe(context.Background(), d)
	if err != nil {
		return nil, false, nil //nolint:nilerr // it will be told when it is built
	}
	id, err := f.identifyCached(d)
	if err != nil || id == nil {
		return nil, false, err
	}
	w := f.lookupBuilt(d, id, recipe)
	return w, w != nil, nil
}

// A BuiltError reports a wheel that is not what was to be built.
type BuiltError struct{ Field, Built, Wanted string }

func (e *BuiltError) Error() string {
	return "the " + e.Field + " of the built wheel, `" + e.Built + "`, is not `" + e.Wanted + "`, which was asked for"
}

// checkBuilt compares a wheel with the source. A local version may have been
// added.
func checkBuilt(d *source.Dist, name *dist.Wheel) error {
	if d.Name != "" && name.Name != d.Name {
		return &BuiltError{"name", string(name.Name), string(d.Name)}
	}
	if d.Source.Kind == source.Registry && !d.Version.IsZero() &&
		!name.Version.Equal(d.Version) && !name.Version.WithoutLocal().Equal(d.Version) {
		return &BuiltError{"version", name.Version.String(), d.Version.String()}
	}
	return nil
}

// unpackBuilt puts a wheel that was built into the store.
func (f *Fetcher) unpackBuilt(ctx context.Context, d *source.Dist, path string, id *identity, r *Recipe) (*Wheel, error) {
	name, err := dist.ParseWheel(filepath.Base(path))
	if err != nil {
		return nil, err
	}
	if err := checkBuilt(d, &name); err != nil {
		return nil, err
	}
	if r.Tags != nil && !r.Tags.Match(name.Tags).OK() {
		return nil, fmt.Errorf("it is not compatible with the Python that built it: `%s`", name.String())
	}
	built := *d
	built.Name, built.Wheel, built.File.Hashes = name.Name, &name, nil
	u, err := f.begin(&built, &wanted{dist: &built})
	if err != nil {
		return nil, err
	}
	entry, a, err := u.file(ctx, path)
	if err != nil {
		return nil, err
	}
	entry.Built = true
	states := f.states(d, id)
	for _, s := range states {
		entry.Hashes = append(entry.Hashes, cache.Hash{Algorithm: stateAlgorithm, Digest: s.state()})
	}
	w, err := u.note(id.builtKey(r, runsAnywhere(name.Tags)), entry, a)
	if err != nil {
		return nil, err
	}
	w.Dist, w.CacheInfo, w.Source = d, id.info, id.hashes
	f.opts.Run.note(r, append(states, id)...)
	for _, s := range states {
		w.Content = append(w.Content, s.content.digest)
	}
	return w, nil
}

// runsAnywhere reports whether tags are tied neither to an interface nor to a
// platform.
func runsAnywhere(c tags.Compressed) bool {
	list := c.Expand()
	return len(list) > 0 && !slices.ContainsFunc(list, func(t tags.Tag) bool { return t.ABI != "none" || t.Platform != "any" })
}

// states are the states of a directory that a build made now stands for: that
// before, and that with the files that the build has added. If more has changed,
// somebody was working there, and the next time it will be built again.
func (f *Fetcher) states(d *source.Dist, before *identity) []*identity {
	if before.content == nil {
		return nil
	}
	out := []*identity{before}
	after, err := f.identifyTree(d)
	if err == nil && after.state() != before.state() && after.content.extends(before.content) && after.info.Equal(before.info) {
		out = append(out, after)
	}
	return out
}

// Metadata returns the metadata of a source distribution or source tree: what it
// says of itself, or else what its build backend says.
func (f *Fetcher) Metadata(ctx context.Context, d *source.Dist) (*metadata.Metadata, error) {
	m, err := f.StaticMetadata(ctx, d)
	if _, needed := err.(*BuildNeededError); !needed || f.opts.Builder == nil {
		return m, err
	}
	return f.BuiltMetadata(ctx, d)
}

// BuiltMetadata returns the metadata that the build backend of a source tells,
// whatever the source says of itself.
func (f *Fetcher) BuiltMetadata(ctx context.Context, d *source.Dist) (*metadata.Metadata, error) {
	id, recipe, err := f.toBuild(ctx, d)
	if err != nil {
		return nil, err
	}
	key := "metadata " + runKey(id, recipe)
	if m, err := f.knownMetadata(d, id, recipe, key); m != nil || err != nil {
		return m, err
	}
	ctx, done, err := f.opts.Builder.Turn(ctx, key)
	if err != nil {
		return nil, err
	}
	defer done()
	if m, err := f.knownMetadata(d, id, recipe, key); m != nil || err != nil {
		return m, err
	}
	m, err := f.askMetadata(ctx, d, id, recipe)
	if err != nil {
		return nil, err
	}
	f.opts.Run.metadata.Store(key, m)
	if f.opts.Metadata != nil && d.Name != "" {
		f.opts.Metadata.StoreMetadata(d.Name, key, m)
	}
	return m, nil
}

// knownMetadata is what a backend has told before, nil if that is nothing.
func (f *Fetcher) knownMetadata(d *source.Dist, id *identity, recipe *Recipe, key string) (*metadata.Metadata, error) {
	if m, ok := f.opts.Run.knows(key); ok {
		return m, checkMetadata(d, m)
	}
	if f.opts.Metadata != nil && d.Name != "" && !f.opts.Cache.Refresh().Wants(d.Name) {
		if m, ok := f.opts.Metadata.StoredMetadata(d.Name, key); ok {
			return m, nil
		}
	}
	if w := f.reusable(d, id, recipe); w != nil {
		return w.Metadata()
	}
	return nil, nil
}

// askMetadata asks the backend, and has it build if it cannot tell otherwise.
func (f *Fetcher) askMetadata(ctx context.Context, d *source.Dist, id *identity, recipe *Recipe) (*metadata.Metadata, error) {
	release, err := f.lockSource(ctx, d, recipe)
	if err != nil {
		return nil, err
	}
	m, err := f.opts.Builder.BuildMetadata(ctx, f.work(d, id, recipe))
	release()
	if err != nil {
		return nil, buildFailed(ctx, d, err)
	}
	if m != nil {
		return m, checkMetadata(d, m)
	}
	w, err := f.Wheel(ctx, d)
	if err != nil {
		return nil, err
	}
	return w.Metadata()
}

func checkMetadata(d *source.Dist, m *metadata.Metadata) error {
	if d.Name != "" && m.Name != d.Name {
		return &BuildError{d, &BuiltError{"name", string(m.Name), string(d.Name)}}
	}
	if d.Source.Kind == source.Registry && !d.Version.IsZero() && !m.Version.Equal(d.Version) && !m.Version.WithoutLocal().Equal(d.Version) {
		return &BuildError{d, &BuiltError{"version", m.Version.String(), d.Version.String()}}
	}
	return nil
}

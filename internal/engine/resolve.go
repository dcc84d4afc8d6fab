package engine

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/tags"
)

// A ResolveRequest is what to resolve, how, and which files may be used.
type ResolveRequest struct {
	Manifest resolve.Manifest
	Options  resolve.Options
	Policy   index.Policy
	Static   []StaticMetadata
	// Site is what is installed and may be kept; nil is nothing.
	Site *install.Site
	// Commits are git sources at the commits that a lock has for them: an equal
	// reference stays at its commit.
	Commits []source.Source
	// Upgrade and Reinstall tell what of the site is not preferred.
	Upgrade, Reinstall func(pyname.Package) bool
	// Found, if not nil, is told what direct URLs require, before anything is
	// chosen. Its error ends the resolution.
	Found func(*source.Requirement) error
}

// Resolve finds the distributions that fulfil a manifest. Its errors are those
// of [resolve.Resolver.Resolve].
func (e *Engine) Resolve(ctx context.Context, req ResolveRequest) (*resolve.Graph, error) {
	if req.Policy.Pins = req.pins(); len(req.Policy.Pins) > 0 {
		graph, err := e.resolve(ctx, req)
		if none := new(*resolve.NoSolution); !errors.As(err, none) {
			return graph, err // whole pages would fail as well: an index that is down, say
		}
		req.Policy.Pins = nil // why there is no solution is told of all versions
	}
	return e.resolve(ctx, req)
}

// pins are the projects of which nothing can come into the result but what fulfils
// one pin. They are known only where no dependencies are looked for. Pre-releases
// are left out: whether they may be used can depend on what else there is.
func (req *ResolveRequest) pins() map[pyname.Package]pep440.Specifier {
	m := &req.Manifest
	if !req.Options.NoDeps || req.Options.Universal || len(m.Overrides) > 0 || len(m.Lookahead) > 0 {
		return nil
	}
	pins, loose := map[pyname.Package]pep440.Specifier{}, map[pyname.Package]bool{}
	for i := range m.Requirements {
		r := &m.Requirements[i]
		pin, ok := pinOf(&r.Source)
		if before, twice := pins[r.Name]; !ok || twice && !before.Equal(pin) {
			loose[r.Name] = true
		}
		pins[r.Name] = pin
	}
	maps.DeleteFunc(pins, func(name pyname.Package, _ pep440.Specifier) bool { return loose[name] })
	return pins
}

// pinOf is the one specifier of a source, if that allows one version alone.
func pinOf(s *source.Source) (pin pep440.Specifier, ok bool) {
	if s.Kind != source.Registry || len(s.Specifiers) != 1 {
		return pin, false
	}
	pin = s.Specifiers[0]
	return pin, pin.Op == pep440.Equal && !pin.Version.IsPrerelease()
}

func (e *Engine) resolve(ctx context.Context, req ResolveRequest) (*resolve.Graph, error) {
	start := time.Now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a := &answers{ctx: ctx, engine: e, fetcher: e.fetcher(req.Policy.Hashes, nil), policy: &req.Policy, static: req.Static, installed: map[*source.Dist]*install.Installed{}}
	a.pins.keep(req.Commits)
	req.Policy.Warn = e.warn
	if req.Site != nil {
		req.Manifest.Installed = a.installedOf(req.Site, req.Policy.Tags)
		req.Manifest.Upgrade, req.Manifest.Reinstall = req.Upgrade, req.Reinstall
	}
	if e.Debug != nil && req.Options.Trace == nil {
		req.Options.Trace = func(line string) { e.debug("%s", line) }
	}
	e.adviseOptions(&req)
	req.Options.CheapMetadata = e.Index.CheapMetadata
	r := resolve.Resolver{Provider: a, Manifest: req.Manifest, Options: req.Options}
	var err error
	if r.Manifest.Lookahead, err = r.Lookahead(ctx); err != nil {
		return nil, err
	}
	if err := req.found(r.Manifest.Lookahead); err != nil {
		return nil, err
	}
	a.settle(&r.Manifest)
	// Set before any page is asked for: what direct URLs require may pin a
	// withdrawn version.
	req.Policy.Yanked = resolve.YankedAllowed(&r.Manifest, &r.Options)
	graph, err := r.Resolve(ctx)
	if err != nil {
		return nil, err
	}
	// What is odd about the requirements comes before the result, what is odd
	// about the distributions after it.
	isUnbounded := func(w resolve.Warning) bool {
		return w.Kind == resolve.UnboundedDirect || w.Kind == resolve.UnboundedTransitive
	}
	e.warnOf(graph, isUnbounded)
	e.report(Resolved, len(graph.Nodes), start)
	e.warnOf(graph, func(w resolve.Warning) bool { return !isUnbounded(w) })
	return graph, nil
}

// found tells of what direct URLs require, as far as it counts.
func (req *ResolveRequest) found(list []resolve.Requested) error {
	if req.Found == nil || req.Options.NoDeps {
		return nil
	}
	env := req.Options.Env
	for i := range list {
		for at := range list[i].Requires {
			r := &list[i].Requires[at]
			if env != nil && !r.Marker.Evaluate(env, list[i].Extras) {
				continue
			}
			if err := req.Found(r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *Engine) warnOf(g *resolve.Graph, selected func(resolve.Warning) bool) {
	for _, w := range g.Warnings {
		if selected(w) {
			e.warn(w.String())
		}
	}
}

// adviseOptions tells the resolver what its advice depends on.
func (e *Engine) adviseOptions(req *ResolveRequest) {
	l := e.Index.Locations()
	for _, x := range l.Searched() {
		req.Options.Advice.Indexes = append(req.Options.Advice.Indexes, x.Location())
	}
	req.Options.Advice.FindLinks = len(l.FindLinks) > 0
	req.Options.Advice.NoBinaryAll, req.Options.Advice.NoBuildAll = req.Policy.NoBinary.All, req.Policy.NoBuild.All
	req.Options.Advice.Refused = func() (out []resolve.RefusedIndex) {
		for _, p := range e.Index.Problems() {
			out = append(out, resolve.RefusedIndex{URL: p.Index, Status: p.Status, Credentials: p.Credentials})
		}
		return out
	}
	limits := req.Policy.ExcludeNewer
	req.Options.Advice.ExcludeNewer = func(name pyname.Package) string { return limits.For(name, index.Cutoff{}).String() }
}

// installedOf offers what is installed to the resolver.
func (a *answers) installedOf(site *install.Site, set *tags.Set) func(pyname.Package) []resolve.Installed {
	known := map[pyname.Package][]resolve.Installed{}
	return func(name pyname.Package) []resolve.Installed {
		a.mu.Lock()
		defer a.mu.Unlock()
		if list, ok := known[name]; ok {
			return list
		}
		var list []resolve.Installed
		for _, i := range site.Get(name) {
			d := &source.Dist{Name: i.Name, Version: i.Version, Source: source.Source{Kind: source.Registry}}
			d.File.Filename = i.Path
			a.installed[d] = i
			list = append(list, resolve.Installed{Version: i.Version, Dist: d, Foreign: foreign(i, set)})
		}
		known[name] = list
		return list
	}
}

// foreign reports whether an installed distribution was built for something
// else than the environment.
func foreign(i *install.Installed, set *tags.Set) bool {
	list, err := i.Tags()
	if set == nil || err != nil || len(list) == 0 {
		return false
	}
	for _, c := range list {
		if set.Match(c).OK() {
			return false
		}
	}
	return true
}

// Metadata reads the metadata of one distribution that was named by its place,
// building what must be built. Its name may be unknown.
func (e *Engine) Metadata(ctx context.Context, d *source.Dist) (*resolve.Metadata, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a := &answers{ctx: ctx, engine: e, fetcher: e.fetcher(source.HashPolicy{}, nil), installed: map[*source.Dist]*install.Installed{}}
	return a.readMetadata(d)
}

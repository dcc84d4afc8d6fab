package resolve

import (
	"context"
	"errors"
	"slices"

	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pyname"
)

// Lookahead reads what the direct URLs of a manifest require, and the URLs among
// that in turn. It is done before resolving, and its result belongs into
// Manifest.Lookahead, because what a direct URL requires counts as direct: it may
// name URLs, pin withdrawn versions and mention pre-releases. The order of the
// result follows from the manifest alone.
//
// It rests on URLs being required by URLs only: a distribution from an index
// that requires one is refused later. The error is a *DistError or that of ctx.
func (r *Resolver) Lookahead(ctx context.Context) ([]Requested, error) {
	l := &lookahead{Resolver: r, rules: newRules(&r.Manifest, r.Options.NoDeps), seen: map[string]bool{}}
	l.enqueue(owner{}, r.Manifest.Requirements, nil)
	var out []Requested
	for len(l.queue) > 0 {
		next := l.queue[0]
		l.queue = l.queue[1:]
		m, err := next.metadata.Wait(ctx)
		if err == nil && m.Unusable.Reason != Usable {
			if err = m.Err; err == nil {
				err = errors.New("it " + m.Unusable.text(subject{}))
			}
		}
		if err != nil {
			return nil, &DistError{Dist: next.dist, Err: err}
		}
		found := next.requested(m)
		l.enqueue(owner{found.Package, found.Version}, found.Requires, found.Extras)
		out = append(out, found)
	}
	return out, nil
}

type lookahead struct {
	*Resolver
	rules *rules
	queue []awaited
	seen  map[string]bool
}

// awaited is a direct URL whose metadata was asked for.
type awaited struct {
	req      *source.Requirement
	dist     *source.Dist
	metadata *par.Future[*Metadata]
}

// enqueue asks for the metadata of those requirements that are URLs, and of
// constraints that turn them into such.
func (l *lookahead) enqueue(of owner, requires []source.Requirement, extras []pyname.Extra) {
	for req := range l.rules.override(of, requires) {
		if l.rules.excluded(of, req.Name) || l.Options.Env != nil && !req.Marker.Evaluate(l.Options.Env, extras) {
			continue
		}
		l.add(req)
		for _, c := range l.rules.constraints[req.Name] {
			if l.Options.Env == nil || c.Marker.Evaluate(l.Options.Env, extras) {
				l.add(c)
			}
		}
	}
}

func (l *lookahead) add(req *source.Requirement) {
	if !req.Source.IsDirect() {
		return
	}
	key := req.String()
	for _, g := range req.Groups {
		key += "\x00" + string(g)
	}
	if l.seen[key] {
		return
	}
	l.seen[key] = true
	d := DirectDist(req.Name, req.Source)
	l.queue = append(l.queue, awaited{req, d, l.Provider.Metadata(d)})
}

// requested is what a URL requires. What it requires of itself, by way of an
// extra, is found at the same place.
func (a *awaited) requested(m *Metadata) Requested {
	requires := slices.Clone(m.Requires)
	for _, g := range a.req.Groups {
		requires = append(requires, m.Groups[g]...)
	}
	for i := range requires {
		if requires[i].Name == a.req.Name {
			requires[i].Source = a.req.Source
		}
	}
	return Requested{
		Package: m.Name, Version: m.Version, Extras: a.req.Extras,
		Requires: requires, Local: a.req.Source.Kind == source.Directory,
	}
}

package resolve

import (
	"slices"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// directs are the direct URLs that may be used. URLs are taken from direct
// requirements and from what other URLs require, never from an index: whoever
// uploads a project must not decide where others are fetched from.
type directs struct {
	overrides map[pyname.Package][]scopedSource // take the place of any other
	regular   map[pyname.Package][]source.Source
}

type scopedSource struct {
	source source.Source
	scope  forkScope
}

// any tells whether a project has a URL in some fork.
func (d *directs) any(n pyname.Package) bool {
	return len(d.overrides[n]) > 0 || len(d.regular[n]) > 0
}

func newDirects(r *rules, m *Manifest, env *marker.Env) directs {
	d := directs{overrides: map[pyname.Package][]scopedSource{}, regular: map[pyname.Package][]source.Source{}}
	for _, req := range r.directRequirements(m, env, withoutOverrides) {
		if req.Source.IsDirect() {
			d.regular[req.Name] = addSource(d.regular[req.Name], req.Source)
		}
	}
	for i := range m.Overrides {
		o := &m.Overrides[i]
		req := &o.Requirement
		if o.Package != "" || !req.Source.IsDirect() || r.excluded(owner{}, req.Name) ||
			env != nil && !req.Marker.Evaluate(env, nil) {
			continue
		}
		delete(d.regular, req.Name)
		d.overrides[req.Name] = append(d.overrides[req.Name], scopedSource{req.Source, meantFor(req)})
	}
	return d
}

// addSource adds a source unless the place is known. Of two requirements on the
// same folder it is enough that one is editable, unless the other one is not to
// be: then they are two places.
func addSource(list []source.Source, s source.Source) []source.Source {
	for i := range list {
		if samePlace(list[i], s) {
			s.Editable = s.Editable || list[i].Editable
			list[i] = s
			return list
		}
	}
	return append(list, s)
}

func samePlace(a, b source.Source) bool {
	if stated := func(s source.Source) bool { return s.Editable || s.Settled }; a.Kind == source.Directory && !(stated(a) && stated(b)) {
		a.Editable, b.Editable = false, false
	}
	return a.Same(b)
}

// allowed returns the URL that stands for the one a requirement has.
func (d *directs) allowed(n pyname.Package, s source.Source, in *scope) (source.Source, error) {
	known := d.regular[n]
	if len(known) == 0 {
		return s, &TransitiveURLError{Name: n, URL: s.String()}
	}
	same := func(k source.Source) bool { return samePlace(k, s) }
	i := slices.IndexFunc(known, same)
	if i < 0 || slices.ContainsFunc(known[i+1:], same) {
		return s, &URLConflictError{Name: n, URLs: sortedTexts(s.String()), Scope: in.describe()}
	}
	return known[i], nil
}

// pinURL notes the URL that a project has in a fork: there can be only one.
func (r *resolution) pinURL(f *fork, n name, req *source.Requirement) error {
	project := r.names[n]
	if list := r.directs.overrides[project]; len(list) > 0 {
		for i := range list {
			if list[i].scope.in(&f.scope) {
				if err := r.setURL(f, n, list[i].source); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if req == nil || !req.Source.IsDirect() {
		return nil
	}
	s, err := r.directs.allowed(project, req.Source, &f.scope)
	if err != nil {
		return err
	}
	return r.setURL(f, n, s)
}

func (r *resolution) setURL(f *fork, n name, s source.Source) error {
	if have := f.urls[n]; have != nil {
		if !have.source.Same(s) {
			return &URLConflictError{Name: r.names[n], URLs: sortedTexts(have.source.String(), s.String()), Scope: f.scope.describe()}
		}
		return nil
	}
	d := DirectDist(r.names[n], s)
	if err := r.checkPinned(d); err != nil {
		return err
	}
	f.urls[n] = &direct{source: s, dist: d, metadata: r.Provider.Metadata(d)}
	return nil
}

// DirectDist returns the distribution behind a direct URL. Its version is known
// only if it is a wheel.
func DirectDist(n pyname.Package, s source.Source) *source.Dist {
	d := &source.Dist{Name: n, Source: s}
	d.File.Filename = s.Filename()
	if w, err := dist.ParseWheel(d.File.Filename); err == nil && s.Kind != source.Directory {
		d.Wheel, d.Version = &w, w.Version
	}
	return d
}

// checkPinned refuses a distribution for which a hash is missing.
func (r *resolution) checkPinned(d *source.Dist) error {
	if r.Options.Hashed != nil && !r.Options.Hashed(d) {
		return &UnhashedError{Name: d.Name}
	}
	return nil
}

// pinnedIndex is an index that a direct requirement names for a project.
type pinnedIndex struct {
	url   string
	scope forkScope
}

func pinnedIndexes(r *rules, m *Manifest, env *marker.Env) map[pyname.Package][]pinnedIndex {
	out := map[pyname.Package][]pinnedIndex{}
	for _, req := range r.directRequirements(m, env, withOverrides) {
		if !req.Source.IsDirect() && req.Source.Index != "" {
			out[req.Name] = append(out[req.Name], pinnedIndex{req.Source.Index, meantFor(req)})
		}
	}
	return out
}

// pinIndex notes the index that a project is taken from in a fork: there can be
// only one.
func (r *resolution) pinIndex(f *fork, n name, req *source.Requirement) error {
	set := func(url string) error {
		if have, ok := f.indexes[n]; ok && have != url {
			return &IndexConflictError{Name: r.names[n], Indexes: sortedTexts(have, url), Scope: f.scope.describe()}
		}
		f.indexes[n] = url
		return nil
	}
	// A group may have an index of its own for what it requires.
	if req != nil && req.Source.Kind == source.Registry && req.Source.Index != "" && req.Origin.Group != "" && req.Origin.Project != "" {
		if err := set(req.Source.Index); err != nil {
			return err
		}
	}
	list := r.pinned[r.names[n]]
	for i := range list {
		if list[i].scope.in(&f.scope) {
			if err := set(list[i].url); err != nil {
				return err
			}
		}
	}
	return nil
}

func newSelector(r *rules, m *Manifest, o *Options) *selector {
	s := &selector{manifest: m, options: o, direct: scopedNames{}, prereleases: scopedNames{}}
	if o.Resolution == LowestDirect {
		for _, req := range r.directRequirements(m, o.Env, lowestDirect) {
			s.direct[req.Name] = append(s.direct[req.Name], meantFor(req))
		}
	}
	for _, req := range r.directRequirements(m, o.Env, forCandidates) {
		if !req.Source.IsDirect() && mentionsPrerelease(req.Source.Specifiers) {
			s.prereleases[req.Name] = append(s.prereleases[req.Name], meantFor(req))
		}
	}
	return s
}

// mentionsPrerelease tells whether specifiers ask for a pre-release; excluding
// one is not asking.
func mentionsPrerelease(list pep440.Specifiers) bool {
	return slices.ContainsFunc(list, func(s pep440.Specifier) bool {
		return s.Op != pep440.NotEqual && s.Op != pep440.NotEqualStar && s.Version.IsPrerelease()
	})
}

// YankedAllowed returns the versions that may be used although they were
// withdrawn: those that a direct requirement pins, and those chosen before. It
// is what the policy of an index needs to know.
func YankedAllowed(m *Manifest, o *Options) func(pyname.Package, pep440.Version) bool {
	type key struct {
		name    pyname.Package
		version pep440.Key
	}
	allowed := map[key]bool{}
	for _, req := range newRules(m, o.NoDeps).directRequirements(m, o.Env, forCandidates) {
		list := req.Source.Specifiers
		if !req.Source.IsDirect() && len(list) == 1 && (list[0].Op == pep440.Equal || list[0].Op == pep440.ExactEqual) {
			allowed[key{req.Name, list[0].Version.Key()}] = true
		}
	}
	for name, list := range preferences(m.Preferences, o.Env) {
		for _, p := range list {
			allowed[key{name, p.version.Key()}] = true
		}
	}
	return func(n pyname.Package, v pep440.Version) bool { return allowed[key{n, v.Key()}] }
}

package resolve

import (
	"fmt"
	"slices"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/pubgrub"
	"github.com/tame-py/tame/packaging/pep440"
)

// picked is what came of choosing a version: a version, one that cannot be used,
// none, or the parts of the fork to choose in.
type picked struct {
	version  pep440.Version
	unusable Unusable
	none     bool
	parts    []versionFork
}

// project is what is known of a project on the indexes searched, or on one.
type project struct {
	future *par.Future[*Versions]
	answer *Versions // once it was waited for
	known  []pep440.Version
	sorted bool
}

type projectKey struct {
	name  name
	index string // "" for the indexes searched by default
}

// project returns what is known of a project, asking if nobody did.
func (r *resolution) project(n name, index string) *project {
	key := projectKey{n, index}
	p := r.projects[key]
	if p == nil {
		p = &project{future: r.Provider.Versions(r.names[n], index)}
		r.projects[key] = p
	}
	return p
}

// request asks for what will be needed of a project, without waiting. Projects
// that have a URL in some fork wait until it is known whether in this one.
func (r *resolution) request(f *fork, n name) {
	if n == noName || f.urls[n] != nil || r.directs.any(r.names[n]) {
		return
	}
	r.project(n, f.indexes[n])
}

// choose picks the version of a package to try.
func (r *resolution) choose(f *fork, pkg pubgrub.Package, n node, allowed pep440.Set) (picked, error) {
	switch {
	case n.kind == rootNode:
		return picked{version: rootVersion()}, nil
	case !n.isProject():
		return picked{none: true}, nil // a Python: it is there to be missed
	}
	if url := f.urls[n.name]; url != nil {
		return r.chooseURL(f, pkg, n, url, allowed)
	}
	from := f.indexes[n.name]
	if s, ok := f.selected[pkg]; ok && from == "" && s.allowed.Equal(allowed) {
		return picked{version: s.version}, nil
	}
	out, err := r.chooseListed(f, pkg, n, from, allowed)
	if err == nil && !out.none && len(out.parts) == 0 && out.unusable.Reason == Usable && from == "" {
		f.selected[pkg] = selection{allowed, out.version}
	}
	return out, err
}

// chooseURL takes the one version behind a URL, if it is in range.
func (r *resolution) chooseURL(f *fork, pkg pubgrub.Package, n node, url *direct, allowed pep440.Set) (picked, error) {
	if r.tracing {
		r.tracef("Searching for a compatible version of %s @ %s (%s)", r.names[n.name], url.source, allowed)
	}
	m, err := url.metadata.Wait(r.ctx)
	switch {
	case err != nil:
		return picked{}, &DistError{Dist: url.dist, Err: err}
	case m.Unusable.Reason != Usable, !allowed.Contains(m.Version):
		return picked{none: true}, nil
	}
	out := picked{version: m.Version}
	switch {
	case url.dist.IsWheel() && !r.coversRequired(f, pkg, url.dist, &out):
	case url.dist.IsWheel() && !f.python.Target.AdmitsWheel(url.dist.Wheel.Tags):
		out.unusable = Unusable{Reason: Refused, Refusal: index.WrongPython}
	case len(m.RequiresPython) > 0 && !f.python.Target.CoveredBy(m.RequiresPython):
		out.unusable = Unusable{Reason: OtherPython, Python: m.RequiresPython}
	}
	return out, nil
}

// chooseListed takes a version that was chosen before, is installed, or is
// listed, and pins the file that it offers.
func (r *resolution) chooseListed(f *fork, pkg pubgrub.Package, n node, from string, allowed pep440.Set) (picked, error) {
	p := r.project(n.name, from)
	if p.answer == nil {
		answer, err := p.future.Wait(r.ctx)
		if err != nil {
			return picked{}, err
		}
		p.answer = answer
	}
	r.visited[n.name] = true
	if r.tracing {
		r.tracef("Searching for a compatible version of %s (%s)", r.text(pkg), allowed)
	}
	q := query{
		name: r.names[n.name], allowed: allowed, lists: p.answer.Lists,
		prefer: r.prefer[r.names[n.name]], from: from, scope: &f.scope,
	}
	c, ok := r.selector.pick(q)
	switch {
	case !ok:
		return picked{none: true}, nil
	case c.candidate.Dist == nil:
		why := Unusable{Reason: Refused, Refusal: c.candidate.Refused, Text: c.candidate.YankedReason}
		return picked{version: c.version, unusable: why}, nil
	case len(c.candidate.RequiresPython) > 0 && !f.python.Target.CoveredBy(c.candidate.RequiresPython):
		if forks := r.splitPythons(f, c.candidate.RequiresPython); len(forks) > 0 {
			r.traceSplit(f, c.candidate.RequiresPython, string(r.names[n.name]), c.version, forks)
			return picked{parts: forks}, nil
		}
		return picked{version: c.version, unusable: Unusable{
			Reason: OtherPython, Python: c.candidate.RequiresPython,
		}}, nil
	}
	if r.Options.Universal {
		if out, settled, err := r.checkPlatforms(f, pkg, n, q, c); settled || err != nil {
			return out, err
		}
	}
	if r.tracing {
		r.tracef("Selecting: %s==%s [%s] (%s)", r.names[n.name], c.version, choiceNames[c.kind], fileName(c))
	}
	return picked{version: c.version}, r.pin(f, n, c)
}

func fileName(c choice) string {
	if c.list == nil {
		return "installed"
	}
	return c.candidate.Dist.File.Filename
}

// pin notes the file that a version stands for and asks for its metadata. Within
// a fork a version stands for one file.
func (r *resolution) pin(f *fork, n node, c choice) error {
	key := versionKey{n.name, c.version.Key()}
	p := f.pins[key]
	if p == nil {
		p = &pin{candidate: c.candidate, installed: c.list == nil}
		f.pins[key] = p
	}
	if p.metadata != nil || n.kind != projectNode || r.Options.NoDeps {
		return nil
	}
	if err := r.checkPinned(p.candidate.Dist); err != nil {
		return err
	}
	p.metadata = r.Provider.Metadata(p.candidate.Metadata)
	return nil
}

// metadata waits for the metadata of a version that was chosen.
func (r *resolution) metadata(f *fork, pkg pubgrub.Package, n name, version pep440.Version) (*Metadata, error) {
	if url := f.urls[n]; url != nil {
		m, err := url.metadata.Wait(r.ctx)
		if err != nil {
			return nil, &DistError{Dist: url.dist, Err: err}
		}
		return m, nil
	}
	p := f.pins[versionKey{n, version.Key()}]
	if p.metadata == nil {
		p.metadata = r.Provider.Metadata(p.candidate.Metadata)
	}
	m, err := p.metadata.Wait(r.ctx)
	if err == nil && m.Unusable.Reason == Usable && m.Name != r.names[n] {
		err = fmt.Errorf("it is the metadata of `%s`", m.Name)
	}
	if err != nil {
		return nil, &DistError{Dist: p.candidate.Metadata, Chain: r.chain(f, pkg), Err: err}
	}
	return m, nil
}

// gone tells whether a project has no versions at all, and why.
func (r *resolution) gone(f *fork, n name) (any, bool) {
	if url := f.urls[n]; url != nil {
		if m, err := url.metadata.Wait(r.ctx); err == nil && m.Unusable.Reason != Usable {
			return missing{unusable: m.Unusable, err: m.Err}, true
		}
		return nil, false
	}
	p := r.projects[projectKey{n, f.indexes[n]}]
	if p == nil || p.answer == nil || p.answer.Absence == Present {
		return nil, false
	}
	return missing{absence: p.answer.Absence}, true
}

// missing is the reason why a project cannot be used in any version.
type missing struct {
	absence  Absence
	unusable Unusable // of a URL
	err      error
}

// known returns all versions of a project that could be chosen, sorted.
func (r *resolution) known(p *project, n name) []pep440.Version {
	if p.sorted {
		return p.known
	}
	var have []Installed
	if r.Manifest.Installed != nil {
		have = r.Manifest.Installed(r.names[n])
	}
	for _, list := range p.answer.Lists {
		p.known = slices.Grow(p.known, list.Len())
		for i := range list.Len() {
			if !list.Hidden(i) {
				p.known = append(p.known, list.Version(i))
			}
		}
	}
	for i := range have {
		p.known = append(p.known, have[i].Version)
	}
	if len(p.answer.Lists)+len(have) > 1 {
		slices.SortFunc(p.known, pep440.Version.Compare)
		p.known = slices.CompactFunc(p.known, pep440.Version.Equal)
	}
	p.sorted = true
	return p.known
}

// gap returns the largest interval that holds a version and no other of the
// known ones. Without known versions it is the version alone.
func gap(known []pep440.Version, v pep440.Version) pep440.Set {
	if len(known) == 0 {
		return pep440.Exactly(v)
	}
	var around pep440.Interval
	i, found := slices.BinarySearchFunc(known, v, pep440.Version.Compare)
	if i > 0 {
		around.Lo = pep440.Above(known[i-1])
	}
	if found {
		i++
	}
	if i < len(known) {
		around.Hi = pep440.Above(known[i])
	}
	return around.Set()
}

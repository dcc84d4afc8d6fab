package resolve

import (
	"strings"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/pubgrub"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/target"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
)

// versionFork is a part of a fork in which the version of one package is to be
// chosen again, or is settled already.
type versionFork struct {
	scope   scope
	version pep440.Version // zero if it is to be chosen
}

// splitVersion makes forks that decide the package at hand next.
func (r *resolution) splitVersion(f *fork, parts []versionFork) []*fork {
	forks := make([]*fork, len(parts))
	for i := range parts {
		forks[i] = f
		if i+1 < len(parts) {
			forks[i] = f.clone()
		}
		forks[i].again, forks[i].version = true, parts[i].version
		r.enter(forks[i], parts[i].scope)
	}
	return forks
}

// splitPythons cuts a fork in two at the oldest Python that a version supports,
// the older Pythons first. There is nothing to cut where all or none of the
// Pythons of the fork are supported, or if few versions are wanted.
func (r *resolution) splitPythons(f *fork, requires pep440.Specifiers) []versionFork {
	if !r.Options.Universal || r.Options.ForkStrategy != RequiresPython {
		return nil
	}
	below, above, ok := f.python.Target.Split(pep440.ReleaseSet(requires).Span().Lo)
	if !ok {
		return nil
	}
	var out []versionFork
	for _, python := range [...]target.Python{below, above} {
		if m := python.Marker(); f.scope.admits(m) {
			out = append(out, versionFork{scope: f.scope.narrow(m)})
		}
	}
	return out
}

func (r *resolution) traceSplit(f *fork, requires pep440.Specifiers, what string, version pep440.Version, forks []versionFork) {
	if r.tracing {
		r.tracef("Forking Python requirement `%s` on `%s` for %s==%s (%s)", f.python.Target, requires, what, version, scopesText(forks))
	}
}

func scopesText(forks []versionFork) string {
	texts := make([]string, len(forks))
	for i := range forks {
		texts[i] = forks[i].scope.String()
	}
	return strings.Join(texts, ", ")
}

// divide cuts a scope in two, where a marker holds and where it doesn't. It is
// false if one of them is nowhere.
func (s *scope) divide(m marker.Tree) (with, without scope, ok bool) {
	if !s.admits(m) || !s.admits(m.Not()) {
		return scope{}, scope{}, false
	}
	return s.narrow(m), s.narrow(m.Not()), true
}

// environments returns where the files of a version can be used. With a source
// distribution that is everywhere.
func (r *resolution) environments(c *index.Candidate) marker.Tree {
	m, ok := r.places[c]
	if !ok {
		m = c.Environments()
		r.places[c] = m
	}
	return m
}

// checkPlatforms looks at where the files of a version can be used. It settles
// the choice if that calls for a split, for another version or for none.
func (r *resolution) checkPlatforms(f *fork, pkg pubgrub.Package, n node, q query, c choice) (out picked, settled bool, err error) {
	here := r.environments(c.candidate)
	if here.IsTrue() {
		return picked{}, false, nil
	}
	for _, required := range r.covered {
		if !f.scope.admits(required) || !here.Disjoint(required) || r.neededIn(f, pkg).Disjoint(required) {
			continue
		}
		with, without, ok := f.scope.divide(required)
		if !ok {
			return picked{version: c.version, unusable: Unusable{Reason: OtherPlatform, Environment: required}}, true, nil
		}
		forks := []versionFork{{scope: with}, {scope: without}}
		if r.tracing {
			r.tracef("Forking on required platform `%s` for %s==%s (%s)", markerText(required), r.names[n.name], c.version, scopesText(forks))
		}
		return picked{parts: forks}, true, nil
	}
	if !c.version.IsLocal() {
		return picked{}, false, nil
	}
	return r.checkLocal(f, n, q, c, here)
}

// checkLocal looks at whether the version that a local version, such as
// 2.5.1+cpu, is a variant of can be used where the variant can't: then the fork
// splits, and each part gets its own.
func (r *resolution) checkLocal(f *fork, n node, q query, c choice, here marker.Tree) (out picked, settled bool, err error) {
	q.allowed = q.allowed.Intersect(pep440.Exactly(c.version.Public()))
	base, ok := r.selector.pick(q)
	if !ok || base.candidate.Dist == nil {
		return picked{}, false, nil
	}
	rest := r.environments(base.candidate).And(here.Not())
	if rest.IsFalse() || !f.scope.admits(rest) {
		return picked{}, false, nil
	}
	if !f.scope.admits(here) {
		if r.tracing {
			r.tracef("Preferring non-local candidate: %s==%s [%s] (%s)", r.names[n.name], base.version, choiceNames[base.kind], fileName(c))
		}
		return picked{version: base.version}, true, r.pin(f, n, base)
	}
	with, without, ok := f.scope.divide(wholeSystems(rest, here))
	if !ok {
		return picked{}, false, nil
	}
	forks := []versionFork{{with, base.version}, {without, c.version}}
	if r.tracing {
		r.tracef("Forking platform for %s==%s (%s)", r.names[n.name], c.version, scopesText(forks))
	}
	if err := r.pin(f, n, c); err != nil {
		return picked{}, true, err
	}
	return picked{parts: forks}, true, r.pin(f, n, base)
}

// wholeSystems extends a marker to the whole of each system of which the local
// version has nothing: where neither version supports a machine, the simpler
// marker does no harm.
func wholeSystems(rest, local marker.Tree) marker.Tree {
	for _, name := range [...]string{"darwin", "linux", "win32"} {
		system := marker.Equal(marker.SysPlatform, name)
		if local.Disjoint(system) && !rest.Disjoint(system) {
			rest = rest.Or(system)
		}
	}
	return rest
}

// coversRequired tells whether a wheel behind a URL can be used in all required
// environments in which it is needed, and else says so in out.
func (r *resolution) coversRequired(f *fork, pkg pubgrub.Package, d *source.Dist, out *picked) bool {
	if !r.Options.Universal || len(r.covered) == 0 {
		return true
	}
	here := target.WheelMarker(d.Wheel.Tags)
	for _, required := range r.covered {
		if f.scope.admits(required) && here.Disjoint(required) && !r.neededIn(f, pkg).Disjoint(required) {
			out.unusable = Unusable{Reason: OtherPlatform, Environment: required}
			return false
		}
	}
	return true
}

// neededIn returns the environments in which a package is needed, as far as the
// solver knows by now: over all ways from the root that any version takes.
func (r *resolution) neededIn(f *fork, pkg pubgrub.Package) marker.Tree {
	if pkg == rootPackage {
		return marker.True()
	}
	above := map[pubgrub.Package]bool{pkg: true}
	for work := []pubgrub.Package{pkg}; len(work) > 0; {
		at := work[len(work)-1]
		work = work[:len(work)-1]
		for by, on := range f.solver.Dependencies(at) {
			if on == at && !above[by] {
				above[by] = true
				work = append(work, by)
			}
		}
	}
	if !above[rootPackage] {
		return marker.False()
	}
	reached := map[pubgrub.Package]marker.Tree{rootPackage: marker.True()}
	for work := []pubgrub.Package{rootPackage}; len(work) > 0; {
		at := work[len(work)-1]
		work = work[:len(work)-1]
		for by, on := range f.solver.Dependencies(at) {
			if by != at || !above[on] {
				continue
			}
			old, ok := reached[on]
			if !ok {
				old = marker.False()
			}
			if m := old.Or(r.nodes[on].marker.And(reached[at])); m != old {
				reached[on] = m
				work = append(work, on)
			}
		}
	}
	if m, ok := reached[pkg]; ok {
		return m
	}
	return marker.False()
}

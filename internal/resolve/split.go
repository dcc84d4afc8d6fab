package resolve

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/pubgrub"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// part is what a version needs in a part of the environments of a fork.
type part struct {
	scope scope
	deps  []dependency
	// items are the extras, groups and projects among deps that conflicts may be
	// about. They are only kept where there are conflicts.
	items map[source.ConflictItem]bool
}

func (p *part) clone() *part {
	return &part{scope: p.scope, deps: slices.Clone(p.deps), items: maps.Clone(p.items)}
}

// splitter splits what one version needs.
type splitter struct {
	*resolution
	fork      *fork
	ordinary  bool // the version is of a project as such, not of an extra or group
	parts     []*part
	diverging map[pyname.Package]bool // because of which there are parts
}

// split sorts the dependencies of a version by name, and finds the parts of a
// fork in which they differ, with the projects because of which they do.
//
// There are parts only where several requirements on one project have different
// markers. A marker on a lone requirement is left to the solver, which must then
// satisfy it everywhere: that gives up solutions, but keeps forks few. The
// exception is a marker that leaves out old Pythons, because what it requires
// may not support them.
func (r *resolution) split(f *fork, pkg pubgrub.Package, deps []dependency) (parts []*part, diverging []pyname.Package) {
	n := &r.nodes[pkg]
	s := &splitter{
		resolution: r, fork: f, diverging: map[pyname.Package]bool{}, parts: []*part{{scope: f.scope}},
		ordinary: n.kind == projectNode && n.extra == "" && n.group == "",
	}
	sorted := slices.Clone(deps)
	slices.SortStableFunc(sorted, func(a, b dependency) int {
		return strings.Compare(string(s.nameOf(&a)), string(s.nameOf(&b)))
	})
	for len(sorted) > 0 {
		end := 1
		for end < len(sorted) && s.nameOf(&sorted[end]) == s.nameOf(&sorted[0]) {
			end++
		}
		s.addName(sorted[:end])
		sorted = sorted[end:]
	}
	for i := range r.Manifest.Conflicts {
		s.separate(i)
	}
	return s.parts, slices.Sorted(maps.Keys(s.diverging))
}

func (s *splitter) nameOf(d *dependency) pyname.Package { return s.names[s.nodes[d.pkg].name] }

func (s *splitter) markerOf(d *dependency) marker.Tree { return s.nodes[d.pkg].marker }

// itemOf is what of conflicts a dependency may activate.
func (s *splitter) itemOf(d *dependency) source.ConflictItem {
	n := &s.nodes[d.pkg]
	return source.ConflictItem{Package: s.names[n.name], Extra: n.extra, Group: n.group}
}

// addName adds the dependencies on one project.
func (s *splitter) addName(deps []dependency) {
	first := s.markerOf(&deps[0])
	alike := !slices.ContainsFunc(deps, func(d dependency) bool { return s.markerOf(&d) != first })
	if alike && !s.raises(first) {
		for i := range deps {
			for _, p := range s.parts {
				if p.scope.admits(first) {
					s.add(p, &deps[i])
				}
			}
		}
		return
	}
	for i := range deps {
		s.addUnder(&deps[i])
	}
}

// raises tells whether a marker leaves out old Pythons of the fork.
func (s *splitter) raises(m marker.Tree) bool {
	bounds, ok := s.boundsOf(m)
	return ok && s.fork.python.Target.Raised(bounds.Lo)
}

// boundsOf is pythonBounds, remembered.
func (r *resolution) boundsOf(m marker.Tree) (pep440.Interval, bool) {
	if m.IsTrue() {
		return pep440.Interval{}, false
	}
	b, ok := r.bounds[m]
	if !ok {
		b.interval, b.ok = pythonBounds(m)
		r.bounds[m] = b
	}
	return b.interval, b.ok
}

// knownBounds is a remembered answer of pythonBounds.
type knownBounds struct {
	interval pep440.Interval
	ok       bool
}

// addUnder adds a dependency that may call for parts of its own: those parts in
// which its marker holds somewhere are cut in two.
func (s *splitter) addUnder(d *dependency) {
	m := s.markerOf(d)
	if !s.fork.scope.admits(m) {
		return
	}
	if m.IsTrue() {
		for _, p := range s.parts {
			s.add(p, d)
		}
		return
	}
	s.diverging[s.nameOf(d)] = true
	var out []*part
	left := m // where the dependency has no part yet
	for _, p := range s.parts {
		if !p.scope.admits(left) {
			out = append(out, p)
			continue
		}
		inside := p.scope.narrow(left)
		if without := left.Not(); p.scope.admits(without) {
			out = s.keep(out, p.clone(), p.scope.narrow(without), d)
		}
		left = left.And(p.scope.marker.Not())
		out = s.keep(out, p, inside, d)
	}
	s.parts = out
}

// keep appends a part that was narrowed to a scope, with a dependency if that
// may matter there. A part for no Python of the fork is dropped.
func (s *splitter) keep(out []*part, p *part, to scope, d *dependency) []*part {
	p.scope = to
	p.deps = slices.DeleteFunc(p.deps, func(d dependency) bool {
		if to.admits(s.markerOf(&d)) {
			return false
		}
		delete(p.items, s.itemOf(&d))
		return true
	})
	if to.admits(s.markerOf(d)) {
		s.add(p, d)
	}
	if !to.admits(s.fork.pythonMarker) {
		return out
	}
	return append(out, p)
}

func (s *splitter) add(p *part, d *dependency) {
	if len(s.Manifest.Conflicts) > 0 {
		if p.items == nil {
			p.items = map[source.ConflictItem]bool{}
		}
		p.items[s.itemOf(d)] = true
	}
	p.deps = append(p.deps, *d)
}

// separate cuts the parts in which items of a set of conflicts may be needed:
// into one in which none of them is active, and one for each of them in which
// the others are not.
func (s *splitter) separate(at int) {
	set := s.Manifest.Conflicts[at]
	var out []*part
	for _, p := range s.parts {
		i := slices.IndexFunc(set, func(item source.ConflictItem) bool { return p.items[item] })
		if i < 0 {
			out = append(out, p)
			continue
		}
		s.diverging[set[i].Package] = true
		if inactive, ok := s.settled(p, at); ok {
			if s.filter(p, nil, inactive) {
				out = append(out, p)
			}
			continue
		}
		if none := p.clone(); s.filter(none, nil, set) {
			out = append(out, none)
		}
		for i := range set {
			one := p.clone()
			if s.filter(one, set[i:i+1], slices.Delete(slices.Clone(set), i, i+1)) {
				out = append(out, one)
			}
		}
	}
	s.parts = out
}

// settled tells whether a part needs no cut for a set, because at most one item
// of it may still be active and that one is in no conflict elsewhere. The items
// that are not active any more are returned.
func (s *splitter) settled(p *part, at int) (inactive []source.ConflictItem, ok bool) {
	var open []source.ConflictItem
	for _, item := range s.Manifest.Conflicts[at] {
		if p.scope.admitsItem(item) {
			open = append(open, item)
		} else {
			inactive = append(inactive, item)
		}
	}
	if len(open) >= 2 {
		return nil, false
	}
	for _, item := range open {
		for i, other := range s.Manifest.Conflicts {
			if i == at || !other.Has(item) {
				continue
			}
			for _, o := range other {
				if o != item && p.scope.admitsItem(o) {
					return nil, false
				}
			}
		}
	}
	return inactive, true
}

// filter narrows a part to where items are active and inactive. It is false if
// that is nowhere. A project that is required by another stays even where it is
// inactive, for the sake of what else belongs to it.
func (s *splitter) filter(p *part, active, inactive []source.ConflictItem) bool {
	to, ok := p.scope.with(active, inactive)
	if !ok {
		return false
	}
	p.scope = to
	p.deps = slices.DeleteFunc(p.deps, func(d dependency) bool {
		item := s.itemOf(&d)
		if to.admitsItem(item) || item.Extra == "" && item.Group == "" && s.ordinary {
			return false
		}
		delete(p.items, item)
		return true
	})
	return true
}

// order sorts parts so that the one to solve first comes last: what is chosen
// for it is preferred in those after it. Parts for later Pythons are solved
// first, because of newer versions; or those for earlier ones, because what
// supports these mostly supports later ones too. Among equals the one with more
// upper bounds comes first: what it leaves may do for the others.
func (r *resolution) order(parts []*part) {
	slices.SortStableFunc(parts, func(a, b *part) int {
		return cmp.Or(r.comparePythons(&a.scope, &b.scope), cmp.Compare(a.upperBounds(), b.upperBounds()))
	})
}

// comparePythons orders scopes by their oldest Pythons, or the other way round.
func (r *resolution) comparePythons(a, b *scope) int {
	x, _ := a.pythons()
	y, _ := b.pythons()
	if r.Options.ForkStrategy == Fewest || r.Options.Resolution == Lowest {
		return y.Lo.CompareLower(x.Lo)
	}
	return x.Lo.CompareLower(y.Lo)
}

func (p *part) upperBounds() int {
	n := 0
	for i := range p.deps {
		if set := p.deps[i].set; !set.IsEmpty() && set.Span().Hi.Kind != pep440.Unbounded {
			n++
		}
	}
	return n
}

// splitDependencies makes forks of the parts of what a version needs.
func (r *resolution) splitDependencies(f *fork, pkg pubgrub.Package, version pep440.Version, parts []*part, diverging []pyname.Package) ([]*fork, error) {
	r.order(parts)
	if r.tracing {
		r.traceParts(pkg, version, len(parts), diverging)
	}
	forks := make([]*fork, len(parts))
	for i, p := range parts {
		forks[i] = f
		if i+1 < len(parts) {
			forks[i] = f.clone()
		}
		r.enter(forks[i], p.scope)
		forks[i].added[packageVersion{pkg, version.Key()}] = p.deps
		if err := r.add(forks[i], pkg, version, p.deps); err != nil {
			return nil, err
		}
	}
	for i, f := range forks[:len(forks)-1] {
		r.prefetchAhead(f, parts[i].deps)
	}
	return forks, nil
}

func (r *resolution) traceParts(pkg pubgrub.Package, version pep440.Version, parts int, diverging []pyname.Package) {
	names := make([]string, len(diverging))
	for i, n := range diverging {
		names[i] = string(n)
	}
	at := version.String()
	if pkg == rootPackage {
		at = "0a0.dev0"
	}
	r.tracef("Splitting resolution on %s==%s over %s into %d resolutions with separate markers",
		r.text(pkg), at, strings.Join(names, ", "), parts)
}

// initialForks returns the forks to begin with, the one to solve first last:
// those of an earlier resolution or of the environments that are supported, or
// one for everything.
func (r *resolution) initialForks(f *fork) []*fork {
	markers := r.Manifest.Forks
	if len(markers) == 0 {
		markers = r.Options.Environments
	}
	if len(markers) == 0 || !r.Options.Universal {
		return []*fork{f}
	}
	var out []*fork
	for _, m := range slices.Backward(markers) {
		s, ok := scopeWithin(f.scope, m)
		if !ok {
			continue
		}
		c := f.clone()
		r.enter(c, s)
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b *fork) int { return r.comparePythons(&a.scope, &b.scope) })
	return out
}

// scopeWithin returns the part of a scope that a universal marker is about.
func scopeWithin(s scope, m marker.Tree) (scope, bool) {
	var active, inactive []source.ConflictItem
	items := m.OnlyExtras()
	for _, extra := range items.Extras() {
		item, err := source.DecodeConflict(extra)
		if err != nil {
			continue // an extra of no conflict: it says nothing here
		}
		if items.SimplifyNotExtrasWith(func(e pyname.Extra) bool { return e == extra }).IsFalse() {
			active = append(active, item)
		} else {
			inactive = append(inactive, item)
		}
	}
	s, ok := s.with(active, inactive)
	return s.narrow(m.WithoutExtras()), ok
}

// keep makes the versions of a solved fork preferences for those to come, so
// that forks differ as little as possible. It is not done where it depends on
// the fork which end of the range comes first.
func (r *resolution) keep(f *fork) {
	if !r.Options.Universal || r.Options.Resolution == LowestDirect {
		return
	}
	for pkg, version := range f.solver.Decisions() {
		n := &r.nodes[pkg]
		if n.kind != projectNode || !n.marker.IsTrue() {
			continue
		}
		p := preference{version: version, marker: f.scope.marker, from: fromFork}
		if f.urls[n.name] == nil {
			p.index = f.pins[versionKey{n.name, version.Key()}].candidate.Dist.Source.Index
		}
		if list := r.prefer[r.names[n.name]]; len(list) == 0 || !list[len(list)-1].same(&p) {
			r.prefer[r.names[n.name]] = append(list, p)
		}
	}
}

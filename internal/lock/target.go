package lock

import (
	"slices"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
	"github.com/tame-py/tame/packaging/tags"
)

// A TargetRequest asks for what to install.
type TargetRequest struct {
	Root  string // the folder of the lock, absolute
	Roots Roots
	Env   *marker.Env
	Tags  *tags.Set
	// NoBinary and NoBuild tell of which projects wheels, or what has to be built,
	// must not be taken. Nil is of none.
	NoBinary, NoBuild func(pyname.Package) bool
	Filter            Filter
}

// A Selection is what to install in an environment.
type Selection struct {
	Lock  *Lock
	Items []Item // in the order of the lock
	// Hashes are what the distributions must match.
	Hashes source.HashPolicy
}

// An Item is a package that is part of a selection.
type Item struct {
	Package int // in the lock
	// Dist is what to install; nil if nothing is: the package is left out by the
	// filter, or is a project of which only the dependencies are installed.
	Dist *source.Dist
	// Omitted is set if the filter leaves the package out.
	Omitted bool
}

// Dists are the distributions to install, in the order of the lock.
func (s *Selection) Dists() []*source.Dist {
	out := make([]*source.Dist, 0, len(s.Items))
	for i := range s.Items {
		if d := s.Items[i].Dist; d != nil {
			out = append(out, d)
		}
	}
	return out
}

// Target chooses what to install. Nothing but the lock is looked at. The error is
// a *RootError, a *ConflictError, or a *NoFileError.
func (l *Lock) Target(r TargetRequest) (*Selection, error) {
	w := &walk{lock: l, roots: &r.Roots, env: r.Env, seen: map[variant]bool{}, state: make([]state, len(l.Packages))}
	if err := w.run(); err != nil {
		return nil, err
	}
	s := &Selection{Lock: l, Hashes: source.HashPolicy{Allowed: map[pyname.Package][]simple.Hash{}}}
	for i := range l.Packages {
		if w.state[i] == absent {
			continue
		}
		item, err := l.item(i, w.state[i], &r)
		if err != nil {
			return nil, err
		}
		s.Items = append(s.Items, item)
		if item.Dist != nil && len(item.Dist.File.Hashes) > 0 {
			name := l.Packages[i].Name
			s.Hashes.Allowed[name] = item.Dist.File.Hashes
		}
	}
	return s, nil
}

func (l *Lock) item(i int, st state, r *TargetRequest) (Item, error) {
	p := &l.Packages[i]
	out := Item{Package: i, Omitted: st == needless || !r.Filter.Has(l, p, r.Roots.Project)}
	if out.Omitted || p.Source.Kind == Virtual {
		return out, nil
	}
	var err error
	out.Dist, err = p.choose(r)
	return out, err
}

// variant is a package on behalf of itself or of an extra of it.
type variant struct {
	at    int
	extra pyname.Extra
}

// A tour is over packages with their extras, of which each is visited once.
type tour struct {
	seen  map[variant]bool
	queue []variant // yet to visit
}

// push adds a package with some of its extras to those to visit.
func (t *tour) push(at int, extras []pyname.Extra) {
	t.visit(variant{at: at})
	for _, e := range extras {
		t.visit(variant{at, e})
	}
}

func (t *tour) visit(v variant) {
	if !t.seen[v] {
		t.seen[v] = true
		t.queue = append(t.queue, v)
	}
}

// take is the one to visit now, in the order in which they were added.
func (t *tour) take() (v variant, ok bool) {
	if len(t.queue) == 0 {
		return v, false
	}
	v, t.queue = t.queue[0], t.queue[1:]
	return v, true
}

// state is what a walk found out about a package.
type state uint8

const (
	absent   state = iota
	needless       // it is a root of which only groups are meant
	needed
)

// A walk follows the edges of a lock from its roots in one environment.
type walk struct {
	lock   *Lock
	roots  *Roots
	env    *marker.Env
	active []pyname.Extra // the items of conflicts that are active, encoded
	seen   map[variant]bool
	queue  []variant
	state  []state
	// reach is the condition under which a variant is reached, where there are
	// conflicts: markers of edges do not repeat it.
	reach map[variant]marker.Tree
	all   map[source.ConflictItem]bool // extras that were met
}

func (w *walk) run() error {
	conflicts := len(w.lock.Conflicts) > 0
	if conflicts {
		w.reach, w.all = map[variant]marker.Tree{}, map[source.ConflictItem]bool{}
	}
	members := make([]int, 0, len(w.roots.Members))
	for _, name := range w.roots.Members {
		at, err := w.lock.root(name)
		if err != nil {
			return err
		}
		members = append(members, at)
	}
	groups := -1
	if name := w.roots.GroupsOf; name != "" {
		at, err := w.lock.root(name)
		if err != nil {
			return err
		}
		groups = at
	}
	if conflicts {
		w.activateRoots(members, groups)
	}
	w.start(members, groups)
	if err := w.startManifest(); err != nil {
		return err
	}
	if conflicts {
		if err := w.discover(); err != nil {
			return err
		}
	}
	for len(w.queue) > 0 {
		v := w.queue[0]
		w.queue = w.queue[1:]
		for i := range w.lock.edges(v) {
			d := &w.lock.edges(v)[i]
			if d.Marker.Evaluate(w.env, w.active) {
				w.enter(d.To, d.Extras)
			}
		}
	}
	return nil
}

// edges are the dependencies of a package, or what an extra of it adds.
func (l *Lock) edges(v variant) []Dependency {
	if v.extra != "" {
		return l.Packages[v.at].Extra(v.extra)
	}
	return l.Packages[v.at].Dependencies
}

// enter takes a package, with extras of it, into the selection.
func (w *walk) enter(at int, extras []pyname.Extra) {
	w.state[at] = needed
	w.push(variant{at: at})
	for _, e := range extras {
		w.push(variant{at, e})
	}
}

func (w *walk) push(v variant) {
	if !w.seen[v] {
		w.seen[v] = true
		w.queue = append(w.queue, v)
	}
}

// activateRoots notes which items of conflicts the roots activate.
func (w *walk) activateRoots(members []int, groups int) {
	for _, at := range members {
		p := &w.lock.Packages[at]
		if w.roots.OnlyGroups {
			continue
		}
		w.activate(source.ConflictItem{Package: p.Name})
		for _, e := range p.Extras {
			if w.roots.extra(e.Name) {
				w.activate(source.ConflictItem{Package: p.Name, Extra: e.Name})
			}
		}
	}
	if groups >= 0 {
		members = append(slices.Clone(members), groups)
	}
	for _, at := range members {
		p := &w.lock.Packages[at]
		for _, g := range p.Groups {
			if w.roots.group(p.Name, g.Name) {
				w.activate(source.ConflictItem{Package: p.Name, Group: g.Name})
			}
		}
	}
}

func (w *walk) activate(item source.ConflictItem) {
	if !w.all[item] {
		w.all[item] = true
		w.active = append(w.active, item.Encoded())
	}
}

// with are the active items, and those that following an edge would activate.
func (w *walk) with(d *Dependency) []pyname.Extra {
	if w.all == nil || len(d.Extras) == 0 {
		return w.active
	}
	out := w.active[:len(w.active):len(w.active)]
	for _, e := range d.Extras {
		out = append(out, source.ConflictItem{Package: w.lock.Packages[d.To].Name, Extra: e}.Encoded())
	}
	return out
}

// start begins the walk at the members and their groups.
func (w *walk) start(members []int, groups int) {
	for _, at := range members {
		if w.roots.OnlyGroups {
			w.state[at] = max(w.state[at], needless)
			continue
		}
		w.state[at] = needed
		w.begin(variant{at: at}, marker.True())
		for _, e := range w.lock.Packages[at].Extras {
			if w.roots.extra(e.Name) {
				w.begin(variant{at, e.Name}, marker.True())
			}
		}
	}
	if groups >= 0 {
		w.state[groups] = max(w.state[groups], needless)
		members = append(slices.Clone(members), groups)
	}
	for _, at := range members {
		p := &w.lock.Packages[at]
		for i := range p.Groups {
			if w.roots.group(p.Name, p.Groups[i].Name) {
				w.startGroup(p.Groups[i].Dependencies)
			}
		}
	}
}

func (w *walk) startGroup(all []Dependency) {
	for i := range all {
		d := &all[i]
		if !d.Marker.Evaluate(w.env, w.with(d)) {
			continue
		}
		w.state[d.To] = needed
		w.activateExtras(w.lock.Packages[d.To].Name, d.Extras)
		w.begin(variant{at: d.To}, d.Marker)
		for _, e := range d.Extras {
			w.begin(variant{d.To, e}, d.Marker)
		}
	}
}

func (w *walk) activateExtras(name pyname.Package, extras []pyname.Extra) {
	if w.all == nil {
		return
	}
	for _, e := range extras {
		w.activate(source.ConflictItem{Package: name, Extra: e})
	}
}

// begin puts a variant into the queue, which is reached under a condition.
func (w *walk) begin(v variant, under marker.Tree) {
	w.push(v)
	w.widen(v, under)
}

// widen notes another condition under which a variant is reached. It is false if
// that changes nothing.
func (w *walk) widen(v variant, under marker.Tree) bool {
	if w.reach == nil {
		return false
	}
	was, known := w.reach[v]
	if known {
		under = was.Or(under)
	}
	w.reach[v] = under
	return !known || under != was
}

// startManifest begins the walk at what belongs to no project.
func (w *walk) startManifest() error {
	m := &w.lock.Manifest
	if !w.roots.OnlyGroups {
		if err := w.startRequirements(m.Requirements, false); err != nil {
			return err
		}
	}
	for i := range m.Groups {
		if w.roots.group("", m.Groups[i].Name) {
			if err := w.startRequirements(m.Groups[i].Requirements, true); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *walk) startRequirements(all []Requirement, group bool) error {
	for i := range all {
		r := &all[i]
		if !r.Marker.Evaluate(w.env, nil) {
			continue
		}
		at, err := w.lock.matching(r.Name, w.env)
		if err != nil {
			return err
		}
		w.state[at] = needed
		if group {
			w.activateExtras(r.Name, r.Extras)
		}
		w.begin(variant{at: at}, marker.True())
		for _, e := range r.Extras {
			w.begin(variant{at, e}, marker.True())
		}
	}
	return nil
}

// discover finds the extras that are active anywhere below the roots, which the
// markers of edges may ask about. An edge counts if it could be followed at the
// moment it is met; that is not undone when more extras turn out to be active.
func (w *walk) discover() error {
	for queue := slices.Clone(w.queue); len(queue) > 0; {
		v := queue[0]
		queue = queue[1:]
		all := w.lock.edges(v)
		for i := range all {
			d := &all[i]
			under := d.Marker.And(w.reach[v])
			if !under.Evaluate(w.env, w.with(d)) {
				continue
			}
			w.activateExtras(w.lock.Packages[d.To].Name, d.Extras)
			if to := (variant{at: d.To}); w.widen(to, under) {
				queue = append(queue, to)
			}
			for _, e := range d.Extras {
				if to := (variant{d.To, e}); w.widen(to, under) {
					queue = append(queue, to)
				}
			}
		}
	}
	for _, set := range w.lock.Conflicts {
		var active []source.ConflictItem
		for _, item := range set {
			if item.Extra != "" && w.all[item] {
				active = append(active, item)
			}
		}
		if len(active) >= 2 {
			return &ConflictError{set, active, nil}
		}
	}
	return nil
}

package lock

import (
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
)

// ExportRequest says what of a lock is written in another format, for all of its
// environments.
type ExportRequest struct {
	Root   string // the folder of the lock, absolute
	Roots  Roots
	Prune  []pyname.Package // left out, with what only they need
	Filter Filter
	// Editable tells whether projects that are installed in place are written as
	// such. Nil leaves them as they are.
	Editable func(pyname.Package) (editable, known bool)
}

// An exported package is one that the roots lead to.
type exported struct {
	at     int // in the lock
	marker marker.Tree
	by     []pyname.Package // who needs it, sorted, each once
}

// A web is the part of a lock that the roots lead to, in any environment. Node 0
// is what the user asked for.
type web struct {
	lock  *Lock
	prune map[pyname.Package]bool
	nodes []webNode
	place map[int]int // of packages among the nodes
	tour
	known activity // conflict items that the roots activate
}

type webNode struct {
	at      int // in the lock; -1 for what the user asked for
	out, in []int
}

// webEdge is an edge on behalf of the package itself, of an extra or of a group.
type webEdge struct {
	from, to int
	extra    pyname.Extra
	group    pyname.Group
	marker   marker.Tree
	extras   []pyname.Extra
}

// activity says under which condition items of conflicts are active.
type activity map[source.ConflictItem]marker.Tree

// exports are the packages that the roots lead to and the filter keeps, in the
// order of the lock. The error is a *RootError.
func (l *Lock) exports(r *ExportRequest) ([]exported, error) {
	w := &webBuilder{web: web{lock: l, place: map[int]int{}, tour: tour{seen: map[variant]bool{}}, known: activity{}, prune: map[pyname.Package]bool{}}, roots: &r.Roots}
	for _, p := range r.Prune {
		w.prune[p] = true
	}
	if err := w.build(); err != nil {
		return nil, err
	}
	reach := w.reachability()
	var out []exported
	for i := 1; i < len(w.nodes); i++ {
		p := &l.Packages[w.nodes[i].at]
		if reach[i].IsFalse() || !r.Filter.Has(l, p, r.Roots.Project) {
			continue
		}
		out = append(out, exported{w.nodes[i].at, reach[i], w.dependents(i)})
	}
	slices.SortFunc(out, func(a, b exported) int { return a.at - b.at })
	return out, nil
}

func (w *webBuilder) dependents(i int) []pyname.Package {
	var out []pyname.Package
	for _, e := range w.nodes[i].in {
		if from := w.edges[e].from; from > 0 {
			out = append(out, w.lock.Packages[w.nodes[from].at].Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

type webBuilder struct {
	web
	roots *Roots
	edges []webEdge
}

func (w *webBuilder) node(at int) int {
	if i, ok := w.place[at]; ok {
		return i
	}
	w.place[at] = len(w.nodes)
	w.nodes = append(w.nodes, webNode{at: at})
	return len(w.nodes) - 1
}

func (w *webBuilder) add(e webEdge) {
	w.nodes[e.from].out = append(w.nodes[e.from].out, len(w.edges))
	w.nodes[e.to].in = append(w.nodes[e.to].in, len(w.edges))
	w.edges = append(w.edges, e)
}

func (w *webBuilder) build() error {
	w.nodes = []webNode{{at: -1}}
	for _, name := range w.roots.Members {
		if err := w.member(name, false); err != nil {
			return err
		}
	}
	if name := w.roots.GroupsOf; name != "" {
		if err := w.member(name, true); err != nil {
			return err
		}
	}
	w.requirements(w.lock.Manifest.Requirements)
	for i := range w.lock.Manifest.Groups {
		if g := &w.lock.Manifest.Groups[i]; w.roots.group("", g.Name) {
			w.requirements(g.Requirements)
		}
	}
	for v, ok := w.take(); ok; v, ok = w.take() {
		from := w.node(v.at)
		all := w.lock.edges(v)
		for i := range all {
			d := &all[i]
			if w.prune[w.lock.Packages[d.To].Name] {
				continue
			}
			w.add(webEdge{from: from, to: w.node(d.To), extra: v.extra, marker: d.Marker, extras: d.Extras})
			w.push(d.To, d.Extras)
		}
	}
	return nil
}

// member adds a project, or only groups of it.
func (w *webBuilder) member(name pyname.Package, onlyGroups bool) error {
	if w.prune[name] {
		return nil
	}
	at, err := w.lock.root(name)
	if err != nil {
		return err
	}
	p := &w.lock.Packages[at]
	if !onlyGroups {
		w.known[source.ConflictItem{Package: name}] = marker.True()
	}
	if !onlyGroups && !w.roots.OnlyGroups {
		w.add(webEdge{from: 0, to: w.node(at)})
		w.visit(variant{at: at})
		for _, e := range p.Extras {
			if w.roots.extra(e.Name) {
				w.visit(variant{at, e.Name})
				w.known[source.ConflictItem{Package: name, Extra: e.Name}] = marker.True()
			}
		}
	}
	for i := range p.Groups {
		g := &p.Groups[i]
		if !w.roots.group(name, g.Name) {
			continue
		}
		w.known[source.ConflictItem{Package: name, Group: g.Name}] = marker.True()
		for j := range g.Dependencies {
			d := &g.Dependencies[j]
			if w.prune[w.lock.Packages[d.To].Name] {
				continue
			}
			w.add(webEdge{from: 0, to: w.node(d.To), group: g.Name, marker: d.Marker, extras: d.Extras})
			w.push(d.To, d.Extras)
		}
	}
	return nil
}

// requirements adds what belongs to no project.
func (w *webBuilder) requirements(all []Requirement) {
	for i := range all {
		r := &all[i]
		if w.prune[r.Name] {
			continue
		}
		first, end := w.lock.Named(r.Name)
		for at := first; at < end; at++ {
			m, ok := w.lock.rootMarker(r, &w.lock.Packages[at])
			if !ok {
				continue
			}
			w.add(webEdge{from: 0, to: w.node(at), marker: m, extras: r.Extras})
			w.push(at, r.Extras)
		}
	}
}

// rootMarker is the condition under which a requirement leads to a package of its
// name, if it ever does.
func (l *Lock) rootMarker(r *Requirement, p *Package) (marker.Tree, bool) {
	m := r.Marker
	if len(p.Forks) > 0 {
		forks := marker.False()
		for _, f := range p.Forks {
			forks = forks.Or(l.RequiresPython.Complexify(f).WithoutExtras())
		}
		m = m.And(forks)
	}
	return l.RequiresPython.Simplify(m), !m.IsFalse()
}

// reachability is for each node the condition under which it is reached. Items of
// conflicts in it are replaced by the conditions under which they are active.
func (w *webBuilder) reachability() []marker.Tree {
	reach := make([]marker.Tree, len(w.nodes))
	known := make([]bool, len(w.nodes))
	var maps []activity
	if len(w.lock.Conflicts) > 0 || slices.ContainsFunc(w.edges, func(e webEdge) bool { return e.marker.HasExtras() }) {
		maps = make([]activity, len(w.nodes))
	}
	// uv starts at every node without incoming edges, which is a project that
	// nothing needs besides what the user asked for. Nodes are taken last in first
	// out and edges last added first: with conflicts that decides.
	var stack []int
	for i := range w.nodes {
		if len(w.nodes[i].in) == 0 {
			stack, known[i] = append(stack, i), true
		}
	}
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if maps != nil {
			reach[at] = w.resolve(reach[at], at, w.activityAt(maps, at))
		}
		for _, i := range slices.Backward(w.nodes[at].out) {
			e := &w.edges[i]
			m := reach[at]
			if maps == nil {
				m = m.And(e.marker)
			} else {
				m = w.follow(e, m, maps)
			}
			if known[e.to] {
				if m = m.Or(reach[e.to]); m == reach[e.to] {
					continue
				}
			}
			reach[e.to], known[e.to] = m, true
			stack = append(stack, e.to)
		}
	}
	return reach
}

func (w *webBuilder) activityAt(maps []activity, at int) activity {
	if maps[at] != nil {
		return maps[at]
	}
	return w.known
}

// follow is the condition under which an edge is followed from a node that is
// reached under parent. It notes at the other end what is active there.
func (w *webBuilder) follow(e *webEdge, parent marker.Tree, maps []activity) marker.Tree {
	here := activity{}
	for item, m := range w.activityAt(maps, e.from) {
		here[item] = m
	}
	to := w.lock.Packages[w.nodes[e.to].at].Name
	for _, extra := range e.extras {
		here[source.ConflictItem{Package: to, Extra: extra}] = parent
	}
	condition := marker.True()
	if e.extra != "" {
		item := source.ConflictItem{Package: w.name(e.from), Extra: e.extra}
		if _, ok := here[item]; !ok {
			here[item] = parent
		}
		condition = here[item]
	}
	m := w.resolve(e.marker, e.from, here).And(condition)
	for item := range here {
		here[item] = here[item].And(m)
	}
	if maps[e.to] == nil {
		maps[e.to] = here
	} else {
		for item, condition := range here {
			was, ok := maps[e.to][item]
			if ok {
				condition = condition.Or(was)
			}
			maps[e.to][item] = condition
		}
	}
	return parent.And(m)
}

func (w *webBuilder) name(node int) pyname.Package {
	if at := w.nodes[node].at; at >= 0 {
		return w.lock.Packages[at].Name
	}
	return ""
}

// resolve replaces items of conflicts in a marker by the conditions under which
// they are active. Others are not active.
func (w *webBuilder) resolve(m marker.Tree, node int, known activity) marker.Tree {
	for _, extra := range m.Extras() {
		condition := marker.False()
		if item, err := source.DecodeConflict(extra); err == nil {
			if c, ok := known[item]; ok {
				condition = c
			}
		}
		if condition.IsFalse() && !strings.HasPrefix(string(extra), "extra-") {
			if c, ok := known[source.ConflictItem{Package: w.name(node), Extra: extra}]; ok {
				condition = c
			}
		}
		assume := func(active bool) marker.Tree {
			return m.AssumeExtras(func(e pyname.Extra) (bool, bool) { return active, e == extra })
		}
		m = assume(true).And(condition).Or(assume(false).And(condition.Not()))
	}
	return m
}

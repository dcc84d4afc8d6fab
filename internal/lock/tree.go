package lock

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
)

// TreeRequest asks who needs whom.
type TreeRequest struct {
	// Env is the environment to follow dependencies in. Nil is all of them.
	Env *marker.Env
	// OnlyGroups and Group choose as in Roots; all projects of the lock are meant.
	OnlyGroups bool
	Group      func(pyname.Group) bool
	Depth      int // how far below the roots
	Prune      []pyname.Package
	// Packages are the roots to begin at; none is all projects.
	Packages []pyname.Package
	NoDedupe bool // repeat what was shown before
	Invert   bool // from what is needed to who needs it
	// Size shows the size of a wheel, Note something of each package where it is
	// shown first, Legend the last line. Nil is not to, or as it is.
	Size   func(bytes int64) string
	Note   func(*Package) string
	Legend func(string) string
}

// A treeGraph is the dependencies that are shown. Node 0 is what the user asked
// for.
type treeGraph struct {
	lock    *Lock
	r       *TreeRequest
	nodes   []treeNode
	edges   []treeEdge
	place   []int32  // of packages among the nodes; 0 for none
	marked  bool     // edges have their markers
	names   []string // of nodes, see key; "" before they are asked for
	members []int    // packages, sorted
	// world is the condition that no items of conflicts are active together.
	world marker.Tree
}

type treeNode struct {
	at      int   // in the lock; -1 for what the user asked for
	out, in []int // edges; in only if the graph is to be turned around
	gone    bool
}

// treeEdge is one dependency, on behalf of an extra or group if one is named.
type treeEdge struct {
	from, to int
	extra    pyname.Extra
	group    pyname.Group
	extras   []pyname.Extra
	root     bool        // it leads to a project: all of its extras are meant
	marker   marker.Tree // if the graph is marked
}

// Tree draws the dependencies as lines of text, each with its end.
func (l *Lock) Tree(r TreeRequest) []byte {
	g := l.treeGraph(&r, r.Invert)
	d := &treeDrawing{treeGraph: g, shown: map[string]int{}}
	for _, root := range g.roots() {
		if root > 0 {
			d.draw(treeStep{root, -1, g.world}, "", "")
			continue
		}
		for _, e := range slices.Backward(g.nodes[0].out) {
			d.draw(treeStep{g.edges[e].to, e, g.world}, "", "")
		}
	}
	if d.again {
		text := "(*) Package tree already displayed"
		if r.NoDedupe {
			text = "(*) Package tree is a cycle and cannot be shown"
		}
		if r.Legend != nil {
			text = r.Legend(text)
		}
		d.out = append(append(d.out, text...), '\n')
	}
	return d.out
}

// treeBuilder collects the dependencies.
type treeBuilder struct {
	*treeGraph
	tour
}

// treeGraph collects the dependencies, with or without their markers.
func (l *Lock) treeGraph(r *TreeRequest, marked bool) *treeGraph {
	edges := 0
	for i := range l.Packages {
		edges += 1 + len(l.Packages[i].Dependencies)
	}
	g := &treeGraph{
		lock: l, r: r, marked: marked, nodes: make([]treeNode, 1, len(l.Packages)+1), edges: make([]treeEdge, 0, edges),
		place: make([]int32, len(l.Packages)), world: l.Conflicts.Marker(),
	}
	g.nodes[0].at = -1
	b := &treeBuilder{treeGraph: g, tour: tour{seen: make(map[variant]bool, len(l.Packages)), queue: make([]variant, 0, len(l.Packages))}}
	for _, name := range l.Members() {
		first, end := l.Named(name)
		for at := first; at < end; at++ {
			g.members = append(g.members, at)
		}
	}
	slices.Sort(g.members)
	for _, at := range g.members {
		b.member(at)
	}
	b.requirements(l.Manifest.Requirements, "")
	for i := range l.Manifest.Groups {
		if group := &l.Manifest.Groups[i]; b.wants(group.Name) {
			b.requirements(group.Requirements, group.Name)
		}
	}
	for v, ok := b.take(); ok; v, ok = b.take() {
		all := l.edges(v)
		for i := range all {
			b.dependency(b.node(v.at), treeEdge{extra: v.extra}, &all[i])
		}
	}
	g.restrict()
	g.names = make([]string, len(g.nodes))
	return g
}

func (b *treeBuilder) wants(group pyname.Group) bool { return b.r.Group != nil && b.r.Group(group) }

func (g *treeGraph) node(at int) int {
	if i := g.place[at]; i != 0 {
		return int(i)
	}
	g.place[at] = int32(len(g.nodes))
	g.nodes = append(g.nodes, treeNode{at: at})
	return len(g.nodes) - 1
}

func (g *treeGraph) add(e treeEdge) {
	g.nodes[e.from].out = append(g.nodes[e.from].out, len(g.edges))
	if g.r.Invert {
		g.nodes[e.to].in = append(g.nodes[e.to].in, len(g.edges))
	}
	g.edges = append(g.edges, e)
}

func (b *treeBuilder) member(at int) {
	p := &b.lock.Packages[at]
	if slices.Contains(b.r.Prune, p.Name) {
		return
	}
	node := b.node(at)
	b.add(treeEdge{from: 0, to: node, root: true})
	if !b.r.OnlyGroups {
		extras := make([]pyname.Extra, len(p.Extras))
		for i := range p.Extras {
			extras[i] = p.Extras[i].Name
		}
		b.push(at, extras)
	}
	for i := range p.Groups {
		if g := &p.Groups[i]; b.wants(g.Name) {
			for j := range g.Dependencies {
				b.dependency(node, treeEdge{group: g.Name}, &g.Dependencies[j])
			}
		}
	}
}

// dependency adds an edge, unless what it leads to is left out or it is for other
// environments.
func (b *treeBuilder) dependency(from int, e treeEdge, d *Dependency) {
	if slices.Contains(b.r.Prune, b.lock.Packages[d.To].Name) {
		return
	}
	if b.r.Env != nil && !d.Marker.Evaluate(b.r.Env, nil) {
		return
	}
	e.from, e.to, e.extras = from, b.node(d.To), d.Extras
	if b.marked {
		e.marker = b.lock.Whole(d.Marker)
	}
	b.add(e)
	b.push(d.To, d.Extras)
}

// requirements adds what belongs to no project.
func (b *treeBuilder) requirements(all []Requirement, group pyname.Group) {
	for i := range all {
		r := &all[i]
		first, end := b.lock.Named(r.Name)
		for at := first; at < end; at++ {
			m, ok := b.lock.rootMarker(r, &b.lock.Packages[at])
			if !ok || b.r.Env != nil && !m.Evaluate(b.r.Env, nil) {
				continue
			}
			b.add(treeEdge{from: 0, to: b.node(at), group: group, extras: r.Extras, marker: m})
			b.push(at, r.Extras)
		}
	}
}

// restrict turns the graph around if that is asked for, and takes away what the
// chosen packages do not lead to.
func (g *treeGraph) restrict() {
	if g.r.Invert {
		for i := range g.edges {
			g.edges[i].from, g.edges[i].to = g.edges[i].to, g.edges[i].from
		}
		for i := range g.nodes {
			g.nodes[i].in, g.nodes[i].out = g.nodes[i].out, g.nodes[i].in
		}
	}
	if len(g.r.Packages) == 0 {
		return
	}
	keep := make([]bool, len(g.nodes))
	var stack []int
	for i := 1; i < len(g.nodes); i++ {
		if g.chosen(i) {
			keep[i], stack = true, append(stack, i)
		}
	}
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, e := range g.nodes[at].out {
			if to := g.edges[e].to; !keep[to] {
				keep[to], stack = true, append(stack, to)
			}
		}
	}
	for i := range g.nodes {
		g.nodes[i].gone = !keep[i]
	}
}

func (g *treeGraph) chosen(node int) bool {
	return slices.Contains(g.r.Packages, g.lock.Packages[g.nodes[node].at].Name)
}

// roots are the nodes to begin at, sorted.
func (g *treeGraph) roots() []int {
	var out []int
	for i := range g.nodes {
		switch {
		case g.nodes[i].gone:
		case len(g.r.Packages) > 0:
			if i > 0 && g.chosen(i) {
				out = append(out, i)
			}
		case g.r.Invert:
			if len(g.nodes[i].in) == 0 {
				out = append(out, i)
			}
		case i == 0:
			out = append(out, 0)
		}
	}
	slices.SortFunc(out, func(a, b int) int { return g.nodes[a].at - g.nodes[b].at })
	return out
}

// A treeStep is a node with the edge that led to it, -1 at a root, and the
// condition of the way there.
type treeStep struct {
	node, edge int
	marker     marker.Tree
}

// treeDrawing draws a graph.
type treeDrawing struct {
	*treeGraph
	out    []byte
	indent []byte // in front of the branches to what the node at hand needs
	path   []string
	shown  map[string]int // how many dependencies what was drawn has
	again  bool
}

// expanded are the extras of a node that count where it is drawn.
func (g *treeGraph) expanded(s treeStep) []pyname.Extra {
	p := &g.lock.Packages[g.nodes[s.node].at]
	var e *treeEdge
	if s.edge >= 0 {
		e = &g.edges[s.edge]
	}
	if g.r.Invert {
		if e != nil && e.extra != "" {
			return []pyname.Extra{e.extra}
		}
		return nil
	}
	var out []pyname.Extra
	for i := range p.Extras {
		if name := p.Extras[i].Name; e == nil || e.root || slices.Contains(e.extras, name) {
			out = append(out, name)
		}
	}
	return out
}

// key names a node as far as its drawing differs.
func (g *treeGraph) key(s treeStep, expanded []pyname.Extra) string {
	name := &g.names[s.node]
	if *name == "" {
		*name = strconv.Itoa(s.node)
	}
	if len(expanded) == 0 && !g.r.Invert {
		return *name
	}
	var b strings.Builder
	b.WriteString(*name)
	for _, e := range expanded {
		b.WriteString("[" + string(e) + "]")
	}
	if g.r.Invert {
		b.WriteString(" ; " + s.marker.String())
	}
	return b.String()
}

// draw adds the lines of a node: the first behind a branch, those of what it needs
// below it.
func (d *treeDrawing) draw(s treeStep, branch, below string) {
	if len(d.path) > d.r.Depth {
		return
	}
	expanded := d.expanded(s)
	key := d.key(s, expanded)
	d.out = append(append(d.out, d.indent...), branch...)
	d.label(s)
	n, shown := d.shown[key]
	cycle := slices.Contains(d.path, key)
	if cycle || shown && !d.r.NoDedupe {
		if cycle || n > 0 {
			d.again = true
			d.out = append(d.out, " (*)"...)
		}
		d.out = append(d.out, '\n')
		return
	}
	if d.r.Note != nil {
		d.out = append(d.out, d.r.Note(&d.lock.Packages[d.nodes[s.node].at])...)
	}
	d.out = append(d.out, '\n')
	next := d.next(s, expanded)
	if len(d.path) < d.r.Depth {
		d.shown[key] = len(next)
	}
	d.path = append(d.path, key)
	d.indent = append(d.indent, below...)
	for i, n := range next {
		if i == len(next)-1 {
			d.draw(n, "└── ", "    ")
		} else {
			d.draw(n, "├── ", "│   ")
		}
	}
	d.indent = d.indent[:len(d.indent)-len(below)]
	d.path = d.path[:len(d.path)-1]
}

// label names a node, with what is asked of it.
func (d *treeDrawing) label(s treeStep) {
	p := &d.lock.Packages[d.nodes[s.node].at]
	out := append(d.out, p.Name...)
	var e treeEdge
	if s.edge >= 0 {
		e = d.edges[s.edge]
	}
	for i, extra := range e.extras {
		out = append(append(out, []string{"[", ", "}[min(i, 1)]...), extra...)
	}
	if len(e.extras) > 0 {
		out = append(out, ']')
	}
	if !p.Version.IsZero() {
		out = append(append(out, " v"...), p.Version.String()...)
	}
	switch {
	case e.extra != "":
		out = append(append(append(out, " (extra: "...), e.extra...), ')')
	case e.group != "":
		out = append(append(append(out, " (group: "...), e.group...), ')')
	}
	if d.r.Size != nil {
		for i := range p.Wheels {
			if size := p.Wheels[i].Size; size >= 0 {
				out = append(append(out, ' '), d.r.Size(size)...)
				break
			}
		}
	}
	d.out = out
}

// next are the steps from a node: dependencies first, then those of extras, then
// those of groups.
func (d *treeGraph) next(s treeStep, expanded []pyname.Extra) []treeStep {
	if d.r.Invert && s.edge >= 0 && d.edges[s.edge].group != "" {
		// A group is there for the project that has it, not for what needs that.
		return nil
	}
	edges := d.nodes[s.node].out
	if len(edges) == 0 {
		return nil
	}
	out := make([]treeStep, 0, len(edges))
	for _, i := range slices.Backward(edges) {
		e := &d.edges[i]
		if e.to == 0 || d.nodes[e.to].gone {
			continue
		}
		step, ok := d.follow(s, e, expanded)
		if ok {
			step.edge = i
			out = append(out, step)
		}
	}
	slices.SortStableFunc(out, func(a, b treeStep) int {
		x, y := &d.edges[a.edge], &d.edges[b.edge]
		return cmp.Or(cmp.Compare(x.rank(), y.rank()), cmp.Compare(x.extra, y.extra), cmp.Compare(x.group, y.group),
			d.nodes[a.node].at-d.nodes[b.node].at)
	})
	return out
}

// follow is the step along an edge, if it can be taken from here.
func (d *treeGraph) follow(s treeStep, e *treeEdge, expanded []pyname.Extra) (treeStep, bool) {
	out := treeStep{node: e.to}
	if !d.r.Invert {
		return out, e.extra == "" || slices.Contains(expanded, e.extra)
	}
	for _, extra := range expanded {
		if e.root || !slices.Contains(e.extras, extra) {
			return out, false
		}
	}
	out.marker = s.marker.And(e.marker)
	return out, !out.marker.IsFalse()
}

func (e *treeEdge) rank() int {
	switch {
	case e.group != "":
		return 2
	case e.extra != "":
		return 1
	}
	return 0
}

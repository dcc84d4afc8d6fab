package resolve

import (
	"cmp"
	"slices"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/target"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// A Graph is the distributions that fulfil a manifest, and who needs which. It
// does not depend on the order in which it was built.
type Graph struct {
	// Nodes are sorted by name, version and place. A name occurs more than once
	// only where different environments need different versions.
	Nodes []*Node
	// Root is what the manifest requires, sorted.
	Root     []Edge
	Python   target.Python
	Warnings []Warning
}

// A Node is one distribution.
type Node struct {
	Name    pyname.Package
	Version pep440.Version
	// Dist is the file to install, Candidate all that its version offers; it is
	// nil for a direct URL.
	Dist      *source.Dist
	Candidate *index.Candidate
	// Installed: Dist is in the environment already.
	Installed bool
	// Metadata is what the edges follow from. It is nil where dependencies were
	// not followed.
	Metadata *Metadata
	// Extras and Groups are those that something requires, sorted.
	Extras []pyname.Extra
	Groups []pyname.Group
	// Marker says in which environments the distribution is needed.
	Marker marker.Tree
	// Requires is what it needs, sorted.
	Requires []Edge
	// RequiredBy has the nodes that need it, sorted, each once. Direct is set if
	// the manifest does.
	RequiredBy []*Node
	Direct     bool

	key nodeKey
}

// An Edge says that a distribution, on behalf of an extra or group of its own if
// one is named, needs another or an extra or group of it.
type Edge struct {
	FromExtra pyname.Extra
	FromGroup pyname.Group
	To        *Node
	Extra     pyname.Extra
	Group     pyname.Group
	Marker    marker.Tree
}

// nodeKey tells nodes of a graph apart.
type nodeKey struct {
	name    name
	version pep440.Key
	place   string // a URL, or an index
}

// variant is a node of a graph on behalf of an extra or group. It is what
// markers spread over.
type variant struct {
	key   nodeKey
	extra pyname.Extra
	group pyname.Group
}

type variantEdge struct{ from, to variant }

// builder puts solved forks together.
type builder struct {
	*resolution
	out   map[nodeKey]*Node
	edges map[variantEdge]marker.Tree
	order []variantEdge // of the keys of edges, as added
}

// rootVariant stands for the manifest.
func rootVariant() variant { return variant{key: nodeKey{name: noName}} }

// graph builds the graph of all forks.
func (r *resolution) graph(forks []*fork) (*Graph, error) {
	b := &builder{resolution: r, out: map[nodeKey]*Node{}, edges: map[variantEdge]marker.Tree{}}
	for _, f := range forks {
		if err := b.addFork(f); err != nil {
			return nil, err
		}
	}
	reach := b.reachability()
	g := &Graph{Python: r.Options.Python.Target}
	for key, n := range b.out {
		m, ok := reach[variant{key: key}]
		if !ok || m.IsFalse() {
			continue
		}
		n.Marker = m
		g.Nodes = append(g.Nodes, n)
	}
	slices.SortFunc(g.Nodes, compareNodes)
	b.link(g, reach)
	g.Warnings = b.warnings(g)
	return g, nil
}

func compareNodes(a, b *Node) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), a.Version.Compare(b.Version), cmp.Compare(a.key.place, b.key.place))
}

// key returns which node of the graph a version is in a fork.
func (b *builder) key(f *fork, n name, version pep440.Version) nodeKey {
	key := nodeKey{name: n, version: version.Key()}
	if url := f.urls[n]; url != nil {
		key.place = "url " + url.dist.ID()
	} else if p := f.pins[versionKey{n, key.version}]; p != nil && !p.installed {
		key.place = p.candidate.Dist.Source.Index
	}
	return key
}

func (b *builder) addFork(f *fork) error {
	for pkg, version := range f.solver.Decisions() {
		n := &b.nodes[pkg]
		if n.kind != rootNode && n.kind != projectNode {
			continue
		}
		from := rootVariant()
		if n.kind == projectNode {
			from = variant{b.key(f, n.name, version), n.extra, n.group}
			if n.marker.IsTrue() {
				if err := b.addNode(f, from, version); err != nil {
					return err
				}
			}
		}
		for _, d := range f.added[packageVersion{pkg, version.Key()}] {
			b.addDependency(f, from, n, &d)
		}
	}
	return nil
}

func (b *builder) addNode(f *fork, v variant, version pep440.Version) error {
	n := b.out[v.key]
	if n == nil {
		n = &Node{Name: b.names[v.key.name], Version: version, key: v.key}
		if url := f.urls[v.key.name]; url != nil {
			n.Dist = url.dist
		} else {
			p := f.pins[versionKey{v.key.name, v.key.version}]
			n.Dist, n.Installed = p.candidate.Dist, p.installed
			if !p.installed {
				n.Candidate = p.candidate
			}
		}
		b.out[v.key] = n
	}
	if n.Metadata == nil && !b.Options.NoDeps {
		m, err := b.metadata(f, b.base(v.key.name), v.key.name, version)
		if err != nil {
			return err
		}
		n.Metadata = m
	}
	if v.extra != "" && !slices.Contains(n.Extras, v.extra) {
		n.Extras = append(n.Extras, v.extra)
	}
	if v.group != "" && !slices.Contains(n.Groups, v.group) {
		n.Groups = append(n.Groups, v.group)
	}
	return nil
}

// addDependency adds the edges for what a version needs: through a proxy, to
// what stands behind it. What a project needs of itself is no edge, unless a
// group of it does.
func (b *builder) addDependency(f *fork, from variant, n *node, d *dependency) {
	to := &b.nodes[d.pkg]
	if n.kind == projectNode && n.group == "" && n.name == to.name {
		return
	}
	version, ok := f.solver.Version(b.base(to.name))
	if !ok {
		if version, ok = f.solver.Version(d.pkg); !ok {
			return
		}
	}
	key := b.key(f, to.name, version)
	m := to.marker.And(f.scope.marker)
	switch to.kind {
	case projectNode, markerProxy:
		b.addEdge(from, variant{key: key}, m)
	case extraProxy:
		b.addEdge(from, variant{key: key, extra: to.extra}, m)
		b.addEdge(from, variant{key: key}, m)
	case groupProxy:
		b.addEdge(from, variant{key: key, group: to.group}, m)
	}
}

func (b *builder) addEdge(from, to variant, m marker.Tree) {
	e := variantEdge{from, to}
	old, ok := b.edges[e]
	if !ok {
		b.order = append(b.order, e)
		b.edges[e] = m
		return
	}
	b.edges[e] = old.Or(m)
}

// reachability returns under which marker each variant is needed: the union over
// all ways from the root.
func (b *builder) reachability() map[variant]marker.Tree {
	out := map[variant]marker.Tree{rootVariant(): marker.True()}
	following := map[variant][]variantEdge{}
	for _, e := range b.order {
		following[e.from] = append(following[e.from], e)
	}
	work := []variant{rootVariant()}
	for len(work) > 0 {
		from := work[len(work)-1]
		work = work[:len(work)-1]
		for _, e := range following[from] {
			m := b.edges[e].And(out[from])
			if old, ok := out[e.to]; ok {
				if m = m.Or(old); m == old {
					continue
				}
			}
			out[e.to] = m
			work = append(work, e.to)
		}
	}
	return out
}

// link gives the nodes their edges.
func (b *builder) link(g *Graph, reach map[variant]marker.Tree) {
	for _, ve := range b.order {
		to, from := b.out[ve.to.key], b.out[ve.from.key]
		if _, ok := reach[ve.from]; !ok || to == nil {
			continue
		}
		e := Edge{ve.from.extra, ve.from.group, to, ve.to.extra, ve.to.group, b.edges[ve]}
		if ve.from.key.name == noName {
			g.Root = append(g.Root, e)
			to.Direct = true
			continue
		}
		from.Requires = append(from.Requires, e)
		if from != to {
			to.RequiredBy = append(to.RequiredBy, from)
		}
	}
	slices.SortFunc(g.Root, compareEdges)
	for _, n := range g.Nodes {
		slices.Sort(n.Extras)
		slices.Sort(n.Groups)
		slices.SortFunc(n.Requires, compareEdges)
		slices.SortFunc(n.RequiredBy, compareNodes)
		n.RequiredBy = slices.Compact(n.RequiredBy)
	}
}

func compareEdges(a, b Edge) int {
	return cmp.Or(compareNodes(a.To, b.To), cmp.Compare(a.FromExtra, b.FromExtra), cmp.Compare(a.FromGroup, b.FromGroup),
		cmp.Compare(a.Extra, b.Extra), cmp.Compare(a.Group, b.Group))
}

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
	Root []Edge
	// Forks are the environments that were solved for one by one, in that order.
	// There are none if one solution is for all environments. Together with
	// conflicts they have extras that stand for items of those.
	Forks    []marker.Tree
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
	// OnlyGroups is set if nothing requires the project itself: it is not to be
	// installed.
	OnlyGroups bool
	// Marker says in which environments the distribution is needed or, with
	// OnlyGroups, a group of it. Together with conflicts it has extras that stand
	// for items of those.
	Marker marker.Tree
	// Forks are those of the graph in which the distribution is needed. There are
	// none if the name has no other node.
	Forks []marker.Tree
	// Requires is what it needs, sorted.
	Requires []Edge
	// RequiredBy has the nodes that need it, sorted, each once. Direct is set if
	// the manifest does.
	RequiredBy []*Node
	Direct     bool

	place    string // what tells it from other nodes of the same version
	seen     bool
	variants []variantMarker
}

// variantMarker says in which environments an extra or group is needed.
type variantMarker struct {
	extra  pyname.Extra
	group  pyname.Group
	marker marker.Tree
}

// MarkerOf says in which environments an extra of the distribution is needed, or
// a group or, with neither, the distribution itself. It is what Marker is, of
// each of its parts, and false for what is not needed at all.
func (n *Node) MarkerOf(extra pyname.Extra, group pyname.Group) marker.Tree {
	for _, v := range n.variants {
		if v.extra == extra && v.group == group {
			return v.marker
		}
	}
	return marker.False()
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

// variant is a node of a graph on behalf of an extra or group, or the manifest
// if there is no node. It is what markers spread over.
type variant struct {
	node  *Node
	extra pyname.Extra
	group pyname.Group
}

// link is an edge between variants, which are named by their numbers.
type link struct {
	from, to int
	marker   marker.Tree
}

// builder puts solved forks together.
type builder struct {
	*resolution
	out      map[nodeKey]*Node
	here     []*Node     // by name: the node in the fork at hand
	within   marker.Tree // the scope of that fork
	numbers  map[variant]int
	variants []variant
	places   map[[2]int]int // of links, by the variants they join
	links    []link
}

// manifestVariant is the number of the variant without a node.
const manifestVariant = 0

// graph builds the graph of all forks.
func (r *resolution) graph(forks []*fork) (*Graph, error) {
	b := &builder{resolution: r, out: map[nodeKey]*Node{}, numbers: map[variant]int{}, places: map[[2]int]int{}}
	b.number(variant{})
	for _, f := range forks {
		if err := b.addFork(f); err != nil {
			return nil, err
		}
	}
	g := &Graph{Python: r.Options.Python.Target, Forks: forkMarkers(forks)}
	reach := b.reachability(g.Forks)
	b.applyConflicts(reach)
	for at, v := range b.variants {
		if at == manifestVariant || !reach[at].needed() {
			continue
		}
		n := v.node
		n.variants = append(n.variants, variantMarker{v.extra, v.group, reach[at].marker})
		if !n.seen {
			n.seen, n.OnlyGroups, n.Marker = true, true, marker.False()
			g.Nodes = append(g.Nodes, n)
		}
		switch isBase := v.extra == "" && v.group == ""; {
		case isBase:
			n.OnlyGroups, n.Marker = false, reach[at].marker
		case n.OnlyGroups:
			n.Marker = n.Marker.Or(reach[at].marker)
		}
	}
	slices.SortFunc(g.Nodes, compareNodes)
	g.assignForks()
	b.link(g, reach)
	g.Warnings = b.warnings(g)
	return g, nil
}

func compareNodes(a, b *Node) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), a.Version.Compare(b.Version), cmp.Compare(a.place, b.place))
}

func (b *builder) number(v variant) int {
	id, ok := b.numbers[v]
	if !ok {
		id = len(b.variants)
		b.numbers[v] = id
		b.variants = append(b.variants, v)
	}
	return id
}

// node returns the node of the graph that a project is in a fork.
func (b *builder) node(f *fork, n name, version pep440.Version) *Node {
	b.here = grown(b.here, int(n))
	if b.here[n] != nil {
		return b.here[n]
	}
	key := nodeKey{name: n, version: version.Key()}
	fresh := &Node{Name: b.names[n], Version: version}
	if url := f.urls[n]; url != nil {
		key.place = "url " + url.dist.ID()
		if url.dist.Source.Editable {
			key.place = "editable " + url.dist.ID()
		}
		fresh.Dist = url.dist
	} else {
		p := f.pins[versionKey{n, key.version}]
		fresh.Dist, fresh.Installed = p.candidate.Dist, p.installed
		if !p.installed {
			key.place = p.candidate.Dist.Source.Index
			fresh.Candidate = p.candidate
		}
	}
	known := b.out[key]
	if known == nil {
		fresh.place = key.place
		b.out[key] = fresh
		known = fresh
	}
	b.here[n] = known
	return known
}

func (b *builder) addFork(f *fork) error {
	clear(b.here)
	b.within = f.scope.universal()
	for pkg, version := range f.solver.Decisions() {
		n := &b.nodes[pkg]
		if n.kind != rootNode && n.kind != projectNode {
			continue
		}
		from := manifestVariant
		if n.kind == projectNode {
			v := variant{b.node(f, n.name, version), n.extra, n.group}
			from = b.number(v)
			if n.marker.IsTrue() {
				if err := b.fill(f, n.name, v); err != nil {
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

// fill notes on a node the metadata, and the extra or group that is required.
func (b *builder) fill(f *fork, n name, v variant) error {
	node := v.node
	if node.Metadata == nil && !b.Options.NoDeps {
		m, err := b.metadata(f, b.base(n), n, node.Version)
		if err != nil {
			return err
		}
		node.Metadata = m
	}
	if v.extra != "" && !slices.Contains(node.Extras, v.extra) {
		node.Extras = append(node.Extras, v.extra)
	}
	if v.group != "" && !slices.Contains(node.Groups, v.group) {
		node.Groups = append(node.Groups, v.group)
	}
	return nil
}

// addDependency adds the edges for what a version needs: through a proxy, to
// what stands behind it. What a project needs of itself is no edge, unless a
// group of it does or an override asks for an extra.
func (b *builder) addDependency(f *fork, from int, n *node, d *dependency) {
	to := b.nodes[d.pkg]
	if n.kind == projectNode && n.group == "" && n.name == to.name && (to.kind == projectNode || to.kind == markerProxy) {
		return
	}
	version, ok := f.solver.Version(d.pkg)
	if !ok {
		return
	}
	v := variant{node: b.node(f, to.name, version)}
	m := to.marker.And(b.within)
	if to.kind != groupProxy {
		b.addLink(from, b.number(v), m)
	}
	if to.kind == extraProxy || to.kind == groupProxy {
		v.extra, v.group = to.extra, to.group
		b.addLink(from, b.number(v), m)
	}
}

func (b *builder) addLink(from, to int, m marker.Tree) {
	key := [2]int{from, to}
	at, ok := b.places[key]
	if !ok {
		b.places[key] = len(b.links)
		b.links = append(b.links, link{from, to, m})
		return
	}
	b.links[at].marker = b.links[at].marker.Or(m)
}

// reach says under which marker a variant is needed.
type reach struct {
	reached bool
	marker  marker.Tree
}

func (r reach) needed() bool { return r.reached && !r.marker.IsFalse() }

// reachability returns for each variant the union over all ways from the
// manifest.
func (b *builder) reachability(forks []marker.Tree) []reach {
	out := make([]reach, len(b.variants))
	out[manifestVariant].reached = true
	if len(forks) > 0 {
		all := marker.False()
		for _, m := range forks {
			all = all.Or(m)
		}
		out[manifestVariant].marker = all
	}
	slices.SortStableFunc(b.links, func(x, y link) int { return x.from - y.from })
	starts := make([]int, len(b.variants)+1)
	for _, l := range b.links {
		starts[l.from+1]++
	}
	for i := range b.variants {
		starts[i+1] += starts[i]
	}
	for work := []int{manifestVariant}; len(work) > 0; {
		from := work[len(work)-1]
		work = work[:len(work)-1]
		for _, l := range b.links[starts[from]:starts[from+1]] {
			m := l.marker.And(out[from].marker)
			if to := &out[l.to]; to.reached {
				if m = m.Or(to.marker); m == to.marker {
					continue
				}
			}
			out[l.to] = reach{true, m}
			work = append(work, l.to)
		}
	}
	return out
}

// link gives the nodes their edges.
func (b *builder) link(g *Graph, reach []reach) {
	for _, l := range b.links {
		if !reach[l.from].needed() && l.from != manifestVariant || !reach[l.to].needed() {
			continue
		}
		from, to := b.variants[l.from], b.variants[l.to]
		e := Edge{from.extra, from.group, to.node, to.extra, to.group, l.marker}
		if from.node == nil {
			g.Root = append(g.Root, e)
			to.node.Direct = true
			continue
		}
		from.node.Requires = append(from.node.Requires, e)
		if from.node != to.node {
			to.node.RequiredBy = append(to.node.RequiredBy, from.node)
		}
	}
	slices.SortFunc(g.Root, compareEdges)
	for _, n := range g.Nodes {
		n.Extras = slices.DeleteFunc(n.Extras, func(e pyname.Extra) bool { return n.MarkerOf(e, "").IsFalse() })
		n.Groups = slices.DeleteFunc(n.Groups, func(g pyname.Group) bool { return n.MarkerOf("", g).IsFalse() })
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

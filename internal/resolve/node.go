package resolve

import (
	"github.com/tame-py/tame/internal/pubgrub"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
)

// nodeKind is what a package of the solver stands for.
type nodeKind uint8

const (
	rootNode nodeKind = iota
	// The Pythons: needed by versions whose Requires-Python does not fit, and
	// without any version, so that the solver learns why.
	installedPython
	targetPython
	// A project, or its extra or group. It may have a marker when a proxy with
	// that marker needs it.
	projectNode
	// Proxies: a requirement on an extra, on a group, or under a marker.
	extraProxy
	groupProxy
	markerProxy
)

// A node says what a package of the solver stands for. Extras never occur in
// its marker: a package must not split over which extra led to it.
type node struct {
	kind   nodeKind
	name   name
	extra  pyname.Extra
	group  pyname.Group
	marker marker.Tree
}

// name is the index of a project's name in the resolution's table. The root and
// Pythons have noName, unless the root is a project.
type name int32

const noName name = -1

// isBase tells whether the node is a project as such.
func (n *node) isBase() bool {
	return n.kind == projectNode && n.extra == "" && n.group == "" && n.marker.IsTrue()
}

func (n *node) isProxy() bool { return n.kind >= extraProxy }

// isProject tells whether the node stands for a project in some way: it is
// neither the root nor a Python.
func (n *node) isProject() bool { return n.kind >= projectNode }

// rootPackage is the root's number in every resolution.
const rootPackage pubgrub.Package = 0

// tables number the names of projects and the packages of the solver, in the
// order in which they are met.
type tables struct {
	nameIDs map[pyname.Package]name
	names   []pyname.Package
	nodeIDs map[node]pubgrub.Package
	nodes   []node
}

func newTables() *tables {
	return &tables{nameIDs: map[pyname.Package]name{}, nodeIDs: map[node]pubgrub.Package{}}
}

func (t *tables) nameID(p pyname.Package) name {
	id, ok := t.nameIDs[p]
	if !ok {
		id = name(len(t.names))
		t.nameIDs[p] = id
		t.names = append(t.names, p)
	}
	return id
}

func (t *tables) nodeID(n node) pubgrub.Package {
	id, ok := t.nodeIDs[n]
	if !ok {
		id = pubgrub.Package(len(t.nodes))
		t.nodeIDs[n] = id
		t.nodes = append(t.nodes, n)
	}
	return id
}

func (t *tables) base(n name) pubgrub.Package {
	return t.nodeID(node{kind: projectNode, name: n})
}

// required returns the node that a requirement on a project goes to. Extras are
// dropped from the marker: that they are active is why the requirement is seen.
func (t *tables) required(n name, extra pyname.Extra, group pyname.Group, m marker.Tree) pubgrub.Package {
	out := node{kind: projectNode, name: n, extra: extra, group: group, marker: m}
	switch {
	case extra != "":
		out.kind = extraProxy
	case group != "":
		out.kind = groupProxy
	case !m.IsTrue():
		out.kind = markerProxy
	}
	return t.nodeID(out)
}

// baseOf returns the project that a proxy always comes with. Groups do not need
// the project they belong to.
func (t *tables) baseOf(p pubgrub.Package) (pubgrub.Package, bool) {
	n := &t.nodes[p]
	if n.kind != extraProxy && n.kind != markerProxy {
		return 0, false
	}
	return t.base(n.name), true
}

// text is how uv's log and error texts name a node.
func (t *tables) text(p pubgrub.Package) string {
	n := &t.nodes[p]
	switch n.kind {
	case rootNode:
		if n.name == noName {
			return "root"
		}
		return string(t.names[n.name])
	case installedPython, targetPython:
		return "Python"
	}
	out := string(t.names[n.name])
	switch {
	case n.extra != "":
		out += "[" + string(n.extra) + "]"
	case n.group != "":
		out += ":" + string(n.group)
	}
	if m := n.marker.String(); m != "" && (n.kind == projectNode || n.kind == markerProxy) {
		out += "{" + m + "}"
	}
	return out
}

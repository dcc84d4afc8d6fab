package pip

import (
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
)

// A reach tells in which environments each distribution is needed with each of
// its extras.
type reach map[variant]marker.Tree

type variant struct {
	node  *resolve.Node
	extra pyname.Extra
	group pyname.Group
}

func (r reach) of(n *resolve.Node, extra pyname.Extra) marker.Tree {
	if m, ok := r[variant{n, extra, ""}]; ok {
		return m
	}
	return n.Marker
}

// reachOf spreads markers from the root of a graph along its edges.
func reachOf(g *resolve.Graph) reach {
	r := reach{}
	var work []variant
	visit := func(e resolve.Edge, under marker.Tree) {
		v := variant{e.To, e.Extra, e.Group}
		m := e.Marker.And(under)
		if old, ok := r[v]; ok {
			if m = m.Or(old); m == old {
				return
			}
		}
		r[v] = m
		work = append(work, v)
	}
	for _, e := range g.Root {
		visit(e, marker.True())
	}
	for len(work) > 0 {
		v := work[len(work)-1]
		work = work[:len(work)-1]
		for _, e := range v.node.Requires {
			if e.FromExtra == v.extra && e.FromGroup == v.group {
				visit(e, r[v])
			}
		}
	}
	return r
}

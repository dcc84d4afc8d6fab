package marker

import (
	"math"
	"sync"
)

// An op is one run of the algebra. Its budget bounds the work spent on a
// diagram that explodes; when it is used up, answers are worthless and spent
// is true.
type op struct {
	left int
}

func newOp() op { return op{left: math.MaxInt} }

func (o *op) spent() bool { return o.left < 0 }

func (o *op) or(x, y ref) ref { return o.and(x.not(), y.not()).not() }

// and returns the conjunction of two diagrams. When both decide on exclusive
// keys and every environment that satisfies the conjunction is known to be
// impossible, it is no.
func (o *op) and(x, y ref) ref {
	if x > y {
		x, y = y, x
	}
	switch {
	case x == yes || x == y:
		return y
	case x == no || x.not() == y:
		return no
	}
	if r, ok := andMemo.get(x, y); ok {
		return r
	}
	if o.left--; o.spent() {
		return no
	}
	nx, ny := nodes.node(x), nodes.node(y)
	var r ref
	switch c := nx.v.compare(ny.v); {
	case c < 0:
		r = o.andKids(nx, x, y)
	case c > 0:
		r = o.andKids(ny, y, x)
	case nx.v.ranged():
		r = o.andRanges(nx, x, ny, y)
	default:
		r = nodes.intern(nx.v, nil, []ref{
			o.and(nx.kids[0].under(x), ny.kids[0].under(y)),
			o.and(nx.kids[1].under(x), ny.kids[1].under(y)),
		})
	}
	if nx.v.exclusive() && ny.v.exclusive() && excluded(r) {
		r = no
	}
	if !o.spent() {
		andMemo.put(x, y, r)
	}
	return r
}

// andKids returns the conjunction of each edge of n, which x leads to, with y,
// whose variables all stand lower.
func (o *op) andKids(n *node, x, y ref) ref {
	if !n.v.ranged() {
		return nodes.intern(n.v, nil, []ref{
			o.and(n.kids[0].under(x), y),
			o.and(n.kids[1].under(x), y),
		})
	}
	var room edgeRoom
	e := room.list()
	for i, kid := range n.kids {
		e.add(n.start(i), o.and(kid.under(x), y))
	}
	return nodes.intern(n.v, e.cuts, e.kids)
}

// andRanges merges two nodes of one ranged variable.
func (o *op) andRanges(nx *node, x ref, ny *node, y ref) ref {
	var room edgeRoom
	e := room.list()
	for m := (merge{a: nx, b: ny}); ; {
		e.add(m.at, o.and(nx.kids[m.i].under(x), ny.kids[m.j].under(y)))
		if !m.next() {
			return nodes.intern(nx.v, e.cuts, e.kids)
		}
	}
}

// edgeRoom lets an edgeList of usual size live on the stack.
type edgeRoom struct {
	cuts [8]cut
	kids [9]ref
}

func (r *edgeRoom) list() edgeList { return edgeList{r.cuts[:0], r.kids[:0]} }

// A merge walks the edges of two nodes of one ranged variable in step: i and j
// are the edges that hold for the interval that begins at at.
type merge struct {
	a, b *node
	i, j int
	at   cut
}

// next goes to the following interval and reports whether there is one.
func (m *merge) next() bool {
	moreA, moreB := m.i < len(m.a.cuts), m.j < len(m.b.cuts)
	order := 0
	switch {
	case !moreA && !moreB:
		return false
	case !moreB:
		order = -1
	case !moreA:
		order = 1
	default:
		order = compareCuts(m.a.v, m.a.cuts[m.i], m.b.cuts[m.j])
	}
	if order <= 0 {
		m.at = m.a.cuts[m.i]
		m.i++
	}
	if order >= 0 {
		m.at = m.b.cuts[m.j]
		m.j++
	}
	return true
}

// disjoint reports whether and(x, y) is no, without making its nodes where
// that can be avoided.
func (o *op) disjoint(x, y ref) bool {
	if !x.constant() && !y.constant() && nodes.node(x).v.exclusive() && nodes.node(y).v.exclusive() {
		return o.and(x, y) == no
	}
	return apart(x, y)
}

// apart reports whether no environment satisfies both diagrams, without
// knowledge of exclusive values.
func apart(x, y ref) bool {
	if x > y {
		x, y = y, x
	}
	switch {
	case x == no || y == no || x.not() == y:
		return true
	case x == yes || x == y:
		return false
	}
	if r, ok := disjointMemo.get(x, y); ok {
		return r == no
	}
	r := apartNodes(nodes.node(x), x, nodes.node(y), y)
	answer := yes
	if r {
		answer = no
	}
	disjointMemo.put(x, y, answer)
	return r
}

func apartNodes(nx *node, x ref, ny *node, y ref) bool {
	c := nx.v.compare(ny.v)
	if c > 0 {
		nx, x, ny, y = ny, y, nx, x
	}
	switch {
	case c != 0:
		for _, kid := range nx.kids {
			if !apart(kid.under(x), y) {
				return false
			}
		}
		return true
	case nx.v.ranged():
		for m := (merge{a: nx, b: ny}); ; {
			if !apart(nx.kids[m.i].under(x), ny.kids[m.j].under(y)) {
				return false
			}
			if !m.next() {
				return true
			}
		}
	default:
		return apart(nx.kids[0].under(x), ny.kids[0].under(y)) && apart(nx.kids[1].under(x), ny.kids[1].under(y))
	}
}

// excluded reports whether every environment that satisfies r is known to be
// impossible.
func excluded(r ref) bool {
	if r.constant() {
		return r == no
	}
	n := nodes.node(r)
	shift := uint32(r&1) * 2
	if bits := n.excluded.Load() >> shift; bits&1 != 0 {
		return bits&2 != 0
	}
	answer := apart(r, impossible().not())
	bits := uint32(1)
	if answer {
		bits |= 2
	}
	n.excluded.Or(bits << shift)
	return answer
}

// impossible is the diagram of the environments that no machine has, although
// the grammar of markers allows them: `nt` is Windows, `posix` is not, and the
// systems that only platform_system names have none of the values of
// sys_platform below (but iOS is named by both, PEP 730).
var impossible = sync.OnceValue(func() ref {
	others := choose(rankPlatformSystem, no, edge{"FreeBSD", yes}, edge{"NetBSD", yes}, edge{"OpenBSD", yes},
		edge{"SunOS", yes})
	named := choose(rankPlatformSystem, no, edge{"FreeBSD", yes}, edge{"NetBSD", yes}, edge{"OpenBSD", yes},
		edge{"SunOS", yes}, edge{"iOS", yes}, edge{"iPadOS", yes})
	platform := func(darwin, ios, linux, win32 ref) ref {
		return choose(rankSysPlatform, no, edge{"aix", named}, edge{"android", named}, edge{"cygwin", named},
			edge{"darwin", darwin}, edge{"emscripten", named}, edge{"ios", ios}, edge{"linux", linux},
			edge{"wasi", named}, edge{"win32", win32})
	}
	return choose(rankOSName, platform(named, others, named, named),
		edge{"nt", platform(yes, yes, yes, named)},
		edge{"posix", platform(named, others, named, yes)})
})

// An edge leads from one value of a string key.
type edge struct {
	value string
	kid   ref
}

// choose returns the node that takes the edges, given in ascending order of
// their values, and leads to others from every other value. The kids decide
// only on variables below.
func choose(v rank, others ref, edges ...edge) ref {
	e := edgeList{kids: []ref{others}}
	for _, x := range edges {
		at := words.string(x.value)
		e.add(cut{at, false}, x.kid)
		e.add(cut{at, true}, others)
	}
	return nodes.intern(&ranges[v], e.cuts, e.kids)
}

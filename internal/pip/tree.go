package pip

import (
	"context"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// A TreeRequest asks how the distributions of an environment depend on each
// other.
type TreeRequest struct {
	Site *install.Site
	Env  *marker.Env

	Depth    int // how far below the roots; negative is all the way
	Prune    []pyname.Package
	Packages []pyname.Package // the roots; empty is whatever nothing requires
	NoDedupe bool             // repeat what was shown before
	Invert   bool             // from what is required to what requires it
	// Specifiers adds what is required to each edge, Note something to each
	// distribution where it is shown first; both may be left out.
	Specifiers bool
	Note       func(*install.Installed) string
}

// The legends explain the mark on what was shown before, and on what would go
// round in a circle if nothing is to be left out.
const (
	treeLegend  = "(*) Package tree already displayed"
	cycleLegend = "(*) Package tree is a cycle and cannot be shown"
)

// Tree draws the dependencies as lines of text.
func Tree(ctx context.Context, req TreeRequest) ([]string, error) {
	g, err := newDependencyGraph(ctx, req)
	if err != nil {
		return nil, err
	}
	d := &drawing{TreeRequest: req, graph: g, shown: map[*install.Installed]bool{}}
	for _, root := range d.roots() {
		d.shownPath = d.shownPath[:0]
		d.draw(root, nil, "", "")
	}
	switch {
	case d.deduped && d.NoDedupe:
		d.lines = append(d.lines, cycleLegend)
	case d.deduped:
		d.lines = append(d.lines, treeLegend)
	}
	return d.lines, ctx.Err()
}

// An edge is one dependency, seen from where the drawing comes from.
type edge struct {
	to  *install.Installed
	req pep508.Requirement
}

type dependencyGraph struct {
	nodes []*install.Installed // sorted by name, without what is pruned
	edges map[*install.Installed][]edge
}

// newDependencyGraph links each distribution to what it requires and what is
// installed in a fitting version.
func newDependencyGraph(ctx context.Context, req TreeRequest) (*dependencyGraph, error) {
	g := &dependencyGraph{edges: map[*install.Installed][]edge{}}
	for _, i := range byName(req.Site) {
		if slices.Contains(req.Prune, i.Name) {
			continue
		}
		g.nodes = append(g.nodes, i)
		list, err := requires(i, req.Env)
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			if slices.Contains(req.Prune, r.Name) {
				continue
			}
			for _, to := range req.Site.Get(r.Name) {
				if satisfies(to, r) {
					g.link(i, to, r, req.Invert)
				}
			}
		}
	}
	return g, nil
}

func (g *dependencyGraph) link(from, to *install.Installed, r pep508.Requirement, invert bool) {
	if invert {
		from, to = to, from
	}
	for at, e := range g.edges[from] {
		if e.to == to {
			g.edges[from][at].req.Specifiers = append(slices.Clone(e.req.Specifiers), r.Specifiers...)
			return
		}
	}
	g.edges[from] = append(g.edges[from], edge{to, r})
}

type drawing struct {
	TreeRequest
	graph     *dependencyGraph
	lines     []string
	shown     map[*install.Installed]bool
	shownPath []*install.Installed
	deduped   bool
}

// roots are the distributions that nothing else leads to, and the first of each
// circle that nothing outside of it leads to; of those asked for, if any are.
func (d *drawing) roots() []*install.Installed {
	from := d.graph.nodes
	if len(d.Packages) > 0 {
		from = slices.DeleteFunc(slices.Clone(from), func(i *install.Installed) bool { return !slices.Contains(d.Packages, i.Name) })
	}
	// Whoever a walk leaves last, cannot be reached from those it left before,
	// unless it is in a circle with them.
	left := make([]*install.Installed, 0, len(from))
	seen := map[*install.Installed]bool{}
	for _, i := range from {
		d.graph.walk(i, seen, func(i *install.Installed) { left = append(left, i) })
	}
	root := map[*install.Installed]bool{}
	clear(seen)
	for _, i := range slices.Backward(left) {
		root[i] = !seen[i]
		d.graph.walk(i, seen, func(*install.Installed) {})
	}
	return slices.DeleteFunc(slices.Clone(from), func(i *install.Installed) bool { return !root[i] })
}

// walk visits what has not been seen of all that a distribution leads to, and
// calls leave for each when it is done with what is below it.
func (g *dependencyGraph) walk(i *install.Installed, seen map[*install.Installed]bool, leave func(*install.Installed)) {
	if seen[i] {
		return
	}
	seen[i] = true
	for _, e := range g.edges[i] {
		g.walk(e.to, seen, leave)
	}
	leave(i)
}

// draw adds a distribution and what is below it. lead begins its own line,
// indent those below.
func (d *drawing) draw(i *install.Installed, by *edge, lead, indent string) {
	line := lead + string(i.Name) + " v" + i.Version.String()
	if d.Specifiers && by != nil {
		line += d.specifier(by)
	}
	repeated := slices.Contains(d.shownPath, i) || !d.NoDedupe && d.shown[i]
	if d.Note != nil && !repeated {
		line += d.Note(i)
	}
	below := d.graph.edges[i]
	if repeated && len(below) > 0 {
		d.deduped = true
		d.lines = append(d.lines, line+" (*)")
		return
	}
	d.lines = append(d.lines, line)
	d.shown[i] = true
	if d.Depth >= 0 && len(d.shownPath) >= d.Depth {
		return
	}
	d.shownPath = append(d.shownPath, i)
	for at := range below {
		branch, space := "├── ", "│   "
		if at == len(below)-1 {
			branch, space = "└── ", "    "
		}
		d.draw(below[at].to, &below[at], indent+branch, indent+space)
	}
	d.shownPath = d.shownPath[:len(d.shownPath)-1]
}

func (d *drawing) specifier(e *edge) string {
	text := e.req.Specifiers.Sorted().Join(", ")
	if text == "" {
		text = "*"
	}
	if d.Invert {
		return " [requires: " + string(e.req.Name) + " " + text + "]"
	}
	return " [required: " + strings.TrimSpace(text) + "]"
}

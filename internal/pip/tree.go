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

// treeLegend explains the mark on what was shown before.
const treeLegend = "(*) Package tree already displayed"

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
	if d.deduped {
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
	into  map[*install.Installed]int
}

// newDependencyGraph links each distribution to what it requires and what is
// installed in a fitting version.
func newDependencyGraph(ctx context.Context, req TreeRequest) (*dependencyGraph, error) {
	req.Site.Preload(ctx, 0, func(i *install.Installed) { _, _ = i.Metadata() })
	g := &dependencyGraph{edges: map[*install.Installed][]edge{}, into: map[*install.Installed]int{}}
	for _, i := range byName(req.Site) {
		if slices.Contains(req.Prune, i.Name) {
			continue
		}
		g.nodes = append(g.nodes, i)
		m, err := i.Metadata()
		if err != nil {
			return nil, err
		}
		for _, r := range requires(m, req.Env) {
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
	g.into[to]++
}

type drawing struct {
	TreeRequest
	graph     *dependencyGraph
	lines     []string
	shown     map[*install.Installed]bool
	shownPath []*install.Installed
	deduped   bool
}

// roots are the distributions asked for, or those that nothing leads to and one
// of each circle that nothing else leads to.
func (d *drawing) roots() []*install.Installed {
	if len(d.Packages) > 0 {
		var out []*install.Installed
		for _, name := range d.Packages {
			out = append(out, d.Site.Get(name)...)
		}
		return out
	}
	root, reached := map[*install.Installed]bool{}, map[*install.Installed]bool{}
	for _, i := range d.graph.nodes {
		if d.graph.into[i] == 0 {
			root[i] = true
			d.graph.reach(i, reached)
		}
	}
	for _, i := range d.graph.nodes {
		if !reached[i] {
			root[i] = true
			d.graph.reach(i, reached)
		}
	}
	out := make([]*install.Installed, 0, len(root))
	for _, i := range d.graph.nodes {
		if root[i] {
			out = append(out, i)
		}
	}
	return out
}

func (g *dependencyGraph) reach(i *install.Installed, reached map[*install.Installed]bool) {
	if reached[i] {
		return
	}
	reached[i] = true
	for _, e := range g.edges[i] {
		g.reach(e.to, reached)
	}
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

package resolve

import (
	"fmt"
	"slices"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// A Warning is something about a solution that its user may not expect.
type Warning struct {
	Kind WarningKind
	Node *Node // nil for UnboundedDirect
	Name pyname.Package
	// MissingExtra, MissingGroup: which. Yanked: the reason, which may be empty.
	Text string
}

// WarningKind classifies warnings.
type WarningKind uint8

// The kinds of warnings.
const (
	MissingExtra        WarningKind = iota // an extra that the project does not have
	MissingGroup                           // the like for a group
	YankedVersion                          // a version that was withdrawn
	UnboundedDirect                        // under --resolution lowest: no lower bound
	UnboundedTransitive                    // the like for what no direct requirement is on
)

// String is the warning as a sentence.
func (w Warning) String() string {
	switch w.Kind {
	case MissingExtra:
		return fmt.Sprintf("The package `%s` does not have an extra named `%s`", w.Node.title(), w.Text)
	case MissingGroup:
		return fmt.Sprintf("The package `%s` does not have a dependency group named `%s`", w.Node.title(), w.Text)
	case YankedVersion:
		if w.Text == "" {
			return fmt.Sprintf("`%s` is yanked", w.Node.title())
		}
		return fmt.Sprintf("`%s` is yanked (reason: %q)", w.Node.title(), w.Text)
	case UnboundedDirect:
		return fmt.Sprintf("The direct dependency `%s` is unpinned. Consider setting a lower bound when using `--resolution lowest` or `--resolution lowest-direct` to avoid using outdated versions.", w.Name)
	}
	return fmt.Sprintf("The transitive dependency `%s` is unpinned. Consider setting a lower bound with a constraint when using `--resolution lowest` to avoid using outdated versions.", w.Name)
}

// title is `name==version`, or the name with its place.
func (n *Node) title() string { return n.Dist.String() }

// warnings returns what is to be said about a graph, in the order of its nodes.
func (b *builder) warnings(g *Graph) []Warning {
	out := slices.Clone(b.unbounded)
	for _, n := range g.Nodes {
		if n.Candidate != nil && n.Dist.File.Yanked {
			out = append(out, Warning{Kind: YankedVersion, Node: n, Name: n.Name, Text: n.Dist.File.YankedReason})
		}
		if n.Metadata == nil {
			continue
		}
		for _, extra := range n.Extras {
			if !slices.Contains(n.Metadata.Extras, extra) {
				out = append(out, Warning{Kind: MissingExtra, Node: n, Name: n.Name, Text: string(extra)})
			}
		}
		for _, group := range n.Groups {
			if _, ok := n.Metadata.Groups[group]; !ok {
				out = append(out, Warning{Kind: MissingGroup, Node: n, Name: n.Name, Text: string(group)})
			}
		}
	}
	if b.Options.Resolution == Lowest {
		for _, n := range g.Nodes {
			if !b.bounded(n) {
				out = append(out, Warning{Kind: UnboundedTransitive, Node: n, Name: n.Name})
			}
		}
	}
	return out
}

// bounded tells whether something that requires a node sets a lower bound.
// Direct requirements are looked at when they are met.
func (b *builder) bounded(n *Node) bool {
	if n.Direct || len(n.RequiredBy) == 0 {
		return true
	}
	for _, by := range n.RequiredBy {
		if by.Metadata == nil {
			return true
		}
		for req := range b.rules.override(owner{by.Name, by.Version}, by.Metadata.Requires) {
			if req.Name == n.Name && lowerBound(req) {
				return true
			}
		}
	}
	return slices.ContainsFunc(b.rules.constraints[n.Name], lowerBound)
}

func lowerBound(req *source.Requirement) bool {
	return req.Source.IsDirect() || slices.ContainsFunc(req.Source.Specifiers, func(s pep440.Specifier) bool {
		switch s.Op {
		case pep440.NotEqual, pep440.NotEqualStar, pep440.Less, pep440.LessEqual:
			return false
		}
		return true
	})
}

// checkLowerBounds warns of direct requirements without lower bound when the
// oldest versions are wanted. It is enough that one requirement on the project
// has one.
func (r *resolution) checkLowerBounds(f *fork, deps []dependency) {
	if r.Options.Resolution == Highest {
		return
	}
	for i := range deps {
		n := r.nodes[deps[i].pkg].name
		bounded := f.urls[n] != nil || slices.ContainsFunc(deps, func(d dependency) bool {
			return r.nodes[d.pkg].name == n && !d.set.IsEmpty() && d.set.Span().Lo.Kind != pep440.Unbounded
		})
		known := slices.ContainsFunc(r.unbounded, func(w Warning) bool { return w.Name == r.names[n] })
		if !bounded && !known {
			r.unbounded = append(r.unbounded, Warning{Kind: UnboundedDirect, Name: r.names[n]})
		}
	}
}

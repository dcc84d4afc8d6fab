package pip

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
)

// A TextFormat says what a compiled requirements file tells beside the
// versions.
type TextFormat struct {
	Extras      bool // name[extra]==…
	Markers     bool // the environments in which each is needed
	Hashes      bool
	Annotations bool // comments that say what each is needed for
	OneLine     bool // annotations behind what they are about, not below it
	Index       bool // comments that say which index each is from
	// Omit are projects to leave out.
	Omit map[pyname.Package]bool
	// Comment styles comments, for a terminal; nil leaves them plain.
	Comment func(string) string
}

// annotationColumn is where the comment of a line begins at the earliest.
const annotationColumn = 24

// Text is the distributions as a requirements file, without what stands above
// them.
func (c *Compiled) Text(f TextFormat) string {
	if f.Comment == nil {
		f.Comment = func(s string) string { return s }
	}
	var from origins
	if f.Annotations {
		from = c.origins()
	}
	var b strings.Builder
	for _, l := range c.lines(f) {
		b.WriteString(f.assemble(l, c.digests(l.node, f.Hashes), from[l.node.Name]))
		b.WriteByte('\n')
		if index := l.node.Dist.Source.Index; f.Index && l.node.Dist.Source.Kind == source.Registry && index != "" {
			b.WriteString(f.Comment("    # from "+auth.Strip(index)) + "\n")
		}
	}
	return b.String()
}

func (c *Compiled) digests(n *resolve.Node, wanted bool) []simple.Hash {
	if !wanted {
		return nil
	}
	return c.Hashes[n]
}

// assemble puts a requirement, its digests and its annotation together.
func (f *TextFormat) assemble(l line, digests []simple.Hash, from []string) string {
	var b strings.Builder
	b.WriteString(l.text)
	for _, h := range digests {
		b.WriteString(" \\\n    --hash=" + h.Algorithm + ":" + h.Digest)
	}
	if !f.Annotations || len(from)+len(l.dependents) == 0 {
		return b.String()
	}
	if !f.OneLine {
		return b.String() + f.split(from, l.dependents)
	}
	comment := f.Comment("# via " + strings.Join(append(slices.Clone(l.dependents), from...), ", "))
	if len(digests) > 0 {
		return b.String() + "\n    " + comment
	}
	padding := max(0, annotationColumn-utf8.RuneCountInString(b.String()))
	return b.String() + strings.Repeat(" ", padding) + "  " + comment
}

// split is an annotation on lines of its own.
func (f *TextFormat) split(from, dependents []string) string {
	all := append(slices.Clone(from), dependents...)
	if len(all) == 1 {
		return "\n" + f.Comment("    # via "+all[0])
	}
	return "\n" + f.Comment("    # via\n    #   "+strings.Join(all, "\n    #   "))
}

// A line is one distribution of the file.
type line struct {
	node       *resolve.Node
	extras     []pyname.Extra
	marker     marker.Tree
	editable   bool
	text       string
	dependents []string // names of the distributions that need it, sorted
}

// lines are the distributions in the order of the file: projects in place
// first, then by name.
func (c *Compiled) lines(f TextFormat) []line {
	var out []line
	var by map[variant][]string
	for _, n := range c.Graph.Nodes {
		if f.Omit[n.Name] {
			continue
		}
		l := line{node: n, marker: n.Marker, editable: n.Dist.Source.Editable, dependents: dependents(n)}
		if !f.Extras {
			out = append(out, l)
			continue
		}
		if by == nil {
			by = dependentsByVariant(c.Graph)
		}
		out = append(out, c.variants(l, by)...)
	}
	for i := range out {
		l := &out[i]
		l.text = c.requirement(l, f.Markers)
	}
	slices.SortStableFunc(out, func(a, b line) int {
		switch {
		case a.editable && b.editable:
			return cmp.Compare(a.node.Dist.Source.Verbatim(), b.node.Dist.Source.Verbatim())
		case a.editable:
			return -1
		case b.editable:
			return 1
		}
		return cmp.Or(cmp.Compare(a.node.Name, b.node.Name), a.node.Version.Compare(b.node.Version),
			cmp.Compare(directText(a.node), directText(b.node)), slices.Compare(a.extras, b.extras))
	})
	return out
}

func directText(n *resolve.Node) string {
	if !n.Dist.Source.IsDirect() {
		return ""
	}
	return n.Dist.Source.Verbatim()
}

func dependents(n *resolve.Node) []string {
	var out []string
	for _, by := range n.RequiredBy {
		out = append(out, string(by.Name))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// A variant is a distribution or an extra of it.
type variant struct {
	node  *resolve.Node
	extra pyname.Extra
}

// dependentsByVariant are the names of what needs each variant, sorted.
func dependentsByVariant(g *resolve.Graph) map[variant][]string {
	out := map[variant][]string{}
	for _, n := range g.Nodes {
		for _, e := range n.Requires {
			v := variant{e.To, e.Extra}
			if list := out[v]; e.Group == "" && (len(list) == 0 || list[len(list)-1] != string(n.Name)) {
				out[v] = append(list, string(n.Name))
			}
		}
	}
	return out
}

// variants are the lines of a distribution with its extras. Extras that are
// needed under other markers than the distribution itself stand on lines of
// their own.
func (c *Compiled) variants(l line, by map[variant][]string) []line {
	l.dependents = by[variant{node: l.node}]
	out := []line{l}
	for _, extra := range l.node.Extras {
		m := l.node.MarkerOf(extra, "")
		at := slices.IndexFunc(out, func(v line) bool { return v.marker == m })
		if at < 0 {
			at = len(out)
			out = append(out, line{node: l.node, marker: m, editable: l.editable})
		}
		v := &out[at]
		v.extras = append(v.extras, extra)
		v.dependents = append(slices.Clip(v.dependents), by[variant{l.node, extra}]...)
	}
	for i := range out {
		slices.Sort(out[i].dependents)
		out[i].dependents = slices.Compact(out[i].dependents)
	}
	return out
}

// requirement is the text of a distribution: as the user wrote it where it is
// a path, so that the file can be moved together with what it names.
func (c *Compiled) requirement(l *line, withMarker bool) string {
	s := l.node.Dist.Source
	if s.Editable {
		return "-e " + s.Verbatim()
	}
	condition := ""
	if m := c.Graph.Python.Simplify(l.marker); withMarker && !m.IsTrue() {
		condition = " ; " + m.String()
	}
	if s.Kind == source.Path || s.Kind == source.Directory {
		if path, ok := barePath(s.Verbatim()); ok {
			return path + condition
		}
	}
	var b strings.Builder
	b.WriteString(string(l.node.Name))
	if len(l.extras) > 0 {
		names := make([]string, len(l.extras))
		for i, e := range l.extras {
			names[i] = string(e)
		}
		b.WriteString("[" + strings.Join(names, ", ") + "]")
	}
	if s.IsDirect() {
		b.WriteString(" @ " + s.Verbatim())
	} else {
		b.WriteString("==" + l.node.Version.String())
	}
	return b.String() + condition
}

// barePath tells how a local distribution is written without a name: PEP 508
// has no relative paths, but requirements files do. Absolute `file:` URLs are
// written with the name.
func barePath(given string) (string, bool) {
	scheme, rest, ok := pep508.SplitScheme(given)
	if !ok {
		return given, true
	}
	switch {
	case len(scheme) == 1:
		return given, true // a drive of Windows
	case !strings.EqualFold(scheme, "file"), strings.HasPrefix(rest, "//localhost/"):
		return "", false
	}
	path, ok := strings.CutPrefix(rest, "//")
	if !ok || strings.HasPrefix(path, "${PROJECT_ROOT}") || strings.HasPrefix(path, "/") || strings.HasPrefix(path, `\`) {
		return "", false
	}
	return path, true
}

package lock

import (
	"fmt"
	"slices"

	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
)

// MetadataFree is the first revision in which a package need not have metadata:
// what it needs is all there is to hold it against.
const MetadataFree = 4

// WithoutMetadata is the lock in the form that leaves metadata out
// (`lock-without-metadata`, a preview feature).
func (l *Lock) WithoutMetadata() *Lock {
	out := *l
	out.Revision = max(l.Revision, MetadataFree)
	out.Packages = slices.Clone(l.Packages)
	for i := range out.Packages {
		out.Packages[i].Metadata = Metadata{}
	}
	return &out
}

func (m *Metadata) isEmpty() bool {
	return len(m.RequiresDist)+len(m.ProvidesExtras)+len(m.Groups) == 0
}

// edgeCheck holds what a package needs in the lock against what it asks for,
// where the lock does not have its requirements to compare.
type edgeCheck struct {
	*contentCheck
	pkg    *Package
	domain marker.Tree // where the package may be needed
}

// edges says how the dependencies of a package differ from its requirements.
func (c *contentCheck) edges(p *Package, m *resolve.Metadata) string {
	e := &edgeCheck{c, p, c.lock.domain(p)}
	is := NewMetadata(m, c.want.Root)
	requires := e.effective(flattened(is.RequiresDist, p.Name))
	never := func(pyname.Extra) bool { return true }
	always := e.under(requires, func(m marker.Tree) marker.Tree { return m.SimplifyNotExtrasWith(never) })
	if reason := e.compare("", p.Dependencies, always); reason != "" {
		return reason
	}
	for _, x := range p.Extras {
		if !slices.Contains(is.ProvidesExtras, x.Name) {
			return fmt.Sprintf("the extras of `%s` changed: removed `%s`", p.Name, x.Name)
		}
	}
	for _, name := range distinctSorted(is.ProvidesExtras) {
		if reason := e.compare(fmt.Sprintf(" in the extra `%s`", name), p.Extra(name), e.optional(requires, name)); reason != "" {
			return reason
		}
	}
	return e.groups(is.Groups)
}

// groups compares the dependency groups.
func (e *edgeCheck) groups(all []Group) string {
	for _, g := range e.pkg.Groups {
		if !slices.ContainsFunc(all, func(is Group) bool { return is.Name == g.Name }) {
			return fmt.Sprintf("the dependency groups of `%s` changed: removed `%s`", e.pkg.Name, g.Name)
		}
	}
	for i := range all {
		g := &all[i]
		plain := func(m marker.Tree) marker.Tree { return m }
		if reason := e.compare(fmt.Sprintf(" in the dependency group `%s`", g.Name), e.pkg.Group(g.Name), e.under(e.effective(g.Requirements), plain)); reason != "" {
			return reason
		}
	}
	return ""
}

// domain is where a package may be needed: in the environments that the lock is
// for, and those of its forks that have this package.
func (l *Lock) domain(p *Package) marker.Tree {
	out := l.whole
	for _, list := range [...][]marker.Tree{l.Supported, p.Forks} {
		if len(list) == 0 {
			continue
		}
		any := marker.False()
		for _, m := range list {
			any = any.Or(l.RequiresPython.Complexify(m).WithoutExtras())
		}
		out = out.And(any)
	}
	return out
}

// effective are requirements of the package after overrides and excludes.
func (e *edgeCheck) effective(all []Requirement) []Requirement {
	m := &e.want.Manifest
	applies := func(name pyname.Package) bool { return name == "" || name == e.pkg.Name }
	var out []Requirement
	for _, r := range all {
		excluded := slices.ContainsFunc(m.Excludes, func(x Exclude) bool {
			return applies(x.Package) && (x.Version.IsZero() || x.Version.Equal(e.pkg.Version)) && slices.Contains(x.Dependencies, r.Name)
		})
		by, overridden := overridesOf(m.Overrides, e.pkg, r.Name)
		switch {
		case excluded:
		case !overridden:
			out = append(out, r)
		default:
			extra, optional := r.Marker.TopLevelExtra()
			for _, o := range by {
				if optional {
					o.Marker = marker.Extra(extra).And(o.Marker)
				}
				out = append(out, o)
			}
		}
	}
	return out
}

// overridesOf are the overrides of requirements of a package on a project; those
// for the package come before those for all.
func overridesOf(all []Override, p *Package, name pyname.Package) (by []Requirement, overridden bool) {
	for _, scoped := range [...]bool{true, false} {
		for i := range all {
			o := &all[i]
			if scoped != (o.Package != "") || scoped && (o.Package != p.Name || !o.Version.IsZero() && !o.Version.Equal(p.Version)) {
				continue
			}
			for _, r := range o.Requirements {
				if r.Name == name {
					by, overridden = append(by, r), true
				}
			}
		}
		if overridden {
			break
		}
	}
	return by, overridden
}

// under are requirements with what is left of their markers, without those that
// never count.
func (e *edgeCheck) under(all []Requirement, condition func(marker.Tree) marker.Tree) []Requirement {
	var out []Requirement
	for _, r := range all {
		if r.Marker = condition(r.Marker).And(e.domain); !r.Marker.IsFalse() {
			out = append(out, r)
		}
	}
	return out
}

// optional are the requirements that an extra adds.
func (e *edgeCheck) optional(all []Requirement, extra pyname.Extra) []Requirement {
	var own []Requirement
	for _, r := range all {
		if slices.Contains(r.Marker.Extras(), extra) {
			own = append(own, r)
		}
	}
	return e.under(own, func(m marker.Tree) marker.Tree {
		return m.SimplifyExtras([]pyname.Extra{extra}).SimplifyNotExtrasWith(func(x pyname.Extra) bool { return x != extra })
	})
}

// A need is a project, or one of its extras.
type need struct {
	name  pyname.Package
	extra pyname.Extra
}

func (n need) String() string {
	if n.extra == "" {
		return string(n.name)
	}
	return string(n.name) + "[" + string(n.extra) + "]"
}

// compare holds dependencies against requirements. where says of what.
func (e *edgeCheck) compare(where string, was []Dependency, is []Requirement) string {
	before, now := map[need]marker.Tree{}, map[need]marker.Tree{}
	add := func(to map[need]marker.Tree, name pyname.Package, extras []pyname.Extra, m marker.Tree) {
		for _, x := range append([]pyname.Extra{""}, extras...) {
			known, ok := to[need{name, x}]
			if !ok {
				known = marker.False()
			}
			if m := m.And(e.lock.having(name, x)); !m.IsFalse() {
				to[need{name, x}] = known.Or(m)
			}
		}
	}
	for i := range was {
		d := &was[i]
		add(before, e.lock.Packages[d.To].Name, d.Extras, e.holds(d))
	}
	for i := range is {
		add(now, is[i].Name, is[i].Extras, is[i].Marker)
	}
	var added, removed []string
	for n, m := range now {
		if old, ok := before[n]; !ok || m != old {
			added = append(added, n.String())
		}
	}
	for n, m := range before {
		if _, ok := now[n]; !ok && !m.IsFalse() {
			removed = append(removed, n.String())
		}
	}
	if len(added)+len(removed) > 0 {
		slices.Sort(added)
		slices.Sort(removed)
		return fmt.Sprintf("the requirements of `%s`%s changed: %s", e.pkg.Name, where, changes(added, removed))
	}
	return e.met(where, was, is)
}

// having is where the package of a name has an extra. What an extra without
// dependencies of its own is asked for is not in a lock.
func (l *Lock) having(name pyname.Package, extra pyname.Extra) marker.Tree {
	if extra == "" {
		return marker.True()
	}
	out := marker.False()
	first, end := l.Named(name)
	for i := first; i < end; i++ {
		if p := &l.Packages[i]; p.HasExtra(extra) {
			out = out.Or(l.domain(p))
		}
	}
	return out
}

// holds is where a dependency counts; which conflicting extras are active does
// not matter.
func (e *edgeCheck) holds(d *Dependency) marker.Tree {
	return e.lock.RequiresPython.Complexify(d.Marker).WithoutExtras().And(e.domain)
}

// met demands that what the lock has is what requirements ask for.
func (e *edgeCheck) met(where string, was []Dependency, is []Requirement) string {
	for i := range is {
		r := &is[i]
		if !r.Source.IsRegistry() {
			e.declare(r)
		}
		for j := range was {
			p := &e.lock.Packages[was[j].To]
			if p.Name == r.Name && !e.holds(&was[j]).Disjoint(r.Marker) && !e.admits(r, p) {
				r.Marker = e.lock.RequiresPython.Simplify(r.Marker)
				return fmt.Sprintf("the requirements of `%s`%s changed: added `%s`", e.pkg.Name, where, r)
			}
		}
	}
	return ""
}

// admits reports whether a package is one that a requirement asks for.
func (c *contentCheck) admits(r *Requirement, p *Package) bool {
	if r.Source.IsRegistry() {
		return (p.Version.IsZero() || len(r.Specifiers) == 0 || r.Specifiers.Contains(p.Version)) &&
			(r.Source.Location == "" || !p.Source.IsRegistry() || c.place(r.Source) == c.place(p.Source))
	}
	return c.place(r.Source) == c.place(p.Source)
}

// place is a source in the form in which places are compared: how a tree is
// installed, and the commit that a reference has led to, do not matter.
func (c *contentCheck) place(s Source) Source {
	s.Reference.Commit = ""
	switch {
	case s.Kind == URL:
		s.Location = withoutCredentials(s.Location)
	case s.IsRegistry() && s.Kind == Registry:
	default:
		if s.Kind != Git {
			s.Location = s.Absolute(c.want.Root)
		}
		if s.IsTree() {
			s.Kind = Directory
		}
	}
	return s
}

// declare takes note of a requirement that says where a project is.
func (c *contentCheck) declare(r *Requirement) {
	if c.declared == nil {
		c.declared = map[pyname.Package][]Source{}
	}
	c.declared[r.Name] = append(c.declared[r.Name], c.place(r.Source))
}

// declareManifest takes note of what belongs to no member.
func (c *contentCheck) declareManifest() {
	m := &c.want.Manifest
	lists := [][]Requirement{m.Requirements, m.Constraints}
	for i := range m.Overrides {
		lists = append(lists, m.Overrides[i].Requirements)
	}
	for i := range m.Groups {
		lists = append(lists, m.Groups[i].Requirements)
	}
	for _, all := range lists {
		for i := range all {
			if !all[i].Source.IsRegistry() {
				c.declare(&all[i])
			}
		}
	}
}

// trust takes the direct sources of what a package needs for declared, because
// the package is not looked into.
func (c *contentCheck) trust(p *Package) {
	if !c.free {
		return
	}
	lists := [][]Dependency{p.Dependencies}
	for _, x := range p.Extras {
		lists = append(lists, x.Dependencies)
	}
	for _, all := range lists {
		for _, d := range all {
			to := &c.lock.Packages[d.To]
			c.declare(&Requirement{Name: to.Name, Source: to.Source})
		}
	}
}

// undeclared says which package is from a place that nobody names any more.
func (c *contentCheck) undeclared() string {
	for at, seen := range c.seen {
		p := &c.lock.Packages[at]
		if !seen || p.Source.IsRegistry() || c.isMember(p.Name) || slices.Contains(c.declared[p.Name], c.place(p.Source)) {
			continue
		}
		return fmt.Sprintf("nothing asks for `%s` from `%s` any more", p.Name, p.Source.Text())
	}
	return ""
}

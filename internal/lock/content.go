package lock

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
)

// A contentCheck holds the packages of a lock against what they are made from.
type contentCheck struct {
	ctx   context.Context
	lock  *Lock
	want  *Want
	local LocalMetadata

	allowed map[Source]bool // registries; nil is any
	// free is set if packages without metadata are held against what they need;
	// declared are then the places that requirements name.
	free     bool
	declared map[pyname.Package][]Source
	seen     []bool
	queue    []int
}

// run returns why the lock does not fit, or "".
func (c *contentCheck) run() (string, error) {
	for _, check := range [...]func() string{c.members, c.manifest} {
		if reason := check(); reason != "" {
			return reason, nil
		}
	}
	c.allowIndexes()
	if c.free = c.want.MetadataFree && c.lock.Revision >= MetadataFree; c.free {
		c.declareManifest()
	}
	if reason := c.start(); reason != "" {
		return reason, nil
	}
	for len(c.queue) > 0 {
		p := &c.lock.Packages[c.queue[0]]
		c.queue = c.queue[1:]
		reason, err := c.pkg(p)
		if err != nil || reason != "" {
			return reason, err
		}
		if p.Source.IsImmutable() {
			c.trust(p)
			continue
		}
		c.push(p.Dependencies)
		for _, e := range p.Extras {
			c.push(e.Dependencies)
		}
		for _, g := range p.Groups {
			c.push(g.Dependencies)
		}
	}
	if c.free && !c.want.Agreed {
		return c.undeclared(), nil
	}
	return "", nil
}

func (c *contentCheck) push(all []Dependency) {
	for _, d := range all {
		c.visit(d.To)
	}
}

func (c *contentCheck) visit(at int) {
	if !c.seen[at] {
		c.seen[at] = true
		c.queue = append(c.queue, at)
	}
}

// members compares the projects of the workspace, and how each is installed.
func (c *contentCheck) members() string {
	was, is := c.lock.Manifest.Members, c.want.Manifest.Members
	if added, removed := without(is, was), without(was, is); len(added)+len(removed) > 0 {
		return "the members of the workspace changed: " + changes(added, removed)
	}
	for _, m := range c.want.Members {
		is := sourceOf(&m.Source, c.want.Root).Kind
		p := c.lock.Only(m.Name)
		if p == nil {
			return fmt.Sprintf("the project `%s` is missing", m.Name)
		}
		if p.Source.Kind != is && (is >= Editable || p.Source.Kind >= Editable) {
			return fmt.Sprintf("the project `%s` is now `%s`, it was `%s`", m.Name, sourceKeys[is], p.Source.Key())
		}
	}
	return ""
}

// without are the elements of a that are not in b.
func without[T comparable](a, b []T) []T {
	var out []T
	for _, x := range a {
		if !slices.Contains(b, x) {
			out = append(out, x)
		}
	}
	return out
}

// changes lists what was added and removed.
func changes[T any](added, removed []T) string {
	text := ""
	for _, list := range []struct {
		word string
		all  []T
	}{{"added", added}, {"removed", removed}} {
		for i, x := range list.all {
			switch {
			case i == 0 && text != "":
				text += "; "
			case i > 0:
				text += ", "
			}
			if i == 0 {
				text += list.word + " "
			}
			text += fmt.Sprintf("`%v`", x)
		}
	}
	return text
}

// manifest compares what belongs to no member.
func (c *contentCheck) manifest() string {
	was, is := &c.lock.Manifest, &c.want.Manifest
	for _, list := range []struct {
		name    string
		was, is []Requirement
	}{
		{"the requirements", was.Requirements, is.Requirements},
		{"`constraint-dependencies`", was.Constraints, is.Constraints},
		{"`build-constraint-dependencies`", was.BuildConstraints, is.BuildConstraints},
	} {
		if text := c.requirementChange(list.was, list.is); text != "" {
			return list.name + " changed: " + text
		}
	}
	if text := c.overrideChange(was.Overrides, is.Overrides); text != "" {
		return text
	}
	if !slices.EqualFunc(was.Excludes, is.Excludes, sameExclude) {
		return "`exclude-dependencies` changed"
	}
	if text := c.groupChange("", was.Groups, is.Groups, false); text != "" {
		return text
	}
	if !slices.EqualFunc(was.Metadata, is.Metadata, sameMetadata) {
		return "`dependency-metadata` changed"
	}
	return ""
}

func sameMetadata(a, b StaticMetadata) bool {
	return a.Name == b.Name && compareVersions(a.Version, b.Version) == 0 && slices.Equal(a.RequiresDist, b.RequiresDist) &&
		a.RequiresPython == b.RequiresPython && slices.Equal(a.ProvidesExtras, b.ProvidesExtras)
}

func (c *contentCheck) overrideChange(was, is []Override) string {
	same := func(a, b Override) bool {
		return compareScopes(a.Package, b.Package, a.Version, b.Version) == 0 && c.requirementChange(a.Requirements, b.Requirements) == ""
	}
	if !slices.EqualFunc(was, is, same) {
		return "`override-dependencies` changed"
	}
	return ""
}

// groupChange compares dependency groups. Empty ones count for newer locks only,
// and not for those of a root that is no project.
func (c *contentCheck) groupChange(owner string, was, is []Group, empty bool) string {
	drop := func(all []Group) map[pyname.Group][]Requirement {
		out := map[pyname.Group][]Requirement{}
		for _, g := range all {
			if empty || len(g.Requirements) > 0 {
				out[g.Name] = g.Requirements
			}
		}
		return out
	}
	before, now := drop(was), drop(is)
	before2, now2 := slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(now))
	if added, removed := without(now2, before2), without(before2, now2); len(added)+len(removed) > 0 {
		return "the dependency groups" + owner + " changed: " + changes(added, removed)
	}
	for _, name := range now2 {
		if text := c.requirementChange(before[name], now[name]); text != "" {
			return fmt.Sprintf("the dependency group `%s`%s changed: %s", name, owner, text)
		}
	}
	return ""
}

// requirementChange says how two lists of requirements differ, or "".
func (c *contentCheck) requirementChange(was, is []Requirement) string {
	if sameRequirements(was, is) {
		return ""
	}
	before, now := c.normal(was), c.normal(is)
	if sameRequirements(before, now) {
		return ""
	}
	has := func(all []Requirement, r *Requirement) bool {
		return slices.ContainsFunc(all, func(o Requirement) bool { return o.Compare(r) == 0 })
	}
	var added, removed []string
	for i := range now {
		if !has(before, &now[i]) {
			added = append(added, now[i].String())
		}
	}
	for i := range before {
		if !has(now, &before[i]) {
			removed = append(removed, before[i].String())
		}
	}
	return changes(added, removed)
}

// normal are requirements in the form in which they are compared: paths are
// absolute, and markers leave out what requires-python says.
func (c *contentCheck) normal(all []Requirement) []Requirement {
	out := slices.Clone(all)
	for i := range out {
		r := &out[i]
		r.Marker = c.lock.RequiresPython.Simplify(r.Marker)
		r.Extras = slices.Sorted(slices.Values(r.Extras))
		r.Groups = slices.Sorted(slices.Values(r.Groups))
		r.Specifiers = r.Specifiers.Sorted()
		if r.Source.IsLocal() {
			r.Source.Location = r.Source.Absolute(c.want.Root)
		}
		if r.Source.Kind == URL {
			r.Source.Location = withoutCredentials(r.Source.Location)
		}
		r.Source.Reference.Commit = ""
	}
	return sortRequirements(out)
}

// allowIndexes collects the registries that may be used.
func (c *contentCheck) allowIndexes() {
	if c.want.Indexes == nil {
		return
	}
	c.allowed = map[Source]bool{}
	l := c.want.Indexes
	if !l.NoIndex {
		hasDefault := false
		for i := range l.Indexes {
			if x := &l.Indexes[i]; !x.Default || !hasDefault { // the first default is asked in place of the others
				c.allow(x.Location())
				hasDefault = hasDefault || x.Default
			}
		}
		for i := range l.Torch {
			c.allow(l.Torch[i].Location())
		}
	}
	for i := range l.FindLinks {
		c.allow(l.FindLinks[i].Location())
	}
	for _, list := range [][]Requirement{c.want.Manifest.Requirements} {
		c.allowOf(list)
	}
	for _, g := range c.want.Manifest.Groups {
		c.allowOf(g.Requirements)
	}
}

// allow adds a registry, by where it is.
func (c *contentCheck) allow(location string) {
	if dir, local := fileURLPath(location); local {
		c.allowed[Source{Kind: RegistryPath, Location: dir}] = true
		return
	}
	c.allowed[Source{Kind: Registry, Location: canonicalURL(withoutCredentials(location))}] = true
}

// allowOf adds the registries that requirements name.
func (c *contentCheck) allowOf(all []Requirement) {
	if c.allowed == nil {
		return
	}
	for i := range all {
		if s := all[i].Source; s.IsRegistry() && s.Location != "" {
			c.allow(s.Location)
		}
	}
}

func (c *contentCheck) isAllowed(s Source) bool {
	if c.allowed == nil {
		return true
	}
	if s.Kind == RegistryPath {
		s.Location = s.Absolute(c.want.Root)
	}
	return c.allowed[s]
}

// start puts the members and what else is asked for directly into the queue.
func (c *contentCheck) start() string {
	c.seen = make([]bool, len(c.lock.Packages))
	for _, m := range c.want.Members {
		first, end := c.lock.Named(m.Name)
		if first == end {
			return fmt.Sprintf("the project `%s` is missing", m.Name)
		}
		c.visit(first)
	}
	c.startFrom(c.want.Manifest.Requirements)
	for _, g := range c.want.Manifest.Groups {
		c.startFrom(g.Requirements)
	}
	return ""
}

// startFrom visits the source trees that requirements lead to here.
func (c *contentCheck) startFrom(all []Requirement) {
	for i := range all {
		first, end := c.lock.Named(all[i].Name)
		for at := first; at < end; at++ {
			p := &c.lock.Packages[at]
			if !p.Source.IsTree() {
				continue
			}
			m := all[i].Marker
			if len(p.Forks) > 0 {
				forks := marker.False()
				for _, f := range p.Forks {
					forks = forks.Or(f.WithoutExtras())
				}
				m = m.And(forks)
			}
			if !m.IsFalse() && (c.want.Env == nil || m.Evaluate(c.want.Env, nil)) {
				c.visit(at)
			}
		}
	}
}

// pkg looks at one package.
func (c *contentCheck) pkg(p *Package) (string, error) {
	switch {
	case p.Source.IsRegistry() && !c.isAllowed(p.Source):
		return fmt.Sprintf("`%s==%s` is from the index `%s`, which is not used any more", p.Name, p.Version, p.Source.Text()), nil
	case p.Source.IsImmutable(), c.want.Agreed && p.Source.IsTree() && c.isMember(p.Name):
		return "", nil
	case p.Source.Kind == URL && c.want.Offline:
		c.trust(p)
		return "", nil
	case p.Version.IsZero() && !p.Source.IsTree():
		return fmt.Sprintf("`%s` has no version", p.Name), nil
	}
	d := p.dist(c.want.Root)
	reason := "unknown"
	if p.Source.IsTree() {
		m, dynamic, err := c.local.LocalMetadata(c.ctx, d)
		if err != nil {
			return "", err
		}
		if m != nil {
			reason = c.compare(p, m, dynamic)
			// A build backend may see requirements of its own where the version is
			// its to compute.
			if reason == "" || !p.Version.IsZero() && (dynamic || !m.Version.IsZero()) {
				return reason, nil
			}
		}
	}
	switch {
	case c.isStatic(p):
		d.Version = p.Version
	case c.want.NoBuild != nil && c.want.NoBuild(p.Name) && !p.Source.IsWheel():
		return "", &NoFileError{Package: p.ID(), NoBuild: true}
	}
	m, dynamic, err := c.local.BuiltMetadata(c.ctx, d)
	if err != nil {
		return "", err
	}
	return c.compare(p, m, dynamic), nil
}

// isStatic reports whether the settings say what this version of a package needs,
// so that nobody else has to be asked.
func (c *contentCheck) isStatic(p *Package) bool {
	return !p.Version.IsZero() && slices.ContainsFunc(c.want.Manifest.Metadata, func(s StaticMetadata) bool {
		return s.Name == p.Name && !s.Version.IsZero() && s.Version.Equal(p.Version)
	})
}

func (c *contentCheck) isMember(name pyname.Package) bool {
	_, ok := slices.BinarySearchFunc(c.want.Members, name, func(m Member, name pyname.Package) int {
		return strings.Compare(string(m.Name), string(name))
	})
	return ok
}

// compare holds a package against its metadata.
func (c *contentCheck) compare(p *Package, m *resolve.Metadata, dynamic bool) string {
	locked := !p.Version.IsZero()
	switch {
	case p.Source.IsTree() && dynamic && locked:
		return fmt.Sprintf("the version of `%s` is now computed when it is built", p.Name)
	case p.Source.IsTree() && !dynamic && !locked:
		return fmt.Sprintf("the version of `%s` is no longer computed when it is built", p.Name)
	case locked && !m.Version.Equal(p.Version):
		return fmt.Sprintf("the version of `%s` is now %s, it was %s", p.Name, m.Version, p.Version)
	}
	is := NewMetadata(m, c.want.Root)
	if c.free && p.Metadata.isEmpty() {
		reason := c.edges(p, m)
		if reason == "" {
			c.allowMetadata(&is)
		}
		return reason
	}
	if c.lock.Revision >= 1 {
		was, now := distinctSorted(p.Metadata.ProvidesExtras), distinctSorted(is.ProvidesExtras)
		if added, removed := without(now, was), without(was, now); len(added)+len(removed) > 0 {
			return fmt.Sprintf("the extras of `%s` changed: %s", p.Name, changes(added, removed))
		}
	}
	if text := c.requirementChange(p.Metadata.RequiresDist, is.RequiresDist); text != "" {
		if locked || c.requirementChange(p.Metadata.RequiresDist, flattened(is.RequiresDist, p.Name)) != "" {
			return fmt.Sprintf("the requirements of `%s` changed: %s", p.Name, text)
		}
	}
	if text := c.groupChange(" of `"+string(p.Name)+"`", p.Metadata.Groups, is.Groups, c.lock.Revision >= 1); text != "" {
		return text
	}
	c.allowMetadata(&is)
	return ""
}

// allowMetadata adds the registries that a package names.
func (c *contentCheck) allowMetadata(m *Metadata) {
	c.allowOf(m.RequiresDist)
	for _, g := range m.Groups {
		c.allowOf(g.Requirements)
	}
}

func distinctSorted(all []pyname.Extra) []pyname.Extra {
	return slices.Compact(slices.Sorted(slices.Values(all)))
}

// flattened are requirements where those of a project on extras of its own are
// replaced by what the extras ask for, as some build backends write them.
func flattened(all []Requirement, name pyname.Package) []Requirement {
	if !slices.ContainsFunc(all, func(r Requirement) bool { return r.Name == name }) {
		return all
	}
	var out []Requirement
	type reference struct {
		extra pyname.Extra
		under marker.Tree
	}
	var work []reference
	seen := map[reference]bool{}
	for _, r := range all {
		if r.Name != name {
			out = append(out, r)
			continue
		}
		for _, e := range r.Extras {
			work = append(work, reference{e, r.Marker})
		}
	}
	for len(work) > 0 {
		at := work[0]
		work = work[1:]
		if seen[at] {
			continue
		}
		seen[at] = true
		for _, r := range all {
			extra, ok := r.Marker.TopLevelExtra()
			if !ok || extra != at.extra {
				continue
			}
			under := r.Marker.SimplifyExtras([]pyname.Extra{extra}).And(at.under)
			if r.Name == name {
				for _, e := range r.Extras {
					work = append(work, reference{e, under})
				}
				continue
			}
			r.Marker = under
			out = append(out, r)
		}
	}
	return sortRequirements(out)
}

// String is the requirement as a user would write it.
func (r *Requirement) String() string {
	text := string(r.Name)
	for i, e := range r.Extras {
		text += "[,"[min(i, 1):][:1] + string(e)
	}
	if len(r.Extras) > 0 {
		text += "]"
	}
	switch r.Source.Kind {
	case Registry, RegistryPath:
		text += r.Specifiers.Join(",")
	case Git:
		text += " @ git+" + r.Source.gitText(true)
	default:
		text += " @ " + r.Source.Text()
	}
	if m := r.Marker.String(); m != "" {
		text += " ; " + m
	}
	if r.Source.IsRegistry() && r.Source.Location != "" {
		text += " (index: " + r.Source.Location + ")"
	}
	return text
}

package lock

import (
	"cmp"
	"slices"

	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

func (d *decoder) metadata(n *node, p *Package) {
	fields := d.fields(n)
	for i := range fields {
		switch f := &fields[i]; f.key {
		case "requires-dist":
			p.Metadata.RequiresDist = d.requirements(f)
		case "provides-extras":
			p.Metadata.ProvidesExtras = list(d, f, d.extra)
		case "requires-dev", "dependency-groups":
			p.Metadata.Groups = d.groups(f)
		}
	}
}

func (d *decoder) groups(n *node) []Group {
	return keyed(d, n, pyname.ParseGroup, func(name pyname.Group, n *node) Group {
		return Group{name, d.requirements(n)}
	}, func(g *Group) pyname.Group { return g.Name })
}

func (d *decoder) requirements(n *node) []Requirement {
	return sortRequirements(list(d, n, d.requirement))
}

func (d *decoder) requirement(n *node) (r Requirement) {
	fields := d.fields(n)
	for i := range fields {
		switch f := &fields[i]; f.key {
		case "name":
			r.Name = d.name(f)
		case "extras":
			r.Extras = list(d, f, d.extra)
		case "groups":
			r.Groups = list(d, f, d.group)
		case "marker":
			r.Marker = d.marker(f)
		case "specifier":
			r.Specifiers = parsed(d, f, pep440.ParseSpecifiers)
		case "index":
			r.Source.Location = d.str(f)
		case "conflict":
			r.Conflict = d.conflict(f)
		case "git":
			git, problem := parseGit(d.str(f))
			if problem != "" {
				d.fail(f, "%s", problem)
			}
			r.Source = git
		case "subdirectory":
			r.Source.Subdirectory = d.str(f)
		default:
			if kind, ok := directKind(f.key); ok {
				r.Source.Kind, r.Source.Location = kind, d.path(f, kind)
			}
		}
	}
	if r.Name == "" {
		d.fail(n, "missing field `name`")
	}
	return r
}

func (d *decoder) manifest(n *node) {
	m := &d.lock.Manifest
	fields := d.fields(n)
	for i := range fields {
		switch f := &fields[i]; f.key {
		case "members":
			m.Members = list(d, f, d.name)
			slices.Sort(m.Members)
			m.Members = slices.Compact(m.Members)
		case "requirements":
			m.Requirements = d.requirements(f)
		case "constraints":
			m.Constraints = d.requirements(f)
		case "overrides":
			m.Overrides = list(d, f, d.override)
			sortOverrides(m.Overrides)
		case "excludes":
			m.Excludes = list(d, f, d.exclude)
			sortExcludes(m.Excludes)
		case "build-constraints":
			m.BuildConstraints = d.requirements(f)
		case "dependency-groups":
			m.Groups = slices.DeleteFunc(d.groups(f), func(g Group) bool { return len(g.Requirements) == 0 })
		case "dependency-metadata":
			m.Metadata = list(d, f, d.staticMetadata)
			sortMetadata(m.Metadata)
		}
	}
}

// scope reads the package that an override or exclude is limited to.
func (d *decoder) scope(n *node) (name pyname.Package, version pep440.Version) {
	fields := d.fields(n)
	for i := range fields {
		switch f := &fields[i]; f.key {
		case "name":
			name = d.name(f)
		case "version":
			version = d.version(f)
		}
	}
	if name == "" {
		d.fail(n, "missing field `name`")
	}
	return name, version
}

func (d *decoder) override(n *node) (o Override) {
	scope := n.get("package")
	if n.kind != tableNode || scope == nil {
		o.Requirements = []Requirement{d.requirement(n)}
		return o
	}
	o.Package, o.Version = d.scope(scope)
	if all := n.get("dependencies"); all != nil {
		o.Requirements = list(d, all, d.requirement)
	}
	return o
}

func (d *decoder) exclude(n *node) (e Exclude) {
	if n.kind == stringNode {
		e.Dependencies = []pyname.Package{d.name(n)}
		return e
	}
	scope, all := n.get("package"), n.get("dependencies")
	if n.kind != tableNode || scope == nil || all == nil {
		d.fail(n, "expected a name, or a table with `package` and `dependencies`")
		return e
	}
	e.Package, e.Version = d.scope(scope)
	e.Dependencies = list(d, all, d.name)
	return e
}

func (d *decoder) staticMetadata(n *node) (m StaticMetadata) {
	fields := d.fields(n)
	for i := range fields {
		switch f := &fields[i]; f.key {
		case "name":
			m.Name = d.name(f)
		case "version":
			m.Version = d.version(f)
		case "requires-dist":
			m.RequiresDist = list(d, f, d.str)
		case "requires-python":
			m.RequiresPython = d.str(f)
		case "provides-extras", "provides-extra":
			m.ProvidesExtras = list(d, f, d.str)
		}
	}
	return m
}

// sortOverrides puts those that are limited to a package first.
func sortOverrides(all []Override) {
	slices.SortFunc(all, func(a, b Override) int {
		return cmp.Or(
			compareScopes(a.Package, b.Package, a.Version, b.Version),
			slices.CompareFunc(a.Requirements, b.Requirements, func(a, b Requirement) int { return a.Compare(&b) }),
		)
	})
}

func sortExcludes(all []Exclude) {
	slices.SortFunc(all, func(a, b Exclude) int {
		return cmp.Or(compareScopes(a.Package, b.Package, a.Version, b.Version), slices.Compare(a.Dependencies, b.Dependencies))
	})
}

func compareScopes(a, b pyname.Package, av, bv pep440.Version) int {
	if (a == "") != (b == "") {
		if a == "" {
			return 1
		}
		return -1
	}
	return cmp.Or(cmp.Compare(a, b), compareVersions(av, bv))
}

func sortMetadata(all []StaticMetadata) {
	slices.SortFunc(all, func(a, b StaticMetadata) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), compareVersions(a.Version, b.Version),
			slices.Compare(a.RequiresDist, b.RequiresDist), cmp.Compare(a.RequiresPython, b.RequiresPython),
			slices.Compare(a.ProvidesExtras, b.ProvidesExtras))
	})
}

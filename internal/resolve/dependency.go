package resolve

import (
	"slices"

	"github.com/tame-py/tame/internal/pubgrub"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// dependency is a requirement as the solver sees it.
type dependency struct {
	pkg pubgrub.Package
	set pep440.Set
	req *source.Requirement // nil for what a proxy needs
}

// isSingleton tells whether a dependency leaves one version by saying so: with
// `==`, that is, not with `>=1,<=1`.
func (d *dependency) isSingleton() bool {
	if _, one := d.set.Singleton(); !one || d.req == nil {
		return one
	}
	return slices.ContainsFunc(d.req.Source.Specifiers, func(s pep440.Specifier) bool {
		return s.Op == pep440.Equal || s.Op == pep440.ExactEqual
	})
}

// dependencies is what a version of a package needs, or why it can't be used.
type dependencies struct {
	list     []dependency
	unusable Unusable
}

// dependenciesOf returns what a version of a package needs in a fork. It waits
// for metadata.
func (r *resolution) dependenciesOf(f *fork, pkg pubgrub.Package, version pep440.Version) (dependencies, error) {
	n := r.nodes[pkg]
	switch n.kind {
	case rootNode:
		return r.convert(r.flatten(f, expansion{}, r.Manifest.Requirements, nil)), nil
	case projectNode:
		return r.projectDependencies(f, pkg, n, version)
	case extraProxy, groupProxy, markerProxy:
		return dependencies{list: r.proxyDependencies(n, version)}, nil
	}
	return dependencies{}, nil
}

// proxyDependencies returns what stands behind a proxy: at the same version the
// project and its extra, both also under the proxy's marker.
func (r *resolution) proxyDependencies(n node, version pep440.Version) []dependency {
	same := pep440.Exactly(version)
	list := make([]dependency, 0, 4)
	add := func(extra pyname.Extra, group pyname.Group, m marker.Tree) {
		pkg := r.nodeID(node{kind: projectNode, name: n.name, extra: extra, group: group, marker: m})
		list = append(list, dependency{pkg: pkg, set: same})
	}
	for _, m := range [...]marker.Tree{{}, n.marker} {
		switch n.kind {
		case extraProxy:
			add("", "", m)
			add(n.extra, "", m)
		case groupProxy:
			add("", n.group, m)
		case markerProxy:
			add("", "", m)
		}
		if n.marker.IsTrue() {
			break
		}
	}
	return list
}

func (r *resolution) projectDependencies(f *fork, pkg pubgrub.Package, n node, version pep440.Version) (dependencies, error) {
	if r.Options.NoDeps {
		return dependencies{}, nil
	}
	m, err := r.metadata(f, pkg, n.name, version)
	if err != nil {
		return dependencies{}, err
	}
	if m.Unusable.Reason != Usable {
		r.broken[brokenKey{n.name, version.Key()}] = m
		return dependencies{unusable: m.Unusable}, nil
	}
	if len(m.RequiresPython) > 0 && !f.python.Target.CoveredBy(m.RequiresPython) {
		return dependencies{unusable: Unusable{Reason: OtherPython, Python: m.RequiresPython}}, nil
	}
	e := expansion{of: owner{r.names[n.name], version}, extra: n.extra, group: n.group}
	return r.convert(r.flatten(f, e, m.Requires, m.Groups)), nil
}

// convert turns requirements into dependencies: one for each extra or group
// asked for, else one for the project. A requirement that no version can fulfil
// makes what has it unusable.
func (r *resolution) convert(requires []*source.Requirement) dependencies {
	out := dependencies{list: make([]dependency, 0, len(requires))}
	for _, req := range requires {
		set := pep440.Full()
		if !req.Source.IsDirect() && len(req.Source.Specifiers) > 0 {
			if set = req.Source.Specifiers.Set(); set.IsEmpty() {
				return dependencies{unusable: Unusable{Reason: Unsatisfiable, Requirement: req}}
			}
		}
		n := r.nameID(req.Name)
		m := req.Marker
		if !m.IsTrue() {
			m = m.SimplifyExtrasWith(func(pyname.Extra) bool { return true })
		}
		add := func(extra pyname.Extra, group pyname.Group) {
			out.list = append(out.list, dependency{r.required(n, extra, group, m), set, req})
		}
		// Where an extra is in a conflict, the project is a dependency of its own:
		// it is what the fork needs in which the extra is not active.
		if r.conflicting(req) {
			add("", "")
		}
		switch {
		case len(req.Extras) > 0:
			for _, extra := range req.Extras {
				add(extra, "")
			}
		case len(req.Groups) > 0:
			for _, group := range req.Groups {
				add("", group)
			}
		default:
			add("", "")
		}
	}
	return out
}

// conflicting tells whether an extra that a requirement asks for is in a
// conflict or, if it asks for none, a group.
func (r *resolution) conflicting(req *source.Requirement) bool {
	conflicts := r.Manifest.Conflicts
	if len(conflicts) == 0 {
		return false
	}
	if len(req.Extras) > 0 {
		return slices.ContainsFunc(req.Extras, func(e pyname.Extra) bool {
			return conflicts.Has(source.ConflictItem{Package: req.Name, Extra: e})
		})
	}
	return slices.ContainsFunc(req.Groups, func(g pyname.Group) bool {
		return conflicts.Has(source.ConflictItem{Package: req.Name, Group: g})
	})
}

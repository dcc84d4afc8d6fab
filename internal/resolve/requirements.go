package resolve

import (
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
)

// expansion says which requirements of a version are wanted: those it always
// has, those of an extra, or those of a group.
type expansion struct {
	of    owner
	extra pyname.Extra
	group pyname.Group
}

// flatten returns the requirements that an expansion has in a fork, in order,
// each followed by the constraints on its project. A project's extras that ask
// for other extras of the same project are replaced by what those ask for.
func (r *resolution) flatten(f *fork, e expansion, requires []source.Requirement, groups map[pyname.Group][]source.Requirement) []*source.Requirement {
	if e.group != "" {
		// A group may well require the project itself.
		return r.expand(f, e, groups[e.group])
	}
	out := r.expand(f, e, requires)
	if e.of.name == "" || !mentionsOwnExtra(e.of.name, requires) {
		return out
	}
	type wanted struct {
		extra pyname.Extra
		under marker.Tree
	}
	var queue []wanted
	for _, req := range out {
		if req.Name == e.of.name {
			for _, extra := range req.Extras {
				queue = append(queue, wanted{extra, req.Marker})
			}
		}
	}
	seen := map[wanted]bool{}
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		if seen[next] {
			continue
		}
		seen[next] = true
		for _, req := range r.expand(f, expansion{of: e.of, extra: next.extra}, requires) {
			m := next.under.And(req.Marker).SimplifyExtras([]pyname.Extra{next.extra})
			if req.Name == e.of.name {
				for _, extra := range req.Extras {
					queue = append(queue, wanted{extra, m})
				}
				continue
			}
			out = append(out, withMarker(req, m))
		}
	}
	return withoutOwnExtras(e.of.name, out)
}

func mentionsOwnExtra(own pyname.Package, requires []source.Requirement) bool {
	for i := range requires {
		if requires[i].Name == own && len(requires[i].Extras) > 0 {
			return true
		}
	}
	return false
}

// withoutOwnExtras drops what was replaced, but keeps the versions it asked
// for: with `name[a]>1` among the requirements of name, name itself is
// constrained.
func withoutOwnExtras(own pyname.Package, list []*source.Requirement) []*source.Requirement {
	var constraints []*source.Requirement
	for _, req := range list {
		if req.Name == own && (req.Source.IsDirect() || len(req.Source.Specifiers) > 0) {
			bare := *req
			bare.Extras = nil
			constraints = append(constraints, &bare)
		}
	}
	kept := list[:0]
	for _, req := range list {
		if req.Name != own || len(req.Extras) == 0 {
			kept = append(kept, req)
		}
	}
	return append(kept, constraints...)
}

// expand returns those of the requirements that an expansion has in a fork,
// after overrides and excludes, each followed by its constraints.
func (r *resolution) expand(f *fork, e expansion, requires []source.Requirement) []*source.Requirement {
	of := e.of
	if e.group != "" {
		of = owner{} // scoped overrides are about what a project requires, not its groups
	}
	out := make([]*source.Requirement, 0, len(requires))
	for req := range r.rules.override(of, requires) {
		if r.rules.excluded(e.of, req.Name) {
			continue
		}
		req = withMarker(req, r.markerFor(req.Marker, e.extra))
		// It is the required project's extra that uv asks about here, where the
		// extra of the one that requires it would be expected.
		if e.extra != "" && !f.scope.admitsItem(source.ConflictItem{Package: req.Name, Extra: e.extra}) {
			continue
		}
		if !r.applies(f, req.Marker) {
			continue
		}
		out = append(out, req)
		for _, c := range r.rules.constraints[req.Name] {
			if c, ok := r.constrain(f, e, req, c); ok {
				out = append(out, c)
			}
		}
	}
	return out
}

// constrain returns a constraint as it applies together with a requirement: only
// where both hold.
func (r *resolution) constrain(f *fork, e expansion, req, c *source.Requirement) (*source.Requirement, bool) {
	c = withMarker(c, c.Marker.And(req.Marker))
	if c.Marker.IsFalse() || !f.scope.admits(c.Marker) {
		return nil, false
	}
	if f.scope.env != nil {
		var active []pyname.Extra
		if e.extra != "" {
			active = []pyname.Extra{e.extra}
		}
		if !c.Marker.IsTrue() && !c.Marker.Evaluate(f.scope.env, active) {
			return nil, false
		}
	}
	return c, c.Marker.IsTrue() || !f.pythonMarker.Disjoint(c.Marker)
}

// extraMarker is the key of a remembered marker.
type extraMarker struct {
	m     marker.Tree
	extra pyname.Extra
}

// markerFor returns when a requirement holds on behalf of an extra or, without
// one, always: `x; os_name == 'nt' or extra == 'e'` is required on Windows by
// the project itself, and elsewhere by its extra e.
func (r *resolution) markerFor(m marker.Tree, extra pyname.Extra) marker.Tree {
	if m.IsTrue() {
		if extra != "" {
			return marker.False()
		}
		return m
	}
	key := extraMarker{m, extra}
	out, ok := r.markers[key]
	if ok {
		return out
	}
	out = m.SimplifyNotExtrasWith(func(pyname.Extra) bool { return true })
	if extra != "" {
		with := m.SimplifyExtras([]pyname.Extra{extra}).
			SimplifyNotExtrasWith(func(e pyname.Extra) bool { return e != extra })
		out = with.And(out.Not())
	}
	r.markers[key] = out
	return out
}

// applies tells whether a requirement under a marker matters in a fork.
func (r *resolution) applies(f *fork, m marker.Tree) bool {
	switch {
	case f.pythonMarker.IsFalse():
		return false // a fork for environments that no Python fits
	case m.IsTrue():
		return f.scope.admits(m)
	case m.IsFalse():
		return false
	}
	out, ok := f.applies[m]
	if !ok {
		out = (f.scope.env == nil || m.Evaluate(f.scope.env, nil)) &&
			!f.pythonMarker.Disjoint(m) && f.scope.admits(m)
		f.applies[m] = out
	}
	return out
}

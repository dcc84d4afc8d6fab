package resolve

import (
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
)

// Foreseen returns the projects that a resolution of requirements will ask for
// on the indexes searched by default, whatever the environment: those of which it
// can be told before one is known. Optional requirements count as if their extras
// were asked for.
//
// There are none if any requirement, constraint or override has a place of its
// own, other than the members of the workspace. Who has one may give others a place
// too, and a project must not be looked for where it does not belong.
func Foreseen(m *Manifest) []pyname.Package {
	special := map[pyname.Package]bool{m.Project: true}
	placed := func(list []source.Requirement) bool {
		for i := range list {
			if !m.Members[list[i].Name] && (list[i].Source.IsDirect() || list[i].Source.Index != "") {
				return true
			}
		}
		return false
	}
	if placed(m.Requirements) || placed(m.Constraints) {
		return nil
	}
	for i := range m.Overrides {
		o := &m.Overrides[i].Requirement
		if o.Source.IsDirect() || o.Source.Index != "" {
			return nil
		}
		special[o.Name] = true
	}
	for _, e := range m.Excludes {
		special[e.Dependency] = true
	}
	var out []pyname.Package
	for i := range m.Requirements {
		r := &m.Requirements[i]
		if special[r.Name] || m.Members[r.Name] || !unconditional(r.Marker) {
			continue
		}
		special[r.Name] = true // each once
		out = append(out, r.Name)
	}
	return out
}

// unconditional reports whether a marker holds in every environment, once the
// extra that it asks for is there.
func unconditional(m marker.Tree) bool {
	extra, ok := m.TopLevelExtra()
	return m.IsTrue() || ok && m == marker.Extra(extra)
}

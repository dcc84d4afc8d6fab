package workspace

import (
	"fmt"
	"slices"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// Lower applies the sources to what a member requires, according to its
// metadata, and to its dependency groups.
func (w *Workspace) Lower(m *Member, md *metadata.Metadata, o Options) (requires []source.Requirement, groups map[pyname.Group][]source.Requirement, err error) {
	sources, err := w.Sources(m, o)
	if err != nil {
		return nil, nil, err
	}
	list, err := m.Groups()
	if err != nil {
		return nil, nil, err
	}
	if err := sources.checkConditions(md, list); err != nil {
		return nil, nil, err
	}
	if requires, err = sources.LowerAll(md.RequiresDist, sources.Plain); err != nil {
		return nil, nil, err
	}
	if len(list) > 0 {
		groups = make(map[pyname.Group][]source.Requirement, len(list))
	}
	for _, g := range list {
		if groups[g.Name], err = sources.LowerGroup(g, sources.Plain); err != nil {
			return nil, nil, err
		}
	}
	return requires, groups, nil
}

// LowerGroup applies the sources to a dependency group.
func (s *Sources) LowerGroup(g Group, plain func(pep508.Requirement) (source.Requirement, error)) ([]source.Requirement, error) {
	out := make([]source.Requirement, 0, len(g.Requirements))
	for _, r := range g.Requirements {
		list, err := s.Lower(r, "", g.Name, plain)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// checkConditions demands that the extras and groups that sources are for
// exist, and require the project.
func (s *Sources) checkConditions(md *metadata.Metadata, groups Groups) error {
	for name, list := range s.table {
		for _, e := range list {
			if e.extra != "" {
				if err := checkExtra(name, e.extra, md); err != nil {
					return err
				}
			}
			if e.group != "" {
				if err := checkGroup(name, e.group, groups); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func checkExtra(name pyname.Package, extra pyname.Extra, md *metadata.Metadata) error {
	wrong := fmt.Sprintf("but the `%s` extra does not exist", extra)
	if slices.Contains(md.ProvidesExtra, extra) {
		wrong = fmt.Sprintf("but `%s` was not found under the `project.optional-dependencies` section for that extra", name)
	}
	for i := range md.RequiresDist {
		r := &md.RequiresDist[i]
		if r.Name != name {
			continue
		}
		if on, ok := r.Marker.TopLevelExtra(); ok && on == extra {
			return nil
		}
	}
	return fmt.Errorf("source entry for `%s` only applies to extra `%s`, %s. When an extra is present on a source (e.g., `extra = \"%s\"`), the relevant package must be included in the `project.optional-dependencies` section for that extra (e.g., `project.optional-dependencies = { \"%s\" = [\"%s\"] }`)",
		name, extra, wrong, extra, extra, name)
}

func checkGroup(name pyname.Package, group pyname.Group, groups Groups) error {
	wrong := fmt.Sprintf("but the `%s` group does not exist", group)
	if g, ok := groups.Get(group); ok {
		if slices.ContainsFunc(g.Requirements, func(r pep508.Requirement) bool { return r.Name == name }) {
			return nil
		}
		wrong = fmt.Sprintf("but `%s` was not found under the `dependency-groups` section for that group", name)
	}
	return fmt.Errorf("source entry for `%s` only applies to dependency group `%s`, %s. When a group is present on a source (e.g., `group = \"%s\"`), the relevant package must be included in the `dependency-groups` section for that extra (e.g., `dependency-groups = { \"%s\" = [\"%s\"] }`)",
		name, group, wrong, group, group, name)
}

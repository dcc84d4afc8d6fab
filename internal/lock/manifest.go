package lock

import (
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pyname"
)

// ManifestInput is what was asked for, in the terms of a resolution.
type ManifestInput struct {
	Members []pyname.Package
	// Requirements and Groups belong to no member.
	Requirements     []source.Requirement
	Groups           map[pyname.Group][]source.Requirement
	Constraints      []source.Requirement
	Overrides        []resolve.Override
	Excludes         []resolve.Exclude
	BuildConstraints []source.Requirement
	Metadata         []StaticMetadata
}

// NewManifest is what was asked for, as the lock in the folder root has it.
func NewManifest(in ManifestInput, root string) Manifest {
	m := Manifest{
		Members:          slices.Compact(slices.Sorted(slices.Values(in.Members))),
		Requirements:     FromSources(in.Requirements, root),
		Constraints:      FromSources(in.Constraints, root),
		BuildConstraints: FromSources(in.BuildConstraints, root),
		Metadata:         slices.Clone(in.Metadata),
	}
	for name, all := range in.Groups {
		if len(all) > 0 {
			m.Groups = append(m.Groups, Group{name, FromSources(all, root)})
		}
	}
	slices.SortFunc(m.Groups, func(a, b Group) int { return strings.Compare(string(a.Name), string(b.Name)) })
	for i := range in.Overrides {
		m.addOverride(&in.Overrides[i], root)
	}
	sortOverrides(m.Overrides)
	m.Overrides = slices.CompactFunc(m.Overrides, sameOverride)
	for _, e := range in.Excludes {
		m.addExclude(e)
	}
	sortExcludes(m.Excludes)
	m.Excludes = slices.CompactFunc(m.Excludes, sameExclude)
	sortMetadata(m.Metadata)
	return m
}

// addOverride adds an override; those with the same scope that follow each other
// are one.
func (m *Manifest) addOverride(o *resolve.Override, root string) {
	r := FromSource(&o.Requirement, root)
	if n := len(m.Overrides); o.Package != "" && n > 0 {
		if last := &m.Overrides[n-1]; last.Package == o.Package && compareVersions(last.Version, o.Version) == 0 {
			last.Requirements = append(last.Requirements, r)
			return
		}
	}
	m.Overrides = append(m.Overrides, Override{o.Package, o.Version, []Requirement{r}})
}

func (m *Manifest) addExclude(e resolve.Exclude) {
	if n := len(m.Excludes); e.Package != "" && n > 0 {
		if last := &m.Excludes[n-1]; last.Package == e.Package && compareVersions(last.Version, e.Version) == 0 {
			last.Dependencies = append(last.Dependencies, e.Dependency)
			return
		}
	}
	m.Excludes = append(m.Excludes, Exclude{e.Package, e.Version, []pyname.Package{e.Dependency}})
}

func sameOverride(a, b Override) bool {
	return compareScopes(a.Package, b.Package, a.Version, b.Version) == 0 && sameRequirements(a.Requirements, b.Requirements)
}

func sameExclude(a, b Exclude) bool {
	return compareScopes(a.Package, b.Package, a.Version, b.Version) == 0 && slices.Equal(a.Dependencies, b.Dependencies)
}

func sameRequirements(a, b []Requirement) bool {
	return slices.EqualFunc(a, b, func(a, b Requirement) bool { return a.Compare(&b) == 0 })
}

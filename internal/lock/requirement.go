package lock

import (
	"cmp"
	"slices"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// A Requirement is what a project asks for, in the form of the file.
type Requirement struct {
	Name   pyname.Package
	Extras []pyname.Extra
	Groups []pyname.Group
	Marker marker.Tree
	// Source is of kind Registry unless the requirement names one distribution.
	// Its Location is then the index that must be used, or "".
	Source     Source
	Specifiers pep440.Specifiers
	// Conflict is set if the index counts for one extra or group.
	Conflict source.ConflictItem
}

// Compare orders requirements as a lock does.
func (r *Requirement) Compare(o *Requirement) int {
	if c := cmp.Compare(r.Name, o.Name); c != 0 {
		return c // nearly always; what follows is all computed before it is looked at
	}
	return cmp.Or(
		slices.Compare(r.Extras, o.Extras),
		slices.Compare(r.Groups, o.Groups),
		r.Marker.Compare(o.Marker),
		cmp.Compare(sourceRank(r.Source), sourceRank(o.Source)),
		slices.CompareFunc(r.Specifiers.Sorted(), o.Specifiers.Sorted(), compareSpecifiers),
		cmp.Compare(r.Source.Location, o.Source.Location),
		r.Conflict.Compare(o.Conflict),
		cmp.Compare(r.Source.gitText(true), o.Source.gitText(true)),
		cmp.Compare(r.Source.Kind, o.Source.Kind),
	)
}

// sourceRank orders kinds of requirements, which is not how those of packages are
// ordered.
func sourceRank(s Source) int {
	switch s.Kind {
	case Registry, RegistryPath:
		return 0
	case URL:
		return 1
	case Git:
		if s.Archive == "" {
			return 2
		}
		return 3
	case Path:
		return 4
	}
	return 5
}

// compareSpecifiers orders by operator, then by version.
func compareSpecifiers(a, b pep440.Specifier) int {
	return cmp.Or(cmp.Compare(a.Op, b.Op), a.Version.Compare(b.Version), a.Compare(b))
}

// sortRequirements sorts a set of requirements.
func sortRequirements(all []Requirement) []Requirement {
	if isRequirementSet(all) {
		return all // as in all locks that a tool wrote
	}
	slices.SortFunc(all, func(a, b Requirement) int { return a.Compare(&b) })
	return slices.CompactFunc(all, func(a, b Requirement) bool { return a.Compare(&b) == 0 })
}

// isRequirementSet reports whether requirements are sorted, each there once.
func isRequirementSet(all []Requirement) bool {
	for i := 1; i < len(all); i++ {
		if all[i-1].Compare(&all[i]) >= 0 {
			return false
		}
	}
	return true
}

// FromSource is a requirement as the lock in the folder root has it.
func FromSource(r *source.Requirement, root string) Requirement {
	out := Requirement{Name: r.Name, Extras: r.Extras, Groups: r.Groups, Marker: r.Marker}
	s := &r.Source
	switch s.Kind {
	case source.Registry:
		out.Source = Source{Kind: Registry}
		if s.Index != "" {
			out.Source.Location = canonicalURL(withoutCredentials(s.Index))
		}
		out.Specifiers = s.Specifiers.Sorted()
	default:
		out.Source = sourceOf(s, root)
		out.Source.Reference.Commit = "" // what a rev leads to is for packages
	}
	return out
}

// sourceOf is a direct source as the lock in the folder root has it.
func sourceOf(s *source.Source, root string) Source {
	given := s.Given
	if s.Written != "" {
		given = "" // a path in a variable is one of this machine
	}
	switch s.Kind {
	case source.Git:
		return Source{Kind: Git, Location: withoutCredentials(s.Location), Subdirectory: slashed(s.Subdirectory), Archive: s.Archive, Reference: s.Reference}
	case source.URL:
		// What the user put into the URL is needed to follow it.
		return Source{Kind: URL, Location: canonicalURL(s.Location), Subdirectory: slashed(s.Subdirectory)}
	case source.Path:
		return Source{Kind: Path, Location: relative(root, s.Location, given)}
	}
	out := Source{Kind: Directory, Location: relative(root, s.Location, given)}
	switch {
	case s.Editable:
		out.Kind = Editable
	case s.Virtual:
		out.Kind = Virtual
	}
	return out
}

package lock

import (
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/marker"
)

// TOML is the requirement as an inline table, the form that locks and the
// receipts of tools have it in.
func (r *Requirement) TOML() string {
	w := &writer{markers: map[marker.Tree]string{}}
	w.requirement(r)
	return string(w.out)
}

// RequirementOf reads what [Requirement.TOML] writes. The error is a *toml.Error.
func RequirementOf(doc *toml.Document, v *toml.Value) (Requirement, error) {
	n := nodeOf("", v)
	d := decoder{lock: &Lock{}, markers: map[string]marker.Tree{}}
	r := d.requirement(&n)
	if d.fault != nil {
		return r, d.fault.error(doc)
	}
	return r, nil
}

// ToSource is the requirement in the terms of the program; relative paths in it
// are relative to root.
func (r *Requirement) ToSource(root string) source.Requirement {
	out := source.Requirement{Name: r.Name, Extras: r.Extras, Groups: r.Groups, Marker: r.Marker}
	s := &out.Source
	switch r.Source.Kind {
	case Registry, RegistryPath:
		*s = source.Source{Kind: source.Registry, Specifiers: r.Specifiers, Index: r.Source.Location}
	case Git:
		*s = source.Source{
			Kind: source.Git, Location: r.Source.Location, Given: r.Source.pep508(), Subdirectory: r.Source.Subdirectory,
			Archive: r.Source.Archive, Reference: r.Source.Reference,
		}
	case URL:
		*s = source.Source{Kind: source.URL, Location: r.Source.Location, Given: r.Source.Location, Subdirectory: r.Source.Subdirectory}
		if s.Subdirectory != "" {
			s.Given += "#subdirectory=" + s.Subdirectory
		}
	case Path:
		*s = source.Source{Kind: source.Path, Location: r.Source.Absolute(root)}
	default:
		*s = source.Source{
			Kind: source.Directory, Location: r.Source.Absolute(root),
			Editable: r.Source.Kind == Editable, Virtual: r.Source.Kind == Virtual,
		}
	}
	return out
}

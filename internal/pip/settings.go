package pip

import (
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// Settings are requirements among a project's settings ([tool.uv]), which
// join those of the command line.
type Settings struct {
	Constraints, BuildConstraints []pep508.Requirement
	Overrides                     []ScopedOverride
	Excludes                      []ScopedExclude
	// Upgrades are the requirements of --upgrade-package, which may say how
	// far.
	Upgrades []pep508.Requirement
}

// A Scope limits a setting to the dependencies of a project, or of one version
// of it. The zero Scope is no limit.
type Scope struct {
	Name    pyname.Package
	Version pep440.Version
}

// A ScopedOverride replaces requirements within a scope.
type ScopedOverride struct {
	Scope        Scope
	Requirements []pep508.Requirement
}

// A ScopedExclude drops requirements within a scope.
type ScopedExclude struct {
	Scope Scope
	Names []pyname.Package
}

// AddSettings adds the requirements of settings.
func (in *Inputs) AddSettings(s Settings) error {
	for _, part := range []struct {
		list    []pep508.Requirement
		into    *[]Input
		setting bool
	}{{s.Constraints, &in.Constraints, true}, {s.Upgrades, &in.Constraints, false}, {s.BuildConstraints, &in.BuildConstraints, true}} {
		for _, r := range part.list {
			req, err := source.FromPEP508(r)
			if err != nil {
				return err
			}
			req.Origin = source.Origin{Role: source.Constraint, Settings: part.setting}
			*part.into = append(*part.into, Input{Requirement: req, Given: r.String()})
		}
	}
	for _, o := range s.Overrides {
		if o.Scope != (Scope{}) {
			in.Scoped.Overrides = append(in.Scoped.Overrides, o)
			continue
		}
		for _, r := range o.Requirements {
			req, err := source.FromPEP508(r)
			if err != nil {
				return err
			}
			req.Origin = source.Origin{Role: source.Override, Settings: true}
			in.Overrides = append(in.Overrides, Input{Requirement: req, Given: r.String()})
		}
	}
	for _, e := range s.Excludes {
		if e.Scope != (Scope{}) {
			in.Scoped.Excludes = append(in.Scoped.Excludes, e)
			continue
		}
		in.Excludes = append(in.Excludes, e.Names...)
	}
	return nil
}

// addScoped puts the scoped settings in the resolver's terms.
func (in *Inputs) addScoped(m *resolve.Manifest) error {
	for _, o := range in.Scoped.Overrides {
		for _, r := range o.Requirements {
			req, err := source.FromPEP508(r)
			if err != nil {
				return err
			}
			m.Overrides = append(m.Overrides, resolve.Override{Package: o.Scope.Name, Version: o.Scope.Version, Requirement: req})
		}
	}
	for _, e := range in.Scoped.Excludes {
		for _, name := range e.Names {
			m.Excludes = append(m.Excludes, resolve.Exclude{Package: e.Scope.Name, Version: e.Scope.Version, Dependency: name})
		}
	}
	return nil
}

package install

import (
	"slices"

	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/tags"
)

// DiagnoseOptions tell what installed distributions must fit.
type DiagnoseOptions struct {
	// Env are the values of markers. It must not be nil.
	Env *marker.Env
	// Tags are those of the environment. They must not be nil.
	Tags *tags.Set
	// Python is the version to tell of as installed, if Env is that of another
	// one; zero is that of Env.
	Python pep440.Version
	// Metadata replaces the metadata of a distribution, if it is not nil and
	// returns something.
	Metadata func(*Installed) *metadata.Metadata
}

// Diagnose looks for what is wrong with the installed distributions: several of
// one project, files that cannot be read, the wrong Python or platform, and
// dependencies that are not met. The answers are in order of the packages'
// names.
func (s *Site) Diagnose(opts DiagnoseOptions) []Diagnostic {
	names := make([]pyname.Package, 0, len(s.byName))
	for name := range s.byName {
		names = append(names, name)
	}
	slices.Sort(names)
	var out []Diagnostic
	for _, name := range names {
		list := s.byName[name]
		if len(list) == 1 {
			out = s.diagnose(out, list[0], &opts)
			continue
		}
		d := Diagnostic{Defect: DuplicatePackage, Package: name}
		for _, i := range list {
			d.Paths = append(d.Paths, i.installPath())
		}
		slices.Sort(d.Paths)
		out = append(out, d)
	}
	return out
}

// installPath is where the distribution's metadata lies.
func (i *Installed) installPath() string {
	if i.Kind == EggLink {
		return i.info[:len(i.info)-len("/PKG-INFO")]
	}
	return i.Path
}

// needs are the Python that a distribution needs, and the dependencies that
// apply.
func (opts *DiagnoseOptions) needs(i *Installed) (pep440.Specifiers, []pep508.Requirement, error) {
	if opts.Metadata != nil {
		if m := opts.Metadata(i); m != nil {
			return m.RequiresPython, applying(m, opts.Env, nil), nil
		}
	}
	python, err := i.RequiresPython()
	if err != nil {
		return nil, nil, err
	}
	list, err := i.Requires(opts.Env, nil)
	return python, list, err
}

func (s *Site) diagnose(out []Diagnostic, i *Installed, opts *DiagnoseOptions) []Diagnostic {
	wants, requires, err := opts.needs(i)
	if err != nil {
		return append(out, Diagnostic{Defect: MetadataUnavailable, Package: i.Name, Paths: []string{i.installPath()}})
	}
	if python := opts.Env.Python(); !wants.Contains(python) {
		if !opts.Python.IsZero() {
			python = opts.Python
		}
		out = append(out, Diagnostic{Defect: IncompatiblePython, Package: i.Name, Version: python, RequiresPython: wants})
	}
	list, err := i.Tags()
	switch {
	case err != nil:
		out = append(out, Diagnostic{Defect: TagsUnavailable, Package: i.Name, Paths: []string{i.installPath()}})
	case len(list) > 0 && !slices.ContainsFunc(list, func(c tags.Compressed) bool { return opts.Tags.Match(c).OK() }):
		out = append(out, Diagnostic{Defect: IncompatiblePlatform, Package: i.Name})
	}
	for _, r := range requires {
		found := s.byName[r.Name]
		switch {
		case len(found) == 0:
			out = append(out, Diagnostic{Defect: MissingDependency, Package: i.Name, Requirement: r})
		case len(found) == 1 && !meets(r.Specifiers, found[0].Version):
			out = append(out, Diagnostic{Defect: IncompatibleDependency, Package: i.Name, Requirement: r, Version: found[0].Version})
		}
	}
	return out
}

// meets tells whether a version is among the specified ones, of which there are
// none if a URL is required.
func meets(s pep440.Specifiers, v pep440.Version) bool { return len(s) == 0 || s.Contains(v) }

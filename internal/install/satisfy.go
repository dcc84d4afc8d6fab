package install

import (
	"fmt"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// SatisfyOptions tell what requirements are compared with.
type SatisfyOptions struct {
	Checker Checker
	// Env are the values of markers. It must not be nil.
	Env *marker.Env
	// Constraints narrow what is required anyway.
	Constraints []source.Requirement
	// Dependencies changes the dependencies of a distribution, for overrides and
	// exclusions; for the requirements themselves it is called with nil. It may
	// be nil.
	Dependencies func(of *Installed, list []source.Requirement) []source.Requirement
}

// Satisfies tells whether what is installed answers requirements and all that
// follows from them, by the metadata of the installed distributions alone. If
// it does not, unmet is the first requirement that fails, as text. An error
// means that metadata could not be read.
func (s *Site) Satisfies(list []source.Requirement, opts SatisfyOptions) (unmet string, err error) {
	w := walk{site: s, opts: &opts, constraints: map[pyname.Package][]source.Requirement{}, seen: map[follows]bool{}}
	for _, c := range opts.Constraints {
		w.constraints[c.Name] = append(w.constraints[c.Name], c)
	}
	w.push(nil, list, nil)
	for len(w.stack) > 0 {
		r := w.stack[len(w.stack)-1]
		w.stack = w.stack[:len(w.stack)-1]
		if ok, err := w.visit(r); !ok || err != nil {
			return r.String(), err
		}
	}
	return "", nil
}

// A walk goes through requirements, and through those of each distribution with
// the same extras once.
type walk struct {
	site        *Site
	opts        *SatisfyOptions
	constraints map[pyname.Package][]source.Requirement
	stack       []source.Requirement
	seen        map[follows]bool
}

// follows is what the requirements of a distribution depend on.
type follows struct {
	of     *Installed
	extras string
}

// requires are the dependencies of a distribution: all of them where they may
// be changed before they are evaluated.
func (w *walk) requires(d *Installed, extras []pyname.Extra) ([]pep508.Requirement, error) {
	if w.opts.Dependencies == nil {
		return d.Requires(w.opts.Env, extras)
	}
	m, err := d.Metadata()
	if err != nil {
		return nil, err
	}
	return m.RequiresDist, nil
}

func (w *walk) push(of *Installed, list []source.Requirement, extras []pyname.Extra) {
	if w.opts.Dependencies != nil {
		list = w.opts.Dependencies(of, list)
	}
	for _, r := range list {
		if r.Marker.Evaluate(w.opts.Env, extras) {
			w.stack = append(w.stack, r)
		}
	}
}

// visit checks one requirement and takes up those of what answers it.
func (w *walk) visit(r source.Requirement) (bool, error) {
	installed := w.site.Get(r.Name)
	if len(installed) != 1 {
		return false, nil
	}
	d := installed[0]
	if w.opts.Checker.Check(d, r.Source, pep440.Version{}) != Satisfied {
		return false, nil
	}
	for _, c := range w.constraints[r.Name] {
		if c.Marker.Evaluate(w.opts.Env, nil) && w.opts.Checker.Check(d, c.Source, pep440.Version{}) != Satisfied {
			return false, nil
		}
	}
	of := follows{of: d}
	if len(r.Extras) > 0 {
		of.extras = fmt.Sprint(r.Extras)
	}
	if w.seen[of] {
		return true, nil
	}
	w.seen[of] = true
	deps, err := w.requires(d, r.Extras)
	if err != nil {
		return false, fmt.Errorf("failed to read metadata for: %s: %w", d, err)
	}
	list := make([]source.Requirement, 0, len(deps))
	for _, dep := range deps {
		next, err := source.FromPEP508(dep)
		if err != nil {
			return false, fmt.Errorf("failed to read metadata for: %s: %w", d, err)
		}
		list = append(list, next)
	}
	w.push(d, list, r.Extras)
	return true, nil
}

// Defect is the kind of a [Diagnostic].
type Defect uint8

// The defects, in the order of looking.
const (
	DuplicatePackage Defect = iota
	MetadataUnavailable
	IncompatiblePython
	IncompatiblePlatform
	TagsUnavailable
	MissingDependency
	IncompatibleDependency
)

// Diagnostic is something that is wrong with what is installed.
type Diagnostic struct {
	Defect  Defect
	Package pyname.Package
	// Paths are where the package lies, for duplicates and what can't be read.
	Paths []string
	// Version is that of the interpreter or of the dependency, as it is.
	Version pep440.Version
	// RequiresPython is what an incompatible Python should be.
	RequiresPython pep440.Specifiers
	// Requirement is the dependency that is not met.
	Requirement pep508.Requirement
}

// Involves reports whether the diagnostic is about a package.
func (d *Diagnostic) Involves(name pyname.Package) bool {
	return d.Package == name || d.Defect == IncompatibleDependency && d.Requirement.Name == name
}

// String says what is wrong and, where there is something to do, what.
func (d *Diagnostic) String() string {
	const broken = "The package `%s` is broken or incomplete (unable to read %s). Consider recreating the virtualenv, or removing the package directory at: %s."
	switch d.Defect {
	case DuplicatePackage:
		text := fmt.Sprintf("The package `%s` has multiple installed distributions: ", d.Package)
		for _, path := range d.Paths {
			text += "\n  - " + path
		}
		return text
	case MetadataUnavailable:
		return fmt.Sprintf(broken, d.Package, "`METADATA`", d.Paths[0])
	case TagsUnavailable:
		return fmt.Sprintf(broken, d.Package, "`WHEEL` file", d.Paths[0])
	case IncompatiblePython:
		return fmt.Sprintf("The package `%s` requires Python %s, but `%s` is installed", d.Package, d.RequiresPython, d.Version)
	case IncompatiblePlatform:
		return fmt.Sprintf("The package `%s` was built for a different platform", d.Package)
	case MissingDependency:
		return fmt.Sprintf("The package `%s` requires `%s`, but it's not installed", d.Package, d.Requirement)
	}
	return fmt.Sprintf("The package `%s` requires `%s`, but `%s` is installed", d.Package, d.Requirement, d.Version)
}

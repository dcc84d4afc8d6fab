package lock

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// Roots say what of a lock is meant.
type Roots struct {
	// Members are the projects that are meant, with what they need unless
	// OnlyGroups is set.
	Members []pyname.Package
	// GroupsOf is a project of which nothing but dependency groups are meant, or
	// "": the root of a workspace, where Members is another project of it.
	GroupsOf pyname.Package
	// OnlyGroups leaves out what projects and scripts need in any case.
	OnlyGroups bool
	// Extra tells which extras of the members are meant. Nil is none.
	Extra func(pyname.Extra) bool
	// Group tells which dependency groups are meant: of a project, or without an
	// owner of a root that is no project. Nil is none.
	Group func(owner pyname.Package, group pyname.Group) bool
	// Default tells which groups are meant only because the project says so.
	// Messages mention it. Nil is none.
	Default func(pyname.Group) bool
	// Project is the one project that is meant, if it is one: what
	// Filter.NoProject leaves out.
	Project pyname.Package
}

func (r *Roots) extra(e pyname.Extra) bool { return r.Extra != nil && r.Extra(e) }

func (r *Roots) group(owner pyname.Package, g pyname.Group) bool {
	return r.Group != nil && r.Group(owner, g)
}

// A RootError reports a project that the lock does not have, or has more than
// once.
type RootError struct {
	Name pyname.Package
	Many bool
}

func (e *RootError) Error() string {
	if e.Many {
		return fmt.Sprintf("the lock has several packages `%s`, of which none can be told to be the one that is meant", e.Name)
	}
	return fmt.Sprintf("the lock has no package `%s`", e.Name)
}

// root is the package of a project.
func (l *Lock) root(name pyname.Package) (int, error) {
	first, end := l.Named(name)
	if end-first != 1 {
		return 0, &RootError{name, end > first}
	}
	return first, nil
}

// Root is the package that stands in the folder of the lock, or nil.
func (l *Lock) Root() *Package {
	for i := range l.Packages {
		if s := l.Packages[i].Source; (s.Kind == Editable || s.Kind == Virtual) && s.Location == "" {
			return &l.Packages[i]
		}
	}
	return nil
}

// Members are the projects of the workspace that the lock is for: those of the
// manifest or, where it has none, the one that stands in the folder of the lock.
func (l *Lock) Members() []pyname.Package {
	if len(l.Manifest.Members) > 0 {
		return l.Manifest.Members
	}
	if root := l.Root(); root != nil {
		return []pyname.Package{root.Name}
	}
	return nil
}

// matching is the package of a name that environments with the marker get.
func (l *Lock) matching(name pyname.Package, env *marker.Env) (int, error) {
	found, many := -1, false
	first, end := l.Named(name)
	for i := first; i < end; i++ {
		p := &l.Packages[i]
		if len(p.Forks) == 0 || slices.ContainsFunc(p.Forks, func(f marker.Tree) bool { return f.WithoutExtras().Evaluate(env, nil) }) {
			many = many || found >= 0
			found = i
		}
	}
	if found < 0 || many {
		return 0, &RootError{name, many}
	}
	return found, nil
}

// A ConflictError reports extras, groups or projects that were declared not to go
// together.
type ConflictError struct {
	Set       source.ConflictSet
	Conflicts []source.ConflictItem // those that were asked for
	// Default tells which groups were not asked for.
	Default func(pyname.Group) bool
}

func (e *ConflictError) Error() string {
	all := make([]string, len(e.Set))
	for i, item := range e.Set {
		all[i] = item.String()
		if item.Extra != "" || item.Group != "" {
			all[i] = "`" + all[i] + "`"
		}
	}
	kinds := map[string]bool{}
	names := make([]string, len(e.Conflicts))
	for i, item := range e.Conflicts {
		kind, name := e.name(item)
		kinds[kind] = true
		names[i] = name
	}
	set := "{" + strings.Join(all, ", ") + "}"
	switch {
	case len(kinds) > 1 || kinds["package"]:
		for i, item := range e.Conflicts {
			kind, _ := e.name(item)
			names[i] = kind + " " + names[i]
		}
		return conjunction(names) + " are incompatible with the declared conflicts: " + set
	case kinds["extra"]:
		return "extras " + conjunction(names) + " are incompatible with the declared conflicts: " + set
	}
	return "groups " + conjunction(names) + " are incompatible with the conflicts: " + set
}

func (e *ConflictError) name(item source.ConflictItem) (kind, name string) {
	switch {
	case item.Extra != "":
		return "extra", "`" + string(item.Extra) + "`"
	case item.Group != "":
		name = "`" + string(item.Group) + "`"
		if e.Default != nil && e.Default(item.Group) {
			name += " (enabled by default)"
		}
		return "group", name
	}
	return "package", "`" + string(item.Package) + "`"
}

// conjunction joins a list with commas and `and`.
func conjunction(all []string) string {
	switch len(all) {
	case 0:
		return ""
	case 1:
		return all[0]
	case 2:
		return all[0] + " and " + all[1]
	}
	return strings.Join(all[:len(all)-1], ", ") + ", and " + all[len(all)-1]
}

// CheckConflicts refuses roots that were declared not to go together. The error
// is a *ConflictError.
func (l *Lock) CheckConflicts(r *Roots) error {
	meant := map[pyname.Package]bool{r.GroupsOf: true}
	for _, m := range r.Members {
		meant[m] = true
	}
	for _, set := range l.Conflicts {
		var active []source.ConflictItem
		for _, item := range set {
			if meant[item.Package] && r.activates(item) {
				active = append(active, item)
			}
		}
		if len(active) >= 2 {
			return &ConflictError{set, active, r.Default}
		}
	}
	return nil
}

func (r *Roots) activates(item source.ConflictItem) bool {
	switch {
	case item.Extra != "":
		return r.extra(item.Extra)
	case item.Group != "":
		return r.group(item.Package, item.Group)
	}
	return !r.OnlyGroups
}

// An EnvironmentError reports an environment that a lock is not for.
type EnvironmentError struct {
	// Python is set if its version is at fault.
	Python    pep440.Version
	Requires  string        // the Pythons of the lock
	Supported []marker.Tree // the environments of the lock
}

func (e *EnvironmentError) Error() string {
	if !e.Python.IsZero() {
		return fmt.Sprintf("the current Python version (%s) is not compatible with the locked Python requirement: `%s`", e.Python, e.Requires)
	}
	names := make([]string, len(e.Supported))
	for i, m := range e.Supported {
		names[i] = "`" + show(m) + "`"
	}
	return "the current Python platform is not compatible with the lockfile's supported environments: " + strings.Join(names, ", ")
}

// CheckEnvironment refuses an environment that the lock is not for. The error is
// an *EnvironmentError.
func (l *Lock) CheckEnvironment(env *marker.Env) error {
	if !l.RequiresPython.Contains(env.Python()) {
		return &EnvironmentError{Python: env.Python(), Requires: l.RequiresPython.String()}
	}
	if len(l.Supported) == 0 {
		return nil
	}
	for _, m := range l.Supported {
		if m.Evaluate(env, nil) {
			return nil
		}
	}
	return &EnvironmentError{Supported: l.Supported}
}

// A Filter leaves packages out of what is installed or exported. What only they
// need stays.
type Filter struct {
	NoProject, NoWorkspace, NoLocal       bool
	NoPackages                            []pyname.Package
	OnlyProject, OnlyWorkspace, OnlyLocal bool
	OnlyPackages                          []pyname.Package
}

// Has reports whether a package is not left out. project is the one that is
// meant, if it is one.
func (f *Filter) Has(l *Lock, p *Package, project pyname.Package) bool {
	isProject := project != "" && p.Name == project
	_, isMember := slices.BinarySearch(l.Manifest.Members, p.Name)
	switch {
	case len(f.OnlyPackages) > 0:
		return slices.Contains(f.OnlyPackages, p.Name)
	case f.OnlyLocal:
		return p.Source.IsLocal()
	case f.OnlyWorkspace:
		return isProject || isMember
	case f.OnlyProject:
		return isProject
	case f.NoProject && isProject,
		f.NoWorkspace && (isProject || isMember),
		f.NoLocal && p.Source.IsLocal():
		return false
	}
	return !slices.Contains(f.NoPackages, p.Name)
}

package project

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// Groups select dependency groups. The zero value selects none, and what a
// project needs in any case.
type Groups struct {
	All  bool // --all-groups
	Only bool // nothing but groups: --only-group, --only-dev
	// Include and Exclude are those that were named. The latter wins.
	Include, Exclude map[pyname.Group]bool
	// Named are those of which it is a mistake if no project has them.
	Named []pyname.Group
	// Default are those that the project includes without being asked, or all of
	// them with DefaultAll.
	Default    map[pyname.Group]bool
	DefaultAll bool
	NoDefault  bool // --no-default-groups
	// Variable is the one that Default is of, if it is of one; messages name it.
	Variable string
}

// Has reports whether a group is selected.
func (g *Groups) Has(name pyname.Group) bool {
	return !g.Exclude[name] && (g.All || g.DefaultAll || g.Include[name] || g.Default[name])
}

// ByDefault reports whether a group is selected only because the project says
// so.
func (g *Groups) ByDefault(name pyname.Group) bool {
	return g.Has(name) && !g.All && !g.Include[name]
}

// origin says where a group is from if a variable lists it, and no flag.
func (g *Groups) origin(name pyname.Group) string {
	if g.Variable == "" || g.Include[name] || !g.Default[name] {
		return ""
	}
	return " (from `" + g.Variable + "`)"
}

// WithDefaults adds the groups that a file includes without being asked. A nil
// file, as for scripts, has none.
func (g Groups) WithDefaults(f *pyproject.File) (Groups, error) {
	if f == nil || g.Only || g.NoDefault {
		return g, nil
	}
	names, all, err := workspace.DefaultGroups(f)
	if err != nil {
		return g, err
	}
	g.DefaultAll = all
	g.Default = make(map[pyname.Group]bool, len(names))
	for _, name := range names {
		g.Default[name] = true
	}
	return g, nil
}

// Extras select extras. The zero value selects none.
type Extras struct {
	All     bool
	Include map[pyname.Extra]bool
	Exclude map[pyname.Extra]bool
	// Named are those of which it is a mistake if no project has them.
	Named []pyname.Extra
	// Default are those that the project includes without being asked, or all of
	// them with DefaultAll.
	Default    map[pyname.Extra]bool
	DefaultAll bool
	NoDefault  bool
	Variable   string // see Groups.Variable
}

// Has reports whether an extra is selected.
func (e *Extras) Has(name pyname.Extra) bool {
	return !e.Exclude[name] && (e.All || e.DefaultAll || e.Include[name] || e.Default[name])
}

// origin is [Groups.origin] for extras.
func (e *Extras) origin(name pyname.Extra) string {
	if e.Variable == "" || e.Include[name] || !e.Default[name] {
		return ""
	}
	return " (from `" + e.Variable + "`)"
}

// WithDefaults adds the extras that a file includes without being asked. A nil
// file, as for scripts, has none.
func (e Extras) WithDefaults(f *pyproject.File) (Extras, error) {
	if f == nil || e.NoDefault {
		return e, nil
	}
	names, all, err := workspace.DefaultExtras(f)
	e.DefaultAll = all
	e.Default = make(map[pyname.Extra]bool, len(names))
	for _, name := range names {
		e.Default[name] = true
	}
	return e, err
}

// GiveWay leaves out the default extras that were declared not to go together with
// an extra or group that was named.
func (e Extras) GiveWay(conflicts source.Conflicts, g *Groups) Extras {
	named := func(i source.ConflictItem) bool {
		return i.Extra != "" && e.Include[i.Extra] && !e.Exclude[i.Extra] || i.Group != "" && g.Include[i.Group] && !g.Exclude[i.Group]
	}
	out := maps.Clone(e.Exclude)
	for _, set := range conflicts {
		if e.All || !slices.ContainsFunc(set, named) {
			continue
		}
		for _, i := range set {
			if i.Extra != "" && !named(i) && (e.DefaultAll || e.Default[i.Extra]) {
				if out == nil {
					out = map[pyname.Extra]bool{}
				}
				out[i.Extra] = true
			}
		}
	}
	e.Exclude = out
	return e
}

// groupNames are the names of all groups of a workspace.
func (t Target) groupNames() (map[pyname.Group]bool, error) {
	out := map[pyname.Group]bool{}
	add := func(list workspace.Groups) {
		for _, g := range list {
			out[g.Name] = true
		}
	}
	for _, m := range t.Workspace.Members {
		list, err := m.Groups()
		if err != nil {
			return nil, err
		}
		add(list)
	}
	if t.Workspace.IsVirtual() {
		list, err := workspace.ReadGroups(t.Workspace.File)
		if err != nil {
			return nil, err
		}
		add(list)
	}
	return out, nil
}

// A Selection is what of a target is installed.
type Selection struct {
	// Members are the projects; none is all of them, and what belongs to none.
	Members []*workspace.Member
	Groups  Groups
	Extras  Extras
}

// selected are the members of a selection.
func (s *Selection) selected(w *workspace.Workspace) []*workspace.Member {
	if len(s.Members) > 0 {
		return s.Members
	}
	return w.Members
}

func scriptGroupError(group pyname.Group) error {
	return fmt.Errorf("PEP 723 scripts do not support dependency groups, but group `%s` was specified", group)
}

// Check demands that the extras and groups that were named exist.
func (s *Selection) Check(t Target, l *lock.Lock) error {
	if t.Tool != nil {
		return nil
	}
	if t.Script != nil {
		for _, extra := range s.Extras.Named {
			return fmt.Errorf("PEP 723 scripts do not support optional dependencies, but extra `%s` was specified", extra)
		}
		for _, group := range slices.Sorted(maps.Keys(s.Groups.Exclude)) {
			return scriptGroupError(group)
		}
		for _, group := range s.Groups.Named {
			return scriptGroupError(group)
		}
		return nil
	}
	// Locks before revision 1 do not tell which extras there are.
	if l.Revision >= 1 {
		if err := s.checkExtras(t.Workspace); err != nil {
			return err
		}
	}
	return s.checkGroups(t)
}

func (s *Selection) checkExtras(w *workspace.Workspace) error {
	members := s.selected(w)
	for _, extra := range s.Extras.Named {
		if slices.ContainsFunc(members, func(m *workspace.Member) bool { return m.HasExtra(extra) }) {
			continue
		}
		of := s.Extras.origin(extra)
		if len(s.Members) == 1 {
			return fmt.Errorf("extra `%s`%s is not defined in the `optional-dependencies` table for `%s`", extra, of, s.Members[0].Name)
		}
		return fmt.Errorf("extra `%s`%s is not defined in any project's `optional-dependencies` table", extra, of)
	}
	return nil
}

func (s *Selection) checkGroups(t Target) error {
	if len(s.Groups.Named) == 0 {
		return nil
	}
	known := map[pyname.Group]bool{}
	for _, m := range s.selected(t.Workspace) {
		list, err := m.Groups()
		if err != nil {
			return err
		}
		for _, g := range list {
			known[g.Name] = true
		}
	}
	root := t.Workspace.At(t.Workspace.Root)
	if root == nil || len(s.Members) == 1 {
		list, err := workspace.ReadGroups(t.Workspace.File)
		if err != nil {
			return err
		}
		for _, g := range list {
			known[g.Name] = true
		}
	}
	for _, name := range s.Groups.Named {
		if known[name] {
			continue
		}
		of := s.Groups.origin(name)
		if len(s.Members) == 1 {
			return fmt.Errorf("group `%s`%s is not defined in the project's `dependency-groups` table", name, of)
		}
		return fmt.Errorf("group `%s`%s is not defined in any project's `dependency-groups` table", name, of)
	}
	return nil
}

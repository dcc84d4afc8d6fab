package workspace

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/target"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// DevGroup is the group that `tool.uv.dev-dependencies` add to, and that is
// installed if a project does not say which groups are.
const DevGroup = pyname.Group("dev")

// A Group is a dependency group with what it includes (PEP 735), and what
// [tool.uv.dependency-groups] says of it.
type Group struct {
	Name pyname.Group
	// Requirements have the requires-python of the group as a condition.
	Requirements []pep508.Requirement
	// RequiresPython is what the group and those it includes demand, together;
	// nil is nothing.
	RequiresPython pep440.Specifiers
}

// Groups are the dependency groups of one file, sorted by name.
type Groups []Group

// Get is the group of a name.
func (g Groups) Get(name pyname.Group) (Group, bool) {
	i, ok := slices.BinarySearchFunc(g, name, func(g Group, name pyname.Group) int {
		return strings.Compare(string(g.Name), string(name))
	})
	if !ok {
		return Group{}, false
	}
	return g[i], true
}

// Groups are the dependency groups of the member; they are read once.
func (m *Member) Groups() (Groups, error) {
	if m.File == nil {
		return nil, nil // it is known from a lock alone
	}
	if m.groups == nil {
		g, err := ReadGroups(m.File)
		if err != nil {
			return nil, &GroupsError{Project: m.Name, Dir: m.files.shown(m.Dir), Err: err}
		}
		m.groups = &g
	}
	return *m.groups, nil
}

// A GroupsError says what is wrong with the dependency groups of a project.
type GroupsError struct {
	Project pyname.Package // empty for a file without [project]
	Dir     string
	Err     error
}

func (e *GroupsError) Error() string {
	switch {
	case e.Project == "":
		return fmt.Sprintf("`%s` has malformed dependency groups: %s", e.Dir, e.Err)
	case e.Dir == "" || e.Dir == ".":
		return fmt.Sprintf("project `%s` has malformed dependency groups: %s", e.Project, e.Err)
	}
	return fmt.Sprintf("project `%s @ %s` has malformed dependency groups: %s", e.Project, e.Dir, e.Err)
}

// Unwrap is what is wrong.
func (e *GroupsError) Unwrap() error { return e.Err }

// groupReader resolves the groups of one file, each once.
type groupReader struct {
	file     *pyproject.File
	groups   pyproject.Groups
	settings map[pyname.Group]pep440.Specifiers
	done     map[pyname.Group]*Group
	legacy   bool // the file has dev-dependencies
	parents  []pyname.Group
}

// ReadGroups reads the dependency groups of a file, with its legacy
// development dependencies in the group dev.
func ReadGroups(f *pyproject.File) (Groups, error) {
	dev := f.Tool("uv").Get("dev-dependencies")
	settings := f.Tool("uv").Get("dependency-groups")
	if dev.IsZero() && settings.IsZero() && f.Root().Get("dependency-groups").IsZero() {
		return nil, nil
	}
	r := groupReader{file: f, done: map[pyname.Group]*Group{}, legacy: !dev.IsZero()}
	var err error
	if r.groups, err = f.Groups(); err != nil {
		return nil, err
	}
	if err := r.readSettings(settings); err != nil {
		return nil, err
	}
	names := r.groups.Names()
	slices.Sort(names)
	for _, name := range names {
		if _, err := r.group(name); err != nil {
			return nil, err
		}
	}
	if r.legacy {
		if err := r.addLegacy(dev); err != nil {
			return nil, err
		}
	}
	out := make(Groups, 0, len(r.done))
	for _, g := range r.done {
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b Group) int { return strings.Compare(string(a.Name), string(b.Name)) })
	return out, nil
}

// readSettings reads [tool.uv.dependency-groups].
func (r *groupReader) readSettings(table pyproject.Value) error {
	r.settings = map[pyname.Group]pep440.Specifiers{}
	for key, v := range table.Entries() {
		name, err := pyname.ParseGroup(key)
		if err != nil {
			return table.KeyErrorf(key, "%s", err)
		}
		if !r.groups.Has(name) {
			if r.legacy && name == DevGroup {
				return errors.New("`[tool.uv.dependency-groups]` specifies the `dev` group, but only `tool.uv.dev-dependencies` was found; move the development dependencies to the `dev` entry in the `[dependency-groups]` table instead")
			}
			return fmt.Errorf("failed to find group `%s` specified in `[tool.uv.dependency-groups]`", name)
		}
		requires := v.Get("requires-python")
		if requires.IsZero() {
			continue
		}
		text, ok := requires.Text()
		if !ok {
			return requires.Errorf("invalid type: %s, expected a string", requires.Kind())
		}
		specifiers, err := pep440.ParseSpecifiers(text)
		if err != nil {
			return requires.Errorf("%w", err)
		}
		r.settings[name] = specifiers
	}
	return nil
}

func (r *groupReader) addLegacy(dev pyproject.Value) error {
	g := r.done[DevGroup]
	if g == nil {
		g = &Group{Name: DevGroup}
		r.done[DevGroup] = g
	}
	for _, v := range dev.Elems() {
		text, ok := v.Text()
		if !ok {
			return v.Errorf("invalid type: %s, expected a string", v.Kind())
		}
		req, err := pep508.Parse(text)
		if err != nil {
			return v.Errorf("%w", err)
		}
		g.Requirements = append(g.Requirements, req)
	}
	return nil
}

// maxGroup bounds what includes of includes can grow to.
const maxGroup = 1 << 16

func (r *groupReader) group(name pyname.Group) (*Group, error) {
	if g := r.done[name]; g != nil {
		return g, nil
	}
	if slices.Contains(r.parents, name) || !r.groups.Has(name) {
		return nil, r.includeError(name)
	}
	items, err := r.groups.Items(name)
	if err != nil {
		return nil, err
	}
	r.parents = append(r.parents, name)
	defer func() { r.parents = r.parents[:len(r.parents)-1] }()
	g := &Group{Name: name}
	for _, item := range items {
		if item.Include != "" {
			other, err := r.group(item.Include)
			if err != nil {
				return nil, err
			}
			if len(g.Requirements)+len(other.Requirements) > maxGroup {
				return nil, fmt.Errorf("dependency group `%s` includes more than %d dependencies", name, maxGroup)
			}
			g.Requirements = append(g.Requirements, other.Requirements...)
			g.RequiresPython = append(g.RequiresPython, other.RequiresPython...)
			continue
		}
		req, err := pep508.Parse(item.Text)
		if err != nil {
			return nil, fmt.Errorf("failed to parse entry in group `%s`: `%s`: %w", name, item.Text, err)
		}
		g.Requirements = append(g.Requirements, req)
	}
	if own := r.settings[name]; len(own) > 0 {
		g.RequiresPython = append(g.RequiresPython, own...)
		condition := target.FromSpecifiers(own).Marker()
		for i := range g.Requirements {
			g.Requirements[i].Marker = g.Requirements[i].Marker.And(condition)
		}
	}
	r.done[name] = g
	return g, nil
}

// includeError says why an include leads nowhere, or back.
func (r *groupReader) includeError(name pyname.Group) error {
	parent := r.parents[len(r.parents)-1]
	switch {
	case slices.Contains(r.parents, name):
		var b strings.Builder
		for _, p := range r.parents {
			fmt.Fprintf(&b, "`%s` -> ", p)
		}
		return fmt.Errorf("detected a cycle in `dependency-groups`: %s`%s`", b.String(), r.parents[0])
	case r.legacy && name == DevGroup:
		return fmt.Errorf("group `%s` includes the `dev` group (`include = \"dev\"`), but only `tool.uv.dev-dependencies` was found; move the development dependencies to the `dev` entry in the `[dependency-groups]` table instead", parent)
	}
	return fmt.Errorf("failed to find group `%s` included by `%s`", name, parent)
}

// DefaultGroups are the groups that a file installs without being asked: those
// in `tool.uv.default-groups`, else dev if there is such a group. all says that
// it is every group. As with uv, the legacy `tool.uv.dev-dependencies` are no group
// that could be named.
func DefaultGroups(f *pyproject.File) (names []pyname.Group, all bool, err error) {
	chosen := f.Tool("uv").Get("default-groups")
	if chosen.IsZero() {
		return []pyname.Group{DevGroup}, false, nil
	}
	names, err = chosenGroups(chosen)
	if text, ok := chosen.Text(); err != nil || ok {
		return nil, text == "all", err
	}
	read, err := ReadGroups(f)
	if err != nil {
		return nil, false, err
	}
	groups, err := f.Groups()
	if err != nil {
		return nil, false, err
	}
	for _, name := range names {
		if groups.Has(name) {
			continue
		}
		err := fmt.Errorf("default group `%s` (from `tool.uv.default-groups`) is not defined in the project's `dependency-groups` table", name)
		if _, ok := read.Get(name); ok { // of dev-dependencies
			err = fmt.Errorf("%w, only `tool.uv.dev-dependencies` was found; move them to the `dev` entry of that table", err)
		}
		return nil, false, err
	}
	return names, false, nil
}

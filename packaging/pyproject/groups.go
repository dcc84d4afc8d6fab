package pyproject

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/pyname"
)

// Groups are the dependency groups of a project (PEP 735). The zero value has
// none.
type Groups struct {
	name  string // of the document
	names []pyname.Group
	items map[pyname.Group][]GroupItem
	wrong map[pyname.Group]error
}

// A GroupItem is one entry of a group: a dependency specifier, or another
// group to include.
type GroupItem struct {
	Dependency              // Text is empty for an include
	Include    pyname.Group // the group to include, or ""
}

// ErrNoGroup is what errors about a missing group match.
var ErrNoGroup = errors.New("no such dependency group")

// Groups reads the [dependency-groups] table. What is wrong with a single group
// is kept for [Groups.Resolve] and [Groups.Check]: a tool need not mind about
// groups that it was not asked for. Names that are the same when normalised
// are an error at once, as they are for all tools.
func (f *File) Groups() (Groups, error) {
	g := Groups{name: f.Name(), items: map[pyname.Group][]GroupItem{}, wrong: map[pyname.Group]error{}}
	r := reader{}
	t := f.doc.Lookup("dependency-groups")
	if f.script {
		t = nil
	}
	for e := range r.table(t).Entries() {
		name, err := pyname.ParseGroup(e.Key)
		if err != nil {
			r.complain(e.Errorf("%s", err))
			continue
		}
		if _, twice := g.items[name]; twice {
			r.complain(e.Errorf("duplicate dependency group: `%s`", name))
			continue
		}
		g.names = append(g.names, name)
		items := reader{}
		g.items[name] = items.group(e.Value)
		if err := items.err(); err != nil {
			g.wrong[name] = err
		}
	}
	return g, r.err()
}

func (r *reader) group(v *toml.Value) []GroupItem {
	if v.Kind() != toml.Array {
		r.complain(v.Errorf("invalid type: %s, expected a sequence", v.Kind()))
		return nil
	}
	out := make([]GroupItem, 0, v.Len())
	for _, e := range v.Elems() {
		pos := e.Position()
		item := GroupItem{Dependency: Dependency{Line: pos.Line, Column: pos.Column}}
		switch text, isText := e.Text(); {
		case isText:
			item.Text = text
		case e.Kind() == toml.Table && e.Len() == 1 && e.Get("include-group").Kind() == toml.String:
			include, _ := e.Get("include-group").Text()
			name, err := pyname.ParseGroup(include)
			if err != nil {
				r.complain(e.Get("include-group").Errorf("%s", err))
				continue
			}
			item.Include = name
		default:
			r.complain(e.Errorf("invalid item of a dependency group: expected a string or `{ include-group = \"…\" }`"))
			continue
		}
		out = append(out, item)
	}
	return out
}

// Names returns the groups in the order of the text.
func (g Groups) Names() []pyname.Group { return slices.Clone(g.names) }

// Has says if there is a group of this name.
func (g Groups) Has(name pyname.Group) bool {
	_, ok := g.items[name]
	return ok
}

// Items returns the entries of one group as written, includes included.
func (g Groups) Items(name pyname.Group) ([]GroupItem, error) {
	items, ok := g.items[name]
	if !ok {
		return nil, &GroupError{Group: name, message: fmt.Sprintf("dependency group `%s` not found", name), err: ErrNoGroup}
	}
	if err := g.wrong[name]; err != nil {
		return nil, &GroupError{Group: name, message: fmt.Sprintf("dependency group `%s` is malformed", name), err: err}
	}
	return items, nil
}

// A GroupError says why a dependency group can not be used.
type GroupError struct {
	Group   pyname.Group
	Cycle   []pyname.Group // the includes that lead back to the first; empty if something else is wrong
	message string
	err     error
}

// Error says what is wrong with the group.
func (e *GroupError) Error() string {
	if e.err == nil || errors.Is(e.err, ErrNoGroup) {
		return e.message
	}
	return e.message + ": " + e.err.Error()
}

// Unwrap returns the cause: [ErrNoGroup], or an [*Error] with the place.
func (e *GroupError) Unwrap() error { return e.err }

// maxGroupItems bounds what includes of includes can grow to: each level can
// double it, so a small file could fill the memory.
const maxGroupItems = 1 << 16

// Resolve returns the dependencies of groups, includes replaced by what they
// include, in order. What is included twice appears twice.
func (g Groups) Resolve(names ...pyname.Group) ([]Dependency, error) {
	var out []Dependency
	w := groupWalk{groups: g, done: map[pyname.Group][]Dependency{}}
	for _, name := range names {
		list, err := w.resolve(name)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// Check resolves all groups and returns the first error in the order of the
// text.
func (g Groups) Check() error {
	w := groupWalk{groups: g, done: map[pyname.Group][]Dependency{}}
	for _, name := range g.names {
		if _, err := w.resolve(name); err != nil {
			return err
		}
	}
	return nil
}

// groupWalk resolves each group once.
type groupWalk struct {
	groups  Groups
	done    map[pyname.Group][]Dependency
	parents []pyname.Group
}

func (w *groupWalk) resolve(name pyname.Group) ([]Dependency, error) {
	if i := slices.Index(w.parents, name); i >= 0 {
		return nil, cycleError(w.parents[i:])
	}
	if list, ok := w.done[name]; ok {
		return list, nil
	}
	items, err := w.groups.Items(name)
	if err != nil {
		return nil, w.included(name, err)
	}
	w.parents = append(w.parents, name)
	defer func() { w.parents = w.parents[:len(w.parents)-1] }()
	list := make([]Dependency, 0, len(items))
	for _, item := range items {
		if item.Include == "" {
			list = append(list, item.Dependency)
			continue
		}
		more, err := w.resolve(item.Include)
		if err != nil {
			return nil, err
		}
		if len(list)+len(more) > maxGroupItems {
			return nil, &GroupError{Group: name, message: fmt.Sprintf("dependency group `%s` includes more than %d dependencies", name, maxGroupItems)}
		}
		list = append(list, more...)
	}
	w.done[name] = list
	return list, nil
}

// included adds to a missing group who wants it.
func (w *groupWalk) included(name pyname.Group, err error) error {
	if len(w.parents) == 0 || !errors.Is(err, ErrNoGroup) {
		return err
	}
	parent := w.parents[len(w.parents)-1]
	return &GroupError{Group: name, message: fmt.Sprintf("failed to find group `%s` included by `%s`", name, parent), err: ErrNoGroup}
}

func cycleError(cycle []pyname.Group) error {
	var b strings.Builder
	for _, name := range cycle {
		fmt.Fprintf(&b, "`%s` -> ", name)
	}
	fmt.Fprintf(&b, "`%s`", cycle[0])
	return &GroupError{Group: cycle[0], Cycle: slices.Clone(cycle), message: "detected a cycle in `dependency-groups`: " + b.String()}
}

package pyproject

import (
	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// A Place is a list of dependencies in a file.
type Place struct {
	Kind  PlaceKind
	Extra pyname.Extra // of Optional
	Group pyname.Group // of Group
}

// PlaceKind tells the lists of dependencies apart.
type PlaceKind uint8

// The lists that a file can have.
const (
	Production    PlaceKind = iota // project.dependencies, or dependencies of a script
	LegacyDev                      // tool.uv.dev-dependencies
	OptionalExtra                  // project.optional-dependencies
	InGroup                        // dependency-groups (PEP 735)
)

// String returns the path of the list in the file.
func (p Place) String() string {
	switch p.Kind {
	case LegacyDev:
		return "tool.uv.dev-dependencies"
	case OptionalExtra:
		return "project.optional-dependencies." + string(p.Extra)
	case InGroup:
		return "dependency-groups." + string(p.Group)
	}
	return "project.dependencies"
}

// parent returns the path of the table that holds the list.
func (f *File) parent(p Place) []string {
	switch p.Kind {
	case LegacyDev:
		return []string{"tool", "uv"}
	case InGroup:
		return []string{"dependency-groups"}
	}
	var path []string
	if !f.script {
		path = append(path, "project")
	}
	if p.Kind == OptionalExtra {
		path = append(path, "optional-dependencies")
	}
	return path
}

// key returns the key of the list as it is written in its table, or as it is to
// be written. Names of extras and groups can be spelled in several ways.
func (f *File) key(p Place) string {
	same := func(string) bool { return false }
	key := "dependencies"
	switch p.Kind {
	case LegacyDev:
		key = "dev-dependencies"
	case OptionalExtra:
		key = string(p.Extra)
		same = func(s string) bool { x, err := pyname.ParseExtra(s); return err == nil && x == p.Extra }
	case InGroup:
		key = string(p.Group)
		same = func(s string) bool { x, err := pyname.ParseGroup(s); return err == nil && x == p.Group }
	}
	for e := range f.doc.Lookup(f.parent(p)...).Entries() {
		if same(e.Key) {
			return e.Key
		}
	}
	return key
}

// list returns the array of a place, nil if there is none.
func (f *File) list(p Place) (*toml.Value, error) {
	table := f.doc.Lookup(f.parent(p)...)
	if table != nil && table.Kind() != toml.Table {
		return nil, fail(table.Errorf("the dependencies are malformed: expected a table"), nil)
	}
	v := table.Get(f.key(p))
	if v != nil && v.Kind() != toml.Array {
		return nil, fail(v.Errorf("the dependencies are malformed: expected a list"), nil)
	}
	return v, nil
}

// HasList says if the list is there, even if it is empty.
func (f *File) HasList(p Place) bool {
	v, err := f.list(p)
	return v != nil && err == nil
}

// found is a requirement in a list.
type found struct {
	index int
	req   pep508.Requirement
}

// find returns the requirements of a list on a package, with any marker or
// exactly one. What is no requirement is passed over.
func find(v *toml.Value, name pyname.Package, mark *marker.Tree) []found {
	var out []found
	for i, e := range v.Elems() {
		text, ok := e.Text()
		if !ok {
			continue
		}
		req, err := pep508.Parse(text)
		if err == nil && req.Name == name && (mark == nil || *mark == req.Marker) {
			out = append(out, found{i, req})
		}
	}
	return out
}

// Find returns the lists that have a package: the dependencies, then extras,
// groups, and the legacy development dependencies.
func (f *File) Find(name pyname.Package) []Place {
	var places []Place
	add := func(p Place) {
		if v, err := f.list(p); err == nil && len(find(v, name, nil)) > 0 {
			places = append(places, p)
		}
	}
	add(Place{})
	if !f.script {
		for e := range tableOf(f.doc.Lookup("project", "optional-dependencies")).Entries() {
			if extra, err := pyname.ParseExtra(e.Key); err == nil {
				add(Place{Kind: OptionalExtra, Extra: extra})
			}
		}
		for e := range tableOf(f.doc.Lookup("dependency-groups")).Entries() {
			if group, err := pyname.ParseGroup(e.Key); err == nil {
				add(Place{Kind: InGroup, Group: group})
			}
		}
	}
	add(Place{Kind: LegacyDev})
	return places
}

func tableOf(v *toml.Value) *toml.Value {
	if v.Kind() != toml.Table {
		return nil
	}
	return v
}

package pyproject

import (
	"fmt"
	"strings"

	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// SetVersion sets project.version; the layout stays. It is an error if there is
// no [project] table.
func (f *File) SetVersion(v pep440.Version) error {
	if f.script || f.doc.Lookup("project").Kind() != toml.Table {
		return fmt.Errorf("%s has no `[project]` table", f.Name())
	}
	return wrap(f.doc.Set(toml.LitString(v.String()), "project", "version"))
}

// SetRequiresPython sets requires-python of the project or script.
func (f *File) SetRequiresPython(specifiers pep440.Specifiers) error {
	path := []string{"requires-python"}
	if !f.script {
		path = []string{"project", "requires-python"}
	}
	return wrap(f.doc.Set(toml.LitString(specifiers.String()), path...))
}

// A Setting is a key with a value to write: a string, a bool, an int, a
// []string, or []Setting for an inline table.
type Setting struct {
	Key   string
	Value any
}

func literal(value any) (toml.Literal, error) {
	switch value := value.(type) {
	case string:
		return toml.LitString(value), nil
	case bool:
		return toml.LitBool(value), nil
	case int:
		return toml.LitInt(int64(value)), nil
	case []string:
		return toml.LitStrings(value...), nil
	case []Setting:
		fields, err := literals(value)
		return toml.LitTable(fields...), err
	}
	return "", fmt.Errorf("internal error: a %T can not be written as TOML", value)
}

func literals(settings []Setting) ([]toml.Field, error) {
	fields := make([]toml.Field, len(settings))
	for i, s := range settings {
		value, err := literal(s.Value)
		if err != nil {
			return nil, err
		}
		fields[i] = toml.Field{Key: s.Key, Value: value}
	}
	return fields, nil
}

// Set gives the value at a path of keys a new value; all around it stays. What
// is missing is added, tables behind their relatives.
func (f *File) Set(value any, path ...string) error {
	text, err := literal(value)
	if err != nil {
		return err
	}
	return wrap(f.doc.Set(text, path...))
}

// Delete removes the entry at a path of keys with its comments. It reports if
// there was one.
func (f *File) Delete(path ...string) (bool, error) {
	ok, err := f.doc.Delete(path...)
	return ok, wrap(err)
}

// SetSource writes where a package comes from into [tool.uv.sources], behind
// the other sources; what was there for the package goes.
func (f *File) SetSource(name pyname.Package, source []Setting) error {
	if err := f.dropSource(name); err != nil {
		return err
	}
	f.newSources = f.newSources || f.doc.Lookup("tool", "uv", "sources") == nil
	return f.Set(source, "tool", "uv", "sources", string(name))
}

// RemoveSource removes what [tool.uv.sources] says about a package, and the
// table if it is empty then.
func (f *File) RemoveSource(name pyname.Package) error {
	before := tableOf(f.doc.Lookup("tool", "uv", "sources")).Len()
	if err := f.dropSource(name); err != nil {
		return err
	}
	sources := f.doc.Lookup("tool", "uv", "sources")
	if before == 0 || sources.Len() > 0 {
		return nil
	}
	_, err := f.Delete("tool", "uv", "sources")
	return err
}

func (f *File) dropSource(name pyname.Package) error {
	sources := f.doc.Lookup("tool", "uv", "sources")
	if sources != nil && sources.Kind() != toml.Table {
		return fail(sources.Errorf("the sources are malformed: expected a table"), nil)
	}
	for e := range sources.Entries() {
		if key, err := pyname.ParsePackage(e.Key); err == nil && key == name {
			return wrap(f.doc.DeleteKey(sources, e.Key))
		}
	}
	return nil
}

// AddWorkspaceMember adds a path, with forward slashes, to the members of
// [tool.uv.workspace], which is made if there is none.
func (f *File) AddWorkspaceMember(path string) error {
	members := f.doc.Lookup("tool", "uv", "workspace", "members")
	if members == nil {
		if err := f.doc.Set("[]", "tool", "uv", "workspace", "members"); err != nil {
			return wrap(err)
		}
		members = f.doc.Lookup("tool", "uv", "workspace", "members")
	}
	if members.Kind() != toml.Array {
		return fail(members.Errorf("the workspace is malformed: expected a list of members"), nil)
	}
	if err := f.doc.InsertElem(members, members.Len(), toml.LitString(path)); err != nil {
		return wrap(err)
	}
	return wrap(f.doc.Spread(f.doc.Lookup("tool", "uv", "workspace", "members"), ""))
}

// IndexEntry is what [File.AddIndex] writes of a package index.
type IndexEntry struct {
	Name    string // "" for none
	URL     string // or a path
	Default bool
	Flat    bool
}

// AddIndex writes an index as the first [[tool.uv.index]]. An entry with the
// same name, for the same place (as same tells for the URL of an entry), or
// that is the default too, is changed and moved to the front; further ones of
// that kind go.
func (f *File) AddIndex(x IndexEntry, same func(url string) bool) error {
	all := f.doc.Lookup("tool", "uv", "index")
	if all == nil {
		return wrap(f.doc.InsertTable(f.indexRank(), x.fields(), "tool", "uv", "index"))
	}
	if all.Kind() != toml.Array || strings.HasPrefix(all.Raw(), "[") && !strings.HasPrefix(all.Raw(), "[[") {
		return fail(all.Errorf("the indexes are malformed: expected `[[tool.uv.index]]` tables"), nil)
	}
	var matches []int
	for i, e := range all.Elems() {
		if x.matches(e, same) {
			matches = append(matches, i)
		}
	}
	if len(matches) == 0 {
		return wrap(f.doc.InsertTable(0, x.fields(), "tool", "uv", "index"))
	}
	return f.updateIndex(x, matches, same)
}

func (x IndexEntry) matches(e *toml.Value, same func(string) bool) bool {
	name, _ := e.Get("name").Text()
	url, hasURL := e.Get("url").Text()
	isDefault, _ := e.Get("default").Bool()
	return x.Name != "" && name == x.Name || x.Default && isDefault || hasURL && same(url)
}

func (x IndexEntry) fields() []toml.Field {
	var fields []toml.Field
	if x.Name != "" {
		fields = append(fields, toml.Field{Key: "name", Value: toml.LitString(x.Name)})
	}
	fields = append(fields, toml.Field{Key: "url", Value: toml.LitString(x.URL)})
	if x.Default {
		fields = append(fields, toml.Field{Key: "default", Value: toml.LitBool(true)})
	}
	if x.Flat {
		fields = append(fields, toml.Field{Key: "format", Value: toml.LitString("flat")})
	}
	return fields
}

// indexRank returns how many headers stay in front of the first index: as many
// as the document has top-level keys. A table of sources that was just added
// counts to the header in front of it.
func (f *File) indexRank() int {
	rank := f.doc.Root().Len()
	if sources := f.doc.Lookup("tool", "uv", "sources"); f.newSources && f.doc.Rank(sources) <= rank {
		rank++
	}
	return rank
}

// updateIndex changes the first of the matching entries, drops the others and
// moves it to the front. The format follows the place: it changes only if that
// does.
func (f *File) updateIndex(x IndexEntry, matches []int, same func(string) bool) error {
	entry := func() *toml.Value { return f.doc.Lookup("tool", "uv", "index").Elem(matches[0]) }
	for i := len(matches) - 1; i > 0; i-- {
		if err := f.doc.RemoveElem(f.doc.Lookup("tool", "uv", "index"), matches[i]); err != nil {
			return wrap(err)
		}
	}
	url, _ := entry().Get("url").Text()
	moved := !same(url)
	for _, field := range x.fields() {
		old := entry().Get(field.Key)
		if field.Key == "format" && !moved || old != nil && old.Raw() == string(field.Value) {
			continue
		}
		if text, ok := old.Text(); ok && toml.LitString(text) == field.Value {
			continue // written in other quotes
		}
		if err := f.doc.SetKey(entry(), field.Key, field.Value); err != nil {
			return wrap(err)
		}
	}
	if moved && !x.Flat {
		if err := f.doc.DeleteKey(entry(), "format"); err != nil {
			return wrap(err)
		}
	}
	return wrap(f.doc.MoveFirst(f.doc.Lookup("tool", "uv", "index"), matches[0]))
}

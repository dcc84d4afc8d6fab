package pyproject

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// An Edit tells what happened to a list of dependencies.
type Edit struct {
	Index int  // of the entry, in the list as it is now
	Added bool // else an entry was changed
}

// AmbiguousError says that a list has several entries for a package and marker,
// so that it is not clear which one to change.
type AmbiguousError struct {
	Name         pyname.Package
	Requirements []pep508.Requirement
}

// Error lists the entries.
func (e *AmbiguousError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "cannot perform ambiguous update; found multiple entries for `%s`:", e.Name)
	for _, r := range e.Requirements {
		fmt.Fprintf(&b, "\n- `%s`", r)
	}
	return b.String()
}

// AddDependency puts a requirement into a list, which is made if there is none.
//
// If the list has an entry for the same package with the same marker, that one
// is changed: it gets the extras in addition to its own, the versions or URL if
// there are any, and the marker. Else the requirement is added: in its place if
// the list is sorted, otherwise behind the last requirement. hasSource says
// that the URL is to go to [tool.uv.sources] (see [File.SetSource]): an entry's
// own URL is removed.
//
// The list gets a line for each entry. Comments stay.
func (f *File) AddDependency(p Place, req pep508.Requirement, hasSource bool) (Edit, error) {
	v, err := f.list(p)
	if err != nil {
		return Edit{}, err
	}
	same := find(v, req.Name, &req.Marker)
	switch len(same) {
	case 0:
		return f.insertDependency(p, req)
	case 1:
		merged := mergeRequirement(same[0].req, req, hasSource)
		return Edit{Index: same[0].index}, f.setDependency(p, same[0].index, merged, true)
	}
	e := &AmbiguousError{Name: req.Name}
	for _, s := range same {
		e.Requirements = append(e.Requirements, s.req)
	}
	return Edit{}, e
}

func mergeRequirement(old, with pep508.Requirement, hasSource bool) pep508.Requirement {
	extras := slices.Concat(old.Extras, with.Extras)
	slices.Sort(extras)
	old.Extras = slices.Compact(extras)
	if hasSource {
		old.URL = ""
	}
	switch {
	case with.URL != "":
		old.URL, old.Specifiers = with.URL, nil
	case len(with.Specifiers) > 0:
		old.URL, old.Specifiers = "", with.Specifiers
	}
	if !with.Marker.IsTrue() {
		old.Marker = with.Marker
	}
	return old
}

// SetDependency replaces an entry of a list; the layout stays.
func (f *File) SetDependency(p Place, index int, req pep508.Requirement) error {
	return f.setDependency(p, index, req, false)
}

func (f *File) setDependency(p Place, index int, req pep508.Requirement, spread bool) error {
	v, err := f.list(p)
	if err != nil {
		return err
	}
	if index < 0 || index >= v.Len() {
		return fmt.Errorf("expected a dependency at index %d of `%s`", index, p)
	}
	if err := f.doc.Replace(v.Elem(index), toml.LitString(req.String())); err != nil {
		return wrap(err)
	}
	if !spread {
		return nil
	}
	return f.spread(p, "")
}

// spread gives each entry of a list its line.
func (f *File) spread(p Place, indent string) error {
	v, err := f.list(p)
	if err != nil {
		return err
	}
	if err := f.doc.Spread(v, indent); err != nil {
		return wrap(err)
	}
	return f.tidyInline(p)
}

// tidyInline puts the usual blanks into an inline table of lists, which had to
// be on one line and can not have comments.
func (f *File) tidyInline(p Place) error {
	if p.Kind != OptionalExtra && p.Kind != InGroup {
		return nil
	}
	table := f.doc.Lookup(f.parent(p)...)
	if !strings.HasPrefix(table.Raw(), "{") || strings.Contains(table.Raw(), "#") {
		return nil
	}
	var fields []toml.Field
	for e := range table.Entries() {
		if !strings.HasPrefix(e.Value.Raw(), "[") {
			return nil
		}
		fields = append(fields, toml.Field{Key: e.Key, Value: toml.Literal(e.Value.Raw())})
	}
	return wrap(f.doc.Replace(table, toml.LitTable(fields...)))
}

func (f *File) insertDependency(p Place, req pep508.Requirement) (Edit, error) {
	v, err := f.ensureList(p)
	if err != nil {
		return Edit{}, err
	}
	text := req.String()
	index := insertionIndex(v, text)
	if err := f.doc.InsertElem(v, index, toml.LitString(text)); err != nil {
		return Edit{}, wrap(err)
	}
	return Edit{Index: index, Added: true}, f.spread(p, "")
}

// EnsureList makes a list, empty, if there is none.
func (f *File) EnsureList(p Place) error {
	if _, err := f.ensureList(p); err != nil {
		return err
	}
	return f.tidyInline(p)
}

func (f *File) ensureList(p Place) (*toml.Value, error) {
	v, err := f.list(p)
	if v != nil || err != nil {
		return v, err
	}
	parent, key := f.parent(p), f.key(p)
	before := ""
	if p.Kind == InGroup {
		before = sortedPlace(f.doc.Lookup(parent...), key)
	}
	if before != "" {
		err = f.doc.InsertKey(f.doc.Lookup(parent...), before, key, "[]")
	} else {
		err = f.doc.Set("[]", append(parent, key)...)
	}
	if err != nil {
		return nil, wrap(err)
	}
	return f.list(p)
}

// sortedPlace returns the key in front of which a new one keeps a table of
// groups sorted; "" if it goes to the end or the table is not sorted.
func sortedPlace(table *toml.Value, key string) string {
	var keys []string
	for e := range table.Entries() {
		keys = append(keys, e.Key)
	}
	if !slices.IsSorted(keys) {
		return ""
	}
	for _, k := range keys {
		if k > key {
			return k
		}
	}
	return ""
}

// RemoveDependency removes all entries for a package from a list, and the
// package's source if no list needs it any more. It returns what was removed,
// nothing if the list does not have the package or is not there.
func (f *File) RemoveDependency(p Place, name pyname.Package) ([]pep508.Requirement, error) {
	v, err := f.list(p)
	if v == nil || err != nil {
		return nil, err
	}
	gone := find(v, name, nil)
	if len(gone) > 0 {
		if err := f.removeEntries(p, v, gone); err != nil {
			return nil, err
		}
	}
	if len(f.Find(name)) == 0 {
		if err := f.RemoveSource(name); err != nil {
			return nil, err
		}
	}
	var out []pep508.Requirement
	for _, g := range gone {
		out = append(out, g.req)
	}
	return out, nil
}

func (f *File) removeEntries(p Place, v *toml.Value, gone []found) error {
	indent := indentAfter(v, gone)
	for i := len(gone) - 1; i >= 0; i-- {
		if err := f.doc.RemoveElem(v, gone[i].index); err != nil {
			return wrap(err)
		}
		var err error
		if v, err = f.list(p); err != nil {
			return err
		}
	}
	return f.spread(p, indent)
}

// indentAfter returns the indentation of a list whose first entries go. If they
// stood on one line, uv takes the blanks that stood in front of them and of the
// first that stays. "" leaves the choice to the layout.
func indentAfter(v *toml.Value, gone []found) string {
	blanks, at := "", 1
	for i, e := range v.Elems() {
		start := e.Span().Start - v.Span().Start
		gap := v.Raw()[at:start]
		if strings.Trim(gap, " \t,") != "" {
			return ""
		}
		_, behind, comma := strings.Cut(gap, ",")
		if !comma {
			behind = gap
		}
		blanks += behind
		if i >= len(gone) || gone[i].index != i {
			return blanks
		}
		at = start + len(e.Raw())
	}
	return ""
}

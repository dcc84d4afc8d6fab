package backend

import (
	"fmt"

	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyproject"
)

// A reader takes values out of a document and remembers the first that is not
// what it should be.
type reader struct{ err error }

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// text is the string of a key, nil if there is none.
func (r *reader) text(t pyproject.Value, key string) *string {
	v := t.Get(key)
	if v.IsZero() {
		return nil
	}
	s, ok := v.Text()
	if !ok {
		r.fail(v.Errorf("invalid type: %s, expected a string", v.Kind()))
	}
	return &s
}

// texts is the array of strings of a key, nil if there is none.
func (r *reader) texts(t pyproject.Value, key string) *[]string {
	v := t.Get(key)
	if v.IsZero() {
		return nil
	}
	list, ok := v.Strings()
	if !ok {
		r.fail(v.Errorf("invalid type: %s, expected a sequence of strings", v.Kind()))
	}
	return &list
}

// list is [reader.texts] where an empty array and none are the same.
func (r *reader) list(t pyproject.Value, key string) []string {
	if list := r.texts(t, key); list != nil {
		return *list
	}
	return nil
}

func (r *reader) bool(t pyproject.Value, key string, unset bool) bool {
	v := t.Get(key)
	if v.IsZero() {
		return unset
	}
	b, ok := v.Bool()
	if !ok {
		r.fail(v.Errorf("invalid type: %s, expected a boolean", v.Kind()))
	}
	return b
}

// table is the value itself if it is a table or nothing.
func (r *reader) table(v pyproject.Value) pyproject.Value {
	if v.IsZero() || v.IsTable() {
		return v
	}
	r.fail(v.Errorf("invalid type: %s, expected a map", v.Kind()))
	return pyproject.Value{}
}

// pairs are the keys and strings of a table, in the order of the text.
func (r *reader) pairs(v pyproject.Value) []pair {
	var out []pair
	for key := range r.table(v).Entries() {
		if s := r.text(v, key); s != nil {
			out = append(out, pair{key, *s})
		}
	}
	return out
}

func (r *reader) requirements(list []pyproject.Dependency) []pep508.Requirement {
	out := make([]pep508.Requirement, 0, len(list))
	for _, d := range list {
		req, err := pep508.Parse(d.Text)
		if err != nil {
			r.fail(fmt.Errorf("line %d, column %d: %w", d.Line, d.Column, err))
		}
		out = append(out, req)
	}
	return out
}

package pyproject

import (
	"fmt"
	"iter"

	"github.com/tame-py/tame/internal/toml"
)

// A Value is any value of a document, for reading what is not standardised,
// such as a [tool] table. The zero Value stands for a missing one; all methods
// but Errorf work on it. A Value stays as it was when the file is edited.
type Value struct{ v *toml.Value }

// IsZero says if there is no such value.
func (v Value) IsZero() bool { return v.v == nil }

// Kind names the type as TOML messages do: "string", "boolean", "integer",
// "floating point", "datetime", "sequence" for arrays, "map" for tables,
// "nothing" for the zero Value.
func (v Value) Kind() string { return v.v.Kind().String() }

// IsTable says if the value is a table of any form.
func (v Value) IsTable() bool { return v.v.Kind() == toml.Table }

// IsArray says if the value is an array; arrays of tables are.
func (v Value) IsArray() bool { return v.v.Kind() == toml.Array }

// Text returns the text of a string.
func (v Value) Text() (string, bool) { return v.v.Text() }

// Bool returns a boolean.
func (v Value) Bool() (value, ok bool) { return v.v.Bool() }

// Int returns an integer.
func (v Value) Int() (int64, bool) { return v.v.Int() }

// Strings returns an array that holds only strings.
func (v Value) Strings() ([]string, bool) { return v.v.Strings() }

// Raw returns the value as it is written; of a table with a header, the header.
func (v Value) Raw() string { return v.v.Raw() }

// Len returns the number of elements of an array or keys of a table.
func (v Value) Len() int { return v.v.Len() }

// Get follows keys through tables.
func (v Value) Get(path ...string) Value { return Value{v.v.Lookup(path...)} }

// Entries yields the keys and values of a table in the order of the text.
func (v Value) Entries() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for e := range v.v.Entries() {
			if !yield(e.Key, Value{e.Value}) {
				return
			}
		}
	}
}

// Elems yields the elements of an array.
func (v Value) Elems() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		for i, e := range v.v.Elems() {
			if !yield(i, Value{e}) {
				return
			}
		}
	}
}

// Position returns line and column, from 1, of the value's first character.
func (v Value) Position() (line, column int) {
	p := v.v.Position()
	return p.Line, p.Column
}

// Errorf makes an [*Error] with the value's place. An error among the arguments
// with the verb %w is wrapped. It must not be called on the zero Value.
func (v Value) Errorf(format string, args ...any) error {
	text := fmt.Errorf(format, args...)
	cause, _ := text.(interface{ Unwrap() error })
	e := fail(v.v.Errorf("%s", text), nil)
	if cause != nil {
		e.Err = cause.Unwrap()
	}
	return e
}

// KeyErrorf is like Errorf with the place of a key of the table, or of the
// table if it has no such key.
func (v Value) KeyErrorf(key, format string, args ...any) error {
	e, ok := v.v.Entry(key)
	if !ok {
		return v.Errorf(format, args...)
	}
	return fail(e.Errorf(format, args...), nil)
}

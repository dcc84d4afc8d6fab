package toml

import (
	"iter"
	"strconv"
	"strings"
)

// Kind says what a [Value] holds.
type Kind uint8

// The kinds of TOML values. Invalid is the kind of a nil *Value.
const (
	Invalid Kind = iota
	String
	Integer
	Float
	Bool
	OffsetDateTime
	LocalDateTime
	LocalDate
	LocalTime
	Array
	Table
)

// String names the kind the way error messages do: "string", "array", …
func (k Kind) String() string {
	switch k {
	case String:
		return "string"
	case Integer:
		return "integer"
	case Float:
		return "floating point"
	case Bool:
		return "boolean"
	case OffsetDateTime, LocalDateTime, LocalDate, LocalTime:
		return "datetime"
	case Array:
		return "sequence"
	case Table:
		return "map"
	}
	return "nothing"
}

// A form tells how a table or an array came to be in the text, which decides
// where its children can be added.
type form uint8

const (
	formInline  form = iota // a value: { … } or [ … ]
	formRoot                // the document itself
	formHeader              // [a.b]
	formSuper               // a of [a.b], without a header of its own
	formDotted              // a of a.b = 1
	formElement             // one [[a]]
	formTables              // all [[a]] together
)

// A Value is one value of a document: a scalar, an array or a table. It is
// read only and stays as it was when the document is edited. All methods work
// on nil, which stands for a missing value.
type Value struct {
	src     *source
	parent  *Value // the table or array that holds it; nil for the root
	kind    Kind
	form    form
	span    Span
	bodyEnd int    // of a table with a section: where the text of its last own entry ends
	text    string // decoded text of a String
	list    []*Value
	entries []Entry
	index   map[string]int // into entries, once there are many
}

// An Entry is a key of a table with its value. Entries are in the order in
// which the keys first appear in the text.
type Entry struct {
	Key     string
	KeySpan Span // where the key is first written; its last part if dotted
	Value   *Value
	start   int // where the whole dotted key starts
}

// Kind returns what the value is; Invalid for nil.
func (v *Value) Kind() Kind {
	if v == nil {
		return Invalid
	}
	return v.kind
}

// Span returns where the value stands in the text. For a table with a header
// that is the header, for one made by a dotted key or a longer header it is
// the key part that made it.
func (v *Value) Span() Span {
	if v == nil {
		return Span{}
	}
	return v.span
}

// Position returns line and column of the value's first character.
func (v *Value) Position() Position {
	if v == nil {
		return Position{}
	}
	return v.src.position(v.span.Start)
}

// Raw returns the value as it is written.
func (v *Value) Raw() string {
	if v == nil {
		return ""
	}
	return v.src.text[v.span.Start:v.span.End]
}

// Text returns the decoded text of a String.
func (v *Value) Text() (string, bool) {
	if v == nil || v.kind != String {
		return "", false
	}
	return v.text, true
}

// Bool returns the value of a Bool.
func (v *Value) Bool() (value, ok bool) {
	if v == nil || v.kind != Bool {
		return false, false
	}
	return v.Raw() == "true", true
}

// Int returns the value of an Integer.
func (v *Value) Int() (int64, bool) {
	if v == nil || v.kind != Integer {
		return 0, false
	}
	n, err := strconv.ParseInt(v.Raw(), 0, 64)
	return n, err == nil
}

// Float returns the value of a Float.
func (v *Value) Float() (float64, bool) {
	if v == nil || v.kind != Float {
		return 0, false
	}
	f, err := parseFloat(v.Raw())
	return f, err == nil
}

// parseFloat knows what strconv does not: TOML's signed nan.
func parseFloat(raw string) (float64, error) {
	raw = strings.ReplaceAll(raw, "_", "")
	if strings.HasSuffix(raw, "nan") {
		raw = "nan"
	}
	return strconv.ParseFloat(raw, 64)
}

// Len returns the number of elements of an Array or entries of a Table.
func (v *Value) Len() int {
	if v == nil {
		return 0
	}
	return len(v.list) + len(v.entries)
}

// Elem returns element i of an Array.
func (v *Value) Elem(i int) *Value { return v.list[i] }

// Elems yields the elements of an Array, arrays of tables included.
func (v *Value) Elems() iter.Seq2[int, *Value] {
	return func(yield func(int, *Value) bool) {
		if v == nil {
			return
		}
		for i, e := range v.list {
			if !yield(i, e) {
				return
			}
		}
	}
}

// Entries yields the entries of a Table in the order of the text.
func (v *Value) Entries() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		if v == nil {
			return
		}
		for _, e := range v.entries {
			if !yield(e) {
				return
			}
		}
	}
}

// Get returns the value of a key of a Table, nil if there is none.
func (v *Value) Get(key string) *Value {
	e, _ := v.Entry(key)
	return e.Value
}

// Entry returns the entry of a key of a Table.
func (v *Value) Entry(key string) (Entry, bool) {
	if v == nil {
		return Entry{}, false
	}
	if v.index != nil {
		i, ok := v.index[key]
		if !ok {
			return Entry{}, false
		}
		return v.entries[i], true
	}
	for i := range v.entries {
		if v.entries[i].Key == key {
			return v.entries[i], true
		}
	}
	return Entry{}, false
}

// Lookup follows keys through nested tables; nil if there is no such value.
func (v *Value) Lookup(path ...string) *Value {
	for _, key := range path {
		v = v.Get(key)
	}
	return v
}

// Strings returns the texts of an Array that holds only strings.
func (v *Value) Strings() ([]string, bool) {
	if v.Kind() != Array {
		return nil, false
	}
	out := make([]string, 0, len(v.list))
	for _, e := range v.list {
		s, ok := e.Text()
		if !ok {
			return nil, false
		}
		out = append(out, s)
	}
	return out, true
}

func (v *Value) push(e *Value) {
	e.parent = v
	v.list = append(v.list, e)
}

// indexFrom is the number of entries from which a table keeps an index: below
// it, comparing keys is faster than hashing them.
const indexFrom = 12

// usualEntries is how many entries a table in several lines has room for at first.
const usualEntries = 4

func (v *Value) add(e Entry) {
	e.Value.parent = v
	if v.entries == nil && v.form != formInline {
		v.entries = make([]Entry, 0, usualEntries)
	}
	v.entries = append(v.entries, e)
	switch n := len(v.entries); {
	case v.index != nil:
		v.index[e.Key] = n - 1
	case n == indexFrom:
		v.index = make(map[string]int, 2*n)
		for i, e := range v.entries {
			v.index[e.Key] = i
		}
	}
}

package config

import (
	"slices"
	"strings"
	"sync"

	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/pyname"
)

// A field is one key of a table of settings: how to read it into a T, how to
// take it from a lower T where a higher one says nothing, or not all.
type field[T any] struct {
	name  string
	read  func(*T, *toml.Value) error // nil: the key is known, others read it
	merge func(high, low *T)
	isSet func(*T) bool
	scope scope
}

// scope says where a key of the top level may stand.
type scope uint8

const (
	anywhere    scope = iota
	projectOnly       // not in uv.toml
)

// one is a field with a single value: the higher counts.
func one[T, V any](name string, at func(*T) **V, parse func(*toml.Value) (V, error)) field[T] {
	return field[T]{
		name: name,
		read: func(t *T, v *toml.Value) error {
			x, err := parse(v)
			*at(t) = &x
			return err
		},
		merge: func(high, low *T) {
			if *at(high) == nil {
				*at(high) = *at(low)
			}
		},
		isSet: func(t *T) bool { return *at(t) != nil },
	}
}

// many is a list: the higher comes first.
func many[T, V any](name string, at func(*T) *[]V, parse func(*toml.Value) (V, error)) field[T] {
	return field[T]{
		name: name,
		read: func(t *T, v *toml.Value) (err error) {
			*at(t), err = listOf(v, parse)
			return err
		},
		merge: func(high, low *T) {
			if *at(low) != nil {
				*at(high) = append(slices.Clip(*at(high)), *at(low)...)
			}
			if *at(high) == nil && *at(low) != nil {
				*at(high) = []V{}
			}
		},
		isSet: func(t *T) bool { return *at(t) != nil },
	}
}

// names is a map from packages: what both have is joined.
func names[T, V any](name string, at func(*T) *map[pyname.Package]V, parse func(*toml.Value) (V, error), join func(high, low V) V) field[T] {
	return field[T]{
		name: name,
		read: func(t *T, v *toml.Value) (err error) {
			*at(t), err = mapOf(v, parse)
			return err
		},
		merge: func(high, low *T) { *at(high) = joinMaps(*at(high), *at(low), join) },
		isSet: func(t *T) bool { return *at(t) != nil },
	}
}

// joinMaps returns a new map with the entries of both.
func joinMaps[M ~map[K]V, K comparable, V any](high, low M, join func(high, low V) V) M {
	if low == nil {
		return high
	}
	out := make(M, len(high)+len(low))
	for k, v := range low {
		out[k] = v
	}
	for k, v := range high {
		if below, both := low[k]; both {
			v = join(v, below)
		}
		out[k] = v
	}
	return out
}

func higher[V any](high, _ V) V { return high }

// elsewhere is a key that another package reads.
func elsewhere[T any](name string) field[T] {
	return field[T]{name: name, merge: func(_, _ *T) {}, isSet: func(*T) bool { return false }}
}

// only marks fields as not allowed in uv.toml.
func only(s scope, fields ...field[Options]) []field[Options] {
	for i := range fields {
		fields[i].scope = s
	}
	return fields
}

// lift makes fields of a part into fields of the whole.
func lift[T, P any](fields []field[P], part func(*T) *P) []field[T] {
	out := make([]field[T], len(fields))
	for i, f := range fields {
		out[i] = field[T]{
			name:  f.name,
			merge: func(high, low *T) { f.merge(part(high), part(low)) },
			read:  func(t *T, v *toml.Value) error { return f.read(part(t), v) },
			isSet: func(t *T) bool { return f.isSet(part(t)) },
		}
	}
	return out
}

// nested is a table with fields of its own.
func nested[T, P any](name, kind string, at func(*T) *P, fields func() []field[P], strict bool) field[T] {
	return field[T]{
		name: name,
		read: func(t *T, v *toml.Value) error {
			if v.Kind() != toml.Table {
				return wrongType(v, kind)
			}
			return readTable(at(t), v, fields(), strict)
		},
		merge: func(high, low *T) { mergeFields(at(high), at(low), fields()) },
		isSet: func(t *T) bool {
			return slices.ContainsFunc(fields(), func(f field[P]) bool { return f.isSet(at(t)) })
		},
	}
}

// readTable reads the keys of a table; a strict one may have no others.
func readTable[T any](t *T, table *toml.Value, fields []field[T], strict bool) error {
	for e := range table.Entries() {
		i := slices.IndexFunc(fields, func(f field[T]) bool { return f.name == e.Key })
		switch {
		case i < 0 && strict:
			return unknownField(e, fieldNames(fields))
		case i < 0 || fields[i].read == nil:
			continue
		}
		if err := fields[i].read(t, e.Value); err != nil {
			return err
		}
	}
	return nil
}

// unknownField words a key that is none, with the one that was meant or else all.
func unknownField(e toml.Entry, names []string) error {
	if near := Nearest(e.Key, names); near != "" {
		return e.Errorf("unknown field `%s`, did you mean `%s`?", e.Key, near)
	}
	return e.Errorf("unknown field `%s`, expected one of `%s`", e.Key, strings.Join(names, "`, `"))
}

func fieldNames[T any](fields []field[T]) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.name
	}
	return out
}

func mergeFields[T any](high, low *T, fields []field[T]) {
	for _, f := range fields {
		f.merge(high, low)
	}
}

// Combine returns the settings of two files: values of the first count before
// those of the second, its lists come first, its maps win key by key.
func Combine(high, low Options) Options {
	mergeFields(&high, &low, optionFields())
	return high
}

// The tables are made when the first file is read: most commands read none.
var (
	optionFields = sync.OnceValue(makeOptionFields)
	pipFields    = sync.OnceValue(makePipFields)
)

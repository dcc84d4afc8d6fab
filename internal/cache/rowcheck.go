package cache

import (
	"fmt"
	"reflect"
)

// CheckRow says what keeps T from being the row of a table: a pointer in it,
// a number whose size depends on the machine, or padding, whose bytes would
// be anything. It is meant for the tests of whoever defines a row type.
func CheckRow[T any]() error {
	t := reflect.TypeFor[T]()
	if err := checkRow(t); err != nil {
		return fmt.Errorf("%s: %w", t, err)
	}
	if t.Align() > alignment {
		return fmt.Errorf("%s is aligned to %d bytes", t, t.Align())
	}
	return nil
}

func checkRow(t reflect.Type) error {
	switch t.Kind() {
	case reflect.Bool, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return nil
	case reflect.Array:
		return checkRow(t.Elem())
	case reflect.Struct:
		var end uintptr
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Offset != end {
				return fmt.Errorf("padding before field %s", f.Name)
			}
			if err := checkRow(f.Type); err != nil {
				return fmt.Errorf("field %s: %w", f.Name, err)
			}
			end = f.Offset + f.Type.Size()
		}
		if end != t.Size() {
			return fmt.Errorf("padding at the end")
		}
		return nil
	}
	return fmt.Errorf("%s has no fixed layout", t.Kind())
}

package toml

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	gotoml "github.com/pelletier/go-toml/v2"
)

// Decode stores the document in the struct or map that v points to, by the
// rules of go-toml (`toml:"name"` tags). Keys without a field are ignored.
// The error is an [*Error] when the document is at fault.
func (d *Document) Decode(v any) error { return d.decode(v, false) }

// DecodeStrict is like [Document.Decode] but fails with [UnknownKeys] when the
// document has keys that v has no field for.
func (d *Document) DecodeStrict(v any) error { return d.decode(v, true) }

// UnknownKeys lists the keys of a document that the decoded struct has no
// field for, in the order of the text, each with its place.
type UnknownKeys []*Error

// Error names the first key in full and says how many there are.
func (u UnknownKeys) Error() string {
	if len(u) == 1 {
		return u[0].Error()
	}
	return fmt.Sprintf("%s (and %d more unknown keys)", u[0].Error(), len(u)-1)
}

// Unwrap gives access to each error.
func (u UnknownKeys) Unwrap() []error {
	out := make([]error, len(u))
	for i, e := range u {
		out[i] = e
	}
	return out
}

func (d *Document) decode(v any, strict bool) error {
	base := 0
	if strings.HasPrefix(d.src.text, byteOrderMark) {
		base = len(byteOrderMark)
	}
	dec := gotoml.NewDecoder(bytes.NewReader([]byte(d.src.text[base:])))
	if strict {
		dec.DisallowUnknownFields()
	}
	err := dec.Decode(v)
	var missing *gotoml.StrictMissingError
	var wrong *gotoml.DecodeError
	switch {
	case errors.As(err, &missing):
		var unknown UnknownKeys
		for i := range missing.Errors {
			e := &missing.Errors[i]
			key := e.Key()
			unknown = append(unknown, d.located(e, base, fmt.Sprintf("unknown field `%s`", key[len(key)-1])))
		}
		return unknown
	case errors.As(err, &wrong):
		return d.located(wrong, base, strings.TrimPrefix(wrong.Error(), "toml: "))
	}
	return err
}

// located turns an error of go-toml, which counts bytes, into one of ours.
func (d *Document) located(e *gotoml.DecodeError, base int, message string) *Error {
	line, column := e.Position()
	offset := base
	for ; line > 1; line-- {
		offset = lineEnd(d.src.text, offset) + 1
	}
	offset = min(offset+max(column, 1)-1, len(d.src.text))
	return d.src.fail(d.tokenAt(offset), message)
}

// tokenAt returns the span of the innermost key or value at an offset.
func (d *Document) tokenAt(offset int) Span {
	best := Span{offset, offset + 1}
	holds := func(s Span) bool { return s.Start <= offset && offset < s.End }
	var visit func(v *Value)
	visit = func(v *Value) {
		if v.kind != Table && v.kind != Array && holds(v.span) {
			best = v.span
		}
		for _, e := range v.list {
			visit(e)
		}
		for _, e := range v.entries {
			if holds(e.KeySpan) {
				best = e.KeySpan
			}
			visit(e.Value)
		}
	}
	visit(d.root)
	return best
}

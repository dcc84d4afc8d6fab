package metadata

import (
	"bytes"
	"iter"
	"strings"
)

// Headers are the fields of a metadata file in the order they were written,
// and the text after them. The file format is that of e-mail headers (RFC 822)
// as pypa's tools read and write it.
type Headers struct {
	fields []header
	// Body is what follows the first empty line, or the first line that is no
	// header: the long description (metadata 2.1).
	Body []byte
}

// A header keeps slices of the file: most fields are never asked for.
type header struct{ name, value []byte }

// ParseHeaders splits a metadata file into its fields. Every input is valid:
// where a line is neither a field nor the continuation of one, the body begins.
// The result refers to data, which must not change.
func ParseHeaders(data []byte) Headers {
	h := Headers{fields: make([]header, 0, 32)}
	for at := 0; at < len(data); {
		end, next := lineEnd(data, at)
		if end == at {
			h.Body = data[next:]
			return h
		}
		colon := headerName(data[at:end])
		if colon < 0 {
			h.Body = data[at:]
			return h
		}
		name := data[at : at+colon]
		value := at + colon + 1
		for next < len(data) && (data[next] == ' ' || data[next] == '\t') {
			end, next = lineEnd(data, next)
		}
		h.fields = append(h.fields, header{name, bytes.TrimLeft(data[value:end], " \t")})
		at = next
	}
	return h
}

// lineEnd returns where the line that starts at from ends, without its line
// end, and where the next one starts.
func lineEnd(data []byte, from int) (end, next int) {
	i := bytes.IndexByte(data[from:], '\n')
	if i < 0 {
		end, next = len(data), len(data)
	} else {
		end, next = from+i, from+i+1
	}
	if end > from && data[end-1] == '\r' {
		end--
	}
	return end, next
}

// headerName returns the place of the colon after a field's name, or -1 if the
// line does not start with a name.
func headerName(line []byte) int {
	for i, c := range line {
		switch {
		case c == ':':
			if i == 0 {
				return -1
			}
			return i
		case c <= ' ' || c >= 0x7f:
			return -1
		}
	}
	return -1
}

// Get returns the first value of a field, its lines joined by single spaces. A
// field that is absent, or that old versions of distutils filled with the word
// UNKNOWN, is not ok.
func (h Headers) Get(name string) (value string, ok bool) {
	for v := range h.All(name) {
		return v, true
	}
	return "", false
}

// All yields the values of a field as [Headers.Get] returns them. Names match
// in any case.
func (h Headers) All(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, f := range h.fields {
			if len(f.name) != len(name) || !strings.EqualFold(string(f.name), name) {
				continue
			}
			if v := unfold(f.value); v != "UNKNOWN" && !yield(v) {
				return
			}
		}
	}
}

// unfold joins the lines of a value.
func unfold(value []byte) string {
	if bytes.IndexByte(value, '\n') < 0 {
		return string(bytes.TrimRight(value, " \t\r"))
	}
	var b strings.Builder
	for line := range bytes.Lines(value) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.Write(bytes.TrimSpace(line))
	}
	return b.String()
}

package metadata

import (
	"strconv"
	"unicode/utf8"
)

// A jsonWriter writes compact JSON with keys in the order of the calls.
// encoding/json escapes more than uv's writer does, and files should be equal.
type jsonWriter struct {
	buf   []byte
	comma bool
}

func (w *jsonWriter) open() { w.buf, w.comma = append(w.buf, '{'), false }

func (w *jsonWriter) close() { w.buf, w.comma = append(w.buf, '}'), true }

func (w *jsonWriter) key(name string) {
	if w.comma {
		w.buf = append(w.buf, ',')
	}
	w.buf = append(quoteJSON(w.buf, name), ':')
	w.comma = true
}

func (w *jsonWriter) object(name string) {
	w.key(name)
	w.open()
}

// str writes a string; an empty one only if always.
func (w *jsonWriter) str(name, value string, always bool) {
	if value != "" || always {
		w.key(name)
		w.buf = quoteJSON(w.buf, value)
	}
}

// list writes a list of strings.
func (w *jsonWriter) list(name string, values []string) {
	w.key(name)
	w.buf = append(w.buf, '[')
	for i, v := range values {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.buf = quoteJSON(w.buf, v)
	}
	w.buf = append(w.buf, ']')
}

// flag writes a boolean unless it is unsaid.
func (w *jsonWriter) flag(name string, value *bool) {
	if value != nil {
		w.key(name)
		w.buf = strconv.AppendBool(w.buf, *value)
	}
}

// quoteJSON appends a JSON string, escaping only what must be. Bytes that are
// no UTF-8 become the replacement character.
func quoteJSON(buf []byte, s string) []byte {
	const hex = "0123456789abcdef"
	buf = append(buf, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			buf = append(buf, '\\', byte(r))
		case r == '\n':
			buf = append(buf, '\\', 'n')
		case r == '\r':
			buf = append(buf, '\\', 'r')
		case r == '\t':
			buf = append(buf, '\\', 't')
		case r == '\b':
			buf = append(buf, '\\', 'b')
		case r == '\f':
			buf = append(buf, '\\', 'f')
		case r < ' ':
			buf = append(buf, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			buf = utf8.AppendRune(buf, r)
		}
	}
	return append(buf, '"')
}

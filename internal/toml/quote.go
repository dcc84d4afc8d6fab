package toml

import (
	"fmt"
	"strconv"
	"strings"
)

// A Literal is the TOML text of one value.
type Literal string

// A Field is a key and a value for a table that is to be written.
type Field struct {
	Key   string
	Value Literal
}

// LitString returns a string in the style that uv's writer picks: the first of
// basic, literal, multi-line basic and multi-line literal that needs no
// escapes, else an escaped basic string (multi-line if it has a line end).
func LitString(s string) Literal {
	s = strings.ToValidUTF8(s, "\uFFFD")
	f := featuresOf(s)
	switch {
	case !f.control && !f.backslash && f.double == 0 && !f.newline:
		return Literal(`"` + s + `"`)
	case !f.control && f.single == 0 && !f.newline:
		return Literal("'" + s + "'")
	case !f.control && !f.backslash && f.double <= 2:
		return f.multiline(s, `"""`)
	case !f.control && f.single <= 2:
		return f.multiline(s, "'''")
	case f.newline:
		return f.multiline(escape(s, true), `"""`)
	}
	return Literal(`"` + escape(s, false) + `"`)
}

// LitInt returns a decimal integer.
func LitInt(n int64) Literal { return Literal(strconv.FormatInt(n, 10)) }

// LitBool returns true or false.
func LitBool(b bool) Literal { return Literal(strconv.FormatBool(b)) }

// LitArray returns an array in one line.
func LitArray(elems ...Literal) Literal {
	var b strings.Builder
	b.WriteByte('[')
	for i, e := range elems {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(e))
	}
	b.WriteByte(']')
	return Literal(b.String())
}

// LitStrings returns an array of strings in one line.
func LitStrings(texts ...string) Literal {
	elems := make([]Literal, len(texts))
	for i, s := range texts {
		elems[i] = LitString(s)
	}
	return LitArray(elems...)
}

// LitTable returns an inline table: `{ a = 1, b = 2 }`, `{}` if empty.
func LitTable(fields ...Field) Literal {
	if len(fields) == 0 {
		return "{}"
	}
	var b strings.Builder
	b.WriteByte('{')
	for i, f := range fields {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(" " + QuoteKey(f.Key) + " = " + string(f.Value))
	}
	b.WriteString(" }")
	return Literal(b.String())
}

// QuoteKey returns a key as text: bare if it can be, else quoted in one line.
func QuoteKey(key string) string {
	if isBare(key) {
		return key
	}
	key = strings.ToValidUTF8(key, "\uFFFD")
	f := featuresOf(key)
	switch {
	case !f.control && !f.backslash && f.double == 0 && !f.newline:
		return `"` + key + `"`
	case !f.control && f.single == 0 && !f.newline:
		return "'" + key + "'"
	}
	return `"` + escape(key, false) + `"`
}

func isBare(key string) bool {
	for i := range len(key) {
		switch c := key[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return key != ""
}

// features are what decides about the style of a string.
type features struct {
	control, backslash, newline bool
	single, double              int // longest runs of quotes
}

func featuresOf(s string) features {
	var f features
	single, double := 0, 0
	for i := range len(s) {
		c := s[i]
		if c == '\'' {
			single++
			f.single = max(f.single, single)
		} else {
			single = 0
		}
		if c == '"' {
			double++
			f.double = max(f.double, double)
		} else {
			double = 0
		}
		switch {
		case c == '\n':
			f.newline = true
		case c == '\\':
			f.backslash = true
		case c < ' ', c == 0x7f:
			f.control = true
		}
	}
	return f
}

// multiline writes a string between triple quotes. The line end after the
// opening quotes is not part of a TOML string.
func (f features) multiline(s, quotes string) Literal {
	if f.newline {
		s = "\n" + s
	}
	return Literal(quotes + s + quotes)
}

// escape writes a string for a basic string; in a multi-line one, line ends
// stay, and so do up to two quotes in a row.
func escape(s string, multiline bool) string {
	var b strings.Builder
	run := 0 // of quotes just written
	for _, r := range s {
		quote := r == '"'
		switch {
		case quote && multiline && run < 2:
			b.WriteByte('"')
			run++
			continue
		case quote, r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n' && multiline:
			b.WriteByte('\n')
		case r == '\b':
			b.WriteString(`\b`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\f':
			b.WriteString(`\f`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < ' ', r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
		run = 0
	}
	return b.String()
}

package toml

import (
	"math"
	"strconv"
	"strings"
)

// Format writes a table as a document of TOML 1.0 in one layout: keys in their
// order, values before tables, arrays of more than one element over several
// lines, no comments. What only TOML 1.1 has is written the older way. It is
// the layout of the pyproject.toml in uv_build's source distributions.
func Format(table *Value) string {
	f := formatter{}
	f.table(nil, table, false)
	return f.out.String()
}

type formatter struct {
	out     strings.Builder
	started bool
}

// table writes a table with those below it. One that only holds tables needs
// no header.
func (f *formatter) table(path []string, t *Value, element bool) {
	var body strings.Builder
	children := false
	for e := range t.Entries() {
		if isSection(e.Value) {
			children = true
			continue
		}
		body.WriteString(QuoteKey(e.Key) + " = ")
		writePretty(&body, e.Value)
		body.WriteByte('\n')
	}
	if element || body.Len() > 0 || len(path) > 0 && !children {
		f.section(path, body.String(), element)
	}
	for e := range t.Entries() {
		if !isSection(e.Value) {
			continue
		}
		below := append(path[:len(path):len(path)], QuoteKey(e.Key))
		if e.Value.Kind() == Table {
			f.table(below, e.Value, false)
			continue
		}
		for _, v := range e.Value.Elems() {
			f.table(below, v, true)
		}
	}
}

func (f *formatter) section(path []string, body string, element bool) {
	if f.started {
		f.out.WriteByte('\n')
	}
	f.started = true
	if name := strings.Join(path, "."); element {
		f.out.WriteString("[[" + name + "]]\n")
	} else if len(path) > 0 {
		f.out.WriteString("[" + name + "]\n")
	}
	f.out.WriteString(body)
}

// isSection reports whether a value gets headers: a table, or an array of
// nothing but tables.
func isSection(v *Value) bool {
	switch v.Kind() {
	case Table:
		return true
	case Array:
		for _, e := range v.Elems() {
			if e.Kind() != Table {
				return false
			}
		}
		return v.Len() > 0
	}
	return false
}

func writePretty(b *strings.Builder, v *Value) {
	switch v.Kind() {
	case String:
		text, _ := v.Text()
		b.WriteString(string(LitString(text)))
	case Integer:
		n, _ := v.Int()
		b.WriteString(strconv.FormatInt(n, 10))
	case Float:
		x, _ := v.Float()
		b.WriteString(floatText(x, v.Raw()))
	case Bool:
		b.WriteString(v.Raw())
	case Array:
		writePrettyArray(b, v)
	case Table:
		writePrettyInline(b, v)
	default:
		b.WriteString(dateText(v.Raw()))
	}
}

// writePrettyArray does not indent arrays in arrays.
func writePrettyArray(b *strings.Builder, v *Value) {
	b.WriteByte('[')
	for _, e := range v.Elems() {
		if v.Len() == 1 {
			writePretty(b, e)
			continue
		}
		b.WriteString("\n    ")
		writePretty(b, e)
		b.WriteByte(',')
	}
	if v.Len() > 1 {
		b.WriteByte('\n')
	}
	b.WriteByte(']')
}

func writePrettyInline(b *strings.Builder, v *Value) {
	b.WriteByte('{')
	n := 0
	for e := range v.Entries() {
		if n++; n > 1 {
			b.WriteByte(',')
		}
		b.WriteString(" " + QuoteKey(e.Key) + " = ")
		writePretty(b, e.Value)
	}
	if n > 0 {
		b.WriteByte(' ')
	}
	b.WriteByte('}')
}

// floatText writes all digits of a number, without an exponent.
func floatText(x float64, raw string) string {
	switch {
	case math.IsNaN(x) && strings.HasPrefix(raw, "-"):
		return "-nan"
	case math.IsNaN(x):
		return "nan"
	case math.IsInf(x, 1):
		return "inf"
	case math.IsInf(x, -1):
		return "-inf"
	}
	text := strconv.FormatFloat(x, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// dateText writes a date or time as RFC 3339 has it: with a T and a Z in upper
// case, with seconds, and without needless digits of a fraction.
func dateText(raw string) string {
	date, rest := "", strings.ToUpper(raw)
	if len(rest) >= 10 && rest[4] == '-' {
		date, rest = rest[:10], rest[10:]
		if rest == "" {
			return date
		}
		date, rest = date+"T", rest[1:]
	}
	clock, offset := rest, ""
	if i := strings.IndexAny(rest, "Z+-"); i >= 0 {
		clock, offset = rest[:i], rest[i:]
	}
	if strings.Count(clock, ":") == 1 {
		clock += ":00"
	}
	if whole, fraction, ok := strings.Cut(clock, "."); ok {
		if fraction = strings.TrimRight(fraction[:min(len(fraction), 9)], "0"); fraction == "" {
			fraction = "0"
		}
		clock = whole + "." + fraction
	}
	if offset == "-00:00" {
		offset = "+00:00"
	}
	return date + clock + offset
}

package toml

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A splice replaces a range of the text.
type splice struct {
	Span
	text string
}

// errStale is a mistake of the caller: values do not survive an edit.
var errStale = errors.New("internal error: the TOML value is not of the document as it is now")

func (d *Document) owns(values ...*Value) error {
	for _, v := range values {
		if v == nil || v.src != d.src {
			return errStale
		}
	}
	return nil
}

// apply makes the edits and reads the document again. If that fails, the
// document stays as it was.
func (d *Document) apply(edits ...splice) error {
	slices.SortStableFunc(edits, func(a, b splice) int { return a.Start - b.Start })
	var out strings.Builder
	at := 0
	for _, e := range edits {
		out.WriteString(d.src.text[at:e.Start])
		out.WriteString(e.text)
		at = e.End
	}
	out.WriteString(d.src.text[at:])
	src := &source{name: d.src.name, text: out.String()}
	root, err := parse(src)
	if err != nil {
		return fmt.Errorf("the edit would break %s: %w", d.src.name, err)
	}
	if last := root.lastLine(); last > root.span.Start && lineEnd(src.text, last) == len(src.text) {
		src.text += d.newline() // the last entry's line had no end
	}
	d.src, d.root = src, root
	return nil
}

// lastLine returns where the text of the document's last entry or header ends.
func (v *Value) lastLine() int {
	end := v.span.Start
	for _, s := range v.sections() {
		end = max(end, s.bodyEnd)
	}
	return end
}

// newline returns the line end that the document uses.
func (d *Document) newline() string {
	if i := strings.IndexByte(d.src.text, '\n'); i > 0 && d.src.text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// lines puts the document's line ends into new text.
func (d *Document) lines(text string) string {
	if nl := d.newline(); nl != "\n" {
		return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", nl)
	}
	return text
}

// Set gives the value at a path of keys a new text. What is missing is added:
// the key behind the last entry of its table, a table behind its relatives.
// Tables can not be overwritten, unless they are inline.
func (d *Document) Set(value Literal, path ...string) error {
	t := d.root
	for i, key := range path[:len(path)-1] {
		next := t.Get(key)
		if next == nil && t.form != formInline && t.form != formDotted {
			return d.addTable(t, path[i:len(path)-1], []Field{{path[len(path)-1], value}})
		}
		if next == nil {
			return d.insertKey(t, "", dotted(path[i:]), value)
		}
		if next.form == formTables {
			next = next.list[len(next.list)-1]
		}
		if next.kind != Table {
			return next.Errorf("expected a table at `%s`", dotted(path[:i+1]))
		}
		t = next
	}
	return d.SetKey(t, path[len(path)-1], value)
}

// SetKey gives a key of a table a new value, or adds the key behind the
// table's last entry.
func (d *Document) SetKey(t *Value, key string, value Literal) error {
	if err := d.owns(t); err != nil {
		return err
	}
	if t.kind != Table {
		return t.Errorf("expected a table")
	}
	if old := t.Get(key); old != nil {
		return d.Replace(old, value)
	}
	return d.insertKey(t, "", QuoteKey(key), value)
}

// InsertKey adds a key to a table, in front of one that is there. Comments
// above that one stay with it.
func (d *Document) InsertKey(t *Value, before, key string, value Literal) error {
	if err := d.owns(t); err != nil {
		return err
	}
	if t.Get(key) != nil || t.Get(before) == nil {
		return fmt.Errorf("internal error: can not insert key %s in front of %s", key, before)
	}
	return d.insertKey(t, before, QuoteKey(key), value)
}

// Replace gives an inline value a new text; all around it stays.
func (d *Document) Replace(v *Value, value Literal) error {
	if err := d.owns(v); err != nil {
		return err
	}
	if v.form != formInline {
		return v.Errorf("a table with a header can not be replaced by a value")
	}
	return d.apply(splice{v.span, d.lines(string(value))})
}

// EnsureTable returns the table at a path of keys, adding it with a header if
// there is none.
func (d *Document) EnsureTable(path ...string) (*Value, error) {
	t := d.root
	for i, key := range path {
		next := t.Get(key)
		if next == nil {
			if err := d.addTable(t, path[i:], nil); err != nil {
				return nil, err
			}
			return d.Lookup(path...), nil
		}
		if next.kind != Table {
			return nil, next.Errorf("expected a table at `%s`", dotted(path[:i+1]))
		}
		t = next
	}
	return t, nil
}

// dotted writes a path of keys as one dotted key.
func dotted(path []string) string {
	parts := make([]string, len(path))
	for i, key := range path {
		parts[i] = QuoteKey(key)
	}
	return strings.Join(parts, ".")
}

// path returns the keys that lead to a value from the root, array elements
// left out.
func (v *Value) path() []string {
	var out []string
	for ; v.parent != nil; v = v.parent {
		for _, e := range v.parent.entries {
			if e.Value == v {
				out = append(out, e.Key)
			}
		}
	}
	slices.Reverse(out)
	return out
}

// insertKey adds an entry with a key that is already text.
func (d *Document) insertKey(t *Value, before, key string, value Literal) error {
	switch t.form {
	case formInline:
		return d.insertInline(t, before, key, value)
	case formSuper:
		return d.addHeader(t, key, value)
	case formDotted:
		return d.insertDotted(t, before, key, value)
	}
	entry := key + " = " + string(value) + "\n"
	at, indent := d.bodyEnd(t), ""
	if first := t.ownEntry(); first != nil {
		indent = d.indentOf(first.start)
	}
	if before != "" {
		e, _ := t.Entry(before)
		at = d.gapStart(t, e)
	}
	text := indent + entry
	if t.form == formRoot && t.bodyEnd == t.span.Start && at < len(d.src.text) && before == "" {
		text += "\n" // the root's first entry, in front of a header
	}
	return d.insertLines(at, text)
}

// insertLines inserts whole lines at the start of a line or at the end of a
// text that may lack its last line end.
func (d *Document) insertLines(at int, text string) error {
	if at > 0 && d.src.text[at-1] != '\n' && d.src.text[:at] != byteOrderMark {
		text = "\n" + text
	}
	return d.apply(splice{Span{at, at}, d.lines(text)})
}

// insertDotted adds `a.b.key = value` behind the last line of a.b.
func (d *Document) insertDotted(t *Value, before, key string, value Literal) error {
	top, prefix := t, []string{}
	for ; top.form == formDotted; top = top.parent {
		path := top.path()
		prefix = append(prefix, path[len(path)-1])
	}
	slices.Reverse(prefix)
	key = dotted(prefix) + "." + key
	e, found := t.Entry(before)
	if top.form == formInline {
		if found {
			return d.apply(splice{Span{e.start, e.start}, d.lines(key + " = " + string(value) + ", ")})
		}
		end := t.lastEnd()
		return d.apply(splice{Span{end, end}, d.lines(", " + key + " = " + string(value))})
	}
	at := d.nextLine(t.lastEnd())
	if found {
		at = d.gapStart(top, e)
	}
	first := Entry{Value: t}.leaves(nil)[0]
	return d.insertLines(at, d.indentOf(first.start)+key+" = "+string(value)+"\n")
}

// lastEnd returns where the last value below a dotted table ends.
func (v *Value) lastEnd() int {
	end := v.span.End
	for _, e := range v.entries {
		switch e.Value.form {
		case formInline:
			end = max(end, e.Value.span.End)
		case formDotted:
			end = max(end, e.Value.lastEnd())
		}
	}
	return end
}

// insertInline adds an entry to `{ … }`.
func (d *Document) insertInline(t *Value, before, key string, value Literal) error {
	text := d.lines(key + " = " + string(value))
	if e, ok := t.Entry(before); ok {
		return d.apply(splice{Span{e.start, e.start}, text + ", "})
	}
	if len(t.entries) == 0 {
		inner := Span{t.span.Start + 1, t.span.End - 1}
		if strings.ContainsRune(d.src.text[inner.Start:inner.End], '#') {
			return d.apply(splice{Span{inner.End, inner.End}, " " + text + " "})
		}
		return d.apply(splice{inner, " " + text + " "})
	}
	end := 0
	for _, e := range t.entries {
		end = max(end, e.Value.span.End, e.Value.lastEnd())
	}
	return d.apply(splice{Span{end, end}, ", " + text})
}

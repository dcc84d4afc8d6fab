package toml

import (
	"slices"
	"strings"
)

// Where things stand in the text. A section is a header with the lines below
// it, or what is in front of the first header. Comments and blank lines in
// front of a header or an entry belong to it; what follows the last entry of
// the last section belongs to the document's end.

// hasSection says if a table has lines of its own.
func (v *Value) hasSection() bool {
	return v.kind == Table && (v.form == formRoot || v.form == formHeader || v.form == formElement)
}

// sections returns the tables with sections below and including v, each in
// front of its children, children in the order in which they are first seen.
func (v *Value) sections() []*Value {
	var out []*Value
	if v.hasSection() {
		out = append(out, v)
	}
	for _, e := range v.list {
		if v.form == formTables {
			out = append(out, e.sections()...)
		}
	}
	for _, e := range v.entries {
		if e.Value.form != formInline {
			out = append(out, e.Value.sections()...)
		}
	}
	return out
}

// bodyEnd returns the start of the line behind the last entry of a section.
func (d *Document) bodyEnd(t *Value) int {
	if t.form == formRoot && t.bodyEnd == t.span.Start {
		return t.bodyEnd
	}
	return d.nextLine(t.bodyEnd)
}

// nextLine returns the start of the line behind an offset that is at the end
// of a value or header, where only blanks and a comment can follow.
func (d *Document) nextLine(at int) int {
	return min(lineEnd(d.src.text, at)+1, len(d.src.text))
}

func (d *Document) lineStart(at int) int {
	return max(strings.LastIndexByte(d.src.text[:at], '\n')+1, d.root.span.Start)
}

// indentOf returns the blanks in front of the line that holds an offset.
func (d *Document) indentOf(at int) string {
	start := d.lineStart(at)
	return d.src.text[start:skipBlanks(d.src.text, start)]
}

// ownEntry returns an entry that is written in the section of t, if any.
func (v *Value) ownEntry() *Entry {
	for i, e := range v.entries {
		if e.Value.form == formInline || e.Value.form == formDotted {
			return &v.entries[i]
		}
	}
	return nil
}

// gapStart returns where the comments and blank lines in front of an entry of
// a section start.
func (d *Document) gapStart(t *Value, e Entry) int {
	if e.Value.form != formInline && e.Value.form != formDotted {
		return d.bodyEnd(t)
	}
	at := d.lineStart(e.start)
	for at > d.root.span.Start {
		above := d.lineStart(at - 1)
		switch d.src.text[skipBlanks(d.src.text, above)] {
		case '#', '\n', '\r':
		default:
			return at
		}
		if d.insideValue(t, above) {
			return at
		}
		at = above
	}
	return at
}

// insideValue says if an offset is inside a value of the table: the last line
// of a multi-line string can look like a comment.
func (d *Document) insideValue(t *Value, at int) bool {
	for _, e := range t.entries {
		switch e.Value.form {
		case formInline:
			if e.Value.span.Start < at && at < e.Value.span.End {
				return true
			}
		case formDotted:
			if d.insideValue(e.Value, at) {
				return true
			}
		}
	}
	return false
}

// attached returns from where to remove a line together with its gap: all of
// the gap, or only the comment directly above the line if a blank line sets it
// off from other comments, which then are about something else.
func (d *Document) attached(gap, line int) int {
	blank := func(from, to int) bool { return strings.TrimSpace(d.src.text[from:to]) == "" }
	start := line
	for start > gap {
		above := d.lineStart(start - 1)
		if blank(above, start) {
			break
		}
		start = above
	}
	if blank(gap, start) {
		return gap
	}
	return start
}

// addTable adds the section of a new table, whose path goes on from that of
// an existing one, with its entries. It goes behind the last section that is
// below the existing table or, in the order of the tree, in front of it.
func (d *Document) addTable(parent *Value, more []string, fields []Field) error {
	path := append(parent.path(), more...)
	return d.insertSection(d.lastSection(parent), "["+dotted(path)+"]", fields)
}

// lastSection returns the last section up to the end of v in tree order.
func (d *Document) lastSection(v *Value) *Value {
	if below := v.sections(); len(below) > 0 {
		return below[len(below)-1]
	}
	return d.sectionBefore(v)
}

// sectionBefore returns the section in front of v in tree order; at least the
// root.
func (d *Document) sectionBefore(v *Value) *Value {
	last := d.root
	var visit func(t *Value) bool
	visit = func(t *Value) bool {
		if t == v {
			return true
		}
		if t.hasSection() {
			last = t
		}
		for _, e := range t.list {
			if t.form == formTables && visit(e) {
				return true
			}
		}
		for _, e := range t.entries {
			if visit(e.Value) {
				return true
			}
		}
		return false
	}
	visit(d.root)
	return last
}

// insertSection writes a header and entries behind a section.
func (d *Document) insertSection(behind *Value, header string, fields []Field) error {
	at := d.bodyEnd(behind)
	if behind == d.root && len(d.root.sections()) == 1 && d.root.ownEntry() == nil {
		at = len(d.src.text) // only comments: stay below them
	}
	return d.insertLines(d.asSection(at, sectionText(header, fields)))
}

func sectionText(header string, fields []Field) string {
	var b strings.Builder
	b.WriteString(header + "\n")
	for _, f := range fields {
		b.WriteString(QuoteKey(f.Key) + " = " + string(f.Value) + "\n")
	}
	return b.String()
}

// addHeader gives a table that had none a header, for its first entry.
func (d *Document) addHeader(t *Value, key string, value Literal) error {
	header := "[" + dotted(t.path()) + "]\n" + key + " = " + string(value)
	return d.insertSection(d.sectionBefore(t), header, nil)
}

// InsertTable adds a `[[path]]` table with its entries as element i of its
// array, in front of the one that is there or behind the last.
//
// If there is no such array, i is the number of headers of the text that stay
// in front of the new one, as far as they belong to tables that come before it
// in the tree; that is how uv chooses the place of the first index.
func (d *Document) InsertTable(i int, fields []Field, path ...string) error {
	header := "[[" + dotted(path) + "]]"
	all := d.Lookup(path...)
	switch {
	case all == nil:
		parent, err := d.nearest(path)
		if err != nil {
			return err
		}
		return d.insertSection(d.ranked(i, d.lastSection(parent)), header, fields)
	case all.form != formTables:
		return all.Errorf("expected an array of tables at `%s`", dotted(path))
	case i >= len(all.list):
		return d.insertSection(d.lastSection(all), header, fields)
	}
	return d.insertLines(d.asSection(d.sectionStart(all.list[i]), sectionText(header, fields)))
}

// nearest returns the table that is nearest to the end of a path.
func (d *Document) nearest(path []string) (*Value, error) {
	parent := d.root
	for _, key := range path[:len(path)-1] {
		next := parent.Get(key)
		if next == nil {
			break
		}
		if next.form == formInline {
			return nil, next.Errorf("an inline table can not hold sections")
		}
		parent = next
	}
	return parent, nil
}

// headers returns the tables with a header in the order of the text.
func (d *Document) headers() []*Value {
	out := slices.DeleteFunc(d.root.sections(), func(v *Value) bool { return v.form == formRoot })
	slices.SortFunc(out, func(a, b *Value) int { return a.span.Start - b.span.Start })
	return out
}

// Rank returns how many headers stand in front of that of a table.
func (d *Document) Rank(t *Value) int { return slices.Index(d.headers(), t) }

// ranked returns the section behind which a new table goes that leaves n
// headers in front of it, or n-1 if the last of these is behind it in the tree,
// where it stands behind the section last.
func (d *Document) ranked(n int, last *Value) *Value {
	headers := d.headers()
	tree := d.root.sections()
	n = min(n, len(headers))
	if n > 0 && slices.Index(tree, headers[n-1]) > slices.Index(tree, last) {
		n--
	}
	if n == 0 {
		return d.root
	}
	return headers[n-1]
}

// asSection sets the text of a section off from what is around its place.
func (d *Document) asSection(at int, text string) (int, string) {
	rest := d.src.text[at:]
	switch {
	case at > d.root.span.Start:
		text = "\n" + text
	case rest != "" && rest[0] != '\n' && rest[0] != '\r':
		text += "\n"
	}
	return at, text
}

// MoveFirst makes element i of an array of tables its first, with the comments
// in front of it. Tables below it that stand elsewhere stay there, which is an
// error if they would then belong to another element.
func (d *Document) MoveFirst(v *Value, i int) error {
	if err := d.ownsArray(v, i, v.Len()-1); err != nil || i == 0 {
		return err
	}
	if v.form != formTables {
		return v.Errorf("expected an array of tables")
	}
	below := v.list[i].sections()
	from, to := d.sectionStart(v.list[i]), d.bodyEnd(below[len(below)-1])
	at := d.sectionStart(v.list[0])
	text := strings.Trim(d.src.text[from:to], "\r\n") + "\n"
	at, text = d.asSection(at, text)
	return d.apply(splice{Span{at, at}, d.lines(text)}, splice{Span: Span{from, to}})
}

// sectionStart returns where the comments and blank lines in front of a
// section's header start: the end of the section above in the text.
func (d *Document) sectionStart(t *Value) int {
	start := d.root.span.Start
	for _, s := range d.root.sections() {
		if s.span.Start < t.span.Start {
			start = max(start, d.bodyEnd(s))
		}
	}
	return start
}

package toml

import (
	"strconv"
	"strings"

	gotoml "github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// define puts a value at a dotted key below t, making the tables between.
// TOML lets a dotted key extend only tables made by dotted keys of the same
// section or inline table.
func (b *builder) define(t *Value, parts []keyPart, v *Value) error {
	start := parts[0].span.Start
	for _, part := range parts[:len(parts)-1] {
		next := t.Get(part.text)
		if next == nil {
			next = b.new(Table, formDotted, part.span)
			t.add(Entry{part.text, part.span, next, start})
		} else if next.form != formDotted {
			return b.duplicate(part)
		}
		t = next
	}
	last := parts[len(parts)-1]
	if t.Get(last.text) != nil {
		return b.duplicate(last)
	}
	t.add(Entry{last.text, last.span, v, start})
	return nil
}

func (b *builder) duplicate(part keyPart) error {
	return b.src.fail(part.span, "duplicate key "+strconv.Quote(part.text))
}

// header starts the section of `[a.b]` or `[[a.b]]`.
func (b *builder) header(n *unstable.Node) error {
	parts := b.key(n.Key())
	array := n.Kind == unstable.ArrayTable
	return b.open(parts, b.headerSpan(parts, array), array)
}

// open makes the table of a header, or the next element of an array of tables.
func (b *builder) open(parts []keyPart, span Span, array bool) error {
	parent, err := b.superTables(parts[:len(parts)-1])
	if err != nil {
		return err
	}
	last := parts[len(parts)-1]
	if array {
		return b.tableElement(parent, last, span)
	}
	t := parent.Get(last.text)
	switch {
	case t == nil:
		t = b.new(Table, formHeader, span)
		parent.add(Entry{last.text, last.span, t, span.Start})
	case t.form == formSuper:
		t.form, t.span = formHeader, span
	default:
		return b.duplicate(last)
	}
	b.section, t.bodyEnd = t, span.End
	return nil
}

func (b *builder) headerSpan(parts []keyPart, double bool) Span {
	brackets := 1
	if double {
		brackets = 2
	}
	start := parts[0].span.Start
	for b.src.text[start-1] == ' ' || b.src.text[start-1] == '\t' {
		start--
	}
	end := skipBlanks(b.src.text, parts[len(parts)-1].span.End)
	return Span{start - brackets, end + brackets}
}

// superTables returns the table that a header's last part goes to.
func (b *builder) superTables(parts []keyPart) (*Value, error) {
	t := b.root
	for _, part := range parts {
		next := t.Get(part.text)
		switch {
		case next == nil:
			next = b.new(Table, formSuper, part.span)
			t.add(Entry{part.text, part.span, next, part.span.Start})
		case next.form == formTables:
			next = next.list[len(next.list)-1]
		case next.form == formInline:
			return nil, b.duplicate(part)
		}
		t = next
	}
	return t, nil
}

func (b *builder) tableElement(parent *Value, last keyPart, span Span) error {
	all := parent.Get(last.text)
	if all == nil {
		all = b.new(Array, formTables, span)
		parent.add(Entry{last.text, last.span, all, span.Start})
	} else if all.form != formTables {
		return b.duplicate(last)
	}
	t := b.new(Table, formElement, span)
	all.push(t)
	b.section, t.bodyEnd = t, span.End
	return nil
}

// checkScalar refuses what the syntax parser lets pass: numbers out of range
// and days that are not in the calendar.
func (v *Value) checkScalar() error {
	raw := v.Raw()
	switch v.kind {
	case Integer:
		if _, err := strconv.ParseInt(raw, 0, 64); err != nil {
			return v.Errorf("integer %s is out of range", raw)
		}
	case Float:
		if _, err := parseFloat(raw); err != nil {
			return v.Errorf("floating point number %s is out of range", raw)
		}
	case OffsetDateTime, LocalDateTime, LocalDate, LocalTime:
		var x map[string]any
		if err := gotoml.Unmarshal([]byte("x = "+raw), &x); err != nil {
			return v.Errorf("%s", strings.TrimPrefix(err.Error(), "toml: "))
		}
	}
	return nil
}

package toml

import (
	"errors"
	"strings"
	"sync"

	"github.com/pelletier/go-toml/v2/unstable"
)

// A Document is a TOML text and the tree of its values. It is safe for
// concurrent reading; edits need the caller's care.
type Document struct {
	src  *source
	root *Value
}

// Parse checks a text and returns it as a document. The name is used in
// errors only. The error is an [*Error].
func Parse(name string, text []byte) (*Document, error) {
	src := &source{name: name, text: string(text)}
	root, err := parse(src)
	if err != nil {
		return nil, err
	}
	return &Document{src: src, root: root}, nil
}

func parse(src *source) (*Value, error) {
	if root := parseQuick(src); root != nil {
		return root, nil
	}
	return parseFull(src)
}

// Name returns the name given to [Parse].
func (d *Document) Name() string { return d.src.name }

// Root returns the document's outermost table. An edit makes a new tree:
// values got before it still read as they were but can not be edited.
func (d *Document) Root() *Value { return d.root }

// Lookup follows keys from the root; nil if there is no such value.
func (d *Document) Lookup(path ...string) *Value { return d.root.Lookup(path...) }

// Text returns the document as it is now.
func (d *Document) Text() string { return d.src.text }

// Bytes returns a copy of the document as it is now.
func (d *Document) Bytes() []byte { return []byte(d.src.text) }

const byteOrderMark = "\uFEFF"

// builder turns the flat list of expressions of a text into a tree.
type builder struct {
	src     *source
	base    int // offset of what the syntax parser sees in the text
	root    *Value
	section *Value // the table that entries go to
	free    []Value
}

// parsers keep the memory that a parser needs for the nodes of an expression.
var parsers = sync.Pool{New: func() any { return new(unstable.Parser) }}

func parseFull(src *source) (*Value, error) {
	b := &builder{src: src}
	if strings.HasPrefix(src.text, byteOrderMark) {
		b.base = len(byteOrderMark)
	}
	b.root = b.new(Table, formRoot, Span{b.base, b.base})
	b.root.bodyEnd = b.base
	b.section = b.root

	p := parsers.Get().(*unstable.Parser)
	defer parsers.Put(p)
	data := []byte(src.text[b.base:])
	p.Reset(data)
	for p.NextExpression() {
		if err := b.expression(p.Expression()); err != nil {
			return nil, err
		}
	}
	if err := p.Error(); err != nil {
		return nil, b.syntaxError(p, err)
	}
	return b.root, nil
}

func (b *builder) syntaxError(p *unstable.Parser, err error) error {
	var perr *unstable.ParserError
	if !errors.As(err, &perr) {
		return b.src.fail(Span{}, err.Error())
	}
	return b.src.fail(b.span(p.Range(perr.Highlight)), perr.Message)
}

// bytesPerValue is how much text a value takes in usual documents, keys and
// blanks included.
const bytesPerValue = 12

// new returns a fresh value; values are made in batches to save allocations.
func (b *builder) new(kind Kind, form form, span Span) *Value {
	if len(b.free) == 0 {
		b.free = make([]Value, min(max(len(b.src.text)/bytesPerValue, 8), 32))
	}
	v := &b.free[0]
	b.free = b.free[1:]
	v.src, v.kind, v.form, v.span = b.src, kind, form, span
	return v
}

func (b *builder) span(r unstable.Range) Span {
	start := int(r.Offset) + b.base
	return Span{start, start + int(r.Length)}
}

func (b *builder) expression(n *unstable.Node) error {
	switch n.Kind {
	case unstable.Table, unstable.ArrayTable:
		return b.header(n)
	case unstable.KeyValue:
		end, err := b.keyValue(b.section, n)
		b.section.bodyEnd = end
		return err
	}
	return nil
}

// A keyPart is one part of a dotted key.
type keyPart struct {
	text string
	span Span
}

func (b *builder) key(it unstable.Iterator) []keyPart {
	var parts []keyPart
	for it.Next() {
		n := it.Node()
		span := b.span(n.Raw)
		parts = append(parts, keyPart{b.decoded(n, span), span})
	}
	return parts
}

// decoded returns the text of a key or string, as a part of the source where
// nothing had to be unescaped.
func (b *builder) decoded(n *unstable.Node, span Span) string {
	for quotes := 0; quotes <= 3; quotes++ {
		if len(n.Data)+2*quotes == span.End-span.Start {
			if part := b.src.text[span.Start+quotes : span.End-quotes]; part == string(n.Data) {
				return part
			}
		}
	}
	return string(n.Data)
}

// keyValue adds `a.b = value` to a table and returns where the value ends.
func (b *builder) keyValue(t *Value, n *unstable.Node) (int, error) {
	parts := b.key(n.Key())
	last := parts[len(parts)-1]
	at := skipBlanks(b.src.text, last.span.End) // at "="
	at = skipBlanks(b.src.text, at+1)
	v, err := b.value(n.Value(), at)
	if err != nil {
		return 0, err
	}
	return v.span.End, b.define(t, parts, v)
}

// value builds a value whose text starts at an offset. The syntax parser gives
// no ranges for arrays and inline tables, so they follow from their content.
func (b *builder) value(n *unstable.Node, at int) (*Value, error) {
	switch n.Kind {
	case unstable.Array:
		return b.array(n, at)
	case unstable.InlineTable:
		return b.inlineTable(n, at)
	}
	span := b.span(n.Raw)
	v := b.new(scalarKind(n.Kind), formInline, span)
	if v.kind == String {
		v.text = b.decoded(n, span)
		return v, nil
	}
	return v, v.checkScalar()
}

func (b *builder) array(n *unstable.Node, at int) (*Value, error) {
	v := b.new(Array, formInline, Span{Start: at})
	at++
	for it := n.Children(); it.Next(); {
		child := it.Node()
		if child.Kind == unstable.Comment {
			continue
		}
		e, err := b.value(child, skipTrivia(b.src.text, at))
		if err != nil {
			return nil, err
		}
		v.push(e)
		at = e.span.End
	}
	v.span.End = skipTrivia(b.src.text, at) + 1
	return v, nil
}

func (b *builder) inlineTable(n *unstable.Node, at int) (*Value, error) {
	v := b.new(Table, formInline, Span{Start: at})
	at++
	for it := n.Children(); it.Next(); {
		child := it.Node()
		if child.Kind != unstable.KeyValue {
			continue
		}
		end, err := b.keyValue(v, child)
		if err != nil {
			return nil, err
		}
		at = end
	}
	v.span.End = skipTrivia(b.src.text, at) + 1
	return v, nil
}

func scalarKind(k unstable.Kind) Kind {
	switch k {
	case unstable.String:
		return String
	case unstable.Integer:
		return Integer
	case unstable.Float:
		return Float
	case unstable.Bool:
		return Bool
	case unstable.DateTime:
		return OffsetDateTime
	case unstable.LocalDateTime:
		return LocalDateTime
	case unstable.LocalDate:
		return LocalDate
	case unstable.LocalTime:
		return LocalTime
	}
	return Invalid
}

// skipBlanks returns the first offset from at that is neither space nor tab.
func skipBlanks(text string, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\t') {
		at++
	}
	return at
}

// skipTrivia skips what may stand between the values of an array: blanks, line
// ends, comments and commas.
func skipTrivia(text string, at int) int {
	for at < len(text) {
		switch text[at] {
		case ' ', '\t', '\r', '\n', ',':
			at++
		case '#':
			at = lineEnd(text, at)
		default:
			return at
		}
	}
	return at
}

// lineEnd returns the offset of the line end at or after at, or the length of
// the text. A carriage return counts to the line.
func lineEnd(text string, at int) int {
	if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
		return at + i
	}
	return len(text)
}

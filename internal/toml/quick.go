package toml

import "strings"

// A quick parser reads the TOML that most files are written in, in a third of
// the time: keys and strings of one line in ASCII without escapes, whole numbers,
// booleans, arrays, inline tables and headers. Anything else, mistakes included,
// makes it give up; the full parser then takes over and tells what is wrong.
type quick struct {
	*builder
	text  string
	at    int
	depth int
	parts []keyPart // of the key at hand
	elems []*Value  // of the arrays that are open
}

const quickDepth = 16

// parseQuick returns the document, or nil for the full parser to try.
func parseQuick(src *source) *Value {
	b := &builder{src: src}
	b.root = b.new(Table, formRoot, Span{})
	b.section = b.root
	q := quick{builder: b, text: src.text, parts: make([]keyPart, 0, 4), elems: make([]*Value, 0, 16)}
	for q.space(true); q.at < len(q.text); q.space(true) {
		ok := false
		if q.text[q.at] == '[' {
			ok = q.openSection()
		} else {
			ok = q.pair(q.section)
		}
		if !ok {
			return nil
		}
		if q.space(false); q.at < len(q.text) && q.text[q.at] != '\n' && q.text[q.at] != '#' {
			return nil
		}
	}
	return b.root
}

// openSection reads a header without blanks.
func (q *quick) openSection() bool {
	start, brackets := q.at, 1
	if strings.HasPrefix(q.text[q.at:], "[[") {
		brackets = 2
	}
	q.at += brackets
	if !q.key() || !strings.HasPrefix(q.text[q.at:], "]]"[:brackets]) {
		return false
	}
	q.at += brackets
	return q.open(q.parts, Span{start, q.at}, brackets == 2) == nil
}

// pair reads `key = value` into a table.
func (q *quick) pair(t *Value) bool {
	if !q.key() {
		return false
	}
	var room [4]keyPart
	parts := append(room[:0], q.parts...) // the value has keys, too
	q.space(false)
	if !q.take('=') {
		return false
	}
	q.space(false)
	v := q.value()
	if v == nil || q.define(t, parts, v) != nil {
		return false
	}
	t.bodyEnd = v.span.End
	return true
}

// key reads a key of parts that are bare or in double quotes, without blanks.
func (q *quick) key() bool {
	q.parts = q.parts[:0]
	for {
		start := q.at
		var text string
		if q.peek() == '"' {
			var ok bool
			if text, ok = q.quoted(); !ok {
				return false
			}
		} else {
			for q.at < len(q.text) && isBareKey(q.text[q.at]) {
				q.at++
			}
			text = q.text[start:q.at]
		}
		if text == "" {
			return false
		}
		q.parts = append(q.parts, keyPart{text, Span{start, q.at}})
		if !q.take('.') {
			return true
		}
	}
}

func isBareKey(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

// scalar returns a value that ends here.
func (q *quick) scalar(kind Kind, start int) *Value {
	return q.new(kind, formInline, Span{start, q.at})
}

// value reads a value; nil if it is not of the usual ones.
func (q *quick) value() *Value {
	start := q.at
	switch c := q.peek(); {
	case c == '"' || c == '\'':
		text, ok := q.quoted()
		if !ok {
			return nil
		}
		v := q.scalar(String, start)
		v.text = text
		return v
	case c == '[':
		return q.array()
	case c == '{':
		return q.inline()
	case c == 't' && q.word("true"), c == 'f' && q.word("false"):
		return q.scalar(Bool, start)
	case c >= '1' && c <= '9':
		for q.at < len(q.text) && q.text[q.at] >= '0' && q.text[q.at] <= '9' {
			q.at++
		}
		if q.at-start <= 18 && q.ends() {
			return q.scalar(Integer, start)
		}
	}
	return nil
}

// quoted reads a string in single or double quotes. An empty one may begin a
// string of several lines.
func (q *quick) quoted() (string, bool) {
	rest := q.text[q.at+1:]
	n := strings.IndexByte(rest, q.text[q.at])
	if n <= 0 {
		return "", false
	}
	for i := range n {
		if c := rest[i]; c < ' ' || c >= 0x7f || c == '\\' {
			return "", false
		}
	}
	q.at += n + 2
	return rest[:n], true
}

func (q *quick) array() *Value {
	v := q.container(Array)
	if v == nil {
		return nil
	}
	base := len(q.elems)
	for {
		if q.space(true); q.take(']') {
			break
		}
		if len(q.elems) > base {
			if !q.take(',') {
				return nil
			}
			if q.space(true); q.take(']') {
				break
			}
		}
		e := q.value()
		if e == nil {
			return nil
		}
		e.parent = v
		q.elems = append(q.elems, e)
	}
	q.depth--
	v.list = append(v.list, q.elems[base:]...)
	q.elems = q.elems[:base]
	v.span.End = q.at
	return v
}

func (q *quick) inline() *Value {
	v := q.container(Table)
	if v == nil {
		return nil
	}
	for {
		if q.space(false); len(v.entries) == 0 && q.take('}') {
			break
		}
		if !q.pair(v) {
			return nil
		}
		if q.space(false); q.take('}') {
			break
		}
		if !q.take(',') {
			return nil
		}
	}
	q.depth--
	v.span.End, v.bodyEnd = q.at, 0
	return v
}

// container begins an array or an inline table.
func (q *quick) container(kind Kind) *Value {
	if q.depth++; q.depth > quickDepth {
		return nil
	}
	v := q.new(kind, formInline, Span{Start: q.at})
	q.at++
	return v
}

func (q *quick) peek() byte {
	if q.at < len(q.text) {
		return q.text[q.at]
	}
	return 0
}

func (q *quick) take(c byte) bool {
	if q.peek() != c {
		return false
	}
	q.at++
	return true
}

func (q *quick) word(w string) bool {
	if !strings.HasPrefix(q.text[q.at:], w) {
		return false
	}
	q.at += len(w)
	return q.ends()
}

// ends reports whether a word ends here.
func (q *quick) ends() bool {
	switch q.peek() {
	case ',', ' ', '\t', '\n', ']', '}', 0:
		return true
	}
	return false
}

// space skips blanks, and with lines set also line ends and comments.
func (q *quick) space(lines bool) {
	for q.at < len(q.text) {
		switch c := q.text[q.at]; {
		case c == ' ' || c == '\t', lines && c == '\n':
			q.at++
		case lines && c == '#':
			end := q.comment()
			if end < 0 {
				return // the number sign then is what nobody expects
			}
			q.at = end
		default:
			return
		}
	}
}

// comment is where the comment ends that begins here; -1 if there is anything but
// printable ASCII in it.
func (q *quick) comment() int {
	for i := q.at; i < len(q.text); i++ {
		switch c := q.text[i]; {
		case c == '\n':
			return i
		case c < ' ' && c != '\t' || c >= 0x7f:
			return -1
		}
	}
	return len(q.text)
}

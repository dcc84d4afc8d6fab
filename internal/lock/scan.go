package lock

import "strings"

// A scanner reads the part of TOML that lock files are written in: bare keys,
// strings without escapes, numbers, booleans, arrays, inline tables, and headers
// of bare keys. Anything else, mistakes included, makes it give up; the full
// reader then takes over and tells what is wrong.
type scanner struct {
	text  string
	at    int
	depth int
	stack []node // elements of the arrays and tables that are open
	slab  []node // where finished ones are put
	files []File // of lists of wheels
}

const (
	maxDepth  = 16
	slabNodes = 2048
	maxGuess  = 4096 // of how many tables an array has
)

// scan returns the document as a table, or false.
func scan(text string) (root node, ok bool) {
	s := &scanner{text: text}
	root.kind = tableNode
	if root.kids, ok = s.section(usualTables); !ok {
		return root, false
	}
	for s.at < len(s.text) {
		if !s.header(&root) {
			return root, false
		}
	}
	return root, true
}

// header reads a `[a.b]` or `[[a.b]]` with the section below it.
func (s *scanner) header(root *node) bool {
	s.at++ // the bracket, which section stopped at
	array := s.peek() == '['
	if array {
		s.at++
	}
	parent := root
	var key string
	for {
		if key = s.bareKey(); key == "" {
			return false
		}
		if s.peek() != '.' {
			break
		}
		s.at++
		if parent = parent.get(key); parent == nil {
			return false
		}
		if parent.kind == arrayNode && len(parent.kids) > 0 {
			parent = &parent.kids[len(parent.kids)-1]
		}
		if parent.kind != tableNode {
			return false
		}
	}
	if !s.take(']') || array && !s.take(']') || !s.endOfLine() {
		return false
	}
	kids, ok := s.section(usualTables)
	if !ok {
		return false
	}
	table := node{key: key, kind: tableNode, kids: kids}
	known := parent.get(key)
	switch {
	case !array && known == nil:
		parent.kids = append(parent.kids, table)
	case array && known == nil:
		elements := make([]node, 1, 1+min(strings.Count(s.text[s.at:], "\n[["), maxGuess))
		elements[0] = table
		parent.kids = append(parent.kids, node{key: key, kind: arrayNode, kids: elements, text: tablesMark})
	case array && known.text == tablesMark:
		table.key = ""
		known.kids = append(known.kids, table)
	default:
		return false
	}
	return true
}

// tablesMark tells an array of tables, which headers extend, from one in brackets.
const tablesMark = "[[]]"

// usualTables is how many tables below it a package has, at most usually.
const usualTables = 2

// section reads lines `key = value` up to a header or the end. There is room
// behind them for tables that follow.
func (s *scanner) section(room int) ([]node, bool) {
	base := len(s.stack)
	for {
		s.space(true)
		if s.at == len(s.text) || s.text[s.at] == '[' {
			return s.finish(base, true, room)
		}
		if !s.entry() || !s.endOfLine() {
			return nil, false
		}
	}
}

// entry reads `key = value` onto the stack.
func (s *scanner) entry() bool {
	key := s.bareKey()
	s.space(false)
	if key == "" || !s.take('=') {
		return false
	}
	s.space(false)
	if key == "wheels" {
		at := s.at
		if files, ok := s.wheels(); ok {
			s.stack = append(s.stack, node{key: key, kind: arrayNode, files: &files})
			return true
		}
		s.at = at
	}
	v, ok := s.value()
	if !ok {
		return false
	}
	v.key = key
	s.stack = append(s.stack, v)
	return true
}

// finish moves what is on the stack above base to its final place, with room for
// some more behind it. Keys of a table must differ.
func (s *scanner) finish(base int, table bool, room int) ([]node, bool) {
	open := s.stack[base:]
	if table && !distinct(open) {
		return nil, false
	}
	size := len(open) + room
	if len(s.slab)+size > cap(s.slab) {
		s.slab = make([]node, 0, max(slabNodes, size))
	}
	from := len(s.slab)
	s.slab = s.slab[:from+size]
	copy(s.slab[from:], open)
	clear(open)
	s.stack = s.stack[:base]
	return s.slab[from : from+len(open) : from+size], true
}

func distinct(entries []node) bool {
	if len(entries) > 16 {
		seen := make(map[string]bool, len(entries))
		for i := range entries {
			seen[entries[i].key] = true
		}
		return len(seen) == len(entries)
	}
	for i := range entries {
		for j := range entries[:i] {
			if entries[i].key == entries[j].key {
				return false
			}
		}
	}
	return true
}

func (s *scanner) value() (node, bool) {
	switch c := s.peek(); {
	case c == '"':
		text, ok := s.basicString()
		return node{text: text}, ok
	case c == '[':
		return s.list(arrayNode, ']')
	case c == '{':
		return s.list(tableNode, '}')
	case c >= '0' && c <= '9':
		return s.number()
	case c == 't':
		return node{kind: boolNode, text: "true"}, s.word("true")
	case c == 'f':
		return node{kind: boolNode, text: "false"}, s.word("false")
	}
	return node{}, false
}

func (s *scanner) basicString() (string, bool) {
	rest := s.text[s.at+1:]
	n := strings.IndexByte(rest, '"')
	if n < 0 || !isPlain(rest[:n]) {
		return "", false
	}
	s.at += n + 2
	// `""` may begin a string of several lines.
	return rest[:n], n > 0 || s.peek() != '"'
}

// isPlain tells whether all bytes are printable ASCII other than backslashes.
// Eight at a time, it takes a third of the time that reading a lock would else go
// into it.
func isPlain(text string) bool {
	const word = 8
	if len(text) < word {
		for i := range len(text) {
			if c := text[i]; c < ' ' || c >= 0x7f || c == '\\' {
				return false
			}
		}
		return true
	}
	for ; len(text) > word; text = text[word:] {
		if !plainWord(text[:word]) {
			return false
		}
		if len(text) < 2*word {
			return plainWord(text[len(text)-word:]) // overlaps what was seen
		}
	}
	return plainWord(text)
}

// plainWord is isPlain for eight bytes. Of each byte the highest bit is computed;
// a carry or a borrow from one to the next comes only of one that is not plain
// itself.
func plainWord(text string) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	_ = text[7]
	x := uint64(text[0]) | uint64(text[1])<<8 | uint64(text[2])<<16 | uint64(text[3])<<24 |
		uint64(text[4])<<32 | uint64(text[5])<<40 | uint64(text[6])<<48 | uint64(text[7])<<56
	control := x - ' '*ones // below a blank
	above := x | (x + ones) // 0x7f and more
	y := x ^ '\\'*ones
	backslash := (y - ones) &^ y
	return (control|above|backslash)&high == 0
}

func (s *scanner) number() (node, bool) {
	from := s.at
	for s.at < len(s.text) && s.text[s.at] >= '0' && s.text[s.at] <= '9' {
		s.at++
	}
	digits := s.text[from:s.at]
	switch s.peek() {
	case ',', ' ', '\n', ']', '}', 0:
	default:
		return node{}, false
	}
	return node{kind: intNode, text: digits}, len(digits) < 19 && (digits[0] != '0' || len(digits) == 1)
}

// list reads an array or an inline table.
func (s *scanner) list(kind nodeKind, closing byte) (node, bool) {
	if s.depth++; s.depth > maxDepth {
		return node{}, false
	}
	s.at++
	base := len(s.stack)
	for {
		s.space(kind == arrayNode)
		if s.peek() == closing {
			break
		}
		if len(s.stack) > base {
			if !s.take(',') {
				return node{}, false
			}
			s.space(kind == arrayNode)
			if kind == arrayNode && s.peek() == closing {
				break
			}
		}
		if kind == tableNode {
			if !s.entry() {
				return node{}, false
			}
			continue
		}
		v, ok := s.value()
		if !ok {
			return node{}, false
		}
		s.stack = append(s.stack, v)
	}
	s.at++
	s.depth--
	kids, ok := s.finish(base, kind == tableNode, 0)
	return node{kind: kind, kids: kids}, ok
}

func (s *scanner) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.at++
	return true
}

func (s *scanner) word(w string) bool {
	if !strings.HasPrefix(s.text[s.at:], w) {
		return false
	}
	s.at += len(w)
	switch s.peek() {
	case ',', ' ', '\n', ']', '}', 0:
		return true
	}
	return false
}

func (s *scanner) bareKey() string {
	from := s.at
	for s.at < len(s.text) {
		c := s.text[s.at]
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c >= 'A' && c <= 'Z' {
			s.at++
			continue
		}
		break
	}
	return s.text[from:s.at]
}

// space skips blanks, and with lines set also line ends and comments.
func (s *scanner) space(lines bool) {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == ' ' || c == '\t':
			s.at++
		case lines && c == '\n':
			s.at++
		case lines && c == '#':
			if !s.comment() {
				return
			}
		default:
			return
		}
	}
}

// comment skips to the end of the line. Control characters and what may be broken
// UTF-8 are for the full reader.
func (s *scanner) comment() bool {
	for i := s.at; i < len(s.text); i++ {
		c := s.text[i]
		if c == '\n' {
			s.at = i
			return true
		}
		if c < ' ' && c != '\t' || c >= 0x7f {
			return false
		}
	}
	s.at = len(s.text)
	return true
}

// endOfLine skips the rest of a line, where only a comment may be.
func (s *scanner) endOfLine() bool {
	s.space(false)
	if s.peek() == '#' && s.at < len(s.text) && !s.comment() {
		return false
	}
	return s.at == len(s.text) || s.take('\n')
}

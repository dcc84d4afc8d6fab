package simple

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// A scanner reads JSON from a string without building a tree. Values are
// substrings of the document unless they hold escapes. It is as strict as
// encoding/json about grammar; the first error stops it and sticks.
//
// The methods that read a value leave the position behind it, and those that
// meet a value of another type skip it: an index that sends null or a number
// where a string belongs has said nothing.
type scanner struct {
	doc string
	pos int
	err *ParseError
}

// maxDepth bounds the nesting of values that are skipped, and with it the stack.
const maxDepth = 1000

func (s *scanner) fail(reason string) {
	if s.err == nil {
		s.err = &ParseError{Format: "JSON", Offset: min(s.pos, len(s.doc)), Reason: reason}
	}
	s.pos = len(s.doc)
}

// peek skips white space and returns the next byte, or 0 at the end.
func (s *scanner) peek() byte {
	for s.pos < len(s.doc) {
		switch c := s.doc[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// expect consumes the byte c, which the grammar demands here.
func (s *scanner) expect(c byte, where string) bool {
	got := s.peek()
	if got == c && s.pos < len(s.doc) {
		s.pos++
		return true
	}
	if s.pos >= len(s.doc) {
		s.fail("unexpected end " + where)
	} else {
		s.fail("unexpected character " + string(rune(got)) + " " + where)
	}
	return false
}

// object calls member for each key of an object, with the position before the
// value; member must consume the value.
func (s *scanner) object(member func(key string)) {
	if !s.expect('{', "where an object should begin") {
		return
	}
	if s.peek() == '}' {
		s.pos++
		return
	}
	for {
		if s.peek() != '"' {
			s.expect('"', "where a key should begin")
			return
		}
		key := s.rawString()
		if !s.expect(':', "after a key") {
			return
		}
		member(key)
		if s.err != nil {
			return
		}
		if s.peek() == ',' {
			s.pos++
			continue
		}
		s.expect('}', "in an object")
		return
	}
}

// array calls element with the position before each element of an array;
// element must consume it.
func (s *scanner) array(element func()) {
	if !s.expect('[', "where an array should begin") {
		return
	}
	if s.peek() == ']' {
		s.pos++
		return
	}
	for {
		element()
		if s.err != nil {
			return
		}
		if s.peek() == ',' {
			s.pos++
			continue
		}
		s.expect(']', "in an array")
		return
	}
}

// string reads a string. Any other value is skipped and ok is false.
func (s *scanner) string() (text string, ok bool) {
	if s.peek() != '"' {
		s.skip(0)
		return "", false
	}
	text = s.rawString()
	return text, s.err == nil
}

// The SWAR constants of plainPrefix: a byte's lowest and highest bit, eight times.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plainPrefix returns how many bytes at the start of s are ASCII characters
// that stand for themselves in a JSON string: no quote, backslash or control.
// It looks at eight bytes at a time, being the innermost loop of the package.
func plainPrefix(s string) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		// A byte borrows from the next only when it is itself a hit, so the
		// first hit is found exactly; what follows it is looked at again.
		hit := (quote-ones)&^quote | (slash-ones)&^slash | (w - ones*0x20) | w
		if hit&highs != 0 {
			break
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c == '"' || c == '\\' || c < 0x20 || c >= utf8.RuneSelf {
			break
		}
	}
	return i
}

// rawString reads the string whose opening quote is at the position.
func (s *scanner) rawString() string {
	start := s.pos + 1
	end := start + plainPrefix(s.doc[start:])
	if end < len(s.doc) && s.doc[end] == '"' {
		s.pos = end + 1
		return s.doc[start:end]
	}
	return s.oddString(start, end)
}

// oddString finishes a string that holds escapes or characters beyond ASCII,
// the first of them at pos.
func (s *scanner) oddString(start, pos int) string {
	escaped := false
	for pos < len(s.doc) {
		switch c := s.doc[pos]; {
		case c == '"':
			token := s.doc[start:pos]
			if !escaped && utf8.ValidString(token) {
				s.pos = pos + 1
				return token
			}
			var text string
			if json.Unmarshal([]byte(s.doc[start-1:pos+1]), &text) != nil {
				s.pos = start
				s.fail("invalid escape in a string")
				return ""
			}
			s.pos = pos + 1
			return text
		case c == '\\':
			escaped = true
			pos += 2
		case c < 0x20:
			s.pos = pos
			s.fail("control character in a string")
			return ""
		default:
			pos++
			pos += plainPrefix(s.doc[pos:])
		}
	}
	s.pos = len(s.doc)
	s.fail("unterminated string")
	return ""
}

// skip reads any value and forgets it.
func (s *scanner) skip(depth int) {
	if depth > maxDepth {
		s.fail("values nested too deeply")
		return
	}
	switch c := s.peek(); c {
	case '"':
		s.rawString()
	case '{':
		s.object(func(string) { s.skip(depth + 1) })
	case '[':
		s.array(func() { s.skip(depth + 1) })
	case 't':
		s.word("true")
	case 'f':
		s.word("false")
	case 'n':
		s.word("null")
	default:
		s.number()
	}
}

func (s *scanner) word(w string) bool {
	if strings.HasPrefix(s.doc[s.pos:], w) {
		s.pos += len(w)
		return true
	}
	s.fail("unexpected word")
	return false
}

// bool reads a boolean. Any other value is skipped and ok is false.
func (s *scanner) bool() (value, ok bool) {
	switch s.peek() {
	case 't':
		return true, s.word("true")
	case 'f':
		return false, s.word("false")
	}
	s.skip(0)
	return false, false
}

// int reads an integer that fits and is not negative. Any other value is
// skipped and the answer is -1.
func (s *scanner) int() int64 {
	if c := s.peek(); c < '0' || c > '9' {
		s.skip(0)
		return -1
	}
	start := s.pos
	s.number()
	var n int64
	for _, c := range []byte(s.doc[start:s.pos]) {
		if c < '0' || c > '9' || n > (1<<63-1-9)/10 {
			return -1
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

// number reads a number of the JSON grammar.
func (s *scanner) number() {
	start := s.pos
	if s.pos < len(s.doc) && s.doc[s.pos] == '-' {
		s.pos++
	}
	if s.pos < len(s.doc) && s.doc[s.pos] == '0' {
		s.pos++
	} else if s.digits() == 0 {
		s.pos = start
		s.fail("unexpected character where a value should begin")
		return
	}
	if s.pos < len(s.doc) && s.doc[s.pos] == '.' {
		s.pos++
		if s.digits() == 0 {
			s.fail("unfinished number")
			return
		}
	}
	if s.pos < len(s.doc) && s.doc[s.pos]|0x20 == 'e' {
		s.pos++
		if s.pos < len(s.doc) && (s.doc[s.pos] == '+' || s.doc[s.pos] == '-') {
			s.pos++
		}
		if s.digits() == 0 {
			s.fail("unfinished number")
		}
	}
}

func (s *scanner) digits() int {
	start := s.pos
	for s.pos < len(s.doc) && s.doc[s.pos] >= '0' && s.doc[s.pos] <= '9' {
		s.pos++
	}
	return s.pos - start
}

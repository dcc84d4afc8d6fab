package pysource

import "strings"

// A Kind is what a token is.
type Kind uint8

// The kinds. Comments, blanks and line ends within brackets are no tokens.
const (
	Name    Kind = iota // an identifier or keyword
	Op                  // one character of an operator or delimiter
	Number              // a number, roughly
	String              // a string, or a part of one between expressions
	Newline             // the end of a logical line
)

// A Token is a piece of a source text.
type Token struct {
	Kind   Kind
	Text   string // of names and operators only
	Line   int    // counted from 1
	Indent int    // of the logical line; tabs lead to the next multiple of 8
	Depth  int    // how many brackets and expressions of strings are around it
}

// maxNesting is how deep strings in expressions in strings are followed.
const maxNesting = 50

type scanner struct {
	src     string
	pos     int
	line    int
	indent  int
	depth   int
	nesting int
	begun   bool // the logical line has a token
	out     []Token
}

// Tokens splits a source text. It does not fail: a string that is not closed ends
// with its line, or with the text.
func Tokens(src string) []Token {
	s := &scanner{src: strings.TrimPrefix(src, "\ufeff"), line: 1, out: make([]Token, 0, len(src)/4)}
	s.startLine()
	for s.pos < len(s.src) {
		s.next()
	}
	s.endLine()
	return s.out
}

func (s *scanner) emit(k Kind, text string, line int) {
	s.begun = true
	s.out = append(s.out, Token{Kind: k, Text: text, Line: line, Indent: s.indent, Depth: s.depth})
}

// startLine measures the indentation of a logical line.
func (s *scanner) startLine() {
	s.indent = 0
	for ; s.pos < len(s.src); s.pos++ {
		switch s.src[s.pos] {
		case ' ':
			s.indent++
		case '\t':
			s.indent += 8 - s.indent%8
		case '\f':
			s.indent = 0
		default:
			return
		}
	}
}

func (s *scanner) endLine() {
	if s.begun {
		s.out = append(s.out, Token{Kind: Newline, Line: s.line, Indent: s.indent})
	}
	s.begun = false
}

// next reads one token, or what stands between tokens.
func (s *scanner) next() {
	c := s.src[s.pos]
	switch {
	case c == '\n':
		s.lineEnd()
	case c == ' ' || c == '\t' || c == '\r' || c == '\f':
		s.pos++
	case c == '#':
		s.skipComment()
	case c == '\\':
		s.continuation()
	case c == '"' || c == '\'':
		s.text("")
	case isNameStart(c):
		s.name()
	case isDigit(c):
		s.number()
	default:
		s.operator(c)
	}
}

func (s *scanner) lineEnd() {
	if s.depth == 0 {
		s.endLine()
	}
	s.pos++
	s.line++
	if s.depth == 0 {
		s.startLine()
	}
}

func (s *scanner) skipComment() {
	if end := strings.IndexByte(s.src[s.pos:], '\n'); end >= 0 {
		s.pos += end
		return
	}
	s.pos = len(s.src)
}

// continuation joins a line with the next one.
func (s *scanner) continuation() {
	s.pos++
	if strings.HasPrefix(s.src[s.pos:], "\r\n") {
		s.pos++
	}
	if s.pos < len(s.src) && s.src[s.pos] == '\n' {
		s.pos++
		s.line++
	}
}

func (s *scanner) name() {
	start := s.pos
	for s.pos < len(s.src) && (isNameStart(s.src[s.pos]) || isDigit(s.src[s.pos])) {
		s.pos++
	}
	word := s.src[start:s.pos]
	if s.pos < len(s.src) && (s.src[s.pos] == '"' || s.src[s.pos] == '\'') && isPrefix(word) {
		s.text(word)
		return
	}
	s.emit(Name, word, s.line)
}

// isPrefix reports whether a word makes a string of the quote behind it.
func isPrefix(word string) bool {
	return len(word) <= 2 && strings.Trim(word, "rRbBuUfFtT") == ""
}

func (s *scanner) number() {
	hexadecimal := strings.HasPrefix(s.src[s.pos:], "0x") || strings.HasPrefix(s.src[s.pos:], "0X")
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		switch {
		case isDigit(c), isNameStart(c) && c < 0x80, c == '.':
			s.pos++
			continue
		case (c == '+' || c == '-') && !hexadecimal && strings.IndexByte("eE", s.src[s.pos-1]) >= 0:
			s.pos++
			continue
		}
		break
	}
	s.emit(Number, "", s.line)
}

func (s *scanner) operator(c byte) {
	if c == ')' || c == ']' || c == '}' {
		s.depth = max(s.depth-1, 0)
	}
	s.emit(Op, s.src[s.pos:s.pos+1], s.line)
	if c == '(' || c == '[' || c == '{' {
		s.depth++
	}
	s.pos++
}

// text reads a string with a prefix.
func (s *scanner) text(prefix string) {
	line := s.line
	quote := s.src[s.pos : s.pos+1]
	if strings.HasPrefix(s.src[s.pos:], strings.Repeat(quote, 3)) {
		quote = strings.Repeat(quote, 3)
	}
	s.pos += len(quote)
	s.emit(String, "", line)
	s.textBody(quote, strings.ContainsAny(prefix, "fFtT"), false)
}

// textBody reads a string up to its end or, if it is what says how to format an
// expression, up to the brace behind it.
func (s *scanner) textBody(quote string, formatted, spec bool) {
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		switch {
		case c == '\\' && s.pos+1 < len(s.src):
			// Also in a raw string a quote behind it does not end the string.
			s.pos++
			if s.src[s.pos] == '\n' {
				s.line++
			}
			s.pos++
		case strings.HasPrefix(s.src[s.pos:], quote):
			if !spec {
				s.pos += len(quote)
			}
			return
		case c == '\n':
			if len(quote) == 1 {
				return // it is not closed
			}
			s.line++
			s.pos++
		case spec && c == '}':
			return
		case formatted && !spec && (strings.HasPrefix(s.src[s.pos:], "{{") || strings.HasPrefix(s.src[s.pos:], "}}")):
			s.pos += 2
		case formatted && c == '{' && s.nesting < maxNesting:
			s.field(quote)
		default:
			s.pos++
		}
	}
}

// field reads an expression in a string, with its braces.
func (s *scanner) field(quote string) {
	s.emit(Op, "{", s.line)
	s.pos++
	s.nesting++
	s.depth++
	base := s.depth
	defer func() {
		s.nesting--
		s.depth = base - 1
	}()
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		switch {
		case s.depth == base && c == '}':
			s.emit(Op, "}", s.line)
			s.pos++
			return
		case s.depth == base && c == ':':
			s.pos++
			s.emit(Op, "}", s.line)
			s.textBody(quote, true, true)
			if s.pos < len(s.src) && s.src[s.pos] == '}' {
				s.pos++
			}
			return
		case c == '\n' && len(quote) == 1 && s.depth == base && s.nesting == 1 && !s.spansLines():
			return // it is not closed
		default:
			s.next()
			if s.depth < base {
				return // a bracket too many
			}
		}
	}
}

// spansLines reports whether an expression in a string may have several lines, as
// since Python 3.12: if it is closed further down.
func (s *scanner) spansLines() bool {
	return strings.IndexByte(s.src[s.pos:min(len(s.src), s.pos+2000)], '}') >= 0
}

func isNameStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

package toml

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Span is a range of bytes of a document, the end not included.
type Span struct{ Start, End int }

// A Position is a place for people: line and column start at 1, columns count
// characters.
type Position struct{ Line, Column int }

// An Error says what is wrong with a document, and where.
type Error struct {
	Name    string // the document's name as given to Parse, often a path
	Message string
	Position
	Excerpt string // the line with a mark below, several lines of text; "" if there is no line
}

// Error returns the message below an excerpt of the text, in several lines as
// uv prints them:
//
//	TOML parse error at line 1, column 11
//	  |
//	1 | offline = "x"
//	  |           ^^^
//	expected a boolean
//
// It does not name the document: callers do when they wrap it.
func (e *Error) Error() string {
	return fmt.Sprintf("TOML parse error at line %d, column %d\n%s%s", e.Line, e.Column, e.Excerpt, e.Message)
}

// Short returns the error in one line: name:line:column: message.
func (e *Error) Short() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.Name, e.Line, e.Column, e.Message)
}

// source is a text with its name, shared by all values parsed from it.
type source struct {
	name string
	text string
}

func (s *source) position(offset int) Position {
	offset = min(offset, len(s.text))
	before := s.text[:offset]
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	return Position{line, column}
}

// fail makes an error about a span of the text.
func (s *source) fail(span Span, message string) *Error {
	start := min(span.Start, len(s.text))
	first := strings.LastIndexByte(s.text[:start], '\n') + 1
	line, _, _ := strings.Cut(s.text[first:], "\n")
	line = strings.TrimSuffix(line, "\r")
	pos := s.position(start)

	end := max(start, min(span.End, first+len(line)))
	marks := max(1, utf8.RuneCountInString(s.text[start:end]))
	line, column, marks := clipped(strings.ToValidUTF8(line, "\uFFFD"), pos.Column, marks)
	number := strconv.Itoa(pos.Line)
	gutter := strings.Repeat(" ", len(number)) + " |"
	excerpt := gutter + "\n" + number + " | " + line + "\n" +
		gutter + strings.Repeat(" ", column) + strings.Repeat("^", marks) + "\n"
	return &Error{Name: s.name, Message: message, Position: pos, Excerpt: excerpt}
}

// clipped is a line with the column and length of its mark, or if the line is
// too long for people, what surrounds the start of the mark. Nothing of use is in
// a screen full of one line, and a hostile document could fill a log with it.
func clipped(line string, column, marks int) (text string, at, length int) {
	const whole, before, after = 1000, 100, 300 // characters
	if len(line) <= whole {
		return line, column, marks
	}
	r := []rune(line)
	if len(r) <= whole || column > len(r)+1 { // broken UTF-8 is shorter once it is replaced
		return line, column, marks
	}
	first, end := max(0, column-1-before), min(len(r), column-1+after)
	text, at = string(r[first:end]), column-first
	if first > 0 {
		text, at = "…"+text, at+1
	}
	if end < len(r) {
		text += "…"
	}
	return text, at, max(1, min(marks, end-column+1))
}

// Errorf makes an error about the value, with its place. v must not be nil.
func (v *Value) Errorf(format string, args ...any) *Error {
	return v.src.fail(v.span, fmt.Sprintf(format, args...))
}

// Errorf makes an error about the entry's key, with its place.
func (e Entry) Errorf(format string, args ...any) *Error {
	return e.Value.src.fail(e.KeySpan, fmt.Sprintf(format, args...))
}

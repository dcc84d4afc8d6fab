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
	number := strconv.Itoa(pos.Line)
	gutter := strings.Repeat(" ", len(number)) + " |"
	excerpt := gutter + "\n" + number + " | " + strings.ToValidUTF8(line, "\uFFFD") + "\n" +
		gutter + strings.Repeat(" ", pos.Column) + strings.Repeat("^", marks) + "\n"
	return &Error{Name: s.name, Message: message, Position: pos, Excerpt: excerpt}
}

// Errorf makes an error about the value, with its place. v must not be nil.
func (v *Value) Errorf(format string, args ...any) *Error {
	return v.src.fail(v.span, fmt.Sprintf(format, args...))
}

// Errorf makes an error about the entry's key, with its place.
func (e Entry) Errorf(format string, args ...any) *Error {
	return e.Value.src.fail(e.KeySpan, fmt.Sprintf(format, args...))
}

package requirements

import (
	"fmt"
	"unicode/utf8"
)

// An Error says what is wrong in which file, and where.
type Error struct {
	Origin
	Message string
	Err     error    // the cause, or nil
	hints   []string // what to do about it
}

// Error names the place and what is wrong there.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Hints returns what to do about it, if that is known.
func (e *Error) Hints() []string { return e.hints }

// position returns the line and column of an offset in text, both from 1, the
// column in characters. Lines end with "\n", "\r" or both.
func position(text string, offset int) (line, column int) {
	line, start := 1, 0
	for i := 0; i < offset && i < len(text); i++ {
		switch {
		case text[i] == '\n' && i > 0 && text[i-1] == '\r':
			start = i + 1
		case text[i] == '\n' || text[i] == '\r':
			line++
			start = i + 1
		}
	}
	return line, 1 + utf8.RuneCountInString(text[min(start, offset):min(offset, len(text))])
}

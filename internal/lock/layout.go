package lock

import "strings"

// MisplacedLine returns the number of the first line of a lock's text that is not
// laid out as locks are written, counted from 1; 0 if there is none. It is what
// uv's preview feature lockfile-format-check asks for: line ends, indentation,
// blanks and quotes count; comments, blank lines and the order of keys do not.
// The text must be TOML that can be read.
func MisplacedLine(text string) int {
	var l layout
	number := 0
	for line := range strings.Lines(text) {
		number++
		body, ended := strings.CutSuffix(line, "\n")
		if !ended || !l.line(body) {
			return number
		}
	}
	if number == 0 {
		return 1 // even an empty lock has an end of line
	}
	return 0
}

// A layout knows which brackets are open where a line begins. True stands for an
// array whose elements have lines of their own.
type layout struct{ open []bool }

const indentation = "    "

// line holds one line, without its end, against the rules.
func (l *layout) line(s string) bool {
	if s != strings.TrimRight(s, " \t\r") {
		return false
	}
	body := strings.TrimLeft(s, " \t")
	if body == "" {
		return true
	}
	at := len(s) - len(body)
	if s[:at] != l.indent(body) {
		return false
	}
	for at < len(s) {
		n, ok := l.token(s, at)
		if !ok {
			return false
		}
		at += n
	}
	return true
}

// indent is what a line has to begin with: blanks are for the elements of arrays.
func (l *layout) indent(body string) string {
	for _, several := range l.open {
		if several && body[0] != ']' {
			return indentation
		}
	}
	return ""
}

// token holds what stands at an offset against its neighbours, and returns how
// long it is.
func (l *layout) token(s string, at int) (length int, ok bool) {
	before, after := around(s, at)
	switch s[at] {
	case ' ':
		return 1, after != ' ' && after != '\t'
	case '\t', '\'':
		return 1, false
	case '"':
		return stringLength(s[at:])
	case '#':
		return len(s) - at, true
	case '=':
		return 1, before == ' ' && after == ' '
	case ',':
		return 1, before != ' ' && (after == ' ' || after == 0)
	case '{':
		return 1, after == ' ' || after == '}'
	case '}':
		return 1, before == ' ' || before == '{'
	case '[':
		l.open = append(l.open, at+1 == len(s))
		return 1, after != ' '
	case ']':
		if len(l.open) == 0 {
			return 1, false
		}
		l.open = l.open[:len(l.open)-1]
		return 1, before != ' '
	}
	return 1, true
}

// around are the bytes beside an offset, 0 at the ends of the line.
func around(s string, at int) (before, after byte) {
	if at > 0 {
		before = s[at-1]
	}
	if at+1 < len(s) {
		after = s[at+1]
	}
	return before, after
}

// stringLength is the length of a string of one line.
func stringLength(s string) (length int, ok bool) {
	if strings.HasPrefix(s, `"""`) {
		return 0, false
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1, true
		}
	}
	return 0, false
}

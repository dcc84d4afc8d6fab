package requirements

import (
	"strings"
	"unicode/utf8"
)

// A line is a logical line: physical lines joined where a backslash ends them,
// without comments. marks map its offsets back to the file.
type line struct {
	text  string
	marks []mark
}

// A mark says that the text from offset on began at a place in the file.
type mark struct {
	offset       int
	line, column int
}

// place is where an offset of the logical line stands in the file.
func (l *line) place(offset int) (lineNumber, column int) {
	m := l.marks[0]
	for _, next := range l.marks[1:] {
		if next.offset > offset {
			break
		}
		m = next
	}
	offset = min(offset, len(l.text))
	return m.line, m.column + utf8.RuneCountInString(l.text[m.offset:offset])
}

// logicalLines splits a file. A comment begins with `#` at the start of a line
// or after white space, and ends a continued line too. Lines end in LF, CRLF
// or CR.
func logicalLines(text string) []line {
	var lines []line
	var current line
	open := false
	number := 0
	for text != "" || number == 0 {
		number++
		physical, rest := cutLine(text)
		text = rest
		if !open {
			current = line{}
		}
		body, commented := stripComment(physical)
		continued := !commented && strings.HasSuffix(body, `\`)
		if continued {
			body = body[:len(body)-1]
		}
		current.marks = append(current.marks, mark{len(current.text), number, 1})
		current.text += body
		open = continued && rest != ""
		if !open && strings.TrimSpace(current.text) != "" {
			lines = append(lines, current)
		}
		if rest == "" {
			break
		}
	}
	return lines
}

func cutLine(text string) (before, after string) {
	i := strings.IndexAny(text, "\r\n")
	if i < 0 {
		return text, ""
	}
	if strings.HasPrefix(text[i:], "\r\n") {
		return text[:i], text[i+2:]
	}
	return text[:i], text[i+1:]
}

func stripComment(text string) (body string, commented bool) {
	for i := range len(text) {
		if text[i] == '#' && (i == 0 || text[i-1] == ' ' || text[i-1] == '\t') {
			return text[:i], true
		}
	}
	return text, false
}

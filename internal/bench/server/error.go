package server

import (
	"fmt"
	"os"
	"strings"
)

// An Error is what a server did wrong.
type Error struct {
	Name string
	What string // "ended with exit code 1 before it was ready"
	// Output is the last that the server said; empty if nothing.
	Output string
	Err    error // what was seen from outside; may be nil
}

func (s *Server) error(what string, err error) error {
	return &Error{Name: s.spec.Name, What: what, Output: tail(s.output.Name()), Err: err}
}

func (e *Error) Error() string {
	text := fmt.Sprintf("the server `%s` %s", e.Name, e.What)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Output == "" {
		return text + "; it has said nothing"
	}
	return text + "; the last that it said:\n    " + strings.ReplaceAll(e.Output, "\n", "\n    ")
}

// Unwrap is what was seen from outside.
func (e *Error) Unwrap() error { return e.Err }

// What of the output is shown.
const (
	tailBytes = 4 << 10
	tailLines = 20
)

// tail is the end of a file.
func tail(name string) string {
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	size, err := f.Seek(0, 2)
	if err != nil {
		return ""
	}
	text := make([]byte, min(size, tailBytes))
	n, _ := f.ReadAt(text, size-int64(len(text)))
	lines := strings.Split(strings.TrimSpace(strings.ToValidUTF8(string(text[:n]), "�")), "\n")
	if len(lines) > tailLines {
		lines = lines[len(lines)-tailLines:]
	}
	for i := range lines {
		lines[i] = strings.Map(printable, lines[i])
	}
	return strings.Join(lines, "\n")
}

// printable drops what would steer the terminal.
func printable(r rune) rune {
	if r < ' ' && r != '\t' || r == 0x7f {
		return -1
	}
	return r
}

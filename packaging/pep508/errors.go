package pep508

import (
	"strings"

	"github.com/tame-py/tame/packaging/marker"
)

// An Error says where text is no requirement.
type Error struct {
	Input   string // the whole text, which may hold a password in a URL
	Offset  int    // of the fault, in bytes
	Length  int    // of the fault, in bytes; at least 1, may reach past the end
	Message string
	// NeedsName: the text looks like the URL or path of a project without its
	// name, which only requirements files may have; see ParseUnnamed.
	NeedsName bool
}

// Error returns the message, and below it the text with the fault underlined.
// Passwords are masked.
func (e *Error) Error() string {
	if e.Input == "" {
		return e.Message
	}
	input := Redact(e.Input)
	return e.Message + "\n" + input + "\n" + marker.Underline(input, e.Offset, e.Length)
}

// Hints returns what to do about it, if that is known.
func (e *Error) Hints() []string {
	if !e.NeedsName {
		return nil
	}
	return []string{"add the name of the package before the URL (e.g., `package_name @ https://...`)"}
}

// Redact replaces what a URL in the text tells of its user by stars, as
// many as there were bytes, so that offsets stay. The user git, which is no
// secret, is left alone.
func Redact(text string) string {
	for from := 0; ; {
		i := strings.Index(text[from:], "://")
		if i < 0 {
			return text
		}
		start := from + i + len("://")
		end := len(text)
		if j := strings.IndexAny(text[start:], "/?# \t\r\n"); j >= 0 {
			end = start + j
		}
		from = end
		at := strings.LastIndexByte(text[start:end], '@')
		if at < 0 || text[start:start+at] == "git" {
			continue
		}
		if colon := strings.IndexByte(text[start:start+at], ':'); colon >= 0 {
			start, at = start+colon+1, at-colon-1
		}
		text = text[:start] + strings.Repeat("*", at) + text[start+at:]
	}
}

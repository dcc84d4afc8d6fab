package ui

import (
	"errors"
	"slices"
	"strings"
)

// A hinter is an error that knows what a person can do about it.
type hinter interface{ Hints() []string }

// Error prints an error with its causes, innermost last, and then its hints.
func (p *Printer) Error(err error) {
	if p.Level > Silent {
		p.write(p.Err, p.Color.RenderError("error", err))
	}
}

// RenderError writes an error as text: a headline, a `Caused by:` line for
// each wrapped error, and a `hint:` for each piece of advice found on the way.
// [fmt.Errorf] with %w ends in the text of what it wraps; that part is cut, so
// that no cause is told twice.
func (c Palette) RenderError(label string, err error) string {
	var b strings.Builder
	b.WriteString(c.Red(c.Bold(label)) + c.Bold(":") + " ")
	var hints []string
	for depth := 0; err != nil; depth++ {
		if h, ok := err.(hinter); ok {
			for _, hint := range h.Hints() {
				if !slices.Contains(hints, hint) {
					hints = append(hints, hint)
				}
			}
		}
		next := errors.Unwrap(err)
		text := err.Error()
		if next != nil {
			text = strings.TrimSuffix(strings.TrimSuffix(text, next.Error()), ": ")
		}
		if text != "" {
			if depth > 0 {
				b.WriteString("  " + c.Red("Caused by") + ": ")
			}
			b.WriteString(indentRest(text, depth) + "\n")
		}
		err = next
	}
	for _, hint := range hints {
		b.WriteString("\n" + c.Cyan(c.Bold("hint")) + c.Bold(":") + " " + indentRest(hint, 0) + "\n")
	}
	return b.String()
}

// indentRest aligns the further lines of a message below its first.
func indentRest(text string, depth int) string {
	text = strings.TrimRight(text, "\n")
	if depth == 0 || !strings.Contains(text, "\n") {
		return text
	}
	return strings.ReplaceAll(text, "\n", "\n    ")
}

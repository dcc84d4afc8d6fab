package ui

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"
)

// A hinter is an error that knows what a person can do about it.
type hinter interface{ Hints() []string }

// An adviser is a hinter whose advice is a command: it is told how the program
// is called, by which a person can type it.
type adviser interface{ HintsFor(program string) []string }

// A proser is an error that is not the cause of what wraps it but tells of it
// at length, one sentence a line.
type proser interface{ Prose() string }

// Error prints an error with its causes, innermost last, and then its hints.
// On a terminal the lines keep to its width.
func (p *Printer) Error(err error) {
	if p.Level > Silent {
		columns, _ := IsTerminal(p.Err)
		p.write(p.Err, p.Color.renderError("error", p.Program, err, columns))
	}
}

// RenderError writes an error as text: a headline, a `Caused by:` line for
// each wrapped error, and a `hint:` for each piece of advice found on the way.
// [fmt.Errorf] with %w ends in the text of what it wraps; that part is cut, so
// that no cause is told twice.
// Commands in the hints are those of the program.
func (c Palette) RenderError(label, program string, err error) string {
	return c.renderError(label, program, err, 0)
}

// renderError is RenderError for lines of a number of columns; 0 is any.
func (c Palette) renderError(label, program string, err error, columns int) string {
	var b strings.Builder
	lead := c.Red(c.Bold(label)) + c.Bold(":") + " "
	var hints []string
	var further []error // of joined errors, those behind the first
	for err != nil {
		for _, hint := range HintsOf(err, program) {
			if !slices.Contains(hints, hint) {
				hints = append(hints, hint)
			}
		}
		next := cause(err)
		text := err.Error()
		if joined, ok := err.(interface{ Unwrap() []error }); ok && len(joined.Unwrap()) > 0 {
			next, further, text = joined.Unwrap()[0], append(further, joined.Unwrap()[1:]...), ""
		}
		if next != nil {
			text = strings.TrimSuffix(strings.TrimSuffix(text, next.Error()), ": ")
		}
		switch p, ok := err.(proser); {
		case ok:
			b.WriteString("\n" + indent(p.Prose(), "  ", "  ", columns))
		case text != "":
			b.WriteString(lead + indent(text, "", "    ", columns))
			lead = "  " + c.Red("Caused by") + ": "
		}
		if err = next; err == nil && len(further) > 0 {
			err, further = further[0], further[1:]
			lead = "  " + c.Red("Besides") + ": "
		}
	}
	for _, hint := range hints {
		b.WriteString("\n" + c.Cyan(c.Bold("hint")) + c.Bold(":") + " " + indent(hint, "", "      ", columns))
	}
	return b.String()
}

// HintsOf is the advice of one error, without that of its causes. Commands in it
// are those of the program.
func HintsOf(err error, program string) []string {
	switch h := err.(type) {
	case adviser:
		return h.HintsFor(program)
	case hinter:
		return h.Hints()
	}
	return nil
}

// A hintedError is an error with advice beside its own. It stands in the place of
// the error, which is why that is none of its causes.
type hintedError struct {
	error
	hint string
}

func (e hintedError) Unwrap() error        { return errors.Unwrap(e.error) }
func (e hintedError) Is(target error) bool { return errors.Is(e.error, target) }
func (e hintedError) As(target any) bool   { return errors.As(e.error, target) }

// HintsFor is the advice of the error, and then what was added to it.
func (e hintedError) HintsFor(program string) []string {
	return append(slices.Clip(HintsOf(e.error, program)), e.hint)
}

// WithHint adds advice to an error.
func WithHint(err error, format string, args ...any) error {
	return hintedError{err, fmt.Sprintf(format, args...)}
}

// cause is what an error wraps. What the system says of a file or a connection
// is one cause, although it comes in layers.
func cause(err error) error {
	switch err.(type) {
	case *fs.PathError, *os.LinkError, *os.SyscallError, *net.OpError:
		return nil
	}
	next := errors.Unwrap(err)
	if next != nil && strings.HasPrefix(err.Error(), next.Error()+": ") {
		return nil // a sentinel, to which the text adds the details
	}
	return next
}

// indent writes the lines of a text, the first after first and the others after
// rest. Where there are columns, lines that do not fit are broken between words;
// lines that are indented already, such as excerpts of a file, are not.
func indent(text, first, rest string, columns int) string {
	var b strings.Builder
	prefix := first
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		if line == "" {
			b.WriteByte('\n')
			continue
		}
		for _, part := range wrap(line, columns-len(rest)) {
			b.WriteString(prefix + part + "\n")
			prefix = rest
		}
	}
	return b.String()
}

// minWrap is the width below which breaking lines helps nobody.
const minWrap = 30

// wrap breaks a line between words. The headline's label is not counted: a
// line that is slightly longer does no harm.
func wrap(line string, width int) []string {
	if width < minWrap || len(line) <= width || line[0] == ' ' {
		return []string{line}
	}
	var parts []string
	length := 0 // of the last part, in characters
	for word := range strings.SplitSeq(line, " ") {
		n := len([]rune(word))
		if length > 0 && length+1+n <= width {
			parts[len(parts)-1] += " " + word
			length += 1 + n
			continue
		}
		parts = append(parts, word)
		length = n
	}
	return parts
}

// Package ui is the voice of the program at the terminal: a [Printer] that
// keeps data (standard output) apart from everything else (standard error)
// and knows how loud it may be, styles, [Duration] and size texts, the way an
// error with its causes and hints is shown ([Printer.Error]), and progress
// bars that exist only where somebody watches ([Progress]).
//
// Rules of the voice: data goes to standard output and nothing else does;
// meaning survives without colour; a status line starts with a capital and has
// no full stop; an error, a warning and a hint start in lower case.
package ui

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/term"
)

// A Level says how much is printed.
type Level int8

// The levels, from nothing to all.
const (
	Silent  Level = iota - 2 // -qq: not even data
	Quiet                    // -q: data and errors
	Normal                   // status lines and warnings too
	Verbose                  // -v: what is being decided and why
	Trace                    // -vv: every step
)

// LevelOf is the level that a number of -q and -v flags ask for; quiet wins.
func LevelOf(quiet, verbose int) Level {
	switch {
	case quiet > 1:
		return Silent
	case quiet == 1:
		return Quiet
	case verbose > 1:
		return Trace
	case verbose == 1:
		return Verbose
	}
	return Normal
}

// A Printer writes for a person or a script. Its methods may be called from
// several goroutines; each call is written whole.
type Printer struct {
	Out, Err io.Writer
	Level    Level
	Program  string  // how the program is called, for advice in errors
	Color    Palette // for standard error
	OutColor Palette // for standard output

	mu       sync.Mutex
	progress *Progress
	outErr   error // the first of writing to Out
}

// Stdio is where a process reads and writes: what cmd hands to cli, and what a
// test replaces.
type Stdio struct {
	In       io.Reader
	Out, Err io.Writer
}

// NewPrinter prints to the given streams.
func NewPrinter(s Stdio, level Level, color ColorChoice, getenv func(string) (string, bool)) *Printer {
	return &Printer{
		Out: s.Out, Err: s.Err, Level: level,
		Color: color.palette(s.Err, getenv), OutColor: color.palette(s.Out, getenv),
	}
}

// Data prints to standard output as [fmt.Sprintf] does, without adding a line
// end: what the command was asked for.
func (p *Printer) Data(format string, args ...any) {
	if p.Level > Silent {
		p.data(fmt.Sprintf(format, args...))
	}
}

// Text prints to standard output like Data, but not if the printer is quiet:
// what is for people to read rather than for programs to use.
func (p *Printer) Text(format string, args ...any) {
	if p.Level >= Normal {
		p.data(fmt.Sprintf(format, args...))
	}
}

// DataBytes prints bytes to standard output as they are.
func (p *Printer) DataBytes(b []byte) {
	if p.Level > Silent {
		p.data(string(b))
	}
}

// Result prints bytes to standard output however quiet the printer is: what a
// command makes and has nowhere else to put.
func (p *Printer) Result(b []byte) {
	if p.Out == p.Err {
		p.write(p.Out, string(b))
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = p.Out.Write(b)
}

// Line prints one line to standard error: what the program did.
func (p *Printer) Line(format string, args ...any) {
	if p.Level >= Normal {
		p.write(p.Err, fmt.Sprintf(format, args...)+"\n")
	}
}

// Warn prints a warning.
func (p *Printer) Warn(format string, args ...any) {
	if p.Level >= Normal {
		c := p.Color
		p.write(p.Err, c.Yellow(c.Bold("warning"))+c.Bold(":")+" "+fmt.Sprintf(format, args...)+"\n")
	}
}

// Debug prints a line of what is being decided, for -v.
func (p *Printer) Debug(format string, args ...any) {
	if p.Level >= Verbose {
		p.write(p.Err, p.Color.Blue("DEBUG")+" "+fmt.Sprintf(format, args...)+"\n")
	}
}

// Debugging says whether Debug prints: a caller that would have to compute
// much for it asks first.
func (p *Printer) Debugging() bool { return p.Level >= Verbose }

func (p *Printer) write(w io.Writer, text string) {
	p.mu.Lock()
	progress := p.progress
	p.mu.Unlock()
	if progress != nil && w == p.Err {
		progress.above(text)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	// A reader that has gone away is no reason to fail what was asked for.
	_, _ = io.WriteString(w, text)
}

// data writes to standard output. That something is lost there is told at the
// end, see OutError.
func (p *Printer) data(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err := io.WriteString(p.Out, text)
	if p.outErr == nil && err != nil && !isGone(err) {
		p.outErr = err
	}
}

// isGone reports whether writing failed because nobody reads.
func isGone(err error) bool {
	if errors.Is(err, syscall.EPIPE) {
		return true
	}
	const brokenPipe, noData = syscall.Errno(109), syscall.Errno(232) // ERROR_BROKEN_PIPE, ERROR_NO_DATA
	return runtime.GOOS == "windows" && (errors.Is(err, brokenPipe) || errors.Is(err, noData))
}

// OutError returns what first went wrong in writing to standard output, such as
// a full disk. That nobody reads it is not an error.
func (p *Printer) OutError() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.outErr == nil {
		return nil
	}
	return fmt.Errorf("writing to standard output: %w", p.outErr)
}

// IsTerminal reports whether a stream is watched by a person, and how many
// columns are there.
func IsTerminal(stream any) (columns int, ok bool) {
	f, isFile := stream.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil || columns <= 0 {
		columns = 80
	}
	return columns, true
}

// A ColorChoice says when to use colour.
type ColorChoice string

// The choices of --color.
const (
	ColorAuto   ColorChoice = "auto"
	ColorAlways ColorChoice = "always"
	ColorNever  ColorChoice = "never"
)

// palette follows the choice, then NO_COLOR, FORCE_COLOR and CLICOLOR_FORCE
// (no-color.org, force-color.org, bixense.com/clicolors), then the stream.
func (c ColorChoice) palette(w io.Writer, getenv func(string) (string, bool)) Palette {
	set := func(name string) bool {
		v, ok := getenv(name)
		return ok && v != ""
	}
	truthy := func(name string) bool {
		v, _ := getenv(name)
		return v != "" && v != "0" && !strings.EqualFold(v, "false")
	}
	switch {
	case c == ColorAlways:
		return Palette{on: true}
	case c == ColorNever, set("NO_COLOR"):
		return Palette{}
	case truthy("FORCE_COLOR"), truthy("CLICOLOR_FORCE"):
		return Palette{on: true}
	}
	if v, _ := getenv("TERM"); v == "dumb" {
		return Palette{}
	}
	_, ok := IsTerminal(w)
	return Palette{on: ok}
}

// A Palette styles text, or leaves it alone where there is no colour.
type Palette struct{ on bool }

// On reports whether the palette adds anything.
func (p Palette) On() bool { return p.on }

func (p Palette) wrap(on, off, s string) string {
	if !p.on || s == "" {
		return s
	}
	return "\x1b[" + on + "m" + s + "\x1b[" + off + "m"
}

// Bold and the methods after it style text.
func (p Palette) Bold(s string) string   { return p.wrap("1", "22", s) }
func (p Palette) Dim(s string) string    { return p.wrap("2", "22", s) }
func (p Palette) Red(s string) string    { return p.wrap("31", "39", s) }
func (p Palette) Green(s string) string  { return p.wrap("32", "39", s) }
func (p Palette) Yellow(s string) string { return p.wrap("33", "39", s) }
func (p Palette) Blue(s string) string   { return p.wrap("34", "39", s) }
func (p Palette) Cyan(s string) string   { return p.wrap("36", "39", s) }

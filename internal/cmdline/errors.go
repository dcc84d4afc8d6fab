package cmdline

import (
	"errors"

	"github.com/tame-py/tame/internal/ui"
)

// The exit codes: of uv, and so of every script around it.
const (
	Done   = 0
	Failed = 1 // what was asked for did not hold: no solution, a failed check
	Broken = 2 // wrong use, or the tool could not work
)

// ExitStatus is an error that carries nothing but the process's exit code: all
// that is to be said has been said.
type ExitStatus int

func (s ExitStatus) Error() string { return "exit status" }

// UsageError is a mistake in how the program was called.
type UsageError string

func (e UsageError) Error() string { return string(e) }

// A codedError is an error that ends the program with a code of its own. It
// stands in the place of the error, which is why that is none of its causes.
type codedError struct {
	error
	code int
}

// WithCode lets an error end the program with a code, whatever its causes.
func WithCode(err error, code int) error { return codedError{err, code} }

func (e codedError) ExitCode() int        { return e.code }
func (e codedError) Unwrap() error        { return errors.Unwrap(e.error) }
func (e codedError) Is(target error) bool { return errors.Is(e.error, target) }
func (e codedError) As(target any) bool   { return errors.As(e.error, target) }

// HintsFor is the advice of the error.
func (e codedError) HintsFor(program string) []string { return ui.HintsOf(e.error, program) }

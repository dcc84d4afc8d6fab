package cmdline

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

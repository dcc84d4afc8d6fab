// Package cli is the command line: one file a command, in which flags become
// a request, the request is handed to the package that does the work, and the
// result becomes text. It alone knows standard output, exit codes and the
// settings' sources; see [Main].
package cli

import (
	"context"
	"errors"
	"io"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/ui"
	"github.com/tame-py/tame/internal/web"
)

// Stdio is where a process reads and writes.
type Stdio = ui.Stdio

// Main runs the program with the arguments and environment of a process and
// returns its exit code. Called by the name uv or uvx it behaves as those.
func Main(args, environ []string, stdio Stdio) int {
	relaxCollector()
	growStack()
	log.SetOutput(io.Discard) // net/http logs there what servers do wrong
	a := newApp(args, environ, stdio)
	err := a.execute()
	a.close()
	if err == nil {
		err = a.print.OutError()
	}
	if err == nil {
		return exitDone
	}
	var status exitStatus
	if errors.As(err, &status) {
		return int(status)
	}
	var stopped interruption
	if errors.As(context.Cause(a.ctx), &stopped) {
		return stopped.ExitCode()
	}
	a.signAdvice(err)
	a.print.Error(err)
	return exitCode(err)
}

// An interruption is the cause of a context that a signal has ended.
type interruption struct{ signal syscall.Signal }

func (i interruption) Error() string { return "interrupted: " + i.signal.String() }

// ExitCode is what a shell makes of a process that a signal has ended.
func (i interruption) ExitCode() int { return 128 + int(i.signal) }

// heed makes signals end a command in good order. Until there is anything that
// could be left half done they end it at once, which spares the goroutines that
// wait for them: see attend.
func (a *app) heed(c *command) {
	if !c.execs { // else the program in its place would ignore it too
		signal.Ignore(syscall.SIGPIPE)
	}
	if c.reads {
		return
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	a.ctx, a.interrupt = ctx, cancel
	if !c.late {
		a.attend()
	}
}

// attend begins to wait for signals: the context of the command ends with the
// first Ctrl-C or request to terminate; a second one ends the process at once. A
// reader of standard output or error that goes away ends nothing: an
// installation must not stop half way because its messages are piped into head.
func (a *app) attend() {
	a.attendOnce.Do(func() {
		if a.interrupt == nil {
			return
		}
		signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
		go func() {
			got, _ := (<-signals).(syscall.Signal)
			signal.Stop(signals)
			a.interrupt(interruption{got})
		}()
	})
}

// signAdvice lets errors that advise a command call the program by its name.
func (a *app) signAdvice(err error) {
	var missing *python.EnvironmentNotFoundError
	if errors.As(err, &missing) {
		missing.Program = a.name
	}
	var query *python.QueryError
	if errors.As(err, &query) {
		query.Program = a.name
	}
}

// exitCode is 2 unless an error of the chain knows better: that no solution
// exists, or that a distribution could not be had, is an answer.
func exitCode(err error) int {
	var coder interface{ ExitCode() int }
	if errors.As(err, &coder) {
		return coder.ExitCode()
	}
	var none *resolve.NoSolution
	var dist *resolve.DistError
	var prepare *engine.PrepareError
	var dependencies *resolve.DependenciesError
	var asked *web.Error
	if errors.As(err, &dist) && dist.Dist.Source.Kind == source.Registry && errors.As(err, &asked) {
		return exitError // the index failed, which is no answer
	}
	if errors.As(err, &none) || errors.As(err, &dependencies) || errors.As(err, &dist) || errors.As(err, &prepare) {
		return exitFailed
	}
	return exitError
}

// relaxCollector lets a short command finish without one garbage collection:
// the first comes at a heap of 160 MB, after which the collector is as usual.
// A GOGC of the user's own is left alone.
func relaxCollector() {
	const first = 4000 // percent of the runtime's 4 MB minimum heap
	if was := debug.SetGCPercent(first); was != 100 {
		debug.SetGCPercent(was)
		return
	}
	runtime.SetFinalizer(new(*byte), func(**byte) { debug.SetGCPercent(100) })
}

// growStack makes the stack as large as most commands need it, at once: by
// doubling it would be copied four times, each time with more on it.
//
//go:noinline
func growStack() {
	var room [20 << 10]byte
	runtime.KeepAlive(&room)
}

// programName is how the program calls itself: by the name it was called,
// where that is one whose interface it has.
func programName(argv0 string) (name string, isUvx bool) {
	switch strings.TrimSuffix(filepath.Base(argv0), ".exe") {
	case "uv":
		return "uv", false
	case "uvx":
		return "uv", true
	case "tamex":
		return "tame", true
	}
	return "tame", false
}

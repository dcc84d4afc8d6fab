// Package command measures commands: it starts them, waits for them and reads
// what the kernel counted for them ([Runner.Run]), and repeats that in
// randomised blocks ([Measure]) with what is to be done around each run. It
// does the job of hyperfine and reads and writes its formats ([ReadHyperfine],
// [WriteJSON], [WriteCSV], [WriteTable]).
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/shellwords"
)

// A Command is one subject: what is run, and what around it.
type Command struct {
	Name       string // what it is called in reports
	Line       string // as for a shell
	Reference  bool   // the others are compared with it
	Parameters []Parameter

	Setup    string // once, before all runs
	Prepare  string // before each run
	Conclude string // after each run
	Cleanup  string // once, after all runs
	Output   string // "null", "pipe", "inherit" or a file

	Dir string   // where all of these are run; the folder of this process if empty
	Env []string // added to the runner's
}

// A Parameter is a value that stands for its name in braces.
type Parameter struct{ Name, Value string }

// A Usage is what one run took.
type Usage struct {
	Wall, User, System time.Duration
	MaxRSS             int64 // bytes, of the largest process among those waited for
	MinorFaults        int64 // pages that were in memory
	MajorFaults        int64 // pages that were read from disk
	Voluntary          int64 // context switches because it waited
	Involuntary        int64 // context switches because others wanted the processor
	// ExitCode is that of the process, or 128 and the signal's number if one ended
	// it, as shells tell that.
	ExitCode int
	Signaled bool
}

// A Runner starts commands.
type Runner struct {
	// Shell are the words before the command line, such as `/bin/sh -c`; nil runs
	// the words of the line themselves.
	Shell  []string
	Env    []string
	Dir    string // where commands are run
	Input  string // a file; the null device if empty
	Stdout io.Writer
	Stderr io.Writer
	Random *rand.Rand
	// Pretend runs nothing: `sleep 2` takes two seconds, and no time passes. It is
	// hyperfine's debug mode, for tests of what is made of the times.
	Pretend bool

	overhead Usage // of the shell
}

// DefaultShell is the shell of the system with its flag for a command line.
func DefaultShell() []string { return defaultShell() }

// Overhead is what of the shell's own time has been found by [Runner.Calibrate],
// and is taken off each run.
func (r *Runner) Overhead() time.Duration { return r.overhead.Wall }

// Calibrate measures the shell with nothing to do.
func (r *Runner) Calibrate(ctx context.Context, runs int) error {
	r.overhead = Usage{}
	if r.Shell == nil {
		return nil
	}
	if r.Pretend {
		u, err := pretended(strings.TrimSuffix(strings.Join(r.Shell, " "), " -c"))
		if r.overhead = u; strings.HasPrefix(r.Shell[0], "/") {
			r.overhead, err = Usage{}, nil // the system's own shell takes no time
		}
		return err
	}
	var wall, user, system []time.Duration
	for range runs {
		u, err := r.Run(ctx, "", "null", "")
		if err != nil {
			return fmt.Errorf("measuring the shell: %w", err)
		}
		if u.ExitCode != 0 {
			return fmt.Errorf("the shell `%s` fails to run an empty command: exit code %d", strings.Join(r.Shell, " "), u.ExitCode)
		}
		wall, user, system = append(wall, u.Wall), append(user, u.User), append(system, u.System)
	}
	// The median, because one disturbed run of an empty shell would be taken off
	// all that follow.
	r.overhead = Usage{Wall: middle(wall), User: middle(user), System: middle(system)}
	return nil
}

func middle(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

// iterationVariable tells a command which run it is, and offsetVariable moves
// its stack by a random length: the layout of memory alone can make a program
// faster or slower by several percent. Both are known from hyperfine.
const (
	iterationVariable = "HYPERFINE_ITERATION"
	offsetVariable    = "HYPERFINE_RANDOMIZED_ENVIRONMENT_OFFSET"
)

// in is the runner in the surroundings of a command.
func (r *Runner) in(c *Command) *Runner {
	if c.Dir == "" && c.Env == nil {
		return r
	}
	of := *r
	of.Env = slices.Concat(r.Env, c.Env)
	if c.Dir != "" {
		of.Dir = c.Dir
	}
	return &of
}

// Run runs a command line once. A command that fails is no error; one that
// cannot be started is. The time of the shell is taken off.
func (r *Runner) Run(ctx context.Context, line, output, iteration string) (Usage, error) {
	if r.Pretend {
		return pretended(line)
	}
	words, err := r.words(line)
	if err != nil {
		return Usage{}, err
	}
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Env, cmd.Dir = slices.Clone(r.Env), r.Dir
	if r.Random != nil {
		cmd.Env = append(cmd.Env, offsetVariable+"="+strings.Repeat("X", r.Random.IntN(4096)))
	}
	if iteration != "" {
		cmd.Env = append(cmd.Env, iterationVariable+"="+iteration)
	}
	separate(cmd)
	closers, err := r.streams(cmd, output)
	defer func() {
		for _, c := range closers {
			_ = c.Close()
		}
	}()
	if err != nil {
		return Usage{}, err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return Usage{}, startError(words[0], err)
	}
	err = cmd.Wait()
	wall := time.Since(start)
	if ctx.Err() != nil {
		return Usage{}, context.Cause(ctx)
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return Usage{}, fmt.Errorf("waiting for `%s`: %w", line, err)
	}
	u := usage(cmd.ProcessState)
	u.Wall = max(0, wall-r.overhead.Wall)
	u.User = max(0, u.User-r.overhead.User)
	u.System = max(0, u.System-r.overhead.System)
	return u, nil
}

// pretended is what a `sleep` says that it will take.
func pretended(line string) (Usage, error) {
	seconds, ok := strings.CutPrefix(line, "sleep ")
	n, err := strconv.ParseFloat(seconds, 64)
	if !ok || err != nil || n < 0 || n > 1e9 {
		return Usage{}, fmt.Errorf("in debug mode only `sleep SECONDS` can be measured, and not `%s`", line)
	}
	return Usage{Wall: time.Duration(n * float64(time.Second))}, nil
}

func (r *Runner) words(line string) ([]string, error) {
	if r.Shell != nil {
		return append(slices.Clone(r.Shell), line), nil
	}
	words, err := shellwords.Split(line)
	if err == nil && len(words) == 0 {
		err = errors.New("the command is empty")
	}
	return words, err
}

// streams ties the standard streams of a command, and returns what is to be
// closed once it has ended.
func (r *Runner) streams(cmd *exec.Cmd, output string) (closers []io.Closer, err error) {
	if r.Input != "" {
		in, err := os.Open(r.Input)
		if err != nil {
			return nil, fmt.Errorf("opening the input: %w", err)
		}
		cmd.Stdin, closers = in, append(closers, in)
	}
	switch output {
	case "", "null": // exec opens the null device
	case "inherit":
		cmd.Stdout, cmd.Stderr = r.Stdout, r.Stderr
	case "pipe":
		cmd.Stdout = drain{}
	default:
		out, err := os.Create(output)
		if err != nil {
			return closers, fmt.Errorf("opening the output: %w", err)
		}
		cmd.Stdout, closers = out, append(closers, out)
	}
	return closers, nil
}

// drain reads a pipe to nowhere. It is no io.Discard, which exec knows too.
type drain struct{}

func (drain) Write(p []byte) (int, error) { return len(p), nil }

// A StartError is a command that could not be started.
type StartError struct {
	Program string
	Err     error
}

func startError(program string, err error) error {
	var wrapped *exec.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return &StartError{Program: program, Err: err}
}

func (e *StartError) Error() string { return fmt.Sprintf("cannot run `%s`: %v", e.Program, e.Err) }

// Unwrap is why.
func (e *StartError) Unwrap() error { return e.Err }

// Hints say what may be meant.
func (e *StartError) Hints() []string {
	if errors.Is(e.Err, exec.ErrNotFound) || errors.Is(e.Err, os.ErrNotExist) {
		return []string{"without a shell the first word must be a program; shell syntax and built-in commands take a shell"}
	}
	return nil
}

// signalBase and a signal's number are the exit code that shells give a process
// which the signal has ended.
const signalBase = 128

// A FailedError is a command that ended with an exit code other than 0.
type FailedError struct {
	Line string
	What string // "run 3", "the setup command"
	Code int
	// Signaled: a signal ended it, and Code is 128 and its number.
	Signaled bool
}

func (e *FailedError) Error() string {
	how := "ended with exit code " + strconv.Itoa(e.Code)
	if e.Signaled {
		how = "was ended by signal " + strconv.Itoa(e.Code-signalBase)
	}
	return fmt.Sprintf("`%s` %s in %s", e.Line, how, e.What)
}

// ExitCode is that of the whole program: what was asked for did not hold.
func (e *FailedError) ExitCode() int { return 1 }

// Hints say how to go on.
func (e *FailedError) Hints() []string {
	if strings.HasPrefix(e.What, "the ") {
		return []string{"append ` || true` to the command if its failure does not matter"}
	}
	return []string{"`--ignore-failure` measures it all the same, and `--show-output` shows what it says"}
}

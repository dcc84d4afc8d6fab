package install

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tame-py/tame/internal/par"
)

// The program that each interpreter of the pool runs.
//
//go:embed compile.py
var compileProgram string

// DefaultCompileTimeout bounds the compilation of one file.
const DefaultCompileTimeout = 60 * time.Second

// ahead is how many files an interpreter is given before it has answered the
// first, so that it never waits for this program.
const ahead = 8

// CompileOptions tell how to compile.
type CompileOptions struct {
	// Python is the interpreter; bytecode is good for its version alone.
	Python string
	// Env is the environment of the interpreters. PYC_INVALIDATION_MODE,
	// SOURCE_DATE_EPOCH, PYTHONPYCACHEPREFIX, PYTHONOPTIMIZE and
	// PYTHONNODEBUGRANGES count.
	Env []string
	// Workers is how many interpreters run at once; 0 is the number of
	// processors.
	Workers int
	// Timeout bounds each file: 0 is [DefaultCompileTimeout], negative no bound.
	Timeout time.Duration
	// Kept is bytecode that need not be made again; nil for none.
	Kept *Kept
}

// A CompileError tells that an interpreter could not do its work. That a file
// has errors is none.
type CompileError struct {
	Reason string
	Stderr string // what the interpreter said
	Err    error
}

// Error implements error.
func (e *CompileError) Error() string {
	text := "bytecode compilation failed: " + e.Reason
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Stderr != "" {
		text += "\n" + e.Stderr
	}
	return text
}

// Unwrap returns the cause.
func (e *CompileError) Unwrap() error { return e.Err }

// Compile makes bytecode of source files with a pool of interpreters, which
// start as files come, and returns how many files there were. An error of the
// sequence ends it.
func Compile(ctx context.Context, files iter.Seq2[string, error], opts CompileOptions) (int, error) {
	if opts.Workers <= 0 {
		opts.Workers = par.Processors()
	}
	if opts.Timeout == 0 {
		opts.Timeout = DefaultCompileTimeout
	}
	group, ctx := errgroup.WithContext(ctx)
	p := &pool{opts: &opts, group: group, queue: make(chan string, opts.Workers*ahead)}
	count := 0
	group.Go(func() (err error) {
		defer close(p.queue)
		count, err = p.feed(ctx, files)
		return err
	})
	err := group.Wait()
	return count, err
}

// A pool compiles what comes through its queue.
type pool struct {
	opts    *CompileOptions
	group   *errgroup.Group
	queue   chan string
	mu      sync.Mutex
	started int
}

// submit has an interpreter compile a file.
func (p *pool) submit(ctx context.Context, file string) error {
	p.mu.Lock()
	if p.started < p.opts.Workers {
		p.started++
		p.group.Go(func() error { return compileSome(ctx, p.queue, p.opts) })
	}
	p.mu.Unlock()
	select {
	case p.queue <- file:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// batch is how many files are given bytecode that is kept in a row.
const batch = 64

// feed submits files, but for those whose bytecode is kept, and returns their
// number.
func (p *pool) feed(ctx context.Context, files iter.Seq2[string, error]) (count int, err error) {
	var restorers errgroup.Group
	batches := make(chan []string, p.opts.Workers)
	for range p.opts.Workers {
		restorers.Go(func() error { return p.restore(ctx, batches) })
	}
	defer func() {
		close(batches)
		err = errors.Join(err, restorers.Wait())
	}()
	var some []string
	for file, err := range files {
		if err != nil {
			return count, err
		}
		if strings.ContainsAny(file, "\r\n") {
			continue // a name that cannot be told apart from two
		}
		count++
		if !p.opts.Kept.has(file) {
			if err := p.submit(ctx, file); err != nil {
				return count, err
			}
			continue
		}
		if some = append(some, file); len(some) == batch {
			batches <- some
			some = make([]string, 0, batch)
		}
	}
	batches <- some
	return count, nil
}

// restore gives files bytecode that is kept, and submits those of which there
// is none. It takes all batches, whatever happens.
func (p *pool) restore(ctx context.Context, batches <-chan []string) (err error) {
	var buffer []byte
	for some := range batches {
		for _, file := range some {
			if err == nil && !p.opts.Kept.restore(file, &buffer) {
				err = p.submit(ctx, file)
			}
		}
	}
	return err
}

// command is the interpreter's command line. It runs isolated, so that no
// module of the environment stands in for one of the library; what of the
// environment matters for bytecode is handed on. The library itself is left
// as it is.
func (o *CompileOptions) command(ctx context.Context) *exec.Cmd {
	args := []string{"-I", "-S", "-B", "-X", "utf8"}
	for _, entry := range o.Env {
		if value, ok := strings.CutPrefix(entry, "PYTHONPYCACHEPREFIX="); ok && value != "" {
			args = append(args, "-X", "pycache_prefix="+value)
		}
	}
	args = append(args, codeFlags(o.Env)...)
	args = append(args, "-c", compileProgram)
	if o.Kept != nil {
		if spool, err := o.Kept.spool(); err == nil { // or nothing is kept
			args = append(args, spool, o.Kept.nowhere)
		}
	}
	cmd := exec.CommandContext(ctx, o.Python, args...)
	cmd.Env = append([]string{}, o.Env...)
	// A child that keeps the pipe open must not hold us up.
	cmd.WaitDelay = 2 * time.Second
	return cmd
}

// codeFlags are the flags that say what those variables do that decide on the
// code, which an isolated interpreter does not look at.
func codeFlags(env []string) (flags []string) {
	level, ranges := 0, true
	for _, entry := range env {
		switch name, value, _ := strings.Cut(entry, "="); name {
		case "PYTHONOPTIMIZE":
			level = optimizeLevel(value)
		case "PYTHONNODEBUGRANGES":
			ranges = value == ""
		}
	}
	if level > 0 {
		flags = append(flags, "-"+strings.Repeat("O", level))
	}
	if !ranges {
		flags = append(flags, "-X", "no_debug_ranges")
	}
	return flags
}

// optimizeLevel is the level that a value of PYTHONOPTIMIZE asks for: what is no
// number counts as 1. Nothing but the names of files tells levels from 3 on apart.
func optimizeLevel(value string) int {
	const most = 99
	if value == "" {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimLeft(value, " \t\n\v\f\r"))
	if err != nil || n < 0 {
		return 1
	}
	return min(n, most)
}

// compileSome runs one interpreter until the queue is empty.
func compileSome(ctx context.Context, queue <-chan string, opts *CompileOptions) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	cmd := opts.command(ctx)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return &CompileError{Reason: "no pipe", Err: err}
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return &CompileError{Reason: "no pipe", Err: err}
	}
	if err := cmd.Start(); err != nil {
		return &CompileError{Reason: "the interpreter did not start", Err: err}
	}
	c := conversation{in: in, answers: make(chan string, ahead), timeout: opts.Timeout, kept: opts.Kept}
	var reader sync.WaitGroup
	reader.Go(func() { c.read(out) })
	err = c.run(ctx, queue)
	if err != nil {
		stop() // or Wait would wait for the interpreter
	}
	_ = in.Close() // the interpreter ends at the end of its input
	for range c.answers {
		// The reader must not block on answers that nobody waits for.
	}
	reader.Wait()
	waitErr := cmd.Wait()
	if err == nil && !errors.Is(waitErr, exec.ErrWaitDelay) { // all answers are there
		err = waitErr
	}
	var failed *CompileError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &failed):
	default:
		failed = &CompileError{Reason: "the interpreter failed", Err: err}
	}
	failed.Stderr = strings.TrimSpace(stderr.String())
	return failed
}

// A conversation with an interpreter: file names go in, and come out again in
// the same order.
type conversation struct {
	in      io.Writer
	answers chan string // closed at the end of the output
	timeout time.Duration
	waiting []string
	kept    *Kept
}

func (c *conversation) read(out io.Reader) {
	defer close(c.answers)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		c.answers <- strings.TrimSuffix(lines.Text(), "\r")
	}
	_, _ = io.Copy(io.Discard, out) // a line too long; the sender must not block
}

// run gives the interpreter files until there are no more, and takes its
// answers.
func (c *conversation) run(ctx context.Context, queue <-chan string) error {
	if err := c.expect(ctx, "ready", "starting the interpreter"); err != nil {
		return err
	}
	for {
		file, ok := next(ctx, queue, len(c.waiting))
		switch {
		case ok:
			c.waiting = append(c.waiting, file)
			line := file + "\n"
			if c.kept.has(file) {
				line = file + "\x00\n"
			}
			if _, err := io.WriteString(c.in, line); err != nil {
				return &CompileError{Reason: "writing to the interpreter", Err: err}
			}
			continue
		case len(c.waiting) == 0:
			return ctx.Err()
		}
		if err := c.expect(ctx, c.waiting[0], "compiling "+c.waiting[0]); err != nil {
			return err
		}
		c.waiting = c.waiting[1:]
	}
}

// next takes a file from the queue: waiting for one if the interpreter has
// nothing to do, else only if it is there and the interpreter has not enough.
func next(ctx context.Context, queue <-chan string, waiting int) (string, bool) {
	switch {
	case waiting == 0:
		select {
		case file, ok := <-queue:
			return file, ok
		case <-ctx.Done():
		}
	case waiting < ahead:
		select {
		case file, ok := <-queue:
			return file, ok
		default:
		}
	}
	return "", false
}

// expect waits for the interpreter's next line.
func (c *conversation) expect(ctx context.Context, want, doing string) error {
	var late <-chan time.Time
	if c.timeout > 0 {
		timer := time.NewTimer(c.timeout)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case got, ok := <-c.answers:
		switch {
		case !ok:
			return &CompileError{Reason: doing + ": the interpreter ended"}
		case got != want:
			return &CompileError{Reason: fmt.Sprintf("expected %q, received %q", want, got)}
		}
		return nil
	case <-late:
		return &CompileError{Reason: fmt.Sprintf("%s timed out after %s", doing, c.timeout)}
	case <-ctx.Done():
		return ctx.Err()
	}
}

// SourceFiles yields the Python files below a directory, except in
// __pycache__.
func SourceFiles(dir string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		err := filepath.WalkDir(dir, func(file string, e fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil // gone meanwhile
			case err != nil:
				return err
			case e.IsDir() && e.Name() == "__pycache__":
				return fs.SkipDir
			case e.Type().IsRegular() && filepath.Ext(file) == ".py":
				if !yield(file, nil) {
					return fs.SkipAll
				}
			}
			return nil
		})
		if err != nil {
			yield("", err)
		}
	}
}

// SourceFiles yields the Python files that belong to the distribution.
func (i *Installed) SourceFiles() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		entries, err := i.Record()
		if err != nil {
			yield("", err)
			return
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Path, ".py") && !yield(filepath.Join(i.Location(), filepath.FromSlash(e.Path)), nil) {
				return
			}
		}
	}
}

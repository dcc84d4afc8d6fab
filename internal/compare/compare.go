// Package compare runs uv and tame on copies of a project and tells what they do
// differently: the locks they write, the files they install, and how long they
// take.
package compare

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/lock"
)

// A Request is a project, and the programs to run on it.
type Request struct {
	UV, Tame string   // the programs
	Environ  []string // of both, without what leads out of the copies
	Python   string   // the version that both use, for the report
	Rounds   int      // how often each of them does each thing
	// Copy makes a copy of the project in a directory that is not there yet. What is
	// below aside is none of the project's.
	Copy func(ctx context.Context, to, aside string) error
}

// A Contestant is one of the programs that are compared.
type Contestant struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	path    string
	home    string // its copy of the project, while it is not its turn
	cache   string
}

// A comparison is on its way. The contestants take turns in one directory, so
// that whatever has a path in it can be equal.
type comparison struct {
	both   [2]*Contestant // uv, tame
	dir    string         // where they work
	env    []string
	result Result
}

// Run compares the programs, in a temporary directory and with caches of their own.
// That one of them fails is part of the result.
func (r *Request) Run(ctx context.Context) (*Result, error) {
	aside, err := os.MkdirTemp("", "tame-compare-")
	if err != nil {
		return nil, err
	}
	defer func() { _, _ = fsx.RemoveAll(aside, nil) }() // it is temporary
	c := &comparison{
		both: [2]*Contestant{{Name: "uv", path: r.UV}, {Name: "tame", path: r.Tame}},
		dir:  filepath.Join(aside, "project"), env: r.Environ,
	}
	for _, one := range c.both {
		one.home, one.cache = filepath.Join(aside, "home-"+one.Name), filepath.Join(aside, "cache-"+one.Name)
		out, err := c.call(ctx, one, "--version")
		if err != nil {
			return nil, fmt.Errorf("`%s --version` fails: %w", one.path, err)
		}
		one.Version = strings.TrimSpace(out)
		if err := r.Copy(ctx, one.home, aside); err != nil {
			return nil, err
		}
	}
	c.result.Tools, c.result.Python = c.both, r.Python
	return &c.result, c.run(ctx, r.Rounds)
}

// call runs a contestant and returns its standard output. The error has the end
// of what it complains of.
func (c *comparison) call(ctx context.Context, one *Contestant, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, one.path, args...)
	cmd.Env = append(slices.Clone(c.env), "UV_CACHE_DIR="+one.cache)
	if _, err := os.Stat(c.dir); err == nil {
		cmd.Dir = c.dir
	}
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		lines := strings.Split(strings.TrimSpace(complaint.String()), "\n")
		return "", &callError{fmt.Sprintf("%s: %s", strings.Join(args, " "), strings.Join(lines[max(0, len(lines)-20):], "\n"))}
	}
	return out.String(), nil
}

// A callError is a contestant that failed.
type callError struct{ text string }

func (e *callError) Error() string { return e.text }

// A task is what the contestants do, and what is made ready before each time.
type task struct {
	name  string
	args  []string
	ready func() error
}

func (c *comparison) tasks() []task {
	gone := func(names ...string) func() error {
		return func() error {
			for _, name := range names {
				if _, err := fsx.RemoveAll(filepath.Join(c.dir, name), nil); err != nil && !errors.Is(err, os.ErrNotExist) {
					return err
				}
			}
			return nil
		}
	}
	return []task{
		{"lock, nothing to do", []string{"lock"}, gone()},
		{"lock from nothing, cache filled", []string{"lock"}, gone(lock.FileName)},
		{"sync into a new environment, cache filled", []string{"sync"}, gone(".venv")},
		{"sync, nothing to do", []string{"sync"}, gone()},
	}
}

// run lets each do everything once, to fill its cache and to see what comes of
// it, and then measures. Who begins changes with every round.
func (c *comparison) run(ctx context.Context, rounds int) error {
	var seen [2]outcome
	for i, one := range c.both {
		err := c.turn(one, func() error { return c.look(ctx, one, &seen[i]) })
		if err != nil {
			return err
		}
	}
	c.judge(&seen)
	if seen[0].failed() || seen[1].failed() {
		return nil
	}
	for _, t := range c.tasks() {
		timing := Timing{Task: t.name}
		for round := range rounds {
			var took [2]time.Duration
			for k := range c.both {
				i := (k + round) % 2
				err := c.turn(c.both[i], func() error {
					if err := t.ready(); err != nil {
						return err
					}
					begun := time.Now()
					_, err := c.call(ctx, c.both[i], t.args...)
					took[i] = time.Since(begun)
					return err
				})
				if err != nil {
					return fmt.Errorf("%s: %w", c.both[i].Name, err)
				}
			}
			timing.add(took)
		}
		c.result.Times = append(c.result.Times, timing)
	}
	return nil
}

// turn gives a contestant the directory.
func (c *comparison) turn(one *Contestant, do func() error) error {
	if err := fsx.Rename(one.home, c.dir); err != nil {
		return err
	}
	return errors.Join(do(), fsx.Rename(c.dir, one.home))
}

package cli

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
	"github.com/tame-py/tame/internal/project"
)

// compareFlags are those of `compare`.
type compareFlags struct {
	uv, format, report string
	rounds             int
	resolutionFlags
}

func compareCommand() command {
	return command{
		path: "compare", short: "Run uv and tame on this project, and show what they do differently",
		long: "Both work on copies in a temporary folder, with caches of their own: nothing of the project changes. Compared are the locks that they write, " +
			"with the lock at hand and without, the files that they install, and how long it takes. The exit code is 1 if the locks or the files differ.",
		prepare: func(f *flags) work {
			var o compareFlags
			f.Text(&o.uv, "uv", "PATH", "The uv to compare with; by default the one on the PATH")
			o.rounds = 5
			f.Number(&o.rounds, "rounds", "N", "How often each of them does each thing", 1)
			f.Choice(&o.format, "output-format", "FORMAT", "How to show it", "text", "json")
			f.Text(&o.report, "report", "FILE", "Write what is told, and what it takes to tell it again, as Markdown into this file")
			f.python(&o.python) // what else there is to set, both read in the project's settings
			return func(ctx context.Context, a *app, args []string) error { return a.compare(ctx, &o) }
		},
	}
}

// A contestant is one of the programs that are compared.
type contestant struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	path    string
	home    string // its copy of the project, while it is not its turn
	cache   string
}

// A comparison is on its way. The contestants take turns in one directory, so
// that whatever has a path in it can be equal.
type comparison struct {
	app    *app
	ctx    context.Context //nolint:containedctx // it lives for one call
	both   [2]*contestant  // uv, tame
	dir    string          // where they work
	env    []string
	result comparisonResult
}

func (a *app) compare(ctx context.Context, o *compareFlags) error {
	p, err := a.openProject(ctx, &o.resolutionFlags, discovery{})
	if err != nil {
		return err
	}
	aside, err := os.MkdirTemp("", "tame-compare-")
	if err != nil {
		return err
	}
	defer func() { _, _ = fsx.RemoveAll(aside, nil) }()
	c := &comparison{app: a, ctx: ctx, dir: filepath.Join(aside, "project")}
	if err := c.prepare(p, o, aside); err != nil {
		return err
	}
	if err := c.run(o.rounds); err != nil {
		return err
	}
	return c.show(o)
}

// prepare finds the contestants and gives each a copy of the project.
func (c *comparison) prepare(p *projectWork, o *compareFlags, aside string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	uv, err := c.app.findUV(o.uv, self)
	if err != nil {
		return err
	}
	c.both = [2]*contestant{{Name: "uv", path: uv}, {Name: "tame", path: self}}
	if c.env, err = c.environment(p); err != nil {
		return err
	}
	for _, one := range c.both {
		one.home, one.cache = filepath.Join(aside, "home-"+one.Name), filepath.Join(aside, "cache-"+one.Name)
		out, err := c.call(one, "--version")
		if err != nil {
			return fmt.Errorf("`%s --version` fails: %w", one.path, err)
		}
		one.Version = strings.TrimSpace(out)
		if err := project.CopySources(c.ctx, p.target.Workspace, one.home, []string{c.app.cacheDir(), aside}); err != nil {
			return err
		}
	}
	c.result.Tools = c.both
	return nil
}

// findUV is the uv to compare with, which is not this program by another name.
func (a *app) findUV(given, self string) (string, error) {
	if given != "" {
		return exec.LookPath(a.path(given))
	}
	found, err := exec.LookPath("uv")
	if err == nil {
		one, err1 := os.Stat(found)
		other, err2 := os.Stat(self)
		if err1 != nil || err2 != nil || !os.SameFile(one, other) {
			return found, nil
		}
	}
	return "", withHint(errors.New("there is no uv on the PATH to compare with"), "`--uv PATH` names one")
}

// environment is that of the caller, without what leads out of the copies. Both
// get the same Python, and the index that tame would use.
func (c *comparison) environment(p *projectWork) ([]string, error) {
	i, err := p.lockInterpreter(c.ctx)
	if err != nil {
		return nil, err
	}
	c.result.Python = i.Version.String()
	l, _, err := p.target.ReadLock()
	if err != nil {
		c.app.print.Warn("The lock at hand cannot be read: %v", err)
	}
	p.followLock(l)
	locations, err := p.app.locations(p.settings, nil, i)
	if err != nil {
		return nil, err
	}
	env := slices.DeleteFunc(c.app.environ(), func(e string) bool {
		name, _, _ := strings.Cut(e, "=")
		return slices.Contains([]string{"UV_PROJECT", "UV_PROJECT_ENVIRONMENT", "VIRTUAL_ENV", "UV_CACHE_DIR", "UV_WORKING_DIR", "UV_WORKING_DIRECTORY", "UV_PYTHON", "UV_LOCKED", "UV_FROZEN"}, name)
	})
	env = append(env, "UV_PYTHON="+i.Executable, "UV_PYTHON_DOWNLOADS=never")
	for _, x := range locations.Indexes {
		if x.Default && x.URL != "" && !isDefaultConfigured(p) {
			env = append(env, "UV_DEFAULT_INDEX="+x.URL)
		}
	}
	return env, nil
}

func isDefaultConfigured(p *projectWork) bool {
	for _, x := range p.settings.indexes {
		if x.Default {
			return true
		}
	}
	return false
}

// call runs a contestant and returns its standard output. The error has the end
// of what it complains of.
func (c *comparison) call(one *contestant, args ...string) (string, error) {
	cmd := exec.CommandContext(c.ctx, one.path, args...)
	cmd.Env = append(slices.Clone(c.env), "UV_CACHE_DIR="+one.cache)
	if _, err := os.Stat(c.dir); err == nil {
		cmd.Dir = c.dir
	}
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		if c.ctx.Err() != nil {
			return "", context.Cause(c.ctx)
		}
		lines := strings.Split(strings.TrimSpace(complaint.String()), "\n")
		return "", &callError{fmt.Sprintf("%s: %s", strings.Join(args, " "), strings.Join(lines[max(0, len(lines)-20):], "\n")), cmd.ProcessState.ExitCode()}
	}
	return out.String(), nil
}

// A callError is a contestant that failed.
type callError struct {
	text string
	code int
}

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
func (c *comparison) run(rounds int) error {
	var seen [2]outcome
	for i, one := range c.both {
		err := c.turn(one, func() error { return c.look(one, &seen[i]) })
		if err != nil {
			return err
		}
	}
	c.judge(&seen)
	if seen[0].failed() || seen[1].failed() {
		return nil
	}
	for _, t := range c.tasks() {
		timing := timing{Task: t.name}
		for round := range rounds {
			var took [2]time.Duration
			for k := range c.both {
				i := (k + round) % 2
				err := c.turn(c.both[i], func() error {
					if err := t.ready(); err != nil {
						return err
					}
					begun := time.Now()
					_, err := c.call(c.both[i], t.args...)
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
func (c *comparison) turn(one *contestant, do func() error) error {
	if err := fsx.Rename(one.home, c.dir); err != nil {
		return err
	}
	return errors.Join(do(), fsx.Rename(c.dir, one.home))
}

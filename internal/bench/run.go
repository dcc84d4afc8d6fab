package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	run "github.com/tame-py/tame/internal/bench/command"
	"github.com/tame-py/tame/internal/bench/report"
	"github.com/tame-py/tame/internal/cmdline"
	"github.com/tame-py/tame/internal/shellwords"
	"github.com/tame-py/tame/internal/ui"
)

// runFlags are those of everything that runs commands.
type runFlags struct {
	names                     []string
	warmup                    int
	setup, cleanup            string
	prepare, conclude, output []string
	shells                    []string
	noShell, showOutput       bool
	input, ignore             string
	reports                   []string
}

func (o *runFlags) register(f *cmdline.Flags) {
	f.Under("What is run")
	f.List(&o.names, "command-name,n", "NAME", "Call a command by this name; given several times, each names one")
	f.List(&o.shells, "shell,S", "SHELL", "Run commands with this shell, `default` or `none`")
	f.Bool(&o.noShell, "no-shell,N", "Run commands without a shell")
	f.Exclusive("shell", "no-shell")
	f.Text(&o.setup, "setup,s", "CMD", "Run this once before the runs of each command")
	f.List(&o.prepare, "prepare,p", "CMD", "Run this before each run; given several times, each belongs to one command")
	f.List(&o.conclude, "conclude,C", "CMD", "Run this after each run; given several times, each belongs to one command")
	f.Text(&o.cleanup, "cleanup,c", "CMD", "Run this once after the runs of each command")
	f.Text(&o.input, "input", "WHERE", "Let commands read this file; `null` is nothing")
	f.List(&o.output, "output", "WHERE", "Write what commands print to `null`, a `pipe` that is drained, or a file, or let them `inherit` the terminal")
	f.Bool(&o.showOutput, "show-output", "Show what commands print")
	f.Exclusive("output", "show-output")
	f.Text(&o.ignore, "ignore-failure,i", "MODE", "Measure commands that fail too: `all-non-zero` exit codes, the default, or those listed")
	f.Alone("all-non-zero")
	f.Under("How often")
	f.Number(&o.warmup, "warmup,w", "NUM", "Run each command this often first, which does not count", 0)
	f.Under("Reports")
	f.List(&o.reports, "report", "FILE", "Write the whole report to this file, as its ending says: .html, .md or .json")
}

// runner is what starts the commands, with its shell measured.
func (o *runFlags) runner(ctx context.Context, h *Host, pretend bool) (*run.Runner, error) {
	if err := o.knowsReports(); err != nil {
		return nil, err
	}
	env := slices.Clone(h.Environ)
	slices.Sort(env)
	r := &run.Runner{
		Env: env, Shell: run.DefaultShell(), Stdout: h.Stdio.Out, Stderr: h.Stdio.Err,
		Random: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())),
	}
	if o.input != "" && o.input != "null" {
		r.Input = h.path(o.input)
		if _, err := os.Stat(r.Input); err != nil {
			return nil, fmt.Errorf("opening the input: %w", err)
		}
	}
	switch shell := last(o.shells); {
	case o.noShell || shell == "none":
		r.Shell = nil
	case shell != "" && shell != "default":
		words, err := shellWords(shell)
		if err != nil {
			return nil, err
		}
		r.Shell = words
	}
	r.Pretend = pretend
	if err := r.Calibrate(ctx, 20); err != nil {
		return nil, err
	}
	return r, nil
}

// shellWords are those before the line that a shell is given.
func shellWords(shell string) ([]string, error) {
	if shell == "default" {
		return run.DefaultShell(), nil
	}
	words, err := shellwords.Split(shell)
	if err != nil || len(words) == 0 {
		return nil, cmdline.UsageError(fmt.Sprintf("invalid value for `--shell`: `%s`", shell))
	}
	return append(words, "-c"), nil
}

// knowsReports refuses a report that could not be written, before it takes a
// minute to make.
func (o *runFlags) knowsReports() error {
	for _, name := range o.reports {
		if !report.Knows(name) {
			return cmdline.UsageError(fmt.Sprintf("the report's format is not known from its name `%s`: it should end in .html, .md or .json", name))
		}
	}
	return nil
}

func last(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// ignored is the rule of --ignore-failure.
func (o *runFlags) ignored() (func(int) bool, error) {
	switch o.ignore {
	case "":
		return nil, nil
	case "all-non-zero":
		return func(int) bool { return true }, nil
	}
	var codes []int
	for text := range strings.SplitSeq(o.ignore, ",") {
		code, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return nil, cmdline.UsageError(fmt.Sprintf("invalid value for `--ignore-failure`: `%s` is no exit code", text))
		}
		codes = append(codes, code)
	}
	return func(code int) bool { return slices.Contains(codes, code) }, nil
}

// each gives the i-th of n commands its value: one is for all.
func each(values []string, i int) string {
	switch {
	case len(values) == 1:
		return values[0]
	case i < len(values):
		return values[i]
	}
	return ""
}

// dress gives commands what is done around them.
func (o *runFlags) dress(commands []run.Command) error {
	for _, given := range []struct {
		flag   string
		values []string
	}{{"prepare", o.prepare}, {"conclude", o.conclude}, {"output", o.output}} {
		if n := len(given.values); n > 1 && n != len(commands) {
			return cmdline.UsageError(fmt.Sprintf("`--%s` is given %d times for %d commands: it must be given once, or once for each", given.flag, n, len(commands)))
		}
	}
	for _, where := range o.output {
		// A word alone might be meant for one that is not known.
		if where != "null" && where != "pipe" && where != "inherit" && !strings.ContainsRune(filepath.ToSlash(where), '/') {
			return ui.WithHint(cmdline.UsageError(fmt.Sprintf("`--output` knows no `%s`", where)), "`./%s` is a file of that name", where)
		}
	}
	for i := range commands {
		c := &commands[i]
		c.Setup, c.Cleanup = o.setup, o.cleanup
		c.Prepare, c.Conclude, c.Output = each(o.prepare, i), each(o.conclude, i), each(o.output, i)
		if o.showOutput {
			c.Output = "inherit"
		}
	}
	return nil
}

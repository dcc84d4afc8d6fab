package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/bench/ab"
	run "github.com/tame-py/tame/internal/bench/command"
	"github.com/tame-py/tame/internal/bench/report"
	"github.com/tame-py/tame/internal/toml"
)

// benchABFlags are those of `bench ab`.
type benchABFlags struct {
	benchRunFlags
	plan, budget, margin string
	blocks               int
	noAA                 bool
	exportJSON           string
}

func benchABCommand() command {
	return command{
		path: "bench ab", args: "[COMMAND...]", plain: true, reshape: parameterArguments,
		short: "Compare commands until the difference is clear, or clearly too small to matter",
		long: "The others are compared with the first. All are measured in blocks of one run each in random order; the first one twice, so that the noise of the " +
			"machine is known. The verdict is one of faster, slower, equivalent within the margin, and undecided with the time that a decision would take.",
		prepare: func(f *flags) work {
			o := benchABFlags{benchRunFlags: benchRunFlags{warmup: 1}}
			o.benchRunFlags.register(f)
			f.under("How often")
			f.text(&o.budget, "budget", "DURATION", "Measure for this long at most [default: 60s]")
			f.number(&o.blocks, "blocks", "NUM", "Measure this many blocks at most", 6)
			f.bool(&o.noAA, "no-aa", "Do not measure the first command twice")
			f.under("What is compared")
			f.text(&o.plan, "plan", "FILE", "Read the commands and settings from this TOML file")
			f.text(&o.margin, "margin", "PERCENT", "Call a difference below this equivalent [default: 2%]; 0 for none")
			f.under("Reports")
			f.text(&o.exportJSON, "export-json", "FILE", "Write all times as hyperfine's JSON")
			return func(ctx context.Context, a *app, args []string) error { return a.benchAB(ctx, &o, args) }
		},
	}
}

// abPlan is the file that --plan names.
type abPlan struct {
	Budget  string `toml:"budget"`
	Margin  string `toml:"margin"`
	Shell   string `toml:"shell"`
	Warmup  *int   `toml:"warmup"`
	Blocks  int    `toml:"blocks"`
	Subject []struct {
		Name     string `toml:"name"`
		Command  string `toml:"command"`
		Setup    string `toml:"setup"`
		Prepare  string `toml:"prepare"`
		Conclude string `toml:"conclude"`
		Cleanup  string `toml:"cleanup"`
		Output   string `toml:"output"`
	} `toml:"subject"`
}

// commands are the subjects, and the options that they are compared with. Flags
// count more than the file.
func (o *benchABFlags) commands(a *app, lines []string) ([]run.Command, error) {
	var commands []run.Command
	if o.plan != "" {
		p, err := o.read(a.path(o.plan))
		if err != nil {
			return nil, err
		}
		for _, s := range p.Subject {
			commands = append(commands, run.Command{
				Name: s.Name, Line: s.Command, Setup: s.Setup, Prepare: s.Prepare, Conclude: s.Conclude, Cleanup: s.Cleanup, Output: s.Output,
			})
		}
	}
	planned := len(commands)
	for _, line := range lines {
		commands = append(commands, run.Command{Line: line})
	}
	if err := o.dress(commands[planned:]); err != nil {
		return nil, err
	}
	for i := range commands {
		if i < len(o.names) {
			commands[i].Name = o.names[i]
		}
		if strings.TrimSpace(commands[i].Line) == "" {
			return nil, usageError(fmt.Sprintf("the command of subject %d is empty", i+1))
		}
		commands[i] = commands[i].Filled()
	}
	if len(commands) < 2 {
		return nil, withHint(usageError("two commands at least are expected"), "a command given twice shows the noise of the machine")
	}
	return commands, nil
}

func (o *benchABFlags) read(name string) (*abPlan, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading the plan: %w", err)
	}
	doc, err := toml.Parse(name, text)
	if err != nil {
		return nil, fmt.Errorf("reading the plan: %w", err)
	}
	var p abPlan
	if err := doc.DecodeStrict(&p); err != nil {
		return nil, fmt.Errorf("reading the plan %s: %w", name, err)
	}
	if o.budget == "" {
		o.budget = p.Budget
	}
	if o.margin == "" {
		o.margin = p.Margin
	}
	if len(o.shells) == 0 && !o.noShell && p.Shell != "" {
		o.shells = []string{p.Shell}
	}
	if p.Warmup != nil {
		o.warmup = *p.Warmup
	}
	if o.blocks == 0 {
		o.blocks = p.Blocks
	}
	return &p, nil
}

func (o *benchABFlags) options() (ab.Options, error) {
	opts := ab.Options{Margin: 0.02, Budget: time.Minute, Blocks: o.blocks, Warmup: o.warmup, NoTwin: o.noAA}
	if o.budget != "" {
		d, err := time.ParseDuration(o.budget)
		if seconds, e := strconv.ParseFloat(o.budget, 64); e == nil {
			d, err = time.Duration(seconds*float64(time.Second)), nil
		}
		if err != nil || d <= 0 {
			return opts, usageError(fmt.Sprintf("invalid value for `--budget`: `%s` is no duration such as 90s", o.budget))
		}
		opts.Budget = d
	}
	if o.margin != "" {
		percent, err := strconv.ParseFloat(strings.TrimSuffix(o.margin, "%"), 64)
		if err != nil || percent < 0 || percent > 100 {
			return opts, usageError(fmt.Sprintf("invalid value for `--margin`: `%s` is no percentage from 0 to 100", o.margin))
		}
		opts.Margin = percent / 100
	}
	var err error
	opts.Ignored, err = o.ignored()
	return opts, err
}

func (a *app) benchAB(ctx context.Context, o *benchABFlags, args []string) error {
	commands, err := o.commands(a, args)
	if err != nil {
		return err
	}
	opts, err := o.options()
	if err != nil {
		return err
	}
	r := report.New("ab", time.Now(), Version)
	runner, err := o.runner(ctx, a)
	if err != nil {
		return err
	}
	start := time.Now()
	results, comparisons, noise, failed := ab.Run(ctx, runner, commands, opts)
	if len(results[0].Runs) == 0 {
		return failed
	}
	r.Seconds, r.Interrupted = time.Since(start).Seconds(), ctx.Err() != nil
	for i := range results {
		r.Subjects = append(r.Subjects, results[i].Subject())
	}
	r.Comparisons, r.Noise = comparisons, noise
	a.print.Data("%s", r.Text(a.benchStyle("", "")))
	if o.exportJSON != "" {
		failed = errors.Join(failed, exportSubjects(a, o.exportJSON, r))
	}
	return errors.Join(failed, o.finish(a, r))
}

package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/bench/ab"
	run "github.com/tame-py/tame/internal/bench/command"
	"github.com/tame-py/tame/internal/bench/report"
	"github.com/tame-py/tame/internal/bench/server"
	"github.com/tame-py/tame/internal/cmdline"
	"github.com/tame-py/tame/internal/ui"
)

// abFlags are those of `bench ab`.
type abFlags struct {
	runFlags
	plan, budget, margin string
	blocks               int
	noAA                 bool
	exportJSON           string
	only                 []string
	allowRemote          bool
}

func abCommand() Command {
	return Command{
		Path: "bench ab", Args: "[COMMAND...]", Reshape: parameterArguments,
		Short: "Compare commands until the difference is clear, or clearly too small to matter",
		Long: "The others are compared with the first. All are measured in blocks of one run each in random order; the first one twice, so that the noise of the " +
			"machine is known. The verdict is one of faster, slower, equivalent within the margin, and undecided with the time that a decision would take.",
		Prepare: func(f *cmdline.Flags) Work {
			o := abFlags{runFlags: runFlags{warmup: 1}}
			o.runFlags.register(f)
			f.Under("How often")
			f.Text(&o.budget, "budget", "DURATION", "Measure for this long at most [default: 60s]")
			f.Number(&o.blocks, "blocks", "NUM", "Measure this many blocks at most", 6)
			f.Bool(&o.noAA, "no-aa", "Do not measure the first command twice")
			f.Under("What is compared")
			f.Text(&o.plan, "plan", "FILE", "Read the commands or servers and the settings from this TOML file")
			f.List(&o.only, "only", "NAME", "Make only this comparison of the plan")
			f.Bool(&o.allowRemote, "allow-remote", "Drive servers on other machines")
			f.Text(&o.margin, "margin", "PERCENT", "Call a difference below this equivalent [default: 2%]; 0 for none")
			f.Under("Reports")
			f.Text(&o.exportJSON, "export-json", "FILE", "Write all times as hyperfine's JSON")
			return func(ctx context.Context, h *Host, args []string) error { return o.run(ctx, h, args) }
		},
	}
}

// A task is one comparison that was asked for.
type task struct {
	name     string
	flags    abFlags // with what the file says
	commands []run.Command
	servers  []server.Spec
	drive    *ab.Drive
}

// tasks are the comparisons of the file, or the one of the command line. Flags
// count more than the file.
func (o *abFlags) tasks(h *Host, lines []string) ([]task, error) {
	plan := &abPlan{Comparison: []abComparison{{}}}
	if o.plan != "" {
		var err error
		if plan, err = readPlan(h.path(o.plan)); err != nil {
			return nil, err
		}
	}
	if len(lines) > 0 && len(plan.Comparison) > 1 {
		return nil, cmdline.UsageError("commands cannot be added to a plan of several comparisons")
	}
	var out []task
	for i := range plan.Comparison {
		c := &plan.Comparison[i]
		if len(o.only) > 0 && !slices.Contains(o.only, c.Name) {
			continue
		}
		t := task{name: c.Name, flags: *o}
		t.flags.fill(c)
		if err := t.read(h, plan, c, lines); err != nil {
			if c.Name != "" {
				err = fmt.Errorf("the comparison `%s`: %w", c.Name, err)
			}
			return nil, err
		}
		out = append(out, t)
	}
	for _, name := range o.only {
		if !slices.ContainsFunc(out, func(t task) bool { return t.name == name }) {
			return nil, cmdline.UsageError(fmt.Sprintf("the plan has no comparison `%s`", name))
		}
	}
	return out, nil
}

func (t *task) read(h *Host, plan *abPlan, c *abComparison, lines []string) error {
	served, err := c.served()
	switch {
	case err != nil:
		return err
	case !served:
		t.commands, err = t.flags.commands(plan.commands(c), lines)
		return err
	case len(lines) > 0:
		return cmdline.UsageError("a command cannot be compared with a server")
	case len(c.Subject) < 2 && t.flags.noAA:
		return cmdline.UsageError("two servers at least are expected")
	}
	var shell []string
	if s := last(t.flags.shells); s != "" && s != "none" && !t.flags.noShell {
		if shell, err = shellWords(s); err != nil {
			return err
		}
	}
	if t.servers, err = plan.servers(h, c, shell); err != nil {
		return err
	}
	for i := range t.servers {
		t.servers[i].Allowed = onlyLocal(t.flags.allowRemote)
	}
	t.drive, err = plan.drive(c, t.flags.allowRemote)
	return err
}

// fill takes from a comparison what no flag says.
func (o *abFlags) fill(c *abComparison) {
	o.budget, o.margin, o.blocks = cmp.Or(o.budget, c.Budget), cmp.Or(o.margin, c.Margin), cmp.Or(o.blocks, c.Blocks)
	if len(o.shells) == 0 && !o.noShell && c.Shell != "" {
		o.shells = []string{c.Shell}
	}
	if c.Warmup != nil {
		o.warmup = *c.Warmup
	}
}

// commands are those of the plan and those of the command line.
func (o *abFlags) commands(commands []run.Command, lines []string) ([]run.Command, error) {
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
			return nil, cmdline.UsageError(fmt.Sprintf("the command of subject %d is empty", i+1))
		}
		commands[i] = commands[i].Filled()
	}
	if len(commands) < 2 {
		return nil, ui.WithHint(cmdline.UsageError("two commands at least are expected"), "a command given twice shows the noise of the machine")
	}
	return commands, nil
}

func (o *abFlags) options() (ab.Options, error) {
	opts := ab.Options{Margin: 0.02, Budget: time.Minute, Blocks: o.blocks, Warmup: o.warmup, NoTwin: o.noAA}
	if o.budget != "" {
		d, err := time.ParseDuration(o.budget)
		if seconds, e := strconv.ParseFloat(o.budget, 64); e == nil {
			d, err = time.Duration(seconds*float64(time.Second)), nil
		}
		if err != nil || d <= 0 {
			return opts, cmdline.UsageError(fmt.Sprintf("invalid value for `--budget`: `%s` is no duration such as 90s", o.budget))
		}
		opts.Budget = d
	}
	if o.margin != "" {
		var err error
		if opts.Margin, err = percentage("--margin", o.margin); err != nil {
			return opts, err
		}
	}
	var err error
	opts.Ignored, err = o.ignored()
	return opts, err
}

func (o *abFlags) run(ctx context.Context, h *Host, args []string) error {
	tasks, err := o.tasks(h, args)
	if err != nil {
		return err
	}
	if err := o.knowsReports(); err != nil {
		return err
	}
	r := report.New("ab", time.Now(), h.Version)
	start := time.Now()
	var failed error
	for i := range tasks {
		part, err := tasks[i].run(ctx, h)
		if part != nil {
			r.Parts = append(r.Parts, *part)
		}
		if failed = err; failed != nil || ctx.Err() != nil {
			break
		}
	}
	if len(r.Parts) == 0 {
		return failed
	}
	r.Seconds, r.Interrupted = time.Since(start).Seconds(), ctx.Err() != nil
	if r.Join(); failed == nil && !r.Valid() {
		failed = cmdline.ExitStatus(cmdline.Failed)
	}
	h.Print.Data("%s", r.Text(h.style()))
	if o.exportJSON != "" {
		failed = errors.Join(failed, exportSubjects(h, o.exportJSON, r))
	}
	return errors.Join(failed, o.finish(h, r))
}

// run makes one comparison. What was measured is returned also with an
// error, nil if that is nothing.
func (t *task) run(ctx context.Context, h *Host) (*report.Report, error) {
	opts, err := t.flags.options()
	if err != nil {
		return nil, err
	}
	part := &report.Report{Schema: report.Schema, Kind: "ab", Title: t.name}
	start := time.Now()
	defer h.progress(t.name, &opts.Progress)()
	if t.servers != nil {
		found, err := ab.RunServers(ctx, t.servers, *t.drive, opts)
		if len(found.Subjects) == 0 {
			return nil, err
		}
		part.Subjects, part.Comparisons, part.Invalid, part.Notes = found.Subjects, found.Comparisons, found.Invalid, found.Notes
		if found.Noise != nil {
			part.Sections = append(part.Sections, *found.Noise)
		}
		part.Seconds = time.Since(start).Seconds()
		return part, err
	}
	runner, err := t.flags.runner(ctx, h, false)
	if err != nil {
		return nil, err
	}
	results, comparisons, noise, err := ab.Run(ctx, runner, t.commands, opts)
	if len(results[0].Runs) == 0 {
		return nil, err
	}
	for i := range results {
		part.Subjects = append(part.Subjects, results[i].Subject())
	}
	part.Comparisons, part.Noise, part.Seconds = comparisons, noise, time.Since(start).Seconds()
	return part, err
}

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
	"github.com/tame-py/tame/internal/cmdline"
	"github.com/tame-py/tame/internal/shellwords"
)

// failure is an error with the exit code that hyperfine has for all but
// arguments that it does not know.
func failure(err error) error { return cmdline.WithCode(err, cmdline.Failed) }

// cmdFlags are those of `bench cmd`.
type cmdFlags struct {
	runFlags
	runs, minRuns, maxRuns       int
	minTime                      string
	scan, lists                  []string
	step                         string
	reference, referenceName     string
	style, sort, unit            string
	csv, json, md, asciidoc, org string
	inSequence, debug, version   bool
}

func cmdCommand() Command {
	return Command{
		Path: "bench cmd", Args: "COMMAND...", Reshape: parameterArguments,
		Short: "Measure how long commands take, with the flags of hyperfine",
		Long: "Each argument is a command line; what follows `--` is one command, word by word. Two or more commands are measured in blocks of one run each " +
			"in random order, so that what else the machine does meets all of them alike, and are compared by what the blocks say.",
		Prepare: func(f *cmdline.Flags) Work {
			var o cmdFlags
			o.register(f)
			return func(ctx context.Context, h *Host, args []string) error { return o.run(ctx, h, args) }
		},
	}
}

func (o *cmdFlags) register(f *cmdline.Flags) {
	o.runFlags.register(f)
	f.Under("How often")
	f.Number(&o.runs, "runs,r", "NUM", "Run each command exactly this often", 1)
	f.Number(&o.minRuns, "min-runs,m", "NUM", "Run each command at least this often [default: 10]", 1)
	f.Number(&o.maxRuns, "max-runs,M", "NUM", "Run each command at most this often", 1)
	f.Text(&o.minTime, "min-benchmarking-time", "SECONDS", "Measure each command for at least this long [default: 3]")
	f.Bool(&o.inSequence, "in-sequence", "Make all runs of a command before those of the next, instead of in blocks: less can be said then")
	f.Exclusive("runs", "min-runs")
	f.Exclusive("runs", "max-runs")
	f.Under("Parameters")
	f.List(&o.scan, "parameter-scan,P", "VAR MIN MAX", "Run each command with `{VAR}` replaced by each number of a range")
	f.Text(&o.step, "parameter-step-size,D", "DELTA", "The step of `--parameter-scan`")
	f.List(&o.lists, "parameter-list,L", "VAR VALUES", "Run each command with `{VAR}` replaced by each of the values, which commas part")
	f.Exclusive("parameter-scan", "parameter-list")
	f.Exclusive("parameter-step-size", "parameter-list")
	f.Exclusive("style", "show-output")
	f.Exclusive("no-shell", "debug-mode")
	f.Bool(&o.debug, "debug-mode", "").Hide()  // of hyperfine: no command is run, and `sleep 2` takes two seconds
	f.Bool(&o.version, "version,V", "").Hide() // of hyperfine
	f.Under("What is compared")
	f.Text(&o.reference, "reference", "CMD", "Compare with this command instead of the fastest one")
	f.Text(&o.referenceName, "reference-name", "NAME", "Call the reference by this name")
	f.Under("Reports")
	f.Choice(&o.style, "style", "TYPE", "How the report looks on the terminal", "auto", "basic", "full", "nocolor", "color", "none")
	f.Choice(&o.sort, "sort", "METHOD", "The order of exported tables", "auto", "command", "mean-time")
	f.Choice(&o.unit, "time-unit,u", "UNIT", "The unit of times", "microsecond", "millisecond", "second")
	f.Text(&o.json, "export-json", "FILE", "Write all times as hyperfine's JSON")
	f.Text(&o.csv, "export-csv", "FILE", "Write a summary as CSV, in seconds")
	f.Text(&o.md, "export-markdown", "FILE", "Write a summary as a Markdown table")
	f.Text(&o.asciidoc, "export-asciidoc", "FILE", "Write a summary as an AsciiDoc table")
	f.Text(&o.org, "export-orgmode", "FILE", "Write a summary as a table of Emacs' org-mode")
}

// parameterArguments joins the values of flags that take several into one
// argument, as the flag parser takes one only.
func parameterArguments(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		values, name := 0, args[i]
		switch name {
		case "--":
			// What follows is one command, whose words are quoted for a shell.
			if i+1 < len(args) {
				words := make([]string, 0, len(args)-i-1)
				for _, w := range args[i+1:] {
					words = append(words, shellwords.Quote(w))
				}
				out = append(out, "--", strings.Join(words, " "))
			}
			return out
		case "-P", "--parameter-scan":
			values, name = 3, "--parameter-scan"
		case "-L", "--parameter-list":
			values, name = 2, "--parameter-list"
		}
		if values == 0 || i+values >= len(args) {
			out = append(out, args[i])
			continue
		}
		out = append(out, name+"="+strings.Join(args[i+1:i+1+values], "\x00"))
		i += values
	}
	return out
}

// commands are what the arguments and parameters make.
func (o *cmdFlags) commands(lines []string) ([]run.Command, error) {
	switch {
	case len(lines) == 0:
		return nil, cmdline.UsageError("a command is expected")
	case o.referenceName != "" && o.reference == "":
		return nil, cmdline.UsageError("`--reference-name` takes `--reference`")
	}
	templates := make([]run.Command, len(lines))
	for i, line := range lines {
		if strings.TrimSpace(line) == "" {
			return nil, cmdline.UsageError("a command is empty")
		}
		templates[i] = run.Command{Line: line}
	}
	lists, err := o.parameters()
	if err != nil {
		return nil, err
	}
	commands, err := run.Combine(templates, lists)
	if err != nil {
		return nil, failure(cmdline.UsageError(err.Error()))
	}
	if n := len(o.names); n > len(commands) || n > 1 && lists != nil && n != len(commands) {
		return nil, failure(cmdline.UsageError(fmt.Sprintf("%d names are given for %d commands", n, len(commands))))
	}
	for i := range commands {
		if lists != nil {
			commands[i].Name = each(o.names, i)
		} else if i < len(o.names) {
			commands[i].Name = o.names[i]
		}
	}
	if o.reference != "" {
		commands = append([]run.Command{{Line: o.reference, Name: o.referenceName, Reference: true}}, commands...)
	}
	if err := o.dress(commands); err != nil {
		return nil, failure(err)
	}
	for i := range commands {
		commands[i] = commands[i].Filled()
	}
	return commands, nil
}

func (o *cmdFlags) parameters() ([]run.List, error) {
	var out []run.List
	for _, given := range o.scan {
		v := strings.Split(given, "\x00")
		if len(v) != 3 {
			return nil, cmdline.UsageError("`--parameter-scan` takes a name, a minimum and a maximum")
		}
		l, err := run.Scan(v[0], v[1], v[2], o.step)
		if err != nil {
			return nil, failure(cmdline.UsageError(err.Error()))
		}
		out = append(out, l)
	}
	if o.step != "" && len(out) == 0 {
		return nil, cmdline.UsageError("`--parameter-step-size` takes `--parameter-scan`")
	}
	for _, given := range o.lists {
		name, values, ok := strings.Cut(given, "\x00")
		if !ok {
			return nil, cmdline.UsageError("`--parameter-list` takes a name and values")
		}
		out = append(out, run.ParseList(name, values))
	}
	return out, nil
}

func (o *cmdFlags) plan() (run.Plan, error) {
	p := run.Plan{Warmup: o.warmup, Runs: o.runs, MinRuns: o.minRuns, MaxRuns: o.maxRuns, MinTime: 3 * time.Second, InSequence: o.inSequence}
	switch {
	case p.MinRuns == 0:
		p.MinRuns = 10
		if o.maxRuns > 0 {
			p.MinRuns = min(p.MinRuns, o.maxRuns)
		}
	case o.maxRuns > 0 && o.maxRuns < p.MinRuns:
		return p, failure(cmdline.UsageError("`--min-runs` is more than `--max-runs`"))
	}
	if o.minTime != "" {
		seconds, err := strconv.ParseFloat(o.minTime, 64)
		if err != nil || seconds < 0 || seconds > 1e6 {
			return p, failure(cmdline.UsageError(fmt.Sprintf("invalid value for `--min-benchmarking-time`: `%s` is no number of seconds", o.minTime)))
		}
		p.MinTime = time.Duration(seconds * float64(time.Second))
	}
	ignored, err := o.ignored()
	if err != nil {
		err = failure(err)
	}
	p.Ignored = ignored
	return p, err
}

func (o *cmdFlags) run(ctx context.Context, h *Host, args []string) error {
	if o.version {
		h.Print.Data("tame bench cmd %s\n", h.Version)
		return nil
	}
	commands, err := o.commands(args)
	if err != nil {
		return err
	}
	// One setup may undo another, such as two builds in one folder.
	o.inSequence = o.inSequence || slices.ContainsFunc(commands, func(c run.Command) bool { return c.Setup != commands[0].Setup })
	plan, err := o.plan()
	if err != nil {
		return err
	}
	if err := o.create(h); err != nil {
		return failure(err)
	}
	r := report.New("cmd", time.Now(), h.Version)
	runner, err := o.runner(ctx, h, o.debug)
	if err != nil {
		return failure(err)
	}
	start := time.Now()
	end := func() {}
	if !o.showOutput && (o.style == "" || o.style == "auto" || o.style == "full" || o.style == "nocolor") {
		end = h.progress("", &plan.Progress)
	}
	results, failed := run.Measure(ctx, runner, commands, plan)
	end()
	results = slices.DeleteFunc(results, func(r run.Result) bool { return len(r.Runs) == 0 })
	if failed != nil && ctx.Err() == nil {
		failed = failure(failed)
	}
	if len(results) == 0 {
		return failed
	}
	r.Seconds, r.Interrupted = time.Since(start).Seconds(), ctx.Err() != nil
	for i := range results {
		r.Subjects = append(r.Subjects, results[i].Subject())
	}
	if !o.inSequence {
		r.Comparisons = ab.Compare(results, o.referenceOf(results), 0)
		if o.sort != "command" {
			slices.SortStableFunc(r.Comparisons, func(a, b report.Comparison) int { return cmp.Compare(a.Ratio, b.Ratio) })
		}
	}
	r.Notes = append(r.Notes, notesOn(r, runner, o)...)
	if o.style != "none" {
		h.Print.Data("%s", r.Text(o.reportStyle(h)))
	}
	return errors.Join(failed, o.export(h, r, results), o.finish(h, r))
}

// referenceOf is the index of the command that the others are compared with.
func (o *cmdFlags) referenceOf(results []run.Result) int {
	fastest, least := 0, 0.0
	for i := range results {
		if results[i].Command.Reference {
			return i
		}
		times := results[i].Times()
		slices.Sort(times)
		if median := times[len(times)/2]; i == 0 || median < least {
			fastest, least = i, median
		}
	}
	return fastest
}

// reportStyle is how the report looks on the terminal.
func (o *cmdFlags) reportStyle(h *Host) report.Style {
	s := report.Style{}
	if o.style != "basic" && o.style != "nocolor" {
		s = h.style()
	}
	s.Unit = unitOf(o.unit)
	return s
}

// notesOn are what a reader should know before believing the figures.
func notesOn(r *report.Report, runner *run.Runner, o *cmdFlags) []string {
	var notes []string
	for i := range r.Subjects {
		s := &r.Subjects[i]
		wall := s.Metrics[0]
		name := "`" + s.Name + "`"
		if runner.Shell != nil && wall.Summary.Min < 0.005 {
			notes = append(notes, fmt.Sprintf("%s takes less than 5 ms, of which the time of the shell (%s) was taken off: `-N` runs it without one", name, report.Value(runner.Overhead().Seconds(), report.Seconds)))
		}
		if far, first := wall.Outliers(); first && o.warmup == 0 {
			notes = append(notes, fmt.Sprintf("the first run of %s took much longer than the others: `--warmup` lets it not count", name))
		} else if far > 0 {
			notes = append(notes, fmt.Sprintf("%d of %d runs of %s lie far off: something else was at work", far, wall.Summary.N, name))
		}
	}
	if o.inSequence && len(r.Subjects) > 1 {
		notes = append(notes, "the commands were measured one after the other, so that no difference between them can be told from a change of the machine's pace")
	}
	return notes
}

package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/bench/ab"
	run "github.com/tame-py/tame/internal/bench/command"
	"github.com/tame-py/tame/internal/bench/report"
)

// benchCommands are those that measure; the help names them in this order.
func benchCommands() []command {
	return []command{benchGroup(), benchCmdCommand(), benchABCommand(), benchHTTPCommand(), benchCapacityCommand(), benchReportCommand(), benchTruthCommand()}
}

// A benchFailure is an error with the exit code that hyperfine has for all but
// arguments that it does not know.
type benchFailure struct{ error }

func (f benchFailure) Unwrap() error { return errors.Unwrap(f.error) }

// ExitCode is hyperfine's.
func (f benchFailure) ExitCode() int { return 1 }

// Hints are those of the error.
func (f benchFailure) Hints() []string {
	var hinted interface{ Hints() []string }
	if errors.As(f.error, &hinted) {
		return hinted.Hints()
	}
	return nil
}

// benchRunFlags are those of everything that runs commands.
type benchRunFlags struct {
	names                     []string
	warmup                    int
	setup, cleanup            string
	prepare, conclude, output []string
	shells                    []string
	noShell, showOutput       bool
	input, ignore             string
	reports                   []string
}

func (o *benchRunFlags) register(f *flags) {
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
func (o *benchRunFlags) runner(ctx context.Context, a *app, pretend bool) (*run.Runner, error) {
	if err := o.knowsReports(); err != nil {
		return nil, err
	}
	env := a.environ()
	slices.Sort(env)
	r := &run.Runner{
		Env: env, Shell: run.DefaultShell(), Stdout: os.Stdout, Stderr: os.Stderr,
		Random: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())),
	}
	if o.input != "" && o.input != "null" {
		r.Input = a.path(o.input)
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
	words, err := run.Split(shell)
	if err != nil || len(words) == 0 {
		return nil, usageError(fmt.Sprintf("invalid value for `--shell`: `%s`", shell))
	}
	return append(words, "-c"), nil
}

// knowsReports refuses a report that could not be written, before it takes a
// minute to make.
func (o *benchRunFlags) knowsReports() error {
	for _, name := range o.reports {
		if !report.Knows(name) {
			return usageError(fmt.Sprintf("the report's format is not known from its name `%s`: it should end in .html, .md or .json", name))
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
func (o *benchRunFlags) ignored() (func(int) bool, error) {
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
			return nil, usageError(fmt.Sprintf("invalid value for `--ignore-failure`: `%s` is no exit code", text))
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
func (o *benchRunFlags) dress(commands []run.Command) error {
	for _, given := range []struct {
		flag   string
		values []string
	}{{"prepare", o.prepare}, {"conclude", o.conclude}, {"output", o.output}} {
		if n := len(given.values); n > 1 && n != len(commands) {
			return usageError(fmt.Sprintf("`--%s` is given %d times for %d commands: it must be given once, or once for each", given.flag, n, len(commands)))
		}
	}
	for _, where := range o.output {
		// A word alone might be meant for one that is not known.
		if where != "null" && where != "pipe" && where != "inherit" && !strings.ContainsRune(filepath.ToSlash(where), '/') {
			return withHint(usageError(fmt.Sprintf("`--output` knows no `%s`", where)), "`./%s` is a file of that name", where)
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

// finish writes the report to its files.
func (o *benchRunFlags) finish(a *app, r *report.Report) error {
	for _, name := range o.reports {
		if err := exportTo(a, name, func(w io.Writer) error { return r.Write(w, name) }); err != nil {
			return err
		}
	}
	return nil
}

// exportTo writes what a function gives to a file; `-` is standard output.
func exportTo(a *app, name string, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	if name == "-" {
		a.print.DataBytes(b.Bytes())
		return nil
	}
	if err := os.WriteFile(a.path(name), b.Bytes(), 0o666); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// benchCmdFlags are those of `bench cmd`.
type benchCmdFlags struct {
	benchRunFlags
	runs, minRuns, maxRuns       int
	minTime                      string
	scan, lists                  []string
	step                         string
	reference, referenceName     string
	style, sort, unit            string
	csv, json, md, asciidoc, org string
	inSequence, debug, version   bool
}

func benchCmdCommand() command {
	return command{
		path: "bench cmd", args: "COMMAND...", plain: true, reshape: parameterArguments,
		short: "Measure how long commands take, with the flags of hyperfine",
		long: "Each argument is a command line; what follows `--` is one command, word by word. Two or more commands are measured in blocks of one run each " +
			"in random order, so that what else the machine does meets all of them alike, and are compared by what the blocks say.",
		prepare: func(f *flags) work {
			var o benchCmdFlags
			o.register(f)
			return func(ctx context.Context, a *app, args []string) error { return a.benchCmd(ctx, &o, args) }
		},
	}
}

func (o *benchCmdFlags) register(f *flags) {
	o.benchRunFlags.register(f)
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
					words = append(words, benchQuote(w))
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

// benchQuote quotes a word where a shell would read more into it.
func benchQuote(word string) string {
	if word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,@%+") == "" {
		return word
	}
	return posixQuote(word)
}

// commands are what the arguments and parameters make.
func (o *benchCmdFlags) commands(lines []string) ([]run.Command, error) {
	switch {
	case len(lines) == 0:
		return nil, usageError("a command is expected")
	case o.referenceName != "" && o.reference == "":
		return nil, usageError("`--reference-name` takes `--reference`")
	}
	templates := make([]run.Command, len(lines))
	for i, line := range lines {
		if strings.TrimSpace(line) == "" {
			return nil, usageError("a command is empty")
		}
		templates[i] = run.Command{Line: line}
	}
	lists, err := o.parameters()
	if err != nil {
		return nil, err
	}
	commands, err := run.Combine(templates, lists)
	if err != nil {
		return nil, benchFailure{usageError(err.Error())}
	}
	if n := len(o.names); n > len(commands) || n > 1 && lists != nil && n != len(commands) {
		return nil, benchFailure{usageError(fmt.Sprintf("%d names are given for %d commands", n, len(commands)))}
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
		return nil, benchFailure{err}
	}
	for i := range commands {
		commands[i] = commands[i].Filled()
	}
	return commands, nil
}

func (o *benchCmdFlags) parameters() ([]run.List, error) {
	var out []run.List
	for _, given := range o.scan {
		v := strings.Split(given, "\x00")
		if len(v) != 3 {
			return nil, usageError("`--parameter-scan` takes a name, a minimum and a maximum")
		}
		l, err := run.Scan(v[0], v[1], v[2], o.step)
		if err != nil {
			return nil, benchFailure{usageError(err.Error())}
		}
		out = append(out, l)
	}
	if o.step != "" && len(out) == 0 {
		return nil, usageError("`--parameter-step-size` takes `--parameter-scan`")
	}
	for _, given := range o.lists {
		name, values, ok := strings.Cut(given, "\x00")
		if !ok {
			return nil, usageError("`--parameter-list` takes a name and values")
		}
		out = append(out, run.ParseList(name, values))
	}
	return out, nil
}

func (o *benchCmdFlags) plan() (run.Plan, error) {
	p := run.Plan{Warmup: o.warmup, Runs: o.runs, MinRuns: o.minRuns, MaxRuns: o.maxRuns, MinTime: 3 * time.Second, InSequence: o.inSequence}
	switch {
	case p.MinRuns == 0:
		p.MinRuns = 10
		if o.maxRuns > 0 {
			p.MinRuns = min(p.MinRuns, o.maxRuns)
		}
	case o.maxRuns > 0 && o.maxRuns < p.MinRuns:
		return p, benchFailure{usageError("`--min-runs` is more than `--max-runs`")}
	}
	if o.minTime != "" {
		seconds, err := strconv.ParseFloat(o.minTime, 64)
		if err != nil || seconds < 0 || seconds > 1e6 {
			return p, benchFailure{usageError(fmt.Sprintf("invalid value for `--min-benchmarking-time`: `%s` is no number of seconds", o.minTime))}
		}
		p.MinTime = time.Duration(seconds * float64(time.Second))
	}
	ignored, err := o.ignored()
	if err != nil {
		err = benchFailure{err}
	}
	p.Ignored = ignored
	return p, err
}

func (a *app) benchCmd(ctx context.Context, o *benchCmdFlags, args []string) error {
	if o.version {
		a.print.Data("tame bench cmd %s\n", Version)
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
	if err := o.create(a); err != nil {
		return benchFailure{err}
	}
	r := report.New("cmd", time.Now(), Version)
	runner, err := o.runner(ctx, a, o.debug)
	if err != nil {
		return benchFailure{err}
	}
	start := time.Now()
	end := func() {}
	if !o.showOutput && (o.style == "" || o.style == "auto" || o.style == "full" || o.style == "nocolor") {
		end = a.benchProgress("", &plan.Progress)
	}
	results, failed := run.Measure(ctx, runner, commands, plan)
	end()
	results = slices.DeleteFunc(results, func(r run.Result) bool { return len(r.Runs) == 0 })
	if failed != nil && ctx.Err() == nil {
		failed = benchFailure{failed}
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
	r.Notes = append(r.Notes, benchNotes(r, runner, o)...)
	if o.style != "none" {
		a.print.Data("%s", r.Text(a.benchStyle(o.style, o.unit)))
	}
	return errors.Join(failed, o.export(a, r, results), o.finish(a, r))
}

// create makes the files of exports, as hyperfine does: that one cannot be
// written is better known before the measurement than after it.
func (o *benchCmdFlags) create(a *app) error {
	for _, name := range []string{o.json, o.csv, o.md, o.asciidoc, o.org} {
		if name == "" || name == "-" {
			continue
		}
		file, err := os.Create(a.path(name))
		if err != nil {
			return fmt.Errorf("creating the export: %w", err)
		}
		if err := file.Close(); err != nil {
			return fmt.Errorf("creating the export: %w", err)
		}
	}
	return nil
}

// referenceOf is the index of the command that the others are compared with.
func (o *benchCmdFlags) referenceOf(results []run.Result) int {
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

func (a *app) benchStyle(style, unit string) report.Style {
	s := report.Style{Unit: benchUnit(unit)}
	if style != "basic" && style != "nocolor" {
		s.Bold, s.Dim = a.print.OutColor.Bold, a.print.OutColor.Dim
	}
	return s
}

func benchUnit(name string) string {
	switch name {
	case "microsecond":
		return "µs"
	case "millisecond":
		return "ms"
	case "second":
		return "s"
	}
	return ""
}

func (o *benchCmdFlags) export(a *app, r *report.Report, results []run.Result) error {
	subjects := r.Subjects
	reference := slices.IndexFunc(results, func(r run.Result) bool { return r.Command.Reference })
	table := func(m run.Markup) func(io.Writer) error {
		return func(w io.Writer) error {
			return run.WriteTable(w, subjects, reference, run.TableOptions{Markup: m, Unit: benchUnit(o.unit), ByMean: o.sort == "mean-time"})
		}
	}
	for _, e := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{o.json, func(w io.Writer) error { return run.WriteJSON(w, subjects) }},
		{o.csv, func(w io.Writer) error { return run.WriteCSV(w, subjects) }},
		{o.md, table(run.Markdown)},
		{o.asciidoc, table(run.AsciiDoc)},
		{o.org, table(run.OrgMode)},
	} {
		if e.name == "" {
			continue
		}
		if err := exportTo(a, e.name, e.write); err != nil {
			return err
		}
	}
	return nil
}

// benchNotes are what a reader should know before believing the figures.
func benchNotes(r *report.Report, runner *run.Runner, o *benchCmdFlags) []string {
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

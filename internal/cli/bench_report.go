package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/tame-py/tame/internal/bench/ab"
	run "github.com/tame-py/tame/internal/bench/command"
	"github.com/tame-py/tame/internal/bench/report"
	"github.com/tame-py/tame/internal/bench/stats"
	"github.com/tame-py/tame/internal/bench/truth"
)

func exportSubjects(a *app, name string, r *report.Report) error {
	return exportTo(a, name, func(w io.Writer) error { return run.WriteJSON(w, r.All()) })
}

func benchReportCommand() command {
	var reports []string
	return command{
		path: "bench report", args: "FILE...", plain: true, reads: true,
		short: "Show reports, and JSON that hyperfine has written",
		long:  "Files of hyperfine are put together into one report. Nothing is compared in it, because hyperfine measures one command after the other.",
		prepare: func(f *flags) work {
			f.List(&reports, "report", "FILE", "Write the report to this file, as its ending says: .html, .md or .json")
			return func(_ context.Context, a *app, args []string) error { return a.benchReport(args, reports) }
		},
	}
}

func (a *app) benchReport(files, reports []string) error {
	if len(files) == 0 {
		return usageError("a file is expected")
	}
	var shown *report.Report
	for _, name := range files {
		text, err := os.ReadFile(a.path(name))
		if err != nil {
			return err
		}
		one, err := report.Read(text)
		if err != nil {
			subjects, err := run.ReadHyperfine(text)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			one = &report.Report{Schema: report.Schema, Kind: "cmd", Subjects: subjects}
			one.Environment.Time = time.Time{}
		}
		if shown == nil {
			shown = one
		} else {
			shown.Subjects = append(shown.Subjects, one.Subjects...)
			shown.Comparisons = append(shown.Comparisons, one.Comparisons...)
		}
	}
	a.print.Data("%s", shown.Text(a.benchStyle("", "")))
	o := benchRunFlags{reports: reports}
	return o.finish(a, shown)
}

func benchTruthCommand() command {
	trials, machine := 1000, 0
	return command{
		path: "bench truth", args: "[COMMAND]", plain: true, reads: true, hidden: true,
		short: "Print how often comparisons are right about commands whose times are made up",
		prepare: func(f *flags) work {
			f.Number(&trials, "trials", "NUM", "How many trials of each kind [default: 1000]", 1)
			f.Number(&machine, "machine", "NUM", "Make this many trials of two equal commands on this machine instead, two seconds each", 0)
			return func(ctx context.Context, a *app, args []string) error {
				if machine > 0 {
					return a.benchTruthHere(ctx, machine, args)
				}
				return a.benchTruth(trials)
			}
		},
	}
}

func (a *app) benchTruth(trials int) error {
	share := func(o *truth.Outcome, v ...stats.Verdict) string { return fmt.Sprintf("%.1f%%", 100*o.Share(v...)) }
	a.print.Data("Two equal commands, %d trials each:\n\n| measured | wrong | equivalent | undecided | seconds |\n|:--|--:|--:|--:|--:|\n", trials)
	for _, s := range truth.Equal() {
		o := truth.Run(s, trials)
		a.print.Data("| %s | %s | %s | %s | %.0f |\n", s.Name, share(&o, stats.Faster, stats.Slower), share(&o, stats.Equivalent), share(&o, stats.Undecided), o.Typical)
	}
	a.print.Data("\nOne command 5%% slower, %d trials each, 60 s at most:\n\n| run takes | noise | slower | undecided | wrong | seconds |\n|--:|--:|--:|--:|--:|--:|\n", trials)
	for _, s := range truth.Different() {
		o := truth.Run(s, trials)
		a.print.Data("| %s | %s | %s | %s | %s | %.0f |\n", report.Value(s.Seconds, report.Seconds), s.Name, share(&o, stats.Slower), share(&o, stats.Undecided), share(&o, stats.Faster, stats.Equivalent), o.Typical)
	}
	return nil
}

// benchTruthHere lets the real machine compare a command with itself, as often
// as is asked: each verdict but "undecided" is wrong.
func (a *app) benchTruthHere(ctx context.Context, trials int, args []string) error {
	const budget = 2 * time.Second
	line := "true"
	if len(args) > 0 {
		line = args[0]
	}
	o := benchABFlags{benchRunFlags: benchRunFlags{noShell: true}}
	runner, err := o.runner(ctx, a, false)
	if err != nil {
		return err
	}
	wrong, done, blocks := 0, 0, 0
	defer a.benchTimer("comparing `"+line+"` with itself", time.Duration(trials)*budget)()
	for ; done < trials && ctx.Err() == nil; done++ {
		commands := []run.Command{{Line: line, Name: "a"}, {Line: line, Name: "b"}}
		_, found, _, err := ab.Run(ctx, runner, commands, ab.Options{Budget: budget, Warmup: 1, NoTwin: true})
		if err != nil {
			if ctx.Err() == nil {
				return err
			}
			break
		}
		blocks += found[0].Blocks
		if found[0].Verdict != stats.Undecided {
			wrong++
		}
	}
	a.print.StopProgress()
	a.print.Data("`%s` was compared with itself %d times (%d blocks each, looked at 12 times) and called different %d times\n", line, done, blocks/max(1, done), wrong)
	return context.Cause(ctx)
}

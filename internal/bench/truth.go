package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/tame-py/tame/internal/bench/ab"
	run "github.com/tame-py/tame/internal/bench/command"
	"github.com/tame-py/tame/internal/bench/report"
	"github.com/tame-py/tame/internal/bench/stats"
	"github.com/tame-py/tame/internal/bench/truth"
	"github.com/tame-py/tame/internal/cmdline"
)

func truthCommand() Command {
	trials, machine := 1000, 0
	return Command{
		Path: "bench truth", Args: "[COMMAND]", Reads: true, Hidden: true,
		Short: "Print how often comparisons are right about commands whose times are made up",
		Prepare: func(f *cmdline.Flags) Work {
			f.Number(&trials, "trials", "NUM", "How many trials of each kind [default: 1000]", 1)
			f.Number(&machine, "machine", "NUM", "Make this many trials of two equal commands on this machine instead, two seconds each", 0)
			return func(ctx context.Context, h *Host, args []string) error {
				if machine > 0 {
					return truthHere(ctx, h, machine, args)
				}
				return showTruth(h, trials)
			}
		},
	}
}

func showTruth(h *Host, trials int) error {
	share := func(o *truth.Outcome, v ...stats.Verdict) string { return fmt.Sprintf("%.1f%%", 100*o.Share(v...)) }
	h.Print.Data("Two equal commands, %d trials each:\n\n| measured | wrong | equivalent | undecided | seconds |\n|:--|--:|--:|--:|--:|\n", trials)
	for _, s := range truth.Equal() {
		o := truth.Run(s, trials)
		h.Print.Data("| %s | %s | %s | %s | %.0f |\n", s.Name, share(&o, stats.Faster, stats.Slower), share(&o, stats.Equivalent), share(&o, stats.Undecided), o.Typical)
	}
	h.Print.Data("\nOne command 5%% slower, %d trials each, 60 s at most:\n\n| run takes | noise | slower | undecided | wrong | seconds |\n|--:|--:|--:|--:|--:|--:|\n", trials)
	for _, s := range truth.Different() {
		o := truth.Run(s, trials)
		h.Print.Data("| %s | %s | %s | %s | %s | %.0f |\n", report.Value(s.Seconds, report.Seconds), s.Name, share(&o, stats.Slower), share(&o, stats.Undecided), share(&o, stats.Faster, stats.Equivalent), o.Typical)
	}
	return nil
}

// truthHere lets the real machine compare a command with itself, as often
// as is asked: each verdict but "undecided" is wrong.
func truthHere(ctx context.Context, h *Host, trials int, args []string) error {
	const budget = 2 * time.Second
	line := "true"
	if len(args) > 0 {
		line = args[0]
	}
	o := abFlags{runFlags: runFlags{noShell: true}}
	runner, err := o.runner(ctx, h, false)
	if err != nil {
		return err
	}
	wrong, done, blocks := 0, 0, 0
	defer h.timer("comparing `"+line+"` with itself", time.Duration(trials)*budget)()
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
	h.Print.StopProgress()
	h.Print.Data("`%s` was compared with itself %d times (%d blocks each, looked at 12 times) and called different %d times\n", line, done, blocks/max(1, done), wrong)
	return context.Cause(ctx)
}

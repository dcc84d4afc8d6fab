package bench

import (
	"context"
	"fmt"
	"os"
	"time"

	run "github.com/tame-py/tame/internal/bench/command"
	"github.com/tame-py/tame/internal/bench/report"
	"github.com/tame-py/tame/internal/cmdline"
)

func reportCommand() Command {
	var reports []string
	return Command{
		Path: "bench report", Args: "FILE...", Reads: true,
		Short: "Show reports, and JSON that hyperfine has written",
		Long:  "Files of hyperfine are put together into one report. Nothing is compared in it, because hyperfine measures one command after the other.",
		Prepare: func(f *cmdline.Flags) Work {
			f.List(&reports, "report", "FILE", "Write the report to this file, as its ending says: .html, .md or .json")
			return func(_ context.Context, h *Host, args []string) error { return h.showReports(args, reports) }
		},
	}
}

func (h *Host) showReports(files, reports []string) error {
	if len(files) == 0 {
		return cmdline.UsageError("a file is expected")
	}
	var shown *report.Report
	for _, name := range files {
		text, err := os.ReadFile(h.path(name))
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
	h.Print.Data("%s", shown.Text(h.style()))
	o := runFlags{reports: reports}
	return o.finish(h, shown)
}

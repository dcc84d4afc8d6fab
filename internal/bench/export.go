package bench

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"

	run "github.com/tame-py/tame/internal/bench/command"
	"github.com/tame-py/tame/internal/bench/report"
)

// create makes the files of exports, as hyperfine does: that one cannot be
// written is better known before the measurement than after it.
func (o *cmdFlags) create(h *Host) error {
	for _, name := range []string{o.json, o.csv, o.md, o.asciidoc, o.org} {
		if name == "" || name == "-" {
			continue
		}
		file, err := os.Create(h.path(name))
		if err != nil {
			return fmt.Errorf("creating the export: %w", err)
		}
		if err := file.Close(); err != nil {
			return fmt.Errorf("creating the export: %w", err)
		}
	}
	return nil
}

func (o *cmdFlags) export(h *Host, r *report.Report, results []run.Result) error {
	subjects := r.Subjects
	reference := slices.IndexFunc(results, func(r run.Result) bool { return r.Command.Reference })
	table := func(m run.Markup) func(io.Writer) error {
		return func(w io.Writer) error {
			return run.WriteTable(w, subjects, reference, run.TableOptions{Markup: m, Unit: unitOf(o.unit), ByMean: o.sort == "mean-time"})
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
		if err := exportTo(h, e.name, e.write); err != nil {
			return err
		}
	}
	return nil
}

func unitOf(name string) string {
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

// finish writes the report to its files.
func (o *runFlags) finish(h *Host, r *report.Report) error {
	for _, name := range o.reports {
		if err := exportTo(h, name, func(w io.Writer) error { return r.Write(w, name) }); err != nil {
			return err
		}
	}
	return nil
}

// exportTo writes what a function gives to a file; `-` is standard output.
func exportTo(h *Host, name string, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	if name == "-" {
		h.Print.DataBytes(b.Bytes())
		return nil
	}
	if err := os.WriteFile(h.path(name), b.Bytes(), 0o666); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

func exportSubjects(h *Host, name string, r *report.Report) error {
	return exportTo(h, name, func(w io.Writer) error { return run.WriteJSON(w, r.All()) })
}

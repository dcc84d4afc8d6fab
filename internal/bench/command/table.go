package command

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/bench/report"
)

// A Markup is a way to write a table.
type Markup string

// The markups of hyperfine's exports.
const (
	Markdown Markup = "markdown"
	AsciiDoc Markup = "asciidoc"
	OrgMode  Markup = "orgmode"
)

// TableOptions say how a table is written.
type TableOptions struct {
	Markup Markup
	Unit   string // "s", "ms" or "µs"; chosen by the first subject if empty
	ByMean bool   // sorted by the mean time
}

// WriteTable writes a row for each subject, with how its mean relates to the
// reference's, or to the fastest one's where reference is negative: what
// hyperfine exports. The relation has no test behind it; the report has.
func WriteTable(w io.Writer, subjects []report.Subject, reference int, o TableOptions) error {
	if len(subjects) == 0 {
		return nil
	}
	order := make([]int, len(subjects))
	for i := range order {
		order[i] = i
	}
	byMean := func(a, b int) int {
		return cmp.Compare(subjects[a].Metrics[0].Summary.Mean, subjects[b].Metrics[0].Summary.Mean)
	}
	if reference < 0 {
		reference = slices.MinFunc(order, byMean)
	}
	if o.ByMean {
		slices.SortStableFunc(order, byMean)
	}
	if o.Unit == "" {
		o.Unit = TimeUnit(subjects[0].Metrics[0].Summary.Mean)
	}
	unit := "[" + o.Unit + "]"
	rows := [][]string{{"Command", "Mean " + unit, "Min " + unit, "Max " + unit, "Relative"}}
	for _, i := range order {
		rows = append(rows, tableRow(&subjects[i], &subjects[reference], o))
	}
	_, err := io.WriteString(w, o.Markup.table(rows))
	return err
}

// TimeUnit is the unit in which a number of seconds reads best.
func TimeUnit(seconds float64) string {
	switch {
	case seconds < 1e-3:
		return "µs"
	case seconds < 1:
		return "ms"
	}
	return "s"
}

// InUnit writes seconds in a unit, with the digits of hyperfine.
func InUnit(seconds float64, unit string) string {
	switch unit {
	case "µs":
		return fmt.Sprintf("%.1f", seconds*1e6)
	case "ms":
		return fmt.Sprintf("%.1f", seconds*1e3)
	}
	return fmt.Sprintf("%.3f", seconds)
}

func tableRow(s, reference *report.Subject, o TableOptions) []string {
	sum, of := s.Metrics[0].Summary, reference.Metrics[0].Summary
	mean, relative := InUnit(sum.Mean, o.Unit), "1.00"
	if sum.N > 1 {
		mean += " ± " + InUnit(sum.StdDev, o.Unit)
	}
	if s != reference && of.Mean > 0 {
		ratio := sum.Mean / of.Mean
		relative = fmt.Sprintf("%.2f", ratio)
		if sum.N > 1 && of.N > 1 && sum.Mean > 0 {
			relative += fmt.Sprintf(" ± %.2f", ratio*math.Hypot(sum.StdDev/sum.Mean, of.StdDev/of.Mean))
		}
	}
	name := strings.ReplaceAll(s.Name, "|", `\|`)
	switch o.Markup {
	case OrgMode:
		name = "=" + name + "="
	default:
		name = "`" + name + "`"
	}
	return []string{name, mean, InUnit(sum.Min, o.Unit), InUnit(sum.Max, o.Unit), relative}
}

func (m Markup) table(rows [][]string) string {
	var b strings.Builder
	switch m {
	case AsciiDoc:
		b.WriteString("[cols=\"<,>,>,>,>\"]\n|===")
		for _, row := range rows {
			b.WriteString("\n| " + strings.Join(row, " \n| ") + " \n")
		}
		b.WriteString("|===\n")
	case OrgMode:
		for i, row := range rows {
			b.WriteString("| " + row[0] + "  |  " + strings.Join(row[1:], " |  ") + " |\n")
			if i == 0 {
				b.WriteString("|--+--+--+--+--|\n")
			}
		}
	default:
		for i, row := range rows {
			b.WriteString("| " + strings.Join(row, " | ") + " |\n")
			if i == 0 {
				b.WriteString("|:---|---:|---:|---:|---:|\n")
			}
		}
	}
	return b.String()
}

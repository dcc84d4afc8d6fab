package bench

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/bench/load"
	"github.com/tame-py/tame/internal/bench/report"
	"github.com/tame-py/tame/internal/bench/stats"
	"github.com/tame-py/tame/internal/cmdline"
	"github.com/tame-py/tame/internal/ui"
)

// benchHTTPReport prints and writes what was measured.
func (o *httpFlags) report(h *Host, r *load.Result, took time.Duration) error {
	full := report.New("http", time.Now(), h.Version)
	full.Seconds, full.Interrupted = took.Seconds(), r.Interrupted
	if r.Invalid != "" {
		full.Invalid = append(full.Invalid, r.Invalid)
	}
	full.Notes = append(full.Notes, loadNotes(r)...)
	full.Subjects = append(full.Subjects, loadSubject(r))
	h.Print.Data("%s", loadText(r))
	if o.spectrum {
		h.Print.Data("%s", spectrumText("Latency", r.Latency))
	}
	if o.service {
		h.Print.Data("%s", spectrumText("Service time", r.Service))
	}
	for _, note := range full.Notes {
		h.Print.Warn("%s", note)
	}
	if err := (&runFlags{reports: o.reports}).finish(h, full); err != nil {
		return err
	}
	return h.loadVerdict(r)
}

// loadVerdict is the exit code of a run.
func (h *Host) loadVerdict(r *load.Result) error {
	switch {
	case r.Interrupted:
		return cmdline.ExitStatus(130)
	case r.Invalid != "":
		h.Print.Warn("the result is invalid: %s", r.Invalid)
		return cmdline.ExitStatus(cmdline.Failed)
	case r.Failed == r.Due:
		return cmdline.ExitStatus(cmdline.Failed)
	}
	return nil
}

// loadNotes are what to know before believing the figures.
func loadNotes(r *load.Result) []string {
	var notes []string
	if r.Model == "closed" {
		notes = append(notes, "closed model: while the server is slow less is sent, so that the latencies are not those of users who arrive by themselves")
	}
	if n := r.Connections.Waited; n > 0 {
		notes = append(notes, fmt.Sprintf("all %d connections were in use when %s due: what they waited is part of the latency", r.Connections.Cap, ui.Count(int(n), "request")+" became"))
	}
	if r.Interrupted {
		notes = append(notes, fmt.Sprintf("interrupted: %s under way", ui.Count(int(r.Unfinished), "request")))
	}
	return notes
}

// loadSubject is a result as a subject of a report.
func loadSubject(r *load.Result) report.Subject {
	s := report.Subject{Name: r.Method + " " + r.URL, Command: r.URL, Metrics: []report.Metric{
		loadMetric("latency", r.Latency), loadMetric("service", r.Service), loadMetric("lateness", r.Lateness),
	}}
	for _, m := range r.Series {
		s.Metrics[0].Series = append(s.Metrics[0].Series, report.Point{At: m.Start.Seconds(), Value: m.P99.Seconds()})
	}
	s.Metrics[2].Hidden = true
	for _, kind := range r.Kinds() {
		what := string(kind)
		if text := r.Samples[kind]; text != "" {
			what += " (" + text + ")"
		}
		s.Failures = append(s.Failures, report.Failure{What: what, Count: int(r.Failures[kind])})
	}
	s.Sections = []report.Section{{Title: "Load", Rows: loadRows(r)}}
	return s
}

// loadMetric has the quantiles of the load generator, whose intervals know of
// pauses.
func loadMetric(name string, d *load.Distribution) report.Metric {
	var bins []report.Bin
	for _, b := range d.Bins() {
		bins = append(bins, report.Bin(b))
	}
	m := report.Counted(name, report.Seconds, bins)
	for i := range m.Summary.Quantiles {
		m.Summary.Quantiles[i] = d.Quantile(m.Summary.Quantiles[i].P)
	}
	for _, p := range report.CurveShares() {
		m.Curve = append(m.Curve, d.Quantile(p))
	}
	return m
}

func loadRows(r *load.Result) []report.Row {
	rows := []report.Row{
		{Name: "Model", Value: modelText(r)},
		{Name: "Requests", Value: fmt.Sprintf("%d due, %d sent, %d answered, %d failed in %s", r.Due, r.Sent, r.Answered, r.Failed, timeText(r.Elapsed.Seconds()))},
		{Name: "Rate", Value: rateText(r)},
		{Name: "Statuses", Value: statusText(r)},
		{Name: "Transfer", Value: ui.Bytes(r.BytesIn) + " in, " + ui.Bytes(r.BytesOut) + " out"},
		{Name: "Connections", Value: fmt.Sprintf("%d opened, %d at once, at most %d", r.Connections.Opened, r.Connections.Peak, r.Connections.Cap)},
		{Name: "Generator", Value: generatorText(r)},
	}
	return slices.DeleteFunc(rows, func(r report.Row) bool { return r.Value == "" })
}

func generatorText(r *load.Result) string {
	text := fmt.Sprintf("%s, %s, %.1f µs of processor time a request", r.Engine, ui.Count(r.Threads, "thread"), float64(r.PerRequest)/1e3)
	if r.Spun > 0 {
		text += fmt.Sprintf(", of which it was awake for %.1f µs without work", float64(r.Spun)/1e3/float64(max(1, r.Sent)))
	}
	return text
}

func modelText(r *load.Result) string {
	if r.Model == "closed" {
		return fmt.Sprintf("closed: %s that send when answered, %s", ui.Count(r.Connections.Cap, "connection"), r.Protocol)
	}
	return fmt.Sprintf("open: %s arrivals, %s", r.Arrival, r.Protocol)
}

func rateText(r *load.Result) string {
	text := fmt.Sprintf("%.1f/s sent, %.1f/s answered well", r.Rate, r.Answers)
	if r.Asked > 0 {
		text = fmt.Sprintf("%.1f/s asked for, ", r.Asked) + text
	}
	return text
}

func statusText(r *load.Result) string {
	var all []string
	for status, n := range r.Statuses {
		all = append(all, strconv.Itoa(status)+": "+strconv.FormatInt(n, 10))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// loadText is a result for a terminal.
func loadText(r *load.Result) string {
	var out string
	for _, row := range loadRows(r) {
		out += fmt.Sprintf("  %-12s %s\n", row.Name, row.Value)
	}
	for _, kind := range r.Kinds() {
		text := fmt.Sprintf("%d %s", r.Failures[kind], kind)
		if sample := r.Samples[kind]; sample != "" {
			text += ": " + sample
		}
		out += fmt.Sprintf("  %-12s %s\n", "Failed", text)
	}
	out += "\n" + ui.Columns([]string{"", "Latency", "95 % interval", "Service", "95 % interval", "Lateness"}, quantileRows(r))
	if len(r.Series) > 1 {
		out += "\n  p99 over time  " + sparkline(r.Series) + fmt.Sprintf("  (%s each)", timeText(r.Interval.Seconds()))
	}
	return strings.TrimRight(out, "\n") + "\n"
}

func quantileRows(r *load.Result) [][]string {
	var rows [][]string
	for _, p := range []float64{0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999} {
		latency, service, late := r.Latency.Quantile(p), r.Service.Quantile(p), r.Lateness.Quantile(p)
		if latency.Withheld() && p > 0.999 {
			continue
		}
		rows = append(rows, []string{
			"  " + strconv.FormatFloat(p*100, 'f', -1, 64) + "%", quantileText(latency), intervalText(latency),
			quantileText(service), intervalText(service), quantileText(late),
		})
	}
	if r.Latency.Count() > 0 {
		rows = append(rows, []string{
			"  max", timeText(r.Latency.Max().Seconds()), "", timeText(r.Service.Max().Seconds()), "", timeText(r.Lateness.Max().Seconds()),
		})
	}
	return rows
}

func quantileText(q stats.Quantile) string {
	if q.Withheld() {
		return fmt.Sprintf("needs %d", q.Needs)
	}
	return timeText(q.Value)
}

func intervalText(q stats.Quantile) string {
	if q.Withheld() {
		return ""
	}
	return timeText(q.Interval.Low) + " – " + timeText(q.Interval.High)
}

// timeText writes seconds with three digits.
func timeText(seconds float64) string {
	unit, scale := "s", 1.0
	switch {
	case seconds < 1e-3:
		unit, scale = "µs", 1e6
	case seconds < 1:
		unit, scale = "ms", 1e3
	}
	value := seconds * scale
	precision := 0
	switch {
	case value == 0:
	case value < 10:
		precision = 2
	case value < 100:
		precision = 1
	}
	return strconv.FormatFloat(value, 'f', precision, 64) + " " + unit
}

// sparkline draws the 99th percentile of each interval, on a scale from zero.
func sparkline(series []load.Moment) string {
	const bars = "▁▂▃▄▅▆▇█"
	const width = 60
	step := (len(series) + width - 1) / width
	var points []time.Duration
	for i := 0; i < len(series); i += step {
		var most time.Duration
		for _, m := range series[i:min(len(series), i+step)] {
			most = max(most, m.P99)
		}
		points = append(points, most)
	}
	top := max(1, slices.Max(points))
	var out strings.Builder
	for _, p := range points {
		out.WriteRune([]rune(bars)[int(p*7/top)])
	}
	return out.String()
}

func spectrumText(title string, d *load.Distribution) string {
	var rows [][]string
	for _, p := range d.Spectrum() {
		rest := "inf"
		if p.P < 1 {
			rest = strconv.FormatFloat(1/(1-p.P), 'f', 2, 64)
		}
		rows = append(rows, []string{
			strconv.FormatFloat(float64(p.Value)/1e6, 'f', 3, 64), strconv.FormatFloat(p.P, 'f', 6, 64), strconv.FormatInt(p.Count, 10), rest,
		})
	}
	return "\n" + title + " by share of requests, in ms\n\n" + ui.Columns([]string{"Value", "Percentile", "TotalCount", "1/(1-Percentile)"}, rows) +
		fmt.Sprintf("#[Mean = %.3f, StdDeviation = %.3f]\n#[Max = %.3f, Total count = %d]\n",
			float64(d.Mean())/1e6, float64(d.Deviation())/1e6, float64(d.Max())/1e6, d.Count())
}

package report

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/tame-py/tame/internal/bench/stats"
)

// Style says how text is written: with colour, and how wide.
type Style struct {
	Bold, Dim func(string) string // nil leaves text as it is
	Columns   int                 // 80 if 0
	Brief     bool                // no histograms and no series
	Unit      string              // of times: "s", "ms" or "µs"; what reads best if empty
}

// Text is the report for a terminal.
func (r *Report) Text(style Style) string {
	if style.Columns <= 0 {
		style.Columns = 80
	}
	t := &text{style: style}
	t.part(r)
	for i := range r.Parts {
		t.line("%s\n", t.bold("── "+r.Parts[i].Title+" "+strings.Repeat("─", max(3, style.Columns-4-utf8.RuneCountInString(r.Parts[i].Title)))))
		t.part(&r.Parts[i])
		t.line("")
	}
	if r.Interrupted {
		t.line("%s", t.bold("Interrupted: this is what was measured so far"))
	}
	t.line("%s", t.dim(environmentText(&r.Environment)))
	return t.String()
}

// part is what was measured, without the machine.
func (t *text) part(r *Report) {
	for i := range r.Subjects {
		t.subject(&r.Subjects[i])
	}
	for _, s := range r.Sections {
		t.section(s, "")
	}
	for _, why := range r.Invalid {
		t.line("%s", t.bold("INVALID: "+why))
	}
	for i := range r.Comparisons {
		c := &r.Comparisons[i]
		t.line("%s", t.bold(c.Words()))
		t.line("%s", t.dim(fmt.Sprintf("  p = %.2g, Holm's %.2g; bootstrap %s; %d blocks", c.P, c.PHolm, ratioText(c.Bootstrap), c.Blocks)))
	}
	if r.Noise != nil {
		t.line("%s", NoiseText(r.Noise))
	}
	for _, n := range r.Notes {
		t.line("note: %s", n)
	}
}

func ratioText(i stats.Interval) string {
	if i.Confidence == 0 {
		return "unknown"
	}
	return fmt.Sprintf("%.4f … %.4f", i.Low, i.High)
}

type text struct {
	strings.Builder
	style Style
}

func (t *text) line(format string, args ...any) { fmt.Fprintf(t, format+"\n", args...) }

// value writes a value in the unit that was asked for.
func (t *text) value(v float64, unit Unit) string {
	if unit != Seconds {
		return Value(v, unit)
	}
	switch t.style.Unit {
	case "s":
		return fmt.Sprintf("%.3f s", v)
	case "ms":
		return fmt.Sprintf("%.1f ms", v*1e3)
	case "µs":
		return fmt.Sprintf("%.1f µs", v*1e6)
	}
	return Value(v, unit)
}

func (t *text) bold(s string) string { return styled(t.style.Bold, s) }
func (t *text) dim(s string) string  { return styled(t.style.Dim, s) }

func styled(by func(string) string, s string) string {
	if by == nil {
		return s
	}
	return by(s)
}

func (t *text) subject(s *Subject) {
	t.line("%s", t.bold(s.title()))
	if len(s.Metrics) == 0 || s.Metrics[0].Summary.N == 0 {
		t.line("  not measured\n")
		return
	}
	first := &s.Metrics[0]
	t.headline(first)
	for i := 1; i < len(s.Metrics); i++ {
		t.further(&s.Metrics[i])
	}
	for _, f := range s.Failures {
		t.line("  failed %d times: %s", f.Count, f.What)
	}
	if !t.style.Brief && first.Summary.N >= 6 {
		t.quantiles(first)
		t.histogram(first)
		if line := sparkline(first.over(), t.style.Columns-14); line != "" {
			t.line("  in time     %s", line)
		}
	}
	for _, section := range s.Sections {
		t.section(section, "  ")
	}
	t.line("")
}

func (s *Subject) title() string {
	title := s.Name
	if s.Command != "" && !strings.Contains(s.Name, s.Command) {
		title += "  (" + s.Command + ")"
	}
	for _, p := range s.Parameters {
		if !strings.Contains(title, p.Value) {
			title += fmt.Sprintf("  %s = %s", p.Name, p.Value)
		}
	}
	return title
}

func (t *text) headline(m *Metric) {
	s := &m.Summary
	what := "runs"
	if m.Bins != nil {
		what = "requests"
	}
	t.line("  %-11s mean %s ± %s   min %s   max %s   %d %s", m.Name, t.value(s.Mean, m.Unit), t.value(s.StdDev, m.Unit), t.value(s.Min, m.Unit), t.value(s.Max, m.Unit), s.N, what)
}

// further is a line for a metric that is not the first; counts that are all
// zero are left out.
func (t *text) further(m *Metric) {
	if m.Hidden || m.Summary.N == 0 || m.Summary.Max == 0 {
		return
	}
	value := "median " + t.value(m.Summary.Median, m.Unit)
	if q, ok := m.Summary.Quantile(0.5); ok && !q.Withheld() && q.Interval.Low < q.Interval.High {
		value += t.dim(" (" + t.value(q.Interval.Low, m.Unit) + " … " + t.value(q.Interval.High, m.Unit) + ")")
	}
	if m.AtMost {
		value = "at most " + t.value(m.Summary.Median, m.Unit) + t.dim(" (less than what started it)")
	}
	t.line("  %-11s %s", m.Name, value)
}

func (t *text) quantiles(m *Metric) {
	var short []string
	for _, q := range m.Summary.Quantiles {
		value, interval := quantileText(q, m.Unit, t.value)
		if q.Withheld() {
			short = append(short, fmt.Sprintf("%s takes %d", quantileName(q.P), q.Needs))
			continue
		}
		t.line("  %-11s %10s   %s", quantileName(q.P), value, t.dim(interval))
	}
	if len(short) > 0 {
		t.line("  %s", t.dim("withheld, because there are too few measurements: "+strings.Join(short, ", ")))
	}
}

// histogramRows is how many rows a histogram has at most.
const histogramRows = 12

func (t *text) histogram(m *Metric) {
	edges, counts := m.histogram(histogramRows)
	var most int64
	for _, n := range counts {
		most = max(most, n)
	}
	if most == 0 || len(counts) < 2 {
		return
	}
	width := max(10, t.style.Columns-28)
	for i, n := range counts {
		bar := bar(float64(n)/float64(most), width)
		t.line("  %11s %6d %s", t.value(edges[i], m.Unit), n, bar)
	}
}

// bar is a row of blocks in eighths.
func bar(share float64, width int) string {
	eighths := int(math.Round(share * float64(width) * 8))
	out := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		out += string(rune('█' + 8 - rest))
	}
	return out
}

// histogram counts the values between the 1st and the 99th of a hundred in
// rows of equal width; the rows at the ends have the rest. Edges are the lower
// ones.
func (m *Metric) histogram(rows int) (edges []float64, counts []int64) {
	bins := m.bins()
	if len(bins) == 0 {
		return nil, nil
	}
	low, high := m.inner(bins)
	if high <= low {
		return nil, nil
	}
	rows = min(rows, 2+int(math.Sqrt(float64(m.Summary.N))))
	width := (high - low) / float64(rows)
	counts = make([]int64, rows)
	for i := range rows {
		edges = append(edges, low+float64(i)*width)
	}
	for _, b := range bins {
		counts[min(max(int((b.Value-low)/width), 0), rows-1)] += b.Count
	}
	return edges, counts
}

// Outliers counts the samples that lie far from the others, by more than ten
// of their typical distances from the median, and tells whether the first is
// one of them.
func (m *Metric) Outliers() (far int, first bool) {
	distances := make([]float64, len(m.Samples))
	for i, x := range m.Samples {
		distances[i] = math.Abs(x - m.Summary.Median)
	}
	typical := 1.4826 * stats.Summarize(distances, 0.5).Median
	if typical == 0 || len(m.Samples) < 6 {
		return 0, false
	}
	for i, d := range distances {
		if d > 10*typical {
			far++
			first = first || i == 0 && m.Samples[0] > m.Summary.Median
		}
	}
	return far, first
}

// bins are the measurements as counted values in any order.
func (m *Metric) bins() []Bin {
	if m.Bins != nil {
		return m.Bins
	}
	out := make([]Bin, len(m.Samples))
	for i, x := range m.Samples {
		out[i] = Bin{x, 1}
	}
	return out
}

// inner is the range without the one in a hundred at each end that would leave
// no room for the rest.
func (m *Metric) inner(bins []Bin) (low, high float64) {
	counted := make([]stats.Bin, len(bins))
	for i, b := range bins {
		counted[i] = stats.Bin(b)
	}
	return stats.RangeOf(counted, 0.01, 0.99)
}

// over is the metric over time: its series, or else its samples in order.
func (m *Metric) over() []float64 {
	if m.Series == nil {
		return m.Samples
	}
	out := make([]float64, len(m.Series))
	for i, p := range m.Series {
		out[i] = p.Value
	}
	return out
}

// sparkline draws values as a row of blocks, each the mean of those that share
// its place.
func sparkline(values []float64, columns int) string {
	if len(values) < 8 || columns < 8 {
		return ""
	}
	columns = min(columns, len(values))
	means := make([]float64, columns)
	low, high := math.Inf(1), math.Inf(-1)
	for i := range means {
		from, to := i*len(values)/columns, (i+1)*len(values)/columns
		for _, v := range values[from:to] {
			means[i] += v / float64(to-from)
		}
		low, high = min(low, means[i]), max(high, means[i])
	}
	if high <= low {
		return ""
	}
	var b strings.Builder
	for _, v := range means {
		b.WriteRune('▁' + rune(math.Round(7*(v-low)/(high-low))))
	}
	return b.String()
}

func (t *text) section(s Section, indent string) {
	if s.Title != "" {
		t.line("%s%s", indent, t.bold(s.Title))
	}
	width := 0
	for _, r := range s.Rows {
		width = max(width, utf8.RuneCountInString(r.Name))
	}
	for _, r := range s.Rows {
		t.line("%s  %-*s  %s", indent, width, r.Name, r.Value)
	}
}

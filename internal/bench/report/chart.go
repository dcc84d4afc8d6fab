package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/tame-py/tame/internal/bench/stats"
)

// The size of a chart and of its margins, in the units of its viewBox.
const (
	chartWidth, chartHeight                  = 900, 280
	marginLeft, marginRight, marginTop, foot = 80, 20, 12, 34
)

// A scale maps values to places, linearly.
type scale struct{ low, high, from, to float64 }

func (s scale) at(v float64) float64 {
	if s.high == s.low {
		return (s.from + s.to) / 2
	}
	return s.from + (v-s.low)/(s.high-s.low)*(s.to-s.from)
}

// ticks are round numbers of the scale.
func (s scale) ticks(about int) []float64 {
	span := s.high - s.low
	if span <= 0 {
		return []float64{s.low}
	}
	step := math.Pow(10, math.Floor(math.Log10(span/float64(about))))
	for _, by := range []float64{5, 2, 2.5} {
		if span/(step*by) >= float64(about)/2 {
			step *= by
			break
		}
	}
	var out []float64
	for v := math.Ceil(s.low/step) * step; v <= s.high+step/1e6 && len(out) < 50; v += step {
		out = append(out, v)
	}
	return out
}

type chart struct {
	page
	x, y scale
}

func newChart(xLow, xHigh, yLow, yHigh float64) *chart {
	c := &chart{
		x: scale{xLow, xHigh, marginLeft, chartWidth - marginRight},
		y: scale{yLow, yHigh, chartHeight - foot, marginTop},
	}
	c.add("<svg viewBox=\"0 0 %d %d\" role=\"img\">\n", chartWidth, chartHeight)
	return c
}

func (c *chart) gridY(text func(float64) string) {
	for _, v := range c.y.ticks(6) {
		y := c.y.at(v)
		c.add("<path d=\"M%d %.1fH%d\" stroke=\"#8884\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", marginLeft, y, chartWidth-marginRight, marginLeft-6, y+4, esc(text(v)))
	}
}

func (c *chart) tickX(v float64, text string) {
	x := c.x.at(v)
	c.add("<path d=\"M%.1f %dV%d\" stroke=\"#8884\"/><text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", x, marginTop, chartHeight-foot, x, chartHeight-foot+16, esc(text))
}

func (c *chart) gridX(text func(float64) string) {
	for _, v := range c.x.ticks(8) {
		c.tickX(v, text(v))
	}
}

// path joins points by lines.
func (c *chart) path(points []Point) string {
	var b strings.Builder
	for i, p := range points {
		letter := "L"
		if i == 0 {
			letter = "M"
		}
		fmt.Fprintf(&b, "%s%.1f %.1f", letter, c.x.at(p.At), c.y.at(p.Value))
	}
	return b.String()
}

func (c *chart) line(points []Point, color string) {
	c.add("<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.6\"/>\n", c.path(points), color)
}

func (c *chart) end() string {
	c.add("</svg>\n")
	return c.String()
}

// mains are the first metrics of the subjects that have values.
func (r *Report) mains() (out []*Metric, colors []string) {
	for i := range r.Subjects {
		if s := &r.Subjects[i]; len(s.Metrics) > 0 && s.Metrics[0].Summary.N > 0 {
			out, colors = append(out, &s.Metrics[0]), append(colors, color(i))
		}
	}
	return out, colors
}

// percentiles draws the quantiles over their distance from 1 on a logarithmic
// scale, as far as the samples reach.
func (r *Report) percentiles() string {
	metrics, colors := r.mains()
	if len(metrics) == 0 {
		return ""
	}
	shares := CurveShares()
	place := func(p float64) float64 { return -math.Log10(1 - p) }
	lines := make([][]stats.Quantile, len(metrics))
	low, high, far := math.Inf(1), math.Inf(-1), 0.5
	for i, m := range metrics {
		for _, q := range m.curve(shares) {
			if !q.Withheld() {
				lines[i] = append(lines[i], q)
				low, high, far = min(low, q.Interval.Low), max(high, q.Interval.High), max(far, q.P)
			}
		}
	}
	if high < low {
		return "<p class=\"note\">There are too few measurements.</p>\n"
	}
	pad := (high - low) / 20
	c := newChart(0, place(far)+0.05, max(0, low-pad), high+pad)
	c.gridY(func(v float64) string { return Value(v, metrics[0].Unit) })
	for _, p := range shares {
		if p <= far && p != 0.01 && p != 0.1 && p != 0.95 && p != 0.995 && p != 0.9995 {
			c.tickX(place(p), quantileName(p))
		}
	}
	for i, qs := range lines {
		var middle, band []Point
		for _, q := range qs {
			middle = append(middle, Point{place(q.P), q.Value})
			band = append(band, Point{place(q.P), q.Interval.High})
		}
		for j := len(qs) - 1; j >= 0; j-- {
			band = append(band, Point{place(qs[j].P), qs[j].Interval.Low})
		}
		c.add("<path d=\"%sZ\" fill=\"%s\" fill-opacity=\".15\"/>\n", c.path(band), colors[i])
		c.line(middle, colors[i])
	}
	return c.end()
}

// CurveShares are the shares whose quantiles a picture of percentiles shows.
func CurveShares() []float64 {
	return []float64{0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999}
}

func (m *Metric) curve(shares []float64) []stats.Quantile {
	if m.Curve != nil {
		return m.Curve
	}
	counted := make([]stats.Bin, 0, len(m.Samples)+len(m.Bins))
	for _, b := range m.bins() {
		counted = append(counted, stats.Bin(b))
	}
	return stats.SummarizeBins(counted, shares...).Quantiles
}

// chartPoints is how many points a line over time has at most.
const chartPoints = 800

// overTime draws the measurements in their order, or the series over seconds.
func (r *Report) overTime() string {
	metrics, colors := r.mains()
	var lines [][]Point
	low, high, end, series := math.Inf(1), math.Inf(-1), 0.0, false
	for _, m := range metrics {
		points := m.Series
		series = series || points != nil
		if points == nil {
			for i, v := range m.Samples {
				points = append(points, Point{float64(i + 1), v})
			}
		}
		points = thin(points)
		for _, p := range points {
			low, high, end = min(low, p.Value), max(high, p.Value), max(end, p.At)
		}
		lines = append(lines, points)
	}
	if high < low {
		return "<p class=\"note\">The order of the measurements is not known.</p>\n"
	}
	pad := (high - low) / 20
	c := newChart(0, end, max(0, low-pad), high+pad)
	c.gridY(func(v float64) string { return Value(v, metrics[0].Unit) })
	c.gridX(func(v float64) string {
		if series {
			return Value(v, Seconds)
		}
		return "run " + digits(v)
	})
	for i, points := range lines {
		c.line(points, colors[i])
	}
	return c.end()
}

// thin keeps the highest of neighbouring points, where there are too many.
func thin(points []Point) []Point {
	if len(points) <= chartPoints {
		return points
	}
	out := make([]Point, 0, chartPoints)
	for i := range chartPoints {
		group := points[i*len(points)/chartPoints : (i+1)*len(points)/chartPoints]
		most := group[0]
		for _, p := range group {
			if p.Value > most.Value {
				most = p
			}
		}
		out = append(out, most)
	}
	return out
}

// densities draws how the measurements lie, by a Gaussian kernel of Silverman's
// width.
func (r *Report) densities() string {
	metrics, colors := r.mains()
	low, high := math.Inf(1), math.Inf(-1)
	for _, m := range metrics {
		if bins := m.bins(); len(bins) > 1 {
			from, to := m.inner(bins)
			low, high = min(low, from), max(high, to)
		}
	}
	if high <= low {
		return "<p class=\"note\">There are too few measurements.</p>\n"
	}
	pad := (high - low) / 10
	low, high = max(0, low-pad), high+pad
	lines := make([][]Point, len(metrics))
	var most float64
	for i, m := range metrics {
		lines[i] = m.density(low, high)
		for _, p := range lines[i] {
			most = max(most, p.Value)
		}
	}
	c := newChart(low, high, 0, most*1.05)
	c.gridX(func(v float64) string { return Value(v, metrics[0].Unit) })
	for i, points := range lines {
		if len(points) == 0 {
			continue
		}
		area := append([]Point{{points[0].At, 0}}, points...)
		area = append(area, Point{points[len(points)-1].At, 0})
		c.add("<path d=\"%sZ\" fill=\"%s\" fill-opacity=\".15\"/>\n", c.path(area), colors[i])
		c.line(points, colors[i])
	}
	return c.end()
}

// densitySteps is how many points a density has.
const densitySteps = 200

func (m *Metric) density(low, high float64) []Point {
	bins := m.bins()
	if len(bins) < 2 {
		return nil
	}
	counted := make([]stats.Bin, len(bins))
	for i, b := range bins {
		counted[i] = stats.Bin(b)
	}
	q1, q3 := stats.RangeOf(counted, 0.25, 0.75)
	spread := (q3 - q1) / 1.34
	if m.Summary.StdDev > 0 && (spread == 0 || m.Summary.StdDev < spread) {
		spread = m.Summary.StdDev
	}
	width := max(0.9*spread*math.Pow(float64(m.Summary.N), -0.2), (high-low)/densitySteps)
	var out []Point
	for i := range densitySteps + 1 {
		x := low + (high-low)*float64(i)/densitySteps
		var sum float64
		for _, b := range bins {
			if z := (x - b.Value) / width; z > -5 && z < 5 {
				sum += float64(b.Count) * math.Exp(-z*z/2)
			}
		}
		out = append(out, Point{x, sum / (float64(m.Summary.N) * width)})
	}
	return out
}

// ratios draws each comparison's ratio with its interval and the margin.
func (r *Report) ratios() string {
	low, high := 0.98, 1.02
	for _, c := range r.Comparisons {
		if c.Interval.Confidence > 0 {
			low, high = min(low, c.Interval.Low), max(high, c.Interval.High)
		}
		low, high = min(low, c.Ratio, 1-c.Margin), max(high, c.Ratio, 1+c.Margin)
	}
	pad := (high - low) / 15
	c := &chart{x: scale{low - pad, high + pad, 240, chartWidth - marginRight}}
	height := 34*len(r.Comparisons) + foot
	c.add("<svg viewBox=\"0 0 %d %d\" role=\"img\">\n", chartWidth, height)
	for _, v := range c.x.ticks(8) {
		c.add("<path d=\"M%.1f 4V%d\" stroke=\"#8884\"/><text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", c.x.at(v), height-foot+6, c.x.at(v), height-foot+22, digits(v))
	}
	for i, one := range r.Comparisons {
		y := float64(34*i + 20)
		if one.Margin > 0 {
			c.add("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"26\" fill=\"#8883\"/>\n", c.x.at(1-one.Margin), y-13, c.x.at(1+one.Margin)-c.x.at(1-one.Margin))
		}
		c.add("<path d=\"M%.1f %.1fv30\" stroke=\"#888\"/><text x=\"230\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", c.x.at(1), y-15, y+4, esc(short(one.Subject, 36)))
		if one.Interval.Confidence > 0 {
			c.add("<path d=\"M%.1f %.1fH%.1f\" stroke=\"%s\" stroke-width=\"4\"/>\n", c.x.at(one.Interval.Low), y, c.x.at(one.Interval.High), color(1))
		}
		c.add("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"%s\"/>\n", c.x.at(one.Ratio), y, color(0))
	}
	return c.end()
}

// short is a text with its middle left out where it is too long.
func short(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most/2]) + "…" + string(r[len(r)-most/2+1:])
}

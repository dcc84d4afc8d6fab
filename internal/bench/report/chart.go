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
	marginLeft, marginRight, marginTop, foot = 80, 40, 12, 34
)

// A scale maps values to places, linearly or by their logarithms.
type scale struct {
	low, high, from, to float64
	log                 bool
}

// wide is by how many times values must differ for a logarithmic scale: on a
// linear one the small ones would lie on the axis.
const wide = 20

// scaled is a scale around values.
func scaled(low, high, from, to float64) scale {
	if low > 0 && high > wide*low {
		pad := math.Pow(high/low, 0.04)
		return scale{low / pad, high * pad, from, to, true}
	}
	pad := (high - low) / 20
	return scale{max(0, low-pad), high + pad, from, to, false}
}

// upright is a scale for the y axis: from zero, unless that would leave less
// than half of the room for the values.
func upright(low, high float64) scale {
	s := scaled(low, high, 0, 0)
	if !s.log && low < high/2 {
		s.low = 0
	}
	return s
}

func (s scale) at(v float64) float64 {
	low, high := s.low, s.high
	if s.log {
		low, high, v = math.Log(low), math.Log(high), math.Log(max(v, low/2))
	}
	if high == low {
		return (s.from + s.to) / 2
	}
	return s.from + (v-low)/(high-low)*(s.to-s.from)
}

// ticks are round numbers of the scale.
func (s scale) ticks(about int) []float64 {
	if s.log {
		return s.logTicks(about)
	}
	span := s.high - s.low
	if span <= 0 {
		return []float64{s.low}
	}
	step := math.Pow(10, math.Floor(math.Log10(span/float64(about))))
	for _, by := range []float64{1, 2, 2.5, 5, 10} {
		if span/(step*by) <= float64(about) {
			step *= by
			break
		}
	}
	var out []float64
	for i := math.Ceil(s.low / step); i*step <= s.high+step/1e6 && len(out) < 50; i++ {
		out = append(out, i*step+0) // which is never −0
	}
	return out
}

// logTicks are 1, 2 and 5 of each power of ten, or less of them where they are
// too many.
func (s scale) logTicks(about int) []float64 {
	var out []float64
	for _, of := range [][]float64{{1, 2, 5}, {1, 3}, {1}} {
		out = nil
		for power := math.Floor(math.Log10(s.low)); power <= math.Log10(s.high) && len(out) < 50; power++ {
			for _, first := range of {
				if v := first * math.Pow(10, power); v >= s.low && v <= s.high {
					out = append(out, v)
				}
			}
		}
		if len(out) <= about+about/2 {
			break
		}
	}
	return out
}

// tick is a value without the digits that say nothing.
func tick(v float64, unit Unit) string {
	number, name, named := strings.Cut(Value(v, unit), " ")
	if strings.Contains(number, ".") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	if named {
		return number + " " + name
	}
	return number
}

type chart struct {
	page
	x, y scale
}

func newChart(x, y scale) *chart {
	c := &chart{x: x, y: y}
	c.x.from, c.x.to, c.y.from, c.y.to = marginLeft, chartWidth-marginRight, chartHeight-foot, marginTop
	c.add("<svg viewBox=\"0 0 %d %d\" role=\"img\">\n", chartWidth, chartHeight)
	return c
}

func (c *chart) gridY(unit Unit) {
	for _, v := range c.y.ticks(6) {
		y := c.y.at(v)
		c.add("<path d=\"M%d %.1fH%d\" stroke=\"#8884\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", marginLeft, y, chartWidth-marginRight, marginLeft-6, y+4, esc(tick(v, unit)))
	}
}

func (c *chart) tickX(v float64, text string) {
	x := c.x.at(v)
	c.add("<path d=\"M%.1f %dV%d\" stroke=\"#8884\"/><text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", x, marginTop, chartHeight-foot, x, chartHeight-foot+16, esc(text))
}

// caption says below a chart what its axes are.
func (c *chart) caption(text string) {
	if c.x.log || c.y.log {
		text += ", logarithmic"
	}
	c.add("<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", chartWidth-marginRight, chartHeight-3, esc(text))
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
	c.add("<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.8\" stroke-linejoin=\"round\"/>\n", c.path(points), color)
}

func (c *chart) end() string {
	c.add("</svg>\n")
	return c.String()
}

// legend tells the colours of several subjects.
func (r *Report) legend() string {
	if len(r.Subjects) < 2 {
		return ""
	}
	p := &page{}
	p.add("<p class=\"legend\">")
	for i := range r.Subjects {
		p.add("<span><span class=\"key\" style=\"background:%s\"></span>%s</span> ", color(i), esc(short(r.Subjects[i].Name, 60)))
	}
	p.add("</p>\n")
	return p.String()
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
	c := newChart(scale{low: 0, high: place(far) + 0.05}, upright(low, high))
	c.gridY(metrics[0].Unit)
	c.caption(metrics[0].Name + " by the share of measurements below, with 95% intervals")
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
	low, high, start, end, series := math.Inf(1), math.Inf(-1), math.Inf(1), 0.0, false
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
			low, high, start, end = min(low, p.Value), max(high, p.Value), min(start, p.At), max(end, p.At)
		}
		lines = append(lines, points)
	}
	if high < low {
		return "<p class=\"note\">The order of the measurements is not known.</p>\n"
	}
	c := newChart(scale{low: start, high: end}, upright(low, high))
	c.gridY(metrics[0].Unit)
	unit, what := Count, metrics[0].Name+" of each run"
	if series {
		unit, what = Seconds, "p99 of "+metrics[0].Name+" by seconds since the start"
	}
	for _, v := range c.x.ticks(8) {
		if v == math.Trunc(v) || series {
			c.tickX(v, tick(v, unit))
		}
	}
	c.caption(what)
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
	x := scaled(low, high, 0, 1)
	lines := make([][]Point, len(metrics))
	var most float64
	for i, m := range metrics {
		lines[i] = m.density(x)
		for _, p := range lines[i] {
			most = max(most, p.Value)
		}
	}
	c := newChart(x, scale{low: 0, high: most * 1.05})
	for _, v := range c.x.ticks(8) {
		c.tickX(v, tick(v, metrics[0].Unit))
	}
	c.caption(metrics[0].Name + ", how often; without the outermost hundredth")
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

// density is that of the places of the measurements on a scale, so that each
// subject's area is the same in the picture.
func (m *Metric) density(on scale) []Point {
	bins := m.bins()
	if len(bins) < 2 {
		return nil
	}
	placed := make([]stats.Bin, len(bins))
	for i, b := range bins {
		placed[i] = stats.Bin{Value: on.at(b.Value), Count: b.Count}
	}
	q1, q3 := stats.RangeOf(placed, 0.25, 0.75)
	spread := (q3 - q1) / 1.34
	if sd := stats.SummarizeBins(placed, 0.5).StdDev; sd > 0 && (spread == 0 || sd < spread) {
		spread = sd
	}
	width := max(0.9*spread*math.Pow(float64(m.Summary.N), -0.2), 1.0/densitySteps)
	var out []Point
	for i := range densitySteps + 1 {
		x := float64(i) / densitySteps
		var sum float64
		for _, b := range placed {
			if z := (x - b.Value) / width; z > -5 && z < 5 {
				sum += float64(b.Count) * math.Exp(-z*z/2)
			}
		}
		out = append(out, Point{on.value(x), sum / (float64(m.Summary.N) * width)})
	}
	return out
}

// value is what lies at a place of a scale from 0 to 1.
func (s scale) value(at float64) float64 {
	if s.log {
		return s.low * math.Pow(s.high/s.low, at)
	}
	return s.low + at*(s.high-s.low)
}

// shade is the colour of a verdict.
func shade(v stats.Verdict) string {
	switch v {
	case stats.Faster:
		return "#009e73"
	case stats.Slower:
		return "#d55e00"
	case stats.Equivalent:
		return "#0072b2"
	}
	return "#8a8f98"
}

// ratioScale has 1 in it, and is logarithmic where ratios are far from it.
func (r *Report) ratioScale() scale {
	low, high := 0.98, 1.02
	for _, c := range r.Comparisons {
		if c.Interval.Confidence > 0 {
			low, high = min(low, c.Interval.Low), max(high, c.Interval.High)
		}
		low, high = min(low, c.Ratio, 1-c.Margin), max(high, c.Ratio, 1+c.Margin)
	}
	low = max(low, 1e-4)
	s := scale{low: low, high: high, from: ratioLeft, to: chartWidth - marginRight, log: high > 2*low}
	if s.log {
		pad := math.Pow(high/low, 0.05)
		s.low, s.high = low/pad, high*pad
	} else {
		pad := (high - low) / 15
		s.low, s.high = low-pad, high+pad
	}
	return s
}

// ratioLeft is the room for the names beside ratios.
const ratioLeft = 270

// ratios draws each comparison's ratio with its interval and the margin.
func (r *Report) ratios() string {
	c := &chart{x: r.ratioScale()}
	bottom := 34*len(r.Comparisons) + 8
	c.add("<svg viewBox=\"0 0 %d %d\" role=\"img\">\n", chartWidth, bottom+36)
	for _, v := range c.x.ticks(8) {
		c.add("<path d=\"M%.1f 4V%d\" stroke=\"#8884\"/><text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", c.x.at(v), bottom, c.x.at(v), bottom+15, tick(v, Count))
	}
	of := map[string]bool{}
	for i := range r.Comparisons {
		one := &r.Comparisons[i]
		of[one.Reference] = true
		y := float64(34*i + 20)
		if one.Margin > 0 {
			c.add("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"26\" fill=\"#8883\"/>\n", c.x.at(1-one.Margin), y-13, c.x.at(1+one.Margin)-c.x.at(1-one.Margin))
		}
		name := short(one.Subject, 40)
		if one.by() != "" {
			name = short(one.Subject, 18) + " · " + one.Metric
		}
		c.add("<path d=\"M%.1f %.1fv30\" stroke=\"#888\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", c.x.at(1), y-15, ratioLeft-14, y+4, esc(name))
		if one.Interval.Confidence > 0 {
			c.add("<path d=\"M%.1f %.1fH%.1f\" stroke=\"%s\" stroke-width=\"5\" stroke-linecap=\"round\" stroke-opacity=\".55\"/>\n", c.x.at(one.Interval.Low), y, c.x.at(one.Interval.High), shade(one.Verdict))
		}
		c.add("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"%s\"/>\n", c.x.at(one.Ratio), y, shade(one.Verdict))
	}
	text := "ratio with its 95% interval"
	if len(of) == 1 {
		text = "ratio to " + short(r.Comparisons[0].Reference, 40) + " with its 95% interval"
	}
	if c.x.log {
		text += ", logarithmic"
	}
	c.add("<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", chartWidth-marginRight, bottom+32, esc(text))
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

package load

import (
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/tame-py/tame/internal/bench/stats"
)

// A Distribution is how long something took, as a histogram with a relative
// error of at most 0.1 %.
type Distribution struct {
	histogram *hdrhistogram.Histogram
	parts     []*hdrhistogram.Histogram // the same, by intervals of time
}

// z is the two-sided 95 % quantile of the normal distribution.
const z = 1.959964

// Count is the number of values.
func (d *Distribution) Count() int64 { return d.histogram.TotalCount() }

// Min, Max, Mean and Deviation describe the values. They are zero without any.
func (d *Distribution) Min() time.Duration { return time.Duration(d.histogram.Min()) }

// Max is the largest value.
func (d *Distribution) Max() time.Duration { return time.Duration(d.histogram.Max()) }

// Mean is the arithmetic mean.
func (d *Distribution) Mean() time.Duration { return time.Duration(d.histogram.Mean()) }

// Deviation is the standard deviation.
func (d *Distribution) Deviation() time.Duration { return time.Duration(d.histogram.StdDev()) }

// Below is the share of values up to t.
func (d *Distribution) Below(t time.Duration) float64 { return below(d.histogram, t) }

func below(h *hdrhistogram.Histogram, t time.Duration) float64 {
	var sum int64
	for _, bar := range h.Distribution() {
		if bar.From > int64(t) {
			break
		}
		sum += bar.Count
	}
	return float64(sum) / float64(max(1, h.TotalCount()))
}

// Quantile is the time in seconds that a share q of the requests needed at
// most. Its interval is that of the order statistics, by the normal
// approximation of the binomial distribution, widened by how much more the
// share above the value differs between intervals of time than it would if
// requests were slow independently of each other: a pause of the server hits
// all requests of its time. It is withheld where there are too few requests to
// bound it from above.
func (d *Distribution) Quantile(q float64) stats.Quantile {
	out := stats.Quantile{P: q}
	n := float64(d.Count())
	if n == 0 {
		out.Needs = int(math.Ceil(z * z * q / (1 - q)))
		return out
	}
	at := func(rank float64) float64 {
		return float64(d.histogram.ValueAtPercentile(100*min(1, max(0, rank/n)))) / 1e9
	}
	value := at(q * n)
	effect := d.designEffect(time.Duration(value * 1e9))
	half := z * math.Sqrt(n*q*(1-q)*effect)
	if q*n+half+1 > n {
		out.Needs = int(math.Ceil(z*z*effect*q/(1-q))) + 1
		return out
	}
	// A histogram answers with the upper end of a bucket.
	low := at(q*n-half) * (1 - precision)
	out.Value, out.Interval = value, stats.Interval{Low: low, High: at(q*n + half + 1), Confidence: stats.Confidence}
	return out
}

// precision is the widest bucket relative to its values.
const precision = 0.001

// designEffect is the variance of the share above t between the intervals of
// time, in terms of that of independent requests; at least 1.
func (d *Distribution) designEffect(t time.Duration) float64 {
	share := 1 - below(d.histogram, t)
	var sum float64
	parts := 0
	for _, h := range d.parts {
		if n := float64(h.TotalCount()); n > 0 {
			excess := n * (1 - below(h, t) - share)
			sum += excess * excess
			parts++
		}
	}
	expected := float64(d.Count()) * share * (1 - share)
	if parts < 2 || expected == 0 {
		return 1
	}
	return max(1, sum/expected*float64(parts)/float64(parts-1))
}

// Bins are the values in seconds with how often each occurred, ascending.
func (d *Distribution) Bins() []stats.Bin {
	var out []stats.Bin
	for _, b := range d.histogram.Distribution() {
		if b.Count > 0 {
			out = append(out, stats.Bin{Value: float64(b.To) / 1e9, Count: b.Count})
		}
	}
	return out
}

// A Point is one of a spectrum: Count values are at most Value.
type Point struct {
	P     float64
	Value time.Duration
	Count int64
}

// Spectrum is the distribution as the points that HdrHistogram prints: a few to
// each halving of what is left above.
func (d *Distribution) Spectrum() []Point {
	var out []Point
	for _, b := range d.histogram.CumulativeDistributionWithTicks(5) {
		out = append(out, Point{b.Quantile / 100, time.Duration(b.ValueAt), b.Count})
	}
	return out
}

package report

import (
	"fmt"
	"math"

	"github.com/tame-py/tame/internal/bench/stats"
)

// The names of metrics that subjects are compared by. Of all but Throughput
// less is better.
const (
	Wall          = "wall"
	P50           = "p50 latency"
	P90           = "p90 latency"
	P99           = "p99 latency"
	CPUPerRequest = "processor time per request"
	PeakMemory    = "peak memory"
	Throughput    = "throughput"
	Startup       = "start-up"
)

// A manner is how a comparison by a metric is put into words.
type manner struct {
	better, worse string // "is faster than"
	either        string // "is faster or slower than"
	less, more    string // "takes %s less time"
}

func mannerOf(metric string) manner {
	switch metric {
	case P50, P90, P99:
		at := " at " + metric[:len("p99")]
		return manner{"is faster" + at + " than", "is slower" + at + " than", "is faster or slower" + at + " than", "its users wait %s less", "its users wait %s more"}
	case CPUPerRequest:
		return manner{"takes less of the processor than", "takes more of the processor than", "takes more or less of the processor than", "%s less time per request", "%s more time per request"}
	case PeakMemory:
		return manner{"takes less memory than", "takes more memory than", "takes more or less memory than", "its peak is %s lower", "its peak is %s higher"}
	case Throughput:
		return manner{"serves more than", "serves less than", "serves more or less than", "%s fewer answers a second", "%s more answers a second"}
	case Startup:
		return manner{"starts faster than", "starts slower than", "starts faster or slower than", "it takes %s less time", "it takes %s more time"}
	}
	return manner{"is faster than", "is slower than", "is faster or slower than", "it takes %s less time", "it takes %s more time"}
}

// Words are a comparison in words, never a ratio without what is known of it.
func (c *Comparison) Words() string {
	name := "`" + c.Subject + "`"
	of := "`" + c.Reference + "`"
	m := mannerOf(c.Metric)
	switch c.Verdict {
	case stats.Faster:
		return fmt.Sprintf("%s %s %s: %s", name, m.better, of, c.amount(m))
	case stats.Slower:
		return fmt.Sprintf("%s %s %s: %s", name, m.worse, of, c.amount(m))
	case stats.Equivalent:
		return fmt.Sprintf("%s and %s are equivalent%s within %s: the ratio is between %.4f and %.4f", name, of, c.by(), percent(c.Margin), c.Interval.Low, c.Interval.High)
	}
	return fmt.Sprintf("undecided whether %s %s %s: %s", name, m.either, of, c.undecided())
}

// by names the metric where it is not the only one.
func (c *Comparison) by() string {
	if c.Metric == Wall || c.Metric == "" {
		return ""
	}
	return " in " + c.Metric
}

// amount is how large a difference is.
func (c *Comparison) amount(m manner) string {
	low, high := math.Abs(c.Interval.Low-1), math.Abs(c.Interval.High-1)
	if low > high {
		low, high = high, low
	}
	format, by := m.less, 1-c.Ratio
	if c.Ratio > 1 {
		format, by = m.more, c.Ratio-1
	}
	return fmt.Sprintf(format, percent(by)) + fmt.Sprintf(" (between %s and %s)", percent(low), percent(high))
}

// Invert turns a comparison by the inverse of a metric, of which less is
// better, into one by the metric itself. The verdict stays.
func (c *Comparison) Invert() {
	turn := func(i *stats.Interval) {
		if i.Confidence > 0 {
			i.Low, i.High = 1/i.High, 1/i.Low
		}
	}
	c.Ratio = 1 / c.Ratio
	turn(&c.Interval)
	turn(&c.Bootstrap)
	for i := range c.Ratios {
		c.Ratios[i] = 1 / c.Ratios[i]
	}
}

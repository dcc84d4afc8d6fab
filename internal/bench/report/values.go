package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/tame-py/tame/internal/bench/machine"
	"github.com/tame-py/tame/internal/bench/stats"
)

// Value writes a value of a metric with its unit, three digits that count.
func Value(v float64, unit Unit) string {
	switch unit {
	case Seconds:
		switch {
		case v == 0:
			return "0"
		case v < 1e-3:
			return digits(v*1e6) + " µs"
		case v < 1:
			return digits(v*1e3) + " ms"
		case v < 120:
			return digits(v) + " s"
		}
		return fmt.Sprintf("%d min %02d s", int(v)/60, int(v)%60)
	case Bytes:
		for _, step := range []struct {
			size float64
			name string
		}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
			if v >= step.size {
				return digits(v/step.size) + " " + step.name
			}
		}
		return digits(v) + " B"
	case PerSecond:
		return digits(v) + "/s"
	}
	if v == math.Trunc(v) {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return digits(v)
}

// digits writes three digits that count, or all before the point.
func digits(v float64) string {
	if v == 0 || math.Abs(v) >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	places := 2 - int(math.Floor(math.Log10(math.Abs(v))))
	return strconv.FormatFloat(v, 'f', min(places, 6), 64)
}

// quantileText is a quantile with its interval, or why there is none.
func quantileText(q stats.Quantile, unit Unit, write func(float64, Unit) string) (value, interval string) {
	if q.Withheld() {
		return "withheld", fmt.Sprintf("takes %d measurements", q.Needs)
	}
	return write(q.Value, unit), write(q.Interval.Low, unit) + " … " + write(q.Interval.High, unit)
}

func quantileName(p float64) string {
	if p == 0.5 {
		return "median"
	}
	return "p" + strconv.FormatFloat(p*100, 'g', 6, 64)
}

// percent writes a relative difference: 0.0123 is `1.23%`.
func percent(x float64) string { return digits(100*x) + "%" }

// undecided says what is known, and how long more would take.
func (c *Comparison) undecided() string {
	if c.Interval.Confidence == 0 && c.Blocks >= 20 {
		return "too short to be told from the shell's own time"
	}
	if c.Interval.Confidence == 0 {
		return fmt.Sprintf("%d blocks are too few for an interval", c.Blocks)
	}
	text := fmt.Sprintf("the ratio is between %.4f and %.4f", c.Interval.Low, c.Interval.High)
	switch {
	case c.Seconds > 86400:
		text += "; a decision would take more than a day"
	case c.Seconds > 0:
		text += fmt.Sprintf("; a decision would take about %s more (%d blocks in all)", Value(math.Ceil(c.Seconds), Seconds), c.BlocksNeeded)
	}
	return text
}

// NoiseText is what the A/A pass found, in words.
func NoiseText(n *stats.Noise) string { return "A/A: in one block equals differ by " + NoiseBrief(n) }

// NoiseBrief is how much equals differ, and what could be found besides.
func NoiseBrief(n *stats.Noise) string {
	text := fmt.Sprintf("%s (median of %d)", percent(n.Floor), n.Blocks)
	if n.Detectable > 0 {
		text += fmt.Sprintf("; as many blocks find a difference of %s in 9 of 10 cases", percent(n.Detectable))
	}
	if n.P < 0.01 {
		text += fmt.Sprintf("; but equals differ more than chance allows (p = %.2g): something else than the subjects decides here", n.P)
	}
	return text
}

// environmentText is the machine in one line.
func environmentText(e *machine.Environment) string {
	var parts []string
	add := func(format string, ok bool, args ...any) {
		if ok {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add("%s", e.CPU != "", e.CPU)
	add("%d cores", e.Cores > 0, e.Cores)
	add("governor %s", e.Governor != "", e.Governor)
	add("turbo %s", e.Turbo != "", e.Turbo)
	add("%s", e.Memory > 0, Value(float64(e.Memory), Bytes))
	add("%s/%s", e.OS != "", e.OS, e.Arch)
	add("kernel %s", e.Kernel != "", e.Kernel)
	add("virtual machine", e.Virtual)
	if len(e.Load) > 0 {
		parts = append(parts, fmt.Sprintf("load %.2f", e.Load[0]))
	}
	for _, v := range e.Versions {
		parts = append(parts, v.Name+" "+v.Version)
	}
	return strings.Join(parts, " · ")
}

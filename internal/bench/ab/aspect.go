package ab

import (
	"math"
	"slices"
	"time"

	"github.com/tame-py/tame/internal/bench/load"
	"github.com/tame-py/tame/internal/bench/report"
	"github.com/tame-py/tame/internal/bench/stats"
)

// An Aspect is one of the things that servers are compared by.
type Aspect int

// The aspects.
const (
	P50 Aspect = iota
	P90
	P99
	CPU        // of the server and all its children, for each answer
	Memory     // their peak
	Throughput // answers a second
	Startup    // until it was ready
	numAspects
)

// Aspects are all, by the names that plans call them.
func Aspects() []string {
	return []string{"p50", "p90", "p99", "cpu", "memory", "throughput", "start-up"}
}

// ParseAspect is the aspect of a name.
func ParseAspect(name string) (Aspect, bool) {
	i := slices.Index(Aspects(), name)
	return Aspect(i), i >= 0
}

// metric is the aspect as reports name it.
func (a Aspect) metric() (name string, unit report.Unit) {
	switch a {
	case P50:
		return report.P50, report.Seconds
	case P90:
		return report.P90, report.Seconds
	case P99:
		return report.P99, report.Seconds
	case CPU:
		return report.CPUPerRequest, report.Seconds
	case Memory:
		return report.PeakMemory, report.Bytes
	case Throughput:
		return report.Throughput, report.PerSecond
	}
	return report.Startup, report.Seconds
}

// fill reads the values off a result. What the system does not tell is not a
// number.
func (w *Window) fill(r *load.Result, startup, cpu time.Duration, peak int64, known bool) {
	w.values[P50], w.values[P90] = stats.RangeOf(w.Latency, 0.5, 0.9)
	_, w.values[P99] = stats.RangeOf(w.Latency, 0.5, 0.99)
	w.values[CPU], w.values[Memory] = math.NaN(), math.NaN()
	if known {
		w.values[CPU] = max(0, cpu.Seconds()) / float64(max(1, r.Answered))
		w.values[Memory] = float64(peak)
	}
	w.values[Throughput] = r.Answers
	w.values[Startup] = startup.Seconds()
}

// values are those of one aspect in all windows.
func (r *ServerResult) values(a Aspect) []float64 {
	out := make([]float64, len(r.Windows))
	for i := range r.Windows {
		out[i] = r.Windows[i].values[a]
	}
	return out
}

// rows are the log ratios of each aspect of each subject to the first, where
// less is better.
func (f *field) rows(subjects int) [][]float64 {
	var out [][]float64
	for _, m := range f.subjects[1:subjects] {
		for _, a := range f.drive.Aspects {
			out = append(out, f.row(m, a))
		}
	}
	return out
}

func (f *field) row(m *measured, a Aspect) []float64 {
	of, to := m.values(a), f.subjects[0].values(a)
	if f.twin(m) {
		to = twinned(to)
	}
	if a == Throughput {
		of, to = to, of
	}
	return logRatios(of, to)
}

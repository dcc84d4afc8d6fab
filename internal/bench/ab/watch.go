package ab

import (
	"time"

	"github.com/tame-py/tame/internal/bench/stats"
)

// A watch looks at comparisons while they are measured, at the moments that
// [stats.Looks] plans, and says when there is enough.
type watch struct {
	options Options
	trial   *stats.Trial // nil where nothing is compared
	looks   []float64
	elapsed float64 // of what is planned
}

func newWatch(o Options, comparisons int) *watch {
	w := &watch{options: o, looks: stats.Looks()}
	if comparisons > 0 {
		w.trial = stats.NewTrial(comparisons, o.Margin)
	}
	return w
}

// enough reports, after a block, whether all is decided or the budget used up.
func (w *watch) enough(passed time.Duration, blocks int, rows func() [][]float64) bool {
	w.elapsed = passed.Seconds() / w.options.Budget.Seconds()
	if w.options.Blocks > 0 {
		w.elapsed = max(w.elapsed, float64(blocks)/float64(w.options.Blocks))
	}
	// A block that would be over long after the time is not begun.
	if rest := w.options.Budget - passed; rest < passed/time.Duration(2*max(1, blocks)) {
		w.elapsed = 1
	}
	if w.elapsed < w.looks[0] || w.trial == nil {
		return w.elapsed >= 1
	}
	for len(w.looks) > 1 && w.elapsed >= w.looks[1] {
		w.looks = w.looks[1:]
	}
	_, decided := w.trial.Look(w.elapsed, rows())
	if len(w.looks) > 1 {
		w.looks = w.looks[1:]
	} else {
		w.looks = []float64{2} // the last look has been had
	}
	return decided || w.elapsed >= 1
}

// last is the look at all there is. A measurement that was broken off has its
// last one now.
func (w *watch) last(rows [][]float64) []stats.Comparison {
	found, _ := w.trial.Look(min(w.elapsed, 1), rows)
	return found
}

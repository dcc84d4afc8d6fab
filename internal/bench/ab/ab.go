// Package ab compares subjects: [Run] measures commands in randomised complete
// blocks until the verdict is clear or the time is up, and [Compare] says what
// such blocks tell.
package ab

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tame-py/tame/internal/bench/command"
	"github.com/tame-py/tame/internal/bench/report"
	"github.com/tame-py/tame/internal/bench/stats"
)

// Progress is how far a comparison is.
type Progress = command.Progress

// Options say how to compare.
type Options struct {
	// Margin is the relative difference that does not matter: 0.02 for 2%.
	Margin float64
	// Budget is how long to measure at most.
	Budget time.Duration
	// Blocks is how many blocks to measure at most; 0 leaves it to the budget.
	Blocks int
	// Warmup is how many blocks do not count.
	Warmup int
	// NoTwin leaves out the A/A pass.
	NoTwin   bool
	Ignored  func(code int) bool
	Progress func(Progress)
}

// resamples is how many times blocks are drawn for a bootstrap interval.
const resamples = 1000

// Run measures commands against the first of them, which is measured a second
// time in some blocks (see [stats.Twinned]) under another name: what that pair
// differs by is the noise of the machine. It returns what was measured also with an error.
func Run(ctx context.Context, r *command.Runner, commands []command.Command, o Options) ([]command.Result, []report.Comparison, *stats.Noise, error) {
	measured := slices.Clone(commands)
	if !o.NoTwin {
		twin := commands[0]
		twin.Setup, twin.Cleanup = "", "" // done once for both
		measured = append(measured, twin)
	}
	w := newWatch(o, len(commands)-1)
	plan := command.Plan{Warmup: o.Warmup, Runs: o.Blocks, Ignored: o.Ignored}
	if plan.Runs == 0 {
		plan.Runs = math.MaxInt32
	}
	plan.Skips = func(i, block int) bool { return i == len(commands) && !stats.Twinned(block) }
	done := 0
	if o.Progress != nil {
		plan.Progress = func(p Progress) { o.Progress(blocksOf(p, done, len(commands), o)) }
	}
	plan.Decide = func(passed time.Duration, results []command.Result) bool {
		done = len(results[0].Runs)
		return w.enough(passed, done, func() [][]float64 { return ratios(results[:len(commands)], 0) })
	}
	results, err := command.Measure(ctx, r, measured, plan)
	blocks := command.Complete(results[:len(commands)])
	var noise *stats.Noise
	if !o.NoTwin && len(blocks[0].Runs) > 0 {
		n := stats.NoiseOf(logRatios(results[len(commands)].Times(), twinned(blocks[0].Times())), len(blocks[0].Runs))
		noise = &n
	}
	if len(commands) < 2 {
		return blocks, nil, noise, err
	}
	// A measurement that was broken off has its last look now.
	found := w.last(ratios(blocks, 0))
	return blocks, comparisons(blocks, 0, found, pace(blocks)), noise, err
}

// blocksOf is how far a comparison is in blocks, of which some are done.
func blocksOf(p Progress, done, commands int, o Options) Progress {
	left := o.Budget - p.Elapsed
	if o.Blocks > 0 && done > 0 {
		left = min(left, p.Elapsed/time.Duration(done)*time.Duration(o.Blocks-done))
	}
	p.Done, p.Total, p.Remaining = done, 0, left
	p.Estimates = p.Estimates[:min(len(p.Estimates), commands)]
	return p
}

// twinned are those values, one for each block, that the twin has one to compare
// with.
func twinned(values []float64) []float64 {
	var out []float64
	for block, v := range values {
		if stats.Twinned(block) {
			out = append(out, v)
		}
	}
	return out
}

// Compare says what blocks tell that were planned without looking at them. The
// reference is the index of the one that the others are compared with.
func Compare(results []command.Result, reference int, margin float64) []report.Comparison {
	results = command.Complete(results)
	if len(results) < 2 || len(results[0].Runs) == 0 {
		return nil
	}
	found, _ := stats.NewTrial(len(results)-1, margin).Look(1, ratios(results, reference))
	return comparisons(results, reference, found, pace(results))
}

// pace is how many seconds a block takes.
func pace(results []command.Result) float64 {
	var sum float64
	for i := range results {
		for _, t := range results[i].Times() {
			sum += t
		}
	}
	return sum / float64(max(1, len(results[0].Runs)))
}

func comparisons(results []command.Result, reference int, found []stats.Comparison, block float64) []report.Comparison {
	random := rand.New(rand.NewPCG(1, uint64(len(results)))) //nolint:gosec // the same report for the same samples
	var out []report.Comparison
	for i := range results {
		if i == reference {
			continue
		}
		c := report.Comparison{Subject: results[i].Command.Name, Reference: results[reference].Command.Name, Metric: report.Wall, Comparison: found[len(out)]}
		c.Comparison = told(c.Comparison, results[i].Times(), results[reference].Times())
		logs := logRatios(results[i].Times(), results[reference].Times())
		c.Bootstrap = stats.BootstrapRatio(logs, resamples, random)
		if c.BlocksNeeded > 0 {
			c.Seconds = float64(c.BlocksNeeded-c.Blocks) * block
		}
		for _, d := range logs {
			c.Ratios = append(c.Ratios, math.Exp(d))
		}
		out = append(out, c)
	}
	return out
}

// told takes the verdict back where a time is lost in that of the shell, which
// was taken off: what is left are differences between two noises.
func told(c stats.Comparison, samples ...[]float64) stats.Comparison {
	for _, s := range samples {
		if stats.Summarize(s, 0.5).Median < least {
			c.Verdict, c.Interval, c.BlocksNeeded = stats.Undecided, stats.Interval{}, 0
		}
	}
	return c
}

func ratios(results []command.Result, reference int) [][]float64 {
	var out [][]float64
	for i := range results {
		if i != reference {
			out = append(out, logRatios(results[i].Times(), results[reference].Times()))
		}
	}
	return out
}

// least is the shortest time that is told apart from nothing: the rest of the
// shell's own time may be taken off to zero.
const least = 1e-6

func logRatios(subject, reference []float64) []float64 {
	out := make([]float64, min(len(subject), len(reference)))
	for i := range out {
		out[i] = math.Log(max(subject[i], least) / max(reference[i], least))
	}
	return out
}

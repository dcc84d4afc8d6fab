// Package truth measures the measurer: how often the comparisons of package
// stats are right about commands whose true times are known, because a seeded
// generator makes them up. [Tables] are the figures of docs/bench.md.
package truth

import (
	"math"
	"math/rand/v2"
	"runtime"
	"sync"

	"github.com/tame-py/tame/internal/bench/stats"
)

// A Scenario is a pair of commands on a machine of a certain unrest.
type Scenario struct {
	Name       string
	Seconds    float64 // how long a run takes, typically
	Spread     float64 // the standard deviation of the logarithm of a run's time
	Outliers   float64 // the share of runs that something disturbs, by up to half
	Drift      float64 // the standard deviation of the machine's slow changes of pace
	Difference float64 // the true difference: 0.05 for 5% slower
	Margin     float64
	Budget     float64 // seconds of measurement
	Method     Method
}

// A Method is a way to decide.
type Method int

// The methods.
const (
	Sequential Method = iota // randomised blocks, looked at while they are measured
	OneLook                  // randomised blocks, looked at once at the end
	InSequence               // all runs of one, then all of the other; Welch's t-test
)

// An Outcome counts the verdicts of many trials.
type Outcome struct {
	Scenario
	Trials   int
	Verdicts map[stats.Verdict]int
	Typical  float64 // the median of how many seconds were measured until the verdict
}

// Share is how many trials of all ended in one of the verdicts.
func (o *Outcome) Share(verdicts ...stats.Verdict) float64 {
	var n int
	for _, v := range verdicts {
		n += o.Verdicts[v]
	}
	return float64(n) / float64(o.Trials)
}

// Run makes the trials of a scenario, each with a seed of its own, so that the
// outcome is the same wherever it is run.
func Run(s Scenario, trials int) Outcome {
	type end struct {
		verdict stats.Verdict
		seconds float64
	}
	ends := make([]end, trials)
	var wait sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wait.Go(func() {
			for i := w; i < trials; i += workers {
				r := rand.New(rand.NewPCG(uint64(i), math.Float64bits(s.Seconds+s.Spread+s.Difference)))
				ends[i].verdict, ends[i].seconds = s.trial(r)
			}
		})
	}
	wait.Wait()
	out := Outcome{Scenario: s, Trials: trials, Verdicts: map[stats.Verdict]int{}}
	times := make([]float64, trials)
	for i, e := range ends {
		out.Verdicts[e.verdict]++
		times[i] = e.seconds
	}
	out.Typical = stats.Summarize(times, 0.5).Median
	return out
}

// A world makes up run times. Its pace wanders as that of a real machine does:
// what was slow a second ago probably still is.
type world struct {
	Scenario
	random *rand.Rand
	pace   float64
	now    float64 // seconds
}

// wander is how many seconds it takes the pace to forget most of what it was.
const wander = 10

// run is the time that a command of a true mean takes now.
func (w *world) run(seconds float64) float64 {
	keep := math.Exp(-seconds / wander)
	w.pace = w.pace*keep + w.Drift*math.Sqrt(1-keep*keep)*w.random.NormFloat64()
	log := w.pace + w.Spread*w.random.NormFloat64()
	if w.random.Float64() < w.Outliers {
		log += 0.5 * w.random.Float64()
	}
	took := seconds * math.Exp(log)
	w.now += took
	return took
}

func (s *Scenario) trial(r *rand.Rand) (stats.Verdict, float64) {
	w := &world{Scenario: *s, random: r}
	w.pace = s.Drift * r.NormFloat64()
	a, b := s.Seconds, s.Seconds*(1+s.Difference)
	switch s.Method {
	case InSequence:
		return w.inSequence(a, b), w.now
	case OneLook:
		ratios := w.blocks(nil, a, b, s.Budget, false)
		return stats.Compare(ratios, 1-stats.Confidence, s.Margin).Verdict, w.now
	}
	var ratios []float64
	verdict := stats.Undecided
	trial := stats.NewTrial(1, s.Margin)
	for _, fraction := range stats.Looks() {
		ratios = w.blocks(ratios, a, b, fraction*s.Budget, true)
		found, decided := trial.Look(min(w.now/s.Budget, 1), [][]float64{ratios})
		if verdict = found[0].Verdict; decided {
			break
		}
	}
	return verdict, w.now
}

// blocks measures both in random order until a time, and in some blocks the
// first once more, as the A/A pass does.
func (w *world) blocks(ratios []float64, a, b, until float64, twin bool) []float64 {
	for w.now < until {
		if twin && stats.Twinned(len(ratios)) {
			w.run(a)
		}
		var x, y float64
		if w.random.IntN(2) == 0 {
			x = w.run(a)
			y = w.run(b)
		} else {
			y = w.run(b)
			x = w.run(a)
		}
		ratios = append(ratios, math.Log(y/x))
	}
	return ratios
}

func (w *world) inSequence(a, b float64) stats.Verdict {
	measure := func(seconds, until float64) []float64 {
		var times []float64
		for w.now < until || len(times) < 2 {
			times = append(times, w.run(seconds))
		}
		return times
	}
	first := stats.Summarize(measure(a, w.Budget/2), 0.5)
	second := stats.Summarize(measure(b, w.Budget), 0.5)
	va, vb := first.StdDev*first.StdDev/float64(first.N), second.StdDev*second.StdDev/float64(second.N)
	// The quantile of the normal distribution will do for samples of this size.
	switch t := (second.Mean - first.Mean) / math.Sqrt(va+vb); {
	case t > 1.96:
		return stats.Slower
	case t < -1.96:
		return stats.Faster
	}
	return stats.Undecided
}

// Equal are the scenarios of two equal commands, in which every "faster" and
// "slower" is wrong.
func Equal() []Scenario {
	quiet := Scenario{Seconds: 0.1, Spread: 0.03, Outliers: 0.03, Drift: 0.02, Budget: 60}
	named := func(name string, change func(*Scenario)) Scenario {
		s := quiet
		s.Name = name
		change(&s)
		return s
	}
	return []Scenario{
		named("one look", func(s *Scenario) { s.Method = OneLook }),
		named("looked at 12 times", func(*Scenario) {}),
		named("noisy machine", func(s *Scenario) { s.Spread, s.Outliers, s.Drift = 0.1, 0.1, 0.1 }),
		named("few blocks: 1 s a run", func(s *Scenario) { s.Seconds = 1 }),
		named("margin 2%", func(s *Scenario) { s.Margin = 0.02 }),
		named("in sequence, Welch's t-test", func(s *Scenario) { s.Method = InSequence }),
	}
}

// Different are the scenarios of a command that is 5% slower, in which
// "slower" is right, "undecided" is honest, and all else is wrong.
func Different() []Scenario {
	var out []Scenario
	for _, seconds := range []float64{0.01, 0.1, 0.5, 1} {
		for _, noise := range []struct {
			name                    string
			spread, outliers, drift float64
		}{{"2%", 0.02, 0.02, 0.02}, {"5%", 0.05, 0.05, 0.05}, {"10%", 0.1, 0.1, 0.1}} {
			out = append(out, Scenario{
				Name: noise.name, Seconds: seconds, Spread: noise.spread, Outliers: noise.outliers, Drift: noise.drift,
				Difference: 0.05, Margin: 0.02, Budget: 60,
			})
		}
	}
	return out
}

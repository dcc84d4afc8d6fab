package stats

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Compare looks at the log ratios ln(subject/reference) of blocks in which both
// were measured in random order. Level is the chance of a wrong verdict that
// this look may take: 0.05 for one look at one comparison, what
// [Sequence.Level] gives otherwise. Margin is the relative difference that does
// not matter, 0 for none.
//
// The verdict is read off the interval: all of it within the margin is
// equivalent, whether or not 1 is inside; all of it beyond 1 is faster or
// slower.
func Compare(logRatios []float64, level, margin float64) Comparison {
	c := Comparison{Blocks: len(logRatios), Ratio: 1, Margin: margin, P: 1, PHolm: 1, PEquivalent: 1, Verdict: Undecided}
	if len(logRatios) == 0 {
		return c
	}
	sorted := slices.Sorted(slices.Values(logRatios))
	tail := newRankTail(len(sorted))
	estimate := centre(sorted)
	c.Ratio = math.Exp(estimate)
	above, below := tail.tails(sorted, 0)
	c.P = min(1, 2*min(above, below))
	c.PHolm = c.P
	if margin > 0 {
		over, _ := tail.tails(sorted, -math.Log1p(margin))
		_, under := tail.tails(sorted, math.Log1p(margin))
		c.PEquivalent = max(over, under)
	}
	k := tail.rank(level / 2)
	if k < 1 {
		return c
	}
	low, high := walshRank(sorted, k), walshRank(sorted, walshPairs(len(sorted))+1-k)
	c.Interval = Interval{Low: math.Exp(low), High: math.Exp(high), Confidence: Confidence}
	bound := math.Log1p(margin)
	switch {
	case margin > 0 && low > -bound && high < bound:
		c.Verdict = Equivalent
	case high < 0:
		c.Verdict = Faster
	case low > 0:
		c.Verdict = Slower
	default:
		c.BlocksNeeded = needed(len(sorted), estimate, (high-low)/2, bound)
	}
	return c
}

// needed is how many blocks would make the half width, which shrinks with the
// root of their number, fit between the estimate and 0, or between it and the
// margin.
func needed(n int, estimate, half, bound float64) int {
	room := max(math.Abs(estimate), bound-math.Abs(estimate))
	if room <= 0 || half <= 0 {
		return math.MaxInt32
	}
	blocks := float64(n) * (half / room) * (half / room)
	return int(min(max(math.Ceil(blocks), float64(n+1)), math.MaxInt32))
}

// BootstrapRatio is the percentile interval of the ratio from resampled blocks.
// It is unknown (of confidence 0) for fewer than six.
func BootstrapRatio(logRatios []float64, resamples int, r *rand.Rand) Interval {
	n := len(logRatios)
	if n < 6 {
		return Interval{}
	}
	estimates := make([]float64, resamples)
	drawn := make([]float64, n)
	for i := range estimates {
		for j := range drawn {
			drawn[j] = logRatios[r.IntN(n)]
		}
		slices.Sort(drawn)
		estimates[i] = centre(drawn)
	}
	slices.Sort(estimates)
	at := func(rank int) float64 { return estimates[rank-1] }
	tail := (1 - Confidence) / 2
	return Interval{
		Low: math.Exp(interpolate(resamples, tail, at)), High: math.Exp(interpolate(resamples, 1-tail, at)), Confidence: Confidence,
	}
}

// Holm corrects P values for their number: a value p of the result says that
// its comparison would be significant at the level p in all of them together.
func Holm(ps []float64) []float64 {
	out := make([]float64, len(ps))
	var least float64
	for i, at := range order(ps) {
		least = max(least, min(1, ps[at]*float64(len(ps)-i)))
		out[at] = least
	}
	return out
}

// order are the indices of values in ascending order.
func order(values []float64) []int {
	out := make([]int, len(values))
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(a, b int) int {
		switch {
		case values[a] < values[b]:
			return -1
		case values[a] > values[b]:
			return 1
		}
		return 0
	})
	return out
}

// The noise is known well enough after some blocks. From then on the time is better
// spent on what is compared than on the twin.
const (
	twinFirst = 8 // all of these have one: enough for an interval
	twinEvery = 4 // of the others one in as many
)

// Twinned reports whether a block, counted from 0, measures the first subject a
// second time, for the A/A pass.
func Twinned(block int) bool { return block < twinFirst || block%twinEvery == 0 }

// NoiseOf is what the log ratios of an A/A pass say of comparisons that have a
// number of blocks.
func NoiseOf(logRatios []float64, blocks int) Noise {
	c := Compare(logRatios, 1-Confidence, 0)
	noise := Noise{Blocks: len(logRatios), P: c.P}
	if len(logRatios) == 0 {
		return noise
	}
	distances := make([]float64, len(logRatios))
	for i, d := range logRatios {
		distances[i] = math.Abs(d)
	}
	noise.Floor = math.Expm1(Summarize(distances, 0.5).Median)
	if c.Interval.Confidence > 0 && blocks > 0 {
		// The interval's width tells the standard error without assuming a
		// distribution; 90% power takes 1.28 of them more.
		half := math.Log(c.Interval.High/c.Interval.Low) / 2
		z := normalQuantile(1 - (1-Confidence)/2)
		se := half / z * math.Sqrt(float64(len(logRatios))/float64(blocks))
		noise.Detectable = math.Expm1((z + normalQuantile(0.9)) * se)
	}
	return noise
}

// Package stats is the statistics of `tame bench`: what a sample says of its
// distribution ([Summarize]), what blocks of paired measurements say of a
// difference ([Compare]), and when enough has been measured ([Sequence]). It
// is pure: no clock, no randomness but what the caller seeds.
//
// Nothing here assumes that times are normally distributed, because they are
// not. Quantiles have intervals of order statistics; differences are logarithms
// of ratios within a block, estimated by Hodges and Lehmann's median of
// averages and tested by the signs that randomisation could have given them.
package stats

import (
	"cmp"
	"math"
	"slices"
)

// Confidence is the coverage of every interval unless something else is said.
const Confidence = 0.95

// An Interval is a range that holds the true value with a given confidence.
type Interval struct {
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Confidence float64 `json:"confidence"`
}

// Contains reports whether x lies in the interval, its ends included.
func (i Interval) Contains(x float64) bool { return i.Low <= x && x <= i.High }

// A Quantile is the value below which a share P of the distribution lies. Where
// the sample is too small for an interval, there is no value either: it would
// be that of one unlucky measurement.
type Quantile struct {
	P        float64  `json:"p"`
	Value    float64  `json:"value"`
	Interval Interval `json:"interval"`
	// Needs is how many measurements the quantile takes, where there are fewer
	// and the value is withheld.
	Needs int `json:"needs,omitempty"`
}

// Withheld reports whether there are too few measurements for the quantile.
func (q Quantile) Withheld() bool { return q.Needs > 0 }

// A Summary describes one sample in the unit of its values.
type Summary struct {
	N         int        `json:"n"`
	Mean      float64    `json:"mean"`
	StdDev    float64    `json:"stddev"` // of the sample, with n−1; 0 for n < 2
	Median    float64    `json:"median"` // also where there are too few values for its interval
	Min       float64    `json:"min"`
	Max       float64    `json:"max"`
	Quantiles []Quantile `json:"quantiles"`
}

// Quantile is the summary of the share p, if it was asked for.
func (s *Summary) Quantile(p float64) (Quantile, bool) {
	for _, q := range s.Quantiles {
		if q.P == p {
			return q, true
		}
	}
	return Quantile{}, false
}

// Quantiles are the shares that are summarised unless others are named.
func Quantiles() []float64 { return []float64{0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999} }

// A Bin is a value that was measured Count times: what is left of a sample
// that was counted in a histogram.
type Bin struct {
	Value float64
	Count int64
}

// Summarize describes a sample in any order. The quantiles are those of
// [Quantiles] unless others are given. The sample is not changed.
func Summarize(sample []float64, ps ...float64) Summary {
	bins := make([]Bin, len(sample))
	for i, x := range sample {
		bins[i] = Bin{x, 1}
	}
	return SummarizeBins(bins, ps...)
}

// SummarizeBins is [Summarize] for a sample that was counted.
func SummarizeBins(bins []Bin, ps ...float64) Summary {
	if len(ps) == 0 {
		ps = Quantiles()
	}
	bins = slices.DeleteFunc(slices.Clone(bins), func(b Bin) bool { return b.Count <= 0 })
	slices.SortStableFunc(bins, func(a, b Bin) int { return cmp.Compare(a.Value, b.Value) })
	s := Summary{Quantiles: make([]Quantile, len(ps))}
	cumulative := make([]int64, len(bins))
	var n int64
	for i, b := range bins {
		n += b.Count
		cumulative[i] = n
		s.Mean += (b.Value - s.Mean) * float64(b.Count) / float64(n)
	}
	s.N = int(n)
	if n > 0 {
		s.Min, s.Max = bins[0].Value, bins[len(bins)-1].Value
	}
	if n > 1 {
		var squares float64
		for _, b := range bins {
			squares += float64(b.Count) * (b.Value - s.Mean) * (b.Value - s.Mean)
		}
		s.StdDev = math.Sqrt(squares / float64(n-1))
	}
	at := func(rank int) float64 { // from 1
		i, _ := slices.BinarySearch(cumulative, int64(rank))
		return bins[i].Value
	}
	if n > 0 {
		s.Median = interpolate(s.N, 0.5, at)
	}
	for i, p := range ps {
		s.Quantiles[i] = quantile(int(n), p, at)
	}
	return s
}

// quantile is that of n values of which at gives the i-th smallest.
func quantile(n int, p float64, at func(int) float64) Quantile {
	q := Quantile{P: p}
	low, high := orderRanks(n, p, Confidence)
	if low == 0 {
		q.Needs = quantileNeeds(p, Confidence)
		return q
	}
	q.Value = interpolate(n, p, at)
	q.Interval = Interval{Low: min(at(low), q.Value), High: max(at(high), q.Value), Confidence: Confidence}
	return q
}

// interpolate is the median-unbiased estimate whatever the distribution:
// definition 8 of Hyndman and Fan, 1996.
func interpolate(n int, p float64, at func(int) float64) float64 {
	h := (float64(n)+1.0/3)*p + 1.0/3
	h = min(max(h, 1), float64(n))
	i := int(h)
	if i >= n {
		return at(n)
	}
	return at(i) + (h-float64(i))*(at(i+1)-at(i))
}

// quantileNeeds is the smallest sample that has an interval for the share p.
func quantileNeeds(p, confidence float64) int {
	tail := (1 - confidence) / 2
	n := int(math.Ceil(math.Log(tail)/math.Log(max(p, 1-p)))) - 1
	for n = max(n, 1); ; n++ {
		if low, _ := orderRanks(n, p, confidence); low > 0 {
			return n
		}
	}
}

// orderRanks are the ranks (from 1) of the order statistics between which the
// share p lies with at least the confidence, each tail with half of the rest;
// zero where n is too small. The number of values below the true quantile is
// binomial, whatever the distribution.
func orderRanks(n int, p, confidence float64) (low, high int) {
	tail := (1 - confidence) / 2
	if n < 1 || math.Pow(p, float64(n)) > tail || math.Pow(1-p, float64(n)) > tail {
		return 0, 0
	}
	// low is the largest rank with P(X < low) ≤ tail.
	low = binomialQuantile(n, p, tail)
	// high is the smallest rank with P(X ≥ high) ≤ tail.
	high = n + 1 - binomialQuantile(n, 1-p, tail)
	if low < 1 || high > n {
		return 0, 0
	}
	return low, high
}

// binomialQuantile is the largest k ≤ n with P(X ≤ k−1) ≤ tail for X of n
// trials of chance p.
func binomialQuantile(n int, p, tail float64) int {
	lo, hi := 0, n // P(X ≤ lo−1) ≤ tail holds for lo = 0
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if binomialCDF(n, p, mid-1) <= tail {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	return lo
}

// RangeOf are the values at two shares of a counted sample, in any order.
func RangeOf(bins []Bin, low, high float64) (from, to float64) {
	bins = slices.Clone(bins)
	slices.SortFunc(bins, func(a, b Bin) int { return cmp.Compare(a.Value, b.Value) })
	var total, below int64
	for _, b := range bins {
		total += b.Count
	}
	for i, b := range bins {
		if i == 0 || float64(below) <= low*float64(total) {
			from = b.Value
		}
		if i == 0 || float64(below) < high*float64(total) {
			to = b.Value
		}
		below += b.Count
	}
	return from, to
}

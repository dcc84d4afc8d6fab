package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// The ranks are those of the usual tables for the median.
func TestOrderRanks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n         int
		p         float64
		low, high int
	}{
		{5, 0.5, 0, 0},
		{6, 0.5, 1, 6},
		{10, 0.5, 2, 9},
		{20, 0.5, 6, 15},
		{100, 0.5, 40, 61},
		{35, 0.9, 0, 0},
		{3000, 0.999, 0, 0},
	} {
		if low, high := orderRanks(c.n, c.p, 0.95); low != c.low || high != c.high {
			t.Errorf("orderRanks(%d, %v) = %d, %d; want %d, %d", c.n, c.p, low, high, c.low, c.high)
		}
	}
}

// An interval of 95% holds the true quantile in about 95% of samples, or in
// more where ranks are coarse.
func TestQuantileCoverage(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{20, 200, 1000} {
		held, trials := map[float64]int{}, 1000
		for range trials {
			sample := make([]float64, n)
			for i := range sample {
				sample[i] = r.ExpFloat64()
			}
			for _, q := range Summarize(sample).Quantiles {
				if q.Withheld() || q.Interval.Contains(-math.Log(1-q.P)) {
					held[q.P]++
				}
			}
		}
		for p, k := range held {
			if share := float64(k) / float64(trials); share < 0.93 {
				t.Errorf("n = %d: the interval of p = %v held the truth in %.1f%% of samples", n, p, share*100)
			}
		}
	}
}

func TestSmallSamplesWithholdQuantiles(t *testing.T) {
	t.Parallel()
	sample := make([]float64, 1000)
	for i := range sample {
		sample[i] = float64(i)
	}
	s := Summarize(sample)
	if q, _ := s.Quantile(0.999); !q.Withheld() || q.Needs != 3688 || q.Value != 0 {
		t.Errorf("p99.9 of 1000 values: %+v", q)
	}
	if q, _ := s.Quantile(0.99); q.Withheld() || math.Abs(q.Value-989.5) > 1 {
		t.Errorf("p99 of 1000 values: %+v", q)
	}
}

func TestSummarizeBinsEqualsSummarize(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	var sample []float64
	counts := map[float64]int64{}
	for range 5000 {
		x := math.Round(r.ExpFloat64() * 50)
		sample = append(sample, x)
		counts[x]++
	}
	var bins []Bin
	for x, n := range counts {
		bins = append(bins, Bin{x, n})
	}
	one, other := Summarize(sample), SummarizeBins(bins)
	if one.N != other.N || math.Abs(one.Mean-other.Mean) > 1e-9 || math.Abs(one.StdDev-other.StdDev) > 1e-9 || !slices.Equal(one.Quantiles, other.Quantiles) {
		t.Errorf("of samples: %+v\nof bins:    %+v", one, other)
	}
}

func TestSummarizeFew(t *testing.T) {
	t.Parallel()
	if s := Summarize(nil); s.N != 0 || !s.Quantiles[0].Withheld() {
		t.Errorf("of nothing: %+v", s)
	}
	if s := Summarize([]float64{3}); s.N != 1 || s.Mean != 3 || s.StdDev != 0 || s.Min != 3 || s.Max != 3 {
		t.Errorf("of one: %+v", s)
	}
}

package stats

import (
	"math/rand/v2"
	"testing"
)

// Where windows differ, an interval that takes requests for independent holds
// the true median in far fewer cases than it says; that of parts holds it.
func TestSummarizePartsCoverage(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	const trials, windows, requests = 300, 30, 100
	var held, naive int
	for range trials {
		parts := make([][]Bin, windows)
		for i := range parts {
			pace := r.NormFloat64()
			for range requests {
				parts[i] = append(parts[i], Bin{10 + pace + r.NormFloat64(), 1})
			}
		}
		one, other := SummarizeParts(parts, 0.5), SummarizeBins(Merge(parts...), 0.5)
		if q := one.Quantiles[0]; q.Withheld() || q.Interval.Contains(10) {
			held++
		}
		if q := other.Quantiles[0]; q.Interval.Contains(10) {
			naive++
		}
	}
	if held < trials*90/100 || naive > trials*60/100 {
		t.Errorf("held in %d of %d cases, as independent ones in %d", held, trials, naive)
	}
}

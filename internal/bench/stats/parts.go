package stats

import (
	"math"
	"slices"
)

// SummarizeParts describes a sample that was counted in parts, such as the
// requests of several windows, which may differ from each other by more than
// chance: a server that was slow in one was so for all requests of it. The
// intervals of quantiles are widened by as much as the share above the value
// differs more between the parts than between random ones of their size.
func SummarizeParts(parts [][]Bin, ps ...float64) Summary {
	all := Merge(parts...)
	s := SummarizeBins(all, ps...)
	cumulative := make([]int64, len(all))
	var n int64
	for i, b := range all {
		n += b.Count
		cumulative[i] = n
	}
	at := func(rank float64) float64 {
		i, _ := slices.BinarySearch(cumulative, int64(math.Ceil(min(max(rank, 1), float64(n)))))
		return all[i].Value
	}
	for i := range s.Quantiles {
		q := &s.Quantiles[i]
		if q.Withheld() {
			continue
		}
		effect := designEffect(parts, q.Value)
		if effect <= 1 {
			continue
		}
		middle := float64(n) * q.P
		half := normalQuantile(1-(1-Confidence)/2) * math.Sqrt(middle*(1-q.P)*effect)
		if middle-half < 1 || middle+half+1 > float64(n) {
			*q = Quantile{P: q.P, Needs: int(float64(quantileNeeds(q.P, Confidence))*effect) + 1}
			continue
		}
		q.Interval.Low, q.Interval.High = min(q.Interval.Low, at(middle-half)), max(q.Interval.High, at(middle+half+1))
	}
	return s
}

// designEffect is the variance of the share above a value between parts, in
// terms of that of random parts; at least 1.
func designEffect(parts [][]Bin, value float64) float64 {
	above, sizes := make([]float64, len(parts)), make([]float64, len(parts))
	var total, over float64
	for i, part := range parts {
		for _, b := range part {
			sizes[i] += float64(b.Count)
			if b.Value > value {
				above[i] += float64(b.Count)
			}
		}
		total, over = total+sizes[i], over+above[i]
	}
	if total == 0 || len(parts) < 2 {
		return 1
	}
	share := over / total
	var sum float64
	for i := range parts {
		excess := above[i] - sizes[i]*share
		sum += excess * excess
	}
	expected := total * share * (1 - share)
	if expected == 0 {
		return 1
	}
	return max(1, sum/expected*float64(len(parts))/float64(len(parts)-1))
}

// Merge counts several counted samples together, ascending by value.
func Merge(parts ...[]Bin) []Bin {
	counts := map[float64]int64{}
	for _, part := range parts {
		for _, b := range part {
			counts[b.Value] += b.Count
		}
	}
	out := make([]Bin, 0, len(counts))
	for value, n := range counts {
		out = append(out, Bin{value, n})
	}
	slices.SortFunc(out, func(a, b Bin) int {
		if a.Value < b.Value {
			return -1
		}
		return 1
	})
	return out
}

package stats

import (
	"math"
	"slices"
)

// The sum of the ranks of the positive values (Wilcoxon's W) is, for any shift
// x, the number of Walsh averages (dᵢ+dⱼ)/2, i ≤ j, above x. So the estimate,
// the interval and the test all come from counting those, which two pointers
// do over the sorted values without ever making the n(n+1)/2 of them.

// walshPairs is how many Walsh averages n values have.
func walshPairs(n int) float64 { return float64(n) * float64(n+1) / 2 }

// walshBelow counts the averages ≤ x, and those < x where strict, of values in
// ascending order.
func walshBelow(sorted []float64, x float64, strict bool) float64 {
	var count float64
	j := len(sorted) - 1
	for i := 0; i < len(sorted) && j >= i; i++ {
		for j >= i {
			if mean := (sorted[i] + sorted[j]) / 2; mean < x || mean == x && !strict {
				break
			}
			j--
		}
		count += float64(j - i + 1)
	}
	return count
}

// walshRank is the k-th smallest average, k from 1, found by bisection to the
// last bits of the values.
func walshRank(sorted []float64, k float64) float64 {
	low, high := sorted[0], sorted[len(sorted)-1]
	for range 100 {
		mid := low + (high-low)/2
		if mid <= low || mid >= high {
			break
		}
		if walshBelow(sorted, mid, false) >= k {
			high = mid
		} else {
			low = mid
		}
	}
	if walshBelow(sorted, low, false) >= k {
		return low
	}
	return high
}

// centre is the Hodges–Lehmann estimate: the median of the averages of all pairs,
// which outliers hardly move, and which is nearly as sharp as the mean where there
// are none.
func centre(sorted []float64) float64 {
	pairs := walshPairs(len(sorted))
	low := walshRank(sorted, math.Ceil(pairs/2))
	if math.Mod(pairs, 2) != 0 {
		return low
	}
	return (low + walshRank(sorted, pairs/2+1)) / 2
}

// exactRanks is the largest sample whose distribution of W is counted out.
const exactRanks = 50

// A rankTail answers for the lower tail of W, which is symmetric, for samples
// of one size.
type rankTail struct {
	n          int
	cumulative []float64 // P(W ≤ i), for small n
	mean, sd   float64
}

func newRankTail(n int) *rankTail {
	r := &rankTail{n: n, mean: walshPairs(n) / 2, sd: math.Sqrt(float64(n) * float64(n+1) * float64(2*n+1) / 24)}
	if n > exactRanks {
		return r
	}
	// Each rank is in the sum or not, with even chances.
	size := n*(n+1)/2 + 1
	r.cumulative = make([]float64, size)
	r.cumulative[0] = 1
	for rank := 1; rank <= n; rank++ {
		for i := size - 1; i >= 0; i-- {
			r.cumulative[i] /= 2
			if i >= rank {
				r.cumulative[i] += r.cumulative[i-rank] / 2
			}
		}
	}
	for i := 1; i < size; i++ {
		r.cumulative[i] += r.cumulative[i-1]
	}
	return r
}

// below is P(W ≤ w).
func (r *rankTail) below(w float64) float64 {
	if w < 0 {
		return 0
	}
	if r.cumulative != nil {
		return r.cumulative[min(int(w), len(r.cumulative)-1)]
	}
	return normalCDF((w + 0.5 - r.mean) / r.sd)
}

// rank is the largest k with P(W ≤ k−1) ≤ tail: the k-th smallest and k-th
// largest averages are the ends of an interval. It is 0 where there is none.
func (r *rankTail) rank(tail float64) float64 {
	if r.cumulative != nil {
		k, _ := slices.BinarySearchFunc(r.cumulative, tail, func(p, t float64) int {
			if p <= t {
				return -1
			}
			return 1
		})
		return float64(k)
	}
	return max(0, math.Floor(r.mean+normalQuantile(tail)*r.sd+0.5))
}

// tails are the chances of as many averages above x, or more, and of as few, or
// fewer, if x were the centre.
func (r *rankTail) tails(sorted []float64, x float64) (above, below float64) {
	pairs := walshPairs(r.n)
	high := pairs - walshBelow(sorted, x, false)
	low := walshBelow(sorted, x, true)
	ties := (pairs - high - low) / 2
	return r.below(math.Ceil(low + ties)), r.below(math.Ceil(high + ties))
}

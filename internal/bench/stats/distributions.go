package stats

import "math"

// normalCDF is the standard normal distribution function.
func normalCDF(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

// normalQuantile is the inverse of normalCDF.
func normalQuantile(p float64) float64 { return -math.Sqrt2 * math.Erfcinv(2*p) }

// binomialCDF is P(X ≤ k) for n trials of chance p. For large n it sums only
// the terms that matter.
func binomialCDF(n int, p float64, k int) float64 {
	switch {
	case k < 0:
		return 0
	case k >= n:
		return 1
	case p <= 0:
		return 1
	case p >= 1:
		return 0
	}
	// Sum the smaller side, outwards from k until the terms vanish.
	mean := float64(n) * p
	if float64(k) < mean {
		return sumTerms(n, p, k, -1)
	}
	return 1 - sumTerms(n, p, k+1, +1)
}

// sumTerms adds the probabilities of k and of what lies beyond it in one
// direction, in which they shrink.
func sumTerms(n int, p float64, k, step int) float64 {
	term := binomialPMF(n, p, k)
	odds := p / (1 - p)
	var sum float64
	for ; k >= 0 && k <= n; k += step {
		sum += term
		if term < sum*1e-17 {
			break
		}
		if step < 0 {
			term *= float64(k) / (float64(n-k+1) * odds)
		} else {
			term *= float64(n-k) * odds / float64(k+1)
		}
	}
	return min(sum, 1)
}

func binomialPMF(n int, p float64, k int) float64 {
	gamma := func(x int) float64 { v, _ := math.Lgamma(float64(x) + 1); return v }
	return math.Exp(gamma(n) - gamma(k) - gamma(n-k) + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
}

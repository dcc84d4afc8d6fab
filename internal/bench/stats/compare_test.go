package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Counting with two pointers gives what making all averages gives.
func TestWalshAgainstBruteForce(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for n := 1; n < 40; n++ {
		values := make([]float64, n)
		for i := range values {
			values[i] = math.Round(r.NormFloat64()*8) / 4 // with ties
		}
		slices.Sort(values)
		var all []float64
		for i := range values {
			for j := i; j < n; j++ {
				all = append(all, (values[i]+values[j])/2)
			}
		}
		slices.Sort(all)
		for k, want := range all {
			if got := walshRank(values, float64(k+1)); math.Abs(got-want) > 1e-12 {
				t.Fatalf("n = %d: average %d is %v, want %v", n, k+1, got, want)
			}
		}
		for _, x := range append([]float64{-9, 0, 9}, all...) {
			var below, atMost float64
			for _, a := range all {
				if a < x {
					below++
				}
				if a <= x {
					atMost++
				}
			}
			if got := walshBelow(values, x, true); got != below {
				t.Fatalf("n = %d: %v averages below %v, want %v", n, got, x, below)
			}
			if got := walshBelow(values, x, false); got != atMost {
				t.Fatalf("n = %d: %v averages up to %v, want %v", n, got, x, atMost)
			}
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	steps := func(n int, at, by float64) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = at + by*(float64(i)-float64(n-1)/2)
		}
		return out
	}
	for _, c := range []struct {
		name    string
		ratios  []float64
		margin  float64
		verdict Verdict
		p       float64 // −1: any
	}{
		{"nothing", nil, 0.02, Undecided, 1},
		{"too few", steps(5, 0.5, 0.01), 0, Undecided, 1.0 / 16},
		{"six of a sign", steps(6, 0.5, 0.01), 0, Slower, 1.0 / 32},
		{"faster", steps(10, -0.5, 0.01), 0, Faster, 1.0 / 512},
		{"around nothing", steps(11, 0, 0.01), 0, Undecided, 1},
		{"equivalent", steps(11, 0, 0.001), 0.02, Equivalent, 1},
		{"different, but not by what matters", steps(20, 0.005, 0.0001), 0.02, Equivalent, -1},
		{"wider than the margin", steps(11, 0, 0.05), 0.02, Undecided, 1},
	} {
		got := Compare(c.ratios, 0.05, c.margin)
		if got.Verdict != c.verdict || c.p >= 0 && math.Abs(got.P-c.p) > 1e-9 {
			t.Errorf("%s: %s with p = %v, want %s with %v", c.name, got.Verdict, got.P, c.verdict, c.p)
		}
		if (got.BlocksNeeded > len(c.ratios)) != (got.Verdict == Undecided && got.Interval.Confidence > 0) {
			t.Errorf("%s: %s, and %d blocks would be needed", c.name, got.Verdict, got.BlocksNeeded)
		}
	}
}

func TestHolm(t *testing.T) {
	t.Parallel()
	got, want := Holm([]float64{0.01, 0.04, 0.03, 0.005}), []float64{0.03, 0.06, 0.06, 0.02}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-12 {
			t.Errorf("Holm gives %v, want %v", got, want)
			break
		}
	}
}

// A random walk that is looked at twelve times leaves the limits as often as
// alpha says, and not at each look.
func TestSequenceSpendsAlpha(t *testing.T) {
	t.Parallel()
	const trials, blocks = 20000, 200
	s := NewSequence(0.05)
	limits := map[int]float64{}
	for _, fraction := range Looks() {
		n := int(fraction * blocks)
		limits[n] = -normalQuantile(s.Level(fraction, n) / 2)
	}
	r := rand.New(rand.NewPCG(7, 8))
	var passed int
	for range trials {
		var sum float64
		for n := 1; n <= blocks; n++ {
			sum += r.NormFloat64()
			if limit, look := limits[n]; look && math.Abs(sum)/math.Sqrt(float64(n)) >= limit {
				passed++
				break
			}
		}
	}
	if share := float64(passed) / trials; share < 0.045 || share > 0.055 {
		t.Errorf("%.2f%% of walks pass", share*100)
	}
	if z := limits[blocks]; z > 2.3 {
		t.Errorf("the last look asks for %.2f standard errors", z)
	}
}

func TestTrialOfSeveral(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 10))
	ratios := make([][]float64, 3)
	for range 60 {
		for i, centre := range []float64{-0.2, 0, 0.1} {
			ratios[i] = append(ratios[i], centre+0.02*r.NormFloat64())
		}
	}
	got, decided := NewTrial(3, 0.02).Look(1, ratios)
	if got[0].Verdict != Faster || got[1].Verdict != Equivalent || got[2].Verdict != Slower || !decided {
		t.Errorf("%s, %s, %s (all decided: %v)", got[0].Verdict, got[1].Verdict, got[2].Verdict, decided)
	}
	if got[0].PHolm < got[0].P {
		t.Errorf("a corrected P of %v is below that of %v", got[0].PHolm, got[0].P)
	}
}

func TestBootstrapAgreesWithRanks(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 12))
	ratios := make([]float64, 100)
	for i := range ratios {
		ratios[i] = 0.1 + 0.05*r.NormFloat64()
	}
	ranks, boot := Compare(ratios, 0.05, 0).Interval, BootstrapRatio(ratios, 1000, r)
	if math.Abs(ranks.Low-boot.Low) > 0.005 || math.Abs(ranks.High-boot.High) > 0.005 {
		t.Errorf("ranks: %v; bootstrap: %v", ranks, boot)
	}
}

func TestNoise(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(13, 14))
	ratios := make([]float64, 400)
	for i := range ratios {
		ratios[i] = 0.01 * r.NormFloat64()
	}
	n := NoiseOf(ratios, 100)
	// The typical distance of a normal variable from 0 is 0.674 of its deviation;
	// 3.24 standard errors of 100 blocks are 0.324% of it.
	if math.Abs(n.Floor-0.00674) > 0.001 || math.Abs(n.Detectable-0.00324) > 0.0006 {
		t.Errorf("%+v", n)
	}
}

func BenchmarkCompare(b *testing.B) {
	r := rand.New(rand.NewPCG(15, 16))
	ratios := make([]float64, 1000)
	for i := range ratios {
		ratios[i] = r.NormFloat64()
	}
	for b.Loop() {
		Compare(ratios, 0.05, 0.02)
	}
}

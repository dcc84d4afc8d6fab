package stats

import (
	"math"
	"slices"
)

// A Sequence lets one comparison be looked at several times while it is being
// measured, without the looks adding up to more wrong verdicts than its alpha
// allows. Each look may spend a part of alpha that grows with the elapsed
// fraction t as alpha·t² (Kim and DeMets, 1987, with the error spending of
// Lan and DeMets, 1983), so that a large difference ends a measurement early
// and a small one loses little of the power that a single look would have.
type Sequence struct {
	alpha   float64
	spent   float64
	blocks  float64
	grid    []float64 // sums of the statistic that have not ended it
	density []float64 // their densities times the width of a step
}

// NewSequence has yet spent nothing of alpha.
func NewSequence(alpha float64) *Sequence {
	return &Sequence{alpha: alpha, grid: []float64{0}, density: []float64{1}}
}

// Looks are the elapsed fractions at which a measurement is looked at.
func Looks() []float64 {
	return []float64{0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1}
}

// gridSteps is how finely the statistic's density is kept.
const gridSteps = 100

// Level is the level of the next look's test: two-sided, at an elapsed fraction
// of the planned measurement, with a number of blocks so far. Both grow from
// look to look; a look without new blocks has the level 0.
func (s *Sequence) Level(fraction float64, blocks int) float64 {
	step := float64(blocks) - s.blocks
	t := min(max(fraction, 0), 1)
	may := s.alpha*t*t - s.spent
	if step <= 0 || may <= 0 {
		return 0
	}
	sd := math.Sqrt(step)
	limit := s.boundary(may, sd, math.Sqrt(float64(blocks)))
	s.advance(limit, sd)
	s.spent += may
	s.blocks = float64(blocks)
	return 2 * normalCDF(-limit/math.Sqrt(s.blocks))
}

// boundary is the sum that is passed, in either direction, with the chance may.
func (s *Sequence) boundary(may, sd, scale float64) float64 {
	low, high := 0.0, 10*scale
	for range 36 {
		mid := (low + high) / 2
		if s.passing(mid, sd) > may {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}

func (s *Sequence) passing(limit, sd float64) float64 {
	var sum float64
	for i, x := range s.grid {
		sum += s.density[i] * (normalCDF((x-limit)/sd) + normalCDF((-x-limit)/sd))
	}
	return sum
}

// advance lays the density of the sums that stay within the limit on a new
// grid.
func (s *Sequence) advance(limit, sd float64) {
	width := 2 * limit / gridSteps
	grid, density := make([]float64, gridSteps), make([]float64, gridSteps)
	for i := range grid {
		at := -limit + (float64(i)+0.5)*width
		var sum float64
		for j, x := range s.grid {
			z := (at - x) / sd
			sum += s.density[j] * math.Exp(-z*z/2)
		}
		grid[i], density[i] = at, sum*width/(sd*math.Sqrt(2*math.Pi))
	}
	s.grid, s.density = grid, density
}

// A Trial is several comparisons with one reference that are looked at
// together: Holm's correction and spent alpha in one.
type Trial struct {
	margin    float64
	sequences []*Sequence // of alpha/1, alpha/2, …
	last      []Comparison
}

// NewTrial plans a number of comparisons that are all right with a chance of
// at least [Confidence].
func NewTrial(comparisons int, margin float64) *Trial {
	t := &Trial{margin: margin}
	for i := range comparisons {
		t.sequences = append(t.sequences, NewSequence((1-Confidence)/float64(i+1)))
	}
	return t
}

// Look compares at an elapsed fraction of the plan. Each element of logRatios
// is one comparison; all have the same number of blocks. It reports whether all
// are decided.
func (t *Trial) Look(fraction float64, logRatios [][]float64) (out []Comparison, decided bool) {
	if len(logRatios) == 0 {
		return nil, true
	}
	if t.last != nil && t.last[0].Blocks == len(logRatios[0]) {
		return t.last, allDecided(t.last) // nothing new to look at
	}
	levels := make([]float64, len(t.sequences))
	for i, s := range t.sequences {
		levels[i] = s.Level(fraction, len(logRatios[0]))
	}
	out = make([]Comparison, len(logRatios))
	ps := make([]float64, len(logRatios))
	strictest := levels[len(levels)-1]
	for i, d := range logRatios {
		out[i] = Compare(d, strictest, t.margin)
		ps[i] = out[i].P
	}
	// The smallest P faces alpha/m, the next alpha/(m−1) and so on, until one is
	// not decided; the rest face what that one did.
	at, open := len(levels)-1, false
	for _, i := range order(ps) {
		out[i] = Compare(logRatios[i], levels[at], t.margin)
		open = open || out[i].Verdict == Undecided
		if !open {
			at = max(at-1, 0)
		}
	}
	for i, p := range Holm(ps) {
		out[i].PHolm = p
	}
	t.last = out
	return out, !open
}

func allDecided(cs []Comparison) bool {
	return !slices.ContainsFunc(cs, func(c Comparison) bool { return c.Verdict == Undecided })
}

package stats

// A Verdict is what a comparison has found.
type Verdict string

// The verdicts. All but Undecided hold with the confidence of the comparison's
// interval, from which they are read.
const (
	Faster     Verdict = "faster"     // the whole interval lies below 1
	Slower     Verdict = "slower"     // the whole interval lies above 1
	Equivalent Verdict = "equivalent" // the whole interval lies within the margin
	Undecided  Verdict = "undecided"  // neither, yet
)

// A Comparison is what blocks in which a subject and a reference were both
// measured say of the ratio subject / reference: below 1 the subject takes less.
type Comparison struct {
	Blocks   int      `json:"blocks"`
	Ratio    float64  `json:"ratio"`    // Hodges and Lehmann's estimate
	Interval Interval `json:"interval"` // of the ratio; the verdict is read from it
	// Bootstrap is the interval of the ratio that resampling the blocks gives,
	// which rests on other assumptions than Interval: beside it, a check.
	Bootstrap Interval `json:"bootstrap"`
	// P is the chance of a difference at least as large in either direction if
	// only the order within blocks, which was random, had decided the signs. PHolm
	// is P with Holm's correction for the number of comparisons.
	P     float64 `json:"p"`
	PHolm float64 `json:"p_holm"`
	// PEquivalent is the larger P of two one-sided tests against the margin; 1
	// without a margin.
	PEquivalent float64 `json:"p_equivalent"`
	Margin      float64 `json:"margin"` // 0.02 for 2%; 0 for none
	Verdict     Verdict `json:"verdict"`
	// BlocksNeeded is an estimate of how many blocks a decision takes, all told;
	// 0 where there is one.
	BlocksNeeded int `json:"blocks_needed,omitempty"`
	// Seconds is how long the missing blocks would take, at the pace so far.
	Seconds float64 `json:"seconds_needed,omitempty"`
}

// Noise is what an A/A pass found: the same subject measured twice per block.
type Noise struct {
	Blocks int `json:"blocks"`
	// Floor is the difference between equals that one block shows, typically
	// (the median of the absolute log ratios): 0.01 for 1%.
	Floor float64 `json:"floor"`
	// Detectable is the smallest relative difference that as many blocks as the
	// comparison has would find in 9 of 10 cases.
	Detectable float64 `json:"detectable"`
	// P is that of the A/A comparison itself: a small one is a warning that
	// something other than the subjects decides.
	P float64 `json:"p"`
}

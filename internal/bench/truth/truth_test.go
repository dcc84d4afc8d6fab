package truth

import (
	"testing"

	"github.com/tame-py/tame/internal/bench/stats"
)

// Of two equal commands one is called different in 5% of trials, however the
// machine drifts, if they are measured in blocks; the whole tables take minutes
// and are printed by `tame bench truth`.
func TestEqual(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a thousand trials take a while")
	}
	for _, s := range Equal() {
		s.Budget = 8
		o := Run(s, 1000)
		wrong := o.Share(stats.Faster, stats.Slower)
		t.Logf("%-30s %v, %.1f s", s.Name, o.Verdicts, o.Typical)
		switch {
		case s.Method == InSequence:
			if wrong < 0.15 {
				t.Errorf("%s: wrong in only %.1f%% of trials: the world is too quiet to tell anything", s.Name, 100*wrong)
			}
		case s.Seconds == 1:
			if wrong > 0.065 { // four blocks decide nothing
				t.Errorf("%s: wrong in %.1f%% of trials", s.Name, 100*wrong)
			}
		case wrong > 0.065 || wrong < 0.035 && s.Margin == 0:
			t.Errorf("%s: wrong in %.1f%% of trials", s.Name, 100*wrong)
		}
	}
}

// What is 5% slower is called that or nothing.
func TestDifferent(t *testing.T) {
	t.Parallel()
	for _, s := range Different() {
		if s.Seconds < 0.5 || testing.Short() && s.Spread > 0.02 {
			continue
		}
		o := Run(s, 100)
		t.Logf("%-5s %.2f s: %v, %.0f s", s.Name, s.Seconds, o.Verdicts, o.Typical)
		if found := o.Share(stats.Slower); found < 0.9 && s.Spread <= 0.02 {
			t.Errorf("%s, %.2f s: found in %.0f%% of trials", s.Name, s.Seconds, 100*found)
		}
		if wrong := o.Share(stats.Faster, stats.Equivalent); wrong > 0.02 {
			t.Errorf("%s, %.2f s: wrong in %.1f%% of trials", s.Name, s.Seconds, 100*wrong)
		}
	}
}

package bench

import (
	"testing"
	"time"

	run "github.com/tame-py/tame/internal/bench/command"
)

func TestProgressText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		p    *run.Progress
		want string
	}{
		{"", nil, "starting · 7 s"},
		{"Servers", &run.Progress{Phase: "measuring", Done: 3, Elapsed: 5 * time.Second, Remaining: time.Minute}, "Servers · measuring · 7 s, about 58 s left · 3 blocks"},
		{
			"",
			&run.Progress{
				Phase: "warmup", Done: 1, Total: 20, Elapsed: 7 * time.Second,
				Estimates: []run.Estimate{{Name: "a", Seconds: 0.0123}, {Name: "a command with a long name", Seconds: 2}},
			},
			"warmup · 7 s · 1 of 20 runs · a 12.3 ms, a command with … 2.00 s",
		},
	} {
		if got := progressText(c.name, 7*time.Second, c.p); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

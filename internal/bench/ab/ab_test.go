package ab_test

import (
	"testing"
	"time"

	"github.com/tame-py/tame/internal/bench/ab"
	"github.com/tame-py/tame/internal/bench/command"
)

// The first command is measured twice in as many blocks as the noise takes, and
// no more; all the rest of the time is for what is compared.
func TestTwin(t *testing.T) {
	t.Parallel()
	commands := []command.Command{{Line: "sleep 1", Name: "one"}, {Line: "sleep 1", Name: "other"}}
	for blocks, twins := range map[int]int{3: 3, 8: 8, 20: 11} {
		var last ab.Progress
		results, found, noise, err := ab.Run(t.Context(), &command.Runner{Pretend: true}, commands, ab.Options{
			Budget: time.Hour, Blocks: blocks, Progress: func(p ab.Progress) { last = p },
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(results) != 2 || found[0].Blocks != blocks || noise.Blocks != twins || noise.Floor != 0 {
			t.Errorf("%d blocks: %d results, compared in %d blocks, the noise from %+v; want %d", blocks, len(results), found[0].Blocks, noise, twins)
		}
		if last.Total != 0 || last.Done >= blocks {
			t.Errorf("%d blocks: the last progress told is %+v", blocks, last)
		}
	}
}

package cli

import (
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/ui"
)

// progressOf shows the progress of work as bars.
func progressOf(g *ui.Progress) par.Progress {
	return func(label string, size int64) par.Task { return g.Bar(label, size) }
}

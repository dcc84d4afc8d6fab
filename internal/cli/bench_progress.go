package cli

import (
	run "github.com/tame-py/tame/internal/bench/command"
)

func (a *app) benchProgress(name string, to *func(run.Progress)) (end func()) {
	return func() {}
}

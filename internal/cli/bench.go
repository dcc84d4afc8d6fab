package cli

import (
	"context"

	"github.com/tame-py/tame/internal/bench"
)

// benchCommands are those of package bench, which need of this program only
// where to print and what to hand to the programs that they measure.
func benchCommands() []command {
	var list []command
	for _, c := range bench.Commands() {
		own := command{path: c.Path, args: c.Args, short: c.Short, long: c.Long, hidden: c.Hidden, reads: c.Reads, reshape: c.Reshape, plain: true}
		if c.Prepare != nil {
			own.prepare = func(f *flags) work {
				measure := c.Prepare(&f.Flags)
				return func(ctx context.Context, a *app, args []string) error { return measure(ctx, a.benchHost(), args) }
			}
		}
		list = append(list, own)
	}
	return list
}

func (a *app) benchHost() *bench.Host {
	return &bench.Host{Print: a.print, Stdio: a.stdio, Environ: a.environ(), Dir: a.dir, Version: Version, HideProgress: a.hidesProgress()}
}

package cli

import (
	"context"
	"slices"

	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/packaging/pyname"
)

// lookAhead begins to look up projects that will be needed, while an interpreter
// is still being asked about itself. It does so only where the interpreter has no
// say in where they are looked for: its pip's index takes the place of one that is
// not configured, and it is what PyTorch's index is chosen for. Faults of the
// settings are left to [app.connect].
func (a *app) lookAhead(ctx context.Context, e *engine.Engine, s *workSettings, in *pip.Inputs, names []pyname.Package) {
	offline, err := a.offline()
	if len(names) == 0 || offline || err != nil || text(s.Pip.TorchBackend) != "" || s.projects.any() {
		return
	}
	locations, err := a.locations(s, in, nil)
	isDefault := func(x index.Index) bool { return x.Default }
	if err != nil || locations.NoIndex || !slices.ContainsFunc(locations.Indexes, isDefault) {
		return
	}
	if a.reach(ctx, e, s, in, nil) == nil {
		ctx, cancel := context.WithCancel(ctx)
		a.atEnd(cancel)
		e.Index.Ahead(ctx, names)
	}
}

package project

import (
	"context"
	"slices"

	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/workspace"
)

// Rebound is a lock after a member got bounds that all its versions satisfy
// already: nothing else can come of resolving again, so that only what the lock
// records of the member is new. It is nil where that cannot be told, and the
// lock has to be made anew.
func Rebound(ctx context.Context, e *engine.Engine, l *lock.Lock, w *workspace.Workspace, m *workspace.Member, added []Addition) (*lock.Lock, error) {
	for _, a := range added {
		if !a.holds(l) {
			return nil, nil
		}
	}
	first, end := l.Named(m.Name)
	if end-first != 1 || !l.Packages[first].Source.IsTree() {
		return nil, nil
	}
	metadata, _, err := e.LocalMetadata(ctx, resolve.DirectDist(m.Name, w.Source(m)))
	if err != nil || metadata == nil {
		return nil, err
	}
	out := *l
	out.Packages = slices.Clone(l.Packages)
	out.Packages[first].Metadata = lock.NewMetadata(metadata, w.Root)
	return &out, nil
}

// holds reports whether a lock's versions satisfy the bounds.
func (a *Addition) holds(l *lock.Lock) bool {
	if len(a.bounds) == 0 {
		return true
	}
	first, end := l.Named(a.Requirement.Name)
	for i := first; i < end; i++ {
		if v := l.Packages[i].Version; v.IsZero() || !a.bounds.Contains(v) {
			return false
		}
	}
	return true
}

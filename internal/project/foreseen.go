package project

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"

	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pyname"
)

// Foreseen returns the projects that making the lock will ask an index for, as far
// as that can be told without an interpreter (see [resolve.Foreseen]). It returns
// none where a lock is there, which may do as it is, and where something must be
// built to tell, or is wrong.
func (r *LockRequest) Foreseen(ctx context.Context) []pyname.Package {
	if r.Target.Tool != nil || r.Mode != WriteLock && r.Mode != DryRun {
		return nil
	}
	if _, err := os.Lstat(r.Target.LockPath()); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	in, err := r.lists()
	if err != nil {
		return nil
	}
	m := resolve.Manifest{
		Constraints: slices.Concat(in.constraints, r.Constraints), Overrides: in.overrides, Excludes: in.excludes,
		Members: map[pyname.Package]bool{}, Requirements: in.requirements,
	}
	for _, g := range in.groups {
		m.Requirements = append(m.Requirements, g.requirements...)
	}
	if r.Target.Workspace == nil {
		return resolve.Foreseen(&m)
	}
	for _, member := range r.Target.Workspace.Members {
		m.Members[member.Name] = true
	}
	for _, member := range r.Target.Workspace.Members {
		md, _, err := r.Engine.LocalMetadata(ctx, &source.Dist{Name: member.Name, Source: r.Target.Workspace.Source(member)})
		if err != nil || md == nil {
			return nil
		}
		m.Requirements = append(m.Requirements, md.Requires...)
		for _, list := range md.Groups {
			m.Requirements = append(m.Requirements, list...)
		}
	}
	return resolve.Foreseen(&m)
}

package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/tame-py/tame/internal/fetch"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pyname"
)

// A TreeNameError reports a source tree of another project than was asked for.
type TreeNameError struct {
	Dist  *source.Dist
	Found pyname.Package
}

func (e *TreeNameError) Error() string {
	return fmt.Sprintf("`%s` is of the project `%s`, not of `%s`", e.Dist.Source, e.Found, e.Dist.Name)
}

// An AbsentError reports a directory or archive of this machine that is not
// there.
type AbsentError struct{ Dist *source.Dist }

func (e *AbsentError) Error() string {
	return "distribution not found at: " + e.Dist.Source.FileURL()
}

// ExitCode is that of wrong use.
func (e *AbsentError) ExitCode() int { return 2 }

// treeMetadata reads the metadata of a directory, with the sources of the
// project in it, and of its workspace, applied.
func (a *answers) treeMetadata(d *source.Dist) (*resolve.Metadata, error) {
	m, dynamic, err := a.engine.LocalMetadata(a.ctx, d)
	if err != nil || m != nil && !dynamic {
		return m, err
	}
	built, err := a.fetcher.BuiltMetadata(a.ctx, d)
	if err != nil {
		return nil, err
	}
	dir, err := d.Source.Below(d.Source.Location)
	if err != nil {
		return nil, err
	}
	return builtTree(a.ctx, a.engine.Workspaces, dir, built)
}

// builtTree is the metadata that the build of a tree tells, with sources
// applied.
func builtTree(ctx context.Context, f *workspace.Finder, dir string, m *metadata.Metadata) (*resolve.Metadata, error) {
	out := &resolve.Metadata{Name: m.Name, Version: m.Version, Extras: m.ProvidesExtra, RequiresPython: m.RequiresPython}
	w, member, err := f.Of(ctx, dir)
	if err != nil {
		return nil, err
	}
	if member == nil {
		out.Requires, err = lowerAll(m)
		return out, err
	}
	out.Requires, out.Groups, err = w.Lower(member, m, f.Sources)
	return out, err
}

// BuiltMetadata reads the metadata of an archive or source tree by whatever
// that takes, a build included. static stands in for some. dynamic is set if the
// version is left to the build. The engine must be connected.
func (e *Engine) BuiltMetadata(ctx context.Context, d *source.Dist, static []StaticMetadata) (m *resolve.Metadata, dynamic bool, err error) {
	a := &answers{ctx: ctx, engine: e, fetcher: e.fetcher(source.HashPolicy{}, nil), static: static}
	if m, err = a.Metadata(d).Wait(ctx); err != nil || d.Source.Kind != source.Directory {
		return m, false, err
	}
	_, dynamic, err = e.LocalMetadata(ctx, d)
	return m, dynamic, err
}

// LocalMetadata reads what a source tree on this machine says of itself without
// being built: its requirements, groups and extras, with the sources of the
// project and its workspace applied. It is nil if a build must be asked.
// dynamic is set if the tree leaves the version to the build; if that is all, the
// metadata is told without one.
func (e *Engine) LocalMetadata(ctx context.Context, d *source.Dist) (m *resolve.Metadata, dynamic bool, err error) {
	dir, err := d.Source.Below(d.Source.Location)
	if err != nil {
		return nil, false, err
	}
	return e.readTree(ctx, e.Workspaces, d, dir)
}

// readTree reads what the project in a directory says of itself.
func (e *Engine) readTree(ctx context.Context, f *workspace.Finder, d *source.Dist, dir string) (m *resolve.Metadata, dynamic bool, err error) {
	w, member, err := f.Of(ctx, dir)
	if err != nil {
		return nil, false, err
	}
	if member == nil {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return nil, false, &AbsentError{d}
		}
		m, err := e.plainTree(d, dir)
		return m, false, err
	}
	tree, dynamic := fetch.DynamicTreeOf(member.File, member.Project)
	if tree.Metadata == nil {
		return nil, dynamic, nil
	}
	if d.Name != "" && member.Name != d.Name {
		return nil, false, &TreeNameError{d, member.Name}
	}
	m = &resolve.Metadata{
		Name: member.Name, Version: tree.Metadata.Version, Extras: tree.Metadata.ProvidesExtra, RequiresPython: tree.Metadata.RequiresPython,
	}
	m.Requires, m.Groups, err = w.Lower(member, tree.Metadata, f.Sources)
	return m, dynamic, err
}

// plainTree is the metadata of a tree that is not managed, or has no [project]
// table: no sources apply.
func (e *Engine) plainTree(d *source.Dist, dir string) (*resolve.Metadata, error) {
	tree, err := fetch.ReadTree(dir)
	if err != nil || tree.Metadata == nil {
		return nil, err
	}
	if d.Name != "" && tree.Metadata.Name != d.Name {
		return nil, &TreeNameError{d, tree.Metadata.Name}
	}
	m := tree.Metadata
	out := &resolve.Metadata{Name: m.Name, Version: m.Version, Extras: m.ProvidesExtra, RequiresPython: m.RequiresPython}
	out.Requires, err = lowerAll(m)
	return out, err
}

func lowerAll(m *metadata.Metadata) ([]source.Requirement, error) {
	out := make([]source.Requirement, 0, len(m.RequiresDist))
	for _, r := range m.RequiresDist {
		req, err := source.FromPEP508(r)
		if err != nil {
			return nil, err
		}
		out = append(out, req)
	}
	return out, nil
}

package engine

import (
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
// project in it applied.
func (a *answers) treeMetadata(d *source.Dist) (*resolve.Metadata, error) {
	if _, err := os.Stat(d.Source.Location); errors.Is(err, fs.ErrNotExist) {
		return nil, &AbsentError{d}
	}
	dir, err := d.Source.Below(d.Source.Location)
	if err != nil {
		return nil, err
	}
	tree, err := fetch.ReadTree(dir)
	if err != nil {
		return nil, err
	}
	m := tree.Metadata
	if m == nil {
		return nil, &fetch.BuildNeededError{Dist: d}
	}
	if d.Name != "" && m.Name != d.Name {
		return nil, &TreeNameError{d, m.Name}
	}
	out := a.resolved(d, &metadata.Metadata{
		Name: m.Name, Version: m.Version, ProvidesExtra: m.ProvidesExtra, RequiresPython: m.RequiresPython,
	})
	if tree.File == nil {
		out.Requires, err = lowerAll(m)
		return out, err
	}
	sources, err := workspace.ReadSources(tree.File, dir, a.engine.Sources)
	if err != nil {
		return nil, err
	}
	out.Requires, err = sources.LowerAll(m.RequiresDist, source.FromPEP508)
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

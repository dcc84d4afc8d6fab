package pip

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
)

// A tree is a source tree whose requirements only its build can tell.
type tree struct {
	file    string // that the user named
	dir     string
	sources Sources
}

// addTree notes a source tree whose requirements are to be told by a build.
func (in *Inputs) addTree(r *Reader, s Sources, name string) error {
	path := r.path(name)
	if _, err := os.Stat(path); err != nil {
		return readError(name, err)
	}
	in.Requirements = append(in.Requirements, Input{Given: name, tree: &tree{name, filepath.Dir(path), s}})
	return nil
}

func (in *Inputs) hasTrees() bool {
	return slices.ContainsFunc(in.Requirements, func(r Input) bool { return r.tree != nil })
}

// Incomplete reports whether there is something that Complete has to ask for.
func (in *Inputs) Incomplete() bool {
	nameless := func(r Input) bool { return r.Name == "" }
	return slices.ContainsFunc(in.Requirements, nameless) || slices.ContainsFunc(in.Constraints, nameless) || slices.ContainsFunc(in.Overrides, nameless)
}

// Complete asks builds for what could not be read: the names of projects that
// were given by place, and the requirements of source trees. To be called once
// the engine is connected.
func (in *Inputs) Complete(ctx context.Context, e *engine.Engine) error {
	for _, list := range []*[]Input{&in.Requirements, &in.Constraints, &in.Overrides} {
		for i := range *list {
			r := &(*list)[i]
			if r.Name != "" || r.tree != nil {
				continue
			}
			m, err := e.Metadata(ctx, resolve.DirectDist("", r.Source))
			if err != nil {
				return err
			}
			r.Name = m.Name
		}
	}
	if !in.hasTrees() {
		return nil
	}
	var out []Input
	var last Sources
	for _, r := range in.Requirements {
		if r.tree == nil {
			out = append(out, r)
			continue
		}
		last = r.tree.sources
		list, err := in.treeRequirements(ctx, e, r.tree)
		if err != nil {
			return err
		}
		out = append(out, list...)
	}
	in.Requirements = out
	return in.checkExtras(last)
}

// treeRequirements are the requirements that the build of a tree tells.
func (in *Inputs) treeRequirements(ctx context.Context, e *engine.Engine, t *tree) ([]Input, error) {
	m, err := e.Metadata(ctx, resolve.DirectDist("", source.FromPath(t.dir, t.dir, "")))
	if err != nil {
		return nil, err
	}
	if m.Unusable.Reason != resolve.Usable {
		return nil, errors.Join(errors.New("the metadata of `"+t.file+"` cannot be used"), m.Err)
	}
	in.Project = m.Name
	var out []Input
	for _, req := range in.chosen(t.sources, m.Name, m.Requires, m.Extras) {
		req.Origin = source.Origin{File: t.file, Project: m.Name}
		out = append(out, Input{Requirement: req, Given: req.String()})
	}
	return out, nil
}

package pip

import (
	"context"
	"fmt"
	"slices"

	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/target"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
	"github.com/tame-py/tame/packaging/tags"
)

// A CompileRequest is the work of `pip compile`.
type CompileRequest struct {
	Engine      *engine.Engine
	Inputs      *Inputs
	Dir         string // the working directory
	Interpreter *python.Interpreter
	Target      python.Target
	// Universal resolves for all platforms, and for all Pythons from Python on.
	// The target does not matter then.
	Universal bool
	Python    pep440.Version
	Pins      *Pins // of an earlier output; nil is none

	// Options and Policy say how to resolve; what concerns the target and the
	// manifest is filled in here.
	Options resolve.Options
	Policy  index.Policy
	Static  []engine.StaticMetadata
	// Hashes asks for the digests of everything, FileHashes only for those of
	// distributions that no index lists.
	Hashes, FileHashes bool
	// AllowedHashes leaves out the digests of files that the policy refuses:
	// those of source distributions where nothing may be built, and of wheels
	// where none may be used.
	AllowedHashes bool
}

// Compiled is what requirements come down to.
type Compiled struct {
	Inputs *Inputs
	Dir    string // that paths are shown relative to
	Graph  *resolve.Graph
	Env    *marker.Env // nil if it is for all environments, and so are the tags
	Tags   *tags.Set
	Policy *index.Policy
	// Hashes are the digests of each distribution that were asked for, sorted.
	Hashes map[*resolve.Node][]simple.Hash
}

// Compile finds the versions that requirements come down to.
func Compile(ctx context.Context, req *CompileRequest) (*Compiled, error) {
	if req.Pins == nil {
		req.Pins = &Pins{}
	}
	manifest := req.Inputs.manifest()
	if err := req.Inputs.addScoped(&manifest); err != nil {
		return nil, err
	}
	rr := engine.ResolveRequest{Manifest: manifest, Options: req.Options, Policy: req.Policy, Static: req.Static}
	rr.Manifest.Preferences = req.Pins.Preferences
	if req.Universal {
		universalOptions(&rr, req.Interpreter, req.Python)
	} else {
		targetOptions(&rr, req.Interpreter, req.Target)
	}
	graph, err := req.Engine.Resolve(ctx, rr)
	if err != nil {
		return nil, err
	}
	if req.FileHashes {
		for _, n := range graph.Nodes {
			if n.Dist.Source.Archive != "" {
				return nil, fmt.Errorf("`%s` is an archive in a git repository, for which a pylock.toml has no form", n.Dist)
			}
		}
	}
	c := &Compiled{Inputs: req.Inputs, Dir: req.Dir, Graph: graph, Env: rr.Options.Env, Tags: rr.Options.Tags, Policy: &rr.Policy}
	if req.Hashes || req.FileHashes {
		c.Hashes, err = req.hashes(ctx, graph)
	}
	return c, err
}

// universalOptions makes a resolution one for all environments with Pythons from
// a version on.
func universalOptions(rr *engine.ResolveRequest, i *python.Interpreter, from pep440.Version) {
	rr.Options.Universal = true
	rr.Options.Python = resolve.ForRange(i.Version, target.AtLeast(from))
	rr.Options.Advice.Current = &i.Env
	rr.Policy.Target = rr.Options.Python.Target
}

// hashes gathers digests: those that an earlier output has, those that the
// index tells of all files of the version and, of a distribution without any,
// that of the file itself.
func (req *CompileRequest) hashes(ctx context.Context, g *resolve.Graph) (map[*resolve.Node][]simple.Hash, error) {
	found := make([][]simple.Hash, len(g.Nodes))
	err := par.ForEach(ctx, req.Engine.Downloads(), len(g.Nodes), func(ctx context.Context, i int) (err error) {
		found[i], err = req.digests(ctx, g.Nodes[i])
		return err
	})
	out := make(map[*resolve.Node][]simple.Hash, len(g.Nodes))
	for i, n := range g.Nodes {
		out[n] = found[i]
	}
	return out, err
}

// digests are those of one distribution.
func (req *CompileRequest) digests(ctx context.Context, n *resolve.Node) ([]simple.Hash, error) {
	found, err := req.allDigests(ctx, n)
	if req.AllowedHashes && n.Candidate != nil && n.Dist.Source.Kind == source.Registry {
		found = allowedDigests(found, n, &req.Policy)
	}
	return found, err
}

// allowedDigests are those of files of the same kind as the one that was chosen,
// if the policy refuses the other kind. There is always one.
func allowedDigests(found []simple.Hash, n *resolve.Node, p *index.Policy) []simple.Hash {
	wheel := n.Dist.IsWheel()
	if wheel && !p.NoBuild.Has(n.Name) || !wheel && !p.NoBinary.Has(n.Name) {
		return found
	}
	var allowed []simple.Hash
	for _, f := range n.Candidate.Files() {
		if f.IsWheel() == wheel {
			allowed = append(allowed, f.File.Hashes...)
		}
	}
	kept := slices.DeleteFunc(slices.Clone(found), func(h simple.Hash) bool { return !slices.Contains(allowed, h) })
	if len(kept) == 0 {
		return found
	}
	return kept
}

func (req *CompileRequest) allDigests(ctx context.Context, n *resolve.Node) ([]simple.Hash, error) {
	if pinned := req.Pins.of(n.Name, n.Version); len(pinned) > 0 {
		return pinned, nil
	}
	switch {
	case n.Dist.Source.IsTree():
		return nil, nil
	case n.Dist.Source.Kind == source.Registry && !req.Hashes:
		return nil, nil
	case n.Candidate != nil && len(n.Dist.File.Hashes) > 0:
		return n.Candidate.Digests(), nil
	}
	return req.Engine.Digests(ctx, n.Dist)
}

// Contains reports whether a project is part of the result.
func (c *Compiled) Contains(name pyname.Package) bool {
	return slices.ContainsFunc(c.Graph.Nodes, func(n *resolve.Node) bool { return n.Name == name })
}

// Conditions is the environment that the result holds for, as far as any
// requirement asks about it.
func (c *Compiled) Conditions() marker.Tree {
	if c.Env == nil {
		return marker.True()
	}
	var asked []marker.Tree
	add := func(r *source.Requirement) {
		asked = append(asked, r.Marker)
		for i := range c.Inputs.Constraints {
			if x := &c.Inputs.Constraints[i]; x.Name == r.Name {
				asked = append(asked, x.Marker)
			}
		}
	}
	for _, list := range [...][]Input{c.Inputs.Requirements, c.Inputs.Overrides} {
		for i := range list {
			add(&list[i].Requirement)
		}
	}
	for _, n := range c.Graph.Nodes {
		if n.Metadata == nil {
			continue
		}
		for i := range n.Metadata.Requires {
			if r := &n.Metadata.Requires[i]; !c.Inputs.overridden(r.Name) {
				add(r)
			}
		}
	}
	return marker.Facts(c.Env, asked...)
}

func (in *Inputs) overridden(name pyname.Package) bool {
	return slices.ContainsFunc(in.Overrides, func(o Input) bool { return o.Name == name })
}

package engine

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/tame-py/tame/internal/build"
	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/ephemeral"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// A provisioner makes the environments of one build. It implements
// build.Provisioner.
type provisioner struct {
	*builds
	name pyname.Package
	dist *source.Dist
	root string // of the source
	dir  string // of the project in it
}

var _ build.Provisioner = (*provisioner)(nil)

// A ProvisionError reports that the environment of a build could not be made.
type ProvisionError struct{ Err error }

func (e *ProvisionError) Error() string {
	return "the build requirements cannot be installed: " + e.Err.Error()
}

// Unwrap is what went wrong.
func (e *ProvisionError) Unwrap() error { return e.Err }

// Provision implements build.Provisioner.
func (p *provisioner) Provision(ctx context.Context, requires []pep508.Requirement) (*build.Environment, error) {
	if p.options.NoIsolation.Has(p.name) {
		i := p.options.Interpreter
		return &build.Environment{Root: i.Prefix, Python: i.Executable, Scripts: i.Scheme.Scripts, Given: true}, nil
	}
	lowered, err := p.lower(ctx, requires)
	if err != nil {
		return nil, err
	}
	env, err := p.environment(ctx, lowered)
	if err != nil && ctx.Err() == nil {
		err = &ProvisionError{err}
	}
	return env, err
}

// lower applies the sources of the project to its build requirements, and adds
// those of the user.
func (p *provisioner) lower(ctx context.Context, requires []pep508.Requirement) ([]source.Requirement, error) {
	out, err := p.declared(ctx, requires)
	if err != nil {
		return nil, err
	}
	for _, extra := range p.options.Extra[p.name] {
		matched, err := p.matched(extra)
		if err != nil {
			return nil, err
		}
		lowered, err := p.lowerExtra(matched)
		if err != nil {
			return nil, fmt.Errorf("the extra build requirement `%s`: %w", extra.Requirement, err)
		}
		out = append(out, lowered...)
	}
	return out, nil
}

func (p *provisioner) lowerExtra(r pep508.Requirement) ([]source.Requirement, error) {
	if p.options.Lower != nil {
		return p.options.Lower(r)
	}
	req, err := source.FromPEP508(r)
	return []source.Requirement{req}, err
}

// declared are build requirements with the sources of the project applied, if
// it is one that somebody works on: what was uploaded stands for itself.
func (p *provisioner) declared(ctx context.Context, requires []pep508.Requirement) ([]source.Requirement, error) {
	if p.dist.Source.Kind == source.Directory || p.dist.Source.Kind == source.Git {
		finder := p.engine.Workspaces
		if p.dist.Source.Kind == source.Git {
			finder = p.engine.newFinder(p.root)
		}
		w, member, err := finder.Of(ctx, p.dir)
		if err != nil {
			return nil, err
		}
		if member != nil {
			sources, err := w.Sources(member, finder.Sources)
			if err != nil {
				return nil, err
			}
			out, err := sources.LowerAll(requires, source.FromPEP508)
			if err != nil {
				return nil, err
			}
			return out, withinRepository(p.dist.Source, p.root, out)
		}
	}
	out := make([]source.Requirement, 0, len(requires))
	for _, r := range requires {
		req, err := source.FromPEP508(r)
		if err != nil {
			return nil, err
		}
		out = append(out, req)
	}
	return out, nil
}

// environment returns the environment for requirements. Builds that ask for the
// same share it.
func (b *builds) environment(ctx context.Context, requires []source.Requirement) (*build.Environment, error) {
	key := environmentKey(requires)
	if env, ok := b.environments.Load(key); ok {
		return env.(*build.Environment), nil
	}
	ctx, done, err := b.turns.Take(ctx, "environment "+key)
	if err != nil {
		return nil, err
	}
	defer done()
	if env, ok := b.environments.Load(key); ok {
		return env.(*build.Environment), nil
	}
	env, err := b.makeEnvironment(ctx, requires)
	if err == nil {
		b.environments.Store(key, env)
	}
	return env, err
}

// makeEnvironment resolves requirements and returns an environment that has
// them, which may have served other builds before.
func (b *builds) makeEnvironment(ctx context.Context, requires []source.Requirement) (*build.Environment, error) {
	quiet := *b.engine
	quiet.Report, quiet.Building = nil, nil
	wanted, err := b.resolve(ctx, &quiet, requires)
	if err != nil {
		return nil, err
	}
	contents, _, err := quiet.Contents(ctx, wanted, b.options.Hashes)
	if err != nil {
		return nil, err
	}
	// Other requirements may come down to the same.
	ctx, done, err := b.turns.Take(ctx, "contents "+cache.Key(contents...))
	if err != nil {
		return nil, err
	}
	defer done()
	store := ephemeral.Store{Cache: quiet.Cache, Debug: quiet.Debug}
	env, err := store.Environment(ctx, ephemeral.Spec{
		Interpreter: b.options.Interpreter, Contents: contents,
		Fill: func(ctx context.Context, env *python.Environment) error {
			site, err := install.Open(env.Interpreter.InstalledIn()...)
			if err != nil {
				return err
			}
			_, err = quiet.Install(ctx, InstallRequest{
				Environment: env, Site: site, Wanted: wanted, LinkMode: b.options.LinkMode, Hashes: b.options.Hashes,
			})
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	i := env.Interpreter
	return &build.Environment{Root: env.Root, Python: i.Executable, Scripts: filepath.Clean(i.Scheme.Scripts)}, nil
}

// resolve finds what build requirements come down to. Versions are the highest
// whatever the user wants for the rest.
func (b *builds) resolve(ctx context.Context, e *Engine, requires []source.Requirement) ([]install.Wanted, error) {
	i := b.options.Interpreter
	set, err := i.Tags()
	if err != nil {
		return nil, err
	}
	req := ResolveRequest{
		Manifest: resolve.Manifest{Requirements: requires, Constraints: b.options.Constraints},
		Options:  b.options.Resolve, Policy: b.options.Policy, Static: b.options.Static,
	}
	req.Options.Fixed = true
	req.Options.Env, req.Options.Tags, req.Options.Python = &i.Env, set, resolve.ForInterpreter(i.Version)
	req.Policy.Tags, req.Policy.Target, req.Policy.Hashes = set, req.Options.Python.Target, b.options.Hashes
	graph, err := e.Resolve(ctx, req)
	if err != nil {
		return nil, err
	}
	wanted := make([]install.Wanted, 0, len(graph.Nodes))
	for _, n := range graph.Nodes {
		wanted = append(wanted, install.Wanted{Dist: n.Dist})
	}
	return wanted, nil
}

package cli

import (
	"context"

	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/settings"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pyname"
)

// seedSettings are what decides where seed packages come from: of the pip
// settings, those that `venv` has flags for, and no code of a package is run.
func (a *app) seedSettings(o *venvFlags) (*workSettings, error) {
	all := a.config.ForPip()
	own := config.Pip{Resolver: config.Resolver{
		IndexURL: all.IndexURL, ExtraIndexURL: all.ExtraIndexURL, NoIndex: all.NoIndex, FindLinks: all.FindLinks,
		IndexStrategy: all.IndexStrategy, KeyringProvider: all.KeyringProvider, DependencyMetadata: all.DependencyMetadata,
		ExcludeNewer: all.ExcludeNewer, ExcludeNewerPackage: all.ExcludeNewerPackage, LinkMode: all.LinkMode,
	}}
	base, err := settings.Combine(a.layers(), own, &o.index, &o.time, settings.LinkMode(o.link))
	if err != nil {
		return nil, err
	}
	base.NoBuild.All = true
	return &workSettings{Settings: *base, app: a, refresh: o.refresh}, nil
}

// seedNames are the packages that an environment is seeded with: from 3.12 on,
// ensurepip brings no setuptools, and neither does this.
func seedNames(i *python.Interpreter) []pyname.Package {
	if !i.AtLeast(3, 12) {
		return []pyname.Package{"pip", "setuptools", "wheel"}
	}
	return []pyname.Package{"pip"}
}

// A seedError reports an environment that could be made but not seeded. It is
// not an answer, as that there is no solution is elsewhere, but a failure.
type seedError struct{ err error }

func (e seedError) Error() string {
	return "failed to install seed packages into virtual environment: " + e.err.Error()
}
func (e seedError) Unwrap() error { return e.err }
func (e seedError) ExitCode() int { return exitError }

// seed installs pip and what goes with it into a new environment.
func (a *app) seed(ctx context.Context, s *workSettings, env *python.Environment) error {
	changes, err := a.installSeeds(ctx, s, env)
	if err != nil {
		return seedError{err}
	}
	a.showChanges(changes.Changes)
	return nil
}

func (a *app) installSeeds(ctx context.Context, s *workSettings, env *python.Environment) (*pip.InstallResult, error) {
	e, err := a.newEngine(ctx, s)
	if err != nil {
		return nil, err
	}
	e.Report = nil
	in := &pip.Inputs{UsedExtras: map[pyname.Extra]bool{}}
	for _, name := range seedNames(env.Interpreter) {
		in.Requirements = append(in.Requirements, pip.Input{Requirement: source.Requirement{Name: name}, Given: string(name)})
	}
	site, err := a.site(env)
	if err != nil {
		return nil, err
	}
	if err := a.connect(ctx, e, s, in, env.Interpreter); err != nil {
		return nil, err
	}
	req, err := a.installRequest(s, e, in, env, site)
	if err != nil {
		return nil, err
	}
	return pip.Install(ctx, req)
}

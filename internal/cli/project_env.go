package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/packaging/pyname"
)

// environmentRoot is where the environment of the target is. active is
// --active: nil warns if another environment is active.
func (p *projectWork) environmentRoot(active *bool) (string, error) {
	a := p.app
	if a.cell != "" {
		place := p.engine.Cache.Path(cache.Environments, fileStem(p.target.Prompt())+"matrix-"+cache.Key("matrix", p.target.LockPath(), a.cell)[:16])
		cache.Touch(place)
		return place, nil
	}
	current := a.env["VIRTUAL_ENV"]
	if current != "" {
		current = a.path(current)
	}
	if s := p.target.Script; s != nil {
		root := p.engine.Cache.Path(cache.Environments, scriptName(s.Path))
		switch {
		case current != "" && isTrue(active):
			return current, nil
		case current != "" && active == nil && !project.SameDir(current, root):
			a.print.Warn("`VIRTUAL_ENV=%s` does not match the script environment path `%s` and will be ignored; use `--active` to target the active environment instead", a.shown(current), a.shown(root))
		}
		return root, nil
	}
	root := project.EnvironmentRoot(p.target.Workspace.Root, a.env["UV_PROJECT_ENVIRONMENT"])
	if current == "" {
		if isTrue(active) {
			a.print.Debug("Use of the active virtual environment was requested, but `VIRTUAL_ENV` is not set")
		}
		return root, nil
	}
	switch {
	case isTrue(active):
		return current, nil
	case active == nil && !project.SameDir(current, root):
		a.print.Warn("`VIRTUAL_ENV=%s` does not match the project environment path `%s` and will be ignored; use `--active` to target the active environment instead", a.shown(current), a.shown(root))
	}
	return root, nil
}

// An envAction says what became of an environment.
type envAction string

const (
	envFound    envAction = "check"
	envReplaced envAction = "update"
	envCreated  envAction = "create"
	// In a dry run.
	envWouldReplace envAction = "replace"
	envWouldCreate  envAction = "create"
)

// A projectEnvironment is an environment that is ready for a project.
type projectEnvironment struct {
	*python.Environment
	action  envAction
	planned bool // it is not there: this is a dry run
}

// environmentOptions say how an environment is got ready.
type environmentOptions struct {
	active *bool
	groups func(pyname.Group) bool // whose requires-python counts
	dryRun bool
	noSync bool
}

// environment finds the environment of the target, or makes one.
func (p *projectWork) environment(ctx context.Context, o environmentOptions) (*projectEnvironment, error) {
	root, err := p.environmentRoot(o.active)
	if err != nil {
		return nil, err
	}
	pythons, err := p.pythons(o.groups)
	if err != nil {
		return nil, err
	}
	c, err := p.choice(&pythons, p.target.Dir())
	if err != nil {
		return nil, err
	}
	reuse := project.Compatible
	if o.noSync {
		reuse = project.Preserve
	}
	r := p.environmentRequest(root, c, pythons, reuse)
	central := p.central(o.active)
	env, err := p.seekEnvironment(ctx, r, c, central)
	if err != nil {
		return nil, err
	}
	out := &projectEnvironment{Environment: env, action: envFound}
	switch {
	case env != nil:
	case o.dryRun:
		return p.planEnvironment(ctx, r, c)
	default:
		if out, err = p.makeEnvironment(ctx, r, c, central != nil); err != nil {
			return nil, err
		}
	}
	if central != nil && !o.dryRun {
		central.point(out.Root)
	}
	return out, nil
}

// seekEnvironment finds the environment that is there, and else sets where it is
// to be made.
func (p *projectWork) seekEnvironment(ctx context.Context, r *project.EnvironmentRequest, c pythonChoice, central *central) (*python.Environment, error) {
	if central == nil {
		return r.Find(ctx)
	}
	env, _, err := central.seek(ctx, r, func() (*python.Installation, error) {
		return p.seeker.FindOrDownload(ctx, c.request, python.OnlyOutside)
	})
	return env, err
}

// planEnvironment is the environment that would be made.
func (p *projectWork) planEnvironment(ctx context.Context, r *project.EnvironmentRequest, c pythonChoice) (*projectEnvironment, error) {
	i, err := p.findPython(ctx, c, &r.Pythons)
	if err != nil {
		return nil, err
	}
	replaces, err := r.CanMake()
	if err != nil {
		return nil, err
	}
	env, err := r.Planned(i)
	if err != nil {
		return nil, err
	}
	out := &projectEnvironment{Environment: env, action: envWouldCreate, planned: true}
	if replaces {
		out.action = envWouldReplace
	}
	return out, nil
}

// makeEnvironment makes the environment, unless another process has done so in
// the meantime.
//
// central is set if it is kept in the cache.
func (p *projectWork) makeEnvironment(ctx context.Context, r *project.EnvironmentRequest, c pythonChoice, central bool) (*projectEnvironment, error) {
	a := p.app
	lock, err := p.lockProject(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = lock.Release() }()
	if env, err := r.Find(ctx); env != nil || err != nil {
		return &projectEnvironment{Environment: env, action: envFound}, err
	}
	i, err := p.findPython(ctx, c, &r.Pythons)
	if err != nil {
		return nil, err
	}
	linked := !central && a.leadsToCache(r.Root)
	if linked {
		// What it leads to stays: it is another project's, or this one's for later.
		if err := os.Remove(r.Root); err != nil {
			return nil, err
		}
		a.print.Line("Removed link to project environment at: %s", a.print.Color.Cyan(a.shown(r.Root)))
	}
	replaces, err := r.CanMake()
	if err != nil {
		return nil, err
	}
	out := &projectEnvironment{action: envCreated}
	isProject := p.target.Workspace != nil
	if replaces || linked {
		out.action = envReplaced
		if isProject && replaces {
			a.print.Line("Removed virtual environment at: %s", a.print.Color.Cyan(a.shown(r.Root)))
		}
	}
	switch {
	case central:
		a.print.Line("Creating virtual environment `%s`", a.print.Color.Cyan(filepath.Base(r.Root)))
	case isProject:
		a.print.Line("Creating virtual environment at: %s", a.print.Color.Cyan(a.shown(r.Root)))
	}
	a.attend()
	out.Environment, err = r.Make(ctx, i, p.target.Prompt())
	return out, err
}

// lockProject keeps other processes from making the same environment. Where no
// lock can be had the work goes on without.
func (p *projectWork) lockProject(ctx context.Context) (*fsx.Lock, error) {
	path := filepath.Join(os.TempDir(), "tame-"+cache.Key("project", p.target.LockPath())+".lock")
	lock, err := fsx.Acquire(ctx, path, fsx.Exclusive, fsx.LockOptions{Timeout: p.app.lockTimeout(), Waiting: func() {
		p.app.print.Line("Waiting for another process to finish with the project at %s", p.app.shown(p.target.Dir()))
	}})
	var timeout *fsx.LockTimeoutError
	if err != nil && !errors.As(err, &timeout) && ctx.Err() == nil {
		p.app.print.Debug("The project is used without a lock: %v", err)
		return nil, nil
	}
	return lock, err
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/venv"
	"github.com/tame-py/tame/internal/workspace"
)

// findProject finds the project to run in, nil if there is none or none is
// wanted.
func (r *running) findProject(ctx context.Context) (*projectWork, error) {
	a := r.app
	none, err := a.flagOrEnv(r.flags.noProject, "UV_NO_PROJECT")
	if err != nil {
		return nil, err
	}
	names := r.flags.project.packages
	if len(names) > 1 {
		return nil, usageError("`--package` can be given only once to `run`")
	}
	if isTrue(none) && len(names) == 0 {
		return nil, nil
	}
	widenHeap()
	w, m, err := a.discover(ctx, discovery{dir: r.projectDir(), packages: names})
	switch {
	case len(names) == 0 && (errors.Is(err, workspace.ErrNone) || errors.Is(err, workspace.ErrUnmanaged)):
		return nil, nil
	case err != nil:
		return nil, err
	}
	p := &projectWork{app: a, flags: &r.flags.resolutionFlags, target: project.Target{Workspace: w}, member: m}
	return p, r.adopt(ctx, p)
}

// adopt gives a project the settings and the engine of the run.
func (r *running) adopt(ctx context.Context, p *projectWork) error {
	var err error
	if p.settings, err = r.work.settings(); err != nil {
		return err
	}
	r.work.project = p
	if p.seeker, err = r.app.finder(); err != nil {
		return err
	}
	if p.engine, err = r.work.newEngine(ctx); err != nil {
		return err
	}
	if p.target.Workspace != nil {
		p.engine.Workspaces.Add(p.target.Workspace)
	}
	return nil
}

// projectBase makes the environment of the project to run in.
func (r *running) projectBase(ctx context.Context, p *projectWork) error {
	o := r.flags
	s, err := r.syncing(p)
	if err != nil {
		return err
	}
	if s.selection.Members, err = p.members(o.project.packages, o.project.allPackages); err != nil {
		return err
	}
	isolated, err := r.app.flagOrEnv(o.isolated, "UV_ISOLATED")
	if err != nil {
		return err
	}
	if isTrue(isolated) {
		s.env, err = r.isolatedEnvironment(ctx, s)
	} else {
		s.env, err = s.environment(ctx, environmentOptions{active: s.active, groups: s.selection.Groups.Has, noSync: s.noSync})
	}
	if err != nil {
		return err
	}
	r.python, r.base = s.env.Interpreter, s.env.Environment
	if s.noSync {
		if !isTrue(isolated) {
			r.unread = &p.target
		}
		return nil
	}
	mode, flag, err := r.app.lockMode(&o.project.lockStateFlags, isTrue(isolated))
	if err != nil {
		return err
	}
	return r.update(ctx, s, mode, flag)
}

// update brings the environment up to date, and keeps the lock in mind.
func (r *running) update(ctx context.Context, s *syncing, mode project.LockMode, flag string) error {
	l, err := s.update(ctx, mode, flag)
	r.locked, r.lockDir = l, s.target.Dir()
	return err
}

// syncing is how the environment is brought up to date, with little said.
func (r *running) syncing(p *projectWork) (*syncing, error) {
	o := r.flags
	noSync, err := r.app.flagOrEnv(o.project.noSync, "UV_NO_SYNC")
	if err != nil {
		return nil, err
	}
	s := &syncing{
		projectWork: p, active: o.active, exact: isTrue(o.project.exact), editable: &o.project.selectionFlags,
		quiet: true, tells: r.work.showsResolution(), noSync: isTrue(noSync),
	}
	s.selection.Groups, s.selection.Extras, err = p.selection(&o.project.selectionFlags)
	return s, err
}

// isolatedEnvironment is one for this run alone.
func (r *running) isolatedEnvironment(ctx context.Context, s *syncing) (*projectEnvironment, error) {
	pythons, err := s.pythons(s.selection.Groups.Has)
	if err != nil {
		return nil, err
	}
	c, err := s.choice(&pythons, r.app.projectDir())
	if err != nil {
		return nil, err
	}
	found, err := s.seeker.FindOrDownload(ctx, c.request, python.AnyEnvironment)
	if err != nil {
		return nil, err
	}
	if err := s.checkPython(c, &pythons, found.Interpreter); err != nil {
		return nil, err
	}
	r.app.attend()
	dir, err := s.engine.Cache.TempDir()
	if err != nil {
		return nil, err
	}
	r.keep = append(r.keep, temporaryDir(dir))
	env, err := venv.Create(ctx, filepath.Join(dir, "env"), found.Interpreter, venv.Options{})
	if err != nil {
		return nil, fmt.Errorf("failed to create virtual environment: %w", err)
	}
	return &projectEnvironment{Environment: env, action: envCreated}, nil
}

// temporaryDir is a directory that the child uses, and that has to be removed in
// the end.
type temporaryDir string

// Inherit implements keeper: nobody else would remove it.
func (temporaryDir) Inherit() error { return errors.ErrUnsupported }

// Release implements keeper.
func (d temporaryDir) Release() error { return os.RemoveAll(string(d)) }

// lockedScript is the script to run as a target, if there is a lock for it; else
// nil.
func (r *running) lockedScript(ctx context.Context) (*projectWork, error) {
	if r.target.file == "" {
		return nil, nil
	}
	t := project.Target{Script: &project.Script{Path: r.target.file, File: r.script.File}}
	if _, err := os.Stat(t.LockPath()); err != nil {
		return nil, nil //nolint:nilerr // there is none
	}
	p := &projectWork{app: r.app, flags: &r.flags.resolutionFlags, script: r.script, target: t}
	return p, r.adopt(ctx, p)
}

// lockedScriptBase makes the environment of a script with a lock.
func (r *running) lockedScriptBase(ctx context.Context, p *projectWork) error {
	s, err := r.syncing(p)
	if err != nil {
		return err
	}
	s.selection = project.Selection{}
	active := isTrue(r.flags.active)
	if s.env, err = s.environment(ctx, environmentOptions{active: &active}); err != nil {
		return err
	}
	r.python, r.base = s.env.Interpreter, s.env.Environment
	mode, flag, err := r.app.lockMode(&r.flags.project.lockStateFlags, false)
	if err != nil {
		return err
	}
	return r.update(ctx, s, mode, flag)
}

package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/tool"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// locksTools reports whether tools have a lock beside their receipt.
func (a *app) locksTools() bool { return a.previews("tool-install-locks") }

// lockTarget is what is locked, with the paths absolute: a lock in an environment
// is to be moved nowhere.
func (t *toolInstallation) lockTarget() (project.Target, error) {
	m, err := t.inputs.Manifest()
	if err != nil {
		return project.Target{}, err
	}
	if !t.narrowed {
		m.Constraints = m.Constraints[:len(m.Constraints)-t.passing]
	}
	build := make([]source.Requirement, len(t.inputs.BuildConstraints))
	for i := range t.inputs.BuildConstraints {
		build[i] = t.inputs.BuildConstraints[i].Requirement
	}
	for _, list := range [][]source.Requirement{m.Requirements, m.Constraints, build} {
		for i := range list {
			absolute(&list[i])
		}
	}
	for i := range m.Overrides {
		absolute(&m.Overrides[i].Requirement)
	}
	return project.Target{Tool: &project.Tool{
		Dir: t.store.Dir(t.name), Requirements: m.Requirements, Constraints: m.Constraints,
		BuildConstraints: build, Overrides: m.Overrides, Excludes: m.Excludes,
	}}, nil
}

// absolute makes the path of a requirement be written as what it is: there is
// nothing that it could be relative to.
func absolute(q *source.Requirement) {
	if q.Source.Kind == source.Directory || q.Source.Kind == source.Path {
		q.Source.Given = q.Source.Location
	}
}

// lockTool finds the lock of the tool: the one that is there, if it answers what
// is asked for, or a new one, which is not written yet.
func (t *toolInstallation) lockTool(ctx context.Context, i *python.Interpreter) (*project.LockResult, error) {
	target, err := t.lockTarget()
	if err != nil {
		return nil, err
	}
	e, err := t.newEngine(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case t.hush:
		e.Report = silence
	case t.env != nil:
		e.Report = t.showWithoutResolution
	}
	t.locking = &projectWork{app: t.app, flags: &resolutionFlags{}, settings: t.settings, target: target, engine: e, seeker: t.finder}
	r, err := t.locking.lockRequest(project.DryRun, "", i)
	if err != nil {
		return nil, err
	}
	r.Connect = func(ctx context.Context) error {
		_, err := t.connected(ctx, i)
		return err
	}
	if in := t.inputs.Constraints; !t.narrowed {
		for _, i := range in[len(in)-t.passing:] {
			r.Constraints = append(r.Constraints, i.Requirement)
		}
	}
	r.Refresh = isTrue(t.settings.refresh.All) || len(t.settings.refresh.Packages) > 0
	if !r.Upgrade.All && t.env != nil {
		if r.Preferences, err = t.installedVersions(&r.Upgrade); err != nil {
			return nil, err
		}
	}
	return project.Lock(ctx, r)
}

// installedVersions are those of the environment, which stay where nothing speaks
// against them.
func (t *toolInstallation) installedVersions(upgrade *project.Upgrade) ([]resolve.Preference, error) {
	site, err := install.Open(t.env.Interpreter.InstalledIn()...)
	if err != nil {
		return nil, err
	}
	var out []resolve.Preference
	for _, d := range site.All() {
		if !slices.ContainsFunc(upgrade.Requirements, func(r pep508.Requirement) bool { return r.Name == d.Name }) {
			out = append(out, resolve.Preference{Name: d.Name, Version: d.Version, AnyIndex: true, From: resolve.FromEnvironment})
		}
	}
	return out, nil
}

// installLocked makes the environment hold what its lock says. If there is none,
// it is made after the resolution, so that a failure leaves what was there.
func (t *toolInstallation) installLocked(ctx context.Context, i *python.Interpreter) (*engine.Changes, error) {
	result, err := t.lockTool(ctx, i)
	if err != nil {
		return nil, err
	}
	if t.env == nil {
		if err := t.makeEnvironment(ctx, i); err != nil {
			return nil, err
		}
	}
	s := &syncing{
		projectWork: t.locking, exact: true, editable: &selectionFlags{}, env: &projectEnvironment{Environment: t.env},
	}
	r, err := s.syncRequest(result.Lock)
	if err != nil {
		return nil, err
	}
	if r.Site, err = install.Open(t.env.Interpreter.InstalledIn()...); err != nil {
		return nil, err
	}
	chosen := t.settings.reinstall()
	r.Reinstall = func(name pyname.Package) bool { return chosen.Has(name) || t.isTree(name) }
	start := time.Now()
	synced, err := project.Sync(ctx, r)
	if err != nil {
		t.undo()
		return nil, err
	}
	t.lock, t.checked, t.took = result.Lock, len(synced.Wanted), time.Since(start)
	return synced.Changes, nil
}

// isTree reports whether a package was asked for as a directory.
func (t *toolInstallation) isTree(name pyname.Package) bool {
	return slices.ContainsFunc(t.inputs.Requirements, func(i pip.Input) bool { return i.Name == name && i.Source.Kind == source.Directory })
}

// showWithoutResolution leaves out how long it took to find what was locked, as
// long as that may be what is installed.
func (t *toolInstallation) showWithoutResolution(e engine.Event) {
	if e.Stage != engine.Resolved {
		t.app.showStage(e)
	}
}

// writeDown writes the receipt, and the lock beside it or away.
func (t *toolInstallation) writeDown(entries []tool.EntryPoint) error {
	target := project.Target{Tool: &project.Tool{Dir: t.store.Dir(t.name)}}
	if t.lock != nil {
		if err := target.WriteLock(t.lock, nil); err != nil {
			return err
		}
	} else if err := os.Remove(target.LockPath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return t.store.WriteReceipt(t.name, t.receipt(entries))
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// placeFlags say which list of dependencies is meant.
type placeFlags struct {
	dev             bool
	optional, group *string
}

func (p *placeFlags) register(f *flags, verb string) {
	f.Bool(&p.dev, "dev", verb+" the development dependencies (the group `dev`)").FromEnv("UV_DEV")
	f.Optional(&p.optional, "optional", "EXTRA", verb+" the optional dependencies of this extra")
	f.Optional(&p.group, "group", "GROUP", verb+" this dependency group")
	f.Exclusive("dev", "optional", "group")
	f.Exclusive("script", "dev")
	f.Exclusive("script", "optional")
	f.Exclusive("script", "group")
}

// place is the list that is meant.
func (p *placeFlags) place(a *app) (pyproject.Place, error) {
	dev, err := a.flagOrEnv(nil, "UV_DEV")
	if err != nil {
		return pyproject.Place{}, err
	}
	switch {
	case p.optional != nil:
		extra, err := pyname.ParseExtra(*p.optional)
		if err != nil {
			return pyproject.Place{}, fmt.Errorf("invalid value for `--optional`: %w", err)
		}
		return pyproject.Place{Kind: pyproject.OptionalExtra, Extra: extra}, nil
	case p.group != nil:
		group, err := pyname.ParseGroup(*p.group)
		if err != nil {
			return pyproject.Place{}, fmt.Errorf("invalid value for `--group`: %w", err)
		}
		return pyproject.Place{Kind: pyproject.InGroup, Group: group}, nil
	case p.dev || isTrue(dev):
		return pyproject.Place{Kind: pyproject.LegacyDev}, nil
	}
	return pyproject.Place{}, nil
}

// editFlags are those of the commands that edit a project or script, lock it
// and bring its environment up to date.
type editFlags struct {
	lockStateFlags
	noSync, active *bool
	member, script *string
	resolutionFlags
}

func (o *editFlags) register(f *flags, scripts bool) {
	o.lockStateFlags.register(f)
	f.Set.Lookup("frozen").Usage = "Only edit the file: neither lock nor sync"
	f.Pair(&o.noSync, "no-sync", "", "Leave the environment as it is").FromEnv("UV_NO_SYNC")
	f.Pair(&o.active, "active", "no-active", "Use the active environment")
	f.Optional(&o.member, "package", "NAME", "Edit this member of the workspace")
	for _, name := range []string{"upgrade", "upgrade-package", "upgrade-group"} {
		f.Exclusive("locked", name)
		f.Exclusive("frozen", name)
	}
	f.Exclusive("frozen", "no-sources")
	if scripts {
		f.Optional(&o.script, "script", "FILE", "Edit the metadata of this script")
		f.Exclusive("script", "package")
	}
	o.resolutionFlags.register(f)
}

// An edit is a command that edits a project or script, on its way.
type edit struct {
	*projectWork
	flags    *editFlags
	document *project.Document
	journal  project.Journal
	noSync   bool
	mode     project.LockMode
	flag     string
	python   *python.Interpreter // to lock with
	env      *projectEnvironment // to sync; nil for none
	groups   project.Groups
	extras   project.Extras
	filter   lock.Filter
}

// startEdit finds what is edited. fresh makes metadata for a script that has
// none; else that is an error.
func (a *app) startEdit(ctx context.Context, o *editFlags, fresh bool) (*edit, error) {
	e := &edit{flags: o}
	noSync, err := a.flagOrEnv(o.noSync, "UV_NO_SYNC")
	if err != nil {
		return nil, err
	}
	e.noSync = isTrue(noSync)
	if e.mode, e.flag, err = a.lockMode(&o.lockStateFlags, false); err != nil {
		return nil, err
	}
	if err := a.lockEdits(ctx, o); err != nil {
		return nil, err
	}
	if o.script != nil {
		return e, a.startScriptEdit(ctx, e, fresh)
	}
	var d discovery
	if o.member != nil {
		d.packages = []string{*o.member}
	}
	if e.projectWork, err = a.openProject(ctx, &o.resolutionFlags, d); err != nil {
		return nil, err
	}
	e.document, err = project.EditProject(e.target.Workspace, e.projectWork.member, a.editDiscovery())
	e.journal.Path = project.JournalPath(e.target.LockPath())
	return e, err
}

func (a *app) startScriptEdit(ctx context.Context, e *edit, fresh bool) error {
	o := e.flags
	for _, f := range []struct {
		name  string
		given bool
	}{{"--frozen", e.mode == project.Frozen}, {"--locked", e.mode == project.CheckLock}, {"--no-sync", e.noSync}} {
		if f.given {
			a.print.Warn("`%s` has no effect on scripts with metadata, which always run in isolation", f.name)
		}
	}
	path := a.path(*o.script)
	script, err := a.openScript(ctx, *o.script, &o.resolutionFlags, fresh)
	if err != nil {
		return err
	}
	e.document = project.EditScript(path, script)
	e.projectWork = &projectWork{app: a, flags: &o.resolutionFlags, target: e.document.Target()}
	e.journal.Path = project.JournalPath(e.target.LockPath())
	return e.settle(ctx)
}

// lockEdits keeps two processes from editing one file: the edit of one of them
// would be lost. To be called before the file is read for editing.
func (a *app) lockEdits(ctx context.Context, o *editFlags) error {
	subject := workspace.SettingsRoot(a.projectDir(), &workspace.Files{})
	if o.script != nil {
		subject = a.path(*o.script)
	}
	path := filepath.Join(os.TempDir(), "tame-"+cache.Key("edit", subject)+".lock")
	lock, err := fsx.Acquire(ctx, path, fsx.Exclusive, fsx.LockOptions{Timeout: a.lockTimeout(), Waiting: func() {
		a.print.Line("Waiting for another process that edits %s", a.shown(subject))
	}})
	var timeout *fsx.LockTimeoutError
	switch {
	case err == nil:
		a.atEnd(func() { _ = lock.Release() })
		recovered := a.recoverEdits(subject)
		if o.script != nil {
			recovered = a.recoverEdit(subject + ".lock")
		}
		if recovered != nil {
			return recovered
		}
		a.files = nil // what was read before may be old
	case errors.As(err, &timeout), ctx.Err() != nil:
		return err
	default:
		a.print.Debug("The project is edited without a lock: %v", err)
	}
	return nil
}

// recoverEdits takes back edits that were killed, of the projects in a directory
// and above it. To be called before their files are read.
func (a *app) recoverEdits(dir string) error {
	for ; ; dir = filepath.Dir(dir) {
		if err := a.recoverEdit(filepath.Join(dir, lock.FileName)); err != nil || dir == filepath.Dir(dir) {
			return err
		}
	}
}

// recoverEdit takes back the edit of the project or script with that lock, if it
// was killed.
func (a *app) recoverEdit(lockPath string) error {
	r, err := project.Recover(project.JournalPath(lockPath))
	if err != nil || r == nil {
		return err
	}
	names := func(paths []string) string {
		out := make([]string, len(paths))
		for i, p := range paths {
			out[i] = "`" + a.shown(p) + "`"
		}
		return strings.Join(out, ", ")
	}
	switch {
	case len(r.Foreign) > 0:
		a.print.Warn("An edit was interrupted, and %s changed since or is elsewhere: what it had written stays; `%s lock` brings the lock up to date", names(r.Foreign), a.name)
	case len(r.Restored) > 0:
		a.print.Warn("An edit was interrupted; what it had written was taken back: %s", names(r.Restored))
	}
	return nil
}

func (a *app) editDiscovery() workspace.DiscoverOptions {
	return workspace.DiscoverOptions{Files: a.projectFiles(), CacheDir: a.cacheDir(), Check: a.checkFile}
}

// prepare finds the Python to lock with, or the environment to sync.
func (e *edit) prepare(ctx context.Context) error {
	if e.python != nil {
		return nil
	}
	var err error
	if e.groups, err = e.withDefaultGroups(e.groups); err != nil {
		return err
	}
	if e.extras, err = e.withDefaultExtras(e.extras); err != nil {
		return err
	}
	if e.mode == project.Frozen && e.target.Script == nil {
		return nil
	}
	if e.target.Script != nil || e.noSync {
		e.python, err = e.lockInterpreter(ctx)
		return err
	}
	e.env, err = e.environment(ctx, environmentOptions{active: e.flags.active, groups: e.groups.Has})
	if err == nil {
		e.python = e.env.Interpreter
	}
	return err
}

// edited takes over the file as it is after an edit.
func (e *edit) edited() {
	e.target, e.member = e.document.Target(), e.document.Member
	if e.target.Workspace != nil {
		e.engine.Workspaces.Add(e.target.Workspace)
	}
}

// lock locks what was edited. A script without a lock does not get one.
func (e *edit) lock(ctx context.Context, constraints []source.Requirement) (*lock.Lock, error) {
	if err := e.journal.Remember(e.target.LockPath()); err != nil {
		return nil, err
	}
	mode := e.mode
	if e.target.Script != nil && !e.document.HasLock() {
		mode = project.DryRun
	}
	r, err := e.lockRequest(mode, e.flag, e.python)
	if err != nil {
		return nil, err
	}
	r.Constraints, r.Journal = constraints, &e.journal
	start := time.Now()
	result, err := project.Lock(ctx, r)
	if err != nil {
		return nil, err
	}
	if result.Graph == nil && e.engine.Report != nil {
		e.engine.Report(engine.Event{Stage: engine.Resolved, Count: len(result.Lock.Packages), Took: time.Since(start)})
	}
	return result.Lock, nil
}

// lockAndSync locks what was edited anew, and brings the environment up to it.
func (e *edit) lockAndSync(ctx context.Context, exact bool) error {
	if err := e.prepare(ctx); err != nil {
		return err
	}
	l, err := e.lock(ctx, nil)
	if err != nil {
		return err
	}
	return e.sync(ctx, l, exact)
}

// end keeps the edits or, after an error, which it returns, takes all of them
// back.
func (e *edit) end(err error) error {
	if err == nil {
		e.journal.Commit()
		return nil
	}
	if back := e.journal.Revert(); back != nil {
		return errors.Join(err, fmt.Errorf("the edited files could not be brought back to what they were: %w", back))
	}
	return err
}

// locationFrom is a URL or path of a file as a URL; paths are relative to the
// file's directory.
func locationFrom(dir, text string) (string, error) {
	a := app{dir: dir}
	return a.locationURL(text)
}

// withoutCredentials is a URL for a file that is shared.
func withoutCredentials(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.User == nil {
		return text
	}
	u.User = nil
	return u.String()
}

// sync makes the environment hold what the lock has for what was edited. Files
// and lock are as they are to be by now.
func (e *edit) sync(ctx context.Context, l *lock.Lock, exact bool) error {
	e.journal.Commit()
	if e.env == nil {
		return nil
	}
	s := &syncing{
		projectWork: e.projectWork, env: e.env, active: e.flags.active, exact: exact, editable: &selectionFlags{},
		selection: project.Selection{Groups: e.groups, Extras: e.extras}, filter: e.filter,
	}
	if e.member != nil {
		s.selection.Members = []*workspace.Member{e.member}
	}
	release, err := s.hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	return s.install(ctx, l)
}

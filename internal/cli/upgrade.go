package cli

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/settings"
	"github.com/tame-py/tame/internal/target"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
)

// upgradeFlags are those of `upgrade`.
type upgradeFlags struct {
	exclude []string
	resolutionFlags
}

func upgradeCommand() command {
	return command{
		path: "upgrade", args: "[PACKAGES]...", short: "Raise the bounds of dependencies to the newest versions",
		long: "Looks which versions the dependencies of the project, or those that are named, could have if their upper bounds and pins were not there, and changes the bounds in the pyproject.toml to admit these. " +
			"Lower bounds and exclusions stay, as do the lock and the environment: `lock` and `sync` bring them up to date.",
		prepare: func(f *flags) work {
			var o upgradeFlags
			f.List(&o.exclude, "exclude", "NAME", "Leave this package as it is")
			return func(ctx context.Context, a *app, args []string) error { return a.upgrade(ctx, &o, args) }
		},
	}
}

// An upgrading is the command on its way.
type upgrading struct {
	*projectWork
	plan *project.UpgradePlan
}

func (a *app) upgrade(ctx context.Context, o *upgradeFlags, args []string) error {
	if err := a.lockEdits(ctx, &editFlags{}); err != nil {
		return err
	}
	w, m, err := a.discover(ctx, discovery{})
	var directory *workspace.DirectoryError
	switch {
	case errors.Is(err, workspace.ErrNone), errors.As(err, &directory) && errors.Is(err, workspace.ErrNoProject), err == nil && m == nil:
		return errors.New("only a project with a `[project]` table can be upgraded")
	case err != nil:
		return err
	}
	u := &upgrading{projectWork: &projectWork{app: a, flags: &o.resolutionFlags, target: project.Target{Workspace: w}, member: m}}
	interpreter, err := u.choose(ctx, o, args)
	if err != nil || len(u.plan.Packages) == 0 {
		return err
	}
	return u.run(ctx, interpreter)
}

// choose selects what is upgraded, and says what is not. What is wrong with the
// selection is said before what is wrong with the Python.
func (u *upgrading) choose(ctx context.Context, o *upgradeFlags, args []string) (*python.Interpreter, error) {
	names, err := settings.Packages("packages", args)
	if err != nil {
		return nil, err
	}
	exclude, err := settings.Packages("exclude", o.exclude)
	if err != nil {
		return nil, err
	}
	pythons, err := u.pythons(nil)
	if err != nil {
		return nil, err
	}
	domain := marker.True()
	if !pythons.Open {
		domain = pythons.Range.Marker()
	}
	plan := func() error {
		u.plan, err = project.PlanUpgrade(u.target.Workspace, u.member, names, exclude, domain)
		return err
	}
	if err := plan(); err != nil {
		return nil, err
	}
	var interpreter *python.Interpreter
	var missing error
	if pythons.Open && len(u.plan.Packages) > 0 {
		// Without a requires-python, the Python at hand stands in for it.
		if missing = u.ready(ctx); missing == nil {
			interpreter, missing = u.lockInterpreter(ctx)
		}
		if interpreter != nil {
			domain = target.AtLeast(pep440.FromRelease(interpreter.Major(), interpreter.Minor())).Marker()
			if err := plan(); err != nil {
				return nil, err
			}
		}
	}
	u.tell(0)
	told := len(u.plan.Kept)
	if err := u.plan.Check(); err != nil {
		return nil, err
	}
	if len(u.plan.Packages) == 0 {
		u.tell(told)
	}
	return interpreter, missing
}

// tell says which dependencies stay as they are, from the nth on.
func (u *upgrading) tell(from int) {
	for _, k := range u.plan.Kept[from:] {
		verb := "Could not update"
		if k.Skipped {
			verb = "Skipping"
		}
		u.app.print.Warn("%s dependency `%s` in `project.dependencies`: `%s` (%s)", verb, k.Name, k.Text, k.Reason)
	}
}

// run resolves without the bounds and writes those that admit what was found.
func (u *upgrading) run(ctx context.Context, i *python.Interpreter) error {
	a, told := u.app, 0
	for _, k := range u.plan.Kept {
		if k.Skipped {
			told++
		}
	}
	if u.member.Project.Version == nil {
		return errors.New("projects with dynamic versions cannot be upgraded yet")
	}
	result, err := u.resolve(ctx, i)
	if err != nil {
		return err
	}
	document, err := project.EditProject(u.target.Workspace, u.member, a.editDiscovery())
	if err != nil {
		return err
	}
	rewrites, err := u.plan.Apply(result.Lock, document)
	if err != nil {
		u.tell(told)
		return err
	}
	if len(rewrites) > 0 {
		if err := document.Save(ctx, &project.Journal{}); err != nil {
			return err
		}
	}
	u.showVersions(result)
	u.tell(told)
	for _, r := range rewrites {
		a.print.Line("Updated requirement: `%s` -> `%s`", r.Old, r.New)
	}
	return nil
}

// ready makes the engine, which is to ask anew for what is upgraded.
func (u *upgrading) ready(ctx context.Context) error {
	if u.engine != nil {
		return nil
	}
	for _, name := range u.plan.Packages {
		u.flags.resolver.UpgradePackage = append(u.flags.resolver.UpgradePackage, string(name))
	}
	return u.settle(ctx)
}

// resolve makes a lock of the project without its bounds, which is written
// nowhere.
func (u *upgrading) resolve(ctx context.Context, i *python.Interpreter) (*project.LockResult, error) {
	relaxed, err := u.plan.Relaxed()
	if err != nil {
		return nil, err
	}
	if err := u.ready(ctx); err != nil {
		return nil, err
	}
	if i == nil {
		if i, err = u.lockInterpreter(ctx); err != nil {
			return nil, err
		}
	}
	w, m := u.target.Workspace, u.member
	defer func() { u.target.Workspace, u.member = w, m }()
	u.app.projectFiles().Put(m.Dir, relaxed)
	defer u.app.projectFiles().Put(m.Dir, m.File)
	if u.target.Workspace, u.member, err = workspace.Discover(ctx, m.Dir, u.app.editDiscovery()); err != nil {
		return nil, err
	}
	u.engine.Workspaces.Add(u.target.Workspace)
	start := time.Now()
	r, err := u.lockRequest(project.DryRun, "", i)
	if err != nil {
		return nil, err
	}
	result, err := project.Lock(ctx, r)
	if err == nil && result.Graph == nil && u.engine.Report != nil {
		u.engine.Report(engine.Event{Stage: engine.Resolved, Count: len(result.Lock.Packages), Took: time.Since(start)})
	}
	return result, err
}

// showVersions says what versions the packages would get.
func (u *upgrading) showVersions(r *project.LockResult) {
	a := u.app
	changes := map[string]project.LockChange{}
	if r.Changed {
		for _, c := range project.LockChanges(r.Previous, r.Lock) {
			changes[string(c.Name)] = c
		}
	}
	for _, name := range u.plan.Packages {
		c, ok := changes[string(name)]
		was, is := strings.Join(c.Old, ", "), strings.Join(c.New, ", ")
		color := a.print.Color
		switch {
		case !u.plan.Supports(name):
		case !ok:
			a.print.Line("No version change for %s", name)
		case was == "":
			a.print.Line("%s %s %s", color.Green(color.Bold("Add")), name, is)
		case is == "":
			a.print.Line("%s %s %s", color.Red(color.Bold("Remove")), name, was)
		default:
			a.print.Line("%s %s %s -> %s", color.Green(color.Bold("Update")), name, was, is)
		}
	}
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tame-py/tame/internal/advise"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/stdlib"
)

// adviseFlags are those of `python advise`, which uv does not have.
type adviseFlags struct {
	script, format, check string
	platforms             []string
	dependencies          bool
	resolutionFlags
}

func pythonAdviseCommand() command {
	return command{
		path: "python advise", late: true, own: true, args: "[VERSIONS]...", short: "Say what stands between a project and newer Pythons",
		long: "For each newer Python, or those named: whether the lock will do as it is, which packages hold it back, which releases of them would do and since when, and what else the resolver would change; " +
			"what the project's own files use of the standard library that is removed or deprecated; and how long that Python is maintained. Nothing is changed.",
		prepare: func(f *flags) work {
			var o adviseFlags
			f.Text(&o.check, "check", "VERSION", "Exit with 1 if this version of Python is blocked")
			f.List(&o.platforms, "python-platform", "PLATFORM", "Look for wheels for this platform, instead of the one at hand: linux, windows, macos or a target triple; may be given several times")
			f.Bool(&o.dependencies, "dependencies", "Look at the files of the installed dependencies, too")
			f.Text(&o.script, "script", "FILE", "Advise on this script")
			f.Choice(&o.format, "output-format", "FORMAT", "How to answer", "text", "json")
			o.register(f)
			return func(ctx context.Context, a *app, args []string) error { return a.advise(ctx, &o, args) }
		},
	}
}

func (a *app) advise(ctx context.Context, o *adviseFlags, args []string) error {
	minors, err := minorVersions(args)
	if err != nil {
		return err
	}
	var checked []int
	if o.check != "" {
		if checked, err = minorVersions([]string{o.check}); err != nil {
			return err
		}
		if minors = append(minors, checked...); len(args) > 0 {
			slices.Sort(minors)
			minors = slices.Compact(minors)
		}
	}
	r, err := a.readLockAsItIs(ctx, &o.resolutionFlags, o.script)
	if err != nil {
		return err
	}
	request, err := r.adviseRequest(ctx, o, minors)
	if err != nil {
		return err
	}
	found, err := request.Run(ctx)
	if err != nil {
		return err
	}
	if o.format == "json" {
		err = a.printJSON(found)
	} else {
		a.print.Data("%s", a.adviceText(found))
	}
	if err != nil {
		return err
	}
	for i := range found.Versions {
		switch v := &found.Versions[i]; {
		case !slices.Contains(checked, v.Minor):
		case v.Status.IsBlocked():
			return exitStatus(exitFailed)
		case v.Status == advise.Unknown:
			return withHint(fmt.Errorf("whether Python %s is blocked is not known", v.Version), "without `--offline` the indexes are asked")
		}
	}
	return nil
}

// minorVersions reads versions as a person writes them: 3.13, 3.13.1 or 313.
func minorVersions(args []string) ([]int, error) {
	var out []int
	for _, text := range args {
		v, err := python.ParseTargetVersion(dotted(text))
		if err != nil || v.Segment(0) != 3 || v.Segment(1) > 99 {
			return nil, usageError(fmt.Sprintf("a version of Python is expected, such as 3.13, not `%s`", text))
		}
		out = append(out, int(v.Segment(1)))
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// adviseRequest is about the versions named or, without any, that of the
// interpreter and all newer ones that are released.
func (r *lockReading) adviseRequest(ctx context.Context, o *adviseFlags, minors []int) (*advise.Request, error) {
	now := int(r.interpreter.Version.Segment(1))
	if len(minors) == 0 {
		minors = append([]int{now}, stdlib.ReleasedAfter(now, r.app.now())...)
	}
	latest, err := r.latestRequest(ctx)
	if err != nil {
		return nil, err
	}
	locking, err := r.lockRequest(project.DryRun, "", r.interpreter)
	if err != nil {
		return nil, err
	}
	out := &advise.Request{
		Lock: r.lock, Python: r.interpreter.Version.String(), Index: latest.Client, Latest: latest.Policy, Offline: locking.Offline,
		Policy: locking.Policy, Dir: r.target.Dir(), Shown: r.app.shown,
		Suppose: func(ctx context.Context, s advise.Supposition) (*resolve.Graph, error) {
			supposed := *locking
			supposed.Constraints = s.Constraints
			graph, err := project.Suppose(ctx, &supposed, project.Supposition{Python: s.Python, Required: s.Required, Policy: s.Policy}, r.lock)
			var elsewhere *project.ElsewhereError
			if errors.As(err, &elsewhere) {
				err = &advise.ReasonError{Err: err}
			}
			return graph, err
		},
	}
	if script := r.target.Script; script != nil {
		out.Script = script.Path
	}
	if out.Current, err = r.adviseGoal(now, o.platforms); err != nil {
		return nil, err
	}
	for _, minor := range minors {
		g, err := r.adviseGoal(minor, o.platforms)
		if err != nil {
			return nil, err
		}
		out.Goals = append(out.Goals, g)
	}
	if o.dependencies {
		out.Installed, err = r.installedDirs(ctx)
	}
	return out, err
}

// adviseGoal is a version of Python on the platforms that are asked about.
func (r *lockReading) adviseGoal(minor int, platforms []string) (advise.Goal, error) {
	g := advise.Goal{Minor: minor}
	if len(platforms) == 0 {
		platforms = []string{""}
	}
	for _, name := range platforms {
		t, err := r.interpreter.Target(advise.VersionText(minor), name, r.app.environment.Get)
		if err != nil {
			return g, err
		}
		if name == "" {
			name = t.Env.SysPlatform + " " + t.Env.PlatformMachine
		}
		g.Platforms = append(g.Platforms, advise.Platform{Name: name, Env: t.Env, Tags: t.Tags})
	}
	return g, nil
}

// installedDirs are the directories of what is installed in the environment of the
// project, none if there is no environment.
func (r *lockReading) installedDirs(ctx context.Context) ([]string, error) {
	root, err := r.environmentRoot(nil)
	if err != nil {
		return nil, err
	}
	env, err := r.seeker.EnvironmentAt(ctx, root)
	if err != nil {
		r.app.print.Warn("there is no environment to look at for `--dependencies`; `%s sync` makes one", r.app.name)
		return nil, nil //nolint:nilerr // it is said
	}
	return slices.Compact([]string{env.Interpreter.Scheme.Purelib, env.Interpreter.Scheme.Platlib}), nil
}

package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// versionFlags are those of `version`.
type versionFlags struct {
	editFlags
	bump          []string
	dryRun, short bool
	format        string
}

func versionCommand() command {
	return command{
		path: "version", args: "[VALUE]", short: "Show the version of the project, or change it",
		long: "A new version is written into the pyproject.toml; the lock and the environment are updated. With `--bump` several parts can be raised at once, in whatever order: `--bump major --bump beta`.",
		prepare: func(f *flags) work {
			var o versionFlags
			f.List(&o.bump, "bump", "PART[=NUMBER]", "Raise a part: major, minor, patch, stable, alpha, beta, rc, post or dev")
			f.Bool(&o.dryRun, "dry-run", "Only say what the version would be")
			f.Bool(&o.short, "short", "Print nothing but the version")
			f.Choice(&o.format, "output-format", "FORMAT", "How to print it", "text", "json")
			o.editFlags.register(f, false)
			return func(ctx context.Context, a *app, args []string) error { return a.version(ctx, &o, args) }
		},
	}
}

func (a *app) version(ctx context.Context, o *versionFlags, args []string) error {
	value, err := oneArgument(args)
	if err != nil {
		return err
	}
	if value != nil && len(o.bump) > 0 {
		return usageError("`--bump` cannot be used together with a version")
	}
	var bumps []project.Bump
	for _, text := range o.bump {
		b, err := project.ParseBump(text)
		if err != nil {
			return usageError(err.Error())
		}
		bumps = append(bumps, b)
	}
	if value == nil && len(bumps) == 0 {
		return a.showProjectVersion(ctx, o)
	}
	e, err := a.startEdit(ctx, &o.editFlags, false)
	if err != nil {
		return a.explainVersion(err)
	}
	if e.member == nil {
		return a.noProject(e.document.Path)
	}
	old, err := project.VersionOf(e.document)
	if err != nil {
		return fmt.Errorf("cannot tell the version in `%s`: %w", a.shown(e.document.Path), err)
	}
	now, err := project.NewVersion(old, text(value), bumps)
	if err != nil {
		return err
	}
	if !o.dryRun {
		if err := e.end(e.setVersion(ctx, *now)); err != nil {
			return err
		}
	}
	return a.printVersion(o, e.document.Member.Name, old, now)
}

// showProjectVersion prints the version as the file has it, or the lock.
func (a *app) showProjectVersion(ctx context.Context, o *versionFlags) error {
	var d discovery
	if o.member != nil {
		d.packages = []string{*o.member}
	}
	w, m, err := a.discover(ctx, d)
	if err != nil {
		return a.explainVersion(err)
	}
	if m == nil {
		return a.noProject(w.File.Name())
	}
	mode, flag, err := a.lockMode(&o.lockStateFlags, false)
	if err != nil {
		return err
	}
	if mode == project.Frozen {
		result, err := project.Lock(ctx, &project.LockRequest{Target: project.Target{Workspace: w}, Mode: mode, Flag: flag})
		if err != nil {
			return err
		}
		v, ok := project.LowestVersions(result.Lock)(m.Name)
		if !ok {
			return fmt.Errorf("the lock does not have the version of `%s`", m.Name)
		}
		return a.printVersion(o, m.Name, v, nil)
	}
	document, err := project.EditProject(w, m, a.editDiscovery())
	if err != nil {
		return err
	}
	v, err := project.VersionOf(document)
	if err != nil {
		return fmt.Errorf("cannot tell the version in `%s`: %w", a.shown(document.Path), err)
	}
	return a.printVersion(o, m.Name, v, nil)
}

// explainVersion adds what else may have been meant where there is no project.
func (a *app) explainVersion(err error) error {
	if errors.Is(err, workspace.ErrNone) && first(a.global.project, a.env["UV_PROJECT"]) == "" {
		return withHint(err, "`%s self version` shows the version of %s", a.name, a.name)
	}
	return err
}

func (a *app) noProject(path string) error {
	return &workspace.DirectoryError{Err: workspace.ErrNoProject, Path: a.shown(path)}
}

// setVersion writes a version, locks and syncs.
func (e *edit) setVersion(ctx context.Context, v pep440.Version) error {
	if err := project.SetVersion(ctx, e.document, v, &e.journal); err != nil {
		return err
	}
	e.edited()
	if e.mode == project.Frozen {
		return nil
	}
	return e.lockAndSync(ctx, false)
}

// versionJSON is the output of `version --output-format json`; the names and
// their order are uv's.
type versionJSON struct {
	Name    pyname.Package `json:"package_name"`
	Version string         `json:"version"`
	Commit  *struct{}      `json:"commit_info"`
}

func (a *app) printVersion(o *versionFlags, name pyname.Package, old pep440.Version, now *pep440.Version) error {
	last, c := old, a.print.Color
	if now != nil {
		last = *now
	}
	switch {
	case o.format == "json":
		text, err := json.MarshalIndent(versionJSON{Name: name, Version: last.String()}, "", "  ")
		if err != nil {
			return err
		}
		a.print.Text("%s\n", text)
	case o.short:
		a.print.Text("%s\n", c.Cyan(last.String()))
	case now != nil:
		a.print.Text("%s %s => %s\n", name, c.Cyan(old.String()), c.Cyan(now.String()))
	default:
		a.print.Text("%s %s\n", name, c.Cyan(old.String()))
	}
	return nil
}

package cli

import (
	"context"
	"errors"

	"github.com/tame-py/tame/internal/workspace"
)

// formatFlags are those of `format`.
type formatFlags struct {
	check, diff, showVersion bool
	version                  string
	noProject                *bool
	time                     timeFlags
}

func formatCommand() command {
	return command{
		path: "format", late: true, execs: true, args: "[-- <ARGS>...]", short: "Format the Python code of the project",
		long: "Runs `ruff format` in the root of the project, with the arguments behind `--`. Ruff is installed from the index, as a tool would be; the variable `RUFF` names another one.",
		prepare: func(f *flags) work {
			var o formatFlags
			f.Bool(&o.check, "check", "Change nothing, and fail if something would change")
			f.Bool(&o.diff, "diff", "Show what would change instead of changing it")
			f.Text(&o.version, "version", "VERSION", "The version of Ruff: one, specifiers such as `>=0.8`, or `latest`; by default `"+ruffVersions+"`")
			f.Optional(&o.time.ExcludeNewer, "exclude-newer", "TIME", "Use only a Ruff that was uploaded before this moment: a time, a date, or a span such as `3 weeks`").FromEnv("UV_EXCLUDE_NEWER")
			f.Pair(&o.noProject, "no-project", "", "Format the current directory rather than that of the project").FromEnv("UV_NO_PROJECT")
			f.Bool(&o.showVersion, "show-version", "").Hide()
			return func(ctx context.Context, a *app, args []string) error { return a.format(ctx, &o, args) }
		},
	}
}

// ruffVersions are those whose formatting is alike: uv's choice.
const ruffVersions = ">=0.15,<0.16"

func (a *app) format(ctx context.Context, o *formatFlags, args []string) error {
	a.warnPreview("format", "format-command")
	dir, err := a.formatDir(ctx, o)
	if err != nil {
		return err
	}
	s, err := a.projectSettings(&resolutionFlags{}, &o.time)
	if err != nil {
		return err
	}
	b := &binary{
		name: "ruff", path: a.env["RUFF"], version: o.version, usual: ruffVersions, show: o.showVersion, silent: true,
		cutoff: cutoffOf(&s.Pip.Resolver, "ruff"),
	}
	r, err := b.ready(ctx, a, s)
	if err != nil {
		return err
	}
	line := []string{"format"}
	if o.check {
		line = append(line, "--check")
	}
	if o.diff {
		line = append(line, "--diff")
	}
	return b.run(r, dir, a.environ(), append(line, args...))
}

// formatDir is the root of the project, or the directory at hand if there is none.
func (a *app) formatDir(ctx context.Context, o *formatFlags) (string, error) {
	none, err := a.flagOrEnv(o.noProject, "UV_NO_PROJECT")
	if err != nil || isTrue(none) {
		return a.projectDir(), err
	}
	w, m, err := a.discover(ctx, discovery{})
	switch {
	case err == nil && m != nil:
		return m.Dir, nil
	case err == nil:
		return w.Root, nil
	case errors.Is(err, workspace.ErrNone), errors.Is(err, workspace.ErrUnmanaged), errors.Is(err, workspace.ErrNoProject):
		return a.projectDir(), nil
	}
	return "", err
}

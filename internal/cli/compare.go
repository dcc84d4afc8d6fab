package cli

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/compare"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/python"
)

// compareFlags are those of `compare`.
type compareFlags struct {
	uv, format, report string
	rounds             int
	resolutionFlags
}

func compareCommand() command {
	return command{
		path: "compare", short: "Run uv and tame on this project, and show what they do differently",
		long: "Both work on copies in a temporary folder, with caches of their own: nothing of the project changes. Compared are the locks that they write, " +
			"with the lock at hand and without, the files that they install, and how long it takes. The exit code is 1 if the locks or the files differ.",
		prepare: func(f *flags) work {
			var o compareFlags
			f.Text(&o.uv, "uv", "PATH", "The uv to compare with; by default the one on the PATH")
			o.rounds = 5
			f.Number(&o.rounds, "rounds", "N", "How often each of them does each thing", 1)
			f.Choice(&o.format, "output-format", "FORMAT", "How to show it", "text", "json")
			f.Text(&o.report, "report", "FILE", "Write what is told, and what it takes to tell it again, as Markdown into this file")
			f.python(&o.python) // what else there is to set, both read in the project's settings
			return func(ctx context.Context, a *app, args []string) error { return a.compare(ctx, &o) }
		},
	}
}

func (a *app) compare(ctx context.Context, o *compareFlags) error {
	p, err := a.openProject(ctx, &o.resolutionFlags, discovery{})
	if err != nil {
		return err
	}
	i, err := p.lockInterpreter(ctx)
	if err != nil {
		return err
	}
	r := &compare.Request{
		Python: i.Version.String(), Rounds: o.rounds,
		Copy: func(ctx context.Context, to, aside string) error {
			return project.CopySources(ctx, p.target.Workspace, to, []string{a.cacheDir(), aside})
		},
	}
	if r.Tame, err = os.Executable(); err != nil {
		return err
	}
	if r.UV, err = a.findUV(o.uv, r.Tame); err != nil {
		return err
	}
	if r.Environ, err = p.comparedEnviron(i); err != nil {
		return err
	}
	result, err := r.Run(ctx)
	if err != nil {
		return err
	}
	return a.showComparison(o, result)
}

func (a *app) showComparison(o *compareFlags, r *compare.Result) error {
	var err error
	if o.format == "json" {
		err = a.printJSON(r)
	} else {
		a.print.Data("%s", r.Text())
	}
	if o.report != "" && err == nil {
		err = a.writeOutput(o.report, []byte(r.Markdown()))
	}
	if err == nil && !r.Equal {
		return exitStatus(exitFailed)
	}
	return err
}

// findUV is the uv to compare with, which is not this program by another name.
func (a *app) findUV(given, self string) (string, error) {
	if given != "" {
		return exec.LookPath(a.path(given))
	}
	found, err := exec.LookPath("uv")
	if err == nil {
		one, err1 := os.Stat(found)
		other, err2 := os.Stat(self)
		if err1 != nil || err2 != nil || !os.SameFile(one, other) {
			return found, nil
		}
	}
	return "", withHint(errors.New("there is no uv on the PATH to compare with"), "`--uv PATH` names one")
}

// comparedEnviron is the environment of the caller, without what leads out of the
// copies. Both programs get the same Python, and the index that tame would use.
func (p *projectWork) comparedEnviron(i *python.Interpreter) ([]string, error) {
	l, _, err := p.target.ReadLock()
	if err != nil {
		p.app.print.Warn("The lock at hand cannot be read: %v", err)
	}
	p.followLock(l)
	locations, err := p.app.locations(p.settings, nil, i)
	if err != nil {
		return nil, err
	}
	env := slices.DeleteFunc(p.app.environ(), func(e string) bool {
		name, _, _ := strings.Cut(e, "=")
		return slices.Contains([]string{"UV_PROJECT", "UV_PROJECT_ENVIRONMENT", "VIRTUAL_ENV", "UV_CACHE_DIR", "UV_WORKING_DIR", "UV_WORKING_DIRECTORY", "UV_PYTHON", "UV_LOCKED", "UV_FROZEN"}, name)
	})
	env = append(env, "UV_PYTHON="+i.Executable, "UV_PYTHON_DOWNLOADS=never")
	for _, x := range locations.Indexes {
		if x.Default && x.URL != "" && !isDefaultConfigured(p) {
			env = append(env, "UV_DEFAULT_INDEX="+x.URL)
		}
	}
	return env, nil
}

func isDefaultConfigured(p *projectWork) bool {
	for _, x := range p.settings.Indexes {
		if x.Default {
			return true
		}
	}
	return false
}

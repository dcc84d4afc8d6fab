package cli

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/python"
)

// pipEnvironment finds the environment that a pip command looks at or, with
// mutates, changes; --target and --prefix take its place as where packages are.
func (a *app) pipEnvironment(ctx context.Context, p *config.Pip, mutates bool) (*python.Environment, error) {
	f, err := a.finder()
	if err != nil {
		return nil, err
	}
	system := isTrue(p.System)
	if system {
		f.Preference = f.Preference.WithSystemFlag()
	}
	request := python.Request{}
	if p.Python != nil {
		request = python.ParseRequest(*p.Python, a.dir)
	}
	placed := p.Target != nil || p.Prefix != nil
	env, err := a.findEnvironment(ctx, f, request, system, mutates, placed)
	if err != nil {
		return nil, err
	}
	switch {
	case p.Target != nil:
		env = python.NewEnvironment(env.Interpreter.WithTarget(a.path(*p.Target)))
	case p.Prefix != nil:
		env = python.NewEnvironment(env.Interpreter.WithPrefix(a.path(*p.Prefix)))
	default:
		a.reportEnvironment(env)
		return env, a.checkManaged(env, p, mutates)
	}
	return env, nil
}

// findEnvironment looks for an environment; where packages go elsewhere in any
// case, any interpreter will do.
func (a *app) findEnvironment(ctx context.Context, f *python.Finder, r python.Request, system, mutates, placed bool) (*python.Environment, error) {
	if placed {
		found, err := f.FindOrDownload(ctx, r, python.EnvironmentsFor(system, false))
		if err != nil {
			return nil, err
		}
		return python.NewEnvironment(found.Interpreter), nil
	}
	return f.FindEnvironment(ctx, r, python.EnvironmentsFor(system, mutates))
}

// reportEnvironment says which environment is worked in unless it is the one
// that anybody would expect: the active one, or the .venv at hand.
func (a *app) reportEnvironment(env *python.Environment) {
	usual := a.env["VIRTUAL_ENV"]
	if usual == "" {
		usual = ".venv"
	}
	if a.path(usual) == env.Root {
		return
	}
	if rel, err := filepath.Rel(a.cacheDir(), env.Root); err == nil && filepath.IsLocal(rel) {
		return
	}
	root := env.Root
	if of, ok := a.pythonStore("").Find(root); ok && env.Interpreter.Prefix == env.Interpreter.BasePrefix {
		root = of.Path // not the link that all patch releases share
	}
	a.print.Line("%s", a.print.Color.Dim("Using Python "+env.Interpreter.Version.String()+" environment at: "+a.shown(root)))
}

// shown is a path as a person in the working directory would write it.
func (a *app) shown(path string) string {
	if rel, err := filepath.Rel(a.dir, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

// checkManaged refuses to change what another program looks after.
func (a *app) checkManaged(env *python.Environment, p *config.Pip, mutates bool) error {
	if !mutates || isTrue(p.BreakSystemPackages) {
		return nil
	}
	message, managed := env.Interpreter.ExternallyManaged()
	if !managed {
		return nil
	}
	text := "the interpreter at " + a.shown(env.Root) + " is externally managed"
	if message != "" {
		text += ", and indicates the following:\n\n" + indent(message) + "\n"
	}
	err := errors.New(text)
	if env.Interpreter.IsVirtual() {
		return err
	}
	return withHint(err, "a virtual environment can be changed freely: create one with `%s venv`, or pass `--break-system-packages` to change this one all the same", a.name)
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ")
}

// site lists what is installed in an environment.
func (a *app) site(env *python.Environment) (*install.Site, error) {
	site, err := install.Open(env.Interpreter.InstalledIn()...)
	if err != nil {
		return nil, err
	}
	for _, w := range site.Warnings {
		a.print.Warn("%s", w)
	}
	if !a.noCache() {
		site.Remember(filepath.Join(a.cacheDir(), string(cache.Sites)), time.Now())
		a.atEnd(site.Keep)
	}
	return site, nil
}

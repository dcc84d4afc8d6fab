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

// A purpose is what a command of pip wants an environment for.
type purpose uint8

const (
	toInspect purpose = iota
	toInstall
	toUninstall
)

// pipEnvironment finds the environment that a pip command looks at or changes;
// --target and --prefix take its place as where packages are.
func (a *app) pipEnvironment(ctx context.Context, p *config.Pip, to purpose) (*python.Environment, error) {
	f, err := a.finder()
	if err != nil {
		return nil, err
	}
	elsewhere := p.Target != nil || p.Prefix != nil // then any interpreter will do
	if to != toInstall || !elsewhere {
		// An environment is taken as it is: whose Pythons are preferred decides
		// over new ones, not over what was made already.
		f.Preference = python.PreferManaged
	}
	system := isTrue(p.System)
	if system {
		f.Preference = f.Preference.WithSystemFlag()
	}
	request := python.Request{}
	if p.Python != nil {
		request = python.ParseRequest(*p.Python, a.dir)
	}
	if to == toInstall && elsewhere {
		found, err := f.FindOrDownload(ctx, request, python.EnvironmentsFor(system, false))
		if err != nil {
			return nil, err
		}
		what, path := a.usingPython(found)
		a.print.Line("%s", a.print.Color.Dim(what+path))
		return a.placed(found.Interpreter, p), nil
	}
	env, err := f.FindEnvironment(ctx, request, python.EnvironmentsFor(system, to != toInspect && !elsewhere))
	if err != nil {
		return nil, err
	}
	a.reportEnvironment(env)
	if elsewhere {
		return a.placed(env.Interpreter, p), nil
	}
	return env, a.checkManaged(env, p, to)
}

// placed is an interpreter with packages where --target or --prefix say.
func (a *app) placed(i *python.Interpreter, p *config.Pip) *python.Environment {
	if p.Target != nil {
		return python.NewEnvironment(i.WithTarget(a.path(*p.Target)))
	}
	return python.NewEnvironment(i.WithPrefix(a.path(*p.Prefix)))
}

// reportEnvironment says which environment is worked in, unless it is the .venv at
// hand or one that this tool keeps to itself. Which one is active is not what
// everybody has in mind.
func (a *app) reportEnvironment(env *python.Environment) {
	if a.path(".venv") == env.Root {
		return
	}
	for _, own := range []string{a.cacheDir(), a.toolStore().Root} {
		if rel, err := filepath.Rel(own, env.Root); err == nil && filepath.IsLocal(rel) {
			return
		}
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
func (a *app) checkManaged(env *python.Environment, p *config.Pip, to purpose) error {
	if to == toInspect || isTrue(p.BreakSystemPackages) {
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

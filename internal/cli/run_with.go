package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/cmdline"
	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/ephemeral"
	"github.com/tame-py/tame/internal/fetch"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/packaging/requirements"
)

// runWork is what a run needs for resolving and installing, made when it is
// needed.
type runWork struct {
	*running
	made    *workSettings
	engine  *engine.Engine
	caches  *cache.Cache
	project *projectWork // whose build constraints count; may be nil
}

// settings are the flags over variables over files.
func (w *runWork) settings() (*workSettings, error) {
	if w.made != nil {
		return w.made, nil
	}
	s, err := w.app.projectSettings(&w.flags.resolutionFlags)
	if err != nil {
		return nil, err
	}
	w.made = s
	return s, nil
}

// newEngine makes the engine, whose cache is held until the child is done.
func (w *runWork) newEngine(ctx context.Context) (*engine.Engine, error) {
	if w.engine != nil {
		return w.engine, nil
	}
	s, err := w.settings()
	if err != nil {
		return nil, err
	}
	if w.engine, err = w.app.newEngine(ctx, s); err != nil {
		return nil, err
	}
	if !w.showsResolution() {
		w.engine.Report = w.showSummary
	}
	w.caches = w.engine.Cache
	w.keep = append(w.keep, heldCache{w.caches})
	return w.engine, nil
}

// heldCache is a cache that the child runs from. The end of the command closes
// it.
type heldCache struct{ *cache.Cache }

// Release implements keeper.
func (heldCache) Release() error { return nil }

func (w *runWork) cache(ctx context.Context) (*cache.Cache, error) {
	e, err := w.newEngine(ctx)
	if err != nil {
		return nil, err
	}
	return e.Cache, nil
}

func (w *runWork) store(ctx context.Context) (*ephemeral.Store, error) {
	e, err := w.newEngine(ctx)
	if err != nil {
		return nil, err
	}
	return &ephemeral.Store{Cache: e.Cache, Debug: e.Debug}, nil
}

// connected is the engine with its client and indexes.
func (w *runWork) connected(ctx context.Context, i *python.Interpreter) (*engine.Engine, error) {
	e, err := w.newEngine(ctx)
	if err != nil || e.Index != nil {
		return e, err
	}
	if w.project != nil {
		if err := w.project.constrainBuilds(); err != nil {
			return e, err
		}
	}
	return e, w.app.connect(ctx, e, w.made, nil, i)
}

// showsResolution reports whether to say more than that something was
// installed, which is all that matters beside the output of the child.
func (w *runWork) showsResolution() bool {
	return w.flags.showResolution || isTrue(w.app.vars.ShowResolution) || w.app.print.Debugging()
}

func (w *runWork) showSummary(e engine.Event) {
	if e.Stage == engine.Installed || e.Stage == engine.Uninstalled {
		w.app.showStage(e)
	}
}

func (w *runWork) showChanges(c *engine.Changes) {
	if w.showsResolution() {
		w.app.showChanges(c)
	}
}

// withEnvironment is the environment of what `--with` and its like ask for, or
// nil if that is nothing, or nothing that the base does not have.
func (r *running) withEnvironment(ctx context.Context) (*python.Environment, error) {
	in, err := r.withInputs(ctx)
	if err != nil || in == nil {
		return nil, err
	}
	s, err := r.work.settings()
	if err != nil {
		return nil, err
	}
	if in.Incomplete() {
		e, err := r.work.connected(ctx, r.python)
		if err != nil {
			return nil, err
		}
		if err := in.Complete(ctx, e); err != nil {
			return nil, unbuilt(err)
		}
	}
	req, err := r.app.installRequest(s, nil, in, python.NewEnvironment(r.python), nil)
	if err != nil {
		return nil, err
	}
	if r.base != nil {
		if req.Site, err = install.Open(r.base.Interpreter.InstalledIn()...); err != nil {
			return nil, err
		}
		if req.Satisfied(ctx) {
			r.app.print.Debug("The base environment has what is asked for")
			return nil, nil
		}
		req.Preferences = r.preferences(req.Site)
		req.Site = nil
	}
	return r.resolveWith(ctx, req)
}

// preferences are the versions of the lock or, without one, those that the base
// has.
func (r *running) preferences(site *install.Site) []resolve.Preference {
	if t := r.unread; t != nil {
		if l, _, err := t.ReadLock(); err == nil {
			r.locked, r.lockDir = l, t.Dir()
		}
	}
	if r.locked != nil {
		return r.locked.Preferences(r.lockDir, lock.Upgrade{})
	}
	var out []resolve.Preference
	for _, i := range site.All() {
		out = append(out, resolve.Preference{Name: i.Name, Version: i.Version, AnyIndex: true, From: resolve.FromEnvironment})
	}
	return out
}

// withInputs reads what is asked for.
func (r *running) withInputs(ctx context.Context) (*pip.Inputs, error) {
	a, o := r.app, r.flags
	sources := pip.Sources{Editables: o.withEditable}
	for _, text := range o.with {
		sources.Packages = append(sources.Packages, splitRequirements(text)...)
	}
	for _, name := range o.withRequirements {
		if name == "" {
			continue
		}
		switch base := filepath.Base(name); {
		case name == "-" && r.target.origin == "-":
			return nil, usageError("standard input cannot be both the script and a requirements file")
		case base == "pyproject.toml", base == "setup.py", base == "setup.cfg", base == "pylock.toml", strings.HasPrefix(base, "pylock.") && strings.HasSuffix(base, ".toml"):
			return nil, fmt.Errorf("adding requirements from a `%s` is not supported in `%s run`", base, a.name)
		}
		sources.Files = append(sources.Files, name)
	}
	if len(sources.Packages)+len(sources.Editables)+len(sources.Files) == 0 {
		return nil, nil
	}
	s, err := r.work.settings()
	if err != nil {
		return nil, err
	}
	in, err := a.readInputs(ctx, a.reader(s), sources)
	if err != nil {
		return nil, err
	}
	a.warnFileOptions(&in.Options)
	in.Options = requirements.Options{}
	if len(in.Requirements) == 0 {
		return nil, nil
	}
	return in, nil
}

// unbuilt gives a failed build, which was needed to know the name of a
// requirement, the exit code that it has where the name is known.
func unbuilt(err error) error {
	var failed *fetch.BuildError
	if errors.As(err, &failed) {
		return cmdline.WithCode(err, cmdline.Failed)
	}
	return err
}

// splitRequirements splits a list of requirements at its commas, but not at
// those within brackets and between version specifiers.
func splitRequirements(text string) []string {
	var out []string
	depth, start := 0, 0
	add := func(part string) {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	for i, c := range text {
		switch c {
		case '[':
			depth++
		case ']':
			depth--
		case ',':
			next := strings.TrimLeft(text[i+1:], " \t")
			if depth <= 0 && !strings.HasPrefix(next, "<") && !strings.HasPrefix(next, ">") &&
				!strings.HasPrefix(next, "=") && !strings.HasPrefix(next, "!") && !strings.HasPrefix(next, "~") {
				add(text[start:i])
				start = i + 1
			}
		}
	}
	add(text[start:])
	return out
}

// warnFileOptions says which options of requirements files do not count: where
// packages come from is a matter of the settings here.
func (a *app) warnFileOptions(o *requirements.Options) {
	warn := func(flag, value string) {
		a.print.Warn("Ignoring `%s` from requirements file: `%s`. Instead, use the `%s` command-line argument, or the settings", flag, value, flag)
	}
	if o.IndexURL != nil {
		warn("--index-url", auth.Redact(o.IndexURL.Text))
	}
	for _, x := range o.ExtraIndexURLs {
		warn("--extra-index-url", auth.Redact(x.Text))
	}
	for _, x := range o.FindLinks {
		warn("--find-links", auth.Redact(x.Text))
	}
	if o.NoIndex {
		a.print.Warn("Ignoring `--no-index` from requirements file. Instead, use the `--no-index` command-line argument, or the settings")
	}
	if len(o.NoBinary) > 0 {
		warn("--no-binary", strings.Join(o.NoBinary, ","))
	}
	if len(o.OnlyBinary) > 0 {
		warn("--only-binary", strings.Join(o.OnlyBinary, ","))
	}
}

// resolveWith resolves what is asked for and returns the environment that holds
// it.
func (r *running) resolveWith(ctx context.Context, req *pip.InstallRequest) (*python.Environment, error) {
	e, err := r.work.connected(ctx, r.python)
	if err != nil {
		return nil, err
	}
	req.Engine = e
	graph, err := req.Resolve(ctx)
	if err != nil {
		return nil, err
	}
	wanted := pip.Wanted(graph)
	contents, fresh, err := e.Contents(ctx, wanted, req.Policy.Hashes)
	if err != nil {
		return nil, err
	}
	store, err := r.work.store(ctx)
	if err != nil {
		return nil, err
	}
	return store.Environment(ctx, ephemeral.Spec{
		Interpreter: r.python, Contents: contents,
		Fill: func(ctx context.Context, env *python.Environment) error {
			site, err := install.Open(env.Interpreter.InstalledIn()...)
			if err != nil {
				return err
			}
			work := req.Install
			work.Environment, work.Site, work.Hashes, work.Wanted, work.Ahead = env, site, req.Policy.Hashes, wanted, fresh
			changes, err := e.Install(ctx, work)
			if err == nil {
				r.work.showChanges(changes)
			}
			return err
		},
	})
}

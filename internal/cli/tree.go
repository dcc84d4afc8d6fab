package cli

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/settings"
	"github.com/tame-py/tame/internal/ui"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// projectTreeFlags are those of `tree`.
type projectTreeFlags struct {
	selectionFlags
	lockStateFlags
	resolutionFlags
	universal       bool
	format          string
	depth           int
	prune, packages []string
	noDedupe        bool
	invert          bool
	outdated        *bool
	showSizes       bool
	script          string
	version         string
}

func treeCommand() command {
	return command{
		path: "tree", late: true, short: "Show how the locked packages depend on each other",
		long: "Shows what the lock has for the platform and Python at hand, or with `--universal` for all of them. The lock is brought up to date first.",
		prepare: func(f *flags) work {
			o := projectTreeFlags{depth: 255}
			f.Bool(&o.universal, "universal", "Show what is locked for any platform and Python")
			f.Choice(&o.format, "format", "FORMAT", "How to show it", "text", "json")
			f.Number(&o.depth, "depth,d", "DEPTH", "Show this many levels below the roots", 0)
			f.List(&o.prune, "prune", "NAME", "Leave out this package with all below it")
			f.List(&o.packages, "package", "NAME", "Begin at this package")
			f.Bool(&o.noDedupe, "no-dedupe", "Show again what was shown before")
			f.Bool(&o.invert, "invert", "Show who depends on each package").Alias("reverse")
			f.Pair(&o.outdated, "outdated", "", "Show the latest version where an older one is locked")
			f.Bool(&o.showSizes, "show-sizes", "Show the sizes of wheels")
			o.registerGroups(f)
			o.lockStateFlags.register(f)
			f.Text(&o.script, "script", "FILE", "Show what this script depends on")
			f.Text(&o.version, "python-version", "VERSION", "Show it for this version of Python")
			f.Text(&o.platform, "python-platform", "PLATFORM", "Show it for this platform: linux, windows, macos or a target triple")
			f.Exclusive("universal", "python-version")
			f.Exclusive("universal", "python-platform")
			exclusiveLockState(f)
			o.resolutionFlags.registerLocking(f)
			return func(ctx context.Context, a *app, args []string) error { return a.showTree(ctx, &o) }
		},
	}
}

// exclusiveLockState forbids to upgrade a lock that must stay as it is.
func exclusiveLockState(f *flags) {
	f.Exclusive("frozen", "no-sources")
	for _, name := range []string{"upgrade", "upgrade-package", "upgrade-group"} {
		f.Exclusive("frozen", name)
		f.Exclusive("locked", name)
	}
}

// A lockReading is a command that shows what a lock has.
type lockReading struct {
	*projectWork
	groups project.Groups
	extras project.Extras
	lock   *lock.Lock
	// interpreter is nil if the lock is used as it is and nothing else needs one.
	interpreter *python.Interpreter
}

// readLock finds the target and brings its lock up to date, unless flags say
// otherwise.
func (a *app) readLock(ctx context.Context, o *resolutionFlags, state *lockStateFlags, chosen *selectionFlags, script string, d discovery, needsPython bool) (*lockReading, error) {
	mode, flag, err := a.lockMode(state, false)
	if err != nil {
		return nil, err
	}
	d.existing = mode == project.Frozen
	p, err := a.openTarget(ctx, o, script, d)
	if err != nil {
		return nil, err
	}
	r := &lockReading{projectWork: p}
	if r.groups, r.extras, err = p.selection(chosen); err != nil {
		return nil, err
	}
	if mode != project.Frozen || needsPython {
		if r.interpreter, err = p.lockInterpreter(ctx); err != nil {
			return nil, err
		}
	}
	if mode == project.WriteLock && p.target.Script != nil {
		if l, _, err := p.target.ReadLock(); l == nil && err == nil {
			mode = project.DryRun // a script is locked only on demand
		}
	}
	return r, r.bringUpToDate(ctx, mode, flag)
}

func (r *lockReading) bringUpToDate(ctx context.Context, mode project.LockMode, flag string) error {
	start := time.Now()
	request, err := r.lockRequest(mode, flag, r.interpreter)
	if err != nil {
		return err
	}
	result, err := project.Lock(ctx, request)
	if err != nil {
		return err
	}
	if result.Graph == nil && mode != project.Frozen {
		r.app.showStage(engine.Event{Stage: engine.Resolved, Count: len(result.Lock.Packages), Took: time.Since(start)})
	}
	r.lock = result.Lock
	return nil
}

func (a *app) showTree(ctx context.Context, o *projectTreeFlags) error {
	a.warnJSON("--format", o.format)
	r, err := a.readLock(ctx, &o.resolutionFlags, &o.lockStateFlags, &o.selectionFlags, o.script, discovery{}, !o.universal || isTrue(o.outdated))
	if err != nil {
		return err
	}
	req := lock.TreeRequest{
		OnlyGroups: r.groups.Only, Group: r.groups.Has, Depth: o.depth, NoDedupe: o.noDedupe, Invert: o.invert,
	}
	var errs [2]error
	req.Prune, errs[0] = settings.Packages("prune", o.prune)
	req.Packages, errs[1] = settings.Packages("package", o.packages)
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	if !o.universal {
		target, err := r.interpreter.Target(o.version, o.platform, a.environment.Get)
		if err != nil {
			return err
		}
		req.Env = target.Env
	}
	var latest map[*lock.Package]pep440.Version
	if isTrue(o.outdated) {
		if latest, err = r.latest(ctx); err != nil {
			return err
		}
	}
	return r.show(o, req, latest)
}

func (r *lockReading) show(o *projectTreeFlags, req lock.TreeRequest, latest map[*lock.Package]pep440.Version) error {
	a := r.app
	if o.format == "json" {
		j := lock.TreeJSON{Root: r.target.Dir(), Latest: latest}
		if r.target.Script != nil {
			j.Script = r.target.Script.Path
		}
		text, err := r.lock.TreeJSON(req, j)
		if err != nil {
			return err
		}
		a.print.Data("%s\n", text)
		return nil
	}
	req.Note = func(p *lock.Package) string {
		if v, ok := latest[p]; ok {
			return " " + a.print.OutColor.Bold(a.print.OutColor.Cyan("(latest: v"+v.String()+")"))
		}
		return ""
	}
	if o.showSizes {
		req.Size = func(n int64) string { return a.print.OutColor.Dim("(" + ui.Bytes(n) + ")") }
	}
	if text := r.lock.Tree(req); len(text) > 0 {
		a.print.Result(text)
	}
	return nil
}

// latestRequest asks the indexes of a lock for newer versions, within the limits
// that the lock was made with.
func (r *lockReading) latestRequest(ctx context.Context) (*pip.LatestRequest, error) {
	e, err := r.connected(ctx, r.interpreter)
	if err != nil {
		return nil, err
	}
	policy := r.settings.policy(nil)
	policy.ExcludeNewer.Global = r.lock.Options.ExcludeNewer
	policy.ExcludeNewer.Package = nil
	for _, c := range r.lock.Options.ExcludeNewerPackage {
		if policy.ExcludeNewer.Package == nil {
			policy.ExcludeNewer.Package = map[pyname.Package]index.Cutoff{}
		}
		policy.ExcludeNewer.Package[c.Name] = c.Cutoff
	}
	return &pip.LatestRequest{
		Client: e.Index, Policy: &policy, Python: r.lock.RequiresPython,
		Prereleases: func(name pyname.Package) bool { return r.lock.Options.PrereleaseOf(name) == resolve.Allow },
	}, nil
}

// latest asks the indexes of a lock which of its packages have newer versions.
func (r *lockReading) latest(ctx context.Context) (map[*lock.Package]pep440.Version, error) {
	req, err := r.latestRequest(ctx)
	if err != nil {
		return nil, err
	}
	out := map[*lock.Package]pep440.Version{}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(50)
	for i := range r.lock.Packages {
		p := &r.lock.Packages[i]
		url := p.IndexURL(r.target.Dir())
		if url == "" {
			continue
		}
		group.Go(func() error {
			newest, err := req.Latest(ctx, p.Name, url)
			if err != nil {
				return fmt.Errorf("looking for the latest version of %s: %w", p.Name, err)
			}
			if !newest.Version.IsZero() && newest.Version.Compare(p.Version) > 0 {
				mu.Lock()
				out[p] = newest.Version
				mu.Unlock()
			}
			return nil
		})
	}
	return out, group.Wait()
}

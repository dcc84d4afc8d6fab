package engine

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/tame-py/tame/internal/fetch"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// An InstallRequest says what an environment is to hold.
type InstallRequest struct {
	Environment *python.Environment
	Site        *install.Site
	Wanted      []install.Wanted

	// Exact removes what is not wanted; KeepSeeds spares pip and the like.
	Exact, KeepSeeds bool
	// Strict demands that what is wanted from an index came from one.
	Strict    bool
	Reinstall func(*source.Dist) bool
	// Rebuild tells which source trees are built even if the cache has a wheel
	// of them.
	Rebuild func(*source.Dist) bool

	LinkMode   fsx.LinkMode
	Compile    bool // make bytecode of what is installed
	CompileAll bool // make bytecode of everything in the environment
	NoMetadata bool // leave out INSTALLER, REQUESTED and direct_url.json
	AnyName    bool // accept wheels whose metadata tells another name
	Workers    int  // how many files are placed at once; 0 is the processors
	DryRun     bool
	// Relocatable makes scripts find their interpreter from their own place, also
	// in what is no relocatable environment.
	Relocatable bool
	NoScripts   bool // make no scripts of entry points
	// Hashes are what the distributions must match.
	Hashes source.HashPolicy
	// Ahead is how many of them were brought into the cache just before, to be
	// told of with the others.
	Ahead int
	// Connect, if not nil, gives the engine its client and indexes. It is called
	// once something must be fetched or built.
	Connect func(context.Context) error

	shared bool // what is built next comes after others, see Event
}

// A Change is a distribution that came or went.
type Change struct {
	Name pyname.Package
	// Version is zero, in a dry run, for what would have to be fetched from a URL
	// or built to be known.
	Version pep440.Version
	URL     string // where from, unless from an index
	Added   bool
}

// Changes is what an installation did or, in a dry run, would do.
type Changes struct {
	Changes  []Change // sorted by name, what went before what came
	Download int      // in a dry run: distributions that are not in the cache
	Removed  int
	Added    int
}

// IsEmpty reports whether nothing was done.
func (c *Changes) IsEmpty() bool { return len(c.Changes) == 0 }

// Install makes an environment hold what is wanted. The caller holds the
// environment's lock.
func (e *Engine) Install(ctx context.Context, req InstallRequest) (*Changes, error) {
	if chainOf(ctx) == nil {
		e.describedBuilds().matchRuntime(req.Wanted)
	}
	fetcher := e.fetcher(req.Hashes, req.Rebuild)
	plan, err := e.plan(&req, fetcher)
	if err != nil {
		return nil, err
	}
	if plan.IsEmpty() {
		if req.CompileAll && !req.DryRun {
			e.changing()
			return &Changes{}, e.compile(ctx, &req, nil)
		}
		return &Changes{}, nil
	}
	if !req.DryRun {
		e.changing()
	}
	if req.Connect != nil && needsConnection(plan, req.Wanted) {
		if err := req.Connect(ctx); err != nil {
			return nil, err
		}
		e.builds.matchRuntime(req.Wanted)
		fetcher = e.fetcher(req.Hashes, req.Rebuild)
		if plan, err = e.plan(&req, fetcher); err != nil {
			return nil, err
		}
	}
	if req.DryRun {
		return dryRun(plan, req.Wanted), nil
	}
	if e.builds == nil || chainOf(ctx) != nil {
		return e.carryOut(ctx, &req, plan, fetcher)
	}
	// What is built in the environment itself comes last, so that it finds
	// there what it needs.
	first, last := plan.Partition(func(name pyname.Package) bool { return !e.builds.options.NoIsolation.Has(name) })
	if first.IsEmpty() || last.IsEmpty() {
		return e.carryOut(ctx, &req, plan, fetcher)
	}
	changes, err := e.carryOut(ctx, &req, first, fetcher)
	if err != nil {
		return nil, err
	}
	if req.Site, err = install.Open(req.Environment.Interpreter.InstalledIn()...); err != nil {
		return nil, err
	}
	req.shared = true
	more, err := e.carryOut(ctx, &req, last, fetcher)
	if err != nil {
		return nil, err
	}
	return changes.join(more), nil
}

func (e *Engine) changing() {
	if e.Changing != nil {
		e.Changing()
	}
}

// carryOut brings what a plan needs and changes the environment.
func (e *Engine) carryOut(ctx context.Context, req *InstallRequest, plan *install.Plan, fetcher *fetch.Fetcher) (*Changes, error) {
	wheels := slices.Clone(plan.Cached)
	if len(plan.Remote) > 0 {
		start := time.Now()
		fetched, err := e.prepare(ctx, fetcher, plan.Remote)
		if err != nil {
			return nil, err
		}
		wheels = append(wheels, fetched...)
		if e.Report != nil {
			e.Report(Event{Prepared, len(fetched) + req.Ahead, time.Since(start), req.shared})
		}
	} else if req.Ahead > 0 {
		e.report(Prepared, req.Ahead, time.Now())
	}
	req.Ahead = 0
	return e.apply(ctx, req, plan, wheels)
}

// join adds the changes that came after.
func (c *Changes) join(later *Changes) *Changes {
	out := &Changes{
		Changes: append(slices.Clone(c.Changes), later.Changes...), Download: c.Download + later.Download,
		Removed: c.Removed + later.Removed, Added: c.Added + later.Added,
	}
	out.sort()
	return out
}

// needsConnection reports whether something is not in the cache as far as is known
// before, or was built by settings that are only known then: what source was built
// to is found only with them.
func needsConnection(plan *install.Plan, wanted []install.Wanted) bool {
	if len(plan.Remote) > 0 {
		return true
	}
	built := map[pyname.Package]bool{}
	for _, w := range wanted {
		built[w.Name] = !w.IsWheel()
	}
	return slices.ContainsFunc(plan.Cached, func(w install.Wheel) bool { return built[w.Name] })
}

// plan compares what is wanted with what is there.
func (e *Engine) plan(req *InstallRequest, fetcher *fetch.Fetcher) (*install.Plan, error) {
	i := req.Environment.Interpreter
	set, err := i.Tags()
	if err != nil {
		return nil, err
	}
	plan, err := install.NewPlan(req.Site, req.Wanted, install.PlanOptions{
		Checker: install.Checker{
			Tags: set, Strict: req.Strict, BuildInfo: e.BuildInfo, Content: fetch.TreeDigest,
			CacheInfo: func(path string) (*install.CacheInfo, error) { return install.CacheInfoOf(path, e.Getenv) },
		},
		Reinstall: req.Reinstall,
		Cached: func(d *source.Dist) (install.Wheel, bool, error) {
			if e.Cache.Refresh().Wants(d.Name) {
				return install.Wheel{}, false, nil
			}
			w, ok, err := fetcher.Cached(d)
			if err != nil || !ok {
				return install.Wheel{}, false, err
			}
			return e.wheelOf(d, w), true, nil
		},
		KeepSeeds: req.KeepSeeds, Layout: install.LayoutOf(i, false),
	})
	if err == nil && !req.Exact {
		plan.Extraneous = nil
	}
	return plan, err
}

// A PrepareError reports a distribution that could not be brought into the
// cache.
type PrepareError struct{ Err error }

func (e *PrepareError) Error() string { return e.Err.Error() }

// Unwrap is what went wrong.
func (e *PrepareError) Unwrap() error { return errors.Unwrap(e.Err) }

// Hints are those of what went wrong first, which Unwrap passes over.
func (e *PrepareError) Hints() []string {
	if h, ok := e.Err.(interface{ Hints() []string }); ok {
		return h.Hints()
	}
	return nil
}

// prepare brings distributions into the cache.
func (e *Engine) prepare(ctx context.Context, fetcher *fetch.Fetcher, remote []*source.Dist) ([]install.Wheel, error) {
	defer par.Overlap()() // most of it is making files, by goroutines that inflate and hash as well
	fetched, err := fetcher.Wheels(ctx, remote)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &PrepareError{err}
	}
	wheels := make([]install.Wheel, len(fetched))
	for i, w := range fetched {
		wheels[i] = e.wheelOf(remote[i], w)
	}
	return wheels, nil
}

// A DamagedCacheError reports wheels that could not be installed because files
// of theirs were missing from the cache.
type DamagedCacheError struct{ Err error }

func (e *DamagedCacheError) Error() string { return e.Err.Error() }

// Unwrap is what went wrong.
func (e *DamagedCacheError) Unwrap() error { return errors.Unwrap(e.Err) }

// Hints say that it will work the next time.
func (e *DamagedCacheError) Hints() []string {
	return []string{"What is damaged was removed from the cache: run the command again to have it fetched anew"}
}

// dropDamaged looks whether wheels could not be installed because somebody has
// removed files from the cache, and removes the rest of these.
func (e *Engine) dropDamaged(wheels []install.Wheel, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	dropped := false
	for i := range wheels {
		dropped = e.Cache.DropDamaged(wheels[i].Dir) || dropped
	}
	if dropped {
		return &DamagedCacheError{err}
	}
	return err
}

func (e *Engine) apply(ctx context.Context, req *InstallRequest, plan *install.Plan, wheels []install.Wheel) (*Changes, error) {
	layout, err := layoutOf(req.Environment)
	if err != nil {
		return nil, err
	}
	layout.Relocatable = layout.Relocatable || req.Relocatable
	if err := req.Site.Repair(layout); err != nil {
		return nil, err
	}
	remove := append(slices.Clone(plan.Reinstalls), plan.Extraneous...)
	slices.SortFunc(wheels, func(a, b install.Wheel) int { return cmp.Compare(a.Name, b.Name) })
	out := changes(remove, wheels, givenURLs(req.Wanted))
	start, removed := time.Now(), time.Now()
	var mu sync.Mutex // guards removed: several are removed at once
	options := install.Options{
		LinkMode: req.LinkMode, Workers: req.Workers, NoMetadata: req.NoMetadata, AnyName: req.AnyName, NoScripts: req.NoScripts,
		Warn: e.warn, Copying: e.warnCopying,
		Removed: func(*install.Installed) {
			mu.Lock()
			defer mu.Unlock()
			removed = time.Now()
		},
	}
	if err := install.Apply(ctx, layout, req.Site, install.Changes{Remove: remove, Install: wheels}, options); err != nil {
		return nil, e.dropDamaged(wheels, err)
	}
	if e.Previews.ModuleConflicts {
		if err := e.warnOverlaps(wheels); err != nil {
			return nil, err
		}
	}
	if len(remove) > 0 && e.Report != nil {
		e.Report(Event{Stage: Uninstalled, Count: len(remove), Took: removed.Sub(start)})
	}
	if len(wheels) > 0 {
		e.report(Installed, len(wheels), removed)
	}
	if req.Compile || req.CompileAll {
		if err := e.compile(ctx, req, wheels); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// warnOverlaps names the files that several of the wheels have.
func (e *Engine) warnOverlaps(wheels []install.Wheel) error {
	overlaps, err := install.Overlaps(wheels)
	for _, o := range overlaps {
		text := "the file `" + o.Path + "` is in more than one package, so that it is a matter of luck which one is installed:"
		for _, w := range o.Wheels {
			text += "\n* " + w.String()
		}
		e.warn(text)
	}
	return err
}

// layoutOf is where an environment's packages go. Scripts of a relocatable
// environment find their interpreter by themselves.
func layoutOf(env *python.Environment) (install.Layout, error) {
	relocatable := false
	if env.Interpreter.IsVirtual() {
		config, err := env.Config()
		if err != nil && !os.IsNotExist(err) {
			return install.Layout{}, err
		}
		relocatable = config.Relocatable
	}
	return install.LayoutOf(env.Interpreter, relocatable), nil
}

// warnCopying says why it takes longer. Which files it was noticed with is no
// matter.
func (e *Engine) warnCopying(err error) {
	var link *os.LinkError
	if errors.As(err, &link) {
		err = link.Err
	}
	e.warn("files are copied, because the cache and the environment are on different filesystems or the filesystem cannot link them (" +
		err.Error() + "); to be silent about it, set `--link-mode copy` or UV_LINK_MODE=copy")
}

// givenURLs are the direct references as the user gave them, which may say more
// than where the archive is.
func givenURLs(wanted []install.Wanted) map[pyname.Package]string {
	out := map[pyname.Package]string{}
	for _, w := range wanted {
		if w.Source.IsDirect() {
			out[w.Name] = w.Source.String()
		}
	}
	return out
}

// changes lists what goes and comes, by name.
func changes(remove []*install.Installed, wheels []install.Wheel, from map[pyname.Package]string) *Changes {
	c := &Changes{Removed: len(remove), Added: len(wheels)}
	for _, i := range remove {
		c.Changes = append(c.Changes, Change{Name: i.Name, Version: i.Version, URL: i.URL()})
	}
	for _, w := range wheels {
		url := ""
		if w.DirectURL != nil {
			url = w.DirectURL.URL
			if given := from[w.Name]; given != "" {
				url = given
			}
		}
		c.Changes = append(c.Changes, Change{Name: w.Name, Version: w.Version, URL: url, Added: true})
	}
	c.sort()
	return c
}

func (c *Changes) sort() {
	slices.SortStableFunc(c.Changes, func(a, b Change) int {
		order := cmp.Compare(a.Name, b.Name)
		switch {
		case order != 0:
			return order
		case a.Added != b.Added && !a.Added:
			return -1
		case a.Added != b.Added:
			return 1
		}
		return a.Version.Compare(b.Version)
	})
}

// dryRun is what a plan would change.
func dryRun(plan *install.Plan, wanted []install.Wanted) *Changes {
	c := changes(append(slices.Clone(plan.Reinstalls), plan.Extraneous...), plan.Cached, givenURLs(wanted))
	for _, d := range plan.Remote {
		change := Change{Name: d.Name, Version: d.Version, Added: true}
		if d.Source.IsDirect() {
			change.Version, change.URL = pep440.Version{}, d.Source.String()
		}
		c.Changes = append(c.Changes, change)
	}
	c.Download = len(plan.Remote)
	c.Added += len(plan.Remote)
	c.sort()
	return c
}

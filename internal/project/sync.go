package project

import (
	"context"
	"fmt"
	"time"

	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pyname"
)

// A SyncRequest asks that an environment holds what a lock has for it.
type SyncRequest struct {
	Target    Target
	Lock      *lock.Lock
	Selection Selection
	Filter    lock.Filter // leaves packages out
	// NoEditable and NoEditablePackages install projects as if they were built
	// and fetched: all, or some.
	NoEditable         bool
	NoEditablePackages map[pyname.Package]bool
	// Editable installs projects in place that the lock has otherwise.
	Editable bool

	Environment *python.Environment
	Site        *install.Site
	For         python.Target // what is installed for
	// Exact removes what is not selected.
	Exact bool
	// Check only looks whether the environment is right; the error is
	// ErrOutdatedEnvironment if it is not.
	Check bool

	Policy index.Policy // what must or must not be built
	// Install holds how wheels are installed: link mode, bytecode, dry run.
	Install   engine.InstallRequest
	Reinstall func(pyname.Package) bool
	Engine    *engine.Engine
	Connect   func(context.Context) error
}

// ErrOutdatedEnvironment says that an environment is not what its lock wants.
var ErrOutdatedEnvironment = &outdatedEnvironmentError{}

type outdatedEnvironmentError struct{}

func (*outdatedEnvironmentError) Error() string { return "the environment is outdated" }

// ExitCode is that of a check that fails.
func (*outdatedEnvironmentError) ExitCode() int { return 1 }

// HintsFor says how to update it with the program of that name.
func (*outdatedEnvironmentError) HintsFor(program string) []string {
	return []string{fmt.Sprintf("to update the environment, run `%s sync`", program)}
}

// A SyncResult is what became of an environment.
type SyncResult struct {
	*engine.Changes
	// Wanted is what the environment holds, or would hold.
	Wanted []install.Wanted
	// Took is the time for finding out that nothing had to change.
	Took time.Duration
}

// Sync makes an environment hold what a lock has for it. The caller holds the
// environment's lock.
func Sync(ctx context.Context, r *SyncRequest) (*SyncResult, error) {
	start := time.Now()
	wanted, hashes, err := r.wanted()
	if err != nil {
		return nil, err
	}
	work := r.Install
	work.Environment, work.Site, work.Wanted, work.Hashes, work.Connect = r.Environment, r.Site, wanted, hashes, r.Connect
	work.Exact, work.KeepSeeds, work.Strict = r.Exact, r.keepsSeeds(), true
	if r.Reinstall != nil {
		work.Reinstall = func(d *source.Dist) bool { return r.Reinstall(d.Name) }
		work.Rebuild = work.Reinstall
	}
	work.DryRun = work.DryRun || r.Check
	changes, err := r.Engine.Install(ctx, work)
	if err != nil {
		return nil, err
	}
	result := &SyncResult{Changes: changes, Wanted: wanted, Took: time.Since(start)}
	if r.Check && !changes.IsEmpty() {
		return result, ErrOutdatedEnvironment
	}
	return result, nil
}

// keepsSeeds reports whether pip and the like stay although nobody wants them:
// in environments that were not made by this tool, or were made with them.
func (r *SyncRequest) keepsSeeds() bool {
	config, err := r.Environment.Config()
	return err == nil && (!config.UV || config.Seed)
}

// Selected is what the environment is to hold.
func (r *SyncRequest) Selected() ([]*source.Dist, error) {
	wanted, _, err := r.wanted()
	out := make([]*source.Dist, len(wanted))
	for i := range wanted {
		out[i] = wanted[i].Dist
	}
	return out, err
}

// wanted is what the lock has for the environment.
func (r *SyncRequest) wanted() ([]install.Wanted, source.HashPolicy, error) {
	if err := r.Lock.CheckEnvironment(r.For.Env); err != nil {
		return nil, source.HashPolicy{}, err
	}
	roots, err := r.Selection.Roots(r.Target, r.Lock)
	if err != nil {
		return nil, source.HashPolicy{}, err
	}
	if err := r.Lock.CheckConflicts(&roots); err != nil {
		return nil, source.HashPolicy{}, err
	}
	if err := r.Selection.Check(r.Target, r.Lock); err != nil {
		return nil, source.HashPolicy{}, err
	}
	selected, err := r.Lock.Target(lock.TargetRequest{
		Root: r.Target.Dir(), Roots: roots, Env: r.For.Env, Tags: r.For.Tags, Filter: r.Filter,
		NoBinary: r.Policy.NoBinary.Has, NoBuild: r.Policy.NoBuild.Has,
	})
	if err != nil {
		return nil, source.HashPolicy{}, err
	}
	dists := selected.Dists()
	out := make([]install.Wanted, len(dists))
	for i, d := range dists {
		// What a lock has is decided, and direct_url.json says so.
		if is := r.editable(d); d.Source.Kind == source.Directory && (is != d.Source.Editable || !d.Source.Settled) {
			other := *d
			other.Source.Editable, other.Source.Settled = is, true
			d = &other
		}
		out[i] = install.Wanted{Dist: d}
	}
	return out, selected.Hashes, nil
}

// editable reports whether a distribution is installed in place.
func (r *SyncRequest) editable(d *source.Dist) bool {
	switch {
	case r.NoEditable || r.NoEditablePackages[d.Name]:
		return false
	case r.Editable && d.Source.Kind == source.Directory && !d.Source.Virtual:
		return true
	}
	return d.Source.Editable
}

// Roots are what a selection means in a lock.
func (s *Selection) Roots(t Target, l *lock.Lock) (lock.Roots, error) {
	r := lock.Roots{OnlyGroups: s.Groups.Only, Extra: s.Extras.Has, Default: s.Groups.ByDefault}
	r.Group = func(_ pyname.Package, group pyname.Group) bool { return s.Groups.Has(group) }
	if t.Workspace == nil {
		return r, nil
	}
	if len(s.Members) == 0 {
		r.Members = l.Members()
		if root := l.Root(); root != nil && len(l.Manifest.Members) == 0 {
			r.Project = root.Name
		}
		return r, nil
	}
	for _, m := range s.Members {
		r.Members = append(r.Members, m.Name)
	}
	if len(s.Members) > 1 {
		return r, nil
	}
	return r, s.single(t.Workspace, &r)
}

// single adds what a selection of one member means: groups of the workspace's
// root that were asked for by name count too, unless the member has a group of
// that name.
func (s *Selection) single(w *workspace.Workspace, r *lock.Roots) error {
	member := s.Members[0]
	r.Project = member.Name
	own, err := member.Groups()
	if err != nil {
		return err
	}
	r.Group = func(owner pyname.Package, group pyname.Group) bool {
		if !s.Groups.Has(group) {
			return false
		}
		if owner == member.Name {
			return true
		}
		_, shadowed := own.Get(group)
		return !shadowed && !s.Groups.ByDefault(group)
	}
	root := w.At(w.Root)
	if root == nil || root == member {
		return nil
	}
	groups, err := root.Groups()
	if err != nil {
		return err
	}
	for _, g := range groups {
		if r.Group(root.Name, g.Name) {
			r.GroupsOf = root.Name
		}
	}
	return nil
}

// Unpackaged are the selected members whose entry points are not installed,
// because they are not packages.
func (s *Selection) Unpackaged(w *workspace.Workspace) []pyname.Package {
	var out []pyname.Package
	for _, m := range s.selected(w) {
		if m.File != nil && m.Project.HasScripts && !isDeclaredPackage(m) {
			out = append(out, m.Name)
		}
	}
	return out
}

func isDeclaredPackage(m *workspace.Member) bool {
	if on, ok := m.File.Tool("uv").Get("package").Bool(); ok {
		return on
	}
	return m.File.HasBuildSystem()
}

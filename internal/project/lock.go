package project

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
)

// A LockMode says what may become of a lock.
type LockMode uint8

// The modes.
const (
	WriteLock LockMode = iota // make it, or bring it up to date
	DryRun                    // find out what would become of it
	CheckLock                 // refuse to go on if it is out of date
	Frozen                    // use it as it is
)

// An Upgrade says which versions of a lock need not be kept.
type Upgrade struct {
	All bool
	// Requirements name projects; their specifiers narrow what is chosen.
	Requirements []pep508.Requirement
	Groups       []pyname.Group
}

func (u *Upgrade) lock() lock.Upgrade {
	out := lock.Upgrade{All: u.All, Groups: u.Groups}
	for _, r := range u.Requirements {
		out.Packages = append(out.Packages, r.Name)
	}
	return out
}

// A LockRequest asks for the lock of a target.
type LockRequest struct {
	Target   Target
	Declared Declared
	Mode     LockMode
	Flag     string // what asks for the mode, for messages: "`--locked`"
	// Interpreter is the Python to build with, and whose version stands in for a
	// requires-python that is not given. A frozen lock needs none.
	Interpreter *python.Interpreter
	// Engine need not be connected. Connect is called once something has to be
	// asked of an index.
	Engine  *engine.Engine
	Connect func(context.Context) error

	Options resolve.Options
	Policy  index.Policy
	Static  []engine.StaticMetadata
	Upgrade Upgrade
	// MetadataFree makes locks without metadata, and accepts them.
	MetadataFree bool
	Refresh      bool // resolve anew, with the versions of the lock
	// CheckLayout refuses, where the lock must not change, one that is not laid out
	// as locks are written; Exact counts that as a change once it is resolved anew.
	CheckLayout, Exact bool
	// ConflictingProjects may be declared without a warning.
	ConflictingProjects bool
	// Found is told of the lock that is there, and returns the indexes that were
	// configured, nil if none were.
	Found   func(*lock.Lock) (*index.Locations, error)
	Offline bool
	// Requirements are asked for besides those of the target: what would be, were
	// they there. A lock that has them is none to write.
	Requirements []pep508.Requirement
	// Constraints narrow what is chosen, and are not part of the lock.
	Constraints []source.Requirement
	// Preferences are versions to take where nothing speaks against them, beside
	// those of the lock.
	Preferences []resolve.Preference
	// Commits are git sources with the commits to take for them, in the same way.
	Commits []source.Source
	// Journal is that of the edit that the lock is part of, or nil.
	Journal *Journal

	// Say prints a line for the user. Debug may be silent.
	Say   func(format string, args ...any)
	Debug func(format string, args ...any)
}

func (r *LockRequest) warn(format string, args ...any) {
	if r.Engine != nil && r.Engine.Warn != nil {
		r.Engine.Warn(fmt.Sprintf(format, args...))
	}
}

// A LockResult is a lock, and what became of it.
type LockResult struct {
	Lock *lock.Lock
	// Changed is set if it is not the one that was there, which Previous is; nil
	// if there was none, or none that could be used.
	Changed  bool
	Previous *lock.Lock
	// Reason says in one sentence why the one that was there is out of date.
	Reason string
	// Graph is the resolution, nil if none was made.
	Graph *resolve.Graph
}

// Lock makes or checks the lock of a target. The error is a *MissingLockError,
// an *OutdatedError or a *LockError, or says why there is no solution.
func Lock(ctx context.Context, r *LockRequest) (*LockResult, error) {
	if r.Mode == Frozen {
		return r.frozen()
	}
	if err := r.Target.checkUpgradeGroups(r.Upgrade.Groups); err != nil {
		return nil, err
	}
	old, text, err := r.Target.ReadLock()
	var broken *LockError
	if r.Target.Tool != nil && errors.As(err, &broken) {
		r.Debug("Ignoring the lock of the tool: %v", err) // nobody keeps it by hand
		err = nil
	}
	if err != nil {
		return nil, err
	}
	if r.Mode == CheckLock && old == nil {
		return nil, &MissingLockError{r.Target.LockName(), r.Flag}
	}
	if r.Mode == CheckLock && r.CheckLayout {
		if line := lock.MisplacedLine(text); line > 0 {
			return nil, &LayoutError{r.Target.LockName(), r.Flag, line}
		}
	}
	return r.lock(ctx, old, text)
}

func (r *LockRequest) frozen() (*LockResult, error) {
	l, _, err := r.Target.ReadLock()
	if err != nil {
		return nil, err
	}
	if l == nil {
		return nil, &MissingLockError{r.Target.LockName(), r.Flag}
	}
	return &LockResult{Lock: l}, r.Target.checkMembers(l)
}

// lock looks whether the lock that is there will do, and makes a new one if not.
func (r *LockRequest) lock(ctx context.Context, old *lock.Lock, text string) (*LockResult, error) {
	in, err := r.inputs()
	if err != nil {
		return nil, err
	}
	if !r.ConflictingProjects && in.conflicts.HaveProject() {
		r.warn("conflicts between whole packages (`package = ...`) are experimental and may change without warning. Pass `--preview-features package-conflicts` to disable this warning.")
	}
	if r.Found != nil {
		if in.indexes, err = r.Found(old); err != nil {
			return nil, err
		}
	}
	verdict, err := r.judge(ctx, in, old, text)
	if err != nil {
		return nil, err
	}
	if verdict.OK() {
		return &LockResult{Lock: old}, nil
	}
	r.Debug("Resolving anew: %s", verdict.Reason)
	result, err := r.resolve(ctx, in, old, verdict)
	if err != nil {
		return nil, err
	}
	result.Reason = verdict.Reason
	if made := result.Lock.Bytes(); old != nil && (string(made) == text || !r.Exact && bytes.Equal(made, old.Bytes())) {
		result.Changed, result.Lock = false, old
		return result, nil
	}
	switch r.Mode {
	case CheckLock:
		return result, &OutdatedError{Name: r.Target.LockName(), Flag: r.Flag, Reason: verdict.Reason}
	case WriteLock:
		return result, r.Target.WriteLock(result.Lock, r.Journal)
	}
	return result, nil
}

// resolve makes a lock by resolving.
func (r *LockRequest) resolve(ctx context.Context, in *inputs, old *lock.Lock, verdict lock.Verdict) (*LockResult, error) {
	use := lock.Nothing
	if old != nil {
		use = verdict.Use
	}
	graph, err := r.graph(ctx, in, old, use)
	if err != nil {
		return nil, err
	}
	made, err := r.fromGraph(ctx, in, graph, old)
	if err != nil {
		return nil, err
	}
	if r.MetadataFree {
		made = made.WithoutMetadata()
	}
	return &LockResult{Lock: made, Changed: true, Previous: old, Graph: graph}, nil
}

// graph resolves. Of the old lock, which may be nil, use tells what counts.
func (r *LockRequest) graph(ctx context.Context, in *inputs, old *lock.Lock, use lock.Use) (*resolve.Graph, error) {
	if err := r.Connect(ctx); err != nil {
		return nil, err
	}
	manifest, err := in.manifest(r.Target, r.extrasOf(ctx))
	if err != nil {
		return nil, err
	}
	constraints, err := r.upgradeConstraints()
	if err != nil {
		return nil, err
	}
	manifest.Constraints = slices.Concat(manifest.Constraints, r.Constraints, constraints)
	upgrade := r.Upgrade.lock()
	if use >= lock.Versions {
		manifest.Preferences = old.Preferences(r.Target.Dir(), upgrade)
	}
	manifest.Preferences = append(manifest.Preferences, r.Preferences...)
	if use >= lock.Forks {
		manifest.Forks = old.ForkMarkers()
	}
	rr := engine.ResolveRequest{Manifest: manifest, Options: r.Options, Policy: r.Policy, Static: r.Static}
	if use >= lock.Versions {
		rr.Commits = old.Commits(upgrade)
	}
	rr.Commits = append(rr.Commits, r.Commits...)
	rr.Options.Universal, rr.Options.Env = true, nil
	rr.Options.Environments, rr.Options.RequiredEnvironments = in.environments, slices.Concat(in.environments, in.required)
	rr.Options.Python = resolve.ForRange(r.Interpreter.Version, in.python)
	rr.Options.Python.Declared = true
	rr.Policy.Target = in.python
	return r.Engine.Resolve(ctx, rr)
}

// upgradeConstraints are the specifiers of --upgrade-package.
func (r *LockRequest) upgradeConstraints() ([]source.Requirement, error) {
	var out []source.Requirement
	for _, u := range r.Upgrade.Requirements {
		if len(u.Specifiers) == 0 && u.URL == "" {
			continue
		}
		req, err := source.FromPEP508(u)
		if err != nil {
			return nil, err
		}
		out = append(out, req)
	}
	return out, nil
}

// fromGraph makes the lock of a resolution.
func (r *LockRequest) fromGraph(ctx context.Context, in *inputs, graph *resolve.Graph, old *lock.Lock) (*lock.Lock, error) {
	locations := r.Engine.Index.Locations()
	hashes := &digests{ctx: ctx, engine: r.Engine}
	if err := hashes.read(graph); err != nil {
		return nil, err
	}
	return lock.FromGraph(graph, lock.Input{
		Root: r.Target.Dir(), Supported: in.environments, Required: in.required, Conflicts: in.conflicts,
		Options: r.lockOptions(), Manifest: r.lockManifest(in), Locations: locations, Old: old,
		Hashes: hashes.of,
		Dynamic: func(d *source.Dist) bool {
			_, dynamic, err := r.Engine.LocalMetadata(ctx, d)
			return err == nil && dynamic
		},
	})
}

// lockOptions are the settings that a lock records.
func (r *LockRequest) lockOptions() lock.Options {
	o := lock.Options{
		Resolution: r.Options.Resolution, Prerelease: r.Options.Prerelease, ForkStrategy: r.Options.ForkStrategy,
		ExcludeNewer: r.Policy.ExcludeNewer.Global,
	}
	for name, mode := range r.Options.PrereleasePackage {
		o.PrereleasePackage = append(o.PrereleasePackage, lock.PrereleaseOf{Name: name, Policy: mode})
	}
	slices.SortFunc(o.PrereleasePackage, func(a, b lock.PrereleaseOf) int { return strings.Compare(string(a.Name), string(b.Name)) })
	for name, cutoff := range r.Policy.ExcludeNewer.Package {
		o.ExcludeNewerPackage = append(o.ExcludeNewerPackage, lock.CutoffOf{Name: name, Cutoff: cutoff})
	}
	slices.SortFunc(o.ExcludeNewerPackage, func(a, b lock.CutoffOf) int { return strings.Compare(string(a.Name), string(b.Name)) })
	return o
}

// lockManifest is what a lock records of what was asked for.
func (r *LockRequest) lockManifest(in *inputs) lock.Manifest {
	m := lock.ManifestInput{
		Members: in.members, Requirements: in.requirements, Constraints: in.constraints, Overrides: in.overrides,
		Excludes: in.excludes, BuildConstraints: in.buildConstraints, Metadata: staticMetadata(r.Static),
	}
	if len(in.groups) > 0 {
		m.Groups = make(map[pyname.Group][]source.Requirement, len(in.groups))
		for _, g := range in.groups {
			m.Groups[g.name] = g.requirements
		}
	}
	return lock.NewManifest(m, r.Target.Dir())
}

// staticMetadata is what the settings say of distributions, in the lock's terms.
func staticMetadata(list []engine.StaticMetadata) []lock.StaticMetadata {
	var out []lock.StaticMetadata
	for i := range list {
		s := &list[i]
		one := lock.StaticMetadata{Name: s.Name, Version: s.Version, RequiresPython: s.RequiresPython.String()}
		for _, r := range s.RequiresDist {
			one.RequiresDist = append(one.RequiresDist, r.String())
		}
		for _, e := range s.ProvidesExtra {
			one.ProvidesExtras = append(one.ProvidesExtras, string(e))
		}
		out = append(out, one)
	}
	return out
}

// digests are those of archives that no index lists.
type digests struct {
	ctx    context.Context //nolint:containedctx // it lives for one call
	engine *engine.Engine
	known  map[string][]simple.Hash
}

// read computes the digests that a lock needs.
func (d *digests) read(g *resolve.Graph) error {
	d.known = map[string][]simple.Hash{}
	for _, n := range g.Nodes {
		if n.Dist == nil || n.Dist.Source.Kind != source.URL && n.Dist.Source.Kind != source.Path {
			continue
		}
		if _, ok := d.known[n.Dist.ID()]; ok {
			continue
		}
		list, err := d.engine.Digests(d.ctx, n.Dist)
		if err != nil {
			return err
		}
		d.known[n.Dist.ID()] = list
	}
	return nil
}

func (d *digests) of(dist *source.Dist) []simple.Hash { return d.known[dist.ID()] }

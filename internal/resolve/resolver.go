package resolve

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/pubgrub"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// A Resolver is a resolution to be made.
type Resolver struct {
	Provider Provider
	Manifest Manifest
	Options  Options
}

// Resolve returns the distributions that fulfil the manifest. The error is a
// *NoSolution if there are none, a *DistError if a distribution that is needed
// could not be had, and otherwise a *URLConflict, *IndexConflict or
// *TransitiveURL, an error of the Provider, or that of ctx.
func (r *Resolver) Resolve(ctx context.Context) (*Graph, error) {
	ctx, cancel := context.WithCancel(ctx)
	run := newResolution(ctx, r)
	defer run.background.Wait()
	defer cancel()
	return run.solve()
}

// resolution is the state of one call of Resolve. One goroutine uses it.
type resolution struct {
	*Resolver
	*tables
	ctx        context.Context // of the call: the struct does not outlive it
	rules      *rules
	selector   *selector
	prefer     map[pyname.Package][]preference
	directs    directs
	pinned     map[pyname.Package][]pinnedIndex
	markers    map[extraMarker]marker.Tree
	projects   map[projectKey]*project
	broken     map[brokenKey]*Metadata // versions whose metadata cannot be used
	visited    map[name]bool           // projects of which versions were looked at
	unbounded  []Warning               // of direct requirements
	bounds     map[marker.Tree]knownBounds
	places     map[*index.Candidate]marker.Tree // where candidates can be used
	covered    []marker.Tree                    // environments that must be covered
	background sync.WaitGroup
	tracing    bool
}

// brokenKey names a version whose metadata cannot be used.
type brokenKey = versionKey

func newResolution(ctx context.Context, resolver *Resolver) *resolution {
	r := &resolution{
		Resolver: resolver, tables: newTables(), ctx: ctx,
		markers: map[extraMarker]marker.Tree{}, projects: map[projectKey]*project{},
		broken: map[brokenKey]*Metadata{}, visited: map[name]bool{},
		bounds: map[marker.Tree]knownBounds{}, places: map[*index.Candidate]marker.Tree{},
		covered: slices.Concat(resolver.Options.Environments, resolver.Options.RequiredEnvironments),
		tracing: resolver.Options.Trace != nil,
	}
	m := &resolver.Manifest
	r.rules = newRules(m, resolver.Options.NoDeps)
	r.selector = newSelector(r.rules, m, &resolver.Options)
	r.prefer = preferences(m.Preferences, resolver.Options.Env)
	r.directs = newDirects(r.rules, m, resolver.Options.Env)
	r.pinned = pinnedIndexes(r.rules, m, resolver.Options.Env)
	return r
}

func (r *resolution) tracef(format string, args ...any) {
	if r.tracing {
		r.Options.Trace(fmt.Sprintf(format, args...))
	}
}

// solve solves fork by fork. A fork that splits puts its parts on the stack.
func (r *resolution) solve() (*Graph, error) {
	rootName := noName
	if r.Manifest.Project != "" {
		rootName = r.nameID(r.Manifest.Project)
	}
	root := r.nodeID(node{kind: rootNode, name: rootName})
	r.tracef("Solving with installed Python version: %s", r.Options.Python.Exact)
	r.tracef("Solving with target Python version: %s", r.Options.Python.Target)

	stack := r.initialForks(newFork(scope{env: r.Options.Env}, r.Options.Python, root))
	var solved []*fork
	for len(stack) > 0 {
		f := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if r.tracing {
			if split := f.scope.describe(); split != "" {
				r.tracef("Solving %s (requires-python: %s)", split, f.python.Target)
			}
		}
		parts, err := r.solveFork(f)
		if err != nil {
			return nil, err
		}
		if len(parts) == 0 {
			r.keep(f)
			solved = append(solved, f)
		}
		stack = append(stack, parts...)
	}
	return r.graph(solved)
}

// solveFork decides package after package until the fork is solved, splits into
// parts, or has no solution.
func (r *resolution) solveFork(f *fork) (parts []*fork, err error) {
	for {
		if err := r.ctx.Err(); err != nil {
			return nil, context.Cause(r.ctx)
		}
		if more, err := r.pick(f); err != nil || !more {
			return nil, err
		}
		if parts, err := r.decide(f); err != nil || len(parts) > 0 {
			return parts, err
		}
	}
}

// pick draws all conclusions there are, and picks the package to decide next. It
// is false when none is left.
func (r *resolution) pick(f *fork) (more bool, err error) {
	if f.again {
		f.again = false
		return true, nil
	}
	conflicts, err := f.solver.Propagate(f.next)
	if err != nil {
		return false, r.explain(f, err)
	}
	for _, c := range conflicts {
		r.record(f, c.Package, c.Cause)
	}
	r.prefetchChanged(f)
	r.reprioritize(f)
	next, more := r.next(f)
	if more {
		f.next = next
	}
	return more, nil
}

// next picks the package to decide, if one is left.
func (r *resolution) next(f *fork) (pubgrub.Package, bool) {
	return f.solver.Pick(func(p pubgrub.Package) uint64 { return f.priorities.of(r.tables, p) })
}

// explain makes the error of a fork without solution.
func (r *resolution) explain(f *fork, err error) error {
	var failure *pubgrub.NoSolution[pep440.Set]
	if errors.As(err, &failure) {
		return r.noSolution(f, failure.Derivation)
	}
	return err
}

// decide chooses a version for the package picked, and records what it needs or
// why there is none. The parts are what the fork has split into, if it has.
func (r *resolution) decide(f *fork) (parts []*fork, err error) {
	pkg := f.next
	n := r.nodes[pkg]
	version := f.version
	if version.IsZero() {
		allowed, _ := f.solver.Range(pkg)
		picked, err := r.choose(f, pkg, n, allowed)
		switch {
		case err != nil:
			return nil, err
		case len(picked.parts) > 0:
			return r.splitVersion(f, picked.parts), nil
		case picked.none:
			r.rejectAll(f, pkg, n, allowed)
			return nil, nil
		case picked.unusable.Reason != Usable:
			r.reject(f, pkg, picked.version, picked.unusable)
			return nil, nil
		}
		version = picked.version
		r.prefetchBatch(f, n, version, allowed)
	}
	f.version = pep440.Version{}
	r.countTry(f, n, version)

	if _, known := f.added[packageVersion{pkg, version.Key()}]; known {
		f.solver.Decide(pkg, version)
		return nil, nil
	}
	deps, err := r.dependenciesOf(f, pkg, version)
	switch {
	case err != nil:
		return nil, err
	case deps.unusable.Reason == OtherPython:
		if forks := r.splitPythons(f, deps.unusable.Python); len(forks) > 0 {
			r.traceSplit(f, deps.unusable.Python, r.text(pkg), version, forks)
			return r.splitVersion(f, forks), nil
		}
	}
	if deps.unusable.Reason != Usable {
		f.solver.Forbid(pkg, r.widened(f, n, version), deps.unusable)
		return nil, nil
	}
	return r.take(f, pkg, version, deps.list)
}

// take tells the solver what a version needs. In a universal resolution the fork
// splits where the version needs different things in different environments.
func (r *resolution) take(f *fork, pkg pubgrub.Package, version pep440.Version, deps []dependency) ([]*fork, error) {
	if r.Options.Universal && !r.nodes[pkg].isProxy() {
		parts, diverging := r.split(f, pkg, deps)
		if len(parts) > 1 {
			return r.splitDependencies(f, pkg, version, parts, diverging)
		}
		deps = nil
		if len(parts) == 1 {
			deps = parts[0].deps
		}
	}
	f.added[packageVersion{pkg, version.Key()}] = deps
	return nil, r.add(f, pkg, version, deps)
}

// rejectAll records that no version of a package is left in a range.
func (r *resolution) rejectAll(f *fork, pkg pubgrub.Package, n node, allowed pep440.Set) {
	r.tracef("No compatible version found for: %s", r.text(pkg))
	if n.kind == projectNode {
		if gap, ok := r.gone(f, n.name); ok {
			f.solver.Forbid(pkg, allowed, gap)
			return
		}
	}
	f.solver.NoVersions(pkg, allowed)
}

// reject records that a version cannot be used. Where its Requires-Python is the
// reason, the solver is told that it needs a Python, so that it can tell which.
func (r *resolution) reject(f *fork, pkg pubgrub.Package, version pep440.Version, why Unusable) {
	versions := r.widened(f, r.nodes[pkg], version)
	if why.Reason != OtherPython {
		f.solver.Forbid(pkg, versions, why)
		return
	}
	python := r.nodeID(node{kind: r.pythonKind(f), name: noName})
	f.solver.AddDependency(pkg, versions, python, pep440.ReleaseSet(why.Python))
	f.solver.Decide(pkg, version)
}

func (r *resolution) pythonKind(f *fork) nodeKind {
	if f.python.Installed.Equal(f.python.Target) {
		return installedPython
	}
	return targetPython
}

// widened returns a version together with all that lies between the versions
// next to it that exist: nothing that could be chosen, so that what is recorded
// of neighbouring versions forms one range. Of a URL nothing is known but the
// version itself.
func (r *resolution) widened(f *fork, n node, version pep440.Version) pep440.Set {
	if !n.isProject() || f.urls[n.name] != nil {
		return pep440.Exactly(version)
	}
	p := r.projects[projectKey{n.name, f.indexes[n.name]}]
	if p == nil || p.answer == nil || p.answer.Absence != Present {
		return pep440.Exactly(version)
	}
	return gap(r.known(p, n.name), version)
}

// add tells the solver what a version needs, and decides it.
func (r *resolution) add(f *fork, pkg pubgrub.Package, version pep440.Version, deps []dependency) error {
	for i := range deps {
		if err := r.mention(f, pkg, version, &deps[i]); err != nil {
			return r.inDependency(f, pkg, version, err)
		}
	}
	if n := &r.nodes[pkg]; !n.isProject() || r.Manifest.Members[r.names[n.name]] {
		r.checkLowerBounds(f, deps)
	}
	for i := range deps {
		r.request(f, r.nodes[deps[i].pkg].name)
	}
	// A proxy and its project are told to agree directly, or else every version
	// of the proxy would have to be tried to find that they do not.
	for i := range deps {
		if base, ok := r.baseOf(deps[i].pkg); ok {
			f.solver.AddDependency(deps[i].pkg, deps[i].set, base, deps[i].set)
		}
	}
	list := make([]pubgrub.Dependency[pep440.Set], len(deps))
	for i := range deps {
		list[i] = pubgrub.Dependency[pep440.Set]{Package: deps[i].pkg, Set: deps[i].set}
	}
	conflict, ok := f.solver.AddDependencies(pkg, version, r.widened(f, r.nodes[pkg], version), list)
	if !ok {
		r.record(f, pkg, conflict)
	}
	return nil
}

// mention notes a dependency's URL, index and priority in the fork.
func (r *resolution) mention(f *fork, pkg pubgrub.Package, version pep440.Version, d *dependency) error {
	n := r.nodes[d.pkg].name
	if err := r.pinURL(f, n, d.req); err != nil {
		return err
	}
	if err := r.pinIndex(f, n, d.req); err != nil {
		return err
	}
	if r.tracing {
		r.traceDependency(pkg, version, d)
	}
	single := d.isSingleton()
	f.priorities.mention(r.tables, d.pkg, f.urls[n] != nil, single)
	if base, ok := r.baseOf(d.pkg); ok {
		f.priorities.mention(r.tables, base, f.urls[n] != nil, single)
	}
	return nil
}

func (r *resolution) traceDependency(pkg pubgrub.Package, version pep440.Version, d *dependency) {
	n := &r.nodes[pkg]
	if !n.isProject() || r.Manifest.Members[r.names[n.name]] {
		r.tracef("Adding direct dependency: %s%s", r.text(d.pkg), d.set)
		return
	}
	r.tracef("Adding transitive dependency for %s==%s: %s%s", r.names[n.name], version, r.text(d.pkg), d.set)
}

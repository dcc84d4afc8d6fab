package pip

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/fetch"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/tags"
)

// A Choice selects projects: all, none, or some.
type Choice struct {
	All      bool
	Packages map[pyname.Package]bool
}

// IsZero reports whether nothing is selected.
func (c Choice) IsZero() bool { return !c.All && len(c.Packages) == 0 }

// Has reports whether a project is selected.
func (c Choice) Has(name pyname.Package) bool { return c.All || c.Packages[name] }

// An InstallRequest is the work of `pip install` and `pip sync`.
type InstallRequest struct {
	Engine      *engine.Engine
	Inputs      *Inputs
	Environment *python.Environment
	Target      python.Target
	Site        *install.Site

	// Options and Policy say how to resolve; what concerns the target, the
	// manifest and hashes is filled in here.
	Options            resolve.Options
	Policy             index.Policy
	Static             []engine.StaticMetadata
	Upgrade, Reinstall Choice
	Hashes             HashMode

	// Sync makes the environment hold exactly the requirements, without
	// looking for what they need; Exact removes what is not part of the
	// resolution.
	Sync, Exact bool
	// Preferences are versions to keep where nothing speaks against them.
	Preferences []resolve.Preference
	// Install holds how wheels are installed: link mode, bytecode, dry run.
	Install   engine.InstallRequest
	CacheInfo func(path string) (*install.CacheInfo, error)
}

// An InstallResult is what became of an installation.
type InstallResult struct {
	*engine.Changes
	// Checked is the number of distributions that were found to be right
	// where nothing had to change, after CheckTime.
	Checked   int
	CheckTime time.Duration
	// Satisfied: it was not even necessary to resolve.
	Satisfied bool
	Graph     *resolve.Graph // nil if nothing was resolved

	wanted []install.Wanted // what was to be there, for Report
}

// Install installs requirements into an environment, whose lock the caller
// holds.
func Install(ctx context.Context, req *InstallRequest) (*InstallResult, error) {
	start := time.Now()
	if req.Satisfied(ctx) {
		return &InstallResult{Changes: &engine.Changes{}, Checked: len(req.Inputs.Requirements), CheckTime: time.Since(start), Satisfied: true}, nil
	}
	list, graph, err := req.wanted(ctx)
	if err != nil {
		return nil, err
	}
	if err := req.checkPlatform(list); err != nil {
		return nil, err
	}
	start = time.Now()
	work := req.Install
	work.Environment, work.Site, work.Hashes = req.Environment, req.Site, req.Policy.Hashes
	work.Exact, work.KeepSeeds = req.Sync || req.Exact, req.keepSeeds()
	work.Wanted = list
	work.Rebuild = req.rebuilds
	work.Reinstall = func(d *source.Dist) bool { return req.reinstalls(d) }
	changes, err := req.Engine.Install(ctx, work)
	if err != nil {
		return nil, err
	}
	return &InstallResult{Changes: changes, Checked: len(list), CheckTime: time.Since(start), Graph: graph, wanted: list}, nil
}

// wanted is what to install: of the lock, or else found by resolving.
func (req *InstallRequest) wanted(ctx context.Context) ([]install.Wanted, *resolve.Graph, error) {
	if req.Inputs.locked != nil {
		list, err := req.selectLocked()
		return list, nil, err
	}
	graph, err := req.resolve(ctx)
	if err != nil {
		return nil, nil, err
	}
	return wanted(graph), graph, nil
}

// Satisfied reports whether what is installed fulfils the requirements with all
// that follows from them, so that nothing has to be resolved.
func (req *InstallRequest) Satisfied(ctx context.Context) bool {
	return req.mayBeSatisfied() && req.isSatisfied(ctx)
}

// Resolve finds what the requirements come down to, and fills in the hashes
// that it must match.
func (req *InstallRequest) Resolve(ctx context.Context) (*resolve.Graph, error) {
	return req.resolve(ctx)
}

// mayBeSatisfied reports whether looking at what is installed could answer.
func (req *InstallRequest) mayBeSatisfied() bool {
	if req.Sync || req.Exact || !req.Upgrade.IsZero() || !req.Reinstall.IsZero() || req.Inputs.Lock != "" || req.Site == nil {
		return false
	}
	return !slices.ContainsFunc(req.Inputs.Requirements, Input.isExplicitTree)
}

// isSatisfied reports whether what is installed fulfils the requirements with
// all that follows from them, so that neither a resolution nor the network is
// needed. Metadata that cannot be read is left to the resolution to report.
func (req *InstallRequest) isSatisfied(ctx context.Context) bool {
	in := req.Inputs
	req.preload(ctx)
	opts := install.SatisfyOptions{
		Checker: install.Checker{Tags: req.Target.Tags, CacheInfo: req.CacheInfo, Content: fetch.TreeDigest},
		Env:     req.Target.Env, Constraints: bare(in.Constraints),
	}
	if req.Engine != nil {
		opts.Checker.BuildInfo = req.Engine.BuildInfo
	}
	if req.Options.NoDeps || len(in.Overrides) > 0 || len(in.Excludes) > 0 {
		opts.Dependencies = func(of *install.Installed, list []source.Requirement) []source.Requirement {
			if of != nil && req.Options.NoDeps {
				return nil
			}
			return in.edited(list)
		}
	}
	unmet, err := req.Site.Satisfies(bare(in.Requirements), opts)
	return err == nil && unmet == ""
}

// manyRequirements is from how many requirements on it pays to read what is
// installed on several processors at once.
const manyRequirements = 16

// preload reads ahead what a long list of requirements will ask for.
func (req *InstallRequest) preload(ctx context.Context) {
	if len(req.Inputs.Requirements) < manyRequirements {
		return
	}
	names := make(map[pyname.Package]bool, len(req.Inputs.Requirements))
	for _, r := range req.Inputs.Requirements {
		names[r.Name] = true
	}
	req.Site.Preload(ctx, 0, func(i *install.Installed) {
		if names[i.Name] {
			i.Recall()
		}
	})
}

// edited is a list of requirements with the overrides and exclusions applied.
func (in *Inputs) edited(list []source.Requirement) []source.Requirement {
	if len(in.Overrides) == 0 && len(in.Excludes) == 0 {
		return list
	}
	var out []source.Requirement
	for _, r := range list {
		if slices.Contains(in.Excludes, r.Name) {
			continue
		}
		replaced := false
		for _, o := range in.Overrides {
			if o.Name == r.Name {
				replaced = true
				out = append(out, o.Requirement)
			}
		}
		if !replaced {
			out = append(out, r)
		}
	}
	return out
}

// isExplicitTree reports whether a source tree was named on the command line:
// that is to be built and installed whatever is there.
func (r Input) isExplicitTree() bool { return r.Explicit && r.Source.Kind == source.Directory }

// rebuilds reports whether a distribution is a source tree that was named on
// the command line.
func (req *InstallRequest) rebuilds(d *source.Dist) bool {
	return d.Source.Kind == source.Directory && slices.ContainsFunc(req.Inputs.Requirements, func(r Input) bool {
		return r.isExplicitTree() && r.Source.Location == d.Source.Location
	})
}

// reinstalls reports whether a distribution is to be installed again.
func (req *InstallRequest) reinstalls(d *source.Dist) bool {
	return req.Reinstall.Has(d.Name) || req.rebuilds(d)
}

// keepSeeds reports whether pip and the like stay although nobody wants them:
// in environments that were not made by this tool, or were made with them.
func (req *InstallRequest) keepSeeds() bool {
	config, err := req.Environment.Config()
	return err != nil || !config.UV || config.Seed
}

// resolve finds what the requirements come down to.
func (req *InstallRequest) resolve(ctx context.Context) (*resolve.Graph, error) {
	var err error
	if req.Policy.Hashes, err = hashPolicy(req.Inputs, req.Hashes, req.Target.Env); err != nil {
		return nil, err
	}
	manifest, err := req.Inputs.Manifest()
	if err != nil {
		return nil, err
	}
	manifest.Preferences = req.Preferences
	rr := engine.ResolveRequest{
		Manifest: manifest, Options: req.Options, Policy: req.Policy, Static: req.Static,
		Site: req.Site, Upgrade: req.Upgrade.Has, Reinstall: req.Reinstall.Has,
	}
	if hashes := req.Policy.Hashes; hashes.Required {
		rr.Options.Hashed = func(d *source.Dist) bool { return len(hashes.Allowed[d.Name]) > 0 }
	}
	rr.Options.NoDeps = rr.Options.NoDeps || req.Sync
	targetOptions(&rr, req.Environment.Interpreter, req.Target)
	hashes := req.Policy.Hashes.Clone()
	rr.Found = func(r *source.Requirement) error { return demandFragment(&hashes, r) }
	graph, err := req.Engine.Resolve(ctx, rr)
	req.Policy.Hashes = hashes
	return graph, err
}

// A PlatformError reports a wheel that a user named and that is for something
// else than the environment.
type PlatformError struct {
	Dist   *source.Dist
	Reason tags.Reason
}

func (e *PlatformError) Error() string {
	what := "another platform"
	switch e.Reason {
	case tags.BadPython:
		what = "another Python"
	case tags.BadABI, tags.FreeThreadedABI:
		what = "another binary interface of Python"
	}
	return fmt.Sprintf("the wheel `%s` cannot be installed here: it is for %s (%s)", e.Dist.Source, what, e.Dist.Wheel.Tags)
}

// checkPlatform refuses direct references to wheels for something else. Those
// of an index were chosen to fit.
func (req *InstallRequest) checkPlatform(list []install.Wanted) error {
	for _, w := range list {
		if w.Installed || !w.IsWheel() || !w.Source.IsDirect() || req.Target.Tags == nil {
			continue
		}
		if m := req.Target.Tags.Match(w.Wheel.Tags); !m.OK() {
			return &PlatformError{w.Dist, m.Reason}
		}
	}
	return nil
}

// targetOptions makes a resolution one for a target.
func targetOptions(rr *engine.ResolveRequest, i *python.Interpreter, t python.Target) {
	rr.Options.Env, rr.Options.Tags = t.Env, t.Tags
	rr.Options.Python = resolve.ForInterpreter(i.Version)
	if t.Other && !t.Version.Equal(i.Version) {
		rr.Options.Python = resolve.ForVersion(i.Version, t.Version)
	}
	rr.Policy.Tags, rr.Policy.Target = t.Tags, rr.Options.Python.Target
}

// Manifest puts the inputs, with what the settings add to them, in the resolver's
// terms.
func (in *Inputs) Manifest() (resolve.Manifest, error) {
	m := in.manifest()
	return m, in.addScoped(&m)
}

// manifest puts the inputs in the resolver's terms.
func (in *Inputs) manifest() resolve.Manifest {
	m := resolve.Manifest{Requirements: bare(in.Requirements), Constraints: bare(in.Constraints), Project: in.Project}
	for _, o := range in.Overrides {
		m.Overrides = append(m.Overrides, resolve.Override{Requirement: o.Requirement})
	}
	for _, name := range in.Excludes {
		m.Excludes = append(m.Excludes, resolve.Exclude{Dependency: name})
	}
	return m
}

func bare(list []Input) []source.Requirement {
	out := make([]source.Requirement, len(list))
	for i, r := range list {
		out[i] = r.Requirement
	}
	return out
}

// Wanted are the distributions of a resolution, to be installed.
func Wanted(g *resolve.Graph) []install.Wanted { return wanted(g) }

func wanted(g *resolve.Graph) []install.Wanted {
	out := make([]install.Wanted, 0, len(g.Nodes))
	for _, n := range g.Nodes {
		d := n.Dist
		if n.Installed {
			out = append(out, install.Wanted{Dist: &source.Dist{Name: n.Name, Version: n.Version, Source: d.Source}, Installed: true})
			continue
		}
		out = append(out, install.Wanted{Dist: d})
	}
	return out
}

// ErrNothingGiven reports an installation of nothing.
var ErrNothingGiven = errors.New("nothing to install: a package, `-r`, `-e` or `--group` is expected")

package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tame-py/tame/internal/build"
	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fetch"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/tags"
)

// BuildOptions say how source is built.
type BuildOptions struct {
	// Interpreter is the Python that builds run with, or an environment of it.
	Interpreter *python.Interpreter
	// Settings are handed to the backends of all projects, PackageSettings to
	// those of some in addition.
	Settings        build.Settings
	PackageSettings map[pyname.Package]build.Settings
	// NoIsolation selects the projects that are built in Environment.
	NoIsolation index.Selection
	// Extra are build requirements beyond those that projects declare.
	Extra map[pyname.Package][]ExtraRequirement
	// Lower applies the sources of who asks for Extra to it; nil applies none.
	Lower func(pep508.Requirement) ([]source.Requirement, error)
	// Variables are environment variables for the builds of projects.
	Variables map[pyname.Package]map[string]string
	// Constraints narrow what build environments hold; Hashes are the digests
	// that they name.
	Constraints []source.Requirement
	Hashes      source.HashPolicy
	// Resolve, Policy and Static say how build requirements are resolved; what
	// concerns the target is filled in here.
	Resolve  resolve.Options
	Policy   index.Policy
	Static   []StaticMetadata
	LinkMode fsx.LinkMode
	// Concurrent bounds how many builds run at once; 0 is the processors.
	Concurrent int
	// Timeout bounds each hook of a backend; 0 is no bound.
	Timeout time.Duration
	// Output gets what backends write as they do; nil is nobody. Hidden keeps
	// it out of the text of errors.
	Output io.Writer
	Hidden bool
}

// An ExtraRequirement is a build requirement that a user adds to a project's.
type ExtraRequirement struct {
	pep508.Requirement
	// MatchRuntime demands the version that is resolved for running.
	MatchRuntime bool
}

// builds are the builds of an engine. They implement fetch.Builder.
type builds struct {
	engine  *Engine
	options BuildOptions
	queue   *par.Queue
	count   atomic.Int64 // of builds that were begun
	turns   par.Turns[string]
	pool    build.Pool
	run     fetch.Run
	python  string // the interpreter, in recipes
	target  *tags.Set

	environments sync.Map // of *build.Environment, by environmentKey

	mu sync.Mutex
	// runtime are the versions that are installed, once they are known.
	runtime map[pyname.Package]pep440.Version
	parked  map[string]*session // by fetch.Work.Key
	order   []string
	closed  bool
}

// SetBuild lets the engine build what is not there as a wheel. It is called
// before use; Close is to be called after use.
func (e *Engine) SetBuild(o BuildOptions) {
	i := o.Interpreter
	b := &builds{engine: e, options: o, parked: map[string]*session{}, queue: par.NewQueue(cmp.Or(o.Concurrent, par.Processors()))}
	b.python = strings.Join([]string{i.Implementation(), i.Env.PythonFullVersion, i.Variant().Suffix(), i.Platform.String()}, " ")
	e.builds = b
}

// BuildFor says what the wheels are for that are built, if not for the
// interpreter that builds. It is called before use.
func (e *Engine) BuildFor(set *tags.Set) {
	if e.builds != nil {
		e.builds.target = set
	}
}

// DescribeBuilds says what source would be built with, without letting the engine
// build: so much is to be known to see whether what is installed is still right.
// It is called before use. SetBuild, which may come later, counts more.
func (e *Engine) DescribeBuilds(o BuildOptions) { e.described = &builds{engine: e, options: o} }

// describedBuilds are the builds with their settings, nil if nobody gave any.
func (e *Engine) describedBuilds() *builds {
	if e.builds != nil {
		return e.builds
	}
	return e.described
}

// BuildInfo is the text of uv_build.json for a project: with what it would be
// built now.
func (e *Engine) BuildInfo(name pyname.Package) []byte {
	b := e.describedBuilds()
	if b == nil {
		return nil
	}
	return b.info(name)
}

// Close ends what the engine has left running.
func (e *Engine) Close() {
	if e.builds != nil {
		e.builds.close()
	}
}

// A worker builds a source tree: a [build.Session], or the backend of our own.
type worker interface {
	Metadata(ctx context.Context, k build.Kind, dir string) (string, error)
	Build(ctx context.Context, k build.Kind, dir string) (string, error)
	System() *build.System
	Close() error
}

// A session is a backend at work on a source tree.
type session struct {
	worker
	tree   *fetch.Checkout
	remove func() // what Metadata has written
}

func (s *session) close() {
	_ = s.worker.Close()
	s.tree.Close()
	if s.remove != nil {
		s.remove()
	}
}

// A NoBuildError reports a build that the user has forbidden.
type NoBuildError struct{ Name pyname.Package }

func (e *NoBuildError) Error() string {
	if e.Name == "" {
		return "building source distributions is disabled"
	}
	return "building source distributions for `" + string(e.Name) + "` is disabled"
}

// A CycleError reports a project that is needed to build itself.
type CycleError struct {
	Name  pyname.Package
	Chain []string // the builds, from the outermost on
}

func (e *CycleError) Error() string {
	return "cyclic build dependency detected for `" + string(e.Name) + "`"
}

// Hints show the cycle.
func (e *CycleError) Hints() []string {
	return []string{"the builds are: " + strings.Join(e.Chain, " -> ") + " -> " + string(e.Name) + "; a wheel of one of them breaks the cycle"}
}

// A link is one build in the chain of those that are under way for each other.
type link struct {
	id, label string
	outer     *link
}

type chainKey struct{}

func chainOf(ctx context.Context) *link {
	l, _ := ctx.Value(chainKey{}).(*link)
	return l
}

// rank is that of a new build: what other builds need comes first, then what was
// begun first, so that few are under way at once.
func (b *builds) rank(ctx context.Context) int64 {
	depth := int64(0)
	for l := chainOf(ctx); l != nil; l = l.outer {
		depth++
	}
	return b.count.Add(1) - depth<<32
}

// Turn implements fetch.Builder.
func (b *builds) Turn(ctx context.Context, key string) (context.Context, func(), error) {
	return b.turns.Take(ctx, key)
}

// maxChain bounds how many builds may be needed for each other.
const maxChain = 32

// Recipe implements fetch.Builder.
func (b *builds) Recipe(ctx context.Context, d *source.Dist) (*fetch.Recipe, error) {
	editable := d.Source.Kind == source.Directory && d.Source.Editable
	if !editable && b.forbids(d) {
		return nil, &NoBuildError{d.Name}
	}
	var chain []string
	cyclic := false
	for l := chainOf(ctx); l != nil; l = l.outer {
		chain = append(chain, l.label)
		cyclic = cyclic || l.id == d.ID()
	}
	slices.Reverse(chain)
	if cyclic || len(chain) > maxChain {
		return nil, &CycleError{d.Name, chain}
	}
	set, err := b.options.Interpreter.Tags()
	if err != nil {
		return nil, err
	}
	if b.target != nil && len(chain) == 0 {
		set = b.target
	}
	return &fetch.Recipe{Settings: b.settingsText(d), Python: b.python, Tags: set, Nested: len(chain) > 0}, nil
}

// forbids reports whether the user wants nothing of a distribution to be built.
func (b *builds) forbids(d *source.Dist) bool {
	return d.Name != "" && b.options.Policy.NoBuild.Has(d.Name) || d.Name == "" && b.options.Policy.NoBuild.All
}

// A recipeText is all that decides about a wheel beside the source and the
// interpreter.
type recipeText struct {
	Info        json.RawMessage `json:",omitempty"`
	Constraints []string        `json:",omitempty"`
	Environment string          `json:",omitempty"` // without isolation
	Sources     []string        `json:",omitempty"` // that are not applied
}

func (b *builds) settingsText(d *source.Dist) string {
	t := recipeText{Info: b.info(d.Name)}
	for i := range b.options.Constraints {
		t.Constraints = append(t.Constraints, b.options.Constraints[i].String())
	}
	slices.Sort(t.Constraints)
	if b.options.NoIsolation.Has(d.Name) {
		t.Environment = b.options.Interpreter.Prefix
	}
	if o := b.engine.Workspaces.Sources; o.Disabled {
		t.Sources = []string{":all:"}
	} else {
		for _, name := range o.DisabledFor {
			t.Sources = append(t.Sources, string(name))
		}
	}
	text, err := json.Marshal(t)
	if err != nil {
		panic("internal error: " + err.Error()) // strings can be encoded
	}
	return string(text)
}

// settings are those of a project.
func (b *builds) settings(name pyname.Package) build.Settings {
	return b.options.PackageSettings[name].Merge(b.options.Settings)
}

// buildInfo is what a project is built with beyond what it says itself, in the
// form of uv_build.json.
type buildInfo struct {
	Settings  build.Settings         `json:"config_settings,omitempty"`
	Requires  []extraRequirementJSON `json:"extra_build_requires,omitempty"`
	Variables map[string]string      `json:"extra_build_variables,omitempty"`
}

type extraRequirementJSON struct {
	Requirement  requirementJSON `json:"requirement"`
	MatchRuntime bool            `json:"match_runtime"`
}

// requirementJSON is a requirement as uv writes it there.
type requirementJSON struct {
	Name      pyname.Package `json:"name"`
	Extras    []pyname.Extra `json:"extras,omitempty"`
	Marker    string         `json:"marker,omitempty"`
	Specifier string         `json:"specifier,omitempty"`
	URL       string         `json:"url,omitempty"`
	Index     *string        `json:"index"`
	Conflict  *string        `json:"conflict"`
}

func newRequirementJSON(r pep508.Requirement) requirementJSON {
	return requirementJSON{
		Name: r.Name, Extras: r.Extras, Marker: r.Marker.String(), Specifier: r.Specifiers.String(), URL: pep508.Redact(r.URL),
	}
}

// info is the text of uv_build.json for a project.
func (b *builds) info(name pyname.Package) []byte {
	i := buildInfo{Settings: b.settings(name), Variables: b.options.Variables[name]}
	for _, r := range b.options.Extra[name] {
		pinned, _ := b.matched(r)
		i.Requires = append(i.Requires, extraRequirementJSON{newRequirementJSON(pinned), r.MatchRuntime})
	}
	if len(i.Settings)+len(i.Requires)+len(i.Variables) == 0 {
		return []byte("{}") // of nearly all, and asked for each that is installed
	}
	text, err := json.Marshal(i)
	if err != nil {
		panic("internal error: " + err.Error()) // strings can be encoded
	}
	return text
}

// open starts a backend on a source tree.
func (b *builds) open(ctx context.Context, w *fetch.Work) (*session, error) {
	tree, err := w.Open(ctx)
	if err != nil {
		return nil, err
	}
	system, err := build.ReadSystem(tree.Dir)
	if err != nil {
		tree.Close()
		return nil, err
	}
	if own := b.engine.ownBackend(tree.Dir, system); own != nil {
		return &session{worker: own, tree: tree}, nil
	}
	s, err := build.Open(ctx, build.Request{
		Dir: tree.Dir, Root: tree.Root, Label: w.Dist.String(), System: system,
		Settings: b.settings(w.Dist.Name), Provisioner: &provisioner{builds: b, name: w.Dist.Name, dist: w.Dist, root: tree.Root, dir: tree.Dir},
		Env: b.engine.Environ, Variables: b.options.Variables[w.Dist.Name],
		Output: b.options.Output, Hidden: b.options.Hidden, Timeout: b.options.Timeout, Queue: b.queue, Rank: b.rank(ctx), Pool: &b.pool,
	})
	if err != nil {
		tree.Close()
		return nil, err
	}
	return &session{worker: s, tree: tree}, nil
}

// enter notes a build in the chain.
func enter(ctx context.Context, d *source.Dist) context.Context {
	return context.WithValue(ctx, chainKey{}, &link{d.ID(), d.String(), chainOf(ctx)})
}

func kindOf(d *source.Dist) build.Kind {
	if d.Source.Editable {
		return build.Editable
	}
	return build.Wheel
}

// BuildMetadata implements fetch.Builder. The backend is kept for a while: most
// likely it will be asked to build, too. What is editable may be installed where
// builds are forbidden, but nothing is resolved by what its backend says, unless
// only that knows what it is.
func (b *builds) BuildMetadata(ctx context.Context, w *fetch.Work) (*metadata.Metadata, error) {
	if w.Dist.Name != "" && b.forbids(w.Dist) {
		return nil, &NoBuildError{w.Dist.Name}
	}
	ctx = enter(ctx, w.Dist)
	s, err := b.open(ctx, w)
	if err != nil {
		return nil, err
	}
	dir, err := b.engine.Cache.TempDir()
	if err != nil {
		s.close()
		return nil, err
	}
	s.remove = func() { _, _ = fsx.RemoveAll(dir, nil) }
	path, err := s.Metadata(ctx, kindOf(w.Dist), dir)
	if errors.Is(err, build.ErrNoHook) {
		b.park(w.Key, s)
		return nil, nil
	}
	if err != nil {
		s.close()
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(path, "METADATA"))
	if err != nil {
		s.close()
		return nil, err
	}
	m, err := metadata.Parse(text)
	if err != nil {
		s.close()
		return nil, fmt.Errorf("the build backend `%s` wrote invalid metadata: %w", s.System().Backend, err)
	}
	b.park(w.Key, s)
	return m, b.settle(ctx, w.Dist, s.tree, m)
}

// settle has paths that a backend tells of a copy lead into the check-out of the
// repository, which stays.
func (b *builds) settle(ctx context.Context, d *source.Dist, copied *fetch.Checkout, m *metadata.Metadata) error {
	if d.Source.Kind != source.Git {
		return nil
	}
	root, _, err := b.engine.fetcher(source.HashPolicy{}, nil).SourceTree(ctx, d)
	if err != nil {
		return err
	}
	for i := range m.RequiresDist {
		s, err := source.FromURL(m.RequiresDist[i].URL)
		if err != nil || s.Location == "" || s.Kind != source.Directory && s.Kind != source.Path {
			continue
		}
		if rel, err := filepath.Rel(copied.Root, s.Location); err == nil && filepath.IsLocal(rel) {
			s.Location = filepath.Join(root, rel)
			m.RequiresDist[i].URL = s.FileURL()
		}
	}
	return nil
}

// BuildWheel implements fetch.Builder.
func (b *builds) BuildWheel(ctx context.Context, w *fetch.Work, dir string) (string, error) {
	ctx = enter(ctx, w.Dist)
	s := b.take(w.Key)
	if s == nil {
		var err error
		if s, err = b.open(ctx, w); err != nil {
			return "", err
		}
	}
	defer s.close()
	return s.Build(ctx, kindOf(w.Dist), dir)
}

// maxParked is how many backends are kept waiting: each is a process of some
// tens of megabytes.
const maxParked = 8

// park keeps a backend for the one who asks next. Of too many the oldest goes.
func (b *builds) park(key string, s *session) {
	var out []*session
	b.mu.Lock()
	if old := b.parked[key]; old != nil {
		out = append(out, old)
		b.forget(key)
	}
	if b.closed {
		out = append(out, s)
	} else {
		b.parked[key] = s
		b.order = append(b.order, key)
		for len(b.order) > maxParked {
			out = append(out, b.parked[b.order[0]])
			b.forget(b.order[0])
		}
	}
	b.mu.Unlock()
	for _, s := range out {
		s.close()
	}
}

// forget takes a session out of those kept. The lock is held.
func (b *builds) forget(key string) {
	delete(b.parked, key)
	b.order = slices.DeleteFunc(b.order, func(k string) bool { return k == key })
}

func (b *builds) take(key string) *session {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.parked[key]
	if s != nil {
		b.forget(key)
	}
	return s
}

func (b *builds) close() {
	b.mu.Lock()
	b.closed = true
	all := slices.Collect(maps.Values(b.parked))
	b.parked, b.order = map[string]*session{}, nil
	b.mu.Unlock()
	for _, s := range all {
		s.close()
	}
	b.pool.Close()
}

var _ fetch.Builder = (*builds)(nil)

// environmentKey names the environment for a list of requirements.
func environmentKey(requires []source.Requirement) string {
	texts := make([]string, len(requires))
	for i := range requires {
		texts[i] = requires[i].String() + " " + requires[i].Source.Index
	}
	return cache.Key(texts...)
}

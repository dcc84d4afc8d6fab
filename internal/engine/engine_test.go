package engine_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/pypitest"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/venv"
	"github.com/tame-py/tame/internal/web"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
)

// A world is an index, a cache that stays, and one environment.
type world struct {
	server      *pypitest.Server
	cache       string
	environment *python.Environment
	target      python.Target
}

func newWorld(t *testing.T, options ...pypitest.Option) *world {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal("no python3: one is required")
	}
	root := t.TempDir()
	f := &python.Finder{Getenv: os.Getenv, Environ: os.Environ(), Dir: root}
	i, err := f.Query(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	environment, err := venv.Create(t.Context(), filepath.Join(root, "venv"), i, venv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	target, err := environment.Interpreter.Target("", "", os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	return &world{server: pypitest.New(t, options...), cache: filepath.Join(root, "cache"), environment: environment, target: target}
}

// engine is one as a new process has it.
func (w *world) engine(t *testing.T) *engine.Engine {
	t.Helper()
	c, err := cache.Open(t.Context(), w.cache, cache.Options{})
	if err != nil {
		t.Fatal(err)
	}
	getenv := func(name string) (string, bool) {
		if name == "UV_TEST_NO_HTTP_RETRY_DELAY" {
			return "1", true
		}
		return "", false
	}
	value := func(name string) string { text, _ := getenv(name); return text }
	locations := index.Locations{Indexes: []index.Index{{URL: w.server.URL(), Default: true}}}
	client := web.New(web.Options{Getenv: value, Auth: auth.NewStore(auth.Options{Indexes: locations.Auth(value)})})
	e := &engine.Engine{
		Cache: c, Web: client, Index: index.New(index.Options{Web: client, Cache: c, Locations: locations}),
		Workspaces: &workspace.Finder{}, Environ: os.Environ(), Getenv: getenv,
	}
	t.Cleanup(func() { e.Close(); c.Close() })
	return e
}

// builds lets an engine build.
func (w *world) builds(e *engine.Engine) *engine.Engine {
	request := w.request()
	e.SetBuild(engine.BuildOptions{Interpreter: w.environment.Interpreter, Resolve: request.Options, Policy: request.Policy, Hidden: true})
	return e
}

func (w *world) request(requirements ...source.Requirement) engine.ResolveRequest {
	o := resolve.Options{Env: w.target.Env, Tags: w.target.Tags, Python: resolve.ForInterpreter(w.environment.Interpreter.Version)}
	return engine.ResolveRequest{
		Manifest: resolve.Manifest{Requirements: requirements}, Options: o,
		Policy: index.Policy{Tags: w.target.Tags, Target: o.Python.Target, Now: time.Now()},
	}
}

func requirements(t *testing.T, texts ...string) (out []source.Requirement) {
	t.Helper()
	for _, text := range texts {
		parsed, err := pep508.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		r, err := source.FromPEP508(parsed)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// resolve returns what requirements come to.
func (w *world) resolve(t *testing.T, e *engine.Engine, texts ...string) []install.Wanted {
	t.Helper()
	graph, err := e.Resolve(t.Context(), w.request(requirements(t, texts...)...))
	if err != nil {
		t.Fatal(err)
	}
	var out []install.Wanted
	for _, n := range graph.Nodes {
		out = append(out, install.Wanted{Dist: n.Dist})
	}
	return out
}

// install makes the environment hold exactly what is wanted.
func (w *world) install(t *testing.T, e *engine.Engine, wanted []install.Wanted, change ...func(*engine.InstallRequest)) ([]string, error) {
	t.Helper()
	site, err := install.Open(w.environment.Interpreter.InstalledIn()...)
	if err != nil {
		t.Fatal(err)
	}
	r := engine.InstallRequest{Environment: w.environment, Site: site, Wanted: wanted, Exact: true}
	for _, f := range change {
		f(&r)
	}
	changes, err := e.Install(t.Context(), r)
	if err != nil {
		return nil, err
	}
	lines := []string{}
	for _, c := range changes.Changes {
		lines = append(lines, map[bool]string{true: "+ ", false: "- "}[c.Added]+string(c.Name)+"=="+c.Version.String())
	}
	return lines, nil
}

// files are the contents of a directory by name.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		out[strings.TrimPrefix(path, dir)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const releases = `
app 1.0 2.0
    requires lib>=1
    script app = app:main
lib 1.0 2.0
    file lib.py = lib = 1
other 1.0
`

func TestInstallAndAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pypitest.Text(releases))
	for _, step := range []struct {
		want  []string
		lines []string
	}{
		{[]string{"app<2", "lib<2"}, []string{"+ app==1.0", "+ lib==1.0"}},
		{[]string{"app<2", "lib<2"}, []string{}},
		{[]string{"app", "lib<2"}, []string{"- app==1.0", "+ app==2.0"}},
		{[]string{"other"}, []string{"- app==2.0", "- lib==1.0", "+ other==1.0"}},
	} {
		e := w.engine(t)
		wanted := w.resolve(t, e, step.want...)
		before := files(t, w.environment.Root)
		dry, err := w.install(t, e, wanted, func(r *engine.InstallRequest) { r.DryRun = true })
		if err != nil || !slices.Equal(dry, step.lines) {
			t.Errorf("%v: a dry run would do %q, %v, want %q", step.want, dry, err, step.lines)
		}
		if diff := cmp.Diff(before, files(t, w.environment.Root)); diff != "" {
			t.Errorf("%v: a dry run changed\n%s", step.want, diff)
		}
		lines, err := w.install(t, e, wanted)
		if err != nil || !slices.Equal(lines, step.lines) {
			t.Errorf("%v: did %q, %v, want %q", step.want, lines, err, step.lines)
		}
	}
	if n := w.server.Count("*.whl"); n != 4 {
		t.Errorf("%d wheels were asked for, want each once", n)
	}
}

// Whatever goes wrong before everything is in the cache leaves the environment
// as it was.
func TestFailureChangesNothing(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]pypitest.Rule{
		"gone":    {Path: "lib-2.0*.whl", Status: 404},
		"corrupt": {Path: "lib-2.0*.whl", Corrupt: true},
		"refused": {Path: "lib-2.0*.whl", Status: 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, pypitest.Text(releases))
			e := w.engine(t)
			if _, err := w.install(t, e, w.resolve(t, e, "app<2", "lib<2")); err != nil {
				t.Fatal(err)
			}
			before := files(t, w.environment.Root)
			wanted := w.resolve(t, e, "app", "lib", "other")
			w.server.Fail(rule)
			e.Changing = func() { t.Error("the environment was about to change") }
			_, err := w.install(t, w.engine(t), wanted)
			var failed *engine.PrepareError
			if !errors.As(err, &failed) || !strings.Contains(err.Error(), "lib") {
				t.Errorf("got %v", err)
			}
			if diff := cmp.Diff(before, files(t, w.environment.Root)); diff != "" {
				t.Errorf("changed\n%s", diff)
			}
			w.server.Reset()
			lines, err := w.install(t, w.engine(t), wanted)
			if want := []string{"- app==1.0", "+ app==2.0", "- lib==1.0", "+ lib==2.0", "+ other==1.0"}; err != nil || !slices.Equal(lines, want) {
				t.Errorf("then did %q, %v", lines, err)
			}
		})
	}
}

const sources = `
plain 1.0
    no-wheel
    dynamic
    requires lib
lib 1.0
loop 1.0
    no-wheel
    dynamic
    build-requires ring
ring 1.0
    no-wheel
    dynamic
    build-requires loop
bad 1.0
    no-wheel
    build-fails no such header
`

func TestBuildsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pypitest.Text(sources))
	var built []string
	for range 2 {
		e := w.builds(w.engine(t))
		e.Building = func(d *source.Dist, done bool) {
			if !done {
				built = append(built, d.String())
			}
		}
		if _, err := w.install(t, e, w.resolve(t, e, "plain")); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(w.environment.Interpreter.Scheme.Purelib, "plain-1.0.dist-info")); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"plain==1.0"}; !slices.Equal(built, want) {
		t.Errorf("built %q, want %q", built, want)
	}
}

func TestBuildsThatCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pypitest.Text(sources))
	e := w.builds(w.engine(t))
	_, err := e.Resolve(t.Context(), w.request(requirements(t, "loop")...))
	var cycle *engine.CycleError
	if !errors.As(err, &cycle) || !slices.ContainsFunc(cycle.Hints(), func(h string) bool { return strings.Contains(h, "ring") }) {
		t.Errorf("a cycle: %v", err)
	}
	wanted := w.resolve(t, e, "bad")
	if _, err = w.install(t, e, wanted); err == nil || !strings.Contains(err.Error(), "no such header") {
		t.Errorf("a backend that fails: %v", err)
	}
	request := w.request(requirements(t, "plain")...)
	request.Policy.NoBuild.All = true
	if _, err = e.Resolve(t.Context(), request); err == nil {
		t.Error("what must not be built was resolved")
	}
}

func TestSave(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pypitest.Text(releases))
	e := w.engine(t)
	var dists []*source.Dist
	for _, d := range w.resolve(t, e, "app", "other") {
		dists = append(dists, d.Dist)
	}
	dir := filepath.Join(t.TempDir(), "house")
	var first map[string]string
	for i := range 3 {
		saved, err := e.Save(t.Context(), engine.SaveRequest{Dists: dists, Dir: dir})
		if err != nil || len(saved) != len(dists) {
			t.Fatalf("run %d: %d files, %v", i, len(saved), err)
		}
		now := files(t, dir)
		if i == 0 {
			first = now
			damage(t, filepath.Join(dir, "other-1.0-py3-none-any.whl"))
		}
		if diff := cmp.Diff(first, now); diff != "" || len(now) != 3 {
			t.Errorf("run %d: %d files\n%s", i, len(now), diff)
		}
	}
}

func damage(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("damaged"), 0o666); err != nil {
		t.Fatal(err)
	}
}

// What stands for the content of distributions is the same whenever it is asked
// for, and another for others.
func TestContents(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pypitest.Text(releases))
	e := w.engine(t)
	wanted := w.resolve(t, e, "app", "lib")
	first, _, err := e.Contents(t.Context(), wanted, source.HashPolicy{})
	if err != nil {
		t.Fatal(err)
	}
	again, fresh, err := w.engine(t).Contents(t.Context(), wanted, source.HashPolicy{})
	if err != nil || fresh != 0 || !slices.Equal(first, again) {
		t.Errorf("%q and then %q, %d fresh, %v", first, again, fresh, err)
	}
	other, _, err := e.Contents(t.Context(), w.resolve(t, e, "app", "lib<2"), source.HashPolicy{})
	if err != nil || other[0] != first[0] || other[1] == first[1] {
		t.Errorf("%q for another lib than %q, %v", other, first, err)
	}
}

func TestHashesAreDemanded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pypitest.Text(releases))
	e := w.engine(t)
	wanted := w.resolve(t, e, "other")
	digest, ok := source.ParseHash("sha256:" + strings.Repeat("0", 64))
	if !ok {
		t.Fatal("no hash")
	}
	policy := source.HashPolicy{Required: true}
	policy.Allowed = map[pyname.Package][]simple.Hash{"other": {digest}}
	before := files(t, w.environment.Root)
	if _, err := w.install(t, e, wanted, func(r *engine.InstallRequest) { r.Hashes = policy }); err == nil || !strings.Contains(err.Error(), "sha256:0000") {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff(before, files(t, w.environment.Root)); diff != "" {
		t.Errorf("changed\n%s", diff)
	}
}

// A command that is given up leaves the environment whole.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pypitest.Text(releases))
	e := w.engine(t)
	wanted := w.resolve(t, e, "app", "other")
	w.server.Fail(pypitest.Rule{Path: "other*.whl", Hang: true})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for w.server.Count("app-2.0*.whl") == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	site, err := install.Open(w.environment.Interpreter.InstalledIn()...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Install(ctx, engine.InstallRequest{Environment: w.environment, Site: site, Wanted: wanted}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if got, err := install.Open(w.environment.Interpreter.InstalledIn()...); err != nil || len(got.All()) != 0 {
		t.Errorf("there is %v, %v", got.All(), err)
	}
}

// What is pinned comes out as it would of whole pages, and what cannot be had is
// told with all versions there are.
func TestPinned(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pypitest.CacheControl("max-age=600"), pypitest.Text("app 1.0 2.0 2.0+local 3.0a1\nother 1.0\n"))
	for _, c := range []struct {
		texts []string
		want  string
	}{
		{[]string{"app==1.0", "other==1.0"}, "app==1.0 other==1.0"},
		{[]string{"app==2.0"}, "app==2.0+local"},
		{[]string{"app==1.0", "app<2"}, "app==1.0"},
		{[]string{"app==3.0a1"}, "app==3.0a1"},
		{[]string{"app==1.*", "other"}, "app==1.0 other==1.0"},
		{[]string{"app==4"}, "only the versions 1.0, 2.0, 2.0+local and 3.0a1 are available"},
		{[]string{"app==1.0", "app==2.0"}, "your requirements cannot be fulfilled"},
	} {
		request := w.request(requirements(t, c.texts...)...)
		request.Options.NoDeps = true
		var got string
		if graph, err := w.engine(t).Resolve(t.Context(), request); err != nil {
			got = err.Error()
		} else {
			var names []string
			for _, n := range graph.Nodes {
				names = append(names, string(n.Dist.Name)+"=="+n.Dist.Version.String())
			}
			slices.Sort(names)
			got = strings.Join(names, " ")
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%v: got %s, want %s", c.texts, got, c.want)
		}
	}
	if n := w.server.Count("app/"); n != 1 {
		t.Errorf("%d requests for the page", n)
	}
}

// An index that does not answer is not asked once more for whole pages.
func TestPinnedFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pypitest.Text("app 1.0\n"))
	w.server.Fail(pypitest.Rule{Path: "app/", Status: http.StatusBadRequest})
	request := w.request(requirements(t, "app==1.0")...)
	request.Options.NoDeps = true
	if _, err := w.engine(t).Resolve(t.Context(), request); err == nil {
		t.Error("there is no error")
	}
	if n := w.server.Count("app/"); n != 1 {
		t.Errorf("%d requests for the page", n)
	}
}

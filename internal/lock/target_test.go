package lock_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/tags"
)

func read(tb testing.TB, text string) *lock.Lock {
	tb.Helper()
	l, err := lock.Read("uv.lock", []byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

const shopLock = `version = 1
revision = 3
requires-python = ">=3.11"
conflicts = [[
    { package = "shop", extra = "cpu" },
    { package = "shop", extra = "gpu" },
]]

[[package]]
name = "iota"
version = "1.0"
source = { registry = "https://idx.example/simple" }
wheels = [
    { url = "https://idx.example/f/iota-1.0-cp39-cp39-win_amd64.whl", hash = "sha256:00" },
]

[[package]]
name = "omega"
version = "1.0"
source = { registry = "https://idx.example/simple" }
sdist = { url = "https://idx.example/f/omega-1.0.tar.gz", hash = "sha256:01", size = 10 }

[[package]]
name = "shop"
version = "0.1.0"
source = { editable = "." }
dependencies = [
    { name = "zeta", version = "1.0", source = { registry = "https://idx.example/simple" }, marker = "extra == 'extra-4-shop-cpu'" },
    { name = "zeta", version = "2.0", source = { registry = "https://idx.example/simple" }, extra = ["fast"], marker = "extra != 'extra-4-shop-cpu'" },
    { name = "iota", marker = "sys_platform == 'win32'" },
]

[package.optional-dependencies]
cpu = [
    { name = "omega" },
]
gpu = [
    { name = "iota" },
]

[package.dev-dependencies]
dev = [
    { name = "omega" },
]

[package.metadata]
requires-dist = [{ name = "zeta" }]
provides-extras = ["cpu", "gpu"]

[[package]]
name = "zeta"
version = "1.0"
source = { registry = "https://idx.example/simple" }
wheels = [
    { url = "https://idx.example/f/zeta-1.0-py3-none-any.whl", hash = "sha256:02" },
]

[[package]]
name = "zeta"
version = "2.0"
source = { registry = "https://idx.example/simple" }
wheels = [
    { url = "https://idx.example/f/zeta-2.0-1-py3-none-any.whl", hash = "sha256:03" },
    { url = "https://idx.example/f/zeta-2.0-2-py3-none-any.whl", hash = "sha256:04" },
]

[package.optional-dependencies]
fast = [
    { name = "omega" },
]
`

func linux(tb testing.TB) (*marker.Env, *tags.Set) {
	tb.Helper()
	env, err := marker.NewEnv(marker.Env{
		OSName: "posix", SysPlatform: "linux", PlatformSystem: "Linux", PlatformMachine: "x86_64", PlatformPythonImplementation: "CPython",
		ImplementationName: "cpython", ImplementationVersion: "3.12.1", PythonVersion: "3.12", PythonFullVersion: "3.12.1",
	})
	if err != nil {
		tb.Fatal(err)
	}
	target, err := tags.ParseTarget("x86_64-unknown-linux-gnu", nil)
	if err != nil {
		tb.Fatal(err)
	}
	set, err := tags.For(tags.Interpreter{Implementation: "cpython", Major: 3, Minor: 12}, target.Platform)
	if err != nil {
		tb.Fatal(err)
	}
	return &env, set
}

func TestTarget(t *testing.T) {
	t.Parallel()
	l := read(t, shopLock)
	env, set := linux(t)
	extras := func(names ...pyname.Extra) func(pyname.Extra) bool {
		return func(e pyname.Extra) bool { return slices.Contains(names, e) }
	}
	groups := func(names ...pyname.Group) func(pyname.Package, pyname.Group) bool {
		return func(_ pyname.Package, g pyname.Group) bool { return slices.Contains(names, g) }
	}
	shop := []pyname.Package{"shop"}
	for _, test := range []struct {
		name string
		r    lock.TargetRequest
		want string
	}{
		{"plain", lock.TargetRequest{Roots: lock.Roots{Members: shop}}, "omega-1.0.tar.gz shop zeta-2.0-2-py3-none-any.whl"},
		{"cpu", lock.TargetRequest{Roots: lock.Roots{Members: shop, Extra: extras("cpu")}}, "omega-1.0.tar.gz shop zeta-1.0-py3-none-any.whl"},
		{"group only", lock.TargetRequest{Roots: lock.Roots{Members: shop, OnlyGroups: true, Group: groups("dev")}}, "omega-1.0.tar.gz"},
		{"no project", lock.TargetRequest{Roots: lock.Roots{Members: shop, Project: "shop"}, Filter: lock.Filter{NoProject: true}}, "omega-1.0.tar.gz zeta-2.0-2-py3-none-any.whl"},
		{"conflict", lock.TargetRequest{Roots: lock.Roots{Members: shop, Extra: extras("cpu", "gpu")}}, "extras `cpu` and `gpu` are incompatible with the declared conflicts: {`shop[cpu]`, `shop[gpu]`}"},
		{"wrong platform", lock.TargetRequest{Roots: lock.Roots{Members: shop, Extra: extras("gpu")}}, "distribution `iota==1.0 @ registry+https://idx.example/simple` can't be installed"},
		{"no build", lock.TargetRequest{Roots: lock.Roots{Members: shop}, NoBuild: func(p pyname.Package) bool { return p == "omega" }}, "marked as `--no-build`"},
		{"unknown", lock.TargetRequest{Roots: lock.Roots{Members: []pyname.Package{"nobody"}}}, "the lock has no package `nobody`"},
		{"several", lock.TargetRequest{Roots: lock.Roots{Members: []pyname.Package{"zeta"}}}, "the lock has several packages `zeta`"},
	} {
		test.r.Env, test.r.Tags, test.r.Root = env, set, "/srv"
		err := l.CheckConflicts(&test.r.Roots)
		var s *lock.Selection
		if err == nil {
			s, err = l.Target(test.r)
		}
		if err != nil {
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: %v, want %q", test.name, err, test.want)
			}
			continue
		}
		var names []string
		for _, d := range s.Dists() {
			names = append(names, d.File.Filename)
			if d.Name == "shop" {
				names[len(names)-1] = "shop"
			}
		}
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	var conflict *lock.ConflictError
	if _, err := l.Target(lock.TargetRequest{Roots: lock.Roots{Members: shop, Extra: extras("cpu", "gpu")}, Env: env, Tags: set}); !errors.As(err, &conflict) {
		t.Errorf("a walk does not notice a conflict: %v", err)
	}
}

func TestCheckEnvironment(t *testing.T) {
	t.Parallel()
	env, _ := linux(t)
	for text, want := range map[string]string{
		`requires-python = ">=3.13"`: "the current Python version (3.12.1) is not compatible with the locked Python requirement: `>=3.13`",
		`requires-python = ">=3.11"`: "",
		"requires-python = \">=3.11\"\nsupported-markers = [\n    \"sys_platform == 'win32'\",\n]": "lockfile's supported environments: `sys_platform == 'win32'`",
	} {
		err := read(t, "version = 1\n"+text+"\n").CheckEnvironment(env)
		if err == nil && want != "" || err != nil && (want == "" || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

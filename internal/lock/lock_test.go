package lock_test

import (
	"strings"
	"testing"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pyname"
)

func TestSourcesOfRequirements(t *testing.T) {
	t.Parallel()
	const commit = "0123456789012345678901234567890123456789"
	for _, test := range []struct {
		name string
		from source.Source
		want string
	}{
		{"git", source.Source{Kind: source.Git, Location: "https://u:p@git.example/a.git", Subdirectory: "x/y", Reference: source.Reference{Branch: "a b", LFS: true, Commit: commit}}, "git+https://git.example/a.git?subdirectory=x%2Fy&lfs=true&branch=a+b"},
		{"url", source.Source{Kind: source.URL, Location: "https://files.example/a-1.tar.gz"}, "url+https://files.example/a-1.tar.gz"},
		{"root", source.Source{Kind: source.Directory, Location: "/srv", Virtual: true}, "virtual+."},
		{"below", source.Source{Kind: source.Directory, Location: "/srv/x", Given: "./x", Editable: true}, "editable+x"},
		{"above", source.Source{Kind: source.Directory, Location: "/", Given: ".."}, "directory+../"},
		{"beside", source.Source{Kind: source.Path, Location: "/y/a-1.whl"}, "path+../y/a-1.whl"},
		{"absolute", source.Source{Kind: source.Directory, Location: "/srv/x", Given: "/srv/x"}, "directory+/srv/x"},
		{"index", source.Source{Kind: source.Registry, Index: "https://u:p@idx.example"}, "registry+https://idx.example/"},
	} {
		r := lock.FromSource(&source.Requirement{Name: "a", Source: test.from}, "/srv")
		if got := r.Source.String(); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	l := read(t, projectLock)
	app, zeta := l.Only("app"), l.Only("zeta")
	for _, test := range []struct {
		f    lock.Filter
		want string
	}{
		{lock.Filter{}, "app zeta"},
		{lock.Filter{NoProject: true}, "zeta"},
		{lock.Filter{NoWorkspace: true}, "zeta"},
		{lock.Filter{NoLocal: true}, "zeta"},
		{lock.Filter{NoPackages: []pyname.Package{"zeta"}}, "app"},
		{lock.Filter{OnlyLocal: true}, "app"},
		{lock.Filter{OnlyProject: true}, "app"},
		{lock.Filter{OnlyPackages: []pyname.Package{"zeta"}}, "zeta"},
	} {
		var got []string
		for _, p := range []*lock.Package{app, zeta} {
			if test.f.Has(l, p, "app") {
				got = append(got, string(p.Name))
			}
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%+v: %v, want %s", test.f, got, test.want)
		}
	}
}

func TestTree(t *testing.T) {
	t.Parallel()
	l := read(t, `version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "a"
version = "1"
source = { virtual = "." }
dependencies = [
    { name = "b", extra = ["x"] },
    { name = "c", marker = "sys_platform == 'win32'" },
]

[[package]]
name = "b"
version = "2"
source = { registry = "https://idx.example/simple" }
dependencies = [
    { name = "c" },
]

[package.optional-dependencies]
x = [
    { name = "d" },
]

[[package]]
name = "c"
version = "3"
source = { registry = "https://idx.example/simple" }
dependencies = [
    { name = "b" },
]

[[package]]
name = "d"
version = "4"
source = { registry = "https://idx.example/simple" }
`)
	env, _ := linux(t)
	for _, test := range []struct {
		name string
		r    lock.TreeRequest
		want []string
	}{
		{"universal", lock.TreeRequest{}, []string{
			"a v1", "├── b[x] v2", "│   ├── c v3", "│   │   └── b v2", "│   │       └── c v3 (*)", "│   └── d v4 (extra: x)", "└── c v3 (*)",
			"(*) Package tree already displayed",
		}},
		{"linux", lock.TreeRequest{Env: env, Prune: []pyname.Package{"c"}}, []string{"a v1", "└── b[x] v2", "    └── d v4 (extra: x)"}},
		{"shallow", lock.TreeRequest{Depth: 1}, []string{"a v1", "├── b[x] v2", "└── c v3"}},
		{"inverted", lock.TreeRequest{Invert: true, Packages: []pyname.Package{"d"}}, []string{"d v4", "└── b v2 (extra: x)", "    └── a[x] v1"}},
	} {
		if test.r.Depth == 0 {
			test.r.Depth = 255
		}
		if got, want := string(l.Tree(test.r)), strings.Join(test.want, "\n")+"\n"; got != want {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, got, want)
		}
	}
}

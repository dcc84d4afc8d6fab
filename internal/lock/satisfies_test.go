package lock_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/target"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

const projectLock = `version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "app"
version = "0.1.0"
source = { editable = "." }
dependencies = [
    { name = "lib" },
    { name = "zeta" },
]

[package.metadata]
requires-dist = [
    { name = "lib", directory = "libs/lib" },
    { name = "zeta", specifier = ">=1" },
]
provides-extras = ["fast"]

[package.metadata.requires-dev]
dev = [{ name = "zeta" }]

[[package]]
name = "lib"
source = { directory = "libs/lib" }
dependencies = [
    { name = "zeta" },
]

[package.metadata]
requires-dist = [{ name = "zeta" }]

[[package]]
name = "zeta"
version = "1.5"
source = { registry = "https://idx.example/simple" }
`

// trees are the metadata of source trees, by their folders.
type trees map[string]*tree

type tree struct {
	version  string // "" is computed
	requires []string
	extras   []pyname.Extra
	groups   map[pyname.Group][]string
	built    bool // it must be built to tell
}

func (t trees) LocalMetadata(_ context.Context, d *source.Dist) (*resolve.Metadata, bool, error) {
	if at := t[d.Source.Location]; !at.built {
		return at.metadata(), at.version == "", nil
	}
	return nil, false, nil
}

func (t trees) BuiltMetadata(_ context.Context, d *source.Dist) (*resolve.Metadata, bool, error) {
	at := t[d.Source.Location]
	return at.metadata(), at.version == "", nil
}

func (t *tree) metadata() *resolve.Metadata {
	m := &resolve.Metadata{Extras: t.extras, Groups: map[pyname.Group][]source.Requirement{}}
	if t.version != "" {
		m.Version = pep440.MustParse(t.version)
	}
	m.Requires = requirements(t.requires)
	for name, all := range t.groups {
		m.Groups[name] = requirements(all)
	}
	return m
}

func requirements(texts []string) []source.Requirement {
	var out []source.Requirement
	for _, text := range texts {
		name, path, local := strings.Cut(text, " @ ")
		if local {
			out = append(out, source.Requirement{Name: pyname.Package(name), Source: source.Source{Kind: source.Directory, Location: path}})
			continue
		}
		r, err := pep508.Parse(text)
		if err != nil {
			panic(err)
		}
		req, err := source.FromPEP508(r)
		if err != nil {
			panic(err)
		}
		out = append(out, req)
	}
	return out
}

func TestSatisfies(t *testing.T) {
	t.Parallel()
	l := read(t, projectLock)
	python := func(text string) target.Python { return target.FromSpecifiers(pep440.MustParseSpecifiers(text)) }
	for _, test := range []struct {
		name   string
		change func(*lock.Want, trees)
		use    lock.Use
		reason string
	}{
		{"unchanged", func(*lock.Want, trees) {}, lock.All, ""},
		{"resolution", func(w *lock.Want, _ trees) { w.Options.Resolution = resolve.Lowest }, lock.Nothing, "the resolution mode changed from `highest` to `lowest`"},
		{"fork strategy", func(w *lock.Want, _ trees) { w.Options.ForkStrategy = resolve.Fewest }, lock.Nothing, "the fork strategy changed"},
		{"exclude-newer", func(w *lock.Want, _ trees) {
			w.Options.ExcludeNewer = index.Cutoff{Time: time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC)}
		}, lock.Forks, "`exclude-newer` was added: `2024-01-02T00:00:00Z`"},
		{"upgrade", func(w *lock.Want, _ trees) { w.Upgrade.All = true }, lock.Nothing, "everything is to be upgraded"},
		{"environments", func(w *lock.Want, _ trees) {
			w.Supported = []marker.Tree{marker.MustParse("sys_platform == 'linux'")}
		}, lock.Versions, "`environments` changed from none to `sys_platform == 'linux'`"},
		{"conflicts", func(w *lock.Want, _ trees) {
			w.Conflicts = source.Conflicts{{{Package: "app", Extra: "a"}, {Package: "app", Extra: "b"}}}
		}, lock.Versions, "`conflicts` changed"},
		{"python", func(w *lock.Want, _ trees) { w.Python = python(">=3.12") }, lock.Forks, "`requires-python` changed from `>=3.11` to `>=3.12`"},
		{"other python", func(w *lock.Want, _ trees) { w.Python = python("<3.9") }, lock.Versions, "its forks are for other Pythons"},
		{"prereleases", func(w *lock.Want, _ trees) { w.Options.Prerelease = resolve.Allow }, lock.Forks, "pre-releases changed from `if-necessary` to `allow`"},
		{"upgrade one", func(w *lock.Want, _ trees) { w.Upgrade.Packages = []pyname.Package{"zeta"} }, lock.Forks, "some packages are to be upgraded"},
		{"refresh", func(w *lock.Want, _ trees) { w.Refresh = true }, lock.Forks, "refreshed"},
		{"members", func(w *lock.Want, _ trees) { w.Manifest.Members = []pyname.Package{"app", "lib"} }, lock.Forks, "the members of the workspace changed: added `app`, `lib`"},
		{"kind", func(w *lock.Want, _ trees) {
			w.Members[0].Source.Editable, w.Members[0].Source.Virtual = false, true
		}, lock.Forks, "the project `app` is now `virtual`, it was `editable`"},
		{"constraint", func(w *lock.Want, _ trees) {
			w.Manifest.Constraints = lock.FromSources(requirements([]string{"zeta<2"}), w.Root)
		}, lock.Forks, "`constraint-dependencies` changed: added `zeta<2`"},
		{"requirement", func(_ *lock.Want, at trees) { at["/srv"].requires[1] = "zeta>=2" }, lock.Forks, "the requirements of `app` changed: added `zeta>=2`; removed `zeta>=1`"},
		{"extra", func(_ *lock.Want, at trees) { at["/srv"].extras = nil }, lock.Forks, "the extras of `app` changed: removed `fast`"},
		{"group", func(_ *lock.Want, at trees) { at["/srv"].groups["dev"] = []string{"zeta<9"} }, lock.Forks, "the dependency group `dev` of `app` changed: added `zeta<9`; removed `zeta`"},
		{"empty group", func(_ *lock.Want, at trees) { at["/srv"].groups["docs"] = nil }, lock.Forks, "the dependency groups of `app` changed: added `docs`"},
		{"version", func(_ *lock.Want, at trees) { at["/srv"].version = "0.2" }, lock.Forks, "the version of `app` is now 0.2, it was 0.1.0"},
		{"dynamic", func(_ *lock.Want, at trees) { at["/srv"].version = "" }, lock.Forks, "the version of `app` is now computed when it is built"},
		{"static", func(_ *lock.Want, at trees) { at["/srv/libs/lib"].version = "1" }, lock.Forks, "the version of `lib` is no longer computed"},
		{"below", func(_ *lock.Want, at trees) { at["/srv/libs/lib"].requires = []string{"zeta", "iota"} }, lock.Forks, "the requirements of `lib` changed: added `iota`"},
		{"built", func(_ *lock.Want, at trees) { at["/srv/libs/lib"].built = true }, lock.All, ""},
		{"index", func(w *lock.Want, _ trees) {
			w.Indexes = &index.Locations{Indexes: []index.Index{{URL: "https://other.example/simple"}}}
		}, lock.Forks, "`zeta==1.5` is from the index `https://idx.example/simple`, which is not used any more"},
		{"same index", func(w *lock.Want, _ trees) {
			w.Indexes = &index.Locations{Indexes: []index.Index{{URL: "https://user:secret@idx.example/simple"}}}
		}, lock.All, ""},
	} {
		at := trees{
			"/srv": {
				version: "0.1.0", requires: []string{"lib @ /srv/libs/lib", "zeta>=1"}, extras: []pyname.Extra{"fast"},
				groups: map[pyname.Group][]string{"dev": {"zeta"}},
			},
			"/srv/libs/lib": {requires: []string{"zeta"}},
		}
		w := lock.Want{
			Root: "/srv", Python: python(">=3.11"),
			Members: []lock.Member{{Name: "app", Source: source.Source{Kind: source.Directory, Location: "/srv", Editable: true}}},
		}
		test.change(&w, at)
		v, err := l.Satisfies(t.Context(), &w, at)
		if err != nil || v.Use != test.use || !strings.Contains(v.Reason, test.reason) || v.OK() != (test.reason == "") {
			t.Errorf("%s: %d %q, %v; want %d %q", test.name, v.Use, v.Reason, err, test.use, test.reason)
		}
	}
}

func TestPreferences(t *testing.T) {
	t.Parallel()
	l := read(t, projectLock+`
[[package]]
name = "tool"
version = "2.0"
source = { git = "https://git.example/tool?tag=v2#0123456789012345678901234567890123456789" }
`)
	names := func(u lock.Upgrade) string {
		var out []string
		for _, p := range l.Preferences("/srv", u) {
			out = append(out, string(p.Name)+"=="+p.Version.String())
		}
		for _, s := range l.Commits(u) {
			out = append(out, s.Reference.Tag+"@"+s.Reference.Commit[:4])
		}
		return strings.Join(out, " ")
	}
	for _, test := range []struct {
		upgrade lock.Upgrade
		want    string
	}{
		{lock.Upgrade{}, "app==0.1.0 zeta==1.5 tool==2.0 v2@0123"},
		{lock.Upgrade{All: true}, ""},
		{lock.Upgrade{Packages: []pyname.Package{"tool"}}, "app==0.1.0 zeta==1.5"},
		{lock.Upgrade{Groups: []pyname.Group{"dev"}}, "app==0.1.0 zeta==1.5 tool==2.0 v2@0123"},
	} {
		got := strings.Fields(names(test.upgrade))
		want := strings.Fields(test.want)
		if len(got) != len(want) {
			t.Errorf("%+v: %v, want %v", test.upgrade, got, want)
		}
	}
	if index := l.Preferences("/srv", lock.Upgrade{})[2].Index; index != "https://idx.example/simple" {
		t.Errorf("zeta is preferred from %q", index)
	}
}

const freeLock = `version = 1
revision = 4
requires-python = ">=3.11"
resolution-markers = [
    "sys_platform == 'win32'",
    "sys_platform != 'win32'",
]

[[package]]
name = "app"
version = "0.1.0"
source = { editable = "." }
dependencies = [
    { name = "lib" },
    { name = "zeta", version = "1.5", source = { registry = "https://idx.example/simple" }, extra = ["fast"], marker = "sys_platform == 'win32'" },
    { name = "zeta", version = "2.0", source = { registry = "https://idx.example/simple" }, marker = "sys_platform != 'win32'" },
]

[package.optional-dependencies]
more = [
    { name = "iota" },
]

[package.dev-dependencies]
dev = [
    { name = "iota" },
]

[[package]]
name = "iota"
version = "1.0"
source = { registry = "https://idx.example/simple" }

[[package]]
name = "lib"
version = "1"
source = { directory = "libs/lib" }

[[package]]
name = "zeta"
version = "1.5"
source = { registry = "https://idx.example/simple" }
resolution-markers = [
    "sys_platform == 'win32'",
]

[package.optional-dependencies]
fast = [
    { name = "iota" },
]

[[package]]
name = "zeta"
version = "2.0"
source = { registry = "https://idx.example/simple" }
resolution-markers = [
    "sys_platform != 'win32'",
]
`

func TestSatisfiesWithoutMetadata(t *testing.T) {
	t.Parallel()
	l := read(t, freeLock)
	for _, test := range []struct {
		name   string
		change func(*lock.Want, *tree)
		reason string
	}{
		{"unchanged", func(*lock.Want, *tree) {}, ""},
		{"feature off", func(w *lock.Want, _ *tree) { w.MetadataFree = false }, "the extras of `app` changed: added `more`"},
		{"still met", func(_ *lock.Want, app *tree) { app.requires[2] = "zeta>1; sys_platform != 'win32'" }, ""},
		{"extra of its own", func(_ *lock.Want, app *tree) { app.requires = append(app.requires, "app[more]; extra == 'more'") }, ""},
		{"empty extra and group", func(_ *lock.Want, app *tree) {
			app.extras, app.groups["docs"] = append(app.extras, "none"), nil
		}, ""},
		{"extra without dependencies", func(_ *lock.Want, app *tree) { app.requires[2] = "zeta[fast,slow]>1; sys_platform != 'win32'" }, ""},
		{"not met", func(_ *lock.Want, app *tree) { app.requires[2] = "zeta>2; sys_platform != 'win32'" }, "the requirements of `app` changed: added `zeta>2"},
		{"condition", func(_ *lock.Want, app *tree) { app.requires[1] = "zeta[fast]<2; sys_platform == 'linux'" }, "the requirements of `app` changed: added `zeta`; removed `zeta[fast]`"},
		{"gone", func(_ *lock.Want, app *tree) { app.requires = app.requires[1:] }, "the requirements of `app` changed: removed `lib`"},
		{"extra gone", func(_ *lock.Want, app *tree) { app.extras, app.requires = nil, app.requires[:3] }, "the extras of `app` changed: removed `more`"},
		{"in an extra", func(_ *lock.Want, app *tree) { app.requires[3] = "zeta; extra == 'more'" }, "the requirements of `app` in the extra `more` changed: added `zeta`; removed `iota`"},
		{"in a group", func(_ *lock.Want, app *tree) { app.groups["dev"] = nil }, "the requirements of `app` in the dependency group `dev` changed: removed `iota`"},
		{"group gone", func(_ *lock.Want, app *tree) { delete(app.groups, "dev") }, "the dependency groups of `app` changed: removed `dev`"},
		{"place not named", func(_ *lock.Want, app *tree) { app.requires[0] = "lib" }, "nothing asks for `lib` from `libs/lib` any more"},
		{"other place", func(_ *lock.Want, app *tree) { app.requires[0] = "lib @ /srv/other" }, "the requirements of `app` changed: added `lib @ other`"},
	} {
		app := &tree{
			version: "0.1.0", extras: []pyname.Extra{"more"}, groups: map[pyname.Group][]string{"dev": {"iota"}},
			requires: []string{"lib @ /srv/libs/lib", "zeta[fast]<2; sys_platform == 'win32'", "zeta>=2; sys_platform != 'win32'", "iota; extra == 'more'"},
		}
		w := lock.Want{
			Root: "/srv", Python: target.FromSpecifiers(pep440.MustParseSpecifiers(">=3.11")), MetadataFree: true,
			Members: []lock.Member{{Name: "app", Source: source.Source{Kind: source.Directory, Location: "/srv", Editable: true}}},
		}
		test.change(&w, app)
		v, err := l.Satisfies(t.Context(), &w, trees{"/srv": app, "/srv/libs/lib": {version: "1"}})
		if err != nil || !strings.Contains(v.Reason, test.reason) || v.OK() != (test.reason == "") {
			t.Errorf("%s: %q, %v; want %q", test.name, v.Reason, err, test.reason)
		}
	}
}

func TestWithoutMetadata(t *testing.T) {
	t.Parallel()
	l := read(t, projectLock)
	free := string(l.WithoutMetadata().Bytes())
	if strings.Contains(free, "package.metadata") || !strings.HasPrefix(free, "version = 1\nrevision = 4\n") {
		t.Errorf("got:\n%s", free)
	}
	if string(l.Bytes()) != projectLock {
		t.Error("the lock itself was changed")
	}
}

package install_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/tags"
)

// installed makes one distribution of the files of its .dist-info directory.
func installed(t testing.TB, info files) *install.Installed {
	t.Helper()
	l := newLayout(t)
	all := files{"foo-1.0.dist-info/METADATA": "Name: foo\nVersion: 1.0\n"}
	for name, text := range info {
		all["foo-1.0.dist-info/"+name] = text
	}
	write(t, l.Purelib, all)
	return open(t, l).Get("foo")[0]
}

func registry(specifiers string) source.Source {
	return source.Source{Kind: source.Registry, Specifiers: pep440.MustParseSpecifiers(specifiers)}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	const commit = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	archive := files{"direct_url.json": `{"url":"https://example.com/Foo.zip","archive_info":{"hash":"x"},"subdirectory":"s"}`}
	repo := files{"direct_url.json": `{"url":"https://example.com/foo.git","vcs_info":{"vcs":"git","commit_id":"` + commit + `","requested_revision":"main"}}`}
	lfs := files{"direct_url.json": `{"url":"https://example.com/foo","vcs_info":{"vcs":"git","commit_id":"` + commit + `","git_lfs":true}}`}
	git := source.Source{Kind: source.Git, Location: "https://Example.com/foo", Reference: source.Reference{Commit: commit}}
	withLFS, otherCommit, subdir := git, git, git
	withLFS.Reference.LFS, otherCommit.Reference.Commit, subdir.Subdirectory = true, "b", "s"
	for _, tt := range []struct {
		name   string
		info   files
		strict bool
		want   source.Source
		result install.Verdict
	}{
		{"version", nil, true, registry(">=1"), install.Satisfied},
		{"other version", nil, true, registry(">1"), install.Mismatch},
		{"from a URL, lenient", archive, false, registry(">=1"), install.Satisfied},
		{"from a URL, strict", archive, true, registry(">=1"), install.Mismatch},
		{"archive", archive, true, source.Source{Kind: source.URL, Location: "https://example.com/Foo.zip", Subdirectory: "s"}, install.Satisfied},
		{"archive elsewhere", archive, true, source.Source{Kind: source.URL, Location: "https://example.com/foo.zip", Subdirectory: "s"}, install.Mismatch},
		{"archive, other directory", archive, true, source.Source{Kind: source.URL, Location: "https://example.com/Foo.zip"}, install.Mismatch},
		{"archive wanted, index there", nil, true, source.Source{Kind: source.URL, Location: "https://example.com/Foo.zip"}, install.Mismatch},
		{"git", repo, true, git, install.Satisfied},
		{"git, other commit", repo, true, otherCommit, install.OutOfDate},
		{"git, LFS wanted", repo, true, withLFS, install.Mismatch},
		{"git, LFS there", lfs, true, git, install.Mismatch},
		{"git, LFS both", lfs, true, withLFS, install.Satisfied},
		{"git, subdirectory", repo, true, subdir, install.Mismatch},
		{"git wanted, archive there", archive, true, git, install.Mismatch},
	} {
		checker := install.Checker{Strict: tt.strict}
		if got := checker.Check(installed(t, tt.info), tt.want, pep440.Version{}); got != tt.result {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.result)
		}
	}
}

func TestCheckLocal(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a project")
	write(t, dir, files{"pyproject.toml": "", "a.whl": ""})
	link := dir + "-link"
	if err := os.Symlink(dir, link); err != nil {
		t.Skip(err)
	}
	now, err := install.CacheInfoOf(dir, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	file, err := install.CacheInfoOf(filepath.Join(dir, "a.whl"), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	url := "file://" + filepath.ToSlash(filepath.Dir(dir)) + "/a%20project"
	tree := files{"direct_url.json": `{"url":"` + url + `","dir_info":{}}`, "uv_cache.json": string(now.Marshal())}
	editable := files{"direct_url.json": `{"url":"` + url + `","dir_info":{"editable":true}}`, "uv_cache.json": string(now.Marshal())}
	wheel := files{"direct_url.json": `{"url":"` + url + `/a.whl","archive_info":{}}`, "uv_cache.json": string(file.Marshal())}
	unrecorded := files{"direct_url.json": tree["direct_url.json"]}
	stale := files{"direct_url.json": tree["direct_url.json"], "uv_cache.json": `{"timestamp":null,"commit":null,"tags":null,"env":{},"directories":{}}`}
	directory := func(path string, editable bool) source.Source {
		return source.Source{Kind: source.Directory, Location: path, Editable: editable}
	}
	for _, tt := range []struct {
		name   string
		info   files
		want   source.Source
		result install.Verdict
	}{
		{"directory", tree, directory(dir, false), install.Satisfied},
		{"through a link", tree, directory(link, false), install.Satisfied},
		{"editable wanted", tree, directory(dir, true), install.Mismatch},
		{"editable", editable, directory(dir, true), install.Satisfied},
		{"elsewhere", tree, directory(filepath.Dir(dir), false), install.Mismatch},
		{"no record", unrecorded, directory(dir, false), install.OutOfDate},
		{"changed", stale, directory(dir, false), install.OutOfDate},
		{"archive", wheel, source.Source{Kind: source.Path, Location: filepath.Join(dir, "a.whl")}, install.Satisfied},
		{"archive by URL", wheel, source.Source{Kind: source.URL, Location: url + "/a.whl"}, install.Satisfied},
		{"archive wanted", tree, source.Source{Kind: source.Path, Location: dir}, install.Mismatch},
	} {
		checker := install.Checker{Strict: true, CacheInfo: func(path string) (*install.CacheInfo, error) { return install.CacheInfoOf(path, noEnv) }}
		if got := checker.Check(installed(t, tt.info), tt.want, pep440.Version{}); got != tt.result {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.result)
		}
	}
	broken := install.Checker{CacheInfo: func(string) (*install.CacheInfo, error) { return nil, errors.New("no") }}
	if got := broken.Check(installed(t, tree), directory(dir, false), pep440.Version{}); got != install.CacheInvalid {
		t.Errorf("unreadable: %s", got)
	}
}

func TestCheckOther(t *testing.T) {
	t.Parallel()
	set, err := tags.For(tags.Interpreter{Implementation: "cpython", Major: 3, Minor: 12}, tags.Platform{OS: tags.Windows, Arch: tags.X86_64})
	if err != nil {
		t.Fatal(err)
	}
	for tag, want := range map[string]install.Verdict{
		"Tag: py3-none-any\n": install.Satisfied, "Tag: cp312-cp312-linux_x86_64\nTag: cp312-cp312-win_amd64\n": install.Satisfied,
		"Tag: cp311-cp311-win_amd64\n": install.Mismatch, "": install.Satisfied,
	} {
		checker := install.Checker{Tags: set}
		if got := checker.Check(installed(t, files{"WHEEL": "Wheel-Version: 1.0\n" + tag}), registry(""), pep440.Version{}); got != want {
			t.Errorf("%q: %s, want %s", tag, got, want)
		}
	}
	checker := install.Checker{BuildInfo: func(pyname.Package) []byte { return []byte(`{"config_settings": {"a": "b"}}`) }}
	for recorded, want := range map[string]install.Verdict{
		`{"config_settings":{"a":"b"}}`: install.Satisfied, `{}`: install.OutOfDate, "": install.Satisfied,
	} {
		info := files{}
		if recorded != "" {
			info["uv_build.json"] = recorded
		}
		if got := checker.Check(installed(t, info), registry(""), pep440.Version{}); got != want {
			t.Errorf("build %s: %s, want %s", recorded, got, want)
		}
	}
	plain := install.Checker{}
	if got := plain.Check(installed(t, nil), registry(""), mustVersion("1.1")); got != install.OutOfDate {
		t.Errorf("resolved to another version: %s", got)
	}
	if got := plain.Check(installed(t, nil), registry(""), mustVersion("1")); got != install.Satisfied {
		t.Errorf("resolved to the same version: %s", got)
	}
}

func wanted(name, version string) install.Wanted {
	return install.Wanted{Dist: &source.Dist{Name: pyname.Package(name), Version: mustVersion(version), Source: registry("==" + version)}}
}

func planned(p *install.Plan) map[string][]string {
	out := map[string][]string{}
	for _, w := range p.Cached {
		out["cached"] = append(out["cached"], w.String())
	}
	for _, d := range p.Remote {
		out["remote"] = append(out["remote"], d.String())
	}
	for _, d := range p.Reinstalls {
		out["reinstalls"] = append(out["reinstalls"], d.String())
	}
	for _, d := range p.Extraneous {
		out["extraneous"] = append(out["extraneous"], d.String())
	}
	return out
}

func TestPlan(t *testing.T) {
	t.Parallel()
	l := newLayout(t)
	write(t, l.Purelib, files{
		"keep-1.dist-info/x": "", "up-1.dist-info/x": "", "again-1.dist-info/x": "", "twice-1.dist-info/x": "", "twice-2.dist-info/x": "",
		"extra-1.dist-info/x": "", "pip-20.dist-info/x": "", "setuptools-60.dist-info/x": "",
	})
	site := open(t, l)
	list := []install.Wanted{wanted("keep", "1"), wanted("up", "2"), wanted("again", "1"), wanted("twice", "2"), wanted("new", "3")}
	opts := install.PlanOptions{
		Layout: l, KeepSeeds: true,
		Reinstall: func(d *source.Dist) bool { return d.Name == "again" },
		Cached: func(d *source.Dist) (install.Wheel, bool, error) {
			return install.Wheel{Name: d.Name, Version: d.Version}, d.Name == "up" || d.Name == "again", nil
		},
	}
	p, err := install.NewPlan(site, list, opts)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"cached": {"up==2", "again==1"}, "remote": {"twice==2", "new==3"},
		"reinstalls": {"up==1", "again==1", "twice==1", "twice==2"}, "extraneous": {"extra==1", "setuptools==60"},
	}
	if diff := cmp.Diff(want, planned(p)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	a, b := p.Partition(func(name pyname.Package) bool { return name != "twice" })
	if diff := cmp.Diff(map[string][]string{"cached": {"up==2", "again==1"}, "remote": {"new==3"}, "reinstalls": {"up==1", "again==1"}}, planned(a)); diff != "" {
		t.Errorf("first (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string][]string{"remote": {"twice==2"}, "reinstalls": {"twice==1", "twice==2"}, "extraneous": {"extra==1", "setuptools==60"}}, planned(b)); diff != "" {
		t.Errorf("second (-want +got):\n%s", diff)
	}
	l.Minor = 11
	opts.Layout = l
	if p, err = install.NewPlan(site, []install.Wanted{wanted("keep", "1")}, opts); err != nil || len(p.Extraneous) != 5 {
		t.Errorf("seeds of older Pythons: %v, %v", planned(p), err)
	}
	opts.Cached = func(*source.Dist) (install.Wheel, bool, error) { return install.Wheel{}, false, errors.New("broken") }
	if _, err = install.NewPlan(site, list, opts); err == nil {
		t.Error("an error of the cache is lost")
	}
}

package backend

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestVersionOfCommit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		prefix string
		local  bool
		commit Commit
		want   string // or a part of the error
	}{
		{"", true, Commit{Tag: "v1.2.3"}, "1.2.3"},
		{"", true, Commit{Tag: "1.2"}, "1.2"},
		{"", true, Commit{Tag: "1.2", Commits: 4, ID: "abc1234"}, "1.2.1.dev4+gabc1234"},
		{"", false, Commit{Tag: "1.2.3.4", Commits: 4, ID: "abc1234"}, "1.2.4.dev4"},
		{"", true, Commit{Tag: "1.2.3", ID: "abc1234", Dirty: true}, "1.2.4.dev0+gabc1234.dirty"},
		{"", false, Commit{Tag: "1.0rc1", Commits: 2}, "1.0rc2.dev2"},
		{"", false, Commit{Tag: "1.0.dev3", Commits: 2}, "1.0.dev5"},
		{"", false, Commit{Tag: "1!1.0.post2", Commits: 2}, "1!1.0.1.dev2"},
		{"lib-", true, Commit{Tag: "lib-2.0"}, "2.0"},
		{"", true, Commit{Tag: "nightly"}, "the tag `nightly` is not a version"},
	}
	for _, tt := range tests {
		got, err := VersionSource{TagPrefix: tt.prefix, Local: tt.local}.Of(tt.commit)
		if err != nil {
			got = err.Error()
		}
		if got != tt.want && (err == nil || !strings.Contains(got, tt.want)) {
			t.Errorf("%+v: got %s, want %s", tt.commit, got, tt.want)
		}
	}
}

// A version from git is written into the source distribution, which then is
// like any other.
func TestSettledVersion(t *testing.T) {
	t.Parallel()
	dir, out := t.TempDir(), t.TempDir()
	writeFile(t, filepath.Join(dir, "pyproject.toml"), []byte("[project]\nname = \"a\"\ndynamic = [\"version\"]\n"+
		"[tool.tame.version]\nfrom = \"git\"\ntag-prefix = \"a-\"\nlocal = false\n[build-system]\nrequires = [\"uv_build\"]\nbuild-backend = \"uv_build\"\n"), "")
	writeFile(t, filepath.Join(dir, "src/a/__init__.py"), nil, "")
	asked := VersionSource{}
	name, err := Sdist(Options{Dir: dir, Out: out, Version: func(s VersionSource) (string, error) { asked = s; return "1.5.dev1", nil }})
	if err != nil {
		t.Fatal(err)
	}
	if want := (VersionSource{Dir: dir, TagPrefix: "a-"}); asked != want {
		t.Errorf("asked for %+v, want %+v", asked, want)
	}
	if name != "a-1.5.dev1.tar.gz" {
		t.Errorf("built %s", name)
	}
	text := dump(t, filepath.Join(out, name))
	want := "644 a-1.5.dev1/pyproject.toml\n    [project]\n    name = \"a\"\n    version = \"1.5.dev1\"\n    \n    [build-system]\n"
	if !strings.Contains(text, want) {
		t.Errorf("no %q in\n%s", want, text)
	}
	if _, err := Sdist(Options{Dir: dir, Out: out}); err == nil {
		t.Error("built without knowing the version")
	}
	if err := os.WriteFile(filepath.Join(dir, "pyproject.toml"), []byte("[project]\nname = \"a\"\ndynamic = [\"version\"]\n[tool.tame.version]\nfrom = \"hg\"\n[build-system]\nrequires = []\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Sdist(Options{Dir: dir, Out: out}); err == nil || !strings.Contains(err.Error(), "can only come from `git`, not from `hg`") {
		t.Errorf("from hg: %v", err)
	}
}

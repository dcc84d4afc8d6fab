package project

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

const header = "[project]\nname = \"x\"\nversion = \"1\"\n"

// open writes a project with a directory beside it and opens it for editing.
func open(t *testing.T, text string) (*Document, string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"pyproject.toml":     header + text,
		"sub/pyproject.toml": "[project]\nname = \"dep\"\nversion = \"1\"\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(text), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	w, m, err := workspace.Discover(t.Context(), dir, workspace.DiscoverOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := EditProject(w, m, workspace.DiscoverOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return d, dir
}

// requirement reads a requirement; one that begins with a dot is the path of dep.
func requirement(t *testing.T, dir, text string) source.Requirement {
	t.Helper()
	if strings.HasPrefix(text, ".") {
		return source.Requirement{Name: "dep", Source: source.FromPath(filepath.Join(dir, text), text, "")}
	}
	r, err := source.FromPEP508(pep508.MustParse(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What is added goes to a list and, where it comes from, to the sources, in the
// words of uv.
func TestAdd(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	dev := pyproject.Place{Kind: pyproject.LegacyDev}
	for _, test := range []struct {
		name, old string
		add       string // requirements, separated by " + "
		place     pyproject.Place
		choice    SourceChoice
		workspace *bool
		want      string // of the file, behind the header; or of an error
	}{
		{name: "sorted", old: "dependencies = [\"b\"]\n", add: "c + a>=1", want: "dependencies = [\n    \"a>=1\",\n    \"b\",\n    \"c\",\n]\n"},
		{name: "dev", add: "a", place: dev, want: "\n[dependency-groups]\ndev = [\n    \"a\",\n]\n"},
		{name: "legacy dev", old: "[tool.uv]\ndev-dependencies = [\"b\"]\n", add: "a", place: dev, want: "[tool.uv]\ndev-dependencies = [\n    \"a\",\n    \"b\",\n]\n"},
		{name: "extra", add: "a", place: pyproject.Place{Kind: pyproject.OptionalExtra, Extra: "e"}, want: "\n[project.optional-dependencies]\ne = [\n    \"a\",\n]\n"},
		{name: "extras", add: "a[y]", choice: SourceChoice{Extras: []pyname.Extra{"z", "b"}}, want: "dependencies = [\n    \"a[b,y,z]\",\n]\n"},
		{name: "git", add: "a @ git+https://u:p@example.com/a@v1#subdirectory=s", want: "dependencies = [\n    \"a\",\n]\n\n[tool.uv.sources]\na = { git = \"https://example.com/a\", subdirectory = \"s\", rev = \"v1\" }\n"},
		{name: "git by ssh", add: "a @ git+ssh://git@example.com/a", want: "dependencies = [\n    \"a\",\n]\n\n[tool.uv.sources]\na = { git = \"ssh://git@example.com/a\" }\n"},
		{name: "tag", add: "a @ git+https://example.com/a@old", choice: SourceChoice{Tag: "v2", LFS: true}, want: "dependencies = [\n    \"a\",\n]\n\n[tool.uv.sources]\na = { git = \"https://example.com/a\", tag = \"v2\", lfs = true }\n"},
		{name: "tag without git", add: "a", choice: SourceChoice{Tag: "v2"}, want: "`--tag v2`"},
		{name: "lfs without git", add: "a", choice: SourceChoice{LFS: true}, want: "`--lfs`"},
		{name: "lfs by default", add: "a", choice: SourceChoice{DefaultLFS: true}, want: "dependencies = [\n    \"a\",\n]\n"},
		{
			name: "branch of a known repository", old: "[tool.uv.sources]\na = { git = \"https://example.com/a\", rev = \"x\" }\n", add: "a", choice: SourceChoice{Branch: "b"},
			want: "dependencies = [\n    \"a\",\n]\n[tool.uv.sources]\na = { git = \"https://example.com/a\", branch = \"b\" }\n",
		},
		{name: "url", add: "a @ https://example.com/a-1.tar.gz", want: "dependencies = [\n    \"a\",\n]\n\n[tool.uv.sources]\na = { url = \"https://example.com/a-1.tar.gz\" }\n"},
		{name: "raw", add: "a @ git+https://example.com/a@v1", choice: SourceChoice{Raw: true}, want: "dependencies = [\n    \"a @ git+https://example.com/a@v1\",\n]\n"},
		{name: "path", add: "./sub", workspace: &no, want: "dependencies = [\n    \"dep\",\n]\n\n[tool.uv.sources]\ndep = { path = \"sub\" }\n"},
		{name: "editable", add: "./sub", workspace: &no, choice: SourceChoice{Editable: &yes}, want: "dependencies = [\n    \"dep\",\n]\n\n[tool.uv.sources]\ndep = { path = \"sub\", editable = true }\n"},
		{name: "no editable archive", add: "a", choice: SourceChoice{Editable: &yes}, want: "`--editable`"},
		{
			name: "new member", add: "./sub",
			want: "dependencies = [\n    \"dep\",\n]\n\n[tool.uv.workspace]\nmembers = [\n    \"sub\",\n]\n\n[tool.uv.sources]\ndep = { workspace = true }\n",
		},
		{
			name: "member", old: "[tool.uv.workspace]\nmembers = [\"sub\"]\n", add: "dep", choice: SourceChoice{Editable: &no},
			want: "dependencies = [\n    \"dep\",\n]\n[tool.uv.workspace]\nmembers = [\"sub\"]\n\n[tool.uv.sources]\ndep = { workspace = true, editable = false }\n",
		},
		{name: "member from git", old: "[tool.uv.workspace]\nmembers = [\"sub\"]\n", add: "dep @ git+https://example.com/dep", want: "must refer to a local directory"},
		{name: "itself", add: "x", want: "self-dependencies"},
		{name: "itself with an extra", add: "x[e]", place: dev, want: "\n[dependency-groups]\ndev = [\n    \"x[e]\",\n]\n\n[tool.uv.sources]\nx = { workspace = true }\n"},
		{name: "index", add: "a", choice: SourceChoice{Index: "i"}, want: "dependencies = [\n    \"a\",\n]\n\n[tool.uv.sources]\na = { index = \"i\" }\n"},
		{name: "ambiguous", old: "dependencies = [\"a>=1\", \"a>=2\"]\n", add: "a>=3", want: "ambiguous"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d, dir := open(t, test.old)
			r := &AddRequest{Document: d, Place: test.place, Choice: test.choice, Workspace: test.workspace, Journal: &Journal{}, Joined: func(string) {}}
			for text := range strings.SplitSeq(test.add, " + ") {
				r.Requirements = append(r.Requirements, requirement(t, dir, text))
			}
			_, err := Add(t.Context(), r)
			if err != nil {
				if !strings.Contains(err.Error(), test.want) {
					t.Errorf("error %v, want %s", err, test.want)
				}
				return
			}
			text, err := os.ReadFile(d.Path)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimPrefix(string(text), header); got != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
			}
			if err := r.Journal.Revert(); err != nil {
				t.Fatal(err)
			}
			if text, _ := os.ReadFile(d.Path); string(text) != header+test.old {
				t.Errorf("after taking it back:\n%s", text)
			}
		})
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	dev := pyproject.Place{Kind: pyproject.LegacyDev}
	for _, test := range []struct {
		name, old string
		names     []pyname.Package
		place     pyproject.Place
		want      string
	}{
		{name: "one", old: "dependencies = [\n  \"a\", # first\n  \"b\",\n]\n", names: []pyname.Package{"b"}, want: "dependencies = [\n  \"a\", # first\n]\n"},
		{name: "with its source", old: "dependencies = [\"a\"]\n[tool.uv.sources]\na = { path = \"a\" }\n", names: []pyname.Package{"a"}, want: "dependencies = []\n"},
		{name: "dev in both lists", old: "[tool.uv]\ndev-dependencies = [\"a\"]\n[dependency-groups]\ndev = [\"a\"]\n", names: []pyname.Package{"a"}, place: dev, want: "[tool.uv]\ndev-dependencies = []\n[dependency-groups]\ndev = []\n"},
		{name: "not there", old: "dependencies = [\"a\"]\n", names: []pyname.Package{"a", "b"}, want: "could not be found"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d, _ := open(t, test.old)
			err := Remove(t.Context(), &RemoveRequest{Document: d, Names: test.names, Place: test.place, Journal: &Journal{}})
			text, _ := os.ReadFile(d.Path)
			got := strings.TrimPrefix(string(text), header)
			if err != nil {
				if !strings.Contains(err.Error(), test.want) || got != test.old {
					t.Errorf("error %v, want %s; file:\n%s", err, test.want, got)
				}
				return
			}
			if got != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
			}
		})
	}
}

// A journal brings back what was, and removes what was not.
func TestJournal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old, fresh := filepath.Join(dir, "old"), filepath.Join(dir, "fresh")
	if err := os.WriteFile(old, []byte("1"), 0o666); err != nil {
		t.Fatal(err)
	}
	var j Journal
	if err := errors.Join(j.Remember(fresh), j.Write(old, []byte("1"))); err != nil || j.Changed() {
		t.Fatalf("%v, changed: %t", err, j.Changed())
	}
	if err := errors.Join(j.Write(old, []byte("2")), j.Write(old, []byte("1")), j.Write(old, []byte("3")), os.WriteFile(fresh, nil, 0o666)); err != nil {
		t.Fatal(err)
	}
	if err := j.Revert(); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(old); string(text) != "1" {
		t.Errorf("old is %q, %v", text, err)
	}
	if _, err := os.Stat(fresh); err == nil {
		t.Error("the new file is still there")
	}
}

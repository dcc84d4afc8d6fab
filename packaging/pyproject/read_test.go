package pyproject_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

func mustParse(t testing.TB, text string) *pyproject.File {
	t.Helper()
	f, err := pyproject.Parse("pyproject.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

const fullProject = `
[project]
name = "My.Project"
version = "1.0rc1"
description = "one line"
readme = { file = "README.md", content-type = "text/markdown" }
requires-python = ">=3.9,<4"
license = "MIT"
license-files = ["LICENSE*"]
authors = [{ name = "A", email = "a@example.com" }, { name = "B" }]
keywords = ["x"]
classifiers = ["Typing :: Typed"]
dependencies = [
    "a>=1",
    'b ; sys_platform == "win32"',
]
dynamic = ["readme2"]

[project.urls]
Home = "https://example.com/"

[project.scripts]
run = "my:main"

[project.entry-points."some.group"]
x = "y:z"

[project.optional-dependencies]
Extra_One = ["c"]
two = []
`

func TestProject(t *testing.T) {
	t.Parallel()
	p, err := mustParse(t, fullProject).Project()
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "my-project" || p.RawName != "My.Project" || p.Version.String() != "1.0rc1" || p.RequiresPython.String() != ">=3.9, <4" {
		t.Errorf("got %q %q %v %v", p.Name, p.RawName, p.Version, p.RequiresPython)
	}
	want := []pyproject.Dependency{{"a>=1", 14, 5}, {`b ; sys_platform == "win32"`, 15, 5}}
	if diff := cmp.Diff(want, p.Dependencies); diff != "" {
		t.Error(diff)
	}
	optional := []pyproject.Optional{{"extra-one", "Extra_One", []pyproject.Dependency{{"c", 29, 14}}}, {"two", "two", []pyproject.Dependency{}}}
	if diff := cmp.Diff(optional, p.Optional); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]pyproject.EntryPoints{{"some.group", []pyproject.Pair{{"x", "y:z"}}}}, p.EntryPoints); diff != "" {
		t.Error(diff)
	}
	if p.License.Expression != "MIT" || p.Readme.File != "README.md" || len(p.Authors) != 2 || !p.HasScripts || p.URLs[0].Key != "Home" {
		t.Errorf("got %+v", p)
	}
}

func TestProjectErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"[project]\nversion = '1'\n":                                                         "pyproject.toml:1:1: the `[project]` table is used, but the required field `project.name` is not set",
		"[project]\nname = 'a'\n":                                                            "pyproject.toml:1:1: the `[project]` table is used, but the required field `project.version`",
		"[project]\nname = '-'\nversion = '1'\n":                                             "pyproject.toml:2:8: ",
		"[project]\nname = 'a'\nversion = 'x'\n":                                             "pyproject.toml:3:11: ",
		"[project]\nname = 'a'\nversion = 1\n":                                               "pyproject.toml:3:11: invalid type: integer, expected a string",
		"[project]\nname = 'a'\nversion = '1'\nrequires-python = '3'\n":                      "pyproject.toml:4:19: ",
		"[project]\nname = 'a'\nversion = '1'\ndependencies = 'x'\n":                         "pyproject.toml:4:16: invalid type: string, expected a sequence",
		"[project]\nname = 'a'\nversion = '1'\ndependencies = ['x', 1]\n":                    "pyproject.toml:4:22: invalid type: integer, expected a string",
		"[project]\nname = 'a'\nversion = '1'\noptional-dependencies = { A = [], a = [] }\n": "pyproject.toml:4:35: duplicate normalized extra name `a`",
		"project = 1\n": "pyproject.toml:1:11: invalid type: integer, expected the `[project]` table",
	} {
		_, err := mustParse(t, text).Project()
		var e *pyproject.Error
		if !errors.As(err, &e) || !strings.HasPrefix(e.Short(), want) {
			t.Errorf("%q gave %v, want %s", text, err, want)
		}
	}
	if p, err := mustParse(t, "[project]\nname = 'a'\ndynamic = ['version']\nauthors = 1\n").Project(); err != nil || p.Version != nil {
		t.Errorf("got %v, %v", p, err)
	}
	if p, err := mustParse(t, "[tool.x]\n").Project(); p != nil || err != nil {
		t.Errorf("got %v, %v", p, err)
	}
	if _, err := pyproject.Parse("p.toml", []byte("a = ")); err == nil {
		t.Error("no error for broken TOML")
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	if errs := mustParse(t, strings.Replace(fullProject, `dynamic = ["readme2"]`, "", 1)).Validate(); len(errs) > 0 {
		t.Errorf("a good project: %v", errs[0])
	}
	f := mustParse(t, `
[project]
name = "a"
version = "1"
description = "two\nlines"
readme = { text = "x" }
license = { text = "x", file = "y" }
license-files = ["../x"]
authors = [{}, { name = "a, b" }, { email = "x" }, { phone = "1" }]
dynamic = ["name", "version", "nonsense"]
surprise = 1
[project.entry-points.console_scripts]
[build-system]
requires = ["x y"]
other = 1
[dependency-groups]
a = [{ include-group = "b" }]
b = [{ include-group = "a" }]
`)
	var got []string
	for _, e := range f.Validate() {
		got = append(got, strings.TrimPrefix(e.Short(), "pyproject.toml:"))
	}
	want := []string{
		"5:15: the description must be one line",
		"6:10: missing field `content-type`",
		"7:11: exactly one of `file` and `text` must be given",
		"7:11: `license-files` can not be used together with a license table (PEP 639)",
		"8:18: a license glob must stay in the project and use `/` (PEP 639)",
		"9:12: a person needs a `name` or an `email`",
		"9:25: a name can not contain a comma",
		"9:45: `x` is not an email address",
		"9:54: unknown field `phone`, expected one of `name`, `email`",
		"10:12: the name of a project can not be dynamic",
		"10:20: `version` is both given and dynamic",
		"10:31: `nonsense` is not a field of `[project]`",
		"11:1: unknown field `surprise`, expected one of `" + strings.Join([]string{
			"name", "version", "description", "readme", "requires-python", "license", "license-files", "authors",
			"maintainers", "keywords", "classifiers", "urls", "scripts", "gui-scripts", "entry-points",
			"dependencies", "optional-dependencies", "import-names", "import-namespaces", "dynamic",
		}, "`, `") + "`",
		"12:23: use `project.scripts` or `project.gui-scripts` instead of the entry point group `console_scripts`",
		"14:13: expected one of",
		"15:1: unknown field `other`, expected one of `requires`, `build-backend`, `backend-path`",
		"16:1: detected a cycle in `dependency-groups`: `a` -> `b` -> `a`",
	}
	for i, message := range got {
		if i < len(want) && strings.HasPrefix(message, want[i]) {
			got[i] = want[i]
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestBuildSystem(t *testing.T) {
	t.Parallel()
	b, err := mustParse(t, "[build-system]\nrequires = ['x']\nbuild-backend = 'y'\nbackend-path = ['.']\n").BuildSystem()
	want := &pyproject.BuildSystem{Requires: []pyproject.Dependency{{"x", 2, 13}}, Backend: "y", Path: []string{"."}}
	if diff := cmp.Diff(want, b); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if _, err := mustParse(t, "[build-system]\n").BuildSystem(); err == nil {
		t.Error("no error without requires")
	}
	if b, err := mustParse(t, "").BuildSystem(); b != nil || err != nil {
		t.Errorf("got %v, %v", b, err)
	}
}

func TestTool(t *testing.T) {
	t.Parallel()
	tool := mustParse(t, "[tool.x]\na = 1\nb = [true]\n").Tool("x")
	if n, ok := tool.Get("a").Int(); !ok || n != 1 || tool.Get("c", "d").Kind() != "nothing" || tool.Len() != 2 {
		t.Error("the table reads wrong")
	}
	err := tool.Get("b").Errorf("no: %w", os.ErrNotExist)
	var e *pyproject.Error
	if !errors.As(err, &e) || e.Line != 3 || e.Column != 5 || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if line, _ := tool.Position(); line != 1 {
		t.Errorf("line %d", line)
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	f := mustParse(t, "[dependency-groups]\nA = ['x']\nb = [{include-group = 'a'}, 'y']\nc = ['z', {include-group = 'nope'}]\nd = 'bad'\n")
	g, err := f.Groups()
	if err != nil {
		t.Fatal(err)
	}
	list, err := g.Resolve("b", "a")
	if diff := cmp.Diff([]string{"x", "y", "x"}, texts(list)); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if _, err := g.Resolve("c"); !errors.Is(err, pyproject.ErrNoGroup) || err.Error() != "failed to find group `nope` included by `c`" {
		t.Errorf("got %v", err)
	}
	if err := g.Check(); !errors.Is(err, pyproject.ErrNoGroup) {
		t.Errorf("got %v", err)
	}
	var e *pyproject.Error
	if _, err := g.Resolve("d"); !errors.As(err, &e) || e.Line != 5 {
		t.Errorf("got %v", err)
	}
}

// Includes that double at each level must not fill the memory.
func TestGroupsAreBounded(t *testing.T) {
	t.Parallel()
	text := "[dependency-groups]\ng0 = ['x']\n"
	for i := range 60 {
		text += fmt.Sprintf("g%d = [{include-group='g%d'}, {include-group='g%d'}]\n", i+1, i, i)
	}
	g, err := mustParse(t, text).Groups()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Resolve("g60"); err == nil {
		t.Error("2^60 dependencies without an error")
	}
}

func texts(list []pyproject.Dependency) []string {
	out := []string{}
	for _, d := range list {
		out = append(out, d.Text)
	}
	return out
}

// vectors opens a file of the shared test data.
func vectors(t *testing.T, name string, into any) {
	t.Helper()
	root := os.Getenv("TAME_SHARED")
	if root == "" {
		root = "../../../shared"
	}
	data, err := os.ReadFile(filepath.Join(root, "conformance", "vectors", name))
	if err != nil {
		t.Skip("no shared data: conformance/vectors/" + name)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

func TestGroupVectors(t *testing.T) {
	t.Parallel()
	var file struct {
		Resolve []struct {
			Groups   map[string]any
			Resolve  []pyname.Group
			Expected []string
			Errors   []string
			Test     string
		}
	}
	vectors(t, "dependency_groups.json", &file)
	for _, row := range file.Resolve {
		text := "[dependency-groups]\n"
		for name, value := range row.Groups {
			text += `"` + name + `" = ` + tomlOf(t, value) + "\n"
		}
		g, err := mustParse(t, text).Groups()
		var list []pyproject.Dependency
		if err == nil {
			list, err = g.Resolve(row.Resolve...)
		}
		switch {
		case row.Errors != nil && err == nil:
			t.Errorf("%s: no error, want %q", row.Test, row.Errors)
		case row.Errors == nil && err != nil:
			t.Errorf("%s: %v", row.Test, err)
		case row.Errors == nil:
			if diff := cmp.Diff(row.Expected, texts(list)); diff != "" {
				t.Errorf("%s: %s", row.Test, diff)
			}
		}
	}
}

// tomlOf writes a JSON value as TOML.
func tomlOf(t *testing.T, v any) string {
	t.Helper()
	switch v := v.(type) {
	case []any:
		var parts []string
		for _, e := range v {
			parts = append(parts, tomlOf(t, e))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for k, e := range v {
			parts = append(parts, `"`+k+`" = `+tomlOf(t, e))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

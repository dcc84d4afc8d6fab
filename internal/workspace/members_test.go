package workspace_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tame-py/tame/internal/fetch"
	"github.com/tame-py/tame/internal/workspace"
)

// lowered is what a member requires, in a text.
func lowered(t *testing.T, w *workspace.Workspace, name string) (string, error) {
	t.Helper()
	i := slices.IndexFunc(w.Members, func(m *workspace.Member) bool { return string(m.Name) == name })
	m := w.Members[i]
	requires, groups, err := w.Lower(m, fetch.TreeOf(m.File, m.Project).Metadata, workspace.Options{})
	if err != nil {
		return "", err
	}
	var out []string
	for _, r := range requires {
		kind := ""
		switch {
		case r.Source.Editable:
			kind = " editable"
		case r.Source.Virtual:
			kind = " virtual"
		}
		out = append(out, strings.ReplaceAll(r.String(), w.Root, "ROOT")+kind)
	}
	list, err := m.Groups()
	if err != nil {
		return "", err
	}
	for _, g := range list {
		for _, r := range groups[g.Name] {
			out = append(out, fmt.Sprintf("%s: %s", g.Name, strings.ReplaceAll(r.String(), w.Root, "ROOT")))
		}
	}
	return strings.Join(out, "\n"), nil
}

func TestMembersAreLowered(t *testing.T) {
	t.Parallel()
	root := "== pyproject.toml\n" + workspaceTable(`"p/*"`, "") + "[tool.uv.sources]\nb = { workspace = true }\n"
	b := member("p/b")
	for _, c := range []struct{ name, text, want, err string }{
		{
			name: "a member, by the source of the root", text: root + b + member("p/a") + "dependencies = [\"b\", \"c>1\"]\n",
			want: "b @ file://ROOT/p/b editable\nc>1",
		},
		{
			name: "not in place", text: "== pyproject.toml\n" + workspaceTable(`"p/*"`, "") + b + member("p/a") + "dependencies = [\"b\"]\n[tool.uv.sources]\nb = { workspace = true, editable = false }\n",
			want: "b @ file://ROOT/p/b",
		},
		{
			name: "a member without a source", text: "== pyproject.toml\n" + workspaceTable(`"p/*"`, "") + b + member("p/a") + "dependencies = [\"b\"]\n",
			err: "`b` is included as a workspace member, but is missing an entry in `tool.uv.sources`",
		},
		{
			name: "a member with another source", text: root + b + member("p/a") + "dependencies = [\"b\"]\n[tool.uv.sources]\nb = { url = \"https://example.com/b.whl\" }\n",
			err: "`b` is included as a workspace member, but references a URL",
		},
		{
			name: "itself", text: root + b + member("p/a") + "dependencies = [\"a[x]\"]\n[project.optional-dependencies]\nx = []\n",
			want: "a[x]",
		},
		{
			name: "not a member", text: root + b + member("p/a") + "dependencies = [\"c\"]\n[tool.uv.sources]\nc = { workspace = true }\n",
			err: "`c` references a workspace",
		},
		{
			name: "groups", text: root + b + member("p/a") + "[dependency-groups]\nx = [\"b\", { include-group = \"y\" }]\ny = [\"c\"]\n[tool.uv.dependency-groups]\ny = { requires-python = \">=3.9\" }\n",
			want: "x: b @ file://ROOT/p/b\nx: c ; python_full_version >= '3.9'\ny: c ; python_full_version >= '3.9'",
		},
		{
			name: "a source for an extra that is not there", text: root + b + member("p/a") + "[tool.uv.sources]\nc = { index = \"i\", extra = \"x\" }\n",
			err: "source entry for `c` only applies to extra `x`, but the `x` extra does not exist",
		},
		{
			name: "a source for a group that does not need it", text: root + b + member("p/a") + "[dependency-groups]\ng = []\n[tool.uv.sources]\nc = { index = \"i\", group = \"g\" }\n",
			err: "was not found under the `dependency-groups` section",
		},
		{
			name: "a group that is included but missing", text: root + b + member("p/a") + "[dependency-groups]\ng = [{ include-group = \"h\" }]\n",
			err: "failed to find group `h` included by `g`",
		},
		{
			name: "two sources of one name", text: root + b + member("p/a") + "[tool.uv.sources]\nC = { path = \"x\" }\nc = { path = \"y\" }\n",
			err: "duplicate sources for package `c`",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := tree(t, c.text)
			w, _, err := workspace.Discover(t.Context(), dir, workspace.DiscoverOptions{StopAt: dir})
			if err != nil {
				t.Fatal(err)
			}
			got, err := lowered(t, w, "a")
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error %v, want %q", err, c.err)
				}
				return
			}
			if err != nil || got != c.want {
				t.Errorf("got %s, %v, want %s", got, err, c.want)
			}
		})
	}
}

func TestConflicts(t *testing.T) {
	t.Parallel()
	dir := tree(t, "== pyproject.toml\n"+named("a")+`[dependency-groups]
x = []
y = []
z = [{ include-group = "y" }]
[tool.uv]
conflicts = [[{ group = "x" }, { group = "y" }]]
`)
	w, _, err := workspace.Discover(t.Context(), dir, workspace.DiscoverOptions{StopAt: dir})
	if err != nil {
		t.Fatal(err)
	}
	c, err := w.Conflicts()
	if got := fmt.Sprint(c); err != nil || got != "[[a:x a:y] [a:x a:z]]" {
		t.Errorf("conflicts %s, %v: a group that includes a conflicting one conflicts too", got, err)
	}
	for _, bad := range []struct{ text, want string }{
		{"[[]]", "found none"},
		{"[[{ extra = \"x\" }]]", "found only one"},
		{"[[{ extra = \"x\", group = \"y\" }, { extra = \"z\" }]]", "but found both"},
		{"[[{}, { extra = \"z\" }]]", "expected `package`, `extra` or `group`"},
		{"[[{ other = \"x\" }, { extra = \"z\" }]]", "unknown field `other`"},
	} {
		dir := tree(t, "== pyproject.toml\n"+named("a")+"[tool.uv]\nconflicts = "+bad.text+"\n")
		if _, _, err := workspace.Discover(t.Context(), dir, workspace.DiscoverOptions{StopAt: dir}); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%s: error %v, want %q", bad.text, err, bad.want)
		}
	}
}

// What [tool.uv] says of a project has to have the right types, even for commands
// that do not look at it.
func TestTypesOfTheProjectTable(t *testing.T) {
	t.Parallel()
	for _, bad := range []struct{ line, want string }{
		{"workspace = 3", "invalid type: integer"},
		{"workspace = []", "invalid type: sequence"},
		{"workspace = { x = 1 }", "unknown field `x`"},
		{"workspace = { members = \"a\" }", "expected a list of strings"},
		{"managed = \"no\"", "expected a boolean"},
		{"package = 1", "expected a boolean"},
		{"sources = []", "expected the table"},
		{"sources = { x = 1 }", "invalid type: integer"},
		{"default-groups = \"some\"", "must be \"all\" or a list"},
		{"default-groups = [\"x y\"]", "not a valid group name"},
		{"default-groups = true", "invalid type: boolean"},
		{"dependency-groups = []", "expected a table of groups"},
		{"dependency-groups = { x = 1 }", "requires-python"},
		{"dev-dependencies = {}", "expected a list of requirements"},
		{"conflicts = {}", "expected a sequence"},
	} {
		dir := tree(t, "== pyproject.toml\n"+named("a")+"[tool.uv]\n"+bad.line+"\n")
		if _, _, err := workspace.Discover(t.Context(), dir, workspace.DiscoverOptions{StopAt: dir}); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%s: error %v, want %q", bad.line, err, bad.want)
		}
	}
}

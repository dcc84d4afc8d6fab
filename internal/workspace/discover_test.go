package workspace_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tame-py/tame/internal/workspace"
)

// tree writes files below a new directory: lines `== path` begin them.
func tree(t testing.TB, text string) string {
	t.Helper()
	root := t.TempDir()
	for _, part := range strings.Split(text, "== ")[1:] {
		name, body, _ := strings.Cut(part, "\n")
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(body), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func named(name string) string { return "[project]\nname = \"" + name + "\"\nversion = \"1\"\n" }

func member(dir string) string { return "== " + dir + "/pyproject.toml\n" + named(filepath.Base(dir)) }

func workspaceTable(members, exclude string) string {
	return "[tool.uv.workspace]\nmembers = [" + members + "]\nexclude = [" + exclude + "]\n"
}

func TestDiscover(t *testing.T) {
	t.Parallel()
	const virtual = "== pyproject.toml\n"
	for _, c := range []struct {
		name, text, start      string
		root, current, members string
		err                    string
	}{
		{name: "nothing", start: ".", err: "no `pyproject.toml` found in current directory or any parent directory"},
		{name: "single", text: member("a"), start: "a/src/x", root: "a", current: "a", members: "a"},
		{name: "groups only", text: virtual + "[dependency-groups]\nx = []\n", start: ".", root: "."},
		{
			name: "virtual root", text: virtual + workspaceTable(`"p/*"`, `"p/c"`) + member("p/b") + member("p/a") + member("p/c"),
			start: ".", root: ".", members: "a b",
		},
		{
			name: "from a member", text: virtual + named("top") + workspaceTable(`"./p/*"`, "") + member("p/b") + member("p/a"),
			start: "p/a", root: ".", current: "a", members: "a b top",
		},
		{
			name: "excluded stands alone", text: virtual + named("top") + workspaceTable(`"p/*"`, `"p/a"`) + member("p/b") + member("p/a"),
			start: "p/a", root: "p/a", current: "a", members: "a",
		},
		{
			name: "below a plain project", text: virtual + named("top") + member("p/a"),
			start: "p/a", root: "p/a", current: "a", members: "a",
		},
		{
			name: "no pyproject in a member", text: virtual + workspaceTable(`"p/*"`, "") + "== p/x/README\n",
			start: ".", err: "workspace member `p/x` is missing a `pyproject.toml` (matches: `p/*`)",
		},
		{
			name: "hidden and files", text: virtual + workspaceTable(`"p/*"`, "") + "== p/.x/README\n== p/file\n" + member("p/a"),
			start: ".", root: ".", members: "a",
		},
		{
			name: "ignored by git", text: "== .git/HEAD\n== .gitignore\n__pycache__/\n*.pyc\n" + virtual + workspaceTable(`"p/*"`, "") + "== p/x/__pycache__/m.pyc\n" + member("p/a"),
			start: ".", root: ".", members: "a",
		},
		{
			name: "two of one name", text: virtual + workspaceTable(`"p/*"`, "") + "== p/x/pyproject.toml\n" + named("a") + "== p/y/pyproject.toml\n" + named("A"),
			start: ".", err: "two workspace members are both named `a`: `p/x` and `p/y`",
		},
		{
			name: "nested", text: virtual + workspaceTable(`"p/*"`, "") + member("p/a") + workspaceTable("", ""),
			start: ".", err: "nested workspaces are not supported, but workspace member has a `tool.uv.workspace` table: p/a",
		},
		{
			name: "no project in a member", text: virtual + workspaceTable(`"p/*"`, "") + "== p/a/pyproject.toml\n",
			start: ".", err: "no `project` table found in: p/a/pyproject.toml",
		},
		{
			name: "unmanaged members are left out", text: virtual + workspaceTable(`"p/*"`, "") + member("p/a") + "[tool.uv]\nmanaged = false\n" + member("p/b"),
			start: ".", root: ".", members: "b",
		},
		{name: "unmanaged", text: member("a") + "[tool.uv]\nmanaged = false\n", start: "a", err: "the project is marked as unmanaged: a"},
		{name: "bad glob", text: virtual + workspaceTable(`"a**"`, ""), start: ".", err: "recursive"},
		{name: "broken", text: virtual + "[project\n", start: ".", err: "failed to parse: `pyproject.toml`: TOML parse error at line 1, column 9"},
		{
			name: "globs over levels", text: virtual + workspaceTable(`"**/m-[ab]?"`, `"x/*"`) + member("m-a1") + member("y/z/m-b2") + member("x/y/m-a3") + member("m-c1"),
			start: ".", root: ".", members: "m-a1 m-b2",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			root := tree(t, c.text)
			if err := os.MkdirAll(filepath.Join(root, c.start), 0o777); err != nil {
				t.Fatal(err)
			}
			files := &workspace.Files{Show: func(path string) string {
				rel, _ := filepath.Rel(root, path)
				return filepath.ToSlash(rel)
			}}
			w, current, err := workspace.Discover(t.Context(), filepath.Join(root, c.start), workspace.DiscoverOptions{Files: files, StopAt: root})
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if want := filepath.Join(root, c.root); w.Root != want {
				t.Errorf("root %s, want %s", w.Root, want)
			}
			var names []string
			for _, m := range w.Members {
				names = append(names, string(m.Name))
			}
			if got := strings.Join(names, " "); got != c.members {
				t.Errorf("members %q, want %q", got, c.members)
			}
			got := ""
			if current != nil {
				got = string(current.Name)
			}
			if got != c.current {
				t.Errorf("current %q, want %q", got, c.current)
			}
		})
	}
}

func TestDiscoverUnmanaged(t *testing.T) {
	t.Parallel()
	root := tree(t, "== pyproject.toml\n"+named("a")+"[tool.uv]\nmanaged = false\n")
	_, _, err := workspace.Discover(t.Context(), root, workspace.DiscoverOptions{StopAt: root})
	if !errors.Is(err, workspace.ErrUnmanaged) {
		t.Errorf("error %v, want %v", err, workspace.ErrUnmanaged)
	}
}

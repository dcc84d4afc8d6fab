package workspace_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tame-py/tame/internal/workspace"
)

// BenchmarkDiscover finds a workspace of 200 members.
func BenchmarkDiscover(b *testing.B) {
	var text strings.Builder
	text.WriteString("== pyproject.toml\n" + named("root") + workspaceTable(`"packages/*"`, ""))
	for i := range 200 {
		name := fmt.Sprintf("m%03d", i)
		fmt.Fprintf(&text, "== packages/%s/pyproject.toml\n[project]\nname = %q\nversion = \"0.1.0\"\ndescription = \"Member %d of a workspace\"\nrequires-python = \">=3.12\"\n"+
			"dependencies = [\"flask\", \"click>=8\", \"m000\"]\n\n[dependency-groups]\ndev = [\"iniconfig\"]\n\n[tool.uv]\npackage = false\n\n[tool.uv.sources]\nm000 = { workspace = true }\n", name, name, i)
	}
	root := tree(b, text.String())
	b.ReportAllocs()
	for b.Loop() {
		w, _, err := workspace.Discover(b.Context(), root, workspace.DiscoverOptions{StopAt: root})
		if err != nil || len(w.Members) != 201 {
			b.Fatal(err)
		}
	}
}

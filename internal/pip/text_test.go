package pip

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
)

// TestText writes a graph of two distributions in each of the forms.
func TestText(t *testing.T) {
	t.Parallel()
	node := func(name, version string) *resolve.Node {
		v := pep440.MustParse(version)
		return &resolve.Node{Name: pyname.Package(name), Version: v, Dist: &source.Dist{
			Name: pyname.Package(name), Version: v,
			Source: source.Source{Kind: source.Registry, Index: "https://user:secret@example.com/simple"},
		}}
	}
	flask, werkzeug := node("flask", "2.0"), node("werkzeug", "1.0")
	werkzeug.RequiredBy = []*resolve.Node{flask}
	c := &Compiled{
		Inputs: &Inputs{},
		Graph:  &resolve.Graph{Nodes: []*resolve.Node{werkzeug, flask}},
		Hashes: map[*resolve.Node][]simple.Hash{flask: {{Algorithm: "sha256", Digest: "aa"}, {Algorithm: "sha256", Digest: "bb"}}},
	}
	for _, test := range []struct {
		story  string
		format TextFormat
		want   string
	}{
		{"bare", TextFormat{}, "flask==2.0\nwerkzeug==1.0\n"},
		{"hashes", TextFormat{Hashes: true}, "flask==2.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\nwerkzeug==1.0\n"},
		{"annotated", TextFormat{Annotations: true}, "flask==2.0\nwerkzeug==1.0\n    # via flask\n"},
		{"in one line", TextFormat{Annotations: true, OneLine: true}, "flask==2.0\nwerkzeug==1.0             # via flask\n"},
		{"no secrets", TextFormat{Index: true}, "flask==2.0\n    # from https://example.com/simple\nwerkzeug==1.0\n    # from https://example.com/simple\n"},
		{"left out", TextFormat{Annotations: true, Omit: map[pyname.Package]bool{"flask": true}}, "werkzeug==1.0\n    # via flask\n"},
		{"styled", TextFormat{Annotations: true, Comment: strings.ToUpper}, "flask==2.0\nwerkzeug==1.0\n    # VIA FLASK\n"},
	} {
		if diff := cmp.Diff(test.want, c.Text(test.format)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.story, diff)
		}
	}
}

func TestBarePath(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"./a": "./a", "../a-1.whl": "../a-1.whl", "/abs/a": "/abs/a", `C:\a`: `C:\a`, "file://./a": "./a", "file://a": "a",
		"file:///abs/a": "", "file:a": "", "https://example.com/a": "", "file://${PROJECT_ROOT}/a": "", "file://localhost/a": "",
	} {
		if got, ok := barePath(given); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", given, got, ok)
		}
	}
}

package pip_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
)

// siteOf makes a site of lines such as `a: b c>=2`: the distribution a, whose
// version is 1.0, requires b and c.
func siteOf(t *testing.T, lines string) *install.Site {
	t.Helper()
	dir := t.TempDir()
	for line := range strings.Lines(lines) {
		name, requires, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		var text strings.Builder
		fmt.Fprintf(&text, "Metadata-Version: 2.1\nName: %s\nVersion: 1.0\n", name)
		for _, r := range strings.Fields(requires) {
			fmt.Fprintf(&text, "Requires-Dist: %s\n", r)
		}
		info := filepath.Join(dir, name+"-1.0.dist-info")
		if err := os.MkdirAll(info, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(info, "METADATA"), []byte(text.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	site, err := install.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return site
}

// drawn is a tree without versions and with plain ASCII branches.
func drawn(t *testing.T, req pip.TreeRequest) string {
	t.Helper()
	lines, err := pip.Tree(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(" v1.0", "", "├── ", "- ", "└── ", "- ", "│   ", "| ", "    ", "  ").Replace(strings.Join(lines, "\n"))
}

func TestTree(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		story, site string
		change      func(*pip.TreeRequest)
		want        string
	}{
		{
			"who needs nobody and is needed by nobody stands alone", "a:\nb:", nil,
			"a\nb",
		},
		{
			"what is not installed, or in another version, is no edge", "a: b c>=2 d\nc:\nd:", nil,
			"a\n- d\nc",
		},
		{
			"what was shown before is not shown again", "a: b c\nb: c\nc: d\nd:", nil,
			"a\n- b\n| - c\n|   - d\n- c (*)\n(*) Package tree already displayed",
		},
		{
			"unless it is asked for", "a: b c\nb: c\nc: d\nd:", func(r *pip.TreeRequest) { r.NoDedupe = true },
			"a\n- b\n| - c\n|   - d\n- c\n  - d",
		},
		{
			"a circle that nothing leads to is shown from its first", "z: y\ny: z\nb:", nil,
			"b\ny\n- z\n  - y (*)\n(*) Package tree already displayed",
		},
		{
			"a circle that something leads to is no root", "a: y\nz: y\ny: z x\nx:", nil,
			"a\n- y\n  - x\n  - z\n    - y (*)\n(*) Package tree already displayed",
		},
		{
			"a project that requires itself is a root all the same, and before it what it needs is none", "b: b a\na: c\nc:", nil,
			"b\n- a\n| - c\n- b (*)\n(*) Package tree already displayed",
		},
		{
			"of the roots asked for, those that others lead to are none", "a: b\nb:\nc: a", func(r *pip.TreeRequest) { r.Packages = []pyname.Package{"a", "b"} },
			"a\n- b",
		},
		{
			"upside down", "a: b\nb:\nc: b", func(r *pip.TreeRequest) { r.Invert = true },
			"b\n- a\n- c",
		},
		{
			"with what is asked for", "a: b>=1 c\nb:\nc:", func(r *pip.TreeRequest) { r.Specifiers = true },
			"a\n- b [required: >=1]\n- c [required: *]",
		},
		{
			"not deeper than wanted", "a: b\nb: c\nc:", func(r *pip.TreeRequest) { r.Depth = 1 },
			"a\n- b",
		},
		{
			"what is pruned takes along what only it needs, but for roots", "a: b\nb: c\nc:", func(r *pip.TreeRequest) { r.Prune = []pyname.Package{"b"} },
			"a\nc",
		},
		{
			"notes stand where something is shown first", "a: b c\nb: c\nc: d\nd:",
			func(r *pip.TreeRequest) {
				r.Note = func(i *install.Installed) string { return map[pyname.Package]string{"c": "!"}[i.Name] }
			},
			"a\n- b\n| - c!\n|   - d\n- c (*)\n(*) Package tree already displayed",
		},
	} {
		req := pip.TreeRequest{Site: siteOf(t, test.site), Env: &marker.Env{}, Depth: -1}
		if test.change != nil {
			test.change(&req)
		}
		if diff := cmp.Diff(test.want, drawn(t, req)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.story, diff)
		}
	}
}

func TestShow(t *testing.T) {
	t.Parallel()
	site := siteOf(t, "a: b b>=1 missing\nb: b\nc: b")
	shown, err := pip.Show(t.Context(), site, &marker.Env{}, map[string]bool{"a": true, "b": true}, false)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range shown {
		got = append(got, fmt.Sprintf("%s needs %v, is needed by %v", s.Name, s.Requires, s.RequiredBy))
	}
	want := []string{"a needs [b missing], is needed by []", "b needs [b], is needed by [a c]"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

package pyproject_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// The expected texts were recorded from uv 0.12.5, except where a case says
// otherwise.
func TestAddDependency(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, add, in, want string }{
		{"one line becomes several", "a", `["b", "c"]`, "[\n    \"a\",\n    \"b\",\n    \"c\",\n]"},
		{"the first line's indentation", "bb", "[\n\t\"b\", \"c\",\n\n\t\"d\"]", "[\n\t\"b\",\n\t\"bb\",\n\t\"c\",\n\t\"d\",\n]"},
		{"unsorted: at the end", "a", `["c", "b"]`, "[\n    \"c\",\n    \"b\",\n    \"a\",\n]"},
		{"empty", "a>=1,<2", `[]`, "[\n    \"a>=1,<2\",\n]"},
		{"only a comment", "a", "[\n  # only\n]", "[\n  # only\n  \"a\",\n]"},
		{"in front, with comments", "a", "[ # head\n  # own b\n  \"b\", # bb\n]", "[ # head\n  \"a\",\n  # own b\n  \"b\", # bb\n]"},
		{"between, with comments", "c", "[\n  \"b\", # bb\n  # own\n  \"d\", # dd\n  # end\n]", "[\n  \"b\", # bb\n  # own\n  \"c\",\n  \"d\", # dd\n  # end\n]"},
		{"at the end, with comments", "e", "[\n  \"b\", # bb\n  \"d\", # dd\n  # end\n]", "[\n  \"b\", # bb\n  \"d\", # dd\n  # end\n  \"e\",\n]"},
		{"at the end, without a last comma: uv moves the comment", "e", "[\n  \"b\" # bb\n]", "[\n  \"b\", # bb\n  \"e\",\n]"},
		{"sorted without regard to case", "c", `["B", "D", "e"]`, "[\n    \"B\",\n    \"c\",\n    \"D\",\n    \"e\",\n]"},
		{"sorted with regard to case", "c", `["B", "D", "a", "e"]`, "[\n    \"B\",\n    \"D\",\n    \"a\",\n    \"c\",\n    \"e\",\n]"},
		{"sorted by name first", "a-c", `["a>1", "a-b"]`, "[\n    \"a>1\",\n    \"a-b\",\n    \"a-c\",\n]"},
		{"sorted as plain text", "a2", `["a-b", "a>1", "b"]`, "[\n    \"a-b\",\n    \"a2\",\n    \"a>1\",\n    \"b\",\n]"},
		{"changes an entry", "B[y]<2", "[\"a\", \"b[x]>1\"]", "[\n    \"a\",\n    \"b[x,y]<2\",\n]"},
		{"keeps versions", "b[y]", "[\"b[x]>1\"]", "[\n    \"b[x,y]>1\",\n]"},
		{"another marker is another entry", "b ; os_name == 'nt'", "[\"b\"]", "[\n    \"b\",\n    \"b ; os_name == 'nt'\",\n]"},
		{"what is no requirement stays", "b", "['!', 'c']", "[\n    '!',\n    \"b\",\n    'c',\n]"},
	} {
		head := "[project]\nname = \"p\"\ndependencies = "
		f := mustParse(t, head+test.in+" # tail\n\n[z]\n")
		if _, err := f.AddDependency(pyproject.Place{}, pep508.MustParse(test.add), false); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if diff := cmp.Diff(head+test.want+" # tail\n\n[z]\n", string(f.Bytes())); diff != "" {
			t.Errorf("%s: -want +got\n%s", test.name, diff)
		}
	}
}

func TestAddToPlaces(t *testing.T) {
	t.Parallel()
	group := func(g pyname.Group) pyproject.Place { return pyproject.Place{Kind: pyproject.InGroup, Group: g} }
	extra := func(e pyname.Extra) pyproject.Place {
		return pyproject.Place{Kind: pyproject.OptionalExtra, Extra: e}
	}
	const list = "[\n    \"x\",\n]"
	for _, test := range []struct {
		name     string
		place    pyproject.Place
		in, want string
	}{
		{"new dependencies", pyproject.Place{}, "[project]\nname = \"p\"\n# tail\n\n[project.urls]\n", "[project]\nname = \"p\"\ndependencies = " + list + "\n# tail\n\n[project.urls]\n"},
		{"new groups", group("dev"), "[project]\nname = \"p\"\n\n[build-system]\n\n# end\n", "[project]\nname = \"p\"\n\n[build-system]\n\n[dependency-groups]\ndev = " + list + "\n\n# end\n"},
		{"sorted groups", group("c"), "[dependency-groups]\n# of b\nb = []\n# of d\nd = []\n", "[dependency-groups]\n# of b\nb = []\nc = " + list + "\n# of d\nd = []\n"},
		{"sorted groups, first", group("a"), "[dependency-groups]\n# of b\nb = []\n", "[dependency-groups]\na = " + list + "\n# of b\nb = []\n"},
		{"unsorted groups", group("c"), "[dependency-groups]\nd = []\nb = []\n", "[dependency-groups]\nd = []\nb = []\nc = " + list + "\n"},
		{"inline groups", group("a"), "dependency-groups = {d=[\"y\"]}\n", "dependency-groups = { a = " + list + ", d = [\"y\"] }\n"},
		{"a group's spelling", group("foo-bar"), "[dependency-groups]\nFoo_Bar = []\n", "[dependency-groups]\nFoo_Bar = " + list + "\n"},
		{"includes stay at the end", group("a"), "[dependency-groups]\na = [\"b\", {include-group = \"c\"}]\n", "[dependency-groups]\na = [\n    \"b\",\n    \"x\",\n    {include-group = \"c\"},\n]\n"},
		{"new extra", extra("b"), "[project]\nname = \"p\"\n", "[project]\nname = \"p\"\n\n[project.optional-dependencies]\nb = " + list + "\n"},
		{"inline extras", extra("b"), "[project]\noptional-dependencies = {d=[\"y\"]}\n", "[project]\noptional-dependencies = { d = [\"y\"], b = " + list + " }\n"},
		{"legacy", pyproject.Place{Kind: pyproject.LegacyDev}, "[tool.uv]\ndev-dependencies=[]\n", "[tool.uv]\ndev-dependencies=" + list + "\n"},
	} {
		f := mustParse(t, test.in)
		if _, err := f.AddDependency(test.place, pep508.MustParse("x"), false); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if diff := cmp.Diff(test.want, string(f.Bytes())); diff != "" {
			t.Errorf("%s: -want +got\n%s", test.name, diff)
		}
	}
}

func TestAddFails(t *testing.T) {
	t.Parallel()
	f := mustParse(t, "[project]\ndependencies = [\"b>1\", \"B\"]\n")
	before := string(f.Bytes())
	_, err := f.AddDependency(pyproject.Place{}, pep508.MustParse("b"), false)
	var ambiguous *pyproject.AmbiguousError
	if !errors.As(err, &ambiguous) || err.Error() != "cannot perform ambiguous update; found multiple entries for `b`:\n- `b>1`\n- `b`" {
		t.Errorf("got %v", err)
	}
	if string(f.Bytes()) != before {
		t.Error("the file was changed")
	}
	f = mustParse(t, "[project]\ndependencies = \"x\"\n")
	var e *pyproject.Error
	if _, err := f.AddDependency(pyproject.Place{}, pep508.MustParse("b"), false); !errors.As(err, &e) || e.Line != 2 {
		t.Errorf("got %v", err)
	}
	if err := f.SetDependency(pyproject.Place{Kind: pyproject.InGroup, Group: "x"}, 0, pep508.MustParse("b")); err == nil {
		t.Error("no error for a list that is not there")
	}
}

func TestRemoveDependency(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, in, want string }{
		{"between", "[\n  \"a\", # aa\n  \"b\", # bb\n  # own\n  \"c\", # cc\n]\n", "[\n  \"a\", # aa\n  # bb\n  # own\n  \"c\", # cc\n]\n"},
		{"last", "[\n  \"a\", # aa\n  \"b\", # bb\n]\n", "[\n  \"a\", # aa\n  # bb\n]\n"},
		{"only", "[\n  # own\n  \"b\", # bb\n]\n", "[\n    # own\n    # bb\n]\n"},
		{"only, on one line", "[\"b\"]\n", "[]\n"},
		{"first, on one line", "[\"b\", \"c\"]\n", "[\n \"c\",\n]\n"},
		{"several", "[\"B>1\", \"c\", \"b ; os_name == 'nt'\"]\n", "[\n \"c\",\n]\n"},
		{"with the last source", "[\"b\", \"c\"]\n\n[tool.uv]\nx = 1\n\n[tool.uv.sources]\n# about b\nB = { path = \"x\" } # eol\n\n# tail\n", "[\n \"c\",\n]\n\n[tool.uv]\nx = 1\n\n# tail\n"},
		{"with its source", "[\"b\"]\n[tool.uv.sources]\n# about b\nb = { path = \"x\" }\n# about d\nd = { path = \"y\" }\n", "[]\n[tool.uv.sources]\n# about d\nd = { path = \"y\" }\n"},
		{"the source stays while it is needed", "[\"b\"]\n[dependency-groups]\nx = [\"b\"]\n[tool.uv.sources]\nb = { path = \"x\" }\n", "[]\n[dependency-groups]\nx = [\"b\"]\n[tool.uv.sources]\nb = { path = \"x\" }\n"},
		{"not there", "[ \"x\" ]\n", "[ \"x\" ]\n"},
	} {
		head := "[project]\ndependencies = "
		f := mustParse(t, head+test.in)
		gone, err := f.RemoveDependency(pyproject.Place{}, "b")
		if err != nil || (len(gone) == 0) != (test.name == "not there") {
			t.Errorf("%s: %v, %v", test.name, gone, err)
		}
		if diff := cmp.Diff(head+test.want, string(f.Bytes())); diff != "" {
			t.Errorf("%s: -want +got\n%s", test.name, diff)
		}
	}
	if gone, err := mustParse(t, "").RemoveDependency(pyproject.Place{}, "b"); gone != nil || err != nil {
		t.Errorf("got %v, %v", gone, err)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	f := mustParse(t, "[project]\ndependencies = ['A']\noptional-dependencies = {x = ['a>1'], y = []}\n[dependency-groups]\ng = ['a']\n[tool.uv]\ndev-dependencies = ['a']\n")
	var got []string
	for _, p := range f.Find("a") {
		got = append(got, p.String())
	}
	want := []string{"project.dependencies", "project.optional-dependencies.x", "dependency-groups.g", "tool.uv.dev-dependencies"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSmallEdits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		edit     func(f *pyproject.File) error
		in, want string
	}{
		{"version", func(f *pyproject.File) error { return f.SetVersion(pep440.MustParse("2.0")) }, "[project]\nversion  =  '1' # v\n", "[project]\nversion  =  \"2.0\" # v\n"},
		{"new version", func(f *pyproject.File) error { return f.SetVersion(pep440.MustParse("2.0")) }, "[project]\nname = 'x'\n[a]\n", "[project]\nname = 'x'\nversion = \"2.0\"\n[a]\n"},
		{"python", func(f *pyproject.File) error {
			s, _ := pep440.ParseSpecifiers(">=3.8")
			return f.SetRequiresPython(s)
		}, "[project]\n", "[project]\nrequires-python = \">=3.8\"\n"},
		{"source", func(f *pyproject.File) error {
			return f.SetSource("a", []pyproject.Setting{{"git", "https://example.com/a"}, {"lfs", true}})
		}, "[tool.uv.sources]\nA = { path = 'x' }\nb = { path = 'y' }\n", "[tool.uv.sources]\nb = { path = 'y' }\na = { git = \"https://example.com/a\", lfs = true }\n"},
		{"new source", func(f *pyproject.File) error {
			return f.SetSource("a", []pyproject.Setting{{"workspace", true}})
		}, "[project]\n\n[tool.uv]\nx = 1\n\n[tool.z]\n", "[project]\n\n[tool.uv]\nx = 1\n\n[tool.uv.sources]\na = { workspace = true }\n\n[tool.z]\n"},
		{"member", func(f *pyproject.File) error { return f.AddWorkspaceMember("packages/a") }, "[project]\n", "[project]\n\n[tool.uv.workspace]\nmembers = [\n    \"packages/a\",\n]\n"},
		{"anything", func(f *pyproject.File) error { return f.Set([]string{"x"}, "tool", "a", "b") }, "", "[tool.a]\nb = [\"x\"]\n"},
		{"empty group", func(f *pyproject.File) error {
			return f.EnsureList(pyproject.Place{Kind: pyproject.InGroup, Group: "dev"})
		}, "", "[dependency-groups]\ndev = []\n"},
		{"replace an entry", func(f *pyproject.File) error {
			return f.SetDependency(pyproject.Place{}, 1, pep508.MustParse("b>=2"))
		}, "[project]\ndependencies = ['a', 'b'] # x\n", "[project]\ndependencies = ['a', \"b>=2\"] # x\n"},
	} {
		f := mustParse(t, test.in)
		if err := test.edit(f); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if diff := cmp.Diff(test.want, string(f.Bytes())); diff != "" {
			t.Errorf("%s: -want +got\n%s", test.name, diff)
		}
	}
	if err := mustParse(t, "").SetVersion(pep440.MustParse("1")); err == nil {
		t.Error("no error for a version without a project")
	}
}

func TestAddIndex(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, in, want string }{
		{"alone", "[project]\nname = \"p\"\n", "[project]\nname = \"p\"\n\n[[tool.uv.index]]\nname = \"foo\"\nurl = \"https://example.com/simple\"\n"},
		{"behind as many headers as there are tables", "[project]\n[project.urls]\n[build-system]\n[tool.x]\n", "[project]\n[project.urls]\n[build-system]\n\n[[tool.uv.index]]\nname = \"foo\"\nurl = \"https://example.com/simple\"\n[tool.x]\n"},
		{"in front of others", "# one\n[[tool.uv.index]]\nurl = \"https://example.com/x\"\n", "[[tool.uv.index]]\nname = \"foo\"\nurl = \"https://example.com/simple\"\n\n# one\n[[tool.uv.index]]\nurl = \"https://example.com/x\"\n"},
		{"changed and moved", "[a]\n\n# one\n[[tool.uv.index]]\nname = \"x\"\nurl = \"https://example.com/x\"\n\n# two\n[[tool.uv.index]]\nname=\"foo\" # c\nurl = \"https://example.com/old\"\nformat = \"flat\"\n\n[z]\n", "[a]\n\n# two\n[[tool.uv.index]]\nname=\"foo\" # c\nurl = \"https://example.com/simple\"\n\n# one\n[[tool.uv.index]]\nname = \"x\"\nurl = \"https://example.com/x\"\n\n[z]\n"},
		{"same place", "[[tool.uv.index]]\nurl = \"https://example.com/simple\"\nformat = \"flat\"\n", "[[tool.uv.index]]\nurl = \"https://example.com/simple\"\nformat = \"flat\"\nname = \"foo\"\n"},
	} {
		f := mustParse(t, test.in)
		same := func(url string) bool { return url == "https://example.com/simple" }
		if err := f.AddIndex(pyproject.IndexEntry{Name: "foo", URL: "https://example.com/simple"}, same); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if diff := cmp.Diff(test.want, string(f.Bytes())); diff != "" {
			t.Errorf("%s: -want +got\n%s", test.name, diff)
		}
	}
	f := mustParse(t, "[tool.uv]\nindex = [{ url = 'x' }]\n")
	if err := f.AddIndex(pyproject.IndexEntry{URL: "x"}, func(string) bool { return false }); err == nil {
		t.Error("no error for an inline list")
	}
}

func TestScriptEdits(t *testing.T) {
	t.Parallel()
	const in = "#!/bin/x\r\n# /// script\r\n# dependencies = [\r\n#   \"b\", # bb\r\n# ]\r\n# ///\r\nimport b\r\n"
	s, err := pyproject.ParseScript("x.py", []byte(in))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddDependency(pyproject.Place{}, pep508.MustParse("c"), true); err != nil {
		t.Fatal(err)
	}
	if err := s.SetSource("c", []pyproject.Setting{{"url", "https://example.com/c.whl"}}); err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll("#!/bin/x\n# /// script\n# dependencies = [\n#   \"b\", # bb\n#   \"c\",\n# ]\n#\n# [tool.uv.sources]\n# c = { url = \"https://example.com/c.whl\" }\n# ///\nimport b\n", "\n", "\r\n")
	if diff := cmp.Diff(want, string(s.Bytes())); diff != "" {
		t.Error(diff)
	}
	p, err := s.Project()
	if err != nil || len(p.Dependencies) != 2 || s.HasProject() || !s.IsScript() {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	for _, test := range [][4]string{
		{"1.2.3", ">=1.2.3", ">=1.2.3, <2.0.0", ">=1.2.3, <1.3.0"},
		{"1.2", ">=1.2", ">=1.2, <2.0", ">=1.2, <1.3"},
		{"1", ">=1", ">=1, <2", ">=1, <1.1"},
		{"0.1.2", ">=0.1.2", ">=0.1.2, <0.2.0", ">=0.1.2, <0.1.3"},
		{"0.1", ">=0.1", ">=0.1, <0.2", ">=0.1, <0.1.1"},
		{"0.0.1", ">=0.0.1", ">=0.0.1, <0.0.2", ">=0.0.1, <0.0.2"},
		{"0.0.1.1", ">=0.0.1.1", ">=0.0.1.1, <0.0.2.0", ">=0.0.1.1, <0.0.2.0"},
		{"0", ">=0", ">=0, <0.1", ">=0, <0.0.1"},
		{"0.0.0", ">=0.0.0", ">=0.0.0, <0.1.0", ">=0.0.0, <0.0.1"},
		{"1.2.3rc1", ">=1.2.3rc1", ">=1.2.3rc1, <2.0.0", ">=1.2.3rc1, <1.3.0"},
	} {
		v := pep440.MustParse(test[0])
		for b := pyproject.LowerBound; b <= pyproject.MinorBound; b++ {
			if got := b.Specifiers(v).String(); got != test[1+b] {
				t.Errorf("%s of %s: got %s, want %s", b, v, got, test[1+b])
			}
		}
	}
	if got := pyproject.ExactBound.Specifiers(pep440.MustParse("1.2")).String(); got != "==1.2" {
		t.Error(got)
	}
	if b, err := pyproject.ParseBounds("minor"); err != nil || b != pyproject.MinorBound {
		t.Errorf("got %v, %v", b, err)
	}
}

func FuzzEdit(f *testing.F) {
	f.Add("[project]\ndependencies = [\n  \"b\", # c\n]\n", "a>=1")
	f.Add("dependency-groups = { dev = ['x'] }\n", "b[x]")
	f.Fuzz(func(t *testing.T, text, req string) {
		file, err := pyproject.Parse("pyproject.toml", []byte(text))
		if err != nil {
			return
		}
		r, err := pep508.Parse(req)
		if err != nil {
			return
		}
		for _, p := range []pyproject.Place{{}, {Kind: pyproject.InGroup, Group: "dev"}, {Kind: pyproject.OptionalExtra, Extra: "x"}} {
			if _, err := file.AddDependency(p, r, false); err != nil {
				continue
			}
			if !file.HasList(p) || len(file.Find(r.Name)) == 0 {
				t.Fatalf("added %s to %s:\n%s", r, p, file.Bytes())
			}
			once := string(file.Bytes())
			if gone, err := file.RemoveDependency(p, r.Name); err != nil || len(gone) == 0 {
				t.Fatalf("removed %v, %v of %s from %s:\n%s", gone, err, r, p, once)
			}
		}
	})
}

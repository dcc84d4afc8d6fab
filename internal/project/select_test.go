package project

import (
	"strings"
	"testing"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

func TestGroupsSelect(t *testing.T) {
	t.Parallel()
	set := func(names ...pyname.Group) map[pyname.Group]bool {
		out := map[pyname.Group]bool{}
		for _, n := range names {
			out[n] = true
		}
		return out
	}
	for _, c := range []struct {
		name           string
		groups         Groups
		has, byDefault string
	}{
		{"nothing", Groups{}, "", ""},
		{"defaults", Groups{Default: set("dev")}, "dev", "dev"},
		{"asked for too", Groups{Default: set("dev"), Include: set("dev", "x")}, "dev x", ""},
		{"excluded", Groups{Default: set("dev"), Exclude: set("dev")}, "", ""},
		{"all but one", Groups{All: true, Exclude: set("x")}, "dev y", ""},
		{"all by default", Groups{DefaultAll: true}, "dev x y", "dev x y"},
	} {
		var has, byDefault []string
		for _, name := range []pyname.Group{"dev", "x", "y"} {
			if c.groups.Has(name) {
				has = append(has, string(name))
			}
			if c.groups.ByDefault(name) {
				byDefault = append(byDefault, string(name))
			}
		}
		if got := strings.Join(has, " "); got != c.has {
			t.Errorf("%s: selects %q, want %q", c.name, got, c.has)
		}
		if got := strings.Join(byDefault, " "); got != c.byDefault {
			t.Errorf("%s: by default %q, want %q", c.name, got, c.byDefault)
		}
	}
}

func TestPythonsOf(t *testing.T) {
	t.Parallel()
	demand := func(project, group, text string) Demand {
		return Demand{pyname.Package(project), pyname.Group(group), pep440.MustParseSpecifiers(text)}
	}
	p, err := PythonsOf([]Demand{demand("a", "", ">=3.9"), demand("b", "dev", ">=3.11,<4")}, true)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Range.String(); got != ">=3.11, <4" {
		t.Errorf("range %s", got)
	}
	if v := pep440.MustParse("3.10"); p.Admits(v) || p.Refusals(v) != " (from `b: tool.uv.dependency-groups.dev.requires-python`)" {
		t.Errorf("3.10 is refused by %s", p.Refusals(v))
	}
	_, err = PythonsOf([]Demand{demand("a", "", "<3.9"), demand("b", "", ">=3.11")}, true)
	if err == nil || !strings.Contains(err.Error(), "- a: <3.9\n- b: >=3.11") {
		t.Errorf("error %v", err)
	}
	if p, err := PythonsOf(nil, false); err != nil || !p.Admits(pep440.MustParse("2.7")) {
		t.Errorf("nothing is demanded, but 2.7 is refused: %v", err)
	}
}

func TestLockedIndex(t *testing.T) {
	t.Parallel()
	l := &lock.Lock{Options: lock.Options{Resolution: resolve.Highest}}
	for _, location := range []string{"https://a.example.com", "https://b.example.com", "https://b.example.com", "https://a.example.com", "https://a.example.com"} {
		l.Packages = append(l.Packages, lock.Package{Source: lock.Source{Kind: lock.Registry, Location: location}})
	}
	l.Packages = append(l.Packages, lock.Package{Source: lock.Source{Kind: lock.Virtual}})
	if got := LockedIndex(l, func(string) bool { return false }); got != "https://a.example.com" {
		t.Errorf("most are from %s", got)
	}
	if got := LockedIndex(l, func(url string) bool { return strings.Contains(url, "//a.") }); got != "https://b.example.com" {
		t.Errorf("of the others most are from %s", got)
	}
}

func TestEnvironmentRoot(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{{"", "/p/.venv"}, {"x/y", "/p/x/y"}, {"/abs/", "/abs"}} {
		if got := EnvironmentRoot("/p", c[0]); got != c[1] {
			t.Errorf("%q: %s, want %s", c[0], got, c[1])
		}
	}
}

package resolve

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

func TestForeseen(t *testing.T) {
	t.Parallel()
	requirements := func(list ...string) []source.Requirement {
		var out []source.Requirement
		for _, text := range list {
			p, err := pep508.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			r, err := source.FromPEP508(p)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, r)
		}
		return out
	}
	pinned := requirements("c")
	pinned[0].Source.Index = "https://index.example.com/simple"
	for name, test := range map[string]struct {
		manifest Manifest
		want     []pyname.Package
	}{
		"plain":     {Manifest{Requirements: requirements("b>1", "a", "b<3")}, []pyname.Package{"b", "a"}},
		"markers":   {Manifest{Requirements: requirements("a; os_name == 'nt'", "b; extra == 'x'", "c; extra == 'x' and os_name == 'nt'")}, []pyname.Package{"b"}},
		"itself":    {Manifest{Requirements: requirements("a", "b[x]"), Project: "b"}, []pyname.Package{"a"}},
		"URL":       {Manifest{Requirements: requirements("a", "b @ https://files.example.com/b-1-py3-none-any.whl")}, nil},
		"pinned":    {Manifest{Requirements: append(requirements("a"), pinned...)}, nil},
		"member":    {Manifest{Requirements: append(requirements("a"), pinned...), Members: map[pyname.Package]bool{"c": true}}, []pyname.Package{"a"}},
		"narrowed":  {Manifest{Requirements: requirements("a"), Constraints: requirements("a<2")}, []pyname.Package{"a"}},
		"placed":    {Manifest{Requirements: requirements("a", "c"), Constraints: pinned}, nil},
		"replaced":  {Manifest{Requirements: requirements("a", "b"), Overrides: []Override{{Requirement: requirements("a; os_name == 'nt'")[0]}}}, []pyname.Package{"b"}},
		"taken out": {Manifest{Requirements: requirements("a", "b"), Excludes: []Exclude{{Dependency: "a"}}}, []pyname.Package{"b"}},
	} {
		if diff := cmp.Diff(test.want, Foreseen(&test.manifest)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

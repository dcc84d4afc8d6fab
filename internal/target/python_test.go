package target

import (
	"testing"

	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/tags"
)

func python(s string) Python { return FromSpecifiers(pep440.MustParseSpecifiers(s)) }

func TestCoveredBy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		python, requires string
		want             bool
	}{
		{">=3.8", ">=3.7", true},
		{">=3.8", ">=3.8", true},
		{">=3.8", ">=3.9", false},
		{">=3.8", ">=3.8,<3.10", true}, // the upper bound does not count
		{">=3.8,<3.10", ">=3.8", true},
		{">=3.8", ">3.8", false},
		{">3.8", ">=3.8", true},
		{">=3.8", "<4", true},
		{"", ">=3.8", false},
		{"", "", true},
		{">=3.8", "", true},
		{">=3.8.1", ">=3.8.1rc1", true}, // only the release counts
		{"==3.12.*", ">=3.12", true},
		{">=3.12", "==3.12.*", true},
		{">=3.12", "!=3.11.*,>=3.8", true},
		{">=3.12", "~=3.12", true},
		{">=3.12", "<0", true}, // nothing has no lower bound
	} {
		if got := python(test.python).CoveredBy(pep440.MustParseSpecifiers(test.requires)); got != test.want {
			t.Errorf("%q covered by %q: %v", test.python, test.requires, got)
		}
	}
}

func TestContains(t *testing.T) {
	t.Parallel()
	p := python(">=3.12,!=3.12.3")
	for v, want := range map[string]bool{"3.12.0": true, "3.13.0rc1": true, "3.12.3": false, "3.12.0b1": true, "3.11.9": false} {
		if p.Contains(pep440.MustParse(v)) != want {
			t.Errorf("%s contains %s: want %v", p, v, want)
		}
	}
	if !AtLeast(pep440.MustParse("3.13.0rc1")).Contains(pep440.MustParse("3.13.0a1")) {
		t.Error("a pre-release is its release")
	}
}

func TestIntersect(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		all  []string
		want string
	}{
		{[]string{">=3.8", ">=3.9"}, ">=3.9"},
		{[]string{">=3.12", "<3.13"}, "==3.12.*"},
		{[]string{">=3.8", "!=3.9.*"}, ">=3.8, !=3.9.*"},
		{[]string{">=3.8", "<3.8"}, ""},
		{nil, ""},
	} {
		var all []pep440.Specifiers
		for _, s := range test.all {
			all = append(all, pep440.MustParseSpecifiers(s))
		}
		got, ok := Intersect(all...)
		if ok != (test.want != "") || ok && got.String() != test.want {
			t.Errorf("%q: %q, %v", test.all, got, ok)
		}
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ python, at, below, above string }{
		{">=3.10", "3.11", ">=3.10, <3.11", ">=3.11"},
		{">=3.10,<3.12", "3.11", "==3.10.*", "==3.11.*"},
		{"", "3.11", "<3.11", ">=3.11"},
		{">=3.10", "3.10", "", ""},
		{">=3.10,<3.12", "3.12", "", ""},
	} {
		below, above, ok := python(test.python).Split(pep440.AtLeast(pep440.MustParse(test.at)))
		if ok != (test.below != "") {
			t.Errorf("%q at %s: %v", test.python, test.at, ok)
			continue
		}
		// The lower half of a range is shown by its bounds unless it is one minor.
		if want, _ := Intersect(pep440.MustParseSpecifiers(test.below)); ok && (!below.Equal(want) || above.String() != test.above) {
			t.Errorf("%q at %s: %q and %q, want %q and %q", test.python, test.at, below, above, test.below, test.above)
		}
	}
}

func TestNarrow(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ python, to, want string }{
		{">=3.8", ">=3.9", ">=3.9"},
		{">=3.8", ">=3.8", ""},
		{">=3.8", ">=3.7", ""},
		{">=3.8", ">=3.7,<3.10", ">=3.8, <3.10"},
		{">=3.8", ">=3.9,<3.10", ">=3.9, <3.10"},
		{">=3.8,<3.10", ">=3.9", ">=3.9, <3.10"},
		{">=3.8", "", ""},
	} {
		got, ok := python(test.python).Narrow(python(test.to).Span())
		if ok != (test.want != "") || ok && got.String() != test.want {
			t.Errorf("%q to %q: %q, %v", test.python, test.to, got, ok)
		}
	}
	if !python(">=3.8").Raised(pep440.AtLeast(pep440.MustParse("3.9"))) || python(">=3.8").Raised(pep440.Bound{}) {
		t.Error("raised")
	}
}

// The files are the ones that uv's description of the rule mentions.
func TestAdmitsWheel(t *testing.T) {
	t.Parallel()
	for specifiers, wheels := range map[string]map[tags.Compressed]bool{
		"==3.10.*": {
			"cp37-abi3-macosx_10_12_universal2":    true,
			"cp310-cp310-win_amd64":                true,
			"cp310-none-win_amd64":                 true,
			"py2.py3-none-any":                     true,
			"py310-none-any":                       true,
			"py37-none-any":                        true,
			"py312-none-any":                       false,
			"cp312-none-any":                       false,
			"cp36-none-any":                        false,
			"cp39-cp39-win_amd64":                  false,
			"cp311-cp311-win_amd64":                false,
			"cp310.cp311-cp310.cp311-any":          true,
			"cp313-cp313t-manylinux_2_17_x86_64":   false,
			"py2-none-any":                         false,
			"py27-none-any":                        false,
			"cp27-cp27mu-linux_x86_64":             false,
			"pp310-pypy310_pp73-win_amd64":         true,
			"pp39-pypy39_pp73-win_amd64":           false,
			"pp27-pypy_73-win_amd64":               false,
			"graalpy310-graalpy240_310_native-any": true,
			"some-thing-else":                      true,
		},
		">=3.10": {
			"cp39-cp39-win_amd64":   false,
			"cp312-cp312-win_amd64": true,
			"py312-none-any":        true,
			"py39-none-any":         true,
			"cp39-none-any":         false,
		},
		">=3.10.2,<3.12.1": {
			"cp310-cp310-any": true,
			"cp312-cp312-any": true,
			"cp313-cp313-any": false,
		},
		"<3.12.0":   {"cp312-cp312-any": false, "cp311-cp311-any": true},
		"<=3.12":    {"cp312-cp312-any": true, "cp313-cp313-any": false},
		"":          {"cp36-cp36m-any": true, "cp27-cp27m-any": false},
		">=3.10,<4": {"cp313-cp313-any": true},
	} {
		for wheel, want := range wheels {
			if got := python(specifiers).AdmitsWheel(wheel); got != want {
				t.Errorf("%q admits %s: %v", specifiers, wheel, got)
			}
		}
	}
}

func BenchmarkAdmitsWheel(b *testing.B) {
	p := python(">=3.10")
	b.ReportAllocs()
	for b.Loop() {
		p.AdmitsWheel("cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64")
	}
}

func BenchmarkCoveredBy(b *testing.B) {
	p, requires := python(">=3.10"), pep440.MustParseSpecifiers(">=3.8,<4")
	b.ReportAllocs()
	for b.Loop() {
		p.CoveredBy(requires)
	}
}

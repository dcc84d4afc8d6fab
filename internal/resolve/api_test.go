package resolve

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/tame-py/tame/packaging/pep440"
)

func TestModesAreText(t *testing.T) {
	t.Parallel()
	for r := Highest; r <= LowestDirect; r++ {
		text, err := r.MarshalText()
		var back Resolution
		if err != nil || back.UnmarshalText(text) != nil || back != r {
			t.Errorf("%s is read as %s", text, back)
		}
	}
	for p := IfNecessary; p <= IfNecessaryOrExplicit; p++ {
		text, err := p.MarshalText()
		var back Prerelease
		if err != nil || back.UnmarshalText(text) != nil || back != p {
			t.Errorf("%s is read as %s", text, back)
		}
	}
	var p Prerelease
	if err := p.UnmarshalText([]byte("perhaps")); err == nil || !strings.Contains(err.Error(), "if-necessary, disallow") {
		t.Errorf("got %v", err)
	}
}

// The story is an error of its own, so that it is shown below the headline.
func TestNoSolutionIsTwoErrors(t *testing.T) {
	t.Parallel()
	r, err := newUniverse().resolver(ask{requires: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Resolve(context.Background())
	story := errors.Unwrap(err)
	if story == nil || err.Error() != "no solution found when resolving dependencies: "+story.Error() {
		t.Errorf("%q with the cause %q", err, story)
	}
	if failure, ok := err.(*NoSolution); !ok || len(failure.Packages) != 1 || failure.Packages[0] != "a" {
		t.Errorf("%#v", err)
	}
}

func TestTraceIsThatOfUV(t *testing.T) {
	t.Parallel()
	u := newUniverse()
	u.projects["a"] = map[string]*release{"1.0": {Requires: []string{"b[x]>=1 ; python_version >= '3.8'"}}}
	u.projects["b"] = map[string]*release{"1.0": {Extras: map[string][]string{"x": nil}}}
	r, err := u.resolver(ask{requires: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	var log []string
	r.Options.Trace = func(line string) { log = append(log, line) }
	if _, err := r.Resolve(context.Background()); err != nil {
		t.Fatal(err)
	}
	want := `Solving with installed Python version: 3.12.1
Solving with target Python version: >=3.12.1
Adding direct dependency: a*
Searching for a compatible version of a (*)
Selecting: a==1.0 [compatible] (a-1.0-py3-none-any.whl)
Adding transitive dependency for a==1.0: b[x]>=1
Searching for a compatible version of b[x] (>=1)
Selecting: b==1.0 [compatible] (b-1.0-py3-none-any.whl)`
	if got := strings.Join(log[:min(len(log), 8)], "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestGap(t *testing.T) {
	t.Parallel()
	var known []pep440.Version
	for _, v := range []string{"1.0", "2.0", "2.0+local", "3.0"} {
		known = append(known, pep440.MustParse(v))
	}
	for v, want := range map[string]string{
		"1.0": "<2.0", "2.0": ">1.0,<2.0+local", "2.0+local": ">2.0,<3.0", "3.0": ">2.0+local", "2.5": ">2.0+local,<3.0",
	} {
		got := gap(known, pep440.MustParse(v))
		if !got.Contains(pep440.MustParse(v)) {
			t.Errorf("the gap of %s is %s", v, got)
		}
		for _, k := range known {
			if got.Contains(k) != (k.String() == v) {
				t.Errorf("the gap of %s, %s, has %s; want %s", v, got, k, want)
			}
		}
	}
}

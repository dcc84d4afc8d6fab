package resolve

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// When answers arrive has no influence on forks either: on which there are, in
// which order they are solved, and what is chosen in them.
func TestLateAnswersOfForks(t *testing.T) {
	t.Parallel()
	for _, c := range readCases(t, "testdata/universal.txt") {
		if len(c.story) > 0 || len(c.universe.urls) > 0 {
			continue
		}
		run := func(provider Provider) string {
			r, err := c.universe.resolver(c.ask(t))
			if err != nil {
				t.Fatal(err)
			}
			var log []string
			r.Provider = provider
			r.Options.Trace = func(line string) { log = append(log, line) }
			g, err := r.Resolve(context.Background())
			if err != nil {
				t.Fatalf("%s: %v", c.title, err)
			}
			for _, n := range g.Nodes {
				log = append(log, n.title()+" ; "+n.Marker.String())
			}
			return strings.Join(log, "\n")
		}
		want := run(c.universe)
		for seed := range uint64(4) {
			got := run(&late{universe: c.universe, random: rand.New(rand.NewPCG(seed, 3)), asked: map[any]any{}})
			if got != want {
				t.Errorf("%s: got\n%s\nwant\n%s", c.title, got, want)
			}
		}
	}
}

func TestScopes(t *testing.T) {
	t.Parallel()
	here := scope{marker: markerOf(t, "sys_platform == 'linux' and extra == 'extra-1-p-x' and extra != 'group-1-p-dev'")}
	here, ok := scopeWithin(scope{}, here.marker)
	if !ok {
		t.Fatal("the scope is empty")
	}
	if want := "split (markers: sys_platform == 'linux'; included: p[x]; excluded: p[group:dev])"; here.describe() != want {
		t.Errorf("it is %s", here.describe())
	}
	if _, ok := here.with(here.exclude, nil); ok {
		t.Error("what is excluded can be included")
	}
	if again, ok := here.with(here.include, here.exclude); !ok || !slices.Equal(again.include, here.include) {
		t.Error("what is included already cannot be included")
	}
	if got := here.universal(); got != markerOf(t, "sys_platform == 'linux' and extra == 'extra-1-p-x' and extra != 'group-1-p-dev'") {
		t.Errorf("as a marker it is %s", got)
	}
}

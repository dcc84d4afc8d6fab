package resolve

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestPackse(t *testing.T) {
	t.Parallel()
	scenarios(t, "conformance/packse/scenarios", checkScenario)
}

func TestOtherSolvers(t *testing.T) {
	t.Parallel()
	scenarios(t, "conformance/solver/cases", checkScenario)
}

func checkScenario(t *testing.T, s *scenario) {
	r, err := s.universe().resolver(s.ask())
	if err != nil {
		t.Fatal(err)
	}
	var log []string
	r.Options.Trace = func(line string) { log = append(log, line) }
	g, err := r.Resolve(context.Background())
	if s.UV.ExitCode != 0 {
		var failure *NoSolution
		if !errors.As(err, &failure) {
			t.Fatalf("got %v and %v, want no solution as in\n%s", g, err, s.UV.Stderr)
		}
		t.Logf("%v\n%s\n%s", s.Root.Requires, strings.Join(append([]string{failure.Error()}, failure.Hints()...), "\n"), s.UV.Stderr)
		named := func(name string) bool { return strings.Contains(failure.Error(), name) }
		names := slices.Clone(s.Root.Requires)
		for i := range names {
			names[i] = strings.FieldsFunc(names[i], func(r rune) bool { return strings.ContainsRune("[<>=!~ ;", r) })[0]
		}
		for name := range s.Packages {
			names = append(names, name)
		}
		if !slices.ContainsFunc(names, named) {
			t.Errorf("the message names none of %q:\n%s\nuv:\n%s", names, failure, s.UV.Stderr)
		}
		return
	}
	if err != nil {
		t.Fatalf("%v\nwant %q\n%s", err, s.wants(), strings.Join(log, "\n"))
	}
	if got := pins(g); !slices.Equal(got, s.wants()) {
		t.Errorf("got %q, want %q\n%s", got, s.wants(), strings.Join(log, "\n"))
	}
}

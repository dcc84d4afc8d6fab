package pubgrub

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// small draws a universe that can be solved by trying everything.
func small(t *rapid.T) *universe {
	u := &universe{broken: map[[2]int]bool{}}
	u.id("root")
	packages := rapid.IntRange(1, 5).Draw(t, "packages")
	for p := range packages {
		u.id(fmt.Sprint("p", p+1))
	}
	needs := func(most int) []Dependency[set] {
		var list []Dependency[set]
		for range rapid.IntRange(0, most).Draw(t, "needs") {
			on := Package(rapid.IntRange(1, packages).Draw(t, "on"))
			allowed := set(rapid.IntRange(0, 7).Draw(t, "set"))
			if rapid.Bool().Draw(t, "open") {
				allowed = ^allowed
			}
			list = append(list, Dependency[set]{on, allowed})
		}
		return list
	}
	u.versions[0][1] = needs(4)
	for p := 1; p <= packages; p++ {
		for v := range rapid.IntRange(0, 3).Draw(t, "versions") {
			u.versions[p][v] = needs(3)
			u.broken[[2]int{p, v}] = rapid.IntRange(0, 9).Draw(t, "broken") == 0
		}
	}
	return u
}

func TestAgainstTryingEverything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		u := small(t)
		solution, err := u.newRun().finish()
		switch solvable := u.solvable(); {
		case err == nil && !u.holds(solution):
			t.Fatalf("%s is not a solution", u.show(solution))
		case err == nil != solvable:
			t.Fatalf("found a solution: %v; there is one: %v", err == nil, solvable)
		}
		var failure *NoSolution[set]
		if errors.As(err, &failure) {
			u.checkDerivation(t, failure.Derivation)
		}
	})
}

// A clone finds what the original finds, whatever is done to either meanwhile.
func TestCloneIsIndependent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		u := small(t)
		want, wantErr := u.newRun().finish()
		runs := []*run{u.newRun()}
		done := map[*run]bool{}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			r := rapid.SampledFrom(runs).Draw(t, "run")
			if done[r] {
				continue
			}
			if len(runs) < 5 && rapid.Bool().Draw(t, "clone") {
				runs = append(runs, r.clone())
			}
			if ended, err := r.step(); ended {
				done[r] = true
				if (err == nil) != (wantErr == nil) {
					t.Fatalf("a clone ended with %v, the original with %v", err, wantErr)
				}
			}
		}
		for _, r := range runs {
			if done[r] {
				continue
			}
			got, err := r.finish()
			if (err == nil) != (wantErr == nil) || !maps.Equal(got, want) {
				t.Fatalf("a clone found %q (%v), the original %q (%v)", u.show(got), err, u.show(want), wantErr)
			}
		}
	})
}

// checkDerivation tells whether every leaf is true in the universe and every
// other node follows from its two causes.
func (u *universe) checkDerivation(t *rapid.T, d *Derivation[set]) {
	seen := map[*Derivation[set]]bool{}
	var check func(*Derivation[set])
	check = func(d *Derivation[set]) {
		if seen[d] {
			return
		}
		seen[d] = true
		switch d.Kind {
		case Derived:
			if !u.follows(d) {
				t.Fatalf("%v does not follow from %v and %v", d.Terms, d.Left.Terms, d.Right.Terms)
			}
			check(d.Left)
			check(d.Right)
		case NoVersions:
			for v := range u.versions[d.Dependent] {
				if d.Range.Contains(v) {
					t.Fatalf("%s %d exists", u.names[d.Dependent], v)
				}
			}
		case Custom:
			for v := range u.versions[d.Dependent] {
				if d.Range.Contains(v) && !u.broken[[2]int{int(d.Dependent), v}] {
					t.Fatalf("%s %d is not broken", u.names[d.Dependent], v)
				}
			}
		case Depends:
			u.checkNeeds(t, d)
		}
	}
	check(d)
}

func (u *universe) checkNeeds(t *rapid.T, d *Derivation[set]) {
	for v, needs := range u.versions[d.Dependent] {
		if !d.Range.Contains(v) {
			continue
		}
		found := false
		for _, need := range needs {
			found = found || need.Package == d.On && need.Set == d.Needs
		}
		if !found {
			t.Fatalf("%s %d does not need %s %x", u.names[d.Dependent], v, u.names[d.On], d.Needs)
		}
	}
}

// follows tries all choices of versions, also of ones that do not exist: one
// that breaks d must break one of its causes.
func (u *universe) follows(d *Derivation[set]) bool {
	breaks := func(terms []Term[set], choice []int) bool {
		for _, t := range terms {
			v := choice[t.Package]
			if (v >= 0 && t.Set.Contains(v)) == t.Negative {
				return false
			}
		}
		return true
	}
	choice := make([]int, len(u.names))
	var try func(p int) bool
	try = func(p int) bool {
		if p == len(choice) {
			return !breaks(d.Terms, choice) || breaks(d.Left.Terms, choice) || breaks(d.Right.Terms, choice)
		}
		for v := -1; v <= 3; v++ {
			if choice[p] = v; !try(p + 1) {
				return false
			}
		}
		return true
	}
	return try(0)
}

// large makes a universe like those of the registry: most needs are lower
// bounds, one in narrow of those of newer versions has an upper bound too, so
// that the newest versions do not all fit together.
func large(packages, versions, narrow int) *universe {
	random := rand.New(rand.NewPCG(1, 2))
	u := &universe{broken: map[[2]int]bool{}}
	u.id("root")
	for p := range packages {
		u.id(fmt.Sprint("p", p+1))
	}
	for p := 1; p <= packages; p++ {
		for v := range versions {
			var list []Dependency[set]
			for d := range 4 {
				on := p + 1 + random.IntN(20*(d+1))
				if on > packages {
					continue
				}
				low := random.IntN(versions)
				allowed := ^set(0) << min(low, v)
				if random.IntN(narrow) == 0 && v > versions/2 {
					allowed &= set(1)<<(versions*3/4) - 1
				}
				list = append(list, Dependency[set]{Package(on), allowed})
			}
			u.versions[p][v] = list
		}
	}
	for p := 1; p <= packages; p += 7 {
		u.versions[0][1] = append(u.versions[0][1], Dependency[set]{Package(p), ^set(0)})
	}
	return u
}

func BenchmarkSolve(b *testing.B) {
	b.Run("easy", func(b *testing.B) { benchmarkSolve(b, large(800, 40, 100)) })
	b.Run("hard", func(b *testing.B) { benchmarkSolve(b, large(800, 40, 6)) })
}

func benchmarkSolve(b *testing.B, u *universe) {
	have := make([]set, len(u.names))
	for p := range u.names {
		for v := range u.versions[p] {
			have[p] |= exactly(v)
		}
	}
	needs := make([][][]Dependency[set], len(u.names))
	for p := range needs {
		needs[p] = make([][]Dependency[set], 64)
		for v, list := range u.versions[p] {
			needs[p][v] = list
		}
	}
	b.ReportAllocs()
	var decided, tried, learned int
	for b.Loop() {
		s := New[set](0, 1, Options[set, int]{Exactly: exactly, Hash: hashSet})
		next := Package(0)
		decided, tried, learned = 0, 0, 0
		seen := make([]set, len(u.names))
		for {
			conflicts, err := s.Propagate(next)
			if err != nil {
				b.Fatal(err)
			}
			learned += len(conflicts)
			var ok bool
			if next, ok = s.Pick(func(p Package) uint64 { return uint64(-p) }); !ok {
				break
			}
			allowed, _ := s.Range(next)
			v, ok := (allowed & have[next]).highest()
			if !ok {
				s.NoVersions(next, allowed)
				continue
			}
			tried++
			if seen[next].Contains(v) {
				s.Decide(next, v)
				continue
			}
			seen[next] |= exactly(v)
			s.AddDependencies(next, v, exactly(v), needs[next][v])
		}
		for range s.Decisions() {
			decided++
		}
	}
	b.ReportMetric(float64(decided), "decided")
	b.ReportMetric(float64(tried), "tried")
	b.ReportMetric(float64(learned), "learned")
}

func BenchmarkClone(b *testing.B) {
	r := large(800, 40, 6).newRun()
	if _, err := r.finish(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r.state.Clone()
	}
}

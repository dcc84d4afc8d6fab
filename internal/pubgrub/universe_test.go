package pubgrub

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// set is the sets of the tests: versions are 0 to 62, bit 63 stands for all
// versions that do not exist, so that complements are never closed over the
// universe by accident.
type set uint64

func (s set) Contains(v int) bool  { return s>>v&1 == 1 }
func (s set) Intersect(o set) set  { return s & o }
func (s set) Union(o set) set      { return s | o }
func (s set) Complement() set      { return ^s }
func (s set) IsEmpty() bool        { return s == 0 }
func (s set) Equal(o set) bool     { return s == o }
func (s set) SubsetOf(o set) bool  { return s&^o == 0 }
func (s set) Disjoint(o set) bool  { return s&o == 0 }
func exactly(v int) set            { return 1 << v }
func hashSet(s set) uint64         { return uint64(s) * 0x9e3779b97f4a7c15 }
func (s set) highest() (int, bool) { return 63 - bits.LeadingZeros64(uint64(s)), s != 0 }

// universe is what exists: for each package its versions, for each version what
// it needs. Package 0 is the root and has version 1.
//
// As text it is one line per version, "name version: name set, name set", and
// the line "root: …". A set is "*", "2", "1-3" or "!2"; versions count from 0.
// "name version: !" is a version that cannot be had.
type universe struct {
	names    []string
	versions []map[int][]Dependency[set]
	broken   map[[2]int]bool
}

func (u *universe) id(name string) Package {
	i := slices.Index(u.names, name)
	if i < 0 {
		i = len(u.names)
		u.names = append(u.names, name)
		u.versions = append(u.versions, map[int][]Dependency[set]{})
	}
	return Package(i)
}

func parseUniverse(text string) *universe {
	u := &universe{broken: map[[2]int]bool{}}
	u.id("root")
	for line := range strings.Lines(text) {
		head, needs, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		name, version, _ := strings.Cut(head, " ")
		if name == "root" {
			version = "1"
		}
		p, v := u.id(name), number(version)
		if strings.TrimSpace(needs) == "!" {
			u.broken[[2]int{int(p), v}] = true
			needs = ""
		}
		var list []Dependency[set]
		for need := range strings.SplitSeq(needs, ",") {
			if name, text, ok := strings.Cut(strings.TrimSpace(need), " "); ok {
				list = append(list, Dependency[set]{u.id(name), parseSet(text)})
			}
		}
		u.versions[p][v] = list
	}
	return u
}

func number(s string) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil {
		panic(err)
	}
	return n
}

func parseSet(s string) set {
	if s == "*" {
		return ^set(0)
	}
	if rest, ok := strings.CutPrefix(s, "!"); ok {
		return ^exactly(number(rest))
	}
	low, high, ok := strings.Cut(s, "-")
	if !ok {
		return exactly(number(s))
	}
	var out set
	for v := number(low); v <= number(high); v++ {
		out |= exactly(v)
	}
	return out
}

// run is one solving of a universe. The loop is the one every caller writes.
type run struct {
	*universe
	state *State[set, int]
	next  Package
	seen  map[[2]int]bool
	order []string // decisions as they were made
}

func (u *universe) newRun() *run {
	return &run{
		universe: u, seen: map[[2]int]bool{},
		state: New[set](0, 1, Options[set, int]{Exactly: exactly, Hash: hashSet}),
	}
}

func (r *run) clone() *run {
	c := *r
	c.state = r.state.Clone()
	c.seen = map[[2]int]bool{}
	for k := range r.seen {
		c.seen[k] = true
	}
	c.order = slices.Clone(r.order)
	return &c
}

// step makes one decision, or learns why there is none.
func (r *run) step() (done bool, err error) {
	if _, err := r.state.Propagate(r.next); err != nil {
		return true, err
	}
	next, ok := r.state.Pick(func(p Package) uint64 { return 0 })
	if !ok {
		return true, nil
	}
	r.next = next
	allowed, _ := r.state.Range(next)
	var have set
	for v := range r.versions[next] {
		have |= exactly(v)
	}
	v, ok := (allowed & have).highest()
	if !ok {
		r.state.NoVersions(next, allowed)
		return false, nil
	}
	r.order = append(r.order, fmt.Sprintf("%s %d", r.names[next], v))
	key := [2]int{int(next), v}
	switch {
	case r.broken[key]:
		r.state.Forbid(next, exactly(v), "broken")
	case r.seen[key]:
		r.state.Decide(next, v)
	default:
		r.seen[key] = true
		r.state.AddDependencies(next, v, exactly(v), r.versions[next][v])
	}
	return false, nil
}

func (r *run) finish() (map[Package]int, error) {
	for {
		done, err := r.step()
		if err != nil {
			return nil, err
		}
		if done {
			break
		}
	}
	out := map[Package]int{}
	for p, v := range r.state.Decisions() {
		out[p] = v
	}
	return out, nil
}

func (u *universe) show(solution map[Package]int) string {
	var out []string
	for p, v := range solution {
		if p != 0 {
			out = append(out, fmt.Sprintf("%s %d", u.names[p], v))
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// holds tells whether a choice of versions satisfies the root and every need.
func (u *universe) holds(solution map[Package]int) bool {
	if solution[0] != 1 {
		return false
	}
	for p, v := range solution {
		needs, ok := u.versions[p][v]
		if !ok || u.broken[[2]int{int(p), v}] {
			return false
		}
		for _, need := range needs {
			if got, ok := solution[need.Package]; !ok || !need.Set.Contains(got) {
				return false
			}
		}
	}
	return true
}

// solvable tries every choice.
func (u *universe) solvable() bool {
	solution := map[Package]int{0: 1}
	var try func(p int) bool
	try = func(p int) bool {
		if p == len(u.names) {
			return u.holds(solution)
		}
		if try(p + 1) {
			return true
		}
		for v := range u.versions[p] {
			solution[Package(p)] = v
			if try(p + 1) {
				return true
			}
		}
		delete(solution, Package(p))
		return false
	}
	return try(1)
}

func TestUniverses(t *testing.T) {
	for _, test := range []struct {
		name, universe string
		answer         string // "" is no solution
		order          string // of decisions, when the case is about it
	}{
		{
			name:     "nothing to do",
			universe: `root:`,
			answer:   "nothing",
		},
		{
			name: "the newest is taken",
			universe: `
				root: a *
				a 1: b *
				a 2: b 0-1
				b 0:
				b 1:
				b 2:`,
			answer: "a 2, b 1",
			order:  "root 1, a 2, b 1",
		},
		{
			// b was wanted since a 2, so that is where the first backtrack leads;
			// that b has no other version then undoes a 2.
			name: "a conflict undoes the decision that caused it",
			universe: `
				root: a *, c 1
				a 1:
				a 2: b *
				b 1: c 2
				c 1:
				c 2:`,
			answer: "a 1, c 1",
			order:  "root 1, a 2, c 1, b 1, c 1, a 1, c 1",
		},
		{
			name: "after a backtrack a version is rejected for its dependencies",
			universe: `
				root: a *, b *, c 1
				a 1:
				a 2: c 2
				b 1:
				b 2: c 2
				c 1:
				c 2:`,
			answer: "a 1, b 1, c 1",
			order:  "root 1, a 2, a 1, b 2, b 1, c 1",
		},
		{
			name: "a version that cannot be had is passed over",
			universe: `
				root: a *
				a 1:
				a 2: !`,
			answer: "a 1",
		},
		{
			name: "no version at all",
			universe: `
				root: a 3
				a 1:`,
		},
		{
			name: "a circle",
			universe: `
				root: a *
				a 1: b 1
				b 1: a 1`,
			answer: "a 1, b 1",
		},
		{
			name: "a version that needs another version of itself",
			universe: `
				root: a *
				a 1: a *
				a 2: a 1`,
			answer: "a 1",
		},
		{
			name: "a need that nothing satisfies",
			universe: `
				root: a *
				a 1:
				a 2: b 2-1`,
			answer: "a 1",
		},
		{
			// From the description of the algorithm: the conflict is learned
			// once for all versions of a that need the same b.
			name: "versions with the same need are one incompatibility",
			universe: `
				root: c *, a *
				a 1: b 1
				a 2: b 1
				a 3: b 1
				c 1:
				c 2: b 2
				b 1:
				b 2:`,
			answer: "a 3, b 1, c 1",
		},
		{
			name: "two needs that exclude each other",
			universe: `
				root: a *, b *
				a 1: c 1
				b 1: c 2
				c 1:
				c 2:`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			u := parseUniverse(test.universe)
			r := u.newRun()
			solution, err := r.finish()
			got := "nothing"
			if err != nil {
				got = ""
			} else if len(solution) > 1 {
				got = u.show(solution)
			}
			if got != test.answer {
				t.Errorf("got %q (%v), want %q", got, err, test.answer)
			}
			if order := strings.Join(r.order, ", "); test.order != "" && order != test.order {
				t.Errorf("decided\n\t%s, want\n\t%s", order, test.order)
			}
		})
	}
}

package resolve

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// small draws a universe that can be solved by trying everything.
func small(t *rapid.T) (*universe, ask) {
	u := newUniverse()
	names := []string{"a", "b", "c", "d"}[:rapid.IntRange(2, 4).Draw(t, "projects")]
	// What an extra of a project asks of the project itself, on behalf of another
	// extra, is not looked at (nor is it by uv), so nothing here requires itself.
	requirement := func(own string) string {
		name := rapid.SampledFrom(names).Filter(func(n string) bool { return n != own }).Draw(t, "name")
		extra := rapid.SampledFrom([]string{"", "", "", "[x]", "[y]"}).Draw(t, "extra")
		spec := rapid.SampledFrom([]string{"", "", ">=2", "<2", "==1", "==2", "!=2", ">=2,<3", ">3"}).Draw(t, "spec")
		under := rapid.SampledFrom([]string{"", "", "", " ; sys_platform == 'linux'", " ; sys_platform == 'win32'"}).Draw(t, "marker")
		return name + extra + spec + under
	}
	list := func(own string, most int) []string {
		var out []string
		for range rapid.IntRange(0, most).Draw(t, "requirements") {
			out = append(out, requirement(own))
		}
		return out
	}
	for _, name := range names {
		u.projects[name] = map[string]*release{}
		for v := range rapid.IntRange(0, 3).Draw(t, "versions") {
			r := &release{RequiresPython: new(string), Requires: list(name, 2), Extras: map[string][]string{"x": list(name, 1), "y": list(name, 1)}}
			if rapid.IntRange(0, 9).Draw(t, "python") == 0 {
				*r.RequiresPython = ">=3.13"
			}
			u.projects[name][fmt.Sprint(v+1)] = r
		}
	}
	return u, ask{requires: append(list("", 2), requirement(""))}
}

// solvable tries every choice of versions.
func solvable(u *universe, r *Resolver) bool {
	var names []pyname.Package
	for name := range u.projects {
		names = append(names, pyname.Package(name))
	}
	slices.Sort(names)
	chosen := map[pyname.Package]*Metadata{}
	var try func(i int) bool
	try = func(i int) bool {
		if i == len(names) {
			return holds(r, chosen)
		}
		if try(i + 1) {
			return true
		}
		for v, rel := range u.projects[string(names[i])] {
			if *rel.RequiresPython != "" {
				continue
			}
			chosen[names[i]], _ = rel.parse(names[i], pep440.MustParse(v))
			if try(i + 1) {
				return true
			}
		}
		delete(chosen, names[i])
		return false
	}
	return try(0)
}

// holds follows all requirements from the root through the extras they ask for.
func holds(r *Resolver, chosen map[pyname.Package]*Metadata) bool {
	type want struct {
		name  pyname.Package
		extra pyname.Extra
	}
	seen := map[want]bool{}
	var follow func(requires []source.Requirement, extras []pyname.Extra) bool
	follow = func(requires []source.Requirement, extras []pyname.Extra) bool {
		for i := range requires {
			req := &requires[i]
			if !req.Marker.Evaluate(r.Options.Env, extras) {
				continue
			}
			m := chosen[req.Name]
			if m == nil || !req.Source.Specifiers.Contains(m.Version) {
				return false
			}
			for _, extra := range append([]pyname.Extra{""}, req.Extras...) {
				w := want{req.Name, extra}
				if seen[w] {
					continue
				}
				seen[w] = true
				active := []pyname.Extra{extra}
				if extra == "" {
					active = nil
				}
				if !follow(m.Requires, active) {
					return false
				}
			}
		}
		return true
	}
	return follow(r.Manifest.Requirements, nil)
}

func TestAgainstTryingEverything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		u, question := small(t)
		r, err := u.resolver(question)
		if err != nil {
			t.Fatal(err)
		}
		g, err := r.Resolve(context.Background())
		var failure *NoSolution
		switch can := solvable(u, r); {
		case err != nil && !errors.As(err, &failure):
			t.Fatal(err)
		case (err == nil) != can:
			t.Fatalf("%q: found a solution: %v; there is one: %v\n%v", question.requires, err == nil, can, err)
		case err == nil:
			checkSolution(t, u, r, g)
		case !strings.HasSuffix(failure.Error(), "."):
			t.Fatalf("no story: %q", failure)
		}
	})
}

func checkSolution(t *rapid.T, u *universe, r *Resolver, g *Graph) {
	chosen := map[pyname.Package]*Metadata{}
	for _, n := range g.Nodes {
		m, err := u.projects[string(n.Name)][n.Version.String()].parse(n.Name, n.Version)
		if err != nil {
			t.Fatal(err)
		}
		chosen[n.Name] = m
		if !n.Direct && len(n.RequiredBy) == 0 {
			t.Fatalf("nothing requires %s", n.Name)
		}
	}
	if !holds(r, chosen) {
		t.Fatalf("%q is not a solution", pins(g))
	}
}

// A fork that is cloned on the way leads to the same solution as the original,
// whichever goes on first.
func TestForksAreIndependent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		u, question := small(t)
		resolver, err := u.resolver(question)
		if err != nil {
			t.Fatal(err)
		}
		want, wantErr := resolver.Resolve(context.Background())

		r := newResolution(context.Background(), resolver)
		root := r.nodeID(node{kind: rootNode, name: noName})
		f := newFork(scope{env: resolver.Options.Env}, resolver.Options.Python, root)
		for range rapid.IntRange(0, 20).Draw(t, "steps") {
			if _, err := f.solver.Propagate(f.next); err != nil {
				return
			}
			next, more := r.next(f)
			if !more {
				break
			}
			f.next = next
			if _, err := r.decide(f); err != nil {
				return
			}
		}
		both := []*fork{f, f.clone()}
		if rapid.Bool().Draw(t, "clone first") {
			slices.Reverse(both)
		}
		for _, f := range both {
			_, err := r.solveFork(f)
			if (err == nil) != (wantErr == nil) {
				t.Fatalf("a fork ended with %v, the whole with %v", err, wantErr)
			}
			if err != nil {
				continue
			}
			g, err := r.graph([]*fork{f})
			if err != nil || !slices.Equal(pins(g), pins(want)) {
				t.Fatalf("a fork found %q (%v), the whole %q", pins(g), err, pins(want))
			}
		}
	})
}

// late is a Provider that answers when it likes.
type late struct {
	*universe
	mu     sync.Mutex
	random *rand.Rand
	asked  map[any]any
}

func (l *late) wait() {
	l.mu.Lock()
	pause := time.Duration(l.random.IntN(300)) * time.Microsecond
	l.mu.Unlock()
	time.Sleep(pause)
}

func once[K comparable, V any](l *late, key K, f func() (V, error)) *par.Future[V] {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known, ok := l.asked[key]; ok {
		return known.(*par.Future[V])
	}
	future := par.Go(func() (V, error) {
		l.wait()
		return f()
	})
	l.asked[key] = future
	return future
}

func (l *late) Versions(n pyname.Package, from string) *par.Future[*Versions] {
	return once(l, n, func() (*Versions, error) {
		return l.universe.Versions(n, from).Wait(context.Background())
	})
}

func (l *late) Metadata(d *source.Dist) *par.Future[*Metadata] {
	return once(l, d, func() (*Metadata, error) {
		return l.universe.Metadata(d).Wait(context.Background())
	})
}

// When answers arrive has no influence on what is decided, nor on the order.
func TestLateAnswers(t *testing.T) {
	t.Parallel()
	trace := func(u *universe, question ask, provider func(*universe) Provider) string {
		r, err := u.resolver(question)
		if err != nil {
			t.Fatal(err)
		}
		var log []string
		r.Provider = provider(u)
		r.Options.Trace = func(line string) { log = append(log, line) }
		g, err := r.Resolve(context.Background())
		if err != nil {
			return strings.Join(log, "\n") + err.Error()
		}
		return strings.Join(append(log, pins(g)...), "\n")
	}
	for seed := range uint64(20) {
		u, question := large(40, 8, 4, seed)
		want := trace(u, question, func(u *universe) Provider { return u })
		got := trace(u, question, func(u *universe) Provider {
			return &late{universe: u, random: rand.New(rand.NewPCG(seed, 7)), asked: map[any]any{}}
		})
		if got != want {
			t.Fatalf("seed %d: got\n%s\nwant\n%s", seed, got, want)
		}
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	u, question := large(10, 3, 4, 1)
	r, err := u.resolver(question)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	reason := errors.New("enough")
	cancel(reason)
	if _, err := r.Resolve(ctx); !errors.Is(err, reason) {
		t.Errorf("got %v", err)
	}
}

// large makes a universe like those of the registry; one in narrow requirements
// of newer versions has an upper bound.
func large(count, versions, narrow int, seed uint64) (*universe, ask) {
	random := rand.New(rand.NewPCG(1, seed))
	u := newUniverse()
	no := false
	var question ask
	for p := range count {
		name := fmt.Sprintf("p%03d", p)
		u.projects[name] = map[string]*release{}
		for v := range versions {
			r := &release{RequiresPython: new(string), Sdist: &no}
			*r.RequiresPython = ">=3.8"
			for d := range 1 + random.IntN(4) {
				on := p + 1 + random.IntN(10*(d+1))
				if on >= count {
					continue
				}
				low := min(random.IntN(versions), v)
				req := fmt.Sprintf("p%03d>=%d.0", on, low)
				if random.IntN(narrow) == 0 && v > versions/2 {
					req += fmt.Sprintf(",<%d.0", versions*3/4)
				}
				if random.IntN(5) == 0 {
					req += ` ; python_version >= "3.8"`
				}
				r.Requires = append(r.Requires, req)
			}
			u.projects[name][fmt.Sprintf("%d.%d", v, random.IntN(5))] = r
		}
		if p%10 == 0 {
			question.requires = append(question.requires, name)
		}
	}
	return u, question
}

// BenchmarkResolve resolves what is in memory: the parsing of pages and metadata
// is not part of it.
func BenchmarkResolve(b *testing.B) {
	for _, size := range []struct {
		name                    string
		count, versions, narrow int
	}{
		{"jupyter", 100, 40, 50},
		{"hard", 100, 40, 4},
		{"huge", 500, 40, 50},
	} {
		b.Run(size.name, func(b *testing.B) {
			u, question := large(size.count, size.versions, size.narrow, 3)
			r, err := u.resolver(question)
			if err != nil {
				b.Fatal(err)
			}
			g, err := r.Resolve(context.Background())
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			tried := 0
			r.Options.Progress = func(pyname.Package, pep440.Version) { tried++ }
			for b.Loop() {
				if g, err = r.Resolve(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(g.Nodes)), "nodes")
			b.ReportMetric(float64(tried)/float64(b.N), "tried")
		})
	}
}

func BenchmarkFlatten(b *testing.B) {
	u := newUniverse()
	r, err := u.resolver(ask{})
	if err != nil {
		b.Fatal(err)
	}
	run := newResolution(context.Background(), r)
	f := newFork(scope{env: r.Options.Env}, r.Options.Python, 0)
	rel := &release{RequiresPython: new(string), Requires: []string{
		"a>=1", "b<2 ; python_version < '3.11'", "c", "d!=1.5,>=1", "e ; sys_platform == 'win32'",
	}, Extras: map[string][]string{"x": {"f", "g>=2"}, "y": {"h"}}}
	m, err := rel.parse("p", pep440.MustParse("1"))
	if err != nil {
		b.Fatal(err)
	}
	e := expansion{of: owner{"p", m.Version}}
	b.ReportAllocs()
	for b.Loop() {
		run.convert(run.flatten(f, e, m.Requires, nil))
	}
}

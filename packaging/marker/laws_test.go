package marker

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"pgregory.net/rapid"
)

// A world is every environment that the generated markers can tell apart, so
// that laws can be checked by looking at all of it.
type world struct {
	env    Env
	extras []pyname.Extra
}

var (
	pythons   = []string{"2.7.18", "3.0.0", "3.0.0.1", "3.0.5", "3.1.0", "3.7.0", "3.7.9", "3.8.0", "3.8.0.1", "3.8.1", "3.8.5", "3.9.0", "3.9.4", "3.10.0", "3.11.2", "4.0.0"}
	platforms = []string{"linux", "win32", "darwin", "plan9"}
	releases  = []string{"0", "1", "15", "2", "3"}
)

func worlds() []world {
	var out []world
	for _, python := range pythons {
		for _, platform := range platforms {
			for _, release := range releases {
				for bits := range 4 {
					env, err := NewEnv(Env{
						SysPlatform: platform, PlatformRelease: release, PythonFullVersion: python,
						PythonVersion: "3.8", ImplementationVersion: "1",
					})
					if err != nil {
						panic(err)
					}
					w := world{env: env}
					for i, e := range []pyname.Extra{"a", "b"} {
						if bits>>i&1 == 1 {
							w.extras = append(w.extras, e)
						}
					}
					out = append(out, w)
				}
			}
		}
	}
	return out
}

// An expr is a marker as text, and its meaning by the words of the
// specification, without a diagram.
type expr struct {
	text  string
	holds func(world) bool
}

func genAtom(t *rapid.T) expr {
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		name := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "extra")
		op := rapid.SampledFrom([]string{"==", "!="}).Draw(t, "op")
		return expr{fmt.Sprintf("extra %s '%s'", op, name), func(w world) bool {
			return has(w.extras, pyname.Extra(name)) == (op == "==")
		}}
	case 1:
		value := rapid.SampledFrom(platforms[:3]).Draw(t, "platform")
		op := rapid.SampledFrom([]string{"==", "!=", "<", ">="}).Draw(t, "op")
		return expr{fmt.Sprintf("sys_platform %s '%s'", op, value), func(w world) bool {
			switch op {
			case "<":
				return false
			case "!=":
				return w.env.SysPlatform != value
			}
			return w.env.SysPlatform == value
		}}
	case 2:
		value := rapid.SampledFrom([]string{"1", "2"}).Draw(t, "release")
		op := rapid.SampledFrom([]string{"==", "!=", "<", "<=", ">", ">="}).Draw(t, "op")
		return expr{fmt.Sprintf("platform_release %s '%s'", op, value), func(w world) bool {
			return ordering(op, strings.Compare(w.env.PlatformRelease, value))
		}}
	}
	value := rapid.SampledFrom([]string{"3.7", "3.8", "3.8.1", "3.9", "3"}).Draw(t, "version")
	op := rapid.SampledFrom([]string{"==", "!=", "<", "<=", ">", ">="}).Draw(t, "op")
	if rapid.Bool().Draw(t, "full") {
		return expr{fmt.Sprintf("python_full_version %s '%s'", op, value), func(w world) bool {
			return ordering(op, w.env.Python().Compare(pep440.MustParse(value)))
		}}
	}
	return expr{fmt.Sprintf("'%s' %s python_version", value, op), func(w world) bool {
		return ordering(op, pep440.MustParse(value).Compare(w.env.Python().Truncate(2)))
	}}
}

func ordering(op string, c int) bool {
	switch op {
	case "==":
		return c == 0
	case "!=":
		return c != 0
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

func genExpr(t *rapid.T, depth int) expr {
	if depth == 0 || rapid.IntRange(0, 3).Draw(t, "leaf") == 0 {
		return genAtom(t)
	}
	a, b := genExpr(t, depth-1), genExpr(t, depth-1)
	if rapid.Bool().Draw(t, "and") {
		return expr{"(" + a.text + " and " + b.text + ")", func(w world) bool { return a.holds(w) && b.holds(w) }}
	}
	return expr{"(" + a.text + " or " + b.text + ")", func(w world) bool { return a.holds(w) || b.holds(w) }}
}

// truth is where in the world a marker holds.
func truth(worlds []world, holds func(world) bool) string {
	b := make([]byte, len(worlds))
	for i, w := range worlds {
		b[i] = '0'
		if holds(w) {
			b[i] = '1'
		}
	}
	return string(b)
}

func (t Tree) in(w world) bool { return t.Evaluate(&w.env, w.extras) }

func draw(t *rapid.T, depth int) (Tree, expr) {
	e := genExpr(t, depth)
	tree, warnings, err := Parse(e.text)
	if err != nil || len(warnings) > 0 {
		t.Fatalf("Parse(%q): %v, %v", e.text, warnings, err)
	}
	return tree, e
}

// A marker holds where its text says, is equal to another exactly if they hold
// in the same places, and reads back from what it prints.
func TestMeaning(t *testing.T) {
	t.Parallel()
	all := worlds()
	byTruth := map[string]Tree{}
	rapid.Check(t, func(t *rapid.T) {
		tree, e := draw(t, 4)
		want := truth(all, e.holds)
		if got := truth(all, tree.in); got != want {
			t.Fatalf("%s is taken for %s", e.text, tree)
		}
		if other, ok := byTruth[want]; ok && other != tree {
			t.Fatalf("%s is %s, but means the same as %s", e.text, tree, other)
		}
		byTruth[want] = tree
		if tree.IsTrue() != !strings.Contains(want, "0") || tree.IsFalse() != !strings.Contains(want, "1") {
			t.Fatalf("%s: IsTrue is %v, IsFalse %v", e.text, tree.IsTrue(), tree.IsFalse())
		}
		if tree.IsTrue() {
			return
		}
		if again := MustParse(tree.String()); again != tree && !tree.IsFalse() {
			t.Fatalf("%s prints %s, which reads back as %s", e.text, tree, again)
		}
	})
}

// The operations do what they say on every environment.
func TestOperations(t *testing.T) {
	t.Parallel()
	all := worlds()
	rapid.Check(t, func(t *rapid.T) {
		a, _ := draw(t, 3)
		b, _ := draw(t, 3)
		checks := []struct {
			name string
			got  Tree
			want func(world) bool
		}{
			{"and", a.And(b), func(w world) bool { return a.in(w) && b.in(w) }},
			{"or", a.Or(b), func(w world) bool { return a.in(w) || b.in(w) }},
			{"not", a.Not(), func(w world) bool { return !a.in(w) }},
			{"implies", a.Implies(b), func(w world) bool { return !a.in(w) || b.in(w) }},
		}
		for _, c := range checks {
			if truth(all, c.got.in) != truth(all, c.want) {
				t.Fatalf("%s of %s and %s is %s", c.name, a, b, c.got)
			}
		}
		if a.And(b) != b.And(a) || a.Or(b) != b.Or(a) || a.Not().Not() != a {
			t.Fatalf("%s and %s: no commutativity", a, b)
		}
		if a.Disjoint(b) != a.And(b).IsFalse() {
			t.Fatalf("%s and %s: Disjoint is %v", a, b, a.Disjoint(b))
		}
		if x, y := a.Compare(b), b.Compare(a); x != -y || (x == 0) != (a == b) {
			t.Fatalf("%s and %s compare as %d and %d", a, b, x, y)
		}
	})
}

// What assumes something means the same where the assumption holds.
func TestAssumptions(t *testing.T) {
	t.Parallel()
	all := worlds()
	rapid.Check(t, func(t *rapid.T) {
		a, _ := draw(t, 3)
		b, _ := draw(t, 3)
		r := a.Restrict(b)
		if r.And(b) != a.And(b) && !b.IsFalse() {
			t.Fatalf("%s restricted to %s is %s", a, b, r)
		}
		if again := r.Restrict(b); again != r && !b.IsFalse() {
			t.Fatalf("%s restricted to %s is %s, and then %s", a, b, r, again)
		}
		bounds := []pep440.Bound{{}, pep440.AtLeast(pep440.MustParse("3.8")), pep440.Above(pep440.MustParse("3.9"))}
		lo := rapid.SampledFrom(bounds).Draw(t, "lo")
		hi := rapid.SampledFrom(bounds).Draw(t, "hi")
		within := Python(pep440.Between(lo, hi))
		if got := a.ComplexifyPython(lo, hi); got != a.And(within) {
			t.Fatalf("%s made whole for %s is %s", a, within, got)
		}
		if s := a.SimplifyPython(lo, hi); !within.IsFalse() && s.ComplexifyPython(lo, hi) != a.And(within) {
			t.Fatalf("%s simplified for %s is %s", a, within, s)
		}
		some := func(w world) bool {
			for _, x := range all {
				if x.env == w.env && a.in(x) {
					return true
				}
			}
			return false
		}
		if got := a.WithoutExtras(); truth(all[:240], got.in) != truth(all[:240], some) {
			t.Fatalf("%s without extras is %s", a, got)
		}
		for _, extras := range [][]pyname.Extra{nil, {"a"}, {"b"}, {"a", "b"}} {
			rest := a.AssumeExtras(func(e pyname.Extra) (bool, bool) { return has(extras, e), true })
			if a.EvaluateExtras(extras) == rest.IsFalse() || a.EvaluateOnlyExtras(extras) != rest.IsTrue() {
				t.Fatalf("%s with %v is %s", a, extras, rest)
			}
			if a.OnlyExtras().EvaluateOnlyExtras(extras) == rest.IsFalse() {
				t.Fatalf("%s: only extras is %s", a, a.OnlyExtras())
			}
		}
		for _, w := range all {
			if a.in(w) && !a.PythonRange().Contains(w.env.Python()) {
				t.Fatalf("%s holds for %s, which is not in %s", a, w.env.PythonFullVersion, a.PythonRange())
			}
		}
	})
}

// A conjunction with an impossible environment is false; the rest is exact.
func TestImpossibleEnvironments(t *testing.T) {
	t.Parallel()
	var envs []Env
	for _, os := range []string{"nt", "posix", "java"} {
		for _, sys := range []string{"linux", "win32", "darwin", "ios", "plan9"} {
			for _, system := range []string{"FreeBSD", "iOS", "Plan9"} {
				e := Env{OSName: os, SysPlatform: sys, PlatformSystem: system}
				known := MustParse(fmt.Sprintf("os_name == '%s' and sys_platform == '%s'", os, sys)).IsFalse() ||
					MustParse(fmt.Sprintf("sys_platform == '%s' and platform_system == '%s'", sys, system)).IsFalse()
				if !known {
					envs = append(envs, e)
				}
			}
		}
	}
	if len(envs) != 19 {
		t.Errorf("%d environments are possible, want 19", len(envs))
	}
	rapid.Check(t, func(t *rapid.T) {
		var texts []string
		for range rapid.IntRange(1, 5).Draw(t, "n") {
			key := rapid.SampledFrom([]string{"os_name", "sys_platform", "platform_system"}).Draw(t, "key")
			value := rapid.SampledFrom([]string{"nt", "posix", "linux", "win32", "darwin", "ios", "FreeBSD", "iOS"}).Draw(t, "value")
			op := rapid.SampledFrom([]string{"==", "!="}).Draw(t, "op")
			texts = append(texts, fmt.Sprintf("%s %s '%s'", key, op, value))
		}
		and, or := True(), False()
		for _, text := range texts {
			and, or = and.And(MustParse(text)), or.Or(MustParse(text))
		}
		for _, e := range envs {
			all, any := true, false
			for _, text := range texts {
				holds := MustParse(text).Evaluate(&e, nil)
				all, any = all && holds, any || holds
			}
			if and.Evaluate(&e, nil) != all || or.Evaluate(&e, nil) != any {
				t.Fatalf("%q in %+v: and is %s, or is %s", texts, e, and, or)
			}
		}
	})
}

package resolve

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tame-py/tame/internal/pubgrub"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// What a story says is true: every step follows, of the versions that exist,
// from what was said before. This holds for the proof as it is told, after all
// that was left out of it and put together.
func TestStoriesAreTrue(t *testing.T) {
	t.Parallel()
	told := 0
	rapid.Check(t, func(t *rapid.T) {
		u, question := small(t)
		r, err := u.resolver(question)
		if err != nil {
			t.Fatal(err)
		}
		run := newResolution(context.Background(), r)
		run.nodeID(node{kind: rootNode, name: noName})
		f := newFork(scope{env: r.Options.Env}, r.Options.Python, rootPackage)
		var failure *pubgrub.NoSolution[pep440.Set]
		for !errors.As(err, &failure) {
			if _, err = f.solver.Propagate(f.next); err != nil {
				continue
			}
			next, more := run.next(f)
			if !more {
				return
			}
			f.next = next
			if _, err := run.decide(f); err != nil {
				t.Fatal(err)
			}
		}
		x := &explainer{resolution: run, fork: f, known: map[name][]pep440.Version{}}
		p := x.simplified(x.proof(failure.Derivation))
		checkProof(t, x, p)
		told++
	})
	if told == 0 {
		t.Error("nothing failed")
	}
}

// subjectPart is what a choice of versions is about: a project, or an extra of it. A
// proxy stands for what is behind it.
type subjectPart struct {
	name  name
	extra pyname.Extra
	kind  nodeKind
}

func (x *explainer) subjectPart(pkg pubgrub.Package) subjectPart {
	n := &x.nodes[pkg]
	if n.isProject() {
		return subjectPart{n.name, n.extra, projectNode}
	}
	return subjectPart{noName, "", n.kind}
}

func checkProof(t *rapid.T, x *explainer, p *proof) {
	seen := map[*proof]bool{}
	var check func(p *proof)
	check = func(p *proof) {
		if seen[p] || p.isFact() {
			return
		}
		seen[p] = true
		if choice := x.counterexample(p); choice != "" {
			t.Fatalf("%q does not follow from %q and %q: %s\n%s",
				x.conclusion(p), x.said(p.left), x.said(p.right), choice, x.tell(p))
		}
		check(p.left)
		check(p.right)
	}
	check(p)
}

func (x *explainer) said(p *proof) string {
	if p.isFact() {
		return x.fact(p)
	}
	return x.conclusion(p)
}

// counterexample returns a choice of versions that p forbids and its causes
// allow.
func (x *explainer) counterexample(p *proof) string {
	var parts []subjectPart
	for _, q := range [...]*proof{p, p.left, p.right} {
		for _, t := range q.terms {
			if one := x.subjectPart(t.Package); t.Package != rootPackage && !slices.Contains(parts, one) {
				parts = append(parts, one)
			}
		}
	}
	choice := map[subjectPart]pep440.Version{}
	forbids := func(p *proof) bool {
		for _, t := range p.terms {
			if t.Package == rootPackage {
				continue
			}
			v, chosen := choice[x.subjectPart(t.Package)]
			if (chosen && t.Set.Contains(v)) == t.Negative {
				return false
			}
		}
		return true
	}
	var try func(i int) bool
	try = func(i int) bool {
		if i == len(parts) {
			return consistent(choice, parts) && forbids(p) && !forbids(p.left) && !forbids(p.right)
		}
		if try(i + 1) {
			return true
		}
		for _, v := range x.known[parts[i].name] {
			choice[parts[i]] = v
			if try(i + 1) {
				return true
			}
		}
		delete(choice, parts[i])
		return false
	}
	if !try(0) {
		return ""
	}
	return fmt.Sprint(choice)
}

// consistent tells whether extras are chosen together with their projects, at
// the same version.
func consistent(choice map[subjectPart]pep440.Version, parts []subjectPart) bool {
	for a, v := range choice {
		base := subjectPart{a.name, "", projectNode}
		if w, chosen := choice[base]; slices.Contains(parts, base) && (!chosen || !v.Equal(w)) {
			return false
		}
		for b, w := range choice {
			if a.name == b.name && !v.Equal(w) {
				return false
			}
		}
	}
	return true
}

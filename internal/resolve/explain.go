package resolve

import (
	"slices"

	"github.com/tame-py/tame/internal/pubgrub"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// NoSolution is the error of Resolve when nothing fulfils the manifest. Its text
// tells a story: facts about what was found, and what follows from them.
type NoSolution struct {
	// Packages are the projects that the story is about, sorted.
	Packages []pyname.Package
	// Fork is the part of all environments that has no solution; it is true
	// when resolving for one. Split describes it, and what of conflicts is active
	// there, or is empty if there was nothing else to solve for.
	Fork  marker.Tree
	Split string
	story story
	hints []string
}

// story is the cause of a NoSolution, so that it is shown apart.
type story string

func (s story) Error() string { return string(s) }

// Prose says that the text is sentences, one a line, and not the cause that a
// headline names.
func (s story) Prose() string { return string(s) }

func (e *NoSolution) Error() string {
	text := "no solution found when resolving dependencies"
	if e.Split != "" {
		text += " for " + e.Split
	}
	return text + ": " + string(e.story)
}

// Unwrap returns the story alone.
func (e *NoSolution) Unwrap() error { return e.story }

// Hints say what could be done about it.
func (e *NoSolution) Hints() []string { return slices.Clone(e.hints) }

// proof is a derivation made ready to be told: a fact or, with causes, what
// follows from them. A proof may be the cause of several others.
type proof struct {
	kind  pubgrub.Kind
	terms []pubgrub.Term[pep440.Set]

	// Depends: pkg in the versions set needs on in the versions needs.
	// NoVersions, Custom: pkg in the versions set.
	pkg   pubgrub.Package
	set   pep440.Set
	on    pubgrub.Package
	needs pep440.Set
	why   any // Custom: an Unusable or a missing

	left, right *proof
	uses        int // how many others it is a cause of
}

func (p *proof) isFact() bool { return p.left == nil }

// explainer turns a derivation into a story.
type explainer struct {
	*resolution
	fork  *fork
	known map[name][]pep440.Version // that could have been chosen, ascending
}

func (r *resolution) noSolution(f *fork, d *pubgrub.Derivation[pep440.Set]) error {
	x := &explainer{resolution: r, fork: f, known: map[name][]pep440.Version{}}
	raw := x.proof(d)
	p := x.simplified(raw)
	count(p, map[*proof]bool{})
	e := &NoSolution{Fork: f.scope.marker, Split: f.scope.describe(), story: story(x.tell(p)), hints: x.hints(raw)}
	for _, n := range x.namesIn(raw) {
		e.Packages = append(e.Packages, x.names[n])
	}
	slices.Sort(e.Packages)
	return e
}

// simplified returns a proof without what only the solver needs to know, and
// with what is said more than once said once. It learns which versions exist.
func (x *explainer) simplified(p *proof) *proof {
	x.learnKnown(p)
	for _, step := range [...]func(*proof) *proof{x.dropProxies, x.dropGaps, x.dropProject, x.shorten, x.joinNeighbours, x.gather, x.once()} {
		if kept := x.rewrite(p, step); kept != nil {
			p = kept
		}
	}
	return p
}

// proof copies a derivation, keeping shared parts shared.
func (x *explainer) proof(d *pubgrub.Derivation[pep440.Set]) *proof {
	done := map[*pubgrub.Derivation[pep440.Set]]*proof{}
	var convert func(d *pubgrub.Derivation[pep440.Set]) *proof
	convert = func(d *pubgrub.Derivation[pep440.Set]) *proof {
		if p := done[d]; p != nil {
			return p
		}
		p := &proof{kind: d.Kind, terms: d.Terms, pkg: d.Dependent, set: d.Range, on: d.On, needs: d.Needs, why: d.Reason}
		if d.Kind == pubgrub.Derived {
			p.left, p.right = convert(d.Left), convert(d.Right)
		}
		done[d] = p
		return p
	}
	return convert(d)
}

// rewrite applies a step to every node, causes first. A step returns what takes
// the place of a node, or nil to drop it; a node with one cause left gives way
// to that.
func (x *explainer) rewrite(p *proof, step func(*proof) *proof) *proof {
	done := map[*proof]*proof{}
	var visit func(p *proof) *proof
	visit = func(p *proof) *proof {
		if out, ok := done[p]; ok {
			return out
		}
		out := p
		if !p.isFact() {
			left, right := visit(p.left), visit(p.right)
			switch {
			case left == nil:
				out = right
			case right == nil:
				out = left
			case left != p.left || right != p.right:
				fresh := *p
				fresh.left, fresh.right = left, right
				out = &fresh
			}
		}
		if out != nil && (out == p || !out.isFact()) {
			out = step(out)
		}
		done[p] = out
		return out
	}
	return visit(p)
}

// count notes how often each node is used as a cause.
func count(p *proof, seen map[*proof]bool) {
	if seen[p] || p.isFact() {
		return
	}
	seen[p] = true
	for _, cause := range [...]*proof{p.left, p.right} {
		cause.uses++
		count(cause, seen)
	}
}

// facts calls f for every fact once, in the order of the proof.
func facts(p *proof, f func(*proof)) {
	seen := map[*proof]bool{}
	var visit func(p *proof)
	visit = func(p *proof) {
		if seen[p] {
			return
		}
		seen[p] = true
		if p.isFact() {
			f(p)
			return
		}
		visit(p.left)
		visit(p.right)
	}
	visit(p)
}

// namesIn returns the projects that a proof has facts about, in order of mention.
func (x *explainer) namesIn(p *proof) []name {
	var out []name
	add := func(pkg pubgrub.Package) {
		if n := x.nodes[pkg].name; n != noName && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	facts(p, func(p *proof) {
		add(p.pkg)
		if p.kind == pubgrub.Depends {
			add(p.on)
		}
	})
	return out
}

// learnKnown finds out which versions of the projects in a proof could have been
// chosen. What the proof says does not exist is taken out, whatever the reason
// for which it could not be chosen.
func (x *explainer) learnKnown(p *proof) {
	for _, n := range x.namesIn(p) {
		x.known[n] = x.choosable(n)
	}
	facts(p, func(p *proof) {
		n := x.nodes[p.pkg].name
		if p.kind == pubgrub.NoVersions && n != noName {
			x.known[n] = slices.DeleteFunc(slices.Clone(x.known[n]), p.set.Contains)
		}
	})
}

func (x *explainer) choosable(n name) []pep440.Version {
	if url := x.fork.urls[n]; url != nil {
		if m, err := url.metadata.Wait(x.ctx); err == nil && m.Unusable.Reason == Usable {
			return []pep440.Version{m.Version}
		}
		return nil
	}
	p := x.projects[projectKey{n, x.fork.indexes[n]}]
	if !x.visited[n] || p == nil || p.answer == nil {
		return nil // nobody looked: what is known of it is chance
	}
	known := x.resolution.known(p, n)
	if x.selector.prereleasePolicy(x.names[n], &x.fork.scope) == Disallow {
		known = slices.DeleteFunc(slices.Clone(known), pep440.Version.IsPrerelease)
	}
	return known
}

// has tells whether a version of the package exists in a set.
func (x *explainer) has(pkg pubgrub.Package, set pep440.Set) bool {
	return slices.ContainsFunc(x.known[x.nodes[pkg].name], set.Contains)
}

// dropProxies leaves out that a proxy comes with its project: nobody has heard
// of proxies.
func (x *explainer) dropProxies(p *proof) *proof {
	if p.kind == pubgrub.Depends && x.nodes[p.pkg].isProxy() && x.nodes[p.pkg].name == x.nodes[p.on].name {
		return nil
	}
	return p
}

// dropGaps leaves out that there are no versions where there are none, unless a
// requirement fails for that very reason. What is said of a set of versions is
// about the versions that exist. Where a requirement fails, it does so for good,
// however much of it the solver had looked at.
func (x *explainer) dropGaps(p *proof) *proof {
	if p.isFact() {
		return p
	}
	for _, pair := range [...][2]*proof{{p.left, p.right}, {p.right, p.left}} {
		gap, other := pair[0], pair[1]
		if gap.kind != pubgrub.NoVersions || !x.nodes[gap.pkg].isProject() {
			continue
		}
		if gap.set.IsEmpty() || x.Manifest.Members[x.names[x.nodes[gap.pkg].name]] {
			return other
		}
		for _, t := range other.terms {
			if t.Package != gap.pkg {
				continue
			}
			if !t.Negative || x.has(t.Package, t.Set) {
				return other
			}
			if len(x.known[x.nodes[gap.pkg].name]) > 0 {
				fresh := *p
				fresh.terms = withoutTerm(p.terms, gap.pkg)
				return &fresh
			}
		}
	}
	return p
}

func withoutTerm(terms []pubgrub.Term[pep440.Set], pkg pubgrub.Package) []pubgrub.Term[pep440.Set] {
	return slices.DeleteFunc(slices.Clone(terms), func(t pubgrub.Term[pep440.Set]) bool { return t.Package == pkg })
}

// shorten leaves out the half of a step that adds nothing because the other half
// proves as much already.
func (x *explainer) shorten(p *proof) *proof {
	if p.isFact() {
		return p
	}
	for _, cause := range [...]*proof{p.left, p.right} {
		if !cause.isFact() && x.proves(cause, p) {
			return cause
		}
	}
	return p
}

// once returns a step that proves nothing twice: of two nodes with the same
// conclusion the one met first stands for both.
func (x *explainer) once() func(*proof) *proof {
	proven := map[string]*proof{}
	return func(p *proof) *proof {
		if p.isFact() {
			return p
		}
		text := x.conclusion(p)
		if first := proven[text]; first != nil {
			return first
		}
		proven[text] = p
		return p
	}
}

// proves tells whether a forbids all that b does, of versions that exist.
func (x *explainer) proves(a, b *proof) bool {
	for _, t := range a.terms {
		if t.Package == rootPackage {
			continue
		}
		i := slices.IndexFunc(b.terms, func(o pubgrub.Term[pep440.Set]) bool {
			return o.Package == t.Package && o.Negative == t.Negative
		})
		if i < 0 || !x.within(t.Package, b.terms[i].Set, t.Set, t.Negative) {
			return false
		}
	}
	return true
}

// within tells whether the first set of versions that exist is part of the
// second, or the other way round.
func (x *explainer) within(pkg pubgrub.Package, a, b pep440.Set, reversed bool) bool {
	if reversed {
		a, b = b, a
	}
	known := x.known[x.nodes[pkg].name]
	if len(known) == 0 {
		return a.SubsetOf(b)
	}
	return !slices.ContainsFunc(known, func(v pep440.Version) bool { return a.Contains(v) && !b.Contains(v) })
}

// dropProject leaves out that a workspace of one project requires that project.
func (x *explainer) dropProject(p *proof) *proof {
	if p.kind == pubgrub.Depends && p.pkg == rootPackage && x.isProject(p.on) {
		return nil
	}
	return p
}

// joinNeighbours makes one cause of two that say the same of different versions
// of a project and stand next to each other.
func (x *explainer) joinNeighbours(p *proof) *proof {
	if p.isFact() {
		return p
	}
	if joined, ok := x.join(p.left, p.right); ok && (joined.isFact() || x.proves(joined, p)) {
		return joined
	}
	for _, pair := range [...][2]*proof{{p.left, p.right}, {p.right, p.left}} {
		one, inner := pair[0], pair[1]
		if inner.isFact() {
			continue
		}
		for _, side := range [...][2]*proof{{inner.left, inner.right}, {inner.right, inner.left}} {
			joined, ok := x.join(one, side[0])
			if !ok {
				joined, ok = x.joinNeeds(p, one, side[0])
			}
			if ok {
				fresh := *p
				fresh.left, fresh.right = side[1], joined
				return &fresh
			}
		}
	}
	return p
}

// joinNeeds joins two needs for different versions of a project where what
// follows from them makes no difference between these versions either.
func (x *explainer) joinNeeds(p, a, b *proof) (*proof, bool) {
	if a.kind != pubgrub.Depends || b.kind != pubgrub.Depends || a.on != b.on || x.plain(a.pkg) != x.plain(b.pkg) {
		return nil, false
	}
	needs := a.needs.Union(b.needs)
	for _, t := range p.terms {
		if t.Package == a.on && t.Negative && needs.SubsetOf(t.Set) {
			return widen(a, b.set, needs), true
		}
	}
	return nil, false
}

// about returns the package of a proof that forbids versions of that one package,
// apart from the root.
func (x *explainer) about(p *proof) (pubgrub.Package, bool) {
	var out pubgrub.Package
	found := 0
	for _, t := range p.terms {
		if t.Package == rootPackage {
			continue
		}
		if t.Negative {
			return 0, false
		}
		out = x.plain(t.Package)
		found++
	}
	return out, found == 1
}

// alternatives takes apart the proof that versions of a package can't be used
// into those about some of them.
func (x *explainer) alternatives(p *proof) []*proof {
	pkg, ok := x.about(p)
	if !ok || p.isFact() {
		return []*proof{p}
	}
	var out []*proof
	for _, cause := range [...]*proof{p.left, p.right} {
		if other, ok := x.about(cause); !ok || other != pkg {
			return []*proof{p}
		}
		out = append(out, x.alternatives(cause)...)
	}
	return out
}

// gather puts together what is said of versions of one package wherever it
// stands in a row of such proofs.
func (x *explainer) gather(p *proof) *proof {
	all := x.alternatives(p)
	if len(all) == 1 {
		return p
	}
	kept := all[:0:0]
next:
	for _, one := range all {
		for i, other := range kept {
			if joined, ok := x.join(other, one); ok {
				kept[i] = joined
				continue next
			}
		}
		kept = append(kept, one)
	}
	if len(kept) == len(all) {
		return p
	}
	out := kept[0]
	for _, one := range kept[1:] {
		term := out.terms[0]
		term.Set = term.Set.Union(one.terms[0].Set)
		out = &proof{kind: pubgrub.Derived, terms: []pubgrub.Term[pep440.Set]{term}, left: out, right: one}
	}
	return out
}

// join returns one cause that says what two say.
func (x *explainer) join(a, b *proof) (*proof, bool) {
	switch {
	case a.isFact() && b.isFact():
		return x.joinFacts(a, b)
	case !a.isFact() && !b.isFact():
		return x.joinDeadEnds(a, b)
	}
	return nil, false
}

func (x *explainer) joinFacts(a, b *proof) (*proof, bool) {
	if a.kind != b.kind || x.plain(a.pkg) != x.plain(b.pkg) {
		return nil, false
	}
	switch a.kind {
	case pubgrub.NoVersions:
	case pubgrub.Custom:
		if !sameReason(a.why, b.why) {
			return nil, false
		}
	case pubgrub.Depends:
		if a.on != b.on || !a.needs.Equal(b.needs) {
			return nil, false
		}
	default:
		return nil, false
	}
	return widen(a, b.set, pep440.None()), true
}

func sameReason(a, b any) bool {
	if m, ok := a.(missing); ok {
		n, ok := b.(missing)
		return ok && m.absence == n.absence && m.unusable.same(n.unusable)
	}
	u, ok := a.(Unusable)
	v, ok2 := b.(Unusable)
	return ok && ok2 && u.same(v)
}

// joinDeadEnds joins two conclusions that versions of a project can't be used
// because they need versions of another that can't be: together they need one
// or the other.
func (x *explainer) joinDeadEnds(a, b *proof) (*proof, bool) {
	needA, endA, ok := x.deadEnd(a)
	needB, endB, ok2 := x.deadEnd(b)
	if !ok || !ok2 || needA.on != needB.on || x.plain(needA.pkg) != x.plain(needB.pkg) {
		return nil, false
	}
	end, ok := x.joinEnds(endA, endB)
	if !ok {
		return nil, false
	}
	need := widen(needA, needB.set, needB.needs)
	return &proof{kind: pubgrub.Derived, terms: need.terms[:1:1], left: need, right: end}, true
}

// joinEnds returns the proof that neither the one nor the other can be used.
func (x *explainer) joinEnds(a, b *proof) (*proof, bool) {
	if a == b {
		return a, true
	}
	if a.isFact() && b.isFact() {
		if joined, ok := x.joinFacts(a, b); ok || a.kind == pubgrub.NoVersions || b.kind == pubgrub.NoVersions {
			return joined, ok
		}
	}
	if x.plain(a.terms[0].Package) != x.plain(b.terms[0].Package) {
		return nil, false
	}
	term := a.terms[0]
	term.Set = term.Set.Union(b.terms[0].Set)
	return x.gather(&proof{kind: pubgrub.Derived, terms: []pubgrub.Term[pep440.Set]{term}, left: a, right: b}), true
}

// deadEnd takes apart the conclusion that versions can't be used because nothing
// in what they need can be.
func (x *explainer) deadEnd(p *proof) (need, end *proof, ok bool) {
	if p.isFact() || len(p.terms) != 1 {
		return nil, nil, false
	}
	need, end = p.left, p.right
	if need.kind != pubgrub.Depends {
		need, end = end, need
	}
	if need.kind != pubgrub.Depends || end.kind == pubgrub.Depends || len(end.terms) != 1 {
		return nil, nil, false
	}
	t := end.terms[0]
	ok = !t.Negative && t.Package == need.on && x.within(t.Package, need.needs, t.Set, false)
	return need, end, ok
}

// widen returns a fact about more versions, which need more.
func widen(p *proof, set, needs pep440.Set) *proof {
	fresh := *p
	fresh.set, fresh.needs = p.set.Union(set), p.needs.Union(needs)
	fresh.terms = slices.Clone(p.terms)
	for i := range fresh.terms {
		switch t := &fresh.terms[i]; {
		case t.Package == p.pkg && !t.Negative:
			t.Set = fresh.set
		case t.Package == p.on && t.Negative:
			t.Set = fresh.needs
		}
	}
	return &fresh
}

// plain is a package without the marker under which a proxy needs it.
func (x *explainer) plain(pkg pubgrub.Package) pubgrub.Package {
	n := x.nodes[pkg]
	if n.kind == projectNode && !n.marker.IsTrue() {
		n.marker = marker.Tree{}
		return x.nodeID(n)
	}
	return pkg
}

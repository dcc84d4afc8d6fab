package resolve

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tame-py/tame/internal/pubgrub"
	"github.com/tame-py/tame/packaging/pep440"
)

// teller writes a proof down as sentences, one a line: each gives one to three
// facts and what follows. What follows from one line is taken up by the next; a
// conclusion that is needed again further down gets a number.
type teller struct {
	*explainer
	lines   []string
	numbers map[*proof]int
	last    *proof // what the last line concluded
}

func (x *explainer) tell(p *proof) string {
	t := &teller{explainer: x, numbers: map[*proof]int{}}
	if p.isFact() {
		return sentence(x.fact(p))
	}
	t.conclude(p)
	return strings.Join(t.lines, "\n")
}

// conclude writes the lines that prove p.
func (t *teller) conclude(p *proof) {
	if t.numbers[p] > 0 {
		return
	}
	if all := t.alternatives(p); len(all) > 2 {
		t.enumerate(p, all)
		return
	}
	left, right := t.ordered(p)
	var givens []string
	switch {
	case left.isFact():
		givens = []string{t.bothFacts(left, right)}
		if givens[0] == "" {
			givens = []string{t.fact(left), t.fact(right)}
		}
	case right.isFact():
		givens = t.take(left, right)
	default:
		t.conclude(left)
		t.number(left)
		t.blank()
		t.conclude(right)
		givens = t.refer(right, t.reference(left))
	}
	t.line(givens, p)
	if p.uses > 1 {
		t.number(p)
	}
}

// enumerate writes that versions of a project can't be used, each group of them
// for a reason of its own.
func (t *teller) enumerate(p *proof, all []*proof) {
	reasons := make([]string, len(all))
	for i, one := range all {
		need, end, dead := t.deadEnd(one)
		switch {
		case one.isFact():
			reasons[i] = t.fact(one)
		case dead && end.isFact() && t.numbers[one] == 0:
			reasons[i] = t.fact(need) + ", and " + t.fact(end)
		default:
			t.conclude(one)
			t.number(one)
			t.blank()
			reasons[i] = t.reference(one)
		}
	}
	t.lines = append(t.lines, "Because of the following, "+t.conclusion(p)+":")
	for _, reason := range reasons {
		t.lines = append(t.lines, "  - "+reason)
	}
	t.last = p
	if p.uses > 1 {
		t.number(p)
	}
}

// blank sets off what comes next.
func (t *teller) blank() {
	if t.lines[len(t.lines)-1] != "" {
		t.lines = append(t.lines, "")
	}
	t.last = nil
}

// ordered puts the cause that is to be told first, first: facts last, and of two
// conclusions the one that was told already.
func (t *teller) ordered(p *proof) (left, right *proof) {
	left, right = p.left, p.right
	if left.isFact() != right.isFact() {
		if left.isFact() {
			return right, left
		}
		return left, right
	}
	if !left.isFact() && t.numbers[right] > 0 && t.numbers[left] == 0 {
		return right, left
	}
	return left, right
}

// take proves left, and returns what is given for a line that adds the fact
// right to it. If left itself adds a fact to another conclusion, both are added
// at once.
func (t *teller) take(left, right *proof) []string {
	if t.numbers[left] > 0 {
		return []string{t.reference(left), t.fact(right)}
	}
	before, fact := t.ordered(left)
	if left.uses <= 1 && !before.isFact() && fact.isFact() {
		t.conclude(before)
		return t.refer(before, t.pair(fact, right)...)
	}
	t.conclude(left)
	return t.refer(left, t.fact(right))
}

func (t *teller) pair(a, b *proof) []string {
	if both := t.bothFacts(a, b); both != "" {
		return []string{both}
	}
	return []string{t.fact(a), t.fact(b)}
}

// refer returns what is given beside a conclusion: nothing more if that is what
// the last line says.
func (t *teller) refer(conclusion *proof, others ...string) []string {
	if t.last == conclusion {
		return append([]string{""}, others...)
	}
	return append([]string{t.reference(conclusion)}, others...)
}

// reference is a conclusion by its number.
func (t *teller) reference(p *proof) string {
	return fmt.Sprintf("%s (%d)", t.conclusion(p), t.numbers[p])
}

// number marks the last line, which concludes p, as one to come back to.
func (t *teller) number(p *proof) {
	if t.numbers[p] > 0 {
		return
	}
	t.numbers[p] = len(t.numbers) + 1
	at := len(t.lines) - 1
	for strings.HasPrefix(t.lines[at], "  - ") {
		at--
	}
	t.lines[at] += " (" + strconv.Itoa(t.numbers[p]) + ")"
}

// line writes that p follows from what is given. An empty first given stands for
// the line before.
func (t *teller) line(givens []string, p *proof) {
	start := "Because "
	if len(givens) > 0 && givens[0] == "" {
		start, givens = "And because ", givens[1:]
	}
	t.lines = append(t.lines, start+enumerate(givens, "and")+", "+t.conclusion(p)+".")
	t.last = p
}

// enumerate joins phrases: "a", "a and b", "a, b and c".
func enumerate(list []string, word string) string {
	switch n := len(list); n {
	case 0:
		return ""
	case 1:
		return list[0]
	default:
		return strings.Join(list[:n-1], ", ") + " " + word + " " + list[n-1]
	}
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }

// bothFacts says two facts at once where one package needs two others, and is
// empty elsewhere.
func (t *teller) bothFacts(a, b *proof) string {
	if a.kind != pubgrub.Depends || b.kind != pubgrub.Depends || a.pkg != b.pkg || !a.set.Equal(b.set) ||
		!t.nodes[a.on].isProject() || !t.nodes[b.on].isProject() {
		return ""
	}
	return t.fact(a) + " and " + t.wanted(b.on, b.needs)
}

// fact says a fact.
func (x *explainer) fact(p *proof) string {
	switch p.kind {
	case pubgrub.Depends:
		return x.dependsFact(p.pkg, p.set, p.on, p.needs)
	case pubgrub.NoVersions:
		return x.noVersionsFact(p)
	case pubgrub.Custom:
		return x.customFact(p)
	}
	return "something must be chosen"
}

func (x *explainer) dependsFact(pkg pubgrub.Package, set pep440.Set, on pubgrub.Package, needs pep440.Set) string {
	switch n := &x.nodes[on]; {
	case n.kind == installedPython || n.kind == targetPython:
		who := x.subject(pkg, set)
		return who.text + " " + who.verb("requires", "require") + " Python " + needs.String()
	case pkg != rootPackage && n.name == x.nodes[pkg].name:
		who := x.subject(pkg, set)
		return who.text + " " + who.verb("depends", "depend") + " on itself at another version (" + x.wanted(on, needs) + ")"
	}
	if pkg == rootPackage {
		return x.youRequire() + " " + x.wanted(on, needs)
	}
	who := x.subject(pkg, set)
	return who.text + " " + who.verb("depends", "depend") + " on " + x.wanted(on, needs)
}

func (x *explainer) youRequire() string {
	switch {
	case len(x.Manifest.Members) == 1:
		return "your project requires"
	case len(x.Manifest.Members) > 1:
		return "your workspace requires"
	case x.Manifest.Project != "":
		return string(x.Manifest.Project) + " depends on"
	}
	return "you require"
}

// noVersionsFact says that nothing is in a set, and what there is instead.
func (x *explainer) noVersionsFact(p *proof) string {
	n := &x.nodes[p.pkg]
	switch n.kind {
	case installedPython:
		return fmt.Sprintf("the current Python version (%s) does not satisfy Python %s", x.fork.python.Exact, p.set)
	case targetPython:
		return fmt.Sprintf("the requested Python version (%s) does not satisfy Python %s", x.fork.python.Target, p.set)
	}
	known := x.known[n.name]
	text := string(x.names[n.name])
	switch {
	case len(known) == 0:
		return "there are no versions of " + text
	case len(known) == 1:
		return "only " + text + "==" + known[0].String() + " is available"
	case len(known) <= 4:
		var list []string
		for _, v := range known {
			list = append(list, v.String())
		}
		return fmt.Sprintf("of %s only the versions %s are available", text, enumerate(list, "and"))
	}
	return fmt.Sprintf("there is no version of %s (there are %d from %s to %s)",
		x.wanted(p.pkg, p.set), len(known), known[0], known[len(known)-1])
}

func (x *explainer) customFact(p *proof) string {
	switch why := p.why.(type) {
	case missing:
		return string(x.names[x.nodes[p.pkg].name]) + " " + why.text()
	case Unusable:
		if why.Reason == Unsatisfiable && p.pkg == rootPackage {
			return x.youRequire() + " " + why.unsatisfiable()
		}
		who := x.subject(p.pkg, p.set)
		if len(x.known[x.nodes[p.pkg].name]) == 1 && !who.plural {
			return who.text + " (the only version) " + x.unusable(why, who)
		}
		return who.text + " " + x.unusable(why, who)
	}
	return x.subject(p.pkg, p.set).text + " cannot be used"
}

// conclusion says what follows.
func (x *explainer) conclusion(p *proof) string {
	var wants, has []pubgrub.Term[pep440.Set]
	for _, t := range p.terms {
		switch {
		case t.Package == rootPackage:
		case t.Negative:
			wants = append(wants, t)
		default:
			has = append(has, t)
		}
	}
	switch {
	case len(wants)+len(has) == 0:
		return x.yourRequirements() + " cannot be fulfilled"
	case len(has) == 0:
		return x.youRequire() + " " + x.anyOf(wants)
	case len(has) == 1 && len(wants) == 0 && x.isProject(has[0].Package):
		return x.yourRequirements() + " cannot be fulfilled"
	case len(has) == 1 && len(wants) == 0:
		return x.subject(has[0].Package, has[0].Set).text + " cannot be used"
	case len(has) == 1 && len(wants) == 1:
		return x.dependsFact(has[0].Package, has[0].Set, wants[0].Package, wants[0].Set)
	}
	var list []string
	for _, t := range has {
		list = append(list, x.subject(t.Package, t.Set).text)
	}
	switch {
	case len(wants) > 0 && len(has) == 1:
		return list[0] + " needs " + x.anyOf(wants)
	case len(wants) > 0:
		return enumerate(list, "and") + " together need " + x.anyOf(wants)
	}
	return enumerate(list, "and") + " cannot be used together"
}

func (x *explainer) yourRequirements() string {
	switch {
	case len(x.Manifest.Members) == 1:
		return "your project's requirements"
	case len(x.Manifest.Members) > 1:
		return "your workspace's requirements"
	}
	return "your requirements"
}

func (x *explainer) anyOf(wants []pubgrub.Term[pep440.Set]) string {
	var list []string
	for _, t := range wants {
		list = append(list, x.wanted(t.Package, t.Set))
	}
	return enumerate(list, "or")
}

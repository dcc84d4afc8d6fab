package resolve

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/target"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// A file of testdata holds cases. A case begins with a line "--- TITLE" and has
// comments ("#"), a universe, a question and its answer. The universe is written
// as for pypitest, one unindented line for versions of a project and indented
// lines on what is special about them:
//
//	NAME VERSION...
//	    requires REQUIREMENT | extra NAME: [REQUIREMENT] | group NAME: REQUIREMENT
//	    python SPECIFIERS | wheel TAG... | no-wheel | no-sdist | yanked [REASON]
//	    broken [name|archive|offline|python|status]   its metadata cannot be used
//	    fails TEXT                    reading its metadata ends in an error
//	    uploaded DATE
//	@ URL NAME VERSION                the same for a direct URL
//	@@ URL                            what follows is on another index
//
// The question is lines of the form "? WORD ARGUMENT": what is set (constraint,
// override, exclude, prefer, installed, and options by their names), and last
// "? require REQUIREMENT...". The answer is any of
//
//	= NAME==VERSION...        the solution
//	+ NAME==VERSION ; MARKER  a distribution of a universal solution, all of them in order
//	fork MARKER               a fork of a universal solution, all of them in order
//	edge NAME -> NAME ; MARKER   an edge that there must be, between `name==version` or `name[extra]==version`
//	> NAME==VERSION...        the versions selected, in order
//	via NAME: NAME...         who requires a project ("-" is the manifest)
//	! TEXT                    a line of the story of a failure; all of them must be there
//	hint TEXT                 a hint that there must be
//	warn TEXT                 a warning that there must be
//	error TEXT                some other error, whose text contains this
type testCase struct {
	title    string
	universe *universe
	current  []*release // what indented lines are about
	on       string     // the index that lines are about
	question []string

	solution, order []string
	via             map[string][]string
	story           []string
	pinned, forks   []string
	edges           []string
	hints, warnings []string
	failure         string
}

func readCases(t *testing.T, file string) []*testCase {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []*testCase
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		trimmed := strings.TrimSpace(line)
		if title, ok := strings.CutPrefix(line, "--- "); ok {
			cases = append(cases, &testCase{title: title, universe: newUniverse(), via: map[string][]string{}})
			continue
		}
		if trimmed == "" || strings.HasPrefix(trimmed, "#") {
			continue
		}
		cases[len(cases)-1].line(t, line, trimmed)
	}
	return cases
}

func (c *testCase) line(t *testing.T, line, trimmed string) {
	t.Helper()
	word, rest, _ := strings.Cut(trimmed, " ")
	fields := strings.Fields(rest)
	switch {
	case line != trimmed:
		c.about(t, word, rest)
	case word == "@":
		r := &release{RequiresPython: new(string)}
		c.current = []*release{r}
		c.universe.urls = append(c.universe.urls, urlRelease{fields[0], fields[1], fields[2], r})
	case word == "@@":
		c.on = rest
		c.universe.others = append(c.universe.others, otherIndex{rest, map[string]map[string]*release{}})
	case word == "?":
		c.question = append(c.question, rest)
	case word == "=":
		c.solution = append(c.solution, fields...)
	case word == ">":
		c.order = append(c.order, fields...)
	case word == "+":
		c.pinned = append(c.pinned, rest)
	case word == "fork":
		c.forks = append(c.forks, rest)
	case word == "edge":
		c.edges = append(c.edges, rest)
	case word == "via":
		c.via[strings.TrimSuffix(fields[0], ":")] = fields[1:]
	case word == "!":
		c.story = append(c.story, rest)
	case word == "hint":
		c.hints = append(c.hints, rest)
	case word == "warn":
		c.warnings = append(c.warnings, rest)
	case word == "error":
		c.failure = rest
	default:
		c.current = nil
		projects := c.universe.at(c.on)
		if projects[word] == nil {
			projects[word] = map[string]*release{}
		}
		for _, v := range fields {
			r := &release{RequiresPython: new(string)}
			projects[word][v] = r
			c.current = append(c.current, r)
		}
	}
}

// about reads a line on the releases above it.
func (c *testCase) about(t *testing.T, word, rest string) {
	t.Helper()
	no := false
	for _, r := range c.current {
		name, req, _ := strings.Cut(rest, ": ")
		switch word {
		case "requires":
			r.Requires = append(r.Requires, rest)
		case "extra":
			if r.Extras == nil {
				r.Extras = map[string][]string{}
			}
			if name, bare := strings.CutSuffix(name, ":"); bare {
				r.Extras[name] = nil // it is declared, and nothing more
			} else {
				r.Extras[name] = append(r.Extras[name], req)
			}
		case "group":
			if r.groups == nil {
				r.groups = map[string][]string{}
			}
			r.groups[name] = append(r.groups[name], req)
		case "python":
			*r.RequiresPython = rest
		case "wheel":
			r.WheelTags = strings.Fields(rest)
		case "no-wheel":
			r.Wheel = &no
		case "no-sdist":
			r.Sdist = &no
		case "yanked":
			r.Yanked = rest
		case "broken":
			r.broken = map[string]Reason{
				"": InvalidMetadata, "name": InconsistentMetadata, "archive": InvalidStructure,
				"offline": NotCached, "python": BuildNeedsPython, "status": Unreachable,
			}[rest]
		case "fails":
			r.fails = rest
		case "uploaded":
			var err error
			if r.uploaded, err = time.Parse(time.DateOnly, rest); err != nil {
				t.Fatal(err)
			}
		default:
			t.Fatalf("%s: unknown word %q", c.title, word)
		}
	}
}

// ask applies the question.
func (c *testCase) ask(t *testing.T) ask {
	t.Helper()
	var a ask
	var changes []func(*Resolver, *index.Policy)
	for _, q := range c.question {
		word, rest, _ := strings.Cut(q, " ")
		switch word {
		case "require":
			for _, req := range strings.Split(rest, ", ") {
				a.requires = append(a.requires, strings.TrimSpace(req))
			}
		case "python":
			a.python = rest
		case "python-version":
			a.target = rest
		default:
			changes = append(changes, func(r *Resolver, p *index.Policy) { c.set(t, r, p, word, rest) })
		}
	}
	a.change = func(r *Resolver, p *index.Policy) {
		for _, change := range changes {
			change(r, p)
		}
	}
	return a
}

func (c *testCase) set(t *testing.T, r *Resolver, p *index.Policy, word, rest string) {
	t.Helper()
	check := func(err error) {
		if err != nil {
			t.Fatalf("%s: %v", c.title, err)
		}
	}
	m := &r.Manifest
	pkg, version, scoped := scopeOf(&rest)
	switch word {
	case "constraint":
		req, err := requirement(rest)
		check(err)
		m.Constraints = append(m.Constraints, req)
	case "override":
		req, err := requirement(rest)
		check(err)
		m.Overrides = append(m.Overrides, Override{pkg, version, req})
	case "exclude":
		m.Excludes = append(m.Excludes, Exclude{pkg, version, pyname.Package(rest)})
	case "prefer":
		name, v, _ := strings.Cut(rest, "==")
		v, from, _ := strings.Cut(v, " ")
		sources := map[string]PreferenceSource{"": FromRequirements, "lock": FromLock, "environment": FromEnvironment}
		m.Preferences = append(m.Preferences, Preference{
			Name: pyname.Package(name), Version: pep440.MustParse(v), AnyIndex: true, From: sources[from],
		})
	case "installed":
		c.install(m, rest)
	case "upgrade":
		m.Upgrade = func(n pyname.Package) bool { return string(n) == rest }
	case "reinstall":
		m.Reinstall = func(n pyname.Package) bool { return string(n) == rest }
	case "member":
		m.Members = map[pyname.Package]bool{pyname.Package(rest): true}
		m.Project = pyname.Package(rest)
	case "resolution":
		check(r.Options.Resolution.UnmarshalText([]byte(rest)))
	case "prerelease":
		check(r.Options.Prerelease.UnmarshalText([]byte(rest)))
	case "prerelease-package":
		name, mode, _ := strings.Cut(rest, "=")
		var policy Prerelease
		check(policy.UnmarshalText([]byte(mode)))
		r.Options.PrereleasePackage = map[pyname.Package]Prerelease{pyname.Package(name): policy}
	case "no-deps":
		r.Options.NoDeps = true
	case "no-build":
		p.NoBuild = projects(strings.Fields(rest))
	case "no-binary":
		p.NoBinary = projects(strings.Fields(rest))
	case "group":
		name, group, _ := strings.Cut(rest, " ")
		m.Requirements = append(m.Requirements, source.Requirement{Name: pyname.Package(name), Groups: []pyname.Group{pyname.Group(group)}})
	case "index":
		name, url, _ := strings.Cut(rest, " ")
		m.Requirements = append(m.Requirements, source.Requirement{Name: pyname.Package(name), Source: source.Source{Index: url}})
	case "merge":
		r.Options.Merge = map[string]Merge{"first": FirstMatch, "each": FirstMatchEach, "best": BestMatch}[rest]
	case "indexes":
		r.Options.Advice.Indexes = strings.Fields(rest)
	case "refused":
		r.Options.Advice.Refused = func() []RefusedIndex {
			return []RefusedIndex{{URL: firstIndex, Status: 401}, {URL: "https://two.example", Status: 403}}
		}
	case "fixed":
		r.Options.Fixed = true
	case "no-build-all":
		p.NoBuild.All, r.Options.Advice.NoBuildAll = true, true
	case "unhashed":
		r.Options.Hashed = func(d *source.Dist) bool { return string(d.Name) != rest }
	case "exclude-newer":
		cutoff, err := index.ParseCutoff(rest, time.UTC)
		check(err)
		c.universe.limit, p.Now = cutoff, time.Now()
		r.Options.Advice.ExcludeNewer = func(pyname.Package) string { return rest }
	case "requires-python":
		specifiers, err := pep440.ParseSpecifiers(rest)
		check(err)
		r.Options.Python = ForRange(r.Options.Python.Exact, target.FromSpecifiers(specifiers))
		p.Target = r.Options.Python.Target
	case "universal":
		specifiers, err := pep440.ParseSpecifiers(rest)
		check(err)
		r.Options.Universal, r.Options.Env, r.Options.Tags = true, nil, nil
		r.Options.Python = ForRange(r.Options.Python.Exact, target.FromSpecifiers(specifiers))
		p.Target = r.Options.Python.Target
	case "environment":
		r.Options.Environments = append(r.Options.Environments, markerOf(t, rest))
	case "required-environment":
		r.Options.RequiredEnvironments = append(r.Options.RequiredEnvironments, markerOf(t, rest))
	case "fork-strategy":
		check(r.Options.ForkStrategy.UnmarshalText([]byte(rest)))
	case "begin":
		m.Forks = append(m.Forks, markerOf(t, rest))
	case "conflict":
		var items []source.ConflictItem
		for _, text := range strings.Fields(rest) {
			name, group, _ := strings.Cut(text, ":")
			name, extra, _ := strings.Cut(strings.TrimSuffix(name, "]"), "[")
			items = append(items, source.ConflictItem{Package: pyname.Package(name), Extra: pyname.Extra(extra), Group: pyname.Group(group)})
		}
		m.Conflicts = append(m.Conflicts, source.NewConflictSet(items...))
	case "current":
		env, _, err := linux(rest)
		check(err)
		r.Options.Advice.Current = env
	case "members":
		m.Members = map[pyname.Package]bool{}
		for _, name := range strings.Fields(rest) {
			m.Members[pyname.Package(name)] = true
		}
	case "absent":
		c.universe.absence = map[string]Absence{"offline": OfflineGap, "no-index": NoIndex}[rest]
	default:
		t.Fatalf("%s: unknown question %q (%v)", c.title, word, scoped)
	}
}

// scopeOf cuts "in NAME [VERSION]: " off the text.
func scopeOf(text *string) (pkg pyname.Package, version pep440.Version, ok bool) {
	rest, ok := strings.CutPrefix(*text, "in ")
	if !ok {
		return "", version, false
	}
	head, tail, _ := strings.Cut(rest, ": ")
	name, v, hasVersion := strings.Cut(head, " ")
	if hasVersion {
		version = pep440.MustParse(v)
	}
	*text = tail
	return pyname.Package(name), version, true
}

func (c *testCase) install(m *Manifest, text string) {
	name, v, _ := strings.Cut(text, "==")
	v, foreign := strings.CutSuffix(v, " foreign")
	n, version := pyname.Package(name), pep440.MustParse(v)
	d := &source.Dist{Name: n, Version: version}
	meta := &Metadata{Name: n, Version: version}
	if r := c.universe.projects[name][v]; r != nil {
		meta, _ = r.parse(n, version)
	}
	c.universe.metadata[d] = par.Settled(meta, nil)
	before := m.Installed
	m.Installed = func(asked pyname.Package) []Installed {
		var out []Installed
		if before != nil {
			out = before(asked)
		}
		if asked == n {
			out = append(out, Installed{version, d, foreign})
		}
		return out
	}
}

var selecting = regexp.MustCompile(`^Selecting: (\S+) `)

func TestCases(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		for _, c := range readCases(t, file) {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txt")+"/"+c.title, func(t *testing.T) {
				t.Parallel()
				c.run(t)
			})
		}
	}
}

func (c *testCase) run(t *testing.T) {
	r, err := c.universe.resolver(c.ask(t))
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	r.Options.Trace = func(line string) {
		if m := selecting.FindStringSubmatch(line); m != nil {
			order = append(order, m[1])
		}
	}
	if r.Manifest.Lookahead, err = r.Lookahead(context.Background()); err != nil {
		c.checkFailure(t, err)
		return
	}
	c.universe.policy.Yanked = YankedAllowed(&r.Manifest, &r.Options)
	g, err := r.Resolve(context.Background())
	if len(c.order) > 0 && !slices.Equal(order, c.order) {
		t.Errorf("selected\n\t%s, want\n\t%s", strings.Join(order, " "), strings.Join(c.order, " "))
	}
	if err != nil {
		c.checkFailure(t, err)
		return
	}
	if len(c.story) > 0 || c.failure != "" {
		t.Fatalf("got %q, want a failure", pins(g))
	}
	if r.Options.Universal {
		c.checkUniversal(t, g)
	} else if got := pins(g); !slices.Equal(got, c.solution) {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), strings.Join(c.solution, " "))
	}
	c.checkGraph(t, g)
}

func markerOf(t *testing.T, text string) marker.Tree {
	t.Helper()
	m, _, err := marker.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// under is a text with the marker under which it is meant, as far as that does
// not follow from the Pythons of a graph.
func under(g *Graph, text string, m marker.Tree) string {
	if m = g.Python.Simplify(m); !m.IsTrue() {
		text += " ; " + m.String()
	}
	return text
}

func (c *testCase) checkUniversal(t *testing.T, g *Graph) {
	t.Helper()
	var got, forks, edges []string
	addEdge := func(from string, e Edge) {
		to := string(e.To.Name)
		if e.Extra != "" {
			to += "[" + string(e.Extra) + "]"
		}
		edges = append(edges, under(g, from+" -> "+to+"=="+e.To.Version.String(), e.Marker))
	}
	for _, e := range g.Root {
		addEdge("root", e)
	}
	for _, n := range g.Nodes {
		if !n.OnlyGroups {
			got = append(got, under(g, string(n.Name)+"=="+n.Version.String(), n.Marker))
		}
		for _, e := range n.Requires {
			from := string(n.Name)
			if e.FromExtra != "" {
				from += "[" + string(e.FromExtra) + "]"
			}
			if e.FromGroup != "" {
				from += ":" + string(e.FromGroup)
			}
			addEdge(from+"=="+n.Version.String(), e)
		}
	}
	for _, m := range g.Forks {
		forks = append(forks, g.Python.Simplify(m).String())
	}
	if !slices.Equal(got, c.pinned) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(c.pinned, "\n\t"))
	}
	if !slices.Equal(forks, c.forks) {
		t.Errorf("forks are\n\t%s\nwant\n\t%s", strings.Join(forks, "\n\t"), strings.Join(c.forks, "\n\t"))
	}
	for _, want := range c.edges {
		if !slices.Contains(edges, want) {
			t.Errorf("edges are\n\t%s\nwithout %s", strings.Join(edges, "\n\t"), want)
		}
	}
}

func (c *testCase) checkGraph(t *testing.T, g *Graph) {
	for _, n := range g.Nodes {
		want, ok := c.via[string(n.Name)]
		if !ok {
			continue
		}
		var got []string
		if n.Direct {
			got = append(got, "-")
		}
		for _, by := range n.RequiredBy {
			got = append(got, string(by.Name))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s is required by %q, want %q", n.Name, got, want)
		}
	}
	var warnings []string
	for _, w := range g.Warnings {
		warnings = append(warnings, w.String())
	}
	if !slices.Equal(warnings, c.warnings) {
		t.Errorf("warnings are\n\t%s, want\n\t%s", strings.Join(warnings, "\n\t"), strings.Join(c.warnings, "\n\t"))
	}
}

func (c *testCase) checkFailure(t *testing.T, err error) {
	t.Helper()
	failure, ok := err.(*NoSolution)
	if !ok {
		if c.failure == "" || !strings.Contains(err.Error(), c.failure) {
			t.Errorf("got the error %v, want %q", err, c.failure)
		}
		for h := err; h != nil && len(c.hints) > 0; h = errors.Unwrap(h) {
			if h, ok := h.(interface{ Hints() []string }); ok && !slices.Equal(h.Hints(), c.hints) {
				t.Errorf("hints are %q, want %q", h.Hints(), c.hints)
			}
		}
		return
	}
	if want := strings.Join(c.story, "\n"); string(failure.story) != want {
		t.Errorf("the story is\n%s\nwant\n%s", failure.story, want)
	}
	for _, want := range c.hints {
		if !slices.Contains(failure.Hints(), want) {
			t.Errorf("hints are\n\t%s\nwant\n\t%s", strings.Join(failure.Hints(), "\n\t"), want)
		}
	}
	if len(c.hints) == 0 && len(failure.Hints()) > 0 {
		t.Errorf("unexpected hints %q", failure.Hints())
	}
}

// urlRelease is a distribution behind a URL.
type urlRelease struct {
	url, name, version string
	*release
}

func (u *urlRelease) metadata() (*Metadata, error) {
	if !strings.Contains(u.url, "://") {
		return nil, fmt.Errorf("%s is no URL", u.url)
	}
	return u.parse(pyname.Package(u.name), pep440.MustParse(u.version))
}

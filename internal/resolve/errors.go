package resolve

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/pubgrub"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// A DistError reports that a distribution the resolution needs could not be had.
type DistError struct {
	Dist  *source.Dist
	Chain []Step // how it came to be needed, from the root on; empty if directly
	Err   error
}

// A Step is a chosen version on the way from the root to a distribution.
type Step struct {
	Name    pyname.Package
	Version pep440.Version
	Extra   pyname.Extra
	Group   pyname.Group
	// Requires is what it asks of the next step's project.
	Requires pep440.Set
}

func (e *DistError) Error() string {
	return fmt.Sprintf("reading the metadata of `%s`: %v", e.Dist, e.Err)
}

func (e *DistError) Unwrap() error { return e.Err }

// Hints tell how the distribution came to be needed.
func (e *DistError) Hints() []string {
	if len(e.Chain) == 0 {
		return nil
	}
	var b strings.Builder
	for i, s := range e.Chain {
		if i == 0 {
			fmt.Fprintf(&b, "`%s` was included because `%s` (v%s) depends on ", e.Dist.Name, s.text(), s.Version)
		}
		next := string(e.Dist.Name)
		if i+1 < len(e.Chain) {
			next = e.Chain[i+1].text()
		}
		if i > 0 {
			b.WriteString(" which depends on ")
		}
		fmt.Fprintf(&b, "`%s`", next)
	}
	return []string{b.String()}
}

func (s Step) text() string {
	switch {
	case s.Extra != "":
		return string(s.Name) + "[" + string(s.Extra) + "]"
	case s.Group != "":
		return string(s.Name) + ":" + string(s.Group)
	}
	return string(s.Name)
}

// chain returns the shortest way from the root to a package that is about to be
// decided, over versions that are.
func (r *resolution) chain(f *fork, to pubgrub.Package) []Step {
	type link struct {
		from pubgrub.Package
		set  pep440.Set
	}
	links := map[pubgrub.Package]link{rootPackage: {}}
	for queue := []pubgrub.Package{rootPackage}; len(queue) > 0; queue = queue[1:] {
		v, decided := f.solver.Version(queue[0])
		if !decided {
			continue
		}
		for _, d := range f.added[packageVersion{queue[0], v.Key()}] {
			if _, seen := links[d.pkg]; !seen {
				links[d.pkg] = link{queue[0], d.set}
				queue = append(queue, d.pkg)
			}
		}
	}
	var out []Step
	for at, ok := links[to]; ok && at.from != rootPackage; at = links[to] {
		n, own := r.nodes[at.from], r.nodes[to].name
		if n.name != own { // not a proxy of the same project
			v, _ := f.solver.Version(at.from)
			out = append(out, Step{Name: r.names[n.name], Version: v, Extra: n.extra, Group: n.group, Requires: at.set})
		}
		to = at.from
	}
	slices.Reverse(out)
	return out
}

// inDependency says of which version a dependency is that could not be taken on.
func (r *resolution) inDependency(f *fork, pkg pubgrub.Package, version pep440.Version, err error) error {
	if n := &r.nodes[pkg]; n.isProject() {
		return &DependenciesError{r.names[n.name], version, err}
	}
	return err
}

// A DependenciesError reports a version whose dependencies contradict each other.
type DependenciesError struct {
	Name    pyname.Package
	Version pep440.Version
	Err     error
}

func (e *DependenciesError) Error() string {
	return fmt.Sprintf("in the dependencies of `%s==%s`: %s", e.Name, e.Version, e.Err)
}

// Unwrap is what is wrong with them.
func (e *DependenciesError) Unwrap() error { return e.Err }

// A URLConflictError reports a project that was asked for from several places.
type URLConflictError struct {
	Name  pyname.Package
	URLs  []string // sorted, without credentials
	Scope string   // the fork, if it is not all
}

func (e *URLConflictError) Error() string {
	return fmt.Sprintf("requirements contain conflicting URLs for package `%s`%s:%s", e.Name, inScope(e.Scope), listed(e.URLs))
}

func inScope(scope string) string {
	if scope == "" {
		return ""
	}
	return " in " + scope
}

// An IndexConflictError reports a project that was asked for from several
// indexes.
type IndexConflictError struct {
	Name    pyname.Package
	Indexes []string // sorted
	Scope   string   // the fork, if it is not all
}

func (e *IndexConflictError) Error() string {
	return fmt.Sprintf("requirements contain conflicting indexes for package `%s`%s:%s", e.Name, inScope(e.Scope), listed(e.Indexes))
}

func listed(items []string) string { return "\n- " + strings.Join(items, "\n- ") }

func sortedTexts(items ...string) []string {
	slices.Sort(items)
	return slices.Compact(items)
}

// A TransitiveURLError reports a URL that a distribution from an index requires.
type TransitiveURLError struct {
	Name pyname.Package
	URL  string
}

func (e *TransitiveURLError) Error() string {
	return fmt.Sprintf("package `%s` was included as a URL dependency: URL dependencies must be direct requirements or constraints", e.Name)
}

// Hints say what to add.
func (e *TransitiveURLError) Hints() []string {
	return []string{fmt.Sprintf("add `%s @ %s` to the requirements or constraints", e.Name, e.URL)}
}

// An UnhashedError reports a distribution without a hash where hashes are
// required.
type UnhashedError struct{ Name pyname.Package }

func (e *UnhashedError) Error() string {
	return fmt.Sprintf("with --require-hashes all requirements must be pinned with `==` and have a hash, but this one has none: `%s`", e.Name)
}

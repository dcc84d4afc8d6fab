package project

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// An UpgradePlan is the dependencies of a project whose bounds are to follow the
// newest versions.
type UpgradePlan struct {
	// Packages are those that are upgraded, in the order in which they were named
	// or, if none was, declared.
	Packages []pyname.Package
	// Kept are dependencies that stay as they are.
	Kept []Kept

	member    *workspace.Member
	workspace *workspace.Workspace
	active    []declaration
	skipped   map[int]bool
}

// A declaration is an entry of project.dependencies.
type declaration struct {
	index    int
	text     string
	req      pep508.Requirement
	domain   marker.Tree // where it counts
	versions []pep440.Version
}

// Kept is a dependency that is not upgraded.
type Kept struct {
	Name pyname.Package
	Text string
	// Reason is why, for the end of a sentence.
	Reason string
	// Skipped is set if it cannot count anywhere, so that nothing was tried.
	Skipped bool
}

// A Rewrite is a dependency with new bounds.
type Rewrite struct{ Old, New string }

// PlanUpgrade selects dependencies of a project: those of the names or, without
// any, all; never the excluded ones. python is the Pythons that count.
func PlanUpgrade(w *workspace.Workspace, m *workspace.Member, names, exclude []pyname.Package, python marker.Tree) (*UpgradePlan, error) {
	if len(w.Members) != 1 {
		return nil, errors.New("workspaces with multiple members cannot be upgraded yet")
	}
	p := &UpgradePlan{member: m, workspace: w, skipped: map[int]bool{}}
	domain, err := p.domain(python)
	if err != nil {
		return nil, err
	}
	found := map[pyname.Package]bool{}
	for i, dep := range m.Project.Dependencies {
		req, err := pep508.Parse(dep.Text)
		if err != nil {
			return nil, fmt.Errorf("failed to parse a dependency of `project.dependencies`: %w", err)
		}
		if slices.Contains(exclude, req.Name) || len(names) > 0 && !slices.Contains(names, req.Name) {
			continue
		}
		found[req.Name] = true
		p.take(i, dep.Text, req, domain)
	}
	for _, name := range names {
		if !found[name] && !slices.Contains(exclude, name) {
			return nil, fmt.Errorf("dependency `%s` was not found in `project.dependencies`", name)
		}
	}
	p.order(names)
	if len(p.Packages) == 0 && len(p.Kept) == 0 {
		return nil, errors.New("no dependencies selected for upgrade")
	}
	return p, nil
}

// domain is where the project is resolved at all.
func (p *UpgradePlan) domain(python marker.Tree) (marker.Tree, error) {
	environments, err := p.workspace.Environments()
	if err != nil || len(environments) == 0 {
		return python, err
	}
	any := marker.False()
	for _, m := range environments {
		any = any.Or(m)
	}
	return python.And(any), nil
}

// take notes a declaration, or that it counts nowhere.
func (p *UpgradePlan) take(i int, text string, req pep508.Requirement, domain marker.Tree) {
	keep := func(reason string) {
		p.skipped[i] = true
		p.Kept = append(p.Kept, Kept{Name: req.Name, Text: withoutQuery(req), Reason: reason, Skipped: true})
	}
	at := req.Marker.And(domain)
	if at.IsFalse() {
		keep("excluded by the project's environments or Python requirement")
		return
	}
	at = at.SimplifyNotExtrasWith(func(e pyname.Extra) bool {
		return !slices.ContainsFunc(p.member.Project.Optional, func(o pyproject.Optional) bool { return o.Extra == e })
	})
	if at.IsFalse() {
		keep("references an extra that the project does not provide")
		return
	}
	if !slices.Contains(p.Packages, req.Name) {
		p.Packages = append(p.Packages, req.Name)
	}
	p.active = append(p.active, declaration{index: i, text: text, req: req, domain: at})
}

// withoutQuery is a requirement for messages: what URLs carry may be secret.
func withoutQuery(req pep508.Requirement) string {
	if u, err := url.Parse(req.URL); err == nil && req.URL != "" {
		u.RawQuery = ""
		req.URL = u.String()
	}
	return pep508.Redact(req.String())
}

// order brings the packages into the order in which they were named.
func (p *UpgradePlan) order(names []pyname.Package) {
	if len(names) == 0 {
		return
	}
	var out []pyname.Package
	for _, name := range names {
		if slices.Contains(p.Packages, name) && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	p.Packages = out
}

// Check refuses dependencies that do not come from an index, and sets those
// apart whose extra is in conflict with others.
func (p *UpgradePlan) Check() error {
	for _, name := range p.Packages {
		if slices.ContainsFunc(p.active, func(d declaration) bool { return d.req.Name == name && d.req.URL != "" }) {
			return fmt.Errorf("dependency `%s` is a direct URL requirement and cannot be upgraded", name)
		}
	}
	if slices.Contains(p.Packages, p.member.Name) {
		return fmt.Errorf("dependency `%s` refers to the current project and cannot be upgraded", p.member.Name)
	}
	for _, name := range p.Packages {
		if err := p.checkSources(name); err != nil {
			return err
		}
	}
	conflicts, err := p.workspace.Conflicts()
	if err != nil {
		return err
	}
	p.active = slices.DeleteFunc(p.active, func(d declaration) bool {
		extra, ok := d.req.Marker.TopLevelExtra()
		if !ok || !conflicts.Has(source.ConflictItem{Package: p.member.Name, Extra: extra}) {
			return false
		}
		p.Kept = append(p.Kept, Kept{Name: d.req.Name, Text: d.text, Reason: fmt.Sprintf("declared under conflicting extra `%s`", extra)})
		return true
	})
	p.Packages = slices.DeleteFunc(p.Packages, func(name pyname.Package) bool {
		return !slices.ContainsFunc(p.active, func(d declaration) bool { return d.req.Name == name })
	})
	return nil
}

// checkSources demands that the sources of a package, if it has any that count,
// are indexes.
func (p *UpgradePlan) checkSources(name pyname.Package) error {
	list := sourcesOf(p.member.File, name)
	if list == nil {
		list = sourcesOf(p.workspace.File, name)
	}
	other := false
	for _, s := range list {
		if !s.Get("index").IsZero() || !slices.ContainsFunc(p.active, func(d declaration) bool { return d.req.Name == name && sourceCounts(s, d.domain) }) {
			continue
		}
		if !s.Get("git").IsZero() && !s.Get("rev").IsZero() {
			return fmt.Errorf("dependency `%s` is pinned to a Git revision and cannot be upgraded commit-to-commit", name)
		}
		other = true
	}
	if other {
		return fmt.Errorf("dependency `%s` uses a non-registry source in `tool.uv.sources` and cannot be upgraded", name)
	}
	return nil
}

// sourceCounts reports whether a source is for production dependencies under a
// marker.
func sourceCounts(s pyproject.Value, domain marker.Tree) bool {
	if text, ok := s.Get("extra").Text(); ok {
		extra, active := domain.TopLevelExtra()
		if !active || string(extra) != pyname.Normalize(text) {
			return false
		}
	}
	if !s.Get("group").IsZero() {
		return false
	}
	text, ok := s.Get("marker").Text()
	if !ok {
		return true
	}
	m, _, err := marker.Parse(text)
	return err != nil || !m.Disjoint(domain)
}

// sourcesOf are the sources that a file has for a package.
func sourcesOf(f *pyproject.File, name pyname.Package) []pyproject.Value {
	for key, v := range f.Tool("uv").Get("sources").Entries() {
		if n, err := pyname.ParsePackage(key); err != nil || n != name {
			continue
		}
		if !v.IsArray() {
			return []pyproject.Value{v}
		}
		var list []pyproject.Value
		for _, one := range v.Elems() {
			list = append(list, one)
		}
		return list
	}
	return nil
}

// Relaxed is the project's file with the bounds lifted, to find out what there
// is. It is not meant to be written.
func (p *UpgradePlan) Relaxed() (*pyproject.File, error) {
	f, err := pyproject.Parse(p.member.File.Name(), p.member.File.Bytes())
	if err != nil {
		return nil, err
	}
	lifted := map[int]string{}
	for _, d := range p.active {
		req := d.req
		req.Specifiers = Relax(req.Specifiers)
		lifted[d.index] = req.String()
	}
	list := []string{}
	for i, dep := range p.member.Project.Dependencies {
		text, ok := lifted[i]
		if !ok {
			text = dep.Text
		}
		if !p.skipped[i] {
			list = append(list, text)
		}
	}
	return f, f.Set(list, "project", "dependencies")
}

// errUnsafe says that only a part of what was resolved together could be
// written.
var errUnsafe = errors.New("could not safely apply dependency updates because one or more selected requirements could not be represented")

// Apply changes the bounds in a document so that they admit the versions of a
// lock that was made with the relaxed file. It returns the changes in the order
// of the requirements, and adds to what is kept. The document is not saved.
func (p *UpgradePlan) Apply(l *lock.Lock, d *Document) ([]Rewrite, error) {
	var out []Rewrite
	blocked := false
	for i := range p.active {
		a := &p.active[i]
		a.versions = versionsFor(l, a.req.Name, a.domain)
		specifiers, ok := Admit(a.req.Specifiers, a.versions)
		if !ok {
			blocked = true
			p.Kept = append(p.Kept, Kept{Name: a.req.Name, Text: a.text, Reason: fmt.Sprintf("it resolved to `%s`, which bounds of this kind cannot admit", joinVersions(a.versions))})
			continue
		}
		if specifiers == nil {
			continue
		}
		req := a.req
		req.Specifiers = specifiers
		if err := d.File.SetDependency(pyproject.Place{}, a.index, req); err != nil {
			return nil, err
		}
		if one := (Rewrite{a.text, req.String()}); !slices.ContainsFunc(out, func(r Rewrite) bool { return r.New == one.New && sameRequirement(r.Old, one.Old) }) {
			out = append(out, one)
		}
	}
	if blocked && len(out) > 0 {
		return nil, errUnsafe
	}
	slices.SortStableFunc(out, func(a, b Rewrite) int { return strings.Compare(canonical(a.Old), canonical(b.Old)) })
	return out, nil
}

func canonical(text string) string {
	req, err := pep508.Parse(text)
	if err != nil {
		return text
	}
	return req.String()
}

func sameRequirement(a, b string) bool { return canonical(a) == canonical(b) }

// Supports reports whether something became of a package: it is not that all
// its declarations stay for a reason.
func (p *UpgradePlan) Supports(name pyname.Package) bool {
	return slices.ContainsFunc(p.active, func(d declaration) bool {
		_, ok := Admit(d.req.Specifiers, d.versions)
		return d.req.Name == name && ok
	})
}

// versionsFor are the versions of an index's packages in a lock that count
// under a marker, in order.
func versionsFor(l *lock.Lock, name pyname.Package, domain marker.Tree) []pep440.Version {
	var out []pep440.Version
	first, end := l.Named(name)
	for i := first; i < end; i++ {
		p := &l.Packages[i]
		if p.Source.Kind != lock.Registry && p.Source.Kind != lock.RegistryPath || p.Version.IsZero() {
			continue
		}
		if len(p.Forks) == 0 || slices.ContainsFunc(p.Forks, func(m marker.Tree) bool { return !m.Disjoint(domain) }) {
			out = append(out, p.Version)
		}
	}
	slices.SortFunc(out, pep440.Version.Compare)
	return out
}

func joinVersions(list []pep440.Version) string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = v.String()
	}
	return strings.Join(out, "`, `")
}

package project

import (
	"fmt"
	"slices"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/target"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// Declared are the lists of requirements in the settings of a workspace's root,
// or of a script.
type Declared struct {
	Constraints, BuildConstraints []pep508.Requirement
	Overrides                     []Override
	Excludes                      []resolve.Exclude
}

// An Override replaces requirements on projects, everywhere or, with a Package,
// where that one has them.
type Override struct {
	Package      pyname.Package
	Version      pep440.Version // of Package; zero is any
	Requirements []pep508.Requirement
}

// A group of requirements that belongs to no project.
type requirementGroup struct {
	name         pyname.Group
	requirements []source.Requirement
}

// inputs are what a lock answers, with the sources applied.
type inputs struct {
	members                       []pyname.Package // none for a single project
	requirements                  []source.Requirement
	constraints, buildConstraints []source.Requirement
	overrides                     []resolve.Override
	excludes                      []resolve.Exclude
	groups                        []requirementGroup
	conflicts                     source.Conflicts
	environments, required        []marker.Tree
	python                        target.Python
	indexes                       *index.Locations // those that were configured
}

// lowering applies the sources of a target to lists outside of any project.
type lowering func(pep508.Requirement) ([]source.Requirement, error)

func (t Target) lowering(o workspace.Options) (lowering, error) {
	if t.Tool != nil {
		return func(r pep508.Requirement) ([]source.Requirement, error) {
			req, err := source.FromPEP508(r)
			return []source.Requirement{req}, err
		}, nil
	}
	if t.Script != nil {
		sources, err := workspace.ReadSources(t.Script.File, t.Dir(), o)
		if err != nil {
			return nil, err
		}
		return func(r pep508.Requirement) ([]source.Requirement, error) {
			extra, _ := r.Marker.TopLevelExtra()
			return sources.Lower(r, extra, "", sources.Plain)
		}, nil
	}
	sources, err := t.Workspace.Sources(nil, o)
	if err != nil {
		return nil, err
	}
	return func(r pep508.Requirement) ([]source.Requirement, error) {
		return sources.Lower(r, "", "", sources.Plain)
	}, nil
}

// Lower applies the sources of a target to a list of its settings.
func (t Target) Lower(list []pep508.Requirement, o workspace.Options) ([]source.Requirement, error) {
	if len(list) == 0 {
		return nil, nil
	}
	lower, err := t.lowering(o)
	if err != nil {
		return nil, err
	}
	return lower.all(list)
}

func (l lowering) all(list []pep508.Requirement) ([]source.Requirement, error) {
	var out []source.Requirement
	for _, r := range list {
		lowered, err := l(r)
		if err != nil {
			return nil, err
		}
		out = append(out, lowered...)
	}
	return out, nil
}

// inputs collects what is asked for.
func (r *LockRequest) inputs() (*inputs, error) {
	if t := r.Target.Tool; t != nil {
		return t.inputs(r), nil
	}
	in, err := r.lists()
	if err != nil {
		return nil, err
	}
	if in.python, err = r.pythons(); err != nil {
		return nil, err
	}
	return in, in.check()
}

// lists are the inputs but for the Pythons.
func (r *LockRequest) lists() (*inputs, error) {
	in := &inputs{excludes: r.Declared.Excludes}
	lower, err := r.Target.lowering(r.Engine.Workspaces.Sources)
	if err != nil {
		return nil, err
	}
	if in.constraints, err = lower.all(r.Declared.Constraints); err != nil {
		return nil, err
	}
	if in.buildConstraints, err = lower.all(r.Declared.BuildConstraints); err != nil {
		return nil, err
	}
	for _, o := range r.Declared.Overrides {
		list, err := lower.all(o.Requirements)
		if err != nil {
			return nil, err
		}
		for _, one := range list {
			in.overrides = append(in.overrides, resolve.Override{Package: o.Package, Version: o.Version, Requirement: one})
		}
	}
	if script := r.Target.Script; script != nil {
		err = in.addScript(script, lower)
	} else {
		err = in.addWorkspace(r.Target.Workspace, lower)
	}
	if err != nil {
		return nil, err
	}
	more, err := lower.all(r.Requirements)
	if err != nil {
		return nil, err
	}
	in.requirements = append(in.requirements, more...)
	return in, nil
}

func (in *inputs) addWorkspace(w *workspace.Workspace, lower lowering) error {
	if in.members = w.Names(); len(in.members) == 1 && !w.IsVirtual() {
		in.members = nil
	}
	if w.IsVirtual() {
		groups, err := workspace.ReadGroups(w.File)
		if err != nil {
			return &workspace.GroupsError{Dir: w.Root, Err: err}
		}
		for _, g := range groups {
			list, err := lower.all(g.Requirements)
			if err != nil {
				return err
			}
			in.groups = append(in.groups, requirementGroup{g.Name, list})
		}
	}
	var err error
	if in.conflicts, err = w.Conflicts(); err != nil {
		return err
	}
	if in.environments, err = w.Environments(); err != nil {
		return err
	}
	in.required, err = w.RequiredEnvironments()
	return err
}

func (in *inputs) addScript(s *Script, lower lowering) error {
	list, err := ScriptRequirements(s.File)
	if err != nil {
		return err
	}
	in.requirements, err = lower.all(list)
	return err
}

// pythons are the Pythons to lock for.
func (r *LockRequest) pythons() (target.Python, error) {
	if s := r.Target.Script; s != nil {
		p, err := ScriptPythons(s.File)
		if err != nil {
			return target.Python{}, err
		}
		return r.rangeOf(p), nil
	}
	w := r.Target.Workspace
	demands, err := Demands(w, nil)
	if err != nil {
		return target.Python{}, err
	}
	p, err := PythonsOf(demands, len(w.Members) > 1)
	if err != nil {
		return target.Python{}, err
	}
	return r.rangeOf(p), nil
}

// inputs are what the tool asks for, on its minor version of Python and later.
func (t *Tool) inputs(r *LockRequest) *inputs {
	return &inputs{
		requirements: t.Requirements, constraints: t.Constraints, buildConstraints: t.BuildConstraints,
		overrides: t.Overrides, excludes: t.Excludes, python: r.minor(),
	}
}

// minor is the interpreter's minor version of Python, and later ones.
func (r *LockRequest) minor() target.Python {
	return target.AtLeast(r.Interpreter.Version.OnlyRelease().Truncate(2))
}

// rangeOf is the Pythons to lock for. Without any demand they are those from the
// interpreter's minor version on.
func (r *LockRequest) rangeOf(p Pythons) target.Python {
	minor := r.minor()
	switch {
	case p.Open:
		r.warn("no `requires-python` value found in the workspace; defaulting to `%s`", minor)
		return minor
	case p.Range.Lower().Kind == pep440.Unbounded:
		r.warn("the workspace `requires-python` value (`%s`) does not contain a lower bound. Add a lower bound to indicate the minimum compatible Python version (e.g., `%s`)", p.Range, minor)
	case isExactMinor(p.Range.Specifiers()):
		r.warn("the workspace `requires-python` value (`%s`) contains an exact match without a patch version. When omitted, the patch version is implicitly `0` (e.g., `%s.0`). Did you mean `%s.*`?", p.Range, p.Range, p.Range)
	}
	return p.Range
}

// isExactMinor reports whether specifiers are of the form ==3.12.
func isExactMinor(s pep440.Specifiers) bool {
	return len(s) == 1 && s[0].Op == pep440.Equal && s[0].Version.Len() == 2
}

// check refuses environments that overlap, or are for no Python.
func (in *inputs) check() error {
	for _, list := range [][]marker.Tree{in.environments, in.required} {
		for i := 1; i < len(list); i++ {
			if a, b := list[i-1], list[i]; !a.Disjoint(b) {
				return &OverlapError{a, b}
			}
		}
	}
	for _, m := range in.environments {
		if in.python.Marker().Disjoint(m) {
			if m.IsFalse() {
				return fmt.Errorf("an environment marker is empty")
			}
			return fmt.Errorf("environment markers `%s` don't overlap with Python requirement `%s`", m, in.python)
		}
	}
	return nil
}

// An OverlapError reports supported environments that are not disjoint.
type OverlapError struct{ First, Second marker.Tree }

func (e *OverlapError) Error() string {
	return fmt.Sprintf("supported environments must be disjoint, but the following markers overlap: `%s` and `%s`", e.First, e.Second)
}

// Hints says what to write instead.
func (e *OverlapError) Hints() []string {
	return []string{fmt.Sprintf("replace `%s` with `%s`", e.Second, e.First.Not().And(e.Second))}
}

// manifest is what a resolver is asked for: the members with all their extras
// and groups, and what belongs to no member. extras tells those of a member.
func (in *inputs) manifest(t Target, extras func(*workspace.Member) ([]pyname.Extra, error)) (resolve.Manifest, error) {
	m := resolve.Manifest{
		Constraints: in.constraints, Overrides: in.overrides, Excludes: in.excludes, Conflicts: in.conflicts,
		Members: map[pyname.Package]bool{},
	}
	if w := t.Workspace; w != nil {
		var groups []source.Requirement
		for _, member := range w.Members {
			m.Members[member.Name] = true
			req := source.Requirement{Name: member.Name, Source: w.Source(member)}
			list, err := member.Groups()
			if err != nil {
				return m, err
			}
			if len(list) > 0 {
				with := req
				for _, g := range list {
					with.Groups = append(with.Groups, g.Name)
				}
				groups = append(groups, with)
			}
			all, err := extras(member)
			if err != nil {
				return m, err
			}
			req.Extras = slices.Sorted(slices.Values(all))
			m.Requirements = append(m.Requirements, req)
		}
		m.Requirements = append(m.Requirements, groups...)
	}
	m.Requirements = append(m.Requirements, in.requirements...)
	for _, g := range in.groups {
		m.Requirements = append(m.Requirements, g.requirements...)
	}
	return m, nil
}

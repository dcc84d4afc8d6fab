package resolve

import (
	"cmp"
	"iter"
	"slices"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// A Manifest is what is asked for. It is not changed once a resolution began.
type Manifest struct {
	// Requirements are the direct ones, in the order of mention: the order is
	// part of the result.
	Requirements []source.Requirement
	// Constraints narrow what others require, and may pin a URL.
	Constraints []source.Requirement
	Overrides   []Override
	Excludes    []Exclude
	// Preferences are versions to keep when nothing speaks against them.
	Preferences []Preference

	// Project is the name of the project the requirements belong to, if any.
	Project pyname.Package
	// Members are the projects of the workspace.
	Members map[pyname.Package]bool
	// Conflicts are extras, groups and projects that need not go together. Only
	// a universal resolution knows them.
	Conflicts source.Conflicts
	// Forks are the environments to begin with, as an earlier universal
	// resolution had them, which take the place of Options.Environments. They
	// may have extras that stand for items of conflicts.
	Forks []marker.Tree

	// Lookahead is what the function Lookahead found.
	Lookahead []Requested

	// Installed returns the installed distributions of a project that may serve
	// as they are. Nil is none.
	Installed func(pyname.Package) []Installed
	// Reinstall and Upgrade say of which projects installed distributions are
	// not to be kept, and of which only where nothing better is found. Nil is
	// none.
	Reinstall, Upgrade func(pyname.Package) bool
}

// An Override replaces requirements on a project wherever they come from.
type Override struct {
	// Package limits the override to the dependencies of this project, and
	// Version to that one version of it. Within such a scope the override also
	// adds the dependency where it was missing.
	Package     pyname.Package
	Version     pep440.Version
	Requirement source.Requirement
}

// An Exclude drops requirements on a project, limited like an [Override].
type Exclude struct {
	Package    pyname.Package
	Version    pep440.Version
	Dependency pyname.Package
}

// A Preference is a version that was chosen before.
type Preference struct {
	Name    pyname.Package
	Version pep440.Version
	// Marker limits it to some environments, Forks to some forks of an earlier
	// resolution: it is one preference for each.
	Marker marker.Tree
	Forks  []marker.Tree
	// Index is where the version came from. AnyIndex is set when that is not
	// known; without either it came from the indexes searched by default.
	Index    string
	AnyIndex bool
	From     PreferenceSource
}

// A PreferenceSource says where a preference comes from.
type PreferenceSource uint8

// The sources of preferences.
const (
	FromEnvironment  PreferenceSource = iota // it is installed
	FromLock                                 // a lock file
	FromRequirements                         // a requirements file
	fromFork                                 // an earlier fork of this resolution
)

// Installed is a distribution in the environment.
type Installed struct {
	Version pep440.Version
	// Dist names it; the Provider must be able to read its metadata.
	Dist *source.Dist
	// Foreign is set if its tags do not fit the environment.
	Foreign bool
}

// Requested is what a direct URL turned out to need. Its requirements have the
// privileges of direct ones.
type Requested struct {
	Package  pyname.Package
	Version  pep440.Version
	Extras   []pyname.Extra
	Requires []source.Requirement
	// Local is set for a source tree on this machine.
	Local bool
}

// scoped holds the entries of one kind by the project whose dependencies they
// apply to. An entry for the exact version hides one for all versions.
type scoped[T any] struct {
	global   map[pyname.Package][]T // by dependency
	packages map[pyname.Package][]limited[T]
}

type limited[T any] struct {
	version pep440.Version // zero for all versions
	entries map[pyname.Package][]T
}

func (s *scoped[T]) add(pkg pyname.Package, version pep440.Version, dependency pyname.Package, entry T) {
	if pkg == "" {
		if s.global == nil {
			s.global = map[pyname.Package][]T{}
		}
		s.global[dependency] = append(s.global[dependency], entry)
		return
	}
	if s.packages == nil {
		s.packages = map[pyname.Package][]limited[T]{}
	}
	list := s.packages[pkg]
	i := 0
	for i < len(list) && !sameVersion(list[i].version, version) {
		i++
	}
	if i == len(list) {
		list = append(list, limited[T]{version: version, entries: map[pyname.Package][]T{}})
	}
	list[i].entries[dependency] = append(list[i].entries[dependency], entry)
	s.packages[pkg] = list
}

func sameVersion(a, b pep440.Version) bool {
	return a.IsZero() == b.IsZero() && (a.IsZero() || a.Equal(b))
}

// in returns the entries that apply to the dependencies of a version only.
func (s *scoped[T]) in(of owner) map[pyname.Package][]T {
	if s.packages == nil || of.version.IsZero() {
		return nil
	}
	var all map[pyname.Package][]T
	for _, l := range s.packages[of.name] {
		if l.version.IsZero() {
			all = l.entries
		} else if l.version.Equal(of.version) {
			return l.entries
		}
	}
	return all
}

// owner is the version whose dependencies are looked at; the zero owner is the
// root.
type owner struct {
	name    pyname.Package
	version pep440.Version
}

// rules is the manifest in a form that is quick to ask.
type rules struct {
	constraints map[pyname.Package][]*source.Requirement
	overrides   scoped[*source.Requirement]
	excludes    scoped[struct{}]
	noDeps      bool
}

func newRules(m *Manifest, noDeps bool) *rules {
	r := &rules{constraints: map[pyname.Package][]*source.Requirement{}, noDeps: noDeps}
	for i := range m.Constraints {
		c := &m.Constraints[i]
		if !c.Source.IsDirect() && len(c.Source.Specifiers) == 0 {
			continue
		}
		if len(c.Extras) > 0 { // constraints hold whatever the extras
			bare := *c
			bare.Extras = nil
			c = &bare
		}
		r.constraints[c.Name] = append(r.constraints[c.Name], c)
	}
	for i := range m.Overrides {
		o := &m.Overrides[i]
		r.overrides.add(o.Package, o.Version, o.Requirement.Name, &o.Requirement)
	}
	for _, e := range m.Excludes {
		r.excludes.add(e.Package, e.Version, e.Dependency, struct{}{})
	}
	return r
}

// excluded tells whether dependencies of a version on a project are dropped.
func (r *rules) excluded(of owner, dependency pyname.Package) bool {
	if _, ok := r.excludes.global[dependency]; ok {
		return true
	}
	_, ok := r.excludes.in(of)[dependency]
	return ok
}

// override yields the requirements of a version with overrides applied. An
// override takes the place of each requirement on its project. Of the marker of
// that requirement only the extra stays that it was for.
func (r *rules) override(of owner, requires []source.Requirement) iter.Seq[*source.Requirement] {
	return func(yield func(*source.Requirement) bool) {
		local := r.overrides.in(of)
		for i := range requires {
			req := &requires[i]
			by, ok := local[req.Name]
			if !ok {
				by, ok = r.overrides.global[req.Name]
			}
			if !ok {
				if !yield(req) {
					return
				}
				continue
			}
			extra, optional := req.Marker.TopLevelExtra()
			for _, o := range by {
				if optional {
					o = withMarker(o, marker.Extra(extra).And(o.Marker))
				}
				if !yield(o) {
					return
				}
			}
		}
		for _, o := range additions(local, requires) {
			if !yield(o) {
				return
			}
		}
	}
}

// privileged says which requirements count as direct.
type privileged uint8

const (
	lowestDirect     privileged = iota // for --resolution lowest-direct
	withoutOverrides                   // for URLs
	withOverrides                      // for indexes
	forCandidates                      // scoped overrides too: for pre-releases and withdrawn versions
)

// directRequirements returns all requirements with the privileges of direct ones
// that matter in an environment: those of direct URLs, the direct ones
// themselves and, if asked for, constraints and overrides.
func (r *rules) directRequirements(m *Manifest, env *marker.Env, which privileged) []*source.Requirement {
	var out []*source.Requirement
	add := func(of owner, req *source.Requirement, extras []pyname.Extra) {
		// For lowest-direct a direct requirement counts even if it is excluded.
		if (which != lowestDirect || of.name != "") && r.excluded(of, req.Name) {
			return
		}
		if env == nil || req.Marker.Evaluate(env, extras) {
			out = append(out, req)
		}
	}
	for i := range m.Lookahead {
		l := &m.Lookahead[i]
		if r.noDeps || which == lowestDirect && !l.Local {
			continue
		}
		of := owner{l.Package, l.Version}
		for req := range r.override(of, l.Requires) {
			add(of, req, l.Extras)
		}
	}
	for req := range r.override(owner{}, m.Requirements) {
		add(owner{}, req, nil)
	}
	if which == lowestDirect {
		return out
	}
	for i := range m.Constraints {
		if c := &m.Constraints[i]; c.Source.IsDirect() || len(c.Source.Specifiers) > 0 {
			add(owner{}, c, nil)
		}
	}
	if which == withoutOverrides {
		return out
	}
	for i := range m.Overrides {
		o := &m.Overrides[i]
		if o.Package == "" || which == forCandidates {
			add(owner{o.Package, o.Version}, &o.Requirement, nil)
		}
	}
	return out
}

// withMarker returns r with another marker; r itself is shared and stays.
func withMarker(r *source.Requirement, m marker.Tree) *source.Requirement {
	if r.Marker == m {
		return r
	}
	out := *r
	out.Marker = m
	return &out
}

// additions returns the overrides of a scope on projects that the version does
// not require, sorted.
func additions(local map[pyname.Package][]*source.Requirement, requires []source.Requirement) []*source.Requirement {
	if len(local) == 0 {
		return nil
	}
	var out []*source.Requirement
	for name, list := range local {
		if !slices.ContainsFunc(requires, func(r source.Requirement) bool { return r.Name == name }) {
			out = append(out, list...)
		}
	}
	slices.SortFunc(out, func(a, b *source.Requirement) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), slices.Compare(a.Extras, b.Extras),
			a.Marker.Compare(b.Marker), cmp.Compare(a.String(), b.String()))
	})
	return out
}

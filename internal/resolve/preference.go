package resolve

import (
	"slices"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// preference is a version of a project to keep, in one of the forks of the
// resolution that chose it.
type preference struct {
	version  pep440.Version
	marker   marker.Tree
	index    string
	anyIndex bool
	from     PreferenceSource
}

func (p *preference) same(o *preference) bool {
	return p.version.Equal(o.version) && p.marker == o.marker && p.index == o.index && p.anyIndex == o.anyIndex && p.from == o.from
}

func (p *preference) matches(index string) bool {
	return index == "" || p.anyIndex || p.index == index
}

// preferences sorts the preferences that matter in an environment by project.
func preferences(all []Preference, env *marker.Env) map[pyname.Package][]preference {
	out := map[pyname.Package][]preference{}
	for i := range all {
		p := &all[i]
		if env != nil && !p.holds(env) {
			continue
		}
		entry := preference{version: p.Version, index: p.Index, anyIndex: p.AnyIndex, from: p.From}
		if len(p.Forks) == 0 {
			out[p.Name] = append(out[p.Name], entry)
			continue
		}
		for _, m := range p.Forks {
			entry.marker = m.WithoutExtras()
			out[p.Name] = append(out[p.Name], entry)
		}
	}
	return out
}

func (p *Preference) holds(env *marker.Env) bool {
	if !p.Marker.Evaluate(env, nil) {
		return false
	}
	return len(p.Forks) == 0 || slices.ContainsFunc(p.Forks, func(m marker.Tree) bool {
		return m.Evaluate(env, nil)
	})
}

// pickPreferred returns the first preference that can be kept. Of several, those
// of the same environments come first, and among them the newest or oldest.
func (s *selector) pickPreferred(q query, have []Installed) (choice, bool) {
	if len(q.prefer) > 1 {
		q.prefer = s.sorted(q)
	}
	for i := range q.prefer {
		p := &q.prefer[i]
		if !p.matches(q.from) || !q.allowed.Contains(p.version) {
			continue
		}
		if len(have) == 1 && have[0].Version.Equal(p.version) {
			if have[0].Foreign {
				continue
			}
			return installedChoice(have[0], preferred), true
		}
		if p.version.IsPrerelease() && !s.keepsPrerelease(q, p) {
			continue
		}
		if c, ok := pickExactly(p.version, q.allowed, q.lists); ok {
			return c, true
		}
	}
	return choice{}, false
}

// sorted orders preferences by how good they are; equally good ones stay in the
// order in which they were given.
func (s *selector) sorted(q query) []preference {
	out := slices.Clone(q.prefer)
	slices.SortStableFunc(out, func(a, b preference) int {
		if x, y := q.scope.admits(a.marker), q.scope.admits(b.marker); x != y {
			if x {
				return -1
			}
			return 1
		}
		return s.order(q, b.version, a.version)
	})
	return out
}

// keepsPrerelease tells whether a preferred pre-release may stay. One that was
// written down before is kept unless pre-releases are banned.
func (s *selector) keepsPrerelease(q query, p *preference) bool {
	switch s.prereleasePolicy(q.name, q.scope) {
	case Allow:
		return true
	case Disallow:
		return false
	}
	return p.from != fromFork
}

// pickExactly returns a version from the first list that has it. If that list
// has local variants of it in range, as in 1.0+cpu, the greatest of those.
func pickExactly(v pep440.Version, allowed pep440.Set, lists []*index.VersionMap) (choice, bool) {
	for _, list := range lists {
		at, ok := list.Find(v)
		if !ok {
			continue
		}
		last := at
		for last+1 < list.Len() && list.Version(last+1).Public().Equal(v) {
			last++
		}
		for ; last > at; last-- {
			if local := list.Version(last); local.IsLocal() && allowed.Contains(local) {
				break
			}
		}
		return choice{version: list.Version(last), candidate: list.Candidate(last), kind: preferred, list: list}, true
	}
	return choice{}, false
}

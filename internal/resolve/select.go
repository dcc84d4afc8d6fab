package resolve

import (
	"slices"
	"sort"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// choice is the version taken for a range.
type choice struct {
	version   pep440.Version
	candidate *index.Candidate
	kind      choiceKind
	list      *index.VersionMap // nil if it is installed
}

type choiceKind uint8

const (
	compatible choiceKind = iota
	preferred
	installed
)

var choiceNames = [...]string{"compatible", "preference", "installed"}

// selector chooses the version to try for a range. It is not changed after it
// was made, and may be used by several goroutines.
type selector struct {
	manifest    *Manifest
	options     *Options
	direct      scopedNames // of direct requirements, for lowest-direct
	prereleases scopedNames // of those that mention a pre-release
}

// scopedNames are names of projects, each with the forks in which it counts.
type scopedNames map[pyname.Package][]forkScope

func (s scopedNames) has(n pyname.Package, in *scope) bool {
	return slices.ContainsFunc(s[n], func(f forkScope) bool { return f.in(in) })
}

// query is what to pick a version for.
type query struct {
	name    pyname.Package
	allowed pep440.Set
	lists   []*index.VersionMap
	prefer  []preference
	from    string // the only index to look in, if the fork has pinned one
	scope   *scope
}

// pick returns the version of a project to try for a range, or false if there is
// none: a version that was chosen before, one that is installed, or the first of
// those listed. If the version found cannot be used, its candidate says so.
func (s *selector) pick(q query) (choice, bool) {
	keepInstalled := s.manifest.Reinstall == nil || !s.manifest.Reinstall(q.name)
	var have []Installed
	if keepInstalled && s.manifest.Installed != nil {
		have = s.manifest.Installed(q.name)
	}
	if c, ok := s.pickPreferred(q, have); ok {
		return c, true
	}
	here, isInstalled := pickInstalled(q.allowed, have)
	upgrade := s.manifest.Upgrade != nil && s.manifest.Upgrade(q.name)
	if isInstalled && !upgrade {
		return here, true
	}
	listed, ok := s.pickListed(q)
	if isInstalled && (!ok || s.order(q, here.version, listed.version) >= 0) {
		return here, true
	}
	return listed, ok
}

// order compares versions by which comes first.
func (s *selector) order(q query, a, b pep440.Version) int {
	if s.highest(q.name, q.scope) {
		return a.Compare(b)
	}
	return b.Compare(a)
}

// pickInstalled returns the installed distribution if there is one alone and it
// fits. Several of one name must be replaced.
func pickInstalled(allowed pep440.Set, have []Installed) (choice, bool) {
	if len(have) != 1 || have[0].Foreign || !allowed.Contains(have[0].Version) {
		return choice{}, false
	}
	return installedChoice(have[0], installed), true
}

func installedChoice(i Installed, kind choiceKind) choice {
	return choice{version: i.Version, candidate: &index.Candidate{Dist: i.Dist, Metadata: i.Dist}, kind: kind}
}

// highest tells whether newer versions of a project come first.
func (s *selector) highest(n pyname.Package, in *scope) bool {
	switch s.options.Resolution {
	case Lowest:
		return false
	case LowestDirect:
		return !s.direct.has(n, in)
	}
	return true
}

// prereleasePolicy returns one of Allow, Disallow and IfNecessary.
func (s *selector) prereleasePolicy(n pyname.Package, in *scope) Prerelease {
	p, ok := s.options.PrereleasePackage[n]
	if !ok {
		p = s.options.Prerelease
	}
	switch p {
	case Explicit:
		if !s.prereleases.has(n, in) {
			return Disallow
		}
		return IfNecessary
	case IfNecessaryOrExplicit:
		return IfNecessary
	}
	return p
}

// stage is which versions are looked at.
type stage uint8

const (
	allVersions stage = iota
	stableOnly
	prereleasesOnly
)

func (g stage) skips(v pep440.Version) bool {
	switch g {
	case stableOnly:
		return v.IsPrerelease()
	case prereleasesOnly:
		return !v.IsPrerelease()
	}
	return false
}

// pickListed returns the first version listed, newest or oldest first.
func (s *selector) pickListed(q query) (choice, bool) {
	switch s.prereleasePolicy(q.name, q.scope) {
	case Allow:
		return s.pickStage(q, allVersions)
	case Disallow:
		return s.pickStage(q, stableOnly)
	}
	if s.options.Merge != FirstMatchEach {
		if c, ok := s.pickStage(q, stableOnly); ok {
			return c, true
		}
		return s.pickStage(q, prereleasesOnly)
	}
	for i := range q.lists {
		one := q
		one.lists = q.lists[i : i+1]
		for _, g := range [...]stage{stableOnly, prereleasesOnly} {
			if c, ok := s.pickStage(one, g); ok {
				return c, true
			}
		}
	}
	return choice{}, false
}

func (s *selector) pickStage(q query, g stage) (choice, bool) {
	down := s.highest(q.name, q.scope)
	if s.options.Merge == BestMatch && len(q.lists) > 1 {
		return walk(newMerged(q.lists, q.allowed, down), q.allowed, g)
	}
	for i := range q.lists {
		c := newCursor(q.lists[i], q.allowed, down)
		if c, ok := walk(&c, q.allowed, g); ok {
			return c, true
		}
	}
	return choice{}, false
}

// A walker goes over versions; the number is the place in the list.
type walker interface {
	next() (list *index.VersionMap, i int, ok bool)
}

// walk returns the first version that can be used, unless one before it can't:
// then that one, so that the solver learns of it and asks again. Another list
// may have a usable file of the same version, which then is taken.
func walk(versions walker, allowed pep440.Set, g stage) (choice, bool) {
	var unusable choice
	for {
		list, i, ok := versions.next()
		if !ok {
			return unusable, unusable.candidate != nil
		}
		v := list.Version(i)
		if unusable.candidate != nil && !v.Equal(unusable.version) {
			return unusable, true
		}
		if g.skips(v) || !allowed.Contains(v) {
			continue
		}
		c := list.Candidate(i)
		switch {
		case c.Dist != nil:
			return choice{version: v, candidate: c, list: list}, true
		case c.Hidden || c.Refused == index.NewerThanLimit || c.Refused == index.UnknownUploadTime:
			// As far as this resolution goes, the version does not exist.
		case unusable.candidate == nil:
			unusable = choice{version: v, candidate: c, list: list}
		}
	}
}

// cursor goes over the versions of a list that lie between the outermost bounds
// of a range.
type cursor struct {
	list     *index.VersionMap
	at, last int
	step     int
}

func newCursor(list *index.VersionMap, allowed pep440.Set, down bool) cursor {
	lo, hi := within(list, allowed)
	if down {
		return cursor{list, hi - 1, lo - 1, -1}
	}
	return cursor{list, lo, hi, 1}
}

func (c *cursor) next() (*index.VersionMap, int, bool) {
	if c.at == c.last {
		return nil, 0, false
	}
	i := c.at
	c.at += c.step
	return c.list, i, true
}

// within returns the part of a list that lies between the outermost bounds of a
// set.
func within(list *index.VersionMap, allowed pep440.Set) (lo, hi int) {
	if allowed.IsEmpty() {
		return 0, 0
	}
	hi = list.Len()
	span := allowed.Span()
	if span.Lo.Kind != pep440.Unbounded {
		from := pep440.Interval{Lo: span.Lo}.Set()
		lo = sort.Search(hi, func(i int) bool { return from.Contains(list.Version(i)) })
	}
	if span.Hi.Kind != pep440.Unbounded {
		to := pep440.Interval{Hi: span.Hi}.Set()
		hi = sort.Search(hi, func(i int) bool { return !to.Contains(list.Version(i)) })
	}
	return lo, max(lo, hi)
}

// merged goes over the versions of several lists at once, in order; of equal
// versions that of the first list comes first.
type merged struct {
	cursors []cursor
	down    bool
}

func newMerged(lists []*index.VersionMap, allowed pep440.Set, down bool) *merged {
	m := &merged{down: down}
	for i := range lists {
		m.cursors = append(m.cursors, newCursor(lists[i], allowed, down))
	}
	return m
}

func (m *merged) next() (*index.VersionMap, int, bool) {
	m.cursors = slices.DeleteFunc(m.cursors, func(c cursor) bool { return c.at == c.last })
	if len(m.cursors) == 0 {
		return nil, 0, false
	}
	best := &m.cursors[0]
	for i := range m.cursors[1:] {
		c := &m.cursors[i+1]
		order := c.list.Version(c.at).Compare(best.list.Version(best.at))
		if order > 0 && m.down || order < 0 && !m.down {
			best = c
		}
	}
	return best.next()
}

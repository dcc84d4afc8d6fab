package index

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
)

// A Page is a project's files as one index lists them, by version. Pages are
// read in place from the cache: files are made only for the versions looked at.
type Page interface {
	// Len is the number of versions; Version returns the ith in ascending
	// order.
	Len() int
	Version(i int) pep440.Version
	// Files returns the files of the ith version, sorted by name.
	Files(i int) []simple.File
}

// A VersionMap is what an index has of a project, together with what flat
// indexes (--find-links) have of it, seen under a policy. Its methods may be
// called from several goroutines.
type VersionMap struct {
	Name   pyname.Package
	Source source.Source // the index, as the source of its files
	Flat   bool          // there are only files of flat indexes

	parts    []part
	versions []merged // nil if there is one part
	policy   *Policy
	limit    time.Time
	limited  bool
	timeless bool // files without a time are within the limit

	once       []sync.Once
	candidates []Candidate
}

// A part is one page of a version map. Files of flat indexes are exempt from
// exclude-newer, because such indexes tell no times, and cannot be yanked.
type part struct {
	page   Page
	source source.Source
	flat   bool
}

// merged is where each part has a version, -1 for nowhere.
type merged struct {
	version pep440.Version
	at      []int32
}

// NewVersionMap looks at a page under a policy. limit is the cutoff that
// applies to the project on this index.
func NewVersionMap(name pyname.Package, from source.Source, page Page, policy *Policy, limit Cutoff) *VersionMap {
	return newVersionMap(name, []part{{page: page, source: from}}, policy, limit)
}

// newVersionMap looks at several pages as one. The parts of flat indexes stand
// first: of files that are equally good theirs win.
func newVersionMap(name pyname.Package, parts []part, policy *Policy, limit Cutoff) *VersionMap {
	last := parts[len(parts)-1]
	m := &VersionMap{Name: name, Source: last.source, Flat: last.flat, parts: parts, policy: policy}
	if len(parts) > 1 {
		m.versions = mergeVersions(parts)
	}
	m.once, m.candidates = make([]sync.Once, m.Len()), make([]Candidate, m.Len())
	if m.limit, m.limited = limit.At(policy.Now); !m.limited && !policy.Published.IsZero() {
		m.limit, m.limited, m.timeless = policy.Published, true, true
	}
	return m
}

// mergeVersions returns the versions of all parts in ascending order.
func mergeVersions(parts []part) []merged {
	next := make([]int, len(parts))
	var out []merged
	for {
		least, found := pep440.Version{}, false
		for p := range parts {
			if next[p] < parts[p].page.Len() {
				if v := parts[p].page.Version(next[p]); !found || v.Less(least) {
					least, found = v, true
				}
			}
		}
		if !found {
			return out
		}
		entry := merged{version: least, at: make([]int32, len(parts))}
		for p := range parts {
			entry.at[p] = -1
			if next[p] < parts[p].page.Len() && parts[p].page.Version(next[p]).Equal(least) {
				entry.at[p] = int32(next[p])
				next[p]++
			}
		}
		out = append(out, entry)
	}
}

// Len is the number of versions.
func (m *VersionMap) Len() int {
	if m.versions == nil {
		return m.parts[0].page.Len()
	}
	return len(m.versions)
}

// Version is the ith version in ascending order.
func (m *VersionMap) Version(i int) pep440.Version {
	if m.versions == nil {
		return m.parts[0].page.Version(i)
	}
	return m.versions[i].version
}

// Find is the place of a version.
func (m *VersionMap) Find(v pep440.Version) (i int, ok bool) {
	i = m.LowerBound(v)
	return i, i < m.Len() && m.Version(i).Equal(v)
}

// LowerBound is the place of the first version that is not below v.
func (m *VersionMap) LowerBound(v pep440.Version) int {
	return sort.Search(m.Len(), func(i int) bool { return m.Version(i).Compare(v) >= 0 })
}

// Candidate is what the ith version offers.
func (m *VersionMap) Candidate(i int) *Candidate {
	m.once[i].Do(func() { m.candidates[i] = m.choose(i) })
	return &m.candidates[i]
}

// files yields the files of the ith version with the part that each is of.
func (m *VersionMap) files(i int) iter.Seq2[*part, *simple.File] {
	return func(yield func(*part, *simple.File) bool) {
		for p := range m.parts {
			at := i
			if m.versions != nil {
				if at = int(m.versions[i].at[p]); at < 0 {
					continue
				}
			}
			files := m.parts[p].page.Files(at)
			for f := range files {
				if !yield(&m.parts[p], &files[f]) {
					return
				}
			}
		}
	}
}

// Hidden reports whether every file of the ith version is newer than the limit,
// or may be as far as is known. It does not make the candidate.
func (m *VersionMap) Hidden(i int) bool {
	if !m.limited {
		return false
	}
	if page, ok := m.parts[0].page.(*listedPage); ok && m.versions == nil && !m.parts[0].flat {
		return page.allNewer(i, m.limit, m.timeless)
	}
	hidden := false
	for part, f := range m.files(i) {
		if part.flat || m.tooNew(f) == Usable {
			return false
		}
		hidden = true
	}
	return hidden
}

// Files returns all distributions of the ith version, also those that the policy
// refuses, in the order of their names; lock files list them.
func (m *VersionMap) Files(i int) []source.Dist {
	var out []source.Dist
	for part, f := range m.files(i) {
		e := entry{part: part, file: f}
		if e.parse(m.Name) {
			out = append(out, *m.dist(&e, i))
		}
	}
	return out
}

// An entry is a file that competes to be a version's.
type entry struct {
	part  *part
	file  *simple.File
	kind  dist.Kind
	wheel dist.Wheel // if it is one
}

// parse reads the file's name; false means that it is no distribution.
func (e *entry) parse(name pyname.Package) bool {
	switch e.kind = dist.KindOf(e.file.Filename); e.kind {
	case dist.WheelKind:
		var err error
		e.wheel, err = dist.ParseWheel(e.file.Filename)
		return err == nil && e.wheel.Name == name
	case dist.SdistKind, dist.LegacySdistKind:
		return true
	}
	return false
}

// contest keeps the best file of a kind, and of those refused the one that came
// closest.
type contest struct {
	best     entry
	found    bool
	rank     hashRank
	priority int

	loser   entry
	refused Refusal // Usable if none was
}

func (m *VersionMap) choose(i int) Candidate {
	c := Candidate{Version: m.Version(i), list: m, index: i}
	var wheels, sdists contest
	hidden, all := 0, 0
	for part, f := range m.files(i) {
		e := entry{part: part, file: f}
		if !e.parse(m.Name) {
			continue
		}
		all++
		if m.limited && !part.flat && m.tooNew(f) != Usable {
			hidden++
		}
		refused := m.weigh(&e, c.Version)
		if refused == UnknownUploadTime && m.policy.Warn != nil {
			m.policy.Warn(fmt.Sprintf("%s is missing an upload date, but user provided: %s", f.Filename, m.limit.UTC().Format(time.RFC3339)))
		}
		side := &sdists
		if e.kind == dist.WheelKind {
			side = &wheels
		}
		side.enter(m, e, refused)
	}
	c.Hidden = hidden > 0 && hidden == all
	m.settle(&c, &wheels, &sdists)
	return c
}

// dist makes a distribution of a file of the ith version.
func (m *VersionMap) dist(e *entry, i int) *source.Dist {
	d := &source.Dist{Name: m.Name, Version: m.Version(i), Source: e.part.source, File: *e.file}
	if e.kind == dist.WheelKind {
		w := e.wheel
		d.Wheel = &w
	}
	return d
}

// enter lets a file compete. Equal files keep their order, so that the first
// one listed wins, unless a build tag decides.
func (c *contest) enter(m *VersionMap, e entry, refused Refusal) {
	if refused != Usable {
		if refused > c.refused {
			c.refused, c.loser = refused, e
		}
		return
	}
	rank, priority := m.policy.weighHashes(m.Name, e.file), 0
	if e.kind == dist.WheelKind && m.policy.Tags != nil {
		priority = m.policy.Tags.Match(e.wheel.Tags).Priority
	}
	if !c.found || c.better(&e, rank, priority) {
		c.best, c.found, c.rank, c.priority = e, true, rank, priority
	}
}

func (c *contest) better(e *entry, rank hashRank, priority int) bool {
	order := cmp.Or(cmp.Compare(rank, c.rank), cmp.Compare(c.priority, priority))
	if order == 0 && e.kind == dist.WheelKind {
		order = e.wheel.Build.Compare(c.best.wheel.Build)
	}
	return order > 0
}

// settle decides between the best wheel and the best source distribution: the
// wheel, unless the other's hashes fit better.
func (m *VersionMap) settle(c *Candidate, wheels, sdists *contest) {
	switch {
	case wheels.found && (!sdists.found || sdists.rank <= wheels.rank):
		c.Dist = m.dist(&wheels.best, c.index)
		c.Metadata = c.Dist
	case sdists.found:
		c.Dist = m.dist(&sdists.best, c.index)
		c.Metadata = c.Dist
		if !wheels.found && wheels.refused != Usable && wheels.refused < NewerThanLimit {
			c.Metadata = m.dist(&wheels.loser, c.index)
		}
	default:
		// A source distribution's story is told before a wheel's: it would fit
		// any environment, and what refused it can mostly be changed.
		side := sdists
		if side.refused == Usable {
			side = wheels
		}
		c.Refused = side.refused
		if side.refused == Withdrawn {
			c.YankedReason = side.loser.file.YankedReason
		}
		return
	}
	c.RequiresPython = requiresPython(&c.Dist.File)
	if c.Dist.File.Yanked {
		c.YankedReason = c.Dist.File.YankedReason
	}
}

// A parsedPage is a page made from an index's answer.
type parsedPage struct {
	versions []pep440.Version
	starts   []int // where each version's files begin, and the end
	files    []simple.File
}

func (p *parsedPage) Len() int                     { return len(p.versions) }
func (p *parsedPage) Version(i int) pep440.Version { return p.versions[i] }
func (p *parsedPage) Files(i int) []simple.File    { return p.files[p.starts[i]:p.starts[i+1]] }

// NewPage sorts files by version and name. Files whose name is not that of one
// of the project's distributions are left out.
func NewPage(name pyname.Package, files []simple.File) Page {
	type entry struct {
		version pep440.Version
		at      int
	}
	entries := make([]entry, 0, len(files))
	for i := range files {
		if v, ok := fileVersion(name, files[i].Filename); ok {
			entries = append(entries, entry{v, i})
		}
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Or(a.version.Compare(b.version), cmp.Compare(files[a.at].Filename, files[b.at].Filename))
	})
	p := &parsedPage{files: make([]simple.File, 0, len(entries))}
	for _, e := range entries {
		if n := len(p.versions); n == 0 || !p.versions[n-1].Equal(e.version) {
			p.versions = append(p.versions, e.version)
			p.starts = append(p.starts, len(p.files))
		}
		p.files = append(p.files, files[e.at])
	}
	p.starts = append(p.starts, len(p.files))
	return p
}

// fileVersion is the version that a file name of a project carries.
func fileVersion(name pyname.Package, filename string) (v pep440.Version, ok bool) {
	switch dist.KindOf(filename) {
	case dist.WheelKind:
		w, err := dist.ParseWheel(filename)
		return w.Version, err == nil && w.Name == name
	case dist.SdistKind, dist.LegacySdistKind:
		s, err := dist.ParseSdist(filename, name)
		return s.Version, err == nil && s.Name == name
	}
	return v, false
}

package index

import (
	"cmp"
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
	// Files returns the files of the ith version, sorted by name, those of
	// flat indexes first.
	Files(i int) []simple.File
}

// A VersionMap is what an index has of a project, seen under a policy. Its
// methods may be called from several goroutines.
type VersionMap struct {
	Name   pyname.Package
	Source source.Source // the index, as the source of its files
	Flat   bool          // files of a flat index are exempt from exclude-newer

	page    Page
	policy  *Policy
	limit   time.Time
	limited bool

	once       []sync.Once
	candidates []Candidate
}

// NewVersionMap looks at a page under a policy. limit is the cutoff that
// applies to the project on this index.
func NewVersionMap(name pyname.Package, from source.Source, page Page, policy *Policy, limit Cutoff) *VersionMap {
	m := &VersionMap{
		Name: name, Source: from, page: page, policy: policy,
		once: make([]sync.Once, page.Len()), candidates: make([]Candidate, page.Len()),
	}
	m.limit, m.limited = limit.At(policy.Now)
	return m
}

// Len is the number of versions.
func (m *VersionMap) Len() int { return m.page.Len() }

// Version is the ith version in ascending order.
func (m *VersionMap) Version(i int) pep440.Version { return m.page.Version(i) }

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

// Hidden reports whether every file of the ith version is newer than the limit,
// or may be as far as is known. It does not make the candidate.
func (m *VersionMap) Hidden(i int) bool {
	if !m.limited || m.Flat {
		return false
	}
	files := m.page.Files(i)
	for f := range files {
		if tooNew(&files[f], m.limit) == Usable {
			return false
		}
	}
	return len(files) > 0
}

// contest keeps the best file of a kind, and of those refused the one that came
// closest.
type contest struct {
	best     *source.Dist
	rank     hashRank
	priority int

	refused Refusal
	loser   *source.Dist
}

func (m *VersionMap) choose(i int) Candidate {
	c := Candidate{Version: m.Version(i)}
	var wheels, sdists contest
	files := m.page.Files(i)
	hidden := 0
	for f := range files {
		d, ok := m.dist(&files[f], c.Version)
		if !ok {
			continue
		}
		if d.IsWheel() {
			c.Wheels = append(c.Wheels, *d)
		}
		refused := m.policy.weigh(d, m.limit, m.limited && !m.Flat)
		if refused == NewerThanLimit || refused == UnknownUploadTime {
			hidden++
		}
		side := &sdists
		if d.IsWheel() {
			side = &wheels
		}
		side.enter(m.policy, d, refused)
	}
	c.Hidden = hidden > 0 && hidden == len(files)
	c.settle(&wheels, &sdists)
	return c
}

// dist is a file of the page as a distribution; ok is false for a name that
// belongs to no distribution that can be installed.
func (m *VersionMap) dist(f *simple.File, v pep440.Version) (*source.Dist, bool) {
	d := &source.Dist{Name: m.Name, Version: v, Source: m.Source, File: *f}
	switch dist.KindOf(f.Filename) {
	case dist.WheelKind:
		w, err := dist.ParseWheel(f.Filename)
		if err != nil {
			return nil, false
		}
		d.Wheel = &w
	case dist.SdistKind:
	default:
		return nil, false
	}
	return d, true
}

// enter lets a file compete. Equal wheels keep their order, so that the first
// one listed wins, unless a build tag decides.
func (c *contest) enter(p *Policy, d *source.Dist, refused Refusal) {
	if refused != Usable {
		if c.loser == nil || refused > c.refused {
			c.refused, c.loser = refused, d
		}
		return
	}
	rank, priority := p.weighHashes(d), 0
	if d.IsWheel() && p.Tags != nil {
		priority = p.Tags.Match(d.Wheel.Tags).Priority
	}
	if c.best == nil || c.better(d, rank, priority) {
		c.best, c.rank, c.priority = d, rank, priority
	}
}

func (c *contest) better(d *source.Dist, rank hashRank, priority int) bool {
	order := cmp.Or(cmp.Compare(rank, c.rank), cmp.Compare(c.priority, priority))
	if order == 0 && d.IsWheel() {
		order = d.Wheel.Build.Compare(c.best.Wheel.Build)
	}
	return order > 0
}

// settle decides between the best wheel and the best source distribution: the
// wheel, unless only the source distribution has an allowed hash.
func (c *Candidate) settle(wheels, sdists *contest) {
	switch {
	case wheels.best != nil && (sdists.best == nil || wheels.rank == hashRight || sdists.rank != hashRight):
		c.Dist = wheels.best
		c.Metadata = wheels.best
	case sdists.best != nil:
		c.Dist = sdists.best
		c.Metadata = sdists.best
		if w := wheels.loser; w != nil && wheels.refused >= WrongPython && wheels.refused <= WrongPlatform {
			c.Metadata = w
		}
	default:
		// A wheel's story is told before a source distribution's.
		side := wheels
		if side.loser == nil {
			side = sdists
		}
		c.Refused = side.refused
		if side.loser != nil {
			c.YankedReason = side.loser.File.YankedReason
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
	case dist.SdistKind:
		s, err := dist.ParseSdist(filename, name)
		return s.Version, err == nil && s.Name == name
	}
	return v, false
}

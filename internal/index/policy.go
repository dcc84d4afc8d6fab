package index

import (
	"iter"
	"time"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/target"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
	"github.com/tame-py/tame/packaging/tags"
)

// A Policy says which files of a project may be used. It is not changed once a
// resolution has begun.
type Policy struct {
	// Tags are what the environment can install; nil means any environment
	// of the Pythons in Target, as in a universal resolution.
	Tags *tags.Set
	// Target are the Pythons to resolve for. Without Tags they decide which
	// wheels fit. Whether a file's Requires-Python does is not decided here:
	// parts of a resolution may differ in their Pythons.
	Target target.Python

	ExcludeNewer ExcludeNewer
	Now          time.Time // the moment that spans of ExcludeNewer count from
	// Published is the moment up to which the index is looked at where
	// ExcludeNewer says nothing. Zero is all of it. Unlike with ExcludeNewer,
	// files without a time are seen. Tests hold an index still with it.
	Published time.Time

	NoBinary Selection
	NoBuild  Selection
	// Admits, if not nil, judges what files say of the Pythons they are for, upper
	// bounds included: those that it does not admit are refused. Mostly only the
	// resolver looks at it, which knows reasons to leave upper bounds out of account.
	// It must be safe for concurrent use.
	Admits func(requires pep440.Specifiers) bool
	Hashes source.HashPolicy
	// Yanked are the versions that may be used although they were withdrawn,
	// because a requirement pins them or a lock has them.
	Yanked func(pyname.Package, pep440.Version) bool
	// Pins are specifiers of projects of which only the versions that fulfil them
	// are asked for: an answer may lack any other version.
	Pins map[pyname.Package]pep440.Specifier
	// Warn tells the user of files that cannot be judged; nil is silent. It
	// must be safe for concurrent use.
	Warn func(message string)
}

// A Selection is a set of projects in the form of pip's `--no-binary` and
// `--only-binary`: all, or those listed.
type Selection struct {
	All      bool
	Packages map[pyname.Package]bool
	// Except is taken out of All.
	Except map[pyname.Package]bool
}

// Has reports whether a project is selected.
func (s Selection) Has(name pyname.Package) bool {
	return s.Packages[name] || s.All && !s.Except[name]
}

// A Refusal says why a file cannot be used. Greater refusals are closer to
// being usable, and are those worth telling; the order is uv's.
type Refusal uint8

// The reasons for refusing a file, in the order of how close it came.
const (
	Usable             Refusal = iota
	UnsupportedArchive         // a source distribution in a form no longer installed
	BuildsRefused              // a source distribution under --no-build
	BinariesRefused            // a wheel under --no-binary
	Withdrawn                  // yanked
	WrongPython                // a wheel for other Pythons
	WrongABI                   // a wheel for other binary interfaces
	WrongPlatform              // a wheel for other platforms
	NewerThanLimit             // uploaded after exclude-newer
	UnknownUploadTime          // exclude-newer is set, and the index tells no times
)

// A Candidate is what a version of a project offers under a policy. It is
// computed once and not changed.
type Candidate struct {
	Version pep440.Version
	// Dist is the file to install, nil if none may be used.
	Dist *source.Dist
	// Metadata is the file to read the metadata from. It is Dist, except
	// that a source distribution is spared a build where the version has a
	// wheel for somebody else: a version's files are taken to agree.
	Metadata *source.Dist

	// Refused is why there is no Dist, told of the file that came closest.
	Refused Refusal
	// RequiresPython is what the index says of Dist. Nothing was refused for it.
	RequiresPython pep440.Specifiers
	// YankedReason is the text that came with the withdrawal, for Withdrawn
	// and for a yanked Dist that is used all the same.
	YankedReason string
	// Hidden: every file is newer than the limit, so that the version does
	// not exist as far as this resolution goes.
	Hidden bool

	list  *VersionMap
	index int
}

// Files returns all distributions of the candidate's version; see
// [VersionMap.Files]. A candidate that comes from no index has none.
func (c *Candidate) Files() []source.Dist {
	if c.list == nil {
		return nil
	}
	return c.list.Files(c.index)
}

// Environments returns where the files of the candidate's version can be used
// that the policy does not refuse. With a source distribution that is
// everywhere. As in uv, the first file of a flat index counts even if it is
// refused.
func (c *Candidate) Environments() marker.Tree {
	if c.list == nil {
		return marker.True()
	}
	out, wheels := marker.False(), []tags.Compressed(nil)
	first := true
	for part, f := range c.list.files(c.index) {
		e := entry{part: part, file: f}
		if !e.parse(c.list.Name) {
			continue
		}
		counts := c.list.weigh(&e, c.Version) == Usable || first && part.flat
		first = false
		switch {
		case !counts:
		case e.kind != dist.WheelKind:
			return marker.True() // mostly there is one, which spares the wheels' markers
		default:
			wheels = append(wheels, e.wheel.Tags)
		}
	}
	for _, w := range wheels {
		if out = out.Or(target.WheelMarker(w)); out.IsTrue() {
			break
		}
	}
	return out
}

// weigh decides about one file. The order of the tests is the order in which
// uv makes them, so that the reasons told are the same.
func (m *VersionMap) weigh(e *entry, v pep440.Version) Refusal {
	p := m.policy
	isWheel := e.kind == dist.WheelKind
	switch {
	case isWheel && p.NoBinary.Has(m.Name):
		return BinariesRefused
	case !isWheel && p.NoBuild.Has(m.Name):
		return BuildsRefused
	case p.Admits != nil && e.file.RequiresPython != "" && !p.Admits(requiresPython(e.file)):
		return WrongPython
	}
	if m.limited && !e.part.flat {
		if refused := m.tooNew(e.file); refused != Usable {
			return refused
		}
	}
	switch {
	case e.file.Yanked && !e.part.flat && (p.Yanked == nil || !p.Yanked(m.Name, v)):
		return Withdrawn
	case e.kind == dist.LegacySdistKind:
		return UnsupportedArchive
	case isWheel && (p.Tags != nil || !e.part.flat):
		return p.weighTags(e.wheel.Tags)
	}
	return Usable
}

// tooNew decides about one file of a list that is limited.
func (m *VersionMap) tooNew(f *simple.File) Refusal {
	switch {
	case !f.UploadTime.IsZero() && !f.UploadTime.Before(m.limit):
		return NewerThanLimit
	case f.UploadTime.IsZero() && !m.timeless:
		return UnknownUploadTime
	}
	return Usable
}

// requiresPython reads a file's Requires-Python. A specifier that cannot be read
// admits everything: the index is not the place to fail over it.
func requiresPython(f *simple.File) pep440.Specifiers {
	requires, err := pep440.ParseSpecifiersLenient(f.RequiresPython)
	if err != nil {
		return nil
	}
	return requires
}

func (p *Policy) weighTags(c tags.Compressed) Refusal {
	if p.Tags == nil {
		if !p.Target.AdmitsWheel(c) {
			return WrongPython
		}
		return Usable
	}
	switch m := p.Tags.Match(c); m.Reason {
	case tags.Compatible:
		return Usable
	case tags.BadPlatform:
		return WrongPlatform
	case tags.BadABI, tags.FreeThreadedABI:
		return WrongABI
	default:
		return WrongPython
	}
}

// hashRank tells how well a file's digests fit what is allowed. A file that
// does not fit is not refused here: it only loses against others, and what is
// downloaded is checked in any case.
type hashRank uint8

const (
	hashWrong hashRank = iota
	hashUnknown
	hashRight
)

func (p *Policy) weighHashes(name pyname.Package, f *simple.File) hashRank {
	allowed, required := p.Hashes.For(name)
	if len(allowed) == 0 {
		if required {
			return hashUnknown
		}
		return hashRight
	}
	if len(f.Hashes) == 0 {
		return hashUnknown
	}
	for _, h := range f.Hashes {
		for _, a := range allowed {
			if h == a {
				return hashRight
			}
		}
	}
	return hashWrong
}

// Digests returns the digests of all files of the candidate's version that were
// there at the limit, also of those that the policy refuses for another reason:
// whoever installs the version elsewhere may need them. They are sorted by
// algorithm and digest, each once.
func (c *Candidate) Digests() []simple.Hash {
	if c.list == nil {
		return nil
	}
	var out []simple.Hash
	for part, f := range c.list.files(c.index) {
		e := entry{part: part, file: f}
		if e.parse(c.list.Name) && !c.list.hides(&e, c.Version) {
			out = append(out, f.Hashes...)
		}
	}
	return source.SortHashes(out)
}

// Released returns the distributions that Files returns, but for those that are
// newer than the limit.
func (c *Candidate) Released() []source.Dist {
	var out []source.Dist
	for d, released := range c.Listed() {
		if released {
			out = append(out, *d)
		}
	}
	return out
}

// Listed yields the distributions that Files returns, each with whether Released
// returns it too.
func (c *Candidate) Listed() iter.Seq2[*source.Dist, bool] {
	return func(yield func(*source.Dist, bool) bool) {
		if c.list == nil {
			return
		}
		for part, f := range c.list.files(c.index) {
			e := entry{part: part, file: f}
			if e.parse(c.list.Name) && !yield(c.list.dist(&e, c.index), !c.list.hides(&e, c.Version)) {
				return
			}
		}
	}
}

// hides reports whether a file is refused for its time.
func (m *VersionMap) hides(e *entry, v pep440.Version) bool {
	r := m.weigh(e, v)
	return r == NewerThanLimit || r == UnknownUploadTime
}

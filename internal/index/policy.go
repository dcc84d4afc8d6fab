package index

import (
	"time"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/target"
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

	NoBinary Selection
	NoBuild  Selection
	Hashes   source.HashPolicy
	// Yanked are the versions that may be used although they were withdrawn,
	// because a requirement pins them or a lock has them.
	Yanked func(pyname.Package, pep440.Version) bool
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
// being usable, and are those worth telling.
type Refusal uint8

// The reasons for refusing a file, in the order of how close it came.
const (
	Usable             Refusal = iota
	NewerThanLimit             // uploaded after exclude-newer
	Withdrawn                  // yanked
	BinariesRefused            // a wheel under --no-binary
	BuildsRefused              // a source distribution under --no-build
	WrongPython                // a wheel for other Pythons
	WrongABI                   // a wheel for other binary interfaces
	WrongPlatform              // a wheel for other platforms
	UnknownUploadTime          // exclude-newer is set, and the index tells no times
	UnsupportedArchive         // a source distribution in a form no longer installed
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
	// Wheels are the version's wheels, for advice.
	Wheels []source.Dist
	// Hidden: every file is newer than the limit, so that the version does
	// not exist as far as this resolution goes.
	Hidden bool
}

// weigh decides about one file. The order of the tests is the order in which
// uv makes them, so that the reasons told are the same.
func (p *Policy) weigh(d *source.Dist, limit time.Time, limited bool) Refusal {
	f := &d.File
	if limited {
		if refused := tooNew(f, limit); refused != Usable {
			return refused
		}
	}
	if f.Yanked && (p.Yanked == nil || !p.Yanked(d.Name, d.Version)) {
		return Withdrawn
	}
	if d.IsWheel() && p.NoBinary.Has(d.Name) {
		return BinariesRefused
	}
	if !d.IsWheel() && p.NoBuild.Has(d.Name) {
		return BuildsRefused
	}
	return p.weighTags(d)
}

func tooNew(f *simple.File, limit time.Time) Refusal {
	switch {
	case f.UploadTime.IsZero():
		return UnknownUploadTime
	case !f.UploadTime.Before(limit):
		return NewerThanLimit
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

func (p *Policy) weighTags(d *source.Dist) Refusal {
	if !d.IsWheel() {
		return Usable
	}
	if p.Tags == nil {
		if !p.Target.AdmitsWheel(d.Wheel.Tags) {
			return WrongPython
		}
		return Usable
	}
	switch m := p.Tags.Match(d.Wheel.Tags); m.Reason {
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

func (p *Policy) weighHashes(d *source.Dist) hashRank {
	allowed, required := p.Hashes.For(d.Name)
	if len(allowed) == 0 {
		if required {
			return hashUnknown
		}
		return hashRight
	}
	if len(d.File.Hashes) == 0 {
		return hashUnknown
	}
	for _, h := range d.File.Hashes {
		for _, a := range allowed {
			if h == a {
				return hashRight
			}
		}
	}
	return hashWrong
}

package resolve

import (
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// A Provider knows what exists. Its methods return at once, and asking without
// waiting is how a resolution prefetches: asked twice for the same, a Provider
// must do the work once. Both may be called from several goroutines.
//
// What an index or a file says, also that something is not there or is broken,
// is a value. The error of a future ends the resolution: a network that fails,
// a build that fails, hashes that do not match.
type Provider interface {
	// Versions tells which versions of a project there are on the index with
	// this URL or, if index is empty, on all that are searched.
	Versions(name pyname.Package, index string) *par.Future[*Versions]
	// Metadata reads what a distribution needs.
	Metadata(d *source.Dist) *par.Future[*Metadata]
}

// Versions is what indexes know of a project. It is not changed once shared.
type Versions struct {
	Absence Absence
	// Lists has one list for each index that has the project, the index to
	// prefer first.
	Lists []*index.VersionMap
}

// An Absence says why a project has no versions at all.
type Absence uint8

// The kinds of absence.
const (
	Present    Absence = iota
	NotFound           // no index has the project
	OfflineGap         // it is not in the cache and the network is off
	NoIndex            // indexes are off and no other place has it
)

// Unusable says why a version cannot be used.
type Unusable struct {
	Reason Reason
	// Refused: why, told of the file that came closest.
	Refusal index.Refusal
	// Refused: the text that came with a withdrawal. Unreachable: the status.
	Text string
	// OtherPython, BuildNeedsPython: the Requires-Python.
	Python pep440.Specifiers
	// Unsatisfiable: the requirement that no version can fulfil.
	Requirement *source.Requirement
	// OtherPlatform: the environment for which there is no file.
	Environment marker.Tree
}

// A Reason is the kind of an [Unusable].
type Reason uint8

// The reasons.
const (
	Usable               Reason = iota
	Refused                     // the index has no file that may be used
	OtherPython                 // Requires-Python
	OtherPlatform               // nothing for a platform that is required
	Unsatisfiable               // it has a requirement that excludes itself
	InvalidMetadata             // its metadata cannot be read
	InconsistentMetadata        // its metadata is of another name or version
	InvalidStructure            // the archive is no wheel or source distribution
	NotCached                   // its metadata is not in the cache and the network is off
	BuildNeedsPython            // it cannot be built with the Python at hand
	Unreachable                 // the index refused to give it
)

// same tells whether two versions are unusable for what reads as one reason.
func (u Unusable) same(o Unusable) bool {
	return u.Reason == o.Reason && u.Refusal == o.Refusal && u.Text == o.Text && u.Python.Equal(o.Python) &&
		u.Requirement == o.Requirement && u.Environment == o.Environment
}

// Metadata is what a distribution needs, or why that is not known. It is not
// changed once shared.
type Metadata struct {
	Name           pyname.Package
	Version        pep440.Version
	Requires       []source.Requirement
	Groups         map[pyname.Group][]source.Requirement
	Extras         []pyname.Extra // Provides-Extra
	RequiresPython pep440.Specifiers

	// Unusable is zero for metadata that could be read. Err then is the detail.
	Unusable Unusable
	Err      error
}

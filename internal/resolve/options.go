package resolve

import (
	"fmt"
	"strings"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/target"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/tags"
)

// Options say how to resolve. The zero value of every field but Env and Python
// is the default.
type Options struct {
	// Env is the environment to resolve for. It is nil if Universal is set.
	Env *marker.Env
	// Universal resolves for all environments at once, or for those of
	// Environments if there are any. They must not overlap.
	Universal    bool
	Environments []marker.Tree
	// RequiredEnvironments are those for which a version without source
	// distribution must have a wheel.
	RequiredEnvironments []marker.Tree
	ForkStrategy         ForkStrategy
	// Tags are what the environment can install, for the text of errors only.
	Tags   *tags.Set
	Python Python

	Resolution Resolution
	Prerelease Prerelease
	// PrereleasePackage has the policy of single projects.
	PrereleasePackage map[pyname.Package]Prerelease
	Merge             Merge
	// NoDeps resolves the direct requirements only.
	NoDeps bool
	// Hashed tells whether a distribution has the hashes that it must have
	// before anything of it is read. Nil is yes.
	Hashed func(*source.Dist) bool
	// CheapMetadata tells whether the metadata of a wheel can be had without the
	// wheel, so that many may be asked for in advance. Nil is yes for wheels of
	// which the index says so (PEP 658).
	CheapMetadata func(*source.Dist) bool
	// Fixed is set where a user can't change the options, as in the environment
	// of a build; advice is worded accordingly.
	Fixed bool

	// Trace gets a line for every step, for --verbose. Nil is silent.
	Trace func(line string)
	// Progress is told of every version tried. Nil is silent.
	Progress func(name pyname.Package, version pep440.Version)

	Advice Advice
}

// Advice is what a hint may need to know that the resolution itself does not.
type Advice struct {
	// Indexes are the URLs of the indexes searched by default, in order.
	Indexes []string
	// FindLinks is set when there are places to look in beside indexes.
	FindLinks bool
	// Current is the environment of the interpreter at hand, for a universal
	// resolution. Nil is unknown.
	Current *marker.Env
	// Refused returns the indexes that asked for credentials or found them
	// lacking, as far as they were asked; nil means none.
	Refused func() []RefusedIndex
	// NoBinary and NoBuild tell whether all projects are concerned, not just the
	// one at hand.
	NoBinaryAll, NoBuildAll bool
	// ExcludeNewer is the moment in force for a project, as text, or "".
	ExcludeNewer func(pyname.Package) string
}

// A RefusedIndex is an index that answered with a refusal.
type RefusedIndex struct {
	URL    string // without credentials
	Status int    // 401 or 403
	// Credentials describes those that it does not accept, or is "" if there
	// were none.
	Credentials string
}

// Python is the Pythons resolved for.
type Python struct {
	Exact pep440.Version // of the interpreter at hand
	// Installed and Target are the interpreter at hand and the Pythons that the
	// result must work for. They are equal unless another version was asked for.
	Installed, Target target.Python
	// Requested is set when the target was asked for on the command line, and
	// Declared when a project's requires-python says it.
	Requested, Declared bool
}

// ForInterpreter is the Python that an interpreter is.
func ForInterpreter(v pep440.Version) Python {
	p := target.AtLeast(v.OnlyRelease().TrimZeros())
	return Python{Exact: v, Installed: p, Target: p}
}

// ForVersion is another Python than that of the interpreter at hand, as with
// --python-version. Of a version such as 3.12 the first release is meant.
func ForVersion(interpreter, requested pep440.Version) Python {
	p := ForInterpreter(interpreter)
	p.Target = target.AtLeast(requested.OnlyRelease().TrimZeros())
	p.Requested = true
	return p
}

// ForRange is the Pythons of a project's requires-python.
func ForRange(interpreter pep440.Version, r target.Python) Python {
	p := ForInterpreter(interpreter)
	p.Target, p.Declared = r, true
	return p
}

// Resolution says which of the versions that fit is tried first.
type Resolution uint8

// The resolution modes.
const (
	Highest      Resolution = iota // the newest
	Lowest                         // the oldest
	LowestDirect                   // the oldest of direct requirements, else the newest
)

var resolutionNames = [...]string{"highest", "lowest", "lowest-direct"}

func (r Resolution) String() string { return resolutionNames[r] }

// MarshalText returns the name of the mode.
func (r Resolution) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads the name of a mode.
func (r *Resolution) UnmarshalText(text []byte) error {
	return oneOf(r, resolutionNames[:], text)
}

// Prerelease says whether pre-releases are considered.
type Prerelease uint8

// The policies about pre-releases.
const (
	// IfNecessary takes a pre-release where no stable version in range is left.
	IfNecessary Prerelease = iota
	// Disallow takes none.
	Disallow
	// Allow treats them like any other version.
	Allow
	// Explicit is IfNecessary for projects of which a direct requirement names a
	// pre-release, and Disallow for all others.
	Explicit
	// IfNecessaryOrExplicit is an old name of IfNecessary.
	IfNecessaryOrExplicit
)

var prereleaseNames = [...]string{"if-necessary", "disallow", "allow", "explicit", "if-necessary-or-explicit"}

func (p Prerelease) String() string { return prereleaseNames[p] }

// MarshalText returns the name of the policy.
func (p Prerelease) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the name of a policy.
func (p *Prerelease) UnmarshalText(text []byte) error {
	return oneOf(p, prereleaseNames[:], text)
}

// Merge says how the lists of several indexes for one project combine.
type Merge uint8

// The ways to combine lists.
const (
	// FirstMatch takes from a list only what those before it do not have in
	// range. With one list, which is what searching the first index that has a
	// project gives, it is all there is.
	FirstMatch Merge = iota
	// FirstMatchEach is FirstMatch with stable versions tried before
	// pre-releases list by list, not over all lists.
	FirstMatchEach
	// BestMatch takes the best version of all lists.
	BestMatch
)

// ForkStrategy says how many versions of a project a universal resolution takes.
type ForkStrategy uint8

// The fork strategies.
const (
	// RequiresPython takes the best version for each Python, and splits where a
	// version does not support all of them.
	RequiresPython ForkStrategy = iota
	// Fewest takes as few versions of each project as there can be.
	Fewest
)

var forkStrategyNames = [...]string{"requires-python", "fewest"}

func (s ForkStrategy) String() string { return forkStrategyNames[s] }

// MarshalText returns the name of the strategy.
func (s ForkStrategy) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the name of a strategy.
func (s *ForkStrategy) UnmarshalText(text []byte) error {
	return oneOf(s, forkStrategyNames[:], text)
}

func oneOf[T ~uint8](to *T, names []string, text []byte) error {
	for i, name := range names {
		if name == string(text) {
			*to = T(i)
			return nil
		}
	}
	return fmt.Errorf("`%s` is none of %s", text, strings.Join(names, ", "))
}

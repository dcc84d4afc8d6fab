package lock

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/target"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// The version of the format and the revision that new locks have. A revision
// adds to a version what older tools may ignore.
const (
	Version  = 1
	Revision = 3
)

// FileName is the name of the lock file of a project.
const FileName = "uv.lock"

// A Lock is the content of a lock file. It is not changed once it is made.
type Lock struct {
	Version, Revision int
	RequiresPython    target.Python
	// Forks are the environments that were solved for one by one
	// (`resolution-markers`), as in the file.
	Forks []marker.Tree
	// Supported and Required are the environments that the project limits the
	// lock to, and those that it must work in, as in the file.
	Supported, Required []marker.Tree
	Conflicts           source.Conflicts
	Options             Options
	Manifest            Manifest
	// Packages are sorted by name, version and source.
	Packages []Package

	first map[pyname.Package]int32 // the first package of a name
	whole marker.Tree              // the environments of the forks
}

// Options are the settings that decide what a resolution chooses.
type Options struct {
	Resolution        resolve.Resolution
	Prerelease        resolve.Prerelease
	PrereleasePackage []PrereleaseOf // sorted by name
	ForkStrategy      resolve.ForkStrategy
	// ExcludeNewer is zero if nothing is excluded.
	ExcludeNewer        index.Cutoff
	ExcludeNewerPackage []CutoffOf // in the order of the file
}

// PrereleaseOf is the policy for one project.
type PrereleaseOf struct {
	Name   pyname.Package
	Policy resolve.Prerelease
}

// PrereleaseOf is the policy in force for a project.
func (o *Options) PrereleaseOf(name pyname.Package) resolve.Prerelease {
	for _, p := range o.PrereleasePackage {
		if p.Name == name {
			return p.Policy
		}
	}
	return o.Prerelease
}

// CutoffOf is the limit for one project.
type CutoffOf struct {
	Name   pyname.Package
	Cutoff index.Cutoff
}

// A Manifest is what was asked for, as far as no package of the lock has it in
// its metadata. All its lists are sorted.
type Manifest struct {
	// Members are the projects of the workspace, unless it is a single one.
	Members []pyname.Package
	// Requirements are those of a script.
	Requirements     []Requirement
	Constraints      []Requirement
	Overrides        []Override
	Excludes         []Exclude
	BuildConstraints []Requirement
	// Groups are those of a workspace whose root is no project.
	Groups   []Group
	Metadata []StaticMetadata
}

// An Override replaces requirements on projects, everywhere or, with a Package,
// where that one has them.
type Override struct {
	Package      pyname.Package
	Version      pep440.Version // of Package; zero is any
	Requirements []Requirement  // one without Package
}

// An Exclude drops requirements on projects, everywhere or, with a Package, where
// that one has them.
type Exclude struct {
	Package      pyname.Package
	Version      pep440.Version // of Package; zero is any
	Dependencies []pyname.Package
}

// A Group is a dependency group with what it asks for, sorted.
type Group struct {
	Name         pyname.Group
	Requirements []Requirement
}

// StaticMetadata is what the settings say of a distribution in place of its own
// metadata (`dependency-metadata`).
type StaticMetadata struct {
	Name           pyname.Package
	Version        pep440.Version // zero is any
	RequiresDist   []string       // in the order of the settings
	RequiresPython string
	ProvidesExtras []string
}

// A Package is one distribution, with all its files.
type Package struct {
	Name    pyname.Package
	Version pep440.Version // zero for a source tree that computes it
	Source  Source
	// Forks are the forks of the lock that need this package, where there are
	// several of its name.
	Forks        []marker.Tree
	Dependencies []Dependency
	Sdist        *File
	Wheels       []File
	// Extras and Groups have what these add to the dependencies, by name. Those
	// that add nothing are not written.
	Extras   []ExtraDependencies
	Groups   []GroupDependencies
	Metadata Metadata
}

// ExtraDependencies are the dependencies of an extra.
type ExtraDependencies struct {
	Name         pyname.Extra
	Dependencies []Dependency
}

// GroupDependencies are the dependencies of a dependency group.
type GroupDependencies struct {
	Name         pyname.Group
	Dependencies []Dependency
}

// A Dependency is an edge to another package of the lock, or to the same.
type Dependency struct {
	To     int            // index into the packages of the lock
	Extras []pyname.Extra // sorted
	Marker marker.Tree    // as in the file; see Lock.Whole
}

// Metadata is what a package that may change asks for: members of the workspace,
// source trees, and archives that no index lists.
type Metadata struct {
	RequiresDist   []Requirement // sorted
	ProvidesExtras []pyname.Extra
	Groups         []Group // sorted by name; empty ones too
}

// A File is a wheel or a source distribution. At most one of URL, Path and Name
// is set; a source distribution behind a direct URL or path has none.
type File struct {
	URL  string
	Path string // below the folder that is the registry, with slashes
	Name string // of a wheel whose source is its place
	// Hash is `algorithm:hexadecimal`, or "" if none is known.
	Hash string
	Size int64 // in bytes; -1 if it is not known
	// Uploaded is the time as in the file, or "" if it is not known.
	Uploaded string
	Zstd     *Zstd
}

// Zstd is a compressed twin of a wheel that some registries offer.
type Zstd struct {
	Hash string
	Size int64 // -1 if it is not known
}

// UploadTime is when the file was uploaded, zero if that is not known.
func (f *File) UploadTime() time.Time {
	t, err := time.Parse(time.RFC3339Nano, f.Uploaded)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// Filename is the name of the file as its place has it, decoded; "" if the place
// is that of the package.
func (f *File) Filename() string {
	switch {
	case f.Name != "":
		return f.Name
	case f.Path != "":
		return f.Path[strings.LastIndexByte(f.Path, '/')+1:]
	}
	return urlFilename(f.URL)
}

// Named are the packages of a name, as a range of indices: from first up to but
// not including end.
func (l *Lock) Named(name pyname.Package) (first, end int) {
	at, ok := l.first[name]
	if !ok {
		return 0, 0
	}
	first = int(at)
	for end = first + 1; end < len(l.Packages) && l.Packages[end].Name == name; end++ {
	}
	return first, end
}

// Only is the package of a name, if there is exactly one.
func (l *Lock) Only(name pyname.Package) *Package {
	first, end := l.Named(name)
	if end-first != 1 {
		return nil
	}
	return &l.Packages[first]
}

// Whole adds to a marker of the lock what the file leaves out: that the Python
// is one of requires-python, and the environment one of the forks.
func (l *Lock) Whole(m marker.Tree) marker.Tree {
	return l.RequiresPython.Complexify(m).And(l.whole)
}

// seal completes a lock whose exported fields are set.
func (l *Lock) seal() {
	l.first = make(map[pyname.Package]int32, len(l.Packages))
	for i := range l.Packages {
		if i == 0 || l.Packages[i].Name != l.Packages[i-1].Name {
			l.first[l.Packages[i].Name] = int32(i)
		}
	}
	l.whole = l.RequiresPython.Marker()
	if len(l.Forks) > 0 {
		all := marker.False()
		for _, f := range l.Forks {
			all = all.Or(l.RequiresPython.Complexify(f).WithoutExtras())
		}
		l.whole = all
	}
}

// compareID orders packages.
func (p *Package) compareID(q *Package) int {
	return cmp.Or(cmp.Compare(p.Name, q.Name), compareVersions(p.Version, q.Version), p.Source.Compare(q.Source))
}

// compareVersions orders versions, those that are not known first.
func compareVersions(a, b pep440.Version) int {
	switch {
	case a.IsZero() && b.IsZero():
		return 0
	case a.IsZero():
		return -1
	case b.IsZero():
		return 1
	}
	return a.Compare(b)
}

// ID names the package in messages: name and version, or its place.
func (p *Package) ID() string {
	if p.Version.IsZero() {
		return string(p.Name) + " @ " + p.Source.String()
	}
	return string(p.Name) + "==" + p.Version.String() + " @ " + p.Source.String()
}

// Extra is what an extra adds to the dependencies.
func (p *Package) Extra(name pyname.Extra) []Dependency {
	for i := range p.Extras {
		if p.Extras[i].Name == name {
			return p.Extras[i].Dependencies
		}
	}
	return nil
}

// HasExtra reports whether the package has an extra, as far as the lock knows.
func (p *Package) HasExtra(name pyname.Extra) bool {
	return slices.ContainsFunc(p.Extras, func(e ExtraDependencies) bool { return e.Name == name })
}

// Group is what a dependency group needs.
func (p *Package) Group(name pyname.Group) []Dependency {
	for i := range p.Groups {
		if p.Groups[i].Name == name {
			return p.Groups[i].Dependencies
		}
	}
	return nil
}

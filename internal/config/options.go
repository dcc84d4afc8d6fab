package config

import (
	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// Options are the settings of one file or of several combined. A nil field is
// not set; an empty list or map is set, to nothing. Fields that are texts out
// of a few hold one of the values that their comment names.
type Options struct {
	RequiredVersion     *pep440.Specifiers // required-version: the versions of uv that may be used
	SystemCerts         *bool
	NativeTLS           *bool // deprecated name of SystemCerts
	Offline             *bool
	NoCache             *bool
	CacheDir            *string // relative to the working directory
	Preview             *Preview
	PythonPreference    *string // only-managed, managed, system, only-system
	PythonDownloads     *string // automatic, manual, never
	ConcurrentDownloads *int    // all three at least 1
	ConcurrentBuilds    *int
	ConcurrentInstalls  *int
	HTTPProxy           *string // with a scheme
	HTTPSProxy          *string
	NoProxy             []string
	AllowInsecureHost   []string // host, host:port, scheme://host:port, or *

	Index []Index
	Resolver

	NoBuildPackage    []pyname.Package
	NoBinary          *bool
	NoBinaryPackage   []pyname.Package
	PrereleasePackage map[pyname.Package]string // as Prerelease

	PythonInstallMirror    *string
	PyPyInstallMirror      *string
	PythonDownloadsJSONURL *string

	PublishURL        *string
	TrustedPublishing *string // automatic, always, never
	CheckURL          *Index  // only URL and Given
	AddBounds         *string // lower, major, minor, exact

	Audit     Audit
	Pip       Pip
	CacheKeys []CacheKey

	OverrideDependencies        []Override
	ExcludeDependencies         []Exclude
	ConstraintDependencies      []pep508.Requirement
	BuildConstraintDependencies []pep508.Requirement
	Environments                []marker.Tree // environments; pyproject.toml only
	RequiredEnvironments        []marker.Tree

	Tame Tame // what uv does not have
}

// Resolver are the settings that the top level and the pip table share.
type Resolver struct {
	IndexURL                *Index // deprecated: the default index
	ExtraIndexURL           []Index
	NoIndex                 *bool
	FindLinks               []Index
	IndexStrategy           *string // first-index, unsafe-first-match, unsafe-best-match
	KeyringProvider         *auth.Keyring
	Resolution              *string // highest, lowest, lowest-direct
	Prerelease              *string // disallow, allow, if-necessary, explicit, if-necessary-or-explicit
	ForkStrategy            *string // fewest, requires-python
	DependencyMetadata      []StaticMetadata
	ConfigSettings          ConfigSettings
	ConfigSettingsPackage   map[pyname.Package]ConfigSettings
	NoBuildIsolation        *bool
	NoBuildIsolationPackage []pyname.Package
	ExtraBuildDependencies  map[pyname.Package][]ExtraBuildDependency
	ExtraBuildVariables     map[pyname.Package]map[string]string
	ExcludeNewer            *index.Cutoff
	ExcludeNewerPackage     map[pyname.Package]index.Cutoff
	LinkMode                *fsx.LinkMode
	CompileBytecode         *bool
	NoSources               *bool
	NoSourcesPackage        []pyname.Package
	Upgrade                 *bool
	UpgradePackage          []pep508.Requirement
	Reinstall               *bool
	ReinstallPackage        []pyname.Package
	NoBuild                 *bool
	TorchBackend            *string // auto, cpu, cu128, rocm6.3, xpu, …
}

// Pip are the settings of the pip table, which count for the pip-like commands
// and there come before the top level.
type Pip struct {
	Resolver
	Python                 *string
	System                 *bool
	BreakSystemPackages    *bool
	Target                 *string
	Prefix                 *string
	NoBinary               []string // packages, or :all: and :none:
	OnlyBinary             []string
	Strict                 *bool
	Extra                  []pyname.Extra
	AllExtras              *bool
	NoExtra                []pyname.Extra
	NoDeps                 *bool
	Group                  []PipGroup
	AllowEmptyRequirements *bool
	OutputFile             *string
	NoStripExtras          *bool
	NoStripMarkers         *bool
	NoAnnotate             *bool
	NoHeader               *bool
	CustomCompileCommand   *string
	GenerateHashes         *bool
	PythonVersion          *string
	PythonPlatform         *string // see tags.ParseTarget
	Universal              *bool
	NoEmitPackage          []pyname.Package
	EmitIndexURL           *bool
	EmitFindLinks          *bool
	EmitBuildOptions       *bool
	EmitMarkerExpression   *bool
	EmitIndexAnnotation    *bool
	AnnotationStyle        *string // line, split
	RequireHashes          *bool
	VerifyHashes           *bool
}

// Audit are the settings of the audit table.
type Audit struct {
	MalwareCheck     *bool
	MalwareCheckURL  *string
	Ignore           []string
	IgnoreUntilFixed []string
}

// Preview says which features that are still being tried out are on: all, none
// or those named.
type Preview struct {
	All      bool
	Features []string
}

// Origin tells from which kind of file an index comes.
type Origin uint8

// The origins, from the nearest to the farthest.
const (
	OriginUnknown Origin = iota // a pyproject.toml, a script, or --config-file
	OriginProject               // a project's uv.toml
	OriginUser
	OriginSystem
	OriginCommandLine // or a variable
)

// An Index is a place to find packages, an entry of [[index]] or a URL.
type Index struct {
	Name             string // letters, digits, "-", "_" and "."; "" if it has none
	URL              string // absolute; file: for folders
	Given            string // as written
	Default          bool
	Explicit         bool
	Flat             bool // format = "flat": a page or folder of files, else the simple API
	PublishURL       string
	Authenticate     auth.Policy
	IgnoreErrorCodes []int // nil if not given
	CacheControlAPI  *string
	CacheControlFile *string
	ExcludeNewer     *index.Cutoff
	HashAlgorithm    string // md5, sha256, sha384, sha512, blake2b, or ""
	Origin           Origin
}

// ConfigSettings are what a build backend is told (PEP 517, config_settings).
type ConfigSettings map[string]ConfigSetting

// A ConfigSetting is one text, or a list of them.
type ConfigSetting struct {
	Values []string
	List   bool // a list, even of one
}

// StaticMetadata stands in for the metadata of a package.
type StaticMetadata struct {
	Name           pyname.Package
	Version        *pep440.Version // nil for all
	RequiresDist   []pep508.Requirement
	RequiresPython *pep440.Specifiers
	ProvidesExtra  []pyname.Extra
}

// ExtraBuildDependency is a package that a build needs beyond what it says.
type ExtraBuildDependency struct {
	Requirement  pep508.Requirement
	MatchRuntime bool
}

// A Scope restricts an override or an exclusion to the dependencies of one
// package, perhaps of one version of it. The zero Scope does not restrict.
type Scope struct {
	Name    pyname.Package
	Version *pep440.Version
}

// An Override replaces requirements: everywhere, or those of one package.
type Override struct {
	Scope        Scope
	Requirements []pep508.Requirement // exactly one without a scope
}

// An Exclude drops dependencies: everywhere, or those of one package.
type Exclude struct {
	Scope Scope
	Names []pyname.Package // exactly one without a scope
}

// PipGroup is a dependency group of a pyproject.toml, "" for the one in the
// working directory.
type PipGroup struct {
	Path string
	Name pyname.Group
}

// A CacheKey is something that a local package's build depends on. Exactly one
// of the fields is set, or Git with what of the repository counts.
type CacheKey struct {
	File, Dir, Env string // a path or glob; a folder; a variable
	Git            bool
	GitCommit      bool
	GitTags        bool
}

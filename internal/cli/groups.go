package cli

import (
	"github.com/tame-py/tame/internal/settings"
)

// Flags that several commands share, in the groups in which the help lists
// them. The zero value of each group means that nothing was given.

// indexFlags say where distributions are looked for.
type indexFlags struct{ settings.Indexes }

func (i *indexFlags) register(f *flags) {
	f.Under("Index options")
	f.List(&i.Index, "index", "[NAME=]URL", "Look in this index too, before the default one").FromEnv("UV_INDEX")
	f.Optional(&i.DefaultIndex, "default-index", "URL", "The index that is asked last; without it, the one that the interpreter's own pip uses").FromEnv("UV_DEFAULT_INDEX")
	f.Optional(&i.IndexURL, "index-url,i", "URL", "The older name of `--default-index`").FromEnv("UV_INDEX_URL").Alias("pypi-url")
	f.List(&i.ExtraIndexURL, "extra-index-url", "URL", "The older name of `--index`").FromEnv("UV_EXTRA_INDEX_URL")
	f.List(&i.FindLinks, "find-links,f", "LOCATION", "Look in this folder, or on this page of links").FromEnv("UV_FIND_LINKS")
	f.Pair(&i.NoIndex, "no-index", "", "Ask no index, only `--find-links` and direct references")
	f.strategyAndKeyring(i)
}

func (f *flags) strategyAndKeyring(i *indexFlags) {
	f.Choice(&i.Strategy, "index-strategy", "STRATEGY", "How to choose among several indexes",
		"first-index", "unsafe-first-match", "unsafe-best-match", "first-match", "unsafe-any-match").FromEnv("UV_INDEX_STRATEGY")
	f.keyring(&i.Keyring)
}

func (f *flags) keyring(p *string) {
	f.Choice(p, "keyring-provider", "PROVIDER", "Ask a keyring for the credentials of indexes", "disabled", "subprocess", "native").FromEnv("UV_KEYRING_PROVIDER")
}

// timeFlags hide what is newer than a moment.
type timeFlags struct{ settings.Times }

func (t *timeFlags) register(f *flags) { f.times(&t.Times) }

func (f *flags) times(t *settings.Times) {
	f.Optional(&t.ExcludeNewer, "exclude-newer", "TIME", "Use only files uploaded before this moment: a time, a date, or a span such as `3 weeks`").FromEnv("UV_EXCLUDE_NEWER")
	f.List(&t.ExcludeNewerPackage, "exclude-newer-package", "NAME=TIME", "The same for one package; `false` lifts the limit")
}

// resolverFlags say which versions are chosen.
type resolverFlags struct{ settings.Resolver }

func (r *resolverFlags) register(f *flags) {
	f.Under("Resolver options")
	f.Pair(&r.Upgrade, "upgrade,U", "no-upgrade", "Prefer new versions over those of an existing output file or environment")
	f.List(&r.UpgradePackage, "upgrade-package,P", "NAME", "The same for one package")
	f.List(&r.UpgradeGroup, "upgrade-group", "GROUP", "The same for the packages of a dependency group")
	f.Choice(&r.Resolution, "resolution", "MODE", "Which of the matching versions to take", "highest", "lowest", "lowest-direct").FromEnv("UV_RESOLUTION")
	f.Choice(&r.Prerelease, "prerelease", "MODE", "When to take pre-releases",
		"disallow", "allow", "if-necessary", "explicit", "if-necessary-or-explicit").FromEnv("UV_PRERELEASE")
	f.List(&r.PrereleasePackage, "prerelease-package", "NAME=MODE", "The same for one package")
	f.Bool(&r.Pre, "pre", "Take pre-releases").Hide()
	f.Choice(&r.ForkStrategy, "fork-strategy", "STRATEGY", "What to favour where Pythons or platforms need different versions",
		"fewest", "requires-python").FromEnv("UV_FORK_STRATEGY")
	f.times(&r.Times)
	f.sources(&r.Sources)
}

// sources are the flags that turn off `[tool.uv.sources]`.
func (f *flags) sources(s *settings.Sources) {
	f.Pair(&s.NoSources, "no-sources", "", "Ignore `tool.uv.sources`").FromEnv("UV_NO_SOURCES")
	f.List(&s.NoSourcesPackage, "no-sources-package", "NAME", "The same for one package").FromEnv("UV_NO_SOURCES_PACKAGE")
}

// installerFlags say how packages get into an environment.
type installerFlags struct{ settings.Installer }

func (i *installerFlags) register(f *flags) {
	f.Under("Installer options")
	f.Pair(&i.Reinstall, "reinstall", "no-reinstall", "Install again what is installed already").Alias("force-reinstall")
	f.List(&i.ReinstallPackage, "reinstall-package", "NAME", "The same for one package")
	f.linkMode(&i.LinkMode)
	f.Pair(&i.CompileBytecode, "compile-bytecode", "no-compile-bytecode", "Compile Python files to bytecode after installing").Alias("compile").FromEnv("UV_COMPILE_BYTECODE")
}

func (f *flags) linkMode(p *string) {
	f.Choice(p, "link-mode", "MODE", "How files get from the cache into the environment", "clone", "copy", "hardlink", "symlink").FromEnv("UV_LINK_MODE")
}

// buildFlags say how source distributions are built.
type buildFlags struct{ settings.Build }

func (b *buildFlags) register(f *flags) {
	f.Under("Build options")
	f.List(&b.ConfigSetting, "config-setting,C", "KEY=VALUE", "Hand a setting to the build backend").Alias("config-settings")
	f.List(&b.ConfigSettingsPackage, "config-settings-package", "NAME:KEY=VALUE", "The same for one package").Alias("config-setting-package")
	f.Pair(&b.NoBuildIsolation, "no-build-isolation", "build-isolation", "Build in the environment itself").FromEnv("UV_NO_BUILD_ISOLATION")
	f.List(&b.NoBuildIsolationPackage, "no-build-isolation-package", "NAME", "The same for one package")
}

// binaryFlags choose between wheels and source distributions as pip does.
type binaryFlags struct{ settings.Binary }

func (b *binaryFlags) register(f *flags) {
	f.Under("Build options")
	f.Pair(&b.NoBuild, "no-build", "build", "Build nothing: run no code of a package")
	f.Commas(&b.NoBinary, "no-binary", "NAMES", "Use no wheels of these packages (`:all:`, `:none:`)")
	f.Commas(&b.OnlyBinary, "only-binary", "NAMES", "Use only wheels of these packages (`:all:`, `:none:`)")
}

// refreshFlags ask indexes again for what the cache has.
type refreshFlags struct{ settings.Refresh }

func (r *refreshFlags) register(f *flags) {
	f.Under("Cache options")
	f.Pair(&r.All, "refresh", "no-refresh", "Ask again for everything that the cache has")
	f.List(&r.Packages, "refresh-package", "NAME", "The same for one package")
}

// environmentFlags name the environment of a `pip` command.
type environmentFlags struct{ settings.Environment }

func (e *environmentFlags) register(f *flags, changes bool) {
	f.Under("Python options")
	f.python(&e.Python)
	f.Pair(&e.System, "system", "no-system", "Use the Python of the system rather than a virtual environment").FromEnv("UV_SYSTEM_PYTHON")
	if changes {
		f.Pair(&e.BreakSystem, "break-system-packages", "no-break-system-packages", "Change an environment even if it says that something else manages it").FromEnv("UV_BREAK_SYSTEM_PACKAGES").
			Negated("Leave an environment alone if it says that something else manages it, which is the default")
	}
	f.Exclusive("system", "no-system")
}

func (e *environmentFlags) registerPlaces(f *flags) {
	f.Optional(&e.Target, "target,t", "DIR", "Use this directory instead of an environment")
	f.Optional(&e.Prefix, "prefix", "DIR", "Use the `lib`, `bin` and so on below this directory")
	f.Exclusive("target", "prefix")
}

func (f *flags) python(p **string) {
	f.Optional(p, "python,p", "PYTHON", "The Python to use: a version, a name or a path").FromEnv("UV_PYTHON")
}

// platformFlags resolve for another Python or platform than the one at hand.
type platformFlags struct {
	pythonVersion, pythonPlatform string
}

func (p *platformFlags) register(f *flags) {
	f.Text(&p.pythonVersion, "python-version", "VERSION", "Resolve for this version of Python")
	f.Text(&p.pythonPlatform, "python-platform", "PLATFORM", "Resolve for this platform: linux, windows, macos or a target triple")
}

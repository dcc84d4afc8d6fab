package config

import (
	"slices"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// makeOptionFields lists the keys of uv.toml and [tool.uv] in uv's order, which
// is the order in which messages list them.
func makeOptionFields() []field[Options] {
	type O = Options
	resolver := lift(resolverFields(), func(o *O) *Resolver { return &o.Resolver })
	locations, rest := resolver[:locationFields], resolver[locationFields:]
	return slices.Concat(
		globalFields(),
		[]field[O]{many("index", func(o *O) *[]Index { return &o.Index }, asIndex)},
		locations,
		[]field[O]{
			one("http-proxy", func(o *O) **string { return &o.HTTPProxy }, asProxy),
			one("https-proxy", func(o *O) **string { return &o.HTTPSProxy }, asProxy),
			many("no-proxy", func(o *O) *[]string { return &o.NoProxy }, asText),
			many("allow-insecure-host", func(o *O) *[]string { return &o.AllowInsecureHost }, asHost),
			names("prerelease-package", func(o *O) *map[pyname.Package]string { return &o.PrereleasePackage }, asPrerelease, higher),
		},
		rest,
		buildFields(),
		publishFields(),
		[]field[O]{
			nested("audit", "struct AuditOptions", func(o *O) *Audit { return &o.Audit }, auditFields, false),
			nested("pip", "struct PipOptions", func(o *O) *Pip { return &o.Pip }, pipFields, true),
			many("cache-keys", func(o *O) *[]CacheKey { return &o.CacheKeys }, asCacheKey),
		},
		dependencyFields(),
		projectFields(),
	)
}

func globalFields() []field[Options] {
	type O = Options
	return []field[O]{
		one("required-version", func(o *O) **pep440.Specifiers { return &o.RequiredVersion }, asRequiredVersion),
		one("system-certs", func(o *O) **bool { return &o.SystemCerts }, asBool),
		one("native-tls", func(o *O) **bool { return &o.NativeTLS }, asBool),
		one("offline", func(o *O) **bool { return &o.Offline }, asBool),
		one("no-cache", func(o *O) **bool { return &o.NoCache }, asBool),
		one("cache-dir", func(o *O) **string { return &o.CacheDir }, asPath),
		one("preview", func(o *O) **Preview { return &o.Preview }, asPreview),
		one("preview-features", func(o *O) **Preview { return &o.Preview }, asPreviewFeatures),
		one("python-preference", func(o *O) **string { return &o.PythonPreference }, choice("only-managed", "managed", "system", "only-system")),
		one("python-downloads", func(o *O) **string { return &o.PythonDownloads }, choice("auto=automatic", "automatic", "manual", "never")),
		one("concurrent-downloads", func(o *O) **int { return &o.ConcurrentDownloads }, asPositive),
		one("concurrent-builds", func(o *O) **int { return &o.ConcurrentBuilds }, asPositive),
		one("concurrent-installs", func(o *O) **int { return &o.ConcurrentInstalls }, asPositive),
	}
}

// locationFields is how many of resolverFields stand in front of the proxies.
const locationFields = 6

func resolverFields() []field[Resolver] {
	type R = Resolver
	return []field[R]{
		one("index-url", func(r *R) **Index { return &r.IndexURL }, asIndexURL),
		many("extra-index-url", func(r *R) *[]Index { return &r.ExtraIndexURL }, asIndexURL),
		one("no-index", func(r *R) **bool { return &r.NoIndex }, asBool),
		many("find-links", func(r *R) *[]Index { return &r.FindLinks }, asFindLinks),
		one("index-strategy", func(r *R) **string { return &r.IndexStrategy }, choice("first-index", "unsafe-any-match=unsafe-first-match", "unsafe-first-match", "unsafe-best-match")),
		one("keyring-provider", func(r *R) **auth.Keyring { return &r.KeyringProvider }, typedChoice[auth.Keyring]("disabled", "subprocess")),
		one("resolution", func(r *R) **string { return &r.Resolution }, choice("highest", "lowest", "lowest-direct")),
		one("prerelease", func(r *R) **string { return &r.Prerelease }, asPrerelease),
		one("fork-strategy", func(r *R) **string { return &r.ForkStrategy }, choice("fewest", "requires-python")),
		many("dependency-metadata", func(r *R) *[]StaticMetadata { return &r.DependencyMetadata }, asStaticMetadata),
		settingsField(),
		names("config-settings-package", func(r *R) *map[pyname.Package]ConfigSettings { return &r.ConfigSettingsPackage }, asConfigSettings, ConfigSettings.Merge),
		one("no-build-isolation", func(r *R) **bool { return &r.NoBuildIsolation }, asBool),
		many("no-build-isolation-package", func(r *R) *[]pyname.Package { return &r.NoBuildIsolationPackage }, asPackage),
		names("extra-build-dependencies", func(r *R) *map[pyname.Package][]ExtraBuildDependency { return &r.ExtraBuildDependencies }, asBuildDependencies, appendLists),
		names("extra-build-variables", func(r *R) *map[pyname.Package]map[string]string { return &r.ExtraBuildVariables }, asVariables, joinVariables),
		one("exclude-newer", func(r *R) **index.Cutoff { return &r.ExcludeNewer }, asCutoff),
		names("exclude-newer-package", func(r *R) *map[pyname.Package]index.Cutoff { return &r.ExcludeNewerPackage }, asCutoff, higher),
		one("link-mode", func(r *R) **fsx.LinkMode { return &r.LinkMode }, typedChoice[fsx.LinkMode]("clone", "reflink", "copy", "hardlink", "symlink")),
		one("compile-bytecode", func(r *R) **bool { return &r.CompileBytecode }, asBool),
		one("no-sources", func(r *R) **bool { return &r.NoSources }, asBool),
		many("no-sources-package", func(r *R) *[]pyname.Package { return &r.NoSourcesPackage }, asPackage),
		one("upgrade", func(r *R) **bool { return &r.Upgrade }, asBool),
		many("upgrade-package", func(r *R) *[]pep508.Requirement { return &r.UpgradePackage }, asRequirement),
		one("reinstall", func(r *R) **bool { return &r.Reinstall }, asBool),
		many("reinstall-package", func(r *R) *[]pyname.Package { return &r.ReinstallPackage }, asPackage),
		one("no-build", func(r *R) **bool { return &r.NoBuild }, asBool),
		one("torch-backend", func(r *R) **string { return &r.TorchBackend }, choice(TorchBackends()...)),
	}
}

func settingsField() field[Resolver] {
	return field[Resolver]{
		name: "config-settings",
		read: func(r *Resolver, v *toml.Value) (err error) {
			r.ConfigSettings, err = asConfigSettings(v)
			return err
		},
		merge: func(high, low *Resolver) { high.ConfigSettings = high.ConfigSettings.Merge(low.ConfigSettings) },
		isSet: func(r *Resolver) bool { return r.ConfigSettings != nil },
	}
}

func buildFields() []field[Options] {
	type O = Options
	return []field[O]{
		many("no-build-package", func(o *O) *[]pyname.Package { return &o.NoBuildPackage }, asPackage),
		one("no-binary", func(o *O) **bool { return &o.NoBinary }, asBool),
		many("no-binary-package", func(o *O) *[]pyname.Package { return &o.NoBinaryPackage }, asPackage),
	}
}

func publishFields() []field[Options] {
	type O = Options
	return []field[O]{
		one("python-install-mirror", func(o *O) **string { return &o.PythonInstallMirror }, asText),
		one("pypy-install-mirror", func(o *O) **string { return &o.PyPyInstallMirror }, asText),
		one("python-downloads-json-url", func(o *O) **string { return &o.PythonDownloadsJSONURL }, asText),
		one("publish-url", func(o *O) **string { return &o.PublishURL }, asURL),
		one("trusted-publishing", func(o *O) **string { return &o.TrustedPublishing }, choice("automatic", "always", "never")),
		one("check-url", func(o *O) **Index { return &o.CheckURL }, asIndexURL),
		one("add-bounds", func(o *O) **string { return &o.AddBounds }, choice("lower", "major", "minor", "exact")),
	}
}

func auditFields() []field[Audit] {
	return []field[Audit]{
		one("malware-check", func(a *Audit) **bool { return &a.MalwareCheck }, asBool),
		one("malware-check-url", func(a *Audit) **string { return &a.MalwareCheckURL }, asURL),
		many("ignore", func(a *Audit) *[]string { return &a.Ignore }, asText),
		many("ignore-until-fixed", func(a *Audit) *[]string { return &a.IgnoreUntilFixed }, asText),
	}
}

// ownFields lists the keys that belong to a project itself.
func ownFields() []field[Options] {
	index := many("index", func(o *Options) *[]Index { return &o.Index }, asIndex)
	return append(dependencyFields(), index)
}

func dependencyFields() []field[Options] {
	type O = Options
	return slices.Concat([]field[O]{
		many("override-dependencies", func(o *O) *[]Override { return &o.OverrideDependencies }, asOverride),
		many("exclude-dependencies", func(o *O) *[]Exclude { return &o.ExcludeDependencies }, asExclude),
		many("constraint-dependencies", func(o *O) *[]pep508.Requirement { return &o.ConstraintDependencies }, asRequirement),
		many("build-constraint-dependencies", func(o *O) *[]pep508.Requirement { return &o.BuildConstraintDependencies }, asRequirement),
	}, only(projectOnly,
		environmentsField("environments", func(o *O) *[]marker.Tree { return &o.Environments }),
		environmentsField("required-environments", func(o *O) *[]marker.Tree { return &o.RequiredEnvironments }),
	))
}

// environmentsField is a list of markers that may also be one text. Unlike
// other lists the higher one counts alone.
func environmentsField(name string, at func(*Options) *[]marker.Tree) field[Options] {
	return field[Options]{
		name: name,
		read: func(o *Options, v *toml.Value) (err error) {
			*at(o), err = asEnvironments(v)
			return err
		},
		merge: func(high, low *Options) {
			if *at(high) == nil {
				*at(high) = *at(low)
			}
		},
		isSet: func(o *Options) bool { return *at(o) != nil },
	}
}

// projectFields are about a project and read by the packages that handle it.
func projectFields() []field[Options] {
	var out []field[Options]
	for _, name := range []string{
		"conflicts", "workspace", "sources", "managed", "package", "default-groups", "dependency-groups",
		"dev-dependencies", "build-backend",
	} {
		out = append(out, elsewhere[Options](name))
	}
	return only(projectOnly, out...)
}

// makePipFields lists the keys of the pip table.
func makePipFields() []field[Pip] {
	type P = Pip
	return slices.Concat([]field[P]{
		one("python", func(p *P) **string { return &p.Python }, asText),
		one("system", func(p *P) **bool { return &p.System }, asBool),
		one("break-system-packages", func(p *P) **bool { return &p.BreakSystemPackages }, asBool),
		one("target", func(p *P) **string { return &p.Target }, asPath),
		one("prefix", func(p *P) **string { return &p.Prefix }, asPath),
	}, lift(resolverFields(), func(p *P) *Resolver { return &p.Resolver }), []field[P]{
		many("no-binary", func(p *P) *[]string { return &p.NoBinary }, asPackageOrAll),
		many("only-binary", func(p *P) *[]string { return &p.OnlyBinary }, asPackageOrAll),
		one("strict", func(p *P) **bool { return &p.Strict }, asBool),
		many("extra", func(p *P) *[]pyname.Extra { return &p.Extra }, asExtra),
		one("all-extras", func(p *P) **bool { return &p.AllExtras }, asBool),
		many("no-extra", func(p *P) *[]pyname.Extra { return &p.NoExtra }, asExtra),
		one("no-deps", func(p *P) **bool { return &p.NoDeps }, asBool),
		many("group", func(p *P) *[]PipGroup { return &p.Group }, asPipGroup),
		one("allow-empty-requirements", func(p *P) **bool { return &p.AllowEmptyRequirements }, asBool),
	}, pipOutputFields())
}

func pipOutputFields() []field[Pip] {
	type P = Pip
	return []field[P]{
		one("output-file", func(p *P) **string { return &p.OutputFile }, asPath),
		one("no-strip-extras", func(p *P) **bool { return &p.NoStripExtras }, asBool),
		one("no-strip-markers", func(p *P) **bool { return &p.NoStripMarkers }, asBool),
		one("no-annotate", func(p *P) **bool { return &p.NoAnnotate }, asBool),
		one("no-header", func(p *P) **bool { return &p.NoHeader }, asBool),
		one("custom-compile-command", func(p *P) **string { return &p.CustomCompileCommand }, asText),
		one("generate-hashes", func(p *P) **bool { return &p.GenerateHashes }, asBool),
		one("python-version", func(p *P) **string { return &p.PythonVersion }, asPythonVersion),
		one("python-platform", func(p *P) **string { return &p.PythonPlatform }, asPlatform),
		one("universal", func(p *P) **bool { return &p.Universal }, asBool),
		many("no-emit-package", func(p *P) *[]pyname.Package { return &p.NoEmitPackage }, asPackage),
		one("emit-index-url", func(p *P) **bool { return &p.EmitIndexURL }, asBool),
		one("emit-find-links", func(p *P) **bool { return &p.EmitFindLinks }, asBool),
		one("emit-build-options", func(p *P) **bool { return &p.EmitBuildOptions }, asBool),
		one("emit-marker-expression", func(p *P) **bool { return &p.EmitMarkerExpression }, asBool),
		one("emit-index-annotation", func(p *P) **bool { return &p.EmitIndexAnnotation }, asBool),
		one("annotation-style", func(p *P) **string { return &p.AnnotationStyle }, choice("line", "split")),
		one("require-hashes", func(p *P) **bool { return &p.RequireHashes }, asBool),
		one("verify-hashes", func(p *P) **bool { return &p.VerifyHashes }, asBool),
	}
}

// TorchBackends lists the values of torch-backend.
func TorchBackends() []string {
	return []string{
		"auto", "cpu", "cu132", "cu130", "cu129", "cu128", "cu126", "cu125", "cu124", "cu123", "cu122", "cu121", "cu120",
		"cu118", "cu117", "cu116", "cu115", "cu114", "cu113", "cu112", "cu111", "cu110", "cu102", "cu101", "cu100", "cu92",
		"cu91", "cu90", "cu80", "rocm7.2", "rocm7.1", "rocm7.0", "rocm6.4", "rocm6.3", "rocm6.2.4", "rocm6.2", "rocm6.1",
		"rocm6.0", "rocm5.7", "rocm5.6", "rocm5.5", "rocm5.4.2", "rocm5.4", "rocm5.3", "rocm5.2", "rocm5.1.1", "rocm4.2",
		"rocm4.1", "rocm4.0.1", "xpu",
	}
}

package settings

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/build"
	"github.com/tame-py/tame/internal/cmdline"
	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/packaging/pyname"
)

// Build are the flags that say how source distributions are built.
type Build struct {
	ConfigSetting, ConfigSettingsPackage []string
	NoBuildIsolation                     *bool
	NoBuildIsolationPackage              []string
}

func (b *Build) apply(l *Layers, s *Settings) error {
	r := &s.Pip.Resolver
	if err := b.Check(); err != nil {
		return err
	}
	given := config.ConfigSettings{}
	for _, text := range b.ConfigSetting {
		addSetting(given, text)
	}
	if len(given) > 0 {
		r.ConfigSettings = given.Merge(r.ConfigSettings)
	}
	packages := map[pyname.Package]config.ConfigSettings{}
	for _, text := range b.ConfigSettingsPackage {
		name, setting, _ := strings.Cut(text, ":")
		p, err := pyname.ParsePackage(name)
		if err != nil {
			return err
		}
		if packages[p] == nil {
			packages[p] = config.ConfigSettings{}
		}
		addSetting(packages[p], setting)
	}
	if len(packages) > 0 {
		all := maps.Clone(r.ConfigSettingsPackage)
		if all == nil {
			all = map[pyname.Package]config.ConfigSettings{}
		}
		for p, given := range packages {
			all[p] = given.Merge(all[p])
		}
		r.ConfigSettingsPackage = all
	}
	isolation, err := l.Switch(b.NoBuildIsolation, "UV_NO_BUILD_ISOLATION")
	if err != nil {
		return err
	}
	Override(&r.NoBuildIsolation, isolation)
	for _, text := range b.NoBuildIsolationPackage {
		name, err := pyname.ParsePackage(text)
		if err != nil {
			return err
		}
		r.NoBuildIsolationPackage = append(slices.Clip(r.NoBuildIsolationPackage), name)
	}
	return nil
}

// addSetting adds `KEY=VALUE`. What is given several times is a list.
func addSetting(to config.ConfigSettings, text string) {
	key, value, _ := strings.Cut(text, "=")
	s := to[key]
	s.List = len(s.Values) > 0
	s.Values = append(s.Values, value)
	to[key] = s
}

// buildSettings are config settings in the terms of package build.
func buildSettings(c config.ConfigSettings) build.Settings {
	if len(c) == 0 {
		return nil
	}
	out := make(build.Settings, len(c))
	for key, s := range c {
		out[key] = build.Setting{Values: s.Values, List: s.List}
	}
	return out
}

// Check refuses values that could never apply, whether or not something is
// built.
func (b *Build) Check() error {
	for _, s := range b.ConfigSetting {
		if key, _, ok := strings.Cut(s, "="); !ok || key == "" {
			return cmdline.UsageError(fmt.Sprintf("invalid value %q for `--config-setting`: expected KEY=VALUE", s))
		}
	}
	for _, s := range b.ConfigSettingsPackage {
		name, setting, ok := strings.Cut(s, ":")
		if !ok || !strings.Contains(setting, "=") {
			return cmdline.UsageError(fmt.Sprintf("invalid value %q for `--config-settings-package`: expected NAME:KEY=VALUE", s))
		}
		if _, err := PackageNames("config-settings-package", []string{name}); err != nil {
			return err
		}
	}
	_, err := PackageNames("no-build-isolation-package", b.NoBuildIsolationPackage)
	return err
}

// PackageNames parses the names that a flag was given.
func PackageNames(flag string, values []string) (map[pyname.Package]bool, error) {
	names := make(map[pyname.Package]bool, len(values))
	for _, v := range values {
		name, err := pyname.ParsePackage(v)
		if err != nil {
			return nil, cmdline.UsageError(fmt.Sprintf("invalid value %q for `--%s`: %v", v, flag, err))
		}
		names[name] = true
	}
	return names, nil
}

// BuildOptions are the settings of building in the terms of the engine. The
// interpreter, constraints, limits and the way to the person are the caller's to add.
func (s *Settings) BuildOptions() (engine.BuildOptions, error) {
	r := &s.Pip.Resolver
	o := engine.BuildOptions{
		Settings: buildSettings(r.ConfigSettings), PackageSettings: map[pyname.Package]build.Settings{},
		Variables: r.ExtraBuildVariables, Extra: map[pyname.Package][]engine.ExtraRequirement{},
		Static: s.Static(), NoIsolation: index.Selection{All: isTrue(r.NoBuildIsolation)},
	}
	for name, c := range r.ConfigSettingsPackage {
		o.PackageSettings[name] = buildSettings(c)
	}
	for name, list := range r.ExtraBuildDependencies {
		for _, d := range list {
			o.Extra[name] = append(o.Extra[name], engine.ExtraRequirement{Requirement: d.Requirement, MatchRuntime: d.MatchRuntime})
		}
	}
	if len(r.NoBuildIsolationPackage) > 0 {
		o.NoIsolation.Packages = map[pyname.Package]bool{}
		for _, name := range r.NoBuildIsolationPackage {
			o.NoIsolation.Packages[name] = true
		}
	}
	options, err := s.ResolveOptions()
	if err != nil {
		return o, err
	}
	o.Resolve = resolve.Options{Merge: options.Merge}
	if s.Pip.LinkMode != nil {
		o.LinkMode = *s.Pip.LinkMode
	}
	return o, nil
}

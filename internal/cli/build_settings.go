package cli

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/build"
	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/packaging/pyname"
)

// apply puts the flags about building over the settings.
func (b *buildFlags) apply(a *app, r *config.Resolver) error {
	if err := b.check(); err != nil {
		return err
	}
	given := config.ConfigSettings{}
	for _, text := range b.configSetting {
		addSetting(given, text)
	}
	if len(given) > 0 {
		r.ConfigSettings = given.Merge(r.ConfigSettings)
	}
	packages := map[pyname.Package]config.ConfigSettings{}
	for _, text := range b.configSettingsPackage {
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
		for p, s := range packages {
			all[p] = s.Merge(all[p])
		}
		r.ConfigSettingsPackage = all
	}
	isolation, err := a.flagOrEnv(b.noBuildIsolation, "UV_NO_BUILD_ISOLATION")
	if err != nil {
		return err
	}
	override(&r.NoBuildIsolation, isolation)
	for _, text := range b.noBuildIsolationPackage {
		name, err := pyname.ParsePackage(text)
		if err != nil {
			return err
		}
		r.NoBuildIsolationPackage = append(r.NoBuildIsolationPackage, name)
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

// buildOptions are the settings in the terms of the engine.
func (a *app) buildOptions(s *workSettings, in *pip.Inputs, i *python.Interpreter) (engine.BuildOptions, error) {
	r := &s.pip.Resolver
	o := engine.BuildOptions{
		Interpreter: i, Settings: buildSettings(r.ConfigSettings), PackageSettings: map[pyname.Package]build.Settings{},
		Variables: r.ExtraBuildVariables, Extra: map[pyname.Package][]engine.ExtraRequirement{}, Lower: s.lower,
		Policy: s.policy(in), Static: s.static(), NoIsolation: index.Selection{All: isTrue(r.NoBuildIsolation)},
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
	options, err := s.resolveOptions()
	if err != nil {
		return o, err
	}
	o.Resolve = resolve.Options{Merge: options.Merge}
	if s.pip.LinkMode != nil {
		o.LinkMode = *s.pip.LinkMode
	}
	constraints := in
	if constraints == nil {
		constraints = &pip.Inputs{BuildConstraints: s.buildConstraints}
	}
	if len(constraints.BuildConstraints) > 0 {
		if o.Constraints, o.Hashes, err = constraints.Building(&i.Env); err != nil {
			return o, err
		}
	}
	if s.building {
		if o.Hashes.Required = isTrue(s.requireHashes); s.verifyHashes != nil && !*s.verifyHashes {
			o.Hashes.Allowed = nil
		}
	}
	if n := a.vars.ConcurrentBuilds; n != nil {
		o.Concurrent = *n
	} else if n := a.config.ConcurrentBuilds; n != nil {
		o.Concurrent = *n
	}
	if a.print.Debugging() {
		o.Output = &debugLines{print: func(line string) { a.print.Debug("%s", line) }}
	}
	o.Hidden = isTrue(a.vars.HideBuildOutput)
	o.Timeout, err = a.buildTimeout()
	return o, err
}

// buildTimeout is how long a call of a build backend may take, in seconds; none
// is no bound.
func (a *app) buildTimeout() (time.Duration, error) {
	text := a.env["TAME_BUILD_TIMEOUT"]
	if d := a.config.Tame.BuildTimeout; text == "" && d != nil {
		return *d, nil
	}
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text + "s")
	if err != nil || d < 0 {
		return 0, fmt.Errorf("invalid value `%s` for `TAME_BUILD_TIMEOUT`: a number of seconds is expected", text)
	}
	return d, nil
}

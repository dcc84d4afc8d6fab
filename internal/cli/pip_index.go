package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/settings"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// indexVersionsOptions are the flags of `pip index versions`, which are pip's.
type indexVersionsOptions struct {
	pipFlags
	index      indexFlags
	time       timeFlags
	binary     binaryFlags
	refresh    refreshFlags
	platform   platformFlags
	tags       targetFlags // in pip's form
	prerelease string
	pre        bool
	anyPython  bool
	json       bool
	format     string
}

func pipIndexGroup() command {
	return command{path: "pip index", own: true, short: "What package indexes have"}
}

func pipIndexVersionsCommand() command {
	return command{
		path: "pip index versions", reads: true, own: true, args: "<PACKAGE>", short: "List the versions of a package that there are for an environment",
		long: "Versions count that have a file for the Python and the platform, and that were not withdrawn. What is installed is told beside the latest.",
		prepare: func(f *flags) work {
			var o indexVersionsOptions
			f.Bool(&o.pre, "pre", "List pre-releases, too")
			f.Choice(&o.prerelease, "prerelease", "MODE", "The same with `allow`", "disallow", "allow", "if-necessary", "explicit", "if-necessary-or-explicit").
				Hide().FromEnv("UV_PRERELEASE")
			f.Bool(&o.anyPython, "ignore-requires-python", "List versions for other Pythons, too")
			f.Bool(&o.json, "json", "The same as `--output-format json`")
			f.Choice(&o.format, "output-format", "FORMAT", "How to answer", "text", "json")
			o.registerPip(f, false)
			o.register(f, false)
			f.Text(&o.platform.pythonVersion, "python-version", "VERSION", "For this version of Python")
			f.Text(&o.platform.pythonPlatform, "python-platform", "PLATFORM", "For this platform: linux, windows, macos or a target triple")
			o.tags.registerTags(f)
			o.index.register(f)
			o.time.register(f)
			o.binary.register(f)
			o.refresh.register(f)
			return func(ctx context.Context, a *app, args []string) error { return a.indexVersions(ctx, &o, args) }
		},
	}
}

// An indexVersions is the answer in JSON, which is pip's.
type indexVersions struct {
	Name      string   `json:"name"`
	Versions  []string `json:"versions"` // the newest first
	Latest    string   `json:"latest"`
	Installed string   `json:"installed_version,omitempty"`
}

func (a *app) indexVersions(ctx context.Context, o *indexVersionsOptions, args []string) error {
	if len(args) != 1 {
		return usageError("exactly one package is expected")
	}
	name, err := pyname.ParsePackage(args[0])
	if err != nil {
		return withHint(err, "only the name of a package is expected: all of its versions are listed")
	}
	s, err := a.installSettings(&installOptions{
		pipFlags: o.pipFlags, index: o.index, binary: o.binary, refresh: o.refresh, platform: o.platform,
		resolver: resolverFlags{settings.Resolver{Prerelease: o.prerelease, Pre: o.pre, Times: o.time.Times}},
	})
	if err != nil {
		return err
	}
	interpreter, installed, err := a.indexEnvironment(ctx, o, s, name)
	if err != nil {
		return err
	}
	versions, err := a.versionsFor(ctx, o, s, interpreter, name)
	if err != nil {
		return err
	}
	return a.showVersions(o, args[0], versions, installed)
}

// indexEnvironment is the Python to list versions for and the version that is
// installed there; without an environment any Python will do.
func (a *app) indexEnvironment(ctx context.Context, o *indexVersionsOptions, s *workSettings, name pyname.Package) (*python.Interpreter, pep440.Version, error) {
	env, err := a.pipEnvironment(ctx, &s.Pip, toInspect)
	var missing *python.EnvironmentNotFoundError
	if errors.As(err, &missing) {
		i, err := a.anyInterpreter(ctx, isTrue(s.Pip.System), text(s.Pip.Python), dotted(o.platform.pythonVersion))
		return i, pep440.Version{}, err
	}
	if err != nil {
		return nil, pep440.Version{}, err
	}
	site, err := a.site(env)
	if err != nil {
		return nil, pep440.Version{}, err
	}
	if found := site.Get(name); len(found) > 0 {
		return env.Interpreter, found[0].Version, nil
	}
	return env.Interpreter, pep440.Version{}, nil
}

func (a *app) versionsFor(ctx context.Context, o *indexVersionsOptions, s *workSettings, i *python.Interpreter, name pyname.Package) ([]pep440.Version, error) {
	o.tags.versions, o.tags.platforms = nonEmpty(o.platform.pythonVersion), nonEmpty(o.platform.pythonPlatform)
	if err := o.tags.settle(&s.Pip); err != nil {
		return nil, err
	}
	targets, err := o.tags.all(a, i)
	if err != nil {
		return nil, err
	}
	if len(targets) > 1 {
		return nil, usageError("only one platform can be asked for at once")
	}
	e, err := a.newEngine(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := a.connect(ctx, e, s, nil, i); err != nil {
		return nil, err
	}
	mode, named := s.PrereleasePackage[name]
	if !named {
		mode = text(s.Pip.Prerelease)
	}
	req := pip.VersionsRequest{
		Client: e.Index, Policy: s.policy(nil), Target: targets[0].Target, AnyPython: o.anyPython, Prereleases: mode == "allow",
	}
	return req.Versions(ctx, name)
}

// nonEmpty is a list of one text, or of none.
func nonEmpty(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// showVersions prints what pip prints.
func (a *app) showVersions(o *indexVersionsOptions, query string, versions []pep440.Version, installed pep440.Version) error {
	out := indexVersions{Name: query, Latest: versions[0].String()}
	for _, v := range versions {
		out.Versions = append(out.Versions, v.String())
	}
	if !installed.IsZero() {
		out.Installed = installed.String()
	}
	if o.json || o.format == "json" {
		return a.printJSON(out)
	}
	a.print.Data("%s (%s)\nAvailable versions: %s\n", query, out.Latest, strings.Join(out.Versions, ", "))
	switch {
	case installed.IsZero():
	case installed.Equal(versions[0]):
		a.print.Data("  INSTALLED: %s (latest)\n", installed)
	case versions[0].IsPrerelease():
		a.print.Data("  INSTALLED: %s\n  LATEST:    %s (pre-release; install with `%s pip install --pre`)\n", installed, versions[0], a.name)
	default:
		a.print.Data("  INSTALLED: %s\n  LATEST:    %s\n", installed, versions[0])
	}
	return nil
}

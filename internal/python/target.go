package python

import (
	"fmt"
	"strings"

	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/tags"
)

// A Target is an environment to resolve or check for: that of an interpreter,
// or one that differs from it in version or platform.
type Target struct {
	Env     *marker.Env
	Tags    *tags.Set
	Version pep440.Version
	// Other is set if it is not the interpreter's own.
	Other bool
}

// Target is the environment that the interpreter would be with another version
// or on another platform (`--python-version`, `--python-platform`); empty texts
// keep its own.
func (i *Interpreter) Target(version, platform string, getenv func(string) string) (Target, error) {
	t := Target{Env: &i.Env, Version: i.Version}
	if version == "" && platform == "" {
		var err error
		t.Tags, err = i.Tags()
		return t, err
	}
	t.Other = true
	on := i.Platform
	env := i.Env
	if platform != "" {
		target, err := tags.ParseTarget(platform, getenv)
		if err != nil {
			return t, err
		}
		on = target.Platform
		m := target.Markers
		env.OSName, env.SysPlatform = m.OSName, m.SysPlatform
		env.PlatformSystem, env.PlatformMachine = m.PlatformSystem, m.PlatformMachine
		env.PlatformRelease, env.PlatformVersion = m.PlatformRelease, m.PlatformVersion
	}
	if version != "" {
		v, err := ParseTargetVersion(version)
		if err != nil {
			return t, err
		}
		t.Version = v
		env = env.WithPython(v)
	}
	t.Env = &env
	var err error
	t.Tags, err = i.tagsFor(t.Version, on)
	return t, err
}

// ParseTargetVersion reads `--python-version`: a release of Python, of which
// the patch number may be left out and is then 0.
func ParseTargetVersion(text string) (pep440.Version, error) {
	v, err := pep440.Parse(text)
	if err != nil || strings.ContainsAny(text, "+!") || v.IsPostrelease() || v.IsDevrelease() || len(v.Release()) > 3 || v.Segment(0) > 255 {
		return v, fmt.Errorf("invalid Python version `%s`: a release such as 3.12 or 3.12.1 is expected", text)
	}
	if len(v.Release()) < 3 && !v.IsPrerelease() {
		segments := append(v.Release(), 0, 0)[:3]
		v = pep440.FromRelease(segments...)
	}
	return v, nil
}

// tagsFor are the tags of the interpreter's kind in another version on another
// platform.
func (i *Interpreter) tagsFor(v pep440.Version, on tags.Platform) (*tags.Set, error) {
	implementation, err := pep440.Parse(i.Env.ImplementationVersion)
	if err != nil || i.Implementation() == CPython {
		implementation = v
	}
	return tags.For(tags.Interpreter{
		Implementation: i.Implementation(),
		Major:          int(v.Segment(0)), Minor: int(v.Segment(1)),
		ImplMajor: int(implementation.Segment(0)), ImplMinor: int(implementation.Segment(1)),
		FreeThreaded: i.FreeThreaded, Debug: i.Debug, NoManylinux: i.NoManylinux,
	}, on)
}

// NamesPatch reports whether a `--python-version` names a patch release.
func NamesPatch(text string) bool {
	v, err := pep440.Parse(text)
	return err == nil && len(v.Release()) > 2
}

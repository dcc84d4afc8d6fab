package settings

import (
	"fmt"
	"time"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pyname"
)

// Settings are all that decides how a command resolves, builds and installs.
type Settings struct {
	// Pip are the settings one by one: those of commands about projects, too, which
	// leave empty what pip alone has.
	Pip     config.Pip
	Indexes []config.Index // the first one goes first

	NoBinary, NoBuild index.Selection
	PrereleasePackage map[pyname.Package]string // the modes, as they were written
}

// A Group is a group of flags, such as [Indexes], that puts itself over other
// settings.
type Group interface {
	apply(l *Layers, s *Settings) error
}

// Combine puts groups of flags, each with its variables, over the settings of files:
// base is what of those counts, see [ForProject] and [config.Options.ForPip].
func Combine(l *Layers, base config.Pip, groups ...Group) (*Settings, error) {
	s := &Settings{Pip: base}
	for _, g := range groups {
		if err := g.apply(l, s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// ForProject are the settings of files that count in commands about projects: not
// those of the table pip.
func ForProject(o *config.Options) config.Pip { return config.Pip{Resolver: o.Resolver} }

// ResolveOptions are the settings in the resolver's terms.
func (s *Settings) ResolveOptions() (resolve.Options, error) {
	o := resolve.Options{NoDeps: isTrue(s.Pip.NoDeps), PrereleasePackage: map[pyname.Package]resolve.Prerelease{}}
	if err := Set(&o.Resolution, s.Pip.Resolution); err != nil {
		return o, err
	}
	if err := Set(&o.Prerelease, s.Pip.Prerelease); err != nil {
		return o, err
	}
	if err := Set(&o.ForkStrategy, s.Pip.ForkStrategy); err != nil {
		return o, err
	}
	for name, mode := range s.PrereleasePackage {
		var p resolve.Prerelease
		if err := p.UnmarshalText([]byte(mode)); err != nil {
			return o, fmt.Errorf("invalid value for `--prerelease-package`: %w", err)
		}
		o.PrereleasePackage[name] = p
	}
	var strategy index.Strategy
	if err := Set(&strategy, s.Pip.IndexStrategy); err != nil {
		return o, err
	}
	switch strategy {
	case index.UnsafeFirstMatch:
		o.Merge = resolve.FirstMatchEach
	case index.UnsafeBestMatch:
		o.Merge = resolve.BestMatch
	}
	return o, nil
}

// Policy says which files may be used at the moment now. Published, if not zero, is
// the moment after which nothing counts as uploaded.
func (s *Settings) Policy(now, published time.Time) index.Policy {
	p := index.Policy{Now: now, Published: published, NoBinary: s.NoBinary, NoBuild: s.NoBuild}
	if c := s.Pip.ExcludeNewer; c != nil {
		p.ExcludeNewer.Global = *c
	}
	p.ExcludeNewer.Package = s.Pip.ExcludeNewerPackage
	return p
}

// Static is the metadata that the settings declare.
func (s *Settings) Static() []engine.StaticMetadata {
	var out []engine.StaticMetadata
	for _, m := range s.Pip.DependencyMetadata {
		e := engine.StaticMetadata{Name: m.Name, Metadata: metadata.Metadata{RequiresDist: m.RequiresDist, ProvidesExtra: m.ProvidesExtra}}
		if m.Version != nil {
			e.Version = *m.Version
		}
		if m.RequiresPython != nil {
			e.RequiresPython = *m.RequiresPython
		}
		out = append(out, e)
	}
	return out
}

// Refresh are the flags that ask indexes again for what the cache has.
type Refresh struct {
	All      *bool
	Packages []string
}

// CacheRefresh is what of the cache must be asked for again from a moment on: what
// the flags name, and what upgrading and reinstalling imply.
func (s *Settings) CacheRefresh(r *Refresh, now time.Time) (cache.Refresh, error) {
	if isTrue(r.All) || isTrue(s.Pip.Upgrade) || isTrue(s.Pip.Reinstall) {
		return cache.RefreshAll(now), nil
	}
	names, err := Packages("refresh-package", r.Packages)
	if err != nil {
		return cache.Refresh{}, err
	}
	for _, r := range s.Pip.UpgradePackage {
		names = append(names, r.Name)
	}
	names = append(names, s.Pip.ReinstallPackage...)
	if len(names) == 0 {
		return cache.Refresh{}, nil
	}
	return cache.RefreshPackages(now, names...), nil
}

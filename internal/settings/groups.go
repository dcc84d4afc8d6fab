package settings

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/cmdline"
	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// Times are the flags that hide what is newer than a moment.
type Times struct {
	ExcludeNewer        *string
	ExcludeNewerPackage []string
}

func (t *Times) apply(l *Layers, s *Settings) error {
	r := &s.Pip.Resolver
	if v := l.Text(t.ExcludeNewer, "UV_EXCLUDE_NEWER"); v != nil {
		c, err := index.ParseCutoff(*v, time.Local)
		if err != nil {
			return fmt.Errorf("invalid value for `--exclude-newer`: %w", err)
		}
		r.ExcludeNewer = &c
	}
	all := map[pyname.Package]index.Cutoff{}
	maps.Copy(all, r.ExcludeNewerPackage)
	for _, entry := range t.ExcludeNewerPackage {
		name, value, err := packageValue(entry)
		if err != nil {
			return fmt.Errorf("invalid value for `--exclude-newer-package`: %w", err)
		}
		c, err := index.ParseCutoff(value, time.Local)
		if err != nil {
			return fmt.Errorf("invalid value for `--exclude-newer-package`: %w", err)
		}
		all[name] = c
	}
	if len(all) > 0 {
		r.ExcludeNewerPackage = all
	}
	return nil
}

// Sources are the flags that turn off `[tool.uv.sources]`.
type Sources struct {
	NoSources        *bool
	NoSourcesPackage []string
}

func (f *Sources) apply(l *Layers, s *Settings) error {
	r := &s.Pip.Resolver
	v, err := l.Switch(f.NoSources, "UV_NO_SOURCES")
	if err != nil {
		return err
	}
	Override(&r.NoSources, v)
	names, err := Packages("no-sources-package", l.List(f.NoSourcesPackage, "UV_NO_SOURCES_PACKAGE"))
	r.NoSourcesPackage = append(names, r.NoSourcesPackage...)
	return err
}

// Resolver are the flags that say which versions are chosen.
type Resolver struct {
	Upgrade                      *bool
	UpgradePackage, UpgradeGroup []string
	Resolution, Prerelease       string
	PrereleasePackage            []string
	Pre                          bool
	ForkStrategy                 string
	Times
	Sources
}

func (f *Resolver) apply(l *Layers, s *Settings) error {
	r := &s.Pip.Resolver
	Override(&r.Upgrade, f.Upgrade)
	for _, text := range f.UpgradePackage {
		req, err := pep508.Parse(text)
		if err != nil {
			return fmt.Errorf("invalid value for `--upgrade-package`: %w", err)
		}
		r.UpgradePackage = append(slices.Clip(r.UpgradePackage), req)
	}
	Choose(&r.Resolution, f.Resolution, l.Env.Get("UV_RESOLUTION"))
	Choose(&r.Prerelease, f.Prerelease, l.Env.Get("UV_PRERELEASE"))
	if f.Pre {
		allow := "allow"
		r.Prerelease = &allow
	}
	Choose(&r.ForkStrategy, f.ForkStrategy, l.Env.Get("UV_FORK_STRATEGY"))
	if err := f.Times.apply(l, s); err != nil {
		return err
	}
	if err := f.applyPrereleases(l, s); err != nil {
		return err
	}
	return f.Sources.apply(l, s)
}

// Installer are the flags that say how packages get into an environment.
type Installer struct {
	Reinstall        *bool
	ReinstallPackage []string
	LinkMode         string
	CompileBytecode  *bool
}

func (i *Installer) apply(l *Layers, s *Settings) error {
	r := &s.Pip.Resolver
	Override(&r.Reinstall, i.Reinstall)
	names, err := Packages("reinstall-package", i.ReinstallPackage)
	if err != nil {
		return err
	}
	r.ReinstallPackage = append(names, r.ReinstallPackage...)
	compile, err := l.Switch(i.CompileBytecode, "UV_COMPILE_BYTECODE")
	if err != nil {
		return err
	}
	Override(&r.CompileBytecode, compile)
	return LinkMode(i.LinkMode).apply(l, s)
}

// applyPrereleases settles the pre-release modes of single projects.
func (f *Resolver) applyPrereleases(l *Layers, s *Settings) error {
	s.PrereleasePackage = map[pyname.Package]string{}
	maps.Copy(s.PrereleasePackage, l.Files.PrereleasePackage)
	for _, entry := range f.PrereleasePackage {
		name, mode, err := packageValue(entry)
		if err != nil {
			return fmt.Errorf("invalid value for `--prerelease-package`: %w", err)
		}
		s.PrereleasePackage[name] = mode
	}
	return nil
}

// LinkMode is the flag that says how files get from the cache into an environment,
// where that is all there is to say of installing.
type LinkMode string

func (m LinkMode) apply(l *Layers, s *Settings) error {
	text := First(string(m), l.Env.Get("UV_LINK_MODE"))
	if text == "" {
		return nil
	}
	if err := SetText(&s.Pip.LinkMode, text); err != nil {
		return fmt.Errorf("invalid value for `--link-mode`: %w", err)
	}
	return nil
}

// Torch is the flag that names the backend of PyTorch.
type Torch string

func (t Torch) apply(l *Layers, s *Settings) error {
	text := l.Env.Get("UV_TORCH_BACKEND")
	if text != "" && !slices.Contains(config.TorchBackends(), text) {
		return cmdline.UsageError(fmt.Sprintf("invalid value `%s` for UV_TORCH_BACKEND: possible values are %s", text, strings.Join(config.TorchBackends(), ", ")))
	}
	Choose(&s.Pip.TorchBackend, string(t), text)
	return nil
}

// Environment are the flags that name the environment of a command of pip.
type Environment struct {
	Python         *string
	System         *bool
	BreakSystem    *bool
	Target, Prefix *string
}

func (e *Environment) apply(l *Layers, s *Settings) error {
	p := &s.Pip
	if v := l.Text(e.Python, "UV_PYTHON"); v != nil && *v != "" {
		p.Python = v
	}
	system, err := l.Switch(e.System, "UV_SYSTEM_PYTHON")
	if err != nil {
		return err
	}
	Override(&p.System, system)
	broken, err := l.Switch(e.BreakSystem, "UV_BREAK_SYSTEM_PACKAGES")
	if err != nil {
		return err
	}
	Override(&p.BreakSystemPackages, broken)
	if e.Target != nil {
		p.Target, p.Prefix = e.Target, nil
	}
	if e.Prefix != nil {
		p.Prefix, p.Target = e.Prefix, nil
	}
	return nil
}

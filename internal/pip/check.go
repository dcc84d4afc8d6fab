package pip

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/target"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/tags"
)

// A CheckRequest asks whether the distributions of an environment fit together.
type CheckRequest struct {
	Site *install.Site
	Env  *marker.Env
	Tags *tags.Set // nil tests no tags
	// Python is the version to hold Requires-Python against, Installed the
	// one that messages tell.
	Python, Installed pep440.Version
}

// Check reads the metadata of everything installed and returns what does not
// fit, a sentence each, in the order of the projects' names.
func Check(ctx context.Context, req CheckRequest) ([]string, error) {
	site := req.Site
	site.Preload(ctx, 0, func(i *install.Installed) {
		_, _ = i.Metadata()
		if req.Tags != nil {
			_, _ = i.Tags()
		}
	})
	var out []string
	all := byName(site)
	for at, i := range all {
		if at > 0 && all[at-1].Name == i.Name {
			continue
		}
		if twins := site.Get(i.Name); len(twins) > 1 {
			paths := ""
			for _, t := range twins {
				paths += "\n  - " + t.Path
			}
			out = append(out, fmt.Sprintf("The package `%s` is installed more than once:%s", i.Name, paths))
			continue
		}
		out = append(out, req.problems(i)...)
	}
	return out, ctx.Err()
}

// byName are the distributions of a site sorted by name and version.
func byName(site *install.Site) []*install.Installed {
	all := slices.Clone(site.All())
	slices.SortStableFunc(all, func(a, b *install.Installed) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), a.Version.Compare(b.Version))
	})
	return all
}

func (req *CheckRequest) problems(i *install.Installed) []string {
	m, err := i.Metadata()
	if err != nil {
		return []string{fmt.Sprintf("The package `%s` is broken or incomplete (unable to read `METADATA`). Consider recreating the virtualenv, or removing the package directory at: %s.", i.Name, i.Path)}
	}
	var out []string
	if !target.AtLeast(req.Python).CoveredBy(m.RequiresPython) && !m.RequiresPython.Contains(req.Python) {
		out = append(out, fmt.Sprintf("The package `%s` requires Python %s, but `%s` is installed", i.Name, m.RequiresPython, req.Installed))
	}
	for _, r := range m.RequiresDist {
		if !r.Marker.Evaluate(req.Env, nil) {
			continue
		}
		if text := req.unmet(i, r); text != "" {
			out = append(out, text)
		}
	}
	if req.Tags != nil && !builtFor(i, req.Tags) {
		out = append(out, fmt.Sprintf("The package `%s` was built for a different platform", i.Name))
	}
	return out
}

func (req *CheckRequest) unmet(i *install.Installed, r pep508.Requirement) string {
	found := req.Site.Get(r.Name)
	switch {
	case len(found) == 0:
		return fmt.Sprintf("The package `%s` requires `%s`, but it's not installed", i.Name, r)
	case len(found) == 1 && !satisfies(found[0], r):
		return fmt.Sprintf("The package `%s` requires `%s`, but `%s` is installed", i.Name, r, found[0].Version)
	}
	return ""
}

// satisfies reports whether an installed distribution is what a dependency
// asks for. A dependency on a URL is taken at its name.
func satisfies(i *install.Installed, r pep508.Requirement) bool {
	return r.URL != "" || r.Specifiers.Contains(i.Version)
}

// builtFor reports whether a distribution's wheel fits the environment. One
// that does not say what it was built for is believed to.
func builtFor(i *install.Installed, set *tags.Set) bool {
	list, err := i.Tags()
	if err != nil || len(list) == 0 {
		return true
	}
	return slices.ContainsFunc(list, func(c tags.Compressed) bool { return set.Match(c).OK() })
}

// requires are the dependencies of a distribution that apply in the
// environment, sorted by name.
func requires(m *metadata.Metadata, env *marker.Env) []pep508.Requirement {
	var out []pep508.Requirement
	for _, r := range m.RequiresDist {
		if r.Marker.Evaluate(env, nil) {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b pep508.Requirement) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// A Shown is what `pip show` tells of a distribution.
type Shown struct {
	*install.Installed
	Requires   []string
	RequiredBy []string
	Files      []dist.RecordEntry
}

// Show reads what is to be shown of the named distributions, in the order of
// their names.
func Show(ctx context.Context, site *install.Site, env *marker.Env, names map[string]bool, files bool) ([]Shown, error) {
	site.Preload(ctx, 0, func(i *install.Installed) { _, _ = i.Metadata() })
	requiredBy := map[string][]string{}
	all := byName(site)
	needs := map[*install.Installed][]string{}
	for _, i := range all {
		m, err := i.Metadata()
		if err != nil {
			if names[string(i.Name)] {
				return nil, err
			}
			continue
		}
		for _, r := range requires(m, env) {
			if name := string(r.Name); !slices.Contains(needs[i], name) {
				needs[i] = append(needs[i], name)
				requiredBy[name] = append(requiredBy[name], string(i.Name))
			}
		}
	}
	var out []Shown
	for _, i := range all {
		if !names[string(i.Name)] {
			continue
		}
		s := Shown{Installed: i, Requires: needs[i], RequiredBy: slices.Compact(requiredBy[string(i.Name)])}
		if files {
			var err error
			if s.Files, err = i.Record(); err != nil {
				return nil, err
			}
			slices.SortFunc(s.Files, func(a, b dist.RecordEntry) int { return cmp.Compare(a.Path, b.Path) })
		}
		out = append(out, s)
	}
	return out, nil
}

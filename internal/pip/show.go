package pip

import (
	"cmp"
	"context"
	"slices"

	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep508"
)

// byName are the distributions of a site sorted by name and version.
func byName(site *install.Site) []*install.Installed {
	all := slices.Clone(site.All())
	slices.SortStableFunc(all, func(a, b *install.Installed) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), a.Version.Compare(b.Version))
	})
	return all
}

// satisfies reports whether an installed distribution is what a dependency
// asks for. A dependency on a URL is taken at its name.
func satisfies(i *install.Installed, r pep508.Requirement) bool {
	return r.URL != "" || r.Specifiers.Contains(i.Version)
}

// requires are the dependencies of a distribution that apply in the
// environment, sorted by name.
func requires(i *install.Installed, env *marker.Env) ([]pep508.Requirement, error) {
	out, err := i.Requires(env, nil)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(out, func(a, b pep508.Requirement) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// A Shown is what `pip show` tells of a distribution.
type Shown struct {
	*install.Installed
	Requires   []string
	RequiredBy []string
	Files      []dist.RecordEntry // in the order of RECORD
	Damage     error              // why its metadata, and so Requires, is not known
}

// Show reads what is to be shown of the named distributions, in the order of
// their names.
func Show(ctx context.Context, site *install.Site, env *marker.Env, names map[string]bool, files bool) ([]Shown, error) {
	requiredBy := map[string][]string{}
	all := byName(site)
	needs := map[*install.Installed][]string{}
	damage := map[*install.Installed]error{}
	for _, i := range all {
		list, err := requires(i, env)
		if err != nil {
			damage[i] = err
			continue
		}
		for _, r := range list {
			if name := string(r.Name); !slices.Contains(needs[i], name) {
				needs[i] = append(needs[i], name)
				if r.Name != i.Name { // for extras, projects require themselves
					requiredBy[name] = append(requiredBy[name], string(i.Name))
				}
			}
		}
	}
	var out []Shown
	for _, i := range all {
		if !names[string(i.Name)] {
			continue
		}
		s := Shown{Installed: i, Requires: needs[i], RequiredBy: slices.Compact(requiredBy[string(i.Name)]), Damage: damage[i]}
		if files {
			var err error
			if s.Files, err = i.Record(); err != nil {
				return nil, err
			}
		}
		out = append(out, s)
	}
	return out, nil
}

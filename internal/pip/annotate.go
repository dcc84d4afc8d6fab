package pip

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pyname"
)

// An origins has the files, projects and settings that speak of each project,
// as the comments of a requirements file tell them: sorted, each once.
type origins map[pyname.Package][]string

// originsOf gathers what of the inputs applies in an environment; a nil env is
// any. Overrides with a scope count only where the graph has what they apply
// to.
func (c *Compiled) origins() origins {
	in, env := c.Inputs, c.Env
	found := map[pyname.Package][]source.Origin{}
	add := func(r *source.Requirement) {
		said := r.Origin.File != "" && r.Origin.File != "-" || r.Origin.Settings
		if said && (env == nil || r.Marker.Evaluate(env, nil)) {
			found[r.Name] = append(found[r.Name], r.Origin)
		}
	}
	for _, list := range [...][]Input{in.Requirements, in.Constraints, in.Overrides} {
		for i := range list {
			r := &list[i].Requirement
			if r.Origin.Role == source.Constraint && !r.Source.IsDirect() && len(r.Source.Specifiers) == 0 {
				continue // it constrains nothing
			}
			add(r)
		}
	}
	for _, o := range in.Scoped.Overrides {
		for _, r := range o.Requirements {
			if applied(c.Graph, o.Scope, r.Name) {
				add(&source.Requirement{Name: r.Name, Marker: r.Marker, Origin: source.Origin{Role: source.Override, Settings: true}})
			}
		}
	}
	out := make(origins, len(found))
	for name, list := range found {
		slices.SortFunc(list, compareOrigins)
		for _, o := range list {
			text := originText(o, c.Dir)
			if n := len(out[name]); n == 0 || out[name][n-1] != text {
				out[name] = append(out[name], text)
			}
		}
	}
	return out
}

// applied reports whether a version within a scope is in the graph and needs a
// project.
func applied(g *resolve.Graph, scope Scope, name pyname.Package) bool {
	for _, n := range g.Nodes {
		if n.Name != scope.Name || !scope.Version.IsZero() && !scope.Version.Equal(n.Version) {
			continue
		}
		if slices.ContainsFunc(n.Requires, func(e resolve.Edge) bool { return e.To.Name == name }) {
			return true
		}
	}
	return false
}

// compareOrigins orders constraints before overrides before requirements; of
// each, files come before projects before groups before settings.
func compareOrigins(a, b source.Origin) int {
	return cmp.Or(
		cmp.Compare(roleRank(a.Role), roleRank(b.Role)), cmp.Compare(originKind(a), originKind(b)),
		comparePaths(a.File, b.File), cmp.Compare(a.Project, b.Project), cmp.Compare(a.Group, b.Group))
}

func roleRank(r source.Role) int {
	switch r {
	case source.Constraint:
		return 0
	case source.Override:
		return 1
	}
	return 2
}

func originKind(o source.Origin) int {
	switch {
	case o.Settings:
		return 3
	case o.Group != "":
		return 2
	case o.Project != "":
		return 1
	}
	return 0
}

// comparePaths orders paths part by part.
func comparePaths(a, b string) int {
	return slices.Compare(strings.Split(filepath.ToSlash(a), "/"), strings.Split(filepath.ToSlash(b), "/"))
}

// originText is how a comment names an origin: `-r requirements.in`,
// `-c constraints.txt`, `project (pyproject.toml:group)`. Files below dir are
// relative to it.
func originText(o source.Origin, dir string) string {
	file := o.File
	if rel, err := filepath.Rel(dir, file); err == nil && filepath.IsAbs(file) && filepath.IsLocal(rel) {
		file = rel
	}
	file = filepath.ToSlash(file)
	if o.Settings {
		file = "(workspace)"
	}
	if o.Role == source.Constraint {
		return "-c " + file
	}
	prefix := ""
	if o.Role == source.Override {
		prefix = "--override "
	}
	switch originKind(o) {
	case 3:
		return prefix + file
	case 2:
		text := "(" + file + ":" + string(o.Group) + ")"
		if o.Project != "" {
			text = string(o.Project) + " " + text
		}
		return prefix + text
	case 1:
		return prefix + string(o.Project) + " (" + file + ")"
	}
	if prefix == "" {
		prefix = "-r "
	}
	return prefix + file
}

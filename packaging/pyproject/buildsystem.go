package pyproject

import "github.com/tame-py/tame/internal/toml"

// A BuildSystem is the [build-system] table (PEP 517, PEP 518).
type BuildSystem struct {
	Requires []Dependency
	Backend  string   // "" for the legacy backend of setuptools
	Path     []string // backend-path: folders of the source tree to import the backend from
}

// BuildSystem reads the [build-system] table, nil if there is none.
func (f *File) BuildSystem() (*BuildSystem, error) {
	t := f.doc.Lookup("build-system")
	if t == nil || f.script {
		return nil, nil
	}
	r := reader{}
	if r.table(t) == nil {
		return nil, r.err()
	}
	b := &BuildSystem{Backend: r.text(t, "build-backend")}
	if v := t.Get("requires"); v != nil {
		b.Requires = r.dependencies(v)
	} else {
		r.complain(t.Errorf("missing field `requires`"))
	}
	switch v := t.Get("backend-path"); v.Kind() {
	case toml.Invalid:
	case toml.String:
		b.Path = []string{r.text(t, "backend-path")}
	default:
		b.Path = r.strings(t, "backend-path")
	}
	return b, r.err()
}

package workspace

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// At is the member in a directory, or nil.
func (w *Workspace) At(dir string) *Member {
	for _, m := range w.Members {
		if m.Dir == dir {
			return m
		}
	}
	return nil
}

// Member is the member of a name, or nil.
func (w *Workspace) Member(name pyname.Package) *Member {
	i, ok := slices.BinarySearchFunc(w.Members, name, func(m *Member, name pyname.Package) int {
		return strings.Compare(string(m.Name), string(name))
	})
	if !ok {
		return nil
	}
	return w.Members[i]
}

// IsVirtual reports whether the root has no project of its own.
func (w *Workspace) IsVirtual() bool { return w.At(w.Root) == nil }

// Names are the names of the members, sorted.
func (w *Workspace) Names() []pyname.Package {
	out := make([]pyname.Package, len(w.Members))
	for i, m := range w.Members {
		out[i] = m.Name
	}
	return out
}

// readRequired collects the members that sources of the workspace or of other
// members ask for with `workspace = true`.
func (w *Workspace) readRequired() error {
	w.required = map[pyname.Package]*bool{}
	root := w.At(w.Root)
	if w.Declared {
		skip := pyname.Package("")
		if root != nil {
			skip = root.Name
		}
		if err := w.require(w.File.Tool("uv").Get("sources"), skip); err != nil {
			return err
		}
	}
	for _, m := range w.Members {
		if err := w.require(m.File.Tool("uv").Get("sources"), m.Name); err != nil {
			return err
		}
	}
	return nil
}

// require notes what a table of sources asks for, except a project's own name.
func (w *Workspace) require(sources pyproject.Value, skip pyname.Package) error {
	for key, v := range sources.Entries() {
		name, err := pyname.ParsePackage(key)
		if err != nil || name == skip {
			continue // an error is told when the sources are applied
		}
		list := []pyproject.Value{v}
		if v.IsArray() {
			list = list[:0]
			for _, one := range v.Elems() {
				list = append(list, one)
			}
		}
		for _, one := range list {
			if on, ok := one.Get("workspace").Bool(); !ok || !on {
				continue
			}
			var editable *bool
			if on, ok := one.Get("editable").Bool(); ok {
				editable = &on
			}
			if before := w.required[name]; before != nil && editable != nil && *before != *editable {
				return &EditableError{name}
			}
			w.required[name] = editable
		}
	}
	return nil
}

// IsRequired reports whether a source asks for a member.
func (w *Workspace) IsRequired(name pyname.Package) bool {
	_, ok := w.required[name]
	return ok
}

// IsPackage reports whether a member is installed itself, and not only what it
// depends on: if it says so, or else if it can be built, or a source asks for
// it.
func (w *Workspace) IsPackage(m *Member) bool {
	if on, ok := m.File.Tool("uv").Get("package").Bool(); ok {
		return on
	}
	return m.File.HasBuildSystem() || w.IsRequired(m.Name)
}

// Source is where a member comes from: its directory, from which it is
// installed in place unless a source says otherwise.
func (w *Workspace) Source(m *Member) source.Source {
	given, err := filepath.Rel(w.Root, m.Dir)
	if err != nil {
		given = m.Dir
	}
	s := source.FromPath(m.Dir, given, "")
	s.Kind = source.Directory
	if !w.IsPackage(m) {
		s.Virtual = true
		return s
	}
	editable := w.required[m.Name]
	s.Editable = editable == nil || *editable
	return s
}

// Conflicts are the extras, groups and projects that need not go together, as
// the members declare them and, without a project there, the root.
func (w *Workspace) Conflicts() (source.Conflicts, error) {
	var out source.Conflicts
	if w.IsVirtual() {
		list, err := readConflicts(w.File, "")
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	for _, m := range w.Members {
		list, err := readConflicts(m.File, m.Name)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return w.withIncluders(out)
}

// Environments are the environments that the root wants locked; without any,
// all are.
func (w *Workspace) Environments() ([]marker.Tree, error) {
	return readMarkers(w.File.Tool("uv").Get("environments"))
}

// RequiredEnvironments are those for which there must be wheels.
func (w *Workspace) RequiredEnvironments() ([]marker.Tree, error) {
	return readMarkers(w.File.Tool("uv").Get("required-environments"))
}

// HasExtra reports whether the member declares an extra, or leaves its extras to
// the build.
func (m *Member) HasExtra(name pyname.Extra) bool {
	if m.File == nil {
		return true // it is known from a lock alone
	}
	for _, o := range m.Project.Optional {
		if o.Extra == name {
			return true
		}
	}
	return m.Project.IsDynamic("optional-dependencies")
}

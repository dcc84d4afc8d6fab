package project

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pyname"
)

// An AffectedRequest asks which members of a workspace changes concern.
type AffectedRequest struct {
	Workspace *workspace.Workspace
	// Was and Is are the lock before and after the changes; before, there may
	// have been none.
	Was, Is *lock.Lock
	Changed []string // files that were changed, added or removed, absolute
}

// An Affected is a member that changes concern, and why.
type Affected struct {
	Name pyname.Package `json:"name"`
	Path string         `json:"path"` // absolute
	// Files of the project itself that changed, relative to the workspace.
	Files []string `json:"files,omitempty"`
	// Packages that it needs and that are locked otherwise than before, with what
	// became of them.
	Packages []lock.Change `json:"packages,omitempty"`
	// Through are projects with changed files that it needs, directly or not.
	Through []pyname.Package `json:"through,omitempty"`
}

// Run lists the members that are affected, by name: those with changed files,
// those that need a project with changed files, and those that need a package
// that is locked otherwise than before.
func (r *AffectedRequest) Run() []Affected {
	owners := r.owners()
	files := map[string][]string{} // by directory
	for _, file := range r.Changed {
		if dir := owner(owners, file); dir != "" && file != filepath.Join(r.Workspace.Root, lock.FileName) {
			files[dir] = append(files[dir], r.shown(file))
		}
	}
	fresh, gone := r.Is.Fresh(r.Was), r.Was.Fresh(r.Is)
	changes := map[pyname.Package]lock.Change{}
	for _, c := range lock.Compare(r.Was, r.Is).Packages {
		changes[c.Name] = c
	}
	locals := map[int]string{}
	for dir, at := range r.Is.Locals(r.Workspace.Root) {
		locals[at] = dir
	}
	var out []Affected
	for _, m := range r.Workspace.Members {
		a := Affected{Name: m.Name, Path: m.Dir, Files: files[m.Dir]}
		names := map[pyname.Package]bool{}
		for at, reached := range r.Is.Reach(m.Name) {
			p := &r.Is.Packages[at]
			if dir := locals[at]; reached && p.Name != m.Name && len(files[dir]) > 0 {
				a.Through = append(a.Through, p.Name)
			}
			if reached && fresh[at] {
				names[p.Name] = true
			}
		}
		for at, reached := range r.Was.Reach(m.Name) {
			if reached && gone[at] {
				names[r.Was.Packages[at].Name] = true
			}
		}
		for _, name := range slices.Sorted(maps.Keys(names)) {
			if c, ok := changes[name]; ok {
				a.Packages = append(a.Packages, c)
			}
		}
		if len(a.Files)+len(a.Packages)+len(a.Through) > 0 {
			out = append(out, a)
		}
	}
	return out
}

// Outside are the changed files that belong to no project.
func (r *AffectedRequest) Outside() []string {
	var out []string
	owners := r.owners()
	for _, file := range r.Changed {
		if owner(owners, file) == "" {
			out = append(out, r.shown(file))
		}
	}
	return out
}

func (r *AffectedRequest) shown(file string) string {
	if rel, err := filepath.Rel(r.Workspace.Root, file); err == nil {
		file = rel
	}
	return filepath.ToSlash(file)
}

// owners are the directories of projects, the longest first.
func (r *AffectedRequest) owners() []string {
	dirs := map[string]bool{}
	for dir := range r.Is.Locals(r.Workspace.Root) {
		dirs[dir] = true
	}
	for _, m := range r.Workspace.Members {
		dirs[m.Dir] = true
	}
	return slices.SortedFunc(maps.Keys(dirs), func(a, b string) int {
		return cmp.Or(len(b)-len(a), strings.Compare(a, b))
	})
}

// owner is the directory of the project that a file belongs to, or "".
func owner(dirs []string, file string) string {
	for _, dir := range dirs {
		if rel, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(rel) {
			return dir
		}
	}
	return ""
}

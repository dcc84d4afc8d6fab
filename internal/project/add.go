package project

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// AddRequest asks for requirements to be added to a project or script.
type AddRequest struct {
	Document     *Document
	Requirements []source.Requirement
	Place        pyproject.Place
	Choice       SourceChoice
	// Workspace makes members of the workspace of the directories that are
	// added: all, none or, if nil, those below the root.
	Workspace *bool
	// Indexes are written too, the most important first.
	Indexes []NewIndex
	Journal *Journal
	// Joined is told about new members of the workspace.
	Joined func(path string)
}

// A NewIndex is an index for the file. Same tells whether a URL or path of the
// file, which is relative to its directory, is the same place.
type NewIndex struct {
	pyproject.IndexEntry
	Same func(url string) bool
}

// NoProjectError says that there is no [project] table to edit.
type NoProjectError struct{ What string }

func (e *NoProjectError) Error() string {
	return fmt.Sprintf("project is missing a `[project]` table; add one to use %s dependencies", e.What)
}

// SelfError says that a project would depend on itself.
type SelfError struct{ Name pyname.Package }

func (e *SelfError) Error() string {
	return fmt.Sprintf("requirement name `%s` matches project name `%s`, but self-dependencies are not permitted without the `--dev` or `--optional` flags", e.Name, e.Name)
}

// Hints says what else may be behind it.
func (e *SelfError) Hints() []string {
	return []string{"if the name is meant to be that of another package, consider renaming the project"}
}

// Add edits the file, and saves it. What is not yet known, the lower bounds of
// requirements without versions, SetBounds adds later.
func Add(ctx context.Context, r *AddRequest) ([]Addition, error) {
	d := r.Document
	if err := r.Check(); err != nil {
		return nil, err
	}
	for i := range r.Requirements {
		r.Choice.Augment(&r.Requirements[i])
	}
	if err := r.joinWorkspace(ctx); err != nil {
		return nil, err
	}
	a := additions{file: d.File, dir: d.Dir(), members: d.Workspace, choice: &r.Choice, place: r.Place}
	for _, req := range r.Requirements {
		if err := a.add(req); err != nil {
			return nil, err
		}
	}
	if len(r.Requirements) == 0 && (r.Place.Kind == pyproject.InGroup || r.Place.Kind == pyproject.OptionalExtra) {
		if err := d.File.EnsureList(r.Place); err != nil {
			return nil, err
		}
	}
	for i := len(r.Indexes) - 1; i >= 0 && !r.Choice.Raw; i-- {
		if err := d.File.AddIndex(r.Indexes[i].IndexEntry, r.Indexes[i].Same); err != nil {
			return nil, err
		}
	}
	return a.done, d.Save(ctx, r.Journal)
}

// Check refuses what the file cannot have.
func (r *AddRequest) Check() error {
	d := r.Document
	if d.Script != nil {
		return nil
	}
	if d.Member == nil {
		switch r.Place.Kind {
		case pyproject.Production:
			return &NoProjectError{"production"}
		case pyproject.OptionalExtra:
			return &NoProjectError{"optional"}
		}
		return nil
	}
	if r.Place.Kind != pyproject.Production {
		return nil
	}
	for _, req := range r.Requirements {
		if req.Name == d.Member.Name {
			return &SelfError{req.Name}
		}
	}
	return nil
}

// joinWorkspace adds directories among the requirements to the members of the
// workspace.
func (r *AddRequest) joinWorkspace(ctx context.Context) error {
	d := r.Document
	if d.Workspace == nil || r.Workspace != nil && !*r.Workspace {
		return nil
	}
	w := d.Workspace
	root, err := pyproject.Parse(w.File.Name(), w.File.Bytes())
	if err != nil {
		return err
	}
	joined := false
	for _, req := range r.Requirements {
		if req.Source.Kind != source.Directory {
			continue
		}
		rel, err := filepath.Rel(w.Root, req.Source.Location)
		below := err == nil && filepath.IsLocal(rel)
		if !below && r.Workspace == nil {
			continue
		}
		if included, err := w.Includes(req.Source.Location); err != nil || included {
			if err != nil {
				return err
			}
			continue
		}
		if !below {
			rel = req.Source.Location
		}
		if err := root.AddWorkspaceMember(filepath.ToSlash(rel)); err != nil {
			return err
		}
		joined = true
		r.Joined(rel)
	}
	if !joined {
		return nil
	}
	if err := r.Journal.Write(filepath.Join(w.Root, "pyproject.toml"), root.Bytes()); err != nil {
		return err
	}
	d.discovery.Files.Put(w.Root, root)
	dir := d.Dir()
	if err := d.discover(ctx, dir); err != nil {
		return err
	}
	if dir == w.Root {
		d.File, err = pyproject.Parse(d.Path, root.Bytes())
	}
	return err
}

// SetBounds gives those requirements bounds that were added without any version:
// those of the version that was found, which a function tells. It returns
// whether something changed, and the requirements that have bounds of their own.
func SetBounds(d *Document, added []Addition, b pyproject.Bounds, found func(pyname.Package) (pep440.Version, bool)) (changed bool, explicit []pep508.Requirement, err error) {
	for i := range added {
		a := &added[i]
		if !a.Edit.Added || a.Sourced {
			continue
		}
		if len(a.Requirement.Specifiers) > 0 || a.Requirement.URL != "" {
			explicit = append(explicit, a.Requirement)
			continue
		}
		v, ok := found(a.Requirement.Name)
		if !ok {
			continue
		}
		req := a.Requirement
		req.Specifiers = b.Specifiers(v.WithoutLocal())
		a.bounds = req.Specifiers
		if err := d.File.SetDependency(a.Place, a.Edit.Index, req); err != nil {
			return changed, explicit, err
		}
		changed = true
	}
	return changed, explicit, nil
}

// LowestVersions are the lowest versions that a lock has of each package.
func LowestVersions(l *lock.Lock) func(pyname.Package) (pep440.Version, bool) {
	return func(name pyname.Package) (pep440.Version, bool) {
		var lowest *pep440.Version
		first, end := l.Named(name)
		for i := first; i < end; i++ {
			if v := &l.Packages[i].Version; !v.IsZero() && (lowest == nil || v.Compare(*lowest) < 0) {
				lowest = v
			}
		}
		if lowest == nil {
			return pep440.Version{}, false
		}
		return *lowest, true
	}
}

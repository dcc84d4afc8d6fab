package project

import (
	"context"
	"fmt"
	"strings"

	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// RemoveRequest asks for packages to be removed from a list of a project or
// script.
type RemoveRequest struct {
	Document *Document
	Names    []pyname.Package
	Place    pyproject.Place
	Journal  *Journal
}

// NotFoundError says that a list does not have a package.
type NotFoundError struct {
	Name  pyname.Package
	Place pyproject.Place
	Found []pyproject.Place // lists that have it
}

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("the dependency `%s` could not be found in %s", e.Name, listName(e.Place))
}

// listName is the list's name in messages.
func listName(p pyproject.Place) string {
	if isDev(p) {
		return "`tool.uv.dev-dependencies` or `dependency-groups.dev`"
	}
	return "`" + p.String() + "`"
}

// Hints says where the package is.
func (e *NotFoundError) Hints() []string {
	var flags []string
	for _, p := range e.Found {
		switch p.Kind {
		case pyproject.Production:
			flags = append(flags, "in `project.dependencies` (no flag)")
		case pyproject.LegacyDev:
			flags = append(flags, "a development dependency (`--dev`)")
		case pyproject.OptionalExtra:
			flags = append(flags, fmt.Sprintf("an optional dependency (`--optional %s`)", p.Extra))
		case pyproject.InGroup:
			flags = append(flags, fmt.Sprintf("in the group `%s` (`--group %s`)", p.Group, p.Group))
		}
	}
	if len(flags) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("`%s` is %s", e.Name, strings.Join(flags, ", and "))}
}

func isDev(p pyproject.Place) bool {
	return p.Kind == pyproject.LegacyDev || p.Kind == pyproject.InGroup && p.Group == workspace.DevGroup
}

// Remove edits the file, and saves it. If one of the packages is not there,
// nothing is removed.
func Remove(ctx context.Context, r *RemoveRequest) error {
	f := r.Document.File
	places := []pyproject.Place{r.Place}
	if isDev(r.Place) {
		places = []pyproject.Place{{Kind: pyproject.LegacyDev}, {Kind: pyproject.InGroup, Group: workspace.DevGroup}}
	}
	for _, name := range r.Names {
		removed := false
		for _, p := range places {
			gone, err := f.RemoveDependency(p, name)
			if err != nil {
				return err
			}
			removed = removed || len(gone) > 0
		}
		if !removed {
			return &NotFoundError{Name: name, Place: r.Place, Found: f.Find(name)}
		}
	}
	return r.Document.Save(ctx, r.Journal)
}

package workspace

import (
	"errors"
	"fmt"

	"github.com/tame-py/tame/packaging/pyname"
)

// ErrNone says that there is no project: neither in the directory nor above.
var ErrNone = errors.New("no `pyproject.toml` found in current directory or any parent directory")

// ErrUnmanaged is what the error about a project matches that says
// `managed = false`.
var ErrUnmanaged = errors.New("the project is marked as unmanaged")

// ErrNoProject is what the error about a pyproject.toml matches that has no
// [project] table where one is needed.
var ErrNoProject = errors.New("no `project` table found in")

// A DirectoryError says what is wrong with a directory of a workspace.
type DirectoryError struct {
	Err  error
	Path string // as messages show it
}

func (e *DirectoryError) Error() string { return fmt.Sprintf("%s: %s", e.Err, e.Path) }

// Unwrap is what is wrong.
func (e *DirectoryError) Unwrap() error { return e.Err }

// A DuplicateError reports two members of one name.
type DuplicateError struct {
	Name          pyname.Package
	First, Second string // directories, as messages show them
}

func (e *DuplicateError) Error() string {
	return fmt.Sprintf("two workspace members are both named `%s`: `%s` and `%s`", e.Name, e.First, e.Second)
}

// A MissingMemberError reports a directory that a glob of the workspace means
// and that has no pyproject.toml.
type MissingMemberError struct {
	Path string // as messages show it
	Glob string
}

func (e *MissingMemberError) Error() string {
	return fmt.Sprintf("workspace member `%s` is missing a `pyproject.toml` (matches: `%s`)", e.Path, e.Glob)
}

// An EditableError reports a member that is asked for both as editable and not.
type EditableError struct{ Name pyname.Package }

func (e *EditableError) Error() string {
	return fmt.Sprintf("package `%s` is included as both `editable` and non-editable", e.Name)
}

var errNested = errors.New("nested workspaces are not supported, but workspace member has a `tool.uv.workspace` table")

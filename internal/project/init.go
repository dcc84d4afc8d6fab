// Package project works on projects and scripts: it makes and edits their
// files, locks what they require, and brings their environments up to date.
package project

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/git"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/scaffold"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// VersionControl says whether a new project becomes a repository.
type VersionControl uint8

// The choices. By default it becomes one unless it is part of one already, or
// there is no git.
const (
	AutoVersionControl VersionControl = iota
	WithGit
	WithoutVersionControl
)

// InitRequest asks for a new project.
type InitRequest struct {
	Dir            string // of the project; made if it is not there
	Project        scaffold.Project
	VersionControl VersionControl
	// Authors asks git for the author; nil leaves that to the kind of project.
	Authors *bool
	// Alone keeps the project out of the workspace around it.
	Alone     bool
	Discovery workspace.DiscoverOptions
	// Pin writes a .python-version file.
	Pin    bool
	Python PythonQuestion

	Environ []string // of the git that is run
	Debug   func(format string, args ...any)
}

// PythonQuestion is how the Python of something new is found.
type PythonQuestion struct {
	Finder *python.Finder
	Asked  *python.Request // by the person
	Files  python.VersionFileOptions
}

// pythonAnswer is what a new project says about Python.
type pythonAnswer struct {
	requires pep440.Specifiers
	pin      *python.Request
}

// Membership is what a new project is to the workspace around it.
type Membership uint8

// The memberships.
const (
	NoWorkspace Membership = iota
	NewMember              // it was added to the list of members
	OldMember              // the list has it already
	Excluded               // the workspace excludes it
)

// InitResult tells what became of a new project.
type InitResult struct {
	Membership Membership
	Root       string // of the workspace around
}

// A ParentError says why the workspace around a new project cannot be used.
type ParentError struct{ Err error }

func (e *ParentError) Error() string {
	return fmt.Sprintf("failed to discover the parent workspace: %v", e.Err)
}

// Unwrap is what is wrong with it.
func (e *ParentError) Unwrap() error { return e.Err }

// Init makes the files of a new project, and makes it a member of the workspace
// around. The pyproject.toml must not be there yet; other files that are stay as
// they are. What can be found wrong is found before the first file is written.
func Init(ctx context.Context, r *InitRequest) (InitResult, error) {
	var result InitResult
	w, err := r.workspaceAround(ctx)
	if err != nil {
		return result, err
	}
	var root *pyproject.File
	if w != nil {
		result.Root = w.Root
		if result.Membership, root, err = r.join(w); err != nil {
			return result, &ParentError{err}
		}
	}
	answer, err := r.findPython(ctx, w)
	if err != nil {
		return result, err
	}
	r.Project.RequiresPython = answer.requires
	if err := r.write(ctx); err != nil {
		return result, err
	}
	if root != nil {
		if err := fsx.ReplaceFile(filepath.Join(w.Root, "pyproject.toml"), root.Bytes()); err != nil {
			return result, err
		}
	}
	return result, r.writePin(answer.pin, result.Root)
}

// workspaceAround finds the workspace, or the project that becomes one; nil if
// there is none, or it does not matter.
func (r *InitRequest) workspaceAround(ctx context.Context) (*workspace.Workspace, error) {
	if r.Alone {
		return nil, nil
	}
	o := r.Discovery
	o.Ignore = append(o.Ignore, r.Dir)
	w, _, err := workspace.Discover(ctx, filepath.Dir(r.Dir), o)
	switch {
	case errors.Is(err, workspace.ErrNone), errors.Is(err, workspace.ErrUnmanaged):
		return nil, nil
	case err == nil && !w.Declared && !w.File.HasProject():
		if managed, ok := w.File.Tool("uv").Get("managed").Bool(); ok && !managed {
			return nil, nil
		}
		err = &workspace.DirectoryError{Err: workspace.ErrNoProject, Path: filepath.Join(w.Root, "pyproject.toml")}
	}
	if err != nil {
		return nil, &ParentError{err}
	}
	return w, nil
}

// join finds out what the project is to a workspace, and adds it to the members
// in the file that it returns.
func (r *InitRequest) join(w *workspace.Workspace) (Membership, *pyproject.File, error) {
	if excluded, err := w.Excludes(r.Dir); err != nil || excluded {
		return Excluded, nil, err
	}
	if included, err := w.Includes(r.Dir); err != nil || included {
		return OldMember, nil, err
	}
	rel, err := filepath.Rel(w.Root, r.Dir)
	if err != nil {
		return NewMember, nil, err
	}
	f, err := pyproject.Parse(w.File.Name(), w.File.Bytes())
	if err != nil {
		return NewMember, nil, err
	}
	return NewMember, f, f.AddWorkspaceMember(filepath.ToSlash(rel))
}

// write makes the directory, the repository and the files.
func (r *InitRequest) write(ctx context.Context) error {
	if err := os.MkdirAll(r.Dir, 0o777); err != nil {
		return err
	}
	// Git's configuration may depend on where the repository is.
	local := git.Local{Dir: r.Dir, Environ: r.Environ}
	if err := r.initRepository(ctx, local); err != nil {
		return err
	}
	authors := r.Project.Kind.IsPackage()
	if r.Authors != nil {
		authors = *r.Authors
	}
	if authors {
		r.Project.Author = scaffold.Author{Name: local.Setting(ctx, "user.name"), Email: local.Setting(ctx, "user.email")}
	}
	return r.Project.Write(r.Dir)
}

// findPython settles the requires-python and the pin: by what was asked for,
// a version file, an environment that is there already, the workspace, or the
// usual Python.
func (r *InitRequest) findPython(ctx context.Context, w *workspace.Workspace) (pythonAnswer, error) {
	q := &r.Python
	request := q.Asked
	if request == nil {
		o := q.Files
		if w != nil {
			o.StopAt = w.Root
		}
		file, err := python.FindVersionFile(r.Dir, o)
		if err != nil {
			return pythonAnswer{}, err
		}
		if file != nil {
			if first, ok := file.Request(); ok {
				request = &first
			}
		}
	}
	if request != nil {
		return r.answerRequest(ctx, *request)
	}
	if env, err := q.Finder.EnvironmentAt(ctx, filepath.Join(r.Dir, ".venv")); err == nil {
		return r.answerInterpreter(env.Interpreter, ""), nil
	}
	demand := demandOf(w)
	if demand != nil && !r.Pin {
		return pythonAnswer{requires: demand}, nil
	}
	found, err := q.Finder.FindOrDownload(ctx, python.RangeRequest(demand), python.OnlyOutside)
	if err != nil {
		return pythonAnswer{}, err
	}
	answer := r.answerInterpreter(found.Interpreter, "")
	if demand != nil {
		answer.requires = demand
	}
	return answer, nil
}

// demandOf is the requires-python of all members together, or nil.
func demandOf(w *workspace.Workspace) pep440.Specifiers {
	if w == nil {
		return nil
	}
	all, demanded := pep440.Full(), false
	for _, m := range w.Members {
		if demand := m.Project.RequiresPython; demand != nil {
			all, demanded = all.Intersect(pep440.ReleaseSet(*demand)), true
		}
	}
	if !demanded {
		return nil
	}
	return pep440.ReleaseSpecifiers(all)
}

func (r *InitRequest) answerRequest(ctx context.Context, request python.Request) (pythonAnswer, error) {
	var specifiers pep440.Specifiers
	stated := false
	if request.Kind == python.KindVersion {
		specifiers, stated = request.Version.RequiresPython()
	}
	if stated && (!request.Version.IsRange() || !r.Pin) {
		answer := pythonAnswer{requires: specifiers}
		if r.Pin {
			answer.pin = &request
		}
		return answer, nil
	}
	found, err := r.Python.Finder.FindOrDownload(ctx, request, python.OnlyOutside)
	if err != nil {
		return pythonAnswer{}, err
	}
	suffix := ""
	if stated {
		suffix = request.Version.Variant().Suffix()
	}
	answer := r.answerInterpreter(found.Interpreter, suffix)
	if stated {
		answer.requires = specifiers
	}
	return answer, nil
}

// answerInterpreter is at least the minor version of an interpreter, and a pin
// of it.
func (r *InitRequest) answerInterpreter(i *python.Interpreter, variant string) pythonAnswer {
	answer := pythonAnswer{requires: AtLeastMinor(i)}
	if r.Pin {
		pin := python.ParseRequest(i.MinorVersion()+variant, r.Dir)
		answer.pin = &pin
	}
	return answer
}

// AtLeastMinor is the requires-python that the minor version of an interpreter,
// or a newer one, satisfies.
func AtLeastMinor(i *python.Interpreter) pep440.Specifiers {
	return pep440.Specifiers{{Op: pep440.GreaterEqual, Version: pep440.FromRelease(i.Major(), i.Minor())}}
}

// initRepository makes the directory a repository with a .gitignore, unless it
// is part of one.
func (r *InitRequest) initRepository(ctx context.Context, local git.Local) error {
	if r.VersionControl == WithoutVersionControl {
		return nil
	}
	inside, err := local.IsRepository(ctx)
	switch {
	case inside:
		return nil
	case err != nil && r.VersionControl == AutoVersionControl:
		r.Debug("no repository is made: %v", err)
		return nil
	}
	switch err := local.Init(ctx); {
	case errors.Is(err, git.ErrNotInstalled):
		return fmt.Errorf("cannot make a Git repository: %w", err)
	case err != nil:
		return fmt.Errorf("failed to make a Git repository at `%s`: %w", r.Dir, err)
	}
	return scaffold.Ignore().Write(r.Dir)
}

// writePin writes the .python-version, unless the directory has one or the
// workspace's says the same.
func (r *InitRequest) writePin(pin *python.Request, root string) error {
	if pin == nil {
		return nil
	}
	file, err := python.FindVersionFile(r.Dir, python.VersionFileOptions{Getenv: r.Python.Files.Getenv})
	if err != nil {
		return err
	}
	if file != nil && len(file.Requests) > 0 {
		at := filepath.Dir(file.Path)
		same := file.Requests[0].Canonical() == pin.Canonical()
		if root == "" && at == r.Dir || root != "" && same && (at == r.Dir || at == root) {
			return nil
		}
	}
	out := &python.VersionFile{Path: filepath.Join(r.Dir, python.VersionFileName), Requests: []python.Request{*pin}}
	return out.Write()
}

// NameOf is the name of a project in a directory, if one was not given.
func NameOf(dir string) (pyname.Package, error) {
	return pyname.ParsePackage(strings.ReplaceAll(strings.TrimSpace(filepath.Base(dir)), " ", "-"))
}

// InitScriptRequest asks for a script with a metadata block.
type InitScriptRequest struct {
	Path   string
	Bare   bool // nothing but the block
	Pinned bool // obey a version file
	Python PythonQuestion
}

// ErrIsScript says that a file has a metadata block already.
var ErrIsScript = errors.New("it is a PEP 723 script already")

// InitScript makes a script, or gives a Python file that is there a metadata
// block. It returns the text that was there.
func InitScript(ctx context.Context, r *InitScriptRequest) (was []byte, err error) {
	was, err = os.ReadFile(r.Path)
	exists := err == nil
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if exists {
		script, err := pyproject.ParseScript(r.Path, was)
		if err != nil {
			return nil, err
		}
		if script != nil {
			return nil, ErrIsScript
		}
	}
	requires, err := r.Python.forScript(ctx, filepath.Dir(r.Path), r.Pinned)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(r.Path), 0o777); err != nil {
		return nil, err
	}
	if exists {
		return was, fsx.ReplaceFile(r.Path, scaffold.TakeIn(was, requires))
	}
	text := scaffold.Script(filepath.Base(r.Path), requires, r.Bare)
	return nil, fsx.WriteFile(r.Path, []byte(text), 0o666)
}

// forScript is the requires-python of a new script in a directory.
func (q *PythonQuestion) forScript(ctx context.Context, dir string, pinned bool) (pep440.Specifiers, error) {
	request := python.Request{}
	switch {
	case q.Asked != nil:
		request = *q.Asked
	case pinned:
		file, err := python.FindVersionFile(dir, q.Files)
		if err != nil {
			return nil, err
		}
		if file != nil {
			request, _ = file.Request()
		}
	}
	found, err := q.Finder.FindOrDownload(ctx, request, python.AnyEnvironment)
	if err != nil {
		return nil, err
	}
	return AtLeastMinor(found.Interpreter), nil
}

// GiveMetadata is the text of a Python file with a block of metadata, for
// requirements to be added to; the Python is the one that a directory uses.
func GiveMetadata(ctx context.Context, text []byte, dir string, q *PythonQuestion) ([]byte, error) {
	requires, err := q.forScript(ctx, dir, true)
	if err != nil {
		return nil, err
	}
	return pyproject.InsertScript(text, scaffold.Metadata(requires)), nil
}

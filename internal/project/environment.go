package project

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/venv"
)

// A Reuse says which environment that is there may be used.
type Reuse uint8

// The ways to treat an environment that is there.
const (
	// Compatible takes one that fits the request and the project, and demands
	// that another one can be replaced.
	Compatible Reuse = iota
	// Optional takes one that fits, and passes over any other: only its
	// interpreter is of interest.
	Optional
	// Preserve takes one even if it does not fit (--no-sync).
	Preserve
)

// An EnvironmentRequest asks for the environment of a project.
type EnvironmentRequest struct {
	Root    string // where it is, absolute
	Finder  *python.Finder
	Request python.Request // what Python is wanted; the zero Request is any
	Pythons Pythons        // what the project demands
	Reuse   Reuse
	// Relocatable makes an environment that can be moved, and NoDistutilsPatch one
	// without the guard that only old Pythons need.
	Relocatable, NoDistutilsPatch bool

	// Show returns a path as messages show it.
	Show  func(path string) string
	Warn  func(format string, args ...any)
	Debug func(format string, args ...any)
}

// An InvalidEnvironmentError reports a directory that is in the way of an
// environment.
type InvalidEnvironmentError struct {
	Path   string // as messages show it
	Reason string
}

func (e *InvalidEnvironmentError) Error() string {
	return fmt.Sprintf("project virtual environment directory `%s` cannot be used because %s", e.Path, e.Reason)
}

// Find returns the environment that is there, or nil if there is none that may
// be used.
func (r *EnvironmentRequest) Find(ctx context.Context) (*python.Environment, error) {
	env, err := r.open(ctx)
	if env == nil || err != nil {
		return nil, err
	}
	reason := r.misfit(env)
	switch {
	case reason == "":
		return env, nil
	case r.Reuse == Preserve:
		r.Warn("Using incompatible environment (`%s`) due to `--no-sync` (%s)", r.Show(env.Root), reason)
		return env, nil
	}
	r.Debug("%s", reason)
	return nil, nil
}

// open reads the environment that is there, nil if there is none.
func (r *EnvironmentRequest) open(ctx context.Context) (*python.Environment, error) {
	env, err := r.Finder.EnvironmentAt(ctx, r.Root)
	var missing *python.EnvironmentNotFoundError
	var broken *python.BrokenEnvironmentError
	var query *python.QueryError
	switch {
	case err == nil && r.Reuse == Compatible && !hasConfig(r.Root) && !SameDir(env.Root, r.Root):
		// A directory whose pyvenv.cfg was lost: what is installed with its Python
		// goes into the Python below it, and what is not wanted is removed there.
		return nil, &InvalidEnvironmentError{r.Show(r.Root), fmt.Sprintf("`pyvenv.cfg` is missing, so that its Python would install into `%s`", r.Show(env.Root))}
	case err == nil:
		return env, nil
	case errors.As(err, &missing):
		return nil, nil
	case errors.As(err, &broken):
		return nil, r.broken(broken)
	case errors.As(err, &query) && query.Fault == python.Missing:
		return nil, nil
	case errors.As(err, &query) && query.Fault == python.BrokenLink:
		r.warnBroken(query.Path)
		return nil, nil
	}
	return nil, err
}

func (r *EnvironmentRequest) warnBroken(link string) {
	target, err := os.Readlink(link)
	if err != nil {
		r.Warn("Ignoring existing virtual environment linked to non-existent Python interpreter: %s", r.Show(link))
		return
	}
	r.Warn("Ignoring existing virtual environment linked to non-existent Python interpreter: %s -> %s", r.Show(link), r.Show(target))
}

// broken tells whether something that is no environment is in the way.
func (r *EnvironmentRequest) broken(err *python.BrokenEnvironmentError) error {
	info, e := os.Stat(r.Root)
	if e != nil {
		return nil
	}
	if !info.IsDir() {
		return &InvalidEnvironmentError{r.Show(r.Root), err.Reason}
	}
	if r.Reuse == Optional || isEmpty(r.Root) || hasConfig(r.Root) {
		return nil
	}
	return &InvalidEnvironmentError{r.Show(r.Root), "it is not a valid Python environment (no Python executable was found)"}
}

// SameDir reports whether two paths lead to one directory.
func SameDir(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

func isEmpty(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) == 0
}

func hasConfig(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "pyvenv.cfg"))
	return err == nil
}

// misfit says why an environment does not fit, "" if it does.
func (r *EnvironmentRequest) misfit(env *python.Environment) string {
	i := env.Interpreter
	if recorded, actual, conflict := env.VersionConflict(); conflict {
		return fmt.Sprintf("The interpreter in the project environment has a different version (%s) than it was created with (%s)", actual, recorded)
	}
	if !r.Finder.Satisfies(i, r.Request) {
		return fmt.Sprintf("The project environment's Python version does not satisfy the request: `%s`", r.Request.Canonical())
	}
	if !r.Pythons.Admits(i.Version) {
		return fmt.Sprintf("The project environment's Python version does not meet the Python requirement: `%s`", r.Pythons.Range)
	}
	if p := r.Finder.Preference; p == python.OnlyManaged && !r.Finder.IsManaged(i) || p == python.OnlySystem && r.Finder.IsManaged(i) {
		return fmt.Sprintf("The project environment's Python interpreter does not meet the Python preference: `%s`", p)
	}
	return ""
}

// CanMake reports whether an environment can be made at the root, and whether
// one is replaced by that.
func (r *EnvironmentRequest) CanMake() (replaces bool, err error) {
	if hasConfig(r.Root) {
		return true, nil
	}
	switch _, err := os.Stat(r.Root); {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, &InvalidEnvironmentError{r.Show(r.Root), fmt.Sprintf("it is not a compatible environment but cannot be recreated because it cannot be determined if it is a virtual environment: %v", err)}
	}
	if isEmpty(r.Root) {
		return false, nil
	}
	return false, &InvalidEnvironmentError{r.Show(r.Root), "it is not a compatible environment but cannot be recreated because it is not a virtual environment"}
}

// Make makes the environment with an interpreter, in place of the one that is
// there.
func (r *EnvironmentRequest) Make(ctx context.Context, i *python.Interpreter, prompt string) (*python.Environment, error) {
	env, err := venv.Create(ctx, r.Root, i, venv.Options{
		Prompt: prompt, Existing: venv.Clear, Relocatable: r.Relocatable, Upgradeable: !r.Request.IncludesPatch(), Store: r.Finder.Store(),
		NoDistutilsPatch: r.NoDistutilsPatch,
	})
	if err != nil {
		return nil, fmt.Errorf("failed to create virtual environment: %w", err)
	}
	r.Finder.Remember(env.Interpreter)
	return env, nil
}

// Planned is the environment that Make would make.
func (r *EnvironmentRequest) Planned(i *python.Interpreter) (*python.Environment, error) {
	base, err := i.BasePython()
	if err != nil {
		return nil, err
	}
	return python.NewEnvironment(i.InEnvironment(r.Root, base, false)), nil
}

// Prompt is what shells show for the environment of a target.
func (t Target) Prompt() string {
	if w := t.Workspace; w != nil {
		if m := w.At(w.Root); m != nil {
			return string(m.Name)
		}
	}
	return filepath.Base(t.Dir())
}

// EnvironmentRoot is where the environment of a workspace is. chosen is what
// UV_PROJECT_ENVIRONMENT says, which is relative to the root.
func EnvironmentRoot(root, chosen string) string {
	switch {
	case chosen == "":
		return filepath.Join(root, ".venv")
	case filepath.IsAbs(chosen):
		return filepath.Clean(chosen)
	}
	return filepath.Join(root, chosen)
}

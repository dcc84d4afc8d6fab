package project

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// A CopyRequest asks for a copy of some members of a workspace, with what they
// need of it and nothing else.
type CopyRequest struct {
	Workspace *workspace.Workspace
	Lock      *lock.Lock
	Members   []pyname.Package
	To        string // the new directory, absolute; an empty one may be there
	// Manifests leaves out everything but what it takes to install the packages
	// that the members need from elsewhere.
	Manifests bool
	// Skip are directories that are never copied, such as the cache.
	Skip []string
}

// A CopyResult says what a copy has.
type CopyResult struct {
	Members  []pyname.Package
	Packages int // from elsewhere, in the lock
	// Outside are paths that the members need and that do not lie in the
	// workspace, so that they are not in the copy.
	Outside []string
}

// Run makes the copy: the projects' files that git does not ignore, the root's
// file with these members alone, and the part of the lock. It is whole or not
// there.
func (r *CopyRequest) Run(ctx context.Context) (*CopyResult, error) {
	if err := os.MkdirAll(filepath.Dir(r.To), 0o777); err != nil {
		return nil, err
	}
	if entries, err := os.ReadDir(r.To); err == nil && len(entries) > 0 {
		return nil, fmt.Errorf("`%s` is not empty", r.To)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	aside, err := fsx.MkdirTemp(filepath.Dir(r.To))
	if err != nil {
		return nil, err
	}
	c := &copying{CopyRequest: r, ctx: ctx, aside: aside}
	if err := c.run(); err != nil {
		_ = os.RemoveAll(aside)
		return nil, err
	}
	if err := os.Remove(r.To); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(err, os.RemoveAll(aside))
	}
	return &c.result, fsx.Rename(aside, r.To)
}

type copying struct {
	*CopyRequest
	ctx    context.Context //nolint:containedctx // it lives for one call
	aside  string
	result CopyResult
	trees  map[string]bool // directories of projects: whether they are copied
}

func (c *copying) run() error {
	w := c.Workspace
	names := c.Lock.WithMembers(c.Members...)
	c.result.Members = names
	root := w.At(w.Root)
	keepsRoot := root != nil && slices.Contains(names, root.Name)
	part := c.Lock.Part(keepsRoot && len(names) == 1, names...)
	c.trees = map[string]bool{}
	for _, m := range w.Members {
		c.trees[m.Dir] = slices.Contains(names, m.Name)
	}
	if err := c.locals(part); err != nil {
		return err
	}
	for _, dir := range slices.Sorted(maps.Keys(c.trees)) {
		if !c.trees[dir] {
			continue
		}
		if err := c.tree(dir); err != nil {
			return err
		}
	}
	file, err := c.rootFile(names, keepsRoot)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(c.aside, "pyproject.toml"), file, 0o666),
		os.WriteFile(filepath.Join(c.aside, lock.FileName), part.Bytes(), 0o666),
		c.settings(),
	)
}

// locals notes the source trees of the part that are no members, and copies its
// archives.
func (c *copying) locals(part *lock.Lock) error {
	for i := range part.Packages {
		switch s := part.Packages[i].Source; {
		case s.IsTree():
			if dir := s.Absolute(c.Workspace.Root); !c.trees[dir] {
				c.trees[dir] = true
			}
		case s.Kind == lock.Path:
			if err := c.archive(s.Absolute(c.Workspace.Root)); err != nil {
				return err
			}
		default:
			c.result.Packages++
		}
	}
	return nil
}

// place is where a path of the workspace goes to, or "" if it lies outside.
func (c *copying) place(path string) string {
	rel, err := filepath.Rel(c.Workspace.Root, path)
	if err != nil || !filepath.IsLocal(rel) {
		c.result.Outside = append(c.result.Outside, path)
		return ""
	}
	return filepath.Join(c.aside, rel)
}

func (c *copying) archive(path string) error {
	to := c.place(path)
	if to == "" || c.Manifests {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return err
	}
	return fsx.CopyFile(path, to)
}

// tree copies a project, without those that lie in its directory.
func (c *copying) tree(dir string) error {
	to := c.place(dir)
	if to == "" {
		return nil
	}
	if err := os.MkdirAll(to, 0o777); err != nil {
		return err
	}
	if c.Manifests {
		if dir == c.Workspace.Root {
			return nil
		}
		err := fsx.CopyFile(filepath.Join(dir, "pyproject.toml"), filepath.Join(to, "pyproject.toml"))
		if errors.Is(err, fs.ErrNotExist) {
			return nil // an older kind of project: nobody asks it with a lock at hand
		}
		return err
	}
	return fsx.CopyTree(dir, to, sources(c.ctx, c.Workspace.Root, dir, func(path string, e fs.DirEntry) bool {
		if _, isProject := c.trees[path]; isProject && e.IsDir() || path == c.To || path == c.aside || slices.Contains(c.Skip, path) {
			return true
		}
		return filepath.Dir(path) == c.Workspace.Root && (slices.Contains(rootFiles(), e.Name()) || e.Name() == "pyproject.toml" || e.Name() == lock.FileName)
	}))
}

// CopySources copies the sources of a workspace, with its lock: all that git does
// not ignore, but neither its environment nor its history.
func CopySources(ctx context.Context, w *workspace.Workspace, to string, skip []string) error {
	want := sources(ctx, w.Root, w.Root, func(path string, _ fs.DirEntry) bool { return slices.Contains(skip, path) })
	return errors.Join(fsx.CopyTree(w.Root, to, want), ctx.Err())
}

// sources tells what of a directory in a workspace is worth copying.
func sources(ctx context.Context, root, dir string, skip func(path string, e fs.DirEntry) bool) func(string, fs.DirEntry) bool {
	rules := workspace.IgnoreRulesIn(dir)
	rules.Enter(root) // also where there is no git
	rules.Enter(dir)
	return func(path string, e fs.DirEntry) bool {
		switch {
		case path == dir:
			return true
		case ctx.Err() != nil, skip(path, e), rules.Ignores(path, e.IsDir()) && e.Name() != lock.FileName:
			return false
		case e.IsDir():
			if e.Name() == ".git" || e.Name() == "__pycache__" || isEnvironment(path) {
				return false
			}
			rules.Enter(path)
		}
		return true
	}
}

func isEnvironment(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "pyvenv.cfg"))
	return err == nil
}

// rootFiles say how to work in a workspace, whoever its members are.
func rootFiles() []string { return []string{".python-version", ".python-versions", "uv.toml"} }

func (c *copying) settings() error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	for _, name := range rootFiles() {
		err := fsx.CopyFile(filepath.Join(c.Workspace.Root, name), filepath.Join(c.aside, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// rootFile is the pyproject.toml of the root, with these members alone. A root
// whose project is not among them keeps its settings.
func (c *copying) rootFile(names []pyname.Package, keepsRoot bool) ([]byte, error) {
	w := c.Workspace
	f, err := pyproject.Parse(w.File.Name(), w.File.Bytes())
	if err != nil || !w.Declared {
		return f.Bytes(), err
	}
	var paths []string
	for _, name := range names {
		m := w.Member(name)
		if m == nil || m.Dir == w.Root {
			continue
		}
		rel, err := filepath.Rel(w.Root, m.Dir)
		if err != nil {
			return nil, err
		}
		paths = append(paths, workspace.GlobOf(filepath.ToSlash(rel)))
	}
	if err := f.Set(paths, "tool", "uv", "workspace", "members"); err != nil {
		return nil, err
	}
	drop := [][]string{{"tool", "uv", "workspace", "exclude"}}
	if !keepsRoot {
		drop = append(drop, [][]string{
			{"project"},
			{"build-system"},
			{"dependency-groups"},
			{"tool", "uv", "dev-dependencies"},
			{"tool", "uv", "default-groups"},
			{"tool", "tame", "default-extras"},
			{"tool", "uv", "dependency-groups"},
			{"tool", "uv", "package"},
		}...)
	}
	for _, path := range drop {
		if _, err := f.Delete(path...); err != nil {
			return nil, err
		}
	}
	return f.Bytes(), nil
}

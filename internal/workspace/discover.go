package workspace

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// A Workspace is the projects that are locked and installed together: those
// that [tool.uv.workspace] lists, or a single one.
type Workspace struct {
	// Root is the directory with uv.lock and the environment, absolute.
	Root string
	// File is the pyproject.toml there, which need not have a [project] table.
	File *pyproject.File
	// Members are the projects, sorted by name, the one in Root included.
	Members []*Member
	// Declared is set if there is a [tool.uv.workspace] table.
	Declared bool

	files    *Files
	required map[pyname.Package]*bool // members that a source asks for, and whether in place

	rootMu    sync.Mutex
	rootTable *Sources // see rootSources
}

// A Member is a project of a workspace.
type Member struct {
	Name    pyname.Package
	Dir     string // absolute
	File    *pyproject.File
	Project *pyproject.Project

	files  *Files  // nil if it was not discovered
	groups *Groups // see Groups
	nested bool    // declares a workspace itself
}

// Membership says how a discovery treats the members that the workspace lists.
type Membership uint8

// The ways to look for members.
const (
	AllMembers Membership = iota
	// OnlyCurrent leaves out all but the root's project and the one that was
	// started from.
	OnlyCurrent
	// ExistingMembers passes over directories that are not there, or have no
	// pyproject.toml yet.
	ExistingMembers
)

// DiscoverOptions say how to look for a workspace. The zero value is the usual
// way.
type DiscoverOptions struct {
	// Files are the files that were read already, and get those that are read
	// now. It may be nil.
	Files   *Files
	Members Membership
	// Ignore are member directories to leave out.
	Ignore []string
	// CacheDir is never searched for members.
	CacheDir string
	// StopAt is the last directory that is looked at on the way up; empty is the
	// root of the file system.
	StopAt string
	// Check, if not nil, refuses a pyproject.toml whose settings are wrong.
	Check func(*pyproject.File) error
}

// Discover finds the workspace that a directory is in, and the project in the
// directory or nearest above it, which is nil if what is found there has no
// [project] table: the root of a workspace, or just dependency groups.
//
// The error is ErrNone if there is nothing, matches ErrUnmanaged, or says what
// is wrong with a file or member.
func Discover(ctx context.Context, dir string, o DiscoverOptions) (*Workspace, *Member, error) {
	d := discovery{DiscoverOptions: o}
	if d.Files == nil {
		d.Files = &Files{}
	}
	at, err := d.nearest(filepath.Clean(dir))
	if err != nil {
		return nil, nil, err
	}
	f, err := d.read(at)
	if err != nil {
		return nil, nil, err
	}
	if isUnmanaged(f) && f.HasProject() {
		return nil, nil, &DirectoryError{ErrUnmanaged, d.Files.shown(at)}
	}
	w := &Workspace{Root: at, File: f, files: d.Files}
	switch table := table(f); {
	case !table.IsZero():
		w.Declared = true
	case f.HasProject():
		root, err := d.rootAbove(at)
		if err != nil {
			return nil, nil, err
		}
		if root != nil {
			root.files = d.Files
			w = root
		}
	}
	if err := d.collect(ctx, w, at, f); err != nil {
		return nil, nil, err
	}
	return w, w.At(at), nil
}

type discovery struct {
	DiscoverOptions
	root *fsx.Tree // of the workspace, while its members are read
}

// table is [tool.uv.workspace].
func table(f *pyproject.File) pyproject.Value { return f.Tool("uv").Get("workspace") }

func (d *discovery) read(dir string) (*pyproject.File, error) {
	f, err := d.Files.read(d.root, dir)
	if err != nil {
		return nil, err
	}
	if d.Check != nil && !f.Tool("uv").IsZero() {
		if err := d.Check(f); err != nil {
			return nil, err
		}
	}
	if f.HasProject() || !table(f).IsZero() {
		return f, checkTable(f)
	}
	return f, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// up calls a function with a directory and those above it, until it returns
// false.
func (d *discovery) up(dir string, f func(dir string) bool) {
	for f(dir) {
		parent := filepath.Dir(dir)
		if parent == dir || dir == d.StopAt {
			return
		}
		dir = parent
	}
}

// nearest is the directory with the nearest pyproject.toml.
func (d *discovery) nearest(dir string) (string, error) {
	found := ""
	d.up(dir, func(dir string) bool {
		if isFile(filepath.Join(dir, "pyproject.toml")) {
			found = dir
		}
		return found == ""
	})
	if found == "" {
		return "", ErrNone
	}
	return found, nil
}

// rootAbove is the workspace above a project that has it as a member, or nil.
// Only the nearest pyproject.toml above counts.
func (d *discovery) rootAbove(at string) (*Workspace, error) {
	if d.StopAt == "" && isBelow(at, d.CacheDir) || at == d.StopAt || filepath.Dir(at) == at {
		return nil, nil
	}
	dir, err := d.nearest(filepath.Dir(at))
	if err != nil {
		return nil, nil //nolint:nilerr // there is none
	}
	f, err := d.read(dir)
	if err != nil {
		return nil, err
	}
	t := table(f)
	if t.IsZero() {
		return nil, nil
	}
	w := &Workspace{Root: dir, File: f, Declared: true}
	in, err := w.Includes(at)
	if err != nil || !in {
		return nil, err
	}
	return w, nil
}

// isBelow reports whether a path is a directory or lies in it.
func isBelow(path, dir string) bool {
	if dir == "" {
		return false
	}
	if filepath.Separator == '/' && filepath.IsAbs(dir) && filepath.IsAbs(path) {
		dir = filepath.Clean(dir)
		rest, ok := strings.CutPrefix(filepath.Clean(path), dir)
		return ok && (rest == "" || rest[0] == '/' || dir == "/")
	}
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// Includes reports whether the globs of the workspace mean a directory, and do
// not exclude it.
func (w *Workspace) Includes(dir string) (bool, error) {
	members, err := w.patterns("members")
	if err != nil {
		return false, err
	}
	excluded, err := w.Excludes(dir)
	if err != nil || excluded {
		return false, err
	}
	return w.any(members, dir), nil
}

// Excludes reports whether the workspace excludes a directory.
func (w *Workspace) Excludes(dir string) (bool, error) {
	list, err := w.patterns("exclude")
	return err == nil && w.any(list, dir), err
}

func (w *Workspace) any(list []pattern, dir string) bool {
	if len(list) == 0 {
		return false
	}
	rel, err := filepath.Rel(w.Root, dir)
	if err != nil {
		return false
	}
	rel = filepath.ToSlash(rel)
	return slices.ContainsFunc(list, func(p pattern) bool {
		if strings.HasPrefix(string(p), "/") {
			return p.matches(filepath.ToSlash(dir))
		}
		return p.matches(rel)
	})
}

// patterns reads a list of globs.
func (w *Workspace) patterns(key string) ([]pattern, error) {
	v := table(w.File).Get(key)
	if v.IsZero() {
		return nil, nil
	}
	if !v.IsArray() {
		return nil, v.Errorf("invalid type: %s, expected a sequence", v.Kind())
	}
	var out []pattern
	for _, one := range v.Elems() {
		text, ok := one.Text()
		if !ok {
			return nil, one.Errorf("invalid type: %s, expected a string", one.Kind())
		}
		p := clean(text)
		if err := p.check(); err != nil {
			return nil, one.Errorf("%w", err)
		}
		out = append(out, p)
	}
	return out, nil
}

// collect finds the members and reads them.
func (d *discovery) collect(ctx context.Context, w *Workspace, at string, f *pyproject.File) error {
	dirs, globs, err := d.candidates(w)
	if err != nil {
		return err
	}
	read, err := d.members(ctx, w, dirs, globs)
	if err != nil {
		return err
	}
	known := make(map[pyname.Package]*Member, len(read))
	for _, m := range read {
		if m == nil {
			continue
		}
		if other := known[m.Name]; other != nil {
			return &DuplicateError{m.Name, d.Files.shown(other.Dir), d.Files.shown(m.Dir)}
		}
		known[m.Name] = m
		w.Members = append(w.Members, m)
	}
	if f.HasProject() && w.At(at) == nil {
		m, err := d.project(at, f)
		if err != nil {
			return err
		}
		if known[m.Name] == nil {
			w.Members = append(w.Members, m)
		}
	}
	slices.SortFunc(w.Members, func(a, b *Member) int { return strings.Compare(string(a.Name), string(b.Name)) })
	for _, m := range w.Members {
		if m.nested && m.Dir != w.Root {
			return &DirectoryError{errNested, d.Files.shown(m.Dir)}
		}
	}
	return w.readRequired()
}

// patience is how long members are read one after another. Where the system has
// the files at hand, hundreds are read before a second thread would be of use.
const patience = 5 * time.Millisecond

// members reads the projects in directories; nil where there is none.
func (d *discovery) members(ctx context.Context, w *Workspace, dirs, globs []string) ([]*Member, error) {
	if len(dirs) > 1 {
		if root, err := fsx.OpenTree(w.Root); err == nil {
			d.root = root
			defer func() { d.root = nil; _ = root.Close() }()
		}
	}
	read := make([]*Member, len(dirs))
	return read, par.ForEachPatient(ctx, patience, par.Processors(), len(dirs), func(_ context.Context, i int) (err error) {
		read[i], err = d.member(w, dirs[i], globs[i])
		return err
	})
}

// candidates lists the directories of possible members, each with the glob that
// means it. The root comes first, if it has a project.
func (d *discovery) candidates(w *Workspace) (dirs, globs []string, err error) {
	seen := map[string]bool{}
	add := func(dir, glob string) {
		if !seen[dir] {
			seen[dir] = true
			dirs, globs = append(dirs, dir), append(globs, glob)
		}
	}
	if w.File.HasProject() {
		add(w.Root, "")
	}
	patterns, err := w.patterns("members")
	if err != nil || d.Members == OnlyCurrent {
		return dirs, globs, err
	}
	written, _ := table(w.File).Get("members").Strings()
	cache := d.CacheDir
	if d.StopAt != "" || isBelow(w.Root, cache) {
		cache = ""
	}
	for i, p := range patterns {
		found := p.directories(w.Root)
		if len(found) == 0 {
			continue
		}
		excluded, err := w.patterns("exclude")
		if err != nil {
			return nil, nil, err
		}
		for _, dir := range found {
			if !slices.Contains(d.Ignore, dir) && !isBelow(dir, cache) && !w.any(excluded, dir) {
				add(dir, written[i])
			}
		}
	}
	return dirs, globs, nil
}

// member reads the project in a directory, nil if there is none that the
// workspace could have.
func (d *discovery) member(w *Workspace, dir, glob string) (*Member, error) {
	f, err := d.read(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if d.Members == ExistingMembers || strings.HasPrefix(filepath.Base(dir), ".") || onlyIgnored(dir) {
			return nil, nil
		}
		return nil, &MissingMemberError{d.Files.shown(dir), glob}
	}
	if err != nil {
		return nil, err
	}
	if isUnmanaged(f) && dir != w.Root {
		return nil, nil
	}
	return d.project(dir, f)
}

func (d *discovery) project(dir string, f *pyproject.File) (*Member, error) {
	if !f.HasProject() {
		return nil, &DirectoryError{ErrNoProject, d.Files.shown(filepath.Join(dir, "pyproject.toml"))}
	}
	p, err := f.Project()
	if err != nil {
		return nil, d.Files.parseError(filepath.Join(dir, "pyproject.toml"), err)
	}
	return &Member{Name: p.Name, Dir: dir, File: f, Project: p, files: d.Files, nested: !table(f).IsZero()}, nil
}

package workspace

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"sync"

	"github.com/tame-py/tame/packaging/pyproject"
)

// A Finder knows the workspaces of the source trees that a command comes
// across, each found once. Its fields are set before use; it is then safe for
// concurrent use.
type Finder struct {
	// Discover says how to look for workspaces, Sources how their sources are
	// applied.
	Discover DiscoverOptions
	Sources  Options

	mu    sync.Mutex
	known map[string]place
}

// A place is what is known of a directory.
type place struct {
	workspace *Workspace
	member    *Member
	err       error
}

// Add makes a workspace known that was found already.
func (f *Finder) Add(w *Workspace) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.add(w)
}

func (f *Finder) add(w *Workspace) {
	if f.known == nil {
		f.known = map[string]place{}
	}
	for _, m := range w.Members {
		f.known[m.Dir] = place{workspace: w, member: m}
	}
}

// Files are the files that the finder reads.
func (f *Finder) Files() *Files {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.Discover.Files == nil {
		f.Discover.Files = &Files{}
	}
	return f.Discover.Files
}

// Of is the project in a directory and the workspace that it belongs to. Both
// are nil if there is none, or one that says that it is not managed.
func (f *Finder) Of(ctx context.Context, dir string) (*Workspace, *Member, error) {
	files := f.Files()
	f.mu.Lock()
	defer f.mu.Unlock()
	dir = filepath.Clean(dir)
	if p, ok := f.known[dir]; ok {
		return p.workspace, p.member, p.err
	}
	w, m, err := f.discover(ctx, files, dir)
	if w != nil {
		f.add(w)
	} else if f.known == nil {
		f.known = map[string]place{}
	}
	f.known[dir] = place{w, m, err}
	return w, m, err
}

func (f *Finder) discover(ctx context.Context, files *Files, dir string) (*Workspace, *Member, error) {
	file, err := files.Read(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if !file.HasProject() {
		return nil, nil, nil
	}
	o := f.Discover
	if f.Sources.Disabled {
		o.Members = OnlyCurrent
	}
	w, m, err := Discover(ctx, dir, o)
	if errors.Is(err, ErrUnmanaged) {
		return nil, nil, nil
	}
	return w, m, err
}

// SettingsRoot is the directory whose settings count for work in dir: the root
// of the workspace that it is in or, where there is none that can be read, dir
// itself. Members are not looked at.
func SettingsRoot(dir string, files *Files) string {
	d := discovery{DiscoverOptions: DiscoverOptions{Files: files}}
	at, err := d.nearest(filepath.Clean(dir))
	if err != nil {
		return dir
	}
	f, err := files.Read(at)
	if err != nil || isUnmanaged(f) {
		return dir
	}
	if !table(f).IsZero() {
		return at
	}
	if !f.HasProject() {
		return dir
	}
	w, err := d.rootAbove(at)
	if err != nil || w == nil {
		return at
	}
	return w.Root
}

func isUnmanaged(f *pyproject.File) bool {
	managed, ok := f.Tool("uv").Get("managed").Bool()
	return ok && !managed
}

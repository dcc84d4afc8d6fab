package lock

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
)

// An Upgrade says which projects of a lock may move to other versions although
// nothing speaks against those they have.
type Upgrade struct {
	All      bool
	Packages []pyname.Package
	// Groups mean what dependency groups of these names ask for directly,
	// whichever project they belong to.
	Groups []pyname.Group
}

// IsZero reports whether nothing is to be upgraded.
func (u Upgrade) IsZero() bool { return !u.All && len(u.Packages)+len(u.Groups) == 0 }

// Names are the projects of the lock that an upgrade concerns: a function that
// tells.
func (l *Lock) Names(u Upgrade) func(pyname.Package) bool {
	if u.All {
		return func(pyname.Package) bool { return true }
	}
	names := map[pyname.Package]bool{}
	for _, p := range u.Packages {
		names[p] = true
	}
	if len(u.Groups) > 0 {
		for i := range l.Packages {
			for _, g := range l.Packages[i].Groups {
				for _, d := range g.Dependencies {
					if slices.Contains(u.Groups, g.Name) {
						names[l.Packages[d.To].Name] = true
					}
				}
			}
		}
		for _, g := range l.Manifest.Groups {
			for _, r := range g.Requirements {
				if slices.Contains(u.Groups, g.Name) {
					names[r.Name] = true
				}
			}
		}
	}
	return func(name pyname.Package) bool { return names[name] }
}

// Preferences are the versions that a new resolution is to keep, in the order of
// the lock. root is the folder of the lock.
func (l *Lock) Preferences(root string, u Upgrade) []resolve.Preference {
	if u.All {
		return nil
	}
	upgraded := l.Names(u)
	var out []resolve.Preference
	for i := range l.Packages {
		p := &l.Packages[i]
		if p.Version.IsZero() || upgraded(p.Name) {
			continue
		}
		out = append(out, resolve.Preference{
			Name: p.Name, Version: p.Version, Forks: l.complexify(p.Forks), Index: p.Source.Index(root), From: resolve.FromLock,
		})
	}
	return out
}

// Commits are the git repositories of the lock at the commits that a new
// resolution is to keep.
func (l *Lock) Commits(u Upgrade) []source.Source {
	if u.All {
		return nil
	}
	upgraded := l.Names(u)
	var out []source.Source
	for i := range l.Packages {
		if p := &l.Packages[i]; p.Source.Kind == Git && !upgraded(p.Name) {
			out = append(out, p.Source.Source(""))
		}
	}
	return out
}

// ForkMarkers are the forks of the lock as a resolution takes them up: for the
// Pythons of the lock.
func (l *Lock) ForkMarkers() []marker.Tree { return l.complexify(l.Forks) }

func (l *Lock) complexify(all []marker.Tree) []marker.Tree {
	if len(all) == 0 {
		return nil
	}
	out := make([]marker.Tree, len(all))
	for i, m := range all {
		out[i] = l.RequiresPython.Complexify(m)
	}
	return out
}

// Index is the URL of a registry as sources of distributions have it, or "" for
// other sources. root is the folder of the lock.
func (s Source) Index(root string) string {
	switch s.Kind {
	case Registry:
		return s.Location
	case RegistryPath:
		return fileURL(s.Absolute(root))
	}
	return ""
}

// fileURL is the URL of an absolute path.
func fileURL(path string) string {
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed
	}
	return (&url.URL{Scheme: "file", Path: slashed}).String()
}

// Source is where distributions are had from. root is the folder of the lock.
func (s Source) Source(root string) source.Source {
	out := source.Source{Subdirectory: s.Subdirectory, Location: s.Location, Given: s.Location}
	switch s.Kind {
	case Registry, RegistryPath:
		return source.Source{Kind: source.Registry, Index: s.Index(root)}
	case Git:
		out.Kind, out.Reference, out.Archive = source.Git, s.Reference, s.Archive
		out.Given = s.pep508()
	case URL:
		out.Kind = source.URL
		if s.Subdirectory != "" {
			out.Given += "#subdirectory=" + s.Subdirectory
		}
	case Path:
		out.Kind, out.Location = source.Path, s.Absolute(root)
	default:
		out.Kind, out.Location = source.Directory, s.Absolute(root)
		out.Editable, out.Virtual = s.Kind == Editable, s.Kind == Virtual
	}
	return out
}

// pep508 is a repository at its commit, as a direct reference.
func (s Source) pep508() string {
	text := "git+" + s.Location
	switch {
	case s.Reference.Commit != "":
		text += "@" + s.Reference.Commit
	case s.Reference.Rev != "":
		text += "@" + s.Reference.Rev
	case s.Reference.Tag != "":
		text += "@" + s.Reference.Tag
	case s.Reference.Branch != "":
		text += "@" + s.Reference.Branch
	}
	separator := "#"
	for _, part := range [...][2]string{{"subdirectory", s.Subdirectory}, {"path", s.Archive}} {
		if part[1] != "" {
			text += separator + part[0] + "=" + part[1]
			separator = "&"
		}
	}
	if s.Reference.LFS {
		text += separator + "lfs=true"
	}
	return text
}

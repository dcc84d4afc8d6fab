package pip

import (
	"cmp"
	"net/url"
	"path"
	"path/filepath"
	"slices"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pylock"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
)

// Lock is the distributions as a pylock.toml (PEP 751) that will stand in the
// directory dir. Relative paths that the user gave stay relative to it.
func (c *Compiled) Lock(createdBy, dir string, omit map[pyname.Package]bool) *pylock.Lock {
	l := &pylock.Lock{
		Version: pep440.FromRelease(1, 0), CreatedBy: createdBy, RequiresPython: c.Graph.Python.Specifiers(),
	}
	for _, n := range c.Graph.Nodes {
		if !omit[n.Name] {
			l.Packages = append(l.Packages, c.locked(n, dir))
		}
	}
	slices.SortStableFunc(l.Packages, func(a, b pylock.Package) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), a.Version.Compare(b.Version))
	})
	return l
}

// locked is a distribution as an entry of a lock. A source tree has no version,
// because it may change.
func (c *Compiled) locked(n *resolve.Node, dir string) pylock.Package {
	p := pylock.Package{Name: n.Name, Version: n.Version, Marker: n.Marker}
	s := n.Dist.Source
	hashes := lockedHashes(c.Hashes[n])
	switch s.Kind {
	case source.Registry:
		c.lockFiles(&p, n)
	case source.URL:
		p.Archive = &pylock.Archive{File: pylock.File{URL: auth.Strip(s.Location), Hashes: hashes}, Subdirectory: s.Subdirectory}
	case source.Path:
		p.Archive = &pylock.Archive{File: pylock.File{Path: lockedPath(s, dir), Hashes: hashes}, Subdirectory: s.Subdirectory}
	case source.Directory:
		p.Version = pep440.Version{}
		p.Directory = &pylock.Directory{Path: lockedPath(s, dir), Subdirectory: s.Subdirectory}
		if s.Editable || s.Settled {
			p.Directory.Editable = &s.Editable
		}
	case source.Git:
		p.VCS = &pylock.VCS{
			Type: "git", URL: auth.Strip(s.Location), CommitID: s.Reference.Commit, Subdirectory: s.Subdirectory,
			RequestedRevision: cmp.Or(s.Reference.Rev, s.Reference.Tag, s.Reference.Branch),
		}
	}
	return p
}

// lockFiles lists the files of a version that the target can use.
func (c *Compiled) lockFiles(p *pylock.Package, n *resolve.Node) {
	if n.Candidate == nil {
		return
	}
	files := n.Candidate.Released()
	for i := range files {
		d := &files[i]
		switch {
		case !d.IsWheel():
			if !c.Policy.NoBuild.Has(n.Name) {
				f := lockedFile(&d.File)
				p.Sdist = &f
			}
		case c.Policy.NoBinary.Has(n.Name), c.Tags != nil && !c.Tags.Match(d.Wheel.Tags).OK(), !c.Graph.Python.AdmitsWheel(d.Wheel.Tags):
		default:
			p.Wheels = append(p.Wheels, lockedFile(&d.File))
		}
	}
}

// lockedFile is a file of an index. Its name is written where the URL does not
// end in it.
func lockedFile(f *simple.File) pylock.File {
	out := pylock.File{URL: auth.Strip(f.URL), UploadTime: f.UploadTime, Size: max(f.Size, 0), Hashes: lockedHashes(f.Hashes)}
	base := ""
	if u, err := url.Parse(f.URL); err == nil {
		base = path.Base(u.Path)
	}
	if base != f.Filename {
		out.Name = f.Filename
	}
	return out
}

func lockedHashes(list []simple.Hash) []pylock.Hash {
	out := make([]pylock.Hash, len(list))
	for i, h := range list {
		out[i] = pylock.Hash{Algorithm: h.Algorithm, Digest: h.Digest}
	}
	return out
}

// lockedPath is the path of a local distribution: relative to the lock where
// the user did not write an absolute one.
func lockedPath(s source.Source, dir string) string {
	if rel, err := filepath.Rel(dir, s.Location); err == nil && !givenAbsolute(s) {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(s.Location)
}

// givenAbsolute reports whether a path was written as one that is not to be
// made relative: an absolute one, or a `file:` URL, unless variables stand in it.
func givenAbsolute(s source.Source) bool {
	if s.Written != "" {
		return false
	}
	if scheme, _, ok := pep508.SplitScheme(s.Given); ok && len(scheme) > 1 {
		return true
	}
	return filepath.IsAbs(s.Given)
}

package fetch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/pyproject"
)

// A MetadataStore keeps metadata that was read out of source distributions, by
// the project and a key.
type MetadataStore interface {
	StoredMetadata(name pyname.Package, key string) (*metadata.Metadata, bool)
	StoreMetadata(name pyname.Package, key string, m *metadata.Metadata)
}

// StaticMetadata reads the metadata of a source distribution or source tree
// without building it. If it can only be told by a build, the error is a
// [*BuildNeededError]. What a source distribution says, and that it does not say
// enough, is kept in Options.Metadata by the digest of the file, which an index
// tells beforehand.
func (f *Fetcher) StaticMetadata(ctx context.Context, d *source.Dist) (*metadata.Metadata, error) {
	switch d.Source.Kind {
	case source.Directory, source.Git:
		_, dir, err := f.SourceTree(ctx, d)
		if err != nil {
			return nil, err
		}
		tree, err := ReadTree(dir)
		if err == nil && tree.Metadata == nil {
			err = &BuildNeededError{d}
		}
		if err != nil {
			return nil, err
		}
		return tree.Metadata, nil
	}
	for _, h := range d.File.Hashes {
		if m, ok := f.storedMetadata(d, h.Digest); ok && h.Algorithm == "sha256" {
			return told(d, m)
		}
	}
	s, err := f.Sdist(ctx, d)
	if err != nil {
		return nil, err
	}
	if m, ok := f.storedMetadata(d, s.SHA256()); ok {
		return told(d, m)
	}
	m, err := f.readSdist(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("failed to read the source distribution `%s`: %w", d, err)
	}
	if m == nil {
		m = untold(d)
	}
	if f.opts.Metadata != nil && d.Name != "" {
		f.opts.Metadata.StoreMetadata(d.Name, sdistKey(d, s.SHA256()), m)
	}
	return told(d, m)
}

// leftToBuild is the field that is dynamic in what is kept of a source
// distribution that leaves something to its build. Metadata that counts never
// has it.
const leftToBuild = "Requires-Dist"

// untold is what is kept of a source distribution that has to be built. Without
// it, each command would unpack the archive again to find that out.
func untold(d *source.Dist) *metadata.Metadata {
	return &metadata.Metadata{Name: d.Name, Version: pep440.MustParse("0"), Dynamic: []string{leftToBuild}}
}

// told is metadata that was kept: an error, if it is untold.
func told(d *source.Dist, m *metadata.Metadata) (*metadata.Metadata, error) {
	if slices.Contains(m.Dynamic, leftToBuild) {
		return nil, &BuildNeededError{d}
	}
	return m, nil
}

func (f *Fetcher) storedMetadata(d *source.Dist, digest string) (*metadata.Metadata, bool) {
	if f.opts.Metadata == nil || d.Name == "" {
		return nil, false
	}
	return f.opts.Metadata.StoredMetadata(d.Name, sdistKey(d, digest))
}

func sdistKey(d *source.Dist, digest string) string {
	key := "sdist sha256:" + digest + "#" + d.Source.Subdirectory + "@" + d.Version.String()
	if d.Source.Kind == source.URL {
		key += " of a URL" // whose version settles nothing; see readSdist
	}
	return key
}

// readSdist unpacks a source distribution to see what it says of itself. A URL
// is not trusted to tell the version.
func (f *Fetcher) readSdist(ctx context.Context, s *Sdist) (*metadata.Metadata, error) {
	dir, err := f.opts.Cache.TempDir()
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	root, err := f.UnpackSdist(ctx, s, dir)
	if err != nil {
		return nil, err
	}
	version := s.Dist.Version
	if s.Dist.Source.Kind == source.URL {
		version = pep440.Version{}
	}
	return SdistMetadata(root, s.Dist.Name, version)
}

// A Tree is what a directory with a project says of it without being built.
type Tree struct {
	// File is its pyproject.toml, nil if there is none.
	File *pyproject.File
	// Metadata is nil if a build has to be asked: there is no [project] table,
	// or it leaves something of what a resolver needs to the build.
	Metadata *metadata.Metadata
}

// ReadTree reads a directory that a user works in. A PKG-INFO in it does not
// count, because it may be older than the rest.
func ReadTree(dir string) (*Tree, error) {
	file := filepath.Join(dir, "pyproject.toml")
	f, p, err := readProject(file)
	if err != nil {
		return nil, fmt.Errorf("failed to parse: `%s`: %w", file, err)
	}
	return &Tree{File: f, Metadata: projectMetadata(f, p, pep440.Version{})}, nil
}

// TreeOf is what a file that was read already says of its project.
func TreeOf(f *pyproject.File, p *pyproject.Project) *Tree {
	return &Tree{File: f, Metadata: projectMetadata(f, p, pep440.Version{})}
}

// DynamicTreeOf is TreeOf for a project of which only the version is left to
// the build. The version of the metadata is zero then, and dynamic set.
func DynamicTreeOf(f *pyproject.File, p *pyproject.Project) (tree *Tree, dynamic bool) {
	if !p.IsDynamic("version") {
		return TreeOf(f, p), false
	}
	static := *p
	static.Version = new(pep440.Version)
	static.Dynamic = slices.DeleteFunc(slices.Clone(p.Dynamic), func(field string) bool { return field == "version" })
	return TreeOf(f, &static), true
}

// SdistMetadata reads what an unpacked source distribution says of itself: in
// the [project] table of its pyproject.toml or, where that leaves something to
// the build, in a PKG-INFO of metadata version 2.2 or later. It returns nil if a
// build has to be asked. version is that of the archive's name, if that is
// known; what is of another version or name is passed over.
func SdistMetadata(dir string, name pyname.Package, version pep440.Version) (*metadata.Metadata, error) {
	known := func(m *metadata.Metadata) bool {
		return (name == "" || m.Name == name) &&
			(version.IsZero() || m.Version.Equal(version) || m.Version.Equal(version.WithoutLocal()))
	}
	if f, p, err := readProject(filepath.Join(dir, "pyproject.toml")); err == nil {
		if m := projectMetadata(f, p, version); m != nil && known(m) {
			return m, nil
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "PKG-INFO"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m, err := metadata.ParseStatic(text)
	if err != nil || !known(m) {
		return nil, nil //nolint:nilerr // the build will tell
	}
	return m, nil
}

// readProject reads a pyproject.toml; both results are nil if there is none.
func readProject(file string) (*pyproject.File, *pyproject.Project, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	f, err := pyproject.Parse(file, text)
	if err != nil {
		return nil, nil, err
	}
	p, err := f.Project()
	return f, p, err
}

// projectMetadata is a [project] table as metadata; nil is one that leaves
// something to the build. version is that of a source distribution, which fixes
// one that is dynamic.
func projectMetadata(f *pyproject.File, p *pyproject.Project, version pep440.Version) *metadata.Metadata {
	if p == nil || !isStatic(f, p, version) {
		return nil
	}
	m := &metadata.Metadata{Name: p.Name, Version: version}
	if p.Version != nil {
		m.Version = *p.Version
	}
	if p.RequiresPython != nil {
		m.RequiresPython = *p.RequiresPython
	}
	if p.IsDynamic("version") {
		m.Dynamic = []string{"Version"}
	}
	if !addRequires(m, p) {
		return nil
	}
	return m
}

// isStatic reports whether all that a resolver needs stands in the file. Of a
// project in Poetry's own form whose dependencies are missing, they stand
// elsewhere.
func isStatic(f *pyproject.File, p *pyproject.Project, version pep440.Version) bool {
	for _, field := range [...]string{"dependencies", "optional-dependencies", "requires-python"} {
		if p.IsDynamic(field) {
			return false
		}
	}
	if version.IsZero() && (p.Version == nil || p.IsDynamic("version")) {
		return false
	}
	return p.HasDependencies || f.Tool("poetry").IsZero()
}

// addRequires adds the dependencies, those of extras with a marker; false means
// that one cannot be read.
func addRequires(m *metadata.Metadata, p *pyproject.Project) bool {
	add := func(list []pyproject.Dependency, extra pyname.Extra) bool {
		for _, d := range list {
			r, err := pep508.ParseLenient(d.Text)
			if err == nil {
				_, err = source.FromPEP508(r) // a build backend may know better
			}
			if err != nil {
				return false
			}
			if extra != "" {
				r.Marker = r.Marker.And(marker.Extra(extra))
			}
			m.RequiresDist = append(m.RequiresDist, r)
		}
		return true
	}
	if !add(p.Dependencies, "") {
		return false
	}
	for _, o := range p.Optional {
		m.ProvidesExtra = append(m.ProvidesExtra, o.Extra)
		if !add(o.Dependencies, o.Extra) {
			return false
		}
	}
	return true
}

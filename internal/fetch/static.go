package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/tame-py/tame/internal/archive"
	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/web"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyproject"
)

// StaticMetadata reads the metadata of a source distribution or source tree
// without building it: from PKG-INFO (metadata version 2.2 and later, PEP 643)
// or from the [project] table (PEP 621), if what a resolver needs is not
// dynamic there. If it can only be told by building, the error is a
// [*BuildNeededError].
func (f *Fetcher) StaticMetadata(ctx context.Context, d *source.Dist) (*metadata.Metadata, error) {
	if d.Source.Kind == source.Directory {
		return staticOf(d, filepath.Join(d.Source.Location, d.Source.Subdirectory), true)
	}
	if d.Source.Kind == source.Git {
		return nil, &BuildNeededError{d}
	}
	want, err := f.wanted(d)
	if err != nil {
		return nil, err
	}
	entry := ""
	if key, ok := want.key(); ok {
		entry = f.opts.Cache.Path(cache.Sources, cache.Segment(d.Name), cache.Key(key), "PKG-INFO")
		if data, err := os.ReadFile(entry); err == nil {
			return metadata.ParseStatic(data)
		}
	}
	dir, err := f.opts.Cache.TempDir()
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := f.unpackSource(ctx, d, want, dir); err != nil {
		return nil, fmt.Errorf("failed to read the source distribution `%s`: %w", d, err)
	}
	root, err := sourceRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("failed to read the source distribution `%s`: %w", d, err)
	}
	m, err := staticOf(d, filepath.Join(root, d.Source.Subdirectory), false)
	if err == nil && entry != "" {
		f.keepStatic(root, entry)
	}
	return m, err
}

// keepStatic remembers a PKG-INFO that can be relied on. That it cannot be
// written costs another download, no more.
func (f *Fetcher) keepStatic(root, entry string) {
	data, err := os.ReadFile(filepath.Join(root, "PKG-INFO"))
	if err != nil {
		return
	}
	if _, err := metadata.ParseStatic(data); err == nil {
		_ = f.opts.Cache.Write(entry, data)
	}
}

// unpackSource brings a source distribution into a directory and checks its
// hashes.
func (f *Fetcher) unpackSource(ctx context.Context, d *source.Dist, want *wanted, dir string) error {
	var in io.ReadCloser
	var err error
	if path, ok := localPath(d); ok {
		in, err = os.Open(path)
	} else {
		in, err = f.opts.Web.Open(ctx, web.Request{URL: location(d)})
	}
	if err != nil {
		return err
	}
	defer in.Close()
	format, ok := archive.FormatOf(d.File.Filename)
	if !ok {
		return fmt.Errorf("`%s` is no archive that can be read", d.File.Filename)
	}
	sums := newHasher(want.algorithms())
	options := archive.Options{Tee: sums, Pool: f.opts.Pool, Limits: f.opts.Limits, Links: true}
	if _, err := archive.Unpack(ctx, in, format, dir, options); err != nil {
		return err
	}
	_, err = want.check(sums.digests())
	return err
}

// sourceRoot is the one directory that a source distribution unpacks to.
func sourceRoot(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	if len(entries) != 1 || !entries[0].IsDir() {
		return "", errors.New("it does not unpack to one directory")
	}
	return filepath.Join(dir, entries[0].Name()), nil
}

// staticOf reads what a source tree says of itself. In a tree that is edited a
// PKG-INFO may be old, so that there only pyproject.toml counts.
func staticOf(d *source.Dist, root string, edited bool) (*metadata.Metadata, error) {
	if !edited {
		if data, err := os.ReadFile(filepath.Join(root, "PKG-INFO")); err == nil {
			m, err := metadata.ParseStatic(data)
			var unreliable *metadata.UnreliableError
			if !errors.As(err, &unreliable) {
				return m, err
			}
		}
	}
	file := filepath.Join(root, "pyproject.toml")
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &BuildNeededError{d}
	}
	if err != nil {
		return nil, err
	}
	doc, err := pyproject.Parse(file, text)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	p, err := doc.Project()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	if p == nil || isDynamic(d, p) {
		return nil, &BuildNeededError{d}
	}
	return projectMetadata(d, p)
}

// isDynamic reports whether a project leaves to a build what a resolver needs.
// The version of a distribution from an index is in its file name too.
func isDynamic(d *source.Dist, p *pyproject.Project) bool {
	for _, field := range [...]string{"dependencies", "optional-dependencies", "requires-python"} {
		if slices.Contains(p.Dynamic, field) {
			return true
		}
	}
	return p.Version == nil && d.Version.IsZero()
}

// projectMetadata puts a [project] table in the form of core metadata.
func projectMetadata(d *source.Dist, p *pyproject.Project) (*metadata.Metadata, error) {
	m := &metadata.Metadata{Name: p.Name, Version: d.Version}
	if p.Version != nil {
		m.Version = *p.Version
	}
	if p.RequiresPython != nil {
		m.RequiresPython = *p.RequiresPython
	}
	add := func(list []pyproject.Dependency, when marker.Tree) error {
		for _, dep := range list {
			r, err := pep508.Parse(dep.Text)
			if err != nil {
				return &pyproject.Error{Line: dep.Line, Column: dep.Column, Message: "invalid requirement", Err: err}
			}
			r.Marker = r.Marker.And(when)
			m.RequiresDist = append(m.RequiresDist, r)
		}
		return nil
	}
	if err := add(p.Dependencies, marker.True()); err != nil {
		return nil, err
	}
	for _, o := range p.Optional {
		m.ProvidesExtra = append(m.ProvidesExtra, o.Extra)
		if err := add(o.Dependencies, marker.Extra(o.Extra)); err != nil {
			return nil, err
		}
	}
	return m, nil
}

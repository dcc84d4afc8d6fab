package fetch

import (
	"context"
	"fmt"
	"strings"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/simple"
)

// An identity is what a source is known by: two sources of one identity are
// built to the same wheel.
type identity struct {
	// key is the digest of an archive or the commit of a repository, with the
	// directory in it; of a directory the path, whose state is told by info and
	// content.
	key     string
	info    *install.CacheInfo
	content *treeState
	hashes  []simple.Hash // of an archive
}

// identify finds what a source is known by, which may mean downloading it.
func (f *Fetcher) identify(ctx context.Context, d *source.Dist) (*identity, error) {
	switch d.Source.Kind {
	case source.Directory:
		return f.identifyTree(d)
	case source.Git:
		return f.identifyGit(d)
	}
	if id := f.identifyKnown(d); id != nil {
		return id, nil
	}
	s, err := f.Sdist(ctx, d)
	if err != nil {
		return nil, err
	}
	id := f.archiveIdentity(d, s.SHA256())
	id.hashes = s.Hashes
	return id, nil
}

// identifyCached finds what a source is known by as far as that needs no
// request; nil means that it does.
func (f *Fetcher) identifyCached(d *source.Dist) (*identity, error) {
	switch d.Source.Kind {
	case source.Directory:
		return f.identifyTree(d)
	case source.Git:
		return f.identifyGit(d)
	}
	want, err := f.wanted(d)
	if err != nil {
		return nil, err
	}
	if path, ok := localPath(d); ok {
		s, err := f.localSdist(d, want, path)
		if err != nil {
			return nil, nil //nolint:nilerr // it will be told when it is built
		}
		id := f.archiveIdentity(d, s.SHA256())
		id.hashes = s.Hashes
		return id, nil
	}
	if id := f.identifyKnown(d); id != nil {
		return id, nil
	}
	if f.opts.Web == nil {
		return nil, nil
	}
	payload, ok := f.opts.Web.Stored(f.sdistRequest(d, want))
	if !ok {
		return nil, nil
	}
	entry, err := cache.DecodeWheel(payload)
	if err != nil {
		return nil, nil //nolint:nilerr // it will be made again
	}
	if known, err := want.check(entry.Hashes, entry.Size); err != nil || !known {
		return nil, err
	}
	return f.archiveIdentity(d, entry.Hash("sha256")), nil
}

// identifyKnown is the identity of an archive whose digest an index tells, if
// nothing else has to be checked.
func (f *Fetcher) identifyKnown(d *source.Dist) *identity {
	if _, ok := localPath(d); ok {
		return nil
	}
	want, err := f.wanted(d)
	if err != nil {
		return nil
	}
	key, ok := want.key()
	digest, isSHA256 := strings.CutPrefix(key, "sha256:")
	if !ok || !isSHA256 {
		return nil
	}
	known, err := want.check([]cache.Hash{{Algorithm: "sha256", Digest: digest}}, anySize)
	if err != nil || !known {
		return nil
	}
	return f.archiveIdentity(d, digest)
}

func (f *Fetcher) archiveIdentity(d *source.Dist, sha256 string) *identity {
	id := &identity{key: "sha256:" + sha256 + "#" + d.Source.Subdirectory, hashes: []simple.Hash{{Algorithm: "sha256", Digest: sha256}}}
	if d.Source.Kind == source.Path {
		id.info, _ = install.CacheInfoOf(d.Source.Location, nil)
	}
	return id
}

// identifyGit is the identity of a commit; without one there is none.
func (f *Fetcher) identifyGit(d *source.Dist) (*identity, error) {
	commit := d.Source.Reference.Commit
	if commit == "" {
		return nil, &BuildNeededError{d}
	}
	return &identity{key: fmt.Sprintf("git %s@%s#%s lfs=%t", source.Canonical(d.Source.Location), commit, d.Source.Subdirectory, d.Source.Reference.LFS)}, nil
}

// identifyTree looks at a directory as it is now.
func (f *Fetcher) identifyTree(d *source.Dist) (*identity, error) {
	dir, err := d.Source.Below(d.Source.Location)
	if err != nil {
		return nil, err
	}
	info, err := install.CacheInfoOf(dir, f.opts.Getenv)
	if err != nil {
		return nil, err
	}
	content, err := readTreeState(dir)
	if err != nil {
		return nil, err
	}
	key := "directory " + dir
	if d.Source.Editable {
		key = "editable " + dir
	}
	return &identity{key: key, info: info, content: content}, nil
}

// sourceKey is what a built wheel of a source, by a recipe, is kept under: one
// that runs everywhere is not tied to the Python that built it.
func (id *identity) builtKey(r *Recipe, anywhere bool) string {
	python := r.Python
	if anywhere {
		python = "any"
	}
	return "built " + id.key + "\n" + r.Settings + "\n" + python
}

// state tells a directory from itself at other times; it is empty for what
// cannot change.
func (id *identity) state() string {
	if id.content == nil {
		return ""
	}
	return cache.Key("tree", id.content.digest, string(id.info.Marshal()))
}

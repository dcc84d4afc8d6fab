package fetch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/git"
	"github.com/tame-py/tame/internal/source"
)

// ErrNoRepositories says that git sources cannot be used here.
var ErrNoRepositories = errors.New("git repositories cannot be used here")

// Pin finds the commit that a git source stands for now. Other sources, and
// those whose commit is known, are returned as they are.
func (f *Fetcher) Pin(ctx context.Context, s source.Source) (source.Source, error) {
	if s.Kind != source.Git || s.Reference.Commit != "" {
		return s, nil
	}
	if f.opts.Git == nil {
		return s, ErrNoRepositories
	}
	remote, ref, err := gitRemote(s)
	if err != nil {
		return s, err
	}
	commit, err := f.opts.Git.Resolve(ctx, remote, ref)
	if err != nil {
		return s, err
	}
	return s.Pinned(commit), nil
}

// gitRemote is a git source in git's terms.
func gitRemote(s source.Source) (git.Remote, git.Reference, error) {
	remote, err := git.ParseRemote(s.Location)
	ref := git.Reference{}
	switch r := s.Reference; {
	case r.Branch != "":
		ref = git.Reference{Kind: git.Branch, Name: r.Branch}
	case r.Tag != "":
		ref = git.Reference{Kind: git.Tag, Name: r.Tag}
	case r.Rev != "":
		ref = git.Reference{Kind: git.Rev, Name: r.Rev}
	}
	return remote, ref, err
}

// SourceTree returns the directory that holds all of a source tree, and in it
// the project's: the user's own, or a check-out of a commit, which is shared and
// not to be changed.
func (f *Fetcher) SourceTree(ctx context.Context, d *source.Dist) (root, dir string, err error) {
	root = d.Source.Location
	if d.Source.Kind == source.Git {
		if root, err = f.repository(ctx, d.Source); err != nil {
			return "", "", err
		}
	}
	dir, err = d.Source.Below(root)
	return root, dir, err
}

// repository is the check-out of a git source.
func (f *Fetcher) repository(ctx context.Context, s source.Source) (string, error) {
	if f.opts.Git == nil {
		return "", ErrNoRepositories
	}
	s, err := f.Pin(ctx, s)
	if err != nil {
		return "", err
	}
	remote, ref, err := gitRemote(s)
	if err != nil {
		return "", err
	}
	return f.opts.Git.Checkout(ctx, remote, ref, s.Reference.Commit, s.Reference.LFS)
}

// isGitArchive reports whether a distribution is an archive in a repository.
func isGitArchive(d *source.Dist) bool { return d.Source.Kind == source.Git && d.Source.Archive != "" }

// Local is an archive in a repository as the file of this machine that it is
// once its commit is checked out. Other distributions are returned as they are.
func (f *Fetcher) Local(ctx context.Context, d *source.Dist) (*source.Dist, error) {
	if !isGitArchive(d) {
		return d, nil
	}
	root, err := f.repository(ctx, d.Source)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(root, filepath.FromSlash(d.Source.Archive))
	if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("the archive `%s` of `%s` does not exist", d.Source.Archive, d.Source)
	}
	out := *d
	out.Source = source.Source{Kind: source.Path, Location: file, Given: d.Source.Given, Subdirectory: d.Source.Subdirectory}
	return &out, nil
}

// checkedOut is Local for a commit that is checked out already.
func (f *Fetcher) checkedOut(d *source.Dist) (*source.Dist, bool) {
	if f.opts.Git == nil || d.Source.Reference.Commit == "" {
		return nil, false
	}
	remote, _, err := gitRemote(d.Source)
	if err != nil || !f.opts.Git.CheckedOut(remote, d.Source.Reference.Commit, d.Source.Reference.LFS) {
		return nil, false
	}
	out, err := f.Local(context.Background(), d)
	return out, err == nil
}

// copiedCheckout is a check-out for a build, which may change it.
func (f *Fetcher) copiedCheckout(ctx context.Context, d *source.Dist) (*Checkout, error) {
	from, err := f.repository(ctx, d.Source)
	if err != nil {
		return nil, err
	}
	dir, remove, err := f.tempDir()
	if err != nil {
		return nil, err
	}
	// Times stay, by which git sees that nothing was changed.
	if err := fsx.CopyTree(from, dir, nil); err != nil {
		remove()
		return nil, f.opts.Cache.Explain(err)
	}
	return newCheckout(d, dir, remove)
}

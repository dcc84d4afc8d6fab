package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fsx"
)

// Checkout returns a directory with the files of a commit and of its submodules,
// with those of Git LFS if they are wanted. ref is what the commit was found by;
// it may be zero. The directory is shared: who wants to change anything in it, as
// a build does, makes a copy. The error is an [*Error], [ErrNoGit] or that of ctx.
func (s *Store) Checkout(ctx context.Context, r Remote, ref Reference, commit string, lfs bool) (dir string, err error) {
	if !IsCommit(commit) {
		return "", fmt.Errorf("internal error: `%s` is no commit", commit)
	}
	dir = s.checkoutDir(r, commit, lfs)
	return once(ctx, &s.dirs, dir, func() (string, error) {
		if _, err := os.Lstat(dir); err == nil {
			cache.Touch(dir)
			return dir, nil
		}
		if err := s.obtain(ctx, r, ref, commit); err != nil {
			return "", err
		}
		err := s.checkout(ctx, r, commit, lfs, dir)
		return dir, err
	})
}

// CheckedOut reports whether a check-out is there already.
func (s *Store) CheckedOut(r Remote, commit string, lfs bool) bool {
	_, err := os.Lstat(s.checkoutDir(r, commit, lfs))
	return err == nil
}

// checkoutDir leaves out half of the commit: paths on Windows are short.
func (s *Store) checkoutDir(r Remote, commit string, lfs bool) string {
	name := commit[:20]
	if lfs {
		name += "-lfs"
	}
	return s.opts.Cache.Path(cache.Git, "checkouts", r.key, name)
}

// obtain sees to it that a commit is in the repository of its remote.
func (s *Store) obtain(ctx context.Context, r Remote, ref Reference, commit string) error {
	if s.has(ctx, r, commit) {
		return nil
	}
	return s.locked(ctx, r, func(h *held) error {
		if s.has(ctx, r, commit) {
			return nil
		}
		return h.fetch(ctx, ref, commit)
	})
}

// checkout makes a check-out and puts it into its place.
func (s *Store) checkout(ctx context.Context, r Remote, commit string, lfs bool, dir string) error {
	temp, err := s.opts.Cache.TempDir()
	if err != nil {
		return err
	}
	defer fsx.RemoveAll(temp, nil)
	tree := filepath.Join(temp, "tree")
	if err := s.link(ctx, r, tree); err != nil {
		return err
	}
	if err := setConfig(filepath.Join(tree, ".git"), r, s.isPartial(r)); err != nil {
		return s.opts.Cache.Explain(err)
	}
	if err := s.fill(ctx, r, commit, lfs, tree); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return s.opts.Cache.Explain(err)
	}
	if err := fsx.Rename(tree, dir); err != nil {
		if _, there := os.Lstat(dir); there == nil {
			return nil // another process was first
		}
		return s.opts.Cache.Explain(err)
	}
	return nil
}

// fill writes the files of a commit.
func (s *Store) fill(ctx context.Context, r Remote, commit string, lfs bool, tree string) error {
	run := func(doing string, env []string, args ...string) error {
		_, err := s.run(ctx, call{dir: tree, remote: &r, env: env, args: args})
		var failure *Error
		if errors.As(err, &failure) {
			failure.Doing = doing
			if s.opts.Offline && failure.Fault == Offline {
				failure.Wanted = "commit `" + commit + "`"
			}
		}
		return err
	}
	if err := run("checking out", nil, "reset", "--quiet", "--hard", commit); err != nil {
		return err
	}
	var smudge []string
	if lfs {
		if err := s.needLFS(ctx, r, tree); err != nil {
			return err
		}
		smudge = []string{"GIT_LFS_SKIP_SMUDGE=0"}
		if err := run("fetching the Git LFS files of", smudge, "lfs", "pull", "origin"); err != nil {
			var failure *Error
			if errors.As(err, &failure) && (failure.Fault == Failed || failure.Fault == Gone || failure.Fault == Missing) {
				failure.Fault = LFSMissing
			}
			return err
		}
	}
	if _, err := os.Lstat(filepath.Join(tree, ".gitmodules")); err == nil {
		return run("fetching the submodules of", smudge, "submodule", "--quiet", "update", "--init", "--recursive", "--force")
	}
	return nil
}

// needLFS refuses to go on without git-lfs, which is a program of its own.
func (s *Store) needLFS(ctx context.Context, r Remote, dir string) error {
	if _, err := s.run(ctx, call{dir: dir, args: []string{"lfs", "version"}}); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &Error{Remote: r.String(), Fault: NoLFS}
	}
	return nil
}

// link makes a repository whose objects are those in the repository of a remote,
// where they stay. Its tags are those too, because versions are derived from
// them.
func (s *Store) link(ctx context.Context, r Remote, tree string) error {
	if _, err := s.run(ctx, call{dir: filepath.Dir(tree), args: []string{"init", "--quiet", "--template=", tree}}); err != nil {
		return err
	}
	db, dir := s.database(r), filepath.Join(tree, ".git")
	tags, err := s.run(ctx, call{dir: db, args: []string{"for-each-ref", "--format=%(objectname) %(refname)", "refs/tags"}})
	if err != nil {
		return err
	}
	files := map[string]string{"objects/info/alternates": filepath.Join(db, "objects") + "\n"}
	if tags != "" {
		files["packed-refs"] = tags
	}
	if shallow, err := os.ReadFile(filepath.Join(db, "shallow")); err == nil {
		files["shallow"] = string(shallow)
	}
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(text), 0o666)); err != nil {
			return s.opts.Cache.Explain(err)
		}
	}
	return nil
}

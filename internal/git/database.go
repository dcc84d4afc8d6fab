package git

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fsx"
)

// database is where the bare repository of a remote is.
func (s *Store) database(r Remote) string { return s.opts.Cache.Path(cache.Git, "db", r.key) }

// held is the repository of a remote while no other process works in it.
type held struct {
	*Store
	remote Remote
	// lock is handed on to git, which would go on if this process was killed.
	lock *fsx.Lock
}

// locked does something with the repository of a remote while nobody else does.
// The repository is made if there is none. Within the process there is no bound
// to the wait, nor is it told: what others do here is shown anyway.
func (s *Store) locked(ctx context.Context, r Remote, do func(*held) error) error {
	path := s.opts.Cache.Path(cache.Git, "locks", r.key)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return s.opts.Cache.Explain(err)
	}
	turn := s.turns.Do(r.key, func() chan struct{} { return make(chan struct{}, 1) })
	select {
	case turn <- struct{}{}:
		defer func() { <-turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	wait := fsx.LockOptions{Timeout: s.opts.LockTimeout}
	if s.opts.Waiting != nil {
		wait.Waiting = func() { s.opts.Waiting(r.String()) }
	}
	lock, err := fsx.Acquire(ctx, path, fsx.Exclusive, wait)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	defer func() { _ = lock.Release() }()
	if err := s.prepare(ctx, r); err != nil {
		return err
	}
	if err := os.WriteFile(s.underway(r), nil, 0o666); err != nil {
		return s.opts.Cache.Explain(err)
	}
	if err := do(&held{s, r, lock}); err != nil {
		return err
	}
	return os.Remove(s.underway(r))
}

// underway is a file that is there while something is done to a repository. Who
// finds it, alone, knows that it was interrupted.
func (s *Store) underway(r Remote) string { return filepath.Join(s.database(r), "tame-underway") }

// prepare makes the repository of a remote, or sees to it that one whose last
// user was killed can be used.
func (s *Store) prepare(ctx context.Context, r Remote) error {
	db := s.database(r)
	if _, err := os.Stat(filepath.Join(db, "HEAD")); err == nil {
		if _, err := os.Stat(s.underway(r)); err == nil {
			return removeLeftovers(db)
		}
		return nil
	}
	temp, err := s.opts.Cache.TempDir()
	if err != nil {
		return err
	}
	defer fsx.RemoveAll(temp, nil)
	bare := filepath.Join(temp, "db")
	if _, err := s.run(ctx, call{dir: temp, remote: nil, args: []string{"init", "--quiet", "--bare", "--template=", bare}}); err != nil {
		return err
	}
	if err := setConfig(bare, r, s.isPartial(r)); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(db), 0o777); err != nil {
		return s.opts.Cache.Explain(err)
	}
	if _, err := os.Lstat(db); err == nil {
		if err := os.Rename(db, filepath.Join(temp, "old")); err != nil {
			return s.opts.Cache.Explain(err)
		}
	}
	return s.opts.Cache.Explain(fsx.Rename(bare, db))
}

// removeLeftovers removes the locks that a git left that was killed, and the
// beginnings of packs. Nobody else works in the repository.
func removeLeftovers(db string) error {
	return filepath.WalkDir(db, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.Type().IsRegular() && (strings.HasSuffix(base, ".lock") || strings.HasPrefix(base, "tmp_")) {
			return os.Remove(name)
		}
		return nil
	})
}

// isPartial reports whether the contents of files are fetched only for what is
// checked out. On this machine that would save nothing.
func (s *Store) isPartial(r Remote) bool { return !r.IsLocal() }

// setConfig makes the remote the origin of a repository, in place of what its
// configuration says of one. The URL has no password.
func setConfig(gitDir string, r Remote, partial bool) error {
	file := filepath.Join(gitDir, "config")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var b strings.Builder
	skip := false
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "[") {
			skip = strings.HasPrefix(line, `[remote "origin"]`) || strings.HasPrefix(line, "[branch ")
		}
		if partial && strings.TrimSpace(line) == "repositoryformatversion = 0" {
			line = strings.Replace(line, "0", "1", 1)
		}
		if !skip {
			b.WriteString(line)
		}
	}
	b.WriteString("[remote \"origin\"]\n\turl = \"" + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(r.url) + "\"\n")
	if partial {
		b.WriteString("\tpromisor = true\n\tpartialclonefilter = blob:none\n[extensions]\n\tpartialClone = origin\n")
	}
	return fsx.WriteFile(file, []byte(b.String()), 0o666)
}

// has reports whether a commit is in the repository of a remote.
func (s *Store) has(ctx context.Context, r Remote, commit string) bool {
	db := s.database(r)
	if _, err := os.Stat(filepath.Join(db, "HEAD")); err != nil {
		return false
	}
	// The reference that fetch makes says that history is there too; without it
	// the object could be one that came with another commit, which does as well.
	// A remote is not to be asked for it here.
	_, err := s.run(ctx, call{
		dir: db, env: []string{"GIT_ALLOW_PROTOCOL=none", "GIT_NO_LAZY_FETCH=1"},
		args: []string{"cat-file", "-e", commit + "^{commit}"},
	})
	return err == nil
}

// fetch brings a commit into the repository of its remote: by the reference that
// it was found by, since not every server gives commits by their hash, else by
// the hash, else with everything there is.
func (h *held) fetch(ctx context.Context, ref Reference, commit string) error {
	r := h.remote
	if h.opts.Offline && !r.IsLocal() {
		return &Error{Remote: r.String(), Fault: Offline, Wanted: "commit `" + commit + "`"}
	}
	task := h.opts.Progress.Start(r.String()+" ("+commit[:9]+")", -1)
	defer task.Done()
	own := "refs/tame/" + commit
	var tries [][]string
	if ref.Kind != Rev || !isHex(ref.Name) {
		for _, name := range ref.names() {
			specs := []string{"+" + name + ":" + own}
			if strings.HasPrefix(name, "refs/tags/") {
				specs = append(specs, "+"+name+":"+name) // for those who derive versions from tags
			}
			tries = append(tries, specs)
		}
	}
	tries = append(tries, []string{"+" + commit + ":" + own})
	for _, specs := range tries {
		err := h.fetchSpecs(ctx, specs)
		var failure *Error
		if errors.As(err, &failure) && (failure.Fault == Denied || failure.Fault == Gone || failure.Fault == Unreachable || failure.Fault == Offline) || ctx.Err() != nil {
			return err
		}
		if err == nil && h.has(ctx, r, commit) {
			return nil
		}
	}
	if err := h.fetchAll(ctx); err != nil {
		return err
	}
	if !h.has(ctx, r, commit) {
		return r.missing(Reference{Rev, commit})
	}
	return nil
}

// fetchAll brings all branches and tags.
func (h *held) fetchAll(ctx context.Context) error {
	return h.fetchSpecs(ctx, []string{"+HEAD:refs/tame/HEAD", "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"})
}

func (h *held) fetchSpecs(ctx context.Context, specs []string) error {
	args := []string{"fetch", "--quiet", "--force", "--no-recurse-submodules", "--update-shallow"}
	if h.isPartial(h.remote) {
		args = append(args, "--filter=blob:none")
	}
	args = append(args, "origin")
	_, err := h.run(ctx, call{dir: h.database(h.remote), remote: &h.remote, lock: h.lock, args: append(args, specs...)})
	var failure *Error
	if errors.As(err, &failure) {
		failure.Doing = "fetching from"
	}
	return err
}

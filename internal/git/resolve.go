package git

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fsx"
)

// Resolve finds the commit that a reference stands for: the remote is asked,
// once for all callers, unless the reference is a commit in full. Without network
// it is what the reference meant when the remote was last asked. The error is an
// [*Error], [ErrNoGit] or that of ctx.
func (s *Store) Resolve(ctx context.Context, r Remote, ref Reference) (commit string, err error) {
	if ref.Kind == Rev && IsCommit(ref.Name) {
		return strings.ToLower(ref.Name), nil
	}
	if !ref.valid() {
		return "", r.missing(ref)
	}
	return once(ctx, &s.commits, r.key+" "+ref.key(), func() (string, error) {
		if s.opts.Offline && !r.IsLocal() {
			return s.remembered(ctx, r, ref)
		}
		commit, err := s.ask(ctx, r, ref)
		if err != nil {
			return "", err
		}
		return commit, s.remember(r, ref, commit)
	})
}

func (r Remote) missing(ref Reference) *Error {
	return &Error{Remote: r.String(), Fault: Missing, Wanted: ref.String()}
}

func (r Reference) key() string { return string('0'+rune(r.Kind)) + r.Name }

// ask lets the remote tell what a reference is.
func (s *Store) ask(ctx context.Context, r Remote, ref Reference) (string, error) {
	task := s.opts.Progress.Start(r.String(), -1)
	defer task.Done()
	names := ref.names()
	args := []string{"ls-remote", "--quiet", "--", r.url}
	for _, name := range names {
		args = append(args, name, name+"^{}")
	}
	out, err := s.run(ctx, call{dir: s.neutral(), remote: &r, args: args})
	if err != nil {
		return "", err
	}
	found := map[string]string{}
	for line := range strings.Lines(out) {
		if hash, name, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			found[name] = hash
		}
	}
	for _, name := range names {
		// What an annotated tag points to, else the thing itself.
		for _, name := range [...]string{name + "^{}", name} {
			if commit := found[name]; IsCommit(commit) {
				return commit, nil
			}
		}
	}
	if ref.Kind == Rev && isHex(ref.Name) {
		return s.abbreviated(ctx, r, ref)
	}
	return "", r.missing(ref)
}

// neutral is a directory that lies in no repository whose settings would count.
func (s *Store) neutral() string { return s.opts.Cache.Root() }

// abbreviated finds the commit that begins with some digits. A remote cannot be
// asked for that: all it has is fetched.
func (s *Store) abbreviated(ctx context.Context, r Remote, ref Reference) (string, error) {
	if commit, ok := s.expand(ctx, r, ref.Name); ok {
		return commit, nil
	}
	if err := s.locked(ctx, r, func(h *held) error { return h.fetchAll(ctx) }); err != nil {
		return "", err
	}
	if commit, ok := s.expand(ctx, r, ref.Name); ok {
		return commit, nil
	}
	return "", r.missing(ref)
}

// expand completes the beginning of a commit that is in the cache.
func (s *Store) expand(ctx context.Context, r Remote, digits string) (string, bool) {
	db := s.database(r)
	if _, err := os.Stat(db); err != nil {
		return "", false
	}
	out, err := s.run(ctx, call{dir: db, args: []string{"rev-parse", "--verify", "--quiet", "--end-of-options", digits + "^{commit}"}})
	commit := strings.TrimSpace(out)
	return commit, err == nil && IsCommit(commit)
}

func (s *Store) referenceFile(r Remote, ref Reference) string {
	return s.opts.Cache.Path(cache.Git, "refs", cache.Key(r.key, ref.key()))
}

// remember keeps what a reference means.
func (s *Store) remember(r Remote, ref Reference, commit string) error {
	file := s.referenceFile(r, ref)
	if have, err := os.ReadFile(file); err == nil && string(have) == commit {
		return nil
	}
	err := fsx.WriteFile(file, []byte(commit), 0o666)
	if errors.Is(err, os.ErrNotExist) {
		if err = os.MkdirAll(s.opts.Cache.Path(cache.Git, "refs"), 0o777); err == nil {
			err = fsx.WriteFile(file, []byte(commit), 0o666)
		}
	}
	return s.opts.Cache.Explain(err)
}

// remembered is what a reference meant.
func (s *Store) remembered(ctx context.Context, r Remote, ref Reference) (string, error) {
	if text, err := os.ReadFile(s.referenceFile(r, ref)); err == nil && IsCommit(string(text)) {
		return string(text), nil
	}
	if ref.Kind == Rev && isHex(ref.Name) {
		if commit, ok := s.expand(ctx, r, ref.Name); ok {
			return commit, nil
		}
	}
	return "", &Error{Remote: r.String(), Fault: Offline, Wanted: ref.String()}
}

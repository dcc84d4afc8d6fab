package git

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Top is the root of the work tree that the directory belongs to.
func (l Local) Top(ctx context.Context) (string, error) {
	out, err := l.Run(ctx, "rev-parse", "--show-toplevel")
	return filepath.FromSlash(strings.TrimRight(out, "\r\n")), err
}

// ForkPoint is the commit at which the history at hand left a revision. In a
// shallow clone, or without common history, it is that of the revision itself.
func (l Local) ForkPoint(ctx context.Context, revision string) (string, error) {
	out, err := l.Run(ctx, "rev-parse", "--verify", "--end-of-options", revision+"^{commit}")
	if err != nil {
		return "", err
	}
	commit := strings.TrimSpace(out)
	if base, err := l.Run(ctx, "merge-base", commit, "HEAD"); err == nil {
		commit = strings.TrimSpace(base)
	}
	return commit, nil
}

// FileAt is a file of the directory as it was in a revision.
func (l Local) FileAt(ctx context.Context, revision, name string) ([]byte, error) {
	out, err := l.Run(ctx, "show", "--end-of-options", revision+":./"+name)
	return []byte(out), err
}

// HasFileAt reports whether a commit has a file of that name in the directory.
func (l Local) HasFileAt(ctx context.Context, commit, name string) (bool, error) {
	out, err := l.Run(ctx, "ls-tree", "--name-only", commit, "--", name)
	return out != "", err
}

// ChangedSince are the files in the whole repository that are not as they were in
// a commit, absolute and sorted, whether that is committed or not.
func (l Local) ChangedSince(ctx context.Context, commit string) ([]string, error) {
	top, err := l.Top(ctx)
	if err != nil {
		return nil, err
	}
	root := Local{Dir: top, Environ: l.Environ}
	differ, err1 := root.Run(ctx, "diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", commit, "--")
	others, err2 := root.Run(ctx, "ls-files", "--others", "--exclude-standard", "-z")
	// git follows links to its directory; this one may have been reached by one.
	at, err3 := filepath.EvalSymlinks(l.Dir)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	var out []string
	for name := range strings.SplitSeq(differ+others, "\x00") {
		if name == "" {
			continue
		}
		path := filepath.Join(top, filepath.FromSlash(name))
		if rel, err := filepath.Rel(at, path); err == nil {
			path = filepath.Join(l.Dir, rel)
		}
		out = append(out, path)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// A Stage is a side of a conflict, as the index of git numbers them.
type Stage int

// The sides of a conflict.
const (
	Base Stage = iota + 1
	Ours
	Theirs
)

// Conflicted is one side of a file of the directory that a merge has left with
// conflicts. It is an error if it has none, or not that side.
func (l Local) Conflicted(ctx context.Context, side Stage, name string) ([]byte, error) {
	out, err := l.Run(ctx, "show", fmt.Sprintf(":%d:./%s", side, name))
	return []byte(out), err
}

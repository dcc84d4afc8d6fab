package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A projectMerge merges those files that say what a lock is for, of two commits.
type projectMerge struct {
	*app
	ctx          context.Context //nolint:containedctx // it lives for one call
	top          string          // of the repository
	path         string          // of the lock in it
	dir, sides   string          // where the merged files go, and what they are made of
	base, theirs string          // commits; ours is HEAD
}

func (m *projectMerge) git(args ...string) (string, error) {
	out, err := m.app.git(m.ctx, m.top, args...)
	return string(out), err
}

// findCommits finds out what is being merged: git does not tell its drivers. It
// is the one of the candidates whose lock is the file at hand.
func (m *projectMerge) findCommits(base, theirs, label string) error {
	var err error
	if m.theirs, err = m.commitOf(theirs, m.candidates(label)...); err != nil {
		return err
	}
	fork, _ := m.git("merge-base", "HEAD", m.theirs)
	fork = strings.TrimSpace(fork)
	if m.isMerge() {
		if m.base = fork; fork == "" {
			return errors.New("the branches have no common history")
		}
		return nil // with several bases, git has merged their locks
	}
	m.base, err = m.commitOf(base, m.theirs+"^", fork)
	return err
}

// commitOf is a commit with the lock in a file: one of the candidates or, failing
// these, one that has brought that lock.
func (m *projectMerge) commitOf(file string, candidates ...string) (string, error) {
	blob, err := m.git("hash-object", "--no-filters", "--", file)
	if err != nil {
		return "", err
	}
	blob = strings.TrimSpace(blob)
	if found, err := m.git("log", "--all", "-n", "5", "--format=%H", "--find-object="+blob, "--", m.path); err == nil {
		candidates = append(candidates, strings.Fields(found)...)
	}
	for _, candidate := range candidates {
		has, err := m.git("rev-parse", "--verify", "--quiet", "--end-of-options", candidate+":"+m.path)
		if err == nil && strings.TrimSpace(has) == blob {
			return candidate, nil
		}
	}
	return "", errors.New("git does not tell which commits are merged")
}

// isMerge tells a merge of branches from commits that are picked one by one, by
// a rebase for instance.
func (m *projectMerge) isMerge() bool {
	for name := range m.env {
		if strings.HasPrefix(name, "GITHEAD_") && strings.EqualFold(strings.TrimPrefix(name, "GITHEAD_"), m.theirs) {
			return true
		}
	}
	return false
}

// candidates are what may be merged, commits or names of them.
func (m *projectMerge) candidates(label string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(m.env)) {
		if commit, ok := strings.CutPrefix(name, "GITHEAD_"); ok {
			out = append(out, commit)
		}
	}
	// In a rebase the last line of what was done names the commit.
	if name, err := m.git("rev-parse", "--git-path", "rebase-merge/done"); err == nil {
		name = strings.TrimSpace(name)
		if !filepath.IsAbs(name) {
			name = filepath.Join(m.top, name)
		}
		text, _ := os.ReadFile(name)
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		if words := strings.Fields(lines[len(lines)-1]); len(words) > 1 {
			out = append(out, words[1])
		}
	}
	if words := strings.Fields(label); len(words) > 0 {
		out = append(out, words[0])
	}
	out = append(out, "CHERRY_PICK_HEAD", "REBASE_HEAD", "MERGE_HEAD")
	return slices.DeleteFunc(out, func(s string) bool { return s == "" || strings.HasPrefix(s, "-") || strings.HasPrefix(s, "%") })
}

// files are those of a commit that say what a lock is for, with their blobs.
func (m *projectMerge) files(commit string) (map[string]string, error) {
	text, err := m.git("ls-tree", "-r", "-z", "--full-tree", commit)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for row := range strings.SplitSeq(text, "\x00") {
		head, name, _ := strings.Cut(row, "\t")
		switch path.Base(name) {
		case "pyproject.toml", "uv.toml", ".python-version", "setup.py", "setup.cfg":
			if words := strings.Fields(head); len(words) == 3 && words[1] == "blob" {
				out[name] = words[2]
			}
		}
	}
	return out, nil
}

// mergeFiles writes the files as they are after the merge.
func (m *projectMerge) mergeFiles() error {
	var sides [3]map[string]string
	names := map[string]bool{}
	for i, commit := range []string{m.base, "HEAD", m.theirs} {
		var err error
		if sides[i], err = m.files(commit); err != nil {
			return err
		}
		for name := range sides[i] {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		base, ours, theirs := sides[0][name], sides[1][name], sides[2][name]
		var err error
		switch {
		case ours == theirs, base == theirs:
			err = m.write(name, ours)
		case base == ours:
			err = m.write(name, theirs)
		case ours == "", theirs == "":
			err = fmt.Errorf("one side has removed `%s`, which the other has changed", name)
		default:
			err = m.mergeFile(name, base, ours, theirs)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// write writes a blob, unless there is none.
func (m *projectMerge) write(name, blob string) error {
	if blob == "" {
		return nil
	}
	to := filepath.Join(m.dir, filepath.FromSlash(name))
	text, err := m.git("cat-file", "blob", blob)
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(filepath.Dir(to), 0o777), os.WriteFile(to, []byte(text), 0o666))
}

// mergeFile merges the lines of a file that both sides have changed.
func (m *projectMerge) mergeFile(name, base, ours, theirs string) error {
	aside := *m
	aside.dir = m.sides
	for side, blob := range map[string]string{"base": base, "ours": ours, "theirs": theirs} {
		if err := aside.write(side, blob); err != nil {
			return err
		}
		if blob == "" {
			if err := os.WriteFile(filepath.Join(aside.dir, side), nil, 0o666); err != nil {
				return err
			}
		}
	}
	in := func(side string) string { return filepath.Join(aside.dir, side) }
	merged, err := m.git("merge-file", "-p", in("ours"), in("base"), in("theirs"))
	if err != nil {
		return fmt.Errorf("`%s` has conflicts of its own", name)
	}
	to := filepath.Join(m.dir, filepath.FromSlash(name))
	return errors.Join(os.MkdirAll(filepath.Dir(to), 0o777), os.WriteFile(to, []byte(merged), 0o666))
}

package git

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

// A Merge is one under way, as a merge driver sees it: git calls its drivers
// before it writes any file, and does not tell them which commits are merged.
// Ours is HEAD.
type Merge struct {
	Base, Theirs string // commits

	repo Local  // at the root of the work tree
	path string // of the file that the driver is called for, from there
}

// FindMerge finds out what is being merged while git calls a driver for the file
// at a path of the repository. base and theirs are files with its content on these
// sides, and label is what git calls the other side.
func (l Local) FindMerge(ctx context.Context, path, base, theirs, label string) (*Merge, error) {
	top, err := l.Top(ctx)
	if err != nil {
		return nil, err
	}
	m := &Merge{repo: Local{Dir: top, Environ: l.Environ}, path: path}
	return m, m.find(ctx, base, theirs, label)
}

// find takes the one of the candidates whose file is the one at hand.
func (m *Merge) find(ctx context.Context, base, theirs, label string) error {
	var err error
	if m.Theirs, err = m.commitOf(ctx, theirs, m.candidates(ctx, label)...); err != nil {
		return err
	}
	fork, _ := m.repo.Run(ctx, "merge-base", "HEAD", m.Theirs) // there may be none
	fork = strings.TrimSpace(fork)
	if m.isMerge() {
		if m.Base = fork; fork == "" {
			return errors.New("the branches have no common history")
		}
		return nil // of several bases git has merged the file
	}
	m.Base, err = m.commitOf(ctx, base, m.Theirs+"^", fork)
	return err
}

// commitOf is a commit with the content of a file: one of the candidates or,
// failing these, one that has brought it.
func (m *Merge) commitOf(ctx context.Context, file string, candidates ...string) (string, error) {
	blob, err := m.repo.Run(ctx, "hash-object", "--no-filters", "--", file)
	if err != nil {
		return "", err
	}
	blob = strings.TrimSpace(blob)
	if found, err := m.repo.Run(ctx, "log", "--all", "-n", "5", "--format=%H", "--find-object="+blob, "--", m.path); err == nil {
		candidates = append(candidates, strings.Fields(found)...)
	}
	for _, candidate := range candidates {
		has, err := m.repo.Run(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", candidate+":"+m.path)
		if err == nil && strings.TrimSpace(has) == blob {
			return candidate, nil
		}
	}
	return "", errors.New("git does not tell which commits are merged")
}

// isMerge tells a merge of branches from commits that are picked one by one, by
// a rebase for instance.
func (m *Merge) isMerge() bool {
	return slices.ContainsFunc(m.heads(), func(commit string) bool { return strings.EqualFold(commit, m.Theirs) })
}

// heads are the commits that a merge of branches names, sorted.
func (m *Merge) heads() []string {
	var out []string
	for _, pair := range m.repo.Environ {
		name, _, _ := strings.Cut(pair, "=")
		if commit, ok := strings.CutPrefix(name, "GITHEAD_"); ok {
			out = append(out, commit)
		}
	}
	slices.Sort(out)
	return out
}

// candidates are what may be merged, commits or names of them.
func (m *Merge) candidates(ctx context.Context, label string) []string {
	out := m.heads()
	// In a rebase the last line of what was done names the commit.
	if name, err := m.repo.Run(ctx, "rev-parse", "--git-path", "rebase-merge/done"); err == nil {
		name = strings.TrimSpace(name)
		if !filepath.IsAbs(name) {
			name = filepath.Join(m.repo.Dir, name)
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

// Write writes the files of the tree as they are after the merge into a
// directory: those whose name, without its folders, is wanted. A file with
// conflicts of its own is an error.
func (m *Merge) Write(ctx context.Context, dir string, wanted func(name string) bool) error {
	var sides [3]map[string]string
	names := map[string]bool{}
	for i, commit := range []string{m.Base, "HEAD", m.Theirs} {
		var err error
		if sides[i], err = m.files(ctx, commit, wanted); err != nil {
			return err
		}
		for name := range sides[i] {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		text, err := m.merged(ctx, name, sides[0][name], sides[1][name], sides[2][name])
		if err != nil {
			return err
		}
		if text == nil {
			continue
		}
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o777), os.WriteFile(to, text, 0o666)); err != nil {
			return err
		}
	}
	return nil
}

// files are those of a commit that are wanted, with their blobs.
func (m *Merge) files(ctx context.Context, commit string, wanted func(string) bool) (map[string]string, error) {
	text, err := m.repo.Run(ctx, "ls-tree", "-r", "-z", "--full-tree", commit)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for row := range strings.SplitSeq(text, "\x00") {
		head, name, _ := strings.Cut(row, "\t")
		if words := strings.Fields(head); len(words) == 3 && words[1] == "blob" && wanted(path.Base(name)) {
			out[name] = words[2]
		}
	}
	return out, nil
}

// merged is a file of which the sides have these blobs, of which "" is none; nil
// if it is gone.
func (m *Merge) merged(ctx context.Context, name, base, ours, theirs string) ([]byte, error) {
	switch {
	case ours == theirs, base == theirs:
		return m.blob(ctx, ours)
	case base == ours:
		return m.blob(ctx, theirs)
	case ours == "", theirs == "":
		return nil, fmt.Errorf("one side has removed `%s`, which the other has changed", name)
	}
	dir, err := os.MkdirTemp("", "git-merge-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var files []string
	for _, side := range [][2]string{{"ours", ours}, {"base", base}, {"theirs", theirs}} {
		text, err := m.blob(ctx, side[1])
		if err != nil {
			return nil, err
		}
		file := filepath.Join(dir, side[0])
		if err := os.WriteFile(file, text, 0o666); err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	text, err := m.repo.Run(ctx, append([]string{"merge-file", "-p"}, files...)...)
	if err != nil {
		return nil, fmt.Errorf("`%s` has conflicts of its own", name)
	}
	return []byte(text), nil
}

// blob is the content of a blob, nil of none.
func (m *Merge) blob(ctx context.Context, hash string) ([]byte, error) {
	if hash == "" {
		return nil, nil
	}
	text, err := m.repo.Run(ctx, "cat-file", "blob", hash)
	return []byte(text), err
}

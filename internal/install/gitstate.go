package install

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The state of a git repository is read from its files: a process for each
// check whether a project changed would cost more than all else.

// gitDirs returns the git directory of the repository that a path lies in, and
// the one that its references lie in, which differs in a linked worktree.
func gitDirs(path string) (own, common string, err error) {
	for dir := path; ; dir = filepath.Dir(dir) {
		dot := filepath.Join(dir, ".git")
		if info, err := os.Stat(dot); err == nil {
			own = dot
			if !info.IsDir() {
				if own, err = pointer(dot, "gitdir:"); err != nil {
					return "", "", err
				}
			}
			break
		}
		if dir == filepath.Dir(dir) {
			return "", "", fmt.Errorf("%s lies in no git repository", path)
		}
	}
	common, err = pointer(filepath.Join(own, "commondir"), "")
	if errors.Is(err, fs.ErrNotExist) {
		return own, own, nil
	}
	return own, common, err
}

// pointer reads a file that names a directory, relative to its own.
func pointer(file, prefix string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	text, ok := strings.CutPrefix(string(data), prefix)
	if !ok {
		return "", fmt.Errorf("%s does not name a directory", file)
	}
	text = strings.TrimSpace(text)
	if !filepath.IsAbs(text) {
		text = filepath.Join(filepath.Dir(file), text)
	}
	return text, nil
}

// gitCommit is the commit that is checked out at a path.
func gitCommit(path string) (string, error) {
	own, common, err := gitDirs(path)
	if err != nil {
		return "", err
	}
	head, err := os.ReadFile(filepath.Join(own, "HEAD"))
	if err != nil {
		return "", err
	}
	ref, symbolic := strings.CutPrefix(strings.TrimSpace(string(head)), "ref:")
	ref = strings.TrimSpace(ref)
	if !symbolic {
		return ref, checkCommit(ref)
	}
	for _, dir := range [...]string{own, common} {
		commit, err := readRef(filepath.Join(dir, filepath.FromSlash(ref)))
		if !errors.Is(err, fs.ErrNotExist) {
			return commit, err
		}
	}
	packed, err := packedRefs(common)
	if err != nil {
		return "", err
	}
	if commit, ok := packed[ref]; ok {
		return commit, nil
	}
	return "", fmt.Errorf("the repository at %s has no %s", common, ref)
}

// gitTags are the tags of the repository at a path, with what they point to.
func gitTags(path string) (map[string]string, error) {
	_, common, err := gitDirs(path)
	if err != nil {
		return nil, err
	}
	packed, err := packedRefs(common)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for ref, commit := range packed {
		if tag, ok := strings.CutPrefix(ref, "refs/tags/"); ok {
			out[tag] = commit
		}
	}
	root := filepath.Join(common, "refs", "tags")
	err = filepath.WalkDir(root, func(file string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return nil // a tag that can't be read is passed over
		}
		tag, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		out[filepath.ToSlash(tag)], err = readRef(file)
		return err
	})
	return out, err
}

func readRef(file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	commit := strings.TrimSpace(string(data))
	return commit, checkCommit(commit)
}

// packedRefs reads the references that git keeps in one file.
func packedRefs(dir string) (map[string]string, error) {
	data, err := os.ReadFile(filepath.Join(dir, "packed-refs"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	refs := map[string]string{}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == '^' {
			continue
		}
		commit, ref, _ := strings.Cut(line, " ")
		if err := checkCommit(commit); err != nil {
			return nil, err
		}
		refs[ref] = commit
	}
	return refs, nil
}

func checkCommit(s string) error {
	if len(s) != 40 || strings.Trim(s, "0123456789abcdefABCDEF") != "" {
		return fmt.Errorf("%q is not a commit", s)
	}
	return nil
}

package workspace

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// onlyIgnored reports whether a directory has no file that git would not
// ignore, so that it is what is left of a project rather than one.
func onlyIgnored(dir string) bool {
	rules, inRepository := rulesAbove(dir)
	if ignored(rules, dir, true) {
		return true
	}
	return onlyIgnoredIn(dir, rules, inRepository)
}

// rulesAbove are those of the repository that a directory is in, except its own.
func rulesAbove(dir string) (rules []ignoreRule, inRepository bool) {
	root := dir
	for {
		if _, err := os.Stat(filepath.Join(root, ".git")); err == nil {
			break
		}
		parent := filepath.Dir(root)
		if parent == root {
			root = ""
			break
		}
		root = parent
	}
	if root != "" {
		rules = readIgnore(filepath.Join(root, ".git", "info", "exclude"), root)
		rel, _ := filepath.Rel(root, filepath.Dir(dir))
		at := root
		rules = append(rules, readIgnore(filepath.Join(at, ".gitignore"), at)...)
		for part := range strings.SplitSeq(filepath.ToSlash(rel), "/") {
			if part != "." && part != ".." {
				at = filepath.Join(at, part)
				rules = append(rules, readIgnore(filepath.Join(at, ".gitignore"), at)...)
			}
		}
	}
	return rules, root != ""
}

func onlyIgnoredIn(dir string, rules []ignoreRule, inRepository bool) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	if inRepository {
		rules = append(slices.Clip(rules), readIgnore(filepath.Join(dir, ".gitignore"), dir)...)
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case e.Name() == ".git" && e.IsDir(), ignored(rules, path, e.IsDir()):
		case !e.IsDir(), !onlyIgnoredIn(path, rules, inRepository):
			return false
		}
	}
	return true
}

// An ignoreRule is one line of a .gitignore.
type ignoreRule struct {
	base     string // the directory that it counts in
	glob     string
	anchored bool // it is relative to base, and not any name below
	dirs     bool
	negated  bool
}

func readIgnore(file, base string) []ignoreRule {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	var out []ignoreRule
	for line := range strings.SplitSeq(string(text), "\n") {
		line = strings.TrimRight(line, " \t\r")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		r := ignoreRule{base: base}
		line, r.negated = strings.CutPrefix(line, "!")
		line, r.dirs = strings.CutSuffix(line, "/")
		line = strings.TrimPrefix(line, `\`)
		r.anchored = strings.Contains(line, "/")
		r.glob = strings.TrimPrefix(line, "/")
		out = append(out, r)
	}
	return out
}

// ignored reports whether the last rule that means a path ignores it.
func ignored(rules []ignoreRule, path string, isDir bool) bool {
	for _, r := range slices.Backward(rules) {
		if r.dirs && !isDir {
			continue
		}
		rel, err := filepath.Rel(r.base, path)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		text := filepath.ToSlash(rel)
		if !r.anchored {
			text = filepath.Base(path)
		}
		if match(r.glob, text, false) {
			return !r.negated
		}
	}
	return false
}

// IgnoreRules are what the .gitignore files of the directories that were entered
// say. The zero value has none.
type IgnoreRules struct{ rules []ignoreRule }

// IgnoreRulesIn are those that count in a directory because of the git repository
// around it, without the directory's own.
func IgnoreRulesIn(dir string) *IgnoreRules {
	rules, _ := rulesAbove(dir)
	return &IgnoreRules{rules}
}

// Enter adds the rules of a directory.
func (i *IgnoreRules) Enter(dir string) {
	i.rules = append(i.rules, readIgnore(filepath.Join(dir, ".gitignore"), dir)...)
}

// Below are the rules with those of one more directory, for what is in it alone.
func (i *IgnoreRules) Below(dir string) *IgnoreRules {
	out := &IgnoreRules{slices.Clip(i.rules)}
	out.Enter(dir)
	return out
}

// Ignores reports whether a path in one of the directories is ignored.
func (i *IgnoreRules) Ignores(path string, isDir bool) bool { return ignored(i.rules, path, isDir) }

// IsByproduct reports whether a directory holds nothing that a project is made
// of, but what tools and builds leave: whether git ignores it or not. top: it is
// directly below the project.
func IsByproduct(path, name string, top bool) bool {
	switch name {
	case ".git", ".hg", ".svn", "__pycache__", ".tox", ".nox", ".mypy_cache", ".pytest_cache", ".ruff_cache", "node_modules":
		return true
	case "build", "dist":
		return top
	}
	if strings.HasSuffix(name, ".egg-info") {
		return true
	}
	_, err := os.Lstat(filepath.Join(path, "pyvenv.cfg"))
	return err == nil
}

package git

import "strings"

// A Kind tells what a [Reference] names.
type Kind uint8

// The kinds of references.
const (
	Default Kind = iota // what the remote's HEAD is
	Branch
	Tag
	Rev // a branch, a tag, a commit, or a reference in full (`refs/…`)
)

// A Reference names a commit of a repository. The zero Reference is the default
// branch.
type Reference struct {
	Kind Kind
	Name string // empty for Default
}

// String is the reference in words.
func (r Reference) String() string {
	switch {
	case r.Kind == Default:
		return "default branch"
	case r.Kind == Branch:
		return "branch `" + r.Name + "`"
	case r.Kind == Tag:
		return "tag `" + r.Name + "`"
	case strings.HasPrefix(r.Name, "refs/"):
		return "reference `" + r.Name + "`"
	case IsCommit(r.Name):
		return "commit `" + r.Name + "`"
	case isHex(r.Name):
		return "branch, tag or commit `" + r.Name + "`"
	}
	return "branch or tag `" + r.Name + "`"
}

// IsCommit reports whether a text is a commit in full.
func IsCommit(text string) bool { return len(text) == 40 && isHex(text) }

// isHex reports whether a text may be a commit, in full or its beginning. uv
// asks for seven digits.
func isHex(text string) bool {
	return len(text) >= 7 && len(text) <= 40 && strings.Trim(text, "0123456789abcdefABCDEF") == ""
}

// valid reports whether a name can be that of a reference (git-check-ref-format):
// what cannot is not handed to git.
func (r Reference) valid() bool {
	if r.Kind == Default {
		return true
	}
	n := r.Name
	return n != "" && n[0] != '-' && n[0] != '/' && !strings.ContainsAny(n, " ~^:?*[\\\x7f") && !strings.Contains(n, "..") &&
		!strings.HasSuffix(n, "/") && !strings.HasSuffix(n, ".lock") && !strings.Contains(n, "@{") &&
		strings.IndexFunc(n, func(c rune) bool { return c < ' ' }) < 0
}

// names are the full names that a reference may have at the remote, the one that
// counts most first.
func (r Reference) names() []string {
	switch {
	case r.Kind == Default:
		return []string{"HEAD"}
	case r.Kind == Branch:
		return []string{"refs/heads/" + r.Name}
	case r.Kind == Tag:
		return []string{"refs/tags/" + r.Name}
	case strings.HasPrefix(r.Name, "refs/"), r.Name == "HEAD":
		return []string{r.Name}
	}
	return []string{"refs/heads/" + r.Name, "refs/tags/" + r.Name}
}

package workspace

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// A pattern is a glob of `[tool.uv.workspace]`: `*` is any text, `?` any
// character, `[a-z]` and `[!a-z]` one of a set, and `**` as a whole component
// any number of directories. Case counts.
type pattern string

// errPattern reports a glob that has no meaning.
var errPattern = errors.New("wildcards are either regular `*` or recursive `**`, and every `[` has its `]`")

// check refuses what has no meaning.
func (p pattern) check() error {
	for part := range strings.SplitSeq(string(p), "/") {
		if part != "**" && strings.Contains(part, "**") {
			return errPattern
		}
		for rest := part; ; {
			_, after, open := strings.Cut(rest, "[")
			if !open {
				break
			}
			end := classEnd(after)
			if end < 0 {
				return errPattern
			}
			rest = after[end+1:]
		}
	}
	return nil
}

// clean normalises a glob as if it were a path.
func clean(glob string) pattern { return pattern(filepath.ToSlash(filepath.Clean(glob))) }

// matches reports whether a path with slashes is one that the pattern means.
// Here a `*` also stands for slashes.
func (p pattern) matches(path string) bool { return match(string(p), path, true) }

// classEnd is where the set ends whose text begins behind the bracket; the
// first character belongs to it even if it is the closing bracket.
func classEnd(text string) int {
	from := 0
	if strings.HasPrefix(text, "!") {
		from = 1
	}
	if from >= len(text) {
		return -1
	}
	if i := strings.IndexByte(text[from+1:], ']'); i >= 0 {
		return from + 1 + i
	}
	return -1
}

// match holds a text against a pattern.
func match(p, text string, crossing bool) bool {
	for p != "" {
		switch {
		case p == "**":
			return true
		case strings.HasPrefix(p, "**/"):
			if match(p[3:], text, crossing) {
				return true
			}
			i := strings.IndexByte(text, '/')
			if i < 0 {
				return false
			}
			return match(p, text[i+1:], crossing)
		case p[0] == '*':
			for i := 0; ; i++ {
				if match(p[1:], text[i:], crossing) {
					return true
				}
				if i == len(text) || text[i] == '/' && !crossing {
					return false
				}
			}
		case text == "":
			return false
		}
		r, size := utf8.DecodeRuneInString(text)
		switch p[0] {
		case '?':
			p = p[1:]
		case '[':
			end := classEnd(p[1:])
			if end < 0 || !inClass(p[1:1+end], r) {
				return false
			}
			p = p[end+2:]
		default:
			if p[0] != text[0] {
				return false
			}
			p, size = p[1:], 1
		}
		text = text[size:]
	}
	return text == ""
}

// inClass reports whether a character is in a set such as `a-z_` or `!0-9`.
func inClass(class string, r rune) bool {
	class, negated := strings.CutPrefix(class, "!")
	list := []rune(class)
	in := false
	for i := 0; i < len(list); i++ {
		if i+2 < len(list) && list[i+1] == '-' {
			in = in || list[i] <= r && r <= list[i+2]
			i += 2
			continue
		}
		in = in || list[i] == r
	}
	return in != negated
}

// isLiteral reports whether a component of a pattern means itself alone.
func isLiteral(part string) bool { return !strings.ContainsAny(part, "*?[") }

// directories lists the directories below root that the pattern means, sorted
// component by component. What cannot be read is passed over.
func (p pattern) directories(root string) []string {
	dirs, sure := []string{root}, true
	if filepath.IsAbs(string(p)) {
		dirs = []string{string(filepath.Separator)}
	}
	for part := range strings.SplitSeq(strings.Trim(string(p), "/"), "/") {
		var next []string
		sure = !isLiteral(part)
		for _, dir := range dirs {
			switch {
			case isLiteral(part):
				next = append(next, filepath.Join(dir, part))
			case part == "**":
				next = append(next, below(dir)...)
			default:
				next = append(next, children(dir, part)...)
			}
		}
		dirs = next
	}
	if sure {
		return dirs // they were listed
	}
	return slices.DeleteFunc(dirs, func(dir string) bool { return !isDir(dir) })
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// children are the directories in a directory that a component means.
func children(dir, part string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var out []string
	at := strings.TrimSuffix(dir, string(filepath.Separator)) + string(filepath.Separator)
	for _, e := range entries {
		if !match(part, e.Name(), false) {
			continue
		}
		path := at + e.Name()
		if e.IsDir() || e.Type()&os.ModeSymlink != 0 && isDir(path) {
			out = append(out, path)
		}
	}
	return out
}

// below is a directory and all directories in it, links not followed.
func below(dir string) []string {
	out := []string{dir}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return out
	}
	for _, e := range entries {
		if e.IsDir() {
			out = append(out, below(filepath.Join(dir, e.Name()))...)
		}
	}
	return out
}

// GlobOf is the glob that means one path and no other.
func GlobOf(path string) string {
	var b strings.Builder
	for _, r := range path {
		if r == '*' || r == '?' || r == '[' {
			b.WriteString("[" + string(r) + "]")
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

package lock

import (
	"cmp"
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/internal/source"
)

// A SourceKind tells sources apart. The order is that of packages in a lock.
type SourceKind uint8

// The kinds of sources.
const (
	Registry     SourceKind = iota // an index behind a URL
	RegistryPath                   // a folder of distributions, or a page on this machine
	Git
	URL       // an archive
	Path      // an archive on this machine
	Directory // a source tree on this machine
	Editable  // one that is installed in place
	Virtual   // one of which only the dependencies are installed
)

// A Source says where a package is from, in the form of the file. It is
// comparable.
type Source struct {
	Kind SourceKind
	// Location is a URL without credentials, for Git without query and fragment
	// too; or a path with slashes, relative to the folder of the lock unless it
	// was given absolute.
	Location     string
	Subdirectory string // URL and Git: below the archive or repository
	// Git: an archive in the repository, and what was asked for. The commit is
	// known for packages, not for requirements.
	Archive   string
	Reference source.Reference
}

var sourceKeys = [...]string{"registry", "registry", "git", "url", "path", "directory", "editable", "virtual"}

// Key is the name of the kind in the file.
func (s Source) Key() string { return sourceKeys[s.Kind] }

// String is the source as messages name it: `registry+URL`, `editable+PATH`.
func (s Source) String() string { return s.Key() + "+" + s.Text() }

// Text is the location as the file has it; for Git with query and fragment.
func (s Source) Text() string {
	if s.Kind == Git {
		return s.gitText(false)
	}
	if s.Location == "" {
		return "."
	}
	return s.Location
}

// IsTree reports whether the source is a source tree on this machine.
func (s Source) IsTree() bool { return s.Kind >= Directory }

// IsLocal reports whether the source is on this machine.
func (s Source) IsLocal() bool { return s.Kind >= Path }

// IsRegistry reports whether the source lists several versions.
func (s Source) IsRegistry() bool { return s.Kind <= RegistryPath }

// IsImmutable reports whether what is behind the source can never change, so that
// the lock need not repeat its metadata.
func (s Source) IsImmutable() bool { return s.Kind <= Git }

// IsWheel reports whether the source is a single wheel.
func (s Source) IsWheel() bool {
	switch s.Kind {
	case URL:
		return strings.HasSuffix(strings.ToLower(urlFilename(s.Location)), ".whl")
	case Path:
		return strings.HasSuffix(strings.ToLower(s.Location), ".whl")
	case Git:
		return strings.HasSuffix(strings.ToLower(s.Archive), ".whl")
	}
	return false
}

// Compare orders sources as packages are ordered in a lock.
func (s Source) Compare(o Source) int {
	return cmp.Or(cmp.Compare(s.Kind, o.Kind), cmp.Compare(s.Text(), o.Text()), cmp.Compare(s.Subdirectory, o.Subdirectory))
}

// Absolute is the path of a local source on this machine, given the folder of the
// lock.
func (s Source) Absolute(root string) string { return absolute(root, s.Location) }

func absolute(root, slashed string) string {
	p := filepath.FromSlash(slashed)
	if filepath.IsAbs(p) {
		return filepath.Clean(p)
	}
	return filepath.Join(root, p)
}

// gitText is the URL of a repository with what is asked of it in the query, and
// the commit in the fragment. In requirements the archive's lfs mark comes last.
func (s Source) gitText(requirement bool) string {
	var b strings.Builder
	b.WriteString(s.Location)
	separator := byte('?')
	pair := func(key, value string) {
		if value != "" {
			b.WriteByte(separator)
			b.WriteString(key + "=" + formEscape(value))
			separator = '&'
		}
	}
	lfs := ""
	if s.Reference.LFS {
		lfs = "true"
	}
	pair("subdirectory", s.Subdirectory)
	pair("path", s.Archive)
	late := requirement && s.Archive != ""
	if !late {
		pair("lfs", lfs)
	}
	pair("branch", s.Reference.Branch)
	pair("tag", s.Reference.Tag)
	pair("rev", s.Reference.Rev)
	if late {
		pair("lfs", lfs)
	}
	if s.Reference.Commit != "" {
		b.WriteString("#" + s.Reference.Commit)
	}
	return b.String()
}

// formEscape escapes a value for the query of a URL as HTML forms do.
func formEscape(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == ' ':
			b.WriteByte('+')
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '*', c == '-', c == '.', c == '_':
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

// parseGit reads what gitText writes.
func parseGit(text string) (Source, string) {
	rest, fragment, _ := strings.Cut(text, "#")
	location, query, _ := strings.Cut(rest, "?")
	s := Source{Kind: Git, Location: withoutCredentials(location)}
	for pair := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		value, err := url.QueryUnescape(value)
		if err != nil {
			return s, "the query of the git URL `" + text + "` is broken"
		}
		switch key {
		case "subdirectory":
			s.Subdirectory = value
		case "path":
			s.Archive = value
		case "lfs":
			s.Reference.LFS = value == "true"
		case "branch":
			s.Reference = source.Reference{Branch: value, LFS: s.Reference.LFS}
		case "tag":
			s.Reference = source.Reference{Tag: value, LFS: s.Reference.LFS}
		case "rev":
			s.Reference = source.Reference{Rev: value, LFS: s.Reference.LFS}
		}
	}
	if fragment != "" {
		if !isCommit(fragment) {
			return s, "the git URL `" + text + "` names no commit"
		}
		s.Reference.Commit = strings.ToLower(fragment)
		if rev := s.Reference.Rev; isCommit(rev) && !strings.EqualFold(rev, fragment) {
			return s, "the git URL `" + text + "` asks for one commit and names another"
		}
	}
	return s, ""
}

func isCommit(s string) bool {
	return len(s) == 40 && strings.Trim(strings.ToLower(s), "0123456789abcdef") == ""
}

// canonicalURL is a URL as a lock has it: without a path it ends in a slash.
func canonicalURL(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || scheme == "" || strings.Contains(rest, "/") || strings.ContainsAny(rest, "?#") {
		return text
	}
	return text + "/"
}

// withoutCredentials removes user and password from a URL.
func withoutCredentials(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return text
	}
	authority, tail := rest, ""
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority, tail = rest[:end], rest[end:]
	}
	at := strings.LastIndexByte(authority, '@')
	if at < 0 {
		return text
	}
	// The user of an SSH URL is part of the address, not a secret.
	user := authority[:at]
	if strings.Contains(scheme, "ssh") && user == "git" {
		return text
	}
	return scheme + "://" + authority[at+1:] + tail
}

// urlFilename is the last part of the path of a URL, decoded.
func urlFilename(text string) string {
	name := text[strings.LastIndexByte(text, '/')+1:]
	if strings.IndexByte(text, '?') >= 0 || strings.IndexByte(text, '#') >= 0 {
		text = text[:strings.IndexAny(text, "?#")]
		name = text[strings.LastIndexByte(text, '/')+1:]
	}
	if strings.IndexByte(name, '%') >= 0 {
		if decoded, err := url.PathUnescape(name); err == nil {
			return decoded
		}
	}
	return name
}

// relative is an absolute path as the lock has it: relative to root with slashes,
// unless it was given absolute or there is no way from root to it.
func relative(root, name, given string) string {
	if givenAbsolute(given) {
		return filepath.ToSlash(name)
	}
	rel, err := filepath.Rel(root, name)
	if err != nil {
		return filepath.ToSlash(name)
	}
	rel = filepath.ToSlash(rel)
	switch {
	case rel == ".":
		return ""
	case strings.Trim(rel, "./") == "":
		// A folder above is written as the way there.
		return rel + "/"
	}
	return rel
}

// givenAbsolute tells whether a path was written as an absolute one.
func givenAbsolute(given string) bool {
	if strings.HasPrefix(given, "file:") {
		rest := strings.TrimPrefix(given, "file:")
		return strings.HasPrefix(rest, "/") && !strings.HasPrefix(given, "file:${")
	}
	return given != "" && (filepath.IsAbs(given) || path.IsAbs(given))
}

// slashed is a path inside an archive or repository as the lock has it.
func slashed(p string) string { return filepath.ToSlash(p) }

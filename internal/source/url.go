package source

import (
	"cmp"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/tame-py/tame/internal/auth"
)

// A URLError reports a direct reference that names nothing that could be
// installed.
type URLError struct {
	URL    string // with its password replaced
	Reason string
}

func (e *URLError) Error() string { return fmt.Sprintf("`%s`: %s", e.URL, e.Reason) }

// FromURL is the source that a direct reference (PEP 508, PEP 610) names.
func FromURL(text string) (Source, error) {
	scheme, rest, ok := strings.Cut(text, ":")
	if !ok {
		return Source{}, &URLError{auth.Redact(text), "it has no scheme"}
	}
	vcs, transport, isVCS := strings.Cut(strings.ToLower(scheme), "+")
	switch {
	case isVCS && vcs == "git":
		return gitSource(text, transport+":"+rest)
	case isVCS && (vcs == "hg" || vcs == "bzr" || vcs == "svn"):
		return Source{}, &URLError{auth.Redact(text), "of version control systems only git is supported"}
	case isVCS:
		return Source{}, &URLError{auth.Redact(text), "unknown version control system " + vcs}
	case vcs == "file":
		return fileSource(text)
	case vcs == "http" || vcs == "https":
		return archiveSource(text)
	}
	return Source{}, &URLError{auth.Redact(text), "unsupported scheme " + scheme}
}

// archiveSource is an archive behind a URL. The fragment says what in it, and
// which hash it must have; it is no part of where it is.
func archiveSource(text string) (Source, error) {
	location, fragment, _ := strings.Cut(auth.WithoutDots(text), "#")
	u, err := url.Parse(location)
	if err != nil {
		return Source{}, &URLError{auth.Redact(text), "it is no valid URL"}
	}
	if !IsArchive(u.Path) {
		return Source{}, &URLError{auth.Redact(text), "it does not end like a wheel or a source distribution (.whl, .tar.gz, .zip)"}
	}
	return Source{Kind: URL, Location: location, Given: text, Subdirectory: fragmentValue(fragment, "subdirectory")}, nil
}

func fileSource(text string) (Source, error) {
	location, fragment, _ := strings.Cut(text, "#")
	u, err := url.Parse(location)
	if err != nil {
		// `file:../x` and `file:x` are accepted as relative paths.
		return Source{}, &URLError{auth.Redact(text), "it is no valid URL"}
	}
	if u.Host != "" && u.Host != "localhost" {
		return Source{}, &URLError{auth.Redact(text), "a file URL cannot name another host"}
	}
	name := u.Path
	if name == "" {
		name = u.Opaque
	}
	if runtime.GOOS == "windows" {
		name = strings.TrimPrefix(name, "/")
	}
	if !filepath.IsAbs(name) {
		return Source{}, &URLError{auth.Redact(text), "a file URL needs an absolute path"}
	}
	return FromPath(filepath.FromSlash(name), text, fragmentValue(fragment, "subdirectory")), nil
}

// FromPath is the source that an absolute path names: an archive if its name
// ends like one, a source tree otherwise. given is how the user wrote it.
func FromPath(path, given, subdirectory string) Source {
	kind := Directory
	if IsArchive(path) {
		kind = Path
	}
	return Source{Kind: kind, Location: filepath.Clean(path), Given: given, Subdirectory: subdirectory}
}

// gitSource reads `git+URL[@REF][#subdirectory=DIR&path=ARCHIVE&lfs=true]`.
func gitSource(given, text string) (Source, error) {
	location, fragment, _ := strings.Cut(auth.WithoutDots(text), "#")
	u, err := url.Parse(location)
	if err != nil || !hasPlace(u) {
		reason := "it is no valid URL of a git repository"
		if strings.HasPrefix(location, "ssh://") {
			reason += " (the path follows the host after a slash, not a colon)"
		}
		return Source{}, &URLError{auth.Redact(given), reason}
	}
	switch strings.ToLower(u.Scheme) {
	case "https", "http", "ssh", "file":
	default:
		return Source{}, &URLError{auth.Redact(given), fmt.Sprintf("unsupported scheme `%s` of a git repository: https, ssh and file are supported", u.Scheme)}
	}
	s := Source{Kind: Git, Given: given, Subdirectory: fragmentValue(fragment, "subdirectory")}
	where, rev, has := strings.Cut(cmp.Or(u.RawPath, u.EscapedPath()), "@") // as written
	if strings.Contains(rev, "@") {
		return Source{}, &URLError{auth.Redact(given), "it has several `@` in its path: write `%40` for those that belong to the reference or the path"}
	}
	if has {
		if s.Reference.Rev, err = url.PathUnescape(rev); err == nil {
			u.Path, err = url.PathUnescape(where)
		}
		if err != nil {
			return Source{}, &URLError{auth.Redact(given), "its path is not valid percent-encoding"}
		}
		u.RawPath = where
		if isCommit(s.Reference.Rev) {
			s.Reference.Commit = strings.ToLower(s.Reference.Rev)
		}
	}
	s.Reference.LFS = fragmentValue(fragment, "lfs") == "true"
	s.Archive = fragmentValue(fragment, "path")
	if s.Archive != "" && (!IsArchive(s.Archive) || !filepath.IsLocal(filepath.FromSlash(s.Archive))) {
		return Source{}, &URLError{auth.Redact(given), fmt.Sprintf("`%s` is no archive (.whl, .tar.gz, .zip) in the repository", s.Archive)}
	}
	if strings.EqualFold(u.Scheme, "file") && u.Host == "localhost" {
		u.Host = ""
	}
	s.Location = u.String()
	return s, nil
}

// hasPlace reports whether a URL names a host or, with `file:`, a path.
func hasPlace(u *url.URL) bool {
	return u.Opaque == "" && strings.HasPrefix(u.Path, "/") && (u.Host != "" || strings.EqualFold(u.Scheme, "file"))
}

// pinnedURL is the text of a git URL with a commit as its reference.
func pinnedURL(text, commit string) string {
	end := len(text)
	if i := strings.IndexAny(text, "?#"); i >= 0 {
		end = i
	}
	location := text[:end]
	start := max(0, strings.Index(location, "://")+len("://"))
	slash := strings.IndexByte(location[start:], '/')
	if at := strings.LastIndexByte(location, '@'); slash >= 0 && at > start+slash {
		location = location[:at]
	}
	return location + "@" + commit + text[end:]
}

func isCommit(rev string) bool {
	return len(rev) == 40 && strings.Trim(strings.ToLower(rev), "0123456789abcdef") == ""
}

func fragmentValue(fragment, key string) string {
	for part := range strings.SplitSeq(fragment, "&") {
		if k, v, ok := strings.Cut(part, "="); ok && k == key {
			if text, err := url.PathUnescape(v); err == nil {
				return text
			}
		}
	}
	return ""
}

// Hash is the digest that the fragment of an archive's URL demands, in the
// form `sha256:…`, or "".
func (s Source) Hash() string {
	_, fragment, _ := strings.Cut(s.Given, "#")
	for _, algorithm := range [...]string{"sha512", "sha384", "sha256", "md5"} {
		if v := fragmentValue(fragment, algorithm); v != "" {
			return algorithm + ":" + v
		}
	}
	return ""
}

// String is the source as a user would write it, without its password.
func (s Source) String() string {
	switch s.Kind {
	case Registry:
		return s.Specifiers.String()
	case Path, Directory:
		if strings.Contains(s.Given, "://") {
			return s.Given
		}
		return s.FileURL()
	}
	return auth.Redact(s.Given)
}

// Filename is the name of the archive at a URL or path, or in a repository; ""
// if it is none.
func (s Source) Filename() string {
	name := filepath.ToSlash(s.Location)
	if s.Kind == Git {
		if name = s.Archive; name == "" {
			return ""
		}
	}
	if s.Kind == URL {
		if u, err := url.Parse(s.Location); err == nil {
			name = u.Path
		}
	}
	return path.Base(name)
}

// FileURL is the `file:` URL of a Path or Directory.
func (s Source) FileURL() string {
	p := filepath.ToSlash(s.Location)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p
	}
	return (&url.URL{Scheme: "file", Path: p}).String()
}

// Same reports whether two sources are the same place. Which versions are
// wanted of a registry plays no part.
func (s Source) Same(t Source) bool {
	if s.Kind != t.Kind || s.Subdirectory != t.Subdirectory {
		return false
	}
	switch s.Kind {
	case Registry:
		return s.Index == t.Index
	case Git:
		return Canonical(s.Location) == Canonical(t.Location) && s.Reference.same(t.Reference) && s.Archive == t.Archive
	case URL:
		return Canonical(s.Location) == Canonical(t.Location)
	}
	return s.Location == t.Location && s.Editable == t.Editable
}

// Canonical is a URL's text for comparing, see [auth.Canonical].
func Canonical(text string) string { return auth.Canonical(text) }

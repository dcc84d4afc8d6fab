// Package source says what is asked for and where it comes from: a
// [Requirement] names a project and a [Source] (a registry, an archive behind a
// URL, a git repository, a file, a folder), and a [Dist] is one distribution
// that answers it, with an identity that is the same in every process.
package source

import (
	"cmp"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// A Kind tells the sources apart. Their order is that of uv.lock.
type Kind uint8

// The kinds of sources.
const (
	Registry  Kind = iota // an index, or a folder of distributions
	Git                   // a git repository
	URL                   // an archive behind an http(s) URL
	Path                  // an archive on this machine
	Directory             // a source tree on this machine
)

// A Source is where the distributions of a requirement come from. Fields that
// its kind does not name are zero. A Source is a value: it is not changed once
// shared.
type Source struct {
	Kind Kind

	// Registry: the versions asked for, and the index to ask if one is named;
	// Conflict is the extra or group for which alone that index counts, if it is
	// one of those that conflict.
	Specifiers pep440.Specifiers
	Index      string
	Conflict   ConflictItem

	// URL, Git: where it is, without fragment and without credentials in
	// what is shown. Path, Directory: the absolute path.
	Location string
	// Given is the reference as the user wrote it; for Path and Directory
	// it keeps whether the path was relative.
	Given        string
	Written      string // Given before variables in it were replaced, if it had any
	Subdirectory string // below the archive or repository

	Reference Reference // Git
	Archive   string    // Git: the archive that is meant, in the repository
	Editable  bool      // Directory: installed in place
	// Settled: whether it is Editable was decided for this requirement alone, and
	// yields to no other one for the same directory.
	Settled bool
	Virtual bool // Directory: only its dependencies are installed
}

// Below returns the project's directory in an unpacked archive, a repository or
// a source tree: root itself, or its subdirectory, which must not lead out of
// it.
func (s Source) Below(root string) (string, error) {
	if s.Subdirectory == "" {
		return root, nil
	}
	if !filepath.IsLocal(filepath.FromSlash(s.Subdirectory)) {
		return "", fmt.Errorf("the subdirectory `%s` of `%s` leads out of it", s.Subdirectory, s)
	}
	dir := filepath.Join(root, filepath.FromSlash(s.Subdirectory))
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", fmt.Errorf("the subdirectory `%s` of `%s` does not exist", s.Subdirectory, s)
	}
	return dir, nil
}

// A Reference is what of a git repository is asked for.
type Reference struct {
	Branch, Tag, Rev string // at most one; none is the default branch
	Commit           string // the full hash, once it is known
	LFS              bool
}

// same reports whether two references name one commit, as far as can be told.
func (r Reference) same(t Reference) bool {
	if r.Commit != "" && t.Commit != "" {
		return r.Commit == t.Commit && r.LFS == t.LFS
	}
	return r == t
}

// String is what stands behind the at sign of a URL, "" for the default branch.
func (r Reference) String() string { return cmp.Or(r.Rev, r.Tag, r.Branch) }

// Pinned is a git source at a commit, whatever its reference will mean later.
// So it is written, too: with the commit in place of the reference.
func (s Source) Pinned(commit string) Source {
	s.Reference.Commit = commit
	s.Given = pinnedURL(s.Given, commit)
	if s.Written != "" {
		s.Written = pinnedURL(s.Written, commit)
	}
	return s
}

// Verbatim is a direct reference as the user wrote it, with variables in place.
// It may contain a password.
func (s Source) Verbatim() string {
	switch {
	case s.Written != "":
		return s.Written
	case s.Given != "":
		return s.Given
	case s.Kind == Path || s.Kind == Directory:
		return s.FileURL()
	}
	return s.Location
}

// IsTree reports whether the source is a source tree: a directory, or a
// repository of which no archive is meant.
func (s Source) IsTree() bool { return s.Kind == Directory || s.Kind == Git && s.Archive == "" }

// IsDirect reports whether the source names one distribution, not a range of
// versions.
func (s Source) IsDirect() bool { return s.Kind != Registry }

// A Requirement asks for a project: which extras and groups of it, under which
// marker, from where.
type Requirement struct {
	Name   pyname.Package
	Extras []pyname.Extra // sorted
	Groups []pyname.Group // sorted; of a local project
	Marker marker.Tree
	Source Source
	Origin Origin
}

// An Origin is what asked for a requirement: a requirements file, a project, a
// flag. The zero Origin is a dependency of another distribution.
type Origin struct {
	Role    Role
	File    string         // as named by the user
	Project pyname.Package // the project whose pyproject.toml it is
	Group   pyname.Group
	Extra   pyname.Extra
	// Settings: it stands in the settings (`constraint-dependencies` and the
	// like), whichever file they come from.
	Settings bool
}

// A Role says what a requirement is used for.
type Role uint8

// The roles of requirements.
const (
	Wanted     Role = iota // it is to be installed
	Constraint             // it narrows what others require
	Override               // it replaces what others require
)

// FromPEP508 reads a requirement's source out of its PEP 508 form: without a
// URL it is a registry; a `git+` URL is a repository; `file:` is a path, of an
// archive if its name ends like one and of a directory otherwise.
func FromPEP508(r pep508.Requirement) (Requirement, error) {
	out := Requirement{Name: r.Name, Extras: r.Extras, Marker: r.Marker}
	if r.URL == "" {
		out.Source = Source{Kind: Registry, Specifiers: r.Specifiers}
		return out, nil
	}
	s, err := FromURL(r.URL)
	out.Source = s
	return out, err
}

// String is the requirement in PEP 508 form.
func (r Requirement) String() string {
	var b strings.Builder
	b.WriteString(string(r.Name))
	for i, e := range r.Extras {
		b.WriteByte("[,"[min(i, 1)])
		b.WriteString(string(e))
	}
	if len(r.Extras) > 0 {
		b.WriteByte(']')
	}
	if r.Source.Kind == Registry {
		b.WriteString(r.Source.Specifiers.String())
	} else {
		b.WriteString(" @ " + r.Source.String())
	}
	if m := r.Marker.String(); m != "" {
		b.WriteString(" ; " + m)
	}
	return b.String()
}

// archiveSuffixes are how names of wheels and of source distributions end.
var archiveSuffixes = [...]string{
	".whl", ".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst", ".tar", ".tbz", ".txz", ".tlz", ".tar.lz", ".tar.lzma",
}

// IsArchive reports whether a file name or URL path ends like an archive.
func IsArchive(name string) bool {
	name = strings.ToLower(path.Base(name))
	for _, suffix := range archiveSuffixes {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// Package pylock reads, validates and writes pylock.toml, the lock file format
// of PEP 751, and selects from it what an environment needs.
//
// [Parse] holds a file to the letter of the specification. [ParseLenient]
// reads what uv reads: it leaves the rules about one package to the moment
// when that package is selected. [Lock.Select] answers what to install,
// [Lock.Bytes] writes a lock the way uv does.
package pylock

import (
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// A Lock is the content of a pylock.toml. Tables named tool are not kept.
type Lock struct {
	Version   pep440.Version // lock-version, always of major version 1
	CreatedBy string
	// RequiresPython is nil when there is no such key.
	RequiresPython pep440.Specifiers
	// Environments are the markers the lock was made for. Nil means any
	// environment, an empty list none at all.
	Environments     []marker.Tree
	Extras           []pyname.Extra
	DependencyGroups []pyname.Group
	DefaultGroups    []pyname.Group
	Packages         []Package
}

// A Package is one entry of packages. It has files (Sdist, Wheels) or exactly
// one of VCS, Directory and Archive.
type Package struct {
	Name           pyname.Package
	Version        pep440.Version // zero when the key is missing
	Marker         marker.Tree
	RequiresPython pep440.Specifiers
	Dependencies   []Table
	Index          string // URL of the index the files are from
	VCS            *VCS
	Directory      *Directory
	Archive        *Archive
	Sdist          *File
	Wheels         []File

	AttestationIdentities []Table
}

// A VCS is a source tree under version control. It has a URL or a Path.
type VCS struct {
	Type              string // such as "git"
	URL, Path         string
	RequestedRevision string
	CommitID          string
	Subdirectory      string
}

// A Directory is a source tree on disk.
type Directory struct {
	Path         string
	Editable     *bool // nil when the key is missing
	Subdirectory string
}

// An Archive is a file that is installed as it is or built.
type Archive struct {
	File
	Subdirectory string
}

// IsWheel reports whether the archive is a wheel.
func (a *Archive) IsWheel() bool { return strings.HasSuffix(a.Filename(), ".whl") }

// A File is a wheel or a source distribution. It has a URL, a Path or both;
// relative paths start at the lock file.
type File struct {
	Name       string // the key name; see Filename
	URL, Path  string
	UploadTime time.Time // zero when the key is missing
	Size       int64     // in bytes; 0 when the key is missing
	Hashes     []Hash
}

// A Hash is the digest of a file.
type Hash struct {
	Algorithm string // as hashlib names it, such as "sha256"
	Digest    string // hexadecimal
}

// Filename returns the name of the file: Name, or the last part of the path or
// URL.
func (f *File) Filename() string {
	switch {
	case f.Name != "":
		return f.Name
	case f.Path != "":
		return path.Base(strings.ReplaceAll(f.Path, `\`, "/"))
	case f.URL == "":
		return ""
	}
	text, _, _ := strings.Cut(f.URL, "#")
	text, _, _ = strings.Cut(text, "?")
	base := text[strings.LastIndexByte(text, '/')+1:]
	if plain, err := url.PathUnescape(base); err == nil {
		return plain
	}
	return base
}

// A Table is a table whose keys are not fixed, in the order of the file.
type Table []Field

// A Field is a key of a Table with its value as TOML text.
type Field struct{ Key, TOML string }

// IsFileName reports whether a file may have this name, without folders:
// pylock.toml, or pylock.NAME.toml with a NAME without dots.
func IsFileName(name string) bool {
	if name == "pylock.toml" {
		return true
	}
	middle, ok := strings.CutPrefix(name, "pylock.")
	middle, ok2 := strings.CutSuffix(middle, ".toml")
	return ok && ok2 && middle != "" && !strings.Contains(middle, ".")
}

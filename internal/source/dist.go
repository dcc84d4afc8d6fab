package source

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
)

// A Dist is one distribution: a file of an index, an archive behind a URL, a
// file or a folder. It is not changed once shared.
type Dist struct {
	Name    pyname.Package
	Version pep440.Version // zero for a source tree whose metadata is not known yet

	// Source is where it comes from; for Registry, Source.Index is the index
	// that listed the file.
	Source Source
	// File is what the index says of a registry file. Archives from
	// elsewhere have its Filename, URL and, where the user gave one, hash.
	File simple.File
	// Wheel is the parsed file name, nil for source distributions and trees.
	Wheel *dist.Wheel
}

// IsWheel reports whether the distribution is built.
func (d *Dist) IsWheel() bool { return d.Wheel != nil }

// ID names the distribution: equal for equal content in every process, as far
// as that can be told without reading it.
func (d *Dist) ID() string {
	switch d.Source.Kind {
	case Registry:
		return "registry " + d.File.URL
	case URL:
		return "url " + Canonical(d.Source.Location) + "#" + d.Source.Subdirectory
	case Git:
		return d.Source.gitID() + "#" + d.Source.Subdirectory + "#" + d.Source.Archive
	case Path:
		return "path " + d.Source.Location
	}
	return "directory " + d.Source.Location
}

// gitID names a commit of a repository, or what is known of it.
func (s Source) gitID() string {
	r := s.Reference
	id := "git " + Canonical(s.Location) + "@" + r.Commit
	if r.Commit == "" {
		id += fmt.Sprintf("branch=%s&tag=%s&rev=%s", r.Branch, r.Tag, r.Rev)
	}
	if r.LFS {
		id += " with LFS"
	}
	return id
}

// String is `name==version`, or the name with its place.
func (d *Dist) String() string {
	if d.Source.Kind == Registry {
		return string(d.Name) + "==" + d.Version.String()
	}
	return string(d.Name) + " @ " + d.Source.String()
}

// A HashPolicy says which hashes a distribution must have. The zero policy
// asks for none.
type HashPolicy struct {
	// Required: a distribution without an entry in Allowed is refused
	// (`--require-hashes`).
	Required bool
	// Allowed lists, by project, the digests any one of which will do.
	Allowed map[pyname.Package][]simple.Hash
}

// For is what a project's distributions must match: any of the digests. With
// none and required, nothing may be installed.
func (p HashPolicy) For(name pyname.Package) (digests []simple.Hash, required bool) {
	return p.Allowed[name], p.Required
}

// ParseHash reads `algorithm:hexadecimal` as requirements files and URLs have
// it. A digest that is too short or no number is taken: nothing has it.
func ParseHash(text string) (simple.Hash, bool) {
	algorithm, digest, ok := strings.Cut(text, ":")
	if !ok {
		algorithm, digest, ok = strings.Cut(text, "=")
	}
	algorithm, digest = strings.ToLower(algorithm), strings.ToLower(digest)
	switch algorithm {
	case "md5", "sha224", "sha256", "sha384", "sha512", "blake2b":
		return simple.Hash{Algorithm: algorithm, Digest: digest}, ok && digest != ""
	}
	return simple.Hash{}, false
}

// SortHashes sorts digests, the weaker algorithms first, and drops those that
// occur twice.
func SortHashes(hashes []simple.Hash) []simple.Hash {
	slices.SortFunc(hashes, func(a, b simple.Hash) int {
		return cmp.Or(cmp.Compare(strength(a.Algorithm), strength(b.Algorithm)), cmp.Compare(a.Digest, b.Digest))
	})
	return slices.Compact(hashes)
}

// strength orders algorithms as uv does.
func strength(algorithm string) int {
	return slices.Index([]string{"md5", "sha256", "sha384", "sha512", "blake2b"}, algorithm)
}

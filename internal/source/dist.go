package source

import (
	"cmp"
	"fmt"
	"maps"
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
	if d.Name == "" { // only a build tells
		return d.Source.String()
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
	// Sizes are how many bytes a project's distribution must have, where a
	// lock says so that is to be trusted in this (PEP 751).
	Sizes map[pyname.Package]int64
	// Ignored: digests in direct URLs are not compared either
	// (`--no-verify-hashes`).
	Ignored bool

	archives map[string][]simple.Hash // see Demand
}

// A HashConflictError reports an archive of which requirements give two digests
// by one algorithm: it cannot have both.
type HashConflictError struct {
	Requirement  string
	Known, Other simple.Hash
}

func (e *HashConflictError) Error() string {
	return fmt.Sprintf("conflicting hashes for the archive of `%s`: `%s:%s` and `%s:%s`",
		e.Requirement, e.Known.Algorithm, e.Known.Digest, e.Other.Algorithm, e.Other.Digest)
}

// Demand notes digests that a requirement gives of the archive that it names
// directly: unlike those of a version, which has many files, all must hold,
// together with those that other requirements on the same archive give. What is
// no direct reference to an archive is left alone. The error is a
// [HashConflictError].
func (p *HashPolicy) Demand(r *Requirement, digests []simple.Hash) error {
	key, ok := r.Source.archiveKey()
	if !ok || p.Ignored {
		return nil
	}
	for _, h := range digests {
		i := slices.IndexFunc(p.archives[key], func(known simple.Hash) bool { return known.Algorithm == h.Algorithm })
		switch {
		case i < 0:
			if p.archives == nil {
				p.archives = map[string][]simple.Hash{}
			}
			p.archives[key] = append(slices.Clip(p.archives[key]), h)
		case !strings.EqualFold(p.archives[key][i].Digest, h.Digest):
			return &HashConflictError{r.String(), p.archives[key][i], h}
		}
	}
	return nil
}

// Demanded are the digests that the archive of a direct reference must have, all
// of them.
func (p HashPolicy) Demanded(s *Source) []simple.Hash {
	key, ok := s.archiveKey()
	if !ok || p.Ignored {
		return nil
	}
	digests := p.archives[key]
	if h, ok := ParseHash(s.Hash()); ok && !slices.Contains(digests, h) {
		digests = append(slices.Clip(digests), h)
	}
	return digests
}

// Clone is a policy to which Demand can add, while others read this one.
func (p HashPolicy) Clone() HashPolicy {
	p.archives = maps.Clone(p.archives)
	return p
}

// archiveKey is what an archive is known by that is named directly; the
// fragment of its URL, where the digests are, is no part of it.
func (s *Source) archiveKey() (key string, ok bool) {
	switch s.Kind {
	case URL:
		return "url " + Canonical(s.Location), true
	case Path:
		return "path " + s.Location, true
	}
	return "", false
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
	slices.SortFunc(hashes, CompareHashes)
	return slices.Compact(hashes)
}

// CompareHashes is the order of [SortHashes].
func CompareHashes(a, b simple.Hash) int {
	return cmp.Or(cmp.Compare(strength(a.Algorithm), strength(b.Algorithm)), cmp.Compare(a.Digest, b.Digest))
}

// strength orders algorithms as uv does.
func strength(algorithm string) int {
	return slices.Index([]string{"md5", "sha256", "sha384", "sha512", "blake2b"}, algorithm)
}

package index

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pyname"
)

// An Index is a place that has distributions.
type Index struct {
	// Name is how the index is referred to; it may be empty.
	Name string
	// URL is absolute: http, https, or file for a folder. It may carry
	// credentials.
	URL string
	// Given is the URL or path as the user wrote it, for files that repeat it;
	// it may be empty.
	Given string
	// Default marks the index that is asked last, in place of any other
	// default.
	Default bool
	// Explicit marks an index that is asked only for projects pinned to it.
	Explicit bool
	// Flat marks a page or folder that lists the files of any projects, as
	// --find-links has them, instead of the simple repository API.
	Flat bool

	// Authenticate is when to send credentials.
	Authenticate auth.Policy
	// IgnoreErrorCodes are statuses that mean the index has not the project.
	// If it is nil, 404 alone does; if not, 404 does too.
	IgnoreErrorCodes []int
	// CacheControlAPI and CacheControlFiles take the place of the header of
	// that name in answers with pages and with files, if not empty.
	CacheControlAPI, CacheControlFiles string
	// ExcludeNewer is the cutoff for files of the index, unless one that is defined
	// before has the same URL.
	ExcludeNewer Cutoff
	// HashAlgorithm is what the lock must have of files from here, or empty.
	HashAlgorithm string
}

// Location returns the URL without credentials: how the index is named in
// sources, lock files and messages.
func (x *Index) Location() string { return auth.Strip(x.URL) }

// ignores reports whether a status means that the index has not the project.
func (x *Index) ignores(status int) bool {
	if status == 404 {
		return true
	}
	if x.IgnoreErrorCodes != nil {
		return slices.Contains(x.IgnoreErrorCodes, status)
	}
	// PyTorch's index says so of what it has not.
	return status == 403 && x.within("pytorch.org")
}

// within reports whether the index is on a host of the domain.
func (x *Index) within(domain string) bool {
	u, err := url.Parse(x.URL)
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	return host == domain || strings.HasSuffix(host, "."+domain)
}

// filesControl returns the Cache-Control to assume for files of the index.
func (x *Index) filesControl() string {
	if x.CacheControlFiles != "" {
		return x.CacheControlFiles
	}
	// Both tell caches to keep nothing, and never change a file.
	if x.within("pytorch.org") || x.within("nvidia.com") {
		return "max-age=365000000, immutable, public"
	}
	return ""
}

// A Strategy says how several indexes are searched. Its text form is the value
// of --index-strategy.
type Strategy uint8

const (
	// FirstIndex takes a project from the first index that has it and asks no
	// further, so that nobody can slip in a project of the same name.
	FirstIndex Strategy = iota
	// UnsafeFirstMatch asks all indexes and takes the first version that fits,
	// those of the first index first.
	UnsafeFirstMatch
	// UnsafeBestMatch asks all indexes and takes the best version of all.
	UnsafeBestMatch
)

// UnmarshalText reads a strategy by its name or one of its aliases.
func (s *Strategy) UnmarshalText(text []byte) error {
	switch string(text) {
	case "first-index", "first-match":
		*s = FirstIndex
	case "unsafe-first-match", "unsafe-any-match":
		*s = UnsafeFirstMatch
	case "unsafe-best-match":
		*s = UnsafeBestMatch
	default:
		return fmt.Errorf("unknown index strategy %q: expected first-index, unsafe-first-match or unsafe-best-match", text)
	}
	return nil
}

// MarshalText is the reverse of [Strategy.UnmarshalText].
func (s Strategy) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func (s Strategy) String() string {
	switch s {
	case UnsafeFirstMatch:
		return "unsafe-first-match"
	case UnsafeBestMatch:
		return "unsafe-best-match"
	}
	return "first-index"
}

// Locations are where projects are looked for. The zero value is nowhere.
type Locations struct {
	// Indexes are all indexes in the order of their definition, which is that
	// of their priority. Of several with one name the first counts.
	Indexes []Index
	// FindLinks are flat lists whose files join those of whatever index has
	// the project.
	FindLinks []Index
	// Torch are the indexes that PyTorch and what belongs to it is taken from
	// in place of Indexes, unless it is pinned to one; see TorchIndexes.
	Torch []Index
	// NoIndex leaves only FindLinks.
	NoIndex bool
	// Strategy is how Indexes are searched.
	Strategy Strategy
}

// configured yields the indexes that are not hidden by an earlier one of the
// same name.
func (l *Locations) configured(yield func(*Index) bool) {
	if l.NoIndex {
		return
	}
	for i := range l.Indexes {
		x := &l.Indexes[i]
		hidden := x.Name != "" && slices.ContainsFunc(l.Indexes[:i], func(o Index) bool { return o.Name == x.Name })
		if !hidden && !yield(x) {
			return
		}
	}
}

// Searched returns the indexes that are asked for a project that is not pinned
// to one, in order: those that are not the default, then the first default. Of
// several with the same URL the first counts.
func (l *Locations) Searched() []*Index {
	var out []*Index
	var last *Index
	for x := range l.configured {
		switch {
		case x.Default && last == nil:
			last = x
		case !x.Default && !x.Explicit:
			out = append(out, x)
		}
	}
	if last != nil && !last.Explicit {
		out = append(out, last)
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(out, func(x *Index) bool {
		again := seen[x.URL]
		seen[x.URL] = true
		return again
	})
}

// SearchedFor returns the indexes that are asked for a project that is not
// pinned to one.
func (l *Locations) SearchedFor(name pyname.Package) []*Index {
	if len(l.Torch) == 0 || l.NoIndex || !isTorch(name) {
		return l.Searched()
	}
	out := make([]*Index, len(l.Torch))
	for i := range l.Torch {
		out[i] = &l.Torch[i]
	}
	return out
}

// Named returns the index of that name.
func (l *Locations) Named(name string) (*Index, bool) {
	for x := range l.configured {
		if x.Name == name && name != "" {
			return x, true
		}
	}
	return nil, false
}

// At returns the index at a URL, whatever credentials, trailing slash and case
// of the host it is written with. It searches flat lists too.
func (l *Locations) At(rawURL string) (*Index, bool) {
	want := ""
	for _, list := range [][]Index{l.Indexes, l.FindLinks, l.Torch} {
		for i := range list {
			if list[i].URL == rawURL {
				return &list[i], true
			}
			if want == "" {
				want = source.Canonical(rawURL)
			}
			if source.Canonical(list[i].URL) == want {
				return &list[i], true
			}
		}
	}
	return nil, false
}

// Cutoff returns how new the files of an index may be. That is a matter of its URL: of
// several indexes at one place the first that is defined counts, whichever of them
// a project is pinned to.
func (l *Locations) Cutoff(x *Index) Cutoff {
	if first, ok := l.At(x.URL); ok {
		return first.ExcludeNewer
	}
	return x.ExcludeNewer
}

// DemandHashes reports whether any of the indexes is to be locked with hashes of
// an algorithm of its own.
func (l *Locations) DemandHashes() bool {
	demands := func(x Index) bool { return x.HashAlgorithm != "" }
	return slices.ContainsFunc(l.Indexes, demands) || slices.ContainsFunc(l.FindLinks, demands) || slices.ContainsFunc(l.Torch, demands)
}

// Auth returns the indexes as far as authentication is concerned, those defined
// last first, with the credentials that the environment has for them.
func (l *Locations) Auth(getenv func(string) string) []auth.Index {
	var out []auth.Index
	for _, list := range [][]Index{l.FindLinks, l.Indexes} {
		for i := len(list) - 1; i >= 0; i-- {
			x := &list[i]
			out = append(out, auth.Index{URL: x.URL, Policy: x.Authenticate, Credentials: auth.FromEnv(x.Name, x.URL, getenv)})
		}
	}
	return out
}

package managed

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Download is a Python that could be installed, an entry of a catalogue.
type Download struct {
	Key    Key
	URL    string
	SHA256 string // "" if the catalogue has none
	Build  string // the date stamp of the build, or ""
}

// catalogEntry is an entry as catalogues have it: the format is that of uv's
// download-metadata.json.
type catalogEntry struct {
	Name string `json:"name"`
	Arch struct {
		Family  string `json:"family"`
		Variant string `json:"variant"`
	} `json:"arch"`
	OS         string `json:"os"`
	Libc       string `json:"libc"`
	Major      int    `json:"major"`
	Minor      int    `json:"minor"`
	Patch      int    `json:"patch"`
	Prerelease string `json:"prerelease"`
	URL        string `json:"url"`
	SHA256     string `json:"sha256"`
	Variant    string `json:"variant"`
	Build      string `json:"build"`
}

// ParseCatalog reads a list of downloads (the JSON that
// python-downloads-json-url names), the most preferable first. Entries for
// platforms or variants that are not known are passed over, as newer catalogues
// may have them.
func ParseCatalog(data []byte) ([]Download, error) {
	var entries map[string]catalogEntry
	if err := json.Unmarshal(data, &entries); err != nil {
		var keys map[string]json.RawMessage
		if json.Unmarshal(data, &keys) == nil && keys["version"] != nil {
			return nil, errNewCatalog
		}
		return nil, err
	}
	out := make([]Download, 0, len(entries))
	for name, e := range entries {
		if e.Name == "" || e.URL == "" {
			return nil, fmt.Errorf("the entry %q has no `name` or no `url`", name)
		}
		if e.SHA256 != "" && !isSHA256(e.SHA256) {
			return nil, fmt.Errorf("the `sha256` of the entry %q is none", name)
		}
		if key, ok := e.key(); ok {
			if !isPlain(key.Implementation) {
				return nil, fmt.Errorf("the entry %q has a `name` that cannot be that of a directory: %q", name, e.Name)
			}
			out = append(out, Download{Key: key, URL: e.URL, SHA256: e.SHA256, Build: e.Build})
		}
	}
	slices.SortFunc(out, func(a, b Download) int {
		if c := b.Key.Compare(a.Key); c != 0 {
			return c
		}
		return strings.Compare(b.Build+b.URL, a.Build+a.URL)
	})
	return slices.CompactFunc(out, func(a, b Download) bool { return a.Key == b.Key }), nil
}

// errNewCatalog is about catalogues of a later format, which announce it.
var errNewCatalog = errors.New("the list has a `version`: it is of a later format than this program reads")

// isPlain reports whether a name is made of lower-case letters and digits, and
// so leads nowhere as a part of a path.
func isPlain(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
}

func isSHA256(text string) bool {
	digest, err := hex.DecodeString(text)
	return err == nil && len(digest) == sha256.Size
}

func (e *catalogEntry) key() (Key, bool) {
	arch := e.Arch.Family
	switch arch { // the names of their builds
	case "armv5tel":
		arch = "armv5te"
	case "riscv64":
		arch = "riscv64gc"
	}
	if e.Arch.Variant != "" {
		arch += "_" + e.Arch.Variant
	}
	platform, err := ParsePlatform(e.OS, arch, e.Libc)
	if err != nil {
		return Key{}, false
	}
	variant, ok := ParseVariant(e.Variant)
	k := Key{Implementation: implementation(e.Name), Variant: variant, Platform: platform}
	ok = ok && k.parseVersion(fmt.Sprintf("%d.%d.%d%s", e.Major, e.Minor, e.Patch, e.Prerelease))
	return k, ok
}

// Where CPython and PyPy are published; a mirror takes the place of this part
// of a URL.
const (
	cpythonReleases = "https://github.com/astral-sh/python-build-standalone/releases/download"
	pypyReleases    = "https://downloads.python.org/pypy"
)

// Mirrored is the URL with mirrors in place of where CPython and PyPy are
// published (UV_PYTHON_INSTALL_MIRROR, UV_PYPY_INSTALL_MIRROR); "" is none.
// Files of other places stay where they are.
func (d Download) Mirrored(cpython, pypy string) string {
	for _, m := range [...][2]string{{cpythonReleases, cpython}, {pypyReleases, pypy}} {
		if rest, ok := strings.CutPrefix(d.URL, m[0]); ok && m[1] != "" {
			return strings.TrimSuffix(m[1], "/") + rest
		}
	}
	return d.URL
}

// HasRelease reports whether a list has a release of a pre-release: of the same
// minor version, variant and platform, and not older.
func HasRelease(list []Download, pre Key) bool {
	release := pre
	release.Pre = ""
	return slices.ContainsFunc(list, func(d Download) bool {
		return d.Key.Pre == "" && d.Key.SameMinor(release) && d.Key.Patch >= release.Patch
	})
}

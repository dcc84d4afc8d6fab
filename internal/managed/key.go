package managed

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Key names a Python installation: what it is, its version, its variant and
// where it runs, as in cpython-3.13.0rc1+freethreaded-linux-x86_64-gnu. It is
// comparable; [ParseKey] and [Key.String] are inverse for canonical text.
type Key struct {
	Implementation      string // lower case: cpython, pypy, graalpy, pyodide, or another's own name
	Major, Minor, Patch int
	Pre                 string // a1, b2, rc3, or nothing
	Variant             Variant
	Platform            Platform
}

// A KeyError tells why a text is not a [Key].
type KeyError struct {
	Text, Reason string
}

func (e *KeyError) Error() string {
	return fmt.Sprintf("failed to parse Python installation key `%s`: %s", e.Text, e.Reason)
}

// ParseKey reads the five dash-separated parts of a key. Every error is a
// [*KeyError].
func ParseKey(s string) (Key, error) {
	fail := func(format string, args ...any) (Key, error) {
		return Key{}, &KeyError{s, fmt.Sprintf(format, args...)}
	}
	parts := strings.Split(s, "-")
	if len(parts) != 5 {
		return fail("expected exactly 5 `-`-separated values, got %d", len(parts))
	}
	k := Key{Implementation: implementation(parts[0])}
	version, variant, _ := strings.Cut(parts[1], "+")
	var ok bool
	if k.Variant, ok = ParseVariant(variant); !ok {
		return fail("invalid Python variant: %s", variant)
	}
	if !k.parseVersion(version) {
		return fail("invalid Python version: %s", version)
	}
	platform, err := ParsePlatform(parts[2], parts[3], parts[4])
	if err != nil {
		return fail("invalid platform: %s", err)
	}
	k.Platform = platform
	return k, nil
}

// implementation expands the short names and lowers the case.
func implementation(s string) string {
	s = strings.ToLower(s)
	switch s {
	case "cp":
		return "cpython"
	case "pp":
		return "pypy"
	case "gp":
		return "graalpy"
	}
	return s
}

// parseVersion reads 3.12.1, 3.13.0rc2 and shorter forms; missing parts are
// zero. Each part must fit a byte, as in every version of Python.
func (k *Key) parseVersion(s string) bool {
	release := s
	if i := strings.IndexAny(s, "abr"); i >= 0 {
		release, k.Pre = s[:i], s[i:]
		digits := strings.TrimLeft(k.Pre, "abrc")
		kind := strings.TrimSuffix(k.Pre, digits)
		if n, ok := number(digits); !ok || !slices.Contains([]string{"a", "b", "rc"}, kind) {
			return false
		} else {
			k.Pre = kind + strconv.Itoa(n)
		}
	}
	parts := strings.Split(release, ".")
	if len(parts) > 3 {
		return false
	}
	for i, to := range []*int{&k.Major, &k.Minor, &k.Patch} {
		if i == len(parts) {
			break
		}
		n, ok := number(parts[i])
		if !ok {
			return false
		}
		*to = n
	}
	return true
}

func number(s string) (int, bool) {
	n, err := strconv.ParseUint(s, 10, 8)
	return int(n), err == nil && s[0] != '+'
}

// Version is the version's text, pre-release included: 3.13.0rc1.
func (k Key) Version() string {
	return strconv.Itoa(k.Major) + "." + strconv.Itoa(k.Minor) + "." + strconv.Itoa(k.Patch) + k.Pre
}

// ImplementationName is the implementation to show: an interpreter on
// Emscripten is Pyodide, whatever it calls itself.
func (k Key) ImplementationName() string {
	if k.Platform.OS == "emscripten" {
		return "pyodide"
	}
	return k.Implementation
}

// String returns the name of the installation's directory.
func (k Key) String() string {
	return k.ImplementationName() + "-" + k.Version() + k.Variant.Suffix() + "-" + k.Platform.String()
}

// MinorName is the key without patch and pre-release: the name of the link
// that all patch releases of one minor version share.
func (k Key) MinorName() string {
	return k.Implementation + "-" + strconv.Itoa(k.Major) + "." + strconv.Itoa(k.Minor) + k.Variant.Suffix() + "-" + k.Platform.String()
}

// SameMinor reports whether two keys differ at most in patch and pre-release.
func (k Key) SameMinor(other Key) bool {
	k.Patch, k.Pre = other.Patch, other.Pre
	return k == other
}

// Compare orders keys, the most preferable last: CPython above PyPy above
// GraalPy above Pyodide above all others, then by version, then this machine's
// own platform above those it merely supports, then the default variant.
func (k Key) Compare(other Key) int {
	return cmp.Or(
		cmp.Compare(rank(k.Implementation), rank(other.Implementation)),
		strings.Compare(k.Implementation, other.Implementation),
		k.compareVersion(other),
		-k.Platform.compare(other.Platform),
		-cmp.Compare(k.Variant, other.Variant),
	)
}

func rank(implementation string) int {
	switch implementation {
	case "cpython":
		return 4
	case "pypy":
		return 3
	case "graalpy":
		return 2
	case "pyodide":
		return 1
	}
	return 0
}

func (k Key) compareVersion(other Key) int {
	return cmp.Or(
		cmp.Compare(k.Major, other.Major),
		cmp.Compare(k.Minor, other.Minor),
		cmp.Compare(k.Patch, other.Patch),
		comparePre(k.Pre, other.Pre),
	)
}

// comparePre orders pre-releases before the release itself, and a before b
// before rc.
func comparePre(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "":
		return 1
	case b == "":
		return -1
	}
	ka, kb := strings.TrimRight(a, "0123456789"), strings.TrimRight(b, "0123456789")
	na, _ := strconv.Atoi(a[len(ka):])
	nb, _ := strconv.Atoi(b[len(kb):])
	return cmp.Or(strings.Compare(ka, kb), cmp.Compare(na, nb))
}

package python

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/tame-py/tame/internal/managed"
	"github.com/tame-py/tame/packaging/pep440"
)

// Variant is a build flavour: free-threaded, debug and so on.
type Variant = managed.Variant

type versionKind uint8

const (
	versionDefault versionKind = iota // a sensible one
	versionAny                        // any at all
	versionRelease                    // 3, 3.12, 3.12.1, 3.13rc1
	versionRange                      // >=3.10,<3.13
)

// A VersionRequest asks for a version of Python: a release (3, 3.12, 3.12.1,
// 3.13rc1), a range of versions, any version or, as the zero value, a sensible
// default. A release or range may ask for a variant.
type VersionRequest struct {
	kind       versionKind
	n          uint8 // how many parts of release are given
	release    [3]uint8
	pre        string // rc1; then the patch, if zero, is not given
	specifiers pep440.Specifiers
	variant    Variant
}

// AnyVersion asks for any version.
func AnyVersion() VersionRequest { return VersionRequest{kind: versionAny} }

// VersionRange asks for a version that satisfies specifiers. A single ==
// without wildcard asks for that release.
func VersionRange(specifiers pep440.Specifiers) VersionRequest {
	return versionRangeOf(specifiers, managed.Default)
}

func versionRangeOf(specifiers pep440.Specifiers, variant Variant) VersionRequest {
	if len(specifiers) == 1 && specifiers[0].Op == pep440.Equal {
		if v, err := ParseVersionRequest(specifiers[0].Version.String()); err == nil {
			return v
		}
	}
	return VersionRequest{kind: versionRange, specifiers: specifiers, variant: variant}
}

var errVersionRequest = errors.New("invalid version request")

// ParseVersionRequest reads 3, 3.12, 312, 3.12.1, 3.13rc1, 3.13t, 3.13+debug
// or version specifiers with an optional variant behind them. Post, dev and
// local versions cannot be asked for.
func ParseVersionRequest(s string) (VersionRequest, error) {
	fail := func() (VersionRequest, error) { return VersionRequest{}, fmt.Errorf("%w: %s", errVersionRequest, s) }
	last := strings.LastIndexAny(s, "0123456789")
	if last < 0 {
		return fail()
	}
	text, variant := s, managed.Default
	if v, ok := managed.ParseVariant(strings.TrimPrefix(s[last+1:], "+")); ok {
		text, variant = s[:last+1], v
	}
	version, err := pep440.Parse(text)
	if err != nil {
		specifiers, err := pep440.ParseSpecifiers(text)
		if err != nil || len(specifiers) == 0 {
			return fail()
		}
		return versionRangeOf(specifiers, variant), nil
	}
	if version.IsPostrelease() || version.IsDevrelease() || version.IsLocal() {
		return fail()
	}
	r, ok := releaseRequest(version)
	if !ok {
		return fail()
	}
	r.variant = variant
	return r, nil
}

// releaseRequest turns a version into a request for it. A lone number of more
// digits is read as in wheel tags: 312 is 3.12.
func releaseRequest(version pep440.Version) (VersionRequest, bool) {
	r := VersionRequest{kind: versionRelease}
	parts := version.Release()
	if len(parts) == 1 && parts[0] > 9 {
		text := strconv.Itoa(parts[0])
		minor, _ := strconv.Atoi(text[1:])
		parts = []int{int(text[0] - '0'), minor}
	}
	if len(parts) > 3 {
		return r, false
	}
	for i, p := range parts {
		if p > 255 {
			return r, false
		}
		r.release[i] = uint8(p)
	}
	r.n = uint8(len(parts))
	if kind, n, ok := version.Pre(); ok {
		if r.n == 1 {
			return r, false
		}
		r.pre = kind + strconv.Itoa(n)
		if r.n == 3 && r.release[2] == 0 {
			r.n = 2
		}
	}
	return r, true
}

// String is the canonical text; [ParseVersionRequest] reads it.
func (r VersionRequest) String() string {
	switch r.kind {
	case versionDefault:
		return "default"
	case versionAny:
		return "any"
	case versionRange:
		return r.specifiers.String()
	}
	return r.releaseText() + r.pre + r.variant.Suffix()
}

func (r VersionRequest) releaseText() string {
	b := strconv.AppendUint(nil, uint64(r.release[0]), 10)
	for _, p := range r.release[1:max(r.n, 1)] {
		b = strconv.AppendUint(append(b, '.'), uint64(p), 10)
	}
	return string(b)
}

// Variant is the variant asked for.
func (r VersionRequest) Variant() Variant { return r.variant }

// IncludesPatch reports whether a patch release is asked for.
func (r VersionRequest) IncludesPatch() bool { return r.kind == versionRelease && r.n == 3 }

// IncludesPrerelease reports whether a particular pre-release is asked for.
func (r VersionRequest) IncludesPrerelease() bool { return r.pre != "" }

// WithoutPatch asks for any patch release of the same minor version.
func (r VersionRequest) WithoutPatch() VersionRequest {
	if r.IncludesPatch() {
		r.n, r.release[2] = 2, 0
	}
	return r
}

// AllowsPrereleases reports whether a pre-release satisfies the request
// without further ado.
func (r VersionRequest) AllowsPrereleases() bool {
	switch r.kind {
	case versionAny:
		return true
	case versionRange:
		return r.rangeHasPrerelease()
	}
	return r.pre != ""
}

func (r VersionRequest) rangeHasPrerelease() bool {
	for _, s := range r.specifiers {
		if s.Version.IsPrerelease() {
			return true
		}
	}
	return false
}

// Version is the version asked for, if it is a single one: 3.13 for 3.13,
// 3.13.0rc1 for 3.13rc1.
func (r VersionRequest) Version() (pep440.Version, bool) {
	if r.kind != versionRelease {
		return pep440.Version{}, false
	}
	text := r.releaseText()
	if r.pre != "" && r.n == 2 {
		text += ".0"
	}
	v, err := pep440.Parse(text + r.pre)
	return v, err == nil
}

// Specifiers are the versions that satisfy the request, or false if all do.
func (r VersionRequest) Specifiers() (pep440.Specifiers, bool) {
	switch r.kind {
	case versionRange:
		return r.specifiers, true
	case versionRelease:
		v, ok := r.Version()
		op := pep440.Equal
		if r.n < 3 && r.pre == "" {
			op = pep440.EqualStar
		}
		return pep440.Specifiers{{Op: op, Version: v}}, ok
	}
	return nil, false
}

// CheckSupported tells why no interpreter could be used: Python before 3.6,
// free threads before 3.13.
func (r VersionRequest) CheckSupported() error {
	if r.kind != versionRelease {
		return nil
	}
	major, minor := r.release[0], r.release[1]
	switch {
	case r.n == 1 && major < 3:
		return fmt.Errorf("%w: Python <3 is not supported but %d was requested", errVersionRequest, major)
	case r.n > 1 && (major < 3 || major == 3 && minor < 6):
		return fmt.Errorf("%w: Python <3.6 is not supported but %s was requested", errVersionRequest, r.releaseText()+r.pre)
	case r.n > 1 && r.pre == "" && r.variant.IsFreethreaded() && (major < 3 || major == 3 && minor < 13):
		return fmt.Errorf("%w: Python <3.13 does not support free-threading but %s was requested", errVersionRequest, r)
	}
	return nil
}

// matches reports whether a version and variant satisfy the request.
func (r VersionRequest) matches(v pep440.Version, variant Variant) bool {
	switch r.kind {
	case versionAny:
		return true
	case versionRange:
		if !r.rangeHasPrerelease() {
			v = v.OnlyRelease() // >=3.14 is satisfied by 3.14.0rc3
		}
		if !r.specifiers.Contains(v) {
			return false
		}
	case versionRelease:
		if !r.matchesRelease(v) {
			return false
		}
	}
	return matchesVariant(r.variant, v, variant)
}

func (r VersionRequest) matchesRelease(v pep440.Version) bool {
	for i, p := range r.release[:r.n] {
		if v.Segment(i) != uint64(p) {
			return false
		}
	}
	kind, n, isPre := v.Pre()
	if r.pre != "" {
		return isPre && kind+strconv.Itoa(n) == r.pre
	}
	return r.n < 3 || !isPre // a patch release asks for the stable one
}

// matchesVariant compares a wanted variant with what an interpreter is. Before
// 3.14 free threads are experimental and have to be asked for.
func matchesVariant(want Variant, v pep440.Version, is Variant) bool {
	switch want {
	case managed.Debug:
		return is.IsDebug()
	case managed.Freethreaded:
		return is.IsFreethreaded()
	case managed.FreethreadedDebug:
		return is.IsFreethreaded() && is.IsDebug()
	case managed.Gil:
		return !is.IsFreethreaded()
	case managed.GilDebug:
		return !is.IsFreethreaded() && is.IsDebug()
	}
	return !is.IsFreethreaded() || v.Segment(0) > 3 || v.Segment(0) == 3 && v.Segment(1) >= 14
}

// mayMatchKey reports whether an installation can satisfy the request as far
// as its name tells; it saves asking interpreters that cannot.
func (r VersionRequest) mayMatchKey(k managed.Key) bool {
	switch r.kind {
	case versionRelease:
		parts := [3]int{k.Major, k.Minor, k.Patch}
		for i, p := range r.release[:r.n] {
			if parts[i] != int(p) {
				return false
			}
		}
		return r.pre == "" || r.pre == k.Pre
	case versionRange:
		v, err := pep440.Parse(k.Version())
		if err != nil {
			return false
		}
		if !r.rangeHasPrerelease() {
			v = v.OnlyRelease()
		}
		return r.specifiers.Contains(v)
	}
	return true
}

// mayMatchMinor reports whether some 3.minor.x can satisfy the request.
func (r VersionRequest) mayMatchMinor(minor int) bool {
	switch r.kind {
	case versionRelease:
		return r.release[0] == 3 && (r.n < 2 || int(r.release[1]) == minor)
	case versionRange:
		this := pep440.Between(
			pep440.AtLeast(pep440.FromRelease(3, minor)), pep440.Above(pep440.FromRelease(3, minor+1)))
		return !pep440.ReleaseSet(r.specifiers).Disjoint(this)
	}
	return true
}

// RequiresPython is the request as a requires-python: a release of which the
// minor version is named as at least that one, or the range. Other requests,
// of which only an interpreter tells the version, report false.
func (r VersionRequest) RequiresPython() (pep440.Specifiers, bool) {
	switch {
	case r.kind == versionRange:
		return r.specifiers, true
	case r.kind == versionRelease && r.n > 1 && r.pre == "":
		v, ok := r.Version()
		return pep440.Specifiers{{Op: pep440.GreaterEqual, Version: v}}, ok
	}
	return nil, false
}

// IsRange reports whether a range of versions is asked for.
func (r VersionRequest) IsRange() bool { return r.kind == versionRange }

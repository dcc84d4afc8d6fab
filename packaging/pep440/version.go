package pep440

import "math"

// A Version is a parsed version (PEP 440), such as 1!2.0rc1.post3+ubuntu.1.
// Versions are immutable. The zero Version is not a version; see IsZero.
//
// Do not compare versions with ==: 1.0 and 1.00 are written differently but
// are the same version. Use Compare, Equal or, for maps, Key.
type Version struct {
	// key orders versions: v < w implies v.key>>sideShift <= w.key>>sideShift,
	// and versions that are not full are equal exactly when their keys above
	// lenBits are. From the top:
	//
	//	16 bits  first release segment
	//	11 bits  second
	//	11 bits  third
	//	 8 bits  fourth
	//	 3 bits  kind: what follows the release (kindDev … kindMax)
	//	10 bits  its number
	//	 2 bits  side, only used by the cuts of a Set
	//	 3 bits  how many release segments are written, 1 to 7
	//
	// The key of a full version is the largest value of this layout that is
	// not above it, or all ones from the first field that does not fit.
	key uint64
	// full is set when the key does not tell everything: an epoch, a local
	// part, a large number, two suffixes at once, many segments.
	full *full
}

// A full is what a version consists of. It is never modified once a Version
// points to it.
type full struct {
	epoch   uint64
	release []uint64
	suffix
}

// A suffix is what follows the release.
type suffix struct {
	pre     uint8 // kindAlpha, kindBeta or kindRC; 0 for none
	hasPost bool
	hasDev  bool
	max     bool // the cut above all post-releases of the release
	preN    uint64
	post    uint64
	dev     uint64
	local   string // normalised; "" for none
}

const (
	lenBits   = 3
	sideShift = lenBits + 2
	kindShift = sideShift + 10
	maxPacked = 1<<10 - 1 // largest number of a suffix
	maxLen    = 1<<lenBits - 1
	lenMask   = 1<<lenBits - 1
	sideMask  = 3 << lenBits
	noRelease = 1<<18 - 1 // all bits below the release
)

// What follows the release of a version, in order.
const (
	kindDev   = iota // 1.0.dev1, before everything else of the release
	kindAlpha        // 1.0a1
	kindBeta         // 1.0b1
	kindRC           // 1.0rc1
	kindFinal        // 1.0
	kindPost         // 1.0.post1
	kindMax          // after all post-releases: only in the cuts of sets
)

// fieldShift is where release segment i, 0 to 3, lies in a key: at bit 48, 37,
// 26 or 18.
func fieldShift(i int) uint { return uint(0x12_1a_25_30>>(8*i)) & 63 }

// fieldWidth is the number of bits of release segment i: 16, 11, 11 or 8.
func fieldWidth(i int) uint { return uint(0x08_0b_0b_10>>(8*i)) & 63 }

// pack returns the key of a version and whether the key tells everything.
func pack(epoch uint64, release []uint64, x *suffix) (key uint64, exact bool) {
	if epoch != 0 {
		return math.MaxUint64 &^ (lenMask | sideMask), false
	}
	key, exact = packRelease(release)
	if !exact {
		return key, false
	}
	kind, n, exact := x.rank()
	key |= kind<<kindShift | min(n, maxPacked)<<sideShift
	if !exact || n > maxPacked || len(release) > maxLen {
		return key, false
	}
	return key | uint64(len(release)), true
}

// packRelease returns the release part of a key. When a segment does not fit,
// that field and all bits below it are ones.
func packRelease(release []uint64) (key uint64, exact bool) {
	for i, n := range release {
		if i > 3 {
			if n != 0 {
				return key | noRelease&^(lenMask|sideMask), false
			}
			continue
		}
		if n >= 1<<fieldWidth(i) {
			ones := uint64(1)<<(fieldShift(i)+fieldWidth(i)) - 1
			return key | ones&^(lenMask|sideMask), false
		}
		key |= n << fieldShift(i)
	}
	return key, true
}

// rank returns kind and number as they go into a key, and whether they tell
// all of the suffix.
func (x *suffix) rank() (kind, n uint64, exact bool) {
	plain := x.local == ""
	switch {
	case x.max:
		return kindMax, 0, true
	case x.pre != 0:
		return uint64(x.pre), x.preN, plain && !x.hasPost && !x.hasDev
	case x.hasPost:
		return kindPost, x.post, plain && !x.hasDev
	case x.hasDev:
		return kindDev, x.dev, plain
	}
	return kindFinal, 0, plain
}

// newVersion makes the value of a version. It does not keep the release,
// which may live on a stack.
func newVersion(epoch uint64, release []uint64, x suffix) Version {
	key, exact := pack(epoch, release, &x)
	if exact {
		return Version{key: key}
	}
	own := &struct {
		full
		room [5]uint64 // so that one allocation will nearly always do
	}{full: full{epoch: epoch, suffix: x}}
	own.release = append(own.room[:0], release...)
	return Version{key: key, full: &own.full}
}

// version is newVersion for what v.parts returned.
func (f full) version() Version { return newVersion(f.epoch, f.release, f.suffix) }

// parts is the inverse of newVersion: what v consists of. The release may be
// shared with v.
func (v Version) parts() full {
	if v.full != nil {
		return *v.full
	}
	return full{release: v.segments(), suffix: v.suffix()}
}

// suffix returns what follows the release of v.
func (v Version) suffix() suffix {
	if v.full != nil {
		return v.full.suffix
	}
	var x suffix
	switch kind := v.kind(); kind {
	case kindAlpha, kindBeta, kindRC:
		x.pre, x.preN = uint8(kind), v.number()
	case kindPost:
		x.hasPost, x.post = true, v.number()
	case kindDev:
		x.hasDev, x.dev = v.Len() > 0, v.number()
	case kindMax:
		x.max = true
	}
	return x
}

func (v Version) kind() uint64 { return v.key >> kindShift & 7 }

// number is the number of the packed suffix.
func (v Version) number() uint64 { return v.key >> sideShift & maxPacked }

// Len returns how many release segments the version is written with: 3 for
// 1.2.0.
func (v Version) Len() int {
	if v.full != nil {
		return len(v.full.release)
	}
	return int(v.key & lenMask)
}

// Segment returns release segment i, counted from 0, or 0 past the end of the
// release.
func (v Version) Segment(i int) uint64 {
	switch {
	case v.full != nil:
		if i < len(v.full.release) {
			return v.full.release[i]
		}
		return 0
	case i < 4:
		return v.key >> fieldShift(i) & (1<<fieldWidth(i) - 1)
	}
	return 0
}

func (v Version) segments() []uint64 {
	if v.full != nil {
		return v.full.release
	}
	out := make([]uint64, v.Len())
	for i := range out {
		out[i] = v.Segment(i)
	}
	return out
}

// IsZero reports whether v is the zero value, which is no version.
func (v Version) IsZero() bool { return v.key == 0 && v.full == nil }

// Epoch returns the epoch, nearly always 0.
func (v Version) Epoch() int {
	if v.full != nil {
		return toInt(v.full.epoch)
	}
	return 0
}

// Release returns the release segments as written, for 1.2.0rc1 [1 2 0]. The
// slice is the caller's. Numbers beyond the range of int become the largest
// int; Segment has them exactly.
func (v Version) Release() []int {
	out := make([]int, v.Len())
	for i := range out {
		out[i] = toInt(v.Segment(i))
	}
	return out
}

// Pre returns the kind ("a", "b" or "rc") and number of a pre-release.
func (v Version) Pre() (kind string, n int, ok bool) {
	k, number := v.pre()
	if k == 0 {
		return "", 0, false
	}
	return preName(k), toInt(number), true
}

// pre returns the kind of pre-release, 0 for none, and its number.
func (v Version) pre() (kind uint8, n uint64) {
	x := v.suffix()
	return x.pre, x.preN
}

func preName(kind uint8) string {
	switch kind {
	case kindAlpha:
		return "a"
	case kindBeta:
		return "b"
	}
	return "rc"
}

// Post returns the number of a post-release.
func (v Version) Post() (n int, ok bool) {
	p, ok := v.post()
	return toInt(p), ok
}

func (v Version) post() (uint64, bool) {
	x := v.suffix()
	return x.post, x.hasPost
}

// Dev returns the number of a development release.
func (v Version) Dev() (n int, ok bool) {
	d, ok := v.dev()
	return toInt(d), ok
}

func (v Version) dev() (uint64, bool) {
	x := v.suffix()
	return x.dev, x.hasDev
}

// Local returns the normalised local part, "ubuntu.1" for 1.0+Ubuntu-1, or
// "".
func (v Version) Local() string {
	if v.full != nil {
		return v.full.local
	}
	return ""
}

// IsPrerelease reports whether v is an alpha, beta, release candidate or
// development release.
func (v Version) IsPrerelease() bool {
	if v.full != nil {
		return v.full.pre != 0 || v.full.hasDev
	}
	return v.kind() < kindFinal && v.key&lenMask != 0
}

// IsPostrelease reports whether v is a post-release.
func (v Version) IsPostrelease() bool {
	_, ok := v.post()
	return ok
}

// IsDevrelease reports whether v is a development release.
func (v Version) IsDevrelease() bool {
	_, ok := v.dev()
	return ok
}

// IsLocal reports whether v has a local part.
func (v Version) IsLocal() bool { return v.full != nil && v.full.local != "" }

// IsRelease reports whether v consists of release segments alone: no epoch,
// no suffix, no local part.
func (v Version) IsRelease() bool {
	if v.full == nil {
		return v.kind() == kindFinal
	}
	return v.full.epoch == 0 && v.full.suffix == suffix{}
}

func toInt(n uint64) int {
	return int(min(n, math.MaxInt))
}

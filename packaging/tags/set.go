package tags

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
)

// Interpreter is what decides over the Python and ABI tags.
type Interpreter struct {
	// Implementation is sys.implementation.name: cpython, pypy, graalpy or
	// pyston.
	Implementation string
	// Major and Minor are the version of the language.
	Major, Minor int
	// ImplMajor and ImplMinor are the version of the implementation, which
	// counts for all but CPython.
	ImplMajor, ImplMinor int
	// FreeThreaded and Debug are builds of CPython.
	FreeThreaded, Debug bool
	// NoManylinux is set where the interpreter's _manylinux module refuses
	// wheels for glibc (PEP 600).
	NoManylinux bool
}

// languageTag is the interpreter's tag for a minor version, such as cp312.
func (in Interpreter) languageTag(minor int) string {
	prefix := in.Implementation
	switch prefix {
	case "cpython":
		prefix = "cp"
	case "pypy":
		prefix = "pp"
	}
	return prefix + strconv.Itoa(in.Major) + strconv.Itoa(minor)
}

// abiTags are the interpreter's own ABIs, best first.
func (in Interpreter) abiTags() []string {
	version := strconv.Itoa(in.Major) + strconv.Itoa(in.Minor)
	impl := strconv.Itoa(in.ImplMajor) + strconv.Itoa(in.ImplMinor)
	switch in.Implementation {
	case "pypy":
		return []string{"pypy" + version + "_pp" + impl}
	case "graalpy":
		return []string{"graalpy" + impl + "_" + version + "_native"}
	case "pyston":
		return []string{"pyston_" + impl + "_x86_64_linux_gnu"}
	}
	base := "cp" + version
	if in.FreeThreaded {
		base += "t"
	}
	flags := ""
	if in.Debug {
		flags = "d"
	}
	// Before 3.8 the ABI named pymalloc, with which all but exotic builds came.
	if in.Major < 3 || in.Major == 3 && in.Minor < 8 {
		return []string{base + flags + "m"}
	}
	if in.Debug { // since 3.8 a debug build loads extensions of release builds
		return []string{base + flags, base}
	}
	return []string{base}
}

func (in Interpreter) check() error {
	switch in.Implementation {
	case "cpython":
		return nil
	case "pypy", "graalpy", "pyston":
		if in.FreeThreaded {
			return fmt.Errorf("only CPython can be free-threaded, not %s", in.Implementation)
		}
		if in.Debug {
			return fmt.Errorf("only CPython can be a debug build, not %s", in.Implementation)
		}
		return nil
	case "python", "ironpython", "jython":
		return fmt.Errorf("unsupported implementation %q", in.Implementation)
	}
	return fmt.Errorf("unknown implementation %q", in.Implementation)
}

// Set is an ordered set of compatible tags, best first. It is a table of
// (Python, ABI) rows times platforms, so that making one costs little and
// looking one up needs neither the full list nor an allocation. Sets are
// immutable and safe for concurrent use.
type Set struct {
	platforms []string
	index     map[string]int32 // platform to its place in platforms
	rows      []row
	pythons   map[string][]int32 // Python tag to its rows
	interp    Interpreter
	platform  Platform
}

// A row stands for one Python and ABI tag with every platform of the set, or,
// if any, with the platform tag any alone.
type row struct {
	python, abi string
	base        int32 // position of the row's first tag in the whole list
	any         bool
}

// For returns the tags that an interpreter accepts on a platform, in uv's
// order. Unknown implementations and impossible platforms are errors.
func For(in Interpreter, p Platform) (*Set, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	platforms, err := p.Tags()
	if err != nil {
		return nil, err
	}
	if in.NoManylinux && p.OS == Linux && p.Libc == Glibc {
		platforms = platforms[len(platforms)-1:]
	}
	s := newSet(in, p, platforms)
	own := in.languageTag(in.Minor)
	for _, abi := range in.abiTags() {
		s.add(own, abi, false)
	}
	cpython := in.Implementation == "cpython"
	if cpython {
		stable := "abi3"
		if in.FreeThreaded { // PEP 803
			stable = "abi3t"
		}
		for m := in.Minor; m >= 2; m-- {
			s.add(in.languageTag(m), stable, false)
			if m == in.Minor {
				s.add(own, "none", false)
			}
		}
	}
	pythons := pyRange([]int{in.Major, in.Minor})
	for _, py := range pythons {
		s.add(py, "none", false)
	}
	if cpython {
		s.add(own, "none", true)
	}
	for _, py := range pythons {
		s.add(py, "none", true)
	}
	return s, nil
}

func newSet(in Interpreter, p Platform, platforms []string) *Set {
	s := &Set{
		platforms: platforms, interp: in, platform: p,
		index: make(map[string]int32, len(platforms)), pythons: make(map[string][]int32, 2*in.Minor+4),
	}
	for i, tag := range platforms {
		s.index[tag] = int32(i)
	}
	return s
}

// add appends a row. A set has at most some hundred rows and platforms, so that
// positions fit an int32 easily.
func (s *Set) add(python, abi string, anyPlatform bool) {
	base := int32(0)
	if n := len(s.rows); n > 0 {
		base = s.rows[n-1].base + s.width(s.rows[n-1])
	}
	s.pythons[python] = append(s.pythons[python], int32(len(s.rows)))
	s.rows = append(s.rows, row{python, abi, base, anyPlatform})
}

func (s *Set) width(r row) int32 {
	if r.any {
		return 1
	}
	return int32(len(s.platforms))
}

// Interpreter returns what the set was made for.
func (s *Set) Interpreter() Interpreter { return s.interp }

// Platform returns what the set was made for.
func (s *Set) Platform() Platform { return s.platform }

// Best returns the first tag of the set.
func (s *Set) Best() Tag {
	if len(s.platforms) == 0 {
		return Tag{s.rows[0].python, s.rows[0].abi, "any"}
	}
	return Tag{s.rows[0].python, s.rows[0].abi, s.platforms[0]}
}

// All lists the whole set, best first.
func (s *Set) All() []Tag {
	last := s.rows[len(s.rows)-1]
	out := make([]Tag, 0, last.base+s.width(last))
	for _, r := range s.rows {
		if r.any {
			out = append(out, Tag{r.python, r.abi, "any"})
			continue
		}
		for _, p := range s.platforms {
			out = append(out, Tag{r.python, r.abi, p})
		}
	}
	return out
}

// Hash returns a number that is equal for equal sets, also between processes.
func (s *Set) Hash() uint64 {
	h := fnv.New64a()
	for _, r := range s.rows {
		// An fnv hash cannot fail to take a write.
		_, _ = h.Write([]byte(r.python + "-" + r.abi + "-" + strconv.FormatBool(r.any) + ","))
	}
	_, _ = h.Write([]byte(strings.Join(s.platforms, ",")))
	return h.Sum64()
}

// Reason tells in which part a wheel fails to fit. Where a wheel has several
// tags, the one that came closest counts: greater reasons are closer.
type Reason uint8

// The reasons, in rising order of closeness.
const (
	Compatible      Reason = iota // it fits
	BadPython                     // for another interpreter or version
	BadABI                        // the interpreter fits, the ABI does not
	FreeThreadedABI               // an ABI with GIL, such as abi3, for a free-threaded interpreter
	BadPlatform                   // only the platform does not fit
)

// String names the part that does not fit.
func (r Reason) String() string {
	switch r {
	case Compatible:
		return "compatible"
	case BadPython:
		return "python"
	case BadABI:
		return "abi"
	case FreeThreadedABI:
		return "free-threaded abi"
	case BadPlatform:
		return "platform"
	}
	return "unknown"
}

// Match tells how a wheel fits a set.
type Match struct {
	Reason Reason
	// Priority is the place of the wheel's best tag in the set: 0 is best. It
	// means nothing unless Reason is Compatible.
	Priority int
}

// OK tells whether the wheel fits.
func (m Match) OK() bool { return m.Reason == Compatible }

// Match tells how well a wheel's tags fit, or why not. It allocates nothing.
func (s *Set) Match(c Compressed) Match {
	python, abi, platform := c.fields()
	if s.interp.FreeThreaded && !anyPart(abi, freeThreadedABI) {
		return Match{Reason: FreeThreadedABI}
	}
	m := Match{Reason: BadPython}
	for python != "" {
		var py string
		py, python, _ = strings.Cut(python, ".")
		rows, ok := s.pythons[py]
		if !ok {
			continue
		}
		m = s.matchRows(m, rows, abi, platform)
	}
	return m
}

func (s *Set) matchRows(m Match, rows []int32, abis, platforms string) Match {
	for abis != "" {
		var abi string
		abi, abis, _ = strings.Cut(abis, ".")
		found := false
		for _, i := range rows {
			if r := s.rows[i]; r.abi == abi {
				found = true
				m = s.matchPlatforms(m, r, platforms)
			}
		}
		if !found {
			m = m.fail(BadABI)
		}
	}
	return m
}

func (s *Set) matchPlatforms(m Match, r row, platforms string) Match {
	for platforms != "" {
		var p string
		p, platforms, _ = strings.Cut(platforms, ".")
		if i, ok := s.position(r, p); ok {
			m = m.found(int(i))
		} else {
			m = m.fail(BadPlatform)
		}
	}
	return m
}

// position is the place of a row's tag with the platform in the whole list.
func (s *Set) position(r row, platform string) (int32, bool) {
	if r.any || platform == "any" {
		return r.base, r.any && platform == "any"
	}
	i, ok := s.index[platform]
	if !ok && s.platform.Arch == ARMv7L && strings.HasSuffix(platform, "_armv8l") {
		i, ok = s.index[strings.TrimSuffix(platform, "8l")+"7l"]
	}
	return r.base + i, ok
}

func (m Match) fail(r Reason) Match {
	if m.Reason != Compatible && m.Reason < r {
		m.Reason = r
	}
	return m
}

func (m Match) found(at int) Match {
	if m.Reason != Compatible || at < m.Priority {
		return Match{Priority: at}
	}
	return m
}

func anyPart(field string, ok func(string) bool) bool {
	for field != "" {
		var part string
		part, field, _ = strings.Cut(field, ".")
		if ok(part) {
			return true
		}
	}
	return false
}

// freeThreadedABI tells which ABIs an interpreter without GIL may load at all.
func freeThreadedABI(abi string) bool { return abi == "none" || abi == "abi3t" || threaded(abi) }

// Priority returns the place of the best of the tags in the set, 0 being best,
// or false if none is in it.
func (s *Set) Priority(tags []Tag) (int, bool) {
	best, found := 0, false
	for _, t := range tags {
		for _, i := range s.pythons[t.Python] {
			if r := s.rows[i]; r.abi == t.ABI {
				if at, ok := s.position(r, t.Platform); ok && (!found || int(at) < best) {
					best, found = int(at), true
				}
			}
		}
	}
	return best, found
}

// Contains tells whether the tag is in the set.
func (s *Set) Contains(t Tag) bool {
	_, ok := s.Priority([]Tag{t})
	return ok
}

// AcceptsABI tells whether the set has a tag with this interpreter and ABI on
// some platform.
func (s *Set) AcceptsABI(python, abi string) bool {
	for _, i := range s.pythons[python] {
		if s.rows[i].abi == abi {
			return true
		}
	}
	return false
}

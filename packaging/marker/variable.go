package marker

import (
	"cmp"
	"strings"
	"sync"

	"github.com/tame-py/tame/packaging/pep440"
)

// A rank places a variable in the order of the diagram, from the root down.
// The order is part of the text of a marker, because text is written from the
// paths through the diagram: it must stay as it is for lock files to stay as
// they are. The three strings that can exclude each other come first.
type rank uint8

const (
	rankOSName rank = iota
	rankSysPlatform
	rankPlatformSystem
	rankPlatformMachine
	rankPlatformPythonImplementation
	rankPlatformRelease
	rankPlatformVersion
	rankImplementationName
	rankImplementationVersion
	rankPythonFullVersion
	// rankIn + r is "key in 'text'" for the string key of rank r.
	rankIn
	// rankContains + r is "'text' in key".
	rankContains      = rankIn + stringKeys
	rankExtra         = rankContains + stringKeys
	rankExtras        = rankExtra + 1
	rankGroups        = rankExtra + 2
	rankInvalidExtras = rankExtra + 3 // '…' in extras, where … is no name
	rankInvalidGroups = rankExtra + 4

	stringKeys = 8  // ranks below are keys with string values
	rangeKeys  = 10 // ranks below have an edge for each interval of values
)

// A variable is what a node decides on. Variables are interned: two are the
// same exactly if their pointers are.
type variable struct {
	id   uint32 // unique, for hashing
	rank rank
	text string // the constant of in and contains, the name of an extra or group
}

// ranged reports whether the nodes of v have an edge for each interval.
func (v *variable) ranged() bool { return v.rank < rangeKeys }

// exclusive reports whether v is one of the keys of which some values exclude
// values of another key.
func (v *variable) exclusive() bool { return v.rank <= rankPlatformSystem }

// compare orders variables from the root of a diagram down.
func (v *variable) compare(w *variable) int {
	if v == w {
		return 0
	}
	if v.rank != w.rank {
		return cmp.Compare(v.rank, w.rank)
	}
	return strings.Compare(v.text, w.text)
}

// ranges holds the variables with intervals, indexed by rank.
var ranges = [rangeKeys]variable{
	{id: 0, rank: 0},
	{id: 1, rank: 1},
	{id: 2, rank: 2},
	{id: 3, rank: 3},
	{id: 4, rank: 4},
	{id: 5, rank: 5},
	{id: 6, rank: 6},
	{id: 7, rank: 7},
	{id: 8, rank: 8},
	{id: 9, rank: 9},
}

// A point is a value at which the edges of a ranged node may part. Points are
// interned, those of strings and those of versions apart.
type point struct {
	id      uint32
	text    string         // of a string key
	version pep440.Version // of a version key, without trailing zeros
}

// A cut is a boundary between two intervals, just below a point or just above.
type cut struct {
	at    *point
	above bool
}

// compareCuts orders the cuts of one variable.
func compareCuts(v *variable, a, b cut) int {
	if a.at != b.at {
		if v.rank < stringKeys {
			return strings.Compare(a.at.text, b.at.text)
		}
		return a.at.version.Compare(b.at.version)
	}
	switch {
	case a.above == b.above:
		return 0
	case b.above:
		return -1
	default:
		return 1
	}
}

// A lexicon interns variables and points.
type lexicon struct {
	mu        sync.RWMutex
	next      uint32
	variables map[variableKey]*variable
	strings   map[string]*point
	versions  map[pep440.Key]*point
}

type variableKey struct {
	rank rank
	text string
}

// words is the lexicon of the process. Pointers into it are parts of the nodes
// of the shared table, hence it is as global as that.
var words lexicon

// variable returns the yes-or-no variable of a rank and a text.
func (l *lexicon) variable(r rank, text string) *variable {
	key := variableKey{r, text}
	l.mu.RLock()
	v := l.variables[key]
	l.mu.RUnlock()
	if v != nil {
		return v
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if v = l.variables[key]; v != nil {
		return v
	}
	if l.variables == nil {
		l.variables = map[variableKey]*variable{}
	}
	// The text may be a slice of a whole metadata file: keep only it.
	key.text = strings.Clone(text)
	l.next++
	v = &variable{id: rangeKeys + l.next, rank: r, text: key.text}
	l.variables[key] = v
	return v
}

// string returns the point of a string value.
func (l *lexicon) string(text string) *point {
	l.mu.RLock()
	p := l.strings[text]
	l.mu.RUnlock()
	if p != nil {
		return p
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if p = l.strings[text]; p != nil {
		return p
	}
	if l.strings == nil {
		l.strings = map[string]*point{}
	}
	text = strings.Clone(text)
	l.next++
	p = &point{id: l.next, text: text}
	l.strings[text] = p
	return p
}

// version returns the point of a version. Versions that are equal but for
// trailing zeros are one point, printed without them.
func (l *lexicon) version(v pep440.Version) *point {
	key := v.Key()
	l.mu.RLock()
	p := l.versions[key]
	l.mu.RUnlock()
	if p != nil {
		return p
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if p = l.versions[key]; p != nil {
		return p
	}
	if l.versions == nil {
		l.versions = map[pep440.Key]*point{}
	}
	l.next++
	p = &point{id: l.next, version: v.TrimZeros()}
	l.versions[key] = p
	return p
}

package pep440

import (
	"fmt"
	"math"
	"strings"
)

// A ParseError says that a text is no version, specifier or list of
// specifiers, and where that shows.
type ParseError struct {
	Kind   string // "version", "local version" or "version specifier"
	Input  string // the whole text
	Offset int    // where in Input the error was found, in bytes
	Length int    // how much of Input it concerns, in bytes; 0 when not known
	Reason string
}

// Error says what is wrong, without pointing into the input.
func (e *ParseError) Error() string {
	return fmt.Sprintf("invalid %s %q: %s", e.Kind, e.Input, e.Reason)
}

// Parse reads a version (PEP 440, appendix B): surrounding white space, a
// leading "v" and all alternative spellings are accepted. The error is a
// *ParseError.
func Parse(s string) (Version, error) {
	if v, ok := parseRelease(s); ok {
		return v, nil
	}
	v, _, reason, at := parse(s, false)
	if reason != "" {
		return Version{}, &ParseError{Kind: "version", Input: s, Offset: at, Reason: reason}
	}
	return v, nil
}

// MustParse is Parse for text known to be a version: it panics when it is
// not.
func MustParse(s string) Version {
	v, err := Parse(s)
	if err != nil {
		panic("internal error: " + err.Error())
	}
	return v
}

// parseRelease reads what most versions are: one to four small numbers.
func parseRelease(s string) (Version, bool) {
	var key, number uint64
	segments, digits := 0, 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && isDigit(s[i]) {
			number = number*10 + uint64(s[i]-'0')
			digits++
			continue
		}
		if i < len(s) && s[i] != '.' || digits == 0 || digits > 9 || segments > 3 || number >= 1<<fieldWidth(segments) {
			return Version{}, false
		}
		key |= number << fieldShift(segments)
		segments++
		number, digits = 0, 0
	}
	return Version{key: key | kindFinal<<kindShift | uint64(segments)}, true
}

// parse reads any version, or with star also a release followed by ".*". The
// reason is "" when there is nothing wrong.
func parse(s string, star bool) (v Version, starred bool, reason string, at int) {
	var buffer [maxLen + 1]uint64
	release, epoch := buffer[:0], uint64(0)
	i := skipSpace(s, 0)
	if i < len(s) && s[i]|0x20 == 'v' {
		i++
	}
	n, i, ok, reason := scanNumber(s, i)
	switch {
	case reason != "":
		return v, false, reason, i
	case !ok:
		return v, false, "expected version to start with a number, but no leading ASCII digits were found", i
	}
	if i < len(s) && s[i] == '!' {
		epoch = n
		if n, i, ok, reason = scanNumber(s, i+1); !ok {
			if reason == "" {
				reason = "expected version to have a non-empty release component after an epoch"
			}
			return v, false, reason, i
		}
	}
	release = append(release, n)
	for i+1 < len(s) && s[i] == '.' && isDigit(s[i+1]) {
		if n, i, _, reason = scanNumber(s, i+1); reason != "" {
			return v, false, reason, i
		}
		release = append(release, n)
	}
	if strings.HasPrefix(s[i:], ".*") {
		switch rest := skipSpace(s, i+2); {
		case !star:
			return v, false, "wildcards in versions are not allowed", i
		case rest < len(s):
			return v, false, "wildcards in versions must be at the end", i
		}
		return newVersion(epoch, release, suffix{}), true, "", 0
	}
	x, i, reason := scanSuffix(s, i)
	if reason != "" {
		return v, false, reason, i
	}
	if end := skipSpace(s, i); end < len(s) {
		return v, false, fmt.Sprintf("after parsing %q, found %q, which is not part of a valid version", strings.TrimSpace(s[:i]), s[i:]), i
	}
	return newVersion(epoch, release, x), false, "", 0
}

// scanSuffix reads all that may follow the release, each part being optional.
func scanSuffix(s string, i int) (x suffix, end int, reason string) {
	if kind, j := scanPre(s, skipSeparator(s, i)); j > 0 {
		x.pre = kind
		if x.preN, i, reason = scanSuffixNumber(s, j); reason != "" {
			return x, i, reason
		}
	}
	if i+1 < len(s) && s[i] == '-' && isDigit(s[i+1]) {
		x.hasPost = true
		if x.post, i, _, reason = scanNumber(s, i+1); reason != "" {
			return x, i, reason
		}
	} else if j := scanWord(s, skipSeparator(s, i), "post", "rev", "r"); j > 0 {
		x.hasPost = true
		if x.post, i, reason = scanSuffixNumber(s, j); reason != "" {
			return x, i, reason
		}
	}
	if j := scanWord(s, skipSeparator(s, i), "dev"); j > 0 {
		x.hasDev = true
		if x.dev, i, reason = scanSuffixNumber(s, j); reason != "" {
			return x, i, reason
		}
	}
	if i < len(s) && s[i] == '+' {
		x.local, i, reason = scanLocal(s, i+1)
	}
	return x, i, reason
}

// scanPre reads the word of a pre-release; end is 0 when there is none.
func scanPre(s string, i int) (kind uint8, end int) {
	if i >= len(s) {
		return 0, 0
	}
	switch s[i] | 0x20 {
	case 'a':
		return kindAlpha, scanWord(s, i, "alpha", "a")
	case 'b':
		return kindBeta, scanWord(s, i, "beta", "b")
	case 'r', 'c', 'p':
		return kindRC, scanWord(s, i, "rc", "c", "preview", "pre")
	}
	return 0, 0
}

// scanWord returns the end of the first of the words that stands at i, in any
// case, or 0.
func scanWord(s string, i int, words ...string) int {
	for _, w := range words {
		if hasWord(s, i, w) {
			return i + len(w)
		}
	}
	return 0
}

// hasWord reports whether the lower case word w stands at i, in any case.
func hasWord(s string, i int, w string) bool {
	if len(s)-i < len(w) {
		return false
	}
	for j := range len(w) {
		if s[i+j]|0x20 != w[j] {
			return false
		}
	}
	return true
}

// scanSuffixNumber reads the number of a suffix, which counts as 0 when it is
// not given.
func scanSuffixNumber(s string, i int) (n uint64, end int, reason string) {
	n, end, _, reason = scanNumber(s, skipSeparator(s, i))
	return n, end, reason
}

// scanNumber reads ASCII digits. Numbers stay below the largest uint64 so
// that one can be added.
func scanNumber(s string, i int) (n uint64, end int, ok bool, reason string) {
	for end = i; end < len(s) && isDigit(s[end]); end++ {
		d := uint64(s[end] - '0')
		if n > (math.MaxUint64-1-d)/10 {
			return 0, i, false, fmt.Sprintf("expected number less than or equal to %d, but number found in %q exceeds it", uint64(math.MaxUint64-1), s[i:])
		}
		n = n*10 + d
	}
	return n, end, end > i, ""
}

// scanLocal reads a local version after its '+' and returns it in normal
// form: lower case, parts joined by '.', numbers without leading zeros.
func scanLocal(s string, i int) (local string, end int, reason string) {
	var b strings.Builder
	for {
		start := i
		for i < len(s) && isAlphanumeric(s[i]) {
			i++
		}
		if i == start {
			return "", i, fmt.Sprintf("found a %q indicating the start of a local component in a version, but did not find any alphanumeric ASCII segment following it", s[max(0, start-1):start])
		}
		part := s[start:i]
		if isNumber(part) {
			part = strings.TrimLeft(part[:len(part)-1], "0") + part[len(part)-1:]
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(strings.ToLower(part))
		if i >= len(s) || !isSeparator(s[i]) {
			return b.String(), i, ""
		}
		i++
	}
}

func skipSeparator(s string, i int) int {
	if i < len(s) && isSeparator(s[i]) {
		return i + 1
	}
	return i
}

func skipSpace(s string, i int) int {
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	return i
}

func isSeparator(c byte) bool { return c == '.' || c == '-' || c == '_' }

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

func isAlphanumeric(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' }

package python

import (
	"runtime"
	"slices"
)

// executableNames lists the names under which an interpreter that satisfies
// the request may be found in one directory, the most specific first: for
// pypy@3.10 pypy3.10, pypy3, pypy, python3.10, python3, python. Requests
// without a version begin with the plain name.
func (r VersionRequest) executableNames(implementation string) []string {
	var bare []string // without the implementation: 3.13rc1t, 3.13, 3t, …
	for _, stem := range r.stems() {
		if suffix := r.variant.ExecutableSuffix(); suffix != "" {
			bare = append(bare, stem+suffix)
		}
		bare = append(bare, stem)
	}
	exe := ""
	if runtime.GOOS == "windows" {
		exe = ".exe"
	}
	var names []string
	add := func(program string) {
		for _, b := range bare {
			if name := program + b + exe; !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	if implementation != "" {
		add(implementation)
	}
	add("python")
	if r.kind == versionAny && implementation == "" {
		for _, i := range implementations() {
			add(i.name)
		}
	}
	return names
}

// stems are the version suffixes to try, without variants.
func (r VersionRequest) stems() []string {
	switch r.kind {
	case versionDefault, versionAny:
		return []string{"", "3"}
	case versionRange:
		return []string{"3", ""}
	}
	var out []string
	for n := r.n; n > 0; n-- {
		short := r
		short.n = n
		stem := short.releaseText()
		if n > 1 && r.pre != "" {
			out = append(out, stem+r.pre)
		}
		out = append(out, stem)
	}
	return append(out, "")
}

// scansMinors reports whether python3.x of every x has to be looked at: what
// python and python3 are need not satisfy the request.
func (r VersionRequest) scansMinors() bool { return r.kind != versionRelease || r.n == 1 }

// minorOfName returns the x of python3.x or python3.xt.
func minorOfName(name string) (minor int, ok bool) {
	const prefix = "python3."
	if runtime.GOOS == "windows" {
		if len(name) < 4 || name[len(name)-4:] != ".exe" {
			return 0, false
		}
		name = name[:len(name)-4]
	}
	if len(name) <= len(prefix) || name[:len(prefix)] != prefix {
		return 0, false
	}
	digits := name[len(prefix):]
	if digits[len(digits)-1] == 't' {
		digits = digits[:len(digits)-1]
	}
	if len(digits) == 0 || len(digits) > 2 {
		return 0, false
	}
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, false
		}
		minor = minor*10 + int(c-'0')
	}
	return minor, true
}

package simple

import (
	"net/url"
	"strings"
	"unsafe"
)

// A base resolves the links of one page. Pages have thousands of links of the
// same few shapes, so the common ones are joined as text.
type base struct {
	origin string   // "https://example.com"
	dirs   []string // the page's URL up to each slash of its path: origin+"/", origin+"/simple/", …
	parsed *url.URL // nil if the base is empty or not a URL
	arena  []byte   // room for what is joined; what is full belongs to the strings
}

func newBase(s string) base {
	u, err := url.Parse(s)
	if s == "" || err != nil || u.Opaque != "" || u.Scheme == "" {
		return base{}
	}
	b := base{parsed: u}
	clean := *u
	clean.RawQuery, clean.ForceQuery, clean.Fragment, clean.RawFragment = "", false, "", ""
	if clean.Path == "" {
		clean.Path = "/"
	}
	text := clean.String()
	start := strings.Index(text, "://")
	if start < 0 {
		return b
	}
	slash := strings.IndexByte(text[start+3:], '/')
	if slash < 0 {
		return b
	}
	slash += start + 3
	path := text[slash:]
	if strings.Contains(path, "/.") || strings.Contains(path, "//") {
		return b // dot segments: left to net/url
	}
	b.origin = text[:slash]
	for i := range path {
		if path[i] == '/' {
			b.dirs = append(b.dirs, text[:slash+i+1])
		}
	}
	return b
}

// resolve returns ref made absolute against the base, following RFC 3986. A
// reference that is no URL is returned as it is: whoever uses it will say so.
func (b *base) resolve(ref string) string {
	ref = strings.Trim(ref, " \t\r\n\f")
	if hasScheme(ref) || b.parsed == nil {
		return ref
	}
	if joined, ok := b.join(ref); ok {
		return joined
	}
	u, err := b.parsed.Parse(ref)
	if err != nil {
		return ref
	}
	return u.String()
}

// join resolves references of the shapes "/x/y", "x/y" and "../../x/y" without
// parsing them; ok is false for any other.
func (b *base) join(ref string) (joined string, ok bool) {
	if len(b.dirs) == 0 || ref == "" {
		return "", false
	}
	dir := len(b.dirs) - 1
	if ref[0] == '/' {
		dir, ref = 0, ref[1:]
	} else {
		for strings.HasPrefix(ref, "../") {
			dir, ref = max(dir-1, 0), ref[len("../"):]
		}
	}
	if ref == "" || !plain(ref) {
		return "", false
	}
	return b.concat(b.dirs[dir], ref), true
}

// concat puts two texts together. Pages have thousands of links, so that they share
// their memory.
func (b *base) concat(x, y string) string {
	n := len(x) + len(y)
	if cap(b.arena)-len(b.arena) < n {
		b.arena = make([]byte, 0, max(n, min(max(2*cap(b.arena), 1<<12), 1<<19)))
	}
	start := len(b.arena)
	b.arena = append(append(b.arena, x...), y...)
	return unsafe.String(&b.arena[start], n)
}

// plain reports whether s is a relative path of unreserved characters only,
// without empty or dot segments, so that appending it to a directory is the
// same as resolving it. It looks characters up, because branches on those of a
// digest cannot be predicted.
func plain(s string) bool {
	start := true // of a segment
	for i := range len(s) {
		switch class := pathClasses[s[i]]; {
		case class == unreserved:
			start = false
		case class == reserved || start:
			return false
		default:
			start = class == slash
		}
	}
	return true
}

// The classes of characters in a path.
const (
	reserved = iota
	unreserved
	slash
	dot
)

// pathClasses has the class of each byte.
const pathClasses = "" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01\x03\x02\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x00\x00\x00\x00\x00\x00" +
	"\x00\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x00\x00\x00\x00\x01" +
	"\x00\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x00\x00\x00\x01\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// hasScheme reports whether s begins with a URL scheme and a colon.
func hasScheme(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		case i > 0 && (c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'):
		default:
			return c == ':' && i > 0
		}
	}
	return false
}

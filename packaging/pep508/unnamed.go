package pep508

import (
	"path"
	"strings"
)

// ParseUnnamed reads a requirement that begins with the URL or path of a
// project instead of its name: "./dir[extra] ; os_name == 'nt'". It does not
// check that it looks like one; see IsUnnamed. The error is an *Error.
func ParseUnnamed(text string) (Unnamed, error) {
	p := parser{text: text}
	p.blanks()
	start := p.at
	location, err := p.url(true)
	if err != nil {
		return Unnamed{}, err
	}
	u := Unnamed{URL: location}
	if i := extrasStart(location); i >= 0 {
		list := parser{text: text[:start+len(location)], at: start + i}
		if u.Extras, err = list.extras(); err != nil {
			return Unnamed{}, in(text, err)
		}
		u.URL = location[:i]
	}
	if u.Marker, err = p.marker(); err != nil {
		return Unnamed{}, err
	}
	return u, nil
}

// in makes text the input of an *Error about its beginning.
func in(text string, err error) error {
	if e, ok := err.(*Error); ok {
		e.Input = text
	}
	return err
}

// extrasStart returns where the extras at the end of a location begin, or -1.
func extrasStart(location string) int {
	if !strings.HasSuffix(location, "]") {
		return -1
	}
	i := strings.LastIndexAny(location[:len(location)-1], "[]")
	if i <= 0 || location[i] == ']' {
		return -1
	}
	return i
}

// IsUnnamed reports whether a word, the text before the first white space, is
// rather a URL or path than the name of a project. Variables in it must have
// been expanded.
func IsUnnamed(word string) bool {
	if i := extrasStart(word); i >= 0 {
		word = word[:i]
	}
	if word == "" {
		return false
	}
	if strings.ContainsAny(word, `/\`) || word[0] == '.' {
		return true
	}
	if _, _, ok := SplitScheme(word); ok {
		return true
	}
	return looksLikeArchive(word)
}

// looksLikeArchive reports whether a file is an archive pip would install, by
// its name.
func looksLikeArchive(file string) bool {
	switch ext := path.Ext(file); ext {
	case ".whl", ".zip", ".tgz", ".tar":
		return len(file) > len(ext)
	case ".gz":
		return strings.HasSuffix(file, ".tar.gz") && len(file) > len(".tar.gz")
	}
	return false
}

// SplitScheme splits a URL after its scheme and colon. The scheme may be the
// letter of a Windows drive.
func SplitScheme(url string) (scheme, rest string, ok bool) {
	url = strings.TrimFunc(url, func(r rune) bool { return r <= ' ' })
	if url == "" || url[0]|0x20-'a' >= 26 {
		return "", "", false
	}
	for i := range len(url) {
		switch c := url[i]; {
		case c == ':':
			return url[:i], url[i+1:], true
		case !isAlphanumeric(c) && c != '+' && c != '-' && c != '.':
			return "", "", false
		}
	}
	return "", "", false
}

// ExpandVars replaces "${NAME}" by the value of the variable, where NAME
// consists of capital letters, digits and underscores. What lookup does not
// know stays as it is.
func ExpandVars(text string, lookup func(name string) (string, bool)) string {
	var b strings.Builder
	rest := text
	for {
		i := strings.Index(rest, "${")
		if i < 0 {
			break
		}
		end := i + len("${")
		for end < len(rest) && isVarByte(rest[end]) {
			end++
		}
		if end < len(rest) && rest[end] == '}' && end > i+len("${") {
			if value, ok := lookup(rest[i+len("${") : end]); ok {
				b.WriteString(rest[:i])
				b.WriteString(value)
				rest = rest[end+1:]
				continue
			}
		}
		b.WriteString(rest[:end])
		rest = rest[end:]
	}
	if b.Len() == 0 {
		return rest
	}
	b.WriteString(rest)
	return b.String()
}

func isVarByte(c byte) bool { return c-'A' < 26 || c-'0' < 10 || c == '_' }

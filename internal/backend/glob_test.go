package backend

import (
	"errors"
	"regexp"
	"strings"
	"testing"
)

func TestGlob(t *testing.T) {
	t.Parallel()
	tests := []struct {
		glob  string
		match string // paths, space-separated
		not   string
	}{
		{"a", "a", "b a/b aa"},
		{"*.py", "a.py .py", "a/b.py a.pyc"},
		{"?x", "ax", "x aax a/x"},
		{"[a-c]x", "ax bx cx", "dx -x"},
		{"[-_a]x", "-x _x ax", "bx"},
		{"[a-]x", "ax -x", "bx"},
		{"**", "a a/b", ""},
		{"**/", "a a/b", ""},
		{"**/a", "a x/a x/y/a", "ab xa x/ab"},
		{"a/**", "a/b a/b/c", "a ab b/a"},
		{"a/**/b", "a/b a/x/b a/x/y/b", "a/xb ab a"},
		{"a/**/**/b", "a/b a/x/b", "ab"},
		{"**/a/**", "a/b x/a/b", "a x/a"},
		{"a**", "a ab", "a/b"},
		{`a\*b`, "a*b", "axb"},
		{"ä?", "äx", "ä"},
	}
	for _, tt := range tests {
		g, err := parseGlob(tt.glob, escapes)
		if err != nil {
			t.Errorf("%s: %v", tt.glob, err)
			continue
		}
		m := newMatcher([]glob{g})
		for path := range strings.FieldsSeq(tt.match) {
			if !m.matches(path) {
				t.Errorf("%s does not match %s", tt.glob, path)
			}
		}
		for path := range strings.FieldsSeq(tt.not) {
			if m.matches(path) {
				t.Errorf("%s matches %s", tt.glob, path)
			}
		}
	}
}

func TestGlobErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		glob   string
		syntax globSyntax
		want   string
	}{
		{"../a", pep639, "the parent directory operator (`..`) is not allowed at position 0 in glob: `../a`"},
		{"a/..", pep639, "the parent directory operator (`..`) is not allowed at position 2 in glob: `a/..`"},
		{"a***", pep639, "too many stars at position 1 in glob: `a***`"},
		{"**a", pep639, "too many stars at position 0 in glob: `**a`"},
		{"ä b", pep639, "invalid character ` ` at position 1 in glob: `ä b`"},
		{"[a b]", pep639, "invalid character ` ` in range at position 2 in glob: `[a b]`"},
		{"[!a]", pep639, "invalid character `!` in range at position 1 in glob: `[!a]`"},
		{"[z-a]", pep639, "invalid range `z-a` at position 3 in glob: `[z-a]`"},
		{"[]", pep639, "an empty character class at position 0 in glob: `[]`"},
		{"[a", pep639, "an unclosed character class at position 0 in glob: `[a`"},
		{`a\b`, pep639, "only forward slashes are allowed as path separator, invalid character at position 1 in glob: `a\\b`"},
		{`a\`, escapes, "trailing backslash at position 1 in glob: `a\\`"},
		{`a\/b`, escapes, "path separators can not be escaped, invalid character at position 2 in glob: `a\\/b`"},
	}
	for _, tt := range tests {
		_, err := parseGlob(tt.glob, tt.syntax)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: got %v, want %s", tt.glob, err, tt.want)
		}
	}
}

func TestCovers(t *testing.T) {
	t.Parallel()
	tests := []struct{ glob, covered, not string }{
		{"a/b/*.py", "a a/b a/b/c.py", "b a/c a/b/c.txt"},
		{"**/x", "a a/b x", ""},
		{"a/**/b", "a a/q a/q/r", "b"},
		{"a*/c", "a ab", "b"},
	}
	for _, tt := range tests {
		g, err := parseGlob(tt.glob, escapes)
		if err != nil {
			t.Fatal(err)
		}
		m := newMatcher([]glob{g})
		for path := range strings.FieldsSeq(tt.covered) {
			if !m.covers(path) {
				t.Errorf("%s does not cover %s", tt.glob, path)
			}
		}
		for path := range strings.FieldsSeq(tt.not) {
			if m.covers(path) {
				t.Errorf("%s covers %s", tt.glob, path)
			}
		}
	}
}

// asRegexp says the same as a glob, for holding one against the other.
func asRegexp(g glob) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for _, s := range g.steps {
		switch s.kind {
		case stepByte:
			b.WriteString(regexp.QuoteMeta(string(rune(s.b))))
		case stepOne:
			b.WriteString("[^/]")
		case stepStar:
			b.WriteString("[^/]*")
		case stepClass:
			b.WriteString("[")
			for c := range 128 {
				if s.set[c>>6]&(1<<(c&63)) != 0 {
					b.WriteString(`\x{` + string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15]) + `}`)
				}
			}
			b.WriteString("]")
		case stepInto:
			b.WriteString("(?:/?|.*/)")
		case stepBelow:
			b.WriteString("/.*")
		case stepDown:
			b.WriteString("(?:/|/.*/)")
		case stepAll:
			b.WriteString(".*")
		}
	}
	b.WriteString(`\z`)
	return regexp.MustCompile(b.String())
}

// FuzzGlob holds the matcher against regular expressions, and wants all below
// what it does not cover not to match.
func FuzzGlob(f *testing.F) {
	for _, glob := range []string{"a/**/b*", "**/[a-c]?/x", `\*a`, "a**/b", "**/**/q", "[--a]", "src/**", "*.py[co]"} {
		f.Add(glob, "a/b/c")
	}
	f.Fuzz(func(t *testing.T, text, path string) {
		g, err := parseGlob(text, escapes)
		if err != nil {
			var wrong *GlobError
			if !errors.As(err, &wrong) {
				t.Fatalf("%q: %v is no GlobError", text, err)
			}
			return
		}
		m := newMatcher([]glob{g, literalGlob("\x00")})
		matched := m.matches(path)
		if isASCII(text+path) && matched != (asRegexp(g).MatchString(path) || path == "\x00") {
			t.Fatalf("%q matches %q: %v", text, path, matched)
		}
		for i := range path {
			if matched && path[i] == '/' && !m.covers(path[:i]) {
				t.Fatalf("%q matches %q but does not cover %q", text, path, path[:i])
			}
		}
	})
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c >= 128 })
}

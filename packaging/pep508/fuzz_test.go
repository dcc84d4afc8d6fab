package pep508

import (
	"strings"
	"testing"
)

// What is read, printed and read again is the same, and its text stays.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"requests[security,tests] >= 2.8.1, == 2.8.* ; python_version > '3.8'", "p (>=1,)", "p === foo ; extra == 'x'",
		"p @ https://e.com/p.whl ; os_name == 'nt'", "p @ ../a b/c # d", "p-1.0.tar.gz", "p>=1.9.*",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = ParseLenient(text)
		_, _ = ParseStrict(text)
		r, err := Parse(text)
		if err != nil {
			_ = err.Error()
			return
		}
		// False prints as a comparison, and a URL that ends with a separator
		// ends before it once a marker follows.
		if r.Marker.IsFalse() || strings.HasSuffix(r.URL, "#") || strings.HasSuffix(r.URL, ";") {
			return
		}
		again, err := Parse(r.String())
		if err != nil || again.String() != r.String() {
			t.Fatalf("%q prints %q, which reads back as %q (%v)", text, r, again, err)
		}
	})
}

func FuzzParseUnnamed(f *testing.F) {
	for _, seed := range []string{"./dir[a, b] ; os_name == 'nt'", "https://e.com/p.whl#egg=p[a]", "${A}/b # c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := ParseUnnamed(text)
		if err != nil {
			_ = err.Error()
			return
		}
		if u.Marker.IsFalse() || strings.HasSuffix(u.URL, "#") || strings.HasSuffix(u.URL, ";") {
			return
		}
		if again, err := ParseUnnamed(u.String()); err != nil || again.String() != u.String() {
			t.Fatalf("%q prints %q, which reads back as %q (%v)", text, u, again, err)
		}
	})
}

func FuzzExpandVars(f *testing.F) {
	f.Add("${A}-${B}-${")
	f.Fuzz(func(t *testing.T, text string) {
		same := func(name string) (string, bool) { return "${" + name + "}", true }
		if got := ExpandVars(text, same); got != text {
			t.Fatalf("%q becomes %q", text, got)
		}
	})
}

package requirements

import (
	"strings"
	"testing"
)

// What is written reads back as the same.
func FuzzParse(f *testing.F) {
	f.Add("a==1.0 \\\n --hash=sha256:aa # c\n-e ./x[dev] ; os_name == 'nt'\n-r b.txt\n--no-binary :all:")
	f.Add("\xff\xfea\x00")
	f.Add("# coding: cp1252\nhttp://h/x.whl[e]\n${FOO}/x \xe9")
	f.Add("-i 'https://a.com'\n--extra-index-url=b\r-c b.txt\n--pre\nfoo --hash=a:b --no-index bar")
	f.Fuzz(func(t *testing.T, text string) {
		fs := files{"b.txt": "b>=1\n-r c.txt", "c.txt": "c @ ./c"}
		first, err := Parse("r.txt", []byte(text), fs.loader())
		if err != nil {
			_ = err.Error()
			return
		}
		written := string(first.Format())
		if strings.Contains(strings.ReplaceAll(written, " \\\n    --hash", ""), "\\") {
			return // a backslash that would continue the line
		}
		for _, e := range first.Requirements {
			// A URL that ends otherwise when it is written apart from what
			// stood around it, and false, which prints as a comparison.
			if strings.ContainsAny(e.GivenURL, "[]#;\\ \t\v\f'\"") || strings.HasPrefix(e.GivenURL, "--") ||
				strings.Contains(written, "python_version < '0'") {
				return
			}
		}
		again, err := Parse("r.txt", []byte(written), fs.loader())
		if err != nil {
			t.Fatalf("%q was written as %q: %v", text, written, err)
		}
		if got := string(again.Format()); got != written {
			t.Fatalf("%q was written as\n%q, and then as\n%q", text, written, got)
		}
	})
}

package toml

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFormat(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"", ""},
		{"# c\na = 1 # d\n", "a = 1\n"},
		{"[a]\n[a.b]\nc = 1\n", "[a.b]\nc = 1\n"},
		{"[a]\n", "[a]\n"},
		{"a.b = 1\na.c.d = 2\ne = 3\n", "e = 3\n\n[a]\nb = 1\n\n[a.c]\nd = 2\n"},
		{"a = [{b = 1}, {}]\n", "[[a]]\nb = 1\n\n[[a]]\n"},
		{"a = [{b = 1}, 2]\n", "a = [\n    { b = 1 },\n    2,\n]\n"},
		{"a = [1]\nb = []\nc = [[1, 2], [3]]\n", "a = [1]\nb = []\nc = [\n    [\n    1,\n    2,\n],\n    [3],\n]\n"},
		{"a = 'x\"y'\nb = \"c\\\\d\"\nc = \"x\\ny\"\n", "a = 'x\"y'\nb = 'c\\d'\nc = \"\"\"\nx\ny\"\"\"\n"},
		{"a = 0xff\nb = 1_0.5e3\nc = -inf\nd = -nan\ne = 1e22\n", "a = 255\nb = 10500.0\nc = -inf\nd = -nan\ne = 10000000000000000000000.0\n"},
		{
			"a = 2020-01-01 07:32\nb = 07:32:00.500\nc = 1979-05-27t00:00:00z\nd = 1979-05-27\ne = 1979-05-27T00:00:00-00:00\n",
			"a = 2020-01-01T07:32:00\nb = 07:32:00.5\nc = 1979-05-27T00:00:00Z\nd = 1979-05-27\ne = 1979-05-27T00:00:00+00:00\n",
		},
		{"a = { b = 1, # c\n d = 2, }\n", "[a]\nb = 1\nd = 2\n"},
		{"\"x y\".\"\" = 1\n", "[\"x y\"]\n\"\" = 1\n"},
	}
	for _, tt := range tests {
		doc, err := Parse("a.toml", []byte(tt.in))
		if err != nil {
			t.Errorf("%q: %v", tt.in, err)
			continue
		}
		if d := cmp.Diff(tt.want, Format(doc.Root())); d != "" {
			t.Errorf("%q (-want +got):\n%s", tt.in, d)
		}
	}
}

// FuzzFormat wants what Format writes to be read as the same document.
func FuzzFormat(f *testing.F) {
	f.Add("a = [1, {b = 2}]\n[c.d]\ne = 'x'\n[[f]]\ng = 07:32\n")
	f.Add("a = \"\"\"\\r\n\\\"\\\"\\\"'''\"\"\"\nb.c = 1e300\n")
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := Parse("a.toml", []byte(text))
		if err != nil {
			return
		}
		once := Format(doc.Root())
		again, err := Parse("b.toml", []byte(once))
		if err != nil {
			t.Fatalf("%q became %q: %v", text, once, err)
		}
		if twice := Format(again.Root()); twice != once {
			t.Fatalf("%q became %q, then %q", text, once, twice)
		}
		if n := strings.Count(once, "#"); n > strings.Count(text, "#")+strings.Count(text, `\`) {
			t.Fatalf("%q became %q", text, once)
		}
	})
}

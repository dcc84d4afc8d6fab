package toml

import (
	"reflect"
	"testing"
)

// usual are documents that the quick parser takes.
var usual = []string{
	"",
	"\n# only a comment",
	"a = 1\nb.c = true # why\nb.d = \"x\"\n\"e f\".g = 'C:' \n",
	"[project]\nname = \"a-b\"\nversion = \"1.0\"\ndependencies = [\n    \"x>=1\", # first\n    \"y ; python_version < '3.9'\",\n]\n\n[tool.uv.sources]\nx = { workspace = true, marker = \"m\" }\ny = [{ path = \"../y\" }, {}]\n",
	"[a.b]\n[[a.c]]\nd = []\n[[a.c]]\n[a.c.e]\nf = [[1, 2], [false]]\n[a]\ng.h = 3\n[a.\"i.j\"]",
}

// unusual are left to the full parser, be they right or wrong.
var unusual = []string{
	"a = \"\\n\"", "a = \"\"", "a = '''x'''", "a = 0x1", "a = 1.5", "a = 01", "a = -1", "a = 1979-05-27", "a . b = 1", "[ a ]", "a = 1\r\n",
	"a = 1\na = 2", "a = 1 b = 2", "[a]\n[a]", "[a] b = 1", "a = {b = 1,}", "a = [1 2]", "a = ", "a", "= 1", "a = truer", "[[a]\n", "a = \"é\"", "# \x00",
	"\uFEFFa = 1", "a = \"x", "a = [1", "a = {b = 1", "a = {b = 1\n}", "a = [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]", "a = 12345678901234567890", "a = [1]\n[[a]]",
}

// Both parsers make the same of a document.
func TestQuick(t *testing.T) {
	t.Parallel()
	for _, text := range usual {
		if !sameAsFull(t, text) {
			t.Errorf("%q is left to the full parser", text)
		}
	}
	for _, text := range unusual {
		if sameAsFull(t, text) {
			t.Errorf("%q is not left to the full parser", text)
		}
	}
}

// sameAsFull reports whether the quick parser takes a text.
func sameAsFull(t *testing.T, text string) bool {
	t.Helper()
	src := &source{name: "x.toml", text: text}
	got := parseQuick(src)
	if got == nil {
		return false
	}
	want, err := parseFull(src)
	if err != nil {
		t.Fatalf("%q: taken, but: %v", text, err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%q: the trees differ", text)
	}
	return true
}

func FuzzQuick(f *testing.F) {
	for _, text := range append(append(append([]string{}, usual...), unusual...), documents...) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { sameAsFull(t, text) })
}

func BenchmarkQuick(b *testing.B) {
	text := []byte(usual[3])
	for name, parse := range map[string]func(*source) (*Value, error){"full": parseFull, "usual": parse} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := parse(&source{name: "x.toml", text: string(text)}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

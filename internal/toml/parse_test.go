package toml

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	gotoml "github.com/pelletier/go-toml/v2"
)

// plain turns a tree into what go-toml decodes into a map, for comparison.
func plain(v *Value) any {
	switch v.Kind() {
	case String:
		s, _ := v.Text()
		return s
	case Integer:
		n, _ := v.Int()
		return n
	case Bool:
		b, _ := v.Bool()
		return b
	case Array:
		out := []any{}
		for _, e := range v.Elems() {
			out = append(out, plain(e))
		}
		return out
	case Table:
		out := map[string]any{}
		for e := range v.Entries() {
			out[e.Key] = plain(e.Value)
		}
		return out
	}
	return v.Raw()
}

// decoded is what go-toml makes of a text, in the shape of plain.
func decoded(t testing.TB, text string) (any, error) {
	t.Helper()
	var m map[string]any
	if err := gotoml.Unmarshal([]byte(strings.TrimPrefix(text, byteOrderMark)), &m); err != nil {
		return nil, err
	}
	if m == nil {
		m = map[string]any{}
	}
	return simple(m), nil
}

func simple(x any) any {
	switch x := x.(type) {
	case map[string]any:
		for k, e := range x {
			x[k] = simple(e)
		}
		return x
	case []any:
		for i, e := range x {
			x[i] = simple(e)
		}
		return x
	case []map[string]any:
		out := []any{}
		for _, e := range x {
			out = append(out, simple(e))
		}
		return out
	case string, int64, bool:
		return x
	}
	return "scalar" // floats and dates: compared as being there
}

func sameTree(t testing.TB, text string) bool {
	t.Helper()
	want, wantErr := decoded(t, text)
	doc, err := Parse("x.toml", []byte(text))
	if (err != nil) != (wantErr != nil) {
		t.Errorf("Parse says %v, go-toml says %v, of:\n%s", err, wantErr, text)
		return false
	}
	if err != nil {
		return false
	}
	var scalars func(v *Value) any
	scalars = func(v *Value) any {
		switch v.Kind() {
		case Float, OffsetDateTime, LocalDateTime, LocalDate, LocalTime:
			return "scalar"
		case Array:
			out := []any{}
			for _, e := range v.Elems() {
				out = append(out, scalars(e))
			}
			return out
		case Table:
			out := map[string]any{}
			for e := range v.Entries() {
				out[e.Key] = scalars(e.Value)
			}
			return out
		}
		return plain(v)
	}
	if got := scalars(doc.Root()); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v, of:\n%s", got, want, text)
		return false
	}
	return true
}

var documents = []string{
	"",
	"# only a comment",
	"a = 1\nb.c = 2\nb.d = [1, 2,]\n",
	"[a]\nx = 1\n[a.b]\ny = 2\n[c]\n[a.c]\n",
	"[a.b]\ny = 2\n[a]\nx = 1\n",
	"[[a]]\nx = 1\n[a.b]\n[[a]]\n[[a.c]]\nz = '''\nq'''\n",
	"a = { b = 1, c.d = [ { e = 'f' } ] }",
	"a = [ # one\n 1, # two\n [ 2, 3 ], # three\n {x=1}, \n]\r\nb = \"\\u00e9\"\r\n",
	"\"quoted key\" = 1\n'x.y'.z = 2.5\nd = 1979-05-27T07:32:00Z\ne = 07:32:00\nf = 1979-05-27\ng = 1979-05-27 07:32:00\n",
	byteOrderMark + "a = 1\n",
	"n = -0x\n", "n = 0xFF\nm = +1_000\nk = 1e5\nj = inf\ni = -nan\n",
	"[a]\nb.c = 1\n[a.b.d]\n",
	// wrong
	"a = 1\na = 2", "[a]\n[a]", "a.b = 1\n[a]", "a = {b = 1}\na.c = 2", "a = {}\n[a.b]", "a = []\n[[a]]",
	"[[a]]\n[a]", "[a]\n[[a]]", "[a.b]\n[a]\nb.c = 1", "a = 9223372036854775808", "a = 2021-02-30", "a = [1 2]",
	"a", "a = ", "= 1", "[a", "a = \"x", "a = 1 b = 2", "a = {b = 1, b = 2}", "[a]\nb.c = 1\n[a.b]",
	"a.b = 1\na.b.c = 2", "a = \xff", "a = 1e999",
}

func TestParseAgreesWithDecoding(t *testing.T) {
	t.Parallel()
	for _, text := range documents {
		sameTree(t, text)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range documents {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if sameTree(t, text) {
			checkSpans(t, text)
		}
	})
}

// checkSpans parses the raw text of every value again and expects the same.
func checkSpans(t testing.TB, text string) {
	t.Helper()
	doc, err := Parse("x.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var visit func(v *Value)
	visit = func(v *Value) {
		if v.form == formInline && v != doc.Root() {
			again, err := Parse("raw", []byte("x = "+v.Raw()))
			if err != nil {
				t.Fatalf("raw text %q of a value: %v", v.Raw(), err)
			}
			if a, b := plain(v), plain(again.Lookup("x")); !reflect.DeepEqual(a, b) {
				t.Fatalf("raw text %q reads %v, not %v", v.Raw(), b, a)
			}
		}
		for _, e := range v.list {
			visit(e)
		}
		for _, e := range v.entries {
			visit(e.Value)
		}
	}
	visit(doc.Root())
}

func TestPositions(t *testing.T) {
	t.Parallel()
	doc, err := Parse("x.toml", []byte("a = 1\n[b]\n\"é\".c = [1,\n  { d = 'x' }]\n[[e]]\n"))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]Position{
		"a": {1, 5}, "b": {2, 1}, "b.é": {3, 1}, "b.é.c": {3, 9}, "e": {5, 1},
	} {
		if got := doc.Lookup(strings.Split(path, ".")...).Position(); got != want {
			t.Errorf("%s is at %v, want %v", path, got, want)
		}
	}
	inner := doc.Lookup("b", "é", "c").Elem(1).Get("d")
	if got := inner.Position(); got != (Position{4, 9}) || inner.Raw() != "'x'" {
		t.Errorf("d is at %v and reads %s", got, inner.Raw())
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	_, err := Parse("uv.toml", []byte("a = 1\nno-color = # what\n"))
	want := "TOML parse error at line 2, column 12\n  |\n2 | no-color = # what\n  |            ^\n"
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got:\n%v\nwant the beginning:\n%s", err, want)
	}
	doc, err := Parse("uv.toml", []byte("a = 1\noffline = \"x\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	got := doc.Lookup("offline").Errorf("expected a boolean").Error()
	want = "TOML parse error at line 2, column 11\n  |\n2 | offline = \"x\"\n  |           ^^^\nexpected a boolean"
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	e, _ := doc.Root().Entry("offline")
	if got, want := e.Errorf("unknown").Short(), "uv.toml:2:1: unknown"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	doc, err := Parse("x.toml", []byte("a = 1\nb = \"x\"\n[c]\nd = true\n"))
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		A int
		B string
		C struct{ D bool }
	}
	if err := doc.DecodeStrict(&all); err != nil || all.A != 1 || all.B != "x" || !all.C.D {
		t.Errorf("got %+v, %v", all, err)
	}
	var some struct{ A int }
	if err := doc.Decode(&some); err != nil {
		t.Error(err)
	}
	err = doc.DecodeStrict(&some)
	unknown, ok := err.(UnknownKeys)
	if !ok || len(unknown) != 2 || unknown[0].Position != (Position{2, 1}) || unknown[1].Position != (Position{3, 2}) {
		t.Errorf("got %#v", err)
	}
	var wrong struct{ B int }
	if err, ok := doc.Decode(&wrong).(*Error); !ok || err.Position != (Position{2, 5}) || !strings.Contains(err.Excerpt, "^^^") {
		t.Errorf("got %v", err)
	}
}

func BenchmarkParse(b *testing.B) {
	text := benchmarkDocument()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("pyproject.toml", text); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkDocument() []byte {
	var s strings.Builder
	s.WriteString("[project]\nname = \"x\"\nversion = \"1.0\"\ndependencies = [\n")
	for range 100 {
		s.WriteString("    \"some-package>=1.0,<2\",  # why\n")
	}
	s.WriteString("]\n[tool.uv.sources]\n")
	for i := range 50 {
		s.WriteString("pkg" + string(rune('a'+i%26)) + string(rune('a'+i/26)) + " = { workspace = true }\n")
	}
	return []byte(s.String())
}

// Every TOML file that comes with the repository's shared data must parse as
// go-toml decodes it.
func TestRealDocuments(t *testing.T) {
	t.Parallel()
	root := os.Getenv("TAME_SHARED")
	if root == "" {
		root = "../../../shared"
	}
	files, _ := filepath.Glob(filepath.Join(root, "conformance", "ecosystem", "projects", "*", "input", "*.toml"))
	if len(files) == 0 {
		t.Skip("no shared data: conformance/ecosystem")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sameTree(t, string(text))
	}
}

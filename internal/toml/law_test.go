package toml

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The laws of editing, checked on generated documents: an edit changes the
// value it names and nothing else, keeps all other text in place, or fails and
// leaves the document alone.

var (
	genKey    = rapid.SampledFrom([]string{"a", "b", "c", `"d e"`})
	genBlanks = rapid.SampledFrom([]string{"", "", " ", "\t"})
	genEnd    = rapid.SampledFrom([]string{"\n", "\n", " # c1\n", "\n\n", "\n# c2\n", "\n# c3\n\n", "\n  # c4\n"})
	genGap    = rapid.SampledFrom([]string{"", " ", "\n", "\n    ", " # g1\n  ", "\n  # g2\n  ", "\n\n# g3\n"})
)

func genValue(t *rapid.T, depth int) string {
	switch rapid.IntRange(0, 6).Draw(t, "kind") {
	case 0:
		if depth > 0 {
			return genArray(t, depth-1)
		}
	case 1:
		if depth > 0 {
			return genInline(t, depth-1)
		}
	case 2:
		return rapid.SampledFrom([]string{`"x # y"`, `'],'`, "'''\n# no comment'''", `"\u00e9"`}).Draw(t, "string")
	}
	return fmt.Sprint(rapid.IntRange(0, 9).Draw(t, "int"))
}

func genArray(t *rapid.T, depth int) string {
	var b strings.Builder
	b.WriteString("[" + genGap.Draw(t, "gap"))
	n := rapid.IntRange(0, 4).Draw(t, "elems")
	for i := range n {
		b.WriteString(genValue(t, depth) + genGap.Draw(t, "gap"))
		if i < n-1 || rapid.Bool().Draw(t, "comma") {
			b.WriteString("," + genGap.Draw(t, "gap"))
		}
	}
	b.WriteString("]")
	return b.String()
}

func genInline(t *rapid.T, depth int) string {
	var parts []string
	for _, key := range rapid.SliceOfNDistinct(genKey, 0, 3, rapid.ID[string]).Draw(t, "keys") {
		if rapid.IntRange(0, 3).Draw(t, "dotted") == 0 {
			key += "." + genKey.Draw(t, "sub")
		}
		parts = append(parts, genBlanks.Draw(t, "blanks")+key+" = "+genValue(t, depth)+genBlanks.Draw(t, "blanks"))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func genPath(t *rapid.T) []string {
	keys := rapid.SliceOfN(genKey, 1, 3).Draw(t, "path")
	for i, k := range keys {
		keys[i] = strings.Trim(k, `"`)
	}
	return keys
}

// genDocument draws texts until one is a valid document.
func genDocument(t *rapid.T) *Document {
	var b strings.Builder
	b.WriteString(rapid.SampledFrom([]string{"", "", "# head\n", "# head\n\n", byteOrderMark}).Draw(t, "head"))
	add := func(text string) {
		if _, err := Parse("x", []byte(b.String()+text)); err == nil {
			b.WriteString(text)
		}
	}
	for range rapid.IntRange(0, 8).Draw(t, "expressions") {
		key := genBlanks.Draw(t, "indent") + strings.Join(rapid.SliceOfN(genKey, 1, 3).Draw(t, "key"), ".")
		switch rapid.IntRange(0, 5).Draw(t, "form") {
		case 0:
			add("[" + key + "]" + genEnd.Draw(t, "end"))
		case 1:
			add("[[" + key + "]]" + genEnd.Draw(t, "end"))
		default:
			add(key + " = " + genValue(t, 2) + genEnd.Draw(t, "end"))
		}
	}
	text := b.String()
	if rapid.IntRange(0, 3).Draw(t, "cut") == 0 {
		text = strings.TrimRight(text, "\n")
	}
	if rapid.IntRange(0, 3).Draw(t, "crlf") == 0 {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	doc, err := Parse("x.toml", []byte(text))
	if err != nil {
		t.Fatalf("%v", err)
	}
	return doc
}

// setModel does to a decoded document what Set does to its text.
func setModel(v map[string]any, value any, path []string) {
	for _, key := range path[:len(path)-1] {
		switch next := v[key].(type) {
		case map[string]any:
			v = next
		case []any:
			v = next[len(next)-1].(map[string]any)
		default:
			m := map[string]any{}
			v[key] = m
			v = m
		}
	}
	v[path[len(path)-1]] = value
}

func deleteModel(v map[string]any, path []string) {
	for _, key := range path[:len(path)-1] {
		v, _ = v[key].(map[string]any)
	}
	delete(v, path[len(path)-1])
}

// dropEmpty removes tables that are empty, which vanish when the dotted key
// that made them is removed.
func dropEmpty(x any) any {
	m, ok := x.(map[string]any)
	if !ok {
		return x
	}
	for k, e := range m {
		m[k] = dropEmpty(e)
		if sub, ok := m[k].(map[string]any); ok && len(sub) == 0 {
			delete(m, k)
		}
	}
	return m
}

// follow is Lookup that goes on in the last of an array of tables, as Set does.
func follow(doc *Document, path []string) *Value {
	v := doc.Root()
	for _, key := range path {
		if v.Kind() == Array && v.form == formTables {
			v = v.list[len(v.list)-1]
		}
		v = v.Get(key)
	}
	return v
}

// canSet says if Set must succeed: no part of the path is anything but a
// table, and the value is not one with sections.
func canSet(doc *Document, path []string) bool {
	v := doc.Root()
	for _, key := range path[:len(path)-1] {
		if v = v.Get(key); v == nil {
			return true
		}
		if v.form == formTables {
			v = v.list[len(v.list)-1]
		}
		if v.kind != Table {
			return false
		}
	}
	old := v.Get(path[len(path)-1])
	return old == nil || old.form == formInline
}

// kept checks that a text is another with parts inserted or removed around a
// single place.
func kept(before, after string) bool {
	short := min(len(before), len(after))
	prefix := 0
	for prefix < short && before[prefix] == after[prefix] {
		prefix++
	}
	suffix := 0
	for suffix < short-prefix && before[len(before)-1-suffix] == after[len(after)-1-suffix] {
		suffix++
	}
	return prefix+suffix == short
}

func TestLawSet(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		doc := genDocument(t)
		path := genPath(t)
		before, feasible, old := doc.Text(), canSet(doc, path), follow(doc, path)
		want := plain(doc.Root()).(map[string]any)
		err := doc.Set("77", path...)
		if err != nil {
			if feasible || doc.Text() != before {
				t.Fatalf("set %q: %v\nbefore:\n%s\nafter:\n%s", path, err, before, doc.Text())
			}
			return
		}
		setModel(want, int64(77), path)
		if got := plain(doc.Root()); !reflect.DeepEqual(got, any(want)) {
			t.Fatalf("set %q: got %v, want %v\nbefore:\n%s\nafter:\n%s", path, got, want, before, doc.Text())
		}
		if old != nil {
			before = before[:old.span.Start] + before[old.span.End:]
		}
		if after := doc.Text(); !kept(before, after) && !kept(before, strings.TrimRight(after, "\r\n")) {
			t.Fatalf("set %q changed other text\nbefore:\n%s\nafter:\n%s", path, before, doc.Text())
		}
	})
}

func TestLawDelete(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		doc := genDocument(t)
		path := genPath(t)
		before := doc.Text()
		want := plain(doc.Root()).(map[string]any)
		found, err := doc.Delete(path...)
		if err != nil {
			t.Fatalf("delete %q: %v\n%s", path, err, before)
		}
		if !found {
			if doc.Text() != before {
				t.Fatalf("delete %q of nothing changed the text", path)
			}
			return
		}
		deleteModel(want, path)
		if got, want := dropEmpty(plain(doc.Root())), dropEmpty(want); !reflect.DeepEqual(got, want) {
			t.Fatalf("delete %q: got %v, want %v\nbefore:\n%s\nafter:\n%s", path, got, want, before, doc.Text())
		}
	})
}

var comment = regexp.MustCompile(`# [a-z]+[0-9]`)

func TestLawArrays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		nl := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "newline")
		text := strings.ReplaceAll("# head1\nx = "+genArray(t, 1)+" # tail1\n[y]\n", "\n", nl)
		doc, err := Parse("x.toml", []byte(text))
		if err != nil {
			t.Fatalf("%v", err)
		}
		array := doc.Lookup("x")
		want := plain(array).([]any)
		var edit string
		switch i := rapid.IntRange(0, len(want)).Draw(t, "index"); rapid.IntRange(0, 2).Draw(t, "edit") {
		case 0:
			edit = fmt.Sprint("insert at ", i)
			err = doc.InsertElem(array, i, "77")
			want = slices.Insert(want, i, any(int64(77)))
		case 1:
			edit = "spread"
			err = doc.Spread(array, "")
		default:
			if i == len(want) {
				return
			}
			edit = fmt.Sprint("remove ", i)
			err = doc.RemoveElem(array, i)
			want = slices.Delete(want, i, i+1)
			if strings.ContainsAny(array.Elem(i).Raw(), "#") {
				return // its own comments go with it
			}
		}
		if err != nil {
			t.Fatalf("%s: %v\n%s", edit, err, text)
		}
		if got := plain(doc.Lookup("x")); !reflect.DeepEqual(got, any(want)) {
			t.Fatalf("%s: got %v, want %v\nbefore:\n%s\nafter:\n%s", edit, got, want, text, doc.Text())
		}
		if a, b := comment.FindAllString(text, -1), comment.FindAllString(doc.Text(), -1); !slices.Equal(a, b) {
			t.Fatalf("%s: comments %q became %q\nbefore:\n%s\nafter:\n%s", edit, a, b, text, doc.Text())
		}
		if nl == "\r\n" && strings.Count(doc.Text(), "\n") != strings.Count(doc.Text(), "\r\n") {
			t.Fatalf("%s: lone line ends in %q", edit, doc.Text())
		}
	})
}

func TestLawSpreadIsStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		doc, err := Parse("x.toml", []byte("x = "+genArray(t, 0)))
		if err != nil {
			t.Fatalf("%v", err)
		}
		if err := doc.Spread(doc.Lookup("x"), ""); err != nil {
			t.Fatalf("%v", err)
		}
		once := doc.Text()
		if err := doc.Spread(doc.Lookup("x"), ""); err != nil || doc.Text() != once {
			t.Fatalf("%v; first:\n%s\nthen:\n%s", err, once, doc.Text())
		}
	})
}

func TestLawQuoting(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		runes := rapid.OneOf(rapid.SampledFrom([]rune("ab\"\"'\\\n\r\t\x00\x7fé")), rapid.Rune())
		s := rapid.StringOf(runes).Draw(t, "s")
		s = strings.ToValidUTF8(s, "\uFFFD")
		doc, err := Parse("x.toml", []byte(QuoteKey(s)+" = "+string(LitString(s))))
		if err != nil {
			t.Fatalf("%v", err)
		}
		if got, ok := doc.Lookup(s).Text(); !ok || got != s {
			t.Fatalf("%q reads %q from %s", s, got, doc.Text())
		}
	})
}

func FuzzEdit(f *testing.F) {
	for _, text := range documents {
		f.Add(text, "a.b", 0)
	}
	f.Fuzz(func(t *testing.T, text, path string, i int) {
		doc, err := Parse("x.toml", []byte(text))
		if err != nil {
			return
		}
		keys := strings.Split(strings.ToValidUTF8(path, "?"), ".")
		if err := doc.Set("77", keys...); err == nil {
			if n, ok := follow(doc, keys).Int(); !ok || n != 77 {
				t.Fatalf("set %q in %q gave %q", keys, text, doc.Text())
			}
		}
		if v := doc.Lookup(keys[0]); v.Kind() == Array && v.form == formInline && i >= 0 && i <= v.Len() {
			if err := doc.InsertElem(v, i, "1"); err != nil {
				t.Fatal(err)
			}
			if err := doc.Spread(doc.Lookup(keys[0]), ""); err != nil {
				t.Fatal(err)
			}
			if err := doc.RemoveElem(doc.Lookup(keys[0]), i); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := doc.Delete(keys...); err != nil {
			t.Fatal(err)
		}
	})
}

package toml

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func mustParse(t testing.TB, text string) *Document {
	t.Helper()
	doc, err := Parse("pyproject.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestSet(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, path, value, in, want string }{
		{"replace keeps the comment", "a", "2", "a  =  1 # one\n", "a  =  2 # one\n"},
		{"new key at the end of its table", "a.z", "1", "[a]\nx = 1 # c\n\n# of b\n[b]\n", "[a]\nx = 1 # c\nz = 1\n\n# of b\n[b]\n"},
		{"new key below an empty header", "a.z", "1", "[a] # c\n[b]\n", "[a] # c\nz = 1\n[b]\n"},
		{"the indentation of the others", "a.z", "1", "[a]\n  x = [\n1]\n", "[a]\n  x = [\n1]\n  z = 1\n"},
		{"no line end at the end", "a.z", "1", "[a]\nx = 1", "[a]\nx = 1\nz = 1\n"},
		{"root in front of the headers", "z", "1", "# head\n[a]\nx = 1", "z = 1\n\n# head\n[a]\nx = 1\n"},
		{"root behind its keys", "z", "1", "# head\nx = 1\n\n[a]\n", "# head\nx = 1\nz = 1\n\n[a]\n"},
		{"empty document", "a.b.c", "1", "", "[a.b]\nc = 1\n"},
		{"only a comment", "a.b.c", "1", "# x\n", "# x\n\n[a.b]\nc = 1\n"},
		{"a table behind its relatives", "tool.uv.sources.x", "{ path = \"y\" }", "[tool.uv]\nx = 1\n# tail\n\n[tool.black]\ny = 2\n", "[tool.uv]\nx = 1\n\n[tool.uv.sources]\nx = { path = \"y\" }\n# tail\n\n[tool.black]\ny = 2\n"},
		{"a table at the end", "z.x", "1", "[a]\nx = 1\n\n# tail\n", "[a]\nx = 1\n\n[z]\nx = 1\n\n# tail\n"},
		{"a header for a table without", "a.x", "1", "[x]\n\n[a.b]\ny = 1\n", "[x]\n\n[a]\nx = 1\n\n[a.b]\ny = 1\n"},
		{"a header for the first table", "a.x", "1", "[a.b]\ny = 1\n", "[a]\nx = 1\n\n[a.b]\ny = 1\n"},
		{"into an inline table", "a.x", "1", "a = { b = 1 } # c\n", "a = { b = 1, x = 1 } # c\n"},
		{"into an empty inline table", "a.x", "1", "a = {}\n", "a = { x = 1 }\n"},
		{"a table in an inline table", "a.x.y", "1", "a = { b = 1 }\n", "a = { b = 1, x.y = 1 }\n"},
		{"beside dotted keys", "a.b.z", "1", "a.b.c = 1 # c\n a.b.d = 2\nx = 1\n", "a.b.c = 1 # c\n a.b.d = 2\na.b.z = 1\nx = 1\n"},
		{"below dotted keys", "a.b.z.y", "1", "[t]\n[a]\nb.c = 1\n", "[t]\n[a]\nb.c = 1\nb.z.y = 1\n"},
		{"dotted in inline", "a.b.z", "1", "a = { b.c = 1, d = 2 }\n", "a = { b.c = 1, b.z = 1, d = 2 }\n"},
		{"the last of an array of tables", "a.x", "1", "[[a]]\n[[a]]\ny = 1\n\n[b]\n", "[[a]]\n[[a]]\ny = 1\nx = 1\n\n[b]\n"},
		{"quoted keys", "a.x/y", "1", "[a]\n", "[a]\n\"x/y\" = 1\n"},
		{"CRLF", "b.x", "1", "[a]\r\nx = 1\r\n", "[a]\r\nx = 1\r\n\r\n[b]\r\nx = 1\r\n"},
		{"byte order mark", "b", "1", byteOrderMark + "[a]\n", byteOrderMark + "b = 1\n\n[a]\n"},
	} {
		doc := mustParse(t, test.in)
		if err := doc.Set(Literal(test.value), strings.Split(test.path, ".")...); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if diff := cmp.Diff(test.want, doc.Text()); diff != "" {
			t.Errorf("%s: -want +got\n%s", test.name, diff)
		}
	}
}

func TestSetFails(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ path, in string }{
		{"a.b", "a = 1\n"}, {"a", "[a]\n"}, {"a", "[[a]]\n"}, {"a", "a.b = 1\n"}, {"a.b", "a = [1]\n"},
	} {
		doc := mustParse(t, test.in)
		if err := doc.Set("1", strings.Split(test.path, ".")...); err == nil {
			t.Errorf("%s in %q: no error", test.path, test.in)
		}
		if doc.Text() != test.in {
			t.Errorf("%s in %q: changed to %q", test.path, test.in, doc.Text())
		}
	}
	doc := mustParse(t, "a = 1\n")
	if err := doc.Set("1 b = 2", "a"); err == nil || doc.Text() != "a = 1\n" {
		t.Errorf("a broken literal gave %v and %q", err, doc.Text())
	}
	old := doc.Lookup("a")
	if err := doc.Set("2", "a"); err != nil {
		t.Fatal(err)
	}
	if err := doc.Replace(old, "3"); err == nil {
		t.Error("a value from before an edit was taken")
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, path, in, want string }{
		{"a line with its comments", "a.x", "[a]\n# of x\nx = 1 # c\n# of y\ny = 2\n", "[a]\n# of y\ny = 2\n"},
		{"a detached comment stays", "a.x", "[a]\n# of all\n\n# of x\nx = 1\ny = 2\n", "[a]\n# of all\n\ny = 2\n"},
		{"several lines", "a.x", "[a]\nx = [\n  1,\n]\ny = 2\n", "[a]\ny = 2\n"},
		{"a comment-like line of a string", "b", "a = '''\n# x'''\nb = 1\n", "a = '''\n# x'''\n"},
		{"a section", "a", "[a]\nx = 1\n\n[b]\n", "[b]\n"},
		{"all sections below", "a", "[b]\n\n[a.c]\n[d]\n[a]\nx = 1\n[[a.e]]\n\n[f]\n", "[b]\n[d]\n\n[f]\n"},
		{"the last section leaves the tail", "t.s", "[t]\nx = 1\n\n[t.s]\n# a\na = 1\n\n# tail\n", "[t]\nx = 1\n\n# tail\n"},
		{"dotted", "a.b", "a.b.c = 1\na.x = 1\na.b.d.e = 2\n", "a.x = 1\n"},
		{"inline first", "a.b", "a = { b = 1, c = 2 }\n", "a = { c = 2 }\n"},
		{"inline last", "a.c", "a = { b = 1, c = 2 }\n", "a = { b = 1 }\n"},
		{"inline only", "a.c", "a = { c = 2 }\n", "a = {}\n"},
		{"inline dotted", "a.c", "a = { x = 1, c.d = 1, c.e = 2 }\n", "a = { x = 1 }\n"},
		{"nothing", "a.z", "[a]\n", "[a]\n"},
	} {
		doc := mustParse(t, test.in)
		if _, err := doc.Delete(strings.Split(test.path, ".")...); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if diff := cmp.Diff(test.want, doc.Text()); diff != "" {
			t.Errorf("%s: -want +got\n%s", test.name, diff)
		}
	}
}

func TestInsertKey(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, in, want string }{
		{"comments stay with the old key", "[t]\na = 1 # a\n# of c\nc = 1\n", "[t]\na = 1 # a\nb = 2\n# of c\nc = 1\n"},
		{"at the top", "[t]\n# of c\nc = 1\n", "[t]\nb = 2\n# of c\nc = 1\n"},
		{"inline", "t = { c = 1 }\n", "t = { b = 2, c = 1 }\n"},
		{"dotted", "# x\nt.c = 1\n", "t.b = 2\n# x\nt.c = 1\n"},
		{"dotted inline", "q = 1\nt = {c.d = 1}\n", "q = 1\nt = {b = 2, c.d = 1}\n"},
	} {
		doc := mustParse(t, test.in)
		if err := doc.InsertKey(doc.Lookup("t"), "c", "b", "2"); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if diff := cmp.Diff(test.want, doc.Text()); diff != "" {
			t.Errorf("%s: -want +got\n%s", test.name, diff)
		}
	}
}

func TestInsertTable(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		i        int
		in, want string
	}{
		{"new, at a rank", 0, "[t]\nx = 1\n\n[u]\n", "[[t.i]]\na = 1\n\n[t]\nx = 1\n\n[u]\n"},
		{"new", 1, "[t]\nx = 1\n\n[u]\n", "[t]\nx = 1\n\n[[t.i]]\na = 1\n\n[u]\n"},
		{"new, not behind later tables", 2, "[t]\nx = 1\n\n[u]\n", "[t]\nx = 1\n\n[[t.i]]\na = 1\n\n[u]\n"},
		{"first", 0, "[t]\n\n# old\n[[t.i]]\nb = 1\n", "[t]\n\n[[t.i]]\na = 1\n\n# old\n[[t.i]]\nb = 1\n"},
		{"last", 1, "[t]\n\n# old\n[[t.i]]\nb = 1\n\n[u]\n", "[t]\n\n# old\n[[t.i]]\nb = 1\n\n[[t.i]]\na = 1\n\n[u]\n"},
		{"at the top", 0, "[[t.i]]\nb = 1\n", "[[t.i]]\na = 1\n\n[[t.i]]\nb = 1\n"},
		{"empty document", 0, "", "[[t.i]]\na = 1\n"},
	} {
		doc := mustParse(t, test.in)
		if err := doc.InsertTable(test.i, []Field{{"a", "1"}}, "t", "i"); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if diff := cmp.Diff(test.want, doc.Text()); diff != "" {
			t.Errorf("%s: -want +got\n%s", test.name, diff)
		}
	}
}

func TestEnsureTable(t *testing.T) {
	t.Parallel()
	doc := mustParse(t, "[a.b]\n")
	v, err := doc.EnsureTable("a", "c")
	if err != nil || v == nil || doc.Text() != "[a.b]\n\n[a.c]\n" {
		t.Errorf("got %v, %v, %q", v, err, doc.Text())
	}
	if v, err := doc.EnsureTable("a"); err != nil || v.Len() != 2 {
		t.Errorf("got %v, %v", v, err)
	}
}

func TestArrays(t *testing.T) {
	t.Parallel()
	insert := func(i int) func(d *Document, v *Value) error {
		return func(d *Document, v *Value) error { return d.InsertElem(v, i, "9") }
	}
	remove := func(i int) func(d *Document, v *Value) error {
		return func(d *Document, v *Value) error { return d.RemoveElem(v, i) }
	}
	spread := func(d *Document, v *Value) error { return d.Spread(v, "") }
	for _, test := range []struct {
		name     string
		edit     func(d *Document, v *Value) error
		in, want string
	}{
		{"insert into empty", insert(0), "[]", "[9]"},
		{"insert into empty, lines", insert(0), "[\n  # c\n]", "[\n  # c\n  9\n]"},
		{"insert first", insert(0), "[1, 2]", "[9, 1, 2]"},
		{"insert between", insert(1), "[1, 2]", "[1, 9, 2]"},
		{"insert last", insert(2), "[ 1, 2 ]", "[ 1, 2, 9 ]"},
		{"insert last behind a comma", insert(1), "[1,]", "[1, 9,]"},
		{"insert first, lines", insert(0), "[ # b\n  # one\n  1, # c\n]", "[ # b\n  9,\n  # one\n  1, # c\n]"},
		{"insert between, lines", insert(1), "[\n  1, # one\n  2\n]", "[\n  1, # one\n  9,\n  2\n]"},
		{"insert last, lines", insert(1), "[\n  1, # one\n  # tail\n]", "[\n  1, # one\n  # tail\n  9,\n]"},
		{"insert last, lines, no comma", insert(1), "[\n  1 # one\n  # tail\n]", "[\n  1, # one\n  # tail\n  9\n]"},
		{"remove first", remove(0), "[1, 2]", "[2]"},
		{"remove last", remove(1), "[1, 2]", "[1]"},
		{"remove only", remove(0), "[1]", "[]"},
		{"remove a line", remove(1), "[\n  1,\n  2,\n  3,\n]", "[\n  1,\n  3,\n]"},
		{"remove the last line", remove(1), "[\n  1, # one\n  2, # two\n]", "[\n  1, # one\n  # two\n]"},
		{"remove the last line, no comma", remove(1), "[\n  1, # one\n  2 # two\n]", "[\n  1 # one\n  # two\n]"},
		{"remove the first line", remove(0), "[\n  1, # one\n  2, # two\n]", "[\n  # one\n  2, # two\n]"},
		{"remove all lines", remove(0), "[\n  # of 1\n  1, # one\n]", "[\n  # of 1\n  # one\n]"},
		{"spread", spread, "[1, 2]", "[\n    1,\n    2,\n]"},
		{"spread empty", spread, "[ ]", "[]"},
		{"spread with comments", spread, "[ # b\n\t1, 2,# two\n\n\t# own\n # more\n 3 # three\n\n# tail\n ]", "[ # b\n\t1,\n\t2,# two\n\t# own\n\t# more\n\t3, # three\n\t# tail\n]"},
		{"spread strings like comments", spread, "['#', \"],\\\"\"]", "[\n    '#',\n    \"],\\\"\",\n]"},
	} {
		for _, crlf := range []bool{false, true} {
			in, want := "x = "+test.in+" # end\n", "x = "+test.want+" # end\n"
			if crlf {
				in, want = strings.ReplaceAll(in, "\n", "\r\n"), strings.ReplaceAll(want, "\n", "\r\n")
			}
			doc := mustParse(t, in)
			if err := test.edit(doc, doc.Lookup("x")); err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
			if diff := cmp.Diff(want, doc.Text()); diff != "" {
				t.Errorf("%s: -want +got\n%s", test.name, diff)
			}
		}
	}
}

func TestMoveFirst(t *testing.T) {
	t.Parallel()
	doc := mustParse(t, "[a]\n\n# one\n[[i]]\nx = 1\n\n[b]\n\n# two\n[[i]]\nx = 2\n[i.sub]\n\n[c]\n")
	if err := doc.MoveFirst(doc.Lookup("i"), 1); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("[a]\n\n# two\n[[i]]\nx = 2\n[i.sub]\n\n# one\n[[i]]\nx = 1\n\n[b]\n\n[c]\n", doc.Text()); diff != "" {
		t.Error(diff)
	}
	if got := doc.Rank(doc.Lookup("b")); got != 4 {
		t.Errorf("[b] has rank %d", got)
	}
}

func TestRemoveArrayTable(t *testing.T) {
	t.Parallel()
	doc := mustParse(t, "[[i]]\na = 1\n\n# second\n[[i]]\na = 2\n[i.sub]\n\n[[i]]\na = 3\n")
	if err := doc.RemoveElem(doc.Lookup("i"), 1); err != nil {
		t.Fatal(err)
	}
	if got, want := doc.Text(), "[[i]]\na = 1\n\n[[i]]\na = 3\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

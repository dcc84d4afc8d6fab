package requirements

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// files is a Loader over a map.
func files(m map[string]string) Loader {
	return Loader{
		Open: func(name string) ([]byte, error) {
			if text, ok := m[name]; ok {
				return []byte(text), nil
			}
			return nil, fs.ErrNotExist
		},
		Getenv: func(name string) (string, bool) { return "value", name == "SET" },
	}
}

// show is a file in one text, to compare.
func show(f *File) string {
	var b strings.Builder
	for _, e := range f.Requirements {
		fmt.Fprintf(&b, "%s:%d %s\n", e.File, e.Line, e)
	}
	for _, e := range f.Constraints {
		fmt.Fprintf(&b, "%s:%d constraint %s\n", e.File, e.Line, e)
	}
	for _, w := range f.Warnings {
		fmt.Fprintf(&b, "%s:%d:%d warning %s\n", w.File, w.Line, w.Column, w.Message)
	}
	return b.String()
}

// What is accepted and refused was seen with uv 0.12.5; a line continued in
// the middle of a requirement, which uv refuses, is joined as pip does.
func TestParse(t *testing.T) {
	t.Parallel()
	included := map[string]string{
		"s.txt": "b\n-c k.txt\n", "k.txt": "b==1.0", "dir/x.txt": "-r y.txt", "dir/y.txt": "y",
	}
	for _, test := range []struct{ text, want string }{
		{"a # c\n", "r:1 a\n"},
		{"a\n\n  b\r\nc\rd", "r:1 a\nr:3 b\nr:4 c\nr:5 d\n"},
		{"\ufeffa\n", "r:1 a\n"},
		{"# x \\\na\n", "r:2 a\n"},
		{"a \\\n ==1.0\nb", "r:1 a==1.0\nr:3 b\n"},
		{"a\\\n", "r:1 a\n"},
		{"a \\\n# c\nb", "r:1 a\nr:3 b\n"},
		{"a==1.0 \\\n  --hash=sha256:aa \\\n  --hash sha256:bb\n", "r:1 a==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"},
		{"-r s.txt\na", "s.txt:1 b\nr:2 a\nk.txt:1 constraint b==1.0\n"},
		{"-r=s.txt", "s.txt:1 b\nk.txt:1 constraint b==1.0\n"},
		{"--requirement \"s.txt\" # x", "s.txt:1 b\nk.txt:1 constraint b==1.0\n"},
		{"--constraint=k.txt", "k.txt:1 constraint b==1.0\n"},
		{"-r dir/x.txt", "dir/y.txt:1 y\n"},
		{"-e ./x[dev]", "r:1 -e ./x[dev]\n"},
		{"-e .", "r:1 -e .\n"},
		{"./x.whl", "r:1 ./x.whl\n"},
		{"x-1.0-py3-none-any.whl", "r:1 x-1.0-py3-none-any.whl\n"},
		{"/p/a.whl[x,b] ; os_name == 'nt'", "r:1 /p/a.whl[x,b] ; os_name == 'nt'\n"},
		{"http://h/a;b.whl", "r:1 http://h/a;b.whl\n"},
		{"git+https://h/x.git@v1#egg=x", "r:1 git+https://h/x.git@v1#egg=x\n"},
		{"a @ file:///p/a.whl", "r:1 a @ file:///p/a.whl\n"},
		{"./${SET}/${UNSET}/${set}", "r:1 ./value/${UNSET}/${set}\n"},
		{"--pre\na", "r:2 a\nr:1:1 warning the option `--pre` has no effect in a requirements file\n"},
		{"# coding: latin-1\n# \xe9\na", "r:3 a\n"},
		{"\xff\xfea\x00\n\x00", "r:1 a\n"},
		{"", ""},
	} {
		f, err := Parse("r", []byte(test.text), files(included))
		if err != nil {
			t.Errorf("%q: %v", test.text, err)
			continue
		}
		if diff := cmp.Diff(test.want, show(f)); diff != "" {
			t.Errorf("%q:\n%s", test.text, diff)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	loop := map[string]string{"a.txt": "-r b.txt", "b.txt": "\n  -r a.txt"}
	for _, test := range []struct{ text, want string }{
		{"a\n --nosuch x", "r:2:2: unknown option `--nosuch`"},
		{"-rs.txt", "r:1:1: unknown option `-rs.txt`"},
		{"--requirements s.txt", "r:1:1: unknown option"},
		{"-Z", "r:1:1: unknown option"},
		{"-", "r:1:1: unknown option"},
		{"-i\na", "r:1:3: `-i` must be followed by an argument"},
		{"--extra-index-url", "must be followed by an argument"},
		{"a --no-binary", "r:1:3: `--hash` is expected"},
		{"a \\\n  --hash=x", "r:2:10: a hash has the form"},
		{"a b", "r:1:1: invalid requirement"},
		{"é\nb\n  a#c", "r:1:1: invalid requirement"},
		{"-r nof.txt", "r:1:4: cannot include `nof.txt`: file does not exist"},
		{"-r a.txt", "b.txt:2:6: the file includes itself: a.txt → b.txt → a.txt"},
		{"--no-binary a b", "r:1:13: invalid value for `--no-binary`"},
		{"a\n\xff\xff", "it is not UTF-8"},
		{"# coding: klingon\na", `unknown encoding "klingon"`},
		{"-e \"\"", "must be followed by an argument"},
		{"-i http://a\n-i http://b", "r:2:1: `--index-url` is given more than once"},
	} {
		_, err := Parse("r", []byte(test.text), files(loop))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: error %v, want %s", test.text, err, test.want)
		}
	}
}

func TestIncludeNotFound(t *testing.T) {
	t.Parallel()
	_, err := Parse("r", []byte("-r nof.txt"), files(nil))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the cause is lost: %v", err)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	f, err := Parse("d/r", []byte(`
--index-url http://h/simple
--extra-index-url=http://one  # c
--extra-index-url "http://two"
-f ./wheels
--no-index
--no-binary a,B
--only-binary :all:
--require-hashes
a
`), files(nil))
	if err != nil {
		t.Fatal(err)
	}
	want := `--index-url http://h/simple
--extra-index-url http://one
--extra-index-url http://two
--no-index
--find-links ./wheels
--no-binary a
--no-binary B
--only-binary :all:
--require-hashes
a
`
	if diff := cmp.Diff(want, string(f.Format())); diff != "" {
		t.Error(diff)
	}
	if f.Options.FindLinks[0].File != "d/r" {
		t.Errorf("the file of --find-links: %q", f.Options.FindLinks[0].File)
	}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	for _, test := range [][3]string{
		{"r.txt", "s.txt", "s.txt"},
		{"d/r.txt", "s.txt", "d/s.txt"},
		{"d/r.txt", "../s.txt", "s.txt"},
		{"d/r.txt", "/s.txt", "/s.txt"},
		{"-", "s.txt", "s.txt"},
		{"http://h/d/r.txt", "s.txt", "http://h/d/s.txt"},
		{"http://h/d/r.txt", "../s.txt", "http://h/s.txt"},
		{"d/r.txt", "https://h/s.txt", "https://h/s.txt"},
	} {
		if got := Join(test[0], test[1]); got != test[2] {
			t.Errorf("Join(%q, %q) = %q, want %q", test[0], test[1], got, test[2])
		}
	}
}

// What is written reads back as the same.
func FuzzParse(f *testing.F) {
	f.Add([]byte("a==1.0 \\\n --hash=sha256:aa # c\n-e ./x[dev] ; os_name == 'nt'\n-r s\n--no-binary :all:"))
	f.Add([]byte("\xff\xfea\x00"))
	f.Add([]byte("# coding: cp1252\nhttp://h/x.whl[e]\n${SET}"))
	f.Fuzz(func(t *testing.T, content []byte) {
		loader := files(map[string]string{"s": "b", "t": "-r t"})
		first, err := Parse("r", content, loader)
		if err != nil {
			return
		}
		text := first.Format()
		if bytes.Contains(text, []byte(" #")) {
			return // a URL that is only a fragment, which no file can hold
		}
		again, err := Parse("r", text, Loader{Open: loader.Open})
		if err != nil {
			t.Fatalf("%q was written as %q: %v", content, text, err)
		}
		if diff := cmp.Diff(string(text), string(again.Format())); diff != "" {
			t.Fatalf("%q:\n%s", content, diff)
		}
	})
}

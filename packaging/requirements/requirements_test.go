package requirements

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// files is a folder in memory, with the variables of the tests.
type files map[string]string

func (f files) open(name string) ([]byte, error) {
	text, ok := f[strings.TrimPrefix(name, "./")]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return []byte(text), nil
}

func lookup(name string) (string, bool) {
	values := map[string]string{"FOO": "foo", "DIR": "/some/dir", "TOKEN": "secret"}
	v, ok := values[name]
	return v, ok
}

func (f files) loader() Loader { return Loader{Open: f.open, Getenv: lookup} }

func parse(f files) (*File, error) { return Load("r.txt", f.loader()) }

// summary tells what a file says in few words.
func summary(f *File) string {
	var b strings.Builder
	for _, e := range f.Requirements {
		if e.Editable {
			b.WriteString("edit ")
		}
		if e.Requirement == nil {
			b.WriteString("unnamed ")
		}
		e.Editable = false
		b.WriteString(strings.ReplaceAll(e.String(), " \\\n   ", "") + "\n")
	}
	for _, e := range f.Constraints {
		b.WriteString("constraint " + e.String() + "\n")
	}
	o := f.Options
	if o.IndexURL != nil {
		b.WriteString("index " + o.IndexURL.Text + "\n")
	}
	for _, l := range o.ExtraIndexURLs {
		b.WriteString("extra " + l.Text + "\n")
	}
	for _, l := range o.FindLinks {
		b.WriteString("links " + l.Text + "\n")
	}
	if o.NoIndex {
		b.WriteString("no-index\n")
	}
	if o.RequireHashes {
		b.WriteString("require-hashes\n")
	}
	if len(o.NoBinary) > 0 {
		fmt.Fprintf(&b, "no-binary %v\n", o.NoBinary)
	}
	if len(o.OnlyBinary) > 0 {
		fmt.Fprintf(&b, "only-binary %v\n", o.OnlyBinary)
	}
	for _, w := range f.Warnings {
		b.WriteString("warning " + w.Option + " at " + w.place() + "\n")
	}
	return b.String()
}

func (o Origin) place() string { return fmt.Sprintf("%s:%d:%d", o.File, o.Line, o.Column) }

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		files files
		want  string
	}{
		{"requirements", files{"r.txt": "foo>=1\n  bar[x] ; os_name=='nt'\n\n\tbaz"}, "foo>=1\nbar[x] ; os_name == 'nt'\nbaz\n"},
		{"line breaks", files{"r.txt": "foo\rbar\r\nbaz\n\r"}, "foo\nbar\nbaz\n"},
		{"comments", files{"r.txt": "# c\nfoo # d\nbar>=1 #e --hash\n#f\nbaz ; os_name=='nt' # g"}, "foo\nbar>=1\nbaz ; os_name == 'nt'\n"},
		{"continued", files{"r.txt": "foo \\\n  >=1 \\\r\n ,<2\nb\\\nar \\\n\nbaz \\"}, "foo>=1,<2\nbar\nbaz\n"},
		{"a comment is not continued", files{"r.txt": "foo # a\\\nbar"}, "foo\nbar\n"},
		{"a comment after a continuation", files{"r.txt": "foo \\\n  # comment\nbar"}, "foo\nbar\n"},
		{"nothing", files{"r.txt": " \n# c\n\t"}, ""},
		{"byte order mark", files{"r.txt": "\ufefffoo"}, "foo\n"},
		{"hashes", files{"r.txt": "foo==1 --hash=sha256:aa --hash sha256:bb # c\nbar==1 \\\n  --hash=md5:cc\\\n --hash=md5:dd\nbaz"}, "foo==1 --hash=sha256:aa --hash=sha256:bb\nbar==1 --hash=md5:cc --hash=md5:dd\nbaz\n"},
		{"hashes after a marker", files{"r.txt": "foo ; os_name=='nt' --hash=sha256:aa"}, "foo ; os_name == 'nt' --hash=sha256:aa\n"},
		{"statements after hashes", files{"r.txt": "foo --hash=sha256:aa --no-index bar"}, "foo --hash=sha256:aa\nbar\nno-index\n"},
		{"urls", files{"r.txt": "foo @ ${DIR}/foo.whl\n${DIR}/bar.whl[x]\n./baz # c\n../a b/\nhttps://e.com/x.whl#sha256=aa ; os_name=='nt'\nsub/dir\nx.tar.gz\nfile:///x"}, "foo @ ${DIR}/foo.whl\nunnamed ${DIR}/bar.whl[x]\nunnamed ./baz\nunnamed ../a b/\nunnamed https://e.com/x.whl#sha256=aa ; os_name == 'nt'\nunnamed sub/dir\nunnamed x.tar.gz\nunnamed file:///x\n"},
		{"variables make paths", files{"r.txt": "x${DIR}/y"}, "unnamed x${DIR}/y\n"},
		{"editables", files{"r.txt": "-e ./proj[x]\n--editable=proj\n-e\tname @ file:proj # c\n-e proj ; os_name=='nt' --hash=sha256:aa"}, "edit unnamed ./proj[x]\nedit unnamed proj\nedit name @ file:proj\nedit unnamed proj ; os_name == 'nt' --hash=sha256:aa\n"},
		{"quoted editables", files{"r.txt": "-e \"./a b[x]\" # c\n-e './c'"}, "edit unnamed ./a b[x]\nedit unnamed ./c\n"},
		{"a semicolon in a URL", files{"r.txt": "http://h/a;b.whl\ngit+https://h/x.git@v1#egg=x"}, "unnamed http://h/a;b.whl\nunnamed git+https://h/x.git@v1#egg=x\n"},
		{"unset variables", files{"r.txt": "./${FOO}/${UNSET}/${foo}"}, "unnamed ./${FOO}/${UNSET}/${foo}\n"},
		{"indexes", files{"r.txt": "-i https://${FOO}.com/simple # c\n--extra-index-url='https://a.com' \n--extra-index-url \\\n https://b.com#c\n-f ../links\n--find-links=${DIR}\n--no-index\n--require-hashes"}, "index https://foo.com/simple\nextra https://a.com\nextra https://b.com\nlinks ../links\nlinks /some/dir\nno-index\nrequire-hashes\n"},
		{"binaries", files{"r.txt": "--no-binary foo,Bar_baz\n--no-binary=foo\n--only-binary :all:\n--only-binary foo\n--no-binary :none:"}, "no-binary [foo bar-baz]\nonly-binary [:all: foo]\n"},
		{"ignored", files{"r.txt": "--pre\n--trusted-host e.com # c\n  --use-feature=x\n--prefer-binary\nfoo"}, "foo\nwarning --pre at r.txt:1:1\nwarning --trusted-host at r.txt:2:1\nwarning --use-feature at r.txt:3:3\nwarning --prefer-binary at r.txt:4:1\n"},
		{"include", files{"r.txt": "-r sub/a.txt\nfoo", "sub/a.txt": "--requirement=b.txt\nbar", "sub/b.txt": "-f x\nbaz"}, "baz\nbar\nfoo\nlinks x\n"},
		{"names of files", files{"r.txt": "-r 'a b.txt'\n-r a\\ c.txt\n-r ${FOO}.txt # x\n-r d.txt#x\n-r file:e%20f.txt", "a b.txt": "b", "a c.txt": "c", "foo.txt": "foo", "d.txt": "d", "e f.txt": "e"}, "b\nc\nfoo\nd\ne\n"},
		{"remote", files{"r.txt": "-r https://e.com/x/a.txt", "https://e.com/x/a.txt": "-r b.txt\n-r /c.txt", "https://e.com/x/b.txt": "b", "https://e.com/c.txt": "c"}, "b\nc\n"},
		{"itself", files{"r.txt": "-r r.txt\n-r ./r.txt\nfoo"}, "foo\n"},
		{"each other", files{"r.txt": "-r a.txt\nfoo", "a.txt": "-r r.txt\nbar"}, "bar\nfoo\n"},
		{"twice", files{"r.txt": "-r a.txt\n-r x/../a.txt\nfoo", "a.txt": "bar"}, "bar\nfoo\n"},
		{"constraints", files{"r.txt": "-c c.txt\nfoo", "c.txt": "-r d.txt\n-c e.txt\n-i https://c.com\n-e ./x\nbar<2", "d.txt": "d", "e.txt": "e"}, "foo\nconstraint d\nconstraint bar<2\nconstraint e\n"},
		{"both", files{"r.txt": "-r a.txt\n-c a.txt\n-c r.txt", "a.txt": "a"}, "a\nconstraint a\n"},
		{"an index of an included file", files{"r.txt": "-r a.txt", "a.txt": "-i https://a.com"}, "index https://a.com\n"},
		{"the same index", files{"r.txt": "-i https://a.com\n-r a.txt", "a.txt": "-i https://a.com/"}, "index https://a.com\n"},
	}
	for _, tt := range tests {
		f, err := parse(tt.files)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if diff := cmp.Diff(tt.want, summary(f)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		checkWriting(t, tt.name, f)
	}
}

// checkWriting writes a file and reads it back.
func checkWriting(t *testing.T, name string, f *File) {
	t.Helper()
	text := string(f.Format())
	again, err := parse(files{"r.txt": text})
	if err != nil {
		t.Errorf("%s: what was written is not read: %v\n%s", name, err, text)
		return
	}
	f.Constraints, f.Warnings = nil, nil
	if diff := cmp.Diff(summary(f), summary(again)); diff != "" {
		t.Errorf("%s: what was written reads back otherwise (-want +got):\n%s%s", name, diff, text)
	}
	if string(again.Format()) != text {
		t.Errorf("%s: writing twice differs", name)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		files files
		want  string // the first line of the error
		hint  string
	}{
		{"requirement", files{"r.txt": "foo\n  bar>>1"}, "r.txt:2:6: couldn't parse requirement: no such comparison operator \">>\", must be one of ~= == != <= >= < > ===", ""},
		{"after a continuation", files{"r.txt": "é\rfoo \\\n >=1 \\\n ; x"}, "r.txt:1:1: unexpected `é`, expected an option or the start of a requirement", ""},
		{"in a continuation", files{"r.txt": "\n\nfoo \\\n >=1 \\\r\n ; x"}, "r.txt:5:4: couldn't parse requirement: expected a quoted string or a valid marker name, found `x`", ""},
		{"extra", files{"r.txt": ".[_a]"}, "r.txt:1:3: couldn't parse requirement: expected an alphanumeric character starting the extra name, found `_`", ""},
		{"comment without a blank", files{"r.txt": "foo#d"}, "r.txt:1:4: couldn't parse requirement: expected one of `@`, `(`, `<`, `=`, `>`, `~`, `!`, `;`, found `#`", ""},
		{"option", files{"r.txt": "foo\n--use-pep517"}, "r.txt:2:1: unexpected `--use-pep517`, expected a supported option or the start of a requirement", ""},
		{"attached value", files{"r.txt": "-ihttps://e.com"}, "r.txt:1:1: unexpected `-ihttps://e.com`, expected a supported option or the start of a requirement", ""},
		{"option of a requirement", files{"r.txt": "foo --global-option=x"}, "r.txt:1:5: expected `--hash`, found `--global-option`", ""},
		{"no value", files{"r.txt": "-i\nfoo"}, "r.txt:1:3: `--index-url` must be followed by an argument", ""},
		{"no value but a comment", files{"r.txt": "--no-binary # c\nfoo"}, "r.txt:1:12: `--no-binary` must be followed by an argument", ""},
		{"an empty value", files{"r.txt": "--index-url="}, "r.txt:1:13: `--index-url` must be followed by an argument", ""},
		{"a quoted empty value", files{"r.txt": "-f ''"}, "r.txt:1:4: `--find-links` must be followed by an argument", ""},
		{"two options", files{"r.txt": "-f x \\\n --pre"}, "r.txt:2:2: expected the end of the line after the argument of `--find-links`", ""},
		{"no file", files{"r.txt": "-r"}, "r.txt:1:3: `--requirement` must be followed by an argument", ""},
		{"malformed hash", files{"r.txt": "foo \\\n  --hash=x"}, "r.txt:2:10: a hash has the form `sha256:…`, found `x`", ""},
		{"no hash", files{"r.txt": "foo --hash="}, "r.txt:1:12: `--hash` must be followed by an argument", ""},
		{"two indexes", files{"r.txt": "-i https://a.com\n-i https://a.com"}, "r.txt:2:1: multiple `--index-url` values provided", ""},
		{"nested index", files{"r.txt": "-i https://a.com\n-r b.txt", "b.txt": "-i https://b.com"}, "r.txt:2:4: nested requirements file contains conflicting `--index-url`", ""},
		{"packages", files{"r.txt": "--no-binary foo bar"}, "r.txt:1:13: invalid specifier for `--no-binary`: ", ""},
		{"absent", files{"r.txt": "foo\n-r b.txt"}, "r.txt:2:4: couldn't read the file included: open b.txt: file does not exist", ""},
		{"in an included file", files{"r.txt": "-r b.txt", "b.txt": "foo\n?"}, "r.txt:1:4: error in the file included: b.txt:2:1: unexpected `?`, expected an option or the start of a requirement", ""},
		{"unnamed constraint", files{"r.txt": "-c b.txt", "b.txt": "foo\n./x"}, "r.txt:1:4: error in the constraints included: b.txt:2:1: unnamed requirements are not allowed as constraints", ""},
		{"missing -r", files{"r.txt": "foo\na.txt", "a.txt": ""}, "r.txt:2:1: requirement `a.txt` looks like a requirements file but was passed as a package name", "did you mean `-r a.txt`?"},
		{"editable name", files{"r.txt": "-e foo==1"}, "r.txt:1:1: unsupported editable requirement `foo==1`: registry requirements cannot be editable", "editable requirements must refer to a local directory"},
		{"editable archive", files{"r.txt": "-e x/y-1.0.tar.gz"}, "r.txt:1:1: unsupported editable requirement `x/y-1.0.tar.gz`: local archives cannot be editable", "editable requirements must refer to a local directory"},
		{"editable url", files{"r.txt": "-e https://u:pass@e.com/x.zip"}, "r.txt:1:1: unsupported editable requirement `https://u:****@e.com/x.zip`: remote archives cannot be editable", "editable requirements must refer to a local directory"},
		{"editable git", files{"r.txt": "-e git+https://e.com/x"}, "r.txt:1:1: unsupported editable requirement `git+https://e.com/x`: Git sources cannot be editable", "editable requirements must refer to a local directory"},
		{"password", files{"r.txt": "foo @ https://u:pass@e.com/x.zip ; y"}, "r.txt:1:36: couldn't parse requirement: expected a quoted string or a valid marker name, found `y`\nfoo @ https://u:****@e.com/x.zip ; y", ""},
		{"invalid text", files{"r.txt": "foo\nbar # \xe9"}, "r.txt:2:7: the text is not valid UTF-8", "save the file as UTF-8, or name its encoding in a comment `# coding: …` in its first line"},
		{"unknown encoding", files{"r.txt": "# coding: klingon\nbar # \xe9"}, "r.txt:1:1: unknown encoding `klingon`", ""},
	}
	for _, tt := range tests {
		f, err := parse(tt.files)
		if err == nil {
			t.Errorf("%s: no error, but\n%s", tt.name, summary(f))
			continue
		}
		if got := err.Error(); !strings.HasPrefix(got, tt.want) || tt.want == "" {
			t.Errorf("%s: %s\nwant %s", tt.name, got, tt.want)
		}
		var h interface{ Hints() []string }
		var got string
		if errors.As(err, &h) {
			got = strings.Join(h.Hints(), "\n")
		}
		if got != tt.hint {
			t.Errorf("%s: hint %q, want %q", tt.name, got, tt.hint)
		}
	}
	if _, err := parse(files{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// A server may invent ever new files.
func TestEndlessIncludes(t *testing.T) {
	t.Parallel()
	open := func(name string) ([]byte, error) { return []byte("-r x" + name), nil }
	if _, err := Load("r.txt", Loader{Open: open}); err == nil || !strings.Contains(err.Error(), "more than 1000 files are included") {
		t.Errorf("%.200v", err)
	}
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"UTF-16 LE": "\xff\xfef\x00o\x00o\x00 \x00#\x00\xe9\x00",
		"UTF-16 BE": "\xfe\xff\x00f\x00o\x00o\x00 \x00#\x00\xe9",
		"UTF-32 LE": "\xff\xfe\x00\x00f\x00\x00\x00o\x00\x00\x00o\x00\x00\x00",
		"Latin-1":   "#!x\n# -*- coding: latin-1 -*-\nfoo # \xe9",
		"cp1252":    "# no coding, encoding=CP1252\nfoo # \x80",
		"UTF-8":     "# coding: utf-8\nfoo # é",
		"not used":  "# coding: guidelines\nfoo # é",
	} {
		if f, err := parse(files{"r.txt": text}); err != nil || summary(f) != "foo\n" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := parse(files{"r.txt": "# coding: utf-8\nfoo # \xe9"}); err == nil {
		t.Error("a file that is not what it says is read")
	}
}

func TestUnquote(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"foo": "foo", "foo'bar'": "foobar", `foo"bar"`: "foobar", `\foo\`: "foo", `\'foo\'`: "'foo'", `"a\"b\x"`: `a"b\x`,
		`'a\b'`: `a\b`, "'open": "'open", `"open\`: `"open\`, `''`: "", `'a'"b"c`: "abc", `'"'`: `"`,
	} {
		if got := unquote(in); got != want {
			t.Errorf("unquote(%s) is %s, want %s", in, got, want)
		}
		if got := unquote(quote(want)); got != want {
			t.Errorf("%s is quoted as %s, which is %s", want, quote(want), got)
		}
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	f, err := parse(files{"r.txt": "# é\r\n\r\n  foo\r\n--pre\n-r b.txt\n\n-e ./x --hash=a:b bar", "b.txt": "\nb"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range f.Requirements {
		got = append(got, e.place())
	}
	if diff := cmp.Diff([]string{"r.txt:3:3", "b.txt:2:1", "r.txt:7:1", "r.txt:7:19"}, got); diff != "" {
		t.Error(diff)
	}
	w := f.Warnings[0]
	if w.Message != "ignoring unsupported option in `r.txt`: `--pre`" || w.Hint != "pass `--pre` on the command line instead" {
		t.Errorf("%+v", w)
	}
	if e := f.Requirements[2]; e.Unnamed.URL != "./x" || !e.Editable {
		t.Errorf("%+v", e)
	}
	f, err = Parse("-", []byte("foo @ ${DIR}/x.whl\n--use-feature x"), Loader{Getenv: lookup})
	if err != nil || f.Warnings[0].Message != "ignoring unsupported option from stdin: `--use-feature`" {
		t.Error(err, f.Warnings)
	}
	if e := f.Requirements[0]; e.Requirement.URL != "/some/dir/x.whl" || e.String() != "foo @ ${DIR}/x.whl" {
		t.Errorf("%+v", e)
	}
}

func TestWriting(t *testing.T) {
	t.Parallel()
	f, err := parse(files{"r.txt": "-c c.txt\nfoo == 1 --hash=sha256:aa --hash=sha256:bb\n-i 'https://e.com/a\\b'\n-e ./x[y]\n--no-binary :all:", "c.txt": "Bar <2"})
	if err != nil {
		t.Fatal(err)
	}
	want := `--index-url 'https://e.com/a\b'
--no-binary :all:

foo==1 \
    --hash=sha256:aa \
    --hash=sha256:bb
-e ./x[y]
`
	if diff := cmp.Diff(want, string(f.Format())); diff != "" {
		t.Error(diff)
	}
	if got := string(f.FormatConstraints()); got != "bar<2\n" {
		t.Errorf("constraints: %q", got)
	}
}

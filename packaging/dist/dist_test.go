package dist_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/pyname"
)

func TestParseWheel(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"foo-1.0-py3-none-any.whl":                               "foo-1.0-py3-none-any.whl",
		"Foo.Bar__baz-1.0.0-2abc-py2.py3-none-any.whl":           "foo_bar_baz-1.0.0-2abc-py2.py3-none-any.whl",
		"foo-1.0+local.1-0012-cp312-abi3-manylinux1_x86_64.whl":  "foo-1.0+local.1-12-cp312-abi3-manylinux1_x86_64.whl",
		"foo-1.0-unknown-none-any.whl":                           "foo-1.0-unknown-none-any.whl",
		"foo-1_0-py3-none-any.whl":                               "",
		"foo-1.0-py3-none-any.zip":                               "",
		"foo-1.0-py3-none.whl":                                   "",
		"foo-1.0-1-2-py3-none-any.whl":                           "",
		"foo-1.0--py3-none-any.whl":                              "",
		"foo-1.0-a1-py3-none-any.whl":                            "",
		"foo-1.0-1$-py3-none-any.whl":                            "",
		"foo-1.0-py3.-none-any.whl":                              "",
		"foo-1.0-py3-none-any..any.whl":                          "",
		"foo-1.0-py3-none-a/b.whl":                               "",
		"-1.0-py3-none-any.whl":                                  "",
		"foo-1.0-99999999999999999999999999999-py3-none-any.whl": "",
	} {
		w, err := dist.ParseWheel(name)
		got := ""
		if err == nil {
			got = w.String()
		}
		var bad *dist.FilenameError
		if got != want || err != nil && (!errors.As(err, &bad) || bad.Filename != name) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
}

func TestBuildOrder(t *testing.T) {
	t.Parallel()
	order := []dist.Build{{}, {Present: true}, {Present: true, Text: "a"}, {Present: true, Number: 1}, {Present: true, Number: 1, Text: "b"}, {Present: true, Number: 10}}
	for i, a := range order {
		for j, b := range order {
			if got := a.Compare(b); got < 0 != (i < j) || got > 0 != (i > j) {
				t.Errorf("%+v, %+v: %d", a, b, got)
			}
		}
	}
}

func TestParseSdist(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ file, project, want string }{
		{"foo-1.0.tar.gz", "foo", "foo 1.0 .tar.gz"},
		{"Foo_bar-1.0.zip", "foo-bar", "foo-bar 1.0 .zip"},
		{"foo.bar-1.0.zip", "foo-bar", "foo-bar 1.0 .zip"},
		{"a-1-1.tar.gz", "a", "a 1.post1 .tar.gz"},
		{"a-1-1.tar.gz", "a-1", "a-1 1 .tar.gz"},
		{"a-1-1.tar.gz", "", "a-1 1 .tar.gz"},
		{"foo-1.0.TAR.gz", "foo", "foo 1.0 .TAR.gz"},
		{"foo-1.0.tar.bz2", "foo", "foo 1.0 .tar.bz2"},
		{"foo-1.0.tgz", "", "foo 1.0 .tgz"},
		{"foo-1.0.tar.GZ", "foo", ""},
		{"foo-1.0.exe", "foo", ""},
		{"bar-1.0.tar.gz", "foo", ""},
		{"foo1.0.tar.gz", "", ""},
		{"foo-.tar.gz", "foo", ""},
		{"foo-x.tar.gz", "foo", ""},
		{".tar.gz", "", ""},
	} {
		s, err := dist.ParseSdist(tt.file, pyname.Package(tt.project))
		got := ""
		if err == nil {
			got = fmt.Sprintf("%s %s %s", s.Name, s.Version, s.Extension)
		}
		if got != tt.want {
			t.Errorf("%s of %s: %q, %v; want %q", tt.file, tt.project, got, err, tt.want)
		}
	}
	for name, want := range map[string]dist.Kind{
		"a.whl": dist.WheelKind, "a.tar.gz": dist.SdistKind, "a.zip": dist.SdistKind, "a.tar.xz": dist.LegacySdistKind,
		"a.tar.XZ": dist.Unknown, "a.egg": dist.Unknown, "a.TAR.gz": dist.LegacySdistKind, ".zip": dist.Unknown,
	} {
		if got := dist.KindOf(name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}

func TestParseEggInfo(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"zstandard-0.22.0-py3.12.egg-info": "zstandard 0.22.0", "vtk-9.2.6.egg-info": "vtk 9.2.6", "Foo_Bar.egg-info": "foo-bar ",
		"a-b-c.egg-info": "error", "-1.egg-info": "error",
	} {
		pkg, version, ok, err := dist.ParseEggInfo(name)
		got := string(pkg) + " "
		if ok {
			got += version.String()
		}
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%s: %s, %v; want %s", name, got, err, want)
		}
	}
}

func TestWheelInfo(t *testing.T) {
	t.Parallel()
	w, err := dist.ParseWheelInfo([]byte("Wheel-Version: 1.0\nGenerator: x (1)\nRoot-Is-Purelib: true\nTag: py2-none-any\nTag: py3-none-any\nBuild: 1\n\n"))
	want := dist.WheelInfo{Version: "1.0", Purelib: true, Generator: "x (1)", Build: "1", Tags: w.Tags}
	if err != nil || len(w.Tags) != 2 || w.Tags[1] != "py3-none-any" {
		t.Fatalf("%+v, %v", w, err)
	}
	if diff := cmp.Diff(want, w); diff != "" {
		t.Error(diff)
	}
	for text, ok := range map[string]bool{
		"Wheel-Version: 0.1": true, "Wheel-Version: 1.9\nWheel-Version: 2.0": true, "Wheel-Version: 2.0": false, "Wheel-Version: 1": false, "": false,
		"Wheel-Version: 1.0\nRoot-Is-Purelib: True": true,
	} {
		w, err := dist.ParseWheelInfo([]byte(text))
		if (err == nil) != ok || w.Purelib {
			t.Errorf("%q: %+v, %v", text, w, err)
		}
	}
}

func TestFindDistInfo(t *testing.T) {
	t.Parallel()
	if got, err := dist.FindDistInfo([]string{"foo", "foo-1.0.dist-info", "foo-1.0.data"}); err != nil || got != "foo-1.0.dist-info" {
		t.Error(got, err)
	}
	if _, err := dist.FindDistInfo([]string{"foo"}); !errors.Is(err, dist.ErrNoDistInfo) {
		t.Error(err)
	}
	if _, err := dist.FindDistInfo([]string{"a-1.dist-info", "b-1.dist-info"}); err == nil {
		t.Error("two directories are fine")
	}
}

func TestRecord(t *testing.T) {
	t.Parallel()
	in := "tqdm/cli.py,sha256=x_c8nmc4,10509\r\n" +
		"\"a,\"\"b\"\".py\",sha256=AA,1\n" +
		"/usr/abs.py,,\n\n" +
		"RECORD,,\n" +
		"bin/x,sha256=AA,0,,"
	got, err := dist.ParseRecord([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	want := []dist.RecordEntry{
		{"tqdm/cli.py", "sha256=x_c8nmc4", 10509},
		{`a,"b".py`, "sha256=AA", 1},
		{"usr/abs.py", "", -1},
		{"RECORD", "", -1},
		{"bin/x", "sha256=AA", 0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	dist.SortRecord(got)
	text := "RECORD,,\n\"a,\"\"b\"\".py\",sha256=AA,1\nbin/x,sha256=AA,0\ntqdm/cli.py,sha256=x_c8nmc4,10509\nusr/abs.py,,\n"
	if out := string(dist.FormatRecord(got)); out != text {
		t.Errorf("got  %q\nwant %q", out, text)
	}
	for _, bad := range []string{"a,b,x", "a,b,-1", "a,b,1,c", "a", "a,b", ",,1,c"} {
		e, err := dist.ParseRecord([]byte("first,,\n" + bad))
		if err == nil || len(e) != 1 || e[0].Path != "first" {
			t.Errorf("%q: %v, %v", bad, e, err)
		}
	}
}

func TestEntryPoints(t *testing.T) {
	t.Parallel()
	got, err := dist.ParseEntryPoints([]byte(`
# comment
[console_scripts]
Foo = foo.bar:main
foo-x=foomod : main_bar . run [bar, baz]
dup = a:b
dup = c:d
[ gui_scripts ]
gui = g:h
[other.group]
plain = some.module
broken = ???
key only
`))
	want := dist.EntryPoints{
		Console: []dist.EntryPoint{
			{Name: "Foo", Module: "foo.bar", Attr: "main"},
			{Name: "dup", Module: "c", Attr: "d"},
		},
		GUI:    []dist.EntryPoint{{Name: "gui", Module: "g", Attr: "h"}},
		Others: map[string][]dist.EntryPoint{"other.group": {{Name: "plain", Module: "some.module"}}},
	}
	if err == nil {
		t.Errorf("a space within an attribute is fine: %v", got)
	}
	got, err = dist.ParseEntryPoints([]byte("[console_scripts]\nFoo = foo.bar:main\ndup=a:b\ndup = c:d\n[ gui_scripts ]\ngui = g:h\n[other.group]\nplain = some.module\nbroken = ???\nkey only\n"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	one, err := dist.ParseEntryPoints([]byte("[console_scripts]\nx = foo-mod : a.b [ c , d ] "))
	if err != nil || one.Console[0].ImportName() != "a" || len(one.Console[0].Extras) != 2 || one.Console[0].Module != "foo-mod" {
		t.Errorf("%+v, %v", one, err)
	}
	for _, bad := range []string{"[console_scripts]\nx", "[console_scripts]\nx = a", "[gui_scripts]\nx = a:", "[console_scripts\n", "[console_scripts]\nx = a:b [c"} {
		if e, err := dist.ParseEntryPoints([]byte(bad)); err == nil {
			t.Errorf("%q: %+v", bad, e)
		}
	}
}

// makeZip returns an archive of the files, each deflated unless its name ends
// in .stored.
func makeZip(t testing.TB, comment string, files ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for i := 0; i < len(files); i += 2 {
		h := &zip.FileHeader{Name: files[i], Method: zip.Deflate}
		if strings.HasSuffix(files[i], ".stored") {
			h.Method = zip.Store
		}
		f, err := w.CreateHeader(h)
		if err == nil {
			_, err = f.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.SetComment(comment); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func openZip(data []byte) (*dist.Zip, error) {
	return dist.OpenZip(bytes.NewReader(data), int64(len(data)))
}

func TestZip(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Requires-Dist: x\n", 5000)
	var many []string
	for i := range 1200 {
		many = append(many, fmt.Sprintf("foo/module_%d.stored", i), "x")
	}
	files := append(many, "foo-1.0.dist-info/METADATA", long, "a.stored", "plain", "foo-1.0.dist-info/licenses/x.dist-info/METADATA", "no")
	for name, data := range map[string][]byte{
		"plain": makeZip(t, "", files...), "comment": makeZip(t, "PK\x05\x06 hello", files...), "prefix": append([]byte("#!/bin/sh\n"), makeZip(t, "", files...)...),
	} {
		z, err := openZip(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		text, dir, err := z.ReadMetadata("foo")
		if err != nil || dir != "foo-1.0.dist-info" || string(text) != long {
			t.Errorf("%s: %d bytes in %s, %v", name, len(text), dir, err)
		}
		e, err := z.Find("a.stored")
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if text, err := z.Read(e); err != nil || string(text) != "plain" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
		if names, err := z.Names(); err != nil || len(names) != 1203 {
			t.Errorf("%s: %d names, %v", name, len(names), err)
		}
		if _, err := z.Find("absent"); err == nil {
			t.Errorf("%s: an absent file was found", name)
		}
		if _, err := z.DistInfo("bar"); err == nil {
			t.Errorf("%s: the project's name is not compared", name)
		}
	}
	two, err := openZip(makeZip(t, "", "a-1.dist-info/METADATA", "", "b-1.dist-info/METADATA", ""))
	if err != nil {
		t.Fatal(err)
	}
	if dir, err := two.DistInfo("a"); err == nil {
		t.Errorf("two .dist-info directories gave %s", dir)
	}
	for _, bad := range []string{"", "PK", strings.Repeat("x", 100_000)} {
		if _, err := openZip([]byte(bad)); !errors.Is(err, dist.ErrNotZip) {
			t.Errorf("%.10q: %v", bad, err)
		}
	}
}

// A changed byte anywhere gives an error or the right text, never a panic.
func TestBrokenZip(t *testing.T) {
	t.Parallel()
	good := makeZip(t, "", "foo-1.0.dist-info/METADATA", "Name: foo\n", "x", "y")
	for i := range good {
		data := bytes.Clone(good)
		data[i] ^= 0xff
		z, err := openZip(data)
		if err != nil {
			continue
		}
		if text, _, err := z.ReadMetadata("foo"); err == nil && string(text) != "Name: foo\n" {
			t.Errorf("byte %d: %q", i, text)
		}
	}
}

func FuzzZip(f *testing.F) {
	f.Add(makeZip(f, "c", "foo-1.0.dist-info/METADATA", "Name: foo\n", "x.stored", "y"))
	f.Fuzz(func(t *testing.T, data []byte) {
		z, err := openZip(data)
		if err != nil {
			return
		}
		_, _, _ = z.ReadMetadata("foo")
	})
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte("a,sha256=b,1\n\"c,\"\"\",,\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := dist.ParseRecord(data)
		if err != nil {
			return
		}
		again, err := dist.ParseRecord(dist.FormatRecord(entries))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(entries, again); diff != "" {
			t.Fatalf("%q:\n%s", data, diff)
		}
	})
}

func FuzzNames(f *testing.F) {
	f.Add("foo-1.0-1a-py2.py3-none-any.whl")
	f.Add("a-1-1.tar.gz")
	f.Fuzz(func(t *testing.T, name string) {
		if w, err := dist.ParseWheel(name); err == nil {
			again, err := dist.ParseWheel(w.String())
			if err != nil || again.String() != w.String() {
				t.Fatalf("%q: %s, %s, %v", name, w, again, err)
			}
		}
		if s, err := dist.ParseSdist(name, ""); err == nil {
			again, err := dist.ParseSdist(s.String(), s.Name)
			if err != nil || again.String() != s.String() {
				t.Fatalf("%q: %s, %s, %v", name, s, again, err)
			}
		}
		_, _ = dist.ParseWheelStrict(name, dist.StrictOptions{Sorted: true})
		_, _ = dist.ParseSdistStrict(name)
		_, _, _, _ = dist.ParseEggInfo(name)
	})
}

func FuzzEntryPoints(f *testing.F) {
	f.Add([]byte("[console_scripts]\nx = a:b [c]\n"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = dist.ParseEntryPoints(data)
		_, _ = dist.ParseWheelInfo(data)
	})
}

func BenchmarkParseWheel(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := dist.ParseWheel("numpy-1.26.4-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRecord(b *testing.B) {
	var lines strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&lines, "package/sub/module_%d.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,%d\n", i, i)
	}
	data := []byte(lines.String())
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if _, err := dist.ParseRecord(data); err != nil {
				b.Fatal(err)
			}
		}
	})
	entries, err := dist.ParseRecord(data)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("format", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			dist.SortRecord(entries)
			dist.FormatRecord(entries)
		}
	})
}

func ExampleParseWheel() {
	w, err := dist.ParseWheel("Example_Project-1.0.post1-2-py2.py3-none-any.whl")
	if err != nil {
		panic(err)
	}
	fmt.Println(w.Name, w.Version, w.Build, w.Tags)
	// Output: example-project 1.0.post1 2 py2.py3-none-any
}

func ExampleFormatRecord() {
	entries := []dist.RecordEntry{
		{Path: "foo-1.0.dist-info/RECORD", Size: -1},
		{Path: "foo.py", Hash: dist.HashSHA256([32]byte{}), Size: 12},
	}
	fmt.Printf("%s", dist.FormatRecord(entries))
	// Output:
	// foo-1.0.dist-info/RECORD,,
	// foo.py,sha256=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA,12
}

func TestHashes(t *testing.T) {
	t.Parallel()
	digests := [][32]byte{{}, {1}, {31: 255}}
	got := dist.HashesSHA256(len(digests), func(i int) [32]byte { return digests[i] })
	for i, d := range digests {
		if want := dist.HashSHA256(d); got[i] != want {
			t.Errorf("%d: %s, want %s", i, got[i], want)
		}
	}
}

package managed

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSysconfigPatch(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, old, want string }{
		{"prefix", "/install", "/opt/py"},
		{"BINDIR", "/install/bin", "/opt/py/bin"},
		{"X", "-I/install/include /install/lib  b", "-I/install/include /opt/py/lib b"},
		{"X", "/installed /install/", "/installed /opt/py/"},
		{"X", "a -isysroot /SDK b", "a b"},
		{"X", "clang", "clang"},
		{"AR", "/tools/llvm/bin/llvm-ar", "ar"},
		{"CC", "clang -pthread", "cc -pthread"},
		{"CC", "musl-clang", "cc"},
		{"CC", "gcc", "gcc"},
		{"CC", "/usr/bin/aarch64-linux-gnu-gcc -x", "cc -x"},
		{"CC", "/usr/bin/riscv64-linux-gnu-clang", "cc"},
		{"LDSHARED", "/usr/bin/x86_64-linux-gnu-gcc -shared", "cc -shared"},
		{"CXX", "clang++ -pthread", "c++ -pthread"},
		{"CXX", "/usr/bin/arm-linux-gnueabihf-g++", "c++"},
		{"CXX", "/usr/bin/arm-linux-gnueabihf-gcc", "/usr/bin/arm-linux-gnueabihf-gcc"},
		{"LDCXXSHARED", "clang", "clang"},
	} {
		if got := patchWords(test.name, test.old, "/opt/py"); got != test.want {
			t.Errorf("%s = %q: got %q, want %q", test.name, test.old, got, test.want)
		}
	}
}

func TestParseSysconfig(t *testing.T) {
	t.Parallel()
	vars, err := parseSysconfig(sysconfigHeader + `build_time_vars = {'A': 'one "two"'
      " three",
 "B": -12, 'C': 'it\'s \\ \x41 \u00e4 \n',
 'D': ''}
`)
	if err != nil {
		t.Fatal(err)
	}
	vars.patch("/p")
	want := sysconfigHeader + `build_time_vars = {
    "A": "one \"two\" three",
    "B": -12,
    "C": "it's \\ A ä",
    "D": "",
    "PYTHON_BUILD_STANDALONE": 1
}
`
	if got := vars.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for text, part := range map[string]string{
		"build_time_vars = {}":                              "comment",
		sysconfigHeader + "x = {}":                          "line 2: an assignment",
		sysconfigHeader + "build_time_vars = {":             "a text was expected",
		sysconfigHeader + "build_time_vars = {'a': ":        "number was expected",
		sysconfigHeader + "build_time_vars = {'a': 1 'b':1": "a comma",
		sysconfigHeader + "build_time_vars = {'a' 1}":       "a colon",
		sysconfigHeader + "build_time_vars = {'a': 'x}":     "does not end",
		sysconfigHeader + "build_time_vars = {'a': '\\":     "escape",
		sysconfigHeader + "build_time_vars = {'a': '\\q'}":  "escape",
		sysconfigHeader + "build_time_vars = {\n'a': 1.5}":  "line 3: a comma",
	} {
		if _, err := parseSysconfig(text); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q: %v, want %q", text, err, part)
		}
	}
}

// What is printed parses to the same.
func FuzzSysconfig(f *testing.F) {
	f.Add("'a': 'b', \"c\": 1")
	f.Add(`'a': 'b\'' "\x00", 'd': -1,`)
	f.Fuzz(func(t *testing.T, body string) {
		vars, err := parseSysconfig(sysconfigHeader + "build_time_vars = {" + body + "}")
		if err != nil {
			return
		}
		text := vars.String()
		again, err := parseSysconfig(text)
		if err != nil || again.String() != text {
			t.Fatalf("%q: %v", text, err)
		}
	})
}

func BenchmarkSysconfig(b *testing.B) {
	var text strings.Builder
	text.WriteString(sysconfigHeader + "build_time_vars = {")
	for i := range 1000 {
		text.WriteString("'NAME" + strings.Repeat("X", i%20) + string(rune('a'+i%26)) + "': '/install/lib -I/usr/include -Wall'\n 'more',\n")
	}
	text.WriteString("}\n")
	for b.Loop() {
		vars, err := parseSysconfig(text.String())
		if err != nil {
			b.Fatal(err)
		}
		vars.patch("/p")
		_ = vars.String()
	}
}

func TestPkgconfig(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "python3.pc")
	if err := os.WriteFile(path, []byte("# c\nprefix=/install\nexec_prefix=${prefix}\nx1=/install\nLibs: -L/install\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing to do
		if err := patchPkgconfig(dir); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if want := "# c\nprefix=${pcfiledir}/../..\nexec_prefix=${prefix}\nx1=/install\nLibs: -L/install"; err != nil || string(text) != want {
			t.Errorf("got %q, %v", text, err)
		}
	}
	if err := patchPkgconfig(filepath.Join(dir, "none")); err != nil {
		t.Error(err)
	}
}

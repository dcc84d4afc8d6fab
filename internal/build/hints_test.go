package build

import (
	"strings"
	"testing"
)

func TestHints(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ output, want string }{
		{"src/x.c:1:10: fatal error: Python.h: No such file or directory\n 1 | #include", "python3-dev"},
		{"a.c:3:10: fatal error: 'ffi.h' file not found", "`ffi.h` is missing"},
		{"/usr/bin/ld: cannot find -lssl: No such file or directory", "`libssl-dev`"},
		{"error: can't find Rust compiler\n", "Rust"},
		{"FileNotFoundError: [Errno 2] No such file or directory: 'cargo'", "Rust"},
		{"Cargo, the Rust package manager, is not installed or is not on PATH.", "Rust"},
		{"error: command 'gcc' failed: No such file or directory", "the compiler `gcc` is missing"},
		{"unable to execute 'x86_64-linux-gnu-gcc': No such file or directory", "`x86_64-linux-gnu-gcc` is missing"},
		{"../meson.build:1:0: ERROR: Unknown compiler(s): [['cc'], ['gcc']]", "a C compiler is needed"},
		{"FileNotFoundError: [Errno 2] No such file or directory: 'cmake'", "`cmake` is needed to build `demo`"},
		{"ModuleNotFoundError: No module named 'distutils.core'", "not part of Python since 3.12"},
		{"ModuleNotFoundError: No module named 'pkg_resources'", "setuptools<81"},
		{"ModuleNotFoundError: No module named 'numpy'", "demo = [\"numpy\"]"},
		{"error: invalid command 'bdist_wheel'", "`wheel`"},
		{"everything else", ""},
	} {
		e := &Error{Label: "demo==1.0", Output: "first line\n" + tt.output + "\n"}
		got := strings.Join(e.Hints(), "\n")
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%q:\n got %q\nwant %q in it", tt.output, got, tt.want)
		}
	}
}

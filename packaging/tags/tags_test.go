package tags_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tame-py/tame/packaging/tags"
)

var linux = tags.Platform{OS: tags.Linux, Arch: tags.X86_64, Libc: tags.Glibc, Major: 2, Minor: 36}

func mustSet(tb testing.TB, in tags.Interpreter, p tags.Platform) *tags.Set {
	tb.Helper()
	set, err := tags.For(in, p)
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

func TestMatch(t *testing.T) {
	t.Parallel()
	cp312 := tags.Interpreter{Implementation: "cpython", Major: 3, Minor: 12}
	cp313t := tags.Interpreter{Implementation: "cpython", Major: 3, Minor: 13, FreeThreaded: true}
	pypy := tags.Interpreter{Implementation: "pypy", Major: 3, Minor: 10, ImplMajor: 7, ImplMinor: 3}
	for _, tt := range []struct {
		in    tags.Interpreter
		wheel tags.Compressed
		want  tags.Reason
	}{
		{cp312, "py3-none-any", tags.Compatible},
		{cp312, "py2.py3-none-any", tags.Compatible},
		{cp312, "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64", tags.Compatible},
		{cp312, "cp38-abi3-manylinux_2_28_x86_64", tags.Compatible},
		{cp312, "cp312-cp312-win_amd64", tags.BadPlatform},
		{cp312, "py3-none-win32", tags.BadPlatform},
		{cp312, "cp311-cp311-manylinux_2_17_x86_64", tags.BadABI},
		{cp312, "cp313-cp313-manylinux_2_17_x86_64", tags.BadPython},
		{cp312, "py2-none-any", tags.BadPython},
		{cp312, "", tags.BadPython},
		{cp312, "cp312-cp312-manylinux_2_40_x86_64", tags.BadPlatform},
		{cp313t, "cp313-cp313t-linux_x86_64", tags.Compatible},
		{cp313t, "cp38-abi3-linux_x86_64", tags.FreeThreadedABI},
		{cp313t, "cp313-cp313-linux_x86_64", tags.FreeThreadedABI},
		{cp313t, "cp313-abi3.abi3t-linux_x86_64", tags.Compatible},
		{pypy, "pp310-pypy310_pp73-manylinux_2_28_x86_64", tags.Compatible},
		{pypy, "cp310-cp310-manylinux_2_28_x86_64", tags.BadPython},
		{pypy, "pp310-none-any", tags.BadABI},
	} {
		if got := mustSet(t, tt.in, linux).Match(tt.wheel); got.Reason != tt.want {
			t.Errorf("%s %d.%d, %q: %s, want %s", tt.in.Implementation, tt.in.Major, tt.in.Minor, tt.wheel, got.Reason, tt.want)
		}
	}
}

func TestBestTagWins(t *testing.T) {
	t.Parallel()
	set := mustSet(t, tags.Interpreter{Implementation: "cpython", Major: 3, Minor: 12}, linux)
	order := []tags.Compressed{
		"cp312-cp312-manylinux_2_36_x86_64", "cp312-cp312-manylinux_2_17_x86_64", "cp312-cp312-manylinux2014_x86_64",
		"cp312-cp312-linux_x86_64", "cp312-abi3-linux_x86_64", "cp312-none-linux_x86_64", "cp38-abi3-manylinux_2_5_x86_64",
		"py312-none-linux_x86_64", "py3-none-linux_x86_64", "py37-none-linux_x86_64", "cp312-none-any", "py312-none-any",
		"py3-none-any", "py30-none-any",
	}
	last := -1
	for _, c := range order {
		m := set.Match(c)
		if !m.OK() || m.Priority <= last {
			t.Errorf("%s: %+v after %d", c, m, last)
		}
		last = m.Priority
	}
	if a, b := set.Match("py3-none-any"), set.Match("py2.py3.cp312-none-any"); b.Priority >= a.Priority {
		t.Errorf("a better alternative does not win: %v, %v", a, b)
	}
	if got := set.Best().String(); got != "cp312-cp312-manylinux_2_36_x86_64" {
		t.Errorf("best is %s", got)
	}
}

func TestInterpreters(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in   tags.Interpreter
		p    tags.Platform
		want string // first tags, by space
	}{
		{tags.Interpreter{Implementation: "cpython", Major: 3, Minor: 7}, linux, "cp37-cp37m-manylinux_2_36_x86_64"},
		{tags.Interpreter{Implementation: "cpython", Major: 3, Minor: 12, Debug: true}, tags.Platform{OS: tags.Windows, Arch: tags.X86_64}, "cp312-cp312d-win_amd64 cp312-cp312-win_amd64 cp312-abi3-win_amd64 cp312-none-win_amd64"},
		{tags.Interpreter{Implementation: "cpython", Major: 3, Minor: 13, Debug: true, FreeThreaded: true}, tags.Platform{OS: tags.Windows, Arch: tags.ARM64}, "cp313-cp313td-win_arm64 cp313-cp313t-win_arm64 cp313-abi3t-win_arm64"},
		{tags.Interpreter{Implementation: "graalpy", Major: 3, Minor: 10, ImplMajor: 24, ImplMinor: 0}, linux, "graalpy310-graalpy240_310_native-manylinux_2_36_x86_64"},
		{tags.Interpreter{Implementation: "pyston", Major: 3, Minor: 8, ImplMajor: 2, ImplMinor: 3}, linux, "pyston38-pyston_23_x86_64_linux_gnu-manylinux_2_36_x86_64"},
		{tags.Interpreter{Implementation: "cpython", Major: 3, Minor: 12}, tags.Platform{OS: tags.Pyodide, Arch: tags.WASM32, Major: 2024}, "cp312-cp312-pyemscripten_2024_0_wasm32 cp312-cp312-pyodide_2024_0_wasm32 cp312-abi3-pyemscripten_2024_0_wasm32"},
		{tags.Interpreter{Implementation: "cpython", Major: 3, Minor: 12, NoManylinux: true}, linux, "cp312-cp312-linux_x86_64 cp312-abi3-linux_x86_64"},
		{tags.Interpreter{Implementation: "cpython", Major: 3, Minor: 11}, tags.Platform{OS: tags.FreeBSD, Arch: tags.X86_64, Release: "13.2-RELEASE"}, "cp311-cp311-freebsd_13_2_release_amd64"},
		{tags.Interpreter{Implementation: "cpython", Major: 3, Minor: 11}, tags.Platform{OS: tags.Illumos, Release: "5.11", Machine: "i86pc"}, "cp311-cp311-solaris_2_11_i86pc_64bit"},
	} {
		all := texts(mustSet(t, tt.in, tt.p).All())
		want := strings.Fields(tt.want)
		if got := strings.Join(all[:len(want)], " "); got != tt.want {
			t.Errorf("%+v:\n got %s\nwant %s", tt.in, got, tt.want)
		}
	}
	for _, in := range []tags.Interpreter{
		{Implementation: "jython", Major: 2, Minor: 7}, {Implementation: "other", Major: 3, Minor: 12}, {Implementation: "pypy", Major: 3, Minor: 10, FreeThreaded: true},
	} {
		if _, err := tags.For(in, linux); err == nil {
			t.Errorf("%+v: no error", in)
		}
	}
	for _, p := range []tags.Platform{
		{},
		{OS: tags.MacOS, Arch: tags.PPC, Major: 10, Minor: 5},
		{OS: tags.Windows, Arch: tags.S390X},
		{OS: tags.IOS, Arch: tags.X86_64, Major: 13},
		{OS: tags.Android, Arch: tags.S390X},
		{OS: tags.FreeBSD, Arch: tags.X86, Release: "a/b"},
		{OS: tags.Pyodide, Arch: tags.X86},
		{OS: tags.MacOS, Arch: tags.X86_64, Major: 9},
	} {
		if got, err := p.Tags(); err == nil {
			t.Errorf("%+v: %v, no error", p, got)
		}
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	env := map[string]string{"MACOSX_DEPLOYMENT_TARGET": "12.3", "ANDROID_API_LEVEL": "21", "IPHONEOS_DEPLOYMENT_TARGET": "14.2"}
	for _, name := range tags.Targets() {
		target, err := tags.ParseTarget(name, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := tags.For(tags.Interpreter{Implementation: "cpython", Major: 3, Minor: 13}, target.Platform); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if m := target.Markers; m.OSName == "" || m.SysPlatform == "" || m.PlatformSystem == "" || m.PlatformMachine == "" {
			t.Errorf("%s: markers %+v", name, m)
		}
	}
	for name, want := range map[string]string{
		"macos":                  "macosx_12_0_arm64 Darwin arm64",
		"aarch64-linux-android":  "android_21_arm64_v8a Android aarch64",
		"manylinux_2_31_aarch64": "manylinux_2_31_aarch64 Linux aarch64",
		"x86_64-manylinux2014":   "manylinux_2_17_x86_64 Linux x86_64",
		"i686-pc-windows-msvc":   "win32 Windows x86",
		"windows":                "win_amd64 Windows x86_64",
		"arm64-apple-ios":        "ios_14_2_arm64_iphoneos iOS arm64",
	} {
		target, err := tags.ParseTarget(name, func(k string) string { return env[k] })
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		plats, _ := target.Platform.Tags()
		if got := plats[0] + " " + target.Markers.PlatformSystem + " " + target.Markers.PlatformMachine; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	for _, name := range []string{"", "amiga", "x86_64-manylinux_2_18", "x86_64-manylinux_2_", "linux_x86_64"} {
		if _, err := tags.ParseTarget(name, nil); err == nil {
			t.Errorf("%q: no error", name)
		}
	}
}

func TestParts(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{
		"py3": "Python 3", "py39": "Python 3.9", "cp312": "CPython 3.12", "cp3": "CPython 3", "pp310": "PyPy 3.10",
		"graalpy310": "GraalPy 3.10", "pyston38": "Pyston 3.8", "pp3": "", "xx": "", "none": "", "cp": "", "cp3x": "", "cp39999": "",
	} {
		p, ok := tags.ParsePython(tag)
		got := ""
		if ok {
			got = p.String()
		}
		if got != want {
			t.Errorf("python %s: %q, want %q", tag, got, want)
		}
	}
	for tag, want := range map[string]string{
		"none": "", "abi3": "", "abi3t": "stable ABI for free-threaded CPython", "cp39": "CPython 3.9", "cp313t": "free-threaded CPython 3.13",
		"cp27mu": "CPython 2.7", "pypy39_pp73": "PyPy 7.3", "pypy_73": "PyPy 7.3", "graalpy240_310_native": "GraalPy 2.40", "pyston_23_x86_64_linux_gnu": "Pyston",
		"cp313tt": "!", "cp313x": "!", "pypy39_73": "!", "abi4": "!", "graalpy240_310": "!",
	} {
		p, ok := tags.ParseABI(tag)
		got := "!"
		if ok {
			got = p.String()
		}
		if got != want {
			t.Errorf("abi %s: %q, want %q", tag, got, want)
		}
	}
	for tag, want := range map[string]string{
		"any": " unknown", "win32": "Windows i686", "win_amd64": "Windows x86_64", "win_arm64": "Windows aarch64", "win_ia64": "Windows unknown",
		"manylinux_2_17_x86_64": "Linux x86_64", "manylinux2014_aarch64": "Linux aarch64", "linux_armv7l": "Linux armv7l", "musllinux_1_2_s390x": "Linux s390x",
		"macosx_11_0_arm64": "macOS aarch64", "macosx_10_9_universal2": "macOS unknown", "macosx_10_9_x86_64": "macOS x86_64",
		"android_21_arm64_v8a": "Android aarch64", "ios_13_0_x86_64_iphonesimulator": "iOS x86_64", "pyodide_2024_0_wasm32": "Pyodide wasm32",
		"freebsd_13_amd64": "FreeBSD unknown", "solaris_2_11_i86pc_64bit": "Illumos unknown",
		"manylinux_x_17_x86_64": "!", "macosx_11_0_z80": "!", "linux_arm64": "!", "plan9_386": "!", "manylinux_2_17": "!",
	} {
		p, ok := tags.ParsePlatform(tag)
		got := "!"
		if ok {
			got = p.String() + " " + p.Arch.String()
		}
		if got != want {
			t.Errorf("platform %s: %q, want %q", tag, got, want)
		}
	}
}

// Lookups stand in the inner loop of choosing files: they must not allocate.
func TestMatchDoesNotAllocate(t *testing.T) {
	set := mustSet(t, tags.Interpreter{Implementation: "cpython", Major: 3, Minor: 12}, linux)
	if n := testing.AllocsPerRun(100, func() {
		set.Match("py2.py3-none-any")
		set.Match("cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64")
		set.Match("cp312-cp312-win_amd64")
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzParseTags(f *testing.F) {
	f.Add("py2.py3-none-any")
	f.Add("cp37-cp37m-macosx_10_6_intel.macosx_10_9_intel")
	f.Fuzz(func(t *testing.T, s string) {
		list, err := tags.ParseTags(s, tags.ParseOptions{Limit: 1000})
		if err != nil {
			return
		}
		again, err := tags.ParseTags(string(tags.Compress(list)), tags.ParseOptions{Limit: 1000})
		if err != nil || len(again) != len(list) {
			t.Fatalf("%q: %v became %v, %v", s, list, again, err)
		}
		mustSet(t, tags.Interpreter{Implementation: "cpython", Major: 3, Minor: 12}, linux).Match(tags.Compressed(s))
	})
}

func BenchmarkFor(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		mustSet(b, tags.Interpreter{Implementation: "cpython", Major: 3, Minor: 12}, linux)
	}
}

func BenchmarkMatch(b *testing.B) {
	set := mustSet(b, tags.Interpreter{Implementation: "cpython", Major: 3, Minor: 12}, linux)
	for _, c := range []tags.Compressed{"py3-none-any", "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64", "cp310-cp310-win_amd64"} {
		b.Run(string(c), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				set.Match(c)
			}
		})
	}
}

func ExampleFor() {
	set, err := tags.For(
		tags.Interpreter{Implementation: "cpython", Major: 3, Minor: 12},
		tags.Platform{OS: tags.Linux, Arch: tags.X86_64, Libc: tags.Glibc, Major: 2, Minor: 36},
	)
	if err != nil {
		panic(err)
	}
	fmt.Println(set.Best())
	fmt.Println(set.Match("py3-none-any").OK())
	fmt.Println(set.Match("cp312-cp312-win_amd64").Reason)
	// Output:
	// cp312-cp312-manylinux_2_36_x86_64
	// true
	// platform
}

func ExampleParseTarget() {
	target, err := tags.ParseTarget("aarch64-apple-darwin", nil)
	if err != nil {
		panic(err)
	}
	fmt.Println(target.Platform, target.Markers.SysPlatform, target.Markers.PlatformMachine)
	// Output: macOS aarch64 darwin arm64
}

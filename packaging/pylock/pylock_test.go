package pylock

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/tags"
)

type vectors struct {
	FromDict []struct {
		Input   map[string]any
		Valid   bool
		Message string
	} `json:"from_dict"`
	Path []struct {
		Name     string
		Expected bool
	}
	Select []struct {
		Lock    map[string]any
		Options struct {
			Environment map[string]string
			Tags        []string
			Extras      []pyname.Extra
			Groups      []pyname.Group `json:"dependency_groups"`
		}
		Expected []struct{ Package, Kind, Path string }
		Error    string
		Message  string
	}
	Example struct{ TOML string } `json:"spec_example"`
}

func readVectors(t *testing.T) vectors {
	t.Helper()
	dir := os.Getenv("TAME_SHARED")
	if dir == "" {
		dir = "../../../shared"
	}
	data, err := os.ReadFile(filepath.Join(dir, "conformance", "vectors", "pylock.json"))
	if err != nil {
		t.Skipf("conformance vectors are not here: %v", err)
	}
	var v vectors
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// toTOML writes a decoded JSON value as inline TOML; whole numbers are
// integers.
func toTOML(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var parts []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, fmt.Sprintf("%q = %s", key, toTOML(v[key])))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		var parts []string
		for _, elem := range v {
			parts = append(parts, toTOML(elem))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case string:
		text, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return string(text)
	}
	return fmt.Sprint(v)
}

func document(v map[string]any) []byte {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(v)) {
		fmt.Fprintf(&b, "%s = %s\n", key, toTOML(v[key]))
	}
	return []byte(b.String())
}

func TestVectors(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	for _, row := range v.FromDict {
		text := document(row.Input)
		lock, err := Parse(text)
		if (err == nil) != row.Valid {
			t.Errorf("%s: %v, want %q", text, err, row.Message)
		}
		if err == nil {
			again(t, lock)
		}
	}
	for _, row := range v.Path {
		if got := IsFileName(row.Name); got != row.Expected {
			t.Errorf("IsFileName(%q) = %v", row.Name, got)
		}
	}
	lock, err := Parse([]byte(v.Example.TOML))
	if err != nil {
		t.Fatal(err)
	}
	again(t, lock)
	if len(lock.Environments) != 2 || lock.Packages[1].Dependencies[0][0] != (Field{"name", "'attrs'"}) || lock.Packages[0].Wheels[0].Size != 63152 {
		t.Errorf("%+v", lock)
	}
}

// again checks that a lock survives being written and read.
func again(t *testing.T, lock *Lock) {
	t.Helper()
	text := lock.Bytes()
	second, err := Parse(text)
	if err != nil {
		t.Errorf("%v in\n%s", err, text)
		return
	}
	if diff := cmp.Diff(string(text), string(second.Bytes())); diff != "" {
		t.Error(diff)
	}
}

// supported is a list of tags, best first.
type supported []string

func (s supported) Priority(wheel []tags.Tag) (int, bool) {
	for i, tag := range s {
		if slices.ContainsFunc(wheel, func(t tags.Tag) bool { return t.String() == tag }) {
			return i, true
		}
	}
	return 0, false
}

func testEnv(t *testing.T, over map[string]string) *marker.Env {
	t.Helper()
	env := marker.Env{
		OSName: "posix", SysPlatform: "linux", PlatformSystem: "Linux", PlatformMachine: "x86_64", PlatformPythonImplementation: "CPython",
		ImplementationName: "cpython", ImplementationVersion: "3.12.12", PythonVersion: "3.12", PythonFullVersion: "3.12.12",
	}
	if v := over["python_full_version"]; v != "" {
		// A Python built from a checkout says so with a bare "+".
		if strings.HasSuffix(v, "+") {
			v += "local"
		}
		env.PythonFullVersion, env.PythonVersion = v, over["python_version"]
	}
	env, err := marker.NewEnv(env)
	if err != nil {
		t.Fatal(err)
	}
	return &env
}

// kind names what was chosen as the vectors do.
func kind(c Choice) (kind, path string) {
	switch {
	case c.Wheel != nil:
		return "PackageWheel", c.Wheel.Path
	case c.Sdist != nil:
		return "PackageSdist", c.Sdist.Path
	case c.Archive != nil:
		return "PackageArchive", c.Archive.Path
	case c.VCS != nil:
		return "PackageVcs", c.VCS.Path
	}
	return "PackageDirectory", c.Directory.Path
}

func TestSelectVectors(t *testing.T) {
	t.Parallel()
	for _, row := range readVectors(t).Select {
		lock, err := Parse(document(row.Lock))
		if err != nil {
			t.Fatal(err)
		}
		target := Target{Env: testEnv(t, row.Options.Environment), Tags: supported(row.Options.Tags), Extras: row.Options.Extras, Groups: row.Options.Groups}
		if row.Options.Tags == nil {
			target.Tags = supported{"cp312-cp312-linux_x86_64", "py3-none-any"}
		}
		got, err := lock.Select(target)
		if row.Error != "" {
			if e := (*SelectError)(nil); !errors.As(err, &e) {
				t.Errorf("%s: %v, want %s", document(row.Lock), err, row.Message)
			}
			continue
		}
		if err != nil || len(got) != len(row.Expected) {
			t.Errorf("%s: %v, %d packages, want %d", document(row.Lock), err, len(got), len(row.Expected))
			continue
		}
		for i, c := range got {
			want := row.Expected[i]
			if k, path := kind(c); string(c.Package.Name) != want.Package || k != want.Kind || path != want.Path {
				t.Errorf("chose %s %s %s, want %+v", c.Package.Name, k, path, want)
			}
		}
	}
}

// A file that uv wrote is written again byte for byte, below its header.
func TestLayout(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/uv.toml")
	if err != nil {
		t.Fatal(err)
	}
	lock, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(string(text), "lock-version")
	if diff := cmp.Diff(string(text[at:]), string(lock.Bytes())); diff != "" {
		t.Error(diff)
	}
}

func TestBestWheel(t *testing.T) {
	t.Parallel()
	const header = "lock-version = '1.0'\ncreated-by = 't'\n[[packages]]\nname = 'a'\n"
	file := func(name string) string {
		return fmt.Sprintf("{ url = 'https://example.com/x/%s?a=b#c', hashes = { sha256 = '00' } }", name)
	}
	tags := supported{"cp312-cp312-linux_x86_64", "py3-none-any"}
	for _, test := range []struct {
		wheels []string
		want   string
	}{
		{[]string{"a-1-py3-none-any.whl", "a-1-cp312-cp312-linux_x86_64.whl"}, "a-1-cp312-cp312-linux_x86_64.whl"},
		{[]string{"a-1-2-py3-none-any.whl", "a-1-10-py3-none-any.whl", "a-1-py3-none-any.whl"}, "a-1-10-py3-none-any.whl"},
		{[]string{"a-1-py2.py3-none-any.whl"}, "a-1-py2.py3-none-any.whl"},
		{[]string{"a-1-py2-none-any.whl"}, ""},
		{[]string{"a-1%2Bx-py3-none-any.whl"}, "a-1+x-py3-none-any.whl"},
	} {
		var list []string
		for _, w := range test.wheels {
			list = append(list, file(w))
		}
		lock, err := Parse([]byte(header + "wheels = [" + strings.Join(list, ", ") + "]\n"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := lock.Select(Target{Env: testEnv(t, nil), Tags: tags})
		if test.want == "" {
			if err == nil || !strings.Contains(err.Error(), "doesn't have a source distribution or wheel") {
				t.Errorf("%q: %v", test.wheels, err)
			}
			continue
		}
		if err != nil || got[0].Wheel.Filename() != test.want {
			t.Errorf("%q: %v, %+v, want %s", test.wheels, err, got, test.want)
		}
	}
}

func TestNoBinaryNoBuild(t *testing.T) {
	t.Parallel()
	all := func(pyname.Package) bool { return true }
	const header = "lock-version = '1.0'\ncreated-by = 't'\n[[packages]]\nname = 'a'\n"
	const wheel = "wheels = [{ path = 'a-1-py3-none-any.whl', hashes = { sha256 = '00' } }]\n"
	const sdist = "sdist = { path = 'a-1.tar.gz', hashes = { sha256 = '00' } }\n"
	const archive = "archive = { path = 'a-1-py3-none-any.whl', hashes = { sha256 = '00' } }\n"
	for _, test := range []struct {
		text              string
		noBinary, noBuild bool
		want              string
	}{
		{wheel + sdist, false, false, "PackageWheel"},
		{wheel + sdist, true, false, "PackageSdist"},
		{sdist, false, true, "package `a` can't be installed because it is marked as `--no-build` but has no binary distribution"},
		{wheel, true, false, "package `a` can't be installed because it is marked as `--no-binary` but has no source distribution"},
		{wheel, true, true, "package `a` can't be installed because it is marked as both `--no-binary` and `--no-build`"},
		{archive, false, true, "PackageArchive"},
		{archive, true, false, "package `a` can't be installed because it is marked as `--no-binary` but is itself a binary distribution"},
	} {
		lock, err := Parse([]byte(header + test.text))
		if err != nil {
			t.Fatal(err)
		}
		target := Target{Env: testEnv(t, nil), Tags: supported{"py3-none-any"}}
		if test.noBinary {
			target.NoBinary = all
		}
		if test.noBuild {
			target.NoBuild = all
		}
		got, err := lock.Select(target)
		outcome := fmt.Sprint(err)
		if err == nil {
			outcome, _ = kind(got[0])
		}
		if outcome != test.want {
			t.Errorf("%s: %s, want %s", test.text, outcome, test.want)
		}
	}
}

// What uv reads although PEP 751 forbids it.
func TestLenient(t *testing.T) {
	t.Parallel()
	const text = `
lock-version = "1.0"
created-by = "t"
environments = ["os_name == 'nt'"]
extras = ["Feature_A"]
[[packages]]
name = "Example_Package"
wheels = [{ url = "https://example.com/other-1.0-py3-none-any.whl", hashes = {} }]
[[packages]]
name = "unused"
marker = "os_name == 'nt'"
`
	if lock, err := Parse([]byte(text)); err == nil {
		t.Errorf("%+v", lock)
	}
	lock, err := ParseLenient([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	got, err := lock.Select(Target{Env: testEnv(t, nil), Tags: supported{"py3-none-any"}})
	if err != nil || len(got) != 1 || got[0].Package.Name != "example-package" || lock.Extras[0] != "feature-a" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	const header = "lock-version = '1.0'\ncreated-by = 't'\n"
	for text, want := range map[string]string{
		"lock-version = 1": "line 1, column 16: lock-version: unexpected type integer, expected string",
		"lock-version = '2.0'\ncreated-by = 't'\npackages = []": "unsupported lock version (`2.0`, but only major version 1 is supported)",
		header: "packages: missing required value",
		header + "packages = [{ name = 'a', directory = { path = 'a', editable = 1 } }]": "line 3, column 64: packages[0].directory.editable: unexpected type integer, expected boolean",
		header + "packages = [{ name = 'a', marker = 'x', directory = { path = 'a' } }]": "line 3, column 36: packages[0].marker: ",
		header + "[[packages]]\nname = ": "line 4, column 7: ",
	} {
		_, err := Parse([]byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestIsFileName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"pylock.toml": true, "pylock.dev.toml": true, "pylock..toml": false, "pylock.a.b.toml": false, "uv.lock": false, "pylock.tomlx": false, "mypylock.toml": false,
	} {
		if got := IsFileName(name); got != want {
			t.Errorf("IsFileName(%q) = %v", name, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	text, err := os.ReadFile("testdata/uv.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("lock-version = '1.0'\ncreated-by = 't'\npackages = [{ name = 'a', vcs = { type = 'git', url = 'x', commit-id = 'y' } }]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		lock, err := Parse(text)
		lenient, errLenient := ParseLenient(text)
		if err != nil {
			return
		}
		if errLenient != nil || len(lenient.Packages) != len(lock.Packages) {
			t.Errorf("strictly read, but leniently: %v", errLenient)
		}
		again(t, lock)
		_, _ = lock.Select(Target{Env: testEnv(t, nil), Tags: supported{"py3-none-any"}})
	})
}

func Example() {
	lock, err := Parse([]byte(`
lock-version = "1.0"
created-by = "example"

[[packages]]
name = "colorama"
version = "0.4.6"
marker = "sys_platform == 'win32'"
wheels = [{ path = "colorama-0.4.6-py3-none-any.whl", hashes = { sha256 = "00" } }]

[[packages]]
name = "click"
version = "8.1.7"
wheels = [{ path = "click-8.1.7-py3-none-any.whl", hashes = { sha256 = "11" } }]
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	set, err := tags.For(tags.Interpreter{Implementation: "cpython", Major: 3, Minor: 12}, tags.Platform{OS: tags.Linux, Arch: tags.X86_64, Libc: tags.Glibc, Major: 2, Minor: 28})
	if err != nil {
		fmt.Println(err)
		return
	}
	env, err := marker.NewEnv(marker.Env{SysPlatform: "linux", PythonVersion: "3.12", PythonFullVersion: "3.12.1", ImplementationVersion: "3.12.1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	choices, err := lock.Select(Target{Env: &env, Tags: set})
	for _, c := range choices {
		fmt.Println(c.Package.Name, c.Package.Version, c.Wheel.Filename())
	}
	fmt.Println(err)
	// Output:
	// click 8.1.7 click-8.1.7-py3-none-any.whl
	// <nil>
}

func BenchmarkParse(b *testing.B) {
	text, err := os.ReadFile("testdata/uv.toml")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for range b.N {
		if _, err := ParseLenient(text); err != nil {
			b.Fatal(err)
		}
	}
}

//go:build unix

package python

import (
	"archive/zip"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tame-py/tame/packaging/tags"
)

func TestEnvironmentAt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.venv("v", "3.12.1")
	w.mkdir("empty")
	w.write("file", "", 0o644)
	w.write("other/x", "", 0o644)
	w.link("/gone", "broken/bin/python3")
	e, err := w.finder().EnvironmentAt(context.Background(), "../v")
	if err != nil || e.Root != w.path("v") || !e.Interpreter.IsVirtual() {
		t.Fatalf("%v, %v", e, err)
	}
	config, err := e.Config()
	if err != nil || !config.UV || config.Version != "3.12.1" {
		t.Errorf("%+v, %v", config, err)
	}
	if _, _, conflict := e.VersionConflict(); conflict {
		t.Error("the versions agree")
	}
	for text, want := range map[string]bool{"3.12": false, "3.11": true, "3.12.2": true, "3.12.1": false, "3.12.1rc1": true, "x": false} {
		w.write("v/pyvenv.cfg", "version_info = "+text+"\n", 0o644)
		if _, _, conflict := e.VersionConflict(); conflict != want {
			t.Errorf("conflict with %s: %t", text, conflict)
		}
	}
	if !e.Uses(e.Interpreter) || e.Uses(&Interpreter{Executable: "/bin/sh"}) {
		t.Error("Uses compares executables")
	}
	for name, want := range map[string]string{
		"nowhere": "no virtual environment or system Python installation found for directory `nowhere`; run `uv venv` to create an environment",
		"empty":   "invalid environment at `empty`: directory is empty",
		"file":    "invalid environment at `file`: expected directory but found a file",
		"other":   "invalid environment at `other`: missing Python executable at `other/bin/python3`",
		"broken":  "broken symlink at `broken/bin/python3`, was the underlying Python interpreter removed?",
	} {
		_, err := w.finder().EnvironmentAt(context.Background(), w.path(name))
		if err == nil || strings.ReplaceAll(err.Error(), w.root+"/", "") != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

func TestFindEnvironment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.search("a")
	for _, c := range []struct {
		request string
		e       Environments
		want    string
	}{
		{"default", ExplicitSystem, "no virtual environment found; run `uv venv` to create an environment, or pass `--system` to install into a non-virtual environment"},
		{"3.12", OnlyVirtual, "no virtual environment found for Python 3.12; run `uv venv` to create an environment, or pass `--system` to install into a non-virtual environment"},
		{"3.12", OnlyOutside, "no system Python installation found for Python 3.12"},
		{"./x", ExplicitSystem, "no virtual environment or system Python installation found for path `./x`; run `uv venv` to create an environment"},
	} {
		_, err := w.finder().FindEnvironment(context.Background(), ParseRequest(c.request, "/"), c.e)
		var missing *EnvironmentNotFoundError
		if !errors.As(err, &missing) || err.Error() != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	w.venv("work/.venv", "3.12.1")
	if e, err := w.finder().FindEnvironment(context.Background(), Request{}, ExplicitSystem); err != nil || e.Root != w.path("work/.venv") {
		t.Errorf("%v, %v", e, err)
	}
}

func TestSchemes(t *testing.T) {
	t.Parallel()
	i := &Interpreter{
		Prefix: "/v", BasePrefix: "/usr", Executable: "/v/bin/python",
		Scheme:  Scheme{"/v/lib/p", "/v/lib64/p", "/v/bin", "/v", "/v/include"},
		Virtual: Scheme{"lib/p", "lib/p", "bin", "", "include/site/python3.12"},
	}
	if got := i.InstalledIn(); !slices.Equal(got, []string{"/v/lib/p", "/v/lib64/p"}) {
		t.Errorf("%q", got)
	}
	target := i.WithTarget("/t")
	if s := target.Install(); s != (Scheme{"/t", "/t", "/t/bin", "/t", "/t/include"}) || target.LockPath("/tmp") != "/t/.lock" {
		t.Errorf("%+v", s)
	}
	prefix := i.WithPrefix("/x")
	if s := prefix.Install(); s != (Scheme{"/x/lib/p", "/x/lib/p", "/x/bin", "/x", "/x/include/site/python3.12"}) {
		t.Errorf("%+v", s)
	}
	if got := prefix.InstalledIn(); !slices.Equal(got, []string{"/x/lib/p"}) || i.LockPath("/tmp") != "/v/.lock" {
		t.Errorf("%q", got)
	}
	i.Prefix = "/usr"
	if lock := i.LockPath("/tmp"); filepath.Dir(lock) != "/tmp" {
		t.Errorf("a system Python is locked outside of itself, not in %s", lock)
	}
}

func TestExternallyManaged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	i := &Interpreter{Prefix: "/usr", BasePrefix: "/usr", Stdlib: dir}
	if _, is := i.ExternallyManaged(); is {
		t.Error("there is no marker")
	}
	for text, want := range map[string]string{
		"": "", "junk": "", "[other]\nError=x\n": "", "[externally-managed]\nFoo=x\n": "",
		"[externally-managed]\nError=Use apt.\n":                                   "Use apt.",
		"# c\n[externally-managed]\nError = One\n two\n\n  three\nError-de = Eins": "One\ntwo\n\nthree",
	} {
		if err := os.WriteFile(filepath.Join(dir, "EXTERNALLY-MANAGED"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if message, is := i.ExternallyManaged(); !is || message != want {
			t.Errorf("%q: %q, %t, want %q", text, message, is, want)
		}
	}
	for _, free := range []*Interpreter{i.WithTarget("/t"), i.WithPrefix("/p"), {Prefix: "/v", BasePrefix: "/usr", Stdlib: dir}} {
		if _, is := free.ExternallyManaged(); is {
			t.Errorf("%+v is nobody's", free)
		}
	}
}

func TestBasePython(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("real/lib/python3.12/os.py", "", 0o644)
	w.write("real/bin/python3.12", "", 0o755)
	w.link("real", "alias")
	w.link("../alias/bin/python3.12", "bin/python")
	w.python("p/bin/python3", "3.12.1")
	i, err := w.finder().Query(context.Background(), w.path("p/bin/python3"))
	if err != nil {
		t.Fatal(err)
	}
	i.Executable = w.path("bin/python")
	if got, err := i.BasePython(); got != w.path("bin/python") || err != nil {
		t.Errorf("%s, %v: links are kept", got, err)
	}
	i.Standalone = true
	if got, err := i.BasePython(); got != w.path("alias/bin/python3.12") || err != nil {
		t.Errorf("%s, %v: of a standalone distribution the first that has a library is taken", got, err)
	}
	i.BaseExecutable = w.path("p/bin/python3")
	if got, err := i.BasePython(); got != w.path("p/bin/python3") || err != nil {
		t.Errorf("%s, %v: without a library all links are resolved", got, err)
	}
}

func TestPipIndexURL(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	module := func(host string) string {
		return "class PackageIndex(object):\n    def __init__(self, url):\n        pass\n\n" +
			"Main = PackageIndex(\n    \"https://" + host + "/\", file_storage_domain=\"files.example.com\")\n" +
			"Test = PackageIndex('https://test.example.com/')\n"
	}
	i := &Interpreter{
		Prefix: w.path("v"), BasePrefix: w.path("base"), Stdlib: w.path("base/lib/python3.12"),
		Virtual: Scheme{Purelib: "lib/python3.12/site-packages"},
	}
	if got := i.PipIndexURL(); got != "" {
		t.Errorf("without pip: %s", got)
	}
	w.mkdir("base/lib/python3.12/ensurepip/_bundled")
	wheel, err := os.Create(w.path("base/lib/python3.12/ensurepip/_bundled/pip-24.0-py3-none-any.whl"))
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(wheel)
	member, err := z.Create(indexModule)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := member.Write([]byte(module("bundled.example.com"))); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(z.Close(), wheel.Close()); err != nil {
		t.Fatal(err)
	}
	if got := i.PipIndexURL(); got != "https://bundled.example.com/simple" {
		t.Errorf("from ensurepip: %s", got)
	}
	w.write("base/lib/python3.12/site-packages/"+indexModule, module("pip.example.com"), 0o644)
	i.index = findPipIndex(i, "")
	if got := i.PipIndexURL(); got != "https://pip.example.com/simple" {
		t.Errorf("from pip: %s", got)
	}
	w.write("base/lib/python3.12/site-packages/"+indexModule, module("changed.example.com"), 0o644)
	if got := i.PipIndexURL(); got != "https://changed.example.com/simple" {
		t.Errorf("from another pip: %s", got)
	}
}

func TestIndexInText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`X = PackageIndex("https://a.example.com/")`:         "https://a.example.com/simple",
		`X = PackageIndex( 'http://a.example.com/pypi/', 1)`: "http://a.example.com/pypi/simple",
		`class PackageIndex(object): X = PackageIndex(url)`:  "",
		`X = PackageIndex("ftp://a.example.com/")`:           "",
		`X = PackageIndex("https://{host}/")`:                "",
		`X = PackageIndex("https://a.example.com`:            "",
		``:              "",
		`PackageIndex(`: "",
		"class PackageIndex:\n  pass\nX = PackageIndex(\"https://b.example.com\")": "https://b.example.com/simple",
	} {
		if got := indexInText(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// What a real interpreter says fits together.
func TestRealInterpreter(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal("no python3: one is required")
	}
	f := &Finder{Getenv: func(string) string { return "" }, Environ: os.Environ(), Dir: t.TempDir(), CacheDir: t.TempDir()}
	i, err := f.Query(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	if i.Env.PythonFullVersion == "" || i.Env.SysPlatform == "" || !filepath.IsAbs(i.Scheme.Purelib) || filepath.IsAbs(i.Virtual.Purelib) ||
		i.Virtual.Scripts != "bin" || i.Stdlib == "" || i.Platform.OS == tags.UnknownOS || !i.Is64Bit && len(i.Platform.Arch.String()) > 6 {
		t.Errorf("%+v", i)
	}
	set, err := i.Tags()
	if err != nil || set.Best().Python == "" {
		t.Errorf("%v, %v", set, err)
	}
	if base, err := i.BasePython(); err != nil || !filepath.IsAbs(base) {
		t.Errorf("%s, %v", base, err)
	}
	if i.Key().String() == "" || !f.Satisfies(i, ParseRequest(i.Key().String(), "/")) {
		t.Errorf("%s does not satisfy its own key", i.Key())
	}
}

func BenchmarkQueryCached(b *testing.B) {
	path, err := exec.LookPath("python3")
	if err != nil {
		b.Skip("no python3 here")
	}
	path, err = filepath.EvalSymlinks(path)
	if err != nil {
		b.Fatal(err)
	}
	f := &Finder{Getenv: func(string) string { return "" }, Environ: os.Environ(), Dir: "/", CacheDir: b.TempDir()}
	i, err := f.Query(context.Background(), path)
	if err != nil || i.Executable != path {
		b.Skip("python3 is a shim")
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Query(context.Background(), path); err != nil {
			b.Fatal(err)
		}
	}
}

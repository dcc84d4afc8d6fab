//go:build unix

package venv

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tame-py/tame/internal/managed"
	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
)

func fakeInterpreter() *python.Interpreter {
	return &python.Interpreter{
		Executable: "/opt/py/bin/python3", Prefix: "/opt/py", BasePrefix: "/opt/py", Is64Bit: true,
		Version:      pep440.MustParse("3.12.4"),
		SitePackages: []string{"/opt/py/lib/python3.12/site-packages"},
		Env: marker.Env{
			OSName: "posix", SysPlatform: "linux", ImplementationName: "cpython", PlatformPythonImplementation: "CPython",
			PythonFullVersion: "3.12.4", PythonVersion: "3.12",
		},
		Virtual: python.Scheme{
			Purelib: "lib/python3.12/site-packages", Platlib: "lib/python3.12/site-packages", Scripts: "bin", Include: "include/site/python3.12",
		},
	}
}

// tree lists the files below a directory, with the targets of links.
func tree(t *testing.T, root string) string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		line, _ := filepath.Rel(root, path)
		switch {
		case d.IsDir():
			line += "/"
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			line += " -> " + target
		}
		lines = append(lines, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n") + "\n"
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func create(t *testing.T, dir string, o Options) (*python.Environment, error) {
	t.Helper()
	return Create(context.Background(), dir, fakeInterpreter(), o)
}

func TestLayout(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b", "v")
	e, err := create(t, dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	const want = `.gitignore
CACHEDIR.TAG
bin/
bin/activate
bin/activate.bat
bin/activate.csh
bin/activate.fish
bin/activate.nu
bin/activate.ps1
bin/activate.xsh
bin/activate_this.py
bin/deactivate.bat
bin/pydoc.bat
bin/python -> /opt/py/bin/python3
bin/python3 -> python
bin/python3.12 -> python
lib/
lib/python3.12/
lib/python3.12/site-packages/
lib/python3.12/site-packages/_virtualenv.pth
lib/python3.12/site-packages/_virtualenv.py
lib64 -> lib
pyvenv.cfg
`
	if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
		t.Errorf("layout (-want +got):\n%s", diff)
	}
	i := e.Interpreter
	if e.Root != dir || !i.IsVirtual() || i.Executable != dir+"/bin/python" || i.BaseExecutable != "/opt/py/bin/python3" ||
		i.Scheme.Purelib != dir+"/lib/python3.12/site-packages" || !slices.Equal(i.SitePackages, []string{i.Scheme.Purelib}) {
		t.Errorf("%+v", i)
	}
	if text := read(t, filepath.Join(dir, ".gitignore")); text != "*" {
		t.Errorf(".gitignore: %q", text)
	}
	if text := read(t, filepath.Join(dir, "CACHEDIR.TAG")); text != "Signature: 8a477f597d28d172789f06886806bc55" {
		t.Errorf("CACHEDIR.TAG: %q", text)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	const head = "home = /opt/py/bin\nimplementation = CPython\nuv = " + Version + "\nversion_info = 3.12.4\n"
	for want, o := range map[string]Options{
		head + "include-system-site-packages = false\n":                                                     {},
		head + "include-system-site-packages = true\nrelocatable = true\nseed = true\nprompt = a = \"b\"\n": {SystemPackages: true, Relocatable: true, Seed: true, Prompt: `a = "b"`},
	} {
		dir := filepath.Join(t.TempDir(), "v")
		if _, err := create(t, dir, o); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, read(t, filepath.Join(dir, "pyvenv.cfg"))); diff != "" {
			t.Errorf("pyvenv.cfg (-want +got):\n%s", diff)
		}
		if _, err := os.Stat(filepath.Join(dir, "bin", "activate.csh")); o.Relocatable == (err == nil) {
			t.Error("csh cannot activate what is relocatable")
		}
	}
	dir := filepath.Join(t.TempDir(), "v")
	if _, err := create(t, dir, Options{Prompt: "a\nhome = /"}); err != nil {
		t.Fatal(err)
	}
	if text := read(t, filepath.Join(dir, "pyvenv.cfg")); !strings.Contains(text, "\nprompt = a home = /\n") {
		t.Errorf("a prompt cannot set other keys:\n%s", text)
	}
}

func TestVariants(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(i *python.Interpreter){
		"python python3 python3.12 python3.12t": func(i *python.Interpreter) { i.FreeThreaded = true },
		"pypy pypy3 python python3 python3.12":  func(i *python.Interpreter) { i.Env.ImplementationName = "pypy" },
		"graalpy python python3 python3.12":     func(i *python.Interpreter) { i.Env.ImplementationName = "graalpy" },
	} {
		i := fakeInterpreter()
		change(i)
		dir := filepath.Join(t.TempDir(), "v")
		if _, err := Create(context.Background(), dir, i, Options{}); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, line := range strings.Split(tree(t, dir), "\n") {
			if link, _, ok := strings.Cut(line, " -> "); ok && strings.HasPrefix(link, "bin/") {
				got = append(got, link[4:])
			}
		}
		if got := strings.Join(got, " "); got != name {
			t.Errorf("links %s, want %s", got, name)
		}
	}
	i := fakeInterpreter()
	i.Is64Bit, i.Virtual.Platlib, i.Version = false, "lib64/python3.9/site-packages", pep440.MustParse("3.9.1")
	dir := filepath.Join(t.TempDir(), "v")
	if _, err := Create(context.Background(), dir, i, Options{NoDistutilsPatch: true}); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, dir); !strings.Contains(got, "lib64/python3.9/site-packages/\n") || !strings.Contains(got, "_virtualenv.pth") {
		t.Errorf("Python 3.9 needs the patch, and platlib is a directory of its own:\n%s", got)
	}
	if text := read(t, filepath.Join(dir, "bin", "activate_this.py")); !strings.Contains(text, `"../lib/python3.12/site-packages:../lib64/python3.9/site-packages"`) {
		t.Errorf("activate_this.py knows both:\n%s", text)
	}
}

func TestUpgradeable(t *testing.T) {
	t.Parallel()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(root, "cpython-3.12.4-linux-x86_64-gnu")
	if err := os.MkdirAll(filepath.Join(home, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	i := fakeInterpreter()
	i.Executable, i.BasePrefix, i.Prefix = filepath.Join(home, "bin/python3.12"), home, home
	o := Options{Upgradeable: true, Store: managed.NewStore(root)}
	for _, linked := range []bool{false, true} {
		want, version := filepath.Join(home, "bin"), "3.12.4"
		if linked {
			link := filepath.Join(root, "cpython-3.12-linux-x86_64-gnu")
			if err := os.Symlink(home, link); err != nil {
				t.Fatal(err)
			}
			want, version = filepath.Join(link, "bin"), "3.12"
		}
		dir := filepath.Join(t.TempDir(), "v")
		if _, err := Create(context.Background(), dir, i, o); err != nil {
			t.Fatal(err)
		}
		config := python.ParseConfig(read(t, filepath.Join(dir, "pyvenv.cfg")))
		if target, _ := os.Readlink(filepath.Join(dir, "bin/python")); config.Home != want || config.Version != version || target != want+"/python3.12" {
			t.Errorf("%+v, python -> %s; want home %s, version %s", config, target, want, version)
		}
	}
}

func TestExisting(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, there string // empty, venv, full, file, broken, link
		existing    Existing
		want        string // the error
		keeps       bool   // what was there
	}{
		{name: "an empty directory is used", there: "empty"},
		{name: "a file", there: "file", existing: ClearAny, want: "file exists at `V`"},
		{name: "a broken link", there: "broken", existing: ClearAny, want: "a broken symlink is in the way: mkdir V: file already exists"},
		{name: "a directory", there: "full", want: "a directory already exists at: V", keeps: true},
		{name: "a directory to clear", there: "full", existing: Clear, want: "will not clear a directory that is not a virtual environment: V", keeps: true},
		{name: "a directory to clear by force", there: "full", existing: ClearAny},
		{name: "a directory to share", there: "full", existing: Allow, keeps: true},
		{name: "an environment", there: "venv", want: "a virtual environment already exists at: V", keeps: true},
		{name: "an environment to clear", there: "venv", existing: Clear},
		{name: "an environment to share", there: "venv", existing: Allow, keeps: true},
		{name: "an environment behind a link", there: "link", existing: Clear},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			dir := filepath.Join(root, "v")
			extra := filepath.Join(dir, "lib", "extra")
			occupyForTest(t, root, dir, c.there)
			_, err := create(t, dir, Options{Existing: c.existing})
			got := ""
			if err != nil {
				got = strings.ReplaceAll(err.Error(), dir, "V")
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			if _, err := os.Stat(extra); (err == nil) != c.keeps {
				t.Errorf("other files are kept: %t", err == nil)
			}
			if err == nil && !IsVenv(dir) {
				t.Error("no environment was made")
			}
			if info, err := os.Lstat(dir); err != nil || c.there == "link" && info.Mode()&fs.ModeSymlink == 0 {
				t.Error("the link is gone")
			}
		})
	}
}

func occupyForTest(t *testing.T, root, dir, what string) {
	t.Helper()
	var err error
	switch what {
	case "empty":
		err = os.Mkdir(dir, 0o755)
	case "file":
		err = os.WriteFile(dir, nil, 0o644)
	case "broken":
		err = os.Symlink("nowhere", dir)
	case "full":
		err = errors.Join(os.MkdirAll(filepath.Join(dir, "lib"), 0o755), os.WriteFile(filepath.Join(dir, "lib", "extra"), nil, 0o644))
	case "link":
		occupyForTest(t, root, filepath.Join(root, "real"), "venv")
		err = os.Symlink("real", dir)
	case "venv":
		_, err = create(t, dir, Options{})
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, "lib", "extra"), nil, 0o644))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A file that is replaced is not written through, wherever it leads.
func TestLinksAreNotFollowed(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	outside, dir := filepath.Join(root, "outside"), filepath.Join(root, "v")
	if err := errors.Join(os.WriteFile(outside, []byte("mine"), 0o644), os.MkdirAll(filepath.Join(dir, "bin"), 0o755)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"pyvenv.cfg", "bin/activate", "bin/python"} {
		if err := os.Symlink(outside, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := create(t, dir, Options{Existing: Allow}); err != nil {
		t.Fatal(err)
	}
	if text := read(t, outside); text != "mine" {
		t.Errorf("a file outside was written: %q", text)
	}
}

// However far a process got that died, the next one makes it whole.
func TestUnfinishedIsReplaced(t *testing.T) {
	t.Parallel()
	whole := filepath.Join(t.TempDir(), "v")
	if _, err := create(t, whole, Options{}); err != nil {
		t.Fatal(err)
	}
	want := tree(t, whole)
	order := strings.Split(strings.TrimSpace(want), "\n")
	for n := range len(order) - 1 {
		dir := filepath.Join(t.TempDir(), "v")
		if _, err := create(t, dir, Options{}); err != nil {
			t.Fatal(err)
		}
		// The interpreter is made last; anything else may be missing.
		gone := []string{"bin/python"}
		for _, line := range order[n:] {
			name, _, _ := strings.Cut(line, " -> ")
			if name != "pyvenv.cfg" && !strings.HasSuffix(name, "/") {
				gone = append(gone, name)
			}
		}
		for _, name := range append(gone, "bin/python3") {
			if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
		}
		if _, err := create(t, dir, Options{}); err != nil {
			t.Errorf("without %s: %v", gone, err)
		} else if got := tree(t, dir); got != want {
			t.Errorf("without %s it became\n%s", gone, got)
		}
	}
	if err := os.WriteFile(filepath.Join(whole, "lib/python3.12/site-packages/mine.py"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"python", "python3"} {
		if err := os.Remove(filepath.Join(whole, "bin", name)); err != nil {
			t.Fatal(err)
		}
	}
	var exists *ExistsError
	if _, err := create(t, whole, Options{}); !errors.As(err, &exists) {
		t.Errorf("an environment with packages is not unfinished: %v", err)
	}
}

func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	for range 20 {
		dir := filepath.Join(t.TempDir(), "v")
		var work sync.WaitGroup
		errs := make([]error, 4)
		for n := range errs {
			work.Go(func() { _, errs[n] = Create(context.Background(), dir, fakeInterpreter(), Options{}) })
		}
		work.Wait()
		made := 0
		for _, err := range errs {
			var exists *ExistsError
			switch {
			case err == nil:
				made++
			case !errors.Is(err, ErrBusy) && !errors.As(err, &exists):
				t.Errorf("%v", err)
			}
		}
		if made != 1 {
			t.Fatalf("%d of them made it: %v", made, errs)
		}
	}
}

// With a real interpreter the environment works, and the facts derived for it
// are those that it tells.
func TestRealEnvironment(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal("no python3: one is required")
	}
	root := t.TempDir()
	f := &python.Finder{Getenv: func(string) string { return "" }, Environ: []string{"PATH=" + os.Getenv("PATH")}, Dir: root}
	i, err := f.Query(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "v")
	made, err := Create(context.Background(), dir, i, Options{})
	if err != nil {
		t.Fatal(err)
	}
	asked, err := f.EnvironmentAt(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	a, b := made.Interpreter, asked.Interpreter
	if a.Prefix != b.Prefix || a.BasePrefix != b.BasePrefix || a.Scheme != b.Scheme || a.Virtual != b.Virtual || a.Platform != b.Platform ||
		!slices.Equal(a.SitePackages, b.SitePackages) || a.Stdlib != b.Stdlib || a.Version.String() != b.Version.String() {
		t.Errorf("derived %+v\nasked   %+v", a, b)
	}
	// distutils may want to install elsewhere, which the patch prevents.
	if err := os.WriteFile(filepath.Join(root, "setup.cfg"), []byte("[install]\nprefix = /elsewhere\ninstall_purelib = /elsewhere\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(dir, "bin", "python"), "-c", `
try:
    from distutils.dist import Distribution
except ImportError:
    raise SystemExit("no distutils")
d = Distribution()
d.parse_config_files()
install = d.get_option_dict("install")
print(Distribution.parse_config_files.__module__, install.get("prefix", "none"), "install_purelib" in install)`)
	cmd.Dir, cmd.Env = root, []string{"HOME=" + root}
	out, err := cmd.CombinedOutput()
	if text := strings.TrimSpace(string(out)); !strings.HasSuffix(text, "no distutils") && (err != nil || !strings.HasSuffix(text, "_virtualenv none False")) {
		t.Errorf("%v: %s", err, out)
	}
	cmd = exec.Command(path, "-c", `import runpy, sys; runpy.run_path(sys.argv[1]); print(sys.prefix); print(sys.path[0])`, filepath.Join(dir, "bin", "activate_this.py"))
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + root}
	out, err = cmd.CombinedOutput()
	if real, _ := filepath.EvalSymlinks(a.Scheme.Purelib); err != nil || !strings.HasPrefix(string(out), dir+"\n"+real) {
		t.Errorf("activate_this: %v: %s", err, out)
	}
}

func BenchmarkCreate(b *testing.B) {
	root := b.TempDir()
	i := fakeInterpreter()
	n := 0
	for b.Loop() {
		n++
		if _, err := Create(context.Background(), filepath.Join(root, "v", string(rune('a'+n%26)), string(rune(0x4e00+n))), i, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

package build_test

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tame-py/tame/internal/build"
	"github.com/tame-py/tame/packaging/pep508"
)

// python finds an interpreter for tests.
func python(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"python3", "python"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no Python: one is required")
	return ""
}

// here provisions nothing: the backends of these tests lie in their trees.
type here struct {
	python   string
	mu       sync.Mutex
	asked    [][]string
	separate bool // other requirements are in another environment
	root     string
}

func (h *here) Provision(_ context.Context, requires []pep508.Requirement) (*build.Environment, error) {
	var texts []string
	for _, r := range requires {
		texts = append(texts, r.String())
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, texts)
	root := cmp.Or(h.root, "/environment")
	if h.separate {
		root += strings.Join(texts, ",")
	}
	return &build.Environment{Root: root, Python: h.python, Scripts: filepath.Dir(h.python)}, nil
}

// backend begins each backend of these tests: a wheel maker.
const backend = `
import os, sys, zipfile
def wheel(directory, name="demo-1.0-py3-none-any.whl"):
    with zipfile.ZipFile(os.path.join(directory, name), "w") as z:
        z.writestr("demo.py", "")
    return name
`

// tree writes a source tree with a backend in it.
func tree(t *testing.T, code string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "pyproject.toml", "[build-system]\nrequires = [\"base\"]\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n")
	write(t, dir, "backend.py", backend+code)
	return dir
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, code string, change ...func(*build.Request)) (*build.Session, *here, error) {
	t.Helper()
	h := &here{python: python(t)}
	r := build.Request{Dir: tree(t, code), Label: "demo==1.0", Provisioner: h, Env: os.Environ()}
	for _, f := range change {
		f(&r)
	}
	s, err := build.Open(t.Context(), r)
	if s != nil {
		t.Cleanup(func() { _ = s.Close() })
	}
	return s, h, err
}

func TestBuild(t *testing.T) {
	t.Parallel()
	s, h, err := open(t, `
def get_requires_for_build_wheel(config_settings=None):
    return ["extra ; python_version > '3'"]
def prepare_metadata_for_build_wheel(directory, config_settings=None):
    assert config_settings == {"one": "1", "two": ["2", "3"]}, config_settings
    os.mkdir(os.path.join(directory, "demo-1.0.dist-info"))
    open(os.path.join(directory, "demo-1.0.dist-info", "METADATA"), "w").close()
    os.chdir("/")
    sys.modules["leak"] = sys
    return "demo-1.0.dist-info"
def build_wheel(directory, config_settings=None, metadata_directory=None):
    assert os.path.exists("backend.py"), os.getcwd()
    assert metadata_directory.endswith("demo-1.0.dist-info"), metadata_directory
    assert "" not in sys.path
    print("building")
    assert sys.stdin.read() == ""
    return wheel(directory)
`, func(r *build.Request) {
		r.Settings = build.Settings{"one": {Values: []string{"1"}}, "two": {Values: []string{"2", "3"}, List: true}}
	})
	if err != nil {
		t.Fatal(err)
	}
	dir, out := t.TempDir(), t.TempDir()
	info, err := s.Metadata(t.Context(), build.Wheel, dir)
	if err != nil || filepath.Base(info) != "demo-1.0.dist-info" {
		t.Fatalf("metadata: %q, %v", info, err)
	}
	path, err := s.Build(t.Context(), build.Wheel, out)
	if err != nil || path != filepath.Join(out, "demo-1.0-py3-none-any.whl") {
		t.Fatalf("built %q, %v", path, err)
	}
	if len(h.asked) != 2 || strings.Join(h.asked[0], " ") != "base" || len(h.asked[1]) != 2 {
		t.Errorf("provisioned %q", h.asked)
	}
	if _, err := s.Metadata(t.Context(), build.Editable, t.TempDir()); !errors.Is(err, build.ErrNoHook) {
		t.Errorf("a hook that is not there: %v", err)
	}
	_ = s.Close()
	if got := s.Output(); got != "building" {
		t.Errorf("output %q", got)
	}
}

// A backend that adds requirements runs in another environment from then on.
func TestRequirementsOfHooks(t *testing.T) {
	t.Parallel()
	s, h, err := open(t, `
def get_requires_for_build_sdist(config_settings=None):
    return ["more"]
def build_sdist(directory, config_settings=None):
    assert os.environ["VIRTUAL_ENV"].endswith("base,more"), os.environ["VIRTUAL_ENV"]
    assert os.environ["GIVEN"] == "yes"
    open(os.path.join(directory, "demo-1.0.tar.gz"), "w").close()
    return "demo-1.0.tar.gz"
`, func(r *build.Request) {
		r.Variables = map[string]string{"GIVEN": "yes"}
		r.Provisioner.(*here).separate = true
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Build(t.Context(), build.Sdist, t.TempDir()); err != nil || len(h.asked) != 2 {
		t.Errorf("%v, provisioned %q", err, h.asked)
	}
}

// What a hostile or broken backend does ends in one error that tells what it
// was, with the output.
func TestBadBackends(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ code, want string }{
		"raises":         {"def build_wheel(d, *a):\n    print('noise'); raise ValueError('no luck')", "ValueError: no luck"},
		"exits":          {"def build_wheel(d, *a):\n    sys.exit(0)", "SystemExit"},
		"leaves":         {"def build_wheel(d, *a):\n    os._exit(0)", "exit status 0"},
		"dies":           {"def build_wheel(d, *a):\n    os._exit(7)", "exit status 7"},
		"is killed":      {"def build_wheel(d, *a):\n    os.kill(os.getpid(), 9)", "signal"},
		"no wheel":       {"def build_wheel(d, *a):\n    return 'demo-1.0-py3-none-any.whl'", "there is no such file"},
		"nothing":        {"def build_wheel(d, *a):\n    pass", "did not return the name"},
		"outside":        {"def build_wheel(d, *a):\n    return '../' + wheel(os.path.dirname(d))", "not the name of a file"},
		"absolute":       {"def build_wheel(d, *a):\n    return '/etc/passwd'", "not the name of a file"},
		"link":           {"def build_wheel(d, *a):\n    os.symlink('/etc/passwd', d + '/demo-1.0-py3-none-any.whl'); return 'demo-1.0-py3-none-any.whl'", "there is no such file"},
		"no zip":         {"def build_wheel(d, *a):\n    open(d + '/demo.txt', 'w'); return 'demo.txt'", "not named like a wheel"},
		"no hook":        {"", "has no `build_wheel`"},
		"requires":       {"def get_requires_for_build_wheel(*a):\n    return 7", "did not return a list"},
		"bad requires":   {"def get_requires_for_build_wheel(*a):\n    return ['!']", "invalid requirement"},
		"prints garbage": {"def build_wheel(d, *a):\n    os.write(1, b'\\xff{\"value\": 1}\\n' * 9000); raise ValueError('late')", "ValueError: late"},
		"closes all":     {"def build_wheel(d, *a):\n    os.closerange(0, 99)\n    return wheel(d)", "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _, err := open(t, tt.code)
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Build(t.Context(), build.Wheel, t.TempDir())
			var failed *build.Error
			if !errors.As(err, &failed) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
			if name == "raises" && (!strings.Contains(failed.Output, "noise") || strings.Contains(failed.Output, "attempt")) {
				t.Errorf("output:\n%s", failed.Output)
			}
		})
	}
}

func TestBadTrees(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ toml, want string }{
		"none":          {"", "does not appear to be a Python project"},
		"syntax":        {"[", "invalid `pyproject.toml`"},
		"no requires":   {"[build-system]\nbuild-backend = \"x\"", "missing field `requires`"},
		"requirement":   {"[build-system]\nrequires = [\"!\"]", "invalid requirement"},
		"backend":       {"[build-system]\nrequires = []\nbuild-backend = \"x; import os\"", "is not of the form"},
		"leads out":     {"[build-system]\nrequires = []\nbuild-backend = \"x\"\nbackend-path = [\"..\"]", "leads out"},
		"not there":     {"[build-system]\nrequires = []\nbuild-backend = \"x\"\nbackend-path = [\"nowhere\"]", "does not exist"},
		"no module":     {"[build-system]\nrequires = []\nbuild-backend = \"nowhere\"", "No module named 'nowhere'"},
		"no such place": {"[build-system]\nrequires = []\nbuild-backend = \"os:nowhere\"", "has no attribute 'nowhere'"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if tt.toml != "" {
				write(t, dir, "pyproject.toml", tt.toml)
			}
			_, err := build.Open(t.Context(), build.Request{Dir: dir, Provisioner: &here{python: python(t)}, Env: os.Environ()})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
		})
	}
}

// A backend outside of the tree cannot come in by a symbolic link.
func TestBackendPathIsKeptInside(t *testing.T) {
	t.Parallel()
	dir := tree(t, "")
	if err := os.Symlink(t.TempDir(), filepath.Join(dir, "link")); err != nil {
		t.Skip(err)
	}
	write(t, dir, "pyproject.toml", "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\"link\"]\n")
	_, err := build.Open(t.Context(), build.Request{Dir: dir, Provisioner: &here{python: python(t)}, Env: os.Environ()})
	if err == nil || !strings.Contains(err.Error(), "leads out") {
		t.Errorf("got %v", err)
	}
}

// A hook that hangs is killed with its children; those that it leaves behind
// end with the session.
func TestTimeoutAndChildren(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ end, want string }{
		"hangs":  {"time.sleep(600)", "longer than the 2s"},
		"leaves": {"return wheel(d)", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "pid")
			s, _, err := open(t, `
import subprocess, time
def build_wheel(d, *a):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with open(os.environ["FILE"] + ".new", "w") as f:
        f.write(str(child.pid))
    os.replace(os.environ["FILE"] + ".new", os.environ["FILE"])  # never seen empty
    `+tt.end+"\n", func(r *build.Request) {
				r.Variables = map[string]string{"FILE": file}
				if tt.want != "" {
					r.Timeout = 2 * time.Second
				}
			})
			if err != nil && tt.want != "" {
				t.Skip("the machine is too slow to start Python in time")
			}
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Build(t.Context(), build.Wheel, t.TempDir())
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v", err)
			}
			_ = s.Close()
			gone(t, file)
		})
	}
}

// gone waits for the end of the process whose number is in a file.
func gone(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Skip("the hook did not come that far in time")
	}
	if _, err := strconv.Atoi(string(text)); err != nil {
		t.Fatal(err) // an empty name would ask /proc/stat, which is always there
	}
	stat := filepath.Join("/proc", string(text), "stat")
	for range 2400 {
		line, err := os.ReadFile(stat)
		if err != nil || strings.Contains(string(line), ") Z ") {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("a child of the backend has survived it")
}

func TestCancel(t *testing.T) {
	t.Parallel()
	s, _, err := open(t, "import time\ndef build_wheel(d, *a):\n    time.sleep(60)\n")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := s.Build(ctx, build.Wheel, t.TempDir()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestSystem(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "setup.py", "")
	for _, text := range []string{"", "[project]\nname = \"x\"\nversion = \"1\"\n", "[build-system]\nrequires = [\"setuptools\"]\n"} {
		if text != "" {
			write(t, dir, "pyproject.toml", text)
		}
		s, err := build.ReadSystem(dir)
		if err != nil || s.Backend != build.LegacyBackend || len(s.Requires) != 1 {
			t.Errorf("%q: %+v, %v", text, s, err)
		}
	}
	write(t, dir, "pyproject.toml", "[project]\nname = \"x\"\nversion = \"1\"\ndynamic = [\"dependencies\"]\n[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n")
	if s, err := build.ReadSystem(dir); err != nil || !s.Unreliable {
		t.Errorf("hatchling with dynamic dependencies: %+v, %v", s, err)
	}
}

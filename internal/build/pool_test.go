package build_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tame-py/tame/internal/build"
)

// shared is a backend of a name that builds may share, which notes each import.
const shared = `
import os, sys, zipfile
print("imported")
with open(os.environ["NOTES"], "a") as f:
    f.write("import\n")
state = []
def get_requires_for_build_wheel(config_settings=None):
    state.append(1)
    return []
def build_wheel(directory, config_settings=None, metadata_directory=None):
    assert state == [] and "leak" not in sys.modules
    sys.modules["leak"] = sys
    assert "" not in sys.path and sys.argv == ["-c"], (sys.path, sys.argv)
    assert sys.stdin.read() == ""
    print("building", open("name").read())
    if os.path.exists("exit"):
        os.killpg(0, 9)
    if os.path.exists("hang"):
        import subprocess, time
        child = subprocess.Popen(["sleep", "600"])
        with open("child.new", "w") as f:
            f.write(str(child.pid))
        os.replace("child.new", "child")  # who sees the file finds the number in it
        time.sleep(600)
    with zipfile.ZipFile(os.path.join(directory, "demo-1.0-py3-none-any.whl"), "w") as z:
        z.writestr("demo.py", "")
    return "demo-1.0-py3-none-any.whl"
`

// A sharing is several builds with one pool.
type sharing struct {
	pool  build.Pool
	here  *here
	notes string
	env   []string
}

func newSharing(t *testing.T, backend string) *sharing {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("there are no groups of processes")
	}
	modules := t.TempDir()
	s := &sharing{here: &here{python: python(t), root: modules}, notes: filepath.Join(modules, "notes")}
	write(t, modules, "flit_core/__init__.py", "")
	write(t, modules, "flit_core/buildapi.py", backend)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "PYTHONPATH=") {
			s.env = append(s.env, v)
		}
	}
	s.env = append(s.env, "PYTHONPATH="+modules, "NOTES="+s.notes)
	t.Cleanup(s.pool.Close)
	return s
}

func (s *sharing) open(ctx context.Context, t *testing.T, files ...string) (*build.Session, string, error) {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "pyproject.toml", "[build-system]\nrequires = [\"base\"]\nbuild-backend = \"flit_core.buildapi\"\n")
	for _, name := range append(files, "name") {
		write(t, dir, name, filepath.Base(dir))
	}
	session, err := build.Open(ctx, build.Request{
		Dir: dir, Label: "demo==1.0", Provisioner: s.here, Env: s.env, Pool: &s.pool, Timeout: 2 * time.Minute,
	})
	if session != nil {
		t.Cleanup(func() { _ = session.Close() })
	}
	return session, dir, err
}

// Builds share an import, and nothing else.
func TestPool(t *testing.T) {
	t.Parallel()
	s := newSharing(t, shared)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			session, dir, err := s.open(t.Context(), t)
			if err != nil {
				t.Error(err)
				return
			}
			if path, err := session.Build(t.Context(), build.Wheel, t.TempDir()); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			_ = session.Close()
			if got, want := session.Output(), "building "+filepath.Base(dir); !strings.HasSuffix(got, want) || strings.Count(got, "building") != 1 {
				t.Errorf("output %q, want %q", got, want)
			}
		})
	}
	wg.Wait()
	want := 6
	if runtime.GOOS == "linux" {
		want = 1
	}
	if notes, err := os.ReadFile(s.notes); err != nil || strings.Count(string(notes), "import") != want {
		t.Errorf("imported %q, want %d times: %v", notes, want, err)
	}
}

// A build that ends badly says so, and leaves the others and no process alone.
func TestPoolBadBuilds(t *testing.T) {
	t.Parallel()
	s := newSharing(t, shared)
	killed, _, err := s.open(t.Context(), t, "exit")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := killed.Build(t.Context(), build.Wheel, t.TempDir()); err == nil || !strings.Contains(err.Error(), "the backend ended its process (signal: killed)") {
		t.Errorf("killed: %v", err)
	}
	hanging, dir, err := s.open(t.Context(), t, "hang")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(filepath.Join(dir, "child")); err == nil {
				cancel()
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	if _, err := hanging.Build(ctx, build.Wheel, t.TempDir()); err == nil {
		t.Error("a build that was given up succeeded")
	}
	_ = hanging.Close()
	gone(t, filepath.Join(dir, "child"))
	session, _, err := s.open(t.Context(), t)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := session.Build(t.Context(), build.Wheel, t.TempDir()); err != nil {
		t.Error(err)
	}
}

// A backend that cannot be imported is told as without a pool, and so is one
// that cannot be forked.
func TestPoolBadBackends(t *testing.T) {
	t.Parallel()
	_, _, err := newSharing(t, "print('look here')\nimport nothing_of_this_name\n").open(t.Context(), t)
	if err == nil || !strings.Contains(err.Error(), "look here") || !strings.Contains(err.Error(), "nothing_of_this_name") {
		t.Errorf("an import that fails: %v", err)
	}
	s := newSharing(t, shared+"import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n")
	session, _, err := s.open(t.Context(), t)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := session.Requires(t.Context(), build.Wheel); err != nil {
		t.Error(err)
	}
}

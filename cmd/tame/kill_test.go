package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tame-py/tame/internal/pypitest"
)

// An installation that is killed at any moment leaves a cache and an
// environment with which the next one completes. The moments are spread over
// the whole installation; at the earliest and the latest there may be nothing
// left to kill, which proves nothing but harms nothing.
func TestKilledInstall(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the environment is made of symbolic links")
	}
	python := mainPython(t)
	server := pypitest.New(t, pypitest.Releases(manyReleases(16)...))
	var took time.Duration
	const kills = 4
	for i := range kills + 1 {
		v := newVictim(t, python, server.URL())
		begun := time.Now()
		if i == 0 { // how long it takes if nobody kills it
			v.run("pip", "install", "all")
			took = time.Since(begun)
		} else {
			v.kill(took * time.Duration(i) / (kills + 1))
		}
		v.run("pip", "install", "all")
		v.run("pip", "check")
		v.whole(16)
	}
}

// manyReleases are n projects of some files each, and one that needs them all.
func manyReleases(n int) []pypitest.Release {
	all := pypitest.Release{Name: "all", Version: "1.0"}
	var out []pypitest.Release
	for i := range n {
		name := fmt.Sprintf("part%d", i)
		r := pypitest.Release{Name: name, Version: "1.0", Files: map[string]string{}}
		for f := range 20 {
			r.Files[fmt.Sprintf("%s/m%d.py", name, f)] = strings.Repeat("x = 1\n", 1000)
		}
		out = append(out, r)
		all.Requires = append(all.Requires, name)
	}
	return append(out, all)
}

// A victim is an environment with a cache of its own.
type victim struct {
	t   *testing.T
	dir string
	env []string
	py  interpreter
}

func newVictim(t *testing.T, python interpreter, index string) *victim {
	dir := t.TempDir()
	if err := python.makeEnvironment(filepath.Join(dir, ".venv")); err != nil {
		t.Fatal(err)
	}
	return &victim{t, dir, []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir, "UV_CACHE_DIR=" + filepath.Join(dir, "cache"),
		"UV_DEFAULT_INDEX=" + index, "UV_PYTHON_DOWNLOADS=never", programVariable + "=1",
	}, python}
}

// command is the test binary as the program; see TestMain.
func (v *victim) command(args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Dir, c.Env = v.dir, v.env
	return c
}

func (v *victim) run(args ...string) {
	v.t.Helper()
	if out, err := v.command(args...).CombinedOutput(); err != nil {
		v.t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

func (v *victim) kill(after time.Duration) {
	v.t.Helper()
	c := v.command("pip", "install", "all")
	if err := c.Start(); err != nil {
		v.t.Fatal(err)
	}
	time.Sleep(after)
	_ = c.Process.Kill() // it may be over already
	_ = c.Wait()
}

// whole checks that all files of n parts are there, and nothing is left over.
func (v *victim) whole(n int) {
	v.t.Helper()
	site := filepath.Join(v.dir, ".venv", v.py.site())
	files, err := filepath.Glob(filepath.Join(site, "part*", "m*.py"))
	if err != nil || len(files) != 20*n {
		v.t.Errorf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || info.Size() != 6000 {
			v.t.Errorf("%s is damaged: %v", f, err)
		}
	}
	if hidden, _ := filepath.Glob(filepath.Join(site, ".tame-*")); len(hidden) > 0 {
		v.t.Errorf("left over: %v", hidden)
	}
}

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tame-py/tame/internal/pypitest"
)

const emptyProject = "[project]\nname = \"app\"\nversion = \"1\"\nrequires-python = \">=3.8\"\ndependencies = []\n"

// newEdited is a project whose settings name the index: variables would become
// settings of the project.
func newEdited(t *testing.T, index string) *victim {
	t.Helper()
	v := newVictim(t, mainPython(t), index)
	v.env = slices.DeleteFunc(v.env, func(e string) bool { return strings.HasPrefix(e, "UV_DEFAULT_INDEX=") })
	v.env = append(v.env, "XDG_CONFIG_HOME="+v.dir, "UV_PYTHON="+v.py.path)
	settings := fmt.Sprintf("[[index]]\nurl = %q\ndefault = true\n", index)
	err := errors.Join(
		os.MkdirAll(filepath.Join(v.dir, "uv"), 0o777),
		os.WriteFile(filepath.Join(v.dir, "uv", "uv.toml"), []byte(settings), 0o666),
		os.WriteFile(filepath.Join(v.dir, "pyproject.toml"), []byte(emptyProject), 0o666),
	)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (v *victim) text() string {
	v.t.Helper()
	text, err := os.ReadFile(filepath.Join(v.dir, "pyproject.toml"))
	if err != nil {
		v.t.Fatal(err)
	}
	return string(text)
}

// An edit that is interrupted while it waits for an index leaves the files as
// they were.
func TestInterruptedAdd(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there is no SIGINT to send")
	}
	server := pypitest.New(t, pypitest.Text("slow 1.0\n"))
	server.Fail(pypitest.Rule{Path: "/simple/slow/", Delay: time.Minute})
	v := newEdited(t, server.URL())
	c := v.command("add", "slow")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for v.text() == emptyProject {
		time.Sleep(time.Millisecond)
	}
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err == nil || c.ProcessState.ExitCode() != 130 {
		t.Errorf("it ended with %v", err)
	}
	if text := v.text(); text != emptyProject {
		t.Errorf("pyproject.toml is:\n%s", text)
	}
	if _, err := os.Stat(filepath.Join(v.dir, "uv.lock")); err == nil {
		t.Error("there is a lock")
	}
}

// Of several processes that edit one project at once, no edit is lost.
func TestConcurrentAdds(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the environment is made of symbolic links")
	}
	server := pypitest.New(t, pypitest.Text("a 1.0\nb 1.0\nc 1.0\nd 1.0\n"))
	v := newEdited(t, server.URL())
	var group sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d"} {
		group.Go(func() {
			if out, err := v.command("add", name).CombinedOutput(); err != nil {
				t.Errorf("adding %s: %v\n%s", name, err, out)
			}
		})
	}
	group.Wait()
	want := strings.Replace(emptyProject, "[]", "[\n    \"a>=1.0\",\n    \"b>=1.0\",\n    \"c>=1.0\",\n    \"d>=1.0\",\n]", 1)
	if text := v.text(); text != want {
		t.Errorf("pyproject.toml is:\n%s", text)
	}
	v.run("sync", "--locked", "--check")
}

// An edit that is killed at any moment leaves a project with which the next
// command goes on: file and lock are both as before, or both as after.
func TestKilledEdits(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the environment is made of symbolic links")
	}
	server := pypitest.New(t, pypitest.Text("a 1.0\nb 1.0\n requires a\n"))
	server.Fail(pypitest.Rule{Path: "/simple/", Delay: 10 * time.Millisecond})
	v := newEdited(t, server.URL())
	v.run("add", "a")
	for _, args := range [][]string{{"add", "b"}, {"version", "--bump", "minor"}, {"remove", "b"}} {
		old := v.pair()
		begun := time.Now()
		v.run(args...)
		took := time.Since(begun)
		now := v.pair()
		const kills = 6
		for i := range kills {
			v.restore(old)
			c := v.command(args...)
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(took * time.Duration(i+1) / (kills + 1))
			_ = c.Process.Kill() // it may be over already
			_ = c.Wait()
			v.run("lock", "--check")
			if got := v.pair(); got != old && got != now {
				t.Errorf("%v, killed at moment %d:\n%s\n%s", args, i, got[0], got[1])
			}
			if left, _ := filepath.Glob(filepath.Join(v.dir, ".uv.lock*")); len(left) > 0 {
				t.Errorf("%v: left over: %v", args, left)
			}
		}
		v.restore(now)
	}
}

// pair is the project's file and lock.
func (v *victim) pair() (out [2]string) {
	v.t.Helper()
	text, err := os.ReadFile(filepath.Join(v.dir, "uv.lock"))
	if err != nil {
		v.t.Fatal(err)
	}
	return [2]string{v.text(), string(text)}
}

func (v *victim) restore(pair [2]string) {
	v.t.Helper()
	err := errors.Join(
		os.WriteFile(filepath.Join(v.dir, "pyproject.toml"), []byte(pair[0]), 0o666),
		os.WriteFile(filepath.Join(v.dir, "uv.lock"), []byte(pair[1]), 0o666),
	)
	if err != nil {
		v.t.Fatal(err)
	}
}

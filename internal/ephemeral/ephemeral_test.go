package ephemeral_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/ephemeral"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/python"
)

// interpreter is a Python of this machine, or the test is skipped.
func interpreter(t *testing.T) *python.Interpreter {
	t.Helper()
	home, _ := os.UserHomeDir()
	candidates, _ := filepath.Glob(filepath.Join(home, ".pyenv", "versions", "3.1*", "bin", "python3.1?"))
	if path, err := exec.LookPath("python3"); err == nil {
		candidates = append(candidates, path)
	}
	f := &python.Finder{Getenv: os.Getenv, Environ: os.Environ(), Dir: t.TempDir()}
	for _, path := range candidates {
		if i, err := f.Query(context.Background(), path); err == nil && i.AtLeast(3, 8) {
			return i
		}
	}
	t.Fatal("no Python 3.8 or later: one is required")
	return nil
}

func open(t *testing.T, dir string) *ephemeral.Store {
	t.Helper()
	c, err := cache.Open(context.Background(), dir, cache.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &ephemeral.Store{Cache: c, Debug: t.Logf}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := fsx.WriteProgram(func() error { return os.WriteFile(path, []byte(text), mode) }); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// fill puts a module and a script for it into an environment.
func fill(t *testing.T, env *python.Environment, module string) {
	t.Helper()
	scheme := env.Interpreter.Scheme
	write(t, filepath.Join(scheme.Purelib, module+".py"), "text = 'this is "+module+"'\n", 0o644)
	info := filepath.Join(scheme.Purelib, module+"-1.0.dist-info")
	write(t, filepath.Join(info, "METADATA"), "Metadata-Version: 2.1\nName: "+module+"\nVersion: 1.0\n", 0o644)
	write(t, filepath.Join(info, "RECORD"), module+".py,,"+size(t, filepath.Join(scheme.Purelib, module+".py"))+"\n"+module+"-1.0.dist-info/RECORD,,\n", 0o644)
}

func size(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(len(text))
}

// run runs Python in an environment.
func run(t *testing.T, env *python.Environment, code string) string {
	t.Helper()
	c := exec.Command(env.Interpreter.Executable, "-c", code)
	c.Env = []string{"PATH=/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE=1"}
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", code, err, out)
	}
	return strings.TrimSpace(string(out))
}

func environment(t *testing.T, s *ephemeral.Store, i *python.Interpreter, module string, made *atomic.Int32) *python.Environment {
	t.Helper()
	env, err := s.Environment(context.Background(), ephemeral.Spec{
		Interpreter: i, Contents: []string{module},
		Fill: func(_ context.Context, env *python.Environment) error {
			if made != nil {
				made.Add(1)
			}
			fill(t, env, module)
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return env
}

// An environment is made once for a content and works where it was put.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	i, dir := interpreter(t), t.TempDir()
	var made atomic.Int32
	env := environment(t, open(t, dir), i, "one", &made)
	if got := run(t, env, "import one, sys; print(one.text, sys.prefix)"); got != "this is one "+env.Root {
		t.Error(got)
	}
	again := environment(t, open(t, dir), i, "one", &made)
	other := environment(t, open(t, dir), i, "two", &made)
	if again.Root != env.Root || other.Root == env.Root || made.Load() != 2 {
		t.Errorf("%s, %s, %s: made %d", env.Root, again.Root, other.Root, made.Load())
	}
	if left, _ := os.ReadDir(filepath.Join(dir, string(cache.Temporaries))); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// What cannot be filled is not there.
func TestEnvironmentFails(t *testing.T) {
	t.Parallel()
	i, dir := interpreter(t), t.TempDir()
	failure := errors.New("no")
	_, err := open(t, dir).Environment(context.Background(), ephemeral.Spec{
		Interpreter: i, Contents: []string{"x"},
		Fill: func(context.Context, *python.Environment) error { return failure },
	})
	if !errors.Is(err, failure) {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "tame-*", "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Of many that make one environment at once, all get a whole one.
func TestEnvironmentAtOnce(t *testing.T) {
	t.Parallel()
	i, dir := interpreter(t), t.TempDir()
	var group sync.WaitGroup
	for range 8 {
		s := open(t, dir)
		group.Go(func() {
			env := environment(t, s, i, "one", nil)
			if got := run(t, env, "import one; print(one.text)"); got != "this is one" {
				t.Error(got)
			}
		})
	}
	group.Wait()
}

// After a crash of the machine an environment is looked at, and made again if
// files are short.
func TestEnvironmentAfterACrash(t *testing.T) {
	t.Parallel()
	i, dir := interpreter(t), t.TempDir()
	var made atomic.Int32
	env := environment(t, open(t, dir), i, "one", &made)
	settled := filepath.Join(env.Root, ".tame-settled")
	write(t, settled, "an earlier start", 0o666)
	environment(t, open(t, dir), i, "one", &made)
	if text, _ := os.ReadFile(settled); made.Load() != 1 || string(text) != "settled" {
		t.Errorf("made %d, %q", made.Load(), text)
	}
	module := filepath.Join(env.Interpreter.Scheme.Purelib, "one.py")
	for _, damage := range []func(){
		func() { write(t, module, "", 0o644) },
		func() { write(t, filepath.Join(env.Root, "pyvenv.cfg"), "", 0o644) },
		func() { _ = os.Remove(module) },
		func() { _ = os.Remove(env.Interpreter.Executable) },
	} {
		before := made.Load()
		damage()
		write(t, settled, "an earlier start", 0o666)
		env = environment(t, open(t, dir), i, "one", &made)
		if got := run(t, env, "import one; print(one.text)"); got != "this is one" || made.Load() != before+1 {
			t.Errorf("%s: made %d", got, made.Load())
		}
	}
}

func overlay(t *testing.T, s *ephemeral.Store, l ephemeral.Layers) *ephemeral.Overlay {
	t.Helper()
	o, err := s.Overlay(context.Background(), l)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// An overlay sees its layers, the upper ones first, and runs their scripts.
func TestOverlay(t *testing.T) {
	t.Parallel()
	i, dir := interpreter(t), t.TempDir()
	s := open(t, dir)
	upper, lower := environment(t, s, i, "one", nil), environment(t, s, i, "two", nil)
	write(t, filepath.Join(lower.Interpreter.Scheme.Purelib, "one.py"), "text = 'hidden'", 0o644)
	const code = "import sys, one, two\nprint(sys.prefix, one.text, two.text)\n"
	write(t, filepath.Join(lower.Interpreter.Scheme.Scripts, "tell"), "#!"+lower.Interpreter.Executable+"\n"+code, 0o755)
	write(t, filepath.Join(upper.Interpreter.Scheme.Scripts, "also"),
		"#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python' \"$0\" \"$@\"\n' '''\n"+code, 0o755)
	write(t, filepath.Join(lower.Interpreter.Scheme.Scripts, "other"), "#!/bin/sh\n", 0o755)
	write(t, filepath.Join(lower.Root, "share", "jupyter", "kernel"), "k", 0o644)

	o := overlay(t, s, ephemeral.Layers{Interpreter: i, Over: []*python.Environment{upper}, Base: lower})
	defer func() { _ = o.Release() }()
	want := o.Root + " this is one this is two"
	if got := run(t, o.Environment, code); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, name := range []string{"tell", "also"} {
		c := exec.Command(filepath.Join(o.Interpreter.Scheme.Scripts, name))
		c.Env = []string{"PATH=/usr/bin:/bin"}
		if out, err := c.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != want {
			t.Errorf("%s: %v\n%s, want %s", name, err, out, want)
		}
	}
	if _, err := os.Stat(filepath.Join(o.Interpreter.Scheme.Scripts, "other")); err == nil {
		t.Error("a script of no Python was copied")
	}
	if text, err := os.ReadFile(filepath.Join(o.Root, "share", "jupyter", "kernel")); string(text) != "k" {
		t.Error(err)
	}
	if config, _ := os.ReadFile(filepath.Join(o.Root, "pyvenv.cfg")); !strings.Contains(string(config), "extends-environment = "+lower.Root+"\n") {
		t.Errorf("%s", config)
	}
}

// Overlays belong to one at a time; what is given back untouched serves again,
// and what was changed does not.
func TestOverlayIsOnesOwn(t *testing.T) {
	t.Parallel()
	i, dir := interpreter(t), t.TempDir()
	s := open(t, dir)
	layers := ephemeral.Layers{Interpreter: i, Over: []*python.Environment{environment(t, s, i, "one", nil)}}
	first, second := overlay(t, s, layers), overlay(t, s, layers)
	if first.Root == second.Root {
		t.Fatal("two have one overlay")
	}
	config := filepath.Join(first.Root, "pyvenv.cfg")
	before, _ := os.Stat(config)
	run(t, first.Environment, "import one")
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	again := overlay(t, s, layers)
	after, _ := os.Stat(config)
	if again.Root != first.Root || !os.SameFile(before, after) {
		t.Error("it was not used again")
	}
	for _, change := range []func(){
		func() { fill(t, again.Environment, "installed") },
		func() { write(t, filepath.Join(again.Interpreter.Scheme.Scripts, "new"), "", 0o755) },
		func() { _ = os.Remove(config) },
	} {
		change()
		if err := again.Release(); err != nil {
			t.Fatal(err)
		}
		again = overlay(t, s, layers)
		if got := run(t, again.Environment, "import importlib.util as u; print(u.find_spec('installed'))"); got != "None" {
			t.Error(got)
		}
		if _, err := os.Stat(filepath.Join(again.Interpreter.Scheme.Scripts, "new")); err == nil {
			t.Error("what was put there is there")
		}
	}
	_, _ = again.Release(), second.Release()
}

// The scripts of the base are those that it has now.
func TestOverlayFollowsItsBase(t *testing.T) {
	t.Parallel()
	i, dir := interpreter(t), t.TempDir()
	s := open(t, dir)
	base := environment(t, s, i, "one", nil)
	scripts := base.Interpreter.Scheme.Scripts
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(scripts, old, old); err != nil {
		t.Fatal(err)
	}
	layers := ephemeral.Layers{Interpreter: i, Base: base}
	tell := func() []string {
		o := overlay(t, s, layers)
		defer func() { _ = o.Release() }()
		entries, _ := filepath.Glob(filepath.Join(o.Interpreter.Scheme.Scripts, "tell*"))
		for i := range entries {
			entries[i] = filepath.Base(entries[i])
		}
		return entries
	}
	for _, names := range [][]string{nil, {"tell1"}, {"tell1", "tell2"}, {"tell2"}} {
		for _, name := range []string{"tell1", "tell2"} {
			if path := filepath.Join(scripts, name); slices.Contains(names, name) {
				write(t, path, "#!"+base.Interpreter.Executable+"\n", 0o755)
			} else {
				_ = os.Remove(path)
			}
		}
		if got := tell(); !slices.Equal(got, names) {
			t.Errorf("%v, want %v", got, names)
		}
	}
}

// An overlay that was left half made is made again.
func TestOverlayAfterAKill(t *testing.T) {
	t.Parallel()
	i, dir := interpreter(t), t.TempDir()
	s := open(t, dir)
	layers := ephemeral.Layers{Interpreter: i}
	o := overlay(t, s, layers)
	if err := o.Release(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"pyvenv.cfg", "bin/python", "Scripts/python.exe"} {
		_ = os.Remove(filepath.Join(o.Root, name))
	}
	again := overlay(t, s, layers)
	defer func() { _ = again.Release() }()
	if got := run(t, again.Environment, "import sys; print(sys.prefix)"); again.Root != o.Root || got != o.Root {
		t.Errorf("%s at %s", got, again.Root)
	}
}

// Directories of any name can be layers.
func TestOddNames(t *testing.T) {
	t.Parallel()
	i, dir := interpreter(t), filepath.Join(t.TempDir(), "it's \"ö\" \\ %")
	s := open(t, dir)
	o := overlay(t, s, ephemeral.Layers{Interpreter: i, Over: []*python.Environment{environment(t, s, i, "one", nil)}})
	defer func() { _ = o.Release() }()
	if got := run(t, o.Environment, "import one; print(one.text)"); got != "this is one" {
		t.Error(got)
	}
}

func BenchmarkOverlay(b *testing.B) {
	home, _ := os.UserHomeDir()
	candidates, _ := filepath.Glob(filepath.Join(home, ".pyenv", "versions", "3.12*", "bin", "python3.12"))
	if len(candidates) == 0 {
		b.Skip("no Python here")
	}
	f := &python.Finder{Getenv: os.Getenv, Environ: os.Environ(), Dir: b.TempDir()}
	i, err := f.Query(context.Background(), candidates[0])
	if err != nil {
		b.Fatal(err)
	}
	c, err := cache.Open(context.Background(), b.TempDir(), cache.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	s := &ephemeral.Store{Cache: c}
	layers := ephemeral.Layers{Interpreter: i, Base: python.NewEnvironment(i)}
	for _, fresh := range []bool{false, true} {
		b.Run(map[bool]string{true: "new", false: "again"}[fresh], func(b *testing.B) {
			for b.Loop() {
				o, err := s.Overlay(context.Background(), layers)
				if err != nil {
					b.Fatal(err)
				}
				if fresh {
					_ = os.Remove(filepath.Join(o.Root, "pyvenv.cfg"))
				}
				_ = o.Release()
			}
		})
	}
}

package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tame-py/tame/internal/cli"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/pypitest"
)

var update = flag.Bool("update", false, "rewrite what the scripts expect of standard output and error")

// With this variable the test binary is the program, for tests without a script.
const programVariable = "TAME_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(programVariable) != "" {
		program()
	}
	testscript.Main(m, map[string]func(){"tame": program, "uv": program, "uvx": program})
}

// program is the program as scripts run it, in a process of its own.
func program() {
	for _, entry := range os.Environ() {
		if name, value, _ := strings.Cut(entry, "="); value == unsetMark {
			os.Unsetenv(name)
		}
	}
	stdio := cli.Stdio{In: os.Stdin}
	f := newFilter(os.Getenv)
	stdio.Out, stdio.Err = f.writer(os.Stdout), f.writer(os.Stderr)
	if uv := os.Getenv(oracleVariable); uv != "" {
		os.Exit(runOracle(uv, stdio))
	}
	os.Exit(cli.Main(os.Args, os.Environ(), stdio))
}

// oracleVariable names an executable of uv: if set, the scripts are run
// against that one. Where it is meant to differ, a script asks for [uv].
const oracleVariable = "TAME_TEST_ORACLE"

func runOracle(uv string, stdio cli.Stdio) int {
	args := os.Args[1:]
	if os.Args[0] == "uvx" {
		args = append([]string{"tool", "run"}, args...)
	}
	c := exec.Command(uv, args...)
	c.Env, c.Stdin, c.Stdout, c.Stderr = os.Environ(), stdio.In, stdio.Out, stdio.Err
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	return c.ProcessState.ExitCode()
}

// TestScripts runs testdata/script/*.txtar. README.md there says what the
// scripts can use.
func TestScripts(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the scripts make environments with symbolic links")
	}
	python := mainPython(t)
	guard(t, python)
	testscript.Run(t, testscript.Params{
		Dir:                filepath.Join("testdata", "script"),
		UpdateScripts:      *update,
		RequireUniqueNames: true,
		Setup:              func(env *testscript.Env) error { return setup(env, python) },
		Condition:          condition,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"index":    func(ts *testscript.TestScript, neg bool, args []string) { pypitest.Command(ts, neg, args) },
			"code":     scriptCode,
			"venv":     scriptVenv,
			"mirror":   scriptMirror,
			"unset":    scriptUnset,
			"settings": scriptSettings,
		},
	})
}

// guard fails the test if scripts install into the machine's own Python: one
// that names it by UV_PYTHON and forgets to name its environment would.
func guard(t *testing.T, python interpreter) {
	t.Helper()
	dir := filepath.Join(filepath.Dir(filepath.Dir(python.path)), python.site())
	installed := func() []string {
		found, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		// Bytecode that an import has left behind is no installation.
		return slices.DeleteFunc(found, func(path string) bool { return filepath.Base(path) == "__pycache__" })
	}
	before := installed()
	t.Cleanup(func() {
		if diff := cmp.Diff(before, installed()); diff != "" {
			t.Errorf("a script has changed the machine's Python:\n%s", diff)
		}
	})
}

// setup gives a script a home of its own, one Python on the path, and no
// network but the index that the script brings.
func setup(env *testscript.Env, python interpreter) error {
	home := filepath.Join(env.WorkDir, ".home")
	for _, dir := range []string{home, env.Getenv("TMPDIR")} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
	}
	if err := writePrograms(env.WorkDir); err != nil {
		return err
	}
	path := filepath.SplitList(env.Getenv("PATH"))
	path = slices.DeleteFunc(path, isShims)
	path = slices.Insert(path, 1, filepath.Dir(python.path))
	for name, value := range map[string]string{
		"HOME": home, "USERPROFILE": home, "LOCALAPPDATA": filepath.Join(home, "local"), "APPDATA": filepath.Join(home, "roaming"),
		"XDG_CACHE_HOME": filepath.Join(home, "cache"), "XDG_CONFIG_HOME": filepath.Join(home, "config"),
		"XDG_DATA_HOME": filepath.Join(home, "data"), "XDG_BIN_HOME": filepath.Join(home, "bin"),
		"XDG_CONFIG_DIRS": filepath.Join(home, "etc"),
		"PATH":            strings.Join(path, string(filepath.ListSeparator)),
		"PYTHON":          python.path, "SITE": python.site(),
		"UV_CACHE_DIR":        filepath.Join(env.WorkDir, ".cache"),
		"UV_PYTHON_DOWNLOADS": "never",
		oracleVariable:        os.Getenv(oracleVariable),
	} {
		env.Setenv(name, value)
	}
	for _, p := range pythons() {
		env.Setenv("PYTHON_3_"+strconv.Itoa(p.minor), p.path)
	}
	if err := pypitest.Setup(env, env.WorkDir, env.Values); err != nil {
		return err
	}
	index := env.Getenv("INDEX")
	if index == "" {
		index = "http://127.0.0.1:9/simple/" // nobody answers there
	}
	env.Setenv("UV_DEFAULT_INDEX", index)
	return nil
}

// writePrograms writes those files of a script again that are programs, so that
// they can be run: see [fsx.WriteProgram]. Scripts that are run at the same time
// start processes all the while.
func writePrograms(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil || !bytes.HasPrefix(text, []byte("#!")) {
			return err
		}
		return errors.Join(os.Remove(path), fsx.WriteProgram(func() error { return os.WriteFile(path, text, 0o666) }))
	})
}

func isShims(dir string) bool { return filepath.Base(dir) == "shims" }

// condition adds [python:3.12], that there is such a CPython, and [uv], that
// the scripts are run against uv itself.
func condition(cond string) (bool, error) {
	if version, ok := strings.CutPrefix(cond, "python:"); ok {
		return slices.ContainsFunc(pythons(), func(p interpreter) bool { return version == "3."+strconv.Itoa(p.minor) }), nil
	}
	if cond == "uv" {
		return os.Getenv(oracleVariable) != "", nil
	}
	return false, fmt.Errorf("unknown condition %q", cond)
}

// unsetMark is the value that a variable has in a script after it was unset; the
// program does not get to see it.
const unsetMark = "<unset>"

// scriptUnset is for variables that may not be empty: unset NAME...
func scriptUnset(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: unset NAME...")
	}
	for _, name := range args {
		ts.Setenv(name, unsetMark)
	}
}

// scriptCode runs a command and checks its exit code: code 2 tame --nosuch.
func scriptCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// scriptVenv makes a virtual environment without running anything, with what
// is to be in its site-packages: venv [DIR [SITE]]. In those files $WORK stands
// for the script's directory.
func scriptVenv(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 2 {
		ts.Fatalf("usage: venv [DIR [SITE-PACKAGES]]")
	}
	dir := ".venv"
	if len(args) > 0 {
		dir = args[0]
	}
	dir = ts.MkAbs(dir)
	python := interpreter{path: ts.Getenv("PYTHON")}
	ts.Check(python.makeEnvironment(dir))
	site := filepath.Join(dir, ts.Getenv("SITE"))
	ts.Check(os.MkdirAll(site, 0o777))
	if len(args) == 2 {
		ts.Check(copyExpanded(site, ts.MkAbs(args[1]), ts.Getenv("WORK")))
	}
}

func copyExpanded(to, from, work string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(to, filepath.Dir(rel)), 0o777); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), bytes.ReplaceAll(text, []byte("$WORK"), []byte(work)), 0o666)
	})
}

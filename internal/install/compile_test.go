package install_test

import (
	"context"
	"errors"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/install"
)

// python3 is any Python 3 of this machine.
func python3(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal("no python3: one is required")
	}
	return path
}

// shell is a stand-in for an interpreter.
func shell(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "python")
	write := func() error { return os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o777) }
	if err := fsx.WriteProgram(write); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCompile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, files{"a.py": "x = 1\n", "sub/b c.py": "", "sub/ü.py": "", "broken.py": "def (", "c.txt": "", "__pycache__/d.py": ""})
	opts := install.CompileOptions{Python: python3(t), Workers: 2}
	n, err := install.Compile(t.Context(), install.SourceFiles(dir), opts)
	if err != nil || n != 4 {
		t.Fatalf("%d files, %v", n, err)
	}
	compiled, _ := filepath.Glob(filepath.Join(dir, "*", "*.pyc"))
	deeper, _ := filepath.Glob(filepath.Join(dir, "*", "*", "*.pyc"))
	if len(compiled)+len(deeper) != 3 {
		t.Errorf("compiled: %v, %v", compiled, deeper)
	}
	prefix := t.TempDir()
	opts.Env = []string{"PYTHONPYCACHEPREFIX=" + prefix, "PYC_INVALIDATION_MODE=CHECKED_HASH", "PYTHONOPTIMIZE=1"}
	if _, err := install.Compile(t.Context(), install.SourceFiles(dir), opts); err != nil {
		t.Fatal(err)
	}
	if list := names(t, prefix); len(list) != 3 || !strings.HasSuffix(list[0], ".opt-1.pyc") {
		t.Errorf("with a prefix: %v", list)
	}
	opts.Env = []string{"PYC_INVALIDATION_MODE=never"}
	var failed *install.CompileError
	if _, err := install.Compile(t.Context(), install.SourceFiles(dir), opts); !errors.As(err, &failed) || !strings.Contains(failed.Stderr, "PYC_INVALIDATION_MODE") {
		t.Errorf("a wrong mode: %v", err)
	}
}

func TestCompileFailures(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, files{"a.py": "", "b.py": ""})
	const short = 300 * time.Millisecond
	for name, tt := range map[string]struct {
		script, want string
		timeout      time.Duration
	}{
		"ends at once":  {"echo sorry >&2; exit 3", "sorry", 0},
		"wrong answers": {"echo ready; while read x; do echo no; done", `received "no"`, 0},
		"dies":          {"echo ready; read x; exit 1", "the interpreter", 0},
		"hangs":         {"echo ready; while true; do sleep 0.05; done", "timed out", short},
		"late start":    {"while true; do sleep 0.05; done", "starting the interpreter timed out", short},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := install.CompileOptions{Python: shell(t, tt.script), Env: []string{"PATH=" + os.Getenv("PATH")}, Workers: 2, Timeout: tt.timeout}
			_, err := install.Compile(t.Context(), install.SourceFiles(dir), opts)
			var failed *install.CompileError
			if !errors.As(err, &failed) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
	if _, err := install.Compile(t.Context(), install.SourceFiles(dir), install.CompileOptions{Python: "/nowhere/python"}); err == nil {
		t.Error("no interpreter, no error")
	}
	var bad iter.Seq2[string, error] = func(yield func(string, error) bool) { yield("", errors.New("bad list")) }
	if _, err := install.Compile(t.Context(), bad, install.CompileOptions{Python: python3(t)}); err == nil || err.Error() != "bad list" {
		t.Errorf("an error of the list: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := install.Compile(ctx, install.SourceFiles(dir), install.CompileOptions{Python: python3(t)}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if n, err := install.Compile(t.Context(), install.SourceFiles(t.TempDir()), install.CompileOptions{Python: "/nowhere/python"}); n != 0 || err != nil {
		t.Errorf("nothing to do: %d, %v", n, err)
	}
}

func TestInstalledSourceFiles(t *testing.T) {
	t.Parallel()
	d := installed(t, files{"RECORD": "foo/a.py,,\nfoo/b.txt,,\n../../../bin/c.py,,\n"})
	var got []string
	for file, err := range d.SourceFiles() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, filepath.Base(file))
	}
	if strings.Join(got, " ") != "a.py c.py" {
		t.Errorf("files: %v", got)
	}
	for _, err := range installed(t, nil).SourceFiles() {
		if err == nil {
			t.Error("no RECORD, no error")
		}
	}
}

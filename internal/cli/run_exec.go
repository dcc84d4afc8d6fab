package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/tame-py/tame/internal/python"
)

// A childProcess is a program about to be started.
type childProcess struct {
	path string   // of the program
	argv []string // argv[0] included
	env  []string
	dir  string // to start it in, "" for that of this process
	// stdin takes the place of this process's standard input, if not nil.
	stdin *os.File
}

// launch starts the target. Where nothing has to be cleaned up afterwards it
// takes the place of this process, and launch does not return; else its exit
// code is that of this process too.
func (r *running) launch(variables map[string]string, depth int) error {
	c := &childProcess{env: r.childEnviron(variables, depth)}
	if err := r.commandLine(c); err != nil {
		return err
	}
	if err := raiseFileLimit(r.app.vars.RunRlimitNofile); err != nil {
		return err
	}
	return r.execute(c, r.target.name)
}

// execute starts a child, whose name is for messages, as launch does.
func (r *running) execute(c *childProcess, name string) error {
	r.app.print.Debug("Running `%s`", strings.Join(c.argv, " "))
	r.app.print.StopProgress()
	err := r.replace(c)
	if errors.Is(err, errors.ErrUnsupported) {
		err = r.spawn(c)
	}
	var status exitStatus
	if err == nil || errors.As(err, &status) {
		return err
	}
	return spawnError(name, err)
}

// spawnError words why a program could not be started.
func spawnError(name string, err error) error {
	out := fmt.Errorf("failed to spawn: `%s`: %w", name, err)
	switch {
	case errors.Is(err, syscall.ENOEXEC):
		return withHint(out, "the file is no program, and has no `#!` line that says what runs it")
	case isDir(name):
		return withHint(out, "it is a directory without `__main__.py`")
	case errors.Is(err, fs.ErrPermission):
		return withHint(out, "the file is not executable; `--script` runs it as a Python script")
	}
	return out
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// replace puts the child in the place of this process. The error matches
// errors.ErrUnsupported if this process has to stay.
func (r *running) replace(c *childProcess) error {
	if !r.app.ownStreams() {
		return errors.ErrUnsupported
	}
	for _, k := range r.keep {
		if err := k.Inherit(); err != nil {
			return errors.ErrUnsupported
		}
	}
	if r.work != nil && r.work.engine != nil {
		r.work.engine.Close() // nobody would end what it has left running
	}
	if c.dir != "" {
		if err := os.Chdir(c.dir); err != nil {
			return err
		}
	}
	return replaceProcess(c)
}

// ownStreams reports whether the command reads and writes the standard streams of
// this process, which a program in its place has too.
func (a *app) ownStreams() bool {
	for number, stream := range []any{a.stdio.In, a.stdio.Out, a.stdio.Err} {
		if f, ok := stream.(*os.File); !ok || f.Fd() != uintptr(number) {
			return false
		}
	}
	return true
}

// spawn starts the child, hands it the signals that this process gets, and
// waits for it.
func (r *running) spawn(c *childProcess) error {
	cmd := &exec.Cmd{Path: c.path, Args: c.argv, Env: c.env, Dir: c.dir, Stdin: r.app.stdio.In, Stdout: r.app.stdio.Out, Stderr: r.app.stdio.Err}
	if c.stdin != nil {
		cmd.Stdin = c.stdin
	}
	signals := catchSignals()
	if err := cmd.Start(); err != nil {
		return err
	}
	interrupts := 0
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			if !r.app.watched || !endsRun(s) {
				forwardSignal(cmd.Process, s, &interrupts)
			}
		case <-done:
			if code := statusOf(cmd.ProcessState); code != 0 {
				return exitStatus(code)
			}
			return nil
		}
	}
}

// commandLine fills in what to start.
func (r *running) commandLine(c *childProcess) error {
	t := r.target
	if t.kind == runCommandKind {
		path, err := lookPath(t.name, c.env)
		c.path, c.argv = path, append([]string{t.name}, t.args...)
		return spawnErrorIf(t.name, err)
	}
	if t.kind == runTreeKind {
		// A command of the environment goes before a directory of that name.
		path := filepath.Join(r.python.Scheme.Scripts, t.name+executableSuffix())
		if info, err := os.Stat(path); err == nil && isExecutable(info) {
			c.path, c.argv = path, append([]string{t.name}, t.args...)
			return nil
		}
	}
	c.path = r.python.Executable
	c.argv = []string{c.path}
	switch t.kind {
	case runModuleKind:
		c.argv = append(c.argv, "-m", t.name)
	case runScriptKind, runTreeKind:
		c.argv = append(c.argv, t.name)
	case runGUIKind:
		c.path = windowless(r.python)
		c.argv = []string{c.path, t.name}
	case runStdinKind:
		if err := r.stdinProgram(c); err != nil {
			return err
		}
	}
	c.argv = append(c.argv, t.args...)
	return nil
}

func spawnErrorIf(name string, err error) error {
	if err == nil {
		return nil
	}
	return spawnError(name, err)
}

// stdinProgram hands over a program that came by standard input: as an argument
// or, where that would be too long for the system, as a file in its place.
func (r *running) stdinProgram(c *childProcess) error {
	const most = 100 << 10 // Linux takes 128 KiB in one argument
	text := string(r.target.text)
	if len(text) <= most && !strings.Contains(text, "\x00") {
		c.argv = append(c.argv, "-c", text)
		return nil
	}
	f, err := os.CreateTemp("", "tame-stdin-*.py")
	if err != nil {
		return err
	}
	if err := os.Remove(f.Name()); err != nil { // as on Windows, while it is open
		r.keep = append(r.keep, temporaryFile(f.Name()))
	}
	if _, err = f.WriteString(text); err == nil {
		_, err = f.Seek(0, 0)
	}
	c.argv, c.stdin = append(c.argv, "-"), f
	return err
}

// windowless is the interpreter that opens no console.
func windowless(i *python.Interpreter) string {
	if runtime.GOOS == "windows" {
		path := filepath.Join(filepath.Dir(i.Executable), "pythonw.exe")
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return i.Executable
}
